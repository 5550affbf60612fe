"""Ask SciPy and OpenCV for minima, medians and maxima: `tests/data/filter_order.npz`.

    pip install scipy opencv-python-headless && python -m tools.filter_order_answers

SciPy's `minimum_filter`, `median_filter`, `maximum_filter` and `rank_filter` in every border they share with
PyTorch, with dilations as footprints, anchors as origins, and strides by leaving places out; OpenCV's `medianBlur`,
whose border is replicate. Of each case the settings are stored as JSON, beside the answer; pictures are stored once.
"""

from __future__ import annotations

import json
import random
from pathlib import Path
from typing import Any

import cv2  # type: ignore[import-not-found, unused-ignore]
import numpy as np
from numpy.typing import NDArray
from scipy import ndimage  # type: ignore[import-untyped, import-not-found, unused-ignore]

ANSWERS = Path(__file__).parents[1] / "tests" / "data" / "filter_order.npz"
MODES = {"zeros": "constant", "reflect": "mirror", "replicate": "nearest", "circular": "grid-wrap", "valid": "mirror"}
SIZES = ((1, 1), (2, 2), (3, 3), (3, 4), (5, 5), (1, 6), (7, 2), (7, 7), (9, 9), (11, 12))
LARGE_SIZES = ((15, 15), (19, 8), (23, 23), (31, 31))
LARGE = "large"
Array = NDArray[Any]


def pictures() -> dict[str, Array]:
    """Of every type: noise, few values (so that many are equal), and a gradient with noise."""
    rng = np.random.default_rng(7)
    slope = np.add.outer(np.arange(16) * 5, np.arange(18) * 2)
    return {
        "noise": rng.integers(0, 256, (16, 18), np.uint8),
        "few": rng.integers(0, 3, (16, 18), np.uint8),
        "slope": (slope + rng.integers(0, 60, slope.shape)).astype(np.uint8),
        "words": rng.integers(0, 65536, (16, 18)).astype(np.uint16),
        "single": rng.normal(size=(16, 18)).astype(np.float32),
        "double": rng.normal(size=(16, 18)).round(2),
        LARGE: rng.integers(0, 256, (36, 34), np.uint8),
    }


def of_scipy(x: Array, case: dict[str, Any]) -> Array:
    """The answer: that of the whole picture, and of that the places which are asked for."""
    size, anchor, stride, dilation = (case[name] for name in ("size", "anchor", "stride", "dilation"))
    extent = [(taps - 1) * apart + 1 for taps, apart in zip(size, dilation, strict=True)]
    footprint = np.zeros(extent, bool)
    footprint[:: dilation[0], :: dilation[1]] = True
    before = [middle * apart for middle, apart in zip(anchor, dilation, strict=True)]
    origin = [lead - reach // 2 for lead, reach in zip(before, extent, strict=True)]
    settings: dict[str, Any] = {"footprint": footprint, "mode": MODES[case["border"]], "origin": origin}
    if case["order"] == "median":
        median: Array = ndimage.median_filter(x, **settings)
        assert np.array_equal(median, ndimage.rank_filter(x, rank=size[0] * size[1] // 2, **settings))
        found = median
    else:
        found = getattr(ndimage, f"{case['order']}_filter")(x, **settings)
    if case["border"] == "valid":
        behind = [have - reach + 1 + lead for have, reach, lead in zip(x.shape, extent, before, strict=True)]
        found = found[before[0] : behind[0], before[1] : behind[1]]
    return np.ascontiguousarray(found[:: stride[0], :: stride[1]])


def cases() -> list[dict[str, Any]]:
    """Every order, border and size on some picture, with random strides, dilations and anchors."""
    rng = random.Random(7)
    names = [name for name in pictures() if name != LARGE]
    made: list[dict[str, Any]] = []
    for order in ("minimum", "median", "maximum"):
        for border in MODES:
            for size in SIZES + (LARGE_SIZES if order == "median" and border in ("reflect", "valid") else ()):
                name = LARGE if size in LARGE_SIZES else rng.choice(names)
                small = max(size) < 6
                dilation = [rng.choice([1, 1, 2, 3]) if small else 1 for _ in size]
                anchor = [taps // 2 if rng.random() < 0.7 else rng.randrange(taps) for taps in size]
                stride = [rng.choice([1, 1, 2, 3]) if rng.random() < 0.4 else 1 for _ in size]
                settings = {"size": list(size), "anchor": anchor, "stride": stride, "dilation": dilation}
                made.append({"picture": name, "order": order, "border": border, **settings})
    return made


def main() -> None:
    """Store the pictures and the answers."""
    given = pictures()
    stored: dict[str, Any] = {f"x-{name}": x for name, x in given.items()}
    asked = cases()
    for number, case in enumerate(asked):
        stored[str(number)] = of_scipy(given[case["picture"]], case)
    for name, x in given.items():
        for size in (3, 5, 7, 13, 21) if x.dtype == np.uint8 else (3, 5) if name != "double" else ():
            stored[str(len(asked))] = cv2.medianBlur(x, size)
            plain = {"size": [size] * 2, "anchor": [size // 2] * 2, "stride": [1, 1], "dilation": [1, 1]}
            asked.append({"picture": name, "order": "median", "border": "replicate", **plain})
    stored["cases"] = np.array(json.dumps(asked))
    np.savez_compressed(ANSWERS, **stored)


if __name__ == "__main__":
    main()
