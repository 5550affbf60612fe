"""The settings of a convolution that turn sizes into others."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from convcalc import formulas
from convcalc.layers.settings import Sides
from convcalc.solve.answers import Answers, ask
from convcalc.solve.bounds import Bounds, between, first_where
from convcalc.solve.search import Axis, Operation, Solution, room


class Convolution(Operation):
    """A convolution with the same padding on both sides."""

    layer = "Conv"
    channels: Sequence[int] = (1, 1)
    settings: Sequence[str] = ("kernel_size", "stride", "padding", "dilation")

    def rooms(self, axis: Axis) -> tuple[int, int]:
        """From the room of target - 1 of the smallest strides to that of just not one more of the largest."""
        strides = axis.limits.stride
        return (axis.target - 1) * strides[0], axis.target * strides[-1] - 1

    def least_room(self, axis: Axis) -> int | None:
        """None for a window that just fits."""
        return 0

    def strides(
        self, axis: Axis, kernel_size: int, padding: int, dilation: int
    ) -> Iterator[tuple[Sequence[int], bool]]:
        """Those of slack / target < stride <= slack / (target - 1); any that is larger than the slack for one output.

        >>> operation = Convolution()
        >>> list(operation.strides(Axis(28, 13, operation.limits(28, 13, Bounds())), 4, 0, 1))
        [(range(2, 3), False)]
        """
        slack = room(self, axis, kernel_size, padding, dilation)
        most = formulas.most_stride(slack, axis.target) if axis.target > 1 else None
        yield between(axis.limits.stride, formulas.least_stride(slack, axis.target), most), False

    def solution(
        self, axis: Axis, kernel_size: int, stride: int, padding: int, dilation: int, ceil_mode: bool
    ) -> Solution | None:
        """The settings, with what they leave over and unread."""
        left, missed = waste(axis.size, kernel_size, stride, (padding, padding), dilation)
        score = padding + (kernel_size % 2 == 0) + (left > 0) + missed + 2 * (dilation - 1)
        return Solution(kernel_size, stride, padding, dilation, 0, False, left, missed, score)

    def beside(self, axis: Axis, kernel_size: int, padding: int, dilation: int) -> Iterator[int]:
        """What the strides to either side of the target give."""
        slack = room(self, axis, kernel_size, padding, dilation)
        for some in first_where(axis.limits.stride, lambda stride: slack // stride + 1 < axis.target):
            yield from (slack // stride + 1 for stride in some)


def waste(size: int, kernel_size: int, stride: int, padding: Sides, dilation: int) -> tuple[int, int]:
    """Elements of the padded axis behind the last window, and elements of the axis that no window reads.

    >>> waste(28, 3, 2, (0, 0), 1)
    (1, 1)
    """
    window = (size, kernel_size, stride, padding, dilation)
    left = formulas.leftover(*window)
    if dilation == 1 and (stride <= kernel_size or left == formulas.slack(*window)):  # no gaps, or one window: at once
        return left, min(max(left - padding[1], 0), size)
    return left, size - formulas.read_elements(size, *window)


def conv(sizes: Sequence[int], targets: Sequence[int], bounds: Bounds | Sequence[Bounds] | None = None) -> Answers:
    """The convolutions that turn these sizes into the targets, 1 to 3 axes, within bounds (one, or one an axis).

    Answers come in the order of their score, the lowest first. The score is the padding, plus 2 for each step of
    dilation beyond 1, plus 1 for each element of the input that no window reads, plus 1 each for an even kernel and for
    a stride that does not divide evenly. Answers with equal scores are ordered by stride, kernel size, padding and
    dilation, smallest first. Along several axes the scores add up, and each setting that differs between axes adds 1.
    `ConvcalcError` where the sizes or bounds cannot be used.

    >>> answers = conv((28,), (13,))
    >>> [(a.axes[0].kernel_size, a.axes[0].stride, a.axes[0].padding) for a in answers.first(3)]
    [(4, 2, 0), (3, 2, 0), (5, 2, 1)]
    """
    return ask(Convolution(), sizes, targets, bounds)
