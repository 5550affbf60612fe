"""What stands around a picture, against numpy.pad and sums done by hand."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from convcalc.errors import ConvcalcError
from convcalc.filter.border import band, places, sides

PADS = {"zeros": "constant", "reflect": "reflect", "replicate": "edge", "circular": "wrap"}


@st.composite
def pieces(draw):
    border = draw(st.sampled_from([*PADS, "valid"]))
    size = draw(st.tuples(st.integers(1, 6), st.integers(1, 6)))
    most = {"reflect": lambda n: n - 1, "circular": lambda n: n, "valid": lambda n: 0}.get(border, lambda n: 9)
    padded = tuple(tuple(draw(st.integers(0, most(n))) for _ in range(2)) for n in size)
    ends = []
    for n, side in zip(size, padded, strict=True):
        start = draw(st.integers(0, n + sum(side) - 1))
        ends.append(slice(start, draw(st.integers(start + 1, n + sum(side)))))
    return border, size, padded, ends


@given(pieces(), st.sampled_from([(), (1,), (3,)]), st.sampled_from([np.uint8, np.float64]))
def test_a_piece_is_cut_from_the_padded_picture(piece, channels, dtype):
    border, size, padded, (rows, columns) = piece
    x = np.arange(1, np.prod((*size, *channels)) + 1, dtype=dtype).reshape(*size, *channels)
    whole = np.pad(x, (*padded, *((0, 0) for _ in channels)), mode=PADS.get(border, "constant"))
    expected = whole[rows, columns]
    out = np.full(expected.shape, 99, np.float64)
    assert band(x, rows, columns, padded, border, out) is out
    assert (out == expected).all()


def test_the_sides_follow_the_anchor_and_the_dilation():
    assert sides((9, 9), (4, 1), (2, 0), (2, 3), "zeros") == ((4, 2), (0, 0))
    assert sides((9, 9), (4, 3), (0, 2), (1, 1), "reflect") == ((0, 3), (2, 0))
    assert sides((9, 9), (9, 9), (4, 4), (1, 1), "valid") == ((0, 0), (0, 0))


def test_there_are_as_many_places_as_pixels_and_a_part_with_a_stride():
    whole = sides((7, 8), (4, 3), (2, 1), (1, 1), "zeros")
    assert places((7, 8), (4, 3), whole, (1, 1), (1, 1)) == (7, 8)
    assert places((7, 8), (4, 3), whole, (2, 3), (1, 1)) == (4, 3)
    assert places((7, 8), (4, 3), ((0, 0), (0, 0)), (1, 1), (2, 1)) == (1, 6)


@pytest.mark.parametrize(
    ("size", "kernel", "border", "said"),
    [
        ((3, 9), (7, 1), "reflect", "3 rows of reflect border cannot be made from a picture of 3: use border='repl"),
        ((1, 9), (3, 1), "reflect", "1 row of reflect border cannot be made from a picture of 1: use border='repl"),
        ((9, 2), (1, 6), "circular", "3 columns of circular border cannot be made from a picture of 2: use border='"),
        ((9, 2), (1, 3), "valid", "a kernel of 3 columns does not fit a picture of 2: use border='replicate'"),
        ((0, 2), (1, 1), "zeros", "a picture of 0x2 has no pixels"),
        ((1, 1), (1, 1), "mirror", "border 'mirror' is not known: use one of zeros, reflect, replicate"),
    ],
)
def test_a_border_that_cannot_be_made_is_refused(size, kernel, border, said):
    with pytest.raises(ConvcalcError) as refused:
        sides(size, kernel, (kernel[0] // 2, kernel[1] // 2), (1, 1), border)
    assert str(refused.value).startswith(said)
    assert "\n" not in str(refused.value)


@pytest.mark.parametrize(("border", "widest"), [("reflect", 5), ("circular", 7), ("zeros", 99), ("replicate", 99)])
def test_the_widest_border_that_can_be_made_is_made(border, widest):
    assert sides((3, 3), (widest, 1), (widest // 2, 0), (1, 1), border)[0] == (widest // 2, widest // 2)
