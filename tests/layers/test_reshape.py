"""The description of layers that move elements: PyTorch's verdicts, and what units see."""

from __future__ import annotations

from fractions import Fraction

import pytest

from convcalc import ConvcalcError, parse
from convcalc.layers import kind
from convcalc.receptive_field import Field
from tests.helpers import stored
from tests.layers.moving import check_enough, differing

CASES = stored("torch_reshape.jsonl.gz")
NAMES = ("Unflatten", "PixelShuffle", "PixelUnshuffle", "ChannelShuffle", "Unfold", "Fold")
Unflatten, PixelShuffle, PixelUnshuffle, ChannelShuffle, Unfold, Fold = map(kind, NAMES)
ONES = (Field(1, 1, 0, 8), Field(1, 1, 0, 8))


def test_verdict_and_shape_are_pytorchs():
    check_enough(CASES, NAMES)
    assert differing(CASES) == []


def test_what_is_said_of_each():
    for layer, shape in (
        (Unflatten(1, (2, -1)), (1, 4)),
        (PixelShuffle(2), (1, 4, 2, 2)),
        (PixelUnshuffle(2), (1, 4, 2, 2)),
        (ChannelShuffle(2), (1, 4, 2, 2)),
        (Unfold(2), (1, 4, 2, 2)),
        (Fold(2, 2), (1, 4, 1)),
    ):
        assert layer.connections(shape) is None
        assert (layer.macs(shape), layer.parameters) == (0, 0)
        assert layer.aliases == isinstance(layer, Unflatten)
        assert layer.moves_axes == isinstance(layer, Unflatten | Unfold | Fold)


def test_a_pixel_between_two_places_is_half_a_jump_away():
    (rows, columns) = PixelShuffle(2).receptive_field((Field(3, 2, -1, 9), Field(3, 1, -1, 9)), (1, 4, 4, 4))
    assert rows[:4] == (3, 1, -1, 9)
    assert columns[:4] == (3, Fraction(1, 2), -1, 6)
    assert [rows.sees(unit) for unit in range(3)] == [(-1, 2), (-1, 2), (1, 4)]
    assert PixelShuffle(2).receptive_field(ONES[:1], (4, 4, 4)) == ()


def test_the_channels_of_a_place_see_a_square_of_pixels():
    (rows, _) = PixelUnshuffle(3).receptive_field(ONES, (1, 1, 9, 9))
    assert (rows.size, rows.jump, rows.start) == (3, 3, 0)
    there_and_back = PixelShuffle(3).receptive_field(
        PixelUnshuffle(3).receptive_field(ONES, (1, 1, 9, 9)), (1, 9, 3, 3)
    )
    assert [field.jump for field in there_and_back] == [1, 1]
    assert PixelUnshuffle(3).receptive_field(ONES[:1], (1, 9, 9)) == ()
    assert PixelUnshuffle(2).receptive_field((Field(1, None, 0, 8),) * 2, (1, 1, 8, 8))[0].size is None


def test_axes_that_are_taken_apart_have_no_jump():
    behind = Unflatten(3, (2, 4)).receptive_field(ONES, (1, 1, 8, 8))
    assert [field.jump for field in behind] == [1, None]
    assert Unflatten(1, (2, 4)).receptive_field(ONES, (1, 8, 8, 8)) == ONES
    assert ChannelShuffle(2).receptive_field(ONES, (1, 8, 8, 8)) == ONES
    unbatched = ChannelShuffle(2).receptive_field(ONES, (8, 8, 8))  # PyTorch takes the rows for channels
    assert [field.jump for field in unbatched] == [None, 1]
    assert ChannelShuffle(1).receptive_field(ONES, (8, 8, 8)) == ONES
    assert Unflatten(3, (8,)).receptive_field(ONES, (1, 1, 8, 8)) == ONES


def test_columns_and_back():
    columns = Unfold(2).receptive_field(ONES, (1, 1, 8, 8))
    assert columns == (Field(1, None, 0, 8),) * 2
    assert Fold(8, 2).receptive_field(columns, (1, 4, 49))[0].size is None  # it adds columns, which ones is not known
    assert Fold(8, 2, stride=2).receptive_field(columns, (1, 4, 16)) == columns  # no two columns overlap
    assert Fold(8, 2).receptive_field(ONES, (1, 4, 49)) == ()
    assert Unfold(2).receptive_field(ONES[:1], (8, 8, 8)) == ()


@pytest.mark.parametrize(
    "text",
    [
        "Unflatten(1, (3, 4, -1))",
        "PixelShuffle(2)",
        "PixelUnshuffle(2)",
        "ChannelShuffle(4)",
        "Unfold((2, 3), stride=2)",
        "Fold((5, 6), 3, padding=1)",
    ],
)
def test_a_layer_reads_back(text):
    assert repr(parse(text)) == text


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: Unflatten(1, ()), "unflattened_size .. is not a tuple of sizes"),
        (lambda: Unflatten(1, (-1, -1)), "leaves more than one size open: give all but one"),
        (lambda: Unflatten(1, (2, 3)).output_shape((1, 7)), "does not multiply up to 7, axis 1 of .1, 7."),
        (lambda: Unflatten(0, (1,)).output_shape(()), "takes at least 1 size"),
        (lambda: Unflatten(2, (1,)).output_shape((1, 2)), "dim 2 is outside an input of 2 axes: use -2 to 1"),
        (lambda: PixelShuffle(2).output_shape((1, 3, 4, 4)), "takes a multiple of 4 channels, got 3"),
        (lambda: PixelUnshuffle(2).output_shape((1, 3, 5, 4)), "takes multiples of 2, got 5x4"),
        (lambda: PixelShuffle(2).output_shape((4, 4)), "takes at least 3 sizes"),
        (lambda: ChannelShuffle(2).output_shape((1, 3, 5)), "groups 2 does not divide 3, axis 1 of"),
        (lambda: ChannelShuffle(2).output_shape((4, 5)), "takes at least 3 sizes"),
        (lambda: Unfold((2,)), "kernel_size 2 has 1 value for 2 axes"),
        (lambda: Fold(5, 3).output_shape((1, 10, 9)), "takes a multiple of 9 rows, got 10"),
        (lambda: Fold(5, 3).output_shape((1, 9, 8)), "takes 9 columns, got 8: one per window"),
        (lambda: Fold(5, 3).output_shape((9,)), "takes 2 or 3 sizes, got 1 size"),
    ],
)
def test_a_refusal_names_value_rule_and_remedy(make, message):
    with pytest.raises(ConvcalcError, match=message):
        make()
