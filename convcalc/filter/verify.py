"""The same filter as a layer: the engine that verifies networks executes it, and every pixel is compared.

It shares nothing with the filter's own ways but the kernel's weights.
"""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np

from convcalc import engine
from convcalc.errors import ConvcalcError
from convcalc.filter.apply import apply
from convcalc.filter.kernel import Linear, Magnitude, Order, Rows, parts
from convcalc.filter.outcome import Outcome
from convcalc.filter.picture import colours
from convcalc.layers.conv import Conv
from convcalc.ops.sliding import Array

LEVELS = 1  # of integers: what is halfway between two may be rounded either way
# How far sums may be apart, of what they could reach: those over 8 bits and float32 are made in float32.
RELATIVE = {"uint8": 1e-5, "uint16": 1e-12, "float32": 1e-5, "float64": 1e-12}


class Difference(NamedTuple):
    """The largest difference of a pixel, and what may come of rounding."""

    largest: float
    tolerance: float
    pixels: int

    @property
    def fits(self) -> bool:
        """Whether no pixel differs by more than rounding."""
        return self.largest <= self.tolerance


def difference(outcome: Outcome, memory_limit: int) -> Difference:
    """Execute the filter as convolutions, and compare. `ConvcalcError` where that takes more memory, or it is no sum.

    What is repeated is compared each time, from what had come out before: a level of rounding may grow with every time.

    >>> from convcalc.filter.kernel import linear
    >>> from convcalc.filter.outcome import run
    >>> difference(run(np.eye(3, dtype=np.uint8), linear("", ((1, 2, 1),), "clip", "")), 2**20).largest
    0.0
    """
    filter_ = outcome.filter
    if isinstance(filter_, Order):
        raise ConvcalcError(f"{filter_.name} puts pixels in order, which no Conv2d does: leave out --verify")
    _check_memory(outcome, memory_limit)
    before, found = outcome.before, []
    for number in range(1, outcome.repeat + 1):
        last = number == outcome.repeat
        after = outcome.after if last else apply(before, filter_, outcome.settings).array
        with np.errstate(all="ignore"):  # infinities are subtracted
            found.append(_compared(outcome, filter_, before, after))
        before = after
    worst = max(found, key=lambda one: (not one.fits, one.largest))
    return worst._replace(pixels=sum(one.pixels for one in found))


def _compared(outcome: Outcome, filter_: Linear | Magnitude, before: Array, after: Array) -> Difference:
    """One time: the picture that went in, executed, beside what came out."""
    channels, range_, dtype = colours(before), outcome.settings.range, before.dtype
    planes, observed = _planes(before, channels), _planes(after, channels)
    sums = _executed(filter_, outcome.layers, planes)
    expected = _ranged(sums, range_, dtype).astype(dtype).astype(np.float64)
    both = np.isfinite(expected) & np.isfinite(observed)
    apart = np.abs(np.where(both, expected - observed, 0.0))
    if range_ == "wrap":  # the highest lies beside the lowest
        apart = np.minimum(apart, np.iinfo(dtype).max + 1 - apart)
    same = both | (expected == observed) | (np.isnan(expected) & np.isnan(observed))
    largest = float(apart.max(initial=0)) if same.all() else float("inf")
    tolerance = _rounding(filter_, planes, dtype)
    if range_ == "scale":
        tolerance = _scaled(tolerance, sums, dtype)
    if dtype.kind == "u":
        tolerance = LEVELS + tolerance // 1
    return Difference(largest, tolerance, expected.size)


def _rounding(filter_: Linear | Magnitude, planes: Array, dtype: np.dtype[Any]) -> float:
    """How far a sum may be from another one of the same numbers: a share of what they could add up to."""
    weights = sum(float(np.abs(np.array(kernel.weights, np.float64)).sum()) for kernel in parts(filter_))
    return RELATIVE[dtype.name] * weights * float(np.abs(np.where(np.isfinite(planes), planes, 0.0)).max())


def _scaled(rounding: float, sums: Array, dtype: np.dtype[Any]) -> float:
    """What becomes of it where the lowest sum is made 0 and the highest the most: at most all there is."""
    most, (low, high) = _most(dtype), _ends(sums)
    return min(most, 4 * rounding * most / (high - low)) if high > low else most


def _check_memory(outcome: Outcome, memory_limit: int) -> None:
    shape = (1, colours(outcome.before), *outcome.before.shape[:2])
    needed = sum(
        engine.needed_bytes(layer, [shape], engine.output_shape(layer, shape), "float64") for layer in outcome.layers
    )
    if needed > memory_limit:
        raise ConvcalcError(
            f"verifying needs {needed:,} bytes, {memory_limit:,} are allowed:"
            f" use memory_limit={needed} or give a smaller picture"
        )


def _planes(picture: Array, channels: int) -> Array:
    """The channels that are filtered, as a batch of one in float64."""
    array = picture.reshape(*picture.shape[:2], -1)[:, :, :channels]
    return np.ascontiguousarray(np.moveaxis(array, -1, 0)[None], np.float64)


def _executed(filter_: Linear | Magnitude, layers: tuple[Conv, ...], planes: Array) -> Array:
    if isinstance(filter_, Magnitude):
        across, down = (
            _one(layer, kernel.weights, planes) for layer, kernel in zip(layers, (filter_.x, filter_.y), strict=True)
        )
        return np.hypot(across, down)
    return _one(layers[0], filter_.weights, planes)


def _one(layer: Conv, weights: Rows, planes: Array) -> Array:
    """The layer executed; what is not finite apart: a layer multiplies it by 0 too, and a filter does not read it."""
    kernel = np.array(weights, np.float64)
    finite = np.isfinite(planes)
    if finite.all():
        return _weighed(layer, kernel, planes)
    sums = _weighed(layer, kernel, np.where(finite, planes, 0.0))
    rising = _met(layer, kernel > 0, planes == np.inf) | _met(layer, kernel < 0, planes == -np.inf)
    falling = _met(layer, kernel < 0, planes == np.inf) | _met(layer, kernel > 0, planes == -np.inf)
    lost = _met(layer, kernel != 0, np.isnan(planes)) | (rising & falling)
    return np.where(lost, np.nan, np.where(rising, np.inf, np.where(falling, -np.inf, sums)))


def _met(layer: Conv, kernel: Array, planes: Array) -> Array:
    """Where a window has one of these pixels under one of these weights."""
    met: Array = _weighed(layer, kernel.astype(np.float64), planes.astype(np.float64)) > 0
    return met


def _weighed(layer: Conv, kernel: Array, planes: Array) -> Array:
    weight = np.broadcast_to(kernel, (planes.shape[1], 1, *kernel.shape))
    return engine.execute(layer, planes, weight=np.ascontiguousarray(weight))


def _ranged(sums: Array, range_: str | None, dtype: np.dtype[Any]) -> Array:
    """The sums as the picture can hold them, in float64."""
    most = _most(dtype)
    if range_ == "abs":
        sums = np.abs(sums)
    if range_ == "scale":
        low, high = _ends(sums)
        sums = (sums - low) * (most / (high - low)) if high > low else sums * 0
    if dtype.kind == "f":
        return np.clip(sums, 0, 1) if range_ == "clip" else sums
    whole = np.rint(sums)
    return whole % (most + 1) if range_ == "wrap" else np.clip(whole, 0, most)


def _most(dtype: np.dtype[Any]) -> float:
    return 1.0 if dtype.kind == "f" else float(np.iinfo(dtype).max)


def _ends(sums: Array) -> tuple[float, float]:
    return float(np.fmin.reduce(sums, axis=None)), float(np.fmax.reduce(sums, axis=None))
