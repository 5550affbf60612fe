"""Execute a function block by block, so that its temporary arrays stay small and in the processor's cache."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from math import prod
from typing import Any

import numpy as np

from convcalc.layers.base import Layer
from convcalc.layers.settings import Shape
from convcalc.ops.sliding import Array
from convcalc.ops.tiles import cuts

BLOCK = 2**17  # elements

At = tuple[slice, ...]


def blocks(shape: Shape, most: int) -> Iterator[At]:
    """Yield indices along the first axes that cut an array of that shape into blocks of at most ``most`` elements.

    >>> list(blocks((2, 3), 6)), list(blocks((2, 3), 3))
    ([()], [(slice(0, 1, None),), (slice(1, 2, None),)])
    >>> list(blocks((1, 3), 2))
    [(slice(0, 1, None), slice(0, 2, None)), (slice(0, 1, None), slice(2, 3, None))]
    """
    if not shape or prod(shape) <= most:
        yield ()
        return
    inner = prod(shape[1:])
    for part in cuts(shape[0], most // inner):
        for rest in blocks(shape[1:], most) if inner > most else [()]:
            yield (part, *rest)


def in_blocks(
    function: Callable[..., Array],
    *arrays: Array,
    uncut: int = 0,
    shape: Shape | None = None,
    dtype: np.dtype[Any] | None = None,
) -> Array:
    """Return the function of some arrays, which are broadcast together, computed block by block.

    Every block holds the last ``uncut`` axes whole. If the function changes their sizes, ``shape`` is the output's.
    Without ``dtype``, the output has the type that the function gives.

    >>> in_blocks(lambda x, factor: factor * x, np.array([[1, 2], [3, 4]]), np.array([10, 100])).tolist()
    [[10, 200], [30, 400]]
    >>> in_blocks(lambda x: x[..., ::2], np.array([[1, 2, 3]]), uncut=1, shape=(1, 2)).tolist()
    [[1, 3]]
    """
    together = np.broadcast_shapes(*(array.shape for array in arrays))
    if dtype is None:
        dtype = function(*(np.empty((0,) * max(array.ndim, uncut), array.dtype) for array in arrays)).dtype
    out = np.empty(together if shape is None else shape, dtype)
    if out.size == 0:
        return out
    axes = max(len(together), 1)
    aligned = [array.reshape((1,) * (axes - array.ndim) + array.shape) for array in arrays]
    target = out.reshape(out.shape or (1,))
    leading = axes - uncut
    each = max(prod(together[leading:]), prod(target.shape[leading:]))
    for at in blocks(target.shape[:leading], BLOCK // each):
        target[at] = function(*(block_of(array, at) for array in aligned))
    return out


def block_of(array: Array, at: At) -> Array:
    """Return a block of an array; along an axis of size 1, which is broadcast, it is the same for all.

    >>> block_of(np.array([[1, 2, 3]]), (slice(4, 5), slice(0, 2))).tolist()
    [[1, 2]]
    """
    return array[tuple(slice(None) if size == 1 else part for size, part in zip(array.shape, at, strict=False))]


def block_bytes(arrays: int, input_shape: Shape, output_shape: Shape, itemsize: int, uncut: int = 0) -> int:
    """Return an upper bound of the memory that `in_blocks` takes if its function holds ``arrays`` arrays of a block.

    >>> block_bytes(2, (1, 100), (1, 100), itemsize=4), block_bytes(2, (1, 10**6), (1, 10**6), itemsize=4)
    (800, 1048576)
    """
    last = zip(input_shape[len(input_shape) - uncut :], output_shape[len(output_shape) - uncut :], strict=True)
    each = prod(max(sizes) for sizes in last)
    return arrays * min(prod(output_shape[: len(output_shape) - uncut]) * each, max(BLOCK, each)) * itemsize


def holding(arrays: int, uncut: int = 0) -> Callable[[Layer, Sequence[Shape], Shape, int], int]:
    """Return the `extra_bytes` of an operation whose function holds ``arrays`` arrays of a block.

    >>> holding(2)(Layer(), [(1, 100)], (1, 100), 4)
    800
    """
    return lambda layer, inputs, output, itemsize: block_bytes(arrays, inputs[0], output, itemsize, uncut)


def floating(array: Array) -> np.dtype[Any]:
    """Return the array's type if it is a floating one, else float64.

    >>> floating(np.array([1])), floating(np.array([1], np.float32))
    (dtype('float64'), dtype('float32'))
    """
    return array.dtype if array.dtype.kind == "f" else np.dtype(np.float64)
