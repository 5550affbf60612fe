"""The receptive field of one unit: the cone through the layers, and the part of the input that it sees.

Sizes, jumps and starts are those of the report; the picture shows where they put the units.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from fractions import Fraction

from convcalc.draw.frame import Caption, Drawing, in_frame
from convcalc.draw.palette import SIZES
from convcalc.draw.receptive_field.levels import Edge, Level, Units, cone_of, left_out, seen_through
from convcalc.draw.svg import Names, element, label, line_height, number, paragraph
from convcalc.draw.text import MINUS, TIMES, by, fit, shorten, widest
from convcalc.layers.settings import counted
from convcalc.layers.windows import AXES, ELEMENTS
from convcalc.report import Report

HEADS = ("units", "size", "jump", "start")
NAME_WIDTH, CONE_WIDTH, VIEW = 150, 380, 190  # pixels
PITCH, HEIGHT, GAP, LINE = 34, 14, 12, 18
LEAST_UNIT = 9  # pixels of a unit that is drawn by itself
UNKNOWN = "\u2013"
DASHED = "stroke-dasharray:5 3"


Range = tuple[int, int]  # the first, and one behind the last


def field_picture(report: Report, layer: str) -> str:
    """What the middle unit of a layer, or of a block, sees of the network's input, as SVG: ``layer`` is its row's name.

    `ConvcalcError` where there is no such layer, or what it sees is not known.

    >>> from convcalc import trace, zoo
    >>> picture = field_picture(trace(zoo.build("lenet5"), (1, 1, 32, 32)), "S4")
    >>> "16\xd716" in picture, picture.count("S4") > 1
    (True, True)
    """
    levels, unchanged, has_branches = cone_of(report, layer)
    units = [[(each.number, *each.field[:4]) for each in level.units] for level in levels]
    name = Names("field", [level[:2] for level in levels], units, unchanged, has_branches)
    target = levels[-1].units
    rank = len(target)
    seen = [units.sees(units.middle) or (0, 0) for units in target]
    sizes = report.input[-rank:]
    through = [
        seen_through([level.units[axis] for level in reversed(levels)], target[axis].middle) for axis in range(rank)
    ]
    if has_branches:  # of which one is followed
        through = [
            ([*read[:-1], own], [*there[:-1], _clipped(own, size)])
            for (read, there), own, size in zip(through, seen, sizes, strict=True)
        ]
    inside = [there[-1] for _, there in through]
    said = _said(target, seen, inside, sizes)
    notes = _notes(unchanged, has_branches, levels)
    cone = _cone(name, levels, *through[-1])
    figure = _with_view(name, cone, seen, inside, sizes, said) if rank > 1 else cone
    captions = [Caption("ink", words) for words in said] if rank == 1 else []
    title = f"What one unit of {'layer ' if layer[:1].isdigit() else ''}{layer} sees"
    sentences = " ".join(f"{words[:1].upper()}{words[1:]}." for words in said)
    desc = f"{title}: the layers from {layer} down to the input, and the part of the input. {sentences}"
    return in_frame(name, title, desc, figure, [*captions, *(Caption("muted", words) for words in notes)])


def _clipped(seen: Range, size: int) -> Range:
    """What of it is inside the input."""
    first = min(max(seen[0], 0), size)
    return first, max(min(seen[1], size), first)


def _said(target: Sequence[Units], seen: Sequence[Range], inside: Sequence[Range], sizes: Sequence[int]) -> list[str]:
    """The unit and what it sees, unclipped and clipped."""
    names = AXES[len(seen)]
    whole = by([end - first for first, end in seen])
    units = [each if each.field.has_positions else None for each in target]
    if all(each is None for each in units):
        which = "a unit" if all(each.field.size == each.field.span for each in target) else "the first unit"
        said = [f"{which} sees {whole} of {by(sizes)}"]
    else:
        middles = ", ".join(UNKNOWN if each is None else str(each.middle) for each in units)
        counts = TIMES.join(UNKNOWN if each is None else str(each.number) for each in units)
        said = [f"the middle unit, ({middles}) of {counts}, sees {whole} of {by(sizes)}"]
    said.append(_ranges(names, seen))
    if seen == inside:
        said.append("all of it inside the input")
    elif any(first >= end for first, end in inside):
        said.append("clipped at the border: it sees nothing but padding")
    else:
        left = by([end - first for first, end in inside])
        said.append(f"clipped at the border to {left}: {_ranges(names, inside)}")
    return said


def _ranges(names: Sequence[str], ranges: Sequence[Range]) -> str:
    return ", ".join(
        f"{ELEMENTS[axis]} {_signed(first)} to {_signed(end - 1)}"
        for axis, (first, end) in zip(names, ranges, strict=True)
    )


def _notes(unchanged: int, has_branches: bool, levels: Sequence[Level]) -> list[str]:
    axes = AXES[len(levels[0].units)]
    said = ["size, jump and start are those of the receptive field, in elements of the input"]
    if len(axes) > 1:
        said.append(f"the cone is that along {axes[-1]}; where axes differ, there are numbers for {TIMES.join(axes)}")
    if len(axes) > 2:
        said.append(f"the view is that of {axes[-2]} and {axes[-1]}")
    if unchanged:
        are = "is" if unchanged == 1 else "are"
        said.append(f"{counted(unchanged, 'layer')} through which a unit sees no more {are} left out")
    if has_branches:
        said.append("where branches meet, the one that sees most is followed")
    fields = [units.field for level in levels for units in level.units]
    if not all(field.has_positions for field in fields):
        said.append(f"{UNKNOWN}: the units no longer lie along the input's axes")
    if any(field.listed for field in fields):
        said.append("where units are not alike, the jump is a mean, or not known, and they are drawn evenly spaced")
    return said


def _signed(value: object) -> str:
    return str(value).replace("-", MINUS)


def _numbers(level: Level) -> list[str]:
    """The entries of a level under `HEADS`: one number where the axes agree."""
    columns: list[list[object]] = [
        [units.number for units in level.units],
        [units.field.size for units in level.units],
        [units.field.jump for units in level.units],
        [units.field.start for units in level.units],
    ]
    shown = [[UNKNOWN if value is None else _signed(value) for value in column] for column in columns]
    *sizes, starts = [column if len(set(column)) > 1 else column[:1] for column in shown]
    return [*(TIMES.join(column) for column in sizes), ", ".join(starts)]


def _cone(name: Names, levels: Sequence[Level], read: Sequence[Range], there: Sequence[Range]) -> Drawing:
    """The layer on top, the input at the bottom; what is read of each, and its numbers beside it."""
    cut = left_out(len(levels))
    seen = read[-1]
    shown: list[tuple[Level, Range, Range] | None] = list(zip(reversed(levels), read, there, strict=True))
    if cut:
        shown[cut.start : cut.stop] = [None]
    along = [each[0].units[-1] for each in shown if each is not None]
    lowest = min(seen[0], *(units.place(0)[0] for units in along))
    highest = max(seen[1], *(units.place((units.number or 1) - 1)[1] for units in along))

    def x(edge: Edge) -> float:
        return NAME_WIDTH + GAP + CONE_WIDTH * float(Fraction(edge - lowest) / (highest - lowest))

    entries = [HEADS, *(_numbers(each[0]) for each in shown if each is not None)]
    rights: list[float] = []
    right = NAME_WIDTH + GAP + CONE_WIDTH + GAP / 2
    for column in zip(*entries, strict=True):
        right += widest(column, SIZES["muted"]) + GAP
        rights.append(right)
    parts = [label(name, "small", at, LINE - 8, words, "end") for at, words in zip(rights, HEADS, strict=True)]
    lefts: list[tuple[float, float]] = []
    ends: list[tuple[float, float]] = []
    drawn = []
    for line, each in enumerate(shown):
        top = LINE + line * PITCH
        if each is None:
            drawn.append(label(name, "small", 0, top + 11, f"\u2026 {len(cut)} layers are left out"))
            continue
        level, among, taken = each
        units = level.units[-1]
        edges = x(units.place(among[0])[0]), x(units.place(among[1] - 1)[1])
        lefts += [(edges[0], top), (edges[0], top + HEIGHT)]
        ends += [(edges[1], top), (edges[1], top + HEIGHT)]
        role = "out" if line == 0 else "in" if line == len(shown) - 1 else "rule"
        bright = "made" if line == 0 else "window"
        drawn.append(_bar(name, units, among if line == 0 else taken, x, top, (role, bright)))
        if line == len(shown) - 1 and taken != seen:
            drawn.append(_frame(name, edges, top))
        drawn.append(label(name, "ink", 0, top + 8, shorten(level.name, SIZES["ink"], NAME_WIDTH)))
        if level.kind:
            drawn.append(label(name, "small", 0, top + 20, shorten(level.kind, SIZES["small"], NAME_WIDTH)))
        drawn += [
            label(name, "muted", at, top + 11, words, "end") for at, words in zip(rights, _numbers(level), strict=True)
        ]
    outline = "L".join(f"{number(px)} {number(py)}" for px, py in (*lefts, *reversed(ends)))
    parts.append(element("path", d=f"M{outline}z", class_=name("spare"), style="stroke:none"))
    return Drawing("".join(parts + drawn), right, LINE + len(shown) * PITCH)


def _bar(
    name: Names, units: Units, taken: Range, x: Callable[[Edge], float], top: float, roles: tuple[str, str]
) -> str:
    """All units of a layer, and those that are seen, if any; a line between any two where they are wide enough."""
    number_of_units = units.number or 1

    def box(first: int, end: int, role: str) -> str:
        left, right = x(units.place(first)[0]), x(units.place(end - 1)[1])
        return element("rect", x=left, y=top, width=max(right - left, 1), height=HEIGHT, class_=name(role))

    bar = box(0, number_of_units, roles[0])
    if taken[0] < taken[1]:
        bar += box(*taken, roles[1])
    if x(units.place(0)[1]) - x(units.place(0)[0]) >= LEAST_UNIT and number_of_units > 1:
        ticks = "".join(f"M{number(x(units.place(i)[0]))} {number(top)}v{HEIGHT}" for i in range(1, number_of_units))
        bar += element("path", d=ticks, class_=name("rule"))
    return bar


def _frame(name: Names, edges: tuple[float, float], top: float) -> str:
    """The outline of what is seen of the input, its padding among it."""
    return element(
        "rect", x=edges[0], y=top, width=edges[1] - edges[0], height=HEIGHT, class_=name("around"), style=DASHED
    )


def _with_view(
    name: Names,
    cone: Drawing,
    seen: Sequence[Range],
    inside: Sequence[Range],
    sizes: Sequence[int],
    said: Sequence[str],
) -> Drawing:
    """The cone, and below it the input with what is seen of it, the words beside it."""
    pairs = list(zip(seen[-2:], sizes[-2:], strict=True))
    lows = [min(first, 0) for (first, _), _ in pairs]
    spans = [max(end, size) - low for ((_, end), size), low in zip(pairs, lows, strict=True)]
    longest = max(spans)

    def scaled(length: int) -> float:
        return VIEW * (length / longest)

    left, top = NAME_WIDTH + GAP, cone.height + GAP + LINE

    def box(ranges: Sequence[Range], role: str, style: str | None = None) -> str:
        (first_row, end_row), (first_column, end_column) = ranges
        return element(
            "rect",
            x=left + scaled(first_column - lows[1]),
            y=top + scaled(first_row - lows[0]),
            width=max(scaled(end_column - first_column), 1),
            height=max(scaled(end_row - first_row), 1),
            class_=name(role),
            style=style,
        )

    inside = inside[-2:]
    parts = [
        cone.markup,
        label(name, "ink", 0, top + 12, "over the input"),
        box([(0, size) for _, size in pairs], "in"),
    ]
    if all(first < end for first, end in inside):
        parts.append(box(inside, "window"))
    is_clipped = inside != seen[-2:]
    parts.append(box(seen[-2:], "around", DASHED if is_clipped else None))
    aside = left + scaled(spans[1]) + 2 * GAP
    room = cone.width - aside
    y = top + 12
    for i, words in enumerate(said):
        role = "ink" if i == 0 else "muted"
        lines = fit(words, SIZES[role], room)
        parts.append(paragraph(name, role, aside, y, lines))
        y += len(lines) * line_height(role) + 4
    if is_clipped:
        parts.append(label(name, "small", aside, y, "dashed: beyond the input is padding"))
        y += line_height("small")
    return Drawing("".join(parts), cone.width, max(top + scaled(spans[0]), y) + GAP / 2)
