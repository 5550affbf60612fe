"""Linear and Flatten."""

from __future__ import annotations

from math import prod

import numpy as np

from convcalc.errors import ConvcalcError
from convcalc.layers.base import Layer
from convcalc.layers.linear import Linear
from convcalc.layers.reshape import Flatten
from convcalc.layers.settings import Shape
from convcalc.ops.base import Counts, Operation, no_arrays, no_counts, nothing, view_bytes
from convcalc.ops.sliding import Array


def linear_shapes(layer: Linear) -> dict[str, Shape]:
    """The arrays that the layer holds: (out, in) and (out,).

    >>> linear_shapes(Linear(120, 84))
    {'weight': (84, 120), 'bias': (84,)}
    """
    weight = {"weight": (layer.out_features, layer.in_features)}
    return weight | ({"bias": (layer.out_features,)} if layer.bias else {})


def linear_shape(layer: Linear, input_shape: Shape) -> Shape:
    """(*, in_features) to (*, out_features).

    >>> linear_shape(Linear(120, 84), (1, 120))
    (1, 84)
    """
    if not input_shape or input_shape[-1] != layer.in_features:
        raise ConvcalcError(f"{layer!r} takes {layer.in_features} features, got input {list(input_shape)}")
    return (*input_shape[:-1], layer.out_features)


def linear(layer: Linear, x: Array, weight: Array, bias: Array | None = None) -> Array:
    """(*, in_features) to (*, out_features).

    >>> linear(Linear(2, 1, bias=False), np.array([3.0, 4.0]), np.array([[1.0, 10.0]])).tolist()
    [43.0]
    """
    linear_shape(layer, x.shape)
    out: Array = x @ weight.T
    if bias is not None:
        out += bias
    return out


def linear_count(layer: Linear, input_shape: Shape) -> Counts:
    """Ones times ones, so that each product adds 1.

    >>> linear_count(Linear(120, 84), (1, 120)).connections
    10164
    """
    example = input_shape[1:] if len(input_shape) > 1 else input_shape
    weight = np.broadcast_to(np.int64(1), (layer.out_features, layer.in_features))
    out = linear(layer, np.ones(example, dtype=np.int64), weight)
    macs = int(out.sum())
    return Counts(
        weights=weight.size,
        live_weights=weight.size,
        biases=layer.out_features if layer.bias else 0,
        connections=macs + (out.size if layer.bias else 0),
        macs=macs,
        macs_exact=macs,
    )


def linear_count_bytes(layer: Linear, input_shape: Shape, output_shape: Shape) -> int:
    """Ones in and their sums out."""
    return 8 * (prod(input_shape[1:]) + prod(output_shape[1:]))


def flatten_shape(layer: Flatten, input_shape: Shape) -> Shape:
    """The axes from the first to the last named as one.

    >>> flatten_shape(Flatten(), (2, 3, 4))
    (2, 12)
    """
    axes = range(len(input_shape) or 1)  # a single number counts as one axis, as in PyTorch
    try:
        first, last = axes[layer.start_dim], axes[layer.end_dim]
    except IndexError:
        raise ConvcalcError(f"{layer!r} names an axis that input {list(input_shape)} has not") from None
    if first > last:
        raise ConvcalcError(f"{layer!r} ends before it starts in input {list(input_shape)}")
    return (*input_shape[:first], prod(input_shape[first : last + 1]), *input_shape[last + 1 :])


def flatten(layer: Flatten, x: Array) -> Array:
    """The same values, the named axes as one.

    >>> flatten(Flatten(), np.ones((2, 3, 4))).shape
    (2, 12)
    """
    return x.reshape(flatten_shape(layer, x.shape))


OPERATIONS: dict[type[Layer], Operation] = {
    Linear: Operation(linear_shapes, linear_shape, linear, linear_count, nothing, linear_count_bytes),
    Flatten: Operation(no_arrays, flatten_shape, flatten, no_counts, view_bytes, nothing),
}
