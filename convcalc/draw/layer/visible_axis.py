"""The part of an axis that a picture shows: its elements and the positions of the window. A long axis is cut."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from itertools import product
from typing import NamedTuple

from convcalc.layers.windows import Copies, Window

MOST = 24  # an axis of more elements is cut
END = 10  # elements shown at each end of a cut axis
FEWEST = 4  # a shorter gap is not left out
AWAY = -100  # the position of a cell outside the picture
AROUND = 4  # elements shown at each end of a wide window


class Lane(NamedTuple):
    """The elements of an axis that are shown, in runs. Elements 0 to ``size`` - 1 are real, the others are padding.

    >>> lane = Lane((range(-1, 3), range(97, 101)), 100)
    >>> lane.position(0), lane.position(97), lane.length
    (1, 5, 9)
    """

    runs: tuple[range, ...]
    size: int

    @property
    def length(self) -> int:
        """The number of cells; a gap between two runs takes one cell."""
        return sum(map(len, self.runs)) + len(self.runs) - 1

    @property
    def leaves_out(self) -> bool:
        """Whether the middle is left out."""
        return len(self.runs) > 1

    def position(self, element: int) -> int:
        """Return the number of cells before an element, which must be shown."""
        start = 0
        for run in self.runs:
            if element in run:
                return start + element - run.start
            start += len(run) + 1
        raise LookupError(element)

    def blocks(self, elements: Iterable[int]) -> list[range]:
        """Return the positions of ascending elements as runs of adjacent cells; skip the elements that are not shown.

        >>> Lane((range(6),), 6).blocks([0, 1, 4])
        [range(0, 2), range(4, 5)]
        """
        blocks: list[range] = []
        for element in elements:
            if not any(element in run for run in self.runs):
                continue
            at = self.position(element)
            if blocks and blocks[-1].stop == at:
                blocks[-1] = range(blocks[-1].start, at + 1)
            else:
                blocks.append(range(at, at + 1))
        return blocks

    def shown(self, outside: bool = False) -> list[int]:
        """Return the real elements that are shown, and with ``outside`` those of the padding too."""
        return [element for run in self.runs for element in run if outside or 0 <= element < self.size]

    def gaps(self) -> list[int]:
        """Return the positions of the cells that stand for the gaps."""
        return [self.position(run.start) - 1 for run in self.runs[1:]]


class Movement(NamedTuple):
    """The movement of something along an axis: its distance from its first position, in cells, at each position.

    It is visible only on the real cells of ``run``. It begins ``phase`` cells after a multiple of the dilation.
    """

    moves: tuple[int, ...]
    phase: int
    run: range


class CopiedWindow(NamedTuple):
    """The elements that the window reads as copies on the padding: the cells they span at first, from the phase on."""

    cells: range
    way: Movement


class VisibleAxis(NamedTuple):
    """One axis of the picture: the side that the window moves over, the side with one cell for each position, and the
    positions that are shown.

    A position is an output element of a convolution, and an input element of a transposed one.
    """

    window: Window
    wide: Lane
    narrow: Lane
    places: tuple[int, ...]

    @property
    def is_cut(self) -> bool:
        """Whether the middle of one of the sides is left out."""
        return self.wide.leaves_out or self.narrow.leaves_out

    def taps(self, place: int, real: bool | None = None) -> list[int]:
        """Return the taps that are shown of the window at a position: all, only real elements, or only padding."""
        taps, size = self.window.taps(place), self.window.size
        shown = [element for run in self.wide.runs for element in run if element in taps]
        return shown if real is None else [element for element in shown if (0 <= element < size) is real]

    def copied(self, place: int) -> list[int]:
        """Return the elements that are shown and that the window at a position reads only as copies on the padding."""
        taps = self.window.taps(place)
        return [i for i in self.wide.shown() if i not in taps and self.window.reads(place, i)]

    def images(self) -> list[CopiedWindow]:
        """Return where the elements are that the window reads as copies, at each position.

        >>> visible_axis(Window(5, 3, 1, (2, 0), 2, "circular")).images()  # from cell 5, which is behind 2 of padding
        [CopiedWindow(cells=range(4, 9), way=Movement(moves=(0, 1, 2), phase=1, run=range(2, 7)))]
        """
        return [image for side in self.window.copies for image in self._images(side)]

    def itself(self) -> list[CopiedWindow]:
        """Return where the window is on real elements, in the same form as the copies."""
        return self._images(Copies(range(self.window.size), 0, 1))

    def _images(self, side: Copies) -> list[CopiedWindow]:
        """Return one for each run, whose elements move together; it is away while none of them is copied."""
        taps, images, first = [self.window.taps(place) for place in self.places], [], 0
        length = taps[0][-1] - taps[0][0] + 1 if side.step else 1
        for run in self.wide.runs:
            real = range(max(run.start, 0), min(run.stop, self.window.size))
            is_copied = [any(side.are_in(held, element) for element in real) for held in taps]
            if any(is_copied):
                starts = [first + min(side.source(held[0]), side.source(held[-1])) - run.start for held in taps]
                if self.wide.leaves_out or not side.step:
                    starts = [start if copied else AWAY for start, copied in zip(starts, is_copied, strict=True)]
                phase = starts[0] % self.window.dilation
                begin = starts[0] - phase
                cells = range(first + real.start - run.start, first + real.stop - run.start)
                way = Movement(tuple(start - starts[0] for start in starts), phase, cells)
                images.append(CopiedWindow(range(begin, begin + length), way))
            first += len(run) + 1
        return images

    def span(self, place: int) -> range:
        """Return the cells from the first to the last tap of the window at a position."""
        taps = self.window.taps(place)
        return range(self.wide.position(taps[0]), self.wide.position(taps[-1]) + 1)


class Scene(NamedTuple):
    """What is drawn of a layer: its rows and columns, and whether the window writes (a transposed layer) or reads.

    The unread elements are those that are shown and that no window reads (that a transposed layer never writes). With
    very much padding they are not known. A 1-d layer has one row. Of a 3-d layer one slice is drawn, and ``depth`` is
    the window across slices.
    """

    rows: VisibleAxis
    columns: VisibleAxis
    is_transposed: bool = False
    unread_rows: tuple[int, ...] = ()
    unread_columns: tuple[int, ...] = ()
    is_unread_known: bool = True
    is_line: bool = False
    depth: Window | None = None

    @property
    def axes(self) -> tuple[VisibleAxis, ...]:
        """The axes that are drawn and that the layer has."""
        return (self.columns,) if self.is_line else (self.rows, self.columns)

    @property
    def positions(self) -> list[tuple[int, int]]:
        """The row and the column of each position of the window, in the order of the animation."""
        return list(product(self.rows.places, self.columns.places))

    def at(self, row: int, column: int) -> Scene:
        """Return the scene with the window at one position."""
        return self._replace(rows=self.rows._replace(places=(row,)), columns=self.columns._replace(places=(column,)))

    @property
    def has_unread(self) -> bool:
        """Whether an unread element is shown."""
        return bool(self.unread_rows or self.unread_columns)

    @property
    def has_copies(self) -> bool:
        """Whether an element that is shown is read only as a copy, at any position."""
        return any(axis.copied(place) for axis in self.axes for place in axis.places)


def visible_axis(window: Window, at: int | None = None) -> VisibleAxis:
    """Return what to show of an axis; with ``at``, of the window at that position only.

    >>> visible_axis(Window(5, 3, 2, (1, 1), 1, "zeros")).places
    (0, 1, 2)
    >>> visible_axis(Window(224, 3, 1, (1, 1), 1, "zeros")).wide.runs
    (range(-1, 9), range(215, 225))
    """
    before, after = window.padding
    sides = window.copies
    whole = range(min(0, -before), max(window.size, window.size + after))
    count = window.output_size
    if window.size <= MOST and whole.stop - whole.start <= 2 * MOST:
        wide = Lane((whole,), window.size)
    else:
        copied = [side.sources(side.positions) for side in sides if side.positions.stop - side.positions.start <= END]
        wide = Lane(_runs(whole, [whole[:END], whole[-END:], *_real_ends(window.size), *copied]), window.size)
    narrow = lane_of(count, at)
    if at is None:
        steps = range(count) if count <= MOST else (*range(END), *range(count - END, count))
        places = tuple(place for place in steps if _is_in_one_run(window.taps(place), wide))
        if places:
            return VisibleAxis(window, wide, narrow, places)
        at = 0  # the window is too wide to move within what is shown
    if wide.leaves_out:
        taps = window.taps(at)
        held = taps, *(side.sources(taps) for side in sides)
        pieces = [whole[:AROUND], whole[-AROUND:], *_real_ends(window.size)]
        pieces += [piece for elements in held if elements for piece in _around(elements)]
        wide = Lane(_runs(whole, pieces), window.size)
    return VisibleAxis(window, wide, narrow, (at,))


def lane_of(count: int, at: int | None = None) -> Lane:
    """Return ``count`` elements: all, or both ends and the elements around ``at``.

    >>> lane_of(100).runs
    (range(0, 10), range(90, 100))
    """
    if count <= MOST:
        return Lane((range(count),), count)
    around = [range(at - 2, at + 3)] if at is not None else []
    return Lane(_runs(range(count), [range(END), range(count - END, count), *around]), count)


def _real_ends(size: int) -> list[range]:
    """Return the first and last real elements, which are shown however wide the padding is."""
    return [range(-1, AROUND), range(size - AROUND, size + 1)]


def _around(taps: range) -> list[range]:
    """Return the window and one element on each side, or both ends of a wide window."""
    first, last = taps[0], taps[-1]
    if last - first < END:
        return [range(first - 1, last + 2)]
    return [range(first - 1, first + AROUND), range(last - AROUND + 1, last + 2)]


def _runs(whole: range, pieces: Sequence[range]) -> tuple[range, ...]:
    """Return the pieces within ``whole``, in order; join two pieces with a small gap between them."""
    runs: list[range] = []
    for piece in sorted(filter(None, pieces), key=lambda piece: piece.start):
        start, stop = max(piece.start, whole.start), min(piece.stop, whole.stop)
        if runs and start < runs[-1].stop + FEWEST:
            runs[-1] = range(runs[-1].start, max(stop, runs[-1].stop))
        else:
            runs.append(range(start, stop))
    return tuple(runs)


def _is_in_one_run(taps: range, lane: Lane) -> bool:
    return any(taps[0] in run and taps[-1] in run for run in lane.runs)
