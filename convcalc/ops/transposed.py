"""Transposed convolution: every input element stamps the kernel onto the output, and the stamps are counted on ones."""

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
from convcalc.ops.blocks import part_size
from convcalc.ops.sliding import Array, indices, meeting
from convcalc.ops.tiles import cuts

SCRATCH_BYTES = 48 * 2**20  # of elements and what they lay down at a time
WEIGHT_BYTES = 16 * 2**20  # of weights at a time


class Stamp(NamedTuple):
    """One axis: ``taps`` of a kernel ``dilation`` apart, ``stride`` from stamp to stamp; ``cut`` comes off each end.

    >>> Stamp(taps=3, stride=2, dilation=1, cut=0, added=0).reach(2)  # the second begins at 2
    5
    """

    taps: int
    stride: int
    dilation: int
    cut: int
    added: int

    def reach(self, size: int) -> int:
        """How far the stamps of so many elements reach, with what is added behind, before anything is cut off.

        An axis without an element reaches a stride less far than one with a single one, as PyTorch has it.

        >>> Stamp(taps=4, stride=2, dilation=1, cut=1, added=0).reach(16)
        34
        """
        last = range(-self.stride, size * self.stride, self.stride)[-1]
        return last + range(0, self.taps * self.dilation, self.dilation)[-1] + 1 + self.added

    def landing(self, tap: int, size: int, places: int) -> tuple[slice, slice]:
        """Which of the elements lay this tap inside, and where: the elements and the places as slices.

        >>> Stamp(taps=4, stride=2, dilation=1, cut=1, added=0).landing(0, size=16, places=32)
        (slice(1, 16, None), slice(1, 30, 2))
        """
        return meeting(tap * self.dilation - self.cut, self.stride, places, size)


