"""The columns that a network's table can have: what each is called, and where its value is in a row."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import NamedTuple

from convcalc.layers.base import Layer
from convcalc.layers.containers import Sequential
from convcalc.layers.conv import Conv
from convcalc.layers.printed import Printed
from convcalc.report import Figures, Row

Value = Callable[[Row], object]


class Figure(NamedTuple):
    """A column: its title, its value in a row, whether that is a number, and its value for the whole network."""

    title: str
    value: Value
    number: bool = False
    total: Callable[[Figures], object] | None = None
    optional: bool = False


def _sum(name: str, title: str) -> Figure:
    """A figure that the report totals."""
    return Figure(title, lambda row: getattr(row.figures, name), True, lambda totals: getattr(totals, name))


def _by_axis(name: str, title: str) -> Figure:
    """A figure of the receptive field: one value where the axes agree."""

    def value(row: Row) -> object:
        return along([getattr(field, name) for field in row.field])

    return Figure(title, value, True)


def along(values: Sequence[object]) -> object:
    """Values an axis each: one where all agree, else joined by x; None where one is missing, or there are none.

    >>> along([3, 3]), along([3, 5]), along([3, None]), along([])
    (3, '3x5', None, None)
    """
    if not values or None in values:
        return None
    return values[0] if len(set(values)) == 1 else "x".join(map(str, values))


def _unread(row: Row) -> object:
    return along([unread.elements for unread in row.unread])


def operation(layer: Layer) -> str:
    """The kind of layer in a word: of a row of single layers, that of the one with weights.

    >>> from convcalc import Linear
    >>> operation(Linear(120, 84))
    'Linear'
    """
    if isinstance(layer, Sequential) and layer.depth == 1:
        weighted = [part for part in layer.layers if getattr(part, "weight_shape", None) is not None]
        return operation(weighted[0]) if len(weighted) == 1 else "Sequential"
    return layer.kind if isinstance(layer, Printed) else type(layer).__name__


def shown_layer(layer: Layer) -> str:
    """The layer in PyTorch's words; a connection table, which has none, is named and not spelled out.

    >>> from convcalc import Conv2d
    >>> shown_layer(Conv2d(3, 16, 4))
    'Conv2d(3, 16, 4)'
    >>> shown_layer(Conv2d(2, 2, 1, table=((0,), (0, 1))))
    'Conv2d(2, 2, 1) with a connection table'
    """
    if isinstance(layer, Conv) and layer.table is not None:
        return f"{replace(layer, table=None)!r} with a connection table"
    return repr(layer)


def weight_or_window(row: Row) -> object:
    """The weight's shape; of a window with one factor for all of its taps, the window's; None where there is none.

    >>> from convcalc import Conv2d, trace
    >>> weight_or_window(trace(Conv2d(3, 16, 4), (1, 3, 28, 28)).rows[0])
    (16, 3, 4, 4)
    """
    if row.windows and (row.weight_shape is None or len(row.weight_shape) == 1):
        return "x".join(str(window.kernel_size) for window in row.windows)
    return row.weight_shape


COLUMNS: dict[str, Figure] = {
    "name": Figure("layer", lambda row: row.name),
    "layer": Figure("operation", lambda row: operation(row.layer), optional=True),
    "description": Figure("description", lambda row: shown_layer(row.layer)),
    "inputs": Figure("inputs", lambda row: ", ".join(row.inputs)),
    "input": Figure("input", lambda row: row.input),
    "output": Figure("output", lambda row: row.output),
    "kernel": Figure("kernel", weight_or_window),
    "parameters": _sum("parameters", "parameters"),
    "buffers": _sum("buffers", "buffers"),
    "connections": _sum("connections", "connections"),
    "macs": _sum("macs", "MACs"),
    "macs_exact": _sum("macs_exact", "exact MACs"),
    "flops": _sum("flops", "FLOPs"),
    "parameter_bytes": _sum("parameter_bytes", "parameters (B)"),
    "output_bytes": _sum("output_bytes", "output (B)"),
    "peak_bytes": _sum("peak_bytes", "peak (B)"),
    "training_bytes": _sum("training_bytes", "training (B)"),
    "receptive_field": _by_axis("size", "sees"),
    "jump": _by_axis("jump", "jump"),
    "start": _by_axis("start", "start"),
    "unread": Figure("unread", _unread, True),
    "dead_weights": _sum("dead_weights", "dead weights"),
    "shares": Figure("shares", lambda row: row.shares),
}
NETWORK = ("name", "layer", "output", "parameters", "macs", "receptive_field")
COUNTED = ("name", "layer", "parameters", "buffers", "output", "macs")  # where only those are known
LENET = ("name", "layer", "output", "kernel", "parameters", "connections", "macs")
