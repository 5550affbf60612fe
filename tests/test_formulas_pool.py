"""The closed forms of pooling against windows that are moved and bins that are filled."""

from __future__ import annotations

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from convcalc import formulas

HUGE = 10**30
PAIRS = st.tuples(st.integers(1, 60), st.integers(1, 60))  # size, bins


@st.composite
def axes(draw):
    """One axis of a pool: size, kernel_size, stride, (padding, padding), dilation; the window need not fit."""
    kernel_size = draw(st.integers(1, 6))
    side = draw(st.integers(0, kernel_size // 2))
    return draw(st.integers(1, 12)), kernel_size, draw(st.integers(1, 7)), (side, side), draw(st.integers(1, 3))


def overhang(size, kernel_size, stride, padding, dilation):
    """How far the last window overhangs: another stride is made while less than one is missing, if it starts inside."""
    end = size + sum(padding)
    extent = dilation * (kernel_size - 1) + 1
    begins = [s for s in range(0, size + padding[0], stride) if s + extent - end < stride]
    return max(begins[-1] + extent - end, 0) if begins else None


def filled(size, bins):
    """The elements of each bin: those that overlap its share of the axis."""
    shares = [(place * size, (place + 1) * size) for place in range(bins)]  # in units of 1/bins of an element
    return [[e for e in range(size) if e * bins < end and (e + 1) * bins > begin] for begin, end in shares]


@given(axes())
def test_ceil_padding_is_what_the_last_window_overhangs(axis):
    expected = overhang(*axis)
    size, kernel_size, stride, (before, after), dilation = axis
    added = formulas.ceil_padding(*axis)
    if expected is None:  # the window does not fit, and no padding that is added makes it
        assert formulas.slack(size, kernel_size, stride, (before, after + added), dilation) < 0
    else:
        assert added == expected


@given(st.lists(axes(), min_size=1, max_size=20))
def test_ceil_padding_of_arrays(many):
    size, kernel_size, stride, dilation = (np.array([axis[i] for axis in many]) for i in (0, 1, 2, 4))
    sides = np.array([axis[3][0] for axis in many])
    together = formulas.ceil_padding(size, kernel_size, stride, (sides, sides), dilation)
    assert together.tolist() == [formulas.ceil_padding(*axis) for axis in many]


@given(PAIRS)
def test_bins_are_counted_as_they_are_filled(pair):
    sizes = [len(elements) for elements in filled(*pair)]
    assert formulas.bin_elements(*pair) == sum(sizes)
    assert formulas.largest_bin(*pair) == max(sizes)


@given(st.lists(PAIRS, min_size=1, max_size=20))
def test_bins_of_arrays(many):
    size, bins = np.array(many).T
    assert formulas.bin_elements(size, bins).tolist() == [formulas.bin_elements(*pair) for pair in many]
    assert formulas.largest_bin(size, bins).tolist() == [formulas.largest_bin(*pair) for pair in many]


def test_no_bins_and_no_elements():
    assert formulas.bin_elements(7, 0) == formulas.bin_elements(0, 3) == 0
    assert formulas.largest_bin(0, 3) == 0


def test_huge_sizes_are_exact():
    assert formulas.bin_elements(HUGE, 7) == HUGE + 6
    assert HUGE % 7 == 1
    assert formulas.largest_bin(HUGE, 7) == HUGE // 7 + 1
    assert formulas.largest_bin(HUGE + 1, 7) == HUGE // 7 + 2
    assert formulas.ceil_padding(HUGE, 3, 2, (0, 0), 1) == 1
    assert formulas.pooling_connections(6, (HUGE, HUGE)) == 6 * HUGE**2


def test_connections_of_a_2x2_pool():
    assert formulas.pooling_connections(6, (2 * 14, 2 * 14)) == 4 * 6 * 14 * 14
