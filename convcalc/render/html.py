"""A table for a notebook."""

from __future__ import annotations

from collections.abc import Sequence
from html import escape

from convcalc.render.sheet import Sheet


def text(sheet: Sheet) -> str:
    """Titles, rows and totals; numbers to the right.

    >>> from convcalc.render.sheet import Column
    >>> print(text(Sheet((Column("layer"),), (("a<b",),))))
    <table>
    <thead><tr><th style="text-align:left">layer</th></tr></thead>
    <tbody>
    <tr><td style="text-align:left">a&lt;b</td></tr>
    </tbody>
    </table>
    """
    lines = ["<table>", f"<thead>{_row(sheet, 'th', [column.title for column in sheet.columns])}</thead>", "<tbody>"]
    lines += [_row(sheet, "td", cells) for cells in sheet.lines]
    lines.append("</tbody>")
    if sheet.footer:
        lines.append(f"<tfoot>{_row(sheet, 'th', sheet.last_line)}</tfoot>")
    return "\n".join([*lines, "</table>"])


def _row(sheet: Sheet, tag: str, cells: Sequence[str]) -> str:
    sides = ("right" if column.number else "left" for column in sheet.columns)
    inside = (
        f'<{tag} style="text-align:{side}">{escape(cell)}</{tag}>' for cell, side in zip(cells, sides, strict=True)
    )
    return f"<tr>{''.join(inside)}</tr>"
