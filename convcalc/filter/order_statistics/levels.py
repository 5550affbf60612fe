"""The median of 8 bits in large windows: level by level, how many of a window are no brighter.

T. S. Huang's way to a median, by counting, for all pixels at once (T. S. Huang, G. J. Yang and G. Y. Tang, "A fast
two-dimensional median filtering algorithm", 1979). A count takes so many additions as the window's size has bits. Of
the 256 levels only those are asked that medians of the tile lie between: few, in most pictures.
"""

from __future__ import annotations

from collections.abc import Callable
from math import prod
from typing import Any, NamedTuple

import numpy as np

from convcalc.filter.border import band
from convcalc.filter.order_statistics.job import HALF, Job, Places, all_tiles, spanned
from convcalc.filter.order_statistics.program import Shift
from convcalc.ops.sliding import Array

Planes = tuple[Array, Array, Array]
BYTE = np.dtype(np.uint8)
SIDES = (64, 192)  # rows and columns of a tile, where windows are small: its counts stay in the cache


class Laid(NamedTuple):
    """Where a tile is worked: its pixels with those its windows reach, medians, and three planes for each axis' counts.

    The planes lie flat: rows, all as wide as the picture's, one behind the other.
    """

    picture: Array
    result: Array
    down: Planes
    across: Planes


def fits(job: Job) -> bool:
    """Whether it is a picture of 8 bits, and the counts of one place fit a thread's scratch.

    >>> x = np.zeros((4, 4, 1), np.uint16)
    >>> fits(Job(x, x, (9, 9), (1, 1), (1, 1), ((0, 0), (0, 0)), "zeros"))
    False
    """
    return job.x.dtype == np.uint8 and _bytes(job, (1, 1)) <= HALF


def run(job: Job) -> None:
    """Fill the result with medians: of each channel by itself.

    >>> x, out = np.array([[[1], [9], [5], [7]]], np.uint8), np.empty((1, 2, 1), np.uint8)
    >>> run(Job(x, out, (1, 3), (1, 1), (1, 1), ((0, 0), (0, 0)), "valid"))
    >>> out.ravel().tolist()
    [5, 7]
    """
    channels, at_once = job.out.shape[2], _at_once(job)

    def start(scratch: Array) -> Callable[[Places], object]:
        def tile(places: Places) -> None:
            rows, columns = places
            laid = _laid(job, (rows.stop - rows.start, columns.stop - columns.start), scratch)
            (high, wide), (down, across) = laid.picture.shape, job.stride
            top, left = rows.start * down, columns.start * across
            for channel in range(channels):
                pixels = job.x[..., channel]
                band(pixels, slice(top, top + high), slice(left, left + wide), job.padded, job.border, laid.picture)
                _find(job, laid)
                medians = laid.result[: high - job.extent[0], : wide - job.extent[1]]
                job.out[rows, columns, channel] = medians[::down, ::across]

        return tile

    all_tiles(job, at_once, start, _bytes(job, at_once))


def pixels_each(job: Job) -> float:
    """How many pixels are counted for each place of the result: the more, the farther windows reach beyond a tile.

    >>> x = np.zeros((1, 1, 1), np.uint8)
    >>> pixels_each(Job(x, x, (3, 5), (1, 1), (1, 1), ((1, 1), (2, 2)), "replicate"))
    15.0
    """
    at_once = _at_once(job)
    return prod(map(spanned, at_once, job.stride, job.extent)) / prod(at_once)


def _at_once(job: Job) -> Shift:
    """Rows and columns of places in a tile: more where windows reach far, as long as they fit."""
    rows, columns = (
        min(size, max(side, 2 * reach) // step + 1)
        for size, side, reach, step in zip(job.out.shape, SIDES, job.extent, job.stride, strict=False)
    )
    while _bytes(job, (rows, columns)) > HALF:
        rows, columns = (-(-rows // 2), columns) if rows > columns else (rows, columns // 2)
    return rows, columns


def _find(job: Job, laid: Laid) -> None:
    """Fill the medians: between the darkest and the brightest pixel, halve where they can lie, as long as any does."""
    (high, wide), rank = laid.picture.shape, job.size[0] * job.size[1] // 2
    many = (high - job.extent[0] - 1) * wide + wide - job.extent[1]
    medians, spare = laid.result.reshape(-1)[:many], laid.down[0][:many].view(np.uint8)[:many]
    lowest, highest = int(laid.picture.min()), int(laid.picture.max())
    medians[...] = lowest
    asked = [(lowest, highest, many, 0)]  # so many medians are not below the lowest, and so many above the highest
    while asked:
        lowest, highest, from_lowest, above_highest = asked.pop()
        if lowest == highest or from_lowest == above_highest:
            continue
        level = (lowest + highest) // 2
        np.less_equal(_counted(job, laid, level, many), rank, out=spare.view(bool))  # the median is above the level
        above = int(np.count_nonzero(spare))
        np.multiply(spare, np.uint8(level + 1), out=spare)
        np.maximum(medians, spare, out=medians)
        asked += [(lowest, level, from_lowest, above), (level + 1, highest, above, above_highest)]


def _counted(job: Job, laid: Laid, level: int, many: int) -> Array:
    """How many pixels of each window are not above the level, at so many places."""
    wide = laid.picture.shape[1]
    first, *_ = laid.down
    beyond = (job.size[1] - 1) * job.dilation[1]
    np.less_equal(laid.picture.reshape(-1), level, out=first.view(bool) if first.itemsize == 1 else first)
    columns = _summed(laid.down, job.size[0], job.dilation[0] * wide, many + beyond)
    np.copyto(laid.across[0][: many + beyond], columns)
    return _summed(laid.across, job.size[1], job.dilation[1], many)


def _summed(planes: Planes, taps: int, apart: int, many: int) -> Array:
    """The sums of so many taps from each place on, from the first plane; the places are as many as asked for.

    Sums of a power of 2 taps are doubled; those that the number's bits name are added up.
    """
    powers, other, total = planes
    covered, power = 0, 1
    while True:
        if taps & power:
            reached = powers[covered * apart :][:many]
            if taps == power:
                return reached
            if covered:
                np.add(total[:many], reached, out=total[:many])
            else:
                np.copyto(total[:many], reached)
            covered += power
            if covered == taps:
                return total[:many]
        doubled = other[: len(powers) - power * apart]
        np.add(powers[: len(doubled)], powers[power * apart :], out=doubled)
        powers, other, power = doubled, powers, 2 * power


def _bytes(job: Job, counts: Shift) -> int:
    cells = prod(map(spanned, counts, job.stride, job.extent))
    return sum(_padded(cells * kind.itemsize) for kind in _kinds(job))


def _padded(size: int) -> int:
    """Whole lines of the cache."""
    return -(-size // 64) * 64


def _kinds(job: Job) -> list[np.dtype[Any]]:
    """The types of the planes: of pixels, of medians, of the counts of a column, and of those of a window."""
    height, width = job.size
    counts = [np.min_scalar_type(taps) for taps in (height, height * width)]
    return [BYTE, BYTE, *counts[:1] * 3, *counts[1:] * 3]


def _laid(job: Job, counts: Shift, scratch: Array) -> Laid:
    shape = tuple(map(spanned, counts, job.stride, job.extent))
    planes: list[Array] = []
    start = 0
    for kind in _kinds(job):
        planes.append(np.ndarray((prod(shape),), kind, scratch, start))
        start += _padded(planes[-1].nbytes)
    picture, result, a, b, c, d, e, f = planes
    return Laid(picture.reshape(shape), result.reshape(shape), (a, b, c), (d, e, f))
