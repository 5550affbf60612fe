"""Whatever the picture, the kernel and the range, a filter takes little beside its input and its output."""

import tracemalloc

import numpy as np
import pytest

from convcalc import engine
from convcalc.filter.apply import MOST_BYTES, apply
from convcalc.filter.kernel import Magnitude, Settings, linear
from convcalc.filter.presets import find

SMALL = linear("", ((1, -2, 3), (4, 5, -6), (-3, 2, 1)), "clip", "")
SOFT = linear("", tuple((0.1 * row,) * 31 for row in range(1, 32)), "clip", "")
DENSE = linear("", tuple(tuple((row * column) % 7 / 3 for column in range(31)) for row in range(31)), "clip", "")
TALL = linear("", ((1,),) * 2999, "clip", "")
BOTH = Magnitude("", SMALL, linear("", ((1, 2), (3, 4)), "clip", ""), "scale", "")


@pytest.mark.parametrize("threads", ["2", "64"])
@pytest.mark.parametrize(
    ("what", "shape", "dtype", "how"),
    [
        (SMALL, (2000, 2000, 3), np.uint8, {"range": "scale"}),
        (SMALL, (1, 5 * 10**6), np.uint8, {}),
        (SMALL, (2 * 10**5, 3, 4), np.uint16, {"border": "zeros", "range": "wrap"}),
        (SMALL, (2000, 1000), np.float64, {"dilation": (400, 200)}),
        (SMALL, (2000, 2000, 3), np.uint8, {"stride": (7, 5)}),
        (SOFT, (1000, 1000, 3), np.uint8, {"range": "scale"}),
        (SOFT, (1000, 1000), np.float64, {}),
        (DENSE, (1000, 1000, 3), np.float32, {}),
        (TALL, (3000, 10), np.uint16, {}),
        (BOTH, (1000, 1000, 3), np.uint8, {}),
        (find("median"), (1000, 1000, 3), np.uint8, {}),
        (find("maximum", size=(9, 31)), (1000, 1000), np.float64, {}),
        (find("median", size=(301, 299)), (12, 9), np.float64, {}),
    ],
)
def test_scratch_is_bounded(what, shape, dtype, how, threads, monkeypatch):
    monkeypatch.setenv("CONVCALC_THREADS", threads)
    how = Settings(**{"border": "replicate", **how})
    x = np.ones(shape, dtype)
    engine.release_scratch()
    tracemalloc.start()
    result = apply(x, what, how)
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert peak - result.array.nbytes <= MOST_BYTES
