"""Normalisation by the same place of neighbouring channels."""

from __future__ import annotations

import numpy as np

from convcalc.errors import ConvcalcError
from convcalc.layers.base import Layer
from convcalc.layers.norm import LocalResponseNorm
from convcalc.layers.settings import Shape
from convcalc.ops.base import Operation, no_arrays, no_counts, nothing
from convcalc.ops.blocks import BLOCK, across, block_size, floating
from convcalc.ops.sliding import Array


def local_response_norm(layer: LocalResponseNorm, x: Array) -> Array:
    """Over (k + alpha * the mean of the squares of ``size`` neighbouring channels) ** beta.

    The neighbours are as many before as behind, of an even size one more before; those outside count as 0.

    >>> local_response_norm(LocalResponseNorm(1, alpha=1, beta=1, k=0), np.array([[[2.0]]])).tolist()
    [[[0.5]]]
    """
    out = np.empty(x.shape, dtype=floating(x))
    for at in across(x.shape, 1, BLOCK):
        _normalise(layer, x[at], out[at])
    return out


def _normalise(layer: LocalResponseNorm, x: Array, out: Array) -> None:
    squares, channels = np.square(x), x.shape[1]
    total = np.zeros_like(squares)
    for offset in range(max(-(layer.size // 2), 1 - channels), min(layer.size - layer.size // 2, channels)):
        total[:, max(-offset, 0) : channels - max(offset, 0)] += squares[:, max(offset, 0) : channels + min(offset, 0)]
    total *= layer.alpha / layer.size
    total += layer.k
    np.divide(x, np.power(total, layer.beta, out=total), out=out)


def normalised_shape(layer: LocalResponseNorm, input_shape: Shape) -> Shape:
    """The shape as it is, of at least three sizes.

    >>> normalised_shape(LocalResponseNorm(5), (1, 96, 55, 55))
    (1, 96, 55, 55)
    """
    if len(input_shape) < 3:
        raise ConvcalcError(f"{layer!r} cannot take input {list(input_shape)}")
    return input_shape


def _run_bytes(layer: LocalResponseNorm, input_shape: Shape, output_shape: Shape, itemsize: int) -> int:
    """The squares of a block and their sums."""
    channels = input_shape[1]
    places = block_size((input_shape[0], *input_shape[2:]), BLOCK // max(channels, 1))
    return 2 * channels * places * itemsize


OPERATIONS: dict[type[Layer], Operation] = {
    LocalResponseNorm: Operation(no_arrays, normalised_shape, local_response_norm, no_counts, _run_bytes, nothing),
}
