"""A program of comparisons, carried out: tile by tile, on planes that lie flat.

A plane's rows lie one behind the other, all of the width that the picture's plane has; so a shift down and across is
one shift along, and a step is one call over all rows. What lies beyond a plane's own places is made as well, and not
read.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, NamedTuple

import numpy as np

from convcalc.filter.border import band
from convcalc.filter.order_statistics.job import HALF, Job, Places, all_tiles, spanned
from convcalc.filter.order_statistics.program import Program, Shift
from convcalc.ops.sliding import Array

PLANE_BYTES = 2**17  # a call costs as much as a few thousand bytes of it; more, and fewer planes stay in the cache
APART = 64  # bytes: planes begin at lines of the cache


class Laid(NamedTuple):
    """A tile's planes in a thread's bytes: where the picture goes, the calls, and the result."""

    picture: Array  # rows, columns, C
    calls: tuple[tuple[Callable[..., Any], Array, Array, Array], ...]
    result: Array  # rows, columns, C of the places


def fits(program: Program, job: Job) -> bool:
    """Whether the planes of one place fit a thread's scratch.

    >>> from convcalc.filter.order_statistics.network import extreme
    >>> x = np.zeros((4, 4, 1))
    >>> fits(extreme((2, 2), is_larger=True), Job(x, x, (2, 2), (1, 1), (5000, 5000), ((0, 0), (0, 0)), "zeros"))
    False
    """
    return _bytes(program, job, (1, 1)) <= HALF


def run(program: Program, job: Job, tap: Shift = (0, 0), combine: np.ufunc | None = None) -> None:
    """Fill the result, from the window's tap on; or combine what is found with what the result holds already.

    >>> x, out = np.array([[[1], [9], [5], [7]]], np.uint8), np.empty((1, 3, 1), np.uint8)
    >>> from convcalc.filter.order_statistics.network import extreme
    >>> run(extreme((1, 2), is_larger=False), Job(x, out, (1, 2), (1, 1), (1, 1), ((0, 0), (0, 0)), "valid"))
    >>> out.ravel().tolist()
    [1, 5, 5]
    """
    at_once = _at_once(program, job)
    (down, across), (rows_apart, columns_apart) = job.stride, job.dilation

    def start(scratch: Array) -> Callable[[Places], object]:
        laid: dict[Shift, Laid] = {}

        def tile(places: Places) -> None:
            rows, columns = places
            counts = (rows.stop - rows.start, columns.stop - columns.start)
            if counts not in laid:
                laid[counts] = _laid(program, job, counts, scratch)
            picture, calls, result = laid[counts]
            top, left = rows.start * down + tap[0] * rows_apart, columns.start * across + tap[1] * columns_apart
            seen = slice(top, top + picture.shape[0]), slice(left, left + picture.shape[1])
            band(job.x, *seen, job.padded, job.border, picture)
            with np.errstate(all="ignore"):
                for compare, first, second, made in calls:
                    compare(first, second, out=made)
            filled = job.out[rows, columns]
            if combine is None:
                filled[...] = result
            else:
                combine(filled, result, out=filled)

        return tile

    all_tiles(job, at_once, start, _bytes(program, job, at_once))


def _at_once(program: Program, job: Job) -> Shift:
    """Rows and columns of places in a tile: wide, and as high as what is made beyond its places is worth; that fit."""
    rows, columns, channels = job.out.shape
    beyond = _beyond(program, job)
    cells = PLANE_BYTES // job.x.itemsize // channels
    high = min(rows, max(8, 2 * beyond[0]) // job.stride[0] + 1)
    wide = cells // spanned(high, job.stride[0], beyond[0]) - beyond[1]
    wide = min(columns, max(wide, 4 * beyond[1], 64) // job.stride[1] + 1)
    if wide == columns:
        width = spanned(columns, job.stride[1], beyond[1])
        high = min(rows, max(high, (cells // width - beyond[0]) // job.stride[0]))
    while _bytes(program, job, (high, wide)) > HALF and (high, wide) != (1, 1):
        high, wide = (-(-high // 2), wide) if high > wide // 8 else (high, -(-wide // 2))
    return high, wide


def _beyond(program: Program, job: Job) -> Shift:
    """What is read beyond the places, in pixels."""
    return program.extent[0] * job.dilation[0], program.extent[1] * job.dilation[1]


def _bytes(program: Program, job: Job, counts: Shift) -> int:
    rows, columns = map(spanned, counts, job.stride, _beyond(program, job))
    return program.slots * _padded(rows * columns * job.x.shape[2] * job.x.itemsize)


def _padded(size: int) -> int:
    """Whole lines of the cache, and one between, so that planes do not all fall on the same few of its places."""
    return (-(-size // APART) + 1) * APART


def _laid(program: Program, job: Job, counts: Shift, scratch: Array) -> Laid:
    """Views of the thread's bytes: made once for all tiles of a size, for they cost as much as the work."""
    beyond, channels, kind = _beyond(program, job), job.x.shape[2], job.x.dtype
    rows, columns = map(spanned, counts, job.stride, beyond)
    pitch = columns * channels
    apart = _padded(rows * pitch * kind.itemsize)
    inner = (rows - beyond[0], (columns - beyond[1]) * channels)  # of the places, and those a stride leaves out

    def flat(slot: int, shift: Shift, length: int) -> Array:
        along = shift[0] * job.dilation[0] * pitch + shift[1] * job.dilation[1] * channels
        return np.ndarray((length,), kind, scratch, slot * apart + along * kind.itemsize)

    calls: list[tuple[Callable[..., Any], Array, Array, Array]] = []
    for is_larger, first, second, made, extent in program.steps:
        high = inner[0] + extent[0] * job.dilation[0]
        length = (high - 1) * pitch + inner[1] + extent[1] * job.dilation[1] * channels
        read = [flat(slot, shift, length) for slot, shift in (first, second)]
        calls.append((np.maximum if is_larger else np.minimum, read[0], read[1], flat(made, (0, 0), length)))
    picture: Array = np.ndarray((rows, columns, channels), kind, scratch)
    strides = np.array([job.stride[0] * pitch, job.stride[1] * channels, 1]) * kind.itemsize
    result: Array = np.ndarray((*counts, channels), kind, scratch, program.result * apart, strides.tolist())
    return Laid(picture, tuple(calls), result)
