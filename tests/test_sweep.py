"""Sweeps: the same rows as single calls, in order, bounded."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from convcalc.sweep import Configuration, configurations, count, sorted_by


def test_every_combination_once_the_last_setting_fastest():
    settings = {"a": [1, 2], "b": [3, 4, 5]}
    found = [dict(one.settings) for one in configurations((1,), settings, lambda given: None)]
    assert found == [{"a": a, "b": b} for a in (1, 2) for b in (3, 4, 5)]
    assert count(2, settings) == 12


def test_configurations_are_made_one_by_one():
    endless = {str(number): range(1000) for number in range(20)}
    assert count(1, endless) == 10**60
    assert next(configurations((1,), {"a": [1], "b": range(10**6)}, lambda given: None)).settings == {"a": 1, "b": 0}


def test_only_refusals_are_caught():
    def broken(given):
        raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        next(configurations((1,), {"a": [1]}, broken))


def test_what_is_known_along_one_axis_only_comes_last():
    rows = [Configuration((number,), {}, value, None) for number, value in enumerate([(2, None), (3, 1), (), (1, 9)])]
    assert [row.row for row in sorted_by(rows, [(lambda row: row.row, False)], 4)] == [(1, 9), (3, 1), (2, None), ()]


values = st.none() | st.integers(-5, 5)


@given(st.lists(st.tuples(values, values), max_size=12), st.booleans(), st.booleans(), st.integers(1, 14))
def test_the_order(pairs, first_descends, second_descends, most):
    rows = [Configuration((number,), {}, pair, None) for number, pair in enumerate(pairs)]
    keys = [(lambda row: row.row[0], first_descends), (lambda row: row.row[1], second_descends)]
    found = sorted_by(rows, keys, most)

    # sorts are stable: by the second key, then by the first, what has no value behind
    expected = rows
    for index, descends in ((1, second_descends), (0, first_descends)):
        known = [row for row in expected if row.row[index] is not None]
        known.sort(key=lambda row: row.row[index] * (-1 if descends else 1))
        expected = known + [row for row in expected if row.row[index] is None]
    assert found == expected[:most]
