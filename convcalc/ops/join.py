"""Joins: sums, products, and arrays behind one another."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from convcalc.errors import ConvcalcError
from convcalc.layers.base import Layer
from convcalc.layers.join import Add, Concat, Mul
from convcalc.layers.settings import Shape
from convcalc.ops.base import Operation, no_arrays, no_counts, nothing
from convcalc.ops.sliding import Array


def together_shape(layer: Add | Mul, *input_shapes: Shape) -> Shape:
    """The broadcast of the shapes, as NumPy finds it.

    >>> together_shape(Add(), (2, 3), (1, 3))
    (2, 3)
    """
    try:
        return np.broadcast_shapes(*input_shapes)
    except ValueError:
        shapes = " and ".join(str(list(sizes)) for sizes in input_shapes)
        raise ConvcalcError(f"{layer!r} cannot put {shapes} together") from None


def add(layer: Add, x: Array, *others: Array) -> Array:
    """The sum.

    >>> add(Add(), np.array([1, 2]), np.array([10, 20])).tolist()
    [11, 22]
    """
    return _together(np.add, x, others)


def multiply(layer: Mul, x: Array, *others: Array) -> Array:
    """The product.

    >>> multiply(Mul(), np.array([1, 2]), np.array([10, 20])).tolist()
    [10, 40]
    """
    return _together(np.multiply, x, others)


def _together(ufunc: np.ufunc, x: Array, others: Sequence[Array]) -> Array:
    """One after another, in an array made once; a single one stays what it is."""
    if not others:
        return x
    out = np.empty(np.broadcast_shapes(x.shape, *(other.shape for other in others)), dtype=x.dtype)
    so_far = x
    for other in others:
        so_far = ufunc(so_far, other, out=out)
    return out


def concatenated_shape(layer: Concat, *input_shapes: Shape) -> Shape:
    """The first shape, grown along the axis by the others.

    >>> concatenated_shape(Concat(), (1, 2, 5), (1, 3, 5))
    (1, 5, 5)
    """
    out = list(input_shapes[0])
    try:
        axis = range(len(out))[layer.dim]
    except IndexError:
        raise ConvcalcError(f"{layer!r} names an axis that {out} has not") from None
    for sizes in input_shapes[1:]:
        same = len(sizes) == len(out) and all(
            a == b for i, (a, b) in enumerate(zip(sizes, out, strict=True)) if i != axis
        )
        if not same:
            raise ConvcalcError(f"{layer!r} cannot put {out} and {list(sizes)} behind one another")
        out[axis] += sizes[axis]
    return tuple(out)


def concatenate(layer: Concat, x: Array, *others: Array) -> Array:
    """All behind one another.

    >>> concatenate(Concat(0), np.array([1, 2]), np.array([3])).tolist()
    [1, 2, 3]
    """
    concatenated_shape(layer, x.shape, *(other.shape for other in others))
    return np.concatenate((x, *others), axis=layer.dim)


OPERATIONS: dict[type[Layer], Operation] = {
    Add: Operation(no_arrays, together_shape, add, no_counts, nothing, nothing),
    Mul: Operation(no_arrays, together_shape, multiply, no_counts, nothing, nothing),
    Concat: Operation(no_arrays, concatenated_shape, concatenate, no_counts, nothing, nothing),
}
