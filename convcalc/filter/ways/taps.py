"""Tap by tap, over tiles that fit the cache: what every kernel can be summed by, and the fastest for the small.

A picture's channels stay as they lie: a row is a row of numbers in which the next pixel is as many further on as there
are channels. `numpy.einsum` weighs and adds in one pass over the tile for each tap, in the smallest type that is exact.
A kernel that is the product of a column and a row takes two short passes.
"""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np

from convcalc.filter.arithmetic import Sums
from convcalc.filter.border import Side, band
from convcalc.filter.kernel import Number, Rows, separated
from convcalc.filter.ways.problem import Problem, planes
from convcalc.ops.scratch import carve, floats_of
from convcalc.ops.sliding import Array

COLUMNS = 4096  # numbers of a row at once: a tap's few rows stay in the first cache
TILE_BYTES = 2**20  # of the sums: a call costs what thousands of sums do
MOST_FLOATS = 2 * 2**20  # scratch of one thread
SPARSE = 3  # a tap by itself is a product and a sum, and reads and writes as much as so many in one pass
COSTS = {"int16": 1.0, "int32": 1.8, "int64": 4.0, "float32": 1.8, "float64": 3.5}  # of a tap, in the time of int16's


class Taps(NamedTuple):
    """One kernel's work: the passes it takes, and what they need."""

    problem: Problem
    passes: tuple[Rows, ...]
    sparse: bool  # taps of weight 0 are left out, each other one is a pass by itself
    dtype: np.dtype[Any]
    tile: Side  # rows and columns of places that are worked at once
    floats: int  # scratch of one thread, the sums included
    temporary: int = 0  # bytes

    def sums(self, x: Array, rows: slice, columns: slice, scratch: Array) -> Array:
        """The sums (rows, columns, channels) at these places of x (H, W, channels), laid in the scratch.

        Alpha's are among them where it lies between the others: leaving it out of every row would take longer.
        """
        problem = self.problem
        count = (rows.stop - rows.start, columns.stop - columns.start)
        out, scratch = carve(scratch, _shape(problem, count), self.dtype)
        seen, scratch = carve(scratch, _shape(problem, problem.read(count)), self.dtype)
        if _apart(problem):
            planes(problem, x, rows, columns, seen)
        else:
            pixels = seen.reshape(*problem.read(count), problem.stored)
            band(x, *problem.under(rows, columns), problem.padded, problem.border, pixels)
        weigh = _one_by_one if self.sparse else _at_once
        if len(self.passes) == 2:
            middle, scratch = carve(scratch, (len(seen), count[0], seen.shape[2]), self.dtype)
            weigh(problem, self.passes[0], seen, (problem.stride[0], 1), middle, scratch)
            weigh(problem, self.passes[1], middle, (1, problem.stride[1]), out, scratch)
        else:
            weigh(problem, self.passes[0], seen, problem.stride, out, scratch)
        return out.transpose(1, 2, 0) if _apart(problem) else out.reshape(*count, problem.stored)


def prepare(problem: Problem, sums: Sums, tile: Side | None = None) -> Taps:
    """What a kernel takes; the tile, where it is not given, is as large as fits the cache.

    >>> from convcalc.filter.arithmetic import sums
    >>> edges = sums(((-1, 0, 1), (-2, 0, 2), (-1, 0, 1)), np.dtype(np.uint8))
    >>> problem = Problem((3, 3), (1, 1), (1, 1), "valid", ((0, 0), (0, 0)), (1, 1), channels=1, stored=1)
    >>> work = prepare(problem, edges)
    >>> work.passes, work.dtype.name
    ((((1,), (2,), (1,)), ((-1, 0, 1),)), 'int16')
    >>> x = np.array([[[0], [0], [9]]] * 3, np.uint8)
    >>> work.sums(x, slice(0, 1), slice(0, 1), np.empty(work.floats, np.float32)).tolist()
    [[[36]]]
    """
    dtype = sums.integer or sums.floating
    _, passes, sparse = _chosen(sums)
    if tile is None:
        tile = _tile(problem, dtype, sparse, len(passes))
    return Taps(problem, passes, sparse, dtype, tile, _floats(problem, dtype, sparse, len(passes), tile))


def cost(_: Problem, sums: Sums) -> float:
    """How long a place takes, in the time of a tap of int16: the taps, or the column's and the row's.

    >>> from convcalc.filter.arithmetic import sums
    >>> edges = sums(((-1, 0, 1), (-2, 0, 2), (-1, 0, 1)), np.dtype(np.uint8))
    >>> cost(Problem((3, 3), (1, 1), (1, 1), "zeros", ((1, 1), (1, 1)), (9, 9), channels=1, stored=1), edges)
    7.0
    """
    return _chosen(sums)[0] * COSTS[(sums.integer or sums.floating).name]


