"""One pixel of a result, worked out from its neighbourhood alone: a few lines, to read and to check against."""

from __future__ import annotations

from math import fsum, hypot, isnan, nan
from typing import NamedTuple

from convcalc.filter.kernel import Filter, Linear, Magnitude, Number, Settings, parts
from convcalc.ops.sliding import Array

Place = tuple[int, int]  # row, column


class Tap(NamedTuple):
    """A place of the neighbourhood, and the pixel whose value it has: itself, another one, or None (a zero)."""

    place: Place
    source: Place | None
    value: Number


Window = tuple[tuple[Tap, ...], ...]


def neighbourhood(plane: Array, size: Place, anchor: Place, settings: Settings, on: Place) -> Window:
    """Return the taps of a window of that size whose anchor lies on a pixel of the plane (H, W).

    >>> import numpy as np
    >>> window = neighbourhood(np.array([[1, 2, 3]]), (1, 3), (0, 1), Settings("reflect"), (0, 0))
    >>> window[0][0]
    Tap(place=(0, -1), source=(0, 1), value=2)
    >>> [tap.value for tap in window[0]]
    [2, 1, 2]
    """
    rows, columns = (
        [middle + (tap - middle_tap) * apart for tap in range(taps)]
        for taps, middle_tap, apart, middle in zip(size, anchor, settings.dilation, on, strict=True)
    )
    return tuple(tuple(_tap(plane, (row, column), settings.border) for column in columns) for row in rows)


def source(place: int, size: int, border: str) -> int | None:
    """Return which of 0 .. size - 1 gives the value at a place of one axis, which may lie outside; None is a zero.

    >>> [source(-2, 5, border) for border in ("zeros", "reflect", "replicate", "circular")]
    [None, 2, 0, 3]
    """
    if 0 <= place < size:
        return place
    if border == "replicate":
        return min(max(place, 0), size - 1)
    if border == "circular":
        return place % size
    if border == "reflect":
        there_and_back = place % (2 * (size - 1))
        return min(there_and_back, 2 * (size - 1) - there_and_back)
    return None


def under(kernel: Filter, settings: Settings, at: Place) -> Place:
    """Return the pixel of the input that the anchor lies on, for a pixel of the result.

    >>> from convcalc.filter.presets import find
    >>> under(find("box"), Settings("valid", stride=(2, 2)), (1, 3))
    (3, 7)
    """
    first = [
        apart * middle if settings.border == "valid" else 0
        for apart, middle in zip(settings.dilation, kernel.anchor, strict=True)
    ]
    return at[0] * settings.stride[0] + first[0], at[1] * settings.stride[1] + first[1]


def sums(kernel: Linear | Magnitude, plane: Array, settings: Settings, on: Place) -> tuple[Number, ...]:
    """Return the weighted sum of a kernel, or both of a gradient. Weights of 0 are not read.

    >>> import numpy as np
    >>> from convcalc.filter.presets import find
    >>> sums(find("sobel"), np.array([[0, 0, 9]] * 3), Settings(), (1, 1))
    (36, 0)
    """
    return tuple(_sum(products(part, plane, settings, on)) for part in parts(kernel))


def products(kernel: Linear, plane: Array, settings: Settings, on: Place) -> list[tuple[Number, Number]]:
    """Return the weights that are not 0, each with the value that it meets, row by row.

    >>> import numpy as np
    >>> from convcalc.filter.presets import find
    >>> products(find("prewitt-x"), np.array([[5, 6, 7]]), Settings("zeros"), (0, 1))
    [(-1, 0), (1, 0), (-1, 5), (1, 7), (-1, 0), (1, 0)]
    """
    window = neighbourhood(plane, kernel.size, kernel.anchor, settings, on)
    return [
        (weight, tap.value)
        for weights, taps in zip(kernel.weights, window, strict=True)
        for weight, tap in zip(weights, taps, strict=True)
        if weight != 0
    ]


def result(kernel: Filter, plane: Array, settings: Settings, on: Place) -> Number:
    """Return the result of the filter at that pixel, before the range.

    >>> import numpy as np
    >>> from convcalc.filter.presets import find
    >>> result(find("median", size=(1, 3)), np.array([[5, 9, 7]]), Settings(), (0, 1))
    7
    """
    if isinstance(kernel, Linear):
        return sums(kernel, plane, settings, on)[0]
    if isinstance(kernel, Magnitude):
        return hypot(*sums(kernel, plane, settings, on))
    values, taken = ranked(kernel.order, neighbourhood(plane, kernel.size, kernel.anchor, settings, on))
    return nan if any(map(isnan, values)) else values[taken]


def ranked(order: str, window: Window) -> tuple[list[Number], int]:
    """Return the values in order, and which is the minimum, the median (the upper of an even number) or the maximum.

    >>> taps = tuple(Tap((0, i), (0, i), value) for i, value in enumerate([5, 9, 7, 1]))
    >>> ranked("median", (taps,))
    ([1, 5, 7, 9], 2)
    """
    values = sorted(tap.value for row in window for tap in row)
    return values, {"minimum": 0, "median": len(values) // 2, "maximum": len(values) - 1}[order]


def _sum(terms: list[tuple[Number, Number]]) -> Number:
    numbers = [weight * value for weight, value in terms]
    if all(isinstance(number, int) for number in numbers):
        return sum(numbers)
    try:
        return fsum(numbers)
    except (OverflowError, ValueError):  # a sum beyond float64, or infinities of both signs
        return sum(numbers)


def _tap(plane: Array, place: Place, border: str) -> Tap:
    row, column = (source(where, size, border) for where, size in zip(place, plane.shape, strict=True))
    if row is None or column is None:
        return Tap(place, None, 0)
    value: Number = plane[row, column].item()
    return Tap(place, (row, column), value)
