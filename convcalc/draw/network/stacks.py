"""The shapes for the outputs of layers (stacks of maps, bars of units, circles), and the lines between them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from convcalc import formulas
from convcalc.draw.network.folding import DrawnStep, Example
from convcalc.draw.network.operations import kind, plain_name
from convcalc.draw.svg import Names, element, number
from convcalc.draw.text import TIMES
from convcalc.layers.windows import Window

MOST_SHEETS = 8
POWER = 0.55  # a side of size pixels is drawn as size^0.55
LONGEST_BAR = 90.0
LEAST = 4.0  # pixels of a side or a bar
THIN = 7.0  # pixels of a map without height
SLANT = 0.5  # of a bar, in heights
BAR = 9.0  # the width of a bar
RADIUS = 10.0  # of a join's circle
UNIT = 3.0  # a unit's side
SEEN, MADE = (0.45, 0.75), (0.62, 0.22)  # where a window is on its sheet, and the unit that it makes
HUGE = 10**200  # larger numbers are drawn as this
ROLES = {"maps": "in", "pool": "pool", "dense": "out", "join": "plain", "block": "in", "other": "plain"}
SIGNS = {"Add": "+", "Mul": TIMES}


class Scale(NamedTuple):
    """The pixels of the largest map's side and between the sheets of a stack; the largest size and number of units."""

    side: float
    offset: float
    largest: int
    longest: int

    def of_side(self, size: int) -> float:
        """Return the side of a map in pixels."""
        return max(LEAST, self.side * _share(size, self.largest))

    def of_bar(self, units: int) -> float:
        """Return the height of a bar in pixels."""
        return max(2 * LEAST, LONGEST_BAR * _share(units, self.longest))


def _share(size: int, largest: int) -> float:
    return float((min(size, HUGE) / max(1, min(largest, HUGE))) ** POWER)


class Outline(NamedTuple):
    """The shape that is drawn for a step, its box beginning at (x, y). ``form`` is "maps", "bar", "circle" or "point".

    In a stack, ``front`` is the width and height of the front sheet, at the lower right.
    """

    form: str
    x: float
    y: float
    width: float
    height: float
    front: tuple[float, float] = (0, 0)
    sheets: int = 1
    texts: tuple[tuple[float, float], ...] = ()  # the lower right corners of the lines of text above it

    @property
    def right(self) -> float:
        """The right end."""
        return self.x + self.width

    @property
    def middle(self) -> float:
        """The height at which lines come and go."""
        return self.y + self.height / 2

    def at(self, x: float, middle: float) -> Outline:
        """Return the same shape at another place."""
        return self._replace(x=x, y=middle - self.height / 2)

    @property
    def entry(self) -> float:
        """The left end at the height of ``middle``."""
        if self.form == "bar":
            return self.x + (self.width - BAR) / 2
        behind = next((k for k in range(self.sheets) if k * self.step + self.front[1] >= self.height / 2), 0)
        return self.x + behind * self.step

    @property
    def exit(self) -> float:
        """The right end at the height of ``middle``."""
        if self.form == "bar":
            return self.right - (self.width - BAR) / 2
        before = next((k for k in range(self.sheets) if (self.sheets - 1 - k) * self.step <= self.height / 2), 0)
        return self.right - before * self.step

    @property
    def step(self) -> float:
        """The distance from sheet to sheet."""
        return (self.width - self.front[0]) / max(1, self.sheets - 1)

    @property
    def corner(self) -> tuple[float, float]:
        """The upper left corner of the front sheet."""
        return self.right - self.front[0], self.y + self.height - self.front[1]


class Spot(NamedTuple):
    """A place on a sheet: a window, or a unit."""

    x: float
    y: float
    width: float
    height: float


def shape_of(example: Example, scale: Scale, is_circle: bool = False) -> Outline:
    """Return the shape for the output of a layer, at the origin.

    >>> shape_of(Example(6, (28, 28), True), Scale(92, 6, 28, 120)).width  # 5 sheets behind the front sheet
    122.0
    """
    if is_circle:
        return Outline("circle", 0, 0, 2 * RADIUS, 2 * RADIUS)
    if example.is_vector:
        height = scale.of_bar(example.maps)
        return Outline("bar", 0, 0, BAR + SLANT * height, height)
    wide = scale.of_side(example.sizes[-1])
    high = scale.of_side(example.sizes[-2]) if len(example.sizes) > 1 else THIN
    sheets = max(1, min(MOST_SHEETS, example.maps))
    behind = (sheets - 1) * scale.offset
    return Outline("maps", 0, 0, wide + behind, high + behind, (wide, high), sheets)


def drawn(name: Names, shape: Outline, step: DrawnStep | None, role: str = "") -> str:
    """Draw the shape of a step, or of the network's input if there is no step.

    >>> drawn(Names(), Outline("bar", 0, 0, 19, 20), None, "out").startswith("<path")
    True
    """
    role = role or (ROLES[kind(step.main)] if step is not None else "plain")
    if shape.form == "circle":
        middle = shape.x + RADIUS
        circle = element("circle", cx=middle, cy=shape.middle, r=RADIUS, class_=name("plain"))
        arm = RADIUS / 2
        sign = SIGNS.get(plain_name(step.main.layer), "") if step is not None else ""
        if sign == "+":
            path = f"M{number(middle - arm)} {number(shape.middle)}h{number(2 * arm)}m{number(-arm)} {number(-arm)}"
            path += f"v{number(2 * arm)}"
        else:
            arm *= 0.7
            path = f"M{number(middle - arm)} {number(shape.middle - arm)}l{number(2 * arm)} {number(2 * arm)}"
            path += f"m0 {number(-2 * arm)}l{number(-2 * arm)} {number(2 * arm)}"
        return circle + element("path", d=path, class_=name("rule"))
    if shape.form == "bar":
        lean = shape.width - BAR
        path = f"M{_at(shape.x, shape.y)}h{number(BAR)}l{_at(lean, shape.height)}h{number(-BAR)}z"
        return element("path", d=path, class_=name(role))
    return element("path", d=_stack(shape), class_=name(role))


