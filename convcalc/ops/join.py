"""Joins of several inputs: sums, products and concatenation."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from convcalc.errors import ConvcalcError
from convcalc.layers.base import Layer
from convcalc.layers.join import Add, Concat, Mul
from convcalc.layers.settings import Shape
from convcalc.ops.base import Operation
from convcalc.ops.sliding import Array


def broadcast_shape(layer: Add | Mul, *input_shapes: Shape) -> Shape:
    """Return the shape that NumPy broadcasts the inputs to.

    >>> broadcast_shape(Add(), (2, 3), (1, 3))
    (2, 3)
    """
    try:
        return np.broadcast_shapes(*input_shapes)
    except ValueError:
        shapes = " and ".join(str(list(sizes)) for sizes in input_shapes)
        raise ConvcalcError(f"{layer!r} cannot broadcast {shapes} together") from None


def add(layer: Add, x: Array, *others: Array) -> Array:
    """Return the sum.

    >>> add(Add(), np.array([1, 2]), np.array([10, 20])).tolist()
    [11, 22]
    """
    return _reduced(np.add, x, others)


def multiply(layer: Mul, x: Array, *others: Array) -> Array:
    """Return the product.

    >>> multiply(Mul(), np.array([1, 2]), np.array([10, 20])).tolist()
    [10, 40]
    """
    return _reduced(np.multiply, x, others)


def _reduced(ufunc: np.ufunc, x: Array, others: Sequence[Array]) -> Array:
    """Combine the inputs one after another in a single new array; return a single input as it is."""
    if not others:
        return x
    out = np.empty(np.broadcast_shapes(x.shape, *(other.shape for other in others)), dtype=x.dtype)
    so_far = x
    for other in others:
        so_far = ufunc(so_far, other, out=out)
    return out


def concat_shape(layer: Concat, *input_shapes: Shape) -> Shape:
    """Return the shape of the first input, longer along one axis by those of the others.

    >>> concat_shape(Concat(), (1, 2, 5), (1, 3, 5))
    (1, 5, 5)
    """
    out = list(input_shapes[0])
    try:
        axis = range(len(out))[layer.dim]
    except IndexError:
        raise ConvcalcError(f"{layer!r} names an axis that {out} does not have") from None
    for sizes in input_shapes[1:]:
        same = len(sizes) == len(out) and all(
            a == b for i, (a, b) in enumerate(zip(sizes, out, strict=True)) if i != axis
        )
        if not same:
            raise ConvcalcError(f"{layer!r} cannot concatenate {out} and {list(sizes)}")
        out[axis] += sizes[axis]
    return tuple(out)


def concat(layer: Concat, x: Array, *others: Array) -> Array:
    """Return all inputs, concatenated along one axis.

    >>> concat(Concat(0), np.array([1, 2]), np.array([3])).tolist()
    [1, 2, 3]
    """
    concat_shape(layer, x.shape, *(other.shape for other in others))
    return np.concatenate((x, *others), axis=layer.dim)


OPERATIONS: dict[type[Layer], Operation] = {
    Add: Operation(add, broadcast_shape),
    Mul: Operation(multiply, broadcast_shape),
    Concat: Operation(concat, concat_shape),
}
