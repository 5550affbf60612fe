"""The one walk over a network: from the shape of its input to the report of every layer."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from math import prod

from convcalc import formulas
from convcalc.errors import ConvcalcError
from convcalc.layers.base import Layer
from convcalc.layers.block import INPUT, SOURCE, Block, Node
from convcalc.layers.settings import Shape, shape
from convcalc.memory import with_memory
from convcalc.network import Network, as_network, opened
from convcalc.receptive_field import Field, union
from convcalc.report import DTYPE, ITEMSIZES, Figures, Report, Row, total
from convcalc.unread import unread


class LayerError(ConvcalcError):
    """A layer that refuses what it gets: its node, its number among all (from 1), and the report up to it."""

    def __init__(self, reason: str, node: Node, number: int, report: Report, place: str = "") -> None:
        super().__init__(f"layer {node.name!r}{place}: {reason}")
        self.reason = reason
        self.node = node
        self.number = number
        self.report = report

    def at(self, place: str, remedy: str = "") -> LayerError:
        """The same, saying also where the layer is, and what else would help."""
        return LayerError(self.reason + remedy, self.node, self.number, self.report, f" ({place})")


def trace(
    network: Network | Layer, input_shape: Sequence[int], dtype: str = DTYPE, seen: tuple[Field, ...] | None = None
) -> Report:
    """Walk the network once, from an input of that shape, and report every layer; memory is that of the dtype.

    ``seen`` is what a unit of the input sees, where it is not the input itself. `LayerError` where a layer of several
    refuses what it gets.

    >>> from convcalc import Conv2d
    >>> report = trace(Conv2d(3, 16, 4, stride=2), (10, 3, 28, 28))
    >>> report.output, report.totals.parameters, report.batch
    ((10, 16, 13, 13), 784, 10)
    """
    network = as_network(network)
    sizes = shape(input_shape)
    if dtype not in tuple(ITEMSIZES):
        raise ConvcalcError(f"dtype {dtype!r} is unknown: use one of {', '.join(ITEMSIZES)}")
    batched, spatial = network.axes(sizes)
    if seen is None:
        seen = tuple(Field(1, 1, 0, size) for size in sizes[len(sizes) - spatial :]) if spatial < len(sizes) else ()
    graph = opened(network)
    outputs, fields = {INPUT: sizes}, {INPUT: seen}
    first_use: dict[int, Row] = {}
    rows: list[Row] = []

    def report() -> Report:
        done = {row.name: row for row in with_memory(rows, sizes, ITEMSIZES[dtype])}
        leaving = {name: (outputs[leaf], fields[leaf]) for name, leaf in graph.leaving.items() if leaf in outputs}
        tree = _rows(network.nodes, "", INPUT, done, leaving)
        last = network.nodes[-1].name if network.nodes else INPUT
        notes = tuple(note for row in rows for note in row.notes)
        return Report(
            sizes, sizes[0] if batched and sizes else 1, dtype, tree, leaving.get(last, (sizes, ()))[1], notes
        )

    for number, node in enumerate(graph.leaves, start=1):
        known = first_use.get(id(node.layer))
        try:
            shapes = tuple(outputs[source] for source in node.inputs)
            layer = node.layer.bind(shapes[0]) if known is None else known.layer
            bound = node._replace(layer=layer)
            row = trace_node(bound, shapes, union([fields[source] for source in node.inputs]), batched, dtype)
        except ConvcalcError as error:
            if len(graph.leaves) == 1:
                raise
            raise LayerError(str(error), node, number, report()) from None
        if known is None:
            first_use[id(node.layer)] = row
        elif row.figures.parameters or row.figures.buffers:
            row = _shared(row, known.name)
        outputs[node.name], fields[node.name] = row.output, row.field
        rows.append(row)
    return report()


def trace_node(
    node: Node, input_shapes: Sequence[Shape], seen: tuple[Field, ...], batched: bool, dtype: str = DTYPE
) -> Row:
    """The row of a single layer, given the shapes of what feeds it and what a unit there sees.

    >>> from convcalc import Linear
    >>> trace_node(Node("F6", Linear(120, 84)), [(1, 120)], (), batched=True).output
    (1, 84)
    """
    layer, input_shape, itemsize = node.layer, input_shapes[0], ITEMSIZES[dtype]
    output = layer.output_shape(*input_shapes)
    windows = layer.windows(input_shape)
    example = as_batch(layer, input_shape, batched)
    macs = layer.macs(example)
    figures = Figures(
        weights=layer.weights,
        biases=layer.biases,
        parameters=layer.parameters,
        buffers=layer.buffers,
        connections=layer.connections(example),
        macs=macs,
        macs_exact=layer.macs(example, exact=True),
        flops=formulas.flops(macs),
        dead_weights=layer.dead_weights(example),
        parameter_bytes=formulas.size_in_bytes(layer.parameters, itemsize),
        output_bytes=formulas.size_in_bytes(prod(output), itemsize),
    )
    return Row(
        name=node.name,
        layer=layer,
        inputs=node.inputs,
        input_shapes=tuple(input_shapes),
        output=output,
        figures=figures,
        weight_shape=layer.weight_shape,
        windows=windows,
        unread=tuple(map(unread, windows)),
        seen=seen,
        field=layer.receptive_field(seen, input_shape),
        out_channels_assumed=node.out_channels_assumed,
    )


def as_batch(layer: Layer, input_shape: Shape, batched: bool) -> Shape:
    """The input shape with its batch: a layer of no rank cannot tell that there is none.

    >>> from convcalc import Linear
    >>> as_batch(Linear(8, 5), (4, 8), batched=False)
    (1, 4, 8)
    """
    return input_shape if batched or layer.rank is not None else (1, *input_shape)


def _shared(row: Row, first: str) -> Row:
    """The row of a layer that was used before: its numbers are counted there."""
    counted = {"weights": 0, "biases": 0, "parameters": 0, "buffers": 0, "dead_weights": 0, "parameter_bytes": 0}
    return row._replace(figures=row.figures._replace(**counted), shares=first)


def _rows(
    nodes: Sequence[Node],
    prefix: str,
    source: str,
    leaves: Mapping[str, Row],
    leaving: Mapping[str, tuple[Shape, tuple[Field, ...]]],
) -> tuple[Row, ...]:
    """The rows of nodes that stand side by side, blocks folded; those that were not reached are left out."""
    rows = []
    for node in nodes:
        name = prefix + node.name
        inputs = tuple(
            source if feeding == (SOURCE if prefix else INPUT) else prefix + feeding for feeding in node.inputs
        )
        if not isinstance(node.layer, Block):
            if name in leaves:
                rows.append(leaves[name]._replace(inputs=inputs))
            continue
        parts = _rows(node.layer.nodes, f"{name}.", inputs[0], leaves, leaving)
        if parts or name in leaving:
            rows.append(_block(node._replace(name=name, inputs=inputs), node.layer, parts, leaving))
    return tuple(rows)


def _block(
    node: Node, block: Block, parts: tuple[Row, ...], leaving: Mapping[str, tuple[Shape, tuple[Field, ...]]]
) -> Row:
    """One row for the block: its costs are its parts' together, its window and weight those of the one that has any."""
    input_shape, seen = leaving[node.inputs[0]]
    output, field = leaving.get(node.name) or (parts[-1].output, parts[-1].field)
    weighted = [part.weight_shape for part in parts if part.weight_shape is not None]
    windowed = [part for part in parts if part.windows]
    return Row(
        name=node.name,
        layer=block,
        inputs=node.inputs,
        input_shapes=(input_shape,),
        output=output,
        figures=total(part.figures for part in parts)._replace(
            output_bytes=parts[-1].figures.output_bytes if parts else 0
        ),
        weight_shape=weighted[0] if len(weighted) == 1 else None,
        windows=windowed[0].windows if len(windowed) == 1 else (),
        unread=windowed[0].unread if len(windowed) == 1 else (),
        seen=seen,
        field=field,
        out_channels_assumed=node.out_channels_assumed,
        parts=parts,
    )