def shapes(layer: ConvTranspose) -> dict[str, Shape]:
    """The arrays that the layer holds: (in, out/groups, *kernel) and (out,).

    >>> from convcalc import ConvTranspose2d
    >>> shapes(ConvTranspose2d(64, 32, 4))
    {'weight': (64, 32, 4, 4), 'bias': (32,)}
    """
    weight = {"weight": (layer.in_channels, layer.out_channels // layer.groups, *layer.kernel_size)}
    return weight | ({"bias": (layer.out_channels,)} if layer.bias else {})


def output_shape(layer: ConvTranspose, input_shape: Shape) -> Shape:
    """As far as the stamps reach, less what is cut off.

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
    places = tuple(stamp.reach(size) - 2 * stamp.cut for stamp, size in zip(_stamps(layer), sizes, strict=True))
    if min(places) < (0 not in batch):
        raise ConvcalcError(f"{layer!r} cuts off all that it makes of {list(input_shape)}: use a smaller padding")
    return (*batch, layer.out_channels, *places)


def run(layer: ConvTranspose, x: Array, weight: Array, bias: Array | None = None) -> Array:
    """(N, C, *sizes), or one example without N, to (N, O, *places): tap by tap, a matrix product over the channels.

    Two elements, each laying down 1 and 10, two places apart:

    >>> from convcalc import ConvTranspose1d
    >>> layer = ConvTranspose1d(1, 1, 2, stride=2, bias=False)
    >>> run(layer, np.array([[3.0, 4.0]]), np.array([[[1.0, 10.0]]])).tolist()
    [[3.0, 30.0, 4.0, 40.0]]
    """
    rank, groups = len(layer.kernel_size), layer.groups
    batched = x if x.ndim == rank + 2 else x[np.newaxis]
    out = np.zeros(output_shape(layer, batched.shape), dtype=weight.dtype)
    maps = batched.reshape(len(batched), groups, layer.in_channels // groups, *batched.shape[2:])
    sums = out.reshape(len(batched), groups, layer.out_channels // groups, *out.shape[2:])
    stamps = weight.reshape(groups, layer.in_channels // groups, *weight.shape[1:])
    together, rows = _at_once(layer, batched.shape[2:], x.itemsize)
    for examples in cuts(len(batched), together):
        for tap, met, places in _landings(layer, batched.shape[2:], out.shape[2:]):
            at_tap: tuple[Any, ...] = (..., *tap)
            for elements, under in _bands(met, places, rows):
                _lay_down(maps[(examples, ..., *elements)], stamps[at_tap], sums[(examples, ..., *under)])
    if bias is not None:
        out += bias.reshape(-1, *[1] * rank)
    return out if x.ndim == rank + 2 else out[0]


def _at_once(layer: ConvTranspose, sizes: Shape, itemsize: int) -> tuple[int, int]:
    """How many examples share one product, and how many elements of the first axis."""
    row = (layer.in_channels + layer.out_channels) * prod(sizes[1:]) * itemsize
    return SCRATCH_BYTES // max(row * sizes[0], 1), SCRATCH_BYTES // max(row, 1)


def _bands(met: tuple[Any, ...], places: tuple[Any, ...], rows: int) -> Iterator[tuple[tuple[Any, ...], ...]]:
    """The elements and where they land, so many of the first axis at a time."""
    (first, *others), (under, *beside) = met, places
    for part in cuts(first.stop - first.start, rows):
        elements = slice(first.start + part.start, first.start + part.stop)
        landing = slice(under.start + part.start * under.step, under.start + part.stop * under.step, under.step)
        yield (elements, *others), (landing, *beside)


def _lay_down(elements: Array, weight: Array, under: Array) -> None:
    """Add what the elements (N, G, C/G, *sizes) lay down at one tap, whose weight is (G, C/G, O/G)."""
    if elements.size == 0:
        return
    examples, groups, channels, *sizes = elements.shape
    columns = elements.reshape(examples, groups, channels, -1)
    for maps in cuts(weight.shape[2], WEIGHT_BYTES // (groups * channels * weight.itemsize)):
        stamps = np.ascontiguousarray(weight[:, :, maps].transpose(0, 2, 1))
        under[:, :, maps] += (stamps @ columns).reshape(examples, groups, -1, *sizes)
        del stamps  # before the next are made


def count(layer: ConvTranspose, input_shape: Shape) -> Counts:
    """The stamps are laid down on ones for one pair of maps, whole and cut off; the pairs are marked and counted.

    >>> from convcalc import ConvTranspose2d
    >>> count(ConvTranspose2d(64, 32, 4, stride=2, padding=1), (1, 64, 16, 16)).macs_exact
    7872512
    """
    rank = len(layer.kernel_size)
    sizes, places = input_shape[-rank:], output_shape(layer, input_shape)[-rank:]
    dense, _ = _laid(layer, sizes, tuple(map(Stamp.reach, _stamps(layer), sizes)), cut=False)
    exact, live = _laid(layer, sizes, places, cut=True)
    pairs = _pairs(layer)
    return Counts(
        weights=pairs * prod(layer.kernel_size),
        live_weights=pairs * live,
        biases=layer.out_channels if layer.bias else 0,
        connections=pairs * dense + (layer.out_channels * prod(places) if layer.bias else 0),
        macs=pairs * dense,
        macs_exact=pairs * exact,
    )


def _laid(layer: ConvTranspose, sizes: Shape, places: Shape, cut: bool) -> tuple[int, int]:
    """What lies on the output once every element has laid down a 1 at each tap; and the taps that left any there."""
    ones, out = np.ones(sizes, dtype=np.int64), np.zeros([max(0, size) for size in places], dtype=np.int64)
    live = 0
    for _, met, landing in _landings(layer, sizes, places, cut):
        laid = ones[met]
        out[landing] += laid
        live += laid.size > 0
    return int(out.sum()), live


def _pairs(layer: ConvTranspose) -> int:
    """The pairs of maps that a kernel connects, marked group by group and counted."""
    total = 0
    for group in range(layer.groups):
        maps = np.arange(layer.out_channels) // (layer.out_channels // layer.groups) == group
        sources = np.arange(layer.in_channels) // (layer.in_channels // layer.groups) == group
        total += int(np.count_nonzero(maps)) * int(np.count_nonzero(sources))
    return total


def _stamps(layer: ConvTranspose, cut: bool = True) -> list[Stamp]:
    settings = zip(layer.kernel_size, layer.stride, layer.dilation, layer.padding, layer.output_padding, strict=True)
    return [Stamp(taps, step, gap, side if cut else 0, added) for taps, step, gap, side, added in settings]


def _landings(
    layer: ConvTranspose, sizes: Sequence[int], places: Sequence[int], cut: bool = True
) -> Iterator[tuple[tuple[int, ...], tuple[Any, ...], tuple[Any, ...]]]:
    """For each tap of the kernel: its index, the elements that lay it inside, and where."""
    stamps = _stamps(layer, cut)
    for tap in indices(layer.kernel_size):
        pairs = [
            stamp.landing(index, size, count)
            for stamp, index, size, count in zip(stamps, tap, sizes, places, strict=True)
        ]
        yield tap, tuple(met for met, _ in pairs), tuple(landing for _, landing in pairs)


def run_bytes(layer: ConvTranspose, input_shape: Shape, output_shape: Shape, itemsize: int) -> int:
    """Of one tap what it lays down, the elements that do (where some are cut off) and the weights.

    >>> from convcalc import ConvTranspose1d
    >>> run_bytes(ConvTranspose1d(2, 3, 2), (1, 2, 10), (1, 3, 11), itemsize=4)  # 3*10 laid down, 2*3 weights
    144
    """
    rank, groups = len(layer.kernel_size), layer.groups
    sizes, places = input_shape[-rank:], output_shape[-rank:]
    together, rows = _at_once(layer, sizes, itemsize)
    ends = [
        [stamp.landing(tap, size, count)[0] for tap in (0, stamp.taps // 2, stamp.taps - 1)]
        for stamp, size, count in zip(_stamps(layer), sizes, places, strict=True)
    ]
    first, *most = [max(met.stop - met.start for met in mets) for mets in ends]
    sliced = zip(ends[1:], sizes[1:], strict=True)  # along the first axis that takes no copy
    copied = any(met.stop - met.start < size for mets, size in sliced for met in mets)
    maps = groups * part_size(layer.out_channels // groups, WEIGHT_BYTES // max(layer.in_channels * itemsize, 1))
    elements = part_size(prod(input_shape[: -1 - rank]), together) * part_size(first, rows) * prod(most)
    weights = layer.in_channels * maps // groups
    total: int = (elements * (maps + (layer.in_channels if copied else 0)) + weights) * itemsize
    return total


def count_bytes(layer: ConvTranspose, input_shape: Shape, output_shape: Shape) -> int:
    """The ones, and all that they lay down.

    >>> from convcalc import ConvTranspose1d
    >>> count_bytes(ConvTranspose1d(2, 3, 2), (1, 2, 10), (1, 3, 11))  # 10 and 11, of 8 bytes
    168
    """
    rank = len(layer.kernel_size)
    reached = [stamp.reach(size) for stamp, size in zip(_stamps(layer), input_shape[-rank:], strict=True)]
    laid_on: int = max(prod(reached), prod(output_shape[-rank:]))
    return 8 * (prod(input_shape[-rank:]) + laid_on)


OPERATIONS: dict[type[Layer], Operation] = {
    ConvTranspose: Operation(shapes, output_shape, run, count, run_bytes, count_bytes)
}
