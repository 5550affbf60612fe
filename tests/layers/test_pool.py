"""The description of pooling: PyTorch's verdicts, shapes and signatures, words that read back, and figures."""

from __future__ import annotations

import copy
import dataclasses
import pickle
import re
from inspect import signature
from itertools import product

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from convcalc import ConvcalcError, parse, trace
from convcalc.explain import explain
from convcalc.layers import kind
from convcalc.receptive_field import Field
from tests.helpers import build, stored

CASES = stored("torch_pool.jsonl.gz")
KINDS = ("MaxPool", "AvgPool", "LPPool", "AdaptiveAvgPool", "AdaptiveMaxPool")
NAMES = [f"{name}{rank}d" for name, rank in product(KINDS, (1, 2, 3))]
MaxPool1d, MaxPool2d, MaxPool3d = (kind(f"MaxPool{rank}d") for rank in (1, 2, 3))
AvgPool1d, AvgPool2d, AvgPool3d = (kind(f"AvgPool{rank}d") for rank in (1, 2, 3))
LPPool1d, LPPool2d, LPPool3d = (kind(f"LPPool{rank}d") for rank in (1, 2, 3))
AdaptiveAvgPool1d, AdaptiveAvgPool2d, AdaptiveAvgPool3d = (kind(f"AdaptiveAvgPool{rank}d") for rank in (1, 2, 3))
AdaptiveMaxPool1d, AdaptiveMaxPool2d, AdaptiveMaxPool3d = (kind(f"AdaptiveMaxPool{rank}d") for rank in (1, 2, 3))


def refused_on_purpose(case):
    """PyTorch takes an input without channels where a global mean's size is given as a number, not as a tuple."""
    return (
        case["layer"].startswith("AdaptiveAvgPool")
        and case["args"] == [1]
        and len(case["input"]) == int(case["layer"][-2])
    )


def ours(case):
    try:
        layer = build(case)
        return list(layer.output_shape(case["input"])), layer.parameters
    except (ConvcalcError, TypeError):  # TypeError: no such setting
        return None, None


def test_there_are_enough_stored_answers():
    assert len(CASES) >= 1500
    assert sum("refusal" in case for case in CASES) >= len(CASES) / 5
    assert {case["layer"] for case in CASES} == set(NAMES)


@pytest.mark.parametrize("name", NAMES)
def test_verdict_shape_and_parameters_are_pytorchs(name):
    cases = [case for case in CASES if case["layer"] == name and not refused_on_purpose(case)]
    differing = [case for case in cases if ours(case) != (case.get("output"), case.get("parameters"))]
    assert differing == []


def test_what_we_refuse_on_purpose_is_refused():
    with pytest.raises(ConvcalcError, match=r"AdaptiveAvgPool2d takes N C H W \(or C H W\), got 2 sizes in \[7, 7\]"):
        AdaptiveAvgPool2d(1).output_shape((7, 7))
    assert sum(map(refused_on_purpose, CASES)) < len(CASES) / 200


SIGNATURES = {  # as PyTorch 2.13 has them, the annotations left out
    "MaxPool": "(kernel_size, stride=None, padding=0, dilation=1, return_indices=False, ceil_mode=False)",
    "AvgPool1d": "(kernel_size, stride=None, padding=0, ceil_mode=False, count_include_pad=True)",
    "AvgPool": "(kernel_size, stride=None, padding=0, ceil_mode=False, count_include_pad=True, divisor_override=None)",
    "LPPool": "(norm_type, kernel_size, stride=None, ceil_mode=False)",
    "AdaptiveAvgPool": "(output_size)",
    "AdaptiveMaxPool": "(output_size, return_indices=False)",
}


@pytest.mark.parametrize("name", NAMES)
def test_names_order_and_defaults_are_pytorchs(name):
    parameters = signature(kind(name)).parameters.values()
    bare = ", ".join(str(parameter.replace(annotation=parameter.empty)) for parameter in parameters)
    assert f"({bare})" == SIGNATURES.get(name, SIGNATURES[name[:-2]])


