"""Which way sums a kernel: the one whose count of operations takes the least time; they differ in nothing but rounding.

Counts are in the time that one tap of int16 takes a place, as measured on one machine with AVX2 (`benchmarks/filter.py
--ways` shows all of them on another): taps have as many as the kernel has weights, or its column and row; products
with bands have the numbers under a block of places; the spectrum has the logarithm of its tile.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Protocol

from convcalc.errors import ConvcalcError
from convcalc.filter.arithmetic import Sums
from convcalc.filter.border import Side
from convcalc.filter.ways import bands, spectrum, taps
from convcalc.filter.ways.problem import Problem
from convcalc.ops.sliding import Array


class Work(Protocol):
    """One kernel over one picture: what every way prepares."""

    @property
    def tile(self) -> Side:
        """Rows and columns of places that are worked at once, at most."""

    @property
    def floats(self) -> int:
        """Scratch of one thread, in float32."""

    @property
    def temporary(self) -> int:
        """Bytes that NumPy takes of its own in one thread."""

    def sums(self, x: Array, rows: slice, columns: slice, scratch: Array) -> Array:
        """The sums (rows, columns, channels) at these places of x (H, W, channels), laid in the scratch."""


PREPARE: dict[str, Callable[[Problem, Sums, Side | None], Work]]
PREPARE = {"taps": taps.prepare, "bands": bands.prepare, "spectrum": spectrum.prepare}
COST = {"taps": taps.cost, "bands": bands.cost, "spectrum": spectrum.cost}
WAYS = tuple(PREPARE)


def prepared(problem: Problem, kernels: Sequence[Sums], way: str | None = None) -> list[Work]:
    """The work of one kernel, or of several over the same tiles; by the fastest way, or the one given."""
    if way is None:
        way = chosen(problem, kernels)
    elif way not in possible(problem, kernels):
        raise ConvcalcError(f"a kernel like this cannot be summed by {way}: use one of {WAYS}")
    prepare = PREPARE[way]
    first = prepare(problem, kernels[0], None)
    return [first, *(prepare(problem, kernel, first.tile) for kernel in kernels[1:])]


def possible(problem: Problem, kernels: Sequence[Sums]) -> list[str]:
    """The ways that all of the kernels can be summed by; taps are always one."""
    found = ["taps"]
    if all(bands.fits(problem, kernel) for kernel in kernels):
        found.append("bands")
    if all(spectrum.fits(problem, kernel) for kernel in kernels):
        found.append("spectrum")
    return found


def chosen(problem: Problem, kernels: Sequence[Sums]) -> str:
    """The fastest way, by count.

    >>> import numpy as np
    >>> from convcalc.filter.arithmetic import sums
    >>> problem = Problem((31, 31), (1, 1), (1, 1), "zeros", ((0, 0), (0, 0)), (999, 999), channels=3, stored=3)
    >>> row, other = (0.5,) * 31, (0.5,) * 30 + (0.25,)
    >>> [chosen(problem, [sums(weights, np.dtype(float))]) for weights in ((row,) * 31, (row, *(other,) * 30))]
    ['bands', 'spectrum']
    """
    return min(possible(problem, kernels), key=lambda way: sum(COST[way](problem, kernel) for kernel in kernels))
