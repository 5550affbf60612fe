"""Upsampling, axis by axis: the nearest element, a mean of neighbours by distance, or the mean of a bin.

Places are found in float32 where PyTorch's own loops find them so; the source is ATen's `UpSample.h`.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any, NamedTuple

import numpy as np

from convcalc.errors import ConvcalcError
from convcalc.layers.base import Layer
from convcalc.layers.resample import MODES, Upsample
from convcalc.layers.settings import Shape
from convcalc.ops.adaptive import bins
from convcalc.ops.axiswise import AT_ONCE, Change, axis_by_axis, changing_bytes, take, taken
from convcalc.ops.base import Operation, no_arrays, no_counts, nothing
from convcalc.ops.blocks import LARGE, floating
from convcalc.ops.sliding import Array

A = -0.75  # of the cubic convolution


class Step(NamedTuple):
    """One axis: ``size`` elements become ``places``; ``factor`` where the step between them goes by it.

    ``axes`` are resized, this one among them.

    >>> Step(size=4, places=8, factor=None).inputs
    0.5
    """

    size: int
    places: int
    factor: float | None
    axes: int = 1

    @property
    def inputs(self) -> float:
        """Elements from one place to the next.

        >>> Step(4, 8, None).inputs, Step(4, 6, 1.6).inputs
        (0.5, 0.625)
        """
        return self.size / self.places if self.factor is None else 1 / self.factor


def output_shape(layer: Upsample, input_shape: Shape) -> Shape:
    """The last axes at their new sizes.

    >>> output_shape(Upsample(scale_factor=1.5), (1, 3, 7))
    (1, 3, 10)
    """
    steps = _steps(layer, input_shape)
    least = 0 if layer.mode == "area" else 1
    if min(step.places for step in steps) < least or (0 in input_shape[1:] and layer.mode != "area"):
        raise ConvcalcError(f"{layer!r} leaves nothing of {list(input_shape)}")
    return (*input_shape[:2], *(step.places for step in steps))


def _steps(layer: Upsample, input_shape: Shape) -> list[Step]:
    sizes = input_shape[2:]
    if len(input_shape) not in MODES[layer.mode]:
        raise ConvcalcError(f"{layer!r} cannot take the {len(input_shape)} sizes of {list(input_shape)}")
    given: Any = layer.scale_factor if layer.size is None else layer.size
    values = given if isinstance(given, tuple) else (given,) * len(sizes)
    if len(values) != len(sizes):
        raise ConvcalcError(f"{layer!r} gives {len(values)} axes, got input {list(input_shape)}")
    if layer.size is not None:
        return [Step(size, value, None, len(sizes)) for size, value in zip(sizes, values, strict=True)]
    kept = not layer.recompute_scale_factor
    return [
        Step(size, int(size * value), value if kept and value > 0 else None, len(sizes))
        for size, value in zip(sizes, values, strict=True)
    ]


def run(layer: Upsample, x: Array) -> Array:
    """(N, C, *sizes) to (N, C, *places), one axis after another.

    >>> run(Upsample(scale_factor=2), np.array([[[1.0, 2.0]]])).tolist()
    [[[1.0, 1.0, 2.0, 2.0]]]
    >>> run(Upsample(3, mode="linear", align_corners=True), np.array([[[1.0, 2.0]]])).tolist()
    [[[1.0, 1.5, 2.0]]]
    """
    shape, steps = output_shape(layer, x.shape), _steps(layer, x.shape)
    whole = "nearest" in layer.mode or ("linear" in layer.mode and all(step.size == step.places for step in steps))
    rules = [partial(RULES[layer.mode], step, bool(layer.align_corners)) for step in steps]
    return axis_by_axis(x, shape, rules, x.dtype if whole else floating(x), _at_once(layer))


def _at_once(layer: Upsample) -> int:
    """The elements of a band: more where each place of it is a step."""
    return LARGE if layer.mode == "area" else AT_ONCE


def nearest(step: Step, align_corners: bool, places: range) -> Change:
    """The element at or before each place; over H W, PyTorch counts the same and the double size off exactly.

    >>> nearest(Step(3, 2, None), False, range(2))(np.array([1, 2, 3]), 0).tolist()
    [1, 2]
    """
    place = np.arange(places.start, places.stop)
    if step.axes == 2 and step.places in (step.size, 2 * step.size):
        return taken(place // (step.places // step.size))
    return taken(_floored(place * np.float32(step.inputs), step.size))


def nearest_exact(step: Step, align_corners: bool, places: range) -> Change:
    """The element under the middle of each place.

    >>> nearest_exact(Step(3, 2, None), False, range(2))(np.array([1, 2, 3]), 0).tolist()
    [1, 3]
    """
    middle = (np.arange(places.start, places.stop) + 0.5) * np.float64(np.float32(step.inputs))
    return taken(_floored(middle, step.size))


def linear(step: Step, align_corners: bool, places: range) -> Change:
    """The two elements about each place, each the more the nearer it is.

    >>> linear(Step(2, 4, None), False, range(4))(np.array([0.0, 4.0]), 0).tolist()
    [0.0, 1.0, 3.0, 4.0]
    """
    if step.places == step.size:
        return lambda x, axis: x[(slice(None),) * axis + (slice(places.start, places.stop),)]
    place = np.maximum(_middle(step, align_corners, places), 0)
    first = _floored(place, step.size)
    far = np.clip(place - first, 0, 1)
    return _mixed([(first, 1 - far), (np.minimum(first + 1, step.size - 1), far)])


def cubic(step: Step, align_corners: bool, places: range) -> Change:
    """The four elements about each place by cubic convolution (Keys 1981, with a = -0.75); the edge is repeated.

    >>> cubic(Step(2, 4, None), False, range(4))(np.array([0.0, 1.0]), 0).tolist()
    [-0.10546875, 0.2265625, 0.7734375, 1.10546875]
    """
    place = _middle(step, align_corners, places)
    first = _floored(place, step.size)
    far = np.clip(place - first, 0, 1)
    weights = [_outer(1 + far), _inner(far), _inner(1 - far), _outer(2 - far)]
    return _mixed([(np.clip(first + offset, 0, step.size - 1), weight) for offset, weight in enumerate(weights, -1)])


def area(step: Step, align_corners: bool, places: range) -> Change:
    """The mean of each bin, as adaptive average pooling.

    >>> area(Step(3, 2, None), False, range(2))(np.array([1.0, 2.0, 3.0]), 0).tolist()
    [1.5, 2.5]
    """

    def means(x: Array, axis: int) -> Array:
        out = np.empty((*x.shape[:axis], len(places), *x.shape[axis + 1 :]), dtype=floating(x))
        before: tuple[Any, ...] = (slice(None),) * axis
        for place, inside in enumerate(bins(step.size, step.places, slice(places.start, places.stop))):
            out[(*before, place)] = x[(*before, slice(inside.start, inside.stop))].mean(axis)
        return out

    return means


def _middle(step: Step, align_corners: bool, places: range) -> Array:
    """Where each place lies among the elements."""
    place = np.arange(places.start, places.stop)
    if align_corners:
        return place * ((step.size - 1) / max(step.places - 1, 1))
    return step.inputs * (place + 0.5) - 0.5


def _floored(place: Array, size: int) -> Array:
    """The element at or before each place, at most the last."""
    return np.minimum(np.floor(place.astype(np.float32)).astype(np.int64), size - 1)


def _inner(far: Array) -> Array:
    return ((A + 2) * far - (A + 3)) * far * far + 1


def _outer(far: Array) -> Array:
    return ((A * far - 5 * A) * far + 8 * A) * far - 4 * A


def _mixed(elements: list[tuple[Array, Array]]) -> Change:
    """The sum of the elements taken, each with its weight."""

    def mix(x: Array, axis: int) -> Array:
        out = _weighted(x, axis, *elements[0])
        for more in elements[1:]:
            out += _weighted(x, axis, *more)
        return out

    return mix


def _weighted(x: Array, axis: int, elements: Array, weight: Array) -> Array:
    kind = floating(x)
    out = take(x, elements, axis).astype(kind, copy=False)
    out *= weight.reshape(-1, *[1] * (x.ndim - 1 - axis)).astype(kind, copy=False)
    return out


def run_bytes(layer: Upsample, input_shape: Shape, output_shape: Shape, itemsize: int) -> int:
    """Of a band what is before and behind each axis, and, between neighbours, what is added; and where its places lie.

    >>> run_bytes(Upsample(scale_factor=2), (1, 1, 4), (1, 1, 8), itemsize=4)  # 4 numbers of 8 bytes a place
    256
    """
    if "linear" in layer.mode and input_shape == output_shape:
        return 0
    rank, needed = len(input_shape) - 2, NEEDED[layer.mode]
    return changing_bytes(input_shape, output_shape, rank, itemsize, _at_once(layer), **needed)


# What is needed along an axis: the arrays made, the numbers worked out for each place, and those kept.
LINEAR = {"arrays": 2, "numbers": 6, "kept": 4}
NEEDED = {
    "nearest": {"arrays": 1, "numbers": 4, "kept": 1},
    "nearest-exact": {"arrays": 1, "numbers": 3, "kept": 1},
    "linear": LINEAR,
    "bilinear": LINEAR,
    "trilinear": LINEAR,
    "bicubic": {"arrays": 2, "numbers": 12, "kept": 8},
    "area": {"arrays": 1, "numbers": 0, "kept": 0},
}

RULES: dict[str, Callable[[Step, bool, range], Change]] = {
    "nearest": nearest,
    "nearest-exact": nearest_exact,
    "linear": linear,
    "bilinear": linear,
    "trilinear": linear,
    "bicubic": cubic,
    "area": area,
}

OPERATIONS: dict[type[Layer], Operation] = {
    Upsample: Operation(no_arrays, output_shape, run, no_counts, run_bytes, nothing),
}
