"""The filter beside the engine: what is right is never called different, and what is wrong always is."""

import numpy as np
import pytest

from convcalc.filter.kernel import Order, Settings, linear
from convcalc.filter.outcome import run
from convcalc.filter.presets import entries, find
from convcalc.filter.ranges import RANGES
from convcalc.filter.verify import difference

LIMIT = 2**30
KERNELS = [entry.name for entry in entries() if not isinstance(find(entry.name), Order)]


def pictures(dtype):
    """Noise, one colour, and for floats small differences of large values."""
    random, shape = np.random.default_rng(0), (20, 24, 3)
    if np.dtype(dtype).kind == "u":
        return random.integers(0, np.iinfo(dtype).max, shape, dtype, True), np.full(shape, 100, dtype)
    noise = random.random(shape).astype(dtype)
    return noise, np.full(shape, 0.3, dtype), noise + dtype(1000)


@pytest.mark.parametrize("dtype", [np.uint8, np.uint16, np.float32, np.float64])
@pytest.mark.parametrize("name", KERNELS)
def test_what_is_right_fits(name, dtype):
    for x in pictures(dtype):
        for range_ in (None, *RANGES[: 4 if x.dtype.kind == "u" else 3]):
            for settings in (Settings("replicate", range=range_), Settings("zeros", (2, 3), (1, 2), range_)):
                found = difference(run(x, find(name), settings), LIMIT)
                assert found.fits, (settings, found)


@pytest.mark.parametrize("range_", [None, "wrap", "scale"])
def test_a_level_of_rounding_does_not_grow(range_):
    x = np.random.default_rng(1).integers(100, 102, (24, 30), np.uint8)
    for name in ("gabor", "unsharp"):
        found = difference(run(x, find(name), Settings("replicate", range=range_), 4), LIMIT)
        assert found.fits, found
        assert found.pixels == 4 * x.size


@pytest.mark.parametrize("name", ["sobel-x", "laplacian", "sobel", "roberts", "gaussian"])
def test_what_is_not_finite_under_a_zero_fits(name):
    x = np.random.default_rng(2).random((12, 14, 4))
    x[3, 3, 0], x[5, 9, 1], x[5, 10, 1], x[8, 8, 2] = np.inf, np.inf, -np.inf, np.nan
    for range_ in (None, "clip", "abs", "scale"):
        assert difference(run(x, find(name), Settings(range=range_)), LIMIT).fits


@pytest.mark.parametrize("dtype", [np.uint8, np.uint16, np.float32, np.float64])
def test_what_is_wrong_is_found(dtype):
    """One pixel of one channel, in any of the times, and a NaN that should not be there."""
    for x in pictures(dtype):
        outcome = run(x, find("gaussian"), Settings("replicate"), 2)
        wrong = outcome.after.copy()
        wrong[7, 8, 1] += dtype(2) if x.dtype.kind == "u" else dtype(1e-3) * wrong[7, 8, 1]
        found = difference(outcome._replace(after=wrong), LIMIT)
        assert not found.fits, found
        if x.dtype.kind == "f":
            wrong[7, 8, 1] = np.nan
            assert not difference(outcome._replace(after=wrong), LIMIT).fits


def test_the_highest_lies_beside_the_lowest():
    """Sums of 255.5, but for rounding, may be 255 or 0; not 2 or 253."""
    x = np.full((3, 3), 255, np.uint8)
    outcome = run(x, linear("", ((511 / 510,),), "wrap", ""))
    for level, fits in ((255, True), (0, True), (2, False), (253, False)):
        found = difference(outcome._replace(after=np.full_like(x, level)), LIMIT)
        assert found.fits == fits, (level, found)
