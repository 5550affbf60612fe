"""A network in a terminal: its layers as a tree, what they cost as bars, what a unit sees, and which maps it connects.

What there is to show is worked out where the pictures are made; here it becomes lines of characters.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import NamedTuple

from convcalc.draw.chart.picture import costs_of, fewer, share
from convcalc.draw.connections.connectivity import (
    ALL,
    SOME,
    Span,
    blocks,
    columns,
    connected_row,
    connectivity_of,
    kinds_of,
)
from convcalc.draw.connections.picture import sum_of
from convcalc.draw.lookup import kind_of, row_named
from convcalc.draw.network.folding import DrawnStep, Example, common, steps_of
from convcalc.draw.network.repeats import framed, repeated, short_names, steps_in
from convcalc.draw.network.wiring import Fork, Item, StepGroup, wired
from convcalc.draw.receptive_field.levels import Units, cone_of, left_out
from convcalc.draw.terminal import WIDTH, Line, StyledText, words
from convcalc.draw.text import TIMES
from convcalc.layers.block import INPUT
from convcalc.layers.linear import Linear
from convcalc.render.columns import along
from convcalc.report import Report

FULL, TO = "█", "\u2013"
SERIES = (("bar", FULL), ("second", "▒"))  # the look of each series of a chart
NAME, KIND, NUMBER = 24, 20, 23  # characters at most
BAR = 8  # characters at least
LONG = 100  # lines of a network from which on parts that differ in their numbers of maps are folded too
NUMBERED = 3  # characters of a cell of a table whose columns are numbered


def network_lines(report: Report, name: str = "Network", depth: int | None = None, width: int = WIDTH) -> list[Line]:
    """A line a layer: its name, what it does, its shape and its parameters; branches and repeated parts indented.

    ``depth`` as of `network_picture`; None: all blocks are opened.

    >>> from convcalc import trace, zoo
    >>> from convcalc.draw.terminal import plain
    >>> for line in plain(network_lines(trace(zoo.build("lenet5"), (1, 1, 32, 32)), "LeNet-5"), in_ascii=True)[2:5]:
    ...     print(" ".join(line.split()))
    input 1@32x32
    C1 convolution 5x5, ScaledTanh 6@28x28 156
    S2 subsampling 2x2, ScaledTanh 6@14x14 12
    """
    steps = steps_of(report, depth)
    after, plain = common(steps.steps)
    parts = framed(wired(plain), steps.sizes)
    table = _entries_of(steps.input, short_names(repeated(parts)))
    if len(table) > LONG:  # then parts with branches may differ in their numbers of maps too
        table = _entries_of(steps.input, short_names(repeated(parts, loose=True)))
    totals = report.totals
    said = f"{totals.parameters:,} parameters, {totals.macs:,} multiply-accumulates"
    lines = [*words("title", name, width), *words("muted", said, width)]
    if after:
        lines += words("muted", f"every convolution is followed by {', '.join(after)}", width)
    return [*lines, *_table(table, width)]


def field_lines(report: Report, layer: str, width: int = WIDTH) -> list[Line]:
    """What a unit of each layer on the way to that one sees of the network's input, as bars one inside the other.

    `ConvcalcError` where there is no such layer, or what it sees is not known.

    >>> from convcalc import trace, zoo
    >>> from convcalc.draw.terminal import plain
    >>> lines = plain(field_lines(trace(zoo.build("lenet5"), (1, 1, 32, 32)), "S2"), in_ascii=True)
    >>> [line.split()[:-1] for line in lines[2:4]]  # an element of S2 sees 6, every other one begins there
    [['S2', 'Subsampling2d', '2x2', '6', '2', '0'], ['C1', 'Conv2d', '5x5', '5', '1', '0']]
    """
    levels = cone_of(report, layer).levels[::-1]
    largest = max(level.units[-1].field.size for level in levels)
    heads = ["layer", "", "sees", "jump", "start"]
    cells = [
        [name, kind, *(_along(units, figure) for figure in ("size", "jump", "start"))] for name, kind, units in levels
    ]
    texts = [heads, *cells]
    widths = _widths(texts, (NAME, KIND, 9, 9, 9), width - BAR)
    room = width - sum(widths) - len(widths)
    lines = [_aligned(heads, widths, "muted")]
    cut = left_out(len(levels))
    for place, (text, level) in enumerate(zip(cells, levels, strict=True)):
        if place in cut:
            if place == cut.start:
                lines += words("muted", f"… {len(cut)} layers are left out", width)
            continue
        length = max(1, level.units[-1].field.size * room // largest)
        bar = StyledText("bar", FULL * length)
        lines.append((*_aligned(text, widths, "ink"), StyledText("ink", " " * ((room - length) // 2)), bar))
    seen = [units.field for units in levels[0].units]
    sizes = report.input[-len(seen) :]
    said = f"a unit of {layer} sees {TIMES.join(str(field.size) for field in seen)} of {TIMES.join(map(str, sizes))}"
    if any(field.size > size for field, size in zip(seen, sizes, strict=True)):
        said += ", clipped at the border"
    return [*words("title", f"What one unit of {layer} sees", width), *lines, *words("muted", said, width)]


def connection_lines(report: Report, layer: str, width: int = WIDTH) -> list[Line]:
    """Which input maps (the lines) feed which output maps (the columns): X where one does, as in LeCun's table I.

    Of more than 64 maps each cell is a block of them, with / where only some do. Errors as `connections_picture`.

    >>> from convcalc import trace, zoo
    >>> from convcalc.draw.terminal import plain
    >>> lines = plain(connection_lines(trace(zoo.build("lenet5"), (1, 1, 32, 32)), "C3"), in_ascii=True)
    >>> print(lines[3].strip())  # map 0 of S2 feeds these
    0  X  .  .  .  X  X  X  .  .  X  X  X  X  .  X  X
    """
    row = row_named(report, layer)
    inner = connected_row(row)
    links = connectivity_of(inner)
    table = list(columns(links))
    inputs = blocks(links.inputs)
    labels = [_short(_span(block), NUMBER) for block in inputs]
    beside = max(map(len, labels))
    cell = NUMBERED if beside + NUMBERED * len(table) <= width and len(table) == links.outputs else 1
    most = (width - beside - 1) // cell
    source = "the input" if row.inputs[0] == INPUT else row.inputs[0]
    unit = "unit" if isinstance(inner.layer, Linear) else "map"
    lines = words("title", f"{layer}: which {unit}s of {source} feed which of its {unit}s", width)
    lines += words("ink", f"{kind_of(inner)}: {sum_of(inner)}", width)
    for first in range(0, len(table), most):
        part = table[first : first + most]
        if cell == NUMBERED:
            numbers = "".join(f"{span[0]:>{cell}}" for span, _ in part)
        else:
            numbers = f" outputs {part[0][0][0]:,} to {part[-1][0][1]:,}"
        numbers = " " * beside + numbers
        lines += [(StyledText("muted", numbers),)] if len(numbers) <= width else words("muted", numbers.strip(), width)
        for i, label in enumerate(labels):
            marks = "".join(_mark(states[i]).rjust(cell) for _, states in part)
            lines.append(
                (StyledText("muted", label.rjust(beside) + ("" if cell > 1 else " ")), StyledText("code", marks))
            )
    lines += words("muted", "; ".join(kind.words for kind in kinds_of(links)), width)
    if len(table) < links.outputs or len(labels) < links.inputs:
        size = f"{inputs[0][1] + 1:,} inputs {TIMES} {table[0][0][1] + 1:,} outputs"
        lines += words("muted", f"a cell is up to {size}: X all pairs, / some of them", width)
    return lines


def chart_lines(report: Report, figure: str, depth: int | None = None, width: int = WIDTH) -> list[Line]:
    """A bar a layer: ``figure``, ``depth`` and errors as of `chart_picture`.

    >>> from convcalc import trace, zoo
    >>> from convcalc.draw.terminal import plain
    >>> lines = plain(chart_lines(trace(zoo.build("lenet5"), (1, 1, 32, 32)), "parameters"), in_ascii=True)
    >>> [line.split()[-1] for line in lines if line.startswith("C5")]  # 48,120 of 60,000
    ['80.2%']
    """
    title, series, every, totals, _ = costs_of(report, figure, depth)
    bars = fewer(every)
    texts = [[bar.name, bar.kind, " + ".join(_short(f"{value:,}", NUMBER) for value in bar.values)] for bar in bars]
    if len(series) == 1:
        texts = [
            [*text[:2], f"{text[2]} {share(bar.values[0], totals[0])}"] for text, bar in zip(texts, bars, strict=True)
        ]
    figures = max(len(text[2]) for text in texts) + len(series)
    widths = _widths(texts, (NAME, KIND), width - figures - BAR)
    room = width - figures - sum(widths) - len(widths)
    largest = max(sum(bar.values) for bar in bars)
    lines = words("title", title, width)
    for text, bar in zip(texts, bars, strict=True):
        drawn = _stacked(bar.values, room, largest)
        lines.append((*_aligned(text[:2], widths, "ink"), *drawn, StyledText("muted", f" {text[2]}")))
    if len(series) > 1:
        looks = zip(SERIES, series, strict=True)
        lines.append(tuple(piece for look, each in looks for piece in _meaning(*look, each.words)))
    sums = " and ".join(f"{value:,} {each.words}" for value, each in zip(totals, series, strict=True))
    return [*lines, *words("muted", f"in all {sums}", width)]


def _stacked(values: Sequence[int], room: int, largest: int) -> Line:
    """A bar, a part for each of the values; what is not nothing is at least one character long."""
    pieces, total, drawn = [], 0, 0
    for (role, symbol), value in zip(SERIES, values, strict=False):
        total += value
        end = max(total * room // largest, drawn + (value > 0))
        pieces.append(StyledText(role, symbol * (end - drawn)))
        drawn = end
    return tuple(pieces)


def _meaning(role: str, symbol: str, said: str) -> Line:
    return StyledText(role, symbol * 2), StyledText("muted", f" {said}   ")


class Entry(NamedTuple):
    """A line of the tree of a network."""

    name: str
    words: str
    shape: str
    parameters: str
    feeds: str = ""


def _entries_of(given: Example, items: Sequence[Item]) -> list[Entry]:
    """The lines of the input and of the items."""
    every = [step for item in items for step in steps_in(item)]
    known = {INPUT: INPUT, **{row.name: step.name for step in every for row in step.rows}}
    return [Entry(INPUT, "", str(given), ""), *(entry for item in items for entry in _entries(item, "", known))]


def _entries(item: Item, indent: str, known: Mapping[str, str]) -> Iterator[Entry]:
    """The lines of an item, those of its parts indented; ``known`` gives the name of the step of each row."""
    if isinstance(item, DrawnStep):
        yield _entry(indent + item.name, item)
    elif isinstance(item, StepGroup):
        yield Entry(indent + item.title, "", "", "")
        for part in item.items:
            yield from _entries(part, f"{indent}│ ", known)
    elif isinstance(item, Fork):
        for number, branch in enumerate(item.branches, 1):
            yield Entry(f"{indent}├ branch {number}", "", "", "")
            for part in branch:
                yield from _entries(part, f"{indent}│ ", known)
        for _ in range(item.wires):
            yield Entry(f"{indent}├ straight through", "", "", "")
        if item.join is not None:
            yield from _entries(item.join, indent, known)
    else:
        for step in item.steps:
            feeds = ", ".join(known[name] for name in step.inputs)
            yield _entry(f"{indent}┼ {step.name}", step)._replace(feeds=f"{indent}  ← {feeds}")


def _entry(name: str, step: DrawnStep) -> Entry:
    figure = "shared" if step.is_shared else _short(f"{step.parameters:,}", NUMBER)
    return Entry(name, ", ".join((step.words, *step.after)), step.shape, figure)


def _table(entries: Sequence[Entry], width: int) -> list[Line]:
    shape, parameters = (max(len(entry[i]) for entry in entries) for i in (2, 3))
    shape = min(shape, KIND)
    said = [entry for entry in entries if entry.words or entry.shape]
    name = min(NAME, max(len(entry.name) for entry in said))
    room = max(width - name - shape - parameters - 3, 8)
    does = min(room, max(len(entry.words) for entry in said))
    lines: list[Line] = []
    for entry in entries:
        if not entry.shape:
            lines.append((StyledText("muted", _short(entry.name, width)),))
            continue
        lines.append(
            (
                StyledText("code", _short(entry.name, name).ljust(name + 1)),
                StyledText("ink", f"{_short(entry.words, does):<{does}} {_short(entry.shape, shape):<{shape}} "),
                StyledText("muted", entry.parameters.rjust(parameters)),
            )
        )
        if entry.feeds:
            lines.append((StyledText("muted", _short(entry.feeds, width - 1)),))
    return lines


def _widths(texts: Sequence[Sequence[str]], most: Sequence[int], room: int) -> list[int]:
    """How wide each column is, which a space follows; where there is no room the second gives way, then the first."""
    widths = [min(limit, max(map(len, column))) for limit, column in zip(most, zip(*texts, strict=True), strict=False)]
    for i in (1, 0):
        over = sum(widths) + len(widths) - room
        widths[i] = max(widths[i] - max(over, 0), min(widths[i], 1))
    return widths


def _aligned(texts: Sequence[str], widths: Sequence[int], role: str) -> Line:
    """The first two left-aligned, what is behind them right-aligned, each with a space behind it."""
    shown = [_short(text, width) for text, width in zip(texts, widths, strict=True)]
    left = [text.ljust(width) for text, width in zip(shown[:2], widths, strict=False)]
    right = [text.rjust(width) for text, width in zip(shown[2:], widths[2:], strict=True)]
    return (StyledText(role, " ".join((*left, *right, ""))),)


def _short(text: str, most: int) -> str:
    return text if len(text) <= most else f"{text[: most - 1]}…"


def _along(units: Sequence[Units], figure: str) -> str:
    value = along([getattr(each.field, figure) for each in units])
    return TO if value is None else str(value)


def _span(span: Span) -> str:
    first, last = span
    return str(first) if first == last else f"{first}{TO}{last}"


def _mark(state: int) -> str:
    return "X" if state == ALL else "/" if state == SOME else "."
