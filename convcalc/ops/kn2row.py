"""kn2row: copy only the columns of the kernel, multiply, and sum the rows of the kernel afterwards.

Source: Vasudevan, Anderson and Gregg, "Parallel Multi Channel Convolution using General Matrix Multiplication" (2017),
section 3, here along the rows alone. One matrix product gives what each row of the kernel makes of each row of the
input. An output is the sum of as many of them as the kernel has rows, each one row further down. For a k x k kernel, k
elements are copied per window, where im2col copies k * k: this is for large kernels of few maps.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from math import prod

from convcalc.ops.padded_tile import fill_band
from convcalc.ops.parallel import MOST_THREADS
from convcalc.ops.problem import ConvProblem
from convcalc.ops.products import multiply
from convcalc.ops.scratch import view
from convcalc.ops.sliding import Array
from convcalc.ops.tiles import Tile, at_once, cut, evened
from convcalc.ops.tiling import Tiling

TILE_BYTES = 6 * 2**20
TALL = 8  # windows, so that few rows are read beyond a tile's own


@dataclass(frozen=True, slots=True, eq=False)
class Kn2rowTiling(Tiling):
    """The tiling, and how many rows of a band are multiplied together."""

    rows: int = 0


@lru_cache(1024)
def plan(problem: ConvProblem) -> Kn2rowTiling:
    """Return how the problem is cut; the same for any number of threads."""
    down, across = problem.rows, problem.columns
    row = problem.in_per_group * across.kernel_size + problem.out_per_group * down.kernel_size
    row *= across.output_size
    sizes = (problem.batch, problem.groups, down.output_size)
    taken = at_once(sizes, 4 * row, TILE_BYTES)
    taken = evened(sizes, [*taken[:2], min(down.output_size, max(taken[2], TALL * down.reach))])
    high, many = down.elements(taken[2]), taken[0] * taken[1]
    rows = max(1, min(high, TILE_BYTES // (4 * row * many)))
    return Kn2rowTiling(
        cut(sizes, taken),
        MOST_THREADS,
        band=many * problem.in_per_group * high * across.elements(across.output_size),
        columns=many * problem.in_per_group * across.kernel_size * rows * across.output_size,
        products=many * problem.out_per_group * down.kernel_size * rows * across.output_size,
        shared=problem.out_channels * problem.in_per_group * problem.taps,  # the weights in another order
        rows=rows,
    )


def fits(problem: ConvProblem) -> bool:
    """Return whether it can be computed so: a stride of 1, and a tile within the scratch."""
    return problem.rows.stride == problem.columns.stride == 1 and plan(problem).fits


def convolve(problem: ConvProblem, x: Array, weight: Array, bias: Array | None, out: Array) -> None:
    """Fill out (N, O, *output_size) from x (N, C, H, W), weight (O, C/groups, *kernel) and bias (O,), all float32.

    >>> import numpy as np
    >>> from convcalc.ops.problem import ConvAxis
    >>> side = ConvAxis(3, 0, 0, kernel_size=2, stride=1, dilation=1, output_size=2)
    >>> x, weight, out = (np.ones((1, 1, size, size), np.float32) for size in (3, 2, 2))
    >>> convolve(ConvProblem(1, 1, 1, 1, (side, side)), x, weight, None, out)
    >>> out.tolist()  # four ones
    [[[[4.0, 4.0], [4.0, 4.0]]]]
    """
    tiling = plan(problem)
    groups, maps, channels = problem.groups, problem.out_per_group, problem.in_per_group
    kernels = weight.reshape(groups, maps, channels, problem.rows.kernel_size, problem.columns.kernel_size)
    kernels = kernels.transpose(0, 3, 1, 2, 4).reshape(groups, problem.rows.kernel_size * maps, -1)
    out = out.reshape(problem.batch, groups, maps, *out.shape[2:])
    out[...] = 0 if bias is None else bias.reshape(groups, maps, 1, 1)

    def work(tile: Tile, scratch: Array) -> None:
        seen = x[tile.batch, tile.groups.start * channels : tile.groups.stop * channels]
        target = out[tile.batch, tile.groups, :, tile.rows]
        _add_rows(problem, tiling, tile, seen, kernels[tile.groups], scratch, target)

    tiling.for_each_tile(work)


def _add_rows(
    problem: ConvProblem, tiling: Kn2rowTiling, tile: Tile, x: Array, kernels: Array, scratch: Array, out: Array
) -> None:
    """Add to out (n, groups, maps, rows, columns) what all rows of the kernels make of the rows they read."""
    n, groups, windows = tile.counts
    down, across, count = problem.rows, problem.columns, problem.columns.output_size
    high, wide = down.elements(windows), across.elements(count)
    band = scratch[: n * groups * problem.in_per_group * high * wide].reshape(
        n, groups * problem.in_per_group, 1, 1, high, wide
    )
    fill_band(problem, x, tile.rows, band)
    plane = high * wide
    for first in range(0, high, tiling.rows):
        rows = min(tiling.rows, high - first)
        seen = (n, groups, problem.in_per_group, across.kernel_size, rows, count)
        steps = (groups * problem.in_per_group * plane, problem.in_per_group * plane, plane, across.dilation, wide, 1)
        columns = scratch[tiling.band :][: prod(seen)].reshape(n, groups, -1, rows * count)
        columns.reshape(seen)[...] = view(scratch, first * wide, seen, steps)
        size = n * groups * kernels.shape[1] * rows * count
        products = scratch[tiling.band + tiling.columns :][:size].reshape(n, groups, -1, rows * count)
        multiply(kernels, columns, products)
        _add_sheared(products.reshape(n, groups, down.kernel_size, -1, rows, count), first, down.dilation, out)


def _add_sheared(products: Array, first: int, dilation: int, out: Array) -> None:
    """Add what each row of the kernel made of the rows from ``first`` on to the outputs it belongs to."""
    high, _, rows, _ = products.shape[2:]
    windows = out.shape[3]
    if rows < high and dilation == 1:  # all rows of the kernel together, one row at a time
        for row in range(rows):
            last = first + row  # output that this row adds to
            low, top = max(0, last - windows + 1), min(high, last + 1)
            if low < top:
                target = out[:, :, :, last - top + 1 : last - low + 1]
                target += products[:, :, low:top, :, row].swapaxes(2, 3)[:, :, :, ::-1]
        return
    for tap in range(high):
        place = first - tap * dilation
        low, top = max(0, -place), min(rows, windows - place)
        if low < top:
            out[:, :, :, place + low : place + top] += products[:, :, tap, :, low:top]
