"""Movement in CSS: the column changes at every position, the row after a whole line, each with its own keyframes.

What is at (row, column) is a group that moves by rows around a group that moves by columns, so a picture grows with
the sum of the two numbers and not with their product. A line from the window to its cell is the line from (0, 0) to
(1, 1), which the group of the columns stretches across and the group of the rows stretches down.
"""

from __future__ import annotations

from collections.abc import Sequence
from math import copysign
from typing import NamedTuple

from convcalc.draw.svg import Names, element, keyframes, label, number

SLOWEST, FASTEST = 0.8, 0.25  # seconds for each position
LOOP = 30  # seconds for all positions, if SLOWEST and FASTEST allow it
LEAST_STRETCH = 0.5  # pixels: 0 would draw nothing, and with much less Chromium draws across the whole sheet


class Stretch(NamedTuple):
    """Where a line begins and ends along one axis, at each position."""

    begins: Sequence[float]
    ends: Sequence[float]


def pace(rows: int, columns: int) -> float:
    """Return the seconds for each position; few positions are slow.

    >>> pace(3, 3), pace(24, 24)
    (0.8, 0.25)
    """
    return round(min(SLOWEST, max(FASTEST, LOOP / (rows * columns))), 2)


class Motion:
    """The numbers of rows and columns; it makes what moves, and collects its CSS.

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
        """Return content that is drawn at the first row and column and moves to the others, given in pixels.

        ``what`` names the movement; without it, a movement that is the same is used again.
        """
        across = [f"transform:translateX({number(x - columns[0])}px)" for x in columns]
        down = [f"transform:translateY({number(y - rows[0])}px)" for y in rows]
        inside = self._group(what and f"{what}-c", across, self.seconds_across, content)
        return self._group(what and f"{what}-r", down, self.seconds_down, inside)

    def lines(self, rows: Sequence[Stretch], columns: Sequence[Stretch]) -> str:
        """Return a line for each pair of a row and a column.

        Without animation the lines stand as at the first position. With it, stretched lines replace them.
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
        if len(columns[0].begins) == 1:  # Chromium smears a still line in a moving group
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
        """Return words for each column, from x on, or for each row, up to x, shown in turn. The baseline is at y."""
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
        """Return the class of what is shown only in its turn."""
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
        """Return the class of what takes the declarations one after the other."""
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
    """Return the length with its sign, at least `LEAST_STRETCH`."""
    return length if abs(length) >= LEAST_STRETCH else copysign(LEAST_STRETCH, length)
