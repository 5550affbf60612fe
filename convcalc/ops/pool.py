"""Pooling over windows, executed tap by tap, and counted on ones."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from functools import reduce
from math import prod
from typing import Any, NamedTuple

import numpy as np

from convcalc.errors import ConvcalcError
from convcalc.layers.base import Layer
from convcalc.layers.pool import AvgPool, DivisorAvgPool, LPPool, MaxPool
from convcalc.layers.settings import Shape
from convcalc.ops.base import Counts, Operation
from convcalc.ops.blocks import block_bytes, floating, in_blocks
from convcalc.ops.sliding import Array, indices, meeting, taps

WindowedPool = MaxPool | AvgPool | LPPool


class PoolAxis(NamedTuple):
    """How a pool moves along one axis."""

    kernel_size: int
    stride: int
    padding: int
    dilation: int
    ceil_mode: bool

    @property
    def last_tap(self) -> int:
        """Return how far the last tap is behind the first."""
        return range(0, self.kernel_size * self.dilation, self.dilation)[-1]


def axes(layer: WindowedPool) -> list[PoolAxis]:
    """Return the settings of each axis: only max pools are dilated, and p-norm pools are never padded.

    >>> from convcalc import LPPool1d
    >>> axes(LPPool1d(2, 3))
    [PoolAxis(kernel_size=3, stride=3, padding=0, dilation=1, ceil_mode=False)]
    """
    rank = len(layer.kernel_size)
    padding = (0,) * rank if isinstance(layer, LPPool) else layer.padding
    dilation = layer.dilation if isinstance(layer, MaxPool) else (1,) * rank
    settings = zip(layer.kernel_size, layer.stride, padding, dilation, strict=True)
    return [PoolAxis(*setting, layer.ceil_mode) for setting in settings]


def starts(size: int, axis: PoolAxis) -> range:
    """Return where the windows start, counted from the first padding on: as long as the last tap is inside.

    In ``ceil_mode`` the last one may overhang by less than a stride, if it starts on the input or its first padding.

    >>> list(starts(6, PoolAxis(3, 2, 0, 1, False))), list(starts(6, PoolAxis(3, 2, 0, 1, True)))
    ([0, 2], [0, 2, 4])
    """
    inside = size + 2 * axis.padding - axis.last_tap
    if axis.ceil_mode:
        return range(0, min(inside + axis.stride - 1, size + axis.padding), axis.stride)
    return range(0, inside, axis.stride)


def pool_shape(layer: WindowedPool, input_shape: Shape) -> Shape:
    """Return the output's shape: count the windows that fit the padded sizes.

    >>> from convcalc import MaxPool2d
    >>> pool_shape(MaxPool2d(3, 2, ceil_mode=True), (1, 64, 112, 112))
    (1, 64, 56, 56)
    """
    rank = len(layer.kernel_size)
    if len(input_shape) not in (rank + 1, rank + 2) or 0 in input_shape[-1 - rank :]:
        raise ConvcalcError(f"{layer!r} takes channels and {rank} axes, none of them 0, got {list(input_shape)}")
    sizes = input_shape[-rank:]
    output_size = tuple(len(starts(size, axis)) for size, axis in zip(sizes, axes(layer), strict=True))
    short = any(size < kernel_size for size, kernel_size in zip(sizes, layer.kernel_size, strict=True))
    if 0 in output_size or (short and rank == 3 and not isinstance(layer, MaxPool)):
        raise ConvcalcError(f"the window of {layer!r} does not fit {list(input_shape)}")
    return (*input_shape[:-rank], *output_size)


def met(x: Array, layer: WindowedPool, output_size: Shape) -> Iterator[tuple[tuple[Any, ...], Array]]:
    """Yield, for each tap, the windows in which it lies on the input, and the elements it meets there.

    >>> from convcalc import MaxPool1d
    >>> [(at, found.tolist()) for at, found in met(np.array([5, 6, 7]), MaxPool1d(2, padding=1), (2,))]
    [((slice(1, 2, None),), [6]), ((slice(0, 2, None),), [5, 7])]
    """
    per_axis = axes(layer)
    sizes = x.shape[x.ndim - len(per_axis) :]
    for tap in indices(layer.kernel_size):
        pairs = [
            meeting(index * axis.dilation - axis.padding, axis.stride, size, count)
            for index, size, count, axis in zip(tap, sizes, output_size, per_axis, strict=True)
        ]
        elements: list[Any] = [elements for _, elements in pairs]
        yield tuple(at for at, _ in pairs), x[..., *elements]


def in_windows(ufunc: np.ufunc, layer: WindowedPool, x: Array, initial: Any) -> Array:
    """Combine the elements of each window by a function of two, from an initial value on.

    >>> from convcalc import AvgPool1d
    >>> in_windows(np.add, AvgPool1d(2), np.array([[1, 2, 3, 4]]), 0).tolist()
    [[3, 7]]
    """
    shape, rank = pool_shape(layer, x.shape), len(layer.kernel_size)

    def combine(x: Array) -> Array:
        out = np.full((*x.shape[:-rank], *shape[-rank:]), initial, dtype=x.dtype)
        for windows, found in met(x, layer, shape[-rank:]):
            target = out[..., *windows]
            ufunc(target, found, out=target)
        return out

    return in_blocks(combine, x, uncut=rank, shape=shape, dtype=x.dtype)


def max_pool(layer: MaxPool, x: Array) -> Array:
    """Return the largest element of each window, or NaN if it holds one; -inf where a window is all padding.

    >>> from convcalc import MaxPool1d
    >>> max_pool(MaxPool1d(2), np.array([[1.0, 3.0, 2.0, np.nan]])).tolist()
    [[3.0, nan]]
    """
    return in_windows(np.maximum, layer, x, -np.inf if x.dtype.kind == "f" else np.iinfo(x.dtype).min)


def avg_pool(layer: AvgPool, x: Array) -> Array:
    """Return the sum of each window over its divisor.

    The divisor is ``divisor_override``, or the number of elements that the window has inside the padded input, with or
    without its padding; what ``ceil_mode`` lets it overhang never counts.

    >>> from convcalc import AvgPool1d
    >>> avg_pool(AvgPool1d(2, ceil_mode=True), np.array([[1.0, 3.0, 5.0]])).tolist()
    [[2.0, 5.0]]
    """
    sums = in_windows(np.add, layer, x, 0)
    if isinstance(layer, DivisorAvgPool) and layer.divisor_override is not None:
        return divided(sums, [np.array([layer.divisor_override])])
    return divided(sums, _lengths(layer, x.shape, layer.count_include_pad))


def lp_pool(layer: LPPool, x: Array) -> Array:
    """Return the root of the sum of powers of each window, signs and all; scale a clipped window up to a whole one.

    >>> from convcalc import LPPool1d
    >>> lp_pool(LPPool1d(2, 2), np.array([[3.0, 4.0]])).tolist(), lp_pool(LPPool1d(1, 2), np.array([[3, -4]])).tolist()
    ([[5.0]], [[-1.0]])
    """
    powers = x.astype(floating(x), copy=False) ** layer.norm_type
    out = divided(in_windows(np.add, layer, powers, 0), _lengths(layer, x.shape, padded=False))
    out *= prod(layer.kernel_size)
    out **= 1.0 / layer.norm_type
    return out


def _lengths(layer: WindowedPool, input_shape: Shape, padded: bool) -> list[Array]:
    sizes = input_shape[-len(layer.kernel_size) :]
    return [window_lengths(size, axis, padded) for size, axis in zip(sizes, axes(layer), strict=True)]


def window_lengths(size: int, axis: PoolAxis, padded: bool) -> Array:
    """Return how many elements each window has along an axis, of the input alone or of its padding too.

    One number stands for all windows if every window is whole.

    >>> axis = PoolAxis(kernel_size=2, stride=2, padding=1, dilation=1, ceil_mode=True)
    >>> window_lengths(4, axis, True), window_lengths(4, axis, False)
    (array([2]), array([1, 2, 1]))
    """
    windows = starts(size, axis)
    inside = range(size + 2 * axis.padding) if padded else range(axis.padding, axis.padding + size)
    if windows[0] >= inside.start and windows[-1] + axis.kernel_size <= inside.stop:
        return np.array([axis.kernel_size])
    begins = np.arange(windows.start, windows.stop, windows.step)
    return np.minimum(begins + axis.kernel_size, inside.stop) - np.maximum(begins, inside.start)


def divided(sums: Array, lengths: Sequence[Array]) -> Array:
    """Divide the sums by the product of their lengths along the last axes; integers become floats.

    >>> divided(np.array([6.0, 6.0]), [np.array([2, 6])]).tolist()
    [3.0, 1.0]
    """
    divisors = reduce(np.multiply.outer, lengths).astype(floating(sums))
    out: Array = sums if sums.dtype.kind == "f" else np.empty(sums.shape)
    np.divide(sums, divisors, out=out)
    return out


def pool_count(layer: WindowedPool, input_shape: Shape) -> Counts:
    """Count the ones that each tap meets in each window of one map, on padding too; all maps are alike.

    >>> from convcalc import MaxPool2d
    >>> pool_count(MaxPool2d(2), (1, 6, 28, 28)).connections
    4704
    """
    rank = len(layer.kernel_size)
    ones = np.ones(_reach(layer, input_shape), dtype=np.int64)
    sliding = [(axis.kernel_size, axis.stride, axis.dilation) for axis in axes(layer)]
    return Counts(connections=input_shape[-1 - rank] * sum(int(under.sum()) for _, under in taps(ones, sliding)))


def _reach(layer: WindowedPool, input_shape: Shape) -> list[int]:
    """Return how far the windows reach along each axis, padding and overhang included."""
    sizes = input_shape[-len(layer.kernel_size) :]
    return [starts(size, axis)[-1] + axis.last_tap + 1 for size, axis in zip(sizes, axes(layer), strict=True)]


def extra_bytes(layer: WindowedPool, inputs: Sequence[Shape], output: Shape, itemsize: int) -> int:
    """Bound the memory by what a block holds and the divisors, or by the ones of a count.

    >>> from convcalc import MaxPool1d
    >>> extra_bytes(MaxPool1d(2), [(1, 1, 4)], (1, 1, 2), itemsize=4)  # two blocks of 4 numbers
    32
    """
    rank = len(layer.kernel_size)
    powers = prod(inputs[0]) * itemsize if isinstance(layer, LPPool) else 0
    divisors = 0 if isinstance(layer, MaxPool) else 16 * prod(output[-rank:]) + 32 * max(output[-rank:])
    run = powers + max(block_bytes(2, inputs[0], output, itemsize, rank), divisors)
    return max(run, 8 * prod(_reach(layer, inputs[0])))


OPERATIONS: dict[type[Layer], Operation] = {
    MaxPool: Operation(max_pool, pool_shape, count=pool_count, extra_bytes=extra_bytes),
    AvgPool: Operation(avg_pool, pool_shape, count=pool_count, extra_bytes=extra_bytes),
    LPPool: Operation(lp_pool, pool_shape, count=pool_count, extra_bytes=extra_bytes),
}
