"""What a convolution has to do, its axes apart."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from math import gcd, prod
from typing import NamedTuple

from convcalc.ops.parallel import MOST_THREADS

FEW_PRODUCTS = 10**6  # of a matrix product that BLAS does without copying its operands first
LARGE = 180_000  # nanoseconds of one core, from which on another is worth waking
TINY, TINY_VECTORS = 2**18, 2**13  # products of matrices, and of a vector, that OpenBLAS does on one thread


class Phase(NamedTuple):
    """The taps of an axis that fall on the same residue of the stride: among its elements they lie evenly.

    For place p, tap ``taps[i]`` reads element ``p + first + i * jump`` of those at ``residue + stride * ...``.
    """

    residue: int
    taps: range
    first: int
    jump: int


@dataclass(frozen=True, slots=True)
class Span:
    """One axis: its size, the padding on both sides, the window's settings, and how many windows fit."""

    size: int
    before: int
    after: int
    kernel_size: int
    stride: int
    dilation: int
    places: int

    @property
    def reach(self) -> int:
        """Padded elements under one window."""
        return (self.kernel_size - 1) * self.dilation + 1

    def elements(self, places: int) -> int:
        """Elements of one residue that so many neighbouring windows read."""
        return places + (self.reach - 1) // self.stride

    @lru_cache(128)  # noqa: B019
    def phases(self) -> tuple[Phase, ...]:
        """The residues of the stride that taps fall on.

        >>> Span(8, 0, 0, kernel_size=3, stride=2, dilation=1, places=3).phases()[1]
        Phase(residue=1, taps=range(1, 3, 2), first=0, jump=1)
        """
        common = gcd(self.stride, self.dilation)
        step, jump = self.stride // common, self.dilation // common
        return tuple(
            Phase(
                tap * self.dilation % self.stride,
                range(tap, self.kernel_size, step),
                tap * self.dilation // self.stride,
                jump,
            )
            for tap in range(min(step, self.kernel_size))
        )


@dataclass(frozen=True, slots=True)
class Problem:
    """A convolution of (N, C, *sizes): N examples of C channels, to so many maps, in groups or by a connection table.

    There are at least two axes; a line is a picture of one row.
    """

    examples: int
    channels: int
    maps: int
    groups: int
    spans: tuple[Span, ...]
    padding_mode: str = "zeros"
    table: tuple[tuple[int, ...], ...] | None = None

    @property
    def rows(self) -> Span:
        """The last axis but one."""
        return self.spans[-2]

    @property
    def columns(self) -> Span:
        """The last axis."""
        return self.spans[-1]

    @property
    def fed(self) -> int:
        """Channels that feed one map."""
        return self.channels // self.groups

    @property
    def made(self) -> int:
        """Maps that one group makes."""
        return self.maps // self.groups

    @property
    def taps(self) -> int:
        """Weights of one kernel."""
        return prod(span.kernel_size for span in self.spans)

    @property
    def places(self) -> int:
        """Places of the window in one example."""
        return prod(span.places for span in self.spans)

    @property
    def products(self) -> int:
        """Multiplications, all examples together."""
        return self.examples * self.maps * self.places * self.fed * self.taps

    @property
    def is_large(self) -> bool:
        """Whether the work is worth sharing: some 100 products a nanosecond, 10 of a single map, and 20 copies."""
        copies = self.examples * self.channels * self.taps * self.places
        return self.products // (100 if self.made > 1 else 10) + copies // 20 > LARGE

    def workers(self, rows: int, columns: int) -> int:
        """How many threads are of use: all; one; or none, where BLAS would not share such products among its own.

        A product is one of so many rows of weights, and so many columns.
        """
        if self.is_large:
            return MOST_THREADS
        return 0 if rows * self.fed * self.taps * columns <= (TINY if rows > 1 else TINY_VECTORS) else 1

    @property
    def is_padded(self) -> bool:
        """Whether any side of the input gains or loses elements."""
        return any(span.before or span.after for span in self.spans)
