"""What becomes of results that do not fit the picture: clipped, made positive, scaled, or wrapped around."""

from __future__ import annotations

from typing import Any

import numpy as np

from convcalc.errors import ConvcalcError
from convcalc.filter.kernel import RANGES
from convcalc.ops.sliding import Array

Extremes = tuple[float, float]  # the lowest and the highest; ints where the results are


def range_of(asked: str | None, usual: str, dtype: np.dtype[Any]) -> str | None:
    """Return the range for pictures of a type: the one asked for, or the filter's own; None leaves floats as they are.

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


def most(dtype: np.dtype[Any]) -> int:
    """Return the value of white: 1 for floats, else the largest value.

    >>> most(np.dtype(np.uint16)), most(np.dtype(np.float32))
    (65535, 1)
    """
    return 1 if dtype.kind == "f" else int(np.iinfo(dtype).max)


def extremes(results: Array) -> Extremes | None:
    """Return the lowest and the highest result, without NaN; None where there is nothing else.

    >>> extremes(np.array([1.0, np.nan, 3.0])), extremes(np.array([np.nan]))
    ((1.0, 3.0), None)
    """
    low, high = results.min(), results.max()
    if np.isnan(low):
        low, high = np.fmin.reduce(results, axis=None), np.fmax.reduce(results, axis=None)
    return None if np.isnan(low) else (low.item(), high.item())


def store(results: Array, range_name: str | None, ends: Extremes | None, out: Array) -> None:
    """Write results (channels, rows, columns), brought to the range and rounded, to out (rows, columns, channels).

    A half is rounded to the even number. ``ends`` are the extremes of the whole picture, which ``scale`` needs. The
    results may be overwritten.

    >>> out = np.empty((1, 3, 1), np.uint8)
    >>> store(np.array([[[-1.5, 2.5, 300.0]]]), "clip", None, out)
    >>> out[0, :, 0].tolist()
    [0, 2, 255]
    """
    top = most(out.dtype)
    if range_name == "scale" and ends is not None:
        results = _scaled(results.astype(np.float64, copy=False), ends, top)
    elif range_name == "abs":
        np.absolute(results, out=results)
    if range_name == "wrap":
        if results.dtype.kind != "u":
            results = np.remainder(np.rint(results) if results.dtype.kind == "f" else results, top + 1)
    elif range_name is not None:
        np.clip(results, 0, top, out=results)
    for channel, plane in enumerate(results):
        if results.dtype.kind == "f" and out.dtype.kind == "u":
            np.rint(plane, out=out[:, :, channel], casting="unsafe")
        else:
            out[:, :, channel] = plane


def _scaled(results: Array, ends: Extremes, top: int) -> Array:
    low, high = ends
    return results * 0 if low == high else (results - low) * top / (high - low)  # NaN stays
