"""The walk over a network: from the shapes of its inputs to the report of every layer."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from math import prod

from convcalc import formulas
from convcalc.channels import channels_last_note
from convcalc.errors import ConvcalcError
from convcalc.layers.base import Layer
from convcalc.layers.block import Node, Opened, Place, Step, as_batch, axes_of, opened, steps
from convcalc.layers.settings import Shape, counted, shape
from convcalc.memory import homes, with_memory
from convcalc.network import as_network
from convcalc.notes import Note
from convcalc.receptive_field import Field, reason_unknown, union
from convcalc.report import DTYPE, ITEMSIZES, Figures, Report, Row, total


class LayerError(ConvcalcError):
    """A layer that refuses its input: its node, its number among the single layers (from 1), the report up to it."""

    def __init__(self, reason: str, node: Node, number: int, report: Report, place: str = "") -> None:
        super().__init__(f"layer {node.name!r}{place}: {reason}", report.notes)
        self.reason = reason
        self.node = node
        self.number = number
        self.report = report

    def at(self, place: str, remedy: str = "") -> LayerError:
        """Return the same error that also says where the layer is, and what else would help."""
        return LayerError(self.reason + remedy, self.node, self.number, self.report, f" ({place})")


def trace(network: Layer, *input_shapes: Sequence[int], dtype: str = DTYPE) -> Report:
    """Walk the network once, from inputs of these shapes, and report every layer; memory is that of the dtype.

    A network of several inputs takes a shape for each, in order. `LayerError` where a layer of several refuses its
    input, `ConvcalcError` where a single layer does.

    >>> from convcalc import Conv2d
    >>> report = trace(Conv2d(3, 16, 4, stride=2), (10, 3, 28, 28))
    >>> report.output, report.totals.parameters, report.batch
    ((10, 16, 13, 13), 784, 10)
    """
    block = as_network(network)
    shapes = tuple(map(shape, input_shapes))
    if len(shapes) != len(block.inputs):
        raise ConvcalcError(
            f"the network takes {counted(len(block.inputs), 'input')}, {len(shapes)} given: give a shape for each"
        )
    if dtype not in tuple(ITEMSIZES):
        raise ConvcalcError(f"dtype {dtype!r} is unknown: use one of {', '.join(ITEMSIZES)}")
    batched, _ = axes_of(block, shapes[0])
    graph = opened(block)
    fields = dict(zip(graph.inputs, (_unit(sizes, axes_of(block, sizes)[1]) for sizes in shapes), strict=True))
    first_use: dict[int, str] = {}
    rows: list[Row] = []
    refusal = None
    try:
        for step in steps(graph, shapes):
            seen = step.layer.seen([fields[source] for source in step.inputs], step.input_shapes)
            row = trace_step(step, seen, batched, dtype)
            known = first_use.setdefault(id(step.layer), row.name)
            if known != row.name and (row.figures.parameters or row.figures.buffers):
                row = _shared(row, known)
            fields[row.name] = row.field
            rows.append(row)
    except ConvcalcError as error:
        if len(graph.leaves) == 1:
            raise
        refusal = error
    report = _report(graph, shapes, with_memory(rows, graph, shapes, ITEMSIZES[dtype]), fields, batched, dtype)
    doubts = [note for sizes in shapes for note in channels_last_note(sizes, axes_of(block, sizes)[1])]
    report = report._replace(notes=(*doubts, *report.notes))
    if refusal is not None:
        raise LayerError(str(refusal), graph.leaves[len(rows)], len(rows) + 1, report) from None
    return report


def _unit(sizes: Shape, spatial: int) -> tuple[Field, ...]:
    """What a unit of an input sees: itself."""
    return tuple(Field(1, 1, 0, size) for size in sizes[len(sizes) - spatial :]) if spatial < len(sizes) else ()


def _report(
    graph: Opened,
    shapes: tuple[Shape, ...],
    leaves: Sequence[Row],
    fields: Mapping[str, tuple[Field, ...]],
    batched: bool,
    dtype: str,
) -> Report:
    """The report of the layers that were reached."""
    done = {row.name: row for row in leaves}
    given = dict(zip(graph.inputs, shapes, strict=True))
    outputs = given | {row.name: row.output for row in leaves}
    home = homes(graph)
    rows = _rows(graph.places, done, home, outputs, fields)
    reached = [name for name in graph.outputs if name in outputs]
    return Report(
        inputs=shapes,
        outputs=tuple(outputs[name] for name in reached) or (rows[-1].output if rows else shapes[0],),
        batch=shapes[0][0] if batched and shapes[0] else 1,
        dtype=dtype,
        rows=rows,
        field=fields[reached[0]] if reached else (),
        notes=tuple(note for row in leaves for note in row.notes),
        input_names=graph.inputs,
        output_names=graph.output_names,
    )


def trace_step(step: Step, seen: tuple[Field, ...], batched: bool, dtype: str = DTYPE) -> Row:
    """Return the row of a single layer at work, given what a unit of its input sees.

    >>> from convcalc import Linear
    >>> trace_step(Step("F6", Linear(120, 84), ("input",), ((1, 120),), (1, 84)), (), batched=True).figures.macs
    10080
    """
    layer, input_shape, itemsize = step.layer, step.input_shapes[0], ITEMSIZES[dtype]
    windows = layer.windows(input_shape)
    example = as_batch(layer, input_shape, batched)
    macs = layer.macs(example)
    weights, biases, parameters = layer.weights, layer.biases, layer.parameters
    figures = Figures(
        weights=weights,
        biases=biases,
        parameters=parameters,
        buffers=layer.buffers,
        connections=layer.connections(example),
        macs=macs,
        macs_exact=layer.macs(example, exact=True),
        flops=formulas.flops(macs),
        dead_weights=layer.dead_weights(example),
        parameter_bytes=formulas.size_in_bytes(parameters, itemsize),
        output_bytes=0 if layer.aliases else formulas.size_in_bytes(prod(step.output), itemsize),
    )
    field = layer.receptive_field(seen, input_shape)
    unknown = reason_unknown(seen, field)
    return Row(
        name=step.name,
        layer=layer,
        inputs=step.inputs,
        input_shapes=step.input_shapes,
        output=step.output,
        figures=figures,
        weight_shape=layer.weight_shape,
        windows=windows,
        seen=seen,
        field=field,
        out_channels_assumed=step.out_channels_assumed,
        notes=_assumptions(step) + ((Note("unknown", step.name, unknown),) if unknown else ()),
    )


def _assumptions(step: Step) -> tuple[Note, ...]:
    """Say what nobody gave of a layer."""
    if not step.out_channels_assumed:
        return ()
    out_channels = getattr(step.layer, "out_channels", None)
    if out_channels is None:
        return ()
    return (Note("assumed", step.name, f"--out was not given, so out_channels is {out_channels}"),)


def _shared(row: Row, first: str) -> Row:
    """The row of a layer that was used before: its numbers are counted there."""
    counted = {"weights": 0, "biases": 0, "parameters": 0, "buffers": 0, "dead_weights": 0, "parameter_bytes": 0}
    return row._replace(figures=row.figures._replace(**counted), shares=first)


def _rows(
    places: Sequence[Place],
    done: Mapping[str, Row],
    home: Mapping[str, str],
    outputs: Mapping[str, Shape],
    fields: Mapping[str, tuple[Field, ...]],
) -> tuple[Row, ...]:
    """The rows of places side by side, blocks folded; those that were not reached are left out."""
    rows = []
    for place in places:
        if place.parts is None:
            if place.name in done:
                rows.append(done[place.name]._replace(inputs=place.inputs))
            continue
        parts = _rows(place.parts, done, home, outputs, fields)
        if parts or place.leaving in outputs:
            rows.append(_block(place, parts, done, home, outputs, fields))
    return tuple(rows)


def _block(
    place: Place,
    parts: tuple[Row, ...],
    done: Mapping[str, Row],
    home: Mapping[str, str],
    outputs: Mapping[str, Shape],
    fields: Mapping[str, tuple[Field, ...]],
) -> Row:
    """One row for the block: its costs are its parts' together, its window and weight those of the one that has any."""
    last = place.leaving if place.leaving in outputs else parts[-1].leaves[-1].name
    weighted = [part.weight_shape for part in parts if part.weight_shape is not None]
    windowed = [part for part in parts if part.windows]
    made = home[last].startswith(f"{place.name}.")
    return Row(
        name=place.name,
        layer=place.node.layer,
        inputs=place.inputs,
        input_shapes=tuple(outputs[source] for source in place.fed),
        output=outputs[last],
        figures=total(part.figures for part in parts)._replace(
            output_bytes=done[home[last]].figures.output_bytes if made else 0
        ),
        weight_shape=weighted[0] if len(weighted) == 1 else None,
        windows=windowed[0].windows if len(windowed) == 1 else (),
        seen=union([fields[source] for source in place.fed], [outputs[source] for source in place.fed]),
        field=fields[last],
        out_channels_assumed=place.node.out_channels_assumed,
        parts=parts,
    )
