"""What is given for a setting, brought to one form: an int, or a small array of signed integers of our own."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from math import prod
from typing import Any

import numpy as np
from numpy.typing import NDArray

from convcalc.arrays.span import Span
from convcalc.errors import ConvcalcError
from convcalc.layers.settings import Shape, counted, whole
from convcalc.layers.windows import AXES

Array = NDArray[Any]

KINDS = (np.int8, np.int16, np.int32, np.int64)
MOST = 2**63 - 1  # of int64
MOST_ELEMENTS = MOST // 8  # what NumPy can index, 8 bytes each


@dataclass(frozen=True, slots=True, eq=False)
class Values:
    """One number or a read-only array of signed integers, the span that they lie in, and the shape they were given in.

    Of an array that only repeats itself along an axis, as a view of ``numpy.broadcast_to``, that axis is kept once.
    """

    numbers: int | Array
    span: Span
    given: Shape = ()

    @property
    def shape(self) -> Shape:
        """That of the array as it is kept; () of a number."""
        return np.shape(self.numbers)

    def at(self, index: tuple[int, ...], shape: Shape) -> int:
        """The number at an index of the shape that this is broadcast to."""
        return int(np.broadcast_to(self.numbers, shape)[index])


def held(numbers: int | Array) -> Values:
    """The number or array with its span; an array is read-only from then on.

    >>> held(np.array([3, 1, 2])).span.high
    3
    """
    if isinstance(numbers, int):
        return Values(numbers, Span(numbers, numbers))
    numbers.setflags(write=False)
    return Values(numbers, _span(numbers), numbers.shape)


def _span(numbers: Array) -> Span:
    # Nothing is made from an empty array, so any span will do that can be divided by.
    return Span(int(numbers.min()), int(numbers.max())) if numbers.size else Span(1, 1)


def _copied(given: Array) -> Values:
    """A copy of our own, so that the figures stay true, in as few bytes as will do."""
    once = given[tuple(slice(None) if stride else slice(1) for stride in given.strides)]
    span = _span(once)
    kind = next(kind for kind in KINDS if np.iinfo(kind).min <= span.low and span.high <= np.iinfo(kind).max)
    numbers = once.astype(kind)
    numbers.setflags(write=False)
    return Values(numbers, span, given.shape)


class Reader:
    """Reads settings; the same object, given twice, is read once and is then the same `Values`.

    >>> Reader().read("stride", [1, 2], least=1).numbers.tolist()
    [1, 2]
    """

    def __init__(self) -> None:
        self.known: dict[tuple[type, int], Values] = {}

    def read(self, name: str, given: object, least: int) -> Values:
        """The values of one setting, or a refusal that names it, the value and where that stands."""
        key = (int, given) if type(given) is int else (type(given), id(given))
        if key not in self.known:
            self.known[key] = _values(name, given)
        found = self.known[key]
        if found.span.low < least:
            where = _first(found.numbers < least) if isinstance(found.numbers, np.ndarray) else ()
            value = found.at(where, found.shape)
            raise ConvcalcError(f"{name} {value}{_at(where)} is too small: it must be at least {least}")
        return found

    def per_axis(self, name: str, given: object, rank: int, least: int) -> tuple[Values, ...]:
        """One for each axis: of a tuple its entries, else the same for all."""
        return tuple(
            self.read(axis_name(name, axis, rank, isinstance(given, tuple)), entry, least)
            for axis, entry in enumerate(_entries(name, given, rank))
        )

    def sides_per_axis(self, given: object, rank: int) -> tuple[tuple[Values, Values], ...]:
        """Padding before and behind each axis: of a tuple's entry that is a pair its two, else the same for both."""
        sides = []
        for axis, entry in enumerate(_entries("padding", given, rank)):
            name = axis_name("padding", axis, rank, isinstance(given, tuple))
            if isinstance(entry, tuple) and len(entry) != 2:
                raise ConvcalcError(f"{name} has {counted(len(entry), 'side')}: give one value, or (before, after)")
            before, after = entry if isinstance(entry, tuple) else (entry, entry)
            sides.append((self.read(name, before, least=0), self.read(name, after, least=0)))
        return tuple(sides)


def axis_name(name: str, axis: int, rank: int, apart: bool = True) -> str:
    """The name, with the axis where axes are told apart.

    >>> axis_name("stride", 1, 2), axis_name("stride", 1, 2, apart=False)
    ('stride along W', 'stride')
    """
    return f"{name} along {AXES[rank][axis]}" if apart and rank > 1 else name


def broadcast_shape(shapes: Mapping[str, Iterable[Shape]]) -> Shape:
    """The shape that all are broadcast to, as NumPy does it; a refusal that names those that are in each other's way.

    >>> broadcast_shape({"kernel_size": [(3, 1)], "stride": [(), (4,)]})
    (3, 4)
    """
    named = [(name, shape) for name, each in shapes.items() for shape in dict.fromkeys(each)]
    rank = max((len(shape) for _, shape in named), default=0)
    found: list[int] = []
    for axis in range(-rank, 0):
        lengths = {shape[axis]: f"{name} {shape}" for name, shape in reversed(named) if -axis <= len(shape)}
        lengths.pop(1, None)
        if len(lengths) > 1:
            raise ConvcalcError(
                f"shapes do not broadcast together: {', '.join(reversed(lengths.values()))}:"
                " give arrays of one shape, or an open grid as of numpy.ix_"
            )
        found.append(next(iter(lengths), 1))
    if prod(found) > MOST_ELEMENTS:
        raise ConvcalcError(f"{prod(found)} configurations are more than NumPy can index: sweep fewer at once")
    return tuple(found)


def _entries(name: str, given: object, rank: int) -> tuple[object, ...]:
    if not isinstance(given, tuple):
        return (given,) * rank
    if len(given) != rank:
        raise ConvcalcError(
            f"{name} has {counted(len(given), 'entry', 'entries')} for {counted(rank, 'axis', 'axes')}:"
            f" give one value, a list of values to sweep, or a tuple of {rank}"
        )
    return given


def _values(name: str, given: object) -> Values:
    if not isinstance(given, (list, range)) and not (hasattr(given, "__array__") and np.ndim(given)):
        return held(_within(name, whole(name, given, least=None)))
    try:
        array = np.asarray(given)
    except (ValueError, OverflowError) as error:
        raise ConvcalcError(f"{name} is a list of rows that differ in length: give an array") from error
    if array.dtype.kind == "O":  # a list with an int beyond int64 is of these
        for where, value in np.ndenumerate(array):
            _within(name, whole(name, value, least=None), where)
    if array.dtype.kind not in "iu":
        raise ConvcalcError(f"{name} has the dtype {array.dtype}: give integers")
    if array.dtype == np.uint64 and (array > MOST).any():
        where = _first(array > MOST)
        _within(name, int(array[where]), where)
    return _copied(array)


def _within(name: str, number: int, where: tuple[int, ...] = ()) -> int:
    if abs(number) > MOST:
        raise ConvcalcError(
            f"{name} {number}{_at(where)} is beyond int64: give at most {MOST}, or ask a layer, exact at any size"
        )
    return number


def _first(found: Array) -> tuple[int, ...]:
    """The index of the first that is true."""
    return tuple(map(int, np.unravel_index(int(found.argmax()), found.shape)))


def _at(index: tuple[int, ...]) -> str:
    return f" at index {index[0] if len(index) == 1 else index}" if index else ""
