"""The layout of a network's picture. Every item is a box around the line on which its input arrives."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

from convcalc.draw.network.folding import DrawnStep, Example
from convcalc.draw.network.pen import (
    CORNER,
    ROOM,
    Pen,
    TextLine,
    bent,
    ends_above,
    high,
    point,
    wide,
    wrapped,
    wrapped_name,
)
from convcalc.draw.network.stacks import Outline, Scale, arrow, connected, drawn, letter, shape_of
from convcalc.draw.network.wiring import Item, StepGroup, Tangle, is_loose
from convcalc.draw.palette import SIZES
from convcalc.draw.svg import element
from convcalc.draw.text import fit
from convcalc.layers.transposed import ConvTranspose
from convcalc.layers.windows import Window

GAP = 32.0  # left of a shape, for the arrow
NARROW_GAP = 24.0  # within forks
APART = 8.0  # texts, at least
SPLIT = 12.0  # from the split to the branches, and from the branches to the join
BETWEEN = 10.0  # branches
ARC = 14.0  # from a wire to the steps below it
PAD = 8.0  # within a frame


class Box(Protocol):
    """An item with its width, and its height above and below the line. Text begins ``low`` below the line or lower."""

    width: float
    above: float
    below: float
    half: float  # half the height of its shape; 0 if it has none

    def draw(self, pen: Pen, x: float, y: float, low: float, source: Outline | None) -> Outline:
        """Draw it with its left end at x and its line at y, and return the shape that its output leaves."""


class Stack:
    """The shape of a step, with its name and sizes above, and what it does and its parameters below."""

    def __init__(
        self, shape: Outline, step: DrawnStep | None, above: Sequence[TextLine], below: Sequence[TextLine], gap: float
    ) -> None:
        self.shape, self.step, self.over, self.under = shape, step, above, below
        right = max(shape.width, wide(above))
        self.width = max(gap + right, wide(below)) + APART
        self.gap = gap + max(0.0, (self.width - APART - gap - right) / 2)
        self.half = shape.height / 2
        self.above = self.half + high(above) + 4
        self.below = self.half + 6 + high(below)

    def draw(self, pen: Pen, x: float, y: float, low: float, source: Outline | None) -> Outline:
        """As `Box.draw`."""
        shape = self.shape.at(x + self.gap, y)
        pen.shapes.append(drawn(pen.name, shape, self.step))
        if self.step is None and shape.form == "maps" and min(shape.front) > 2 * GAP:
            pen.shapes.append(letter(pen.name, shape))
        if source is not None:
            pen.lines.append(connected(pen.name, source, shape, *_windows(self.step)))
        pen.write(shape.x, shape.y - 4 - high(self.over), self.over)
        shape = shape._replace(texts=ends_above(self.over, shape.x, shape.y - 4))
        pen.write(x + (self.width - APART) / 2, y + max(low, self.half) + 6, self.under, "middle")
        return shape


class BoxRow:
    """Boxes in sequence; their texts begin at the same height."""

    def __init__(self, boxes: Sequence[Box], is_loose: bool = False) -> None:
        self.boxes, self.is_loose = boxes, is_loose
        self.width = sum(box.width for box in boxes)
        self.half = 0.0
        self.low = max((box.half for box in boxes), default=0.0)
        self.above = max((box.above for box in boxes), default=0.0)
        # The text of a step moves down with the highest shape in the row.
        self.below = max((box.below + (self.low - box.half if box.half else 0) for box in boxes), default=0.0)

    def draw(self, pen: Pen, x: float, y: float, low: float, source: Outline | None) -> Outline:
        """As `Box.draw`, with a ``low`` of its own."""
        last = source
        for box in self.boxes:
            last = box.draw(pen, x, y, self.low, last)
            x += box.width
        return last if last is not None else point(x, y)


class Split:
    """Branches one below the other between a split and a join, with wires above them."""

    def __init__(self, lanes: Sequence[BoxRow], wires: int, join: Stack | None) -> None:
        self.lanes, self.wires, self.join = lanes, wires, join
        self.lane_width = max(lane.width for lane in lanes)
        self.width = SPLIT + self.lane_width + SPLIT + (join.width if join else 0)
        places, down = [], 0.0
        for lane in lanes:
            places.append(down + lane.above)
            down += lane.above + lane.below + BETWEEN
        middle = (places[0] + places[-1]) / 2
        self.places = [place - middle for place in places]
        self.top = middle
        self.half = 0.0
        self.above = max(middle + ARC * wires, join.above if join else 0)
        self.below = max(down - BETWEEN - middle, join.below if join else 0)

    def draw(self, pen: Pen, x: float, y: float, low: float, source: Outline | None) -> Outline:
        """As `Box.draw`."""
        begin, meet = x + SPLIT / 2, x + SPLIT * 1.5 + self.lane_width
        if source is not None:
            pen.route((source.exit, y), (begin, y))
        for lane, place in zip(self.lanes, self.places, strict=True):
            there = y + place
            pen.route(*bent((begin, y), (x + SPLIT, there)))
            last = lane.draw(pen, x + SPLIT, there, 0, point(x + SPLIT, there))
            if not lane.is_loose:
                pen.route(*bent((meet, y), (last.exit, there)))
        for wire in range(self.wires):
            level = y - self.top - ARC * (wire + 1) + 4
            pen.route((begin, y), (begin, level), (meet, level), (meet, y))
        if self.join is None:
            return point(meet, y)
        return self.join.draw(pen, meet + SPLIT / 2, y, 0, point(meet, y))


class Frame:
    """A row of boxes in a frame, with a name or the number of repeats."""

    def __init__(self, chain: BoxRow, title: Sequence[TextLine]) -> None:
        self.chain, self.title = chain, title
        self.width = max(chain.width + 2 * PAD - APART, wide(title) + 2 * PAD) + 2 * APART
        self.half = 0.0
        self.above = chain.above + high(title) + PAD
        self.below = chain.below + PAD

    def draw(self, pen: Pen, x: float, y: float, low: float, source: Outline | None) -> Outline:
        """As `Box.draw`."""
        left, top = x + APART, y - self.above
        wide, high = self.width - 2 * APART, self.above + self.below
        pen.frames.append(element("rect", x=left, y=top, width=wide, height=high, rx=CORNER, class_=pen.name("frame")))
        pen.write(left + PAD, top + 4, self.title)
        return self.chain.draw(pen, left + PAD - GAP / 4, y, low, source)


class Arcs:
    """Steps in a row, with arcs for wires that lead over other steps."""

    def __init__(self, boxes: Sequence[Stack], tangle: Tangle) -> None:
        self.boxes, self.chain, self.tangle = boxes, BoxRow(boxes), tangle
        self.width = SPLIT + self.chain.width + SPLIT
        self.half = 0.0
        self.above = self.chain.above + ARC * max((arc.level + 1 for arc in tangle.arcs), default=0)
        self.below = self.chain.below

    def draw(self, pen: Pen, x: float, y: float, low: float, source: Outline | None) -> Outline:
        """As `Box.draw`."""
        begin = x + SPLIT / 2
        starts: list[float] = []
        exits: list[float] = []
        if source is not None:
            pen.route((source.exit, y), (begin, y))
        last: Outline | None = point(begin, y)
        x += SPLIT
        for place, box in enumerate(self.boxes):
            starts.append(x)
            last = box.draw(pen, x, y, self.chain.low, last if (place - 1, place) in self.tangle.edges else None)
            exits.append(last.exit)
            x += box.width
        starts.append(x)
        for start, ends, level in self.tangle.arcs:
            high = y - self.chain.above - ARC * level - ARC / 2
            left = begin if start < 0 else starts[start + 1] + 2
            if start >= 0:
                pen.route((exits[start], y), (left, y))
            for end in ends:
                down = starts[end] + 8
                along = [(left, y), (left, high)] if end == ends[-1] else [(down - CORNER, high)]
                pen.route(*along, (down, high), (down, y))
                if end < len(self.boxes):
                    pen.lines.append(arrow(pen.name, down, y, starts[end] + self.boxes[end].gap - 3))
        if last is None or self.tangle.is_joined:
            return last or point(x, y)
        behind = x + 8
        if (len(self.boxes) - 1, len(self.boxes)) in self.tangle.edges:
            pen.route((exits[-1], y), (behind, y))
        return point(behind, y)


def _windows(step: DrawnStep | None) -> tuple[Sequence[Window], Sequence[Window]]:
    """Return the windows of a step over its input, and those that a unit of the input writes in its output."""
    if step is None or step.main.parts is not None:
        return (), ()
    row = step.main
    return row.windows, row.layer.output_windows(row.input) if isinstance(row.layer, ConvTranspose) else ()


def boxed(item: Item, scale: Scale, gap: float = GAP) -> Box:
    """Return the item with its size.

    >>> boxed(Tangle((), ()), Scale(92, 6, 28, 120)).width == 2 * SPLIT
    True
    """
    if isinstance(item, DrawnStep):
        return stack(item, scale, gap)
    if isinstance(item, StepGroup):
        chain = BoxRow([boxed(part, scale, gap) for part in item.items])
        title = [TextLine("name", line) for line in fit(item.title, SIZES["name"], max(chain.width, ROOM), True, 3)]
        return Frame(chain, title if item.title else [])
    if isinstance(item, Tangle):
        return Arcs([stack(step, scale, gap) for step in item.steps], item)
    lanes = [
        BoxRow([boxed(part, scale, NARROW_GAP) for part in branch], is_loose(branch[-1])) for branch in item.branches
    ]
    return Split(lanes, item.wires, stack(item.join, scale, NARROW_GAP) if item.join is not None else None)


def stack(step: DrawnStep, scale: Scale, gap: float) -> Stack:
    """Return a step with its size.

    >>> from convcalc import Conv2d, trace
    >>> from convcalc.draw.network.folding import steps_of
    >>> (step,) = steps_of(trace(Conv2d(1, 6, 5), (1, 1, 32, 32)), None).steps
    >>> [line.words for line in stack(step, Scale(92, 6, 32, 1), GAP).under]
    ['convolution 5\xd75', '156 parameters']
    """
    over = wrapped("muted", step.shape)
    under = wrapped("op", step.words)
    name = step.name.upper() if step.name == "output" else step.name
    if step.is_circle:
        over, under = [], [*under, *wrapped("small", step.shape)]
    else:
        over = [*wrapped_name(name), *over]
    if step.is_shared:
        under += wrapped("small", "shared parameters")
    elif step.parameters or step.main.figures.macs:
        under += wrapped("small", f"{step.parameters:,} parameter{'' if step.parameters == 1 else 's'}")
    under += wrapped("small", ", ".join(step.after))
    return Stack(shape_of(step.example, scale, step.is_circle), step, over, under, gap)


def entrance(example: Example, scale: Scale) -> Stack:
    """Return the box of the network's input.

    >>> [line.words for line in entrance(Example(1, (32, 32), True), Scale(92, 6, 32, 1)).over]
    ['INPUT', '1@32\xd732']
    """
    return Stack(shape_of(example, scale), None, [TextLine("name", "INPUT"), *wrapped("muted", str(example))], [], 0)
