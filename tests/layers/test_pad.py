"""The description of padding layers: PyTorch's verdicts, and where fields begin."""

from __future__ import annotations

import pytest

from convcalc import ConvcalcError, parse
from convcalc.layers import kind
from convcalc.receptive_field import Field
from tests.helpers import stored
from tests.layers.moving import check_enough, differing

CASES = stored("torch_pad.jsonl.gz")
KINDS = ("ZeroPad", "ConstantPad", "ReflectionPad", "ReplicationPad", "CircularPad")
ZeroPad1d, ZeroPad2d, ReflectionPad2d, ReplicationPad1d, CircularPad1d, CircularPad2d, ConstantPad1d = map(
    kind,
    (
        "ZeroPad1d",
        "ZeroPad2d",
        "ReflectionPad2d",
        "ReplicationPad1d",
        "CircularPad1d",
        "CircularPad2d",
        "ConstantPad1d",
    ),
)


def refused_on_purpose(case):
    """Of an empty batch ReflectionPad2d gives a negative size."""
    return case["layer"] == "ReflectionPad2d" and min(case.get("output") or [0]) < 0


def test_verdict_and_shape_are_pytorchs():
    check_enough(CASES, [f"{name}{rank}d" for name in KINDS for rank in (1, 2, 3)])
    assert differing(CASES, refused_on_purpose) == []
    assert sum(map(refused_on_purpose, CASES)) < len(CASES) / 200


def test_a_circular_side_larger_than_what_is_left():
    # PyTorch notices that it would copy what it overwrites only where the axis lies in one piece.
    with pytest.raises(ConvcalcError, match="copies more than is left of 4: use at most 2"):
        CircularPad1d((3, -2)).output_shape((1, 1, 4))
    assert CircularPad1d((3, -2)).output_shape((1, 2, 4)) == (1, 2, 5)
    assert CircularPad1d((2, -2)).output_shape((1, 1, 4)) == (1, 1, 4)
    assert CircularPad2d((-2, -2, 3, -2)).output_shape((1, 4, 4)) == (1, 5, 0)  # nothing is copied
    assert CircularPad1d((3, -4)).output_shape((1, 1, 4)) == (1, 1, 3)


@pytest.mark.parametrize(
    ("padding", "shape", "output"),
    [  # as PyTorch 2.13 answered
        ((1, -5), (2, 4), None),
        ((2, -3), (2, 2), (2, 1)),
        ((2, -3), (1, 2), (1, 1)),
        ((2, -4), (2, 2), (2, 0)),
        ((4, -5), (2, 4), None),
        ((-5, 2), (2, 4), (2, 1)),
        ((-5, 4), (2, 4), None),
        ((-4, 4), (1, 4), (1, 4)),
    ],
)
def test_a_circular_side_that_crops_more_than_all(padding, shape, output):
    try:
        assert CircularPad1d(padding).output_shape(shape) == output
    except ConvcalcError:
        assert output is None


def test_no_figures_but_the_shape():
    for name in KINDS:
        layer = kind(f"{name}1d")(1, 0.5) if name == "ConstantPad" else kind(f"{name}1d")(1)
        assert layer.connections((1, 3, 9)) is None
        assert (layer.macs((1, 3, 9)), layer.parameters, layer.dead_weights((1, 3, 9))) == (0, 0, 0)


def test_the_field_begins_earlier_and_a_crop_later():
    fields = (Field(3, 2, 1, 28), Field(5, 1, 0, 28))
    moved = ZeroPad2d((1, 2, -3, 0)).receptive_field(fields, (1, 1, 13, 28))
    assert [(field.size, field.jump, field.start) for field in moved] == [(3, 2, 7), (5, 1, -1)]
    assert ZeroPad2d(1).receptive_field((Field(3, None, 0, 9),) * 2, (1, 1, 5, 5)) == (Field(3, None, 0, 9),) * 2


def test_only_the_last_axes_are_padded():
    fields = tuple(Field(1, 1, 0, 8) for _ in range(3))
    behind = ZeroPad1d((2, 0)).receptive_field(fields, (1, 1, 8, 8, 8))
    assert [field.start for field in behind] == [0, 0, -2]
    assert [field.start for field in ZeroPad2d(1).receptive_field(fields[:1], (1, 3, 8))] == [-1]  # and the channels
    assert ZeroPad2d(1).receptive_field((), (1, 3, 8)) == ()


@pytest.mark.parametrize(
    "text",
    ["ZeroPad2d((1, 2, 3, 4))", "ConstantPad1d(1, 0.5)", "ReflectionPad3d(1)", "CircularPad2d((1, -1, 0, 0))"],
)
def test_a_layer_reads_back(text):
    assert repr(parse(text)) == text


def test_fewer_sides_than_axes_are_no_single_number():
    assert repr(ZeroPad2d((1, 1))) == "ZeroPad2d((1, 1))"
    assert ZeroPad2d((1, 1)).output_shape((1, 3, 5, 5)) == (1, 3, 5, 7)


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: ZeroPad2d((1, 2, 3)), "padding .1, 2, 3. has 3 values: give one integer, or 4"),
        (lambda: ZeroPad2d("1"), "padding '1' is not a whole number"),
        (lambda: ConstantPad1d(1, "a"), "value 'a' is not a number: give one, such as 0 or 0.5"),
        (lambda: ZeroPad2d(1).output_shape((5,)), "ZeroPad2d pads 2 axes, got input .5."),
        (lambda: ZeroPad1d((-3, 9)).output_shape((2,)), "by -3, 9 crops more than the 2 there are: crop less"),
        (lambda: ReflectionPad2d(5).output_shape((1, 5, 5)), "by 5 is too wide for 5: use at most 4"),
        (lambda: CircularPad2d(6).output_shape((1, 5, 5)), "by 6 is too wide for 5: use at most 5"),
        (lambda: ReplicationPad1d(-3).output_shape((1, 5)), "by -3, -3 leaves nothing of 5 elements: crop less"),
        (lambda: ReplicationPad1d((-5, 0)).output_shape((1, 5)), "leaves nothing of .5.: crop less"),
        (lambda: ReplicationPad1d(()).output_shape((1, 5)), "got 0 sides: give one integer, or 2, 4 or 6"),
        (lambda: CircularPad2d((1, 1)).output_shape((5, 5)), "takes N C H W .or C H W., got 2 sizes"),
        (lambda: ReflectionPad2d(1).output_shape((0, 0, 5, 5)), "only the batch may be 0"),
    ],
)
def test_a_refusal_names_value_rule_and_remedy(make, message):
    with pytest.raises(ConvcalcError, match=message):
        make()
