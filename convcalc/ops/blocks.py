"""Work cut into blocks, so that what a run takes beside its arrays stays small however large they are."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from math import prod
from typing import Any

import numpy as np

from convcalc.layers.base import Layer
from convcalc.layers.settings import Shape
from convcalc.ops.sliding import Array
from convcalc.ops.tiles import cuts

BLOCK = 2**16  # elements: of them, a few arrays stay in the processor's cache
LARGE = 2**20  # elements, where a block takes many steps
WIDE = 2**10  # sums over one axis run along at least half so many others, so that the order of adding up is the same

At = tuple[slice, ...]


def blocks(shape: Shape, most: int) -> Iterator[At]:
    """Indices along the first axes that cut an array of that shape into blocks of at most so many elements.

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


def block_shape(shape: Shape, most: int) -> Shape:
    """The shape of the largest of those blocks.

    >>> block_shape((2, 3), 3), block_shape((1, 3), 2), block_shape((5, 3), 9)
    ((1, 3), (1, 2), (3, 3))
    """
    if not shape or prod(shape) <= most:
        return shape
    inner = prod(shape[1:])
    if inner > most:
        return (1, *block_shape(shape[1:], most))
    return (part_size(shape[0], most // inner), *shape[1:])


def block_size(shape: Shape, most: int) -> int:
    """The elements of the largest of those blocks.

    >>> block_size((2, 3), 3)
    3
    """
    return prod(block_shape(shape, most))


def part_size(length: int, most: int) -> int:
    """The elements of the longest of an axis's parts.

    >>> part_size(7, 3), part_size(2, 3)
    (3, 2)
    """
    return -(-length // max(-(-length // max(most, 1)), 1))


def whole(at: At, axes: int) -> At:
    """The index of a block with all of its axes.

    >>> whole((slice(0, 1),), 2)
    (slice(0, 1, None), slice(None, None, None))
    """
    return (*at, *[slice(None)] * (axes - len(at)))


def across(shape: Shape, axis: int, most: int) -> Iterator[At]:
    """Indices that cut an array into blocks, but never along that axis.

    >>> list(across((2, 3), 1, 3))
    [(slice(0, 1, None), slice(None, None, None)), (slice(1, 2, None), slice(None, None, None))]
    """
    others = shape[:axis] + shape[axis + 1 :]
    for at in blocks(others, most // max(shape[axis], 1)):
        index = whole(at, len(others))
        yield (*index[:axis], slice(None), *index[axis:])


def cut(array: Array, at: At) -> Array:
    """The block of an array; along an axis of 1 it is the same for all.

    >>> cut(np.array([[1, 2, 3]]), (slice(4, 5), slice(0, 2))).tolist()
    [[1, 2]]
    """
    return array[tuple(slice(None) if size == 1 else part for size, part in zip(array.shape, at, strict=False))]


def in_blocks(function: Callable[..., Array], *arrays: Array) -> Array:
    """The function of the elements of some arrays, broadcast to one another, in an array made once.

    >>> in_blocks(lambda x, factor: factor * x, np.array([[1, 2], [3, 4]]), np.array([10, 100])).tolist()
    [[10, 200], [30, 400]]
    """
    shape = np.broadcast_shapes(*(array.shape for array in arrays))
    axes = max(len(shape), 1)
    aligned = [array.reshape((1,) * (axes - array.ndim) + array.shape) for array in arrays]
    out = np.empty(shape or (1,), dtype=function(*(np.empty((0,) * axes, array.dtype) for array in arrays)).dtype)
    for at in blocks(out.shape, BLOCK):
        out[at] = function(*(cut(array, at) for array in aligned))
    return out.reshape(shape)


def floating(array: Array) -> np.dtype[Any]:
    """The type of what is not whole any more: float64 of integers.

    >>> floating(np.array([1])), floating(np.array([1], np.float32))
    (dtype('float64'), dtype('float32'))
    """
    return array.dtype if array.dtype.kind == "f" else np.dtype(np.float64)


def scratch(arrays: float) -> Callable[[Layer, Shape, Shape, int], int]:
    """Of a run in blocks that holds so many arrays of the size of a block of its output.

    >>> scratch(2)(Layer(), (1, 100), (1, 100), 4), scratch(2)(Layer(), (1, 10**6), (1, 10**6), 4)
    (800, 500000)
    """
    return lambda layer, input_shape, output_shape, itemsize: int(arrays * block_size(output_shape, BLOCK) * itemsize)
