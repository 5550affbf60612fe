"""Choose the algorithm of a convolution."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import lru_cache
from typing import NamedTuple

from convcalc.ops import direct, im2col, kn2row, mec, pointwise, winograd
from convcalc.ops.problem import ConvProblem
from convcalc.ops.scratch import FLOAT
from convcalc.ops.sliding import Array

LARGE_KERNEL = 64  # taps
MANY = 32  # input channels, and output channels
LARGE_MAPS = 400  # positions, all examples together


class Algorithm(NamedTuple):
    """An algorithm: whether it can execute a problem, how, and its scratch in bytes."""

    fits: Callable[[ConvProblem], bool]
    convolve: Callable[[ConvProblem, Array, Array, Array | None, Array], None]
    scratch_bytes: Callable[[ConvProblem], int]


FAST: Mapping[str, Algorithm] = {
    "im2col": Algorithm(im2col.fits, im2col.convolve, lambda problem: im2col.plan(problem).scratch_bytes()),
    "kn2row": Algorithm(kn2row.fits, kn2row.convolve, lambda problem: kn2row.plan(problem).scratch_bytes()),
    "mec": Algorithm(mec.fits, mec.convolve, lambda problem: mec.plan(problem).scratch_bytes()),
    "pointwise": Algorithm(pointwise.fits, pointwise.convolve, pointwise.scratch_bytes),
    "winograd": Algorithm(winograd.fits, winograd.convolve, winograd.scratch_bytes),
}


@lru_cache(1024)
def choose(problem: ConvProblem, dtype: object) -> str:
    """Return the name of the fastest algorithm; direct if the problem is not two-dimensional and float32.

    >>> from convcalc.ops.problem import ConvAxis
    >>> side = ConvAxis(56, 1, 1, kernel_size=3, stride=1, dilation=1, output_size=56)
    >>> choose(ConvProblem(1, 64, 64, 1, (side, side)), FLOAT), choose(ConvProblem(1, 3, 64, 1, (side, side)), FLOAT)
    ('winograd', 'mec')
    """
    if not _is_plain(problem, dtype):
        return "direct"
    if pointwise.fits(problem):
        return "pointwise"
    if problem.out_per_group == 1 and problem.taps >= LARGE_KERNEL and kn2row.fits(problem):
        return "kn2row"
    many = min(problem.in_channels, problem.out_channels) >= MANY and problem.batch * problem.positions >= LARGE_MAPS
    if many and winograd.fits(problem):
        return "winograd"
    if mec.fits(problem) and mec.pays(problem):
        return "mec"
    return "im2col" if im2col.fits(problem) else "direct"


def can(name: str, problem: ConvProblem, dtype: object) -> bool:
    """Return whether the algorithm can execute the convolution.

    >>> from convcalc.ops.problem import ConvAxis
    >>> side = ConvAxis(8, 0, 0, kernel_size=2, stride=2, dilation=1, output_size=4)
    >>> can("winograd", ConvProblem(1, 64, 64, 1, (side, side)), FLOAT)
    False
    """
    return name == "direct" or (_is_plain(problem, dtype) and FAST[name].fits(problem))


def convolve(name: str, problem: ConvProblem, x: Array, weight: Array, bias: Array | None, out: Array) -> None:
    """Fill out (N, O, *output_size) with that algorithm."""
    (direct.convolve if name == "direct" else FAST[name].convolve)(problem, x, weight, bias, out)


def scratch_bytes(name: str, problem: ConvProblem, itemsize: int) -> int:
    """Return the scratch of all threads with that algorithm."""
    return direct.scratch_bytes(problem, itemsize) if name == "direct" else FAST[name].scratch_bytes(problem)


def _is_plain(problem: ConvProblem, dtype: object) -> bool:
    return dtype == FLOAT and len(problem.axes) == 2 and problem.table is None and problem.products > 0
