"""The layers of 1998: subsampling, the scaled tanh, radial basis functions."""

from __future__ import annotations

from math import prod

import numpy as np

from convcalc.errors import ConvcalcError
from convcalc.layers.base import Layer
from convcalc.layers.lecun import RBF, ScaledTanh, Subsampling2d
from convcalc.layers.settings import Shape
from convcalc.ops.base import Counts, Operation, no_arrays, no_counts, nothing, same_shape
from convcalc.ops.blocks import BLOCK, block_size, blocks, in_blocks, scratch
from convcalc.ops.linear import linear_shape, linear_shapes
from convcalc.ops.sliding import Array, Axis, taps, window_places


def subsampling_shapes(layer: Subsampling2d) -> dict[str, Shape]:
    """The arrays that the layer holds: one coefficient and one bias a channel.

    >>> subsampling_shapes(Subsampling2d(6, 2))
    {'weight': (6,), 'bias': (6,)}
    """
    return {"weight": (layer.channels,), "bias": (layer.channels,)}


def subsampling_shape(layer: Subsampling2d, input_shape: Shape) -> Shape:
    """Where the window fits.

    >>> subsampling_shape(Subsampling2d(6, 2), (1, 6, 28, 28))
    (1, 6, 14, 14)
    """
    if len(input_shape) not in (3, 4) or input_shape[-3] != layer.channels:
        raise ConvcalcError(f"{layer!r} takes {layer.channels} channels and 2 axes, got input {list(input_shape)}")
    return (*input_shape[:-2], *window_places(input_shape[-2:], _axes(layer)))


def _axes(layer: Subsampling2d) -> list[Axis]:
    return [(size, step, 1) for size, step in zip(layer.kernel_size, layer.stride, strict=True)]


def subsample(layer: Subsampling2d, x: Array, weight: Array, bias: Array) -> Array:
    """The sum of each window, times the map's factor, plus its bias.

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
    """Ones in, factors and biases of 1: each output is the number of its connections.

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


def subsampling_count_bytes(layer: Subsampling2d, input_shape: Shape, output_shape: Shape) -> int:
    """Ones in, and their sums."""
    return 8 * (prod(input_shape[-3:]) + prod(output_shape[-3:]))


def scaled_tanh(layer: ScaledTanh, x: Array) -> Array:
    """A tanh(S x), A = 1.7159 and S = 2/3, so that f(1) = 1 (LeCun et al. 1998, appendix A).

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
    """The squared distance of each vector to each unit's code.

    >>> rbf(RBF(2, 1), np.array([[3.0, 4.0]]), np.array([[0.0, 0.0]])).tolist()
    [[25.0]]
    """
    linear_shape(layer, x.shape)
    out = np.empty((*x.shape[:-1], len(weight)), dtype=x.dtype)
    for at in blocks(x.shape[:-1], BLOCK // max(layer.in_features, 1)):
        _distances(x[at], weight, out[at])
    return out


def _distances(x: Array, weight: Array, out: Array) -> None:
    difference = np.empty_like(x)
    for unit, code in enumerate(weight):
        np.subtract(x, code, out=difference)
        out[..., unit] = np.square(difference, out=difference).sum(axis=-1)


def rbf_count(layer: RBF, input_shape: Shape) -> Counts:
    """Ones against codes of zeros, so that each squared difference adds 1.

    >>> rbf_count(RBF(84, 10), (1, 84)).connections
    840
    """
    example = input_shape[1:] if len(input_shape) > 1 else input_shape
    codes = np.zeros((layer.out_features, layer.in_features), dtype=np.int64)
    used = int(rbf(layer, np.ones(example, dtype=np.int64), codes).sum())
    return Counts(buffers=codes.size, connections=used, macs=used, macs_exact=used)


def rbf_run_bytes(layer: RBF, input_shape: Shape, output_shape: Shape, itemsize: int) -> int:
    """The differences of some vectors to one code, squared in place."""
    return layer.in_features * block_size(input_shape[:-1], BLOCK // max(layer.in_features, 1)) * itemsize


def rbf_count_bytes(layer: RBF, input_shape: Shape, output_shape: Shape) -> int:
    """Ones, their differences to one code, the codes, and the distances."""
    return 8 * (2 * prod(input_shape[1:]) + layer.in_features * layer.out_features + prod(output_shape[1:]))


OPERATIONS: dict[type[Layer], Operation] = {
    Subsampling2d: Operation(
        subsampling_shapes,
        subsampling_shape,
        subsample,
        subsampling_count,
        nothing,
        subsampling_count_bytes,
    ),
    ScaledTanh: Operation(no_arrays, same_shape, scaled_tanh, no_counts, scratch(1), nothing),
    RBF: Operation(linear_shapes, linear_shape, rbf, rbf_count, rbf_run_bytes, rbf_count_bytes),
}
