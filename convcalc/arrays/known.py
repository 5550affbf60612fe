"""Figures of many rows at once, of which some are not known: what a condition and an order need of them.

The operators are those of a condition on one row (`convcalc.syntax.condition`), so one reading serves both. Integers
stay exact: where int64 might not hold a result, it is worked out in Python's integers.
"""

from __future__ import annotations

import operator
from collections.abc import Callable
from fractions import Fraction
from typing import Any

import numpy as np

from convcalc.arrays.values import MOST, Array


class Known:
    """Numbers or truth values, and where they are known.

    >>> macs = Known(np.array([6, 8, 0]), np.array([True, True, False]))
    >>> (macs * 2 > 12).true.tolist(), (~(macs > 7)).true.tolist()
    ([False, True, False], [True, False, False])
    """

    __slots__ = ("known", "values")
    __hash__ = None  # type: ignore[assignment]

    def __init__(self, values: Array, known: Array) -> None:
        self.values = values
        self.known = known

    @property
    def true(self) -> Array:
        """Where it is known, and true."""
        return np.logical_and(self.values, self.known)

    @property
    def false(self) -> Array:
        """Where it is known, and false."""
        return np.logical_and(np.logical_not(self.values), self.known)

    def __add__(self, other: Any) -> Known:
        return _result(operator.add, self, other)

    def __radd__(self, other: Any) -> Known:
        return _result(operator.add, other, self)

    def __sub__(self, other: Any) -> Known:
        return _result(operator.sub, self, other)

    def __rsub__(self, other: Any) -> Known:
        return _result(operator.sub, other, self)

    def __mul__(self, other: Any) -> Known:
        return _result(operator.mul, self, other)

    def __rmul__(self, other: Any) -> Known:
        return _result(operator.mul, other, self)

    def __truediv__(self, other: Any) -> Known:
        return _divided(Fraction, self, other)

    def __rtruediv__(self, other: Any) -> Known:
        return _divided(Fraction, other, self)

    def __floordiv__(self, other: Any) -> Known:
        return _divided(operator.floordiv, self, other)

    def __rfloordiv__(self, other: Any) -> Known:
        return _divided(operator.floordiv, other, self)

    def __mod__(self, other: Any) -> Known:
        return _divided(operator.mod, self, other)

    def __rmod__(self, other: Any) -> Known:
        return _divided(operator.mod, other, self)

    def __neg__(self) -> Known:
        return 0 - self

    def __eq__(self, other: object) -> Known:  # type: ignore[override]
        return _result(operator.eq, self, other)

    def __ne__(self, other: object) -> Known:  # type: ignore[override]
        return _result(operator.ne, self, other)

    def __lt__(self, other: Any) -> Known:
        return _result(operator.lt, self, other)

    def __le__(self, other: Any) -> Known:
        return _result(operator.le, self, other)

    def __gt__(self, other: Any) -> Known:
        return _result(operator.gt, self, other)

    def __ge__(self, other: Any) -> Known:
        return _result(operator.ge, self, other)

    def __invert__(self) -> Known:
        return Known(np.logical_not(self.values), self.known)

    def __and__(self, other: Any) -> Known:
        """Both: false where either is false, whatever the other; else known where both are."""
        true, false = _truths(other)
        return Known(self.true & true, (self.true & true) | self.false | false)

    def __or__(self, other: Any) -> Known:
        """Either: true where either is true, whatever the other; else known where both are."""
        true, false = _truths(other)
        return Known(self.true | true, (self.false & false) | self.true | true)

    __rand__ = __and__
    __ror__ = __or__


def _truths(value: Any) -> tuple[Any, Any]:
    """Return where a truth value is true, and where it is false: nowhere if it is not known."""
    return (value.true, value.false) if isinstance(value, Known) else (value is True, value is False)


def _parts(value: Any) -> tuple[Any, Any]:
    return (value.values, value.known) if isinstance(value, Known) else (value, True)


def _result(operation: Callable[[Any, Any], Any], left: Any, right: Any) -> Known:
    (a, a_known), (b, b_known) = _parts(left), _parts(right)
    reach = _largest(a) * _largest(b) if operation is operator.mul else _largest(a) + _largest(b)
    if reach > MOST:
        a, b = _exact(a), _exact(b)
    return Known(operation(a, b), np.logical_and(a_known, b_known))


def _divided(operation: Callable[[Any, Any], Any], left: Any, right: Any) -> Known:
    """Divide; where that is by zero, the result is not known."""
    (a, a_known), (b, b_known) = _parts(left), _parts(right)
    not_zero = np.not_equal(b, 0)
    divisor = np.where(not_zero, b, 1)
    if operation is Fraction or any(_largest(part) > MOST or isinstance(part, Fraction) for part in (a, b)):
        values = np.frompyfunc(operation, 2, 1)(_exact(a), _exact(divisor))
    else:
        values = operation(a, divisor)
    return Known(values, np.logical_and(np.logical_and(a_known, b_known), not_zero))


def _largest(value: Any) -> Any:
    """Return the largest magnitude, as a number of Python's own."""
    if not isinstance(value, np.ndarray):
        return abs(value)
    ends = np.array([value.min(), value.max()]).tolist() if value.size else [0]
    return max(map(abs, ends))


def _exact(value: Any) -> Any:
    return value.astype(object) if isinstance(value, np.ndarray) else value
