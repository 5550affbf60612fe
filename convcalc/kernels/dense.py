"""Linear and Flatten."""

from __future__ import annotations

from math import prod

import numpy as np

from convcalc.errors import ConvcalcError
from convcalc.kernels.base import Counts, Kernel, Shape
from convcalc.kernels.sliding import Array
from convcalc.layers.dense import Flatten, Linear


def linear_shapes(layer: Linear) -> dict[str, Shape]:
    """
    >>> linear_shapes(Linear(120, 84))
    {'weight': (84, 120), 'bias': (84,)}
    """
    weight = {"weight": (layer.out_features, layer.in_features)}
    return weight | ({"bias": (layer.out_features,)} if layer.bias else {})


def linear(layer: Linear, x: Array, weight: Array, bias: Array | None = None) -> Array:
    """(*, in_features) to (*, out_features).

    >>> linear(Linear(2, 1, bias=False), np.array([3.0, 4.0]), np.array([[1.0, 10.0]])).tolist()
    [43.0]
    """
    if x.ndim == 0 or x.shape[-1] != layer.in_features:
        raise ConvcalcError(f"{layer!r} takes {layer.in_features} features, got input {list(x.shape)}")
    out: Array = x @ weight.T
    return out if bias is None else out + bias


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


def linear_run_bytes(layer: Linear, input_shape: Shape, output_shape: Shape, itemsize: int) -> int:
    """The output before its bias is added."""
    return prod(output_shape) * itemsize if layer.bias else 0


def linear_count_bytes(layer: Linear, input_shape: Shape, output_shape: Shape) -> int:
    """Ones in and their sums out."""
    return 8 * (prod(input_shape[1:]) + prod(output_shape[1:]))


def flatten(layer: Flatten, x: Array) -> Array:
    """
    >>> flatten(Flatten(), np.ones((2, 3, 4))).shape
    (2, 12)
    """
    axes = range(x.ndim or 1)  # a single number counts as one axis, as in PyTorch
    try:
        first, last = axes[layer.start_dim], axes[layer.end_dim]
    except IndexError:
        raise ConvcalcError(f"{layer!r} names an axis that input {list(x.shape)} has not") from None
    if first > last:
        raise ConvcalcError(f"{layer!r} ends before it starts in input {list(x.shape)}")
    return x.reshape(*x.shape[:first], prod(x.shape[first : last + 1]), *x.shape[last + 1 :])


def nothing(*_: object) -> int:
    """No memory."""
    return 0


LINEAR = Kernel(linear_shapes, linear, linear_count, linear_run_bytes, linear_count_bytes)
FLATTEN = Kernel(lambda _: {}, flatten, lambda *_: Counts(), nothing, nothing)