def _at(x: float, y: float) -> str:
    return f"{number(x)} {number(y)}"


def _stack(shape: Outline) -> str:
    """Return the path of the front sheet and of the visible strips of the others, above and to the left."""
    wide, high = shape.front
    x, y = shape.corner
    path = [f"M{_at(x, y)}h{number(wide)}v{number(high)}h{number(-wide)}z"]
    step = shape.step
    for back in range(1, shape.sheets):
        corner = _at(x - back * step, y - back * step)
        if step >= min(wide, high):  # sheets so small that they do not cover each other
            path.append(f"M{corner}h{number(wide)}v{number(high)}h{number(-wide)}z")
        else:
            path.append(
                f"M{corner}h{number(wide)}v{number(step)}h{number(step - wide)}v{number(high - step)}h{number(-step)}z"
            )
    return "".join(path)


def letter(name: Names, shape: Outline) -> str:
    """Draw an A on the front sheet, as in the figure of 1998.

    >>> letter(Names(), Outline("maps", 0, 0, 90, 90, (90, 90))).count("M")
    2
    """
    (x, y), (wide, high) = shape.corner, shape.front
    path = (
        f"M{_at(x + 0.24 * wide, y + 0.82 * high)}L{_at(x + 0.5 * wide, y + 0.18 * high)}L"
        f"{_at(x + 0.76 * wide, y + 0.82 * high)}M{_at(x + 0.34 * wide, y + 0.6 * high)}"
        f"L{_at(x + 0.66 * wide, y + 0.6 * high)}"
    )
    return element("path", d=path, class_=name("letter"), stroke_width=max(1, 0.07 * wide))


def arrow(name: Names, x: float, y: float, end: float) -> str:
    """Draw an arrow to the right.

    >>> arrow(Names(), 0, 5, 20).count("<path")
    2
    """
    head = 5.0
    line = element("path", d=f"M{_at(x, y)}H{number(end - head)}", class_=name("rule"))
    return line + element("path", d=f"M{_at(end, y)}l{number(-head - 1)} -3.5v7z", class_=name("arrow"))


def connected(
    name: Names, source: Outline, target: Outline, windows: Sequence[Window], stamps: Sequence[Window] = ()
) -> str:
    """Draw what leads from one shape to the next: a window and the unit that it makes, lines to a bar, or an arrow.

    ``stamps`` are the windows over the target that a unit of the source writes, in a transposed convolution.

    >>> connected(Names(), Outline("point", 0, 5, 0, 0), Outline("bar", 20, 0, 19, 10), []).count("<path")
    2
    """
    if source.form == target.form == "maps" and (windows or stamps):
        return _through(name, _spot(source, windows, SEEN), _spot(target, stamps, MADE))
    upper = _upper(source, target) if target.form == "bar" else None
    if upper is not None:
        return _fan(name, source, target, upper)
    return arrow(name, source.exit, target.middle, target.entry - 2)


def _upper(source: Outline, target: Outline) -> tuple[float, float] | None:
    """Return where a line to the upper end of a bar begins without crossing the text above the source, or None."""
    if source.form == "bar":
        starts = [(source.x + BAR, source.y)]
    elif source.form == "maps":
        starts = [(source.x + source.front[0], source.y), (source.right, source.corner[1])]
    else:
        starts = []
    for x, y in starts:
        rise = (target.y - y) / (target.x - x)
        if all(end <= x or y + rise * (end - x) >= bottom for end, bottom in source.texts):
            return x, y
    return None


def _fan(name: Names, source: Outline, target: Outline, upper: tuple[float, float]) -> str:
    """Draw lines from the ends of a stack or bar to those of a bar: every unit sees everything."""
    path = f"M{_at(*upper)}L{_at(target.x, target.y)}M{_at(source.right, source.y + source.height)}L"
    path += _at(target.right - BAR, target.y + target.height)
    return element("path", d=path, class_=name("lines"))


def _spot(shape: Outline, windows: Sequence[Window], share: tuple[float, float]) -> Spot:
    """Return a window on the front sheet, to scale, or a unit if there is no window."""
    (x, y), (across, down) = shape.corner, shape.front
    wide = high = UNIT
    if windows:
        seen = [_part(window) for window in windows[-2:]]
        wide = max(UNIT, seen[-1] * across)
        high = max(UNIT, seen[0] * down) if len(seen) > 1 else down
    left, top = (max(0.0, room * part) for room, part in zip((across - wide, down - high), share, strict=True))
    return Spot(x + left, y + top, wide, high)


def _through(name: Names, source: Spot, target: Spot) -> str:
    """Draw both spots, and the lines between their facing sides."""
    right = source.x + source.width
    path = f"M{_at(right, source.y)}L{_at(target.x, target.y)}"
    path += f"M{_at(right, source.y + source.height)}L{_at(target.x, target.y + target.height)}"
    first, last = (
        element("rect", x=spot.x, y=spot.y, width=spot.width, height=spot.height, class_=name("window"))
        for spot in (source, target)
    )
    return first + element("path", d=path, class_=name("lines")) + last


def _part(window: Window) -> float:
    """Return the part of the axis that the window spans."""
    extent = formulas.window_extent(window.kernel_size, window.dilation)
    return min(1.0, min(extent, HUGE) / max(1, min(window.size, HUGE)))
