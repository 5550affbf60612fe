"""A table of which input maps (rows) feed which output maps (columns) of a layer.

After table I of LeCun, Bottou, Bengio and Haffner (1998). The pairs come from the layer's ``table`` or ``groups``; a
large layer is shown in blocks of maps.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from math import prod

from convcalc.draw.connections.connectivity import (
    ALL,
    MOST,
    NONE,
    SOME,
    Connectivity,
    MapKind,
    Span,
    blocks,
    columns,
    connected_row,
    connectivity_of,
    kinds_of,
)
from convcalc.draw.frame import Caption, Drawing, in_frame
from convcalc.draw.lookup import kind_of
from convcalc.draw.palette import SIZES
from convcalc.draw.svg import Names, element, label, number
from convcalc.draw.text import TIMES, text_width
from convcalc.layers.base import Layer
from convcalc.layers.block import INPUT
from convcalc.layers.conv import Conv, ConvNd
from convcalc.layers.linear import Linear
from convcalc.report import Row

CELLS = ((16, 24), (32, 16), (MOST, 10))  # up to so many rows and columns: the pixels of a cell
CROSSED = 16  # pixels of a cell that has room for a cross
GAP, LINE, SWATCH = 8, 18, 12  # pixels
ROLES = ("in", "out", "window", "pool", "dense")  # one for each kind of output map, `MOST_KINDS`


def connections_picture(row: Row) -> str:
    """Return the SVG of the table of connections of a layer, or of the only such layer in a block.

    Raise `ConvcalcError` if there is no table, or more than one.

    >>> from convcalc import Conv2d, trace
    >>> picture = connections_picture(trace(Conv2d(4, 8, 3, groups=2), (1, 4, 5, 5)).rows[0])
    >>> "16*9 + 8 = 152" in picture  # half of the 4*8 kernels
    True
    """
    inner = connected_row(row)
    links = connectivity_of(inner)
    name = Names("connections", row.name, row.inputs, inner.layer, tuple(links))
    kinds = kinds_of(links)
    unit = "unit" if isinstance(inner.layer, Linear) else "map"
    source = "the input" if row.inputs[0] == INPUT else row.inputs[0]
    title = f"{row.name}: which {unit}s of {source} feed each of its {unit}s"
    captions = [Caption("ink", f"{kind_of(inner)}: {sum_of(inner)}")]
    captions += [Caption("muted", words) for words in (*_pairs(inner.layer), *_notes(links, kinds))]
    ways = "; ".join(kind.words for kind in kinds)
    desc = (
        f"{title}. A table of {links.inputs:,} rows, the inputs, and {links.outputs:,} columns, the outputs, with a"
        f" mark where one feeds the other. {ways}. {captions[0].words}."
    )
    return in_frame(name, title, desc, _figure(name, links, kinds, unit), captions)


def sum_of(row: Row) -> str:
    """Return the layer's parameters as a sum: its kernels times their taps, and the biases.

    >>> from convcalc import trace, zoo
    >>> sum_of(trace(zoo.build("lenet5"), (1, 1, 32, 32)).leaves[4])
    '60*25 + 16 = 1,516 parameters'
    """
    layer = row.layer
    biases = f" + {layer.biases:,}" if layer.biases else ""
    if isinstance(layer, ConvNd):
        return f"{layer.channel_pairs:,}*{prod(layer.kernel_size):,}{biases} = {layer.parameters:,} parameters"
    if isinstance(layer, Linear):
        fixed = "" if layer.weights or not layer.buffers else "fixed "
        figure = layer.buffers if fixed else layer.parameters
        return f"{layer.out_features:,}*{layer.in_features:,}{biases} = {figure:,} {fixed}parameters"
    if layer.parameters:
        return f"{layer.weights:,}{biases} = {layer.parameters:,} parameters"
    return "no parameters"


def _pairs(layer: Layer) -> list[str]:
    """Return how many of all possible kernels there are, and the parameters with all of them."""
    if not isinstance(layer, Conv) or (layer.table is None and layer.groups == 1):
        return []
    full = replace(layer, table=None, groups=1)
    return [f"{layer.channel_pairs:,} of {layer.all_pairs:,} kernels; with all of them {full.parameters:,} parameters"]


def _notes(links: Connectivity, kinds: Sequence[MapKind]) -> list[str]:
    said = []
    if any("contiguous" in kind.words for kind in kinds):
        said.append("contiguous: the last input adjoins the first")
    steps = [blocks(count)[0][1] + 1 for count in (links.inputs, links.outputs)]
    if max(steps) > 1:
        said.append(f"each cell is a block of up to {steps[0]:,}{TIMES}{steps[1]:,}, inputs by outputs")
    return said


def _figure(name: Names, links: Connectivity, kinds: Sequence[MapKind], unit: str) -> Drawing:
    filled = list(columns(links))
    inputs, outputs = blocks(links.inputs), [block for block, _ in filled]
    cell = next(pixels for most, pixels in CELLS if max(len(inputs), len(outputs)) <= most)
    # A block of several outputs may hold several kinds: then all have one look.
    is_each = len(outputs) == links.outputs
    roles = {o: ROLES[i] for i, kind in enumerate(kinds) for o in kind.outputs} if is_each else {}
    paths = _paths(filled, roles, cell)
    left = text_width(f"{inputs[-1][0]:,}", SIZES["small"])
    left = max(left, text_width(f"input {unit}", SIZES["small"])) + GAP
    top, width, height = 2 * LINE, len(outputs) * cell, len(inputs) * cell
    table = element("rect", width=width, height=height, fill=f"url(#{name('none')})")
    table += "".join(element("path", d=path, fill=f"url(#{name(_look(*look))})") for look, path in paths.items())
    patterns = [_pattern(name, role, state, cell) for role, state in paths]
    parts = [
        *_heads(name, inputs, outputs, unit, left, cell),
        element("defs", _pattern(name, "card", NONE, cell), *patterns),
        element("g", table, transform=f"translate({number(left)} {top})"),
    ]
    bottom = float(top + height)
    if links.table is not None and is_each and cell >= CROSSED:
        bottom += LINE
        parts.append(label(name, "small", left - GAP, bottom - 4, "inputs", "end"))
        parts += [
            label(name, "small", left + (o + 0.5) * cell, bottom - 4, f"{len(fed)}", "middle")
            for o, fed in enumerate(links.table)
        ]
    role, most = next(iter(paths))[0], max(state for _, state in paths)
    legend = [(ROLES[i] if roles else role, most, kind.words) for i, kind in enumerate(kinds)]
    if any(state == SOME for _, state in paths):
        legend.append((role, SOME, "small: a block of which a part is connected"))
    right = left + width + text_width(f"{outputs[-1][0]:,}", SIZES["small"]) / 2
    for role, state, words in legend:
        bottom += LINE + GAP / 4
        parts.append(_swatch(name, role, state, left, bottom - SWATCH))
        parts.append(label(name, "muted", left + SWATCH + GAP, bottom - 2, words))
        right = max(right, left + SWATCH + GAP + text_width(words, SIZES["muted"]))
    return Drawing("".join(parts), right, bottom + GAP / 2)


def _heads(
    name: Names, inputs: Sequence[Span], outputs: Sequence[Span], unit: str, left: float, cell: int
) -> Iterator[str]:
    """Draw the numbers of rows and columns, or of the first map in each block, as many as there is room for."""
    size, top = SIZES["small"], 2 * LINE
    yield label(name, "small", left, LINE - GAP, f"output {unit}")
    yield label(name, "small", 0, top - 6, f"input {unit}")
    widest = text_width(f"{outputs[-1][0]:,}", size)
    for i in range(0, len(outputs), _every(widest + 3, cell)):
        yield label(name, "small", left + (i + 0.5) * cell, top - 6, f"{outputs[i][0]:,}", "middle")
    for i in range(0, len(inputs), _every(size + 3, cell)):
        yield label(name, "small", left - GAP, top + (i + 0.5) * cell + 4, f"{inputs[i][0]:,}", "end")


def _swatch(name: Names, role: str, state: int, x: float, y: float) -> str:
    side = SWATCH if state == ALL else SWATCH // 2
    corner = (SWATCH - side) / 2
    return element("rect", x=x + corner, y=y + corner, width=side, height=side, rx=2, class_=name(role))


def _every(least: float, cell: int) -> int:
    """Return the step between the labels that are written, so that they do not overlap."""
    return next(step for step in (1, 2, 4, 5, 8, 10, 16, 20, 32, MOST) if step * cell >= least or step == MOST)


def _look(role: str, state: int) -> str:
    return f"{'all' if state == ALL else 'some'}-{role}"


def _pattern(name: Names, role: str, state: int, cell: int) -> str:
    """Draw the cell that fills the paths: a square, with a cross if there is room; a smaller one for some pairs."""
    margin = cell / 4 if state == SOME else 1
    side = cell - 2 * margin
    inside = element(
        "rect", x=margin, y=margin, width=side, height=side, rx=3 if cell >= CROSSED else 1, class_=name(role)
    )
    if state == ALL and cell >= CROSSED:
        near, arm = number(cell * 0.36), number(cell * 0.28)
        inside += element("path", d=f"M{near} {near}l{arm} {arm}m-{arm} 0l{arm} -{arm}", class_=name("hatch"))
    return element(
        "pattern",
        inside,
        id=name("none" if state == NONE else _look(role, state)),
        width=cell,
        height=cell,
        patternUnits="userSpaceOnUse",
    )


def _paths(filled: Sequence[tuple[Span, list[int]]], roles: dict[int, str], cell: int) -> dict[tuple[str, int], str]:
    """Return a path for each look: its runs of cells, column by column, each drawn relative to the one above."""
    paths: dict[tuple[str, int], list[str]] = {}
    for column, ((output, _), states) in enumerate(filled):
        role = roles.get(output, ROLES[0])
        above: dict[int, int] = {}
        for state, start, end in _runs(states):
            if state == NONE:
                continue
            move = f"m0 {(start - above[state]) * cell}" if state in above else f"M{column * cell} {start * cell}"
            above[state] = start
            paths.setdefault((role, state), []).append(f"{move}h{cell}v{(end - start) * cell}h-{cell}z")
    return {look: "".join(paths[look]) for look in sorted(paths, key=lambda look: (ROLES.index(look[0]), look[1]))}


def _runs(states: Sequence[int]) -> Iterator[tuple[int, int, int]]:
    """Yield each run of equal states: the state, the first index, and the one after the last."""
    start = 0
    for end in range(1, len(states) + 1):
        if end == len(states) or states[end] != states[start]:
            yield states[start], start, end
            start = end