def _chosen(sums: Sums) -> tuple[float, tuple[Rows, ...], bool]:
    """The fewest passes: their number, their weights, and whether they are the taps one by one.

    Over a picture of floats a weight of 0 is never read, and the taps are summed as they are: the product of a column's
    and a row's weights may overflow, or meet a NaN, where theirs do not.
    """
    rows, columns = len(sums.weights), len(sums.weights[0])
    taken = sum(weight != 0 for row in sums.weights for weight in row)
    integers = sums.reach > 0 or sums.whole
    choices: list[tuple[float, tuple[Rows, ...], bool]] = [(SPARSE * max(taken, 1), (sums.weights,), True)]
    if taken and (integers or taken == rows * columns):
        choices.append((rows * columns, (sums.weights,), False))
    factors = separated(sums.weights) if integers and min(rows, columns) > 1 else None
    if factors is not None:
        column, row = factors
        down: Rows = tuple((weight,) for weight in column)
        choices.append((rows + columns + 1, (down, (row,)), False))
    return min(choices, key=lambda choice: choice[0])


def _apart(problem: Problem) -> bool:
    """Whether the channels are worked as planes: where pixels that lie together are not filtered together."""
    return problem.stored > 1 and problem.stride[1] > 1


def _shape(problem: Problem, places: Side) -> tuple[int, int, int]:
    """Planes, rows and numbers in a row."""
    if _apart(problem):
        return problem.channels, *places
    return 1, places[0], places[1] * problem.stored


def _tile(problem: Problem, dtype: np.dtype[Any], sparse: bool, passes: int) -> Side:
    (high, wide), (most_rows, most_columns) = problem.span, problem.places
    columns = min(most_columns, max(COLUMNS // problem.stored, 2 * wide))
    pixels = TILE_BYTES // (problem.stored * dtype.itemsize)
    rows = min(most_rows, max(pixels // columns, 2 * high))
    tile = rows, min(most_columns, max(columns, pixels // rows))
    while tile != (1, 1) and _floats(problem, dtype, sparse, passes, tile) > MOST_FLOATS:
        tile = problem.halved(tile)
    return tile


def _floats(problem: Problem, dtype: np.dtype[Any], sparse: bool, passes: int, tile: Side) -> int:
    out, seen = _shape(problem, tile), _shape(problem, problem.read(tile))
    middle = (seen[0], tile[0], seen[2])
    taken = floats_of(out, dtype) * (2 if sparse else 1) + floats_of(seen, dtype)
    return taken + (floats_of(middle, dtype) if passes == 2 else 0)


def _met(problem: Problem, weights: Rows, seen: Array, stride: Side, out: Array) -> Array:
    """What every tap meets: windows (rows, columns of the kernel, planes, rows, numbers) on what is seen."""
    step = 1 if _apart(problem) else problem.stored
    plane, row, one = seen.strides
    taps = (row * problem.dilation[0], one * problem.dilation[1] * step)
    places = (plane, row * stride[0], one * (stride[1] if step == 1 else 1))
    return np.ndarray((len(weights), len(weights[0]), *out.shape), seen.dtype, seen, 0, (*taps, *places))


def _at_once(problem: Problem, weights: Rows, seen: Array, stride: Side, out: Array, _: Array) -> None:
    """All taps in one call, each a pass that weighs and adds."""
    met = _met(problem, weights, seen, stride, out)
    np.einsum("ij,ijprn->prn", np.array(weights, seen.dtype), met, out=out)


def _one_by_one(problem: Problem, weights: Rows, seen: Array, stride: Side, out: Array, scratch: Array) -> None:
    """A tap at a time; those of weight 0 are not read, 1 and -1 do not multiply."""
    met = _met(problem, weights, seen, stride, out)
    product, _ = carve(scratch, out.shape, out.dtype)
    first = True
    for i, row in enumerate(weights):
        for j, weight in enumerate(row):
            if weight != 0:
                _add(met[i, j], weight, first, out, product)
                first = False
    if first:
        out[...] = 0


def _add(met: Array, weight: Number, first: bool, out: Array, product: Array) -> None:
    factor = out.dtype.type(weight)
    if first:
        np.multiply(met, factor, out=out)
    elif weight == 1:
        np.add(out, met, out=out)
    elif weight == -1:
        np.subtract(out, met, out=out)
    else:
        np.multiply(met, factor, out=product)
        np.add(out, product, out=out)
