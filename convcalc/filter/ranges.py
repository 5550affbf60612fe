"""What is done with results that do not fit the picture: clipped, made positive, scaled or wrapped around."""

from __future__ import annotations

from typing import Any

import numpy as np

from convcalc.errors import ConvcalcError
from convcalc.filter.kernel import RANGES
from convcalc.filter.tally import Extremes
from convcalc.ops.scratch import carve
from convcalc.ops.sliding import Array

DOUBLE = np.dtype(np.float64)


def range_of(asked: str | None, usual: str, dtype: np.dtype[Any]) -> str | None:
    """The range for a picture of the type: what is asked for, or the filter's own; for floats None, results stay.

    >>> range_of(None, "clip", np.dtype(np.uint8)), range_of(None, "clip", np.dtype(float))
    ('clip', None)
    """
    if asked is not None and asked not in RANGES:
        raise ConvcalcError(f"range {asked!r} is not known: use one of {', '.join(RANGES)}")
    if dtype.kind == "f":
        if asked == "wrap":
            raise ConvcalcError("range 'wrap' has no meaning for a picture of floats: use range='clip' or 'scale'")
        return asked
    return asked or usual


def extremes(results: Array, factor: float | None, channels: int) -> Extremes | None:
    """The lowest and the highest result (rows, columns, channels) of the first channels, times the factor (above 0).

    NaN is left out; None where there is nothing else.

    >>> extremes(np.array([[[1, 3, 9]]]), 0.5, channels=2), extremes(np.array([[[np.nan]]]), None, channels=1)
    ((0.5, 1.5), None)
    """
    if channels < results.shape[2]:
        lowest, highest = (reduce.reduce(results, axis=0)[:, :channels] for reduce in (np.minimum, np.maximum))
    else:
        lowest = highest = results
    low, high = np.minimum.reduce(lowest, axis=None), np.maximum.reduce(highest, axis=None)
    if low != low:  # noqa: PLR0124 - NaN
        results = results[:, :, :channels]
        low, high = np.fmin.reduce(results, axis=None), np.fmax.reduce(results, axis=None)
        if low != low:  # noqa: PLR0124
            return None
    if factor is None:
        return low.item(), high.item()
    return low.item() * factor, high.item() * factor


def store(
    results: Array,
    factor: float | None,
    floating: np.dtype[Any],
    range_name: str | None,
    seen: Extremes | None,
    out: Array,
    scratch: Array,
) -> None:
    """Fill out (rows, columns, channels) with the results times the factor, brought to its range and rounded.

    ``seen`` are the extremes of these results, or, for scale, of the whole picture's. The results are spoilt.

    >>> out = np.empty((1, 1, 3), np.uint8)
    >>> sums, scratch = np.array([[[-3, 5, 300]]]), np.empty(16, np.float32)
    >>> store(sums, 0.5, np.dtype(np.float32), "clip", (-1.5, 150.0), out, scratch)
    >>> out.tolist()  # 2.5 is rounded to the even
    [[[0, 2, 150]]]
    """
    top = 1 if out.dtype.kind == "f" else int(np.iinfo(out.dtype).max)
    if range_name == "scale":
        results = typed(results, DOUBLE, scratch)
    elif factor is not None:
        results = typed(results, floating, scratch)
    if factor is not None:
        np.multiply(results, results.dtype.type(factor), out=results)
    if range_name == "abs":
        np.absolute(results, out=results)
    if range_name == "scale" and seen is not None:
        _scale(results, seen, top)
    if range_name == "wrap":
        _wrap(results, top)
    elif range_name == "clip" if out.dtype.kind == "f" else _beyond(seen, range_name, top):
        np.clip(results, *map(results.dtype.type, (0, top)), out=results)
    _write(results, out)


def _beyond(seen: Extremes | None, range_name: str | None, top: int) -> bool:
    """Whether results may lie outside 0..top."""
    return seen is None or max(map(abs, seen)) > top or (seen[0] < 0 and range_name != "abs")


def _wrap(results: Array, top: int) -> None:
    """Round, and take the remainder, where the results are not integers: writing those does it."""
    if results.dtype.kind == "f":
        np.rint(results, out=results)
        np.remainder(results, top + 1, out=results)


def typed(results: Array, dtype: np.dtype[Any], scratch: Array) -> Array:
    """The results as floats of the type, with the same order of axes in memory; laid in the scratch, if they are not.

    >>> typed(np.array([[[1, 2]]]), np.dtype(np.float32), np.empty(16, np.float32)).tolist()
    [[[1.0, 2.0]]]
    """
    if results.dtype == dtype:
        return results
    order = np.argsort([-abs(stride) for stride in results.strides], kind="stable")
    laid, _ = carve(scratch, [results.shape[axis] for axis in order], dtype)
    typed: Array = laid.transpose(np.argsort(order))
    np.copyto(typed, results, casting="unsafe")
    return typed


def _scale(results: Array, seen: Extremes, top: int) -> None:
    low, high = seen
    if low == high:
        np.multiply(results, 0, out=results)  # NaN stays
        return
    np.subtract(results, low, out=results)
    np.multiply(results, top, out=results)
    np.divide(results, high - low, out=results)


def _write(results: Array, out: Array) -> None:
    """Into out, rounded where it holds integers; plane by plane where the results lie so."""
    if results.shape[2] > 1 and results.strides[2] != results.itemsize:
        for channel in range(results.shape[2]):
            _write(results[..., channel : channel + 1], out[..., channel : channel + 1])
    elif results.dtype.kind == "f" and out.dtype.kind != "f":
        np.rint(results, out=out, casting="unsafe")
    else:
        np.copyto(out, results, casting="unsafe")
