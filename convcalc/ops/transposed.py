"""Transposed convolution: every input element writes the kernel, times its value, to the output.

Source: Dumoulin and Visin, "A guide to convolution arithmetic for deep learning" (2016), chapter 4. It is executed as
one matrix product for all taps, whose results are then added to the output tap by tap (known as GEMM and col2im).
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from math import prod
from typing import Any, NamedTuple

import numpy as np

from convcalc.errors import ConvcalcError
from convcalc.layers.base import Layer
from convcalc.layers.settings import Shape
from convcalc.layers.transposed import ConvTranspose
from convcalc.ops.base import Counts, Operation
from convcalc.ops.parallel import parallel_for
from convcalc.ops.products import LARGE, worker_limit
from convcalc.ops.scratch import workspace
from convcalc.ops.sliding import Array, indices, meeting
from convcalc.ops.tiles import at_once, cuts, evened, grid, parts

TILE_BYTES = 6 * 2**20  # of products and weights that one thread holds


class TransposedAxis(NamedTuple):
    """One axis: the kernel's taps lie ``dilation`` apart, its copies ``stride`` apart, and ``cut`` comes off each end.

    >>> TransposedAxis(taps=3, stride=2, dilation=1, cut=0, added=0).reach(2)  # the second begins at 2
    5
    """

    taps: int
    stride: int
    dilation: int
    cut: int
    added: int

    def reach(self, size: int) -> int:
        """Return how far the copies of ``size`` kernels reach, with ``added`` behind, before anything is cut off.

        As in PyTorch, an axis without elements reaches a stride less far than an axis with one.

        >>> TransposedAxis(taps=4, stride=2, dilation=1, cut=1, added=0).reach(16)
        34
        """
        last = range(-self.stride, size * self.stride, self.stride)[-1]
        return last + range(0, self.taps * self.dilation, self.dilation)[-1] + 1 + self.added

    def landing(self, tap: int, size: int, output_size: int, first: int = 0) -> tuple[slice, slice]:
        """Return which elements, from ``first`` on, write this tap inside the output, and where.

        >>> TransposedAxis(taps=4, stride=2, dilation=1, cut=1, added=0).landing(0, size=16, output_size=32)
        (slice(1, 16, None), slice(1, 30, 2))
        """
        return meeting(tap * self.dilation - self.cut + first * self.stride, self.stride, output_size, size)


def shapes(layer: ConvTranspose) -> dict[str, Shape]:
    """Return the shapes of the layer's arrays: (in, out/groups, *kernel) and (out,).

    >>> from convcalc import ConvTranspose2d
    >>> shapes(ConvTranspose2d(64, 32, 4))
    {'weight': (64, 32, 4, 4), 'bias': (32,)}
    """
    weight = {"weight": (layer.in_channels, layer.out_channels // layer.groups, *layer.kernel_size)}
    return weight | ({"bias": (layer.out_channels,)} if layer.bias else {})


def output_shape(layer: ConvTranspose, input_shape: Shape) -> Shape:
    """Return the output's shape: as far as the kernel's copies reach, less what is cut off.

    >>> from convcalc import ConvTranspose2d
    >>> output_shape(ConvTranspose2d(64, 32, 4, stride=2, padding=1), (1, 64, 16, 16))
    (1, 32, 32, 32)
    """
    rank = len(layer.kernel_size)
    if len(input_shape) not in (rank + 1, rank + 2) or input_shape[-1 - rank] != layer.in_channels:
        raise ConvcalcError(f"{layer!r} takes {layer.in_channels} channels and {rank} axes, got {list(input_shape)}")
    batch, sizes = input_shape[: -1 - rank], input_shape[-rank:]
    if 0 in sizes and 0 not in batch:
        raise ConvcalcError(f"{layer!r} got a size of 0 in {list(input_shape)}: every spatial size must be at least 1")
    places = tuple(axis.reach(size) - 2 * axis.cut for axis, size in zip(_axes(layer), sizes, strict=True))
    if min(places) < (0 not in batch):
        raise ConvcalcError(f"{layer!r} cuts off all that it makes of {list(input_shape)}: use a smaller padding")
    return (*batch, layer.out_channels, *places)


def run(layer: ConvTranspose, x: Array, weight: Array, bias: Array | None = None) -> Array:
    """Return (N, O, *output_size) for (N, C, *sizes), or for one example without N.

    Two elements, each of which writes 1 and 10 times its value, two positions apart:

    >>> from convcalc import ConvTranspose1d
    >>> layer = ConvTranspose1d(1, 1, 2, stride=2, bias=False)
    >>> run(layer, np.array([[3.0, 4.0]]), np.array([[[1.0, 10.0]]])).tolist()
    [[3.0, 30.0, 4.0, 40.0]]
    """
    rank, groups = len(layer.kernel_size), layer.groups
    batched = x if x.ndim == rank + 2 else x[np.newaxis]
    out = np.zeros(output_shape(layer, batched.shape), dtype=weight.dtype)
    if out.size and x.size:
        elements = batched.reshape(len(batched), groups, layer.in_channels // groups, *batched.shape[2:])
        sums = out.reshape(len(batched), groups, layer.out_channels // groups, *out.shape[2:])
        kernels = weight.reshape(groups, layer.in_channels // groups, layer.out_channels // groups, -1)
        tiling = _tiling(layer, batched.shape, x.itemsize)

        def work(piece: tuple[slice, ...]) -> None:
            batch, maps = piece
            taps_first = np.ascontiguousarray(kernels[:, :, maps].transpose(0, 3, 2, 1))  # (G, taps, O/G, C/G)
            for rows in cuts(batched.shape[2], tiling.rows):
                _write(layer, elements[batch], taps_first, rows, sums[batch, :, maps])

        parallel_for(grid(tiling.sizes, tiling.at_once), lambda _: work, workspace(0), tiling.workers)
    if bias is not None:
        out += bias.reshape(-1, *[1] * rank)
    return out if batched is x else out[0]


def _write(layer: ConvTranspose, elements: Array, kernels: Array, rows: slice, sums: Array) -> None:
    """Add to sums (N, G, O/G, *output_size) what some rows of elements (N, G, C/G, *sizes) write."""
    band = elements[:, :, :, rows]
    columns = band.reshape(*band.shape[:3], -1)
    groups, taps, maps, _ = kernels.shape
    products = kernels.reshape(groups, taps * maps, -1) @ columns
    products = products.reshape(len(band), groups, taps, maps, *band.shape[3:])
    for number, (_, written, target) in enumerate(_landings(layer, band.shape[3:], sums.shape[3:], rows.start)):
        sums[..., *target] += products[:, :, number, :, *written]


class _Tiling(NamedTuple):
    """How the batch and the maps of a group are cut, how many rows are multiplied together, and by how many threads."""

    sizes: tuple[int, int]
    at_once: list[int]
    rows: int
    workers: int
    scratch_bytes: int


def _tiling(layer: ConvTranspose, input_shape: Shape, itemsize: int) -> _Tiling:
    batch, channels, *spatial = input_shape
    sizes = (batch, layer.out_channels // layer.groups)
    taps, row = prod(layer.kernel_size), prod(spatial[1:])
    unit = taps * (layer.groups * row + channels) * itemsize
    taken = at_once(sizes, unit, TILE_BYTES)
    products = prod(input_shape) * sizes[1] * taps
    if products > LARGE:
        taken = evened(sizes, taken)
    one_row = prod(taken) * taps * layer.groups * row * itemsize
    rows = max(1, min(spatial[0], TILE_BYTES // max(one_row, 1)))
    weights = taps * channels * taken[1] * itemsize
    scratch = rows * one_row + weights + taken[0] * channels * rows * row * itemsize
    each = taken[1] * taps * channels // layer.groups * rows * row
    workers = min(worker_limit(products, each, False, scratch), parts(sizes, taken))
    return _Tiling(sizes, taken, rows, workers, scratch)


def count(layer: ConvTranspose, input_shape: Shape) -> Counts:
    """Count what one pair of maps writes on ones, before and after the output is cut, and the pairs of maps.

    >>> from convcalc import ConvTranspose2d
    >>> count(ConvTranspose2d(64, 32, 4, stride=2, padding=1), (1, 64, 16, 16)).macs_exact
    7872512
    """
    rank = len(layer.kernel_size)
    sizes, places = input_shape[-rank:], output_shape(layer, input_shape)[-rank:]
    dense, _ = _written(layer, sizes, tuple(map(TransposedAxis.reach, _axes(layer), sizes)), cut=False)
    exact, live = _written(layer, sizes, places, cut=True)
    pairs = _pairs(layer)
    return Counts(
        weights=pairs * prod(layer.kernel_size),
        live_weights=pairs * live,
        biases=layer.out_channels if layer.bias else 0,
        connections=pairs * dense + (layer.out_channels * prod(places) if layer.bias else 0),
        macs=pairs * dense,
        macs_exact=pairs * exact,
    )


def _written(layer: ConvTranspose, sizes: Shape, places: Shape, cut: bool) -> tuple[int, int]:
    """Return the sum of the output after every element has written a 1 at each tap, and the number of taps that did."""
    ones, out = np.ones(sizes, dtype=np.int64), np.zeros([max(0, size) for size in places], dtype=np.int64)
    live = 0
    for _, met, landing in _landings(layer, sizes, places, cut=cut):
        written = ones[met]
        out[landing] += written
        live += written.size > 0
    return int(out.sum()), live


def _pairs(layer: ConvTranspose) -> int:
    """Mark the pairs of maps that a kernel connects, group by group, and count them."""
    total = 0
    for group in range(layer.groups):
        maps = np.arange(layer.out_channels) // (layer.out_channels // layer.groups) == group
        sources = np.arange(layer.in_channels) // (layer.in_channels // layer.groups) == group
        total += int(np.count_nonzero(maps)) * int(np.count_nonzero(sources))
    return total


def _axes(layer: ConvTranspose, cut: bool = True) -> list[TransposedAxis]:
    settings = zip(layer.kernel_size, layer.stride, layer.dilation, layer.padding, layer.output_padding, strict=True)
    return [TransposedAxis(taps, step, gap, side if cut else 0, added) for taps, step, gap, side, added in settings]


def _landings(
    layer: ConvTranspose, sizes: Sequence[int], output_size: Sequence[int], first_row: int = 0, cut: bool = True
) -> Iterator[tuple[tuple[int, ...], tuple[Any, ...], tuple[Any, ...]]]:
    """Yield, for each tap of the kernel: its index, the elements that write it inside the output, and where.

    The elements begin at ``first_row`` of the first axis.
    """
    axes = _axes(layer, cut)
    firsts = (first_row, *[0] * (len(axes) - 1))
    for tap in indices(layer.kernel_size):
        pairs = [
            axis.landing(index, size, count, first)
            for axis, index, size, count, first in zip(axes, tap, sizes, output_size, firsts, strict=True)
        ]
        yield tap, tuple(met for met, _ in pairs), tuple(landing for _, landing in pairs)


def extra_bytes(layer: ConvTranspose, inputs: Sequence[Shape], output: Shape, itemsize: int) -> int:
    """Bound the memory by the products, weights and rows that all threads hold, or by the integers of a count.

    >>> from convcalc import ConvTranspose1d
    >>> extra_bytes(ConvTranspose1d(2, 3, 2), [(1, 2, 10)], (1, 3, 11), itemsize=4)  # 60 + 12 + 20 numbers
    368
    """
    rank = len(layer.kernel_size)
    batched = inputs[0] if len(inputs[0]) == rank + 2 else (1, *inputs[0])
    reached = prod(axis.reach(size) for axis, size in zip(_axes(layer), batched[2:], strict=True))
    counting = 8 * (prod(batched[2:]) + max(reached, prod(output[-rank:])))
    if 0 in batched:
        return counting
    tiling = _tiling(layer, batched, itemsize)
    return max(counting, max(tiling.workers, 1) * tiling.scratch_bytes)


OPERATIONS: dict[type[Layer], Operation] = {ConvTranspose: Operation(run, output_shape, shapes, count, extra_bytes)}
