"""Convolution: run on arrays, and counted on ones."""

from __future__ import annotations

from math import prod

import numpy as np

from convcalc.errors import ConvcalcError
from convcalc.kernels.base import Counts, Kernel, Shape
from convcalc.kernels.direct import convolve, examples_at_once
from convcalc.kernels.loops import connections
from convcalc.kernels.sliding import Array, Axis, pad, taps
from convcalc.layers.conv import Conv


def shapes(layer: Conv) -> dict[str, Shape]:
    """
    >>> from convcalc import Conv2d
    >>> shapes(Conv2d(3, 16, 4))
    {'weight': (16, 3, 4, 4), 'bias': (16,)}
    """
    weight = {"weight": (layer.out_channels, layer.in_channels // layer.groups, *layer.kernel_size)}
    return weight | ({"bias": (layer.out_channels,)} if layer.bias else {})


def run(layer: Conv, x: Array, weight: Array, bias: Array | None = None) -> Array:
    """(N, C, *sizes), or one example without N, to (N, O, *places)."""
    rank = len(layer.kernel_size)
    if x.ndim not in (rank + 1, rank + 2) or x.shape[-1 - rank] != layer.in_channels:
        raise ConvcalcError(f"{layer!r} takes {layer.in_channels} channels and {rank} axes, got input {list(x.shape)}")
    batched = x if x.ndim == rank + 2 else x[np.newaxis]
    if 0 in batched.shape[2:] and 0 not in batched.shape[:2]:
        raise ConvcalcError(
            f"{layer!r} got a size of 0 in input {list(x.shape)}: every spatial size must be at least 1"
        )
    padded = pad(batched, layer.padding, layer.padding_mode)
    if layer.table is None:
        out = convolve(padded, weight, _axes(layer), layer.groups)
    else:  # a convolution of its own for each output map, over the maps that feed it and no others
        maps = [
            convolve(padded[:, sources], weight[number : number + 1, sources], _axes(layer), groups=1)
            for number, sources in enumerate(map(list, layer.table))
        ]
        out = np.concatenate(maps, axis=1)
    if bias is not None and out.size:
        out += bias.reshape(-1, *[1] * rank)
    return out if x.ndim == rank + 2 else out[0]


def count(layer: Conv, input_shape: Shape) -> Counts:
    """The taps are executed on ones for one pair of maps; the pairs are walked one by one.

    >>> from convcalc import Conv2d
    >>> count(Conv2d(1, 6, 5, padding=2), (1, 1, 28, 28)).macs_exact
    107736
    """
    ones = np.ones(input_shape[-len(layer.kernel_size) :], dtype=np.int64)
    dense = _products(layer, ones, fill=1)
    exact = _products(layer, ones, fill=0)
    pairs = count_edges(layer)
    macs = pairs * sum(dense)
    places = dense[0]  # each tap is met once at every place
    biased_units = layer.out_channels * places if layer.bias and layer.in_channels else 0
    return Counts(
        weights=pairs * len(dense),
        live_weights=pairs * sum(1 for products in exact if products),
        biases=layer.out_channels if layer.bias else 0,
        connections=macs + biased_units,
        macs=macs,
        macs_exact=pairs * sum(exact),
    )


def _products(layer: Conv, ones: Array, fill: int) -> list[int]:
    """For each tap, the sum over all places of one times what it meets: of ones, with ``fill`` in the padding."""
    return [int(met.sum()) for _, met in taps(pad(ones, layer.padding, layer.padding_mode, fill), _axes(layer))]


def count_edges(layer: Conv) -> int:
    """The pairs of maps that a kernel connects, marked map by map in the connection table and counted.

    >>> from convcalc import Conv2d
    >>> count_edges(Conv2d(4, 6, 1, groups=2))
    12
    """
    total = 0
    for sources in connections(layer):
        fed = np.zeros(layer.in_channels, dtype=bool)
        fed[sources if isinstance(sources, slice) else list(sources)] = True
        total += int(np.count_nonzero(fed))
    return total


def run_bytes(layer: Conv, input_shape: Shape, output_shape: Shape, itemsize: int) -> int:
    """The padded input, and of one tap the patches (where they are no view of it), the sums and the weights."""
    rank = len(layer.kernel_size)
    padded = prod(input_shape[:-rank]) * _padded_elements(layer, input_shape) if _is_padded(layer) else 0
    places = prod(output_shape[-rank:])
    patch = layer.in_channels * places
    is_view = set(layer.stride) == {1} and set(layer.kernel_size[1:]) <= {1}
    examples = min(examples_at_once(patch * itemsize), prod(input_shape[: -rank - 1]))
    patches = 0 if is_view else examples * patch
    tap_weights = layer.out_channels * (layer.in_channels // layer.groups)
    return (padded + patches + examples * layer.out_channels * places + tap_weights) * itemsize


def count_bytes(layer: Conv, input_shape: Shape, output_shape: Shape) -> int:
    """The ones, and the padded ones."""
    ones = prod(input_shape[-len(layer.kernel_size) :])
    return 8 * (ones + (_padded_elements(layer, input_shape) if _is_padded(layer) else 0))


def _is_padded(layer: Conv) -> bool:
    return any(map(any, layer.padding))


def _padded_elements(layer: Conv, input_shape: Shape) -> int:
    sizes = input_shape[-len(layer.padding) :]
    return prod(size + before + after for size, (before, after) in zip(sizes, layer.padding, strict=True))


def _axes(layer: Conv) -> list[Axis]:
    return list(zip(layer.kernel_size, layer.stride, layer.dilation, strict=True))


KERNEL = Kernel(shapes, run, count, run_bytes, count_bytes)
