"""Which input maps of a layer feed which output map, and how to count them in blocks: what `connections` draws."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import NamedTuple

from convcalc.errors import ConvcalcError, quoted
from convcalc.layers.adaptive import AdaptivePool
from convcalc.layers.base import Layer
from convcalc.layers.conv import Conv, ConvNd
from convcalc.layers.lecun import Subsampling2d
from convcalc.layers.linear import Linear
from convcalc.layers.pool import Pool
from convcalc.layers.settings import counted
from convcalc.layers.transposed import ConvTranspose
from convcalc.report import Row

MOST = 64  # blocks along an axis; with more maps, each block holds several
MOST_KINDS = 5
NONE, SOME, ALL = range(3)  # of the pairs of a block are connected


class Connectivity(NamedTuple):
    """Which maps are connected: all pairs within each group, or those of a table with the inputs of each output."""

    inputs: int
    outputs: int
    groups: int = 1
    table: tuple[tuple[int, ...], ...] | None = None


class MapKind(NamedTuple):
    """Output maps that are fed in the same way, and that way in words."""

    outputs: tuple[int, ...]
    words: str


Span = tuple[int, int]  # the first and the last of some maps


def connected_row(row: Row) -> Row:
    """Return the row itself, or in a block the one row that connects maps.

    >>> from convcalc import trace, zoo
    >>> connected_row(trace(zoo.build("lenet5"), (1, 1, 32, 32)).rows[2]).name
    'C3.0'
    """
    if row.parts is None:
        return row
    inside = [leaf for leaf in row.leaves if isinstance(leaf.layer, ConvNd | Linear)]
    inside = inside or [leaf for leaf in row.leaves if _has_links(leaf.layer)]
    if len(inside) == 1:
        return inside[0]
    if not inside:
        raise ConvcalcError(
            f"{quoted(row.name)} has no layer that connects maps: name a convolution, pool or Linear layer"
        )
    names = ", ".join(quoted(leaf.name) for leaf in inside[:3]) + (", ..." if len(inside) > 3 else "")
    raise ConvcalcError(f"{quoted(row.name)} has {len(inside)} tables of connections: name one of {names}")


def connectivity_of(row: Row) -> Connectivity:
    """Return which maps a layer connects. Raise `ConvcalcError` if it has no maps or does not connect them.

    >>> from convcalc import MaxPool2d, trace
    >>> connectivity_of(trace(MaxPool2d(2), (1, 6, 28, 28)).rows[0])  # each map by itself
    Connectivity(inputs=6, outputs=6, groups=6, table=None)
    """
    layer = row.layer
    if isinstance(layer, Conv):
        links = Connectivity(layer.in_channels, layer.out_channels, layer.groups, layer.table)
    elif isinstance(layer, ConvTranspose):
        links = Connectivity(layer.in_channels, layer.out_channels, layer.groups)
    elif isinstance(layer, Linear):
        links = Connectivity(layer.in_features, layer.out_features)
    elif isinstance(layer, Subsampling2d):
        links = Connectivity(layer.channels, layer.channels, layer.channels)
    elif isinstance(layer, Pool | AdaptivePool):
        maps = row.input[-1 - layer.known_rank()]
        links = Connectivity(maps, maps, maps)
    else:
        raise ConvcalcError(
            f"{quoted(row.name)} is {type(layer).__name__}, which has no table of connections:"
            " name a convolution, pool or Linear layer"
        )
    if 0 in links[:2]:
        raise ConvcalcError(f"{quoted(row.name)} connects {links.inputs} maps with {links.outputs}: nothing to draw")
    return links


def blocks(count: int) -> list[Span]:
    """Return ``count`` maps in at most `MOST` blocks of one size; the last may be smaller.

    >>> blocks(3), blocks(130)[-1]
    ([(0, 0), (1, 1), (2, 2)], (129, 129))
    """
    step = -(-count // MOST)
    return [(first, min(first + step, count) - 1) for first in range(0, count, step)]


def columns(links: Connectivity) -> Iterator[tuple[Span, list[int]]]:
    """Yield the outputs in at most `MOST` blocks, and for each block of inputs: `NONE`, `SOME` or `ALL` pairs.

    >>> list(columns(Connectivity(2, 2, groups=2)))
    [((0, 0), [2, 0]), ((1, 1), [0, 2])]
    """
    inputs = blocks(links.inputs)
    for outputs in blocks(links.outputs):
        if links.table is None:
            yield outputs, [_among_groups(links, block, outputs) for block in inputs]
        else:
            yield outputs, _among_table(links.table, inputs, outputs)


def kinds_of(links: Connectivity) -> list[MapKind]:
    """Return the output maps by the way they are fed: for a table, the number of inputs and whether these adjoin.

    The last input adjoins the first.

    >>> kinds_of(Connectivity(3, 2, table=((0, 2), (0, 1, 2))))
    [MapKind(outputs=(0,), words='1 map of 2 contiguous'), MapKind(outputs=(1,), words='1 map of all 3')]
    """
    if links.table is None:
        return [MapKind((), _groups(links))]
    ways: dict[tuple[int, bool], list[int]] = {}
    for output, inputs in enumerate(links.table):
        ways.setdefault((len(inputs), not is_contiguous(inputs, links.inputs)), []).append(output)
    kinds = [_kind(links, way, outputs) for way, outputs in sorted(ways.items())]
    if len(kinds) <= MOST_KINDS:
        return kinds
    kept, others = kinds[: MOST_KINDS - 1], kinds[MOST_KINDS - 1 :]
    fewest = len(links.table[others[0].outputs[0]])
    outputs = tuple(sorted(output for kind in others for output in kind.outputs))
    return [*kept, MapKind(outputs, f"{counted(len(outputs), 'map')} of {fewest} or more, otherwise")]


def is_contiguous(inputs: Sequence[int], count: int) -> bool:
    """Say whether the inputs adjoin; the last input adjoins the first.

    >>> is_contiguous((0, 4, 5), 6), is_contiguous((0, 2), 6)
    (True, False)
    """
    there = set(inputs)
    return sum((i + 1) % count not in there for i in there) <= 1


def _has_links(layer: Layer) -> bool:
    return isinstance(layer, ConvNd | Linear | Subsampling2d | Pool | AdaptivePool)


def _among_groups(links: Connectivity, inputs: Span, outputs: Span) -> int:
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


def _kind(links: Connectivity, way: tuple[int, bool], outputs: list[int]) -> MapKind:
    fed, has_gaps = way
    if fed == links.inputs:
        words = f"all {fed}"
    elif fed == 1:
        words = "1"
    else:
        words = f"{fed} with gaps" if has_gaps else f"{fed} contiguous"
    return MapKind(tuple(outputs), f"{counted(len(outputs), 'map')} of {words}")


def _groups(links: Connectivity) -> str:
    own_in, own_out = links.inputs // links.groups, links.outputs // links.groups
    if links.groups == 1:
        return f"dense: each of {links.inputs:,} feeds each of {links.outputs:,}"
    if own_in == own_out == 1:
        return f"a diagonal: each of {links.inputs:,} feeds one of its own"
    if own_in == 1:
        return f"depthwise: each of {links.inputs:,} feeds {own_out:,} of its own"
    return f"{links.groups:,} groups: in each {own_in:,} feed {own_out:,}"
