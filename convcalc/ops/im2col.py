"""im2col: copy what each window sees to a column, and multiply all columns by the weights, tile by tile.

Source: Chellapilla, Puri and Simard, "High Performance Convolutional Neural Networks for Document Processing" (2006),
section 2.1 ("unrolling convolution"). The columns of a tile stay in the cache. Its elements are first sorted by their
residue modulo the stride (`padded_tile`), so that each tap copies long runs. If that is cheaper, runs go on past the
ends of the rows; what they add is multiplied too, and left out at the end. A kernel of a single tap needs no columns.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from math import prod

from convcalc.ops.padded_tile import band_shape, fill_band
from convcalc.ops.parallel import parallel_for, worker_count
from convcalc.ops.problem import ConvProblem
from convcalc.ops.products import multiply
from convcalc.ops.scratch import view, workspace
from convcalc.ops.sliding import Array
from convcalc.ops.tiles import Tile, at_once, cut, cuts, evened
from convcalc.ops.tiling import Tiling

TILE_BYTES = 6 * 2**20
RUN_PRODUCTS = 400  # that a core multiplies in the time that starting another run takes
FEW_COLUMNS = 64  # a matrix product of no more is better split by output channels


@dataclass(frozen=True, slots=True, eq=False)
class Im2colTiling(Tiling):
    """The tiling, whether runs go on past the ends of rows, and the width of the rows of the band."""

    run_on: bool = False
    wide: int = 0


@lru_cache(1024)
def plan(problem: ConvProblem, contiguous: bool = True) -> Im2colTiling:
    """Return how the problem is cut; the same for any number of threads."""
    down, across = problem.rows, problem.columns
    in_place = contiguous and not problem.is_padded and down.stride == across.stride == 1
    wide = across.size if in_place else across.elements(across.output_size)
    run_on = 0 < (wide - across.output_size) * problem.out_per_group <= RUN_PRODUCTS
    copies = problem.taps if problem.taps > 1 else 0
    row = wide * (problem.in_per_group * (copies + (not in_place)) + problem.out_per_group * run_on)
    sizes = (problem.batch, problem.groups, down.output_size)
    taken = at_once(sizes, 4 * row, TILE_BYTES)
    if problem.is_large:
        taken = evened(sizes, taken, FEW_COLUMNS // across.output_size)
    batch, groups, rows = taken
    channels, width = batch * groups * problem.in_per_group, wide if run_on else across.output_size
    return Im2colTiling(
        cut(sizes, taken),
        problem.workers(problem.out_per_group, rows * width),
        band=0 if in_place else channels * prod(band_shape(problem, rows)),
        columns=channels * copies * rows * width,
        products=batch * groups * problem.out_per_group * rows * wide * run_on,
        in_place=in_place,
        run_on=run_on,
        wide=wide,
    )


def fits(problem: ConvProblem) -> bool:
    """Return whether a tile stays within the scratch."""
    return plan(problem, True).fits and plan(problem, False).fits


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
    tiling = plan(problem, x.flags.c_contiguous)
    weight = weight.reshape(problem.groups, problem.out_per_group, -1)
    bias = None if bias is None else bias.reshape(problem.groups, problem.out_per_group, 1, 1)
    out = out.reshape(problem.batch, problem.groups, problem.out_per_group, *out.shape[2:])

    def work(tile: Tile, scratch: Array) -> None:
        columns = _lay(problem, tiling, tile, slice(0, tile.counts[1] * problem.in_per_group), x, scratch)
        _multiply(problem, tiling, tile, slice(0, problem.out_per_group), columns, weight, bias, out, scratch)

    if tiling.workers <= 1 or tiling.cut.count > 1:
        tiling.for_each_tile(work)
        return
    # There are few columns: first lay out all of them, then multiply them by the weights of some maps at a time.
    (tile,), scratch = tiling.cut.tiles(), workspace(tiling.floats)
    columns = _lay(problem, tiling, tile, slice(0, 0), x, scratch)

    def lay(channels: slice) -> None:
        _lay(problem, tiling, tile, channels, x, scratch)

    def some_maps(maps: slice) -> None:
        _multiply(problem, tiling, tile, maps, columns, weight, bias, out, scratch)

    threads = worker_count(0)
    parallel_for(cuts(problem.in_channels, -(-problem.in_channels // 4)), lambda _: lay, scratch, threads)
    parallel_for(
        cuts(problem.out_per_group, -(-problem.out_per_group // 4)), lambda _: some_maps, scratch, worker_count(0)
    )


def _lay(problem: ConvProblem, tiling: Im2colTiling, tile: Tile, channels: slice, x: Array, scratch: Array) -> Array:
    """Copy what the tile's windows see of some of its channels to columns.

    Return the columns of all its channels: (n, groups, taps of all channels of a group, positions).
    """
    taken = moves(problem, tiling, tile.counts)
    first = tile.groups.start * problem.in_per_group
    if tiling.in_place:
        buffer = x
        offset = tile.batch.start * taken.steps[0] + first * taken.steps[1] + tile.rows.start * tiling.wide
    else:
        buffer, offset = scratch, 0
        band = scratch[: prod(taken.band)].reshape(taken.band)
        seen = x[tile.batch, first + channels.start : first + channels.stop]
        fill_band(problem, seen, tile.rows, band[:, channels])
    if problem.taps == 1:
        return view(buffer, offset, taken.columns, taken.whole)
    patches = scratch[tiling.band : tiling.band + prod(taken.patches)].reshape(taken.patches)
    for down, across, start, shape, strides in taken.taps:
        patches[:, channels, down, across] = view(buffer, offset + start, shape, strides)[:, channels]
    return patches.reshape(taken.columns)


def _multiply(
    problem: ConvProblem,
    tiling: Im2colTiling,
    tile: Tile,
    maps: slice,
    columns: Array,
    weight: Array,
    bias: Array | None,
    out: Array,
    scratch: Array,
) -> None:
    """Write the product of the weights of some maps and the columns, plus the bias, to its place in out."""
    weight = weight[tile.groups, maps]
    bias = None if bias is None else bias[tile.groups, maps]
    target = out[tile.batch, tile.groups, maps, tile.rows]
    batch, groups, rows = tile.counts
    if tiling.run_on:
        shape = (batch, groups, problem.out_per_group, rows * tiling.wide)
        start = tiling.band + tiling.columns
        products = scratch[start : start + prod(shape)].reshape(shape)[:, :, maps]
        multiply(weight, columns, products[..., : columns.shape[-1]])
        products = products.reshape(*products.shape[:3], rows, tiling.wide)
        target[...] = products[..., : problem.columns.output_size]
    else:
        multiply(weight, columns, target.reshape(*target.shape[:3], -1))
    if bias is not None:
        target += bias


@dataclass(frozen=True, slots=True)
class Moves:
    """Where the columns of a tile come from: shapes, and for each residue its taps' place and the view on the band."""

    band: tuple[int, ...]
    steps: tuple[int, ...]  # elements from one to the next, along the axes of the band
    patches: tuple[int, ...]
    columns: tuple[int, ...]
    whole: tuple[int, ...]  # strides of the columns of a single tap, on the band itself
    taps: tuple[tuple[slice, slice, int, tuple[int, ...], tuple[int, ...]], ...]


