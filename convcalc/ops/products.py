"""The matrix product of few weights with many columns."""

from __future__ import annotations

import numpy as np

from convcalc.ops.problem import FEW_PRODUCTS
from convcalc.ops.sliding import Array

SMALL_KERNELS = 8192  # weights, with which many small products are faster than a large one


def multiply(weight: Array, columns: Array, out: Array) -> None:
    """weight (groups, maps, K) times columns (n, groups, K, columns) into out (n, groups, maps, columns).

    With few weights BLAS spends most of its time on copying the columns, unless a product is small. So the columns
    are cut into parts, which one call multiplies: many calls from two threads would wait for one another.

    >>> out = np.empty((1, 1, 1, 3))
    >>> multiply(np.array([[[1.0, 10.0]]]), np.array([[[[1.0, 2.0, 3.0], [4.0, 5.0, 6.0]]]]), out)
    >>> out.tolist()
    [[[[41.0, 52.0, 63.0]]]]
    """
    maps, total = weight.shape[1], columns.shape[-1]
    size = maps * weight.shape[2]
    if maps == 1 or size > SMALL_KERNELS or size * total <= FEW_PRODUCTS:
        np.matmul(weight, columns, out=out)
        return
    width = -(-total // -(-total * size // FEW_PRODUCTS))
    whole = total // width * width
    np.matmul(weight[:, np.newaxis], _parts(columns[..., :whole], width), out=_parts(out[..., :whole], width))
    if whole < total:
        np.matmul(weight, columns[..., whole:], out=out[..., whole:])


def _parts(columns: Array, width: int) -> Array:
    """(..., rows, columns) as (..., parts, rows, width), without a copy."""
    return columns.reshape(*columns.shape[:-1], -1, width).swapaxes(-3, -2)
