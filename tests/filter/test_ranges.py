"""Results that do not fit the picture, by hand and against Python's own arithmetic."""

from fractions import Fraction

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from convcalc.filter.apply import apply
from convcalc.filter.kernel import Magnitude, Settings, linear
from convcalc.filter.presets import find


def times(weight, usual="clip"):
    """Each pixel times the weight."""
    return linear("", ((weight,),), usual, "")


def ranged(values, name, top):
    """What the range makes of exact results."""
    if name == "abs":
        values = [abs(value) for value in values]
    if name == "scale":
        low, high = min(values), max(values)
        values = [(value - low) * top / (high - low) if high > low else Fraction(0) for value in values]
    whole = [round(value) for value in values]
    return [value % (top + 1) for value in whole] if name == "wrap" else [min(max(v, 0), top) for v in whole]


@settings(max_examples=150, deadline=None)
@given(
    st.sampled_from([np.uint8, np.uint16]),
    st.lists(st.integers(0, 255), min_size=1, max_size=9),
    st.integers(-600, 600),
    st.sampled_from([1, 2, 4, 16]),
    st.sampled_from(["clip", "abs", "scale", "wrap"]),
)
def test_integer_pictures(dtype, pixels, numerator, denominator, name):
    weight = numerator / denominator
    result = apply(np.array([pixels], dtype), times(weight), Settings(range=name))
    exact = [pixel * Fraction(weight) for pixel in pixels]
    expected = ranged(exact, name, np.iinfo(dtype).max)
    if name == "scale":  # of a half, float64 may see less or more
        assert np.abs(result.array[0].astype(int) - expected).max() <= 1
        assert (result.array[0][[pixels.index(min(pixels)), pixels.index(max(pixels))]].tolist()) == [
            expected[pixels.index(edge(pixels))] for edge in (min, max)
        ]
    else:
        assert result.array[0].tolist() == expected
    assert (result.low, result.high) == (min(exact), max(exact))


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("clip", [0, 0, 100, 0]),  # of -200, -100, 100, 0
        ("abs", [200, 100, 100, 0]),
        ("scale", [0, 85, 255, 170]),
        ("wrap", [56, 156, 100, 0]),
    ],
)
def test_by_hand(name, expected):
    across = linear("", ((1, -2),), "clip", "")._replace(anchor=(0, 0))  # the pixel less twice its right neighbour
    result = apply(np.array([[0, 100, 100, 0, 0]], np.uint8), across, Settings("valid", range=name))
    assert (result.low, result.high) == (-200, 100)
    assert result.array.tolist() == [expected]


def test_halves_go_to_the_even():
    x = np.array([[1, 3, 5, 7]], np.uint8)
    assert apply(x, times(0.5)).array.tolist() == [[0, 2, 2, 4]]


def test_all_the_same_is_scaled_to_0():
    x = np.full((3, 4), 9, np.uint16)
    assert not apply(x, times(5), Settings(range="scale")).array.any()
    assert not apply(x.astype(float), times(5.0), Settings(range="scale")).array.any()


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize(
    ("name", "expected"),
    [
        (None, [-2, 0.5, 3, np.nan]),
        ("clip", [0, 0.5, 1, np.nan]),
        ("abs", [1, 0.5, 1, np.nan]),
        ("scale", [0, 0.5, 1, np.nan]),
    ],
)
def test_pictures_of_floats(dtype, name, expected):
    x = np.array([[-2, 0.5, 3, np.nan]], dtype)
    for usual in ("clip", "abs", "scale"):
        result = apply(x, times(1.0, usual), Settings(range=name))
        assert result.array.dtype == dtype
        assert np.array_equal(result.array[0], expected, equal_nan=True)
        assert (result.low, result.high) == (-2, 3)


def test_a_filter_has_its_own_range_unless_another_is_asked_for():
    x = np.array([[0, 9]], np.uint8)
    assert apply(x, times(-3, "abs")).array.tolist() == [[0, 27]]
    assert apply(x, times(-3, "abs"), Settings(range="clip")).array.tolist() == [[0, 0]]
    assert apply(x, times(-3, "scale")).array.tolist() == [[255, 0]]
    twice = Magnitude("", times(-30), times(40), "scale", "")
    assert apply(x, twice).array.tolist() == [[0, 255]]
    assert apply(x, twice, Settings(range="clip")).array.tolist() == [[0, 255]]
    assert apply(x, twice, Settings(range="wrap")).array.tolist() == [[0, 450 % 256]]


@pytest.mark.parametrize("shape", [(40, 41), (40, 41, 3), (40, 41, 4)])
def test_scale_looks_at_the_whole_picture_first(shape):
    x = np.random.default_rng(1).integers(0, 256, shape, dtype=np.uint8)
    wide = np.tile(x, (6, 40, *(1 for _ in shape[2:]))) // 2
    wide[0, 0], wide[-1, -1] = 0, 255  # in different tiles
    filtered = wide[..., :3] if shape[2:] == (4,) else wide
    sums = filtered.astype(int) * -7
    result = apply(wide, times(-7), Settings(range="scale"))
    expected = np.rint((sums - sums.min()) * 255 / (sums.max() - sums.min()))
    array = result.array[..., :3] if shape[2:] == (4,) else result.array
    assert (array == expected).all()


@pytest.mark.parametrize("dtype", [np.uint8, np.uint16, np.float32, np.float64])
@pytest.mark.parametrize("name", ["gabor", "gaussian", "log", "unsharp"])
def test_rounding_is_not_scaled_up(name, dtype):
    """A picture of one colour has one result, which rounding alone sets apart."""
    for values in ({}, {"sigma": 4.0}, {"angle": 30.0} if name == "gabor" else {}):
        flat = apply(np.full((90, 130), 100, dtype), find(name, **values), Settings(range="scale")).array
        assert not flat.any(), values


@pytest.mark.parametrize("dtype", [np.uint8, np.uint16, np.float32, np.float64])
def test_one_level_is_scaled_up(dtype):
    """The least that integers differ by is no rounding."""
    x = np.full((90, 130, 4), 100, dtype)
    x[:, :, 3] = 0  # alpha
    x[50, 60, 1] += 1
    scaled = apply(x, find("gabor", angle=30.0), Settings(range="scale")).array[:, :, :3]
    assert (scaled.min(), scaled.max()) == (0, 1 if x.dtype.kind == "f" else np.iinfo(dtype).max)
