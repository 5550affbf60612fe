"""The description of a convolution: PyTorch's verdicts, shapes and parameters, and words that read back."""

from __future__ import annotations

import dataclasses
import re

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from convcalc import Conv1d, Conv2d, Conv3d, ConvcalcError, parse
from tests.helpers import build, stored

CASES = stored("torch_conv.jsonl.gz")


def refused_on_purpose(case):
    """Where PyTorch accepts by accident what we refuse: docs/pytorch.md tells why."""
    rank, settings = int(case["layer"][4]), case["settings"]
    copying = settings.get("padding_mode", "zeros") != "zeros"
    padding, dilation = settings.get("padding", 0), settings.get("dilation", 1)
    wrong_length = isinstance(padding, list) and len(padding) != rank
    forgotten_axes = padding == "same" and isinstance(dilation, list) and len(dilation) != rank
    zero = 0 in (dilation, case["args"][2])
    return (copying and (wrong_length or forgotten_axes)) or (zero and 0 in case["input"])


def ours(case):
    try:
        layer = build(case)
        return list(layer.output_shape(case["input"])), layer.parameters
    except ConvcalcError:
        return None, None


def test_there_are_enough_stored_answers():
    assert len(CASES) >= 1500
    assert sum("refusal" in case for case in CASES) >= len(CASES) / 5
    assert {case["layer"] for case in CASES} == {"Conv1d", "Conv2d", "Conv3d"}


@pytest.mark.parametrize("layer", ["Conv1d", "Conv2d", "Conv3d"])
def test_verdict_shape_and_parameters_are_pytorchs(layer):
    differing = [
        (case, ours(case))
        for case in CASES
        if case["layer"] == layer
        and ours(case) != (case.get("output"), case.get("parameters"))
        and not refused_on_purpose(case)
    ]
    assert differing == []


def test_what_we_refuse_on_purpose_is_refused_and_rare():
    cases = [case for case in CASES if refused_on_purpose(case)]
    assert all(ours(case) == (None, None) for case in cases)
    assert sum("refusal" not in case for case in cases) < len(CASES) / 200


def test_the_published_example():
    layer = Conv2d(3, 16, 4, stride=2)
    assert layer.output_shape((10, 3, 28, 28)) == (10, 16, 13, 13)
    assert (layer.weights, layer.biases, layer.parameters) == (768, 16, 784)
    assert layer.weight_shape == (16, 3, 4, 4)
    assert layer.macs((10, 3, 28, 28)) == 129_792
    assert layer.connections((10, 3, 28, 28)) == 132_496


def test_dense_and_exact_macs_of_c1():
    assert Conv2d(1, 6, 5, padding=2).macs((1, 1, 28, 28)) == 117_600
    assert Conv2d(1, 6, 5, padding=2).macs((1, 1, 28, 28), exact=True) == 107_736
    assert Conv2d(1, 6, 5).macs((1, 1, 32, 32)) == Conv2d(1, 6, 5).macs((1, 1, 32, 32), exact=True) == 117_600
    assert Conv2d(1, 6, 5, padding=2, padding_mode="reflect").macs((1, 1, 28, 28), exact=True) == 117_600


def test_figures_are_for_one_example_whatever_the_batch():
    layer = Conv2d(3, 8, 3, padding=1)
    for shape in ((3, 9, 9), (1, 3, 9, 9), (7, 3, 9, 9), (0, 3, 9, 9)):
        assert layer.macs(shape) == 81 * 9 * 24
        assert layer.connections(shape) == 81 * 9 * 24 + 81 * 8


def test_dead_weights_of_a_kernel_on_a_single_element():
    assert Conv2d(2, 5, 3, padding=1).dead_weights((1, 2, 1, 1)) == 8 * 10
    assert Conv2d(2, 5, 3, padding=1, padding_mode="replicate").dead_weights((1, 2, 1, 1)) == 0


def test_a_connection_table_counts_its_edges():
    layer = Conv2d(3, 2, 5, table=[[0, 2], [1]])
    assert layer.parameters == 3 * 25 + 2
    assert layer.macs((1, 3, 5, 5)) == 75
    assert layer.weight_shape == (2, 3, 5, 5)


def test_settings_are_brought_to_one_form():
    a = Conv2d(3, 16, 3, 1, 1)
    b = Conv2d(3, 16, (3, 3), stride=(1,), padding="same", dilation=[1, 1])
    assert a == b
    assert hash(a) == hash(b)
    assert a.padding == ((1, 1), (1, 1))
    assert Conv2d(1, 1, 3) != Conv1d(1, 1, 3)


def test_a_single_dilation_is_for_all_axes():
    assert Conv2d(1, 1, 3, padding="same", dilation=(2,)).padding == ((2, 2), (2, 2))
    with pytest.raises(ConvcalcError, match="dilation 2 has 1 value for 2 axes"):
        Conv2d(1, 1, 3, padding="same", dilation=(2,), padding_mode="reflect")


