"""A picture, its border and the windows on it: what every way of summing is given, and how a piece is laid out."""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np

from convcalc.filter.border import Side, band
from convcalc.ops.sliding import Array


class Problem(NamedTuple):
    """The sizes of a filter's work; pairs are of rows and columns."""

    kernel_size: Side
    stride: Side
    dilation: Side
    border: str
    padded: tuple[Side, Side]  # before and after the rows, before and after the columns
    places: Side
    channels: int  # that are filtered
    stored: int  # channels of the picture; alpha, the last, may not be filtered

    @property
    def span(self) -> Side:
        """Rows and columns from the first tap to the last."""
        return (self.kernel_size[0] - 1) * self.dilation[0] + 1, (self.kernel_size[1] - 1) * self.dilation[1] + 1

    def read(self, places: Side) -> Side:
        """Rows and columns of the padded picture under the windows of so many places."""
        (down, across), (high, wide) = self.stride, self.span
        return (places[0] - 1) * down + high, (places[1] - 1) * across + wide

    def under(self, rows: slice, columns: slice) -> tuple[slice, slice]:
        """The rows and columns of the padded picture under the windows of these places."""
        high, wide = self.read((rows.stop - rows.start, columns.stop - columns.start))
        top, left = rows.start * self.stride[0], columns.start * self.stride[1]
        return slice(top, top + high), slice(left, left + wide)

    def halved(self, tile: Side) -> Side:
        """A smaller tile: half of the axis that adds more places for what its windows read besides."""
        rows, columns = tile
        if columns == 1 or (rows > 1 and rows * self.span[1] > columns * self.span[0]):
            return -(-rows // 2), columns
        return rows, -(-columns // 2)


def planes(problem: Problem, x: Array, rows: slice, columns: slice, out: Array) -> None:
    """Lay what is under the windows of these places in out (channels, rows, columns), from x (H, W, channels).

    >>> spread = Problem((1, 1), (1, 1), (1, 1), "valid", ((0, 0), (0, 0)), (1, 2), channels=2, stored=2)
    >>> out = np.zeros((2, 1, 2))
    >>> planes(spread, np.array([[[1, 2], [3, 4]]]), slice(0, 1), slice(0, 2), out)
    >>> out.tolist()
    [[[1.0, 3.0]], [[2.0, 4.0]]]
    """
    down, across = problem.under(rows, columns)
    for channel, plane in enumerate(out):
        band(x[:, :, channel], down, across, problem.padded, problem.border, plane)


def toeplitz(weights: tuple[Any, ...], places: int, stride: int, dilation: int, dtype: np.dtype[Any]) -> Array:
    """The matrix (places, elements under them) by which a column of elements becomes its sums.

    >>> toeplitz((1, 2), places=2, stride=1, dilation=2, dtype=np.dtype(int)).tolist()
    [[1, 0, 2, 0], [0, 1, 0, 2]]
    """
    matrix = np.zeros((places, (places - 1) * stride + (len(weights) - 1) * dilation + 1), dtype)
    for tap, weight in enumerate(weights):
        matrix[np.arange(places), np.arange(places) * stride + tap * dilation] = weight
    return matrix
