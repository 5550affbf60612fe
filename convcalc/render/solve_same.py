"""The answers to --same: the document, the table, and the lines around it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from convcalc.layers.settings import Shape, by
from convcalc.render.solve_words import Document, Lines, cell, number_columns
from convcalc.render.table import Table

if TYPE_CHECKING:
    from convcalc.solve.same import SameRow


def same_table(rows: Sequence[SameRow]) -> Table:
    """A row a setting: the sides, and one number where one does.

    >>> from convcalc.solve.same import same
    >>> same_table(same((28,), (4,))).rows
    ((4, 1, 1, '1:2', None, (28,)),)
    """
    titles = ("kernel", "stride", "dilation", "padding", "symmetric", "output")
    keys = ("kernel_size", "stride", "dilation", "padding", "symmetric", "output")
    cells = [
        (
            cell(row.kernel_size),
            cell(row.stride),
            cell(row.dilation),
            cell([before if before == after else f"{before}:{after}" for before, after in row.sides]),
            cell(row.symmetric or [None]),
            row.output,
        )
        for row in rows
    ]
    return Table(number_columns(titles, keys), tuple(cells))


def same_lines(sizes: Shape, rows: Sequence[SameRow], limit: int) -> Lines:
    """What was asked, and what the columns are.

    >>> from convcalc.solve.same import same
    >>> same_lines((28,), same((28,), (4,)), 20)[0]
    ['The padding that keeps 28']
    """
    keeps = all(row.output == sizes for row in rows)
    before = [f"The padding that keeps {by(sizes)}" + ("" if keeps else ", or divides it by the stride (rounded up)")]
    behind = [f"{limit:,} of {len(rows):,} shown (--limit shows more)."] if limit < len(rows) else []
    behind.append("padding: the fewest zeros, before:after, as TensorFlow's SAME (and PyTorch's 'same') has them.")
    behind.append("symmetric: the smallest padding with as many zeros on both sides that gives the same size.")
    behind.append("Each was checked by the forward formula.")
    return before, behind


def same_document(sizes: Shape, rows: Sequence[SameRow]) -> Document:
    """The question and its rows.

    >>> from convcalc.solve.same import same
    >>> same_document((28,), same((28,), (3,)))["answers"][0]["padding"]
    [[1, 1]]
    """
    return {
        "question": {"same": list(sizes)},
        "answers": [
            {
                "layer": repr(row.layer),
                "pytorch": row.layer.in_pytorch(),
                "kernel_size": list(row.kernel_size),
                "stride": list(row.stride),
                "dilation": list(row.dilation),
                "padding": [list(pair) for pair in row.sides],
                "symmetric": None if row.symmetric is None else list(row.symmetric),
                "output": list(row.output),
                "divides": list(row.divides),
            }
            for row in rows
        ],
    }
