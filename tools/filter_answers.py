"""Ask SciPy and OpenCV for filtered pictures, and store what they say in tests/data/filter_answers.npz.

    python -m tools.filter_answers

Needs scipy and opencv-python-headless, which nothing else here does. SciPy answers in float64: every border, even
kernels, dilation (a kernel stuffed with zeros, its anchor put where ours is), stride (every so many of its places) and
true convolution. OpenCV answers in 8 and 16 bit: the borders that `filter2D` has, and weights with which its float32 is
exact, so that its rounding is the only one.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np

from convcalc.ops.sliding import Array

TO = Path(__file__).parents[1] / "tests" / "data" / "filter_answers.npz"
SCIPY = {"zeros": "constant", "reflect": "mirror", "replicate": "nearest", "circular": "grid-wrap"}
IRREGULAR = [[1, -2, 3], [4, 5, -6], [-3, 2, 1]]
EVEN = [[1, 2, 0, -1], [3, -4, 5, 2]]
BINOMIAL = np.outer([1, 4, 6, 4, 1], [1, 4, 6, 4, 1])

Case = dict[str, Any]
Answer = tuple[Case, Array, Array]  # what was asked, the picture and the result


def main() -> None:
    """Write the file."""
    arrays: dict[str, Any] = {}
    cases = []
    for number, (case, picture, result) in enumerate([*scipy_answers(), *opencv_answers()]):
        arrays[f"x{number}"], arrays[f"y{number}"] = picture, result
        cases.append(case)
    np.savez_compressed(TO, cases=np.array(json.dumps(cases)), **arrays)
    print(f"{len(cases)} answers, {TO.stat().st_size} bytes")


def scipy_answers() -> Iterator[Answer]:
    """Float64: each border with each kernel; dilation, stride and convolution with some."""
    random = np.random.default_rng(7)
    picture = random.standard_normal((8, 9)).round(3)
    kernels = [
        IRREGULAR,
        EVEN,
        [[0.5, -1.25, 2.0, 0.1, -0.7]],
        np.outer([0.1, 0.2, 0.4, 0.2, 0.1], [1.0, -2.0, 1.0]).tolist(),
        random.standard_normal((5, 6)).round(2).tolist(),
    ]
    for border in [*SCIPY, "valid"]:
        for weights in kernels:
            yield scipy_answer(picture, weights, border)
            yield scipy_answer(picture, weights, border, convolve=True)
        for weights in (IRREGULAR, EVEN):
            yield scipy_answer(picture, weights, border, dilation=(2, 1))
            yield scipy_answer(picture, weights, border, dilation=(1, 2), stride=(2, 3))


def scipy_answer(
    picture: Array,
    weights: Any,
    border: str,
    dilation: tuple[int, int] = (1, 1),
    stride: tuple[int, int] = (1, 1),
    convolve: bool = False,
) -> Answer:
    """One picture through `ndimage.correlate` or `ndimage.convolve`."""
    from scipy import ndimage

    kernel = np.array(weights, float)
    stuffed = np.zeros([(size - 1) * apart + 1 for size, apart in zip(kernel.shape, dilation, strict=True)])
    stuffed[:: dilation[0], :: dilation[1]] = kernel
    anchor = [size // 2 * apart for size, apart in zip(kernel.shape, dilation, strict=True)]
    origin = [place - size // 2 for place, size in zip(anchor, stuffed.shape, strict=True)]
    call = ndimage.convolve if convolve else ndimage.correlate
    result: Array = call(picture, stuffed, mode=SCIPY.get(border, "constant"), origin=origin)
    if border == "valid":
        before = [size - 1 - place for size, place in zip(stuffed.shape, anchor, strict=True)] if convolve else anchor
        result = result[
            tuple(
                slice(first, first + size - extent + 1)
                for first, size, extent in zip(before, picture.shape, stuffed.shape, strict=True)
            )
        ]
    case = {"by": "scipy", "weights": weights, "border": border, "dilation": dilation, "stride": stride}
    return case | {"convolve": convolve}, picture, result[:: stride[0], :: stride[1]]


def opencv_answers() -> Iterator[Answer]:
    """8 and 16 bit, grey and colour: integers, halves and sixteenths."""
    import cv2

    borders = {"zeros": cv2.BORDER_CONSTANT, "reflect": cv2.BORDER_REFLECT_101, "replicate": cv2.BORDER_REPLICATE}
    random = np.random.default_rng(8)
    pictures: list[Array] = [
        random.integers(0, 256, (9, 10, 3), dtype=np.uint8),
        random.integers(0, 256, (9, 10), dtype=np.uint8),
        random.integers(0, 65536, (9, 10), dtype=np.uint16),
    ]
    kernels = [
        IRREGULAR,
        [[0, -1, 0], [-1, 5, -1], [0, -1, 0]],
        [[1, 0, -1], [2, 0, -2], [1, 0, -1]],
        [[0.125, 0.25], [0.5, 0.25], [0.0625, -0.25]],
        (BINOMIAL / 256).tolist(),
        np.full((4, 4), 1 / 16).tolist(),
    ]
    for border, kind in borders.items():
        for picture in pictures:
            for weights in kernels:
                result: Array = cv2.filter2D(picture, -1, np.array(weights, np.float32), borderType=kind)
                yield {"by": "opencv", "weights": weights, "border": border}, picture, result


if __name__ == "__main__":
    main()
