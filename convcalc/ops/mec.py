"""Strips: each row of elements is laid out once for all columns of the kernel, and serves every place that reads it.

Source: Cho and Brand, "MEC: Memory-Efficient Convolution for Deep Neural Network" (2017), section 3: what the windows
of one row of places see is a run of neighbouring strips, so one matrix product a row reads it where it lies. For a
kernel of k x k, k elements are copied a place where `patches` copies k * k. Products are small, which BLAS does without
copying their operands first. On narrow maps the examples of a tile lie side by side, so that rows are long.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import lru_cache
from math import prod

import numpy as np

from convcalc.ops.padded_tile import band_shape, fill_band
from convcalc.ops.parallel import parallel_for, worker_count
from convcalc.ops.problem import FEW_PRODUCTS, Problem
from convcalc.ops.scratch import SCRATCH_BYTES, view, workspace
from convcalc.ops.sliding import Array
from convcalc.ops.tiles import Cut, Tile, at_once, cut, cuts, evened

TILE_BYTES = 2**20
NARROW, SEVERAL = 20, 8  # places in a row, and examples, that are better laid side by side
SHORT, FEW_MAPS = 24, 32  # places in a row, and maps, of which a product makes at least so many


@dataclass(frozen=True, slots=True, eq=False)
class Layout:
    """How a problem is cut, and the floats that the largest tile takes for its band, strips and products."""

    workers: int  # threads that are of use
    cut: Cut
    maps: int  # of one product
    abreast: bool  # the examples of a tile lie side by side
    in_place: bool  # the input itself is the band
    kernels: int
    band: int
    strips: int
    products: int

    @property
    def floats(self) -> int:
        """Scratch of one thread."""
        return self.band + self.strips + self.products


def fits(problem: Problem) -> bool:
    """Whether it can be worked so: no groups, and a kernel of several rows without gaps."""
    return (
        problem.groups == problem.rows.dilation == 1
        and problem.rows.kernel_size > 1
        and 4 * (plan(problem, True).kernels + plan(problem, True).floats) <= SCRATCH_BYTES
        and 4 * (plan(problem, False).kernels + plan(problem, False).floats) <= SCRATCH_BYTES
    )


def pays(problem: Problem) -> bool:
    """Whether products are small, and yet not too small."""
    layout = plan(problem, True)
    width = problem.columns.places * (layout.cut.at_once[0] if layout.abreast else 1)
    least = min(problem.maps, FEW_MAPS) * problem.fed * problem.taps * width
    return width >= SHORT and least <= FEW_PRODUCTS


def convolve(problem: Problem, x: Array, weight: Array, bias: Array | None, out: Array) -> None:
    """Fill out (N, O, *places) from x (N, C, H, W), weight (O, C, *kernel) and bias (O,), all of float32.

    >>> from convcalc.ops.problem import Span
    >>> side = Span(3, 0, 0, kernel_size=2, stride=1, dilation=1, places=2)
    >>> x, weight, out = (np.ones((1, 1, size, size), np.float32) for size in (3, 2, 2))
    >>> convolve(Problem(1, 1, 1, 1, (side, side)), x, weight, None, out)
    >>> out.tolist()  # four ones
    [[[[4.0, 4.0], [4.0, 4.0]]]]
    """
    layout = plan(problem, x.flags.c_contiguous)
    kernels = weight.transpose(0, 2, 1, 3).reshape(problem.maps, -1)
    bias = None if bias is None else bias.reshape(-1, 1, 1)

    def start(scratch: Array) -> Callable[[Tile], None]:
        def work(tile: Tile) -> None:
            columns = _lay(problem, layout, tile, x, scratch)
            _multiply(problem, layout, kernels, columns, bias, out[tile.examples, :, tile.rows], scratch)

        return work

    most = _workers(layout)
    parallel_for(layout.cut.tiles(), start, workspace(max(1, most) * layout.floats), most)


def _workers(layout: Layout) -> int:
    return layout.workers and min(layout.workers, worker_count(4 * layout.floats, 4 * layout.kernels), layout.cut.count)


def _lay(problem: Problem, layout: Layout, tile: Tile, x: Array, scratch: Array) -> Array:
    """What each row of places sees: (n, rows, taps of all channels, places of all examples that lie side by side)."""
    down, across, channels = problem.rows, problem.columns, problem.channels
    n, _, rows = tile.counts
    lead, beside = (1, n) if layout.abreast else (n, 1)
    high, width = (rows - 1) * down.stride + down.kernel_size, across.places * beside
    if layout.in_place:
        buffer, wide = x, across.size
        offset = (tile.examples.start * channels * down.size + tile.rows.start * down.stride) * wide
        steps = [channels * down.size * wide, down.size * wide, 0]
    else:
        buffer, offset, wide = scratch, 0, across.elements(across.places) * beside
        shape = (lead, channels, 1, len(across.phases()), high, wide)
        band = scratch[: prod(shape)].reshape(shape)
        if layout.abreast:
            band = band.reshape(*shape[1:5], -1, n).transpose(5, 0, 1, 2, 3, 4)
        first = tile.rows.start * down.stride
        fill_band(_every_row(problem), x[tile.examples], slice(first, first + high), band)
        steps = [channels * shape[3] * high * wide, shape[3] * high * wide, high * wide]
    strips = scratch[layout.band :][: lead * high * channels * across.kernel_size * width]
    strips = strips.reshape(lead, high, channels, across.kernel_size, width)
    for number, phase in enumerate(across.phases()):
        strips[:, :, :, phase.taps.start :: phase.taps.step] = view(
            buffer,
            offset + number * steps[2] + phase.first * beside,
            (lead, high, channels, len(phase.taps), width),
            (steps[0], wide, steps[1], phase.jump * beside, 1),
        )
    strip = channels * across.kernel_size * width
    return view(
        scratch,
        layout.band,
        (lead, rows, down.kernel_size * channels * across.kernel_size, width),
        (high * strip, down.stride * strip, width, 1),
    )


@lru_cache(1024)
def _every_row(problem: Problem) -> Problem:
    """The same, were windows a row apart: its band holds every row once."""
    return replace(problem, spans=(replace(problem.rows, stride=1), problem.columns))


def _multiply(
    problem: Problem, layout: Layout, kernels: Array, columns: Array, bias: Array | None, out: Array, scratch: Array
) -> None:
    """The product of the weights with the columns, and the bias, into their place in out (n, O, rows, places)."""
    products = out.transpose(0, 2, 1, 3)
    if layout.abreast:
        shape = (1, out.shape[2], problem.maps, columns.shape[-1])
        products = scratch[layout.band + layout.strips :][: prod(shape)].reshape(shape)
    for maps in cuts(problem.maps, layout.maps):
        np.matmul(kernels[maps], columns, out=products[:, :, maps])
    if layout.abreast:
        out[...] = products.reshape(out.shape[2], problem.maps, -1, len(out)).transpose(3, 1, 0, 2)
    if bias is not None:
        out += bias


@lru_cache(1024)
def plan(problem: Problem, contiguous: bool) -> Layout:
    """How the problem is cut; the same for any number of threads."""
    down, across, channels = problem.rows, problem.columns, problem.channels
    abreast = across.places <= NARROW and problem.examples >= SEVERAL
    in_place = contiguous and not problem.is_padded and across.stride == 1 and not abreast
    strip, row = channels * across.kernel_size * across.places, problem.maps * across.places * abreast
    sizes = (problem.examples, 1, down.places)
    taken = at_once(sizes, 4 * (down.stride * strip + row), TILE_BYTES)
    if abreast:
        least = min(problem.maps, FEW_MAPS) * problem.fed * problem.taps * across.places
        taken[0] = min(taken[0], max(1, FEW_PRODUCTS // least))
    if problem.is_large:
        taken = evened(sizes, taken)
    n, _, rows = taken
    high = (rows - 1) * down.stride + down.kernel_size
    width = across.places * (n if abreast else 1)
    _, residues, _, wide = band_shape(problem, rows)
    maps = max(1, min(problem.maps, FEW_PRODUCTS // (channels * problem.taps * width)))
    return Layout(
        problem.workers(maps, width),
        cut(sizes, taken),
        maps=maps,
        abreast=abreast,
        in_place=in_place,
        kernels=problem.maps * channels * problem.taps,
        band=0 if in_place else n * channels * residues * high * wide,
        strips=n * high * strip,
        products=n * rows * row,
    )


def scratch_bytes(problem: Problem) -> int:
    """The weights in another order, and what all threads that take part lay out, for an input in one piece."""
    layout = plan(problem, True)
    return 4 * (layout.kernels + layout.floats * max(1, _workers(layout)))
