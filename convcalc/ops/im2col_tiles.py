"""How patches are cut into tiles, and where each of a tile's comes from."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from math import prod

from convcalc.ops.padded_tile import band_shape
from convcalc.ops.problem import Problem
from convcalc.ops.tiles import Cut, at_once, cut, evened

TILE_BYTES = 6 * 2**20
RUN_PRODUCTS = 400  # what a core multiplies in the time that beginning another run takes
FEW_COLUMNS = 64  # a matrix product of no more is better split by maps


@dataclass(frozen=True, slots=True, eq=False)
class Layout:
    """How a problem is cut, and the floats that the largest tile takes for its band, patches and products."""

    workers: int  # threads that are of use
    cut: Cut
    in_place: bool  # the input itself is the band
    run_on: bool  # runs go on past the ends of the rows
    wide: int  # elements from one row of the band to the next
    band: int
    patches: int
    products: int

    @property
    def floats(self) -> int:
        """Scratch of one thread."""
        return self.band + self.patches + self.products


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
        problem.workers(problem.made, rows * (wide if run_on else across.places)),
        cut(sizes, taken),
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
def moves(problem: Problem, layout: Layout, counts: tuple[int, int, int]) -> Moves:
    """Those of a tile of so many examples, groups and rows of places."""
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
