"""The picture of a Linear layer: every input feeds every output."""

from __future__ import annotations

from convcalc.draw.frame import Caption, Drawing, in_frame
from convcalc.draw.layer import caption
from convcalc.draw.layer.grid import cells, dots, outlines
from convcalc.draw.layer.visible_axis import Lane, lane_of
from convcalc.draw.svg import Names, element, label, number
from convcalc.draw.text import by
from convcalc.explain import explain
from convcalc.report import Row

CELL, BETWEEN, LABEL = 14, 200, 18
BARS = [range(1)]


def linear_picture(name: Names, row: Row) -> str:
    """Draw two bars with a line from each input to each output; the lines of the first output are heavier.

    >>> from convcalc import Linear, trace
    >>> linear_picture(Names(), trace(Linear(3, 2), (1, 3)).rows[0]).count("<path")
    5
    """
    sides = lane_of(row.input[-1]), lane_of(row.output[-1])
    height = max(side.length for side in sides) * CELL
    tops = [LABEL + (height - side.length * CELL) / 2 for side in sides]
    starts, ends = (
        [top + (side.position(i) + 0.5) * CELL for i in side.shown()] for side, top in zip(sides, tops, strict=True)
    )
    parts = [element("path", d=_lines(starts, ends[1:]), class_=name("rule"), opacity=0.2)] if ends[1:] else []
    parts.append(element("path", d=_lines(starts, ends[:1]), class_=name("lines")))
    for side, x, top, role, words in zip(
        sides, (0, CELL + BETWEEN), tops, ("in", "dense"), ("input", "output"), strict=True
    ):
        parts.append(_bar(name, side, x, top, role) + label(name, "muted", x, top - 6, words))
    made = outlines(BARS, BARS, CELL)
    parts.append(element("path", d=made, class_=name("made"), transform=_to(CELL + BETWEEN, tops[1])))
    figure = Drawing("".join(parts), 2 * CELL + BETWEEN + LABEL, LABEL + height)
    title = f"{type(row.layer).__name__} {row.input[-1]} → {row.output[-1]}"
    lines = {line.figure: line for line in explain(row)}
    said = [
        f"{what}: {caption.pretty(lines[what].formula)} = {lines[what].value:,}"
        for what in ("parameters", "MACs")
        if what in lines
    ]
    if any(side.leaves_out for side in sides):
        said.append("dots: the middle is left out")
    shapes = f"input {by(row.input)} → output {by(row.output)}"
    desc = f"{title}: {shapes}. Every input feeds every output. {'; '.join(said)}."
    return in_frame(name, title, desc, figure, [Caption("ink", shapes), *(Caption("muted", line) for line in said)])


def _bar(name: Names, side: Lane, x: float, top: float, role: str) -> str:
    bar = element("path", d=cells(side.blocks(side.shown()), BARS, CELL), class_=name(role))
    if side.leaves_out:
        bar += element("path", d=dots(side.gaps(), [0], CELL, upright=True), class_=name("arrow"))
    return element("g", bar, transform=_to(x, top))


def _to(x: float, y: float) -> str:
    return f"translate({number(x)} {number(y)})"


def _lines(starts: list[float], ends: list[float]) -> str:
    across = number(BETWEEN)
    return "".join(f"M{CELL} {number(start)}l{across} {number(end - start)}" for start in starts for end in ends)
