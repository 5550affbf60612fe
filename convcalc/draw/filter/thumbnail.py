"""A picture made small and of 8 bits, as an SVG can hold it: a PNG in a data URI."""

from __future__ import annotations

from base64 import b64encode
from typing import NamedTuple

import numpy as np

from convcalc.draw.text import MINUS
from convcalc.filter.files import encode
from convcalc.filter.picture import Picture, has_alpha
from convcalc.ops.sliding import Array

LONGEST = 360  # pixels of the longer side, at most
ROOMY = 240  # and what a small picture is drawn to, each pixel so many times
WHITE = 255


class Shades(NamedTuple):
    """Which value is black, which is white, and the words for it."""

    black: float
    white: float
    words: str = ""


def shades_of(array: Array) -> Shades:
    """Return how a picture's values are shown; floats outside 0 to 1 from the lowest to the highest.

    >>> shades_of(np.array([[-1.0, 3.0]]))
    Shades(black=-1.0, white=3.0, words='from \u22121 (black) to 3 (white)')
    """
    if array.dtype.kind == "u":
        top = int(np.iinfo(array.dtype).max)
        return Shades(0, top, "" if top == WHITE else f"from 0 (black) to {top:,} (white)")
    colours = array[..., :-1] if has_alpha(array) else array
    finite = np.isfinite(colours)
    low = float(np.min(colours, where=finite, initial=np.inf))
    high = float(np.max(colours, where=finite, initial=-np.inf))
    if low >= 0 and high <= 1:
        return Shades(0, 1, "from 0 (black) to 1 (white)")
    if not low < high:
        low, high = (low - 1, low + 1) if low == high else (0.0, 1.0)
    return Shades(low, high, f"from {low:.4g} (black) to {high:.4g} (white)".replace("-", MINUS))


def shown(array: Array, shades: Shades) -> Array:
    """Return the values as shades, 0 (black; NaN too) to 255 (white); alpha keeps its values.

    >>> shown(np.array([[-1.0, 1.0, 9.0]]), Shades(-1, 3)).tolist()
    [[0, 128, 255]]
    """
    array = np.asarray(array)
    if array.dtype == np.uint8:
        return array
    scaled = (array.astype(np.float64) - shades.black) * (WHITE / (shades.white - shades.black))
    if has_alpha(array):
        scaled[..., -1] = array[..., -1] * (WHITE if array.dtype.kind == "f" else WHITE / np.iinfo(array.dtype).max)
    return np.rint(np.clip(np.nan_to_num(scaled, nan=0, posinf=WHITE, neginf=0), 0, WHITE)).astype(np.uint8)


def scale_of(*arrays: Array) -> tuple[int, int]:
    """Return by how much pictures are made smaller, and larger, so that the longest side fits: one of them is 1.

    >>> scale_of(np.zeros((1000, 500))), scale_of(np.zeros((20, 30)), np.zeros((10, 15)))
    ((3, 1), (1, 8))
    """
    longest = max(side for array in arrays for side in array.shape[:2])
    return max(1, -(-longest // LONGEST)), max(1, ROOMY // longest)


def shrunk(array: Array, factor: int) -> Array:
    """Return the mean of each factor x factor pixels (fewer at the far edges), in the same type.

    >>> shrunk(np.uint8([[1, 2, 9], [3, 4, 9]]), 2).tolist()  # 2.5 is rounded to the even
    [[2, 9]]
    """
    if factor == 1:
        return array
    columns = np.arange(0, array.shape[1], factor)
    widths = np.diff([*columns, array.shape[1]]).reshape(-1, *[1] * (array.ndim - 2))
    small = np.empty((-(-array.shape[0] // factor), len(columns), *array.shape[2:]), array.dtype)
    for row in range(len(small)):  # NumPy makes floats of all that it sums
        band = array[row * factor : (row + 1) * factor]
        with np.errstate(invalid="ignore", over="ignore"):
            sums = np.add.reduceat(np.add.reduce(band, axis=0, dtype=np.float64), columns, axis=0)
            means = sums / (widths * len(band))
            small[row] = np.rint(means) if array.dtype.kind == "u" else means
    return small


def data_uri(pixels: Array) -> str:
    """Return the 8-bit picture as a PNG in a data URI.

    >>> data_uri(np.zeros((1, 1), np.uint8))[:22]
    'data:image/png;base64,'
    """
    return "data:image/png;base64," + b64encode(encode(Picture(pixels), ".png")).decode()
