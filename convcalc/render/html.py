"""A table for a notebook."""

from __future__ import annotations

from collections.abc import Sequence
from html import escape

from convcalc.render.table import Table


def text(table: Table) -> str:
    """Titles, rows and totals; numbers to the right.

    >>> from convcalc.render.table import Column
    >>> print(text(Table((Column("layer"),), (("a<b",),))))
    <table>
    <thead><tr><th style="text-align:left">layer</th></tr></thead>
    <tbody>
    <tr><td style="text-align:left">a&lt;b</td></tr>
    </tbody>
    </table>
    """
    lines = ["<table>", f"<thead>{_row(table, 'th', [column.title for column in table.columns])}</thead>", "<tbody>"]
    lines += [_row(table, "td", cells) for cells in table.lines]
    lines.append("</tbody>")
    if table.footer:
        lines.append(f"<tfoot>{_row(table, 'th', table.last_line)}</tfoot>")
    return "\n".join([*lines, "</table>"])


def _row(table: Table, tag: str, cells: Sequence[str]) -> str:
    sides = ("right" if column.number else "left" for column in table.columns)
    inside = (
        f'<{tag} style="text-align:{side}">{escape(cell)}</{tag}>' for cell, side in zip(cells, sides, strict=True)
    )
    return f"<tr>{''.join(inside)}</tr>"
