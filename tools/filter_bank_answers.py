"""Ask OpenCV, SciPy and scikit-image for the weights of their filters: `tests/data/filter_bank.jsonl.gz`.

    pip install numpy scipy opencv-python-headless scikit-image && python tools/filter_bank_answers.py

Where a library shows no weights they are what it makes of a single 1, turned by half a turn. The tests read the stored
answers; they need none of the libraries.
"""

from __future__ import annotations

import gzip
import json
import random
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import scipy
import skimage
from scipy import ndimage, signal
from skimage import filters

ANSWERS = Path(__file__).parent.parent / "tests" / "data" / "filter_bank.jsonl.gz"
OPENCV, SCIPY, SCIKIT = (
    f"{name} {module.__version__}" for name, module in (("OpenCV", cv2), ("SciPy", scipy), ("scikit-image", skimage))
)

Array = np.ndarray
Case = dict[str, Any]


def answers() -> Iterator[Case]:
    """Every case: a filter's name, its settings, whose answer it is, and the weights (or what became of a picture)."""
    yield from smoothing()
    yield from edges()
    yield from textures()
    yield from lengths()


def smoothing() -> Iterator[Case]:
    for size, sigma in [((1, 1), 0.7), ((3, 3), 0.5), ((5, 5), 1.1), ((9, 9), 40.0), ((3, 7), 1.3)]:
        yield gaussian(size, sigma)
    for size in [(11, 11), (13, 15), (31, 13)]:  # from 10 taps on OpenCV works the sigma out
        yield gaussian(size, None)
    for size, sigma in [((4, 4), 1.2), ((2, 8), 1.3)]:  # OpenCV takes odd sizes only
        column, row = (signal.windows.gaussian(length, sigma) for length in size)
        outer = np.outer(column / column.sum(), row / row.sum())
        yield case("gaussian", {"size": size, "sigma": sigma}, f"{SCIPY}, signal.windows.gaussian", outer)
    for sigma in (0.1, 0.3, 0.6, 1.0, 2.3):
        response = impulse(partial(ndimage.gaussian_filter, sigma=sigma, mode="constant"), 2 * int(4 * sigma + 0.5))
        yield case("gaussian", {"sigma": sigma}, f"{SCIPY}, ndimage.gaussian_filter", response)
    for size in [(1, 1), (3, 3), (5, 3), (2, 5), (8, 8)]:
        response = impulse(partial(cv2.blur, ksize=size[::-1], borderType=cv2.BORDER_CONSTANT), 8)
        yield case("box", {"size": size}, f"{OPENCV}, blur", response)
    for sigma, amount in [(1.0, 1.0), (0.7, 2.5), (1.6, -0.5)]:
        response = impulse(partial(filters.unsharp_mask, radius=sigma, amount=amount, preserve_range=True), 16)
        yield case("unsharp", {"sigma": sigma, "amount": amount}, f"{SCIKIT}, filters.unsharp_mask", response)


def gaussian(size: tuple[int, int], sigma: float | None) -> Case:
    column, row = (cv2.getGaussianKernel(length, 0 if sigma is None else sigma)[:, 0] for length in size)
    return case("gaussian", {"size": size, "sigma": sigma}, f"{OPENCV}, getGaussianKernel", np.outer(column, row))


