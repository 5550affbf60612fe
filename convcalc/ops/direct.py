"""Direct convolution: for each tap of the kernel, one matrix product over the channels, summed over the taps.

It is exact on integers, works for any number of axes, and is the reference for every faster algorithm. Source: the
definition, as PyTorch's `Conv2d` gives it (cross-correlation), with the sum over the taps outermost.
"""

from __future__ import annotations

from collections.abc import Sequence
from math import prod
from typing import Any, NamedTuple

import numpy as np

from convcalc.ops.padded_tile import copied, inside
from convcalc.ops.parallel import parallel_for
from convcalc.ops.problem import ConvAxis, ConvProblem
from convcalc.ops.products import LARGE, worker_limit
from convcalc.ops.scratch import workspace
from convcalc.ops.sliding import Array, indices
from convcalc.ops.tiles import at_once, evened, grid, parts

TILE_BYTES = 8 * 2**20  # of what a tap meets, and its products


class DirectTiling(NamedTuple):
    """How examples and outputs are cut, by how many threads they are computed, and the scratch of one of them."""

    sizes: tuple[int, ...]
    at_once: list[int]
    workers: int
    scratch_bytes: int


def plan(problem: ConvProblem, itemsize: int) -> DirectTiling:
    """Return how the problem is cut; the same for any number of threads."""
    sizes = problem.batch, *(axis.output_size for axis in problem.axes)
    channels = problem.in_channels + problem.out_channels + max(map(len, problem.table or ()), default=0)
    taken = at_once(sizes, channels * itemsize, TILE_BYTES)
    if problem.products > LARGE:
        taken = evened(sizes, taken)
    scratch = (prod(taken) * channels + problem.out_channels * problem.in_per_group) * itemsize
    each = problem.out_per_group * problem.in_per_group * prod(taken[1:])
    limit = worker_limit(problem.products, each, problem.out_per_group == 1, scratch)
    return DirectTiling(sizes, taken, min(limit, parts(sizes, taken)), scratch)


def convolve(problem: ConvProblem, x: Array, weight: Array, bias: Array | None, out: Array) -> None:
    """Fill out (N, O, *output_size) from x (N, C, *sizes), weight (O, C/groups, *kernel) and bias (O,), of one type.

    >>> side = ConvAxis(3, 0, 0, kernel_size=2, stride=1, dilation=1, output_size=2)
    >>> x, weight, out = (np.ones((1, 1, size, size), np.float32) for size in (3, 2, 2))
    >>> convolve(ConvProblem(1, 1, 1, 1, (side, side)), x, weight, None, out)
    >>> out.tolist()  # four ones
    [[[[4.0, 4.0], [4.0, 4.0]]]]
    """
    tiling = plan(problem, x.itemsize)
    out[...] = 0

    def work(tile: tuple[slice, ...]) -> None:
        batch, *windows = tile
        sums = out[(batch, slice(None), *windows)]
        for tap in indices(weight.shape[2:]):
            _add_tap(problem, x[batch], weight, tap, windows, sums)

    parallel_for(grid(tiling.sizes, tiling.at_once), lambda _: work, workspace(0), tiling.workers)
    if bias is not None:
        out += bias.reshape(-1, *[1] * len(problem.axes))


def _add_tap(
    problem: ConvProblem, x: Array, weight: Array, tap: tuple[int, ...], tile: Sequence[slice], sums: Array
) -> None:
    """Add the products of one tap of the kernel and what it meets."""
    groups, channels, maps = problem.groups, problem.in_per_group, problem.out_per_group
    met = _met(problem, x, tap, tile)
    at_tap: tuple[Any, ...] = (..., *tap)
    weights = np.ascontiguousarray(weight[at_tap])
    if problem.table is None:
        products = weights.reshape(groups, maps, channels) @ met.reshape(len(met), groups, channels, -1)
        sums += products.reshape(sums.shape)
        return
    for number, sources in enumerate(map(list, problem.table)):  # each map reads only the channels of its row
        products = weights[number, sources] @ met[:, sources].reshape(len(met), len(sources), -1)
        sums[:, number] += products.reshape(sums[:, number].shape)


def _met(problem: ConvProblem, x: Array, tap: Sequence[int], tile: Sequence[slice]) -> Array:
    """Return what a tap of the kernel meets in the windows of a tile; a view if it meets no padding."""
    steps: list[tuple[ConvAxis, int, int, int]] = [
        (axis, index * axis.dilation, part.start, part.stop - part.start)
        for axis, index, part in zip(problem.axes, tap, tile, strict=True)
    ]
    if problem.padding_mode != "zeros":
        chosen: tuple[Any, ...] = np.ix_(*(copied(*step, problem.padding_mode) for step in steps))
        return x[..., *chosen]
    pairs = [inside(*step) for step in steps]
    sources: tuple[Any, ...] = tuple(source for _, source in pairs)
    seen = x[..., *sources]
    counts = tuple(count for _, _, _, count in steps)
    if seen.shape[2:] == counts:
        return seen
    met = np.zeros((*x.shape[:2], *counts), x.dtype)
    windows: tuple[Any, ...] = tuple(window for window, _ in pairs)
    met[..., *windows] = seen
    return met


def scratch_bytes(problem: ConvProblem, itemsize: int) -> int:
    """Return an upper bound of what all threads hold: of one tap what it meets, its products and its weights.

    >>> axes = (ConvAxis(1, 0, 0, 1, 1, 1, 1), ConvAxis(4, 0, 0, kernel_size=3, stride=1, dilation=1, output_size=2))
    >>> scratch_bytes(ConvProblem(1, 5, 7, 1, axes), itemsize=4)  # 5 * 2 + 7 * 2 + 5 * 7 numbers
    236
    """
    tiling = plan(problem, itemsize)
    return max(tiling.workers, 1) * tiling.scratch_bytes
