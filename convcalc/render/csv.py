"""Comma-separated values: a header, and a line a layer, with plain numbers, for pandas or a spreadsheet."""

from __future__ import annotations

import csv
from collections.abc import Iterable, Iterator, Sequence
from io import StringIO

from convcalc.render.table import Column, Table


def text(table: Table) -> str:
    """The rows under the names of their columns; nothing stays empty, a shape is 1x3x224x224. No totals.

    >>> print(text(Table((Column("layer", key="name"), Column("MACs", key="macs")), (("C1", 117600),))))
    name,macs
    C1,117600
    """
    return "\n".join(lines(table.columns, table.rows))


def lines(columns: Sequence[Column], rows: Iterable[Sequence[object]]) -> Iterator[str]:
    """The same, a line at a time, as the rows come.

    >>> next(lines((Column("layer", key="name"), Column("MACs", key="macs")), ()))
    'name,macs'
    """
    yield _line([column.key or column.title for column in columns])
    for row in rows:
        yield _line([_plain(cell) for cell in row])


def _line(cells: Sequence[str]) -> str:
    out = StringIO()
    csv.writer(out, lineterminator="").writerow(cells)
    return out.getvalue()


def _plain(cell: object) -> str:
    if isinstance(cell, tuple):
        return "x".join(map(str, cell))
    return "" if cell is None else str(cell)
