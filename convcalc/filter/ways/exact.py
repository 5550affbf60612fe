"""Tiles that hold NaN or infinities: in a product or a spectrum these spread beyond the windows that hold them."""

from __future__ import annotations

import numpy as np

from convcalc.filter.ways.taps import Taps
from convcalc.ops.sliding import Array
from convcalc.ops.tiles import grid


def repaired(taps: Taps, out: Array, x: Array, rows: slice, columns: slice, scratch: Array) -> None:
    """Sum again, tap by tap, what is in out (channels, rows, columns), unless all of it is finite.

    >>> from convcalc.filter.arithmetic import sums
    >>> from convcalc.filter.ways.problem import Problem
    >>> from convcalc.filter.ways.taps import prepare
    >>> same = sums(((1.0,),), np.dtype(float))
    >>> taps = prepare(Problem((1, 1), (1, 1), (1, 1), "zeros", ((0, 0), (0, 0)), (1, 2), 1, 1), same)
    >>> out = np.array([[[np.nan, np.nan]]])
    >>> repaired(taps, out, np.array([[[1.0], [np.inf]]]), slice(0, 1), slice(0, 2), np.empty(taps.floats, np.float32))
    >>> out.tolist()
    [[[1.0, inf]]]
    """
    if np.isfinite(np.add.reduce(out, axis=None)):
        return
    for down, across in grid((rows.stop - rows.start, columns.stop - columns.start), taps.tile):
        part = slice(rows.start + down.start, rows.start + down.stop)
        piece = slice(columns.start + across.start, columns.start + across.stop)
        out[:, down, across] = taps.sums(x, part, piece, scratch).transpose(2, 0, 1)[: len(out)]
