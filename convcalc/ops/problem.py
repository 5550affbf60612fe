"""What a convolution has to compute, axis by axis."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from math import gcd, prod
from typing import NamedTuple

from convcalc.ops.parallel import MOST_THREADS
from convcalc.ops.products import TINY, TINY_VECTORS

LARGE = 180_000  # nanoseconds of one core, from which on another is worth waking


class Phase(NamedTuple):
    """The taps of an axis that fall on the same residue modulo the stride: among its elements they lie evenly.

    In window w, tap ``taps[i]`` reads element ``w + first + i * jump`` of those at ``residue + stride * ...``.
    """

    residue: int
    taps: range
    first: int
    jump: int


@dataclass(frozen=True, slots=True)
class ConvAxis:
    """One axis: its size, the padding on both sides, the window's settings, and how many windows fit."""

    size: int
    before: int
    after: int
    kernel_size: int
    stride: int
    dilation: int
    output_size: int

    @property
    def reach(self) -> int:
        """Return how many padded elements one window spans."""
        return (self.kernel_size - 1) * self.dilation + 1

    def elements(self, windows: int) -> int:
        """Return how many elements of one residue so many neighbouring windows read."""
        return windows + (self.reach - 1) // self.stride

    @lru_cache(128)  # noqa: B019
    def phases(self) -> tuple[Phase, ...]:
        """Return the residues of the stride that taps fall on.

        >>> ConvAxis(8, 0, 0, kernel_size=3, stride=2, dilation=1, output_size=3).phases()[1]
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
class ConvProblem:
    """A convolution of (N, C, *sizes) in groups, or by a connection table.

    There are at least two axes: a one-dimensional convolution is one of a picture with a single row.
    """

    batch: int
    in_channels: int
    out_channels: int
    groups: int
    axes: tuple[ConvAxis, ...]
    padding_mode: str = "zeros"
    table: tuple[tuple[int, ...], ...] | None = None

    @property
    def rows(self) -> ConvAxis:
        """Return the last axis but one."""
        return self.axes[-2]

    @property
    def columns(self) -> ConvAxis:
        """Return the last axis."""
        return self.axes[-1]

    @property
    def in_per_group(self) -> int:
        """Return how many input channels one output channel reads."""
        return self.in_channels // self.groups

    @property
    def out_per_group(self) -> int:
        """Return how many output channels one group has."""
        return self.out_channels // self.groups

    @property
    def taps(self) -> int:
        """Return how many weights one kernel has."""
        return prod(axis.kernel_size for axis in self.axes)

    @property
    def positions(self) -> int:
        """Return how many windows there are in one example."""
        return prod(axis.output_size for axis in self.axes)

    @property
    def products(self) -> int:
        """Return how many multiplications all examples take together."""
        return self.batch * self.out_channels * self.positions * self.in_per_group * self.taps

    @property
    def is_large(self) -> bool:
        """Return whether the work is worth sharing: some 100 products, 10 of a single map, or 20 copies take 1 ns."""
        copies = self.batch * self.in_channels * self.taps * self.positions
        return self.products // (100 if self.out_per_group > 1 else 10) + copies // 20 > LARGE

    def workers(self, rows: int, columns: int) -> int:
        """Return how many threads are of use: all; one; or 0, if BLAS uses one thread anyway for such products.

        A product is one of ``rows`` rows of weights and ``columns`` columns.
        """
        if self.is_large:
            return MOST_THREADS
        products = rows * self.in_per_group * self.taps * columns
        return 0 if products <= (TINY if rows > 1 else TINY_VECTORS) else 1

    @property
    def is_padded(self) -> bool:
        """Return whether any side of the input is padded or cropped."""
        return any(axis.before or axis.after for axis in self.axes)
