"""The elements of an axis that no window reads, neither in place nor as a copy in the padding.

They lie after the last window, between windows, and in the holes of a dilated window. Their count is exact at any size.
Only the first ranges are listed; each is found by bisection on the count, so nothing loops over a size.
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Callable, Iterable, Iterator
from itertools import islice
from typing import NamedTuple

from convcalc import formulas
from convcalc.layers.windows import Window

RANGES_LISTED = 8
COPIES_WALKED = 2_000


class Unread(NamedTuple):
    """The number of unread elements, and the first ranges of them as (first, last), 0-based.

    ``elements`` is None in the one case that is not calculated: reflect or circular padding of more than 2,000
    elements with windows that leave gaps.
    """

    elements: int | None
    ranges: tuple[tuple[int, int], ...]

    @property
    def are_all_listed(self) -> bool:
        """Whether the ranges hold all unread elements."""
        return self.elements == sum(last - first + 1 for first, last in self.ranges)


def unread(window: Window) -> Unread:
    """Return the elements of one axis that no window reads: their number, and the first ranges, both ends included.

    >>> unread(Window(28, 3, 2, (0, 0), 1, "zeros"))
    Unread(elements=1, ranges=((27, 27),))
    >>> unread(Window(10, 1, 3, (0, 0), 1, "zeros"))
    Unread(elements=6, ranges=((1, 2), (4, 5), (7, 8)))
    """
    size = window.size
    read_below = _count_of_read(window)
    if read_below is None:
        return Unread(None, ())

    def unread_below(end: int) -> int:
        return end - read_below(end)

    def ranges() -> Iterator[tuple[int, int]]:
        first = _next(unread_below, 0, size)
        while first < size:
            end = _next(read_below, first, size)
            yield first, end - 1
            first = _next(unread_below, end, size)

    return Unread(unread_below(size), tuple(islice(ranges(), RANGES_LISTED)))


def unread_elements(window: Window) -> int | None:
    """Return the number of elements of one axis that no window reads; None as in `Unread`.

    >>> unread_elements(Window(28, 3, 2, (0, 0), 1, "zeros"))
    1
    """
    read_below = _count_of_read(window)
    return None if read_below is None else window.size - read_below(window.size)


def unread_among(window: Window, elements: Iterable[int]) -> tuple[int, ...] | None:
    """Return those of the elements, each from 0 to size - 1, that no window reads; None as in `Unread`.

    >>> unread_among(Window(10**30, 1, 3, (0, 0), 1, "zeros"), range(6))
    (1, 2, 4, 5)
    """
    read_below = _count_of_read(window)
    if read_below is None:
        return None
    return tuple(element for element in elements if read_below(element + 1) == read_below(element))


def _count_of_read(window: Window) -> Callable[[int], int] | None:
    """Return a function that counts the elements read below a given one; None in the case not calculated."""
    size = window.size
    if formulas.read_elements(size, size, *window.geometry[1:]) == size:
        return int
    if window.padding_mode in ("reflect", "circular") and sum(window.padding) > COPIES_WALKED:
        return None
    copied = _read_as_copies(window)
    return lambda end: formulas.read_elements(size, end, *window.geometry[1:]) + bisect_left(copied, end)


def _next(count_below: Callable[[int], int], start: int, size: int) -> int:
    """Return the first element from ``start`` on that is counted, or ``size``."""
    before, end = count_below(start), size
    while start < end:
        middle = (start + end) // 2
        if count_below(middle + 1) > before:
            end = middle
        else:
            start = middle + 1
    return end


def _read_as_copies(window: Window) -> list[int]:
    """Return the elements, in order, that windows read as a copy in the padding only."""
    size, kernel_size, stride, (before, after), dilation, _ = window
    padded = before + size + after

    def read(first: int, last: int) -> bool:
        """Whether any position of the padded axis from first to last is read."""
        return below(last + 1) > below(first)

    def below(place: int) -> int:
        return formulas.read_elements(padded, place, kernel_size, stride, (0, 0), dilation)

    copies: list[tuple[int, int, int]] = []  # an element, and the first and last place of its copies
    for side in window.copies:
        positions = range(side.positions.start + before, side.positions.stop + before)
        if side.step == 0:
            copies.append((side.start, positions[0], positions[-1]))
        else:
            copies += [(side.source(place - before), place, place) for place in positions]
    return sorted({i for i, first, last in copies if read(first, last) and not read(before + i, before + i)})
