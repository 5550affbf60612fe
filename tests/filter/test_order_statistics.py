"""Minimum, median and maximum: beside SciPy's and OpenCV's stored answers, and beside an obvious slow loop."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from unittest import mock

import numpy as np
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from convcalc.errors import ConvcalcError
from convcalc.filter import order_statistics
from convcalc.filter.kernel import Settings
from convcalc.filter.order_statistics import job, levels, network, order, planes, selection
from convcalc.filter.order_statistics.program import Program
from convcalc.ops import parallel, scratch

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
        out = np.empty_like(expected)
        settings = Settings(case["border"], tuple(case["stride"]), tuple(case["dilation"]))
        order(x, case["order"], tuple(case["size"]), tuple(case["anchor"]), settings, out)
        assert out.dtype == x.dtype, case
        assert np.array_equal(out, expected), case
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


def by(way: str) -> Any:
    """The median by that way alone."""

    def compared(job: job.Job) -> None:
        planes.run(network.median(job.size), job)

    ways = {"network": compared, "levels": levels.run, "selection": selection.run}
    return mock.patch.object(order_statistics, "_median", ways[way])


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


def filled(x: np.ndarray, name: str, size: Any, anchor: Any, settings: Settings, shape: Any) -> np.ndarray:
    out = np.full(shape, 77, x.dtype)
    order(x, name, size, anchor, settings, out)
    return out


@given(tasks())
def test_it_is_what_a_slow_loop_finds_in_every_way(task: tuple[Any, ...]) -> None:
    x, name, size, _, settings = task
    reach = [(taps - 1) * apart for taps, apart in zip(size, settings.dilation, strict=True)]
    assume(
        all(far < have for far, have in zip(reach, x.shape, strict=False)) or settings.border in ("zeros", "replicate")
    )
    expected = slow(*task)
    assert np.array_equal(filled(*task, expected.shape), expected)
    if name == "median":
        for way in ("network", "selection", *["levels"] * (x.dtype == np.uint8)):
            with by(way):
                assert np.array_equal(filled(*task, expected.shape), expected), way
        with by("selection"), mock.patch.object(selection, "HALF", 0):  # a tap at a time
            assert np.array_equal(filled(*task, expected.shape), expected)


@pytest.mark.parametrize("size", [(4, 4), (7, 7), (9, 5), (13, 13), (3, 17), (16, 1)])
def test_a_network_finds_the_middle_of_zeros_and_ones(size: tuple[int, int]) -> None:
    """What is right for all pictures of 0 and 1 is right for all others (Knuth's 0-1 principle); these are the hard."""
    rng = np.random.default_rng(0)
    taps = size[0] * size[1]
    for ones in (taps - taps // 2, taps - taps // 2 - 1):  # just as many as make the median 1, and one fewer
        for _ in range(10):
            x = rng.permutation(np.arange(taps) < ones).astype(np.uint8).reshape(size)
            with by("network"):
                found = filled(x, "median", size, (0, 0), Settings("valid"), (1, 1))
            assert found.item() == (ones == taps - taps // 2)


def test_sums_and_steps_are_few() -> None:
    """3x3 takes 18 steps, as is known; of 2^n an extreme takes n along each axis."""
    assert len(network.median((3, 3)).steps) == 18
    assert len(network.extreme((8, 32), is_larger=True).steps) == 8
    assert network.median((1, 1)).steps == ()


@pytest.mark.parametrize("program", [network.median((7, 6)), network.extreme((9, 5), True)])
def test_no_step_writes_over_what_it_reads_elsewhere(program: Program) -> None:
    """NumPy would make a copy, of which nobody has counted the memory."""
    for step in program.steps:
        for plane, shift in (step.first, step.second):
            assert plane != step.made or shift == (0, 0)


# NaN, and what is not finite


@pytest.mark.parametrize("name", ORDERS)
@pytest.mark.parametrize("way", ["network", "selection"])
@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_nan_travels_to_the_windows_that_hold_it(name: str, way: str, dtype: Any) -> None:
    x = np.random.default_rng(0).normal(size=(14, 15)).astype(dtype)
    x[6, 4], x[2, 9], x[9, 12] = np.nan, np.inf, -np.inf
    with by(way):
        out = filled(x, name, (3, 5), (1, 2), Settings("replicate"), x.shape)
    holds = np.zeros(x.shape, bool)
    holds[5:8, 2:7] = True
    assert np.array_equal(np.isnan(out), holds)
    x[6, 4] = 0
    expected = slow(x, name, (3, 5), (1, 2), Settings("replicate"))
    assert np.array_equal(out[~holds], expected[~holds])


# Bounds


@pytest.mark.parametrize("count", ["1", "2", "5"])
@pytest.mark.parametrize("way", ["network", "levels", "selection"])
def test_it_is_the_same_on_any_number_of_threads(monkeypatch: pytest.MonkeyPatch, count: str, way: str) -> None:
    x = np.random.default_rng(1).integers(0, 256, (150, 210, 3), np.uint8)
    monkeypatch.setenv(parallel.VARIABLE, count)
    with mock.patch.object(planes, "PLANE_BYTES", 2**13), by(way):
        out = filled(x, "median", (5, 4), (2, 2), Settings("reflect", (1, 2)), (150, 105, 3))
    seen = np.lib.stride_tricks.sliding_window_view(np.pad(x, [(2, 2), (2, 1), (0, 0)], "reflect"), (5, 4), (0, 1))
    assert np.array_equal(out, np.sort(seen[:, ::2].reshape(150, 105, 3, 20), axis=3)[..., 10])


@pytest.mark.parametrize("dtype", TYPES)
@pytest.mark.parametrize(
    ("name", "size", "dilation"),
    [
        ("median", (3, 3), (1, 1)),
        ("median", (15, 15), (1, 1)),
        ("median", (31, 31), (1, 1)),
        ("median", (600, 500), (1, 1)),
        ("median", (3, 3), (5000, 50000)),
        ("maximum", (31, 31), (1, 1)),
        ("minimum", (1500, 3), (1, 7)),
        ("minimum", (3, 3), (5000, 50000)),
    ],
)
def test_scratch_is_bounded(dtype: Any, name: str, size: Any, dilation: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    """A small picture, but as large a window: what is asked for is never above 64 MiB, however many threads."""
    monkeypatch.setenv(parallel.VARIABLE, "16")
    x = np.random.default_rng(2).integers(0, 256, (3, 3, 4)).astype(dtype)
    out = np.empty_like(x)
    asked = []

    def workspace(floats: int) -> np.ndarray:
        asked.append(floats)
        return scratch.workspace(floats)

    with mock.patch.object(job, "workspace", workspace):
        order(x, name, size, (size[0] // 2, size[1] // 2), Settings("replicate", (1, 1), dilation), out)
    assert 0 < max(asked) * 4 <= scratch.SCRATCH_BYTES
    if dilation == (5000, 50000):  # all taps but those of the middle meet an edge
        columns = np.stack([x[:, [0] * 3], x, x[:, [2] * 3]])
        rows = np.concatenate([columns[:, [0] * 3], columns, columns[:, [2] * 3]])
        assert np.array_equal(out, np.sort(rows, axis=0)[4 if name == "median" else 0])


@pytest.mark.parametrize("dtype", TYPES)
def test_a_large_picture_takes_no_more(dtype: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    """The tiles of a wide picture, as they would be cut; nothing is worked."""
    monkeypatch.setenv(parallel.VARIABLE, "2")
    x = np.broadcast_to(np.zeros((), dtype), (30000, 40000, 3))
    asked = []

    def workspace(floats: int) -> np.ndarray:
        asked.append(floats)
        return np.empty(0, np.float32)

    with mock.patch.object(job, "workspace", workspace), mock.patch.object(job, "parallel_for"):
        for size in [(1, 1), (3, 3), (9, 9), (15, 15), (21, 21), (31, 31), (101, 101), (257, 257)]:
            for name in ORDERS:
                order(x, name, size, (0, 0), Settings(), np.broadcast_to(x, x.shape))
    assert max(asked) * 4 <= scratch.SCRATCH_BYTES


def test_a_median_that_no_scratch_holds_is_refused() -> None:
    x = np.zeros((2, 2), np.float64)
    with pytest.raises(ConvcalcError, match=r"^a median of 3000x3000 takes too much memory: use a smaller size$"):
        order(x, "median", (3000, 3000), (0, 0), Settings("replicate"), np.empty_like(x))


def test_a_border_that_cannot_be_made_is_refused() -> None:
    x = np.zeros((2, 2), np.uint8)
    with pytest.raises(ConvcalcError, match="border='replicate'"):
        order(x, "median", (9, 9), (4, 4), Settings("reflect"), np.empty_like(x))


@pytest.mark.parametrize(("name", "size"), [("median", (3, 3)), ("maximum", (700, 700)), ("median", (45, 45))])
def test_it_tells_how_far_it_is(name: str, size: tuple[int, int]) -> None:
    x = np.zeros((400, 300), np.uint8)
    told: list[float] = []
    with mock.patch.object(planes, "PLANE_BYTES", 2**14):
        order(x, name, size, (size[0] // 2, size[1] // 2), Settings("replicate"), np.empty_like(x), told.append)
    assert told == sorted(set(told))
    assert len(told) > 3
    assert told[-1] == 1
