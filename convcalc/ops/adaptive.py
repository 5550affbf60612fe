"""Pooling over bins: run axis by axis, and counted on ones."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from functools import partial
from itertools import pairwise
from math import prod

import numpy as np

from convcalc.errors import ConvcalcError
from convcalc.layers.adaptive import AdaptiveAvgPool, AdaptiveMaxPool, AdaptivePool
from convcalc.layers.base import Layer
from convcalc.layers.settings import Shape
from convcalc.ops.base import Counts, Operation, no_arrays
from convcalc.ops.blocks import LARGE, block_size, blocks, whole
from convcalc.ops.pool import divided, divisor_bytes
from convcalc.ops.sliding import Array


def span(size: int, number: int, places: slice) -> range:
    """The elements of some bins together: those that their shares of the axis touch.

    >>> span(5, 3, slice(1, 3))
    range(1, 5)
    """
    inside = range(number)[places]
    return range(inside.start * size // number, -(-inside.stop * size // number))


def bins(size: int, number: int, places: slice = slice(None)) -> Iterator[range]:
    """The elements of each bin, or of some.

    >>> list(bins(5, 3)), list(bins(5, 3, slice(1, 2)))
    ([range(0, 2), range(1, 4), range(3, 5)], [range(1, 4)])
    """
    return (span(size, number, slice(place, place + 1)) for place in range(number)[places])


def bin_sizes(size: int, number: int, places: slice) -> Array:
    """How many elements each of some bins has; one number for all where the axis is shared out evenly.

    >>> bin_sizes(5, 3, slice(None)), bin_sizes(6, 3, slice(None))
    (array([2, 3, 2]), array([2]))
    """
    if _even(size, number):
        return np.array([size // max(number, 1)])
    begins = np.arange(*places.indices(number))
    ends = -1 - begins
    begins *= size
    begins //= number
    ends *= size
    ends //= number
    np.negative(ends, out=ends)
    ends -= begins
    return ends


def _even(size: int, number: int) -> bool:
    return size % max(number, 1) == 0


def adaptive_shape(layer: AdaptivePool, input_shape: Shape) -> Shape:
    """The last axes become as long as there are bins.

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
    """The largest element of each bin, NaN before all.

    >>> from convcalc import AdaptiveMaxPool1d
    >>> adaptive_max_pool(AdaptiveMaxPool1d(3), np.array([[1, 2, 3, 2, 1]])).tolist()
    [[2, 3, 2]]
    """
    return in_bins(np.maximum, x, adaptive_shape(layer, x.shape), len(layer.output_size))


def adaptive_avg_pool(layer: AdaptiveAvgPool, x: Array) -> Array:
    """The mean of each bin.

    >>> from convcalc import AdaptiveAvgPool1d
    >>> adaptive_avg_pool(AdaptiveAvgPool1d(3), np.array([[1, 2, 3, 2, 1]])).tolist()
    [[1.5, 2.3333333333333335, 1.5]]
    """
    output, rank = adaptive_shape(layer, x.shape), len(layer.output_size)
    sizes = zip(x.shape[-rank:], output[-rank:], strict=True)
    return divided(in_bins(np.add, x, output, rank), [partial(bin_sizes, size, number) for size, number in sizes])


def in_bins(ufunc: np.ufunc, x: Array, output: Shape, rank: int) -> Array:
    """The elements of each bin made one by the function, along one of the last axes after the other.

    >>> in_bins(np.add, np.array([[1, 2, 3], [4, 5, 6]]), (1, 2), 2).tolist()
    [[12, 16]]
    """
    out = np.empty(output, dtype=x.dtype)
    if out.size == 0:
        return out
    first, order = x.ndim - rank, narrowing(x.shape, output, rank)
    for at in blocks(output[: first + 1], _places_at_once(x.shape, output, rank)):
        places = whole(at, first + 1)[first]
        rows = span(x.shape[first], output[first], places)
        inside = {axis: bins(x.shape[axis], output[axis]) for axis in order}
        if first in inside:
            inside[first] = (
                range(elements.start - rows.start, elements.stop - rows.start)
                for elements in bins(x.shape[first], output[first], places)
            )
        _narrow(ufunc, x[at[:first]][(*whole((), first), slice(rows.start, rows.stop))], inside, out[at])
    return out


