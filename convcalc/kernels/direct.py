"""Direct convolution: for each tap of the kernel, one matrix product over the channels, added up.

The obvious way in arrays, and the reference for any faster one. Source: the definition, as PyTorch's `Conv2d` has it
(cross-correlation), with the sum over the taps outermost ("shifted products").
"""

from __future__ import annotations

from collections.abc import Sequence
from math import prod
from typing import Any

import numpy as np

from convcalc.kernels.sliding import Array, Axis, taps, window_places

SCRATCH_BYTES = 64 * 2**20  # of patches at a time


def convolve(padded: Array, weight: Array, axes: Sequence[Axis], groups: int) -> Array:
    """(N, C, *padded sizes) with weight (O, C/groups, *kernel) to (N, O, *places), in the weight's type.

    >>> convolve(np.ones((1, 1, 4)), np.ones((1, 1, 3)), [(3, 1, 1)], groups=1).tolist()
    [[[3.0, 3.0]]]
    """
    examples, channels = padded.shape[:2]
    maps = weight.shape[0] if channels else 0  # as PyTorch: no maps where there are no channels to sum
    weight = weight.reshape(groups, -1, channels // groups, *weight.shape[2:]) if channels else weight
    places = window_places(padded.shape[2:], axes)
    out = np.zeros((examples, maps, *places), dtype=weight.dtype)
    if out.size == 0:
        return out
    step = examples_at_once(channels * prod(places) * padded.itemsize)
    for start in range(0, examples, step):
        chunk = slice(start, start + step)
        sums = out[chunk].reshape(-1, groups, maps // groups, prod(places))
        for tap, met in taps(padded[chunk], axes):
            at_tap: tuple[Any, ...] = (..., *tap)
            sums += np.ascontiguousarray(weight[at_tap]) @ met.reshape(len(sums), groups, channels // groups, -1)
    return out


def examples_at_once(patch_bytes: int) -> int:
    """How many examples share one product, so that their patches stay within the scratch.

    >>> examples_at_once(SCRATCH_BYTES // 4)
    4
    """
    return max(1, SCRATCH_BYTES // max(1, patch_bytes))
