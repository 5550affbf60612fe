"""The question along all axes, and its answers."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from heapq import merge
from itertools import islice
from math import prod
from typing import Any, NamedTuple

from convcalc.errors import ConvcalcError
from convcalc.layers import kind
from convcalc.layers.base import Layer
from convcalc.layers.settings import brief, counted, whole
from convcalc.layers.windows import AXES
from convcalc.solve.axes import Combined, combinations_in_order
from convcalc.solve.bounds import Bounds, Limits
from convcalc.solve.search import Axis, Operation, Solution, search

MOST_AXES = len(AXES) - 1


class Answer(NamedTuple):
    """One solution an axis. A smaller ``score`` is simpler."""

    layer: Layer
    axes: tuple[Solution, ...]
    score: int
    settings: dict[str, Any]


class Answers(NamedTuple):
    """All answers to a question, made as they are asked for.

    ``found`` is how many there are: with ``complete`` false only those among the settings that were looked at, and
    ``stopped_at`` has for each axis the padding at which that ended (None where it did not). All answers of smaller
    paddings are among them. ``solved`` is how many solutions each axis has by itself.
    """

    operation: Operation
    axes: tuple[Axis, ...]
    found: int
    stopped_at: tuple[int | None, ...]
    solved: tuple[int, ...]
    choices: Sequence[Sequence[Sequence[Solution]]]

    @property
    def complete(self) -> bool:
        """Whether all settings within the bounds have been looked at."""
        return all(padding is None for padding in self.stopped_at)

    @property
    def sizes(self) -> tuple[int, ...]:
        """The sizes to begin with."""
        return tuple(axis.size for axis in self.axes)

    @property
    def targets(self) -> tuple[int, ...]:
        """The sizes asked for."""
        return tuple(axis.target for axis in self.axes)

    @property
    def limits(self) -> tuple[Limits, ...]:
        """The bounds along each axis, the default ones too."""
        return tuple(axis.limits for axis in self.axes)

    def in_order(self) -> Iterator[Answer]:
        """The answers one by one, the simplest first; each is checked by the layer that it describes."""
        for combined in merge(*map(combinations_in_order, self.choices)):
            yield self._checked(combined)

    def first(self, number: int) -> list[Answer]:
        """The simplest answers, at most that many."""
        return list(islice(self.in_order(), number))

    def _checked(self, combined: Combined) -> Answer:
        settings = {
            name: combined.axes[0].ceil_mode
            if name == "ceil_mode"
            else brief(tuple(getattr(one, name) for one in combined.axes))
            for name in self.operation.settings
        }
        layer: Layer = kind(f"{self.operation.layer}{len(self.axes)}d")(*self.operation.channels, **settings)
        given = layer.output_shape((1, 1, *self.sizes))
        if given != (1, 1, *self.targets):
            raise AssertionError(f"{layer} turns {self.sizes} into {given[2:]}, not {self.targets}: a bug in convcalc")
        return Answer(layer, combined.axes, combined.score, settings)


def ask(
    operation: Operation,
    sizes: Sequence[int],
    targets: Sequence[int],
    bounds: Bounds | Sequence[Bounds] | None,
) -> Answers:
    """The answers for an operation. `ConvcalcError` as `question`.

    >>> from convcalc.solve.conv import Convolution
    >>> ask(Convolution(), (28,), (1,), Bounds((28,), (1, 2), (0,), (1,))).found
    2
    """
    axes = question(operation, sizes, targets, bounds)
    known = {axis: search(operation, axis) for axis in dict.fromkeys(axes)}
    found = [known[axis] for axis in axes]
    solutions = [one.solutions for one in found]
    choices = operation.choices(axes, solutions)
    return Answers(
        operation,
        axes,
        sum(prod(map(len, choice)) for choice in choices),
        tuple(one.stopped_at for one in found),
        tuple(map(len, solutions)),
        choices,
    )


def question(
    operation: Operation,
    sizes: Sequence[int],
    targets: Sequence[int],
    bounds: Bounds | Sequence[Bounds] | None,
) -> tuple[Axis, ...]:
    """The axes of a question. `ConvcalcError` where it cannot be asked.

    >>> from convcalc.solve.conv import Convolution
    >>> [axis.target for axis in question(Convolution(), (28, 32), (13, 15), None)]
    [13, 15]
    """
    sizes = [whole("size", size, least=1) for size in sizes]
    targets = [whole("target", target, least=1) for target in targets]
    if len(sizes) != len(targets):
        raise ConvcalcError(
            f"{counted(len(sizes), 'size')} and {counted(len(targets), 'target')} do not go together:"
            " give a target for each size"
        )
    if not 1 <= len(sizes) <= MOST_AXES:
        raise ConvcalcError(f"{counted(len(sizes), 'axis', 'axes')} are not for a layer: give 1 to {MOST_AXES} sizes")
    given = [bounds or Bounds()] * len(sizes) if bounds is None or isinstance(bounds, Bounds) else list(bounds)
    if len(given) != len(sizes):
        raise ConvcalcError(
            f"bounds for {counted(len(given), 'axis', 'axes')} do not go with {counted(len(sizes), 'size')}:"
            " give them for each axis, or once for all"
        )
    return tuple(
        Axis(size, target, operation.limits(size, target, one))
        for size, target, one in zip(sizes, targets, given, strict=True)
    )
