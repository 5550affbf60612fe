"""The obvious slow loop: every place, every tap, in Python's own numbers."""

from fractions import Fraction

import numpy as np


def source(place, size, border):
    """The pixel that stands at the place of the padded axis, counted from the first pixel; None: zero."""
    if 0 <= place < size:
        return place
    if border == "zeros":
        return None
    if border == "replicate":
        return 0 if place < 0 else size - 1
    if border == "circular":
        return place % size
    return -place if place < 0 else 2 * (size - 1) - place


def places(size, taps, anchor, stride, dilation, border):
    """Where the anchor lies, one by one."""
    first, last = 0, size
    if border == "valid":
        first, last = dilation * anchor, size - dilation * (taps - 1 - anchor)
    return range(first, last, stride)


def filtered(x, kernel, settings):
    """Sums (H, W) or (H, W, C) as exact fractions where all are finite, else as floats; weights of 0 are not read."""
    number = Fraction if np.isfinite(x.astype(float)).all() else float
    weights, (down, across) = kernel.weights, kernel.anchor
    rows = places(x.shape[0], len(weights), down, settings.stride[0], settings.dilation[0], settings.border)
    columns = places(x.shape[1], len(weights[0]), across, settings.stride[1], settings.dilation[1], settings.border)
    out = np.zeros((len(rows), len(columns), *x.shape[2:]), object)
    for r, row in enumerate(rows):
        for c, column in enumerate(columns):
            for i, line in enumerate(weights):
                for j, weight in enumerate(line):
                    y = source(row + (i - down) * settings.dilation[0], x.shape[0], settings.border)
                    z = source(column + (j - across) * settings.dilation[1], x.shape[1], settings.border)
                    if weight != 0 and y is not None and z is not None:
                        met = [number(value) * number(weight) for value in x[y, z].reshape(-1).tolist()]
                        with np.errstate(invalid="ignore"):
                            out[r, c] += np.array(met, object).reshape(x.shape[2:])
    return out


def rounded(value):
    """Half to even."""
    return round(Fraction(value))