def test_same_puts_the_smaller_half_first():
    assert Conv2d(1, 1, (4, 2), padding="same").padding == ((1, 2), (0, 1))
    assert Conv2d(1, 1, 4, padding="same", dilation=3).padding == ((4, 5), (4, 5))


def test_a_description_can_be_varied():
    assert dataclasses.replace(Conv2d(3, 16, 3), bias=False).parameters == 432


@pytest.mark.parametrize(
    ("layer", "text"),
    [
        (Conv2d(3, 16, 4, stride=2), "Conv2d(3, 16, 4, stride=2)"),
        (Conv2d(3, 16, (3, 5), padding=(1, 2)), "Conv2d(3, 16, (3, 5), padding=(1, 2))"),
        (Conv2d(3, 16, 3, padding="same"), "Conv2d(3, 16, 3, padding=1)"),
        (Conv2d(3, 16, 4, padding="same"), "Conv2d(3, 16, 4, padding='same')"),
        (Conv2d(3, 16, 3, padding=((1, 2), (0, 1))), "Conv2d(3, 16, 3, padding=((1, 2), (0, 1)))"),
        (Conv1d(4, 4, 3, groups=4, bias=False), "Conv1d(4, 4, 3, groups=4, bias=False)"),
        (Conv3d(1, 1, 2, padding_mode="circular"), "Conv3d(1, 1, 2, padding_mode='circular')"),
        (Conv2d(2, 1, 1, table=[[1]]), "Conv2d(2, 1, 1, table=((1,),))"),
    ],
)
def test_a_layer_is_written_in_pytorchs_words(layer, text):
    assert repr(layer) == text
    assert parse(text) == layer


@given(st.data())
def test_every_layer_reads_back(data):
    rank = data.draw(st.integers(1, 3))
    numbers = st.one_of(st.integers(1, 4), st.tuples(*[st.integers(1, 4)] * rank))
    sides = st.tuples(*[st.tuples(st.integers(0, 3), st.integers(0, 3))] * rank)
    groups = data.draw(st.integers(1, 3))
    layer = {1: Conv1d, 2: Conv2d, 3: Conv3d}[rank](
        groups * data.draw(st.integers(1, 3)),
        groups * data.draw(st.integers(1, 3)),
        data.draw(numbers),
        padding=data.draw(st.one_of(st.just("same"), st.just("valid"), numbers, sides)),
        dilation=data.draw(numbers),
        groups=groups,
        bias=data.draw(st.booleans()),
        padding_mode=data.draw(st.sampled_from(["zeros", "reflect", "replicate", "circular"])),
    )
    assert parse(repr(layer)) == layer


