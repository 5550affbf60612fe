"""Softmax and its relatives, each vector along an axis on its own."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np

from convcalc.errors import ConvcalcError
from convcalc.layers.activation import LogSoftmax, Softmax, Softmax2d, Softmin
from convcalc.layers.base import Layer
from convcalc.layers.settings import Shape
from convcalc.ops.base import Operation, same_shape_of
from convcalc.ops.blocks import block_bytes, floating, in_blocks
from convcalc.ops.sliding import Array


def softmax(x: Array) -> Array:
    """Return exp(x) over its sum, along the last axis.

    >>> softmax(np.array([1000.0, 1000.0])).tolist()
    [0.5, 0.5]
    """
    out: Array = np.exp(x - x.max(axis=-1, keepdims=True))
    out /= out.sum(axis=-1, keepdims=True)
    return out


def log_softmax(x: Array) -> Array:
    """Return the logarithm of the softmax, along the last axis.

    >>> log_softmax(np.array([0.0, 0.0])).round(4).tolist()
    [-0.6931, -0.6931]
    """
    out: Array = x - x.max(axis=-1, keepdims=True)
    out -= np.log(np.exp(out).sum(axis=-1, keepdims=True))
    return out


def axis_shape(layer: Softmax, input_shape: Shape) -> Shape:
    """Return the input's shape; refuse an input without the layer's axis.

    >>> axis_shape(Softmax(1), (1, 10))
    (1, 10)
    """
    axes = len(input_shape) or 1
    if layer.dim is not None and not -axes <= layer.dim < axes:
        raise ConvcalcError(f"{layer!r} names an axis that input {list(input_shape)} does not have")
    return input_shape


def _axis(layer: Layer, axes: int) -> int:
    """Return the layer's axis, by PyTorch's default where it gives none."""
    if isinstance(layer, Softmax2d):
        return -3
    if isinstance(layer, Softmax) and layer.dim is not None:
        return layer.dim
    return 0 if axes in (0, 1, 3) else 1


def _along_axis(function: Callable[[Array], Array], shape: Callable[..., Shape] = axis_shape) -> Operation:
    """Return the operation of a function of the vectors along an axis."""

    def run(layer: Layer, x: Array) -> Array:
        axis = _axis(layer, x.ndim)
        moved = np.moveaxis(np.atleast_1d(x), axis, -1)
        kind = floating(x)
        out = in_blocks(lambda x: function(x.astype(kind, copy=False)), moved, uncut=1, dtype=kind)
        return np.moveaxis(out, -1, axis).reshape(x.shape)

    def extra_bytes(layer: Layer, inputs: Sequence[Shape], output: Shape, itemsize: int) -> int:
        moved = np.moveaxis(np.broadcast_to(0, output or (1,)), _axis(layer, len(output)), -1).shape
        return block_bytes(4, moved, moved, itemsize, uncut=1)

    return Operation(run, shape, extra_bytes=extra_bytes)


OPERATIONS: dict[type[Layer], Operation] = {
    Softmax: _along_axis(softmax),
    Softmin: _along_axis(lambda x: softmax(-x)),
    LogSoftmax: _along_axis(log_softmax),
    Softmax2d: _along_axis(softmax, same_shape_of(3, 4)),
}
