"""What a formula can reach, found before it is run: interval arithmetic on Python ints."""

from __future__ import annotations

import operator
from collections.abc import Callable
from itertools import product


class Span:
    """All whole numbers from ``low`` to ``high``, and the largest magnitude ``peak`` of all that it was made from.

    A formula that is run on spans gives one that holds whatever it gives on numbers from those. If its peak fits into
    a machine integer, then so does every intermediate result, and no array can wrap.

    >>> area = Span(1, 10) * (Span(2, 6) - 4)
    >>> area.low, area.high, (area // 10).peak
    (-20, 20, 20)
    """

    __slots__ = ("high", "low", "peak")
    low: int
    high: int
    peak: int

    def __init__(self, low: int, high: int, *origins: Span) -> None:
        self.low = low
        self.high = high
        self.peak = max(-low, high, *(origin.peak for origin in origins))

    def __add__(self, other: Span | int) -> Span:
        return _corners(operator.add, self, _span(other))

    def __sub__(self, other: Span | int) -> Span:
        return _corners(operator.sub, self, _span(other))

    def __mul__(self, other: Span | int) -> Span:
        return _corners(operator.mul, self, _span(other))

    __radd__ = __add__
    __rmul__ = __mul__

    def __rsub__(self, other: int) -> Span:
        return _span(other) - self

    def __floordiv__(self, other: Span | int) -> Span:
        divisor = _divisor(other)
        return _corners(operator.floordiv, self, divisor)

    def __mod__(self, other: Span | int) -> Span:
        divisor = _divisor(other)
        if divisor.low == divisor.high and self.low // divisor.low == self.high // divisor.low:
            return Span(self.low % divisor.low, self.high % divisor.low, self, divisor)
        most = divisor.high - 1
        return Span(0, min(self.high, most) if self.low >= 0 else most, self, divisor)

    def __neg__(self) -> Span:
        return Span(-self.high, -self.low, self)

    def __abs__(self) -> Span:
        return Span(max(self.low, -self.high, 0), max(-self.low, self.high), self)


def _span(value: Span | int) -> Span:
    return value if isinstance(value, Span) else Span(value, value)


def _divisor(value: Span | int) -> Span:
    divisor = _span(value)
    if divisor.low < 1:
        raise ValueError(f"a divisor from {divisor.low} to {divisor.high}: it must be at least 1")
    return divisor


def _corners(operation: Callable[[int, int], int], left: Span, right: Span) -> Span:
    """The span of an operation that goes one way in each number while the other stands: its ends are at the corners."""
    found = [operation(*corner) for corner in product((left.low, left.high), (right.low, right.high))]
    return Span(min(found), max(found), left, right)
