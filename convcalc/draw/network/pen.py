"""Collect the markup of a network's picture: lines of text, and lines with round corners."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import NamedTuple

from convcalc.draw.network.repeats import endings
from convcalc.draw.network.stacks import Outline
from convcalc.draw.palette import SIZES, is_bold
from convcalc.draw.svg import Names, element, label, line_height, number
from convcalc.draw.text import ELLIPSIS, fit, widest

ROOM = 119.0  # for a line of text beside a shape
CORNER = 6.0


class Pen:
    """Collects markup: frames at the bottom, text on top."""

    def __init__(self, name: Names) -> None:
        self.name = name
        self.frames: list[str] = []
        self.shapes: list[str] = []
        self.lines: list[str] = []
        self.texts: list[str] = []

    @property
    def body(self) -> list[str]:
        """All markup in the order of painting."""
        return [*self.frames, *self.shapes, *self.lines, *self.texts]

    def write(self, x: float, y: float, lines: Sequence[TextLine], anchor: str | None = None) -> None:
        """Write lines of text, the first with its upper edge at y."""
        for role, words in lines:
            self.texts.append(label(self.name, role, x, y + SIZES[role], words, anchor))
            y += line_height(role)

    def route(self, *points: tuple[float, float]) -> None:
        """Draw a line through the points with round corners; every part is horizontal or vertical."""
        path = f"M{number(points[0][0])} {number(points[0][1])}"
        for before, (x, y), behind in zip(points, points[1:], points[2:], strict=False):
            room = min(CORNER, *(max(abs(x - a), abs(y - b)) / 2 for a, b in (before, behind)))
            (from_x, from_y), (to_x, to_y) = _towards((x, y), before, room), _towards((x, y), behind, room)
            path += f"L{number(from_x)} {number(from_y)}Q{number(x)} {number(y)} {number(to_x)} {number(to_y)}"
        path += f"L{number(points[-1][0])} {number(points[-1][1])}"
        self.lines.append(element("path", d=path, class_=self.name("rule")))


class TextLine(NamedTuple):
    """A line of text and its role."""

    role: str
    words: str


def _towards(corner: tuple[float, float], other: tuple[float, float], far: float) -> tuple[float, float]:
    (x, y), (to_x, to_y) = corner, other
    length = max(abs(to_x - x), abs(to_y - y)) or 1
    return x + (to_x - x) * far / length, y + (to_y - y) * far / length


def wrapped(role: str, words: str, most: int | None = None) -> list[TextLine]:
    """Return the words in lines of at most `ROOM`, at most ``most`` lines; no line if there are no words.

    >>> [line.words for line in wrapped("op", "transposed convolution 3\xd73")]
    ['transposed', 'convolution 3\xd73']
    """
    return [TextLine(role, line) for line in fit(words, SIZES[role], ROOM, is_bold(role), most)] if words else []


def wrapped_name(name: str) -> list[TextLine]:
    """Return a layer's name in at most two lines, broken after a dot or a dash; only the end of a longer one.

    >>> [line.words for line in wrapped_name("features.17.depthwise")]
    ['features.17.', 'depthwise']
    """
    broken = [""]
    for part in re.split("(?<=[.\u2013])", name):
        if broken[-1] and widest([broken[-1] + part], SIZES["name"], True) > ROOM:
            broken.append(part)
        else:
            broken[-1] += part
    if len(broken) <= 2 and widest(broken, SIZES["name"], True) <= ROOM:
        return [TextLine("name", line) for line in broken]
    ends = [f"{ELLIPSIS}{end}" for end in endings(name)]
    short = [end for end in ends if widest([end], SIZES["name"], True) <= ROOM]
    return [TextLine("name", short[-1])] if short else wrapped("name", name, 2)


def wide(lines: Sequence[TextLine]) -> float:
    """Return the width of the widest line.

    >>> wide([TextLine("small", "WW"), TextLine("small", "W")])
    20.0
    """
    return max((widest([words], SIZES[role], is_bold(role)) for role, words in lines), default=0.0)


def high(lines: Sequence[TextLine]) -> float:
    """Return the height of the lines together.

    >>> high([TextLine("op", "convolution"), TextLine("op", "3\xd73")])
    30.0
    """
    return sum(line_height(role) for role, _ in lines)


def ends_above(lines: Sequence[TextLine], x: float, y: float) -> tuple[tuple[float, float], ...]:
    """Return the lower right corner of each line of a text that begins at x and ends above y.

    >>> ends_above([TextLine("small", "WW"), TextLine("small", "W")], 0, 100.0)
    ((20.0, 86.0), (10.0, 100.0))
    """
    corners = []
    for line in reversed(lines):
        corners.append((x + wide([line]), y))
        y -= line_height(line.role)
    return tuple(reversed(corners))


def point(x: float, y: float) -> Outline:
    """Return a point where lines meet.

    >>> point(3, 4).right, point(3, 4).middle
    (3, 4.0)
    """
    return Outline("point", x, y, 0, 0)


def bent(first: tuple[float, float], last: tuple[float, float]) -> list[tuple[float, float]]:
    """Return the points of a line that leaves vertically and arrives horizontally.

    >>> bent((0, 0), (5, 8))
    [(0, 0), (0, 8), (5, 8)]
    """
    return [first, last] if first[1] == last[1] else [first, (first[0], last[1]), last]
