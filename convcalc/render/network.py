"""A whole network: a row for each layer, and the totals."""

from __future__ import annotations

from collections.abc import Sequence

from convcalc.layers.settings import counted
from convcalc.render.columns import COLUMNS
from convcalc.render.table import DASH, LABELLED, Column, Table, shown
from convcalc.report import Report

MOST_NAMED = 8  # layers without connections


def network_table(report: Report, columns: Sequence[str], depth: int | None) -> Table:
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
    return Table(
        tuple(
            Column(figure.title, figure.number, figure.optional, key)
            for key, figure in zip(columns, figures, strict=True)
        ),
        (start, *rows),
        footer,
    )


def totals_table(report: Report) -> Table:
    """The totals, a line each.

    >>> from convcalc import Linear, trace
    >>> totals_table(trace(Linear(120, 84), (1, 120))).rows[0]
    ('trainable parameters', '10,164')
    """
    totals = report.totals
    connections = shown(totals.connections)
    if undefined := report.without_connections:
        have = "has" if len(undefined) == 1 else "have"
        more = f" and {len(undefined) - MOST_NAMED} more" if len(undefined) > MOST_NAMED else ""
        named = f"{', '.join(undefined[:MOST_NAMED])}{more}"
        connections += f" ({counted(len(undefined), 'layer')} {have} none to count: {named})"
    return Table(
        LABELLED,
        (
            ("trainable parameters", shown(totals.parameters)),
            ("fixed numbers (buffers)", shown(totals.buffers)),
            ("connections", connections),
            ("MACs", _measured(totals.macs, "dense", totals.macs_exact, "exact")),
            ("FLOPs", shown(totals.flops)),
            (
                f"memory ({report.dtype})",
                _measured(totals.parameter_bytes, "bytes of parameters", totals.output_bytes, "of outputs"),
            ),
            (f"peak ({report.dtype})", _measured(totals.peak_bytes, "bytes alive at once at most")),
            (f"training ({report.dtype})", _measured(totals.training_bytes, "bytes kept for the backward pass")),
        ),
    )


def _measured(*parts: int | str | None) -> str:
    """Return figures, each before its words, separated by commas; a dash where none of them is known.

    >>> _measured(1536, "bytes of parameters", None, "of outputs")
    '1,536 bytes of parameters, - of outputs'
    """
    figures, words = parts[::2], parts[1::2]
    if not any(isinstance(figure, int) for figure in figures):
        return DASH
    return ", ".join(f"{shown(figure)} {word}" for figure, word in zip(figures, words, strict=True))
