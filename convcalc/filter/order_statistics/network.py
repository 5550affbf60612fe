"""What is compared with what, so that the minimum, the median or the maximum of a window comes out.

Batcher's odd-even merge (K. E. Batcher, "Sorting networks and their applications", 1968; Knuth, The Art of Computer
Programming 3, 5.3.4) of sorted lists, from which whatever the median does not need is left out.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from functools import lru_cache, reduce

from convcalc.filter.order_statistics.program import PICTURE, Program, Shift, Shifted, Writer

MOST_BY_ROWS = 25  # taps up to which both ways are tried


@lru_cache(maxsize=64)
def extreme(size: Shift, is_larger: bool) -> Program:
    """The minimum or the maximum of a window: rows, then columns, each by doubling.

    Of 5 the steps are 1 + 1, 2 + 2, and 4 with the last 4: three, where one by one there were four.

    >>> len(extreme((5, 5), is_larger=False).steps)
    6
    """
    writer = Writer()
    compared = writer.larger if is_larger else writer.smaller
    found = PICTURE
    for size_of_axis, (down, across) in zip(size, ((1, 0), (0, 1)), strict=True):
        seen = 1
        while seen < size_of_axis:
            step = min(seen, size_of_axis - seen)
            found = compared(found, found.moved(step * down, step * across))
            seen += step
    return writer.program(found)


@lru_cache(maxsize=64)
def median(size: Shift) -> Program:
    """The value of rank size // 2 in a window, so of an even number the upper one; the cheaper of two ways to it.

    3x3 takes 18 steps at every place: 6 sort its columns, which its neighbours share.

    >>> len(median((3, 3)).steps)
    18
    """
    ways = [_by_merging(size, True), _by_merging(size, False)]
    if size[0] * size[1] <= MOST_BY_ROWS:
        ways.append(_by_rows(size))
    return min(ways, key=lambda program: len(program.steps))


def _by_merging(size: Shift, columns_first: bool) -> Program:
    """Sort the window's columns (or rows), merge neighbours, twice as many at a time; the median is of the last two."""
    writer = Writer()
    axes = [(size[0], (1, 0)), (size[1], (0, 1))]
    *others, (many, step) = axes if columns_first else axes[::-1]
    line = [PICTURE]
    for size_of_axis, along in others:
        line = _run(writer, line, size_of_axis, along)
    return writer.program(_of_two(writer, *_parts(writer, line, many, step), size[0] * size[1] // 2))


def _by_rows(size: Shift) -> Program:
    """Sort the columns, and then the rows of what comes out: many are then known to be too small or too large.

    Below the value at (i, j), from 0, there are at least (i + 1)(j + 1) - 1 others, and above it (h - i)(w - j) - 1.
    """
    writer = Writer()
    height, width = size
    rank = height * width // 2
    above = height * width - 1 - rank
    too_small, lists = 0, []
    for i, value in enumerate(_run(writer, [PICTURE], height, (1, 0))):
        too_small += sum((height - i) * (width - j) - 1 > above for j in range(width))
        wanted = [j for j in range(width) if (i + 1) * (j + 1) - 1 <= rank and (height - i) * (width - j) - 1 <= above]
        if len(wanted) == 1:
            lists.append([_of_two(writer, *_parts(writer, [value], width, (0, 1)), wanted[0])])
        elif wanted:
            row = _run(writer, [value], width, (0, 1))
            lists.append([row[j] for j in wanted])
    lists.sort(key=len)
    while len(lists) > 2:
        lists = sorted([*lists[2:], _merged(writer, lists[0], lists[1])], key=len)
    return writer.program(_of_two(writer, lists[0], lists[1] if len(lists) > 1 else [], rank - too_small))


def _run(writer: Writer, line: list[Shifted], many: int, step: Shift) -> list[Shifted]:
    """So many sorted lists, each a step further, merged into one."""
    return line if many == 1 else _merged(writer, *_parts(writer, line, many, step))


def _parts(writer: Writer, line: list[Shifted], many: int, step: Shift) -> tuple[list[Shifted], list[Shifted]]:
    """The same in two parts: the first of so many as a power of 2, which others share; one list has no second part."""
    if many == 1:
        return line, []
    first = 1 << (many - 1).bit_length() - 1
    return _run(writer, line, first, step), _moved(_run(writer, line, many - first, step), first, step)


def _moved(line: Sequence[Shifted], many: int, step: Shift) -> list[Shifted]:
    return [value.moved(many * step[0], many * step[1]) for value in line]


def _merged(writer: Writer, first: Sequence[Shifted], second: Sequence[Shifted]) -> list[Shifted]:
    """Two sorted lists made one: their even places and their odd ones merged, then neighbours compared."""
    if not first or not second:
        return [*first, *second]
    if len(first) == len(second) == 1:
        return [writer.smaller(first[0], second[0]), writer.larger(first[0], second[0])]
    even = _merged(writer, first[::2], second[::2])
    odd = _merged(writer, first[1::2], second[1::2])
    merged = even[:1]
    for low, high in zip(odd, even[1:], strict=False):
        merged += [writer.smaller(low, high), writer.larger(low, high)]
    return merged + odd[len(even) - 1 :] + even[len(odd) + 1 :]


def _of_two(writer: Writer, first: Sequence[Shifted], second: Sequence[Shifted], rank: int) -> Shifted:
    """The value of that rank, from 0, in two sorted lists together.

    So many are taken from the lists, some from each: the least that the larger of the two last ones can be.
    """
    return reduce(writer.smaller, _largest(writer.larger, first, second, rank + 1))


def _largest(
    larger: Callable[[Shifted, Shifted], Shifted], first: Sequence[Shifted], second: Sequence[Shifted], taken: int
) -> Iterator[Shifted]:
    for of_first in range(max(0, taken - len(second)), min(taken, len(first)) + 1):
        of_second = taken - of_first
        if of_first and of_second:
            yield larger(first[of_first - 1], second[of_second - 1])
        else:
            yield first[of_first - 1] if of_first else second[of_second - 1]
