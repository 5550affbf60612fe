"""How far work is that threads share, and who is told of it."""

from __future__ import annotations

from collections.abc import Callable
from threading import Lock

Tell = Callable[[float], object]  # how much is done, of 1
Extremes = tuple[float, float]  # the lowest and the highest; ints where the results are


class Tally:
    """How far the work is, and the extremes so far; threads add to it one at a time."""

    def __init__(self, total: int, tell: Tell | None) -> None:
        self.extremes: Extremes | None = None
        self._total, self._done, self._tell = total, 0, tell
        self._lock = Lock()

    def add(self, seen: Extremes | None = None) -> None:
        """One more tile is done.

        >>> tally = Tally(1, print)
        >>> tally.add((1, 2))
        1.0
        """
        with self._lock:
            if seen is not None:
                low, high = self.extremes or seen
                self.extremes = min(low, seen[0]), max(high, seen[1])
            self._done += 1
            if self._tell is not None:
                self._tell(self._done / self._total)


def part_of(tell: Tell | None, number: int, of: int) -> Tell | None:
    """Tell of one of several parts as that part of the whole.

    >>> part_of(print, 1, 4)(0.5)
    0.375
    """
    return None if tell is None else lambda done: tell((number + done) / of)
