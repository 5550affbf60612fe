"""The description of upsampling: PyTorch's verdicts, and the jumps that are exact."""

from __future__ import annotations

from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from convcalc import ConvcalcError, parse
from convcalc.layers import kind
from convcalc.receptive_field import Field
from tests.helpers import stored
from tests.layers.moving import check_enough, differing

CASES = stored("torch_resample.jsonl.gz")
Upsample, Nearest, Bilinear = map(kind, ("Upsample", "UpsamplingNearest2d", "UpsamplingBilinear2d"))


def test_verdict_and_shape_are_pytorchs():
    check_enough(CASES, ["Upsample", "UpsamplingNearest2d", "UpsamplingBilinear2d"])
    assert differing(CASES) == []


def test_no_figures_but_the_shape():
    for layer in (Upsample(3), Nearest(3), Bilinear(3), Upsample(3, mode="area")):
        assert layer.connections((1, 3, 9, 9)) is None
        assert (layer.macs((1, 3, 9, 9)), layer.parameters) == (0, 0)


@given(st.integers(1, 9), st.integers(1, 9), st.sampled_from(["nearest", "nearest-exact"]))
def test_the_jump_of_the_nearest_is_exact_where_there_is_one(size, places, mode):
    (field,) = Upsample(places, mode=mode).receptive_field((Field(1, 1, 0, size),), (1, 1, size))
    shift = Fraction(1, 2) if mode == "nearest-exact" else 0
    seen = [(place + shift) * Fraction(size, places) // 1 for place in range(places)]
    assert field.size == 1
    assert field.start == seen[0]
    if size % places == 0 or places % size == 0:
        assert [field.start + place * Fraction(field.jump) // 1 for place in range(places)] == seen
    else:
        assert field.jump is None


def test_a_factor_divides_the_jump():
    (field,) = Upsample(scale_factor=2).receptive_field((Field(5, 2, -1, 28),), (1, 1, 13))
    assert field[:4] == (5, 1, -1, 29)
    assert [field.sees(unit) for unit in range(3)] == [(-1, 4), (-1, 4), (1, 6)]
    assert isinstance(field.jump, int)
    (field,) = Upsample(scale_factor=3).receptive_field((Field(5, 2, -1, 28),), (1, 1, 13))
    assert field.jump == Fraction(2, 3)
    (field,) = Upsample(scale_factor=0.5).receptive_field((Field(5, 2, -1, 28),), (1, 1, 13))
    assert field.jump == 4
    (field,) = Upsample(scale_factor=1.5).receptive_field((Field(5, 2, -1, 28),), (1, 1, 13))
    assert (field.size, field.jump) == (5, None)


def test_between_neighbours_a_unit_sees_two_of_them_or_four():
    one = (Field(1, 1, 0, 8),)
    (field,) = Upsample(16, mode="linear").receptive_field(one, (1, 1, 8))
    assert field[:4] == (2, None, 0, 8)
    assert [field.sees(unit) for unit in (0, 1, 2, 14, 15)] == [(0, 1), (0, 2), (0, 2), (6, 8), (7, 8)]
    assert Upsample(8, mode="linear").receptive_field(one, (1, 1, 8)) == one
    (rows, _) = Upsample(scale_factor=2, mode="bicubic").receptive_field(one * 2, (1, 1, 8, 8))
    assert (rows.size, rows.jump, rows.start) == (4, None, 0)
    (rows, _) = Upsample(2, mode="bilinear").receptive_field(one * 2, (1, 1, 8, 8))
    assert (rows.size, rows.start) == (2, 1)
    (rows, _) = Upsample(4, mode="bilinear", align_corners=True).receptive_field(one * 2, (1, 1, 8, 8))
    assert [rows.sees(unit) for unit in range(4)] == [(0, 1), (2, 4), (4, 6), (7, 8)]  # at 0, 7/3, 14/3 and 7
    assert Upsample(16, mode="linear").receptive_field((Field(3, None, 0, 8),), (1, 1, 8))[0].size is None
    assert Upsample(16).receptive_field((Field(3, None, 0, 8),), (1, 1, 8))[0].size == 3
    assert Upsample(2).receptive_field(one, (1, 1, 8, 8)) == ()


def test_a_recomputed_factor_is_that_of_the_sizes():
    one = (Field(1, 1, 0, 3),)
    assert Upsample(scale_factor=2.3).receptive_field(one, (1, 1, 3))[0].jump is None
    recomputed = Upsample(scale_factor=2.3, recompute_scale_factor=True).receptive_field(one, (1, 1, 3))
    assert recomputed[0].jump == Fraction(1, 2)


def test_what_becomes_itself_and_what_is_alone():
    one = (Field(1, 1, 0, 5),)
    assert Upsample(scale_factor=1.1, mode="linear").receptive_field(one, (1, 1, 5)) == one
    cubic = Upsample(scale_factor=1.1, mode="bicubic", align_corners=True)
    assert cubic.receptive_field(one * 2, (1, 1, 5, 5)) == one * 2
    assert Upsample(scale_factor=1.1, mode="bicubic").receptive_field(one * 2, (1, 1, 5, 5))[0].jump is None
    assert Upsample(5, mode="linear").receptive_field((Field(1, 1, 0, 1),), (1, 1, 1))[0].size == 1


def test_in_mode_area_a_unit_sees_its_bin():
    (field,) = Upsample(4, mode="area").receptive_field((Field(1, 1, 0, 8),), (1, 1, 8))
    assert (field.size, field.jump) == (2, 2)


@pytest.mark.parametrize(
    "text",
    [
        "Upsample(scale_factor=2)",
        "Upsample(size=(5, 6), mode='bilinear', align_corners=True)",
        "Upsample(scale_factor=(1.5, 2), recompute_scale_factor=True)",
        "UpsamplingNearest2d(scale_factor=2)",
        "UpsamplingBilinear2d(size=(5, 6))",
    ],
)
def test_a_layer_reads_back(text):
    assert repr(parse(text)) == text


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: Upsample(2, mode="cubic"), "mode 'cubic' is unknown: use one of nearest, nearest-exact"),
        (lambda: Upsample(2, align_corners=True), "align_corners is not for mode nearest: use one of linear"),
        (lambda: Upsample(2, mode="linear", align_corners=1), "align_corners 1 is neither True nor False"),
        (Upsample, "needs either size or scale_factor: give one of the two"),
        (lambda: Upsample(2, 2), "needs either size or scale_factor: give one of the two"),
        (lambda: Upsample(2, recompute_scale_factor=True), "no factor to recompute: give scale_factor, not size"),
        (lambda: Upsample(scale_factor="x"), "scale_factor 'x' is not a number: give one, such as 2 or 1.5"),
        (lambda: Upsample(scale_factor=float("inf")), "scale_factor inf is not finite"),
        (lambda: Upsample(1.5), "size 1.5 is not a whole number"),
        (lambda: Upsample(scale_factor=1.5).output_shape((1, 1, 10**400)), "a size of 401 digits by a fraction"),
        (lambda: Upsample(scale_factor=(2, 0)).receptive_field((Field(1, 1, 0, 5),) * 2, (1, 1, 5, 5)), "makes"),
        (lambda: Upsample((2, 2)).output_shape((1, 1, 5)), "has 2 values for 1 axis: give one number, or 1"),
        (
            lambda: Upsample(2, mode="linear").output_shape((1, 1, 5, 5)),
            "in mode linear takes 3 sizes, got .1, 1, 5, 5.",
        ),
        (
            lambda: Upsample(scale_factor=0.1).output_shape((1, 1, 5)),
            "makes .0. of .1, 1, 5.: every size but the batch",
        ),
    ],
)
def test_a_refusal_names_value_rule_and_remedy(make, message):
    with pytest.raises(ConvcalcError, match=message):
        make()
