"""A filter over a picture in memory: checked, its alpha set aside, filtered, and brought to its range."""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np

from convcalc.errors import ConvcalcError
from convcalc.filter.border import Side, places, sides
from convcalc.filter.correlate import correlate, plan
from convcalc.filter.kernel import Filter, Linear, Magnitude, Order, Rows, Settings
from convcalc.filter.picture import colours
from convcalc.filter.ranges import extremes, range_of
from convcalc.filter.tally import Tell
from convcalc.filter.ways.problem import Problem
from convcalc.ops.sliding import Array

DTYPES = ("uint8", "uint16", "float32", "float64")
USUAL = Settings()


class Filtered(NamedTuple):
    """A filtered picture, and the lowest and the highest result before the range; None where all are NaN."""

    array: Array
    low: int | float | None
    high: int | float | None


def apply(
    array: Array,
    filter: Filter,  # noqa: A002 - what it is
    settings: Settings = USUAL,
    *,
    tell: Tell | None = None,
    way: str | None = None,
) -> Filtered:
    """The picture (H, W) or (H, W, channels), filtered: of the same type, and as large as border and stride leave it.

    Kernels are not flipped (cross-correlation). Alpha, the last of 2 or 4 channels, is kept. ``tell`` is given the
    share that is done, from any thread, one at a time. ``way`` is taps, bands or spectrum; None: the fastest.
    What cannot be done is refused before memory is taken for it.

    >>> from convcalc.filter.kernel import linear
    >>> apply(np.array([[1, 5, 2]], np.uint8), linear("mean", ((1 / 3,) * 3,), "clip", "")).array.tolist()
    [[4, 3, 4]]
    """
    picture = _picture(array)
    channels = picture.shape[2]
    filtered = colours(picture)
    problem = _problem(picture.shape, filter, settings, filtered)
    range_name = range_of(settings.range, filter.range, picture.dtype)
    if isinstance(filter, Order):
        from convcalc.filter import order_statistics  # type: ignore[attr-defined, unused-ignore]

        out = np.empty((*problem.places, channels), picture.dtype)
        order_statistics.order(
            picture[:, :, :filtered], filter.order, filter.size, filter.anchor, settings, out[:, :, :filtered], tell
        )
        low, high = extremes(out, None, filtered) or (None, None)
    else:
        work = plan(problem, _kernels(filter), picture.dtype, way)
        out = np.empty((*problem.places, channels), picture.dtype)
        low, high = correlate(work, picture, range_name, out, tell) or (None, None)
    if filtered < channels:
        out[:, :, -1] = _sampled(picture[:, :, -1], problem, filter.anchor, settings)
    return Filtered(out.reshape(*problem.places, *np.shape(array)[2:]), low, high)


def _picture(array: Array) -> Array:
    """The picture as (H, W, channels), of a type that is filtered; bool is read as 0 and 255."""
    array = np.asarray(array)
    if array.ndim not in (2, 3) or array.shape[2:] not in ((), (1,), (2,), (3,), (4,)):
        shape = "x".join(map(str, array.shape))
        raise ConvcalcError(f"an array of {shape} is no picture: give H x W, or H x W x C with 1 to 4 channels")
    if array.dtype == bool:
        array = array.astype(np.uint8) * np.uint8(255)
    if array.dtype.name not in DTYPES:
        raise ConvcalcError(f"a picture of {array.dtype} cannot be filtered: convert it to one of {', '.join(DTYPES)}")
    array = array.astype(array.dtype.newbyteorder("="), copy=False)
    return array.reshape(*array.shape[:2], -1) if array.size else array.reshape(*array.shape[:2], 1)


def _problem(shape: tuple[int, ...], what: Filter, settings: Settings, channels: int) -> Problem:
    for name, pair in (("stride", settings.stride), ("dilation", settings.dilation)):
        if min(pair) < 1:
            raise ConvcalcError(f"{name} {pair} is too small: use {name}=1 or more")
    size, kernel_size = (shape[0], shape[1]), what.size
    padded = sides(size, kernel_size, what.anchor, settings.dilation, settings.border)
    found = places(size, kernel_size, padded, settings.stride, settings.dilation)
    return Problem(kernel_size, settings.stride, settings.dilation, settings.border, padded, found, channels, shape[2])


def _kernels(what: Linear | Magnitude) -> list[Linear]:
    """The kernels, two of them with zeros around, where one is smaller."""
    if isinstance(what, Linear):
        return [what]
    return [_embedded(kernel, what.size, what.anchor) for kernel in (what.x, what.y)]


def _embedded(kernel: Linear, size: Side, anchor: Side) -> Linear:
    top, left = anchor[0] - kernel.anchor[0], anchor[1] - kernel.anchor[1]
    blank = (0,) * size[1]
    rows = [(0,) * left + row + (0,) * (size[1] - left - len(row)) for row in kernel.weights]
    weights: Rows = (*[blank] * top, *rows, *[blank] * (size[0] - top - len(rows)))
    return kernel._replace(weights=weights, anchor=anchor)


def _sampled(plane: Array, problem: Problem, anchor: Side, settings: Settings) -> Array:
    """The pixels on which the anchor lies."""
    cuts: list[Any] = [
        slice(apart * middle - side[0], None, step)
        for apart, middle, side, step in zip(settings.dilation, anchor, problem.padded, settings.stride, strict=True)
    ]
    rows, columns = problem.places
    sampled: Array = plane[*cuts][:rows, :columns]
    return sampled
