"""Padding layers: what is cut off, and what is put before and behind."""

from __future__ import annotations

from math import prod
from typing import Any

import numpy as np

from convcalc.errors import ConvcalcError
from convcalc.kernels.base import Kernel, no_arrays, no_counts, nothing, view_bytes
from convcalc.kernels.sliding import Array, check_sides
from convcalc.kernels.sliding import pad as pad_axes
from convcalc.layers.axes import Shape
from convcalc.layers.base import Layer
from convcalc.layers.pad import CircularPad, ConstantPad, Pad, ReflectionPad, ReplicationPad, ValuePad

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
    output_shape(layer, x.shape)
    value = layer.value if isinstance(layer, ValuePad) else 0
    if x.dtype.kind in "iu" and value != int(value):
        raise ConvcalcError(f"{layer!r} puts {value} among integers: give floating-point numbers")
    return pad_axes(x, _sides(layer), "zeros", value)  # type: ignore[arg-type]


def mirrored(layer: ReflectionPad, x: Array) -> Array:
    """The elements behind the edge, mirrored.

    >>> from convcalc import ReflectionPad1d
    >>> mirrored(ReflectionPad1d(2), np.array([[1, 2, 3]])).tolist()
    [[3, 2, 1, 2, 3, 2, 1]]
    """
    output_shape(layer, x.shape)
    return pad_axes(x, _sides(layer), "reflect")


def repeated(layer: ReplicationPad, x: Array) -> Array:
    """The element at the edge, over and over.

    >>> from convcalc import ReplicationPad1d
    >>> repeated(ReplicationPad1d(2), np.array([[1, 2, 3]])).tolist()
    [[1, 1, 1, 2, 3, 3, 3]]
    """
    output_shape(layer, x.shape)
    return pad_axes(x, _sides(layer), "replicate")


def wrapped(layer: CircularPad, x: Array) -> Array:
    """The other end of what is left once the negative sides are cut off.

    Where that is shorter than what is to be copied, PyTorch gives whatever the memory holds; here it is copied again,
    or 0 where nothing is left at all.

    >>> from convcalc import CircularPad1d
    >>> wrapped(CircularPad1d((2, -1)), np.array([[1, 2, 3]])).tolist()
    [[1, 2, 1, 2]]
    """
    shape, sides = output_shape(layer, x.shape), _sides(layer)
    cuts: tuple[Any, ...] = tuple(slice(max(-before, 0), -max(-after, 0) or None) for before, after in sides)
    left = x[..., *cuts]
    if left.size == 0:
        return np.zeros(shape, dtype=x.dtype)
    added = [(max(before, 0), max(after, 0)) for before, after in sides]
    if not any(map(any, added)):
        return left
    return np.pad(left, [(0, 0)] * (x.ndim - len(sides)) + added, mode="wrap")


def run_bytes(layer: Pad, input_shape: Shape, output_shape: Shape, itemsize: int) -> int:
    """What is cut off only once it is padded, and the widest band of copies; nothing where the output is a view.

    NumPy pads one axis after another, and copies a band aside where it may lie over what it is a copy of.

    >>> from convcalc import ReflectionPad1d
    >>> run_bytes(ReflectionPad1d((2, 1)), (1, 1, 5), (1, 1, 8), itemsize=4)  # a band of 2
    8
    """
    sides = _sides(layer)
    if not any(side > 0 for pair in sides for side in pair):
        return view_bytes(layer, input_shape, output_shape, itemsize)
    first = len(input_shape) - len(sides)
    if isinstance(layer, CircularPad):  # cut off first
        cut = zip(input_shape[first:], sides, strict=True)
        input_shape = (*input_shape[:first], *(size + min(before, 0) + min(after, 0) for size, (before, after) in cut))
    shape, band = list(input_shape), 0
    for axis, (before, after) in enumerate(sides, first):
        shape[axis] += max(before, 0) + max(after, 0)
        band = max(band, prod(shape) // max(shape[axis], 1) * max(before, after, 0))
    copied = band if isinstance(layer, ReflectionPad | CircularPad) else 0
    return (prod(shape) - prod(output_shape) + copied) * itemsize


def _sides(layer: Pad) -> list[tuple[int, int]]:
    """Before and after, in the order of the axes: the layer has them last axis first."""
    pairs = list(zip(layer.padding[::2], layer.padding[1::2], strict=True))
    return pairs[::-1]


KERNELS: dict[type[Layer], Kernel] = {
    ConstantPad: Kernel(no_arrays, output_shape, constant, no_counts, run_bytes, nothing),
    ReflectionPad: Kernel(no_arrays, output_shape, mirrored, no_counts, run_bytes, nothing),
    ReplicationPad: Kernel(no_arrays, output_shape, repeated, no_counts, run_bytes, nothing),
    CircularPad: Kernel(no_arrays, output_shape, wrapped, no_counts, run_bytes, nothing),
}
