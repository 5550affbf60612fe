"""The matrices of Winograd convolution: a convolution is a product of polynomials, computed at points (Toom and Cook).

Source: Winograd, "Arithmetic Complexity of Computations" (1980), chapters 3 and 5; Lavin and Gray, "Fast Algorithms for
Convolutional Neural Networks" (2016), section 4. For ``outputs`` of ``taps``: y = A' ((G w) * (B' d)).
"""

from __future__ import annotations

from functools import lru_cache

import numpy as np

from convcalc.ops.scratch import FLOAT
from convcalc.ops.sliding import Array

POINTS = (0.0, 1.0, -1.0, 0.5, -2.0)  # and infinity


def matrices(outputs: int, taps: int) -> tuple[Array, Array, Array]:
    """Return (B', G, A') for so many outputs of a kernel of so many taps, along one axis.

    The rows of B' are the coefficients of the product of (x - point) over all other points.

    >>> data, kernel, back = matrices(2, 3)
    >>> window, weights = np.array([1.0, 2.0, 3.0, 4.0]), np.array([1.0, 10.0, 100.0])
    >>> (back @ ((kernel @ weights) * (data @ window))).tolist()
    [321.0, 432.0]
    """
    size = outputs + taps - 1
    points = np.array(POINTS[: size - 1])
    others = [np.delete(points, number) for number in range(len(points))]
    data = np.zeros((size, size))
    for row, roots in zip(data, [*others, points], strict=True):
        row[: len(roots) + 1] = np.atleast_1d(np.poly(roots))[::-1]
    powers = np.zeros((size, size))
    powers[:-1] = points[:, np.newaxis] ** np.arange(size)
    scale = np.array([np.prod(point - rest) for point, rest in zip(points, others, strict=True)])
    kernel, back = powers[:, :taps].copy(), powers[:, :outputs].T.copy()
    kernel[:-1] /= scale[:, np.newaxis]
    kernel[-1, -1] = back[-1, -1] = 1
    return data, kernel, back


@lru_cache(64)
def kronecker(outputs: tuple[int, int], taps: tuple[int, int]) -> tuple[Array, Array, Array]:
    """Return the matrices of both axes together, for blocks that are flattened row by row.

    >>> [matrix.shape for matrix in kronecker((4, 4), (3, 3))]
    [(36, 36), (36, 9), (16, 36)]
    """
    both = zip(*(matrices(many, size) for many, size in zip(outputs, taps, strict=True)), strict=True)
    data, kernel, back = (np.kron(down, across).astype(FLOAT) for down, across in both)
    return data, kernel, back
