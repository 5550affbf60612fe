"""Patches: what each window sees is laid out as a column, and one matrix product does the rest, tile by tile.

Source: Chellapilla, Puri and Simard, "High Performance Convolutional Neural Networks for Document Processing", 2006,
section 2.1 ("unrolling convolution"), known as im2col. A tile's patches stay in the cache; its elements are first
sorted by their residue of the stride (`band`), so that each tap copies long runs. Where that is cheaper, runs go on
past the ends of the rows, and what nobody asked for is multiplied too and left out at the end.
"""

from __future__ import annotations

from collections.abc import Callable
from math import prod

from convcalc.ops.im2col_tiles import Layout, moves, plan
from convcalc.ops.padded_tile import fill_band
from convcalc.ops.parallel import parallel_for, worker_count
from convcalc.ops.problem import Problem
from convcalc.ops.products import multiply
from convcalc.ops.scratch import SCRATCH_BYTES, view, workspace
from convcalc.ops.sliding import Array
from convcalc.ops.tiles import Tile, cuts


def fits(problem: Problem) -> bool:
    """Whether a tile stays within the scratch."""
    return 4 * max(plan(problem, True).floats, plan(problem, False).floats) <= SCRATCH_BYTES


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
    layout = plan(problem, x.flags.c_contiguous)
    weight = weight.reshape(problem.groups, problem.made, -1)
    bias = None if bias is None else bias.reshape(problem.groups, problem.made, 1, 1)
    out = out.reshape(problem.examples, problem.groups, problem.made, problem.rows.places, problem.columns.places)
    every_map = slice(0, problem.made)

    def start(scratch: Array) -> Callable[[Tile], None]:
        def work(tile: Tile) -> None:
            columns = _lay(problem, layout, tile, slice(0, tile.counts[1] * problem.fed), x, scratch)
            _multiply(problem, layout, tile, every_map, columns, weight, bias, out, scratch)

        return work

    if layout.workers <= 1 or layout.cut.count > 1:
        most = _workers(layout)
        parallel_for(layout.cut.tiles(), start, workspace(max(1, most) * layout.floats), most)
    else:  # few columns, so all are laid first, and then multiplied for some maps at a time
        (tile,), scratch = layout.cut.tiles(), workspace(layout.floats)
        columns = _lay(problem, layout, tile, slice(0, 0), x, scratch)

        def lay(channels: slice) -> None:
            _lay(problem, layout, tile, channels, x, scratch)

        def some_maps(maps: slice) -> None:
            _multiply(problem, layout, tile, maps, columns, weight, bias, out, scratch)

        parallel_for(cuts(problem.channels, -(-problem.channels // 4)), lambda _: lay, scratch, worker_count(0))
        parallel_for(cuts(problem.made, -(-problem.made // 4)), lambda _: some_maps, scratch, worker_count(0))


def _workers(layout: Layout) -> int:
    return layout.workers and min(layout.workers, worker_count(4 * layout.floats), layout.cut.count)


def _lay(problem: Problem, layout: Layout, tile: Tile, channels: slice, x: Array, scratch: Array) -> Array:
    """Lay out what the tile's windows see of these of its channels.

    What is returned is that of all its channels: (n, groups, taps of all channels of a group, columns).
    """
    taken = moves(problem, layout, tile.counts)
    first = tile.groups.start * problem.fed
    if layout.in_place:
        buffer = x
        offset = tile.examples.start * taken.steps[0] + first * taken.steps[1] + tile.rows.start * layout.wide
    else:
        buffer, offset = scratch, 0
        band = scratch[: prod(taken.band)].reshape(taken.band)
        seen = x[tile.examples, first + channels.start : first + channels.stop]
        fill_band(problem, seen, tile.rows, band[:, channels])
    if problem.taps == 1:
        return view(buffer, offset, taken.columns, taken.whole)
    patches = scratch[layout.band : layout.band + prod(taken.patches)].reshape(taken.patches)
    for down, across, start, shape, strides in taken.taps:
        patches[:, channels, down, across] = view(buffer, offset + start, shape, strides)[:, channels]
    return patches.reshape(taken.columns)


def _multiply(
    problem: Problem,
    layout: Layout,
    tile: Tile,
    maps: slice,
    columns: Array,
    weight: Array,
    bias: Array | None,
    out: Array,
    scratch: Array,
) -> None:
    """The product of some maps' weights with the columns, and their bias, into their place in out."""
    weight = weight[tile.groups, maps]
    bias = None if bias is None else bias[tile.groups, maps]
    target = out[tile.examples, tile.groups, maps, tile.rows]
    examples, groups, rows = tile.counts
    if layout.run_on:
        shape = (examples, groups, problem.made, rows * layout.wide)
        start = layout.band + layout.patches
        products = scratch[start : start + prod(shape)].reshape(shape)[:, :, maps]
        multiply(weight, columns, products[..., : columns.shape[-1]])
        products = products.reshape(*products.shape[:3], rows, layout.wide)
        target[...] = products[..., : problem.columns.places]
    else:
        multiply(weight, columns, target.reshape(*target.shape[:3], -1))
    if bias is not None:
        target += bias


def scratch_bytes(problem: Problem) -> int:
    """Of all threads that take part, for an input that lies in one piece."""
    layout = plan(problem, True)
    return 4 * layout.floats * max(1, _workers(layout))
