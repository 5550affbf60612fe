"""A JSON object a line, for `jq` and for streams."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Sequence

from convcalc.render.table import Column, Table


def text(table: Table) -> str:
    """A line a row, its values under the names of the columns. No totals.

    >>> print(text(Table((Column("layer", key="name"), Column("output", key="output")), (("C1", (1, 6, 28, 28)),))))
    {"name": "C1", "output": [1, 6, 28, 28]}
    """
    return "\n".join(lines(table.columns, table.rows))


def lines(columns: Sequence[Column], rows: Iterable[Sequence[object]]) -> Iterator[str]:
    """The same, a line at a time, as the rows come.

    >>> list(lines((Column("layer", key="name"),), [("C1",)]))
    ['{"name": "C1"}']
    """
    keys = [column.key or column.title for column in columns]
    for row in rows:
        yield json.dumps(dict(zip(keys, row, strict=True)), default=str)
