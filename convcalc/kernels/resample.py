"""Upsampling, axis by axis: the nearest element, a mean of neighbours by distance, or the mean of a bin.

Places are found in float32 where PyTorch's own loops find them so; the source is ATen's `UpSample.h`.
"""

from __future__ import annotations

from collections.abc import Callable
from math import prod
from typing import Any, NamedTuple

import numpy as np

from convcalc.errors import ConvcalcError
from convcalc.kernels.adaptive import bins
from convcalc.kernels.base import Kernel, no_arrays, no_counts, nothing
from convcalc.kernels.sliding import Array
from convcalc.layers.axes import Shape
from convcalc.layers.base import Layer
from convcalc.layers.resample import MODES, Upsample

A = -0.75  # of the cubic convolution


class Step(NamedTuple):
    """One axis: ``size`` elements become ``places``; ``factor`` where the step between them goes by it.

    >>> Step(size=4, places=8, factor=None).inputs
    0.5
    """

    size: int
    places: int
    factor: float | None

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
        return [Step(size, value, None) for size, value in zip(sizes, values, strict=True)]
    kept = not layer.recompute_scale_factor
    return [
        Step(size, int(size * value), value if kept and value > 0 else None)
        for size, value in zip(sizes, values, strict=True)
    ]


def run(layer: Upsample, x: Array) -> Array:
    """(N, C, *sizes) to (N, C, *places), one axis after another.

    >>> run(Upsample(scale_factor=2), np.array([[[1.0, 2.0]]])).tolist()
    [[[1.0, 1.0, 2.0, 2.0]]]
    >>> run(Upsample(3, mode="linear", align_corners=True), np.array([[[1.0, 2.0]]])).tolist()
    [[[1.0, 1.5, 2.0]]]
    """
    output_shape(layer, x.shape)
    for axis, step in enumerate(_steps(layer, x.shape), 2):
        x = RULES[layer.mode](x, axis, step, bool(layer.align_corners))
    return x


