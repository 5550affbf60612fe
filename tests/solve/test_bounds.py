"""Ascending numbers: ranges and tuples alike, and ranges too long for len()."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from convcalc.solve.bounds import between, default_limits, first_where, spoken

RANGES = st.builds(range, st.integers(0, 9), st.integers(1, 30), st.integers(1, 4)).filter(bool)
TUPLES = st.sets(st.integers(0, 30), min_size=1).map(lambda numbers: tuple(sorted(numbers)))
NUMBERS = st.one_of(RANGES, TUPLES)


@given(NUMBERS, st.integers(-5, 40), st.none() | st.integers(-5, 40))
def test_between(values, least, most):
    expected = [value for value in values if value >= least and (most is None or value <= most)]
    assert list(between(values, least, most)) == expected


@given(NUMBERS, st.integers(-5, 40))
def test_first_where(values, limit):
    before, behind = first_where(values, lambda value: value > limit)
    assert list(before) == [value for value in values if value <= limit][-1:]
    assert list(behind) == [value for value in values if value > limit][:1]


@given(NUMBERS)
def test_spoken_names_the_ends(values):
    words = spoken(values).replace(",", "").split()
    numbers = [int(word) for word in words if word.isdigit()]
    assert values[0] in numbers
    assert values[-1] in numbers


def test_many_numbers_are_counted():
    assert spoken((1, 3, 5, 7, 9, 11, 13)) == "7 numbers from 1 to 13"


def test_default_bounds_hold_the_ratio_and_stay_few():
    for larger, smaller in [(10**30, 7), (1000, 1), (65, 1), (64, 1), (5, 9)]:
        limits = default_limits(larger, smaller)
        assert len(limits.kernel_size) <= 66
        assert len(limits.stride) <= 67
        assert {max(larger // smaller, 1), -(-larger // smaller)} <= set(limits.kernel_size) & set(limits.stride)
