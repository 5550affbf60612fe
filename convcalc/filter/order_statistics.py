"""Minimum, median and maximum of each neighbourhood, over a band of a picture."""

from __future__ import annotations

import numpy as np

from convcalc.filter.border import Pair
from convcalc.filter.kernel import Order
from convcalc.ops.sliding import Array

AT_ONCE = 2**22  # values that are put in order at once


def order_statistics(planes: Array, filter: Order, stride: Pair = (1, 1), dilation: Pair = (1, 1)) -> Array:  # noqa: A002
    """Return the order statistic of all windows that fit the planes; both are (channels, rows, columns).

    A window that holds NaN has the result NaN. The median of an even number of values is the upper one.

    >>> from convcalc.filter.presets import find
    >>> order_statistics(np.array([[[5, 9, 7, 1]]]), find("median", size=(1, 4))).tolist()
    [[[7]]]
    """
    taps = filter.size
    if filter.order == "median":
        return _medians(planes, taps, stride, dilation)
    choose = np.minimum if filter.order == "minimum" else np.maximum
    for axis in (1, 2):  # the extreme of each column's extremes
        slices = _slices(planes, axis, taps[axis - 1], stride[axis - 1], dilation[axis - 1])
        planes = slices[0].copy()
        for other in slices[1:]:
            choose(planes, other, out=planes)
    return planes


def _slices(planes: Array, axis: int, taps: int, step: int, apart: int) -> list[Array]:
    """Return what each tap of the windows meets along one axis."""
    last = planes.shape[axis] - (taps - 1) * apart
    lines = np.moveaxis(planes, axis, 0)
    return [np.moveaxis(lines[tap * apart : tap * apart + last : step], 0, axis) for tap in range(taps)]


def _medians(planes: Array, taps: Pair, stride: Pair, dilation: Pair) -> Array:
    """Return the upper median of each window; some columns of the result at a time."""
    span = [(count - 1) * apart + 1 for count, apart in zip(taps, dilation, strict=True)]
    every: Array = np.lib.stride_tricks.sliding_window_view(planes, span, (1, 2))
    views: Array = every[:, :: stride[0], :: stride[1], :: dilation[0], :: dilation[1]]
    out: Array = np.empty(views.shape[:3], planes.dtype)
    count, middle = taps[0] * taps[1], taps[0] * taps[1] // 2
    step = max(1, AT_ONCE // (count * out.shape[0] * out.shape[1]))
    for start in range(0, out.shape[2], step):
        some = views[:, :, start : start + step]
        values = np.array(some, order="C").reshape(*some.shape[:3], count)
        values.partition((middle, count - 1))
        found = values[..., middle]
        if out.dtype.kind == "f":
            found = np.where(np.isnan(values[..., -1]), np.nan, found)  # NaN comes last
        out[:, :, start : start + step] = found
    return out
