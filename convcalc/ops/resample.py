"""Upsampling, axis by axis: the nearest element, a mean of neighbours weighted by distance, or the mean of a bin.

Positions are rounded where PyTorch's own loops round them. Source: ATen's `UpSample.h` and `UpSampleKernel.cpp`.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, NamedTuple

import numpy as np

from convcalc.errors import ConvcalcError
from convcalc.layers.base import Layer
from convcalc.layers.resample import MODES, Upsample
from convcalc.layers.settings import Shape
from convcalc.ops.adaptive import bins
from convcalc.ops.base import Operation
from convcalc.ops.blocks import block_bytes, floating, in_blocks
from convcalc.ops.sliding import Array

Change = Callable[[Array, int], Array]  # returns x with one axis resized

SMALL = 128  # height plus width, up to which PyTorch upsamples H W in a loop of its own
A = -0.75  # the coefficient of cubic convolution that PyTorch uses


class ResizedAxis(NamedTuple):
    """An axis of ``size`` elements that becomes one of ``output_size``; ``factor`` if positions are computed with it.

    ``is_small`` says whether the output has two axes of at most `SMALL` elements together.

    >>> ResizedAxis(size=4, output_size=8, factor=None).step
    0.5
    """

    size: int
    output_size: int
    factor: float | None
    is_small: bool = False

    @property
    def step(self) -> float:
        """Return the distance between two outputs, in elements of the input.

        >>> ResizedAxis(4, 8, None).step, ResizedAxis(4, 6, 1.6).step
        (0.5, 0.625)
        """
        return self.size / self.output_size if self.factor is None else 1 / self.factor


def output_shape(layer: Upsample, input_shape: Shape) -> Shape:
    """Return the output's shape: the last axes at their new sizes.

    >>> output_shape(Upsample(scale_factor=1.5), (1, 3, 7))
    (1, 3, 10)
    """
    resized = _resized(layer, input_shape)
    least = 0 if layer.mode == "area" else 1
    if min(axis.output_size for axis in resized) < least or (0 in input_shape[1:] and layer.mode != "area"):
        raise ConvcalcError(f"{layer!r} leaves nothing of {list(input_shape)}")
    return (*input_shape[:2], *(axis.output_size for axis in resized))


def _resized(layer: Upsample, input_shape: Shape) -> list[ResizedAxis]:
    sizes = input_shape[2:]
    if len(input_shape) not in MODES[layer.mode]:
        raise ConvcalcError(f"{layer!r} cannot take the {len(input_shape)} axes of {list(input_shape)}")
    given: Any = layer.scale_factor if layer.size is None else layer.size
    values = given if isinstance(given, tuple) else (given,) * len(sizes)
    if len(values) != len(sizes):
        raise ConvcalcError(f"{layer!r} gives {len(values)} axes, got input {list(input_shape)}")
    factors: list[float | None] = [None] * len(values)
    if layer.size is None:
        factors = [value if value > 0 and not layer.recompute_scale_factor else None for value in values]
        values = tuple(int(size * value) for size, value in zip(sizes, values, strict=True))
    is_small = len(values) == 2 and sum(values) <= SMALL
    return [ResizedAxis(*axis, is_small) for axis in zip(sizes, values, factors, strict=True)]


def run(layer: Upsample, x: Array) -> Array:
    """Return (N, C, *sizes) as (N, C, *output_size), resized axis by axis.

    >>> run(Upsample(scale_factor=2), np.array([[[1.0, 2.0]]])).tolist()
    [[[1.0, 1.0, 2.0, 2.0]]]
    >>> run(Upsample(3, mode="linear", align_corners=True), np.array([[[1.0, 2.0]]])).tolist()
    [[[1.0, 1.5, 2.0]]]
    """
    shape, resized = output_shape(layer, x.shape), _resized(layer, x.shape)
    unmixed = "nearest" in layer.mode or ("linear" in layer.mode and shape == x.shape)
    changes = [RULES[layer.mode](axis, bool(layer.align_corners)) for axis in resized]

    def resize(x: Array) -> Array:
        for number, change in enumerate(changes, 2):
            x = change(x, number)
        return x

    return in_blocks(resize, x, uncut=len(resized), shape=shape, dtype=x.dtype if unmixed else floating(x))


def nearest(axis: ResizedAxis, align_corners: bool) -> Change:
    """Take the element at or before each position.

    PyTorch's loop for small pictures rounds the step to float32, and counts the same and the double size exactly.

    >>> nearest(ResizedAxis(3, 2, None), False)(np.array([1, 2, 3]), 0).tolist()
    [1, 2]
    """
    place = np.arange(axis.output_size)
    if axis.is_small and axis.output_size in (axis.size, 2 * axis.size):
        return _taken(place // (axis.output_size // axis.size))
    return _taken(_floored(place * (_single(axis.step) if axis.is_small else axis.step), axis.size))


def nearest_exact(axis: ResizedAxis, align_corners: bool) -> Change:
    """Take the element under the middle of each output.

    >>> nearest_exact(ResizedAxis(3, 2, None), False)(np.array([1, 2, 3]), 0).tolist()
    [1, 3]
    """
    middle = np.arange(axis.output_size) + 0.5
    if axis.is_small:
        return _taken(_floored(middle * _single(axis.step), axis.size))
    return _taken(_floored(np.maximum(axis.step * middle - 0.5, 0) + 0.5, axis.size))


def linear(axis: ResizedAxis, align_corners: bool) -> Change:
    """Mix the two elements about each position; the nearer one weighs more.

    >>> linear(ResizedAxis(2, 4, None), False)(np.array([0.0, 4.0]), 0).tolist()
    [0.0, 1.0, 3.0, 4.0]
    """
    if axis.output_size == axis.size:
        return lambda x, number: x
    position = np.maximum(_position(axis, align_corners), 0)
    first = _floored(position, axis.size)
    far = np.clip(position - first, 0, 1)
    return _mixed([(first, 1 - far), (np.minimum(first + 1, axis.size - 1), far)])


def cubic(axis: ResizedAxis, align_corners: bool) -> Change:
    """Mix the four elements about each position by cubic convolution (Keys 1981, with a = -0.75); repeat the edge.

    >>> cubic(ResizedAxis(2, 4, None), False)(np.array([0.0, 1.0]), 0).tolist()
    [-0.10546875, 0.2265625, 0.7734375, 1.10546875]
    """
    position = _position(axis, align_corners)
    first = _floored(position, axis.size)
    far = np.clip(position - first, 0, 1)
    weights = [_outer(1 + far), _inner(far), _inner(1 - far), _outer(2 - far)]
    return _mixed([(np.clip(first + offset, 0, axis.size - 1), weight) for offset, weight in enumerate(weights, -1)])


def area(axis: ResizedAxis, align_corners: bool) -> Change:
    """Take the mean of each bin, as adaptive average pooling does.

    >>> area(ResizedAxis(3, 2, None), False)(np.array([1.0, 2.0, 3.0]), 0).tolist()
    [1.5, 2.5]
    """

    def means(x: Array, number: int) -> Array:
        out = np.empty((*x.shape[:number], axis.output_size, *x.shape[number + 1 :]), dtype=floating(x))
        source, target = np.moveaxis(x, number, 0), np.moveaxis(out, number, 0)
        for place, inside in enumerate(bins(axis.size, axis.output_size)):
            target[place] = np.add.reduce(source[inside.start : inside.stop], axis=0) / len(inside)
        return out

    return means


def _position(axis: ResizedAxis, align_corners: bool) -> Array:
    """Return where each output lies among the elements."""
    place = np.arange(axis.output_size)
    if align_corners:
        return place * ((axis.size - 1) / max(axis.output_size - 1, 1))
    return axis.step * (place + 0.5) - 0.5


def _floored(position: Array, size: int) -> Array:
    """Return the element at or before each position, at most the last."""
    return np.minimum(np.floor(position.astype(np.float32)).astype(np.int64), size - 1)


def _single(step: float) -> float:
    """Return the float32 next to a step."""
    return float(np.float32(step))


def _inner(far: Array) -> Array:
    return ((A + 2) * far - (A + 3)) * far * far + 1


def _outer(far: Array) -> Array:
    return ((A * far - 5 * A) * far + 8 * A) * far - 4 * A


def _taken(elements: Array) -> Change:
    return lambda x, number: x.take(elements, number)


def _mixed(parts: list[tuple[Array, Array]]) -> Change:
    """Sum the elements of each part, multiplied by their weights."""

    def mix(x: Array, number: int) -> Array:
        kind = floating(x)
        out: Array | None = None
        for elements, weight in parts:
            part = x.take(elements, number).astype(kind, copy=False)
            part *= weight.reshape(-1, *[1] * (x.ndim - 1 - number)).astype(kind, copy=False)
            out = part if out is None else np.add(out, part, out=out)
        assert out is not None
        return out

    return mix


def extra_bytes(layer: Upsample, inputs: Sequence[Shape], output: Shape, itemsize: int) -> int:
    """Bound the memory by what a block holds from one axis to the next, and by the positions and weights of each axis.

    >>> extra_bytes(Upsample(scale_factor=2), [(1, 1, 4)], (1, 1, 8), itemsize=4)
    1152
    """
    rank = len(output) - 2
    return block_bytes(4, inputs[0], output, itemsize, rank) + 8 * 16 * sum(output[2:])


RULES: dict[str, Callable[[ResizedAxis, bool], Change]] = {
    "nearest": nearest,
    "nearest-exact": nearest_exact,
    "linear": linear,
    "bilinear": linear,
    "trilinear": linear,
    "bicubic": cubic,
    "area": area,
}

OPERATIONS: dict[type[Layer], Operation] = {Upsample: Operation(run, output_shape, extra_bytes=extra_bytes)}
