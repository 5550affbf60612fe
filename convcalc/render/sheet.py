"""Sheets: what a table holds, in words, before any format has touched it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, NamedTuple

from convcalc.layers.block import Sequential
from convcalc.layers.conv import Conv
from convcalc.layers.settings import counted
from convcalc.layers.windows import AXES, ELEMENTS
from convcalc.report import Report, Row

if TYPE_CHECKING:
    from convcalc.layers.base import Layer
    from convcalc.verify import Verification

DASH = "-"


class Column(NamedTuple):
    """A column's title, whether it holds numbers, whether it may go where there is no room, and its name in data."""

    title: str
    number: bool = False
    optional: bool = False
    key: str = ""


class Sheet(NamedTuple):
    """Rows of cells, each a value that a format writes in its own way; without titles, a list of labels and values."""

    columns: tuple[Column, ...]
    rows: tuple[tuple[object, ...], ...]
    footer: tuple[object, ...] = ()

    @property
    def headed(self) -> bool:
        """Whether the columns have titles."""
        return any(column.title for column in self.columns)

    @property
    def lines(self) -> tuple[tuple[str, ...], ...]:
        """The rows as people read them."""
        return tuple(tuple(map(shown, cells)) for cells in self.rows)

    @property
    def last_line(self) -> tuple[str, ...]:
        """The footer as people read it; empty where there is none."""
        return tuple(map(shown, self.footer))

    @property
    def widths(self) -> tuple[int, ...]:
        """Characters that each column needs."""
        titles = tuple(column.title for column in self.columns)
        lines = (titles, *self.lines, *([self.last_line] if self.footer else []))
        return tuple(max(map(len, cells)) for cells in zip(*lines, strict=True))

    def width(self, gap: int) -> int:
        """Characters that a line needs, with a gap between columns."""
        return sum(self.widths) + gap * (len(self.columns) - 1)

    def within(self, width: int, gap: int) -> Sheet:
        """The sheet, without its optional columns where it would be wider than ``width``."""
        if self.width(gap) <= width:
            return self
        kept = [number for number, column in enumerate(self.columns) if not column.optional]
        rows = tuple(tuple(row[number] for number in kept) for row in self.rows)
        footer = tuple(self.footer[number] for number in kept) if self.footer else ()
        return Sheet(tuple(self.columns[number] for number in kept), rows, footer)


def shown(value: object) -> str:
    """A value as people write it: thousands apart, shapes in brackets, a dash for nothing.

    >>> shown(122304), shown((1, 3)), shown(None), shown("C1")
    ('122,304', '[1, 3]', '-', 'C1')
    """
    if isinstance(value, tuple):
        return brackets(value)
    return f"{value:,}" if isinstance(value, int) else DASH if value is None else str(value)


LABELLED = (Column(""), Column(""))


def layer_sheet(row: Row, report: Report) -> Sheet:
    """Every figure of one layer, a line each.

    >>> from convcalc import Conv2d, trace
    >>> report = trace(Conv2d(3, 10, 4), (1, 3, 28, 28))
    >>> dict(layer_sheet(report.rows[0], report).rows)["parameters"]
    '490 (weights 480 + biases 10)'
    """
    figures = row.figures
    layer = row.layer
    lines = [("layer", shown_layer(layer))]
    if (pytorch := layer.in_pytorch()) not in (repr(layer), None):
        lines.append(("in PyTorch", str(pytorch)))
    lines += [("input", brackets(row.input)), ("output", brackets(row.output))]
    if row.weight_shape is not None:
        lines.append(("kernel", brackets(row.weight_shape) + _pairs(layer)))
    lines += [
        ("parameters", f"{figures.parameters:,} (weights {figures.weights:,} + biases {figures.biases:,})"),
        ("connections", shown(figures.connections)),
        ("MACs", f"{figures.macs:,} dense, {figures.macs_exact:,} exact"),
        ("FLOPs", f"{figures.flops:,}"),
    ]
    if row.field:
        jumps = (
            DASH if any(field.jump is None for field in row.field) else _by([field.jump or 0 for field in row.field])
        )
        sizes, starts = _by([field.size for field in row.field]), brackets(tuple(field.start for field in row.field))
        lines.append(("receptive field", f"{sizes}, jump {jumps}, start {starts}"))
    memory = f"{figures.parameter_bytes:,} bytes of parameters, {figures.output_bytes:,} of output"
    lines.append((f"memory ({report.dtype})", memory))
    if row.windows:
        lines.append(("stride", _stride(row)))
    lines += _unread(row)
    if figures.dead_weights:
        lines.append(("dead weights", f"{figures.dead_weights:,} of {figures.weights:,} only ever meet padding"))
    return Sheet(LABELLED, tuple(lines))


