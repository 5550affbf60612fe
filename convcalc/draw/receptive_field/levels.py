"""The layers that a unit sees through, and which of their units it sees: what `field` draws."""

from __future__ import annotations

from collections.abc import Sequence
from fractions import Fraction
from math import ceil, floor
from typing import NamedTuple

from convcalc.draw.lookup import every_row, kind_of, row_named
from convcalc.errors import ConvcalcError, quoted
from convcalc.layers.block import INPUT
from convcalc.receptive_field import Field
from convcalc.report import Report, Row

MOST = 24  # layers that are drawn
Edge = int | Fraction


class Through(NamedTuple):
    """The rows from the input on, up to the layer; how many see no more than the one before them, left out.

    ``has_branches`` says whether any stands where several meet: of these the one that sees most was followed. ``ends``
    says whether the last row is the layer's own, or that in the layer, a block, behind which nothing more is seen.
    ``is_near`` says whether any makes several units of one: then these lie evenly only on the average.
    """

    rows: tuple[Row, ...]
    ends: bool
    unchanged: int
    has_branches: bool
    is_near: bool


class Units(NamedTuple):
    """A layer's units along one axis: how many, and what they see."""

    number: int | None
    field: Field

    @property
    def middle(self) -> int:
        """The unit in the middle, or the one before it; 0 where they do not lie along the axis."""
        return (self.number - 1) // 2 if self.number and self.field.jump is not None else 0

    def sees(self, unit: int) -> tuple[int, int]:
        """The first input element that a unit sees, and the one behind the last.

        >>> Units(14, Field(6, 2, 0, 32)).sees(1)
        (2, 8)
        """
        first = floor(self.field.start + unit * (self.field.jump or 0))
        return first, first + self.field.size

    def place(self, unit: int) -> tuple[Edge, Edge]:
        """Where a unit is drawn above the input: as wide as the jump, in the middle of what it sees.

        >>> [int(edge) for edge in Units(14, Field(6, 2, 0, 32)).place(1)]
        [4, 6]
        """
        _, jump, start, span = field = self.field
        if jump is None:
            return start, start + span
        left = start + unit * jump + Fraction(field.size - jump) / 2
        return left, left + jump

    def inside(self, seen: tuple[int, int]) -> tuple[int, int]:
        """The units that see nothing but those elements, padding among them, as (first, one behind the last).

        In a chain these are the ones that are seen through; the one nearest to the middle where there is none, as where
        edges were rounded.

        >>> Units(14, Field(6, 2, 0, 32)).inside((8, 22))
        (4, 9)
        """
        size, jump, start, _ = self.field
        if jump is None:
            return 0, 1
        if seen[0] >= seen[1]:
            return 0, 0
        first, end = ceil(Fraction(seen[0] - start) / jump), floor(Fraction(seen[1] - size - start) / jump) + 1
        if first < end:
            return first, end
        nearest = floor((Fraction(seen[0] + seen[1] - size) / 2 - start) / jump + Fraction(1, 2))
        return nearest, nearest + 1


class Level(NamedTuple):
    """A line of the cone: a layer, or the input."""

    name: str
    kind: str
    units: tuple[Units, ...]


class Cone(NamedTuple):
    """The input and the layers a unit sees through, from the input up to its own; the rest as of `Through`."""

    levels: tuple[Level, ...]
    unchanged: int
    has_branches: bool
    is_near: bool


def cone_of(report: Report, layer: str) -> Cone:
    """What a unit of a layer, or of a block, sees the input through: ``layer`` is its row's name.

    `ConvcalcError` where there is no such layer, or what it sees is not known.

    >>> from convcalc import trace, zoo
    >>> [level.name for level in cone_of(trace(zoo.build("lenet5"), (1, 1, 32, 32)), "C3").levels]
    ['input', 'C1', 'S2', 'C3']
    """
    row = row_named(report, layer)
    if not row.field or 0 in row.output:
        reason = "is empty" if row.field else "no longer lies along the axes of the input, or it has none"
        raise ConvcalcError(f"what {quoted(layer)} sees is not known, as its output {reason}: name a layer before it")
    path = through(report, row)
    first = Level(INPUT, "", tuple(Units(size, Field(1, 1, 0, size)) for size in report.input[-len(row.field) :]))
    below = path.rows[:-1] if path.ends else path.rows
    top = Level(layer, kind_of(path.rows[-1] if path.ends else row), units_of(row))
    levels = (first, *(Level(seen.name, kind_of(seen), units_of(seen)) for seen in below), top)
    return Cone(levels, path.unchanged, path.has_branches, path.is_near)


def through(report: Report, row: Row) -> Through:
    """The rows through which a unit of that row sees the input.

    Rows of layers are opened, unless they are too many then; where branches meet, the one that sees most is followed.

    >>> from convcalc import trace, zoo
    >>> report = trace(zoo.build("lenet5"), (1, 1, 32, 32))
    >>> [seen.name for seen in through(report, report.rows[3]).rows]
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
    is_near = any(_multiplies(leaf) for path in rows for leaf in path.leaves)
    return Through(tuple(telling), ends, len(rows) - len(telling) - (not ends), has_branches, is_near)


def left_out(count: int) -> range:
    """Of so many levels, those in the middle for which there is no room.

    >>> left_out(24), left_out(30)
    (range(12, 12), range(12, 18))
    """
    return range(MOST // 2, MOST // 2 + max(count - MOST, 0))


def seen_through(layers: Sequence[Units], seen: tuple[int, int]) -> list[tuple[int, int]]:
    """The units of each layer, from the top down, through which those elements of the input are seen.

    As (first, one behind the last), without what is padding there, and what only padding would see below it.

    >>> seen_through([Units(10, Field(14, 2, 0, 32)), Units(14, Field(6, 2, 0, 32))], (0, 16))
    [(0, 2), (0, 6)]
    """
    ranges = []
    for units in layers:
        first, end = units.inside(seen)
        first, end = max(first, 0), min(end, units.number or 1)
        ranges.append((first, max(end, first)))
        if first >= end:
            seen = seen[0], seen[0]
        elif isinstance(units.field.jump, int):
            seen = units.sees(first)[0], units.sees(end - 1)[1]
    return ranges


def units_of(row: Row) -> tuple[Units, ...]:
    """The units of a row's output along each axis of the input.

    >>> from convcalc import Conv2d, trace
    >>> [units.number for units in units_of(trace(Conv2d(1, 1, 3), (1, 1, 5, 9)).rows[0])]
    [3, 7]
    """
    rank = len(row.field)
    counts = (None,) * rank + row.output
    return tuple(
        Units(None if field.jump is None else count, field)
        for field, count in zip(row.field, counts[len(counts) - rank :], strict=True)
    )


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
        path.append(max(before, key=lambda row: sum(field.size for field in row.field)))
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


def _multiplies(row: Row) -> bool:
    """Whether its units see less far apart than those of its input, as it makes several of one."""
    jumps = [(before.jump, behind.jump) for before, behind in zip(row.seen, row.field, strict=False)]
    return any(before is not None and behind is not None and behind < before for before, behind in jumps)


def _telling(rows: Sequence[Row]) -> list[Row]:
    """Those behind which a unit sees something else than before."""
    return [row for row in rows if row.field != row.seen]
