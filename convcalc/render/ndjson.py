"""A JSON object a line, for `jq` and for streams."""

from __future__ import annotations

import json

from convcalc.render.sheet import Sheet


def text(sheet: Sheet) -> str:
    """A line a row, its values under the names of the columns. No totals.

    >>> from convcalc.render.sheet import Column
    >>> print(text(Sheet((Column("layer", key="name"), Column("output", key="output")), (("C1", (1, 6, 28, 28)),))))
    {"name": "C1", "output": [1, 6, 28, 28]}
    """
    keys = [column.key or column.title for column in sheet.columns]
    return "\n".join(json.dumps(dict(zip(keys, row, strict=True)), default=str) for row in sheet.rows)
