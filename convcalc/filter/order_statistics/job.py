"""An order filter on a picture: what is asked for, as every way of doing it takes it."""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

import numpy as np

from convcalc.filter.border import Side
from convcalc.filter.order_statistics.program import Shift
from convcalc.filter.tally import Tally, Tell
from convcalc.ops.parallel import parallel_for, worker_count
from convcalc.ops.scratch import LINE, SCRATCH_BYTES, workspace
from convcalc.ops.sliding import Array
from convcalc.ops.tiles import grid, parts

HALF = SCRATCH_BYTES // 2 - 2**12  # what each of two threads may take

Places = tuple[slice, ...]  # of the result: rows and columns


class Job(NamedTuple):
    """A picture (H, W, C) and the result (rows, columns, C) to fill; of the window, its size in taps."""

    x: Array
    out: Array
    size: Shift
    stride: Shift
    dilation: Shift
    padded: tuple[Side, Side]
    border: str
    tell: Tell | None = None

    @property
    def extent(self) -> Shift:
        """How far the window reaches beyond its first tap, in pixels."""
        return (self.size[0] - 1) * self.dilation[0], (self.size[1] - 1) * self.dilation[1]


def spanned(places: int, stride: int, extent: int) -> int:
    """The pixels that the windows of so many places reach together.

    >>> spanned(3, stride=2, extent=4)
    9
    """
    return (places - 1) * stride + 1 + extent


def all_tiles(job: Job, at_once: Shift, start: Callable[[Array], Callable[[Places], object]], bytes_each: int) -> None:
    """Do every tile of so many rows and columns of places at most, on as many threads as the scratch is enough for.

    ``start`` is given a thread's bytes, and gives what does a tile.

    >>> x, done = np.zeros((2, 3, 1)), []
    >>> job = Job(x, x, (1, 1), (1, 1), (1, 1), ((0, 0), (0, 0)), "valid")
    >>> all_tiles(job, (1, 3), lambda scratch: done.append, 64)
    >>> sorted(tile[0].start for tile in done)
    [0, 1]
    """
    sizes = job.out.shape[:2]
    count = parts(sizes, at_once)
    most = min(worker_count(bytes_each), count)
    floats = -(-bytes_each // (4 * LINE)) * LINE
    tally = Tally(count, job.tell)

    def begin(scratch: Array) -> Callable[[Places], object]:
        do = start(scratch.view(np.uint8))

        def tile(places: Places) -> None:
            do(places)
            tally.add()

        return tile

    parallel_for(grid(sizes, at_once), begin, workspace(floats * most), most)
