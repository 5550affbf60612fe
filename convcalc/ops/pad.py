"""Padding layers: what is cut off, and what is put before and behind."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from convcalc.errors import ConvcalcError
from convcalc.layers.base import Layer
from convcalc.layers.pad import CircularPad, ConstantPad, Pad, ReflectionPad, ReplicationPad, ValuePad
from convcalc.layers.settings import Shape
from convcalc.ops.axiswise import AT_ONCE, Change, Rule, axis_by_axis, changing_bytes, take
from convcalc.ops.base import Operation, no_arrays, no_counts, nothing, view_bytes
from convcalc.ops.sliding import Array, check_sides

Sides = list[tuple[int, int]]  # before and behind an axis

MODES = {ReflectionPad: "reflect", ReplicationPad: "replicate", CircularPad: "circular"}


def output_shape(layer: Pad, input_shape: Shape) -> Shape:
    """The last axes, each with what its sides add or cut off.

    >>> from convcalc import ZeroPad2d
    >>> output_shape(ZeroPad2d((1, 2, 3, 4)), (1, 3, 10, 10))
    (1, 3, 17, 13)
    """
    sides = _sides(layer)
    if len(input_shape) < len(sides):
        raise ConvcalcError(f"{layer!r} pads {len(sides)} axes, got {list(input_shape)}")
    mode = next((mode for kind, mode in MODES.items() if isinstance(layer, kind)), "zeros")
    check_sides(input_shape, sides, mode)
    first = len(input_shape) - len(sides)
    sizes = [size + before + after for size, (before, after) in zip(input_shape[first:], sides, strict=True)]
    if any(size < 0 for size in sizes):
        raise ConvcalcError(f"{layer!r} crops more than there is of {list(input_shape)}")
    return (*input_shape[:first], *sizes)


def constant(layer: ConstantPad, x: Array) -> Array:
    """The number that the layer gives, 0 by default, before and behind.

    >>> from convcalc import ConstantPad1d
    >>> constant(ConstantPad1d((1, -1), 9), np.array([1, 2, 3])).tolist()
    [9, 1, 2]
    """
    shape, sides = output_shape(layer, x.shape), _sides(layer)
    value = layer.value if isinstance(layer, ValuePad) else 0
    if x.dtype.kind in "iu" and value != int(value):
        raise ConvcalcError(f"{layer!r} puts {value} among integers: give floating-point numbers")
    if _only_cuts(sides):
        return _cut(x, sides)
    out = np.empty(shape, dtype=x.dtype)
    _cut(out, [(-max(before, 0), -max(after, 0)) for before, after in sides])[...] = _cut(x, sides)
    for axis, (before, after) in enumerate(sides, x.ndim - len(sides)):
        along = np.moveaxis(out, axis, 0)
        along[: max(before, 0)] = value
        along[len(along) - max(after, 0) :] = value
    return out


def mirrored(layer: ReflectionPad, x: Array) -> Array:
    """The elements behind the edge, mirrored.

    >>> from convcalc import ReflectionPad1d
    >>> mirrored(ReflectionPad1d(2), np.array([[1, 2, 3]])).tolist()
    [[3, 2, 1, 2, 3, 2, 1]]
    """

    def mirror(place: Array, size: int) -> Array:
        out: Array = size - 1 - np.abs(size - 1 - np.abs(place))
        return out

    return _copied(layer, x, mirror)


def repeated(layer: ReplicationPad, x: Array) -> Array:
    """The element at the edge, over and over.

    >>> from convcalc import ReplicationPad1d
    >>> repeated(ReplicationPad1d(2), np.array([[1, 2, 3]])).tolist()
    [[1, 1, 1, 2, 3, 3, 3]]
    """
    return _copied(layer, x, lambda place, size: np.clip(place, 0, size - 1))


def wrapped(layer: CircularPad, x: Array) -> Array:
    """The other end of what is left once the negative sides are cut off.

    Where that is shorter than what is to be copied, PyTorch gives whatever the memory holds; here it is copied again,
    or 0 where nothing is left at all.

    >>> from convcalc import CircularPad1d
    >>> wrapped(CircularPad1d((2, -1)), np.array([[1, 2, 3]])).tolist()
    [[1, 2, 1, 2]]
    """
    shape, sides = output_shape(layer, x.shape), _sides(layer)
    left = _cut(x, sides)
    if left.size == 0:
        return np.zeros(shape, dtype=x.dtype)
    return _padded(left, shape, [(max(before, 0), max(after, 0)) for before, after in sides], np.mod)


def _copied(layer: Pad, x: Array, source: Callable[[Array, int], Array]) -> Array:
    return _padded(x, output_shape(layer, x.shape), _sides(layer), source)


def _padded(x: Array, shape: Shape, sides: Sides, source: Callable[[Array, int], Array]) -> Array:
    """Each element a copy of one of x's, whose place along an axis is found from its own and the size."""
    if _only_cuts(sides):
        return _cut(x, sides)

    def rule(size: int, before: int) -> Rule:
        def change(places: range) -> Change:
            first = min(max(places.start, before), places.stop)
            last = max(min(places.stop, before + size), first)
            ahead = source(np.arange(places.start - before, first - before), size)
            behind = source(np.arange(last - before, places.stop - before), size)

            def padded(x: Array, axis: int) -> Array:
                inside = x[(slice(None),) * axis + (slice(first - before, last - before),)]
                return np.concatenate((take(x, ahead, axis), inside, take(x, behind, axis)), axis)

            return padded

        return change

    sizes = x.shape[x.ndim - len(sides) :]
    rules = [rule(size, before) for size, (before, _) in zip(sizes, sides, strict=True)]
    return axis_by_axis(x, shape, rules, x.dtype, AT_ONCE)


def _only_cuts(sides: Sides) -> bool:
    return not any(side > 0 for pair in sides for side in pair)


def _cut(x: Array, sides: Sides) -> Array:
    """What is left of it where the sides are negative."""
    cuts: tuple[Any, ...] = tuple(slice(max(-before, 0), -max(-after, 0) or None) for before, after in sides)
    return x[..., *cuts]


def run_bytes(layer: Pad, input_shape: Shape, output_shape: Shape, itemsize: int) -> int:
    """Of copies a band; nothing where the output is a view.

    >>> from convcalc import ReflectionPad1d
    >>> run_bytes(ReflectionPad1d((2, 1)), (1, 1, 5), (1, 1, 8), itemsize=4)  # 8 elements
    32
    """
    sides = _sides(layer)
    if _only_cuts(sides):
        return view_bytes(layer, input_shape, output_shape, itemsize)
    if isinstance(layer, ConstantPad):
        return 0
    return changing_bytes(input_shape, output_shape, len(sides), itemsize, AT_ONCE, arrays=1, numbers=0, kept=0)


def _sides(layer: Pad) -> Sides:
    """Before and after, in the order of the axes: the layer has them last axis first."""
    pairs = list(zip(layer.padding[::2], layer.padding[1::2], strict=True))
    return pairs[::-1]


OPERATIONS: dict[type[Layer], Operation] = {
    ConstantPad: Operation(no_arrays, output_shape, constant, no_counts, run_bytes, nothing),
    ReflectionPad: Operation(no_arrays, output_shape, mirrored, no_counts, run_bytes, nothing),
    ReplicationPad: Operation(no_arrays, output_shape, repeated, no_counts, run_bytes, nothing),
    CircularPad: Operation(no_arrays, output_shape, wrapped, no_counts, run_bytes, nothing),
}
