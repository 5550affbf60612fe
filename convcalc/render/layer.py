"""One layer, every figure of it: what `convcalc shape` shows."""

from __future__ import annotations

from collections.abc import Sequence

from convcalc.layers.base import Layer
from convcalc.layers.conv import Conv
from convcalc.layers.windows import AXES, ELEMENTS
from convcalc.render.columns import shown_layer
from convcalc.render.table import DASH, LABELLED, Table, brackets, shown
from convcalc.report import Report, Row


def layer_table(row: Row, report: Report) -> Table:
    """Every figure of one layer, a line each.

    >>> from convcalc import Conv2d, trace
    >>> report = trace(Conv2d(3, 10, 4), (1, 3, 28, 28))
    >>> dict(layer_table(report.rows[0], report).rows)["parameters"]
    '490 (weights 480 + biases 10)'
    """
    figures = row.figures
    layer = row.layer
    lines = [("layer", shown_layer(layer))]
    if (pytorch := layer.in_pytorch()) not in (repr(layer), None):
        lines.append(("in PyTorch", str(pytorch)))
    lines += [("input", brackets(row.input)), ("output", brackets(row.output) + _assumed(row))]
    if row.weight_shape is not None:
        lines.append(("kernel", brackets(row.weight_shape) + _pairs(layer)))
    lines += [
        ("parameters", f"{figures.parameters:,} (weights {figures.weights:,} + biases {figures.biases:,})"),
        ("connections", shown(figures.connections)),
        ("MACs", f"{figures.macs:,} dense, {figures.macs_exact:,} exact"),
        ("FLOPs", f"{figures.flops:,}"),
    ]
    if row.field:
        figures_by_axis = zip(*(field[:3] for field in row.field), strict=True)
        sizes, jumps, starts = (None if None in values else values for values in figures_by_axis)
        lines.append(
            (
                "receptive field",
                f"{_by_axis(sizes)}, jump {_by_axis(jumps)}, start {brackets(starts) if starts else DASH}",
            )
        )
    memory = f"{figures.parameter_bytes:,} bytes of parameters, {figures.output_bytes:,} of output"
    lines.append((f"memory ({report.dtype})", memory))
    if row.windows:
        lines.append(("stride", _stride(row)))
    lines += _unread(row)
    if figures.dead_weights:
        lines.append(("dead weights", f"{figures.dead_weights:,} of {figures.weights:,} only ever meet padding"))
    return Table(LABELLED, tuple(lines))


def _assumed(row: Row) -> str:
    """Say in the row of the output that nobody gave its channels."""
    if not row.out_channels_assumed:
        return ""
    return f" (out_channels was not given: {row.layer.spelled('out_channels')} assumed)"


def _pairs(layer: Layer) -> str:
    if isinstance(layer, Conv) and layer.table is not None:
        return f", {layer.channel_pairs:,} of {layer.all_pairs:,} pairs of maps connected"
    return ""


def _by_axis(numbers: Sequence[object] | None) -> str:
    return DASH if numbers is None else "x".join(map(str, numbers))


def _stride(row: Row) -> str:
    if not any(row.leftover):
        return "divides evenly"
    axes = zip(AXES[len(row.windows)], row.leftover, strict=True)
    left = ", ".join(f"{left:,} along {axis}" for axis, left in axes if left)
    return f"does not divide evenly: left over behind the last window {left}"


def _unread(row: Row) -> list[tuple[str, str]]:
    lines = []
    for axis, window, unread in zip(AXES[len(row.windows)], row.windows, row.unread, strict=True):
        if unread.elements is None:
            lines.append((f"unread {ELEMENTS[axis]}", "not counted: too much padding to walk"))
        elif unread.elements:
            ranges = ", ".join(f"{first}" if first == last else f"{first}-{last}" for first, last in unread.ranges)
            more = "" if unread.are_all_listed else ", ..."
            lines.append(
                (f"unread {ELEMENTS[axis]}", f"{unread.elements:,} of {window.size:,}: index {ranges}{more} (from 0)")
            )
    return lines
