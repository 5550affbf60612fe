"""Every multiplication of a convolution, one at a time: the slow path that the fast ones must agree with."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import product
from typing import NamedTuple

from convcalc.layers.conv import Conv
from convcalc.ops.sliding import window_count


class Product(NamedTuple):
    """One multiplication for the output at ``place`` of ``out_map``: a weight and the ``element`` of ``in_map``.

    ``element`` counts from the first real element; ``real`` is False if it lies in the padding.
    """

    out_map: int
    in_map: int
    place: tuple[int, ...]
    tap: tuple[int, ...]
    element: tuple[int, ...]
    real: bool


def sources_of(layer: Conv) -> Iterator[slice | tuple[int, ...]]:
    """Yield, for each output map, the input maps that it reads: those of its group, or its row of the connection table.

    >>> from convcalc import Conv2d
    >>> list(sources_of(Conv2d(4, 2, 1, groups=2)))
    [slice(0, 2, None), slice(2, 4, None)]
    """
    out_per_group, in_per_group = layer.out_channels // layer.groups, layer.in_channels // layer.groups
    for out_map in range(layer.out_channels):
        first = out_map // out_per_group * in_per_group
        yield slice(first, first + in_per_group) if layer.table is None else layer.table[out_map]


def edges(layer: Conv) -> Iterator[tuple[int, int]]:
    """Yield the pairs (output map, input map) that a kernel connects.

    >>> from convcalc import Conv2d
    >>> list(edges(Conv2d(4, 2, 1, groups=2)))
    [(0, 0), (0, 1), (1, 2), (1, 3)]
    """
    for out_map, sources in enumerate(sources_of(layer)):
        for in_map in range(layer.in_channels)[sources] if isinstance(sources, slice) else sources:
            yield out_map, in_map


def products(layer: Conv, sizes: tuple[int, ...]) -> Iterator[Product]:
    """Yield every multiplication of the layer for one example of these spatial sizes.

    >>> from convcalc import Conv1d
    >>> [(p.element, p.real) for p in products(Conv1d(1, 1, 2, padding=1), (1,))]
    [((-1,), False), ((0,), True), ((0,), True), ((1,), False)]
    """
    padded = [size + before + after for size, (before, after) in zip(sizes, layer.padding, strict=True)]
    axes = list(zip(layer.kernel_size, layer.stride, layer.dilation, strict=True))
    counts = [range(window_count(size, *axis)) for size, axis in zip(padded, axes, strict=True)]
    for out_map, in_map in edges(layer):
        for place in product(*counts):
            for tap in product(*map(range, layer.kernel_size)):
                element = tuple(
                    p * stride + t * dilation - before
                    for p, t, (_, stride, dilation), (before, _) in zip(place, tap, axes, layer.padding, strict=True)
                )
                inside = all(0 <= index < size for index, size in zip(element, sizes, strict=True))
                yield Product(out_map, in_map, place, tap, element, inside or layer.padding_mode != "zeros")
