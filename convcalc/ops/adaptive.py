"""Pooling over bins, executed axis by axis, and counted on ones."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from math import prod

import numpy as np

from convcalc.errors import ConvcalcError
from convcalc.layers.adaptive import AdaptiveAvgPool, AdaptiveMaxPool, AdaptivePool
from convcalc.layers.base import Layer
from convcalc.layers.settings import Shape
from convcalc.ops.base import Counts, Operation
from convcalc.ops.blocks import block_bytes, in_blocks
from convcalc.ops.pool import divided
from convcalc.ops.sliding import Array


def bins(size: int, number: int) -> Iterator[range]:
    """Yield the elements of each bin: those that its share of the axis touches.

    >>> list(bins(5, 3))
    [range(0, 2), range(1, 4), range(3, 5)]
    """
    return (range(place * size // number, -(-(place + 1) * size // number)) for place in range(number))


def adaptive_shape(layer: AdaptivePool, input_shape: Shape) -> Shape:
    """Return the output's shape: the last axes are as long as there are bins.

    >>> from convcalc import AdaptiveAvgPool2d
    >>> adaptive_shape(AdaptiveAvgPool2d((3, None)), (1, 6, 7, 7))
    (1, 6, 3, 7)
    """
    rank = len(layer.output_size)
    sizes = input_shape[-rank:]
    if len(input_shape) <= rank:
        raise ConvcalcError(f"{layer!r} takes channels and {rank} axes, got {list(input_shape)}")
    numbers = tuple(size if number is None else number for size, number in zip(sizes, layer.output_size, strict=True))
    mean = isinstance(layer, AdaptiveAvgPool)
    if not (mean and rank > 1 and set(numbers) == {1}):  # then PyTorch takes a plain mean, of any input
        if len(input_shape) not in (rank + 1, rank + 2):
            raise ConvcalcError(f"{layer!r} takes channels and {rank} axes, got {list(input_shape)}")
        filled = input_shape[1:] if not mean or rank == 3 else sizes
        if 0 in filled and not (mean and set(numbers) == {1}):
            raise ConvcalcError(f"{layer!r} got a size of 0 in {list(input_shape)}: only the batch may be 0")
    return (*input_shape[:-rank], *numbers)


def adaptive_max_pool(layer: AdaptiveMaxPool, x: Array) -> Array:
    """Return the largest element of each bin, or NaN if it holds one.

    >>> from convcalc import AdaptiveMaxPool1d
    >>> adaptive_max_pool(AdaptiveMaxPool1d(3), np.array([[1, 2, 3, 2, 1]])).tolist()
    [[2, 3, 2]]
    """
    return in_bins(np.maximum, x, adaptive_shape(layer, x.shape), len(layer.output_size))


def adaptive_avg_pool(layer: AdaptiveAvgPool, x: Array) -> Array:
    """Return the mean of each bin.

    >>> from convcalc import AdaptiveAvgPool1d
    >>> adaptive_avg_pool(AdaptiveAvgPool1d(3), np.array([[1, 2, 3, 2, 1]])).tolist()
    [[1.5, 2.3333333333333335, 1.5]]
    """
    output, rank = adaptive_shape(layer, x.shape), len(layer.output_size)
    lengths = [
        np.array([len(bin_) for bin_ in bins(*pair)]) for pair in zip(x.shape[-rank:], output[-rank:], strict=True)
    ]
    return divided(in_bins(np.add, x, output, rank), lengths)


def in_bins(ufunc: np.ufunc, x: Array, output: Shape, rank: int) -> Array:
    """Combine the elements of each bin by a function of two, along one of the last axes after the other.

    >>> in_bins(np.add, np.array([[1, 2, 3], [4, 5, 6]]), (1, 2), 2).tolist()
    [[12, 16]]
    """
    numbers = output[len(output) - rank :]

    def combine(x: Array) -> Array:
        for axis, number in enumerate(numbers, x.ndim - rank):
            if x.shape[axis] != number:
                x = _along_axis(ufunc, x, axis, number)
        return x

    return in_blocks(combine, x, uncut=rank, shape=output, dtype=x.dtype)


def _along_axis(ufunc: np.ufunc, x: Array, axis: int, number: int) -> Array:
    out = np.empty((*x.shape[:axis], number, *x.shape[axis + 1 :]), dtype=x.dtype)
    source, target = np.moveaxis(x, axis, 0), np.moveaxis(out, axis, 0)
    for place, inside in enumerate(bins(len(source), number)):
        ufunc.reduce(source[inside.start : inside.stop], axis=0, out=target[place, ...])
    return out


def adaptive_count(layer: AdaptivePool, input_shape: Shape) -> Counts:
    """Count the ones in the bins of one map; all maps are alike.

    >>> from convcalc import AdaptiveAvgPool2d
    >>> adaptive_count(AdaptiveAvgPool2d(1), (1, 6, 7, 7)).connections
    294
    """
    rank = len(layer.output_size)
    numbers = adaptive_shape(layer, input_shape)[-rank:]
    used = in_bins(np.add, np.ones(input_shape[-rank:], dtype=np.int64), numbers, rank)
    maps = input_shape[: len(input_shape) - rank]  # behind the batch, if there is one
    return Counts(connections=prod(maps[1:] if len(maps) > 1 else maps) * int(used.sum()))


def extra_bytes(layer: AdaptivePool, inputs: Sequence[Shape], output: Shape, itemsize: int) -> int:
    """Bound the memory by what a block holds from one axis to the next, and by the divisors, which are as wide as it.

    >>> from convcalc import AdaptiveMaxPool1d
    >>> extra_bytes(AdaptiveMaxPool1d(2), [(1, 1, 4)], (1, 1, 2), itemsize=4)  # 3 times 4 numbers of 8 bytes
    96
    """
    rank = len(layer.output_size)
    divisors = 32 * sum(output[-rank:]) if isinstance(layer, AdaptiveAvgPool) else 0
    return block_bytes(3, inputs[0], output, 8, rank) + divisors


OPERATIONS: dict[type[Layer], Operation] = {
    kind: Operation(run, adaptive_shape, count=adaptive_count, extra_bytes=extra_bytes)
    for kind, run in ((AdaptiveAvgPool, adaptive_avg_pool), (AdaptiveMaxPool, adaptive_max_pool))
}
