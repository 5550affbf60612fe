"""Large kernels that are no column times a row: multiplied in the spectrum, tile by tile.

Overlap-save (Oppenheim and Schafer, "Discrete-Time Signal Processing", section 8.7.3), here in two axes: the transform
of a tile and of its windows' border, times the kernel's, is the transform of all its sums; those that would wrap around
are not kept. A place costs as much whatever the kernel's size. Sums are made in float64; whole ones are rounded, and so
exact. A transform of a tile stays in the cache, where that of a whole picture does not.
"""

from __future__ import annotations

from math import log2
from typing import NamedTuple

import numpy as np

from convcalc.filter.arithmetic import Sums
from convcalc.filter.border import Side
from convcalc.filter.ways import taps
from convcalc.filter.ways.exact import repaired
from convcalc.filter.ways.problem import Problem, planes
from convcalc.ops.scratch import carve, floats_of
from convcalc.ops.sliding import Array

DOUBLE = np.dtype(np.float64)
LEAST, SPANS = 256, 4  # elements of an axis at least, and spans of the kernel, unless the picture is smaller
MOST = 2**19  # elements of a tile: 4 MiB, and twice as much for each of two spectra
WHOLE = 2**40  # beyond it the rounding of float64 may show
UNIT = 16.0  # the time of an element and a step of its transform, in the time of a tap of int16


class Spectrum(NamedTuple):
    """One kernel's work: its spectrum, and what is needed."""

    problem: Problem
    spectrum: Array
    size: Side  # of a transform
    whole: bool
    tile: Side
    floats: int
    temporary: int  # bytes that the transforms of one thread take
    taps: taps.Taps | None  # for tiles with sums that are not finite; None where all are

    def sums(self, x: Array, rows: slice, columns: slice, scratch: Array) -> Array:
        """The sums (rows, columns, channels) at these places of x (H, W, channels), laid in the scratch."""
        problem = self.problem
        count = (rows.stop - rows.start, columns.stop - columns.start)
        high, wide = problem.read(count)
        down, across = problem.stride
        out, scratch = carve(scratch, (problem.channels, *count), DOUBLE)
        seen, _ = carve(scratch, self.size, DOUBLE)
        for channel, plane in enumerate(out):
            seen[high:], seen[:high, wide:] = 0, 0  # nothing of them is kept, but they must be finite
            planes(problem, x[:, :, channel : channel + 1], rows, columns, seen[None, :high, :wide])
            transform = np.fft.fft(np.fft.rfft(seen, axis=1), axis=0)
            transform *= self.spectrum
            lines = np.fft.ifft(transform, axis=0)[: (count[0] - 1) * down + 1 : down]
            kept = np.fft.irfft(lines, self.size[1], axis=1)[:, : (count[1] - 1) * across + 1 : across]
            (np.rint if self.whole else np.positive)(kept, out=plane)
        if self.taps is not None:
            repaired(self.taps, out, x, rows, columns, scratch)
        return out.transpose(1, 2, 0)


def prepare(problem: Problem, sums: Sums, tile: Side | None = None) -> Spectrum:
    """What a kernel takes.

    >>> from convcalc.filter.arithmetic import sums
    >>> one = sums(((1, 2), (3, 4)), np.dtype(np.uint8))
    >>> problem = Problem((2, 2), (1, 1), (1, 1), "valid", ((0, 0), (0, 0)), (1, 1), channels=1, stored=1)
    >>> work = prepare(problem, one)
    >>> x = np.array([[[1], [1]], [[0], [9]]], np.uint8)
    >>> work.sums(x, slice(0, 1), slice(0, 1), np.empty(work.floats, np.float32)).tolist()
    [[[39.0]]]
    """
    size = _size(problem)
    (high, wide), (down, across) = problem.span, problem.dilation
    kernel = np.zeros(size)
    kernel[:high:down, :wide:across] = sums.weights
    spectrum = np.conj(np.fft.rfft2(kernel))
    exact = taps.prepare(problem, sums) if not sums.reach else None
    if tile is None:
        tile = _tile(problem, size)
    floats = floats_of((problem.channels, *tile), DOUBLE) + floats_of(size, DOUBLE) + (exact.floats if exact else 0)
    return Spectrum(problem, spectrum, size, sums.whole, tile, floats, 4 * 8 * size[0] * size[1], exact)


def fits(problem: Problem, sums: Sums) -> bool:
    """Whether a kernel can be summed so: in bounded scratch, and exactly where exactness is due."""
    size = _size(problem)
    return size[0] * size[1] <= MOST and problem.channels <= 4 and (not sums.whole or sums.reach < WHOLE)


def cost(problem: Problem, _: Sums) -> float:
    """How long a place takes, in the time of a tap of int16: by the transform, and how much of it is kept.

    >>> from convcalc.filter.arithmetic import sums
    >>> alone = Problem((1, 1), (1, 1), (1, 1), "zeros", ((0, 0), (0, 0)), (256, 256), channels=1, stored=1)
    >>> cost(alone, sums(((1,),), np.dtype(np.uint8)))
    256.0
    """
    size, tile = _size(problem), _tile(problem, _size(problem))
    return UNIT * log2(size[0] * size[1]) * (size[0] * size[1]) / (tile[0] * tile[1])


def _size(problem: Problem) -> Side:
    """Powers of 2 that hold a few spans of the kernel, and no more than the picture needs."""
    high, wide = (
        _power(min(read, max(LEAST, SPANS * span)))
        for read, span in zip(problem.read(problem.places), problem.span, strict=True)
    )
    while high * wide > MOST and (high >= 2 * problem.span[0] or wide >= 2 * problem.span[1]):
        high, wide = (high // 2, wide) if high * problem.span[1] >= wide * problem.span[0] else (high, wide // 2)
    return high, wide


def _tile(problem: Problem, size: Side) -> Side:
    """The places whose windows lie in a transform."""
    rows, columns = (
        min(places, max(1, (have - span) // step + 1))
        for places, have, span, step in zip(problem.places, size, problem.span, problem.stride, strict=True)
    )
    return rows, columns


def _power(number: int) -> int:
    return 1 << (number - 1).bit_length()
