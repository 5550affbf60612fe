"""The settings of a transposed convolution that turn sizes into others."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from convcalc.solve.answers import Answers, ask
from convcalc.solve.bounds import Bounds, Limits, between, default_limits, first_where, settled
from convcalc.solve.search import Axis, Operation, Solution, room


class TransposedConvolution(Operation):
    """A transposed convolution.

    Its size is (size - 1)*stride - 2*padding + dilation*(kernel_size - 1) + output_padding + 1. So with the room of
    the target, output_padding is the room less (size - 1)*stride.
    """

    layer = "ConvTranspose"
    channels = (1, 1)
    settings = ("kernel_size", "stride", "padding", "output_padding", "dilation")
    dilation_moves_one_tap = True  # it allows a larger output_padding

    def limits(self, size: int, target: int, bounds: Bounds) -> Limits:
        """By default as of a convolution the other way, and any output_padding that some stride or dilation allows."""
        limits = settled(bounds, default_limits(target, size))
        if bounds.output_padding is None:
            limits = limits._replace(output_padding=range(max(limits.stride[-1], limits.dilation[-1])))
        return limits

    def length(self, axis: Axis) -> int:
        """The target."""
        return axis.target

    def rooms(self, axis: Axis) -> tuple[int, int]:
        """From the smallest strides with the least output_padding to the largest with the most."""
        limits, steps = axis.limits, axis.size - 1
        most = min(limits.output_padding[-1], max(limits.stride[-1], limits.dilation[-1]) - 1)
        return steps * limits.stride[0] + limits.output_padding[0], steps * limits.stride[-1] + most

    def least_room(self, axis: Axis) -> int | None:
        """None: the room is the target's, and there are other sizes."""
        return None

    def strides(
        self, axis: Axis, kernel_size: int, padding: int, dilation: int
    ) -> Iterator[tuple[Sequence[int], bool]]:
        """Those whose output_padding is within the bounds' ends, and smaller than the stride or the dilation.

        >>> operation = TransposedConvolution()
        >>> list(operation.strides(Axis(7, 14, operation.limits(7, 14, Bounds())), 2, 0, 1))
        [(range(2, 3), False)]
        """
        steps, base = axis.size - 1, room(self, axis, kernel_size, padding, dilation)
        allowed, strides = axis.limits.output_padding, axis.limits.stride
        if steps:
            smaller_than_one = min(base // axis.size + 1, -((dilation - 1 - base) // steps))
            least = max(smaller_than_one, -((allowed[-1] - base) // steps))
            yield between(strides, least, (base - allowed[0]) // steps), False
        elif allowed[0] <= base <= allowed[-1]:
            yield between(strides, 1 if base < dilation else base + 1, None), False

    def solution(
        self, axis: Axis, kernel_size: int, stride: int, padding: int, dilation: int, ceil_mode: bool
    ) -> Solution | None:
        """The settings with their output_padding; None where the bounds leave that out."""
        extra = room(self, axis, kernel_size, padding, dilation) - (axis.size - 1) * stride
        if not between(axis.limits.output_padding, extra, extra):
            return None
        grows_otherwise = axis.size > 1 and stride * axis.size != axis.target
        score = padding + extra + 2 * (dilation - 1) + (kernel_size % stride != 0) + 2 * grows_otherwise
        return Solution(kernel_size, stride, padding, dilation, extra, False, 0, 0, score)

    def beside(self, axis: Axis, kernel_size: int, padding: int, dilation: int) -> Iterator[int]:
        """What the strides around those of the target give, each with the output_paddings around the target's."""
        steps, base = axis.size - 1, room(self, axis, kernel_size, padding, dilation)
        allowed, strides = axis.limits.output_padding, axis.limits.stride
        if dilation <= allowed[0]:
            strides = between(strides, allowed[0] + 1, None)

        def sizes(some: Sequence[int]) -> Iterator[int]:
            for stride in some:
                extras = between(allowed, 0, max(stride, dilation) - 1)
                for nearest in first_where(extras, (base - steps * stride).__lt__):
                    sizes = (axis.target - base + steps * stride + extra for extra in nearest)
                    yield from (size for size in sizes if size >= 1)

        if steps == 0:
            yield from sizes(strides[-1:])  # what a smaller stride allows it allows too
            return
        for some, _ in self.strides(axis, kernel_size, padding, dilation):
            yield from sizes(some)
        below, _ = first_where(strides, lambda stride: base - steps * stride <= _most(allowed, stride, dilation))
        _, above = first_where(strides, lambda stride: base - steps * stride < allowed[0])
        yield from sizes(below)
        yield from sizes(above)


def _most(allowed: Sequence[int], stride: int, dilation: int) -> int:
    """The largest output_padding that goes with the stride."""
    return between(allowed, 0, max(stride, dilation) - 1)[-1]


def transposed(
    sizes: Sequence[int], targets: Sequence[int], bounds: Bounds | Sequence[Bounds] | None = None
) -> Answers:
    """The transposed convolutions that turn these sizes into the targets, 1 to 3 axes, within bounds (one, or each).

    The simplest come first: those with the lowest count, of the padding, the output_padding, 2 for each step of
    dilation beyond 1, 2 where a size above 1 does not grow by the stride (target = stride * size), and 1 where the
    stride does not divide the kernel: the stamps then overlap unevenly (Odena, Dumoulin and Olah, "Deconvolution and
    Checkerboard Artifacts", Distill 2016). Of equals the smaller stride comes first, then the smaller kernel, padding,
    dilation and output_padding. Along several axes the counts add up, and each setting that is not the same along all
    adds 1. ``output_padding`` is smaller than the stride or the dilation, as in PyTorch. `ConvcalcError` where the
    question is none.

    >>> [(a.axes[0].kernel_size, a.axes[0].stride, a.axes[0].padding) for a in transposed((7,), (14,)).first(2)]
    [(2, 2, 0), (4, 2, 1)]
    """
    return ask(TransposedConvolution(), sizes, targets, bounds)
