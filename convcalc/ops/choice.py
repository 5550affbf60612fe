"""Which way a convolution goes."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import lru_cache
from typing import NamedTuple

from convcalc.ops import im2col, kn2row, mec, pointwise, winograd
from convcalc.ops.problem import Problem
from convcalc.ops.scratch import FLOAT
from convcalc.ops.sliding import Array

LARGE_KERNEL = 64  # taps
MANY = 32  # channels, and maps
LARGE_MAPS = 400  # places, all examples together


class Algorithm(NamedTuple):
    """A way to convolve: whether it can, how, and the bytes it takes beside input, weights and output."""

    fits: Callable[[Problem], bool]
    convolve: Callable[[Problem, Array, Array, Array | None, Array], None]
    scratch_bytes: Callable[[Problem], int]


FAST: Mapping[str, Algorithm] = {
    "im2col": Algorithm(im2col.fits, im2col.convolve, im2col.scratch_bytes),
    "kn2row": Algorithm(kn2row.fits, kn2row.convolve, kn2row.scratch_bytes),
    "mec": Algorithm(mec.fits, mec.convolve, mec.scratch_bytes),
    "pointwise": Algorithm(pointwise.fits, pointwise.convolve, pointwise.scratch_bytes),
    "winograd": Algorithm(winograd.fits, winograd.convolve, winograd.scratch_bytes),
}


@lru_cache(1024)
def choose(problem: Problem, dtype: object) -> str:
    """The fastest way that fits; direct for what is not two-dimensional and float32.

    >>> from convcalc.ops.problem import Span
    >>> side = Span(56, 1, 1, kernel_size=3, stride=1, dilation=1, places=56)
    >>> choose(Problem(1, 64, 64, 1, (side, side)), FLOAT), choose(Problem(1, 3, 64, 1, (side, side)), FLOAT)
    ('winograd', 'mec')
    """
    if not _is_plain(problem, dtype):
        return "direct"
    if pointwise.fits(problem):
        return "pointwise"
    if problem.made == 1 and problem.taps >= LARGE_KERNEL and kn2row.fits(problem):
        return "kn2row"
    many = min(problem.channels, problem.maps) >= MANY and problem.examples * problem.places >= LARGE_MAPS
    if many and winograd.fits(problem):
        return "winograd"
    if mec.fits(problem) and mec.pays(problem):
        return "mec"
    return "im2col" if im2col.fits(problem) else "direct"


def can(name: str, problem: Problem, dtype: object) -> bool:
    """Whether the convolution can go that way.

    >>> from convcalc.ops.problem import Span
    >>> side = Span(8, 0, 0, kernel_size=2, stride=2, dilation=1, places=4)
    >>> can("winograd", Problem(1, 64, 64, 1, (side, side)), FLOAT)
    False
    """
    return name == "direct" or (_is_plain(problem, dtype) and FAST[name].fits(problem))


def _is_plain(problem: Problem, dtype: object) -> bool:
    return dtype == FLOAT and len(problem.spans) == 2 and problem.table is None and problem.products > 0
