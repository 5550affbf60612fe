"""A filtered picture checked pixel by pixel: each is worked out by itself, as `pixel.py` does, and compared.

This shares nothing with how filters are executed but the weights of the kernel.
"""

from __future__ import annotations

from math import inf, isfinite, isnan
from typing import Any, NamedTuple

import numpy as np

from convcalc.filter.apply import apply
from convcalc.filter.kernel import Filter, Number, Order, Settings, parts
from convcalc.filter.outcome import Outcome
from convcalc.filter.picture import colours
from convcalc.filter.pixel import Place, result, under
from convcalc.filter.ranges import Extremes, most
from convcalc.ops.sliding import Array

MOST_VALUES = 10_000  # that are all compared; of more, so many are drawn
MOST_TAPS = 2**18  # read for them together
SEED = 0
LEVELS = 1  # of integers: what lies halfway between two may be rounded either way
# How far sums may differ, relative to what they could reach: those over 8 bits and float32 are made in float32.
RELATIVE = {"uint8": 1e-5, "uint16": 1e-12, "float32": 1e-5, "float64": 1e-12}


class Difference(NamedTuple):
    """The largest difference of a value, what rounding may cause, and how many values were compared."""

    largest: float
    tolerance: float
    compared: int
    values: int  # that there are

    @property
    def fits(self) -> bool:
        """Whether no value differs by more than rounding."""
        return self.largest <= self.tolerance


def difference(outcome: Outcome) -> Difference:
    """Work out values of the result one by one, and compare: all of up to 10,000, else as many, drawn with a seed.

    Large kernels have fewer, so that at most about 260,000 taps are read. Each of several times is compared, from
    what had come out before.

    >>> from convcalc.filter.kernel import linear
    >>> from convcalc.filter.outcome import run
    >>> difference(run(np.eye(3, dtype=np.uint8), linear("", ((1, 2, 1),), "clip", "")))
    Difference(largest=0.0, tolerance=1.0, compared=9, values=9)
    """
    rows, columns = outcome.filter.size
    limit = max(1, min(MOST_VALUES, MOST_TAPS // (rows * columns)) // outcome.repeat)
    before, found = outcome.before, []
    for number in range(1, outcome.repeat + 1):
        made = apply(before, outcome.filter, outcome.settings)
        after = outcome.after if number == outcome.repeat else made.array
        ends = None if made.low is None or made.high is None else (made.low, made.high)
        found.append(_compared(outcome.filter, outcome.settings, before, after, ends, limit))
        before = made.array
    worst = max(found, key=lambda one: (not one.fits, one.largest))
    return worst._replace(compared=sum(one.compared for one in found), values=sum(one.values for one in found))


def _compared(
    filter_: Filter, settings: Settings, before: Array, after: Array, ends: Extremes | None, limit: int
) -> Difference:
    """Compare one time: the picture that went in, and what came out."""
    count = after.shape[0] * after.shape[1] * colours(after)
    rounding = _rounding(filter_, before)
    if settings.range == "scale" and ends is not None:  # of what lies between the ends: at most all
        spread = ends[1] - ends[0]
        share = RELATIVE[before.dtype.name] + 4 * rounding / spread if spread else 1
        rounding = float(min(1, share) * most(before.dtype))
    tolerance = LEVELS + rounding // 1 if before.dtype.kind == "u" else rounding
    numbers = range(count) if count <= limit else np.random.default_rng(SEED).choice(count, limit, replace=False)
    planes, pairs = _planes(before), []
    for number in map(int, numbers):
        place, channel = divmod(number, colours(after))
        at: Place = divmod(place, after.shape[1])
        raw = result(filter_, planes[channel], settings, under(filter_, settings, at))
        pairs.append((raw, _planes(after)[channel][at].item()))
    known = [raw for raw, _ in pairs if not isnan(raw)]
    if known and len(pairs) == count:
        ends = min(known), max(known)
    largest = max(
        _apart(_ranged(raw, settings.range, before.dtype, ends), found, settings.range, most(before.dtype))
        for raw, found in pairs
    )
    return Difference(largest, tolerance, len(pairs), count)


def _planes(picture: Array) -> Array:
    """Return the channels apart: (channels, rows, columns)."""
    return picture[None] if picture.ndim == 2 else np.moveaxis(picture, 2, 0)


def _ranged(raw: Number, range_: str | None, dtype: np.dtype[Any], ends: Extremes | None) -> Number:
    """Return a result as the picture can hold it."""
    top = most(dtype)
    if isnan(raw):
        return raw
    if range_ == "abs":
        raw = abs(raw)
    if range_ == "scale" and ends is not None:
        raw = (raw - ends[0]) * top / (ends[1] - ends[0]) if ends[1] > ends[0] else raw * 0
    if range_ is None:
        return raw
    value = raw if dtype.kind == "f" or not isfinite(raw) else round(raw)
    return value % (top + 1) if range_ == "wrap" else min(max(value, 0), top)


def _apart(expected: Number, found: Number, range_: str | None, top: int) -> float:
    """Return how far two values are apart; infinity where one of them alone is not finite."""
    if expected == found or (isnan(expected) and isnan(found)):
        return 0.0
    if not (isfinite(expected) and isfinite(found)):
        return inf
    apart = float(abs(expected - found))
    return min(apart, top + 1 - apart) if range_ == "wrap" else apart  # the highest lies beside the lowest


def _rounding(filter_: Filter, picture: Array) -> float:
    """Return how far a result may be from another one of the same numbers: a share of what they could add up to."""
    if isinstance(filter_, Order):
        return 0.0
    sizes = sum(abs(weight) for part in parts(filter_) for row in part.weights for weight in row)
    finite = np.abs(picture, where=np.isfinite(picture), out=np.zeros(picture.shape))
    return RELATIVE[picture.dtype.name] * sizes * float(finite.max())
