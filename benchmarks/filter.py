"""How fast `convcalc.filter.apply` is beside OpenCV and SciPy, on a photograph's size in memory; runs interleaved.

    python benchmarks/filter.py [--only SUBSTRING] [--runs N]

12 megapixels, two threads for us, and for the peers what they take by themselves. Everything is timed that `apply`
does: border, range, the lowest and the highest result. A ratio is our time over the peer's: below the bar is good.
The median is of the ratios of runs side by side, the best of each one's best run; "work" is the ratio of the processor
time, which other processes disturb least. "error" is the greatest difference from the peer's result.

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
from convcalc.filter.kernel import Linear, Settings, linear
from convcalc.ops.sliding import Array

SIZE = (3000, 4000)
RADIUS, SIGMA = 15, 5.0


class Row(NamedTuple):
    """One comparison: what is filtered, by which kernel, beside whom, and the most that ours may take of their time."""

    name: str
    picture: Callable[[], Array]
    kernel: Linear
    border: str
    module: str
    peer: Callable[[Array, Array], Any]
    bar: float


def kernel(weights: Any, usual: str = "clip") -> Linear:
    """A kernel of an array's weights."""
    return linear("", tuple(map(tuple, np.asarray(weights).tolist())), usual, "")


def bell(radius: int, sigma: float) -> Array:
    """A Gaussian of two axes, whose weights sum to 1."""
    line = np.exp(-(np.arange(-radius, radius + 1) ** 2) / (2 * sigma**2))
    line /= line.sum()
    return np.outer(line, line)


def photograph(channels: tuple[int, ...], dtype: type) -> Array:
    """Soft shapes and some noise: bytes, or floats from 0 to 1."""
    random = np.random.default_rng(1)
    rows, columns = np.mgrid[: SIZE[0], : SIZE[1]] / 250
    plane = 0.5 + 0.4 * np.sin(rows) * np.cos(columns + rows) + random.normal(0, 0.03, SIZE)
    picture = np.stack([np.roll(plane, 97 * channel, 0) for channel in range(channels[0])], -1) if channels else plane
    picture = picture.clip(0, 1)
    return (picture * 255).astype(np.uint8) if dtype is np.uint8 else picture.astype(dtype)


def filter2d(x: Array, weights: Array) -> Any:
    """OpenCV's correlation; its default border is our reflect."""
    import cv2

    return cv2.filter2D(x, -1, weights.astype(np.float32))


def gaussian(x: Array, _: Array) -> Any:
    """SciPy's two passes of a Gaussian."""
    from scipy import ndimage

    return ndimage.gaussian_filter(x, SIGMA, radius=RADIUS, mode="mirror")


def fft(x: Array, weights: Array) -> Any:
    """SciPy's convolution by transforms of the whole picture."""
    from scipy import signal

    return signal.fftconvolve(x, weights[::-1, ::-1], mode="same")


def rows() -> list[Row]:
    """All comparisons, and their bars."""
    random = np.random.default_rng(2)
    small = {
        "sobel-x": kernel([[-1, 0, 1], [-2, 0, 2], [-1, 0, 1]]),
        "sharpen": kernel([[0, -1, 0], [-1, 5, -1], [0, -1, 0]]),
        "irregular integers": kernel([[1, -2, 3], [4, 5, -6], [-3, 2, 1]]),
        "gaussian of fractions": kernel(bell(1, 0.8)),
        "nine fractions": kernel(random.uniform(0, 0.22, (3, 3))),
    }
    noise = random.integers(0, 256, (*SIZE, 3), dtype=np.uint8)
    pictures = {"RGB uint8": lambda: photograph((3,), np.uint8), "noise": lambda: noise}
    found = [
        Row(f"3x3 {name}, {what}", make, small[name], "reflect", "cv2", filter2d, 3.0)
        for what, make in pictures.items()
        for name in small
    ]
    soft, dense = kernel(bell(RADIUS, SIGMA)), kernel(random.uniform(-1, 1, (31, 31)))
    for what, channels, dtype in (
        ("grey float64", (), np.float64),
        ("grey uint8", (), np.uint8),
        ("RGB uint8", (3,), np.uint8),
    ):
        make = _maker(channels, dtype)
        peer = gaussian if not channels else _by_channel
        found.append(Row(f"31x31 gaussian, {what}", make, soft, "reflect", "scipy", peer, 3.0))
    found.append(Row("31x31 dense, grey float64", _maker((), np.float64), dense, "zeros", "scipy", fft, 1.0))
    return found


def _maker(channels: tuple[int, ...], dtype: type) -> Callable[[], Array]:
    return lambda: photograph(channels, dtype)


def _by_channel(x: Array, weights: Array) -> Any:
    from scipy import ndimage

    return ndimage.gaussian_filter(x, SIGMA, radius=(RADIUS, RADIUS, 0), mode="mirror")


def timed(call: Callable[[], Any]) -> tuple[float, float, Any]:
    """The time on the clock and of the processor, and the result."""
    clock, work = time.perf_counter(), time.process_time()
    result = call()
    return time.perf_counter() - clock, time.process_time() - work, result


def compare(row: Row, runs: int) -> str:
    """Ours beside theirs, in turn, so many times after one that is not counted."""
    if find_spec(row.module) is None:
        package = {"cv2": "opencv-python-headless"}.get(row.module, row.module)
        return f"{row.name:40} left out: pip install {package}"
    x, weights, settings = row.picture(), np.array(row.kernel.weights, float), Settings(row.border)
    mine, theirs = [], []
    for _ in range(runs + 1):
        theirs.append(timed(lambda: row.peer(x, weights)))
        mine.append(timed(lambda: apply(x, row.kernel, settings)))
    error = np.abs(mine[0][2].array.astype(float) - theirs[0][2]).max()
    pairs = list(zip(mine[1:], theirs[1:], strict=True))
    middle = median(ours[0] / other[0] for ours, other in pairs)
    best = min(ours[0] for ours, _ in pairs) / min(other[0] for _, other in pairs)
    work = min(ours[1] for ours, _ in pairs) / min(other[1] for _, other in pairs)
    said = "ok" if middle < row.bar else "MISSED"
    return f"{row.name:40} {row.bar:4.1f} {middle:7.2f} {best:6.2f} {work:6.2f}  {error:8.1e}  {said}"


def main() -> None:
    """Print a line a row."""
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
