"""Larger kernels that are a column times a row: two matrix products, with the weights along a band of the matrix.

A block of rows becomes its sums down the columns by one product with a Toeplitz matrix (Golub and Van Loan, "Matrix
Computations", section 4.7) that has the column's weights in every row, a stride further each; a block of columns
becomes its sums along the rows likewise. Stride and dilation lie in the matrices. They hold more zeros than weights,
and BLAS is still faster than passes over the tile.
"""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np

from convcalc.filter.arithmetic import Sums
from convcalc.filter.border import Side
from convcalc.filter.kernel import Number, separated
from convcalc.filter.ways import taps
from convcalc.filter.ways.exact import repaired
from convcalc.filter.ways.problem import Problem, planes, toeplitz
from convcalc.ops.scratch import carve, floats_of
from convcalc.ops.sliding import Array

ROWS, COLUMNS = 16, 32  # places of one product
TILE = (128, 512)  # places at once, where the kernel is not larger
MOST_FLOATS = 3 * 2**20  # scratch of one thread
START, PRODUCT = 15.0, 0.45  # the time of laying out, and of one product in float32, in the time of a tap of int16


class Bands(NamedTuple):
    """One kernel's work: the matrices of its column and its row, and what they need."""

    problem: Problem
    down: Array  # (places, rows)
    across: Array  # (columns, places)
    tile: Side
    floats: int
    temporary: int  # bytes
    taps: taps.Taps | None  # for tiles with sums that are not finite; None where all are

    def sums(self, x: Array, rows: slice, columns: slice, scratch: Array) -> Array:
        """The sums (rows, columns, channels) at these places of x (H, W, channels), laid in the scratch."""
        problem, dtype = self.problem, self.down.dtype
        count = (rows.stop - rows.start, columns.stop - columns.start)
        high, wide = problem.read(count)
        out, scratch = carve(scratch, (problem.channels, *count), dtype)
        middle, rest = carve(scratch, (problem.channels, count[0], wide), dtype)
        seen, _ = carve(rest, (problem.channels, high, wide), dtype)
        planes(problem, x, rows, columns, seen)
        for first in range(0, count[0], ROWS):
            matrix = _part(self.down, count[0] - first, problem.stride[0])
            start = first * problem.stride[0]
            met = seen[:, start : start + matrix.shape[1]]
            np.matmul(matrix, met, out=middle[:, first : first + len(matrix)])
        sheet, lines = middle.reshape(-1, wide), out.reshape(-1, count[1])
        for first in range(0, count[1], COLUMNS):
            matrix = _part(self.across.T, count[1] - first, problem.stride[1]).T
            start = first * problem.stride[1]
            met = sheet[:, start : start + len(matrix)]
            np.matmul(met, matrix, out=lines[:, first : first + matrix.shape[1]])
        if self.taps is not None:
            repaired(self.taps, out, x, rows, columns, scratch)
        return out.transpose(1, 2, 0)


def prepare(problem: Problem, sums: Sums, tile: Side | None = None) -> Bands:
    """What a kernel that is separable takes.

    >>> from convcalc.filter.arithmetic import sums
    >>> soft = sums(((1, 2, 1), (2, 4, 2), (1, 2, 1)), np.dtype(np.uint8))
    >>> problem = Problem((3, 3), (1, 1), (1, 1), "valid", ((0, 0), (0, 0)), (1, 1), channels=1, stored=1)
    >>> work = prepare(problem, soft)
    >>> x = np.array([[[0], [0], [9]]] * 3, np.uint8)
    >>> work.sums(x, slice(0, 1), slice(0, 1), np.empty(work.floats, np.float32)).tolist()
    [[[36.0]]]
    """
    column, row = _factors(sums)
    dtype = sums.floating
    exact = taps.prepare(problem, sums) if not sums.reach else None
    if tile is None:
        tile = _tile(problem, dtype)
    down = toeplitz(column, min(ROWS, problem.places[0]), problem.stride[0], problem.dilation[0], dtype)
    across = toeplitz(row, min(COLUMNS, problem.places[1]), problem.stride[1], problem.dilation[1], dtype)
    floats = _floats(problem, dtype, tile) + (exact.floats if exact else 0)
    return Bands(problem, down, np.ascontiguousarray(across.T), tile, floats, 0, exact)


def fits(problem: Problem, sums: Sums) -> bool:
    """Whether a kernel can be summed so: a column times a row, exactly where exactness is due, in bounded scratch."""
    if (sums.whole and sums.reach >= 2**53) or separated(sums.weights) is None:
        return False
    return _floats(problem, sums.floating, _tile(problem, sums.floating)) <= MOST_FLOATS


def cost(problem: Problem, sums: Sums) -> float:
    """How long a place takes, in the time of a tap of int16: the numbers that the matrices meet it with.

    >>> from convcalc.filter.arithmetic import sums
    >>> soft = sums(((1, 2, 1), (2, 4, 2), (1, 2, 1)), np.dtype(np.uint8))
    >>> problem = Problem((3, 3), (1, 1), (1, 1), "zeros", ((1, 1), (1, 1)), (99, 99), channels=1, stored=1)
    >>> round(cost(problem, soft), 1)  # 15 + 0.45 * (16 + 2 + 32 + 2)
    38.4
    """
    down, across = ROWS * problem.stride[0] + problem.span[0] - 1, COLUMNS * problem.stride[1] + problem.span[1] - 1
    return START + PRODUCT * (down * problem.stride[1] + across) * (sums.floating.itemsize // 4)


def _factors(sums: Sums) -> tuple[tuple[Number, ...], tuple[Number, ...]]:
    factors = separated(sums.weights)
    assert factors is not None  # `fits` has said so
    return factors


def _part(matrix: Array, places: int, stride: int) -> Array:
    """The matrix for fewer places, where so few are left."""
    if places >= len(matrix):
        return matrix
    return matrix[:places, : matrix.shape[1] - (len(matrix) - places) * stride]


def _tile(problem: Problem, dtype: np.dtype[Any]) -> Side:
    tile = (
        min(problem.places[0], max(TILE[0], 2 * problem.span[0])),
        min(problem.places[1], max(TILE[1] // problem.channels, 2 * problem.span[1])),
    )
    while tile != (1, 1) and _floats(problem, dtype, tile) > MOST_FLOATS:
        tile = problem.halved(tile)
    return tile


def _floats(problem: Problem, dtype: np.dtype[Any], tile: Side) -> int:
    high, wide = problem.read(tile)
    shapes = (tile, (tile[0], wide), (high, wide))
    return sum(floats_of((problem.channels, *shape), dtype) for shape in shapes)
