"""Find a row of a report by its name, and name the kind of its layer."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator

from convcalc.draw.text import TIMES
from convcalc.errors import ConvcalcError, quoted
from convcalc.layers.base import Layer
from convcalc.layers.containers import Sequential
from convcalc.layers.conv import Conv
from convcalc.layers.linear import Linear
from convcalc.layers.pool import Pool
from convcalc.report import Report, Row

NAMES_LISTED = 8
KINDS: dict[str, type[Layer]] = {"conv": Conv, "pool": Pool, "linear": Linear}


def row_named(report: Report, name: str) -> Row:
    """Return the row of a layer or block by its name, at any depth. Raise `ConvcalcError` if there is none.

    If no layer has such a name, pool3 is the third pool, conv3 the third convolution, and linear3 the third Linear.

    >>> from convcalc import Flatten, Linear, Sequential, trace
    >>> row_named(trace(Sequential(Flatten(), Linear(120, 84)), (1, 120)), "1").output
    (1, 84)
    >>> row_named(trace(Sequential(Flatten(), Linear(120, 84)), (1, 120)), "linear1").name
    '1'
    """
    rows = {row.name: row for row in every_row(report.rows)}
    if name in rows:
        return rows[name]
    counted = re.fullmatch("(conv|pool|linear)([1-9][0-9]{0,5})", name.lower())
    if counted:
        number = int(counted[2])
        alike = [row for row in report.leaves if isinstance(row.layer, KINDS[counted[1]])]
        if number <= len(alike):
            return alike[number - 1]
    from difflib import get_close_matches

    names = {known.lower(): known for known in rows}
    near = [quoted(names[match]) for match in get_close_matches(name.lower(), names, n=3)]
    known = ", ".join(map(quoted, list(rows)[:NAMES_LISTED])) + (", ..." if len(rows) > NAMES_LISTED else "")
    remedy = f"did you mean {' or '.join(near)}?" if near else f"the names are {known}" if rows else "it has none"
    raise ConvcalcError(f"{quoted(name)} is not a layer of this network: {remedy}")


def every_row(rows: Iterable[Row]) -> Iterator[Row]:
    """Return the rows and the rows inside them, a block before its parts.

    >>> from convcalc import Flatten, Linear, Sequential, trace
    >>> rows = trace(Sequential(Sequential(Flatten(), Linear(120, 84))), (1, 120)).rows
    >>> [row.name for row in every_row(rows)]
    ['0', '0.0', '0.1']
    """
    for row in rows:
        yield row
        yield from every_row(row.parts or ())


def kind_of(row: Row) -> str:
    """Return the kind of layer in a word or two; of a block with one layer that has a window or weights, that layer's.

    >>> from convcalc import Conv2d, ReLU, Sequential, trace
    >>> [kind_of(row) for row in trace(Sequential(Sequential(Conv2d(1, 1, 3), ReLU())), (1, 1, 5, 5)).rows]
    ['Conv2d 3\xd73']
    """
    if isinstance(row.layer, Sequential) and row.layer.depth == 1:
        telling = [part for part in row.parts or () if part.windows] or [
            part for part in row.parts or () if part.weight_shape is not None
        ]
        if len(telling) == 1:
            return kind_of(telling[0])
    kernel = getattr(row.layer, "kernel_size", None)
    words = type(row.layer).__name__
    return f"{words} {TIMES.join(map(str, kernel))}" if isinstance(kernel, tuple) else words
