"""Numbers folded into arithmetic progressions, and unfolded."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from convcalc.solve.progressions import Progression, folded, unfolded


@given(st.sets(st.integers(1, 60)))
def test_what_is_folded_unfolds(numbers):
    found = folded(sorted(numbers))
    assert sorted(unfolded(found)) == sorted(numbers)
    assert sum(progression.terms for progression in found) == len(numbers)
    assert list(found) == sorted(found)
    assert all(progression.step == 1 or progression.terms > 1 for progression in found)


@given(st.integers(1, 50), st.integers(1, 40), st.integers(1, 40))
def test_one_progression_is_one(first, step, terms):
    numbers = [first + step * number for number in range(terms)]
    assert folded(numbers) == (Progression(first, numbers[-1], step if terms > 1 else 1, terms),)


def test_residues_are_one_progression_each_and_runs_one_behind_the_other():
    residues = sorted([*range(5, 500, 32), *range(6, 500, 32), *range(9, 500, 32)])
    assert [(found.first, found.step) for found in folded(residues)] == [(5, 32), (6, 32), (9, 32)]
    assert folded([1, 2, 3, 100, 150, 200]) == (Progression(1, 3, 1, 3), Progression(100, 200, 50, 3))
    assert folded([1, 33, 34, 65, 97]) == (Progression(1, 97, 32, 4), Progression(34, 34, 1, 1))
    assert folded([]) == ()