@lru_cache(1024)
def moves(problem: ConvProblem, tiling: Im2colTiling, counts: tuple[int, int, int]) -> Moves:
    """Return the moves of a tile of so many examples, groups and rows of outputs."""
    down, across, wide = problem.rows, problem.columns, tiling.wide
    batch, groups, rows = counts
    channels = groups * problem.in_per_group
    if tiling.in_place:
        band: tuple[int, ...] = (problem.batch, problem.in_channels, 1, 1, down.size, wide)
    else:
        band = (batch, channels, *band_shape(problem, rows))
    steps = tuple(prod(band[axis + 1 :]) for axis in range(6))
    runs, along = (rows, across.output_size), (wide, 1)
    if tiling.run_on:
        runs, along = (1, (rows - 1) * wide + across.output_size), (0, 1)
    taps = tuple(
        (
            slice(above.taps.start, None, above.taps.step),
            slice(aside.taps.start, None, aside.taps.step),
            i * steps[2] + j * steps[3] + above.first * wide + aside.first,
            (batch, channels, len(above.taps), len(aside.taps), *runs),
            (steps[0], steps[1], above.jump * wide, aside.jump, *along),
        )
        for i, above in enumerate(down.phases())
        for j, aside in enumerate(across.phases())
    )
    return Moves(
        band,
        steps,
        patches=(batch, channels, down.kernel_size, across.kernel_size, *runs),
        columns=(batch, groups, problem.in_per_group * problem.taps, prod(runs)),
        whole=(steps[0], problem.in_per_group * steps[1], steps[1], 1),
        taps=taps,
    )
