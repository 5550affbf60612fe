"""The places that a moving picture steps through, and how it looks at one of them, read from its own CSS.

That is the CSS of `svg.keyframes`: values that follow each other without a passage, over and over.
"""

from __future__ import annotations

import re
from typing import NamedTuple

from convcalc.draw.svg import number

MOVING = re.compile(
    r"@keyframes (?P<name>[\w-]+)\{(?P<frames>(?:[\d.]+%\{[^{}]*\})+)\}"
    r"\.(?P=name)\{animation:(?P=name) (?P<seconds>[\d.]+)s step-end infinite\}"
)
FRAME = re.compile(r"([\d.]+)%\{([^{}]*)\}")
FUNCTION = re.compile(r"(translate|scale)([XY])\((-?[\d.]+)(?:px)?\)")
STRETCHED = "vector-effect"  # the mark of a line from (0, 0) to (1, 1) that its groups bring to its place
ELSEWHERE = {"translate": "0", "scale": "1"}  # what a function of one axis does along the other

Line = tuple[float, float]  # where it begins, and how long it is, along one axis


class Timing(NamedTuple):
    """How many places there are, and how many seconds each holds."""

    places: int
    seconds: float


def timing(svg: str) -> Timing:
    """The places that the picture steps through; one that does not move has a single place.

    The column, which changes fastest, says how long a place holds, and what takes longest how long they hold together.

    >>> from convcalc.draw.svg import Names, keyframes
    >>> timing(keyframes(Names(), "column", ["fill:red", "fill:blue"], 1) + keyframes(Names(), "row", ["x", "y"], 2))
    Timing(places=4, seconds=0.5)
    """
    times = [
        (float(moving["seconds"]), len(FRAME.findall(moving["frames"])))
        for moving in MOVING.finditer(svg)
        if len(FRAME.findall(moving["frames"])) > 1
    ]
    if not times:
        return Timing(1, 0)
    pace = round(min(seconds / count for seconds, count in times), 4)
    return Timing(round(max(times)[0] / pace), pace)


def frame(svg: str, place: int) -> str:
    """The picture as it is at a place, counted from 0, and no longer moving.

    Transforms are written as SVG has them, which renderers without CSS transforms know, and browsers do not.

    >>> from convcalc.draw.svg import Names, keyframes
    >>> css = keyframes(Names(), "column", [f"transform:translateX({x}px)" for x in (0, 24, 48)], 3)
    >>> frame(css, 1).split("{")[1]
    'transform:translate(24 0)}'
    """
    time = (place + 0.5) * timing(svg).seconds  # in the middle, where a rounded percentage does no harm
    values: dict[str, str] = {}  # of each class that moves

    def still(moving: re.Match[str]) -> str:
        name, seconds = moving["name"], float(moving["seconds"])
        percent = 100 * (time % seconds) / seconds
        values[name] = [value for start, value in FRAME.findall(moving["frames"]) if float(start) <= percent][-1]
        return f".{name}{{{FUNCTION.sub(_both_axes, values[name])}}}"

    stopped = MOVING.sub(still, svg)
    return _drawn_out(stopped, values) if STRETCHED in svg else stopped


def _both_axes(function: re.Match[str]) -> str:
    what, axis, value = function.groups()
    pair = (value, ELSEWHERE[what]) if axis == "X" else (ELSEWHERE[what], value)
    return f"{what}({' '.join(pair)})"


def _drawn_out(svg: str, values: dict[str, str]) -> str:
    """The picture with its stretched lines as plain ones: only browsers stretch a line and not its width."""
    from xml.etree import ElementTree

    def draw_out(element: ElementTree.Element, across: Line, down: Line) -> None:
        if STRETCHED in element.attrib:
            ends = [[begin + length * end for begin, length in (across, down)] for end in (0, 1)]
            element.set("d", "M{} {}L{} {}".format(*map(number, ends[0] + ends[1])))
            del element.attrib[STRETCHED]
            return
        for child in element:
            if any(STRETCHED in inner.attrib for inner in child.iter()):
                rule = values.get(child.get("class", ""), child.get("style", ""))
                if rule.startswith("transform:"):
                    child.attrib.clear()
                draw_out(child, _stretched(across, rule, "X"), _stretched(down, rule, "Y"))

    ElementTree.register_namespace("", "http://www.w3.org/2000/svg")
    root = ElementTree.fromstring(svg)
    draw_out(root, (0, 1), (0, 1))
    return ElementTree.tostring(root, encoding="unicode")


def _stretched(line: Line, rule: str, axis: str) -> Line:
    """Where a line begins and how long it is, moved and scaled along that axis."""
    functions = {what: float(value) for what, its_axis, value in FUNCTION.findall(rule) if its_axis == axis}
    begin, length = line
    return begin + length * functions.get("translate", 0), length * functions.get("scale", 1)
