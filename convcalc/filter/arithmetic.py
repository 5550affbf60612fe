"""In which numbers the sums of a kernel are made, so that they are exact where they can be."""

from __future__ import annotations

from fractions import Fraction
from math import isfinite, lcm
from typing import Any, NamedTuple

import numpy as np

from convcalc.errors import ConvcalcError
from convcalc.filter.kernel import Rows, separated
from convcalc.ops.sliding import Array

LARGEST_DENOMINATOR = 2**16
MOST_DIFFERENT = 2**12  # weights of a kernel: a common denominator of more is not looked for
CLOSE = 1e-12  # relative: what the rounding of a fraction to float64 can hide
# The types, and the whole numbers up to which each holds all.
EXACT: dict[np.dtype[Any], int] = {
    np.dtype(np.float32): 2**24,
    np.dtype(np.float64): 2**53,
    np.dtype(np.int64): 2**63,
}
LARGE = "a kernel's weights are too large for float64: use weights below 1e300"


class Sums(NamedTuple):
    """How a kernel is summed over pictures of one type."""

    weights: tuple[Array, ...]  # (rows, columns) of one layer, or of two: a column and a row whose product they are
    divisor: int  # of the sums, at the end
    whole: bool  # whether weights and pixels are whole numbers; then every sum is exact

    @property
    def dtype(self) -> np.dtype[Any]:
        """The type in which the sums are made."""
        return self.weights[0].dtype

    @property
    def kernel(self) -> Array:
        """The weights as one kernel."""
        return self.weights[0] if len(self.weights) == 1 else self.weights[0] @ self.weights[1]


def sums_of(weights: Rows, dtype: np.dtype[Any]) -> Sums:
    """Return how a kernel is summed over pictures of that type.

    Over integers, weights that are whole numbers over one denominator (a box's ninths, a binomial's sixteenths) are
    summed as whole numbers, in the smallest type that keeps every sum exact. Fractions over 8 bits and float32 are
    summed in float32, others in float64. A kernel that is a column times a row is summed as two, where that is less
    work.

    >>> sums = sums_of(((0.25, 0.5, 0.25),), np.dtype(np.uint8))
    >>> sums.weights[0].tolist(), sums.divisor, sums.dtype
    ([[1.0, 2.0, 1.0]], 4, dtype('float32'))
    """
    flat = [weight for row in weights for weight in row]
    if not all(isinstance(weight, int) or isfinite(weight) for weight in flat):
        raise ConvcalcError("a kernel has a weight that is not a finite number: give finite weights")
    most = 1 if dtype.kind == "f" else int(np.iinfo(dtype).max)
    if dtype.kind == "u" and (found := _over_one_denominator(weights)) is not None:
        whole, divisor = found
        reach = sum(abs(weight) for row in whole for weight in row) * most
        for exact, limit in EXACT.items():
            if reach < limit:
                return Sums(_factors(whole, exact, exactly=True), divisor, True)
    try:
        reach_of_floats = sum(map(abs, map(float, flat))) * most
    except OverflowError:
        raise ConvcalcError(LARGE) from None
    if not isfinite(reach_of_floats):
        raise ConvcalcError(LARGE)
    single = dtype.itemsize in (1, 4) and reach_of_floats < 2.0**100
    return Sums(_factors(weights, np.dtype(np.float32 if single else np.float64), exactly=False), 1, False)


def _over_one_denominator(weights: Rows) -> tuple[Rows, int] | None:
    """Return the weights as whole numbers, and what divides them; None where there is no such denominator.

    >>> _over_one_denominator(((0.2, 0.3),)), _over_one_denominator(((2**0.5,),))
    ((((2, 3),), 10), None)
    """
    denominator, fractions = 1, {}
    different = {weight for row in weights for weight in row}
    if len(different) > MOST_DIFFERENT and not all(isinstance(weight, int) for weight in different):
        return None
    for weight in different:
        fractions[weight] = fraction = Fraction(weight).limit_denominator(LARGEST_DENOMINATOR)
        denominator = lcm(denominator, fraction.denominator)
        if abs(fraction - Fraction(weight)) > CLOSE * abs(weight) or denominator > EXACT[np.dtype(np.float64)]:
            return None
    return tuple(tuple(int(fractions[weight] * denominator) for weight in row) for row in weights), denominator


def _factors(weights: Rows, dtype: np.dtype[Any], exactly: bool) -> tuple[Array, ...]:
    """Return the kernel, or its column and its row where these have less than half as many weights."""
    kernel = np.array(weights, dtype)
    if 2 * sum(kernel.shape) < kernel.size and (found := separated(weights)) is not None:
        column, row = np.array(found[0], dtype)[:, None], np.array(found[1], dtype)[None]
        if not exactly or np.array_equal(column @ row, kernel):
            return column, row
    return (kernel,)
