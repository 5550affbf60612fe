"""The settings of a max pool that turn sizes into others."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from convcalc import formulas
from convcalc.solve.answers import Answers, ask
from convcalc.solve.bounds import Bounds, Limits, between, first_where
from convcalc.solve.conv import Convolution, waste
from convcalc.solve.search import Axis, Solution, room


class MaxPooling(Convolution):
    """A max pool: its padding is at most half its kernel, and ``ceil_mode`` may add a window."""

    layer = "MaxPool"
    channels: Sequence[int] = ()
    settings: Sequence[str] = ("kernel_size", "stride", "padding", "dilation", "ceil_mode")

    def rooms(self, axis: Axis) -> tuple[int, int]:
        """As of a convolution, and the room of one window less for ``ceil_mode`` to add it."""
        least, most = super().rooms(axis)
        strides = axis.limits.stride
        return (1 - strides[-1] if axis.target == 1 else least - strides[0]), most

    def least_room(self, axis: Axis) -> int | None:
        """With ``ceil_mode`` a window may reach beyond the padding by less than a stride."""
        return 1 - axis.limits.stride[-1]

    def paddings(self, limits: Limits) -> Sequence[int]:
        """Those of at most half the largest kernel."""
        return between(limits.padding, 0, limits.kernel_size[-1] // 2)

    def kernel_sizes(self, limits: Limits, padding: int) -> Sequence[int]:
        """Those of at least twice the padding. Source: PyTorch, `MaxPool2d`."""
        return between(limits.kernel_size, 2 * padding, None)

    def strides(
        self, axis: Axis, kernel_size: int, padding: int, dilation: int
    ) -> Iterator[tuple[Sequence[int], bool]]:
        """As of a convolution, and those at which ``ceil_mode`` adds the last window of the target.

        One less then fits without it, the stride does not divide the slack, and the last window still begins in the
        input or its first padding.

        >>> operation = MaxPooling()
        >>> list(operation.strides(Axis(6, 3, operation.limits(6, 3, Bounds())), 3, 0, 1))
        [(range(2, 2), False), (range(2, 3), True)]
        """
        slack = room(self, axis, kernel_size, padding, dilation)
        if slack >= 0:
            yield from super().strides(axis, kernel_size, padding, dilation)
        if axis.target == 1:
            least, most = 1 - slack, None if slack < 0 else 0
        else:
            least = formulas.least_stride(slack, axis.target - 1)
            most = (axis.size + padding - 1) // (axis.target - 1)
            if axis.target > 2:
                most = min(most, formulas.most_stride(slack - 1, axis.target - 1))
            if slack <= 0:
                most = 0
        yield between(axis.limits.stride, least, most), True

    def solution(
        self, axis: Axis, kernel_size: int, stride: int, padding: int, dilation: int, ceil_mode: bool
    ) -> Solution | None:
        """The settings, with what they leave over and unread."""
        window = (axis.size, kernel_size, stride, (padding, padding), dilation)
        added = formulas.ceil_padding(*window) if ceil_mode else 0
        left, missed = waste(axis.size, kernel_size, stride, (padding, padding + added), dilation)
        score = padding + (left > 0) + missed + 2 * (dilation - 1) + (stride != kernel_size) + ceil_mode
        return Solution(kernel_size, stride, padding, dilation, 0, ceil_mode, left, missed, score)

    def beside(self, axis: Axis, kernel_size: int, padding: int, dilation: int) -> Iterator[int]:
        """What the strides to either side of the target give, without ``ceil_mode`` and with it."""
        slack = room(self, axis, kernel_size, padding, dilation)
        if slack >= 0:
            yield from super().beside(axis, kernel_size, padding, dilation)

        def places(stride: int) -> int:
            added = formulas.ceil_padding(axis.size, kernel_size, stride, (padding, padding), dilation)
            return formulas.output_size(axis.size, kernel_size, stride, (padding, padding + added), dilation)

        strides = between(axis.limits.stride, 1 - slack, None)
        for some in first_where(strides, lambda stride: places(stride) < axis.target):
            yield from map(places, some)

    def choices(
        self, axes: Sequence[Axis], solutions: Sequence[Sequence[Solution]]
    ) -> Sequence[Sequence[Sequence[Solution]]]:
        """All without ``ceil_mode``; and all with it, where it changes the size of at least one axis.

        Those are parted by the first axis that it changes: the axes before it are as they were, behind it either way.
        """
        without = [[one for one in some if not one.ceil_mode] for some in solutions]
        changed = [[one for one in some if one.ceil_mode] for some in solutions]
        if len(axes) == 1:
            return [without, changed]
        same = [self._unchanged(axis, some) for axis, some in zip(axes, without, strict=True)]
        either = [sorted(a + b, key=lambda one: one.place) for a, b in zip(same, changed, strict=True)]
        return [without, *((*same[:i], changed[i], *either[i + 1 :]) for i in range(len(axes)))]

    def _unchanged(self, axis: Axis, solutions: Sequence[Solution]) -> list[Solution]:
        """Those that ``ceil_mode`` does not change, with it."""

        def added(one: Solution) -> int:
            sides = (one.padding, one.padding)
            return formulas.ceil_padding(axis.size, one.kernel_size, one.stride, sides, one.dilation)

        return [one._replace(ceil_mode=True, score=one.score + 1) for one in solutions if not added(one)]


def pool(sizes: Sequence[int], targets: Sequence[int], bounds: Bounds | Sequence[Bounds] | None = None) -> Answers:
    """The max pools that turn these sizes into the targets, 1 to 3 axes, within bounds (one, or one an axis).

    Answers come in the order of their score, the lowest first. The score is the padding, plus 2 for each step of
    dilation beyond 1, plus 1 for each element of the input that no window reads, plus 1 each for a stride other than
    the kernel size, a stride that does not divide evenly, and ``ceil_mode``. Answers with equal scores are ordered by
    stride, kernel size, padding and dilation, smallest first, then without ``ceil_mode``. Along several axes the scores
    add up, and each setting that differs between axes adds 1. ``ceil_mode`` is the same for all axes, and it is listed
    only where it changes a size. `ConvcalcError` where the sizes or bounds cannot be used.

    >>> [(a.axes[0].kernel_size, a.axes[0].stride, a.axes[0].ceil_mode) for a in pool((28,), (14,)).first(2)]
    [(2, 2, False), (3, 2, True)]
    """
    return ask(MaxPooling(), sizes, targets, bounds)
