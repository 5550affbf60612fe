"""Convolution: run on arrays, and counted on ones."""

from __future__ import annotations

from math import prod

import numpy as np

from convcalc.errors import ConvcalcError
from convcalc.kernels.base import Counts, Kernel, Shape
from convcalc.kernels.direct import convolve, examples_at_once
from convcalc.kernels.loops import edges
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
    dense = [met.sum() for _, met in taps(pad(ones, layer.padding, layer.padding_mode, fill=1), _axes(layer))]
    exact = [met.sum() for _, met in taps(pad(ones, layer.padding, layer.padding_mode), _axes(layer))]
    _, first = next(taps(pad(ones, layer.padding, layer.padding_mode), _axes(layer)))
    pairs = sum(1 for _ in edges(layer))
    macs = pairs * int(sum(dense))
    biased_units = layer.out_channels * first.size if layer.bias and layer.in_channels else 0
    return Counts(
        weights=pairs * len(dense),
        live_weights=pairs * sum(1 for products in exact if products),
        biases=layer.out_channels if layer.bias else 0,
        connections=macs + biased_units,
        macs=macs,
        macs_exact=pairs * int(sum(exact)),
    )


def scratch(layer: Conv, input_shape: Shape, output_shape: Shape, itemsize: int) -> int:
    """The padded input, the patches and the sums of one tap, and the padded ones that are counted."""
    rank = len(layer.kernel_size)
    padded = prod(
        size + before + after for size, (before, after) in zip(input_shape[-rank:], layer.padding, strict=True)
    )
    copies = prod(input_shape[:-rank]) if any(map(any, layer.padding)) else 0
    places = prod(output_shape[-rank:])
    patch = layer.in_channels * places * itemsize
    examples = min(examples_at_once(patch), prod(input_shape[: -rank - 1]))
    return copies * padded * itemsize + examples * (patch + layer.out_channels * places * itemsize) + 2 * 8 * padded


def _axes(layer: Conv) -> list[Axis]:
    return list(zip(layer.kernel_size, layer.stride, layer.dilation, strict=True))


KERNEL = Kernel(shapes, run, count, scratch)