def nearest(x: Array, axis: int, step: Step, align_corners: bool) -> Array:
    """The element at or before each place; over H W, PyTorch counts the same and the double size off exactly.

    >>> nearest(np.array([1, 2, 3]), 0, Step(3, 2, None), False).tolist()
    [1, 2]
    """
    places = np.arange(step.places)
    if x.ndim == 4 and step.places in (step.size, 2 * step.size):
        return x.take(places // (step.places // step.size), axis)
    return x.take(_floored(places * np.float32(step.inputs), step.size), axis)


def nearest_exact(x: Array, axis: int, step: Step, align_corners: bool) -> Array:
    """The element under the middle of each place.

    >>> nearest_exact(np.array([1, 2, 3]), 0, Step(3, 2, None), False).tolist()
    [1, 3]
    """
    middle = (np.arange(step.places) + 0.5) * np.float64(np.float32(step.inputs))
    return x.take(_floored(middle, step.size), axis)


def linear(x: Array, axis: int, step: Step, align_corners: bool) -> Array:
    """The two elements about each place, each the more the nearer it is.

    >>> linear(np.array([0.0, 4.0]), 0, Step(2, 4, None), False).tolist()
    [0.0, 1.0, 3.0, 4.0]
    """
    if step.places == step.size:
        return x
    place = np.maximum(_middle(step, align_corners), 0)
    first = _floored(place, step.size)
    far = np.clip(place - first, 0, 1)
    return _mixed(x, axis, [(first, 1 - far), (np.minimum(first + 1, step.size - 1), far)])


def cubic(x: Array, axis: int, step: Step, align_corners: bool) -> Array:
    """The four elements about each place by cubic convolution (Keys 1981, with a = -0.75); the edge is repeated.

    >>> cubic(np.array([0.0, 1.0]), 0, Step(2, 4, None), False).tolist()
    [-0.10546875, 0.2265625, 0.7734375, 1.10546875]
    """
    place = _middle(step, align_corners)
    first = _floored(place, step.size)
    far = np.clip(place - first, 0, 1)
    weights = [_outer(1 + far), _inner(far), _inner(1 - far), _outer(2 - far)]
    return _mixed(
        x,
        axis,
        [(np.clip(first + offset, 0, step.size - 1), weight) for offset, weight in enumerate(weights, -1)],
    )


def area(x: Array, axis: int, step: Step, align_corners: bool) -> Array:
    """The mean of each bin, as adaptive average pooling.

    >>> area(np.array([1.0, 2.0, 3.0]), 0, Step(3, 2, None), False).tolist()
    [1.5, 2.5]
    """
    shape = (*x.shape[:axis], step.places, *x.shape[axis + 1 :])
    out = np.empty(shape, dtype=x.dtype if x.dtype.kind == "f" else np.float64)
    before: tuple[Any, ...] = (slice(None),) * axis
    for place, inside in enumerate(bins(step.size, step.places)):
        out[(*before, place)] = x[(*before, slice(inside.start, inside.stop))].mean(axis)
    return out


def _middle(step: Step, align_corners: bool) -> Array:
    """Where each place lies among the elements."""
    places = np.arange(step.places)
    if align_corners:
        return places * ((step.size - 1) / max(step.places - 1, 1))
    return step.inputs * (places + 0.5) - 0.5


def _floored(place: Array, size: int) -> Array:
    """The element at or before each place, at most the last."""
    return np.minimum(np.floor(place.astype(np.float32)).astype(np.int64), size - 1)


def _inner(far: Array) -> Array:
    return ((A + 2) * far - (A + 3)) * far * far + 1


def _outer(far: Array) -> Array:
    return ((A * far - 5 * A) * far + 8 * A) * far - 4 * A


def _mixed(x: Array, axis: int, parts: list[tuple[Array, Array]]) -> Array:
    """The sum of the elements taken, each with its weight."""
    kind = x.dtype if x.dtype.kind == "f" else np.dtype(np.float64)
    along = (-1, *[1] * (x.ndim - 1 - axis))
    out = _weighted(x, axis, *parts[0], along, kind)
    for elements, weight in parts[1:]:
        out += _weighted(x, axis, elements, weight, along, kind)
    return out


def _weighted(
    x: Array, axis: int, elements: Array, weight: Array, along: tuple[int, ...], kind: np.dtype[Any]
) -> Array:
    taken = x.take(elements, axis).astype(kind, copy=False)
    taken *= weight.reshape(along).astype(kind)
    return taken


def run_bytes(layer: Upsample, input_shape: Shape, output_shape: Shape, itemsize: int) -> int:
    """The array before and behind each axis, and, between neighbours, one that is added; and where each place lies.

    >>> run_bytes(Upsample(scale_factor=2), (1, 1, 4), (1, 1, 8), itemsize=4)  # two numbers of 8 bytes a place
    128
    """
    most, before = 0, 0
    shape = list(input_shape)
    for axis, step in enumerate(_steps(layer, input_shape), 2):
        if step.size == step.places and "linear" in layer.mode:
            continue
        shape[axis] = step.places
        made = prod(shape)
        arrays, numbers = NEEDED[layer.mode]
        most = max(most, before + made * arrays + numbers * step.places * 8 // itemsize)
        before = made
    return (most - prod(output_shape)) * itemsize


# The arrays that are made along an axis, and the numbers kept of each place.
NEEDED = {
    "nearest": (1, 2),
    "nearest-exact": (1, 2),
    "linear": (2, 6),
    "bilinear": (2, 6),
    "trilinear": (2, 6),
    "bicubic": (2, 11),
    "area": (1, 0),
}

RULES: dict[str, Callable[[Array, int, Step, bool], Array]] = {
    "nearest": nearest,
    "nearest-exact": nearest_exact,
    "linear": linear,
    "bilinear": linear,
    "trilinear": linear,
    "bicubic": cubic,
    "area": area,
}

KERNELS: dict[type[Layer], Kernel] = {
    Upsample: Kernel(no_arrays, output_shape, run, no_counts, run_bytes, nothing),
}
