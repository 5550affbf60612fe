"""Pooling: the largest, the mean or the norm of each window, or of each bin."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from math import prod
from typing import Any, NamedTuple

import numpy as np

from convcalc.errors import ConvcalcError
from convcalc.kernels.base import Counts, Kernel, no_arrays, nothing
from convcalc.kernels.sliding import Array
from convcalc.layers.axes import Shape
from convcalc.layers.base import Layer
from convcalc.layers.pool import AdaptiveAvgPool, AdaptiveMaxPool, AdaptivePool, AvgPool, LPPool, MaxPool, Pool


class Axis(NamedTuple):
    """How a pool looks at one axis: like a window of `layers.windows`, with its places found by moving it."""

    size: int
    kernel_size: int
    stride: int
    before: int
    after: int
    dilation: int
    places: int


def axes_of(layer: Pool, sizes: Sequence[int]) -> list[Axis]:
    """The axes, with as many places as there are starts; with ceil_mode one more may reach over the end.

    >>> from convcalc import MaxPool1d
    >>> axes_of(MaxPool1d(3, 2, ceil_mode=True), [6])[0].places
    3
    """
    paddings = getattr(layer, "padding", (0,) * len(layer.kernel_size))
    dilations = getattr(layer, "dilation", (1,) * len(layer.kernel_size))
    axes = []
    for size, kernel, stride, pad, dilation in zip(
        sizes, layer.kernel_size, layer.stride, paddings, dilations, strict=True
    ):
        last_tap = (kernel - 1) * dilation
        starts = range(0, size + 2 * pad - last_tap, stride)
        places = _count(starts)
        following = places * stride
        # one more window, that starts inside the input or its first padding, and is not the last to fit anyway
        room_is_left = size + 2 * pad - last_tap - 1 > (places - 1) * stride
        if layer.ceil_mode and room_is_left and following < size + pad:
            places += 1
        after = max(pad, (places - 1) * stride + last_tap + 1 - size - pad)
        axes.append(Axis(size, kernel, stride, pad, after, dilation, places))
    return axes


def _count(values: range) -> int:
    return values.index(values[-1]) + 1 if values else 0


def pool_shape(layer: Pool, input_shape: Shape) -> Shape:
    """Where the window fits, as it is moved.

    >>> from convcalc import MaxPool2d
    >>> pool_shape(MaxPool2d(3, 2), (1, 64, 55, 55))
    (1, 64, 27, 27)
    """
    rank = len(layer.kernel_size)
    if len(input_shape) not in (rank + 1, rank + 2) or 0 in input_shape[-rank - 1 :]:
        raise ConvcalcError(f"{layer!r} cannot take input {list(input_shape)}")
    axes = axes_of(layer, input_shape[-rank:])
    if min(axis.places for axis in axes) < 1:
        raise ConvcalcError(f"{layer!r} does not fit input {list(input_shape)}")
    return (*input_shape[:-rank], *(axis.places for axis in axes))


def taps(layer: Pool, x: Array, fill: float) -> Any:
    """What each tap of the window meets at every place, ``fill`` outside the input."""
    axes = axes_of(layer, x.shape[-len(layer.kernel_size) :])
    widths = [(0, 0)] * (x.ndim - len(axes)) + [(axis.before, axis.after) for axis in axes]
    padded = np.pad(x, widths, constant_values=fill) if any(map(any, widths)) else x
    for tap in np.ndindex(*layer.kernel_size):
        met: list[Any] = [
            slice(index * axis.dilation, index * axis.dilation + (axis.places - 1) * axis.stride + 1, axis.stride)
            for index, axis in zip(tap, axes, strict=True)
        ]
        yield padded[..., *met]


def max_pool(layer: MaxPool, x: Array) -> Array:
    """The largest element of each window; NaN where it holds one.

    >>> from convcalc import MaxPool1d
    >>> max_pool(MaxPool1d(2), np.array([[1.0, 3.0, 2.0, 0.0]])).tolist()
    [[3.0, 2.0]]
    """
    pool_shape(layer, x.shape)
    lowest = -np.inf if x.dtype.kind == "f" else np.iinfo(x.dtype).min
    out: Array | None = None
    for met in taps(layer, x, lowest):
        if out is None:
            out = met.copy()
        else:
            np.maximum(out, met, out=out)
    assert out is not None
    return out


def sums(layer: Pool, x: Array) -> Array:
    """The sum of each window, zeros outside the input."""
    out: Array | None = None
    for met in taps(layer, x, 0):
        if out is None:
            out = met.copy()
        else:
            out += met
    assert out is not None
    return out


def avg_pool(layer: AvgPool, x: Array) -> Array:
    """The mean of each window, by the divisor that PyTorch takes.

    That is ``divisor_override``; or the elements of the window inside the padded input, or inside the input alone.

    >>> from convcalc import AvgPool1d
    >>> avg_pool(AvgPool1d(2, padding=1), np.array([[2.0, 4.0]])).tolist()
    [[1.0, 2.0]]
    """
    pool_shape(layer, x.shape)
    total = sums(layer, x)
    override = getattr(layer, "divisor_override", None)
    if override is not None:
        return total / override
    for number, axis in enumerate(axes_of(layer, x.shape[-len(layer.kernel_size) :])):
        start = np.arange(axis.places) * axis.stride - axis.before
        end = np.minimum(start + axis.kernel_size, axis.size + axis.before)
        if not layer.count_include_pad:
            start, end = np.maximum(start, 0), np.minimum(end, axis.size)
        shape = [1] * len(layer.kernel_size)
        shape[number] = -1
        total = total / (end - start).astype(total.dtype if total.dtype.kind == "f" else float).reshape(shape)
    return total


def lp_pool(layer: LPPool, x: Array) -> Array:
    """The p-norm of each window, as PyTorch makes it of an average: without absolute values inside.

    A window that reaches over the end is scaled up to a whole one.

    >>> from convcalc import LPPool1d
    >>> lp_pool(LPPool1d(2, 2), np.array([[3.0, 4.0]])).tolist()
    [[5.0]]
    """
    pool_shape(layer, x.shape)
    mean = sums(layer, np.power(x, layer.norm_type))
    for number, axis in enumerate(axes_of(layer, x.shape[-len(layer.kernel_size) :])):
        inside = np.minimum(np.arange(axis.places) * axis.stride + axis.kernel_size, axis.size)
        shape = [1] * len(layer.kernel_size)
        shape[number] = -1
        mean = mean / (inside - np.arange(axis.places) * axis.stride).astype(mean.dtype).reshape(shape)
    signed = np.sign(mean) * np.maximum(np.abs(mean), 0) * prod(layer.kernel_size)
    return np.power(np.maximum(signed, 0), 1 / layer.norm_type) if layer.norm_type else signed


def bins(size: int, count: int) -> list[slice]:
    """The elements of each bin: from floor(i*size/count) to ceil((i + 1)*size/count).

    >>> bins(5, 3)
    [slice(0, 2, None), slice(1, 4, None), slice(3, 5, None)]
    """
    return [slice(i * size // count, -(-(i + 1) * size // count)) for i in range(count)]


def adaptive_shape(layer: AdaptivePool, input_shape: Shape) -> Shape:
    """The last axes at the sizes that the layer says.

    >>> from convcalc import AdaptiveAvgPool2d
    >>> adaptive_shape(AdaptiveAvgPool2d((None, 1)), (1, 3, 7, 7))
    (1, 3, 7, 1)
    """
    rank = len(layer.output_size)
    if len(input_shape) < rank:
        raise ConvcalcError(f"{layer!r} cannot take input {list(input_shape)}")
    last = input_shape[len(input_shape) - rank :]
    sizes = (size if out is None else out for size, out in zip(last, layer.output_size, strict=True))
    return (*input_shape[: len(input_shape) - rank], *sizes)


def _by_bins(reduce: Callable[..., Any]) -> Callable[[AdaptivePool, Array], Array]:
    def run(layer: AdaptivePool, x: Array) -> Array:
        shape = adaptive_shape(layer, x.shape)
        rank = len(layer.output_size)
        parts = [bins(size, out) for size, out in zip(x.shape[-rank:], shape[-rank:], strict=True)]
        out = np.empty(shape, dtype=x.dtype)
        for place in np.ndindex(*shape[-rank:]):
            inside = tuple(part[index] for part, index in zip(parts, place, strict=True))
            out[..., *place] = reduce(x[..., *inside], axis=tuple(range(-rank, 0)))
        return out

    return run


def pool_count(layer: Pool, input_shape: Shape) -> Counts:
    """Ones in every tap of every window, summed for one map, for each map.

    >>> from convcalc import MaxPool2d
    >>> pool_count(MaxPool2d(2), (1, 6, 28, 28)).connections
    4704
    """
    rank = len(layer.kernel_size)
    one = np.ones(input_shape[-rank:], dtype=np.int64)
    used = sum(int(np.ones(met.shape, dtype=np.int64).sum()) for met in taps(layer, one, 1))
    return Counts(connections=used * input_shape[-rank - 1])


def bins_count(layer: AdaptivePool, input_shape: Shape) -> Counts:
    """The ones in every bin, summed, axis by axis, for each map of one example.

    >>> from convcalc import AdaptiveAvgPool2d
    >>> bins_count(AdaptiveAvgPool2d(1), (1, 512, 7, 7)).connections
    25088
    """
    rank = len(layer.output_size)
    out = adaptive_shape(layer, input_shape)
    maps = input_shape[len(input_shape) > rank + 1 : len(input_shape) - rank]
    used = [
        sum(len(range(size)[part]) for part in bins(size, count))
        for size, count in zip(input_shape[-rank:], out[-rank:], strict=True)
    ]
    return Counts(connections=prod(used) * prod(maps))


def pool_bytes(layer: Pool, input_shape: Shape, output_shape: Shape, itemsize: int) -> int:
    """The padded input, where anything is padded."""
    axes = axes_of(layer, input_shape[-len(layer.kernel_size) :])
    if not any(axis.before or axis.after for axis in axes):
        return 0
    return prod(input_shape[: -len(axes)]) * prod(axis.size + axis.before + axis.after for axis in axes) * itemsize


def mean_bytes(layer: Pool, input_shape: Shape, output_shape: Shape, itemsize: int) -> int:
    """The padded input, then the sums beside the quotients."""
    return max(pool_bytes(layer, input_shape, output_shape, itemsize), prod(output_shape) * itemsize)


def norm_bytes(layer: Pool, input_shape: Shape, output_shape: Shape, itemsize: int) -> int:
    """The powers, padded, then four arrays of sums."""
    powers = prod(input_shape) * itemsize + pool_bytes(layer, input_shape, output_shape, itemsize)
    return max(powers, 3 * prod(output_shape) * itemsize)


def pool_count_bytes(layer: Pool, input_shape: Shape, output_shape: Shape) -> int:
    """Ones, padded ones, and the ones of one tap."""
    one = pool_bytes(layer, input_shape[-len(layer.kernel_size) :], output_shape, 8)
    return 8 * prod(input_shape[-len(layer.kernel_size) :]) + one + 8 * prod(output_shape[-len(layer.kernel_size) :])


KERNELS: dict[type[Layer], Kernel] = {
    MaxPool: Kernel(no_arrays, pool_shape, max_pool, pool_count, pool_bytes, pool_count_bytes),
    AvgPool: Kernel(no_arrays, pool_shape, avg_pool, pool_count, mean_bytes, pool_count_bytes),
    LPPool: Kernel(no_arrays, pool_shape, lp_pool, pool_count, norm_bytes, pool_count_bytes),
    AdaptiveAvgPool: Kernel(no_arrays, adaptive_shape, _by_bins(np.mean), bins_count, nothing, nothing),
    AdaptiveMaxPool: Kernel(no_arrays, adaptive_shape, _by_bins(np.max), bins_count, nothing, nothing),
}