def edges() -> Iterator[Case]:
    for name, order in (("x", (1, 0)), ("y", (0, 1))):
        for size in (3, 5, 7):
            across, down = cv2.getDerivKernels(*order, size)
            yield case(f"sobel-{name}", {"size": (size, size)}, f"{OPENCV}, getDerivKernels", np.outer(down, across))
        across, down = cv2.getDerivKernels(*order, cv2.FILTER_SCHARR)
        yield case(f"scharr-{name}", {}, f"{OPENCV}, getDerivKernels", np.outer(down, across))
        for kind in ("sobel", "prewitt"):
            response = impulse(partial(getattr(ndimage, kind), axis=order[0], mode="constant"), 3)
            yield case(f"{kind}-{name}", {}, f"{SCIPY}, ndimage.{kind}", response)
    for name, kind in (("x", "pos"), ("y", "neg")):
        response = shifted(impulse(getattr(filters, f"roberts_{kind}_diag"), 3), -1)
        yield case(f"roberts-{name}", {}, f"{SCIKIT}, filters.roberts_{kind}_diag", response)
    yield case("laplacian", {}, f"{SCIPY}, ndimage.laplace", impulse(ndimage.laplace, 3))
    yield case("laplacian", {}, f"{OPENCV}, Laplacian", impulse(partial(cv2.Laplacian, ddepth=cv2.CV_64F, ksize=1), 3))
    for sigma in (0.5, 1.0, 1.7):
        response = impulse(partial(ndimage.gaussian_laplace, sigma=sigma, mode="constant"), 2 * int(4 * sigma + 0.5))
        yield case("log", {"sigma": sigma}, f"{SCIPY}, ndimage.gaussian_laplace", response)


def textures() -> Iterator[Case]:
    rng = random.Random(7)
    for number in range(24):
        size = None if number % 3 == 0 else (2 * rng.randint(0, 5) + 1, 2 * rng.randint(0, 5) + 1)
        settings: dict[str, Any] = {
            "size": size,
            "sigma": round(rng.uniform(0.5, 3.0), 2),
            "angle": rng.choice([0.0, 90.0, 30.0, -45.0, 123.0]),
            "wavelength": round(rng.uniform(2.0, 12.0), 2),
            "gamma": round(rng.uniform(0.4, 1.5), 2),
            "phase": rng.choice([0.0, 90.0, 180.0, 17.0]),
        }
        kernel = cv2.getGaborKernel(
            (0, 0) if size is None else size[::-1],
            settings["sigma"],
            np.radians(settings["angle"]),
            settings["wavelength"],
            settings["gamma"],
            np.radians(settings["phase"]),
        )
        yield case("gabor", settings, f"{OPENCV}, getGaborKernel", kernel)


def lengths() -> Iterator[Case]:
    """What scikit-image makes of a picture, its factors taken out: it takes means where we take sums."""
    picture = np.arange(56).reshape(7, 8) * 7919 % 251 * 1.0
    for name, factor in (("sobel", 4), ("prewitt", 3), ("scharr", 16), ("roberts", 1)):
        result = getattr(filters, name)(picture) * factor * np.sqrt(2)
        result = shifted(result, 1) if name == "roberts" else result
        asked = {"picture": picture.tolist(), "lengths": result.tolist()}
        yield {"name": name, "settings": {}, "by": f"{SCIKIT}, filters.{name}", **asked}


def shifted(array: Array, by: int) -> Array:
    """Moved down and to the right: scikit-image's anchor of an even kernel is one before size // 2."""
    return np.roll(array, (by, by), axis=(0, 1))


def impulse(filtered: Callable[[Array], Array], reach: int) -> Array:
    """The weights by which a filter sums, from what it makes of a single 1."""
    picture = np.zeros((2 * reach + 9, 2 * reach + 9))
    picture[reach + 4, reach + 4] = 1
    return filtered(picture)[::-1, ::-1]


def case(name: str, settings: dict[str, Any], by: str, weights: Array) -> Case:
    """A case, the rows and columns of zeros around the weights left out, as many on either side."""
    rows, columns = (np.flatnonzero(np.abs(weights).sum(axis)) for axis in (1, 0))
    cut = [min(met[0], length - 1 - met[-1]) for met, length in zip((rows, columns), weights.shape, strict=True)]
    kept = weights[cut[0] : weights.shape[0] - cut[0], cut[1] : weights.shape[1] - cut[1]]
    return {"name": name, "settings": settings, "by": by, "weights": kept.tolist()}


def main() -> None:
    """Write the answers, the same bytes for the same answers."""
    lines = "".join(json.dumps(answer) + "\n" for answer in answers())
    ANSWERS.write_bytes(gzip.compress(lines.encode(), mtime=0))


if __name__ == "__main__":
    main()