def _narrow(ufunc: np.ufunc, x: Array, inside: Mapping[int, Iterable[range]], out: Array) -> None:
    """Axis by axis, the last of them in the output."""
    left = len(inside)
    for axis, elements in inside.items():
        left -= 1
        wide = np.moveaxis(x, axis, 0)
        x = np.empty((*x.shape[:axis], out.shape[axis], *x.shape[axis + 1 :]), dtype=x.dtype) if left else out
        narrow = np.moveaxis(x, axis, 0)
        for place, met in enumerate(elements):
            ufunc.reduce(wide[met.start : met.stop], axis=0, out=narrow[place, ...])
    if not inside:
        out[...] = x


def _places_at_once(input_shape: Shape, output: Shape, rank: int) -> int:
    """How many places of the first axis, and all that they are made of, go into a block."""
    size, *rest = input_shape[-rank:]
    return LARGE // max(-(-size // output[-rank]) * prod(rest), 1)


def narrowing(input_shape: Shape, output_shape: Shape, rank: int) -> list[int]:
    """The axes that change, that which shrinks the most first, so that little is kept in between.

    >>> narrowing((1, 6, 7, 28), (1, 6, 7, 14), 2), narrowing((1, 6, 7, 28), (1, 6, 5, 1), 2)
    ([3], [3, 2])
    """
    last = range(len(input_shape) - rank, len(input_shape))
    changing = [axis for axis in last if input_shape[axis] != output_shape[axis]]
    return sorted(changing, key=lambda axis: output_shape[axis] / max(input_shape[axis], 1))


def adaptive_count(layer: AdaptivePool, input_shape: Shape) -> Counts:
    """The sums of the bins of one map of ones; the maps are alike.

    >>> from convcalc import AdaptiveAvgPool2d
    >>> adaptive_count(AdaptiveAvgPool2d(1), (1, 512, 7, 7)).connections
    25088
    """
    rank = len(layer.output_size)
    sizes, numbers = input_shape[-rank:], adaptive_shape(layer, input_shape)[-rank:]
    used = in_bins(np.add, np.ones(sizes, dtype=np.int64), numbers, rank)
    return Counts(connections=_maps(layer, input_shape) * int(used.sum()))


def _maps(layer: AdaptivePool, input_shape: Shape) -> int:
    """Of one example: what is between the batch, if there is one, and the axes."""
    before = input_shape[: len(input_shape) - len(layer.output_size)]
    return prod(before[1:] if len(before) > 1 else before)


def _between_bytes(input_shape: Shape, output_shape: Shape, rank: int, itemsize: int) -> int:
    """What `in_bins` holds at most beside input and output: from one axis to the next, what came before and behind."""
    if 0 in output_shape:
        return 0
    first = len(input_shape) - rank
    together = block_size(output_shape[: first + 1], _places_at_once(input_shape, output_shape, rank))
    sizes = [input_shape[first] / output_shape[first], *input_shape[first + 1 :]]
    numbers = [1, *output_shape[first + 1 :]]
    made = [0.0]
    for axis in narrowing(input_shape, output_shape, rank)[:-1]:
        sizes[axis - first] = numbers[axis - first]
        made.append(together * prod(sizes))
    return int(max(map(sum, pairwise(made)), default=0)) * itemsize


def adaptive_run_bytes(layer: AdaptivePool, input_shape: Shape, output_shape: Shape, itemsize: int) -> int:
    """What is between one axis and the next; then the divisors, where the bins have not all the same."""
    rank = len(layer.output_size)
    between = _between_bytes(input_shape, output_shape, rank, itemsize)
    if not isinstance(layer, AdaptiveAvgPool):
        return between
    uneven = [not _even(*pair) for pair in zip(input_shape[-rank:], output_shape[-rank:], strict=True)]
    return max(between, divisor_bytes(output_shape[-rank:], uneven, itemsize))


def adaptive_count_bytes(layer: AdaptivePool, input_shape: Shape, output_shape: Shape) -> int:
    """The ones, what is between one axis and the next, and the sums."""
    rank = len(layer.output_size)
    sizes, numbers = input_shape[-rank:], output_shape[-rank:]
    return 8 * (prod(sizes) + prod(numbers)) + _between_bytes(sizes, numbers, rank, 8)


OPERATIONS: dict[type[Layer], Operation] = {
    kind: Operation(no_arrays, adaptive_shape, run, adaptive_count, adaptive_run_bytes, adaptive_count_bytes)
    for kind, run in ((AdaptiveAvgPool, adaptive_avg_pool), (AdaptiveMaxPool, adaptive_max_pool))
}
