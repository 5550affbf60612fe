"""Within what bounds the settings of one axis are looked for: ascending numbers, a range or a tuple each.

A range may be huge: nothing here walks one, and no function needs its length to be a machine number.
"""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Callable, Sequence
from itertools import pairwise
from typing import NamedTuple

from convcalc.errors import ConvcalcError
from convcalc.layers.settings import whole

MOST_DEFAULT = 64  # larger kernels and strides are looked for by default only where the sizes say so
MOST_SPOKEN = 6  # numbers or runs of them that are listed in words
LEAST = {"kernel_size": 1, "stride": 1, "padding": 0, "dilation": 1, "output_padding": 0}


class Bounds(NamedTuple):
    """What is asked for: for each setting the numbers it may take, ascending; None leaves it to `default_limits`.

    >>> Bounds(stride=(2,)).padding is None
    True
    """

    kernel_size: Sequence[int] | None = None
    stride: Sequence[int] | None = None
    padding: Sequence[int] | None = None
    dilation: Sequence[int] | None = None
    output_padding: Sequence[int] | None = None


class Limits(NamedTuple):
    """The bounds of one axis with all of them settled: ascending numbers, at least one each.

    ``output_padding`` is 0 alone, except for a transposed convolution.
    """

    kernel_size: Sequence[int]
    stride: Sequence[int]
    padding: Sequence[int]
    dilation: Sequence[int]
    output_padding: Sequence[int]


def default_limits(larger: int, smaller: int) -> Limits:
    """Where to look for settings that go between two sizes, whichever way, if nothing else is said.

    Kernels of 1 to 11, to the ratio of the sizes, or to the one that does it alone: without padding, by a stride of
    the ratio rounded down. Strides of 1 to 4 or to one more than the ratio, paddings of 0 to 5, dilations of 1 and 2.
    Beyond 64 only those particular numbers are tried, the ratio rounded down and up.

    >>> default_limits(28, 13)[:4]
    (range(1, 12), range(1, 5), range(0, 6), range(1, 3))
    >>> default_limits(224, 96).kernel_size  # 95 strides of 2 and a kernel of 34 are 224
    range(1, 35)
    >>> default_limits(1000, 3).stride[-3:]
    (64, 333, 334)
    """
    below, above = max(larger // smaller, 1), -(-larger // smaller)
    alone = larger - (smaller - 1) * below
    return Limits(
        _up_to(max(11, above, alone), {below, above, alone}),
        _up_to(max(4, above + 1), {below, above}),
        range(6),
        range(1, 3),
        range(1),
    )


def _up_to(most: int, particular: set[int]) -> Sequence[int]:
    if most <= MOST_DEFAULT:
        return range(1, most + 1)
    return tuple(sorted({*range(1, MOST_DEFAULT + 1), *(number for number in particular if number > 0)}))


def settled(bounds: Bounds, default: Limits) -> Limits:
    """The bounds with the default in the place of each None. `ConvcalcError` where one cannot be looked through.

    >>> settled(Bounds(stride=[2, 3]), default_limits(28, 13)).stride
    (2, 3)
    """
    pairs = zip(LEAST, bounds, default, strict=True)
    return Limits(*(usual if given is None else _ascending(name, given) for name, given, usual in pairs))


def _ascending(name: str, values: Sequence[int]) -> Sequence[int]:
    """The values, checked, as a range or a tuple."""
    if not isinstance(values, range):
        values = tuple(whole(name, value, LEAST[name]) for value in values)
    if not values:
        raise ConvcalcError(f"{name} has bounds with nothing in them: give at least one number")
    if values[0] >= values[-1] if isinstance(values, range) else any(a >= b for a, b in pairwise(values)):
        single = isinstance(values, range) and values[0] == values[-1]
        if not single:
            raise ConvcalcError(f"{name} has bounds that do not ascend: give each number once, the smallest first")
    whole(name, values[0], LEAST[name])
    return values


def between(values: Sequence[int], least: int, most: int | None) -> Sequence[int]:
    """Those of the values from least to most, both included; most=None: all from least on.

    >>> between(range(1, 10**30), 5, 8), between((1, 3, 5, 7), 2, 5)
    (range(5, 9), (3, 5))
    """
    if isinstance(values, range):
        start, stop, step = values.start, values.stop, values.step
        start += max(0, -(-(least - start) // step)) * step
        return range(start, stop if most is None else min(stop, most + 1), step)
    return values[bisect_left(values, least) : None if most is None else bisect_right(values, most)]


def first_where(values: Sequence[int], holds: Callable[[int], bool]) -> tuple[Sequence[int], Sequence[int]]:
    """The last value before, and the first from which on ``holds`` is true: two sequences of at most one value.

    >>> first_where(range(1, 10**30), lambda value: value * value > 50)
    (range(7, 8), range(8, 9))
    """
    low, high = 0, length(values)
    while low < high:
        middle = (low + high) // 2
        if holds(values[middle]):
            high = middle
        else:
            low = middle + 1
    return values[max(low - 1, 0) : low], values[low : low + 1]


def length(values: Sequence[int]) -> int:
    """How many there are; len() of a range stops at what a machine number holds.

    >>> length(range(1, 10**30 + 1, 2)) == 10**30 // 2
    True
    """
    if isinstance(values, range):
        return max(0, -(-(values.stop - values.start) // values.step))
    return len(values)


def spoken(values: Sequence[int]) -> str:
    """The values in words, runs of them by their ends.

    >>> spoken(range(1, 12)), spoken((3, 5, 7)), spoken((1, 2, 3, 99)), spoken(range(2, 99, 2))
    ('1 to 11', '3, 5 or 7', '1 to 3 or 99', '2 to 98 in steps of 2')
    """
    if isinstance(values, range):
        steps = "" if values.step == 1 or values[0] == values[-1] else f" in steps of {values.step}"
        return _run(values[0], values[-1]) + steps
    starts = [i for i, value in enumerate(values) if i == 0 or value != values[i - 1] + 1]
    ends = [i - 1 for i in starts[1:]] + [len(values) - 1]
    runs = [_run(values[start], values[end]) for start, end in zip(starts, ends, strict=True)]
    if len(runs) > MOST_SPOKEN:
        return f"{len(values)} numbers from {values[0]} to {values[-1]}"
    return " or ".join([", ".join(runs[:-1]), runs[-1]]) if len(runs) > 1 else runs[0]


def _run(first: int, last: int) -> str:
    return str(first) if first == last else f"{first} to {last}"


def described(limits: Limits) -> str:
    """The bounds of one axis in words, as a refusal names them.

    >>> described(default_limits(28, 13))
    'kernel 1 to 11, stride 1 to 4, padding 0 to 5, dilation 1 to 2'
    """
    names = ("kernel", "stride", "padding", "dilation", "output_padding")
    parts = [f"{name} {spoken(values)}" for name, values in zip(names, limits, strict=True)]
    return ", ".join(parts if limits.output_padding[-1] else parts[:-1])
