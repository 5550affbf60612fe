"""Winograd convolution: fewer multiplications, because neighbouring windows share their elements.

Source: Winograd, "Arithmetic Complexity of Computations" (1980); Lavin and Gray, "Fast Algorithms for Convolutional
Neural Networks" (2016), section 4: y = A' ((G w) * (B' d)) in both axes, on blocks of elements that overlap. Blocks and
kernels are transformed to the values of polynomials at some points, multiplied there, summed over the channels, and
transformed back. Each transform is one matrix product, with the Kronecker product of both axes' matrices; the sums are
one product per point. Inside, channels come last, so that blocks are copied in long runs.

With dilation d, every d-th row and column make up a picture of their own, on which the kernel is dense.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import lru_cache
from math import prod

import numpy as np

from convcalc.ops import im2col
from convcalc.ops.padded_tile import fill_band
from convcalc.ops.parallel import MOST_THREADS, parallel_for, worker_count
from convcalc.ops.problem import ConvAxis, ConvProblem
from convcalc.ops.scratch import LINE, SCRATCH_BYTES, view, workspace
from convcalc.ops.sliding import Array
from convcalc.ops.tiles import Tile, at_once, cut, cuts, evened
from convcalc.ops.tiling import Tiling
from convcalc.ops.winograd_matrices import kronecker

ELEMENTS = 6  # of a block along an axis: with 8, float32 is no longer exact enough
BLOCKS = 224  # at once, enough for a good matrix product
TILE_BYTES = 12 * 2**20  # but no more than these
WEIGHTS = 2**17  # that are transformed together
NEAR = 64  # channels that are moved to the last axis together, so that their lines stay in the nearest cache
NEAR_POSITIONS = 450  # positions that are moved back together, likewise


@dataclass(frozen=True, slots=True, eq=False)
class WinogradTiling(Tiling):
    """The tiling of examples, pictures and rows of blocks; ``band`` and ``columns`` are two halves of the scratch."""

    outputs: tuple[int, int] = (0, 0)  # of a block, along both axes
    elements: tuple[int, int] = (0, 0)  # that a block reads, along both axes
    across: int = 0  # blocks in a row
    pictures: tuple[int, int] = (1, 1)  # along both axes

    def firsts(self, tile: Tile) -> list[tuple[int, int]]:
        """Return the row and the column that each picture of a tile begins with."""
        return [divmod(number, self.pictures[1]) for number in range(tile.groups.start, tile.groups.stop)]


@lru_cache(1024)
def plan(problem: ConvProblem) -> WinogradTiling:
    """Return how the problem is cut; the same for any number of threads."""
    down, right = problem.axes
    elements = (1 if down.kernel_size == 1 else ELEMENTS, 1 if right.kernel_size == 1 else ELEMENTS)
    high, wide = elements[0] - down.kernel_size + 1, elements[1] - right.kernel_size + 1
    pictures = (min(down.dilation, down.output_size), min(right.dilation, right.output_size))
    rows = -(-down.output_size // (down.dilation * high))
    across = -(-right.output_size // (right.dilation * wide))
    points, most = prod(elements), max(problem.in_channels, problem.out_channels)
    sizes = (problem.batch, prod(pictures), rows)
    taken = evened(sizes, at_once(sizes, across, min(BLOCKS, TILE_BYTES // (8 * points * most))))
    count = prod(taken) * across
    band = taken[0] * (taken[2] * high + elements[0] - high) * (across * wide + elements[1] - wide)
    blocks = points * (count * problem.in_channels + LINE)
    sums = points * (count * problem.out_channels + LINE)
    return WinogradTiling(
        cut(sizes, taken),
        MOST_THREADS,
        band=max(blocks, sums, count * high * wide * (problem.out_channels + LINE)),
        columns=max(band * (2 * problem.in_channels + LINE), blocks, count * high * wide * problem.out_channels),
        products=0,
        shared=points * (problem.out_channels * problem.in_channels + LINE),  # the transformed weights
        outputs=(high, wide),
        elements=elements,
        across=across,
        pictures=pictures,
    )


def fits(problem: ConvProblem) -> bool:
    """Return whether it can be computed so: a stride of 1, no groups, small kernels, and weights that stay small."""
    return (
        problem.groups == 1
        and problem.rows.stride == problem.columns.stride == 1
        and problem.rows.kernel_size <= 5
        and problem.columns.kernel_size <= 5
        and problem.taps > 1
        and 4 * plan(problem).shared <= SCRATCH_BYTES * 5 // 8
        and plan(problem).fits
    )


def convolve(problem: ConvProblem, x: Array, weight: Array, bias: Array | None, out: Array) -> None:
    """Fill out (N, O, *output_size) from x (N, C, H, W), weight (O, C, *kernel) and bias (O,), all float32.

    If a number is not finite, or overflows on the way, im2col does it all again: here it would spread to others.

    >>> side = ConvAxis(3, 0, 0, kernel_size=2, stride=1, dilation=1, output_size=2)
    >>> x, weight, out = (np.ones((1, 1, size, size), np.float32) for size in (3, 2, 2))
    >>> convolve(ConvProblem(1, 1, 1, 1, (side, side)), x, weight, None, out)
    >>> out.round(5).tolist()  # four ones
    [[[[4.0, 4.0], [4.0, 4.0]]]]
    """
    if not _all_finite(problem, x, weight, bias, out):
        im2col.convolve(problem, x, weight, bias, out)


def _all_finite(problem: ConvProblem, x: Array, weight: Array, bias: Array | None, out: Array) -> bool:
    """Fill out, and return whether all numbers were finite."""
    tiling = plan(problem)
    data, kernel, back = kronecker(tiling.outputs, (problem.rows.kernel_size, problem.columns.kernel_size))
    threads = tiling.threads()
    scratch = workspace(tiling.shared + max(threads * tiling.floats, _weight_floats(problem)))
    kernels = _transformed(problem, weight, kernel, scratch[: tiling.shared], scratch[tiling.shared :])
    not_finite: list[Tile] = []

    def start(scratch: Array) -> Callable[[Tile], None]:
        here, there = scratch[: tiling.band], scratch[tiling.band : tiling.floats]

        def work(tile: Tile) -> None:
            points, blocks = _gather(problem, tiling, tile, x, there, here)
            gathered = _by_point(here, points, blocks, problem.in_channels)
            at_points = _by_point(there, points, blocks, problem.in_channels)
            np.matmul(data, gathered, out=at_points)
            sums = _by_point(here, points, blocks, problem.out_channels)
            at_points, by_map = at_points.reshape(points, -1, problem.in_channels), (points, -1, problem.out_channels)
            np.matmul(at_points, kernels, out=sums.reshape(by_map))
            results = there[: len(back) * sums.shape[1]].reshape(len(back), -1)
            np.matmul(back, sums, out=results)
            if not np.isfinite(results.sum()):
                not_finite.append(tile)
            _place(problem, tiling, tile, results, bias, here, out)

        return work

    parallel_for(tiling.cut.tiles(), start, scratch[tiling.shared :][: threads * tiling.floats], threads)
    return not not_finite


def _transformed(problem: ConvProblem, weight: Array, kernel: Array, out: Array, scratch: Array) -> Array:
    """Return the weights at each point, (points, C, O); they are transformed some input channels at a time."""
    channels, maps, taps, taken = problem.in_channels, problem.out_channels, problem.taps, _channels(problem)
    out = view(out, 0, (len(kernel), channels * maps), (channels * maps + LINE, 1))

    def start(scratch: Array) -> Callable[[slice], None]:
        def some(part: slice) -> None:
            count = part.stop - part.start
            turned = scratch[: count * maps * taps].reshape(count, maps, taps)
            turned[...] = weight[:, part].reshape(maps, count, taps).transpose(1, 0, 2)
            np.matmul(kernel, turned.reshape(-1, taps).T, out=out[:, part.start * maps : part.stop * maps])

        return some

    floats = _weight_floats(problem)
    parallel_for(cuts(channels, taken), start, scratch[:floats], floats // (taken * maps * taps))
    return out.reshape(len(kernel), channels, maps)


def _weight_floats(problem: ConvProblem) -> int:
    """Return the scratch of all threads that transform weights."""
    taken = _channels(problem)
    return (
        min(worker_count(4 * WEIGHTS), -(-problem.in_channels // taken)) * taken * problem.out_channels * problem.taps
    )


def _channels(problem: ConvProblem) -> int:
    """Return the number of input channels whose weights are transformed together."""
    most = max(1, WEIGHTS // (problem.out_channels * problem.taps))
    return evened([problem.in_channels], [min(problem.in_channels, most)])[0]


@lru_cache(1024)
def _picture(problem: ConvProblem, first: tuple[int, int]) -> ConvProblem:
    """Return the convolution of every d-th row and column from these on: its stride is its dilation."""

    def every(axis: ConvAxis, first: int) -> ConvAxis:
        output_size = -(-(axis.output_size - first) // axis.dilation)
        return replace(axis, before=axis.before - first, stride=axis.dilation, output_size=output_size)

    return replace(problem, axes=(every(problem.rows, first[0]), every(problem.columns, first[1])))


def _by_point(scratch: Array, points: int, count: int, channels: int) -> Array:
    """Return scratch as (points, count * channels), with rows that do not share lines of the cache."""
    return view(scratch, 0, (points, count * channels), (count * channels + LINE, 1))


def _gather(
    problem: ConvProblem, tiling: WinogradTiling, tile: Tile, x: Array, band: Array, blocks: Array
) -> tuple[int, int]:
    """Copy what a tile reads to a band with the channels last, and its blocks by point; return how many of both."""
    (high, wide), (tall, broad), across = tiling.outputs, tiling.elements, tiling.across
    n, pictures, down = tile.counts
    rows, columns, line = down * high + tall - high, across * wide + broad - wide, problem.in_channels + LINE
    steps = (rows * columns * line, columns * line, line)
    windows = slice(tile.rows.start * high, tile.rows.start * high + rows)
    shape = (tall, broad, n, down, across, problem.in_channels)
    read = view(band, 0, shape, (*steps[1:], steps[0], high * steps[1], wide * steps[2], 1))
    count = pictures * prod(shape[2:-1])
    by_picture = _by_point(blocks, tall * broad, count, problem.in_channels).reshape(tall, broad, pictures, *shape[2:])
    padded = band[n * steps[0] :][: n * problem.in_channels * rows * columns]
    padded = padded.reshape(n, problem.in_channels, 1, 1, rows, columns)
    for number, first in enumerate(tiling.firsts(tile)):
        fill_band(_picture(problem, first), x[tile.batch], windows, padded)
        for some in cuts(problem.in_channels, NEAR):
            turned = view(band, some.start, (n, some.stop - some.start, rows, columns), (steps[0], 1, *steps[1:]))
            turned[...] = padded[:, some, 0, 0]
        by_picture[:, :, number] = read
    return tall * broad, count


def _place(
    problem: ConvProblem,
    tiling: WinogradTiling,
    tile: Tile,
    results: Array,
    bias: Array | None,
    image: Array,
    out: Array,
) -> None:
    """Write the outputs of the blocks, (outputs, pictures * n * blocks * O), plus the bias, to their place in out."""
    (high, wide), across = tiling.outputs, tiling.across
    n, pictures, down = tile.counts
    shape = (pictures, n, down, high, across, wide, problem.out_channels + LINE)
    whole = image[: prod(shape)].reshape(shape)[..., : problem.out_channels]
    results = results.reshape(high, wide, pictures, n, down, across, problem.out_channels)
    np.add(results, 0 if bias is None else bias, out=whole.transpose(3, 5, 0, 1, 2, 4, 6))
    pixels = image[: prod(shape)].reshape(pictures, n, down * high, across * wide, -1)[..., : problem.out_channels]
    for first, picture in zip(tiling.firsts(tile), pixels, strict=True):
        target = out[tile.batch, :, first[0] :: problem.rows.dilation, first[1] :: problem.columns.dilation]
        target = target[:, :, tile.rows.start * high :]
        rows = min(down * high, target.shape[2])
        for some in cuts(rows, max(1, NEAR_POSITIONS // target.shape[3])):
            target[:, :, some] = picture[:, some, : target.shape[3]].transpose(0, 3, 1, 2)


def scratch_bytes(problem: ConvProblem) -> int:
    """Return the scratch of all threads: the transformed weights, and then what weights or tiles take."""
    tiling = plan(problem)
    return 4 * (tiling.shared + max(_weight_floats(problem), tiling.threads() * tiling.floats))