@pytest.mark.parametrize(
    ("layer", "pytorch"),
    [
        (Conv2d(1, 1, 3, padding=((1, 2), (3, 4))), "ZeroPad2d((3, 4, 1, 2)), Conv2d(1, 1, 3)"),
        (Conv1d(1, 1, 3, padding=((0, 1),), padding_mode="reflect"), "ReflectionPad1d((0, 1)), Conv1d(1, 1, 3)"),
        (Conv2d(1, 1, 3, padding=1), "Conv2d(1, 1, 3, padding=1)"),
        (Conv2d(2, 1, 1, table=[[1]]), None),
    ],
)
def test_how_pytorch_says_unequal_sides(layer, pytorch):
    assert layer.in_pytorch() == pytorch


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (
            lambda: Conv2d(1, 1, 5).output_shape((1, 1, 3, 3)),
            "kernel 5 does not fit input 3 (padding 0): use padding=1 or a kernel of at most 3",
        ),
        (
            lambda: Conv2d(1, 1, 3, dilation=4).output_shape((1, 1, 5, 5)),
            "kernel 3 with dilation 4 (it spans 9) does not fit input 5 (padding 0): use padding=2 or a kernel of at"
            " most 2",
        ),
        (
            lambda: Conv2d(1, 1, 9, padding_mode="reflect").output_shape((1, 1, 3, 3)),
            "kernel 9 does not fit input 3 (padding 0): use a kernel of at most 3",
        ),
        (
            lambda: Conv1d(1, 1, 7, padding_mode="reflect").output_shape((1, 1, 3)),
            "kernel 7 does not fit input 3 (padding 0): use padding=2 or a kernel of at most 3",
        ),
        (
            lambda: Conv1d(1, 1, 1, padding=-3, padding_mode="replicate").output_shape((1, 1, 5)),
            "kernel 1 does not fit input 5 (padding -3): use padding=-2",
        ),
        (
            lambda: Conv1d(1, 1, 2).output_shape((1, 1, 1)),
            "kernel 2 does not fit input 1 (padding 0): use padding=1 or a kernel of at most 1",
        ),
        (
            lambda: Conv1d(1, 1, 1).output_shape((0, 1, 0)),
            "kernel 1 does not fit input 0 (padding 0): use padding=1",
        ),
        (
            lambda: Conv2d(1, 1, 3, padding=((1, -1), (0, 0)), padding_mode="circular"),
            "circular padding cannot crop one side and pad the other: give sides of one sign",
        ),
        (
            lambda: Conv2d(4, 4, 3, groups=3),
            "groups 3 does not divide in_channels 4: use groups=1, 2 or 4",
        ),
        (
            lambda: Conv2d(3, 4, 3, padding_mode="zero"),
            "padding_mode 'zero' is unknown: use one of zeros, reflect, replicate, circular",
        ),
        (lambda: Conv2d(3, 4, 3, stride=0), "stride 0 is too small: it must be at least 1"),
        (lambda: Conv2d(3, 4, 3.0), "kernel_size 3.0 is not a whole number: give an integer"),
        (lambda: Conv2d(3, 4, (3,)), "kernel_size 3 has 1 value for 2 axes: give one integer, or 2"),
        (lambda: Conv2d(3, 4, 3, padding=(1, 2, 3)), "padding 1x2x3 has 3 values for 2 axes: give one integer, or 2"),
        (lambda: Conv2d(3, 4, 3, padding="full"), "padding 'full' is unknown: use 'same', 'valid' or integers"),
        (
            lambda: Conv2d(3, 4, 3, padding=(1, (2, 3))),
            "padding (1, (2, 3)) mixes numbers and pairs: give one form for every axis",
        ),
        (
            lambda: Conv2d(3, 4, 3, padding=((1, 2), (3, 4), (5, 6))),
            "padding 1:2x3:4x5:6 has 3 pairs for 2 axes: give one, or 2",
        ),
        (
            lambda: Conv2d(3, 4, 3, padding=((1, 2, 3), (1, 2))),
            "padding ((1, 2, 3), (1, 2)) is not a pair (before, after) for each axis",
        ),
        (
            lambda: Conv2d(3, 4, 3, padding=4, padding_mode="reflect").output_shape((1, 3, 4, 9)),
            "reflect padding 4 is too wide for input 4 along H: use a padding of at most 3",
        ),
        (
            lambda: Conv2d(3, 4, 3, padding="same", stride=2),
            "padding 'same' needs stride 1, got 2: give the sides, or use stride=1",
        ),
        (
            lambda: Conv2d(3, 4, 3).output_shape((1, 2, 9, 9)),
            "Conv2d takes 3 channels, got 2 in input [1, 2, 9, 9]: the layer's input channels must be 2",
        ),
        (
            lambda: Conv2d(3, 4, 3).output_shape((9, 9)),
            "Conv2d takes N C H W (or C H W), got 2 sizes in [9, 9]: give 4",
        ),
        (
            lambda: Conv2d(3, 4, 3, padding=2).output_shape((1, 3, 0, 9)),
            "Conv2d got a size of 0 in input [1, 3, 0, 9]: every spatial size must be at least 1",
        ),
        (
            lambda: Conv2d(3, 2, 3, table=[[0], [0, 3]]),
            "table row 1 is [0, 3]: give at least one of the input channels 0 to 2, each once",
        ),
        (lambda: Conv2d(3, 2, 3, table=[[0]]), "table has 1 row: give 2, one for each output channel"),
        (
            lambda: Conv2d(4, 2, 3, groups=2, table=[[0], [1]]),
            "a connection table and groups 2 exclude each other: use groups=1",
        ),
    ],
)
def test_a_refusal_names_value_rule_and_remedy(make, message):
    with pytest.raises(ConvcalcError) as refusal:
        make()
    assert str(refusal.value) == message


@given(st.integers(1, 9), st.integers(1, 9), st.integers(0, 2), st.integers(1, 3))
def test_the_remedies_of_a_kernel_that_does_not_fit_work(kernel_size, size, padding, dilation):
    assume(size + 2 * padding <= dilation * (kernel_size - 1))

    def made(kernel_size=kernel_size, padding=padding):
        return Conv1d(1, 1, kernel_size, padding=padding, dilation=dilation).output_shape((1, 1, size))

    with pytest.raises(ConvcalcError) as refusal:
        made()
    remedy = re.search(r"use padding=(\d+) or a kernel of at most (\d+)$", str(refusal.value))
    enough, largest = int(remedy[1]), int(remedy[2])
    assert made(padding=enough)[2] >= 1
    assert made(kernel_size=largest)[2] >= 1
    for too_much in ({"padding": enough - 1}, {"kernel_size": largest + 1}):
        with pytest.raises(ConvcalcError):
            made(**too_much)
