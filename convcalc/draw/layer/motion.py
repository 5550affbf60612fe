"""What moves: columns quickly, rows once all columns were there, each by keyframes of its own.

A cell at (row, column) is a group moved by rows around a group moved by columns, so a picture grows with the sum of
the two and not with their product. So do lines: the line from (0, 0) to (1, 1), stretched across by the columns' group
and down by the rows' group, goes from any place to any other.
"""

from __future__ import annotations

from collections.abc import Sequence
from math import copysign
from typing import NamedTuple

from convcalc.draw.svg import Names, element, keyframes, label, number

SLOWEST, FASTEST = 0.8, 0.25  # seconds a place
LOOP = 30  # seconds that all places together take, where their pace allows
LEAST_STRETCH = 0.5  # pixels: by 0 nothing would be drawn; by much less Chromium draws across the whole sheet


class Stretch(NamedTuple):
    """Where a line begins and ends along one axis, at each of the places that are stepped through."""

    begins: Sequence[float]
    ends: Sequence[float]


def pace(rows: int, columns: int) -> float:
    """The seconds that each of the places takes: few are looked at slowly.

    >>> pace(3, 3), pace(24, 24)
    (0.8, 0.25)
    """
    return round(min(SLOWEST, max(FASTEST, LOOP / (rows * columns))), 2)


class Motion:
    """The rows and columns stepped through; it makes what moves, and gathers the CSS for it.

    >>> motion = Motion(Names(), rows=3, columns=5)
    >>> motion.pace, motion.seconds_down, motion.seconds_across
    (0.8, 12.0, 4.0)
    """

    def __init__(self, name: Names, rows: int, columns: int) -> None:
        self.name = name
        self.pace = pace(rows, columns)
        self.seconds_across = columns * self.pace
        self.seconds_down = rows * self.seconds_across
        self.css = ""
        self.moving: dict[tuple[str, ...], str] = {}

    def moved(self, what: str | None, rows: Sequence[float], columns: Sequence[float], content: str) -> str:
        """The content, drawn where the first row and column are, moved to the others: pixels down, and across.

        Without a name it is what else moves so, where something does.
        """
        across = [f"transform:translateX({number(x - columns[0])}px)" for x in columns]
        down = [f"transform:translateY({number(y - rows[0])}px)" for y in rows]
        inside = self._group(what and f"{what}-c", across, self.seconds_across, content)
        return self._group(what and f"{what}-r", down, self.seconds_down, inside)

    def lines(self, rows: Sequence[Stretch], columns: Sequence[Stretch]) -> str:
        """The lines that go down as each of the rows says, and across as each of the columns.

        They stand still, as at the first place, where nothing moves; else they give way to ones that are stretched.
        """
        still = "".join(
            f"M{number(column.begins[0])} {number(row.begins[0])}L{number(column.ends[0])} {number(row.ends[0])}"
            for row in rows
            for column in columns
        )
        first = element("path", d=still, class_=self.name("lines"))
        if len(rows[0].begins) == len(columns[0].begins) == 1:
            return first
        unit = element("path", d="M0 0L1 1", class_=self.name("lines"), vector_effect="non-scaling-stroke")
        nested = [("line-r", "Y", rows, self.seconds_down), ("line-c", "X", columns, self.seconds_across)]
        if len(columns[0].begins) == 1:  # Chromium smears what it stretches inside of what moves, unless that moves too
            nested.reverse()
        live = unit
        for what, axis, stretches, seconds in reversed(nested):
            live = "".join(
                self._group(f"{what}{i}", _stretches(axis, stretch), seconds, live)
                for i, stretch in enumerate(stretches)
            )
        rest = self._animated("rest", ["visibility:hidden"], 1)
        seen = self._animated("live", ["visibility:visible"], 1)
        return element("g", first, class_=rest) + element("g", live, class_=seen, visibility="hidden")

    def counter(self, what: str, x: float, y: float, turns: Sequence[str], across: bool) -> str:
        """The words for each column, from x on, or for each row, up to x; each shown in its turn, the baseline at y."""
        anchor = None if across else "end"
        seconds = self.seconds_across if across else self.seconds_down
        if len(turns) == 1:
            return label(self.name, "code", x, y, turns[0], anchor)
        return "".join(
            element(
                "g",
                label(self.name, "code", x, y, words, anchor),
                class_=self._turn(f"{what}{i}", i, len(turns), seconds),
                visibility="hidden" if i else None,
            )
            for i, words in enumerate(turns)
        )

    def _turn(self, what: str, index: int, count: int, seconds: float) -> str:
        """The class of what is shown in its turn only."""
        named = self.name(what)
        begin, end = number(100 * index / count), number(100 * (index + 1) / count)
        frames = f"0%{{visibility:{'hidden' if index else 'visible'}}}"
        if index:
            frames += f"{begin}%{{visibility:visible}}"
        if index + 1 < count:
            frames += f"{end}%{{visibility:hidden}}"
        self.css += f"@keyframes {named}{{{frames}}}.{named}{{animation:{named} {number(seconds)}s step-end infinite}}"
        return named

    def _group(self, what: str | None, values: Sequence[str], seconds: float, content: str) -> str:
        if len(set(values)) == 1:
            return element("g", content, style=values[0]) if "scale" in values[0] else content
        return element("g", content, class_=self._animated(what, values, seconds))

    def _animated(self, what: str | None, values: Sequence[str], seconds: float) -> str:
        """The class of what takes those declarations one after the other."""
        alike = (*values, str(seconds))
        what = what or self.moving.get(alike) or f"move{len(self.moving)}"
        self.moving.setdefault(alike, what)
        rule = keyframes(self.name, what, values, seconds)
        if rule not in self.css:
            self.css += rule
        return self.name(what)


def _stretches(axis: str, stretch: Stretch) -> list[str]:
    return [
        f"transform:translate{axis}({number(begin)}px)scale{axis}({number(_stretched(end - begin))})"
        for begin, end in zip(stretch.begins, stretch.ends, strict=True)
    ]


def _stretched(length: float) -> float:
    """The length, with its sign, or the least one."""
    return length if abs(length) >= LEAST_STRETCH else copysign(LEAST_STRETCH, length)
