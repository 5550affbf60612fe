"""Layers that only move elements: Flatten and Unflatten, shuffles, and the columns of Unfold and Fold."""

from __future__ import annotations

from collections.abc import Iterator
from math import prod
from typing import Any

import numpy as np

from convcalc.errors import ConvcalcError
from convcalc.layers.base import Layer
from convcalc.layers.reshape import (
    ChannelShuffle,
    Flatten,
    Fold,
    Patches,
    PixelShuffle,
    PixelUnshuffle,
    Unflatten,
    Unfold,
)
from convcalc.layers.settings import Shape
from convcalc.ops.base import Operation
from convcalc.ops.sliding import Array, Window, indices, meeting, output_size


def flatten_shape(layer: Flatten, input_shape: Shape) -> Shape:
    """Return the shape with the axes from ``start_dim`` to ``end_dim`` as one.

    >>> flatten_shape(Flatten(), (2, 3, 4))
    (2, 12)
    """
    axes = range(len(input_shape) or 1)  # a single number counts as one axis, as in PyTorch
    try:
        first, last = axes[layer.start_dim], axes[layer.end_dim]
    except IndexError:
        raise ConvcalcError(f"{layer!r} names an axis that input {list(input_shape)} does not have") from None
    if first > last:
        raise ConvcalcError(f"{layer!r} ends before it starts in input {list(input_shape)}")
    return (*input_shape[:first], prod(input_shape[first : last + 1]), *input_shape[last + 1 :])


def flatten(layer: Flatten, x: Array) -> Array:
    """Return the same values, with those axes as one.

    >>> flatten(Flatten(), np.ones((2, 3, 4))).shape
    (2, 12)
    """
    return x.reshape(flatten_shape(layer, x.shape))


def unflatten_shape(layer: Unflatten, input_shape: Shape) -> Shape:
    """Return the shape with one axis as several; a size of -1 takes the rest.

    >>> unflatten_shape(Unflatten(1, (3, -1)), (2, 12))
    (2, 3, 4)
    """
    try:
        axis = range(len(input_shape))[layer.dim]
    except IndexError:
        raise ConvcalcError(f"{layer!r} names an axis that {list(input_shape)} does not have") from None
    sizes = list(layer.unflattened_size)
    if -1 in sizes:
        known = prod(size for size in sizes if size != -1)
        sizes[sizes.index(-1)] = input_shape[axis] // known if known else 0
    if prod(sizes) != input_shape[axis]:
        raise ConvcalcError(f"{layer!r} does not multiply up to axis {axis} of {list(input_shape)}")
    return (*input_shape[:axis], *sizes, *input_shape[axis + 1 :])


def unflatten(layer: Unflatten, x: Array) -> Array:
    """Return the same values, with one axis as several.

    >>> unflatten(Unflatten(0, (2, 2)), np.array([1, 2, 3, 4])).tolist()
    [[1, 2], [3, 4]]
    """
    return x.reshape(unflatten_shape(layer, x.shape))


