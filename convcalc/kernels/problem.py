"""A convolution as the fast paths see it: two axes of settings and sizes, and how its work is cut into tiles."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache
from math import gcd, prod
from typing import NamedTuple

import numpy as np

from convcalc.kernels.sliding import Array
from convcalc.kernels.threads import FLOAT, MOST_THREADS

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

    def hands(self, rows: int, columns: int) -> int:
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


@dataclass(frozen=True, slots=True)
class Tile:
    """Examples, groups, and rows of places that are worked together."""

    examples: slice
    groups: slice
    rows: slice

    @property
    def counts(self) -> tuple[int, int, int]:
        """How many of each."""
        examples, groups, rows = (part.stop - part.start for part in (self.examples, self.groups, self.rows))
        return examples, groups, rows


def at_once(sizes: Sequence[int], unit: int, budget: int) -> list[int]:
    """How many of each axis share a tile, whose elements take ``unit`` bytes, within the budget; the last axes first.

    >>> at_once([10, 28, 28], unit=4, budget=4 * 28 * 5)
    [1, 5, 28]
    >>> at_once([10, 28, 28], unit=4, budget=4 * 28 * 28 * 3)
    [3, 28, 28]
    """
    room = budget // max(1, unit)
    taken = []
    for size in reversed(sizes):
        taken.append(max(1, min(size, room)))
        room = room // size if taken[-1] == size else 1
    return taken[::-1]


def evened(sizes: Sequence[int], taken: Sequence[int], few: int = 0) -> list[int]:
    """Take as much of each axis at once in every tile; and less, where the tiles are few and odd in number.

    Then two threads have as much to do each. The last axis is left alone where a tile takes no more than ``few`` of it.

    >>> evened([1, 28], [1, 28]), evened([1, 28], [1, 20])
    ([1, 14], [1, 14])
    """
    counts = [-(-size // many) for size, many in zip(sizes, taken, strict=True)]
    if prod(counts) in (1, 3, 5, 7):
        for axis, size in enumerate(sizes):
            if size > counts[axis] and (axis < len(sizes) - 1 or taken[axis] > few):
                counts[axis] += 1
                break
    return [-(-size // count) for size, count in zip(sizes, counts, strict=True)]


def cuts(size: int, at_once: int) -> Iterator[slice]:
    """So few parts, of nearly the same size, that none is larger than ``at_once``.

    >>> list(cuts(10, 4))
    [slice(0, 4, None), slice(4, 7, None), slice(7, 10, None)]
    """
    parts = -(-size // at_once)
    return (slice(-(-size * part // parts), -(-size * (part + 1) // parts)) for part in range(parts))


def grid(sizes: Sequence[int], at_once: Sequence[int]) -> Iterator[tuple[slice, ...]]:
    """The cuts of several axes, each with each, the last axis fastest.

    >>> list(grid([2, 3], [1, 3]))
    [(slice(0, 1, None), slice(0, 3, None)), (slice(1, 2, None), slice(0, 3, None))]
    """
    if not sizes:
        yield ()
        return
    for first in cuts(sizes[0], at_once[0]):
        for rest in grid(sizes[1:], at_once[1:]):
            yield (first, *rest)


def parts(sizes: Sequence[int], at_once: Sequence[int]) -> int:
    """How many tiles there are in the grid.

    >>> parts([2, 3], [1, 2])
    4
    """
    return prod(-(-size // many) for size, many in zip(sizes, at_once, strict=True))


def view(buffer: Array, offset: int, shape: Sequence[int], strides: Sequence[int]) -> Array:
    """Windows on a contiguous float32 array, placed by elements; many times faster than `as_strided`.

    >>> view(np.arange(4, dtype=FLOAT), 1, (2, 2), (1, 1)).tolist()
    [[1.0, 2.0], [2.0, 3.0]]
    """
    return np.ndarray(shape, FLOAT, buffer, 4 * offset, [4 * stride for stride in strides])
