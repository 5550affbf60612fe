"""Part of the padded input, with its elements sorted by residue modulo the stride, so that each tap reads long runs."""

from __future__ import annotations

from functools import lru_cache

import numpy as np

from convcalc.ops.problem import ConvAxis, ConvProblem
from convcalc.ops.sliding import Array, meeting, pad


def band_shape(problem: ConvProblem, rows: int) -> tuple[int, int, int, int]:
    """Return (row residues, column residues, rows of each, columns of each) that so many rows of outputs read.

    >>> side = ConvAxis(8, 1, 1, kernel_size=3, stride=2, dilation=1, output_size=4)
    >>> band_shape(ConvProblem(1, 1, 1, 1, (side, side)), rows=2)
    (2, 2, 3, 5)
    """
    down, across = problem.rows, problem.columns
    return len(down.phases()), len(across.phases()), down.elements(rows), across.elements(across.output_size)


def fill_band(problem: ConvProblem, x: Array, windows: slice, band: Array) -> None:
    """Copy what these rows of outputs read from x (n, c, H, W) to the band (n, c, *band_shape).

    >>> side = ConvAxis(3, 1, 1, kernel_size=3, stride=1, dilation=1, output_size=3)
    >>> band = np.empty((1, 1, 1, 1, 3, 5))
    >>> fill_band(ConvProblem(1, 1, 1, 1, (side, side)), np.arange(1, 10).reshape(1, 1, 3, 3), slice(0, 1), band)
    >>> band[0, 0, 0, 0].astype(int).tolist()
    [[0, 0, 0, 0, 0], [0, 1, 2, 3, 0], [0, 4, 5, 6, 0]]
    """
    high, wide = band.shape[-2:]
    for i, down in enumerate(problem.rows.phases()):
        for j, across in enumerate(problem.columns.phases()):
            part = band[:, :, i, j]
            rows, from_rows = inside(problem.rows, down.residue, windows.start, high)
            columns, from_columns = inside(problem.columns, across.residue, 0, wide)
            part[:, :, rows, columns] = x[:, :, from_rows, from_columns]
            if rows.stop - rows.start == high and columns.stop - columns.start == wide:
                continue
            if problem.padding_mode == "zeros":
                _zero_outside(part, rows, columns)
            else:
                above = copied(problem.rows, down.residue, windows.start, high, problem.padding_mode)
                beside = copied(problem.columns, across.residue, 0, wide, problem.padding_mode)
                _copy_outside(part, x, rows, columns, above, beside)


@lru_cache(128)
def inside(axis: ConvAxis, residue: int, first: int, count: int) -> tuple[slice, slice]:
    """Return which of ``count`` elements of a residue, from window ``first`` on, lie on the input, and where there.

    >>> inside(ConvAxis(8, 1, 1, kernel_size=3, stride=2, dilation=1, output_size=4), residue=0, first=0, count=5)
    (slice(1, 5, None), slice(1, 8, 2))
    """
    return meeting(first * axis.stride + residue - axis.before, axis.stride, axis.size, count)


def _zero_outside(part: Array, rows: slice, columns: slice) -> None:
    high, wide = part.shape[-2:]
    if rows.start > 0:
        part[..., : rows.start, :] = 0
    if rows.stop < high:
        part[..., rows.stop :, :] = 0
    if columns.start > 0:
        part[..., rows, : columns.start] = 0
    if columns.stop < wide:
        part[..., rows, columns.stop :] = 0


def _copy_outside(part: Array, x: Array, rows: slice, columns: slice, above: Array, beside: Array) -> None:
    """Fill what lies outside these rows and columns with copies, one line at a time."""
    for row in (*range(rows.start), *range(rows.stop, len(above))):
        part[:, :, row] = x[:, :, above[row]][..., beside]
    for column in (*range(columns.start), *range(columns.stop, len(beside))):
        part[:, :, rows, column] = x[:, :, above[rows], beside[column]]


def copied(axis: ConvAxis, residue: int, first: int, count: int, mode: str) -> Array:
    """Return which elements a copying mode puts at ``count`` elements of a residue, from window ``first`` on.

    >>> copied(ConvAxis(3, 2, 0, kernel_size=1, stride=1, dilation=1, output_size=5), 0, 0, 5, "reflect").tolist()
    [2, 1, 0, 1, 2]
    """
    padded = pad(np.arange(axis.size), [(axis.before, axis.after)], mode)
    wanted = np.arange(first, first + count) * axis.stride + residue
    return padded[np.minimum(wanted, len(padded) - 1)]
