"""The picture of a network: maps are stacks and vectors are bars, as in the figure of LeNet-5 of 1998."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import NamedTuple

from convcalc.draw.frame import MARGIN
from convcalc.draw.network.folding import DrawnStep, common, steps_of
from convcalc.draw.network.layout import Box, BoxRow, boxed, entrance
from convcalc.draw.network.pen import Pen, point, wrapped_name
from convcalc.draw.network.repeats import framed, repeated, short_names, steps_in
from convcalc.draw.network.stacks import MOST_SHEETS, POWER, Scale
from convcalc.draw.network.wiring import Fork, Item, StepGroup, Tangle, cut, told_from, wired
from convcalc.draw.palette import SIZES, is_bold
from convcalc.draw.svg import Names, document, line_height, paragraph
from convcalc.draw.text import by, fit, widest
from convcalc.errors import ConvcalcError
from convcalc.layers.block import INPUT
from convcalc.report import Report

LEAST_WIDTH = 320
LEAST_TEXT = 420.0  # the heading is at least so wide, if the sheet is
MOST_STEPS = 110
TALLEST = 2.6  # times the width: a higher network is drawn with closed blocks
GUTTER = 12.0  # left and right of the rows, for the line from one to the next
BETWEEN_ROWS = 26.0
SIDE, FORKED_SIDE = 92.0, 58.0  # of the largest map
OFFSET, FORKED_OFFSET = 6.0, 3.0  # from sheet to sheet


class NetworkDrawing(NamedTuple):
    """The items of a picture with their sizes, in rows, and the number of steps."""

    rows: tuple[BoxRow, ...]
    items: tuple[Item, ...]
    steps: int
    widest: float
    after: tuple[str, ...] = ()  # the layers after every convolution

    @property
    def width(self) -> float:
        """The width of all rows with their gutters."""
        return max(row.width for row in self.rows) + 2 * GUTTER

    @property
    def height(self) -> float:
        """The height of all rows with the gaps between them."""
        return sum(row.above + row.below for row in self.rows) + BETWEEN_ROWS * (len(self.rows) - 1)


def network_picture(report: Report, *, name: str = "", width: int = 1200, depth: int | None = None) -> str:
    """Return the SVG of a whole network with a title, in rows of at most ``width`` pixels.

    Blocks are opened ``depth`` deep; None: as deep as can be read. Parts that repeat are drawn once. Raise
    `ConvcalcError` if the network does not fit the sheet.

    >>> from convcalc import trace, zoo
    >>> picture = network_picture(trace(zoo.build("lenet5"), (1, 1, 32, 32)), name="LeNet-5")
    >>> picture.count("<svg"), "16@10\xd710" in picture, "1,516 parameters" in picture
    (1, True, True)
    """
    if width < LEAST_WIDTH:
        raise ConvcalcError(f"width {width} is too small for a picture: use width={LEAST_WIDTH} or more")
    if depth is not None and depth < 1:
        raise ConvcalcError(f"depth {depth} is too small: use depth=1 or more, or none to open all blocks")
    drawing = _chosen(report, width, depth)
    names = Names("network", report.input, _told(drawing.items), name, width, depth)
    pen = Pen(names)
    title = name or "Network"
    room = max(drawing.width, min(LEAST_TEXT, width - 2 * MARGIN))
    body: list[str] = []
    across, y = drawing.width, float(MARGIN)
    for role, words in (("title", title), *(("muted", line) for line in _subtitle(report, drawing))):
        lines = fit(words, SIZES[role], room, is_bold(role))
        across = max(across, widest(lines, SIZES[role], is_bold(role)))
        body.append(paragraph(names, role, MARGIN, y + SIZES[role], lines))
        y += len(lines) * line_height(role) + 2
    y = _rows(pen, drawing.rows, y + MARGIN / 2)
    body += pen.body
    return document(
        names,
        title,
        _description(report, drawing, title),
        round(across + 2 * MARGIN),
        round(y + MARGIN),
        body,
    )


def _chosen(report: Report, width: int, depth: int | None) -> NetworkDrawing:
    """Return the first drawing that can be read: as deep as possible, and folding only equal parts if possible."""
    depths = [depth] if depth is not None else [None, *range(_depth(report) - 1, 0, -1)]
    possible: list[NetworkDrawing] = []
    tried: list[NetworkDrawing] = []
    for each in depths:
        for loose in (False, True):
            drawing = _drawing(report, width, each, loose)
            tried.append(drawing)
            if drawing.widest + 2 * GUTTER + 2 * MARGIN <= width and drawing.steps <= MOST_STEPS:
                if drawing.height <= TALLEST * width:
                    return drawing
                possible.append(drawing)
    if possible:
        return min(possible, key=lambda drawing: drawing.height)
    least = min(tried, key=lambda drawing: (drawing.steps > MOST_STEPS, drawing.widest))
    remedy = "" if depth in (None, 1) else "depth=1 or "
    if least.steps > MOST_STEPS:
        raise ConvcalcError(
            f"{least.steps:,} layers that differ are too many for a picture, which holds {MOST_STEPS}:"
            f" {'use depth=1' if remedy else 'draw a part of the network'}"
        )
    raise ConvcalcError(
        f"a part of the network does not fit a sheet {width} wide: use {remedy}"
        f"width={round(least.widest + 2 * GUTTER + 2 * MARGIN + 0.5)}"
    )


def _depth(report: Report) -> int:
    """Return how deep blocks are nested, with the layers in them."""
    deepest, level = 0, list(report.rows)
    while level:
        deepest, level = deepest + 1, [part for row in level for part in row.parts or ()]
    return max(1, deepest)


def _drawing(report: Report, width: int, depth: int | None, loose: bool) -> NetworkDrawing:
    steps = steps_of(report, depth)
    after, plain = common(steps.steps)
    items = short_names(repeated(framed(wired(plain), steps.sizes), loose))
    every = [step for item in items for step in steps_in(item)]
    if len(every) > MOST_STEPS:
        return NetworkDrawing((), items, len(every), 0)
    examples = [steps.input, *(step.example for step in every)]
    sizes = [size for example in examples if not example.is_vector for size in example.sizes[-2:]]
    units = [example.maps for example in examples if example.is_vector]
    has_forks = any(not isinstance(item, DrawnStep) for item in items)
    scale = Scale(
        FORKED_SIDE if has_forks else SIDE,
        FORKED_OFFSET if has_forks else OFFSET,
        max(sizes, default=1),
        max(units, default=1),
    )
    room = width - 2 * MARGIN - 2 * GUTTER
    boxes: list[Box] = [entrance(steps.input, scale)]
    kept: list[Item] = []
    known = {INPUT: "the input", **{row.name: _in_short(step.name) for step in every for row in step.rows}}
    for item in items:
        for part in _fitting(item, scale, room, known):
            boxes.append(boxed(part, scale))
            kept.append(part)
    return NetworkDrawing(tuple(_wrapped(boxes, room)), tuple(kept), len(every), max(box.width for box in boxes), after)


def _in_short(name: str) -> str:
    return " ".join(line.words for line in wrapped_name(name))


def _fitting(item: Item, scale: Scale, room: float, known: Mapping[str, str]) -> Iterator[Item]:
    """Yield the item, or its parts if it is too wide and has one path; the join then names its other inputs.

    ``known`` gives the short name of the step that each row belongs to.
    """
    if (
        boxed(item, scale).width <= room
        or isinstance(item, DrawnStep)
        or (isinstance(item, StepGroup) and item.times > 1)
    ):
        yield item
    elif isinstance(item, StepGroup):
        for part in item.items:
            yield from _fitting(part, scale, room, known)
    elif isinstance(item, Fork) and len(item.branches) == 1:
        for part in item.branches[0]:
            yield from _fitting(part, scale, room, known)
        if item.join is not None:
            last = tuple(steps_in(item.branches[0][-1]))[-1].main.name
            yield told_from(item.join, "with", [source for source in item.join.inputs if source != last], known)
    elif isinstance(item, Tangle):
        for piece in cut(item, lambda piece: boxed(piece, scale).width <= room, known):
            yield piece if len(piece.steps) > 1 else piece.steps[0]
    else:
        yield item


def _wrapped(boxes: Sequence[Box], room: float) -> list[BoxRow]:
    """Return the boxes in as few rows as the room allows, of about equal width."""

    def rows(most: float) -> list[list[Box]]:
        result: list[list[Box]] = [[]]
        used = 0.0
        for box in boxes:
            if result[-1] and used + box.width > most:
                result.append([])
                used = 0.0
            result[-1].append(box)
            used += box.width
        return result

    few = len(rows(room))
    narrow, wide = max(box.width for box in boxes), room
    while wide - narrow > 1:
        middle = (narrow + wide) / 2
        narrow, wide = (narrow, middle) if len(rows(middle)) <= few else (middle, wide)
    return [BoxRow(row) for row in rows(max(wide, 0))]


def _rows(pen: Pen, rows: Sequence[BoxRow], y: float) -> float:
    """Draw the rows one below the other, and return the lower end of the last."""
    left = MARGIN + GUTTER
    source = None
    for place, row in enumerate(rows):
        y += row.above
        if source is not None:
            pen.route(*source, (MARGIN + 2, y), (left, y))
        last = row.draw(pen, left, y, 0, point(left, y) if place else None)
        right = left + row.width + 4
        y += row.below
        turn = y + BETWEEN_ROWS / 2
        source = ((last.exit, last.middle), (right, last.middle), (right, turn), (MARGIN + 2, turn))
        y += BETWEEN_ROWS
    return y - BETWEEN_ROWS


def _subtitle(report: Report, drawing: NetworkDrawing) -> list[str]:
    totals = report.totals
    said = [f"{totals.parameters:,} parameters in total"]
    if totals.connections:
        said.append(f"{totals.connections:,} connections")
    said.append(f"{totals.macs:,} MACs")
    steps = [step for item in drawing.items for step in steps_in(item)]
    examples = [step.example for step in steps]
    notes = []
    if any(not example.is_vector for example in examples):
        notes.append(f"sides and bars drawn as size^{POWER}")
    if any(not example.is_vector and example.maps > MOST_SHEETS for example in examples):
        notes.append(f"at most {MOST_SHEETS} maps of a stack are drawn")
    if drawing.after:
        notes.append(f"every convolution is followed by {', '.join(drawing.after)}")
    if any(len(example.sizes) > 2 and not example.is_vector for example in examples):
        notes.append("of more than two sides the last two")
    return [" \xb7 ".join(said), " \xb7 ".join(notes)] if notes else [" \xb7 ".join(said)]


def _told(items: Sequence[Item]) -> list[tuple[str, str, str, int, tuple[str, ...]]]:
    """Return what distinguishes the ids of two pictures."""
    return [
        (step.name, step.words, step.shape, step.parameters, step.inputs) for item in items for step in steps_in(item)
    ]


def _description(report: Report, drawing: NetworkDrawing, title: str) -> str:
    """Describe the picture in words."""
    said = [_in_words(item) for item in drawing.items]
    shape = by(report.input)
    return (
        f"The network {title} on an input of {shape}: {'; then '.join(said)}. In total {report.totals.parameters:,}"
        " parameters."
    )


def _in_words(item: Item) -> str:
    if isinstance(item, DrawnStep):
        return f"{item.name}: {item.words}, giving {item.shape}"
    if isinstance(item, StepGroup):
        inside = ", ".join(map(_in_words, item.items))
        return f"{item.name} ({'' if item.times == 1 else f'{item.times} times '}{inside})".lstrip()
    if isinstance(item, Tangle):
        return f"{len(item.steps)} layers that are wired crosswise ({', '.join(map(_in_words, item.steps))})"
    branches = " | ".join(
        ", then ".join(step.words for part in branch for step in steps_in(part)) for branch in item.branches
    )
    beside = {0: "", 1: ", and past them a wire"}.get(item.wires, f", and past them {item.wires} wires")
    end = f", met by {_in_words(item.join)}" if item.join is not None else ""
    return f"side by side {branches}{beside}{end}"
