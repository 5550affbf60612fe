"""The search along one axis: the padding outermost, then the kernel and the dilation; the strides in closed form.

All three operations have a *room*, length + 2*padding - dilation*(kernel_size - 1) - 1, in which a stride is to be
found. The length is the input of a convolution or a pool (the room is then the slack of its window), and the output of
a transposed convolution.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import NamedTuple

from convcalc.errors import ConvcalcError
from convcalc.formulas import window_extent
from convcalc.solve.bounds import Bounds, Limits, between, default_limits, settled

MOST_EXAMINED = 100_000  # settings of one axis that are looked at before the search stops


class Axis(NamedTuple):
    """The question along one axis."""

    size: int
    target: int
    limits: Limits


class Solution(NamedTuple):
    """Settings of one axis that give the target, what they leave over and unread, and how far from simple they are.

    ``leftover`` and ``unread`` count elements; of a transposed convolution both are 0. A smaller ``score`` is simpler:
    the operations say what adds to it.
    """

    kernel_size: int
    stride: int
    padding: int
    dilation: int
    output_padding: int
    ceil_mode: bool
    leftover: int
    unread: int
    score: int

    @property
    def ties(self) -> tuple[int, ...]:
        """What decides between solutions of the same score, the smaller first.

        >>> Solution(3, 2, 0, 1, 0, False, 1, 1, 2).ties  # stride, kernel_size, padding, ...
        (2, 3, 0, 1, 0, False)
        """
        return (self.stride, self.kernel_size, *self[2:6])

    @property
    def place(self) -> tuple[int, ...]:
        """Its place in the order: the score, then the ties."""
        return (self.score, self.stride, self.kernel_size, *self[2:6])


class Operation:
    """What the search needs to know of a convolution, a pool or a transposed convolution."""

    layer: str  # the name of the layer, without the number of axes
    channels: Sequence[int]  # what the layer takes before its kernel
    settings: Sequence[str]  # the settings that are looked for, by the layer's names
    dilation_moves_one_tap = False  # whether the dilation of a kernel of 1 makes a difference

    def limits(self, size: int, target: int, bounds: Bounds) -> Limits:
        """The bounds, by default those of `default_limits`."""
        if bounds.output_padding is not None:
            raise ConvcalcError("output_padding is for a transposed convolution: give no bounds for it")
        return settled(bounds, default_limits(size, target))

    def length(self, axis: Axis) -> int:
        """The length that the room is measured in."""
        return axis.size

    def rooms(self, axis: Axis) -> tuple[int, int]:
        """The least and the most room in which some stride within the bounds may give the target."""
        raise NotImplementedError

    def least_room(self, axis: Axis) -> int | None:
        """The least room in which there may be an output at all; None where there is always one to be tried."""
        raise NotImplementedError

    def paddings(self, limits: Limits) -> Sequence[int]:
        """The paddings that go with some kernel."""
        return limits.padding

    def kernel_sizes(self, limits: Limits, padding: int) -> Sequence[int]:
        """The kernels that go with a padding."""
        return limits.kernel_size

    def strides(
        self, axis: Axis, kernel_size: int, padding: int, dilation: int
    ) -> Iterator[tuple[Sequence[int], bool]]:
        """The strides that may give the target, without ``ceil_mode`` and with it."""
        raise NotImplementedError

    def solution(
        self, axis: Axis, kernel_size: int, stride: int, padding: int, dilation: int, ceil_mode: bool
    ) -> Solution | None:
        """The settings with what is to be said of them; None where they do not give the target after all."""
        raise NotImplementedError

    def beside(self, axis: Axis, kernel_size: int, padding: int, dilation: int) -> Iterator[int]:
        """Sizes that these settings give, among them the next below and the next above the target."""
        raise NotImplementedError

    def choices(
        self, axes: Sequence[Axis], solutions: Sequence[Sequence[Solution]]
    ) -> Sequence[Sequence[Sequence[Solution]]]:
        """What the answers are made of: of each of these, every choice of one solution an axis; none comes twice."""
        return [solutions]


class Found(NamedTuple):
    """The solutions of one axis, in order, and the padding at which the search stopped: None where it did not.

    All solutions of a smaller padding than that are there.
    """

    solutions: list[Solution]
    stopped_at: int | None


def room(operation: Operation, axis: Axis, kernel_size: int, padding: int, dilation: int) -> int:
    """The room that these settings leave for strides.

    >>> from convcalc.solve.conv import Convolution
    >>> room(Convolution(), Axis(28, 13, default_limits(28, 13)), 4, 0, 1)  # kernel 4, padding 0, dilation 1
    24
    """
    return operation.length(axis) + 2 * padding - window_extent(kernel_size, dilation)


def all_rooms(operation: Operation, axis: Axis) -> tuple[int, int]:
    """The least and the most room with which the bounds give an output at all.

    >>> from convcalc.solve.conv import Convolution
    >>> all_rooms(Convolution(), Axis(28, 13, default_limits(28, 13)))  # up to 28 + 2*5
    (0, 38)
    """
    limits, length = axis.limits, operation.length(axis)
    least = operation.least_room(axis)
    if least is None:
        least = length + 2 * limits.padding[0] - window_extent(limits.kernel_size[-1], limits.dilation[-1])
    return least, length + 2 * limits.padding[-1]


def windows(operation: Operation, axis: Axis, rooms: tuple[int, int]) -> Iterator[tuple[int, int, Sequence[int]]]:
    """Each padding and kernel size, ascending, with the dilations that leave a room within these.

    A padding that no kernel goes with comes once, without dilations, so that every step can be counted.

    >>> from convcalc.solve.conv import Convolution
    >>> axis = Axis(5, 5, Limits((1, 3), (1,), range(3), (1,), (0,)))
    >>> list(windows(Convolution(), axis, (4, 4)))  # kernel 1 needs no padding, kernel 3 needs 1
    [(0, 1, (1,)), (1, 3, (1,))]
    """
    limits, length = axis.limits, operation.length(axis)
    least, most = rooms
    narrowest, widest = limits.dilation[0], limits.dilation[-1]
    shortest = window_extent(limits.kernel_size[0], narrowest)
    longest = window_extent(limits.kernel_size[-1], widest)
    paddings = operation.paddings(limits)
    for padding in between(paddings, -((length - least - shortest) // 2), (most + longest - length) // 2):
        reach = length + 2 * padding - 1
        first, last = -((most - reach) // widest) + 1, (reach - least) // narrowest + 1
        kernel_sizes = between(operation.kernel_sizes(limits, padding), first, last)
        for kernel_size in kernel_sizes:
            gaps = kernel_size - 1
            near, far = (-((most - reach) // gaps), (reach - least) // gaps) if gaps else (1, None)
            yield padding, kernel_size, between(limits.dilation, near, far)
        if not kernel_sizes:
            yield padding, 1, ()


def search(operation: Operation, axis: Axis) -> Found:
    """All solutions within the bounds, or those among the first settings where there are too many to look at.

    >>> from convcalc.solve.conv import Convolution
    >>> [one[:3] for one in search(Convolution(), Axis(28, 13, default_limits(28, 13))).solutions[:2]]
    [(4, 2, 0), (3, 2, 0)]
    """
    solutions: list[Solution] = []
    for examined, (padding, settings) in enumerate(_candidates(operation, axis)):
        if examined == MOST_EXAMINED:
            return Found(_in_order(solutions), padding)
        solution = None if settings is None else operation.solution(axis, *settings)
        if solution is not None:
            solutions.append(solution)
    return Found(_in_order(solutions), None)


def _candidates(operation: Operation, axis: Axis) -> Iterator[tuple[int, tuple[int, int, int, int, bool] | None]]:
    """The settings that may be solutions, with their padding; None at each step of the way that has none."""
    for padding, kernel_size, dilations in windows(operation, axis, operation.rooms(axis)):
        yield padding, None
        for dilation in dilations:
            yield padding, None
            found = False
            for strides, ceil_mode in operation.strides(axis, kernel_size, padding, dilation):
                for stride in strides:
                    found = True
                    yield padding, (kernel_size, stride, padding, dilation, ceil_mode)
            if kernel_size == 1 and not found and not operation.dilation_moves_one_tap:
                break  # nor does any other dilation


def _in_order(solutions: list[Solution]) -> list[Solution]:
    return sorted(solutions, key=lambda solution: solution.place)
