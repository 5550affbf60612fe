"""Sweeps: one convolution with every combination of the settings given, a configuration each.

Configurations are made one by one, and each is described and walked as a single one is, so a sweep takes no more
memory than one of them. `convcalc.arrays` works a million out at once.
"""

from __future__ import annotations

import heapq
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from itertools import product
from math import prod
from typing import Any, NamedTuple

from convcalc.errors import ConvcalcError
from convcalc.layers.settings import Shape
from convcalc.report import Row

Settings = Mapping[str, Any]


class Configuration(NamedTuple):
    """One combination: the input, the settings as they were given, and the row it makes or why it makes none."""

    input: Shape
    settings: Settings
    row: Row | None
    refused: str | None


def configurations(
    shape: Shape, settings: Mapping[str, Sequence[Any]], evaluate: Callable[[Settings], Row]
) -> Iterator[Configuration]:
    """Every combination of the settings on one input, the last setting fastest; what is refused, with its reason.

    >>> from convcalc import Conv2d, trace
    >>> def evaluate(settings):
    ...     return trace(Conv2d(1, 1, **settings), (1, 1, 4, 4)).rows[0]
    >>> found = configurations((1, 1, 4, 4), {"kernel_size": [3, 5]}, evaluate)
    >>> [one.row.output if one.row else one.refused[:26] for one in found]
    [(1, 1, 2, 2), 'kernel 5 does not fit inpu']
    """
    for chosen in product(*settings.values()):
        given = dict(zip(settings, chosen, strict=True))
        try:
            row, refused = evaluate(given), None
        except ConvcalcError as error:
            row, refused = None, str(error)
        yield Configuration(shape, given, row, refused)


def count(inputs: int, settings: Mapping[str, Sequence[Any]]) -> int:
    """How many combinations there are.

    >>> count(1, {"kernel_size": [3, 5, 7], "stride": [1, 2], "padding": [0, 1, 2, 3]})
    24
    """
    return inputs * prod(map(len, settings.values()))


def sorted_by(
    rows: Iterable[Configuration], keys: Sequence[tuple[Callable[[Configuration], Any], bool]], most: int
) -> list[Configuration]:
    """The first ``most`` rows by these keys, each a value and whether the largest comes first; no value comes last.

    >>> rows = [Configuration((1, 1, n), {}, None, None) for n in (5, 9, 7)]
    >>> [row.input[2] for row in sorted_by(rows, [(lambda row: row.input[2], True)], 2)]
    [9, 7]
    """

    def key(numbered: tuple[int, Configuration]) -> tuple[Any, ...]:
        number, row = numbered
        return (*(_place(value(row), descending) for value, descending in keys), number)

    return [row for _, row in heapq.nsmallest(most, enumerate(rows), key=key)]


def _place(value: Any, descending: bool) -> tuple[Any, ...]:
    """Return what puts a value in its place: all of its numbers, of a padding both sides of every axis."""
    parts = value if isinstance(value, tuple) else (value,)
    flat = tuple(number for part in parts for number in (part if isinstance(part, tuple) else (part, part)))
    if not flat or None in flat:
        return (1,)
    return (0, tuple(-number for number in flat) if descending else flat)
