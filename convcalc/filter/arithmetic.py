"""In which numbers a kernel's sums are made, so that they are exact where they can be."""

from __future__ import annotations

from collections.abc import Sequence
from math import isfinite
from typing import Any, NamedTuple

import numpy as np

from convcalc.errors import ConvcalcError
from convcalc.filter.kernel import Number, Rows

DENOMINATORS = 16  # of the weights, counted in the least of them, that are tried
LARGE = "a kernel's weights are too large for float64: use weights below 1e300"
CLOSE = 1e-12  # relative: what the rounding of a fraction to float64 can hide


class Sums(NamedTuple):
    """A kernel over pictures of one type: what is summed, and what a sum is multiplied by in the end.

    ``reach`` is what no sum's absolute value goes beyond, for integer pictures; 0 for others.
    """

    weights: Rows
    factor: float | None  # None: 1
    whole: bool  # integers over an integer picture: every sum is one
    reach: Number
    single: bool  # fractions are summed in float32, else in float64

    @property
    def integer(self) -> np.dtype[Any] | None:
        """The smallest integer type that no sum leaves, nor a part of it; None where there is none."""
        if not self.whole:
            return None
        types = (np.dtype(np.int16), np.dtype(np.int32), np.dtype(np.int64))
        return next((dtype for dtype in types if self.reach <= np.iinfo(dtype).max), None)

    @property
    def floating(self) -> np.dtype[Any]:
        """The floating type the sums are made in; for whole ones the smallest that keeps all of them exact, if any."""
        single = self.reach < 2**24 if self.whole else self.single
        return np.dtype(np.float32 if single else np.float64)


def sums(weights: Rows, dtype: np.dtype[Any]) -> Sums:
    """How a kernel is summed over pictures of the type.

    Over integer pictures, weights that are integers but for a common factor (a box's ninths, a binomial's sixteenths)
    are summed as integers, and the factor comes last: one rounding.

    >>> sums(((0.25, 0.5, 0.25),), np.dtype(np.uint8))
    Sums(weights=((1, 2, 1),), factor=0.25, whole=True, reach=1020, single=True)
    """
    if not all(isinstance(weight, int) or isfinite(weight) for row in weights for weight in row):
        raise ConvcalcError("a kernel has a weight that is no finite number: give finite weights")
    single = dtype.itemsize in (1, 4)
    if dtype.kind == "f":
        return Sums(_floats(weights), None, False, 0, single)
    factor, whole = _whole(weights)
    if whole is not None:
        reach = sum(abs(weight) for row in whole for weight in row) * int(np.iinfo(dtype).max)
        if reach < 2**53 or (factor is None and reach < 2**63):
            return Sums(whole, factor, True, reach, single)
    floats = _floats(weights)
    most = sum(abs(weight) for row in floats for weight in row) * int(np.iinfo(dtype).max)
    if not isfinite(most):
        raise ConvcalcError(LARGE)
    return Sums(floats, None, False, most, single and most < 2.0**100)


def _floats(weights: Rows) -> tuple[tuple[float, ...], ...]:
    try:
        return tuple(tuple(float(weight) for weight in row) for row in weights)
    except OverflowError:
        raise ConvcalcError(LARGE) from None


def _whole(weights: Rows) -> tuple[float | None, tuple[tuple[int, ...], ...] | None]:
    """The common factor (None: 1) and the integers; no integers where there are none.

    >>> _whole(((0.2, 0.3),))
    (0.1, ((2, 3),))
    """
    flat = [weight for row in weights for weight in row]
    if all(isinstance(weight, int) or weight.is_integer() for weight in flat):
        return None, tuple(tuple(int(weight) for weight in row) for row in weights)
    least = min(abs(weight) for weight in flat if weight)
    for denominator in range(1, DENOMINATORS + 1):
        found = _multiples(flat, least / denominator)
        if found is not None:
            width = len(weights[0])
            return least / denominator, tuple(
                tuple(found[start : start + width]) for start in range(0, len(flat), width)
            )
    return None, None


def _multiples(numbers: Sequence[Number], unit: float) -> list[int] | None:
    """The numbers counted in units, where all of them are whole, but for rounding."""
    if not unit:
        return None
    counts = [number / unit for number in numbers]
    if not all(isfinite(count) for count in counts):
        return None
    whole = [round(count) for count in counts]
    close = all(abs(count - one) <= CLOSE * abs(one) for count, one in zip(counts, whole, strict=True))
    return whole if close else None
