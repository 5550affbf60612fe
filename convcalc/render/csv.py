"""Comma-separated values: a header, and a line a layer, with plain numbers, for pandas or a spreadsheet."""

from __future__ import annotations

import csv
from io import StringIO

from convcalc.render.sheet import Sheet


def text(sheet: Sheet) -> str:
    """The rows under the names of their columns; nothing stays empty, a shape is 1x3x224x224. No totals.

    >>> from convcalc.render.sheet import Column
    >>> print(text(Sheet((Column("layer", key="name"), Column("MACs", key="macs")), (("C1", 117600),))))
    name,macs
    C1,117600
    """
    out = StringIO()
    writer = csv.writer(out, lineterminator="\n")
    writer.writerow([column.key or column.title for column in sheet.columns])
    writer.writerows([_plain(cell) for cell in row] for row in sheet.rows)
    return out.getvalue().removesuffix("\n")


def _plain(cell: object) -> str:
    if isinstance(cell, tuple):
        return "x".join(map(str, cell))
    return "" if cell is None else str(cell)
