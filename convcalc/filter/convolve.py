"""The sums of a kernel over a band of a picture: the engine executes the kernel as a layer.

Every channel is an example of a batch, so a filter is a `Conv2d` of one channel; a kernel that is a column times a row
is two of them.
"""

from __future__ import annotations

import numpy as np

from convcalc import engine
from convcalc.filter.arithmetic import Sums
from convcalc.filter.border import Pair
from convcalc.layers.conv import Conv2d
from convcalc.ops.sliding import Array


def convolve(planes: Array, sums: Sums, stride: Pair = (1, 1), dilation: Pair = (1, 1)) -> Array:
    """Return the sums (channels, rows, columns) of all windows that fit the planes (channels, rows, columns).

    A weight of 0 reads nothing, so NaN and infinity reach only the windows that hold them under another weight.

    >>> from convcalc.filter.arithmetic import sums_of
    >>> convolve(np.array([[[1.0, 2.0, np.nan]]]), sums_of(((1, 2, 0),), np.dtype(float))).tolist()
    [[[5.0]]]
    """
    finite = np.isfinite(planes)
    if finite.all():
        return _executed(planes, sums.weights, stride, dilation)
    results = _executed(np.where(finite, planes, planes.dtype.type(0)), sums.weights, stride, dilation)
    signs = (np.sign(sums.kernel),)
    infinities = np.where(np.isinf(planes), np.sign(planes), planes.dtype.type(0))
    nans = np.isnan(planes).astype(planes.dtype)
    balance = _executed(infinities, signs, stride, dilation)  # rising less falling
    met, lost = (_executed(np.abs(places), (np.abs(signs[0]),), stride, dilation) for places in (infinities, nans))
    rising, falling = met + balance > 0, met - balance > 0
    results[rising], results[falling] = np.inf, -np.inf
    results[(lost > 0) | (rising & falling)] = np.nan
    return results


def _executed(planes: Array, weights: tuple[Array, ...], stride: Pair, dilation: Pair) -> Array:
    batch = planes[:, None]
    if len(weights) == 2:  # a column, which steps down, and a row, which steps across
        column, row = weights
        batch = _layer(batch, column, (stride[0], 1), (dilation[0], 1))
        return _layer(batch, row, (1, stride[1]), (1, dilation[1]))[:, 0]
    return _layer(batch, weights[0], stride, dilation)[:, 0]


def _layer(batch: Array, weight: Array, stride: Pair, dilation: Pair) -> Array:
    rows, columns = weight.shape
    layer = Conv2d(1, 1, (rows, columns), stride, dilation=dilation, bias=False)
    return engine.execute(layer, batch, weight=weight[None, None])
