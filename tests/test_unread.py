"""The elements no window holds, against windows that are really moved over an axis that is really padded."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings

from convcalc import Conv1d
from convcalc.layers.windows import Window
from convcalc.unread import RANGES_LISTED, Unread, unread
from tests.helpers import as_ranges, axes

COPYING = {"reflect": "reflect", "replicate": "edge", "circular": "wrap"}


@settings(max_examples=500)
@given(axes(modes=("zeros", *COPYING)))
def test_unread_elements_are_those_no_window_holds(axis):
    size, kernel_size, stride, padding, dilation, mode = axis
    if mode in COPYING:
        padded = np.pad(np.arange(size), padding, mode=COPYING[mode])
    else:
        padded = np.pad(np.arange(size), padding, constant_values=-1)
    held, start = set(), 0
    while start + (kernel_size - 1) * dilation < len(padded):
        held |= {padded[start + tap * dilation] for tap in range(kernel_size)}
        start += stride
    missing = sorted(set(range(size)) - held)
    found = unread(Window(*axis))
    assert found == Unread(len(missing), as_ranges(missing)[:RANGES_LISTED])


def test_a_cropping_pad_leaves_its_rows_unread():
    (window,) = Conv1d(1, 1, 1, padding=-2, padding_mode="reflect").windows((1, 1, 9))
    assert unread(window) == Unread(4, ((0, 1), (7, 8)))


def test_gaps_at_a_huge_size_are_counted_and_the_first_listed():
    found = unread(Window(10**30, 3, 7, (0, 0), 1, "zeros"))
    windows = (10**30 - 3) // 7 + 1
    assert found.elements == 10**30 - 3 * windows
    assert found.ranges[:2] == ((3, 6), (10, 13))
    assert len(found.ranges) == RANGES_LISTED


def test_padding_of_any_width_is_no_work_where_nothing_is_copied_one_by_one():
    gaps = Unread(5, ((1, 1), (3, 3), (5, 5), (7, 7), (9, 9)))
    assert unread(Window(10, 1, 2, (10**6, 0), 1, "zeros")) == gaps
    assert unread(Window(10, 1, 2, (10**6, 10**6), 1, "replicate")) == Unread(4, ((1, 1), (3, 3), (5, 5), (7, 7)))


@pytest.mark.parametrize("mode", ["reflect", "circular"])
def test_too_much_copying_to_walk_is_said(mode):
    assert unread(Window(10**30, 1, 2, (10**29, 10**29), 1, mode)) == Unread(None, ())
    assert unread(Window(10**30, 3, 1, (10**29, 10**29), 1, mode)) == Unread(0, ())
