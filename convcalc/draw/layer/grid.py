"""Cells as SVG paths: few bytes for many cells."""

from __future__ import annotations

from collections.abc import Iterable

from convcalc.draw.svg import number

Blocks = list[range]  # runs of cells along an axis, by position


def cells(rows: Blocks, columns: Blocks, cell: float) -> str:
    """Return the path of the cells where rows and columns cross: the outline of each block, and the lines inside it.

    >>> cells([range(2)], [range(1, 2)], 10)
    'M10 0h10v20h-10zM10 10h10'
    """
    return "".join(_block(row, column, cell) for row in rows for column in columns)


def outlines(rows: Blocks, columns: Blocks, cell: float) -> str:
    """Return the path of the blocks without the lines inside.

    >>> outlines([range(2)], [range(1, 2)], 10)
    'M10 0h10v20h-10z'
    """
    return "".join(_outline(row, column, cell) for row in rows for column in columns)


def dots(rows: Iterable[float], columns: Iterable[float], cell: float, upright: bool) -> str:
    """Return the path of three dots in each cell, one below the other or side by side: elements are left out here.

    >>> dots([0], [0], 20, upright=False)
    'M2.5 8.5h3v3h-3zM8.5 8.5h3v3h-3zM14.5 8.5h3v3h-3z'
    """
    along = [(i * 0.3 * cell, 0.0) for i in (-1, 0, 1)]
    shifts = [(y, x) for x, y in along] if upright else along
    columns = list(columns)
    centres = [
        ((column + 0.5) * cell + x, (row + 0.5) * cell + y) for row in rows for column in columns for x, y in shifts
    ]
    return "".join(f"M{number(x - 1.5)} {number(y - 1.5)}h3v3h-3z" for x, y in centres)


def _outline(row: range, column: range, cell: float) -> str:
    width, height = number(len(column) * cell), number(len(row) * cell)
    return f"M{number(column.start * cell)} {number(row.start * cell)}h{width}v{height}h-{width}z"


def _block(row: range, column: range, cell: float) -> str:
    width, height, side = number(len(column) * cell), number(len(row) * cell), number(cell)
    left, top = number(column.start * cell), number(row.start * cell)
    path = _outline(row, column, cell)
    if len(column) > 1:
        path += f"M{number((column.start + 1) * cell)} {top}v{height}" + f"m{side}-{height}v{height}" * (
            len(column) - 2
        )
    if len(row) > 1:
        path += f"M{left} {number((row.start + 1) * cell)}h{width}" + f"m-{width} {side}h{width}" * (len(row) - 2)
    return path