@pytest.mark.parametrize(
    ("layer", "text"),
    [
        (MaxPool2d(2, 2), "MaxPool2d(2)"),
        (MaxPool2d((3, 3), [2, 2], (1,), ceil_mode=1), "MaxPool2d(3, stride=2, padding=1, ceil_mode=True)"),
        (MaxPool1d((3,), (), dilation=2, return_indices=True), "MaxPool1d(3, dilation=2, return_indices=True)"),
        (AvgPool2d((2, 3), 2), "AvgPool2d((2, 3), stride=2)"),
        (AvgPool3d(2, count_include_pad=False, divisor_override=-3), None),
        (LPPool2d(2.0, (2, 2)), "LPPool2d(2.0, 2)"),
        (LPPool1d(-1, 3, 1), "LPPool1d(-1, 3, stride=1)"),
        (AdaptiveAvgPool2d([1, 1]), "AdaptiveAvgPool2d(1)"),
        (AdaptiveAvgPool2d((None, None)), "AdaptiveAvgPool2d((None, None))"),
        (AdaptiveMaxPool3d((None, 2, 2), True), "AdaptiveMaxPool3d((None, 2, 2), return_indices=True)"),
        (AdaptiveMaxPool1d((3,)), "AdaptiveMaxPool1d(3)"),
    ],
)
def test_a_layer_is_written_in_pytorchs_words(layer, text):
    assert text is None or repr(layer) == text
    assert parse(repr(layer)) == layer


@pytest.mark.parametrize("name", NAMES)
def test_a_description_is_frozen_travels_and_can_be_varied(name):
    layer = kind(name)(*((1.5, 2) if name.startswith("LPPool") else (2,)))
    assert copy.deepcopy(layer) == pickle.loads(pickle.dumps(layer)) == layer
    setting = dataclasses.fields(layer)[0].name
    kernel = {"kernel_size": 2} if name == "LPPool1d" else {}  # which PyTorch takes as a number only
    assert dataclasses.replace(layer, **kernel) == layer != dataclasses.replace(layer, **{**kernel, setting: 3})
    with pytest.raises(dataclasses.FrozenInstanceError):
        setattr(layer, setting, 3)


@pytest.mark.parametrize("name", KINDS)
def test_a_pool_needs_a_rank(name):
    general = kind(f"{name}1d").__base__
    with pytest.raises(ConvcalcError, match=f"{name} has no rank of its own: use {name}1d, {name}2d or {name}3d"):
        general(*((2, 2) if name == "LPPool" else (2,)))


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (
            lambda: MaxPool2d(5).output_shape((1, 1, 3, 3)),
            "kernel 5 does not fit input 3 (padding 0): use padding=1 or a kernel of at most 3",
        ),
        (
            lambda: MaxPool2d((2, 5)).output_shape((1, 1, 3, 3)),
            "kernel 5 does not fit input 3 along W (padding 0): use padding=1 or a kernel of at most 2x3",
        ),
        (
            lambda: MaxPool1d(4, padding=2, dilation=5).output_shape((1, 1, 1)),
            "kernel 4 with dilation 5 (it spans 16) does not fit input 1 (padding 2):"
            " use a kernel of at most 1 with padding=0",
        ),
        (
            lambda: LPPool1d(2, 5).output_shape((1, 1, 3)),
            "kernel 5 does not fit input 3 (padding 0): use a kernel of at most 3",
        ),
        (
            lambda: AvgPool3d((1, 3, 3), padding=(0, 1, 1)).output_shape((1, 1, 5, 2, 5)),
            "AvgPool3d takes no axis shorter than its kernel, got 2 for 3: use a kernel of at most 1x2x3",
        ),
        (
            lambda: MaxPool2d((4, 2), padding=2),
            "padding 2 is more than half of kernel 2: use a padding of at most 1",
        ),
        (lambda: MaxPool2d(2, padding=-1), "padding -1 is too small: it must be at least 0"),
        (lambda: AvgPool2d(2, stride=0), "stride 0 is too small: it must be at least 1"),
        (lambda: MaxPool2d(2.0), "kernel_size 2.0 is not a whole number: give an integer"),
        (lambda: MaxPool2d(2, (1, 2, 3)), "stride 1x2x3 has 3 values for 2 axes: give one integer, or 2"),
        (
            lambda: AvgPool2d(2, divisor_override=0),
            "divisor_override 0 cannot divide: give another number, or None",
        ),
        (lambda: LPPool2d(0, 2), "norm_type 0 has no root: give a finite number other than 0"),
        (lambda: LPPool2d(float("inf"), 2), "norm_type inf has no root: give a finite number other than 0"),
        (lambda: LPPool2d(float("nan"), 2), "norm_type nan has no root: give a finite number other than 0"),
        (lambda: LPPool2d(True, 2), "norm_type True is not a number: give one such as 2"),
        (lambda: LPPool2d("2", 2), "norm_type '2' is not a number: give one such as 2"),
        (lambda: LPPool1d(2, (2,)), "LPPool1d takes its kernel_size as a number, got (2,): give an integer"),
        (
            lambda: MaxPool2d(2).output_shape((9, 9)),
            "MaxPool2d takes N C H W (or C H W), got 2 sizes in [9, 9]: give 4",
        ),
        (
            lambda: MaxPool2d(2).output_shape((0, 0, 9, 9)),
            "MaxPool2d got a size of 0 in input [0, 0, 9, 9]: only the batch may be 0",
        ),
        (
            lambda: AdaptiveAvgPool1d(1).output_shape((2, 3, 4, 5)),
            "AdaptiveAvgPool1d takes N C L (or C L), got 4 sizes in [2, 3, 4, 5]: give 3",
        ),
        (lambda: AdaptiveAvgPool2d(-1), "output_size -1 is too small: it must be at least 0"),
        (lambda: AdaptiveAvgPool2d((None, 1.5)), "output_size 1.5 is not a whole number: give an integer"),
        (lambda: AdaptiveMaxPool2d((1,)), "output_size 1 has 1 value for 2 axes: give one integer, or 2"),
        (
            lambda: AdaptiveMaxPool2d(1).output_shape((1, 2, 3, 0)),
            "AdaptiveMaxPool2d got a size of 0 in input [1, 2, 3, 0]: only the batch may be 0",
        ),
    ],
)
def test_a_refusal_names_value_rule_and_remedy(make, message):
    with pytest.raises(ConvcalcError) as refusal:
        make()
    assert str(refusal.value) == message


