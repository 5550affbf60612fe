"""Every closed form against windows that are really moved, and bins that are filled."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from convcalc import formulas
from tests.helpers import axes, slide

HUGE = 10**30


@given(axes())
def test_output_size_is_the_number_of_windows_that_fit(axis):
    assert formulas.output_size(*axis[:5]) == len(slide(*axis[:5]))


@given(axes())
def test_leftover_is_what_lies_behind_the_last_window(axis):
    size, kernel_size, stride, padding, dilation, _ = axis
    last = slide(size, kernel_size, stride, padding, dilation)[-1][-1]
    assert formulas.leftover(*axis[:5]) == size + padding[1] - 1 - last


@given(axes())
def test_real_taps_are_those_inside(axis):
    met = [index for window in slide(*axis[:5]) for index in window]
    assert formulas.real_taps(*axis[:5]) == sum(0 <= index < axis[0] for index in met)


@given(axes(), st.data())
def test_read_elements_are_the_different_ones(axis, data):
    first = data.draw(st.integers(0, axis[0]))
    met = {index for window in slide(*axis[:5]) for index in window}
    assert formulas.read_elements(axis[0], first, *axis[1:5]) == sum(0 <= index < first for index in met)


@given(axes())
def test_live_taps_meet_something_real(axis):
    windows = slide(*axis[:5])
    live = [any(0 <= window[tap] < axis[0] for window in windows) for tap in range(axis[1])]
    assert formulas.live_taps(*axis[:5]) == sum(live)


@given(st.integers(0, 30), st.integers(0, 40), st.integers(0, 40), st.integers(1, 40))
def test_floor_sum(terms, step, start, divisor):
    assert formulas._floor_sum(terms, step, start, divisor) == sum((start + i * step) // divisor for i in range(terms))


@given(st.integers(1, 9), st.integers(1, 6))
def test_same_padding_keeps_the_size_with_the_smaller_half_first(kernel_size, dilation):
    before, after = formulas.same_padding(kernel_size, dilation)
    assert formulas.output_size(20, kernel_size, 1, (before, after), dilation) == 20
    assert after - before in (0, 1)


@given(st.integers(1, 40), st.integers(1, 7), st.integers(1, 5), st.integers(1, 4))
def test_tensorflow_same_padding_divides_the_size_with_as_little_as_it_can(size, kernel_size, stride, dilation):
    before, after = formulas.tensorflow_same_padding(size, kernel_size, stride, dilation)
    outputs = formulas.output_size(size, kernel_size, stride, (before, after), dilation)
    assert outputs == -(-size // stride)
    assert after - before in (0, 1)
    total = before + after
    assert total == 0 or formulas.slack(size, kernel_size, stride, (0, total - 1), dilation) // stride + 1 < outputs


PER_AXIS = [formulas.output_size, formulas.leftover, formulas.real_taps, formulas.live_taps, formulas.slack]


@pytest.mark.parametrize("formula", PER_AXIS, ids=lambda formula: formula.__name__)
@given(st.lists(axes(), min_size=1, max_size=20))
def test_arrays_give_what_scalars_give(formula, many):
    size, kernel_size, stride, dilation = (np.array([axis[i] for axis in many]) for i in (0, 1, 2, 4))
    before, after = (np.array([axis[3][side] for axis in many]) for side in (0, 1))
    together = formula(size, kernel_size, stride, (before, after), dilation)
    assert together.tolist() == [formula(*axis[:5]) for axis in many]


@given(st.lists(axes(), min_size=1, max_size=20))
def test_read_elements_of_arrays(many):
    size, kernel_size, stride, dilation = (np.array([axis[i] for axis in many]) for i in (0, 1, 2, 4))
    before, after = (np.array([axis[3][side] for axis in many]) for side in (0, 1))
    together = formulas.read_elements(size, size, kernel_size, stride, (before, after), dilation)
    assert together.tolist() == [formulas.read_elements(axis[0], axis[0], *axis[1:5]) for axis in many]


def test_an_array_of_sizes_meets_a_single_kernel():
    sizes = np.array([5, 28, 32])
    assert formulas.output_size(sizes, 5, 1, (0, 0), 1).tolist() == [1, 24, 28]
    assert formulas.real_taps(sizes, 5, 1, (2, 2), 1).tolist() == [19, 134, 154]


def test_huge_sizes_are_exact_and_answered():
    assert formulas.output_size(HUGE, 3, 1, (1, 1), 1) == HUGE
    assert formulas.real_taps(HUGE, 3, 1, (1, 1), 1) == 3 * HUGE - 2
    assert formulas.real_taps(HUGE, HUGE, 1, (0, 0), 1) == HUGE
    # a kernel as large as the input, padded by all but one on either side: every tap meets every element once
    assert formulas.real_taps(HUGE, HUGE, 1, (HUGE - 1, HUGE - 1), 1) == HUGE**2
    assert formulas.read_elements(HUGE, HUGE, 1, 7, (0, 0), 1) == -(-HUGE // 7)
    assert formulas.live_taps(1, HUGE, 1, (HUGE, HUGE), 1) == HUGE
    # a loop over a size would never end


def test_the_counts_of_c1():
    assert formulas.weights(formulas.channel_pairs(1, 6, 1), (5, 5)) == 150
    assert formulas.parameters(150, 6) == 156
    assert formulas.macs(6, (5 * 28, 5 * 28)) == 6 * 25 * 784
    assert formulas.connections(6 * 25 * 784, 6 * 784) == 122_304
    assert formulas.flops(117_600) == 235_200
    assert formulas.subsampling_connections(6 * 14 * 14, 4) == 5_880
    assert formulas.size_in_bytes(156, 4) == 624


@given(st.lists(st.tuples(st.integers(1, 5), st.integers(1, 3), st.integers(0, 3), st.integers(1, 3)), max_size=4))
def test_the_receptive_field_is_the_union_of_what_the_taps_reach(chain):
    """By walking back from output 0 through every tap of every layer."""
    size, jump, start = 1, 1, 0
    for kernel_size, stride, before, dilation in chain:
        size, start = (
            formulas.receptive_field(size, jump, formulas.window_extent(kernel_size, dilation)),
            formulas.receptive_start(start, jump, before),
        )
        jump = formulas.receptive_jump(jump, stride)

    def reached(output):
        indices = {output}
        for kernel_size, stride, before, dilation in reversed(chain):
            indices = {index * stride - before + tap * dilation for index in indices for tap in range(kernel_size)}
        return indices

    assert (min(reached(0)), max(reached(0))) == (start, start + size - 1)
    assert min(reached(1)) == start + jump


@st.composite
def stamped_axes(draw):
    """One axis of a transposed convolution: size, kernel_size, stride, padding, output_padding, dilation."""
    size, kernel_size, stride, dilation = (draw(st.integers(1, most)) for most in (8, 5, 5, 4))
    extra = draw(st.integers(0, 4))
    reach = (size - 1) * stride + dilation * (kernel_size - 1) + 1 + extra
    return size, kernel_size, stride, draw(st.integers(0, reach // 2)), extra, dilation


def stamps(size, kernel_size, stride, padding, output_padding, dilation):
    """(element, tap, place) of every stamp, and how many places there are, by laying them down."""
    laid = [(element, tap, element * stride + tap * dilation) for element in range(size) for tap in range(kernel_size)]
    places = max(place for _, _, place in laid) + 1 + output_padding - 2 * padding
    return [(element, tap, place - padding) for element, tap, place in laid], places


@given(stamped_axes())
def test_the_transposed_size_is_how_far_the_stamps_reach(axis):
    assert formulas.transposed_size(*axis) == stamps(*axis)[1]


@given(stamped_axes())
def test_landing_taps_are_the_stamps_inside(axis):
    laid, places = stamps(*axis)
    assert formulas.transposed_real_taps(*axis) == sum(0 <= place < places for _, _, place in laid)


@given(stamped_axes())
def test_live_stamps_are_the_taps_that_land_at_all(axis):
    laid, places = stamps(*axis)
    assert formulas.transposed_live_taps(*axis) == len({tap for _, tap, place in laid if 0 <= place < places})


@given(st.integers(1, 8), st.integers(1, 6), st.integers(1, 6))
def test_the_stamp_extent_is_the_most_that_lie_on_one_place(kernel_size, stride, dilation):
    """Among so many elements that the middle ones have all their neighbours."""
    laid, _ = stamps(4 * kernel_size * dilation, kernel_size, stride, 0, 0, dilation)
    on = {}
    for element, _, place in laid:
        on.setdefault(place, []).append(element)
    assert formulas.transposed_extent(kernel_size, stride, dilation) == max(
        max(met) - min(met) + 1 for met in on.values()
    )


PER_STAMPED_AXIS = [formulas.transposed_size, formulas.transposed_real_taps, formulas.transposed_live_taps]


@pytest.mark.parametrize("formula", PER_STAMPED_AXIS, ids=lambda formula: formula.__name__)
@given(st.lists(stamped_axes(), min_size=1, max_size=20))
def test_arrays_of_stamped_axes_give_what_scalars_give(formula, many):
    assert formula(*map(np.array, zip(*many, strict=True))).tolist() == [formula(*axis) for axis in many]


@given(st.lists(stamped_axes(), min_size=1, max_size=20))
def test_stamp_extents_of_arrays(many):
    _, kernel_size, stride, _, _, dilation = map(np.array, zip(*many, strict=True))
    expected = [formulas.transposed_extent(axis[1], axis[2], axis[5]) for axis in many]
    assert formulas.transposed_extent(kernel_size, stride, dilation).tolist() == expected


def test_stamps_of_huge_sizes_and_of_none():
    assert formulas.transposed_size(HUGE, 4, 2, 1, 0, 1) == 2 * HUGE
    assert formulas.transposed_real_taps(HUGE, 4, 2, 1, 0, 1) == 4 * HUGE - 2
    assert formulas.transposed_live_taps(HUGE, HUGE, 1, HUGE - 1, 0, 1) == HUGE
    assert formulas.transposed_extent(HUGE, 1, 2) == 2 * HUGE - 1
    assert formulas.transposed_real_taps(0, 3, 1, 0, 0, 1) == formulas.transposed_live_taps(0, 3, 1, 0, 0, 1) == 0


# Pools: windows that are moved and bins that are filled

PAIRS = st.tuples(st.integers(1, 60), st.integers(1, 60))  # size, bins


@st.composite
def pool_axes(draw):
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


@given(pool_axes())
def test_ceil_padding_is_what_the_last_window_overhangs(axis):
    expected = overhang(*axis)
    size, kernel_size, stride, (before, after), dilation = axis
    added = formulas.ceil_padding(*axis)
    if expected is None:  # the window does not fit, and no padding that is added makes it
        assert formulas.slack(size, kernel_size, stride, (before, after + added), dilation) < 0
    else:
        assert added == expected


@given(st.lists(pool_axes(), min_size=1, max_size=20))
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
