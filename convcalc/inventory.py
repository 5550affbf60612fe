"""What is known of a network whose order of calls is not known: the parameters and buffers of every layer."""

from __future__ import annotations

from collections.abc import Iterable

from convcalc import formulas
from convcalc.errors import ConvcalcError
from convcalc.layers.base import Layer
from convcalc.layers.printed import PrintedBlock, PrintedLayer
from convcalc.notes import Note
from convcalc.report import DTYPE, ITEMSIZES, Figures, Report, Row, total


def inventory(layer: Layer, dtype: str = DTYPE, notes: Iterable[Note] = ()) -> Report:
    """Return a report of parameters and buffers; every shape, and every figure that needs one, is None.

    >>> from convcalc import Linear
    >>> report = inventory(PrintedBlock("Net", {"head": Linear(8, 2), "body": Linear(4, 8)}))
    >>> [(row.name, row.figures.parameters) for row in report.rows], report.totals.parameters, report.totals.macs
    ([('head', 18), ('body', 40)], 58, None)
    """
    row = _row("", layer, ITEMSIZES[dtype])
    rows = (row._replace(name=type(layer).__name__.lower()),) if row.parts is None else row.parts
    return Report(inputs=(), outputs=(), batch=None, dtype=dtype, rows=rows, notes=tuple(notes), input_names=())


def _row(name: str, layer: Layer, itemsize: int) -> Row:
    """The row of a module; of a block with the rows of what it holds."""
    parts = None
    if isinstance(layer, PrintedBlock):
        prefix = f"{name}." if name else ""
        pairs = zip(layer.names, layer.layers, strict=True)
        parts = tuple(_row(prefix + part_name, part, itemsize) for part_name, part in pairs)
    figures = _figures(_numbers(layer), itemsize) if parts is None else total(part.figures for part in parts)
    return Row(
        name=name,
        layer=layer,
        inputs=(),
        input_shapes=(),
        output=None,
        figures=figures if parts else _figures(_numbers(layer), itemsize),
        weight_shape=None if isinstance(layer, PrintedBlock | PrintedLayer) else layer.weight_shape,
        windows=(),
        seen=(),
        field=(),
        parts=parts,
    )


def _numbers(layer: Layer) -> tuple[int, int, int] | None:
    """Weights, biases and buffers; None where they are not known."""
    if isinstance(layer, PrintedBlock):
        return 0, 0, 0
    if isinstance(layer, PrintedLayer):
        return layer.numbers
    try:
        return layer.weights, layer.biases, layer.buffers
    except ConvcalcError:  # a Lazy layer has none before its first input
        return None


def _figures(numbers: tuple[int, int, int] | None, itemsize: int) -> Figures:
    weights, biases, buffers = numbers or (None, None, None)
    parameters = None if numbers is None else formulas.parameters(numbers[0], numbers[1])
    return Figures(
        weights=weights,
        biases=biases,
        parameters=parameters,
        buffers=buffers,
        connections=None,
        macs=None,
        macs_exact=None,
        flops=None,
        dead_weights=None,
        parameter_bytes=None if parameters is None else formulas.size_in_bytes(parameters, itemsize),
        output_bytes=None,
        peak_bytes=None,
        training_bytes=None,
    )
