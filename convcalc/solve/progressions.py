"""Numbers as the arithmetic progressions that hold them."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import NamedTuple

STEPS_TRIED = 64


class Progression(NamedTuple):
    """The numbers from ``first`` to ``last``, ``step`` apart; a single number has step 1.

    ``terms`` is how many there are.

    >>> list(Progression(32, 128, 32, 4).numbers)
    [32, 64, 96, 128]
    """

    first: int
    last: int
    step: int
    terms: int

    @property
    def numbers(self) -> range:
        """All of them."""
        return range(self.first, self.last + 1, self.step)


def folded(numbers: Sequence[int]) -> tuple[Progression, ...]:
    """Few progressions that hold the sorted numbers, each once and as long as it can be, in the order of their first.

    Either one run behind the other, each with its own step, or all with one step, whichever are fewer.

    >>> folded([32, 64, 96]), len(folded([1, 2, 9, 10, 17, 18]))
    ((Progression(first=32, last=96, step=32, terms=3),), 2)
    """
    if not numbers:
        return ()
    known = set(numbers)
    steps = sorted({number - numbers[0] for number in numbers[1 : STEPS_TRIED + 1]})
    best = _runs(numbers)
    for step in steps:
        firsts = [number for number in numbers if number - step not in known]
        if len(firsts) < len(best):
            best = [_from(first, step, known) for first in firsts]
    return tuple(best)


def unfolded(progressions: Sequence[Progression]) -> Iterator[int]:
    """The numbers again, progression by progression.

    >>> list(unfolded(folded([1, 2, 3, 10])))
    [1, 2, 3, 10]
    """
    for progression in progressions:
        yield from progression.numbers


def _runs(numbers: Sequence[int]) -> list[Progression]:
    """One run behind the other, each as long as the difference stays."""
    runs, start = [], 0
    while start < len(numbers):
        step = numbers[start + 1] - numbers[start] if start + 1 < len(numbers) else 1
        end = start
        while end + 1 < len(numbers) and numbers[end + 1] - numbers[end] == step:
            end += 1
        terms = end - start + 1
        runs.append(Progression(numbers[start], numbers[end], step, terms))
        start = end + 1
    return runs


def _from(first: int, step: int, known: set[int]) -> Progression:
    last = first
    while last + step in known:
        last += step
    terms = (last - first) // step + 1
    return Progression(first, last, step if terms > 1 else 1, terms)
