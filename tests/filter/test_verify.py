"""What is right is never called different, and what is wrong is."""

import numpy as np
import pytest

from convcalc.filter.kernel import RANGES, Order, Settings, linear
from convcalc.filter.outcome import run
from convcalc.filter.presets import entries, find
from convcalc.filter.verify import MOST_TAPS, MOST_VALUES, difference

KERNELS = [entry.name for entry in entries() if entry.name != "gabor"]  # 37x37: slow, one pixel at a time


def pictures(dtype):
    """Noise, one colour, and for floats small differences of large values."""
    random, shape = np.random.default_rng(0), (8, 5, 2)
    if np.dtype(dtype).kind == "u":
        return random.integers(0, np.iinfo(dtype).max, shape, dtype, True), np.full(shape, 100, dtype)
    noise = random.random(shape).astype(dtype)
    return noise, np.full(shape, 0.3, dtype), noise + dtype(1000)


@pytest.mark.parametrize("dtype", [np.uint8, np.uint16, np.float32, np.float64])
@pytest.mark.parametrize("name", KERNELS)
def test_what_is_right_fits(name, dtype):
    kernel = find(name, size=5) if name == "log" else find(name)
    for number, x in enumerate(pictures(dtype)):
        for range_ in (None, *RANGES[: 4 if x.dtype.kind == "u" else 3]):
            plain, strided = Settings("replicate", range=range_), Settings("zeros", (2, 3), (1, 2), range_)
            settings = (plain, strided)[number % 2]
            found = difference(run(x, kernel, settings))
            assert found.fits, (settings, found)
            assert found.compared == found.values


@pytest.mark.parametrize("range_", [None, "wrap", "scale"])
def test_a_level_of_rounding_does_not_grow(range_):
    x = np.random.default_rng(1).integers(100, 102, (12, 15), np.uint8)
    for kernel in (find("gabor", size=7), find("unsharp")):
        found = difference(run(x, kernel, Settings("replicate", range=range_), 4))
        assert found.fits, found
        assert found.compared == 4 * x.size


@pytest.mark.parametrize("name", ["sobel-x", "laplacian", "sobel", "roberts", "gaussian", "median", "maximum"])
def test_what_is_not_finite_under_a_zero_fits(name):
    x = np.random.default_rng(2).random((12, 14, 4))
    x[3, 3, 0], x[5, 9, 1], x[5, 10, 1], x[8, 8, 2] = np.inf, np.inf, -np.inf, np.nan
    for range_ in (None, "clip", "abs", "scale"):
        assert difference(run(x, find(name), Settings(range=range_))).fits


def test_sums_beyond_float64_are_infinite():
    x = np.full((3, 3), 1.5e308)
    outcome = run(x, find("sobel-x"), Settings("replicate"))._replace(filter=linear("", ((1, 1),), "", ""))
    assert difference(outcome._replace(after=np.full((3, 3), np.inf))).fits


@pytest.mark.parametrize("dtype", [np.uint8, np.uint16, np.float32, np.float64])
@pytest.mark.parametrize("name", ["gaussian", "median"])
def test_what_is_wrong_is_found(dtype, name):
    """One pixel of one channel, in any of the times, and a NaN that should not be there."""
    for x in pictures(dtype):
        outcome = run(x, find(name), Settings("replicate"), 2)
        wrong = outcome.after.copy()
        wrong[7, 4, 0] += dtype(2) if x.dtype.kind == "u" else dtype(1e-3) * wrong[7, 4, 0]
        found = difference(outcome._replace(after=wrong))
        assert not found.fits, found
        if x.dtype.kind == "f":
            wrong[7, 4, 0] = np.nan
            assert not difference(outcome._replace(after=wrong)).fits


def test_the_highest_lies_beside_the_lowest():
    """Sums of 255.5, but for rounding, may be 255 or 0; not 2 or 253."""
    x = np.full((3, 3), 255, np.uint8)
    outcome = run(x, linear("", ((511 / 510,),), "wrap", ""))
    for level, fits in ((255, True), (0, True), (2, False), (253, False)):
        found = difference(outcome._replace(after=np.full_like(x, level)))
        assert found.fits == fits, (level, found)


def test_of_a_large_picture_a_sample_is_compared_and_finds_what_is_wrong_at_the_border():
    x = np.random.default_rng(3).integers(0, 256, (120, 130), np.uint8)
    outcome = run(x, find("box"), Settings("reflect"))
    found = difference(outcome)
    assert (found.compared, found.values, found.fits) == (MOST_VALUES, x.size, True)
    other = run(x, find("box"), Settings("zeros"))
    assert not difference(outcome._replace(after=other.after)).fits
    large = difference(run(x, find("box", size=41), Settings("replicate")))
    assert (large.compared, large.fits) == (MOST_TAPS // 41**2, True)


def test_an_order_statistic_is_compared_too():
    x = np.random.default_rng(4).integers(0, 256, (9, 8), np.uint8)
    for name in ("minimum", "median", "maximum"):
        assert isinstance(find(name), Order)
        outcome = run(x, find(name))
        assert difference(outcome).fits
        assert not difference(outcome._replace(after=x)).fits
