"""The same filter as a layer: the engine that verifies networks executes it, and every pixel is compared.

It shares nothing with the filter's own ways but the kernel's weights.
"""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np

from convcalc import engine
from convcalc.errors import ConvcalcError
from convcalc.filter.kernel import Filter, Magnitude, Order, Rows
from convcalc.filter.outcome import Outcome, colours
from convcalc.kernels.sliding import Array
from convcalc.layers.conv import Conv

LEVELS = 1  # of integers: what is halfway between two may be rounded either way
RELATIVE = {"float32": 1e-4, "float64": 1e-10}  # of the largest value


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

    >>> from convcalc.filter.kernel import linear
    >>> from convcalc.filter.outcome import run
    >>> difference(run(np.eye(3, dtype=np.uint8), linear("", ((1, 2, 1),), "clip", "")), 2**20).largest
    0.0
    """
    filter_ = outcome.filter
    if isinstance(filter_, Order):
        raise ConvcalcError(f"{filter_.name} puts pixels in order, which no Conv2d does: leave out --verify")
    _check_memory(outcome, memory_limit)
    channels = colours(outcome.before)
    planes = _planes(outcome.before, channels)
    for _ in range(outcome.repeat):
        planes = _ranged(_executed(filter_, outcome.layers, planes), outcome.settings.range, outcome.before.dtype)
    expected, observed = planes, _planes(outcome.after, channels)
    both = np.isfinite(expected) & np.isfinite(observed)
    apart = np.abs(np.where(both, expected - observed, 0.0))
    same = both | (expected == observed) | (np.isnan(expected) & np.isnan(observed))
    largest = float(apart.max(initial=0)) if same.all() else float("inf")
    scale = float(np.abs(np.where(both, expected, 0.0)).max(initial=0))
    tolerance = LEVELS if outcome.before.dtype.kind == "u" else RELATIVE[outcome.before.dtype.name] * scale
    return Difference(largest, tolerance, expected.size)


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


def _executed(filter_: Filter, layers: tuple[Conv, ...], planes: Array) -> Array:
    if isinstance(filter_, Magnitude):
        across, down = (
            _one(layer, kernel.weights, planes) for layer, kernel in zip(layers, (filter_.x, filter_.y), strict=True)
        )
        return np.hypot(across, down)
    assert not isinstance(filter_, Order)
    return _one(layers[0], filter_.weights, planes)


def _one(layer: Conv, weights: Rows, planes: Array) -> Array:
    weight = np.broadcast_to(np.array(weights, np.float64), (planes.shape[1], 1, *np.shape(weights)))
    return engine.execute(layer, planes, weight=np.ascontiguousarray(weight))


def _ranged(sums: Array, range_: str | None, dtype: np.dtype[Any]) -> Array:
    """The sums as the picture can hold them, in float64."""
    most = 1.0 if dtype.kind == "f" else float(np.iinfo(dtype).max)
    if range_ == "abs":
        sums = np.abs(sums)
    if range_ == "scale":
        low, high = np.nanmin(sums), np.nanmax(sums)
        sums = (sums - low) * (most / (high - low)) if high > low else np.zeros_like(sums)
    if dtype.kind == "f":
        return np.clip(sums, 0, 1) if range_ == "clip" else sums
    whole = np.rint(sums)
    return whole % (most + 1) if range_ == "wrap" else np.clip(whole, 0, most)
