"""Patches: what each window sees is laid out as a column, and one matrix product does the rest, tile by tile.

Source: Chellapilla, Puri and Simard, "High Performance Convolutional Neural Networks for Document Processing" (2006),
section 2.1 ("unrolling convolution"), known as im2col. A tile's patches stay in the cache; its elements are first
sorted by their residue of the stride (`band`), so that each tap copies long runs. Runs may go on past the ends of the
rows: then some columns that nobody asked for are multiplied too, and left out at the end.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import lru_cache
from math import prod

import numpy as np

from convcalc.kernels.band import band_shape, fill_band
from convcalc.kernels.problem import FLOAT, Problem, Tile, at_once, cuts, evened, grid, parts, view
from convcalc.kernels.sliding import Array
from convcalc.kernels.threads import SCRATCH_BYTES, hands, share

TILE_BYTES = 2 * 2**20
RUN_PRODUCTS = 400  # what a core multiplies in the time that beginning another run takes
FEW_COLUMNS = 512  # a matrix product of no more is better split by maps


@dataclass(frozen=True, slots=True)
class Layout:
    """How a problem is cut, and the floats that the largest tile takes for its band, patches and products."""

    sizes: tuple[int, ...]  # examples, groups, rows of places
    at_once: tuple[int, ...]  # of each, in the largest tile
    in_place: bool  # the input itself is the band
    run_on: bool  # runs go on past the ends of the rows
    wide: int  # elements from one row of the band to the next
    band: int
    patches: int
    products: int

    @property
    def tiles(self) -> int:
        """How many there are."""
        return parts(self.sizes, self.at_once)

    @property
    def floats(self) -> int:
        """Scratch of one thread."""
        return self.band + self.patches + self.products


def fits(problem: Problem) -> bool:
    """Whether a tile stays within the scratch."""
    return 4 * plan(problem, True).floats <= SCRATCH_BYTES and 4 * plan(problem, False).floats <= SCRATCH_BYTES


def convolve(problem: Problem, x: Array, weight: Array, bias: Array | None, out: Array) -> None:
    """Fill out (N, O, *places) from x (N, C, H, W), weight (O, C/groups, *kernel) and bias (O,), all of float32."""
    layout = plan(problem, x.flags.c_contiguous)
    weight = weight.reshape(problem.groups, problem.made, -1)
    bias = None if bias is None else bias.reshape(problem.groups, problem.made, 1, 1)
    out = out.reshape(problem.examples, problem.groups, problem.made, problem.rows.places, problem.columns.places)

    def start() -> Callable[[Tile], None]:
        scratch = np.empty(layout.floats, FLOAT)

        def work(tile: Tile) -> None:
            columns = _lay(problem, layout, tile, slice(0, tile.counts[1] * problem.fed), x, scratch)
            _multiply(problem, layout, tile, slice(0, problem.made), columns, weight, bias, out, scratch)

        return work

    if not problem.is_large:
        work = start()
        for axes in grid(layout.sizes, layout.at_once):
            work(Tile(*axes))
    elif layout.tiles > 1:
        tiles = (Tile(*axes) for axes in grid(layout.sizes, layout.at_once))
        share(tiles, start, hands(4 * layout.floats))
    else:  # few columns, so all are laid first, and then multiplied for some maps at a time
        tile = Tile(*(slice(0, size) for size in layout.sizes))
        scratch = np.empty(layout.floats, FLOAT)
        columns = _lay(problem, layout, tile, slice(0, 0), x, scratch)
        some = cuts(problem.channels, -(-problem.channels // 4))
        share(some, lambda: lambda part: _lay(problem, layout, tile, part, x, scratch), hands(0))
        maps = cuts(problem.made, -(-problem.made // 4))
        share(
            maps,
            lambda: lambda part: _multiply(problem, layout, tile, part, columns, weight, bias, out, scratch),
            hands(0),
        )


@lru_cache(1024)
def plan(problem: Problem, contiguous: bool) -> Layout:
    """How the problem is cut; the same for any number of threads."""
    down, across = problem.rows, problem.columns
    in_place = contiguous and not problem.is_padded and down.stride == across.stride == 1
    wide = across.size if in_place else across.elements(across.places)
    run_on = 0 < (wide - across.places) * problem.made <= RUN_PRODUCTS
    copies = problem.taps if problem.taps > 1 else 0  # of a kernel of one tap, the band is all there is to see
    row = wide * (problem.fed * (copies + (not in_place)) + problem.made * run_on)
    sizes = (problem.examples, problem.groups, down.places)
    taken = at_once(sizes, 4 * row, TILE_BYTES)
    if problem.is_large:
        taken = evened(sizes, taken, FEW_COLUMNS // across.places)
    examples, groups, rows = taken
    channels = examples * groups * problem.fed
    return Layout(
        sizes,
        tuple(taken),
        in_place,
        run_on,
        wide,
        band=0 if in_place else channels * prod(band_shape(problem, rows)),
        patches=channels * copies * rows * (wide if run_on else across.places),
        products=examples * groups * problem.made * rows * wide * run_on,
    )


def _lay(problem: Problem, layout: Layout, tile: Tile, channels: slice, x: Array, scratch: Array) -> Array:
    """Lay out what the tile's windows see of these of its channels.

    What is returned is that of all its channels: (n, groups, taps of all channels of a group, columns).
    """
    down, across = problem.rows, problem.columns
    examples, groups, rows = tile.counts
    first, count = tile.groups.start * problem.fed, groups * problem.fed
    if layout.in_place:
        buffer, shape = x, (problem.examples, problem.channels, 1, 1, down.size, across.size)
        offset = (tile.examples.start * problem.channels + first) * down.size * across.size
        offset += tile.rows.start * across.size
    else:
        buffer, shape, offset = scratch, (examples, count, *band_shape(problem, rows)), 0
        band = scratch[: prod(shape)].reshape(shape)
        seen = x[tile.examples, first + channels.start : first + channels.stop]
        fill_band(problem, seen, tile.rows, band[:, channels])
    steps = [prod(shape[axis + 1 :]) for axis in range(6)]  # elements from one to the next along each axis
    columns = (rows - 1) * layout.wide + across.places if layout.run_on else rows * across.places
    if problem.taps == 1:
        strides = (steps[0], problem.fed * steps[1], steps[1], 1)
        return view(buffer, offset, (examples, groups, problem.fed, columns), strides)
    runs, along = ((columns,), (1,)) if layout.run_on else ((rows, across.places), (layout.wide, 1))
    size = examples * count * problem.taps * columns
    patches = scratch[layout.band : layout.band + size].reshape(
        examples, count, down.kernel_size, across.kernel_size, *runs
    )
    offset += channels.start * steps[1]
    here = channels.stop - channels.start
    for i, above in enumerate(down.phases()):
        for j, beside in enumerate(across.phases()):
            start = offset + i * steps[2] + j * steps[3] + above.first * layout.wide + beside.first
            taps = (len(above.taps), len(beside.taps))
            strides = (steps[0], steps[1], above.jump * layout.wide, beside.jump, *along)
            patches[:, channels, above.taps.start :: above.taps.step, beside.taps.start :: beside.taps.step] = view(
                buffer, start, (examples, here, *taps, *runs), strides
            )
    return patches.reshape(examples, groups, problem.fed * problem.taps, columns)


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
    if not layout.run_on:
        np.matmul(weight, columns, out=target.reshape(*target.shape[:3], -1))
        if bias is not None:
            target += bias
        return
    shape = (examples, groups, problem.made, rows, layout.wide)
    start = layout.band + layout.patches
    products = scratch[start : start + prod(shape)].reshape(shape)[:, :, maps]
    np.matmul(weight, columns, out=products.reshape(*products.shape[:3], -1)[..., : columns.shape[-1]])
    kept = products[..., : problem.columns.places]
    if bias is None:
        target[...] = kept
    else:
        np.add(kept, bias, out=target)


def scratch_bytes(problem: Problem) -> int:
    """Of all threads that take part, for an input that lies in one piece."""
    layout = plan(problem, True)
    return 4 * layout.floats * min(hands(4 * layout.floats), layout.tiles if problem.is_large else 1)
