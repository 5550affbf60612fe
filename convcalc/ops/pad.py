"""Padding layers: crop what is negative, and fill what is added before and behind each axis."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from convcalc.errors import ConvcalcError
from convcalc.layers.base import Layer
from convcalc.layers.pad import CircularPad, ConstantPad, Pad, ReflectionPad, ReplicationPad, ValuePad
from convcalc.layers.settings import Shape
from convcalc.ops.base import Operation
from convcalc.ops.blocks import block_bytes, in_blocks
from convcalc.ops.sliding import Array, check_sides

Sides = list[tuple[int, int]]  # before and after each axis
Source = Callable[[Array, int], Array]  # the elements at some places of an axis of a given size

MODES = {ReflectionPad: "reflect", ReplicationPad: "replicate", CircularPad: "circular"}


def output_shape(layer: Pad, input_shape: Shape) -> Shape:
    """Return the output's shape: the last axes, each with what its sides add or crop.

    >>> from convcalc import ZeroPad2d
    >>> output_shape(ZeroPad2d((1, 2, 3, 4)), (1, 3, 10, 10))
    (1, 3, 17, 13)
    """
    sides = _sides(layer)
    if len(input_shape) < len(sides):
        raise ConvcalcError(f"{layer!r} pads {len(sides)} axes, got {list(input_shape)}")
    mode = next((mode for kind, mode in MODES.items() if isinstance(layer, kind)), "zeros")
    if mode != "zeros" and len(input_shape) - len(sides) not in (1, 2):
        raise ConvcalcError(f"{layer!r} takes channels and {len(sides)} axes, got {list(input_shape)}")
    check_sides((1, *input_shape)[-len(sides) - 2 :], sides, mode)  # with a batch
    first = len(input_shape) - len(sides)
    spatial = list(zip(input_shape[first:], sides, strict=True))
    sizes = [size + before + after for size, (before, after) in spatial]
    kept = sizes
    if mode == "zeros":  # PyTorch crops before it pads
        kept = [size + min(before, 0) + min(after, 0) for size, (before, after) in spatial]
    if min(kept, default=0) < 0 or (mode in ("reflect", "replicate") and not any(sizes)):
        raise ConvcalcError(f"{layer!r} crops more than there is of {list(input_shape)}")
    return (*input_shape[:first], *sizes)


def constant(layer: ConstantPad, x: Array) -> Array:
    """Return x with the layer's number, 0 by default, before and after.

    >>> from convcalc import ConstantPad1d
    >>> constant(ConstantPad1d((1, -1), 9), np.array([1, 2, 3])).tolist()
    [9, 1, 2]
    """
    shape, sides = output_shape(layer, x.shape), _sides(layer)
    value = layer.value if isinstance(layer, ValuePad) else 0
    if x.dtype.kind in "iu" and value % 1 != 0:
        raise ConvcalcError(f"{layer!r} puts {value} among integers: give floating-point numbers")
    out = np.full(shape, value, dtype=x.dtype)
    _cropped(out, [(-before, -after) for before, after in sides])[...] = _cropped(x, sides)
    return out


def reflection(layer: ReflectionPad, x: Array) -> Array:
    """Return x with the elements behind each edge mirrored.

    >>> from convcalc import ReflectionPad1d
    >>> reflection(ReflectionPad1d(2), np.array([[1, 2, 3]])).tolist()
    [[3, 2, 1, 2, 3, 2, 1]]
    """
    return _copied(layer, x, lambda place, size: size - 1 - np.abs(size - 1 - np.abs(place)))


def replication(layer: ReplicationPad, x: Array) -> Array:
    """Return x with the element at each edge repeated.

    >>> from convcalc import ReplicationPad1d
    >>> replication(ReplicationPad1d(2), np.array([[1, 2, 3]])).tolist()
    [[1, 1, 1, 2, 3, 3, 3]]
    """
    return _copied(layer, x, lambda place, size: np.clip(place, 0, size - 1))


def circular(layer: CircularPad, x: Array) -> Array:
    """Return x, cropped where sides are negative, and then wrapped round.

    If less is left than is to be copied, PyTorch gives whatever the memory holds. Here it is copied again, or the
    result is 0 if nothing is left at all.

    >>> from convcalc import CircularPad1d
    >>> circular(CircularPad1d((2, -1)), np.array([[1, 2, 3]])).tolist()
    [[1, 2, 1, 2]]
    """
    shape, sides = output_shape(layer, x.shape), _sides(layer)
    left = _cropped(x, sides)
    if left.size == 0:
        return np.zeros(shape, dtype=x.dtype)
    return _filled(left, shape, [max(before, 0) for before, _ in sides], np.mod)


def _copied(layer: Pad, x: Array, source: Source) -> Array:
    return _filled(x, output_shape(layer, x.shape), [before for before, _ in _sides(layer)], source)


def _filled(x: Array, shape: Shape, befores: list[int], source: Source) -> Array:
    """Return an array whose elements are copies of those of x, found axis by axis from their place."""
    first = x.ndim - len(befores)
    places = [
        source(np.arange(-before, wide - before), size)
        for before, wide, size in zip(befores, shape[first:], x.shape[first:], strict=True)
    ]

    def fill(x: Array) -> Array:
        for axis, elements in enumerate(places, first):
            x = x.take(elements, axis)
        return x

    return in_blocks(fill, x, uncut=len(befores), shape=shape, dtype=x.dtype)


def _cropped(x: Array, sides: Sides) -> Array:
    """Return what is left of the last axes where sides are negative."""
    kept: tuple[Any, ...] = tuple(slice(max(-before, 0), -max(-after, 0) or None) for before, after in sides)
    return x[..., *kept]


def _sides(layer: Pad) -> Sides:
    """Return what is before and after each axis, in the order of the axes; the layer has the last axis first."""
    return list(zip(layer.padding[::2], layer.padding[1::2], strict=True))[::-1]


def _copying(run: Callable[..., Array]) -> Operation:
    def extra_bytes(layer: Pad, inputs: Sequence[Shape], output: Shape, itemsize: int) -> int:
        rank = len(layer.padding) // 2
        return block_bytes(3, inputs[0], output, itemsize, rank) + 32 * sum(output[-rank:])

    return Operation(run, output_shape, extra_bytes=extra_bytes)


OPERATIONS: dict[type[Layer], Operation] = {
    ConstantPad: Operation(constant, output_shape),
    ReflectionPad: _copying(reflection),
    ReplicationPad: _copying(replication),
    CircularPad: _copying(circular),
}
