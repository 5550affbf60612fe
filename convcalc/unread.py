"""Which elements of an axis no window holds, nor a padded copy of them.

They lie behind the last window, between windows, and in the holes of a dilated one. The count is exact at any size;
of the ranges only the first few are listed, each found by bisection on the count, so no size is ever walked.
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
    """How many elements are unread, and the first ranges of them as (first, last), 0-based.

    ``elements`` is None in the one case that is not worked out: reflect or circular padding of more than 2,000
    elements beside windows that leave gaps.
    """

    elements: int | None
    ranges: tuple[tuple[int, int], ...]

    @property
    def are_all_listed(self) -> bool:
        """Whether the ranges hold all of them."""
        return self.elements == sum(last - first + 1 for first, last in self.ranges)


def unread(window: Window) -> Unread:
    """The elements of one axis that no window reads, and the first ranges of them (both ends included).

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
    """How many elements of one axis no window reads; None as in `Unread`.

    >>> unread_elements(Window(28, 3, 2, (0, 0), 1, "zeros"))
    1
    """
    read_below = _count_of_read(window)
    return None if read_below is None else window.size - read_below(window.size)


def unread_among(window: Window, elements: Iterable[int]) -> tuple[int, ...] | None:
    """Those of the elements, each from 0 to the axis's size less 1, that no window reads; None as of `unread`.

    >>> unread_among(Window(10**30, 1, 3, (0, 0), 1, "zeros"), range(6))
    (1, 2, 4, 5)
    """
    read_below = _count_of_read(window)
    if read_below is None:
        return None
    return tuple(element for element in elements if read_below(element + 1) == read_below(element))


def _count_of_read(window: Window) -> Callable[[int], int] | None:
    """How many of the elements below a given one are read; None in the case that is not worked out."""
    size = window.size
    if formulas.read_elements(size, size, *window.geometry[1:]) == size:
        return int
    if window.padding_mode in ("reflect", "circular") and sum(window.padding) > COPIES_WALKED:
        return None
    copied = _read_as_copies(window)
    return lambda end: formulas.read_elements(size, end, *window.geometry[1:]) + bisect_left(copied, end)


def _next(count_below: Callable[[int], int], start: int, size: int) -> int:
    """The first element from ``start`` on that is counted, or ``size``."""
    before, end = count_below(start), size
    while start < end:
        middle = (start + end) // 2
        if count_below(middle + 1) > before:
            end = middle
        else:
            start = middle + 1
    return end


def _read_as_copies(window: Window) -> list[int]:
    """The elements, in order, that no window holds in place but one holds as a copy in the padding."""
    size, kernel_size, stride, (before, after), dilation, _ = window
    padded = before + size + after

    def read(first: int, last: int) -> bool:
        """Whether any place of the padded axis from first to last is read; the padded axis has no padding."""
        return below(last + 1) > below(first)

    def below(place: int) -> int:
        return formulas.read_elements(padded, place, kernel_size, stride, (0, 0), dilation)

    copies: list[tuple[int, int, int]] = []  # an element, and the first and last place of its copies
    for side in window.copies:
        places = range(side.positions.start + before, side.positions.stop + before)
        if side.step == 0:
            copies.append((side.start, places[0], places[-1]))
        else:
            copies += [(side.source(place - before), place, place) for place in places]
    return sorted({i for i, first, last in copies if read(first, last) and not read(before + i, before + i)})
