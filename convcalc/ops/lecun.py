"""The layers of LeNet-5 (1998): subsampling, the scaled tanh, radial basis functions."""

from __future__ import annotations

from collections.abc import Sequence
from math import prod

import numpy as np

from convcalc.errors import ConvcalcError
from convcalc.layers.base import Layer
from convcalc.layers.lecun import RBF, ScaledTanh, Subsampling2d
from convcalc.layers.settings import Shape
from convcalc.ops.base import Counts, Operation
from convcalc.ops.blocks import block_bytes, holding, in_blocks
from convcalc.ops.linear import linear_shape, linear_shapes
from convcalc.ops.sliding import Array, Window, output_size, taps


def subsampling_shapes(layer: Subsampling2d) -> dict[str, Shape]:
    """Return the shapes of the layer's arrays: one coefficient and one bias per channel.

    >>> subsampling_shapes(Subsampling2d(6, 2))
    {'weight': (6,), 'bias': (6,)}
    """
    return {"weight": (layer.channels,), "bias": (layer.channels,)}


def subsampling_shape(layer: Subsampling2d, input_shape: Shape) -> Shape:
    """Return the output's shape: count the windows that fit.

    >>> subsampling_shape(Subsampling2d(6, 2), (1, 6, 28, 28))
    (1, 6, 14, 14)
    """
    if len(input_shape) not in (3, 4) or input_shape[-3] != layer.channels:
        raise ConvcalcError(f"{layer!r} takes {layer.channels} channels and 2 axes, got input {list(input_shape)}")
    return (*input_shape[:-2], *output_size(input_shape[-2:], _axes(layer)))


def _axes(layer: Subsampling2d) -> list[Window]:
    return [(size, step, 1) for size, step in zip(layer.kernel_size, layer.stride, strict=True)]


def subsample(layer: Subsampling2d, x: Array, weight: Array, bias: Array) -> Array:
    """Return the sum of each window, times the channel's coefficient, plus its bias.

    >>> layer = Subsampling2d(1, 2)
    >>> subsample(layer, np.array([[[1.0, 2.0], [3.0, 4.0]]]), np.array([0.5]), np.array([1.0])).tolist()
    [[[6.0]]]
    """
    out = np.zeros(subsampling_shape(layer, x.shape), dtype=x.dtype)
    for _, met in taps(x, _axes(layer)):
        out += met
    out *= weight[:, np.newaxis, np.newaxis]
    out += bias[:, np.newaxis, np.newaxis]
    return out


def subsampling_count(layer: Subsampling2d, input_shape: Shape) -> Counts:
    """Execute on ones, with coefficients and biases of 1: each output is the number of its connections.

    >>> subsampling_count(Subsampling2d(6, 2), (1, 6, 28, 28)).connections
    5880
    """
    one = np.ones(layer.channels, dtype=np.int64)
    used = subsample(layer, np.ones(input_shape[-3:], dtype=np.int64), one, one)
    return Counts(
        weights=one.size,
        live_weights=one.size,
        biases=one.size,
        connections=int(used.sum()),
        macs=used.size,
        macs_exact=used.size,
    )


def scaled_tanh(layer: ScaledTanh, x: Array) -> Array:
    """Return A tanh(S x) with A = 1.7159 and S = 2/3, so that f(1) = 1 (LeCun et al. 1998, appendix A).

    >>> scaled_tanh(ScaledTanh(), np.array([0.0, 1.0])).round(4).tolist()
    [0.0, 1.0]
    """

    def scaled(x: Array) -> Array:
        out: Array = 2 / 3 * x
        np.tanh(out, out=out)
        out *= 1.7159
        return out

    return in_blocks(scaled, x)


def rbf(layer: RBF, x: Array, weight: Array) -> Array:
    """Return the squared distance of each vector to the code of each unit.

    >>> rbf(RBF(2, 1), np.array([[3.0, 4.0]]), np.array([[0.0, 0.0]])).tolist()
    [[25.0]]
    """
    linear_shape(layer, x.shape)

    def distances(x: Array) -> Array:
        out = np.empty((*x.shape[:-1], len(weight)), dtype=x.dtype)
        for unit, code in enumerate(weight):
            out[..., unit] = np.square(x - code).sum(axis=-1)
        return out

    return in_blocks(distances, x, uncut=1, shape=(*x.shape[:-1], len(weight)), dtype=x.dtype)


def rbf_count(layer: RBF, input_shape: Shape) -> Counts:
    """Execute on ones, with codes of zeros, so that each squared difference adds 1.

    >>> rbf_count(RBF(84, 10), (1, 84)).connections
    840
    """
    example = input_shape[1:] if len(input_shape) > 1 else input_shape
    codes = np.zeros((layer.out_features, layer.in_features), dtype=np.int64)
    used = int(rbf(layer, np.ones(example, dtype=np.int64), codes).sum())
    return Counts(buffers=codes.size, connections=used, macs=used, macs_exact=used)


def _example_bytes(layer: Subsampling2d | RBF, inputs: Sequence[Shape], output: Shape, itemsize: int) -> int:
    """Bound the memory by the integers of a count, for one example, and the differences of a run."""
    held = 3 * prod(inputs[0][-3:]) + 2 * prod(output[-3:])
    weights = layer.in_features * layer.out_features if isinstance(layer, RBF) else 3 * layer.channels
    return 8 * (held + weights) + block_bytes(3, inputs[0], inputs[0], itemsize, uncut=1)


OPERATIONS: dict[type[Layer], Operation] = {
    Subsampling2d: Operation(subsample, subsampling_shape, subsampling_shapes, subsampling_count, _example_bytes),
    ScaledTanh: Operation(scaled_tanh, extra_bytes=holding(1)),
    RBF: Operation(rbf, linear_shape, linear_shapes, rbf_count, _example_bytes),
}
