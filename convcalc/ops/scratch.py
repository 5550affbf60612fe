"""Scratch memory: how much a call may take, how it is kept, and views on it."""

from __future__ import annotations

from collections.abc import Sequence
from threading import local

import numpy as np

from convcalc.ops.sliding import Array

SCRATCH_BYTES = 64 * 2**20  # of one call, all threads together
FLOAT = np.dtype(np.float32)
LINE = 16  # float32 in a line of the cache

_kept = local()


def workspace(floats: int) -> Array:
    """Return scratch of the calling thread, kept for its next call: fresh memory costs more than a small layer's work.

    >>> workspace(10).shape, workspace(10).ctypes.data == workspace(5).ctypes.data
    ((10,), True)
    """
    kept: Array | None = getattr(_kept, "scratch", None)
    if kept is None or len(kept) < floats:
        _kept.scratch = None  # freed before more is allocated
        raw = np.empty(floats + LINE, FLOAT)
        kept = raw[-raw.ctypes.data % (4 * LINE) // 4 :]
        _kept.scratch = kept
    return kept[:floats]


def release() -> None:
    """Free the scratch that the calling thread keeps.

    >>> release()
    """
    _kept.scratch = None


def view(buffer: Array, offset: int, shape: Sequence[int], strides: Sequence[int]) -> Array:
    """Return a strided view on a contiguous float32 array, in elements; much faster than `as_strided`.

    >>> view(np.arange(4, dtype=FLOAT), 1, (2, 2), (1, 1)).tolist()
    [[1.0, 2.0], [2.0, 3.0]]
    """
    return np.ndarray(shape, FLOAT, buffer, 4 * offset, [4 * stride for stride in strides])