def pixel_shuffle_shape(layer: PixelShuffle, input_shape: Shape) -> Shape:
    """Return (C r r, H, W) as (C, H r, W r).

    >>> pixel_shuffle_shape(PixelShuffle(2), (1, 12, 5, 5))
    (1, 3, 10, 10)
    """
    factor = layer.upscale_factor
    if len(input_shape) < 3 or input_shape[-3] % factor**2:
        raise ConvcalcError(f"{layer!r} takes C H W, of {factor**2} channels or a multiple, got {list(input_shape)}")
    *before, channels, height, width = input_shape
    return (*before, channels // factor**2, height * factor, width * factor)


def pixel_shuffle(layer: PixelShuffle, x: Array) -> Array:
    """Return the channels of each position as a square of pixels, rows first.

    >>> pixel_shuffle(PixelShuffle(2), np.array([1, 2, 3, 4]).reshape(4, 1, 1)).tolist()
    [[[1, 2], [3, 4]]]
    """
    *before, channels, height, width = pixel_shuffle_shape(layer, x.shape)
    factor = layer.upscale_factor
    parts = x.reshape(*before, channels, factor, factor, height // factor, width // factor)
    first = len(before)
    return parts.transpose(*range(first + 1), first + 3, first + 1, first + 4, first + 2).reshape(
        *before, channels, height, width
    )


def pixel_unshuffle_shape(layer: PixelUnshuffle, input_shape: Shape) -> Shape:
    """Return (C, H r, W r) as (C r r, H, W); PyTorch keeps the shape of an input without elements.

    >>> pixel_unshuffle_shape(PixelUnshuffle(2), (1, 3, 10, 10))
    (1, 12, 5, 5)
    """
    factor = layer.downscale_factor
    if len(input_shape) < 3 or input_shape[-2] % factor or input_shape[-1] % factor:
        raise ConvcalcError(f"{layer!r} takes C H W, H and W multiples of {factor}, got {list(input_shape)}")
    if 0 in input_shape:
        return input_shape
    *before, channels, height, width = input_shape
    return (*before, channels * factor**2, height // factor, width // factor)


def pixel_unshuffle(layer: PixelUnshuffle, x: Array) -> Array:
    """Return each square of pixels as the channels of one position, rows first.

    >>> pixel_unshuffle(PixelUnshuffle(2), np.array([[[1, 2], [3, 4]]])).ravel().tolist()
    [1, 2, 3, 4]
    """
    shape, factor = pixel_unshuffle_shape(layer, x.shape), layer.downscale_factor
    if x.size == 0:
        return x.reshape(shape)
    *before, channels, height, width = x.shape
    parts = x.reshape(*before, channels, height // factor, factor, width // factor, factor)
    first = len(before)
    return parts.transpose(*range(first + 1), first + 2, first + 4, first + 1, first + 3).reshape(shape)


def channel_shuffle_shape(layer: ChannelShuffle, input_shape: Shape) -> Shape:
    """Return the input's shape; refuse channels that do not divide into the groups.

    >>> channel_shuffle_shape(ChannelShuffle(2), (1, 4, 5, 5))
    (1, 4, 5, 5)
    """
    if len(input_shape) < 3 or input_shape[1] % layer.groups:
        raise ConvcalcError(f"{layer!r} takes N C first, C a multiple of {layer.groups}, got {list(input_shape)}")
    return input_shape


def channel_shuffle(layer: ChannelShuffle, x: Array) -> Array:
    """Return the first channel of each group, then the second of each, and so on.

    >>> channel_shuffle(ChannelShuffle(2), np.array([1, 2, 3, 4]).reshape(1, 4, 1)).ravel().tolist()
    [1, 3, 2, 4]
    """
    channel_shuffle_shape(layer, x.shape)
    parts = x.reshape(x.shape[0], layer.groups, x.shape[1] // layer.groups, *x.shape[2:])
    return parts.swapaxes(1, 2).reshape(x.shape)


def unfold_shape(layer: Unfold, input_shape: Shape) -> Shape:
    """Return a row for each element of a window, and a column for each window.

    >>> unfold_shape(Unfold(3, padding=1), (1, 2, 5, 5))
    (1, 18, 25)
    """
    if len(input_shape) not in (3, 4) or 0 in input_shape[-3:]:
        raise ConvcalcError(f"{layer!r} takes C H W, none of them 0, got {list(input_shape)}")
    places = output_size(_padded(layer, input_shape[-2:]), _axes(layer))
    return (*input_shape[:-3], input_shape[-3] * prod(layer.kernel_size), prod(places))


def unfold(layer: Unfold, x: Array) -> Array:
    """Return what each tap meets in all windows, as a row.

    >>> unfold(Unfold((1, 2)), np.array([[[1, 2, 3]]])).tolist()
    [[1, 2], [2, 3]]
    """
    shape = unfold_shape(layer, x.shape)
    rows = (*shape[:-2], x.shape[-3], prod(layer.kernel_size), shape[-1])
    out = np.zeros(rows, dtype=x.dtype) if any(layer.padding) else np.empty(rows, dtype=x.dtype)
    places = output_size(_padded(layer, x.shape[-2:]), _axes(layer))
    for row, (at, elements) in enumerate(_meetings(layer, x.shape[-2:])):
        out[..., row, :].reshape(*x.shape[:-2], *places)[..., *at] = x[..., *elements]
    return out.reshape(shape)


def fold_shape(layer: Fold, input_shape: Shape) -> Shape:
    """Return the shape of the map whose windows the columns are.

    >>> fold_shape(Fold((5, 5), 3, padding=1), (1, 18, 25))
    (1, 2, 5, 5)
    """
    elements = prod(layer.kernel_size)
    if len(input_shape) not in (2, 3) or 0 in input_shape[-2:] or input_shape[-2] % elements:
        raise ConvcalcError(f"{layer!r} takes columns of {elements} rows or a multiple, got {list(input_shape)}")
    places = prod(output_size(_padded(layer, layer.output_size), _axes(layer)))
    if input_shape[-1] != places:
        raise ConvcalcError(f"{layer!r} takes {places} columns, got {list(input_shape)}")
    return (*input_shape[:-2], input_shape[-2] // elements, *layer.output_size)


def fold(layer: Fold, x: Array) -> Array:
    """Return the sum of all rows, each added where its tap was; leave out what lies on the padding.

    >>> fold(Fold((1, 3), (1, 2)), np.array([[1, 2], [2, 3]])).tolist()
    [[[1, 4, 3]]]
    """
    out = np.zeros(fold_shape(layer, x.shape), dtype=x.dtype)
    places, elements = output_size(_padded(layer, layer.output_size), _axes(layer)), prod(layer.kernel_size)
    for row, (at, under) in enumerate(_meetings(layer, layer.output_size)):
        laid = x[..., row::elements, :].reshape(*out.shape[:-2], *places)
        out[..., *under] += laid[..., *at]
    return out


def _meetings(layer: Patches, sizes: Shape) -> Iterator[tuple[list[Any], list[Any]]]:
    """Yield, for each tap, the windows in which it lies on the map, and the elements it meets there."""
    places = output_size(_padded(layer, sizes), _axes(layer))
    settings = list(zip(layer.stride, layer.dilation, layer.padding, sizes, places, strict=True))
    for tap in indices(layer.kernel_size):
        pairs = [
            meeting(index * dilation - padding, stride, size, count)
            for index, (stride, dilation, padding, size, count) in zip(tap, settings, strict=True)
        ]
        yield [at for at, _ in pairs], [elements for _, elements in pairs]


def _padded(layer: Patches, sizes: Shape) -> tuple[int, ...]:
    return tuple(size + 2 * side for size, side in zip(sizes, layer.padding, strict=True))


def _axes(layer: Patches) -> list[Window]:
    return list(zip(layer.kernel_size, layer.stride, layer.dilation, strict=True))


OPERATIONS: dict[type[Layer], Operation] = {
    Unflatten: Operation(unflatten, unflatten_shape),
    Flatten: Operation(flatten, flatten_shape),
    PixelShuffle: Operation(pixel_shuffle, pixel_shuffle_shape),
    PixelUnshuffle: Operation(pixel_unshuffle, pixel_unshuffle_shape),
    ChannelShuffle: Operation(channel_shuffle, channel_shuffle_shape),
    Unfold: Operation(unfold, unfold_shape),
    Fold: Operation(fold, fold_shape),
}
