"""Minimum, median and maximum: beside SciPy's and OpenCV's stored answers, and beside an obvious slow loop."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from unittest import mock

import numpy as np
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

import convcalc.filter.order_statistics as module
from convcalc.filter.apply import apply
from convcalc.filter.kernel import Order, Settings
from convcalc.filter.order_statistics import order_statistics
from convcalc.filter.presets import find

STORED = Path(__file__).parents[1] / "data" / "filter_order.npz"
ORDERS = ("minimum", "median", "maximum")
BORDERS = ("zeros", "reflect", "replicate", "circular", "valid")
TYPES = (np.uint8, np.uint16, np.float32, np.float64)
PADS = {"zeros": "constant", "reflect": "reflect", "replicate": "edge", "circular": "wrap"}


def stored() -> Iterator[tuple[dict[str, Any], np.ndarray, np.ndarray]]:
    with np.load(STORED) as answers:
        for number, case in enumerate(json.loads(str(answers["cases"]))):
            yield case, answers[f"x-{case['picture']}"], answers[str(number)]


def test_scipy_and_opencv_say_the_same() -> None:
    seen = set()
    for case, x, expected in stored():
        settings = Settings(case["border"], tuple(case["stride"]), tuple(case["dilation"]))
        out = found(x, case["order"], case["size"], case["anchor"], settings)
        assert out.dtype == x.dtype, case
        assert np.array_equal(out, expected), case
        if list(case["anchor"]) == [taps // 2 for taps in case["size"]]:
            assert np.array_equal(apply(x, find(case["order"], size=tuple(case["size"])), settings).array, expected)
        seen.add((case["order"], case["border"]))
    assert len(seen) == 15


# Beside a slow loop


def slow(x: np.ndarray, name: str, size: Any, anchor: Any, settings: Settings) -> np.ndarray:
    """Each window's values, sorted by Python."""
    reach = [(taps - 1) * apart for taps, apart in zip(size, settings.dilation, strict=True)]
    if settings.border != "valid":
        before = [middle * apart for middle, apart in zip(anchor, settings.dilation, strict=True)]
        sides = [(lead, far - lead) for lead, far in zip(before, reach, strict=True)]
        x = np.pad(x, sides + [(0, 0)] * (x.ndim - 2), PADS[settings.border])
    rank = {"minimum": 0, "median": size[0] * size[1] // 2, "maximum": -1}[name]
    rows = []
    for top in range(0, x.shape[0] - reach[0], settings.stride[0]):
        row = []
        for left in range(0, x.shape[1] - reach[1], settings.stride[1]):
            values = [
                x[top + i * settings.dilation[0], left + j * settings.dilation[1]]
                for i in range(size[0])
                for j in range(size[1])
            ]
            row.append(sorted(values)[rank] if x.ndim == 2 else [sorted(each)[rank] for each in np.transpose(values)])
        rows.append(row)
    return np.array(rows, x.dtype)


pairs = st.tuples(st.integers(1, 3), st.integers(1, 3))


@st.composite
def tasks(draw: st.DrawFn) -> tuple[Any, ...]:
    channels = draw(st.sampled_from([(), (1,), (3,)]))
    shape = (draw(st.integers(1, 9)), draw(st.integers(1, 12)), *channels)
    dtype = draw(st.sampled_from(TYPES))
    values = np.random.default_rng(draw(st.integers(0, 99))).integers(0, draw(st.sampled_from([3, 256])), shape)
    size = draw(st.tuples(st.integers(1, 6), st.integers(1, 6)))
    anchor = draw(st.tuples(st.integers(0, size[0] - 1), st.integers(0, size[1] - 1)))
    settings = Settings(draw(st.sampled_from(BORDERS)), draw(pairs), draw(pairs))
    return values.astype(dtype), draw(st.sampled_from(ORDERS)), size, anchor, settings


def found(x: np.ndarray, name: str, size: Any, anchor: Any, settings: Settings) -> np.ndarray:
    """The whole picture at once: its border made by NumPy, then the order statistic of every window."""
    sides = [
        (middle * apart, (taps - 1 - middle) * apart)
        for taps, middle, apart in zip(size, anchor, settings.dilation, strict=True)
    ]
    if settings.border != "valid":
        x = np.pad(x, sides + [(0, 0)] * (x.ndim - 2), PADS[settings.border])
    planes = x[None] if x.ndim == 2 else np.moveaxis(x, 2, 0)
    filter_ = Order("", name, tuple(size), "clip", "")
    made = order_statistics(np.ascontiguousarray(planes), filter_, tuple(settings.stride), tuple(settings.dilation))
    return made[0] if x.ndim == 2 else np.moveaxis(made, 0, 2)


@settings(deadline=None)
@given(tasks())
def test_it_is_what_a_slow_loop_finds(task: tuple[Any, ...]) -> None:
    x, _, size, _, how = task
    reach = [(taps - 1) * apart for taps, apart in zip(size, how.dilation, strict=True)]
    assume(all(far < have for far, have in zip(reach, x.shape, strict=False)) or how.border in ("zeros", "replicate"))
    assert np.array_equal(found(*task), slow(*task))
    with mock.patch.object(module, "AT_ONCE", 1):  # a column at a time
        assert np.array_equal(found(*task), slow(*task))


@pytest.mark.parametrize("name", ORDERS)
@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_nan_travels_to_the_windows_that_hold_it(name: str, dtype: Any) -> None:
    x = np.random.default_rng(0).normal(size=(14, 15)).astype(dtype)
    x[6, 4], x[2, 9], x[9, 12] = np.nan, np.inf, -np.inf
    out = found(x, name, (3, 5), (1, 2), Settings("replicate"))
    holds = np.zeros(x.shape, bool)
    holds[5:8, 2:7] = True
    assert np.array_equal(np.isnan(out), holds)
    x[6, 4] = 0
    assert np.array_equal(out[~holds], slow(x, name, (3, 5), (1, 2), Settings("replicate"))[~holds])


@pytest.mark.parametrize("name", ORDERS)
def test_a_picture_of_several_bands_is_filtered_as_a_whole(name: str) -> None:
    x = np.random.default_rng(1).integers(0, 256, (450, 620, 3), np.uint8)
    seen = np.lib.stride_tricks.sliding_window_view(np.pad(x, [(2, 2), (2, 1), (0, 0)], "reflect"), (5, 4), (0, 1))
    ordered = np.sort(seen[:, ::2].reshape(450, 310, 3, 20), axis=3)
    result = apply(x, find(name, size=(5, 4)), Settings("reflect", (1, 2)))
    assert np.array_equal(result.array, ordered[..., {"minimum": 0, "median": 10, "maximum": 19}[name]])
    assert (result.low, result.high) == (result.array.min(), result.array.max())


@pytest.mark.parametrize("name", ORDERS)
def test_the_range_is_that_of_every_filter(name: str) -> None:
    x = np.array([[50, 60, 70, 60]] * 3, np.uint8)
    usual = apply(x, find(name)).array
    low, high = int(usual.min()), int(usual.max())
    scaled = apply(x, find(name), Settings(range="scale"))
    assert scaled.array.tolist() == [
        [round((value - low) * 255 / (high - low)) for value in row] for row in usual.tolist()
    ]
    assert (scaled.low, scaled.high) == (low, high)
    for same in ("clip", "abs", "wrap"):
        assert np.array_equal(apply(x, find(name), Settings(range=same)).array, usual)
    negative = (x / 100.0 - 1) * 3  # -1.5 to -0.9
    assert not apply(negative, find(name), Settings(range="clip")).array.any()
    assert np.array_equal(
        apply(negative, find(name), Settings(range="abs")).array, np.minimum(-apply(negative, find(name)).array, 1)
    )
