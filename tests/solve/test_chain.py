"""Chains of equal layers, against real chains that are traced one by one, and sets of what is seen."""

from __future__ import annotations

from itertools import product

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from convcalc import Conv1d, Conv2d, ConvcalcError, Sequential, trace
from convcalc.solve import chain as module
from convcalc.solve.chain import chain_field, chains, elements_seen


def conv(channels, kernel_size, stride, dilation, padding):
    if padding is None:  # the sides of PyTorch's padding="same", which it takes at stride 1 only
        total = dilation * (kernel_size - 1)
        padding = ((total // 2, total - total // 2),)
    return Conv1d(channels, channels, kernel_size, stride, padding, dilation)


def walked(layers, wanted, input_shape, kernel_sizes, strides, dilations, padding):
    """The settings that do, in order, and how many that see enough leave elements unread, or do not fit."""
    found, unread, misfits = [], 0, 0
    for kernel_size, stride, dilation in product(kernel_sizes, strides, dilations):
        layer = conv(input_shape[1], kernel_size, stride, dilation, padding)
        field, jump = 1, 1
        for _ in range(layers):
            field, jump = field + dilation * (kernel_size - 1) * jump, jump * stride
        if field < wanted:
            continue
        verdict, shape = None, input_shape
        for _ in range(layers):  # the first layer that has something to say
            try:
                row = trace(layer, shape).rows[0]
            except ConvcalcError:
                verdict = "misfit"
                break
            if any(axis.elements for axis in row.unread):
                verdict = "unread"
                break
            shape = row.output
        unread += verdict == "unread"
        misfits += verdict == "misfit"
        if verdict is None:
            report = trace(Sequential(*[layer] * layers), input_shape)
            assert report.field[0].size == field
            found.append((report.totals.macs, field, kernel_size, dilation, stride))
    return sorted(found), unread, misfits


few = st.lists(st.integers(1, 5), min_size=1, max_size=3, unique=True).map(sorted)


@settings(max_examples=80, deadline=None)
@given(st.integers(1, 4), st.integers(1, 12), st.integers(1, 24), few, few, few, st.sampled_from([None, 0, 1, 2]))
def test_the_chains_are_those_that_do_in_order(layers, wanted, size, kernel_size, stride, dilation, padding):
    bounds = {"kernel_size": kernel_size, "stride": stride, "dilation": dilation, "padding": padding}
    expected, unread, misfits = walked(layers, wanted, (1, 2, size), kernel_size, stride, dilation, padding)
    if not expected:
        with pytest.raises(ConvcalcError, match="no chain"):
            chains(layers, wanted, (1, 2, size), **bounds)
        return
    answer = chains(layers, wanted, (1, 2, size), **bounds, given=100)
    told = [
        (one.macs, one.receptive_field, *one.layer.kernel_size, *one.layer.dilation, *one.layer.stride)
        for one in answer.chains
    ]
    assert told == expected
    assert answer[1:] == (len(expected), unread, misfits, None)


@given(st.integers(1, 4), st.integers(1, 5), st.integers(1, 7), st.integers(1, 4))
def test_what_is_seen_is_every_sum_of_taps(layers, kernel_size, stride, dilation):
    seen, jump = {0}, 1
    for _ in range(layers):
        seen = {place + jump * dilation * tap for place in seen for tap in range(kernel_size)}
        jump *= stride
    assert elements_seen(layers, kernel_size, stride) == len(seen)
    assert chain_field(layers, kernel_size, dilation, stride) == max(seen) + 1


def test_three_layers_that_see_31():
    answer = chains(3, 31)
    best = answer.chains[0]
    assert best.layer == Conv2d(1, 1, 3, padding=5, dilation=5)
    assert (best.receptive_field, best.macs, best.output) == (31, 3 * 9 * 224 * 224, (1, 1, 224, 224))
    assert best.elements_seen == 7  # 0, 5, ... 30
    assert len(answer.chains) == 10
    assert [one.layer.dilation[0] for one in answer.chains[:4]] == [5, 6, 7, 8]


def test_a_strided_chain_halves_the_map_at_each_layer():
    (best,) = chains(2, 7, (1, 3, 9, 8), kernel_size=(3,), stride=(2,), dilation=(1,)).chains
    assert best.output == (1, 3, 3, 2)  # 9, 5, 3 and 8, 4, 2
    assert best.macs == 9 * 9 * (5 * 4 + 3 * 2)
    assert best.elements_seen == 7


def test_an_axis_that_keeps_its_size_keeps_not_the_others():
    (best,) = chains(2, 7, (1, 1, 1, 8), kernel_size=(3,), stride=(2,), dilation=(1,)).chains
    assert best.output == (1, 1, 1, 2)
    assert best.macs == 9 * (1 * 4 + 1 * 2)


def test_a_deep_chain_is_as_quick_as_its_first_layer():
    (best,) = chains(256, 513, kernel_size=(3,), dilation=(1,)).chains
    assert (best.receptive_field, best.macs) == (513, 256 * 9 * 224 * 224)


@pytest.mark.parametrize(
    ("given_", "words"),
    [
        # 3 layers see 1 + 3*2, 15 see 31, and so do 3 of kernel 11
        (
            {"layers": 3, "receptive_field": 31, "kernel_size": (1, 2, 3), "dilation": (1,)},
            "no chain of 3 layers sees 31 elements, the most is 7 (kernel_size 3, dilation 1, stride 1):"
            " use layers=15 or kernel_size=11 or receptive_field=7",
        ),
        (
            {"layers": 2, "receptive_field": 9, "kernel_size": (3,), "dilation": (1,), "stride": (5,)},
            "no chain of 2 layers sees 9 elements (1 setting leaves elements unread): use kernel_size=9",
        ),
        # 224, 114 and 4 rows are too few for a third kernel of 111
        (
            {"layers": 3, "receptive_field": 331, "kernel_size": (111,), "dilation": (1,), "padding": 0},
            "no chain of 3 layers sees 331 elements (1 setting does not fit the input)",
        ),
        ({"layers": 257, "receptive_field": 9}, "a chain of 257 layers is too long: give at most 256"),
        ({"layers": 3, "receptive_field": 0}, "receptive_field 0 is too small"),
        ({"layers": 0, "receptive_field": 3}, "layers 0 is too small"),
        ({"layers": 3, "receptive_field": 3, "stride": ()}, "no stride is given"),
        ({"layers": 3, "receptive_field": 3, "padding": -1}, "padding -1 is too small"),
        ({"layers": 3, "receptive_field": 3, "input_shape": (3, 4)}, "a chain takes N C and 1 to 3 sizes"),
    ],
)
def test_what_cannot_be_answered_is_refused(given_, words):
    with pytest.raises(ConvcalcError) as refusal:
        chains(**given_)
    assert words in str(refusal.value)
    assert "\n" not in str(refusal.value)


@settings(max_examples=40, deadline=None)
@given(st.integers(1, 3), st.integers(10, 40), st.integers(1, 12), few, few, few, st.sampled_from([None, 0, 1]))
def test_every_remedy_does_and_the_most_is_the_most(layers, wanted, size, kernel_size, stride, dilation, padding):
    asked = {"layers": layers, "receptive_field": wanted, "input_shape": (1, 1, size), "padding": padding}
    bounds = {"kernel_size": kernel_size, "stride": stride, "dilation": dilation}
    try:
        chains(**asked, **bounds)
        return
    except ConvcalcError as refusal:
        words = str(refusal)
    everything, *_ = walked(layers, 1, (1, 1, size), kernel_size, stride, dilation, padding)
    most = max((field for _, field, *_ in everything), default=0)
    assert most < wanted
    assert (f"the most is {most} " in words) == (most > 0)
    remedies = [part.split("=") for part in words.partition(": use ")[2].split(" or ") if part]
    for name, value in remedies:
        changed = (int(value),) if name == "kernel_size" else int(value)
        assert chains(**{**asked, **bounds, name: changed}).found
    fewest = [
        more
        for more in range(layers + 1, 12)
        if walked(more, wanted, (1, 1, size), kernel_size, stride, dilation, padding)[0]
    ]
    told = [int(value) for name, value in remedies if name == "layers"]
    assert [more for more in told if more < 12] == fewest[:1]


def test_bounds_without_end_stop_and_say_where(monkeypatch):
    monkeypatch.setattr(module, "MOST_LOOKS", 100)
    answer = chains(1, 3, kernel_size=range(1, 10**30), dilation=(1,))
    # kernel 1 is not looked at, 2 sees too little: one look; every other takes two, and 50 of them reach 101
    assert answer.stopped == (53, 1, 1)
    with pytest.raises(
        ConvcalcError,
        match="before kernel_size 102, dilation 1, stride 1, where the search stopped, the most looked at is",
    ):
        chains(1, 10**9, kernel_size=range(1, 10**30), dilation=(1,))


def test_a_padding_keeps_what_fits():
    answer = chains(1, 3, (1, 1, 5), kernel_size=(3, 7), dilation=(1,), padding=0)
    assert [(one.layer.kernel_size, one.output) for one in answer.chains] == [((3,), (1, 1, 3))]
    assert (answer.found, answer.misfits) == (1, 1)


def test_strides_that_step_over_elements_do_not_use_up_the_search():
    answer = chains(2, 31, (1, 1, 99), stride=range(1, 10**30))
    assert answer.stopped is None
    assert answer.chains
    assert answer.unread > 10**29
