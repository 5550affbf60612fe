"""How a convolution is executed tile by tile: what a tile holds, and how many threads take part."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from convcalc.ops.parallel import parallel_for, worker_count
from convcalc.ops.scratch import SCRATCH_BYTES, workspace
from convcalc.ops.sliding import Array
from convcalc.ops.tiles import Cut, Tile


@dataclass(frozen=True, slots=True, eq=False)
class Tiling:
    """How a convolution is cut, and the scratch of its largest tile, in numbers of float32.

    ``workers`` is how many threads are of use: more than one, one, or 0 (see `ConvProblem.workers`).
    """

    cut: Cut
    workers: int
    band: int  # the part of the padded input that a tile reads
    columns: int  # what its windows see
    products: int
    shared: int = 0  # scratch that all threads share
    in_place: bool = False  # the input itself is the band

    @property
    def floats(self) -> int:
        """Return the scratch of one thread."""
        return self.band + self.columns + self.products

    @property
    def fits(self) -> bool:
        """Return whether one thread stays within the scratch of a call."""
        return 4 * (self.shared + self.floats) <= SCRATCH_BYTES

    def threads(self) -> int:
        """Return how many threads execute the tiles; 0 leaves BLAS as it is."""
        return self.workers and min(self.workers, worker_count(4 * self.floats, 4 * self.shared), self.cut.count)

    def scratch_bytes(self) -> int:
        """Return the scratch of all threads together."""
        return 4 * (self.shared + self.floats * max(1, self.threads()))

    def for_each_tile(self, work: Callable[[Tile, Array], None]) -> None:
        """Call ``work(tile, scratch)`` once for each tile, on several threads if that is of use."""
        threads = self.threads()
        scratch = workspace(max(1, threads) * self.floats)
        parallel_for(self.cut.tiles(), lambda own: lambda tile: work(tile, own), scratch, threads)
