"""Pooling over windows: run tap by tap, and counted on ones."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from functools import partial, reduce
from math import prod
from typing import Any, NamedTuple

import numpy as np

from convcalc.errors import ConvcalcError
from convcalc.layers.base import Layer
from convcalc.layers.pool import AvgPool, DivisorAvgPool, LPPool, MaxPool
from convcalc.layers.settings import Shape
from convcalc.ops.base import Counts, Operation, no_arrays, nothing
from convcalc.ops.blocks import BLOCK, LARGE, At, block_shape, block_size, blocks, floating, whole
from convcalc.ops.sliding import Array, indices, meeting, taps

Windowed = MaxPool | AvgPool | LPPool
Lengths = Callable[[slice], Array]  # of the windows at some places of an axis


class Axis(NamedTuple):
    """How a pool moves along one axis."""

    kernel_size: int
    stride: int
    padding: int
    dilation: int
    ceil_mode: bool

    @property
    def last_tap(self) -> int:
        """How far the last tap is behind the first."""
        return range(0, self.kernel_size * self.dilation, self.dilation)[-1]


def axes(layer: Windowed) -> list[Axis]:
    """The settings of each axis: only max pools are dilated, and p-norm pools not padded.

    >>> from convcalc import LPPool1d
    >>> axes(LPPool1d(2, 3))
    [Axis(kernel_size=3, stride=3, padding=0, dilation=1, ceil_mode=False)]
    """
    rank = len(layer.kernel_size)
    padding = (0,) * rank if isinstance(layer, LPPool) else layer.padding
    dilation = layer.dilation if isinstance(layer, MaxPool) else (1,) * rank
    settings = zip(layer.kernel_size, layer.stride, padding, dilation, strict=True)
    return [Axis(*setting, layer.ceil_mode) for setting in settings]


def starts(size: int, axis: Axis) -> range:
    """Where the windows start, counted from the first padding on: as long as the last tap is inside.

    In ``ceil_mode`` the last one may overhang by less than a stride, if it starts on the input or its first padding.

    >>> list(starts(6, Axis(3, 2, 0, 1, False))), list(starts(6, Axis(3, 2, 0, 1, True)))
    ([0, 2], [0, 2, 4])
    """
    inside = size + 2 * axis.padding - axis.last_tap
    if axis.ceil_mode:
        return range(0, min(inside + axis.stride - 1, size + axis.padding), axis.stride)
    return range(0, inside, axis.stride)


def pool_shape(layer: Windowed, input_shape: Shape) -> Shape:
    """Where the window fits, as it is moved over the padded sizes.

    >>> from convcalc import MaxPool2d
    >>> pool_shape(MaxPool2d(3, 2, ceil_mode=True), (1, 64, 112, 112))
    (1, 64, 56, 56)
    """
    rank = len(layer.kernel_size)
    if len(input_shape) not in (rank + 1, rank + 2) or 0 in input_shape[-1 - rank :]:
        raise ConvcalcError(f"{layer!r} takes channels and {rank} axes, none of them 0, got {list(input_shape)}")
    sizes = input_shape[-rank:]
    places = tuple(len(starts(size, axis)) for size, axis in zip(sizes, axes(layer), strict=True))
    short = any(size < kernel_size for size, kernel_size in zip(sizes, layer.kernel_size, strict=True))
    if 0 in places or (short and rank == 3 and not isinstance(layer, MaxPool)):
        raise ConvcalcError(f"the window of {layer!r} does not fit {list(input_shape)}")
    return (*input_shape[:-rank], *places)


def met(x: Array, layer: Windowed, places: Shape) -> Iterator[tuple[tuple[Any, ...], Array]]:
    """For each tap, the places at which it is on the input, and the elements it meets there; padding is never made.

    >>> from convcalc import MaxPool1d
    >>> [(at, found.tolist()) for at, found in met(np.array([5, 6, 7]), MaxPool1d(2, padding=1), (2,))]
    [((slice(1, 2, None),), [6]), ((slice(0, 2, None),), [5, 7])]
    """
    per_axis = axes(layer)
    sizes = x.shape[x.ndim - len(per_axis) :]
    for tap in indices(layer.kernel_size):
        pairs = [
            meeting(index * axis.dilation - axis.padding, axis.stride, size, count)
            for index, size, count, axis in zip(tap, sizes, places, per_axis, strict=True)
        ]
        elements: list[Any] = [elements for _, elements in pairs]
        yield tuple(at for at, _ in pairs), x[..., *elements]


def gather(ufunc: np.ufunc, layer: Windowed, x: Array, out: Array) -> Array:
    """Put together what is in the output with what each tap meets, some maps at a time, in place.

    >>> from convcalc import AvgPool1d
    >>> gather(np.add, AvgPool1d(2), np.array([[1, 2, 3, 4]]), np.array([[0, 10]])).tolist()
    [[3, 17]]
    """
    rank = len(layer.kernel_size)
    for at in blocks(x.shape[:-rank], LARGE // prod(x.shape[-rank:])):
        maps = out[at]
        for places, found in met(x[at], layer, out.shape[-rank:]):
            place = maps[..., *places]
            ufunc(place, found, out=place)
    return out


def max_pool(layer: MaxPool, x: Array) -> Array:
    """The largest element in each window, NaN before all; the least there is where a window is all padding.

    >>> from convcalc import MaxPool1d
    >>> max_pool(MaxPool1d(2), np.array([[1.0, 3.0, 2.0, np.nan]])).tolist()
    [[3.0, nan]]
    """
    least: Any = -np.inf if x.dtype.kind == "f" else np.iinfo(x.dtype).min
    return gather(np.maximum, layer, x, np.full(pool_shape(layer, x.shape), least, dtype=x.dtype))


def avg_pool(layer: AvgPool, x: Array) -> Array:
    """The sum in each window over its divisor.

    The divisor is ``divisor_override``, or as many elements as the window has inside the padded input, its padding
    counted or not; what ``ceil_mode`` lets it overhang never counts.

    >>> from convcalc import AvgPool1d
    >>> avg_pool(AvgPool1d(2, ceil_mode=True), np.array([[1.0, 3.0, 5.0]])).tolist()
    [[2.0, 5.0]]
    """
    sums = gather(np.add, layer, x, np.zeros(pool_shape(layer, x.shape), dtype=x.dtype))
    if isinstance(layer, DivisorAvgPool) and layer.divisor_override is not None:
        override = np.array([layer.divisor_override])
        return divided(sums, [lambda places: override])
    return divided(sums, _lengths(layer, x.shape, layer.count_include_pad))


def lp_pool(layer: LPPool, x: Array) -> Array:
    """The root of the sum of powers, signs and all, in each window; one that is cut off is scaled up to a whole one.

    >>> from convcalc import LPPool1d
    >>> lp_pool(LPPool1d(2, 2), np.array([[3.0, 4.0]])).tolist(), lp_pool(LPPool1d(1, 2), np.array([[3, -4]])).tolist()
    ([[5.0]], [[-1.0]])
    """
    out = np.zeros(pool_shape(layer, x.shape), dtype=floating(x))
    rank, (size, *_), (stride, *_) = len(layer.kernel_size), layer.kernel_size, layer.stride
    maps = x.ndim - rank
    for at in blocks(out.shape[: maps + 1], _places_at_once(layer, x.shape)):
        band, sums = x[at[:maps]], out[at]
        if at[maps:]:  # some places of the first axis only
            rows = slice(at[maps].start * stride, (at[maps].stop - 1) * stride + size)
            band = band[(*whole((), maps), rows)]
        gather(np.add, layer, band.astype(out.dtype, copy=False) ** layer.norm_type, sums)
    divided(out, _lengths(layer, x.shape, padded=False))
    out *= prod(layer.kernel_size)
    out **= 1.0 / layer.norm_type
    return out


def _places_at_once(layer: LPPool, input_shape: Shape) -> int:
    """How many places of the first axis, and all that they are made of, go into a block."""
    return LARGE // (layer.stride[0] * prod(input_shape[len(input_shape) - len(layer.kernel_size) + 1 :]))


def _lengths(layer: Windowed, input_shape: Shape, padded: bool) -> list[Lengths]:
    sizes = input_shape[-len(layer.kernel_size) :]
    return [partial(window_sizes, size, axis, padded) for size, axis in zip(sizes, axes(layer), strict=True)]


def window_sizes(size: int, axis: Axis, padded: bool, places: slice) -> Array:
    """How many elements the window has at some places of an axis, of the input alone or of its padding too.

    One number stands for all the places if every window is whole.

    >>> axis = Axis(kernel_size=2, stride=2, padding=1, dilation=1, ceil_mode=True)
    >>> window_sizes(4, axis, True, slice(None)), window_sizes(4, axis, False, slice(None))
    (array([2]), array([1, 2, 1]))
    """
    windows, inside = starts(size, axis)[places], _inside(size, axis, padded)
    if _complete(windows, axis, inside):
        return np.array([axis.kernel_size])
    begins = np.arange(windows.start, windows.stop, windows.step)
    ends = begins + axis.kernel_size
    np.minimum(ends, inside.stop, out=ends)
    ends -= np.maximum(begins, inside.start, out=begins)
    return ends


def _inside(size: int, axis: Axis, padded: bool) -> range:
    """The elements that count, from the first padding on."""
    return range(size + 2 * axis.padding) if padded else range(axis.padding, axis.padding + size)


def _complete(windows: range, axis: Axis, inside: range) -> bool:
    """Whether every window is whole."""
    return windows[0] >= inside.start and windows[-1] + axis.kernel_size <= inside.stop


def divided(sums: Array, lengths: Sequence[Lengths]) -> Array:
    """The sums over the product of their lengths along the last axes, where they lie; integers become floats there.

    >>> divided(np.array([6.0, 6.0]), [lambda places: np.array([2, 6])[places]]).tolist()
    [3.0, 1.0]
    """
    out, first = sums.view(floating(sums)), sums.ndim - len(lengths)
    maps = list(blocks(sums.shape[:first], BLOCK // max(block_size(sums.shape[first:], BLOCK), 1)))
    for places in blocks(sums.shape[first:], BLOCK):
        last = whole(places, len(lengths))
        divisors = reduce(np.multiply.outer, _numbers(lengths, last, out.dtype))
        for at in maps:
            here = (*whole(at, first), *last)
            np.divide(sums[here], divisors, out=out[here])
        del divisors  # before the next are made
    return out


def _numbers(lengths: Sequence[Lengths], places: At, kind: np.dtype[Any]) -> list[Array]:
    return [axis(at).astype(kind) for axis, at in zip(lengths, places, strict=True)]


def pool_count(layer: Windowed, input_shape: Shape) -> Counts:
    """Each tap meets a one at each place, on padding too; the maps are alike.

    >>> from convcalc import MaxPool2d
    >>> pool_count(MaxPool2d(2), (1, 6, 28, 28)).connections
    4704
    """
    rank = len(layer.kernel_size)
    ones = np.ones(_reach(layer, input_shape), dtype=np.int64)
    sliding = [(axis.kernel_size, axis.stride, axis.dilation) for axis in axes(layer)]
    return Counts(connections=input_shape[-1 - rank] * sum(int(under.sum()) for _, under in taps(ones, sliding)))


def pool_count_bytes(layer: Windowed, input_shape: Shape, output_shape: Shape) -> int:
    """The ones that the windows reach."""
    return 8 * prod(_reach(layer, input_shape))


def _reach(layer: Windowed, input_shape: Shape) -> list[int]:
    """How far the windows reach along each axis, padding and overhang included."""
    sizes = input_shape[-len(layer.kernel_size) :]
    return [starts(size, axis)[-1] + axis.last_tap + 1 for size, axis in zip(sizes, axes(layer), strict=True)]


def divisor_bytes(places: Shape, uneven: Sequence[bool], itemsize: int) -> int:
    """What it takes to make a block's divisors, of axes whose lengths differ or not.

    Either an axis is being measured, in two arrays of int64, or the axes are being multiplied.

    >>> divisor_bytes((100,), [True], 4), divisor_bytes((100, 100), [True, True], 4)
    (1600, 40400)
    """
    sizes = block_shape(places, BLOCK)
    lengths = [size if differ else 1 for size, differ in zip(sizes, uneven, strict=True)]
    return max(16 * max(lengths), itemsize * (prod(lengths) + prod(lengths[:-1])))


def avg_run_bytes(layer: AvgPool | LPPool, input_shape: Shape, output_shape: Shape, itemsize: int) -> int:
    """The divisors."""
    if isinstance(layer, DivisorAvgPool) and layer.divisor_override is not None:
        return 0
    padded = isinstance(layer, AvgPool) and layer.count_include_pad
    rank = len(layer.kernel_size)
    uneven = [
        not _complete(starts(size, axis), axis, _inside(size, axis, padded))
        for size, axis in zip(input_shape[-rank:], axes(layer), strict=True)
    ]
    return divisor_bytes(output_shape[-rank:], uneven, itemsize)


def lp_run_bytes(layer: LPPool, input_shape: Shape, output_shape: Shape, itemsize: int) -> int:
    """The powers of as much of the input as makes a block, or then the means."""
    maps = len(input_shape) - len(layer.kernel_size)
    places = block_size(output_shape[: maps + 1], _places_at_once(layer, input_shape))
    rest = prod(input_shape[maps + 1 :])
    whole, some = divmod(places, output_shape[maps])
    rows: int = whole * input_shape[maps] + (0 if whole else (some - 1) * layer.stride[0] + layer.kernel_size[0])
    return max(rows * rest * itemsize, avg_run_bytes(layer, input_shape, output_shape, itemsize))


OPERATIONS: dict[type[Layer], Operation] = {
    MaxPool: Operation(no_arrays, pool_shape, max_pool, pool_count, nothing, pool_count_bytes),
    AvgPool: Operation(no_arrays, pool_shape, avg_pool, pool_count, avg_run_bytes, pool_count_bytes),
    LPPool: Operation(no_arrays, pool_shape, lp_pool, pool_count, lp_run_bytes, pool_count_bytes),
}
