from __future__ import annotations

from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from convcalc import Conv1d, ConvTranspose1d
from convcalc.draw.layer.grid import cells, outlines
from convcalc.draw.layer.visible_axis import Lane, lane_of, visible_axis
from convcalc.engine import execute
from convcalc.layers.windows import Window
from convcalc.unread import unread_among
from tests.draw.unhurried import UNHURRIED
from tests.helpers import axes, slide


@UNHURRIED
@given(axes())
def test_taps_are_where_the_moved_window_is(axis):
    window = Window(*axis)
    assert [list(window.taps(place)) for place in range(window.output_size)] == slide(*axis[:5])


@UNHURRIED
@given(axes(modes=("zeros", "reflect", "replicate", "circular")))
def test_unread_among_is_what_no_place_holds(axis):
    size, _, _, padding, _, mode = axis
    modes = {"reflect": "reflect", "replicate": "edge", "circular": "wrap"}
    kept = {"mode": modes[mode]} if mode in modes else {"constant_values": -1}
    padded = np.pad(np.arange(size), padding, **kept)
    held = {int(padded[i + padding[0]]) for taps in slide(*axis[:5]) for i in taps}
    assert unread_among(Window(*axis), range(size)) == tuple(i for i in range(size) if i not in held)
    assert unread_among(Window(*axis), [0]) == (() if 0 in held else (0,))


@UNHURRIED
@given(st.integers(1, 6), st.integers(1, 4), st.integers(1, 4), st.integers(1, 3), st.data())
def test_stamps_are_where_each_input_element_writes(size, kernel_size, stride, dilation, data):
    extent = dilation * (kernel_size - 1) + 1
    padding = data.draw(st.integers(0, (extent - 1) // 2))
    extra = data.draw(st.integers(0, max(stride, dilation) - 1))
    layer = ConvTranspose1d(1, 1, kernel_size, stride, padding, extra, dilation=dilation, bias=False)
    (window,) = layer.output_windows((1, 1, size))
    assert window.output_size == size
    one_each = np.eye(size)[:, None]
    written = execute(layer, one_each, weight=np.ones(layer.weight_shape))[:, 0]
    assert window.size == written.shape[1]
    for place in range(size):
        assert [i for i in window.taps(place) if 0 <= i < window.size] == np.flatnonzero(written[place]).tolist()


windows = st.builds(
    lambda axis, more: Window(axis[0] + more, *axis[1:]), axes(), st.sampled_from([0, 5, 12, 30, 1000, 10**30])
)


def check_lane(lane):
    """Runs in order and apart, positions one after the other, and few cells."""
    assert all(one.stop < other.start for one, other in pairwise(lane.runs))
    shown = lane.shown(outside=True)
    positions = [lane.position(element) for element in shown]
    assert positions[0] == 0
    assert positions[-1] == lane.length - 1 < 50
    for (element, at), (following, then) in pairwise(zip(shown, positions, strict=True)):
        assert then - at == (1 if following == element + 1 else 2)
    assert lane.gaps() == sorted(set(range(lane.length)) - set(positions))
    real = lane.shown()
    assert (real[0], real[-1]) == (0, lane.size - 1)
    assert len(real) == lane.size or lane.leaves_out


@UNHURRIED
@given(windows, st.data())
def test_what_is_shown_of_an_axis_holds_its_windows(window, data):
    at = data.draw(st.none() | st.integers(0, window.output_size - 1))
    axis = visible_axis(window, at)
    check_lane(axis.wide)
    check_lane(axis.narrow)
    assert axis.places == (at,) if at is not None else 0 in axis.places
    moved = [[axis.wide.position(i) - axis.span(place).start for i in axis.taps(place)] for place in axis.places]
    assert all(taps == moved[0] for taps in moved)  # one shape is moved to all places
    for place in axis.places:
        axis.narrow.position(place)
        taps = list(window.taps(place))
        assert (axis.taps(place)[0], axis.taps(place)[-1]) == (taps[0], taps[-1])
        assert axis.taps(place, real=True) == [i for i in axis.taps(place) if 0 <= i < window.size]
        assert sorted(axis.taps(place, real=True) + axis.taps(place, real=False)) == axis.taps(place)
        if not axis.is_cut:
            assert axis.taps(place) == taps
    if at is None and not axis.is_cut:
        assert axis.places == tuple(range(window.output_size))


def test_a_long_axis_is_stepped_through_at_both_ends():
    axis = visible_axis(Window(224, 3, 1, (1, 1), 1, "zeros"))
    assert axis.wide.runs == (range(-1, 9), range(215, 225))
    # Windows -1..1 to 6..8, and 215..217 to 222..224: eight places at either end.
    assert axis.places == (*range(8), *range(216, 224))


@pytest.mark.parametrize("at", [None, 500])
def test_real_ends_stay_in_sight_behind_wide_padding(at):
    shown = visible_axis(Window(1000, 3, 1, (50, 50), 1, "zeros"), at).wide.shown(outside=True)
    assert {-50, -1, 0, 3, 996, 999, 1000, 1049} <= set(shown)


@UNHURRIED
@given(st.integers(1, 10**6))
def test_lanes_of_any_length(count):
    check_lane(lane_of(count))


@pytest.mark.parametrize("element", [-1, 3, 8])
def test_what_is_not_shown_has_no_position(element):
    with pytest.raises(LookupError):
        Lane((range(3), range(5, 8)), 8).position(element)


def test_cropped_sides_are_unread():
    (window,) = Conv1d(1, 1, 1, padding=-2, padding_mode="reflect").windows((1, 1, 9))
    axis = visible_axis(window)
    assert axis.wide.runs == (range(9),)
    assert [axis.taps(place) for place in axis.places] == [[2], [3], [4], [5], [6]]


def test_a_block_has_a_line_between_any_two_cells():
    assert outlines([range(1, 3)], [range(3)], 10) == "M0 10h30v20h-30z"
    # Two lines down, 20 long, at 10 and 20; one across.
    assert cells([range(1, 3)], [range(3)], 10) == "M0 10h30v20h-30zM10 10v20m10-20v20M0 20h30"
