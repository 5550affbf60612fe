"""How work is cut into tiles that fit the cache, nearly equal in size, the same for any number of threads."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from math import prod
from typing import NamedTuple

FEW = 16  # tiles that are worth remembering


class Tile(NamedTuple):
    """Examples, groups and rows of outputs that are computed together, and how many there are of each."""

    batch: slice
    groups: slice
    rows: slice
    counts: tuple[int, int, int]


@dataclass(frozen=True, slots=True, eq=False)
class Cut:
    """How examples, groups and rows are cut: at most ``at_once`` of each in a tile, ``count`` tiles in all."""

    sizes: tuple[int, ...]
    at_once: tuple[int, ...]
    count: int
    few: tuple[Tile, ...]  # all tiles, if there are few

    def tiles(self) -> Iterable[Tile]:
        """Return the tiles, the last axis fastest."""
        return self.few or map(_tile, grid(self.sizes, self.at_once))


def cut(sizes: Sequence[int], at_once: Sequence[int]) -> Cut:
    """Cut examples, groups and rows into tiles.

    >>> [tile.counts for tile in cut([1, 1, 10], [1, 1, 5]).tiles()]
    [(1, 1, 5), (1, 1, 5)]
    """
    count = parts(sizes, at_once)
    few = tuple(map(_tile, grid(sizes, at_once))) if count <= FEW else ()
    return Cut(tuple(sizes), tuple(at_once), count, few)


def _tile(axes: tuple[slice, ...]) -> Tile:
    batch, groups, rows = axes
    counts = (batch.stop - batch.start, groups.stop - groups.start, rows.stop - rows.start)
    return Tile(batch, groups, rows, counts)


def at_once(sizes: Sequence[int], unit: int, budget: int) -> list[int]:
    """Return how many of each axis share a tile within a budget, at ``unit`` bytes each; the last axes come first.

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
    """Return tile sizes that are equal for all tiles; smaller ones, if the tiles are few and odd in number.

    Then two threads have the same amount to do. The last axis stays as it is if a tile takes at most ``few`` of it.

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


def parts(sizes: Sequence[int], at_once: Sequence[int]) -> int:
    """Return how many tiles there are in the grid.

    >>> parts([2, 3], [1, 2])
    4
    """
    return prod(-(-size // many) for size, many in zip(sizes, at_once, strict=True))


def cuts(size: int, at_once: int) -> Iterator[slice]:
    """Cut a size into as few parts as possible, nearly equal, and none larger than ``at_once``.

    >>> list(cuts(10, 4))
    [slice(0, 4, None), slice(4, 7, None), slice(7, 10, None)]
    """
    parts = -(-size // max(1, at_once))
    return (slice(-(-size * part // parts), -(-size * (part + 1) // parts)) for part in range(parts))


def grid(sizes: Sequence[int], at_once: Sequence[int]) -> Iterator[tuple[slice, ...]]:
    """Cut several axes, and yield each combination of their parts, the last axis fastest.

    >>> list(grid([2, 3], [1, 3]))
    [(slice(0, 1, None), slice(0, 3, None)), (slice(1, 2, None), slice(0, 3, None))]
    """
    if not sizes:
        yield ()
        return
    for first in cuts(sizes[0], at_once[0]):
        for rest in grid(sizes[1:], at_once[1:]):
            yield (first, *rest)
