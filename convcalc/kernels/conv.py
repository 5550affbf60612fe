"""Convolution: run on arrays, and counted on ones."""

from __future__ import annotations

from math import prod

import numpy as np

from convcalc.errors import ConvcalcError
from convcalc.kernels.base import Counts, Kernel
from convcalc.kernels.direct import convolve, examples_at_once
from convcalc.kernels.loops import connections
from convcalc.kernels.sliding import Array, Axis, check_sides, pad, taps, window_places
from convcalc.layers.axes import Shape
from convcalc.layers.base import Layer
from convcalc.layers.conv import Conv


def shapes(layer: Conv) -> dict[str, Shape]:
    """The arrays that the layer holds: (out, in/groups, *kernel) and (out,).

    >>> from convcalc import Conv2d
    >>> shapes(Conv2d(3, 16, 4))
    {'weight': (16, 3, 4, 4), 'bias': (16,)}
    """
    weight = {"weight": (layer.out_channels, layer.in_channels // layer.groups, *layer.kernel_size)}
    return weight | ({"bias": (layer.out_channels,)} if layer.bias else {})


def output_shape(layer: Conv, input_shape: Shape) -> Shape:
    """Where the window fits, as it is moved over the padded sizes.

    >>> from convcalc import Conv2d
    >>> output_shape(Conv2d(3, 16, 4, stride=2), (10, 3, 28, 28))
    (10, 16, 13, 13)
    """
    rank = len(layer.kernel_size)
    if len(input_shape) not in (rank + 1, rank + 2) or input_shape[-1 - rank] != layer.in_channels:
        raise ConvcalcError(f"{layer!r} takes {layer.in_channels} channels and {rank} axes, got {list(input_shape)}")
    batch, sizes = input_shape[: -1 - rank], input_shape[-rank:]
    if 0 in sizes and 0 not in (*batch, layer.in_channels):
        raise ConvcalcError(f"{layer!r} got a size of 0 in {list(input_shape)}: every spatial size must be at least 1")
    check_sides((1, layer.in_channels, *sizes), layer.padding, layer.padding_mode)
    maps = layer.out_channels if layer.in_channels else 0  # as PyTorch: no maps where there are no channels to sum
    return (*batch, maps, *window_places(_padded_sizes(layer, input_shape), _axes(layer)))


def run(layer: Conv, x: Array, weight: Array, bias: Array | None = None) -> Array:
    """(N, C, *sizes), or one example without N, to (N, O, *places)."""
    output_shape(layer, x.shape)  # refused before anything is padded
    rank = len(layer.kernel_size)
    batched = x if x.ndim == rank + 2 else x[np.newaxis]
    padded = pad(batched, layer.padding, layer.padding_mode)
    if layer.table is None:
        out = convolve(padded, weight, _axes(layer), layer.groups)
    else:  # a convolution of its own for each output map, over the maps that feed it and no others
        out = np.concatenate(
            [
                convolve(padded[:, sources], weight[number : number + 1, sources], _axes(layer), groups=1)
                for number, sources in enumerate(map(list, layer.table))
            ],
            axis=1,
        )
    if bias is not None and out.size:
        out += bias.reshape(-1, *[1] * rank)
    return out if x.ndim == rank + 2 else out[0]


def count(layer: Conv, input_shape: Shape) -> Counts:
    """The taps are executed on ones for one pair of maps; the pairs are walked one by one.

    >>> from convcalc import Conv2d
    >>> count(Conv2d(1, 6, 5, padding=2), (1, 1, 28, 28)).macs_exact
    107736
    """
    places = prod(output_shape(layer, input_shape)[-len(layer.kernel_size) :])
    ones = np.ones(input_shape[-len(layer.kernel_size) :], dtype=np.int64)
    dense, _ = _products(layer, ones, fill=1)
    exact, live = _products(layer, ones, fill=0)
    pairs = count_edges(layer)
    return Counts(
        weights=pairs * prod(layer.kernel_size),
        live_weights=pairs * live,
        biases=layer.out_channels if layer.bias else 0,
        connections=pairs * dense + (layer.out_channels * places if layer.bias and layer.in_channels else 0),
        macs=pairs * dense,
        macs_exact=pairs * exact,
    )


def _products(layer: Conv, ones: Array, fill: int) -> tuple[int, int]:
    """One times what each tap meets at each place, summed, with ``fill`` in the padding; and the taps that met any."""
    total = live = 0
    for _, met in taps(pad(ones, layer.padding, layer.padding_mode, fill), _axes(layer)):
        products = int(met.sum())
        total += products
        live += products > 0
    return total, live


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
    """The padded input, and of one tap the patches (where they are no view of it), the sums and the weights.

    With a connection table, one map at a time: its inputs, and at the end the maps before they are put together.
    """
    rank = len(layer.kernel_size)
    examples = prod(input_shape[: -rank - 1])
    padded = examples * prod(_padded_sizes(layer, input_shape))
    places = prod(output_shape[-rank:])
    fed, maps = layer.in_channels, layer.out_channels
    copies = layer.in_channels * padded if any(map(any, layer.padding)) else 0
    if layer.table is not None:
        fed, maps = max(map(len, layer.table)), 1
        copies += fed * padded
    is_view = set(layer.stride) == {1} and set(layer.kernel_size[1:]) <= {1}
    together = min(examples_at_once(fed * places * itemsize), examples)
    patches = 0 if is_view else together * fed * places
    tap_weights = maps * (fed // layer.groups) if prod(layer.kernel_size) > 1 else 0
    elements = copies + patches + together * maps * places + tap_weights
    return (elements if layer.table is None else max(elements, prod(output_shape))) * itemsize


def count_bytes(layer: Conv, input_shape: Shape, output_shape: Shape) -> int:
    """The ones, and the padded ones."""
    ones = prod(input_shape[-len(layer.kernel_size) :])
    return 8 * (ones + (prod(_padded_sizes(layer, input_shape)) if any(map(any, layer.padding)) else 0))


def _padded_sizes(layer: Conv, input_shape: Shape) -> tuple[int, ...]:
    sizes = input_shape[-len(layer.padding) :]
    return tuple(size + before + after for size, (before, after) in zip(sizes, layer.padding, strict=True))


def _axes(layer: Conv) -> list[Axis]:
    return list(zip(layer.kernel_size, layer.stride, layer.dilation, strict=True))


KERNELS: dict[type[Layer], Kernel] = {Conv: Kernel(shapes, output_shape, run, count, run_bytes, count_bytes)}
