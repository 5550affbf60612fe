"""What stands around a picture, against numpy.pad and sums done by hand."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from convcalc.errors import ConvcalcError
from convcalc.filter.border import sides, windows
from convcalc.filter.kernel import Settings

PADS = {"zeros": "constant", "reflect": "reflect", "replicate": "edge", "circular": "wrap"}


@st.composite
def pieces(draw):
    border = draw(st.sampled_from([*PADS, "valid"]))
    size = draw(st.tuples(st.integers(1, 6), st.integers(1, 6)))
    taps = []
    for n in size:
        most = {"reflect": n - 1, "circular": n, "valid": (n - 1) // 2}.get(border, 9)
        taps.append(2 * draw(st.integers(0, most)) + 1)
    stride = draw(st.tuples(st.integers(1, 3), st.integers(1, 3)))
    return border, size, taps, stride


@given(pieces(), st.sampled_from([1, 3]), st.sampled_from([np.uint8, np.float64]), st.data())
def test_a_band_is_cut_from_the_padded_picture(piece, channels, dtype, data):
    border, size, taps, stride = piece
    x = np.arange(1, size[0] * size[1] * channels + 1, dtype=dtype).reshape(*size, channels)
    anchor = (taps[0] // 2, taps[1] // 2)
    seen = windows(x, taps, anchor, Settings(border, stride))
    sides = [(0, 0) if border == "valid" else (middle, middle) for middle in anchor]
    whole = np.pad(x, (*sides, (0, 0)), mode=PADS.get(border, "constant")).transpose(2, 0, 1)
    expected = np.lib.stride_tricks.sliding_window_view(whole, taps, (1, 2))[:, :: stride[0], :: stride[1]]
    assert seen.output_size == expected.shape[1:3]
    first = data.draw(st.integers(0, seen.output_size[0] - 1))
    last = data.draw(st.integers(first, seen.output_size[0] - 1))
    band = seen.read(slice(first, last + 1), np.dtype(np.float32))
    assert band.dtype == np.float32
    assert (band == whole[:, first * stride[0] : last * stride[0] + taps[0]]).all()


@pytest.mark.parametrize(("shape", "taps", "stride"), [((5, 9000), 3, 1), ((3000, 4000), 31, 2), ((700, 3), 601, 5)])
def test_the_bands_are_all_rows_once(shape, taps, stride):
    x = np.broadcast_to(np.uint8(0), (*shape, 3))
    seen = windows(x, (taps, 1), (0, 0), Settings("replicate", (stride, 1)))
    rows = [row for band in seen.bands for row in range(band.start, band.stop)]
    assert rows == list(range(seen.output_size[0]))


def test_the_sides_follow_the_anchor_and_the_dilation():
    assert sides((9, 9), (4, 1), (2, 0), (2, 3), "zeros") == ((4, 2), (0, 0))
    assert sides((9, 9), (4, 3), (0, 2), (1, 1), "reflect") == ((0, 3), (2, 0))
    assert sides((9, 9), (9, 9), (4, 4), (1, 1), "valid") == ((0, 0), (0, 0))


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
