"""The layers that a unit sees the input through, and which of their units it reads: what the picture shows."""

from __future__ import annotations

from collections.abc import Sequence
from fractions import Fraction
from itertools import pairwise
from typing import NamedTuple

from convcalc.draw.lookup import every_row, kind_of, row_named
from convcalc.errors import ConvcalcError, quoted
from convcalc.layers.block import INPUT
from convcalc.receptive_field import Field, Seen
from convcalc.report import Report, Row

MOST = 24  # layers that are drawn
Edge = int | Fraction
Span = tuple[int, int]  # the first, and one behind the last


class Path(NamedTuple):
    """The rows from the input on, up to the layer; how many see no more than the one before them, left out.

    ``has_branches`` says whether any stands where several meet: of these the one that sees most was followed. ``ends``
    says whether the last row is the layer's own, or that in the layer, a block, behind which nothing more is seen.
    """

    rows: tuple[Row, ...]
    ends: bool
    unchanged: int
    has_branches: bool


class Units(NamedTuple):
    """A layer's units along one axis: how many, what they see of the input, and what they read of the layer below.

    ``number`` is None where they do not lie along the axis, ``reads`` where each reads the one at its own place.
    """

    number: int | None
    field: Field
    reads: Field | None = None

    @property
    def middle(self) -> int:
        """The unit in the middle, or the one nearest to it that sees anything; 0 where they have no places."""
        if not self.number or not self.field.has_positions:
            return 0
        middle = (self.number - 1) // 2
        near = range(min(self.number, len(self.field.listed.table) + 1 if self.field.listed else 1))
        tried = (unit for apart in near for unit in (middle - apart, middle + apart) if 0 <= unit < self.number)
        return next((unit for unit in tried if self.field.sees(unit)), middle)

    def sees(self, unit: int) -> Seen:
        """The first input element that a unit sees, and the one behind the last; of units without places the first's.

        >>> Units(14, Field(6, 2, 0, 32)).sees(1)
        (2, 8)
        """
        return self.field.sees(unit) if self.field.has_positions else _first(self.field)

    def place(self, unit: int) -> tuple[Edge, Edge]:
        """Where a unit is drawn above the input: as wide as the jump, in the middle of what it sees.

        Units that are not alike are drawn as if they were, over what they see together.

        >>> [int(edge) for edge in Units(14, Field(6, 2, 0, 32)).place(1)]
        [4, 6]
        """
        field, jump, start = self.field, self.field.jump, self.field.start or 0
        if field.is_uniform:
            left = start + unit * (jump or 0) + Fraction((field.size or 0) - (jump or 0)) / 2
            return left, left + (jump or 0)
        span = field.whole()
        first, width = span.start or 0, Fraction(span.size or 0, self.number or 1)
        return first + unit * width, first + (unit + 1) * width

    def below(self, units: Span) -> Span:
        """The units of the layer below that these read, padding among them where all are alike.

        >>> Units(14, Field(6, 2, 0, 32), reads=Field(2, 2, -1, 28)).below((0, 2))
        (-1, 3)
        """
        first, end = units
        if self.reads is None or first >= end:
            return units
        if self.reads.listed is not None:
            return self.reads.listed.see_together(range(first, end)) or (0, 0)
        if self.reads.jump is None:
            return _first(self.reads) or (0, 0)
        start, size, jump = self.reads.start or 0, self.reads.size or 0, int(self.reads.jump)
        return start + first * jump, start + (end - 1) * jump + size


class Level(NamedTuple):
    """A line of the cone: a layer, or the input."""

    name: str
    kind: str
    units: tuple[Units, ...]


class Cone(NamedTuple):
    """The input and the layers a unit sees through, from the input up to its own; the rest as of `Path`."""

    levels: tuple[Level, ...]
    unchanged: int
    has_branches: bool


def cone_of(report: Report, layer: str) -> Cone:
    """Return what a unit of a layer, or of a block, sees the input through: ``layer`` is its row's name.

    `ConvcalcError` where there is no such layer, or what it sees is not known.

    >>> from convcalc import trace, zoo
    >>> [level.name for level in cone_of(trace(zoo.build("lenet5"), (1, 1, 32, 32)), "C3").levels]
    ['input', 'C1', 'S2', 'C3']
    """
    row = row_named(report, layer)
    if not row.field or 0 in row.output:
        reason = "is empty" if row.field else "no longer lies along the axes of the input, or it has none"
        raise ConvcalcError(f"what {quoted(layer)} sees is not known, as its output {reason}: name a layer before it")
    path = path_to(report, row)
    if any(field.size is None for field in row.field):
        told = next((note.text for each in path.rows for note in each.notes if note.kind == "unknown"), "")
        reason = told.partition(", as ")[2] or "its units have no places"
        raise ConvcalcError(f"what {quoted(layer)} sees is not known, as {reason}: name a layer before it")
    if any(field.size == 0 for field in row.field):
        raise ConvcalcError(f"{quoted(layer)} sees nothing of the input: name a layer before it")
    first = Level(INPUT, "", tuple(Units(size, Field(1, 1, 0, size)) for size in report.input[-len(row.field) :]))
    below = path.rows[:-1] if path.ends else path.rows
    top = Level(layer, kind_of(path.rows[-1] if path.ends else row), units_of(row))
    if path.ends:
        reads = units_of(path.rows[-1])
        top = top._replace(units=tuple(map(_with_reads, top.units, reads)))
    else:
        top = top._replace(units=tuple(units._replace(reads=None) for units in top.units))
    levels = (first, *(Level(seen.name, kind_of(seen), units_of(seen)) for seen in below), top)
    return Cone(levels, path.unchanged, path.has_branches)


