"""Patches: what each window sees is laid out as a column, and one matrix product does the rest, tile by tile.

Source: Chellapilla, Puri and Simard, "High Performance Convolutional Neural Networks for Document Processing", 2006,
section 2.1 ("unrolling convolution"), known as im2col. A tile's patches stay in the cache; its elements are first
sorted by their residue of the stride (`band`), so that each tap copies long runs. Where that is cheaper, runs go on
past the ends of the rows, and what nobody asked for is multiplied too and left out at the end.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import lru_cache
from math import prod

from convcalc.kernels.band import band_shape, fill_band
from convcalc.kernels.problem import Problem, Tile, at_once, cuts, evened, grid, parts, view
from convcalc.kernels.products import multiply
from convcalc.kernels.sliding import Array
from convcalc.kernels.threads import SCRATCH_BYTES, hands, share, workspace

TILE_BYTES = 6 * 2**20
RUN_PRODUCTS = 400  # what a core multiplies in the time that beginning another run takes
FEW_COLUMNS = 64  # a matrix product of no more is better split by maps


@dataclass(frozen=True, slots=True)
class Layout:
    """How a problem is cut, and the floats that the largest tile takes for its band, patches and products."""

    hands: int  # threads that are of use
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
    return 4 * max(plan(problem, True).floats, plan(problem, False).floats) <= SCRATCH_BYTES


def convolve(problem: Problem, x: Array, weight: Array, bias: Array | None, out: Array) -> None:
    """Fill out (N, O, *places) from x (N, C, H, W), weight (O, C/groups, *kernel) and bias (O,), all of float32."""
    layout = plan(problem, x.flags.c_contiguous)
    weight = weight.reshape(problem.groups, problem.made, -1)
    bias = None if bias is None else bias.reshape(problem.groups, problem.made, 1, 1)
    out = out.reshape(problem.examples, problem.groups, problem.made, problem.rows.places, problem.columns.places)
    every_map = slice(0, problem.made)

    def start(scratch: Array) -> Callable[[tuple[slice, ...]], None]:
        def work(axes: tuple[slice, ...]) -> None:
            tile = Tile(*axes)
            columns = _lay(problem, layout, tile, slice(0, tile.counts[1] * problem.fed), x, scratch)
            _multiply(problem, layout, tile, every_map, columns, weight, bias, out, scratch)

        return work

    tiles = grid(layout.sizes, layout.at_once)
    if layout.hands <= 1 or layout.tiles > 1:
        most = _hands(layout)
        share(tiles, start, workspace(max(1, most) * layout.floats), most)
    else:  # few columns, so all are laid first, and then multiplied for some maps at a time
        tile, scratch = Tile(*next(tiles)), workspace(layout.floats)
        columns = _lay(problem, layout, tile, slice(0, 0), x, scratch)

        def lay(channels: slice) -> None:
            _lay(problem, layout, tile, channels, x, scratch)

        def some_maps(maps: slice) -> None:
            _multiply(problem, layout, tile, maps, columns, weight, bias, out, scratch)

        share(cuts(problem.channels, -(-problem.channels // 4)), lambda _: lay, scratch, hands(0))
        share(cuts(problem.made, -(-problem.made // 4)), lambda _: some_maps, scratch, hands(0))


def _hands(layout: Layout) -> int:
    return min(layout.hands, hands(4 * layout.floats), layout.tiles)


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
    residues_down, residues_across, high, _ = band_shape(problem, rows)
    return Layout(
        problem.hands(problem.made, rows * (wide if run_on else across.places)),
        sizes,
        tuple(taken),
        in_place,
        run_on,
        wide,
        band=0 if in_place else channels * residues_down * residues_across * high * wide,
        patches=channels * copies * rows * (wide if run_on else across.places),
        products=examples * groups * problem.made * rows * wide * run_on,
    )


@dataclass(frozen=True, slots=True)
class Moves:
    """Where a tile's patches come from: shapes, and for each residue its taps' place and the view on the band."""

    band: tuple[int, ...]
    steps: tuple[int, ...]  # floats from one to the next, along the axes of the band
    patches: tuple[int, ...]
    columns: tuple[int, ...]
    whole: tuple[int, ...]  # strides of the columns of a kernel of one tap, on the band itself
    taps: tuple[tuple[slice, slice, int, tuple[int, ...], tuple[int, ...]], ...]


@lru_cache(1024)
def _moves(problem: Problem, layout: Layout, counts: tuple[int, int, int]) -> Moves:
    down, across, wide = problem.rows, problem.columns, layout.wide
    examples, groups, rows = counts
    channels = groups * problem.fed
    if layout.in_place:
        band: tuple[int, ...] = (problem.examples, problem.channels, 1, 1, down.size, wide)
    else:
        band = (examples, channels, *band_shape(problem, rows))
    steps = tuple(prod(band[axis + 1 :]) for axis in range(6))
    runs, along = (rows, across.places), (wide, 1)
    if layout.run_on:
        runs, along = (1, (rows - 1) * wide + across.places), (0, 1)
    taps = tuple(
        (
            slice(above.taps.start, None, above.taps.step),
            slice(aside.taps.start, None, aside.taps.step),
            i * steps[2] + j * steps[3] + above.first * wide + aside.first,
            (examples, channels, len(above.taps), len(aside.taps), *runs),
            (steps[0], steps[1], above.jump * wide, aside.jump, *along),
        )
        for i, above in enumerate(down.phases())
        for j, aside in enumerate(across.phases())
    )
    return Moves(
        band,
        steps,
        patches=(examples, channels, down.kernel_size, across.kernel_size, *runs),
        columns=(examples, groups, problem.fed * problem.taps, prod(runs)),
        whole=(steps[0], problem.fed * steps[1], steps[1], 1),
        taps=taps,
    )


def _lay(problem: Problem, layout: Layout, tile: Tile, channels: slice, x: Array, scratch: Array) -> Array:
    """Lay out what the tile's windows see of these of its channels.

    What is returned is that of all its channels: (n, groups, taps of all channels of a group, columns).
    """
    moves = _moves(problem, layout, tile.counts)
    first = tile.groups.start * problem.fed
    if layout.in_place:
        buffer = x
        offset = tile.examples.start * moves.steps[0] + first * moves.steps[1] + tile.rows.start * layout.wide
    else:
        buffer, offset = scratch, 0
        band = scratch[: prod(moves.band)].reshape(moves.band)
        seen = x[tile.examples, first + channels.start : first + channels.stop]
        fill_band(problem, seen, tile.rows, band[:, channels])
    if problem.taps == 1:
        return view(buffer, offset, moves.columns, moves.whole)
    patches = scratch[layout.band : layout.band + prod(moves.patches)].reshape(moves.patches)
    for down, across, start, shape, strides in moves.taps:
        patches[:, channels, down, across] = view(buffer, offset + start, shape, strides)[:, channels]
    return patches.reshape(moves.columns)


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
    return 4 * layout.floats * max(1, _hands(layout))
