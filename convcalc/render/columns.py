"""The columns that a network's table can have: what each is called, and where its value is in a row."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import NamedTuple

from convcalc.render.sheet import Column, Sheet, kernel, operation, shown_layer
from convcalc.report import Figures, Report, Row

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


COLUMNS: dict[str, Figure] = {
    "name": Figure("layer", lambda row: row.name),
    "layer": Figure("operation", lambda row: operation(row.layer), optional=True),
    "description": Figure("description", lambda row: shown_layer(row.layer)),
    "inputs": Figure("inputs", lambda row: ", ".join(row.inputs)),
    "input": Figure("input", lambda row: row.input),
    "output": Figure("output", lambda row: row.output),
    "kernel": Figure("kernel", kernel),
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
LENET = ("name", "layer", "output", "kernel", "parameters", "connections", "macs")


def network_table(report: Report, columns: Sequence[str], depth: int | None) -> Sheet:
    """A row a layer, blocks below the depth folded, behind a row for the input; the totals are the footer.

    >>> from convcalc import Linear, trace
    >>> network_table(trace(Linear(120, 84), (1, 120)), ["name", "parameters"], 1).footer
    ('total', 10164)
    """
    figures = [COLUMNS[name] for name in columns]
    totals = report.totals
    rows = tuple(tuple(figure.value(row) for figure in figures) for row in report.at_depth(depth))
    start = tuple({"name": "input", "output": report.input}.get(name) for name in columns)
    footer = tuple(
        figure.total(totals) if figure.total else "total" if number == 0 else ""
        for number, figure in enumerate(figures)
    )
    return Sheet(
        tuple(
            Column(figure.title, figure.number, figure.optional, key)
            for key, figure in zip(columns, figures, strict=True)
        ),
        (start, *rows),
        footer,
    )