def path_to(report: Report, row: Row) -> Path:
    """Return the rows through which a unit of that row sees the input.

    Rows of layers are opened, unless they are too many then; where branches meet, the one that sees most is followed.

    >>> from convcalc import trace, zoo
    >>> report = trace(zoo.build("lenet5"), (1, 1, 32, 32))
    >>> [seen.name for seen in path_to(report, report.rows[3]).rows]
    ['C1', 'S2', 'C3', 'S4']
    """
    rows, has_branches = _path(report.rows, row)
    while True:
        opened = [part for path in rows for part in _opened(path)]
        if len(opened) == len(rows) or len(_telling(opened)) > MOST:
            break
        rows = opened
    telling = _telling(rows)
    ends = bool(telling) and any(inner is telling[-1] for inner in every_row([row]))
    return Path(tuple(telling), ends, len(rows) - len(telling) - (not ends), has_branches)


def left_out(count: int) -> range:
    """Of so many levels, those in the middle for which there is no room.

    >>> left_out(24), left_out(30)
    (range(12, 12), range(12, 18))
    """
    return range(MOST // 2, MOST // 2 + max(count - MOST, 0))


def seen_through(layers: Sequence[Units], unit: int) -> tuple[list[Span], list[Span]]:
    """The units of each layer, from the top down, through which a unit of the top one sees.

    As (first, one behind the last): all that are read, as though every map went on beyond its ends, and those that are
    there.

    >>> top = Units(10, Field(14, 2, 0, 32), reads=Field(5, 1, -2, 14))
    >>> seen_through([top, Units(14, Field(6, 2, 0, 32))], 0)
    ([(0, 1), (-2, 3)], [(0, 1), (0, 3)])
    """
    all_read, there = [(unit, unit + 1)], [(unit, unit + 1)]
    for units, below in pairwise(layers):
        all_read.append(units.below(all_read[-1]))
        first, end = units.below(there[-1])
        first, end = max(first, 0), min(end, below.number or 1)
        there.append((first, max(end, first)))
    return all_read, there


def units_of(row: Row) -> tuple[Units, ...]:
    """The units of a row's output along each axis of the input, and what they read of its input.

    >>> from convcalc import Conv2d, trace
    >>> [units.number for units in units_of(trace(Conv2d(1, 1, 3), (1, 1, 5, 9)).rows[0])]
    [3, 7]
    """
    rank = len(row.field)
    sizes = ((1,) * rank + row.input)[-rank:]
    places = [
        Field(1, 1, 0, size) if seen.has_positions else Field(1, None, 0, 1)
        for seen, size in zip(row.seen, sizes, strict=True)
    ]
    reads: tuple[Field | None, ...] = row.layer.receptive_field(tuple(places), row.input)
    counts = ((None,) * rank + row.output)[-rank:]
    return tuple(
        Units(count if field.has_positions else None, field, read)
        for field, count, read in zip(row.field, counts, reads or (None,) * rank, strict=True)
    )


def _with_reads(units: Units, other: Units) -> Units:
    return units._replace(reads=other.reads)


def _first(field: Field) -> Seen:
    """What the first of units without places sees."""
    return None if field.start is None or not field.size else (field.start, field.start + field.size)


def _path(rows: Sequence[Row], target: Row) -> tuple[list[Row], bool]:
    """The rows from the source of these to the one that is or holds the target, and on inside that."""
    names = {row.name: row for row in rows}
    last = next(row for row in rows if any(inner is target for inner in every_row([row])))
    path, has_branches = [last], False
    while True:
        before = [names[name] for name in path[-1].inputs if name in names]
        has_branches |= len(path[-1].inputs) > 1
        if not before:
            break
        path.append(max(before, key=lambda row: sum(field.size or 0 for field in row.field)))
    path.reverse()
    if last is not target:
        inside, branches = _path(last.parts or (), target)
        return path[:-1] + inside, has_branches or branches
    return path, has_branches


def _opened(row: Row) -> tuple[Row, ...]:
    """The parts of a block that are a chain and of which more than one tells something."""
    parts = row.parts or ()
    sources = (row.inputs[0], *(part.name for part in parts))
    is_chain = all(part.inputs == (source,) for part, source in zip(parts, sources, strict=False))
    return parts if is_chain and len(_telling(parts)) > 1 else (row,)


def _telling(rows: Sequence[Row]) -> list[Row]:
    """Those behind which a unit sees something else than before."""
    return [row for row in rows if row.field != row.seen]