def network_sheet(report: Report) -> Sheet:
    """A row a layer, and the totals.

    >>> from convcalc import Linear, trace
    >>> network_sheet(trace(Linear(120, 84), (1, 120))).footer
    ('total', '', '', '', 10164, 10164, 10080)
    """
    from convcalc.render.columns import LENET, network_table

    return network_table(report, LENET, depth=1)


def totals_sheet(report: Report) -> Sheet:
    """The totals, a line each.

    >>> from convcalc import Linear, trace
    >>> totals_sheet(trace(Linear(120, 84), (1, 120))).rows[0]
    ('trainable parameters', '10,164')
    """
    totals = report.totals
    connections = shown(totals.connections)
    if report.connections_undefined:
        have = "has" if report.connections_undefined == 1 else "have"
        connections += f" ({counted(report.connections_undefined, 'layer')} {have} none to count)"
    return Sheet(
        LABELLED,
        (
            ("trainable parameters", f"{totals.parameters:,}"),
            ("fixed numbers (buffers)", f"{totals.buffers:,}"),
            ("connections", connections),
            ("MACs", f"{totals.macs:,} dense, {totals.macs_exact:,} exact"),
            ("FLOPs", f"{totals.flops:,}"),
            (
                f"memory ({report.dtype})",
                f"{totals.parameter_bytes:,} bytes of parameters, {totals.output_bytes:,} of outputs",
            ),
            (
                "peak, training",
                f"{totals.peak_bytes:,} bytes alive at once at most, {totals.training_bytes:,} kept to train",
            ),
        ),
    )


def verification_sheet(verification: Verification) -> Sheet:
    """Predicted beside observed, a line a figure.

    >>> from convcalc import Linear
    >>> from convcalc.verify import verify
    >>> sheet = verification_sheet(verify(Linear(2, 3), (1, 2)))
    >>> [row[2:] for row in sheet.rows if row[1] == "parameters"]
    [('9', '9', 'ok')]
    """
    columns = (
        Column("layer"),
        Column("figure"),
        Column("predicted", number=True),
        Column("observed", number=True),
        Column("result"),
    )
    rows = [
        (row.name, check.figure, shown(check.predicted), shown(check.observed), "ok" if check.agrees else "DIFFERS")
        for row in verification.rows
        for check in row.checks
        if check.predicted is not None or check.observed is not None
    ]
    return Sheet(columns, tuple(rows))


def verdict(verification: Verification) -> str:
    """What the execution showed, and which ways its convolutions went.

    >>> from convcalc import Linear
    >>> from convcalc.verify import verify
    >>> verdict(verify(Linear(2, 3), (1, 2))).split(", in ")[0]
    'Verified: every figure in this table is what was executed and counted'
    """
    counted_by_execution = f"executed and counted, in {verification.seconds:.3f} s"
    ways = [f"{name} ({counted(number, 'convolution')})" for name, number in verification.algorithms.items()]
    executed = f"Executed by {', '.join(ways)}.\n" if ways else ""
    if verification.agrees:
        return f"{executed}Verified: every figure in this table is what was {counted_by_execution}."
    differing = counted(verification.differing, "figure")
    return f"{executed}DIFFERS: {differing} predicted otherwise than {counted_by_execution}."


def operation(layer: Layer) -> str:
    """The kind of layer in a word: of a row of single layers, that of the one with weights.

    >>> from convcalc import Linear
    >>> operation(Linear(120, 84))
    'Linear'
    """
    if isinstance(layer, Sequential) and layer.depth == 1:
        weighted = [part for part in layer.layers if getattr(part, "weight_shape", None) is not None]
        return operation(weighted[0]) if len(weighted) == 1 else "Sequential"
    return type(layer).__name__


def brackets(shape: tuple[int, ...]) -> str:
    """A shape as people write it.

    >>> brackets((10, 16, 13, 13))
    '[10, 16, 13, 13]'
    """
    return f"[{', '.join(map(str, shape))}]"


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


def kernel(row: Row) -> object:
    """The weight's shape; of a window with one factor for all of its taps, the window's; None where there is none.

    >>> from convcalc import Conv2d, trace
    >>> kernel(trace(Conv2d(3, 16, 4), (1, 3, 28, 28)).rows[0])
    (16, 3, 4, 4)
    """
    if row.windows and (row.weight_shape is None or len(row.weight_shape) == 1):
        return _by([window.kernel_size for window in row.windows])
    return row.weight_shape


def _pairs(layer: Layer) -> str:
    if isinstance(layer, Conv) and layer.table is not None:
        return f", {layer.channel_pairs:,} of {layer.all_pairs:,} pairs of maps connected"
    return ""


def _by(numbers: Sequence[object]) -> str:
    return "x".join(map(str, numbers))


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
