"""Softmax and its kin: each vector along an axis on its own."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from convcalc.errors import ConvcalcError
from convcalc.layers.activation import LogSoftmax, Softmax, Softmax2d, Softmin
from convcalc.layers.base import Layer
from convcalc.layers.settings import Shape
from convcalc.ops.base import Operation, no_arrays, no_counts, nothing, sizes_of
from convcalc.ops.blocks import BLOCK, WIDE, across, block_size
from convcalc.ops.sliding import Array


def softmax(x: Array, axis: int) -> Array:
    """exp(x) over its sum along the axis.

    >>> softmax(np.array([1000.0, 1000.0]), 0).tolist()
    [0.5, 0.5]
    """
    return along(x, axis, _softmax)


def softmin(x: Array, axis: int) -> Array:
    """The softmax of -x.

    >>> softmin(np.array([1000.0, 1000.0]), 0).tolist()
    [0.5, 0.5]
    """
    return along(x, axis, lambda x, axis, out: _softmax(np.multiply(-1, x, out=out), axis, out))


def log_softmax(x: Array, axis: int) -> Array:
    """The logarithm of the softmax.

    >>> log_softmax(np.array([0.0, 0.0]), 0).round(4).tolist()
    [-0.6931, -0.6931]
    """
    return along(x, axis, _log_softmax)


def along(x: Array, axis: int, function: Callable[[Array, int, Array], object]) -> Array:
    """The function of the vectors along the axis, a block of them at a time, worked out in the output.

    >>> along(np.array([[1, 2], [3, 4]]), 0, lambda x, axis, out: np.cumsum(x, axis, out=out)).tolist()
    [[1, 2], [4, 6]]
    """
    vectors = np.atleast_1d(x)
    out = np.empty(vectors.shape, dtype=vectors.dtype)
    for at in across(vectors.shape, axis, _block(vectors.shape[axis])):
        function(vectors[at], axis, out[at])
    return out.reshape(x.shape)


def _softmax(x: Array, axis: int, out: Array) -> None:
    np.subtract(x, _largest(x, axis), out=out)
    np.exp(out, out=out)
    out /= out.sum(axis=axis, keepdims=True)


def _log_softmax(x: Array, axis: int, out: Array) -> None:
    largest = _largest(x, axis)
    np.subtract(x, largest, out=out)
    total = np.exp(out, out=out).sum(axis=axis, keepdims=True)
    np.subtract(x, largest, out=out)
    out -= np.log(total, out=total)


def _largest(x: Array, axis: int) -> Array:
    largest: Array = x.max(axis=axis, keepdims=True, initial=-np.inf)
    return largest


def axis_shape(layer: Softmax, input_shape: Shape) -> Shape:
    """The shape as it is; refused where it has not the axis.

    >>> axis_shape(Softmax(1), (1, 10))
    (1, 10)
    """
    axes = len(input_shape) or 1
    if layer.dim is not None and not -axes <= layer.dim < axes:
        raise ConvcalcError(f"{layer!r} names an axis that input {list(input_shape)} has not")
    return input_shape


def _axis(layer: Layer, axes: int) -> int:
    if isinstance(layer, Softmax2d):
        return axes - 3
    usual = 0 if axes in (0, 1, 3) else 1
    chosen = layer.dim if isinstance(layer, Softmax) and layer.dim is not None else usual
    return chosen % max(axes, 1)


def _block(length: int) -> int:
    """The elements of a block of vectors of that length."""
    return max(BLOCK, WIDE * length)


def _operation(
    function: Callable[[Array, int], Array], arrays: int, shape: Callable[..., Shape] = axis_shape
) -> Operation:
    """``arrays`` are of one number a vector."""

    def run(layer: Layer, x: Array) -> Array:
        return function(x, _axis(layer, x.ndim))

    def run_bytes(layer: Layer, input_shape: Shape, output_shape: Shape, itemsize: int) -> int:
        axis, sizes = _axis(layer, len(input_shape)), input_shape or (1,)
        others = sizes[:axis] + sizes[axis + 1 :]
        return arrays * block_size(others, _block(sizes[axis]) // max(sizes[axis], 1)) * itemsize

    return Operation(no_arrays, shape, run, no_counts, run_bytes, nothing)


OPERATIONS: dict[type[Layer], Operation] = {
    Softmax: _operation(softmax, 1),
    Softmin: _operation(softmin, 1),
    LogSoftmax: _operation(log_softmax, 2),
    Softmax2d: _operation(softmax, 1, sizes_of(3, 4)),
}
