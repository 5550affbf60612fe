"""Linear layers: one matrix product."""

from __future__ import annotations

from collections.abc import Sequence
from math import prod

import numpy as np

from convcalc.errors import ConvcalcError
from convcalc.layers.base import Layer
from convcalc.layers.linear import Linear
from convcalc.layers.settings import Shape
from convcalc.ops.base import Counts, Operation
from convcalc.ops.products import multiply_rows
from convcalc.ops.sliding import Array


def linear_shapes(layer: Linear) -> dict[str, Shape]:
    """Return the shapes of the layer's arrays: (out, in) and (out,).

    >>> linear_shapes(Linear(120, 84))
    {'weight': (84, 120), 'bias': (84,)}
    """
    weight = {"weight": (layer.out_features, layer.in_features)}
    return weight | ({"bias": (layer.out_features,)} if layer.bias else {})


def linear_shape(layer: Linear, input_shape: Shape) -> Shape:
    """Return (*, out_features) for an input of (*, in_features).

    >>> linear_shape(Linear(120, 84), (1, 120))
    (1, 84)
    """
    if not input_shape or input_shape[-1] != layer.in_features:
        raise ConvcalcError(f"{layer!r} takes {layer.in_features} features, got input {list(input_shape)}")
    return (*input_shape[:-1], layer.out_features)


def linear(layer: Linear, x: Array, weight: Array, bias: Array | None = None) -> Array:
    """Return x (*, in_features) times the weights, plus the bias: (*, out_features).

    >>> linear(Linear(2, 1, bias=False), np.array([3.0, 4.0]), np.array([[1.0, 10.0]])).tolist()
    [43.0]
    """
    out = np.empty(linear_shape(layer, x.shape), weight.dtype)
    rows = prod(x.shape[:-1])  # reshape(-1, ...) cannot tell where a size is 0
    multiply_rows(x.reshape(rows, layer.in_features), weight, out.reshape(rows, layer.out_features))
    if bias is not None:
        out += bias
    return out


def linear_count(layer: Linear, input_shape: Shape) -> Counts:
    """Execute on ones, with weights of 1, so that each product adds 1.

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


def extra_bytes(layer: Linear, inputs: Sequence[Shape], output: Shape, itemsize: int) -> int:
    """Bound the memory by the integers of a count, for one example: ones and their sums.

    >>> extra_bytes(Linear(3, 2), [(5, 3)], (5, 2), itemsize=4)
    40
    """
    return 8 * (prod(inputs[0][1:] or inputs[0]) + prod(output[1:] or output))


OPERATIONS: dict[type[Layer], Operation] = {
    Linear: Operation(linear, linear_shape, linear_shapes, linear_count, extra_bytes)
}
