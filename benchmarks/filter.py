"""How fast `convcalc.filter.apply` is beside OpenCV and SciPy, on a photograph's size in memory; runs interleaved.

    python benchmarks/filter.py [--only SUBSTRING] [--runs N]

12 megapixels; two threads for us, and for the peers what they take by themselves. Everything that `apply` does is
timed: border, range, the lowest and the highest result. A ratio is our time over the peer's, and the bar is the most
that it may be ("-": none). The median is of the ratios of runs side by side, the best of each one's best run; "work" is
the ratio of processor time, which other processes disturb least. "error" is the greatest difference from the peer's
result, away from the edges.

Install convcalc first; opencv-python-headless and scipy are used where they are installed.
"""
# ruff: noqa: E402 - the environment is set before NumPy and its BLAS are loaded

from __future__ import annotations

import os

for _variable in [name for name in os.environ if name.startswith(("OPENBLAS_", "OMP_", "MKL_"))]:
    del os.environ[_variable]
os.environ["CONVCALC_THREADS"] = "2"

import argparse
import time
from collections.abc import Callable
from importlib.util import find_spec
from statistics import median
from typing import Any, NamedTuple

import numpy as np

from convcalc.filter.apply import apply
from convcalc.filter.kernel import Filter, Settings, linear
from convcalc.filter.presets import find
from convcalc.ops.sliding import Array

SIZE = (3000, 4000)
RADIUS, SIGMA = 15, 5.0


class Row(NamedTuple):
    """One comparison: a picture, a filter, a peer, and the most that our time may be of the peer's."""

    name: str
    picture: Callable[[], Array]
    filter: Filter
    module: str
    peer: Callable[[Array], Any]
    bar: float | None = None
    border: str = "reflect"


def kernel(weights: Any) -> Filter:
    """Return a kernel of an array's weights."""
    return linear("", tuple(map(tuple, np.asarray(weights).tolist())), "clip", "")


def bell(radius: int, sigma: float) -> Array:
    """Return a Gaussian of two axes, whose weights sum to 1."""
    line = np.exp(-(np.arange(-radius, radius + 1) ** 2) / (2 * sigma**2))
    line /= line.sum()
    return np.outer(line, line)


def photograph(channels: tuple[int, ...], dtype: type) -> Array:
    """Return soft shapes and some noise: bytes, or floats from 0 to 1."""
    random = np.random.default_rng(1)
    rows, columns = np.mgrid[: SIZE[0], : SIZE[1]] / 250
    plane = 0.5 + 0.4 * np.sin(rows) * np.cos(columns + rows) + random.normal(0, 0.03, SIZE)
    picture = np.stack([np.roll(plane, 97 * channel, 0) for channel in range(channels[0])], -1) if channels else plane
    picture = picture.clip(0, 1)
    return (picture * 255).astype(np.uint8) if dtype is np.uint8 else picture.astype(dtype)


def filter2d(weights: Any) -> Callable[[Array], Any]:
    """Return OpenCV's correlation; its default border is our reflect."""
    import cv2

    return lambda x: cv2.filter2D(x, -1, np.asarray(weights, np.float32))


def gaussian(x: Array) -> Any:
    """Apply SciPy's two passes of a Gaussian."""
    from scipy import ndimage

    radius = (RADIUS, RADIUS, 0)[: x.ndim]
    return ndimage.gaussian_filter(x, SIGMA, radius=radius, mode="mirror")


def ordered(name: str, size: int) -> Callable[[Array], Any]:
    """Return OpenCV's median or maximum, whose border is another."""
    import cv2

    if name == "median":
        return lambda x: cv2.medianBlur(x, size)
    return lambda x: cv2.dilate(x, np.ones((size, size), np.uint8))


def rows() -> list[Row]:
    """Return all comparisons whose peers are installed."""
    found: list[Row] = []
    if find_spec("cv2"):
        random = np.random.default_rng(2)
        for name, weights in {
            "sobel-x": [[-1, 0, 1], [-2, 0, 2], [-1, 0, 1]],
            "irregular integers": [[1, -2, 3], [4, 5, -6], [-3, 2, 1]],
            "gaussian": bell(1, 0.8),
            "irregular fractions": random.uniform(0, 0.22, (3, 3)),
        }.items():
            found.append(Row(f"3x3 {name}, RGB uint8", rgb, kernel(weights), "cv2", filter2d(weights), 3.0))
        found += [
            Row(f"{size}x{size} {name}, RGB uint8", rgb, find(name, size=size), "cv2", ordered(name, size))
            for name, size in (("median", 3), ("maximum", 3), ("maximum", 31))
        ]
    if find_spec("scipy"):
        soft = kernel(bell(RADIUS, SIGMA))
        for what, make in (("grey float64", floats), ("grey uint8", grey), ("RGB uint8", rgb)):
            found.append(Row(f"31x31 gaussian, {what}", make, soft, "scipy", gaussian, 3.0))
    return found


def rgb() -> Array:
    """Return a photograph of three channels of bytes."""
    return photograph((3,), np.uint8)


def grey() -> Array:
    """Return a photograph of one channel of bytes."""
    return photograph((), np.uint8)


def floats() -> Array:
    """Return a photograph of one channel of floats."""
    return photograph((), np.float64)


def timed(call: Callable[[], Any]) -> tuple[float, float, Any]:
    """Return the time on the clock and of the processor, and the result."""
    clock, work = time.perf_counter(), time.process_time()
    result = call()
    return time.perf_counter() - clock, time.process_time() - work, result


def compare(row: Row, runs: int) -> str:
    """Run ours and theirs in turn, ``runs`` times after one that is not counted."""
    x, settings = row.picture(), Settings(row.border)
    mine, theirs = [], []
    for _ in range(runs + 1):
        theirs.append(timed(lambda: row.peer(x)))
        mine.append(timed(lambda: apply(x, row.filter, settings)))
    inner = np.s_[RADIUS:-RADIUS, RADIUS:-RADIUS]
    error = np.abs(mine[0][2].array[inner].astype(float) - theirs[0][2][inner]).max()
    pairs = list(zip(mine[1:], theirs[1:], strict=True))
    middle = median(ours[0] / other[0] for ours, other in pairs)
    best = min(ours[0] for ours, _ in pairs) / min(other[0] for _, other in pairs)
    work = min(ours[1] for ours, _ in pairs) / min(other[1] for _, other in pairs)
    bar = "-" if row.bar is None else f"{row.bar:.1f}"
    said = "" if row.bar is None else "ok" if middle < row.bar else "MISSED"
    return f"{row.name:40} {bar:>4} {middle:7.2f} {best:6.2f} {work:6.2f}  {error:8.1e}  {said}"


def main() -> None:
    """Print one line per row."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--only", default="", help="rows whose name holds this")
    parser.add_argument("--runs", type=int, default=7)
    given = parser.parse_args()
    print(f"{'our time / theirs':40} {'bar':>4} {'median':>7} {'best':>6} {'work':>6}  {'error':>8}")
    for row in rows():
        if given.only in row.name:
            print(compare(row, given.runs), flush=True)


if __name__ == "__main__":
    main()
