"""How fast minima, medians and maxima are: beside SciPy and OpenCV on the same array in memory; runs interleaved.

    python benchmarks/filter_order.py [--only SUBSTRING] [--runs N] [--markdown]

A picture of 12 megapixels, grey, 8 bits unless the row says otherwise, as a photograph is: smooth, with noise. Two
threads for OpenCV and for us; SciPy has one. Its border is reflect (SciPy's mirror), OpenCV's median's is replicate.
SciPy has only a band of the picture where the whole would take minutes: its time is that of the whole, by the area.
Ratios are the other's time over ours: above 1, ours is faster. Each answer is compared with ours, away from the edge.

SciPy and OpenCV (opencv-python-headless) are used where they are installed.
"""
# ruff: noqa: E402 - the environment is set before anything counts the threads

from __future__ import annotations

import os

THREADS = 2
os.environ["CONVCALC_THREADS"] = str(THREADS)

import argparse
import time
from collections.abc import Callable
from importlib.util import find_spec
from statistics import median
from typing import Any, NamedTuple

import numpy as np

from convcalc.filter.kernel import Settings
from convcalc.filter.order_statistics import order
from convcalc.ops.sliding import Array

ROWS, COLUMNS = 3000, 4000
NANO = 1e9
BAND = 1e8  # taps that SciPy meets at most: of a larger window it has only a band of the picture


class Row(NamedTuple):
    """What is measured."""

    order: str
    size: int
    dtype: Any = np.uint8

    @property
    def name(self) -> str:
        """As it is shown and chosen."""
        return f"{self.order} {self.size}x{self.size} {np.dtype(self.dtype).name}"


TABLE = (
    *(Row("median", size) for size in (3, 5, 9, 15, 31)),
    *(Row("maximum", size) for size in (3, 9, 31)),
    *(Row("median", size, dtype) for dtype in (np.uint16, np.float32) for size in (3, 5, 9)),
)


def picture(dtype: Any) -> Array:
    """Smooth, with edges and noise; of 8 bits' range, or as wide as 16 bits are."""
    down, across = np.mgrid[:ROWS, :COLUMNS]
    smooth = 128 + 60 * np.sin(across / 90) + 50 * np.cos(down / 130) * np.sign(np.sin((across + down) / 350))
    noisy = np.clip(smooth + np.random.default_rng(0).normal(0, 6, smooth.shape), 0, 255)
    made: Array = (noisy * (1 if dtype == np.uint8 else 257)).astype(dtype)
    return made


def ours(row: Row, x: Array) -> Callable[[], Array]:
    """A call of ours, with an array for the result that is made once."""
    out = np.empty_like(x)
    size = (row.size, row.size)

    def call() -> Array:
        order(x, row.order, size, (row.size // 2, row.size // 2), Settings(), out)
        return out

    return call


def peers(row: Row, x: Array) -> dict[str, tuple[Callable[[], Array], float]]:
    """Calls of the others that are installed and can do it, and of how much of the picture each is."""
    calls: dict[str, tuple[Callable[[], Array], float]] = {}
    if find_spec("scipy"):
        from scipy import ndimage  # type: ignore[import-untyped, import-not-found, unused-ignore]

        taps = row.size**2 if row.order == "median" else 2
        rows = min(ROWS, max(row.size, int(BAND / taps / COLUMNS)))
        band = x[:rows]
        filtered = getattr(ndimage, f"{row.order}_filter")
        calls["scipy"] = (lambda: filtered(band, size=row.size, mode="mirror"), rows / ROWS)
    if find_spec("cv2"):
        import cv2  # type: ignore[import-not-found, unused-ignore]

        cv2.setNumThreads(THREADS)
        if row.order == "median" and (row.size <= 5 or row.dtype == np.uint8):
            calls["opencv"] = (lambda: cv2.medianBlur(x, row.size), 1.0)
        elif row.order == "maximum":
            calls["opencv"] = (lambda: cv2.dilate(x, np.ones((row.size, row.size), np.uint8)), 1.0)
    return calls


def measure(row: Row, x: Array, runs: int) -> dict[str, float]:
    """Median seconds of each, for the whole picture."""
    calls = {"convcalc": (ours(row, x), 1.0), **peers(row, x)}
    found = {name: call() for name, (call, _) in calls.items()}  # warm
    edge = row.size // 2
    for name, answer in found.items():
        inner = np.s_[edge : len(answer) - edge, edge:-edge]
        assert np.array_equal(answer[inner], found["convcalc"][inner]), name
    times: dict[str, list[float]] = {name: [] for name in calls}
    for _ in range(runs):
        for name, (call, part) in calls.items():
            start = time.perf_counter()
            call()
            times[name].append((time.perf_counter() - start) / part)
    return {name: median(each) for name, each in times.items()}


def main() -> None:
    """Measure, a row a line."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--only", default="")
    parser.add_argument("--runs", type=int, default=5)
    parser.add_argument("--markdown", action="store_true")
    asked = parser.parse_args()
    names = ("", "ms", "ns a pixel", "scipy ms", "ratio", "opencv ms", "ratio")
    lines = [names, tuple("---" for _ in names)] if asked.markdown else [names]
    form = "| " + " | ".join(["{}"] * len(names)) + " |" if asked.markdown else "{:24}" + "{:>12}" * (len(names) - 1)
    for line in lines:
        print(form.format(*line))
    for row in TABLE:
        if asked.only not in row.name:
            continue
        x = picture(row.dtype)
        times = measure(row, x, asked.runs)
        mine = times["convcalc"]
        cells = [row.name, f"{mine * 1e3:.1f}", f"{mine / x.size * NANO:.2f}"]
        for peer in ("scipy", "opencv"):
            other = times.get(peer)
            cells += ["-", "-"] if other is None else [f"{other * 1e3:.1f}", f"{other / mine:.2f}"]
        print(form.format(*cells), flush=True)


if __name__ == "__main__":
    main()
