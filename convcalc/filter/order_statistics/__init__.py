"""The order filters: minimum, median and maximum of every pixel's neighbourhood."""

from __future__ import annotations

from math import inf
from typing import Literal

import numpy as np

from convcalc.errors import ConvcalcError
from convcalc.filter import border
from convcalc.filter.kernel import Settings
from convcalc.filter.order_statistics import levels, network, planes, selection
from convcalc.filter.order_statistics.job import Job
from convcalc.filter.order_statistics.program import Shift
from convcalc.filter.tally import Tell, part_of
from convcalc.ops.sliding import Array
from convcalc.ops.tiles import grid

FAR = 256  # pixels that a window of minima may reach beyond a tile; a larger one is done in parts
MOST_COMPARED = 500  # taps: a longer program takes seconds to write
# Nanoseconds a pixel, as measured: of a step, for each byte; of all levels, for each pixel counted; of a tap of
# selection, for float32
STEP, LEVELS, TAP = 0.15, 500.0, 6.0


def order(
    x: Array,
    order: Literal["minimum", "median", "maximum"] | str,
    size: Shift,
    anchor: Shift,
    settings: Settings,
    out: Array,
    tell: Tell | None = None,
) -> None:
    """Fill out, of the type of x, with each pixel's neighbourhood's minimum, median or maximum; channels by themselves.

    x is (H, W) or (H, W, C); the neighbourhood is of ``size`` rows and columns of taps, of which the anchor's lies on
    the pixel. Of an even number of taps the median is the upper one. A neighbourhood that holds NaN gives NaN.

    The median is made by comparisons (see `network`) where windows are small, by counting levels (`levels`) where they
    are large and pixels have 8 bits, and else by selection (`selection`): all give the same. Scratch stays within
    64 MiB. A pixel takes about 2 ns for 3x3 bytes, 30 for 9x9 and a few hundred for any larger window; of floating
    point and 16 bits about 4 ns a tap from 25x25 on. A median whose window does not fit the scratch is refused (of
    float64 RGB from 836x836 on, of one channel of float32 from 2048x2048 on): it would take days.

    >>> x = np.array([[1, 2, 3], [4, 99, 6], [7, 8, 9]], np.uint8)
    >>> out = np.empty_like(x)
    >>> order(x, "median", (3, 3), (1, 1), Settings(border="replicate"), out)
    >>> out.tolist()
    [[2, 3, 3], [4, 6, 6], [7, 8, 9]]
    """
    height, width = x.shape[:2]
    padded = border.sides((height, width), size, anchor, settings.dilation, settings.border)
    places = border.places((height, width), size, padded, settings.stride, settings.dilation)
    assert (out.shape, out.dtype) == ((*places, *x.shape[2:]), x.dtype)
    if x.ndim == 2:
        x, out = x[..., None], out[..., None]
    job = Job(x, out, size, settings.stride, settings.dilation, padded, settings.border, tell)
    if order == "median":
        _median(job)
    else:
        _extreme(job, np.maximum if order == "maximum" else np.minimum)


def _median(job: Job) -> None:
    """By the way that is likely to be the fastest, of those that have room."""
    taps = job.size[0] * job.size[1]
    apart = job.stride[0] * job.stride[1]  # selection alone leaves out what a stride leaves out
    by_selection = TAP * taps * (5 / 3 if job.x.itemsize == 8 else 1) + 50 if selection.fits(job) else inf
    by_levels = LEVELS * levels.pixels_each(job) if levels.fits(job) else inf
    if taps <= MOST_COMPARED:
        program = network.median(job.size)
        by_network = STEP * len(program.steps) * job.x.itemsize * apart
        if by_network <= min(by_levels, by_selection) and planes.fits(program, job):
            planes.run(program, job)
            return
    if by_levels == by_selection == inf:
        height, width = job.size
        raise ConvcalcError(f"a median of {height}x{width} takes too much memory: use a smaller size")
    (levels if by_levels <= by_selection else selection).run(job)


def _extreme(job: Job, compare: np.ufunc) -> None:
    """A window that reaches far is done in parts, each compared with what was found before."""
    most = [FAR // apart + 1 for apart in job.dilation]
    parts = list(grid(job.size, most))
    for number, (rows, columns) in enumerate(parts):
        program = network.extreme((rows.stop - rows.start, columns.stop - columns.start), compare is np.maximum)
        part = job._replace(tell=part_of(job.tell, number, len(parts)))
        planes.run(program, part, (rows.start, columns.start), compare if number else None)
