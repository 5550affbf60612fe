"""Answers for several axes, simplest first, made one by one: of ten million the first twenty come at once."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterator, Sequence
from heapq import heappop, heappush
from itertools import combinations, count
from operator import attrgetter
from typing import NamedTuple

from convcalc.solve.search import Solution

SETTINGS = ("kernel_size", "stride", "padding", "dilation", "output_padding")


class Combined(NamedTuple):
    """One solution an axis; the score is the sum of theirs and of the settings that differ between axes."""

    score: int
    ties: tuple[tuple[int, ...], ...]
    axes: tuple[Solution, ...]


class _Group(NamedTuple):
    """The solutions of each axis that share some settings, and the number of settings that they do not share."""

    axes: Sequence[Sequence[Solution]]
    unshared: int

    def combined(self, indices: tuple[int, ...]) -> Combined:
        axes = tuple(solutions[index] for solutions, index in zip(self.axes, indices, strict=True))
        score = sum(solution.score for solution in axes) + self.unshared
        return Combined(score, tuple(solution.ties for solution in axes), axes)


def combinations_in_order(axes: Sequence[Sequence[Solution]]) -> Iterator[Combined]:
    """Every choice of one solution an axis, by score, then by the ties of the first axis, of the second, and so on.

    Each list is in order itself. A choice whose axes agree in some settings is looked for among the solutions that
    share these. There the score is a plain sum, so the next best choice is one step along one axis from a better one,
    and a heap finds it. A choice comes up too among those that share fewer settings, at a worse score: there it is
    passed over. Only solutions that score well enough for the next answers are looked at, more in each turn.

    >>> a = [Solution(2, 2, 0, 1, 0, False, 0, 0, 1), Solution(3, 2, 1, 1, 0, False, 1, 0, 2)]
    >>> [(each.score, [one.kernel_size for one in each.axes]) for each in combinations_in_order([a, a])]
    [(2, [2, 2]), (4, [3, 3]), (5, [2, 3]), (5, [3, 2])]
    """
    if not all(axes):
        return
    if len(axes) == 1:
        yield from (Combined(solution.score, (solution.ties,), (solution,)) for solution in axes[0])
        return
    least = [solutions[0].score for solutions in axes]
    room, done = 0, -1  # each turn takes in what scores up to twice as much above the least
    while True:
        some = [_up_to(solutions, score + room) for solutions, score in zip(axes, least, strict=True)]
        all_taken = list(map(len, some)) == list(map(len, axes))
        most = sum(least) + room
        for each in _in_order(some):
            if each.score > most and not all_taken:
                break
            if each.score > done:
                yield each
        if all_taken:
            return
        room, done = 2 * room + 1, most


def _up_to(solutions: Sequence[Solution], score: int) -> Sequence[Solution]:
    return solutions[: bisect_right(solutions, score, key=attrgetter("score"))]


def _in_order(axes: Sequence[Sequence[Solution]]) -> Iterator[Combined]:
    """As `combinations_in_order`, all solutions taken in from the beginning."""
    varying = [name for name in SETTINGS if len({getattr(one, name) for solutions in axes for one in solutions}) > 1]
    sharings = [shared for unshared in range(len(varying) + 1) for shared in _all_but(varying, unshared)]
    sharings.reverse()
    least = sum(solutions[0].score for solutions in axes)
    heap: list[tuple[Combined, int, tuple[int, ...], int, _Group]] = []
    number = count()  # decides between equals, which are passed over all but one

    while heap or sharings:
        while sharings and (not heap or least + len(varying) - len(sharings[-1]) <= heap[0][0].score):
            for group in _groups(axes, sharings.pop(), len(varying)):
                start = (0,) * len(axes)
                heappush(heap, (group.combined(start), next(number), start, 0, group))
        if not heap:
            continue
        best, _, indices, moved, group = heappop(heap)
        for axis in range(moved, len(axes)):  # every choice is reached one way only: no axis moves after a later one
            if indices[axis] + 1 < len(group.axes[axis]):
                further = (*indices[:axis], indices[axis] + 1, *indices[axis + 1 :])
                heappush(heap, (group.combined(further), next(number), further, axis, group))
        if sum(len({getattr(one, name) for one in best.axes}) > 1 for name in varying) == group.unshared:
            yield best


def _all_but(names: Sequence[str], unshared: int) -> Iterator[tuple[str, ...]]:
    return combinations(names, len(names) - unshared)


def _groups(axes: Sequence[Sequence[Solution]], shared: tuple[str, ...], settings: int) -> Iterator[_Group]:
    """For each value of the shared settings that all axes have, their solutions with it."""
    unshared = settings - len(shared)
    if not shared:
        yield _Group(axes, unshared)
        return
    values = attrgetter(*shared)
    parts: list[dict[object, list[Solution]]] = []
    for solutions in axes:
        part: dict[object, list[Solution]] = {}
        for solution in solutions:
            part.setdefault(values(solution), []).append(solution)
        parts.append(part)
    for value in parts[0]:
        if all(value in part for part in parts):
            yield _Group([part[value] for part in parts], unshared)
