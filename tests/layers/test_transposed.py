"""The description of a transposed convolution: PyTorch's verdicts, and figures by hand and by walking the stamps."""

from __future__ import annotations

from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from convcalc import ConvcalcError, parse
from convcalc.layers import kind
from convcalc.receptive_field import Field
from tests.helpers import stored
from tests.layers.moving import check_enough, differing, ours

ConvTranspose1d, ConvTranspose2d, ConvTranspose3d = (kind(f"ConvTranspose{rank}d") for rank in (1, 2, 3))
CASES = stored("torch_transposed.jsonl.gz")


def refused_on_purpose(case):
    """PyTorch takes a dilation of 0 by accident, of an empty batch."""
    dilation = case["settings"].get("dilation", 1)
    return 0 in (dilation if isinstance(dilation, list) else [dilation]) and 0 in case["input"]


def test_verdict_shape_and_parameters_are_pytorchs():
    check_enough(CASES, ["ConvTranspose1d", "ConvTranspose2d", "ConvTranspose3d"])
    assert differing(CASES, refused_on_purpose) == []


def test_what_is_refused_on_purpose_is_refused_and_rare():
    cases = [case for case in CASES if refused_on_purpose(case)]
    assert all(ours(case) == (None, None) for case in cases)
    assert sum("refusal" not in case for case in cases) < len(CASES) / 200


def test_the_published_example():
    layer = ConvTranspose2d(64, 32, 4, stride=2, padding=1)
    assert layer.output_shape((10, 64, 16, 16)) == (10, 32, 32, 32)
    assert layer.weight_shape == (64, 32, 4, 4)
    assert (layer.weights, layer.biases, layer.parameters) == (32_768, 32, 32_800)
    assert layer.macs((10, 64, 16, 16)) == 64 * 32 * 64 * 64 == 8_388_608
    assert layer.macs((10, 64, 16, 16), exact=True) == 64 * 32 * 62 * 62 == 7_872_512
    assert layer.connections((10, 64, 16, 16)) == 8_388_608 + 32 * 32 * 32


def test_groups_divide_what_is_connected():
    layer = ConvTranspose1d(4, 8, 3, groups=2, bias=False)
    assert layer.weight_shape == (4, 4, 3)
    assert layer.parameters == 48
    assert layer.macs((4, 5)) == layer.connections((4, 5)) == 48 * 5


def test_dead_weights_are_those_always_cut_off():
    assert ConvTranspose2d(2, 5, 3, padding=1).dead_weights((1, 2, 1, 1)) == 8 * 10
    assert ConvTranspose2d(2, 5, 3, padding=1).dead_weights((1, 2, 3, 3)) == 0
    assert ConvTranspose1d(1, 1, 3).dead_weights((0, 1, 0)) == 3  # nothing lays them down


settings_of_one_axis = st.tuples(
    st.integers(1, 6), st.integers(1, 4), st.integers(1, 4), st.integers(0, 3), st.integers(0, 2), st.integers(1, 3)
)


@given(settings_of_one_axis)
def test_a_unit_sees_the_elements_that_lie_on_it(axis):
    size, taps, stride, padding, added, dilation = axis
    layer = ConvTranspose1d(1, 1, taps, stride, padding, added, dilation=dilation)
    try:
        (places,) = layer.output_shape((1, size))[1:]
    except ConvcalcError:
        return
    (field,) = layer.receptive_field((Field(1, 1, 0, size),), (1, size))
    assert Fraction(field.jump) == Fraction(1, stride)
    largest = 0
    for place in range(places):
        offsets = [place + padding - tap * dilation for tap in range(taps)]
        seen = [offset // stride for offset in offsets if offset % stride == 0]
        if stride > 1:  # else units are alike, and go on beyond the ends
            seen = [element for element in seen if 0 <= element < size]
        assert field.sees(place) == ((min(seen), max(seen) + 1) if seen else None)
        largest = max(largest, max(seen) + 1 - min(seen) if seen else 0)
    assert field.size == largest


def test_behind_a_flattened_map_and_behind_another_rank():
    layer = ConvTranspose1d(1, 1, 2)
    assert layer.receptive_field((Field(3, None, 0, 9),), (1, 4))[0].size is None
    assert ConvTranspose1d(1, 1, 1).receptive_field((Field(3, None, 0, 9),), (1, 4)) == (Field(3, None, 0, 9),)
    assert layer.receptive_field((Field(1, 1, 0, 9),) * 2, (1, 4)) == ()


def test_two_halves_make_a_whole_jump_again():
    field = (Field(1, 2, 0, 32),)
    assert ConvTranspose1d(1, 1, 2, stride=2).receptive_field(field, (1, 16))[0].jump == 1
    assert isinstance(ConvTranspose1d(1, 1, 2, stride=2).receptive_field(field, (1, 16))[0].jump, int)


@pytest.mark.parametrize(
    "text",
    [
        "ConvTranspose2d(64, 32, 4, stride=2, padding=1)",
        "ConvTranspose1d(4, 8, 3, groups=2, bias=False)",
        "ConvTranspose3d(1, 1, (1, 2, 3), stride=(2, 1, 1), output_padding=(1, 0, 0), dilation=2)",
    ],
)
def test_a_layer_reads_back(text):
    assert repr(parse(text)) == text


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (
            lambda: ConvTranspose2d(4, 4, 3, padding_mode="reflect"),
            "padding_mode 'reflect' does not exist for a transposed",
        ),
        (lambda: ConvTranspose2d(4, 4, 3, groups=3), "groups 3 does not divide in_channels 4"),
        (lambda: ConvTranspose2d(4, 4, 3, padding=-1), "padding -1 is too small: it must be at least 0"),
        (
            lambda: ConvTranspose2d(4, 4, 3, output_padding=1).output_shape((1, 4, 5, 5)),
            "output_padding 1 is too large: it must be smaller than stride 1 or dilation 1",
        ),
        (lambda: ConvTranspose1d(1, 1, 1, padding=2).output_shape((1, 1, 4)), "padding 2 crops all that kernel 1"),
        (lambda: ConvTranspose1d(3, 1, 1).output_shape((1, 4, 4)), "takes 3 channels, got 4 in input .1, 4, 4."),
        (lambda: ConvTranspose1d(3, 1, 1).output_shape((1, 3, 0)), "only the batch may be 0"),
        (lambda: ConvTranspose1d(3, 1, 1).output_shape((3,)), "takes N C L .or C L., got 1 size"),
    ],
)
def test_a_refusal_names_value_rule_and_remedy(make, message):
    with pytest.raises(ConvcalcError, match=message):
        make()
