"""Which input maps of a layer feed which output map, as a table: the rows are inputs, the columns outputs.

After table I of LeCun, Bottou, Bengio and Haffner (1998). Which pairs there are is what the layer's ``table`` or
``groups`` says; a large layer is shown in blocks of maps.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from math import prod
from typing import NamedTuple

from convcalc.draw.palette import SIZES
from convcalc.draw.rows import kind_of
from convcalc.draw.sheet import Caption, Figure, sheet
from convcalc.draw.svg import Names, element, label, number
from convcalc.draw.text import TIMES, text_width, widest
from convcalc.errors import ConvcalcError, quoted
from convcalc.layers.adaptive import AdaptivePool
from convcalc.layers.axes import counted
from convcalc.layers.base import Layer
from convcalc.layers.block import INPUT
from convcalc.layers.conv import Conv, Kernels
from convcalc.layers.dense import Linear
from convcalc.layers.lecun import Subsampling2d
from convcalc.layers.pool import Pool
from convcalc.layers.transposed import ConvTranspose
from convcalc.report import Row

MOST = 64  # rows and columns; beyond, each stands for several maps
CELLS = ((16, 24), (32, 16), (MOST, 10))  # up to so many rows and columns: pixels a cell
CROSSED = 16  # pixels of a cell that has room for a cross
GAP, LINE, SWATCH = 8, 18, 12  # pixels
ROLES = ("in", "out", "window", "pool", "dense")  # of the kinds of output maps in a table
NONE, SOME, ALL = range(3)  # how many of a block's pairs there are


class Links(NamedTuple):
    """Pairs of maps: of so many groups, each input with each output, or those of a table: of each output its inputs."""

    inputs: int
    outputs: int
    groups: int = 1
    table: tuple[tuple[int, ...], ...] | None = None


class Kind(NamedTuple):
    """Output maps that are fed alike, and how."""

    outputs: tuple[int, ...]
    words: str


Span = tuple[int, int]  # the first and the last of some maps


def connections_picture(row: Row) -> str:
    """The table of connections of a layer's row, or of that layer in a block which alone has one, as SVG.

    `ConvcalcError` where there is no such table, or there are several.

    >>> from convcalc import Conv2d, trace
    >>> picture = connections_picture(trace(Conv2d(4, 8, 3, groups=2), (1, 4, 5, 5)).rows[0])
    >>> "2*8*9 + 8" in picture, "16*9 + 8 = 152" in picture  # half of the 4*8 kernels
    (False, True)
    """
    inner = connected_row(row)
    links = links_of(inner)
    name = Names("connections", row.name, row.inputs, inner.layer, links)
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
    return sheet(name, title, desc, _figure(name, links, kinds, unit), captions)


def connected_row(row: Row) -> Row:
    """The row itself, or of a block the one inside that connects maps.

    >>> from convcalc import trace, zoo
    >>> connected_row(trace(zoo.build("lenet5"), (1, 1, 32, 32)).rows[2]).name
    'C3.0'
    """
    if row.parts is None:
        return row
    inside = [leaf for leaf in row.leaves if isinstance(leaf.layer, Kernels | Linear)]
    inside = inside or [leaf for leaf in row.leaves if _has_links(leaf.layer)]
    if len(inside) == 1:
        return inside[0]
    if not inside:
        raise ConvcalcError(
            f"{quoted(row.name)} has no layer that connects maps: name a convolution, pool or Linear layer"
        )
    names = ", ".join(quoted(leaf.name) for leaf in inside[:3]) + (", ..." if len(inside) > 3 else "")
    raise ConvcalcError(f"{quoted(row.name)} has {len(inside)} tables of connections: name one of {names}")


def links_of(row: Row) -> Links:
    """Which maps a single layer connects. `ConvcalcError` where it has no maps, or is no layer that connects them.

    >>> from convcalc import MaxPool2d, trace
    >>> links_of(trace(MaxPool2d(2), (1, 6, 28, 28)).rows[0])  # each map by itself
    Links(inputs=6, outputs=6, groups=6, table=None)
    """
    layer = row.layer
    if isinstance(layer, Conv):
        links = Links(layer.in_channels, layer.out_channels, layer.groups, layer.table)
    elif isinstance(layer, ConvTranspose):
        links = Links(layer.in_channels, layer.out_channels, layer.groups)
    elif isinstance(layer, Linear):
        links = Links(layer.in_features, layer.out_features)
    elif isinstance(layer, Subsampling2d):
        links = Links(layer.channels, layer.channels, layer.channels)
    elif isinstance(layer, Pool | AdaptivePool):
        maps = row.input[-1 - layer.known_rank()]
        links = Links(maps, maps, maps)
    else:
        raise ConvcalcError(
            f"{quoted(row.name)} is {type(layer).__name__}, which has no table of connections:"
            " name a convolution, pool or Linear layer"
        )
    if 0 in links[:2]:
        raise ConvcalcError(f"{quoted(row.name)} connects {links.inputs} maps with {links.outputs}: nothing to draw")
    return links


def columns(links: Links) -> Iterator[tuple[Span, list[int]]]:
    """The outputs, in at most `MOST` blocks, and of each how many of its pairs with each block of inputs there are.

    >>> list(columns(Links(2, 2, groups=2)))
    [((0, 0), [2, 0]), ((1, 1), [0, 2])]
    """
    inputs = _blocks(links.inputs)
    for outputs in _blocks(links.outputs):
        if links.table is None:
            yield outputs, [_among_groups(links, block, outputs) for block in inputs]
        else:
            yield outputs, _among_table(links.table, inputs, outputs)


def kinds_of(links: Links) -> list[Kind]:
    """The output maps by the way they are fed: those of a table by their number of inputs, and whether these adjoin.

    The last input adjoins the first.

    >>> kinds_of(Links(3, 2, table=((0, 2), (0, 1, 2))))
    [Kind(outputs=(0,), words='1 map of 2 contiguous'), Kind(outputs=(1,), words='1 map of all 3')]
    """
    if links.table is None:
        return [Kind((), _groups(links))]
    ways: dict[tuple[int, bool], list[int]] = {}
    for output, inputs in enumerate(links.table):
        ways.setdefault((len(inputs), not is_contiguous(inputs, links.inputs)), []).append(output)
    kinds = [_kind(links, way, outputs) for way, outputs in sorted(ways.items())]
    if len(kinds) <= len(ROLES):
        return kinds
    kept, others = kinds[: len(ROLES) - 1], kinds[len(ROLES) - 1 :]
    fewest = len(links.table[others[0].outputs[0]])
    outputs = tuple(sorted(output for kind in others for output in kind.outputs))
    return [*kept, Kind(outputs, f"{counted(len(outputs), 'map')} of {fewest} or more, otherwise")]


def is_contiguous(inputs: Sequence[int], count: int) -> bool:
    """Whether the inputs adjoin, the last of all the first.

    >>> is_contiguous((0, 4, 5), 6), is_contiguous((0, 2), 6)
    (True, False)
    """
    there = set(inputs)
    return sum((i + 1) % count not in there for i in there) <= 1


def sum_of(row: Row) -> str:
    """The layer's parameters as a sum: its kernels times their taps, and the biases.

    >>> from convcalc import trace, zoo
    >>> sum_of(trace(zoo.build("lenet5"), (1, 1, 32, 32)).leaves[4])
    '60*25 + 16 = 1,516 parameters'
    """
    layer = row.layer
    biases = f" + {layer.biases:,}" if layer.biases else ""
    if isinstance(layer, Kernels):
        return f"{layer.channel_pairs:,}*{prod(layer.kernel_size):,}{biases} = {layer.parameters:,} parameters"
    if isinstance(layer, Linear):
        fixed = "" if layer.weights or not layer.buffers else "fixed "
        figure = layer.buffers if fixed else layer.parameters
        return f"{layer.out_features:,}*{layer.in_features:,}{biases} = {figure:,} {fixed}parameters"
    if layer.parameters:
        return f"{layer.weights:,}{biases} = {layer.parameters:,} parameters"
    return "no parameters"


def _has_links(layer: Layer) -> bool:
    return isinstance(layer, Kernels | Linear | Subsampling2d | Pool | AdaptivePool)


def _blocks(count: int) -> list[Span]:
    step = -(-count // MOST)
    return [(first, min(first + step, count) - 1) for first in range(0, count, step)]


def _among_groups(links: Links, inputs: Span, outputs: Span) -> int:
    first_in, last_in = (i // (links.inputs // links.groups) for i in inputs)
    first_out, last_out = (i // (links.outputs // links.groups) for i in outputs)
    if last_in < first_out or last_out < first_in:
        return NONE
    return ALL if first_in == last_in == first_out == last_out else SOME


def _among_table(table: tuple[tuple[int, ...], ...], inputs: Sequence[Span], outputs: Span) -> list[int]:
    first, last = outputs
    step = inputs[0][1] + 1
    pairs = [0] * len(inputs)
    for output in range(first, last + 1):
        for i in table[output]:
            pairs[i // step] += 1
    most = [(end - start + 1) * (last - first + 1) for start, end in inputs]
    return [NONE if not n else ALL if n == full else SOME for n, full in zip(pairs, most, strict=True)]


def _kind(links: Links, way: tuple[int, bool], outputs: list[int]) -> Kind:
    fed, has_gaps = way
    if fed == links.inputs:
        words = f"all {fed}"
    elif fed == 1:
        words = "1"
    else:
        words = f"{fed} with gaps" if has_gaps else f"{fed} contiguous"
    return Kind(tuple(outputs), f"{counted(len(outputs), 'map')} of {words}")


def _groups(links: Links) -> str:
    own_in, own_out = links.inputs // links.groups, links.outputs // links.groups
    if links.groups == 1:
        return f"dense: each of {links.inputs:,} feeds each of {links.outputs:,}"
    if own_in == own_out == 1:
        return f"a diagonal: each of {links.inputs:,} feeds one of its own"
    if own_in == 1:
        return f"depthwise: each of {links.inputs:,} feeds {own_out:,} of its own"
    return f"{links.groups:,} groups: in each {own_in:,} feed {own_out:,}"


def _pairs(layer: Layer) -> list[str]:
    """How many of all kernels there are, and the parameters with all of them."""
    if not isinstance(layer, Conv) or (layer.table is None and layer.groups == 1):
        return []
    full = replace(layer, table=None, groups=1)
    return [f"{layer.channel_pairs:,} of {layer.all_pairs:,} kernels; with all of them {full.parameters:,} parameters"]


def _notes(links: Links, kinds: Sequence[Kind]) -> list[str]:
    said = []
    if any("contiguous" in kind.words for kind in kinds):
        said.append("contiguous: the last input adjoins the first")
    steps = [_blocks(count)[0][1] + 1 for count in (links.inputs, links.outputs)]
    if max(steps) > 1:
        said.append(f"each cell is a block of up to {steps[0]:,}{TIMES}{steps[1]:,}, inputs by outputs")
    return said


def _figure(name: Names, links: Links, kinds: Sequence[Kind], unit: str) -> Figure:
    filled = list(columns(links))
    inputs, outputs = _blocks(links.inputs), [block for block, _ in filled]
    cell = next(pixels for most, pixels in CELLS if max(len(inputs), len(outputs)) <= most)
    # A block of several outputs may hold several kinds: then all have one look.
    is_each = len(outputs) == links.outputs
    roles = {o: ROLES[i] for i, kind in enumerate(kinds) for o in kind.outputs} if is_each else {}
    heads = (f"output {unit}", f"input {unit}")
    starts = [[f"{first:,}" for first, _ in side] for side in (inputs, outputs)]
    size = SIZES["small"]
    left = max(widest(starts[0], size), text_width(heads[1], size)) + GAP
    top = 2 * LINE
    width, height = len(outputs) * cell, len(inputs) * cell
    parts = [label(name, "small", left, LINE - GAP, heads[0]), label(name, "small", 0, top - 6, heads[1])]
    step = _every(max(text_width(words, size) for words in starts[1]) + 3, cell)
    parts += [
        label(name, "small", left + (i + 0.5) * cell, top - 6, starts[1][i], "middle")
        for i in range(0, len(outputs), step)
    ]
    parts += [
        label(name, "small", left - GAP, top + (i + 0.5) * cell + 4, starts[0][i], "end")
        for i in range(0, len(inputs), _every(size + 3, cell))
    ]
    paths = _paths(filled, roles, cell)
    looks = sorted({role for role, _ in paths}, key=ROLES.index)
    patterns = [_pattern(name, role, state, cell) for role, state in paths]
    table = element("rect", width=width, height=height, fill=f"url(#{name('none')})")
    table += "".join(
        element("path", d=path, fill=f"url(#{name(_look(role, state))})") for (role, state), path in paths.items()
    )
    parts.append(element("defs", _pattern(name, "card", NONE, cell), *patterns))
    parts.append(element("g", table, transform=f"translate({number(left)} {top})"))
    bottom = float(top + height)
    right = left + width + text_width(starts[1][-1], size) / 2
    if links.table is not None and is_each and cell >= CROSSED:
        bottom += LINE
        parts.append(label(name, "small", left - GAP, bottom - 4, "inputs", "end"))
        parts += [
            label(name, "small", left + (o + 0.5) * cell, bottom - 4, f"{len(fed)}", "middle")
            for o, fed in enumerate(links.table)
        ]
    states = {state for _, state in paths}
    legend = [(ROLES[i] if roles else looks[0], max(states), kind.words) for i, kind in enumerate(kinds)]
    if SOME in states:
        legend.append((looks[0], SOME, "small: a block of which a part is connected"))
    for role, state, words in legend:
        bottom += LINE + GAP / 4
        side = SWATCH if state == ALL else SWATCH // 2
        corner = (SWATCH - side) / 2
        parts.append(
            element(
                "rect", x=left + corner, y=bottom - SWATCH + corner, width=side, height=side, rx=2, class_=name(role)
            )
        )
        parts.append(label(name, "muted", left + SWATCH + GAP, bottom - 2, words))
        right = max(right, left + SWATCH + GAP + text_width(words, SIZES["muted"]))
    return Figure("".join(parts), right, bottom + GAP / 2)


def _every(least: float, cell: int) -> int:
    """Of how many labels one is written so that they stay apart."""
    return next(step for step in (1, 2, 4, 5, 8, 10, 16, 20, 32, MOST) if step * cell >= least or step == MOST)


def _look(role: str, state: int) -> str:
    return f"{'all' if state == ALL else 'some'}-{role}"


def _pattern(name: Names, role: str, state: int, cell: int) -> str:
    """A cell, which fills the paths: a square with a cross where there is room, of a part a smaller one."""
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
    """The runs of cells of each look, column by column, each run drawn from the one above it; in the order of looks."""
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
    """Equal neighbours: their state, where they start, and one behind where they end."""
    start = 0
    for end in range(1, len(states) + 1):
        if end == len(states) or states[end] != states[start]:
            yield states[start], start, end
            start = end
