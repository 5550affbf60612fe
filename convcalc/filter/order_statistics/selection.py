"""The median of windows laid side by side: `numpy.partition`, for windows that would take too many comparisons.

About 4 ns a tap of float32 and 6 of float64, at every place: of 31x31 some 4 us, of 101x101 some 40. Any size works
whose window fits in the scratch.
"""

from __future__ import annotations

from collections.abc import Callable
from math import prod
from typing import Any

import numpy as np

from convcalc.filter.border import band
from convcalc.filter.order_statistics.job import HALF, Job, Places, all_tiles, spanned
from convcalc.filter.order_statistics.program import Shift
from convcalc.ops.sliding import Array, indices

AT_ONCE = 2**20  # bytes of windows: they stay in the cache


def fits(job: Job) -> bool:
    """Whether the windows of one pixel fit a thread's scratch.

    >>> x = np.zeros((4, 4, 1), np.float64)
    >>> fits(Job(x, x, (1500, 1500), (1, 1), (1, 1), ((0, 0), (0, 0)), "zeros"))
    False
    """
    return prod((*job.size, job.x.shape[2], _kind(job).itemsize)) <= HALF // 2


def run(job: Job) -> None:
    """Fill the result with medians: a row of places at a time, or a part of one.

    >>> x, out = np.array([[[1], [9], [5], [7]]], np.uint8), np.empty((1, 2, 1), np.uint8)
    >>> run(Job(x, out, (1, 3), (1, 1), (1, 1), ((0, 0), (0, 0)), "valid"))
    >>> out.ravel().tolist()
    [5, 7]
    """
    kind, taps, channels = _kind(job), job.size[0] * job.size[1], job.x.shape[2]
    a_place = max(taps, job.stride[1]) * channels * kind.itemsize
    at_once = min(job.out.shape[1], max(1, AT_ONCE // a_place))
    line = spanned(at_once, job.stride[1], job.extent[1]) * channels
    gather, spare = _by_lines, job.size[0] * line
    if spare * kind.itemsize > HALF // 2:
        gather, spare = _by_taps, spanned(at_once, job.stride[1], 0) * channels

    def start(scratch: Array) -> Callable[[Places], object]:
        def tile(places: Places) -> None:
            row, columns = places
            count = columns.stop - columns.start
            windows: Array = np.ndarray((count, channels, *job.size), kind, scratch)
            gather(job, (row.start, columns.start), windows, scratch[windows.nbytes :])
            flat = windows.reshape(count, channels, taps)
            flat.partition(taps // 2, axis=2)
            found = flat[..., taps // 2]
            if kind == job.x.dtype:  # NaN was put last
                with np.errstate(all="ignore"):
                    np.copyto(found, np.nan, where=np.isnan(flat[..., taps // 2 :].max(axis=2)))
            np.copyto(job.out[row.start, columns], found, casting="unsafe")

        return tile

    all_tiles(job, (1, at_once), start, (at_once * taps * channels + spare) * kind.itemsize)


def _kind(job: Job) -> np.dtype[Any]:
    """The type in which is selected: float32 holds 16 bits exactly, and is the fastest."""
    return job.x.dtype if job.x.dtype == np.float64 else np.dtype(np.float32)


def _by_lines(job: Job, place: Shift, windows: Array, spare: Array) -> None:
    """The windows from this place on, from whole lines of pixels."""
    (down, across), (rows_apart, columns_apart) = job.stride, job.dilation
    count, channels, height, width = windows.shape
    pixels = spanned(count, across, job.extent[1])
    lines: Array = np.ndarray((height, pixels, channels), windows.dtype, spare)
    seen = slice(place[1] * across, place[1] * across + pixels)
    for tap in range(height):
        row = place[0] * down + tap * rows_apart
        band(job.x, slice(row, row + 1), seen, job.padded, job.border, lines[tap : tap + 1])
    strides = np.array([across * channels, 1, pixels * channels, columns_apart * channels]) * windows.itemsize
    windows[...] = np.ndarray((count, channels, height, width), windows.dtype, spare, 0, strides.tolist())


def _by_taps(job: Job, place: Shift, windows: Array, spare: Array) -> None:
    """The windows from this place on, a tap at a time: where they reach too far for lines."""
    (down, across), (rows_apart, columns_apart) = job.stride, job.dilation
    count, channels, height, width = windows.shape
    pixels = spanned(count, across, 0)
    line: Array = np.ndarray((1, pixels, channels), windows.dtype, spare)
    for i, j in indices((height, width)):
        row, left = place[0] * down + i * rows_apart, place[1] * across + j * columns_apart
        band(job.x, slice(row, row + 1), slice(left, left + pixels), job.padded, job.border, line)
        windows[..., i, j] = line[0, ::across]
