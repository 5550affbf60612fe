"""Pooling over windows: run tap by tap, and counted on ones."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from functools import reduce
from math import prod
from typing import Any, NamedTuple

import numpy as np

from convcalc.errors import ConvcalcError
from convcalc.kernels.base import Counts, Kernel, no_arrays, nothing
from convcalc.kernels.sliding import Array, taps
from convcalc.layers.axes import Shape
from convcalc.layers.base import Layer
from convcalc.layers.pool import AvgPool, DivisorAvgPool, LPPool, MaxPool

Windowed = MaxPool | AvgPool | LPPool


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
    for tap in np.ndindex(layer.kernel_size):
        at: list[Any] = []
        elements: list[Any] = []
        for index, size, count, axis in zip(tap, sizes, places, per_axis, strict=True):
            offset = index * axis.dilation - axis.padding  # of the element under the tap at place 0
            first = max(-(offset // axis.stride), 0)
            behind = max(min(-((offset - size) // axis.stride), count), first)
            at.append(slice(first, behind))
            begin = first * axis.stride + offset
            elements.append(slice(begin, begin + (behind - first) * axis.stride, axis.stride))
        yield tuple(at), x[..., *elements]


def max_pool(layer: MaxPool, x: Array) -> Array:
    """The largest element in each window, NaN before all; the least there is where a window is all padding.

    >>> from convcalc import MaxPool1d
    >>> max_pool(MaxPool1d(2), np.array([[1.0, 3.0, 2.0, np.nan]])).tolist()
    [[3.0, nan]]
    """
    output = pool_shape(layer, x.shape)
    least: Any = -np.inf if x.dtype.kind == "f" else np.iinfo(x.dtype).min
    out = np.full(output, least, dtype=x.dtype)
    for at, found in met(x, layer, output[-len(layer.kernel_size) :]):
        place = out[..., *at]
        np.maximum(place, found, out=place)
    return out


def avg_pool(layer: AvgPool, x: Array) -> Array:
    """The sum in each window over its divisor.

    The divisor is ``divisor_override``, or as many elements as the window has inside the padded input, its padding
    counted or not; what ``ceil_mode`` lets it overhang never counts.

    >>> from convcalc import AvgPool1d
    >>> avg_pool(AvgPool1d(2, ceil_mode=True), np.array([[1.0, 3.0, 5.0]])).tolist()
    [[2.0, 5.0]]
    """
    sums = window_sums(layer, x)
    if isinstance(layer, DivisorAvgPool) and layer.divisor_override is not None:
        return divided(sums, [np.array([layer.divisor_override])])
    return divided(sums, window_sizes(layer, x.shape, layer.count_include_pad))


def lp_pool(layer: LPPool, x: Array) -> Array:
    """The root of the sum of powers, signs and all, in each window; one that is cut off is scaled up to a whole one.

    >>> from convcalc import LPPool1d
    >>> lp_pool(LPPool1d(2, 2), np.array([[3.0, 4.0]])).tolist(), lp_pool(LPPool1d(1, 2), np.array([[3, -4]])).tolist()
    ([[5.0]], [[-1.0]])
    """
    numbers = x if x.dtype.kind == "f" else x.astype(np.float64)
    out = divided(window_sums(layer, numbers**layer.norm_type), window_sizes(layer, x.shape, padded=False))
    out *= prod(layer.kernel_size)
    out **= 1.0 / layer.norm_type
    return out


def window_sums(layer: Windowed, x: Array) -> Array:
    """The sum of each window.

    >>> from convcalc import AvgPool1d
    >>> window_sums(AvgPool1d(2), np.array([[1, 2, 3, 4]])).tolist()
    [[3, 7]]
    """
    output = pool_shape(layer, x.shape)
    out = np.zeros(output, dtype=x.dtype)
    for at, found in met(x, layer, output[-len(layer.kernel_size) :]):
        place = out[..., *at]
        place += found
    return out


def window_sizes(layer: Windowed, input_shape: Shape, padded: bool) -> list[Array]:
    """How many elements the window of each place has along each axis, of the input alone or of its padding too.

    One number stands for all places of an axis along which every window is whole.

    >>> from convcalc import AvgPool1d
    >>> layer = AvgPool1d(2, padding=1, ceil_mode=True)
    >>> window_sizes(layer, (1, 4), padded=True), window_sizes(layer, (1, 4), padded=False)
    ([array([2])], [array([1, 2, 1])])
    """
    lengths = []
    for size, axis in zip(input_shape[-len(layer.kernel_size) :], axes(layer), strict=True):
        inside = range(size + 2 * axis.padding) if padded else range(axis.padding, axis.padding + size)
        places = starts(size, axis)
        if places[0] >= inside.start and places[-1] + axis.kernel_size <= inside.stop:
            lengths.append(np.array([axis.kernel_size]))
            continue
        begins = np.arange(places.start, places.stop, places.step)
        ends = begins + axis.kernel_size
        np.minimum(ends, inside.stop, out=ends)
        ends -= np.maximum(begins, inside.start, out=begins)
        lengths.append(ends)
    return lengths


def divided(sums: Array, lengths: Sequence[Array]) -> Array:
    """The sums over the product of their lengths along the last axes; integers give floats.

    >>> divided(np.array([[6.0, 6.0]]), [np.array([2]), np.array([1, 3])]).tolist()
    [[3.0, 1.0]]
    """
    kind = sums.dtype if sums.dtype.kind == "f" else np.dtype(np.float64)
    divisors = reduce(np.multiply.outer, [axis.astype(kind) for axis in lengths])
    if sums.dtype != kind:
        sums = sums.astype(kind)
    sums /= divisors
    return sums


def divisor_bytes(lengths: Sequence[int], itemsize: int) -> int:
    """What it takes to make divisors from so many lengths along each axis.

    Either an axis is being measured, in two arrays of int64, or the axes are being multiplied.

    >>> divisor_bytes([100], 4), divisor_bytes([100, 100], 4)
    (1600, 40400)
    """
    return max(16 * max(lengths), itemsize * (prod(lengths) + prod(lengths[:-1])))


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


def avg_run_bytes(layer: Windowed, input_shape: Shape, output_shape: Shape, itemsize: int) -> int:
    """The divisors."""
    if isinstance(layer, DivisorAvgPool) and layer.divisor_override is not None:
        return 0
    padded = isinstance(layer, AvgPool) and layer.count_include_pad
    return divisor_bytes(list(map(len, window_sizes(layer, input_shape, padded))), itemsize)


def lp_run_bytes(layer: LPPool, input_shape: Shape, output_shape: Shape, itemsize: int) -> int:
    """The powers of the input; they are gone before the divisors are made."""
    return max(prod(input_shape) * itemsize, avg_run_bytes(layer, input_shape, output_shape, itemsize))


KERNELS: dict[type[Layer], Kernel] = {
    MaxPool: Kernel(no_arrays, pool_shape, max_pool, pool_count, nothing, pool_count_bytes),
    AvgPool: Kernel(no_arrays, pool_shape, avg_pool, pool_count, avg_run_bytes, pool_count_bytes),
    LPPool: Kernel(no_arrays, pool_shape, lp_pool, pool_count, lp_run_bytes, pool_count_bytes),
}
