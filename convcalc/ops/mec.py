"""MEC: lay out each row of elements once for all columns of the kernel, and let every window that reads it share it.

Source: Cho and Brand, "MEC: Memory-Efficient Convolution for Deep Neural Network" (2017), section 3. What the windows
of one output row see is a run of neighbouring strips, so one matrix product per row reads it where it lies. For a k x k
kernel, k elements are copied per window, where im2col copies k * k. The products are small, so BLAS does not copy their
operands first. If maps are narrow, the examples of a tile lie side by side, so that rows are long.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import lru_cache
from math import prod

import numpy as np

from convcalc.ops.padded_tile import band_shape, fill_band
from convcalc.ops.problem import ConvProblem
from convcalc.ops.products import FEW_PRODUCTS
from convcalc.ops.scratch import view
from convcalc.ops.sliding import Array
from convcalc.ops.tiles import Tile, at_once, cut, cuts, evened
from convcalc.ops.tiling import Tiling

TILE_BYTES = 2**20
NARROW, SEVERAL = 20, 8  # columns of the output, and examples, that are better laid side by side
SHORT, FEW_MAPS = 24, 32  # a product has at least so many columns, and so many maps


@dataclass(frozen=True, slots=True, eq=False)
class MecTiling(Tiling):
    """The tiling, the maps of one product, and whether the examples of a tile lie side by side."""

    maps: int = 0
    abreast: bool = False


@lru_cache(1024)
def plan(problem: ConvProblem, contiguous: bool = True) -> MecTiling:
    """Return how the problem is cut; the same for any number of threads."""
    down, across, channels = problem.rows, problem.columns, problem.in_channels
    abreast = across.output_size <= NARROW and problem.batch >= SEVERAL
    in_place = contiguous and not problem.is_padded and across.stride == 1 and not abreast
    strip = channels * across.kernel_size * across.output_size
    row = problem.out_channels * across.output_size * abreast
    sizes = (problem.batch, 1, down.output_size)
    taken = at_once(sizes, 4 * (down.stride * strip + row), TILE_BYTES)
    if abreast:
        least = min(problem.out_channels, FEW_MAPS) * channels * problem.taps * across.output_size
        taken[0] = min(taken[0], max(1, FEW_PRODUCTS // least))
    if problem.is_large:
        taken = evened(sizes, taken)
    batch, _, rows = taken
    high = (rows - 1) * down.stride + down.kernel_size
    width = across.output_size * (batch if abreast else 1)
    maps = max(1, min(problem.out_channels, FEW_PRODUCTS // (channels * problem.taps * width)))
    return MecTiling(
        cut(sizes, taken),
        problem.workers(maps, width),
        band=0 if in_place else batch * channels * prod(band_shape(_every_row(problem), high)),
        columns=batch * high * strip,
        products=batch * rows * row,
        shared=problem.out_channels * channels * problem.taps,  # the weights in another order
        in_place=in_place,
        maps=maps,
        abreast=abreast,
    )


@lru_cache(1024)
def _every_row(problem: ConvProblem) -> ConvProblem:
    """Return the problem of windows that are a row high and a row apart: its band holds every row once."""
    return replace(problem, axes=(replace(problem.rows, kernel_size=1, stride=1), problem.columns))


def fits(problem: ConvProblem) -> bool:
    """Return whether it can be computed so: no groups, several rows without gaps, and a tile within the scratch."""
    return (
        problem.groups == problem.rows.dilation == 1
        and problem.rows.kernel_size > 1
        and plan(problem, True).fits
        and plan(problem, False).fits
    )


def pays(problem: ConvProblem) -> bool:
    """Return whether products are small, and yet not too small."""
    tiling = plan(problem, True)
    width = problem.columns.output_size * (tiling.cut.at_once[0] if tiling.abreast else 1)
    least = min(problem.out_channels, FEW_MAPS) * problem.in_channels * problem.taps * width
    return width >= SHORT and least <= FEW_PRODUCTS


def convolve(problem: ConvProblem, x: Array, weight: Array, bias: Array | None, out: Array) -> None:
    """Fill out (N, O, *output_size) from x (N, C, H, W), weight (O, C, *kernel) and bias (O,), all float32.

    >>> from convcalc.ops.problem import ConvAxis
    >>> side = ConvAxis(3, 0, 0, kernel_size=2, stride=1, dilation=1, output_size=2)
    >>> x, weight, out = (np.ones((1, 1, size, size), np.float32) for size in (3, 2, 2))
    >>> convolve(ConvProblem(1, 1, 1, 1, (side, side)), x, weight, None, out)
    >>> out.tolist()  # four ones
    [[[[4.0, 4.0], [4.0, 4.0]]]]
    """
    tiling = plan(problem, x.flags.c_contiguous)
    kernels = weight.transpose(0, 2, 1, 3).reshape(problem.out_channels, -1)
    bias = None if bias is None else bias.reshape(-1, 1, 1)

    def work(tile: Tile, scratch: Array) -> None:
        columns = _lay(problem, tiling, tile, x, scratch)
        _multiply(problem, tiling, kernels, columns, bias, out[tile.batch, :, tile.rows], scratch)

    tiling.for_each_tile(work)


def _lay(problem: ConvProblem, tiling: MecTiling, tile: Tile, x: Array, scratch: Array) -> Array:
    """Return what each output row sees: (n, rows, taps of all channels, columns of all examples that lie abreast)."""
    down, across, channels = problem.rows, problem.columns, problem.in_channels
    n, _, rows = tile.counts
    lead, beside = (1, n) if tiling.abreast else (n, 1)
    first, high = tile.rows.start * down.stride, (rows - 1) * down.stride + down.kernel_size
    width = across.output_size * beside
    if tiling.in_place:
        buffer, wide = x, across.size
        offset = (tile.batch.start * channels * down.size + first) * wide
        steps = [channels * down.size * wide, down.size * wide, 0]
    else:
        buffer, offset, wide = scratch, 0, across.elements(across.output_size) * beside
        shape = (lead, channels, 1, len(across.phases()), high, wide)
        band = scratch[: prod(shape)].reshape(shape)
        if tiling.abreast:
            band = band.reshape(*shape[1:5], -1, n).transpose(5, 0, 1, 2, 3, 4)
        fill_band(_every_row(problem), x[tile.batch], slice(first, first + high), band)
        steps = [channels * shape[3] * high * wide, shape[3] * high * wide, high * wide]
    strips = scratch[tiling.band :][: lead * high * channels * across.kernel_size * width]
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
        tiling.band,
        (lead, rows, down.kernel_size * channels * across.kernel_size, width),
        (high * strip, down.stride * strip, width, 1),
    )


def _multiply(
    problem: ConvProblem,
    tiling: MecTiling,
    kernels: Array,
    columns: Array,
    bias: Array | None,
    out: Array,
    scratch: Array,
) -> None:
    """Write the product of the weights and the columns, plus the bias, to its place in out (n, O, rows, columns)."""
    products = out.transpose(0, 2, 1, 3)
    if tiling.abreast:
        shape = (1, out.shape[2], problem.out_channels, columns.shape[-1])
        products = scratch[tiling.band + tiling.columns :][: prod(shape)].reshape(shape)
    for maps in cuts(problem.out_channels, tiling.maps):
        np.matmul(kernels[maps], columns, out=products[:, :, maps])
    if tiling.abreast:
        out[...] = products.reshape(out.shape[2], problem.out_channels, -1, len(out)).transpose(3, 1, 0, 2)
    if bias is not None:
        out += bias