@given(st.tuples(*[st.integers(1, 9)] * 2), st.tuples(*[st.integers(1, 5)] * 2), st.integers(0, 3), st.integers(1, 3))
def test_the_remedies_of_a_kernel_that_does_not_fit_work(kernel_size, sizes, padding, dilation):
    assume(padding <= min(kernel_size) // 2)

    def made(kernel_size=kernel_size, padding=padding):
        return MaxPool2d(kernel_size, 1, padding, dilation).output_shape((1, 1, *sizes))

    try:
        made()
    except ConvcalcError as refusal:
        remedy = re.search(r"use (?:padding=(\d+) or )?a kernel of at most ([\dx]+)( with padding=0)?$", str(refusal))
        enough, largest, bare = remedy.groups()
        taps = tuple(map(int, largest.split("x")))
        assert min(made(kernel_size=taps * (2 // len(taps)), padding=0 if bare else padding)) >= 1
        if enough is not None:
            assert min(made(padding=int(enough))) >= 1
            with pytest.raises(ConvcalcError):
                made(padding=int(enough) - 1)


@pytest.mark.parametrize(
    ("layer", "shape", "output"),
    [
        (MaxPool1d(3, 2), (1, 1, 6), (1, 1, 2)),
        (MaxPool1d(3, 2, ceil_mode=True), (1, 1, 6), (1, 1, 3)),
        (MaxPool1d(1, 3, ceil_mode=True), (1, 1, 3), (1, 1, 1)),  # a window would begin behind the input
        (MaxPool1d(3, ceil_mode=True), (1, 1, 2), (1, 1, 1)),  # longer than the input
        (AvgPool1d(2, 2, 1, ceil_mode=True), (1, 1, 3), (1, 1, 2)),  # ... or on the padding behind it
        (AdaptiveAvgPool2d(1), (2, 3, 4, 5, 6), (2, 3, 4, 1, 1)),  # a plain mean
        (AdaptiveAvgPool2d((0, None)), (1, 2, 3, 4), (1, 2, 0, 4)),
    ],
)
def test_where_pytorch_is_easy_to_get_wrong(layer, shape, output):
    assert layer.output_shape(shape) == output


def test_what_ceil_mode_overhangs_is_padding_of_the_window():
    (window,) = MaxPool1d(3, 2, 1, ceil_mode=True).windows((1, 1, 7))
    assert (window.padding, window.output_size) == ((1, 1), 4)
    (window,) = MaxPool1d(3, 2, 1, ceil_mode=True).windows((1, 1, 6))
    assert (window.padding, window.output_size) == ((1, 2), 4)
    assert AdaptiveAvgPool1d(2).windows((1, 1, 6)) == ()


def test_figures():
    layer, shape = MaxPool2d(3, 2, 1), (10, 6, 28, 28)
    assert layer.connections(shape) == layer.connections(shape[1:]) == 9 * 6 * 14 * 14
    assert (layer.parameters, layer.buffers, layer.macs(shape), layer.macs(shape, exact=True)) == (0, 0, 0, 0)
    assert layer.weight_shape is None
    assert AdaptiveMaxPool2d((3, 1)).connections((2, 6, 5, 7)) == 6 * 7 * 7  # bins of 2, 3 and 2; one of 7
    assert AdaptiveMaxPool2d(10**30).connections((1, 1, 10**30 + 1, 1)) == (2 * 10**30) * 10**30
    assert AdaptiveAvgPool2d(1).connections((2, 3, 4, 5, 6)) == 3 * 4 * 5 * 6
    assert AdaptiveAvgPool1d(0).connections((2, 3, 4)) == 0


@pytest.mark.parametrize(
    ("layer", "shape", "formula"),
    [
        (MaxPool2d(2, 3, ceil_mode=True), (9, 6, 5, 5), "2*2 * 6*2*2"),
        (LPPool1d(2, 3), (6, 9), "3 * 6*3"),
        (AdaptiveAvgPool2d((3, None)), (2, 6, 7, 28), "6 * (7 + 3 - 1)*(28 + 28 - 28)"),
        (AdaptiveMaxPool1d(0), (2, 6, 7), "6 * (7 + 0 - 7)"),
    ],
)
def test_connections_are_explained(layer, shape, formula):
    lines = explain(trace(layer, shape).rows[0])
    assert [line[:3] for line in lines if line.figure == "connections"] == [
        ("connections", formula, layer.connections(shape))
    ]
    assert eval(formula) == layer.connections(shape)


def test_huge_maps_are_answered():
    assert MaxPool2d(3, 2, 1).output_shape((1, 1, 10**30, 10**30)) == (1, 1, 5 * 10**29, 5 * 10**29)
    assert AvgPool2d(10**30).connections((1, 1, 10**30, 10**30)) == 10**60


def test_an_index_takes_8_bytes_whatever_the_type():
    shape, outputs = (2, 3, 8, 8), 2 * 3 * 4 * 4
    assert MaxPool2d(2).saved_bytes(shape, itemsize=4) == MaxPool2d(2).saved_bytes(shape, itemsize=2) == 8 * outputs
    assert AdaptiveMaxPool2d(4).saved_bytes(shape, itemsize=2) == 8 * outputs


START = Field(1, 1, 0, 12)


def test_units_see_through_the_window():
    layer, shape = MaxPool2d(3, 2, 1), (1, 1, 12, 12)
    assert layer.receptive_field((START, START), shape) == (Field(3, 2, -1, 13),) * 2
    assert layer.receptive_field((START,), shape) == ()


def test_units_see_through_their_bins():
    def seen(bins, field=START):
        return AdaptiveAvgPool1d(bins).receptive_field((field,), (1, 1, 12))[0]

    assert seen(4) == Field(3, 3, 0, 12)
    assert seen(5)[:4] == (4, None, 0, 12)
    assert [seen(5).sees(unit) for unit in range(5)] == [(0, 3), (2, 5), (4, 8), (7, 10), (9, 12)]
    assert seen(12) == START
    assert seen(24)[:4] == (1, None, 0, 12)
    assert seen(0).jump is None
    flattened = Field(5, None, 0, 12)
    assert seen(4, flattened).size is None  # which of the units share a bin is not known
    assert seen(1, flattened) == Field(12, None, 0, 12)
    assert seen(12, flattened) == flattened
    assert AdaptiveAvgPool2d(1).receptive_field((START,), (1, 1, 12, 12)) == ()
