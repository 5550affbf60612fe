"""Large kernels of few maps: only the columns of the kernel are laid out, and its rows are summed afterwards.

Source: Vasudevan, Anderson and Gregg, "Parallel Multi Channel Convolution using General Matrix Multiplication" (2017),
section 3 (kn2row), here along the rows alone. One matrix product gives what each row of the kernel makes of each row of
the input; a place's output is the sum of as many of them as the kernel has rows, each a row further down. For a kernel
of k x k, k elements are copied a place where `patches` copies k * k.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import lru_cache
from math import prod

from convcalc.ops.padded_tile import fill_band
from convcalc.ops.parallel import parallel_for, worker_count
from convcalc.ops.problem import Problem
from convcalc.ops.products import multiply
from convcalc.ops.scratch import SCRATCH_BYTES, view, workspace
from convcalc.ops.sliding import Array
from convcalc.ops.tiles import Cut, Tile, at_once, cut, evened

TILE_BYTES = 6 * 2**20
TALL = 8  # windows, so that the rows read beyond a tile's own are few


@dataclass(frozen=True, slots=True, eq=False)
class Layout:
    """How a problem is cut, how many rows of a band are worked at once, and the floats that all of it takes."""

    cut: Cut
    rows: int
    kernels: int
    band: int
    columns: int
    products: int

    @property
    def floats(self) -> int:
        """Scratch of one thread."""
        return self.band + self.columns + self.products


def fits(problem: Problem) -> bool:
    """Whether it can be worked so: windows a step apart."""
    return (
        problem.rows.stride == problem.columns.stride == 1
        and 4 * (plan(problem).kernels + plan(problem).floats) <= SCRATCH_BYTES
    )


def convolve(problem: Problem, x: Array, weight: Array, bias: Array | None, out: Array) -> None:
    """Fill out (N, O, *places) from x (N, C, H, W), weight (O, C/groups, *kernel) and bias (O,), all of float32.

    >>> import numpy as np
    >>> from convcalc.ops.problem import Span
    >>> side = Span(3, 0, 0, kernel_size=2, stride=1, dilation=1, places=2)
    >>> x, weight, out = (np.ones((1, 1, size, size), np.float32) for size in (3, 2, 2))
    >>> convolve(Problem(1, 1, 1, 1, (side, side)), x, weight, None, out)
    >>> out.tolist()  # four ones
    [[[[4.0, 4.0], [4.0, 4.0]]]]
    """
    layout = plan(problem)
    groups, made, fed = problem.groups, problem.made, problem.fed
    kernels = weight.reshape(groups, made, fed, problem.rows.kernel_size, problem.columns.kernel_size)
    kernels = kernels.transpose(0, 3, 1, 2, 4).reshape(groups, problem.rows.kernel_size * made, -1)
    out = out.reshape(problem.examples, groups, made, problem.rows.places, problem.columns.places)
    out[...] = 0 if bias is None else bias.reshape(groups, made, 1, 1)

    def start(scratch: Array) -> Callable[[Tile], None]:
        def work(tile: Tile) -> None:
            seen = x[tile.examples, tile.groups.start * fed : tile.groups.stop * fed]
            target = out[tile.examples, tile.groups, :, tile.rows]
            _add_rows(problem, layout, tile, seen, kernels[tile.groups], scratch, target)

        return work

    most = _workers(layout)
    parallel_for(layout.cut.tiles(), start, workspace(most * layout.floats), most)


def _workers(layout: Layout) -> int:
    return min(worker_count(4 * layout.floats, 4 * layout.kernels), layout.cut.count)


def _add_rows(
    problem: Problem, layout: Layout, tile: Tile, x: Array, kernels: Array, scratch: Array, out: Array
) -> None:
    """Add to out (n, groups, maps, *places) what all rows of the kernels make of the input rows they read."""
    n, groups, places = tile.counts
    down, across, count = problem.rows, problem.columns, problem.columns.places
    high, wide = down.elements(places), across.elements(count)
    band = scratch[: n * groups * problem.fed * high * wide].reshape(n, groups * problem.fed, 1, 1, high, wide)
    fill_band(problem, x, tile.rows, band)
    plane = high * wide
    for first in range(0, high, layout.rows):
        rows = min(layout.rows, high - first)
        seen = (n, groups, problem.fed, across.kernel_size, rows, count)
        steps = (groups * problem.fed * plane, problem.fed * plane, plane, across.dilation, wide, 1)
        columns = scratch[layout.band :][: prod(seen)].reshape(n, groups, -1, rows * count)
        columns.reshape(seen)[...] = view(scratch, first * wide, seen, steps)
        size = n * groups * kernels.shape[1] * rows * count
        products = scratch[layout.band + layout.columns :][:size].reshape(n, groups, -1, rows * count)
        multiply(kernels, columns, products)
        _shear(products.reshape(n, groups, down.kernel_size, -1, rows, count), first, down.dilation, out)


def _shear(products: Array, first: int, dilation: int, out: Array) -> None:
    """Add what each row of the kernel made of the rows from ``first`` on to the places it belongs to."""
    high, _, rows, _ = products.shape[2:]
    places = out.shape[3]
    if rows < high and dilation == 1:  # all the kernel's rows together, for one row at a time
        for row in range(rows):
            last = first + row  # of the places that this row adds to
            low, top = max(0, last - places + 1), min(high, last + 1)
            if low < top:
                target = out[:, :, :, last - top + 1 : last - low + 1]
                target += products[:, :, low:top, :, row].swapaxes(2, 3)[:, :, :, ::-1]
        return
    for tap in range(high):
        place = first - tap * dilation
        low, top = max(0, -place), min(rows, places - place)
        if low < top:
            out[:, :, :, place + low : place + top] += products[:, :, tap, :, low:top]


@lru_cache(1024)
def plan(problem: Problem) -> Layout:
    """How the problem is cut; the same for any number of threads."""
    down, across = problem.rows, problem.columns
    row = (problem.fed * across.kernel_size + problem.made * down.kernel_size) * across.places  # floats
    sizes = (problem.examples, problem.groups, down.places)
    taken = at_once(sizes, 4 * row, TILE_BYTES)
    taken = evened(sizes, [*taken[:2], min(down.places, max(taken[2], TALL * down.reach))])
    above = down.elements(taken[2])
    many = taken[0] * taken[1]
    rows = max(1, min(above, TILE_BYTES // (4 * row * many)))
    return Layout(
        cut(sizes, taken),
        rows,
        kernels=problem.maps * problem.fed * problem.taps,
        band=many * problem.fed * above * across.elements(across.places),
        columns=many * problem.fed * across.kernel_size * rows * across.places,
        products=many * problem.made * down.kernel_size * rows * across.places,
    )


def scratch_bytes(problem: Problem) -> int:
    """The weights in another order, and what all threads that take part lay out."""
    layout = plan(problem)
    return 4 * (layout.kernels + layout.floats * _workers(layout))
