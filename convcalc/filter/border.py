"""What lies outside a picture: how wide the border is, and a band of the padded picture.

The names are PyTorch's. ``reflect`` does not repeat the edge (SciPy calls it mirror, OpenCV REFLECT_101), ``replicate``
is SciPy's nearest, ``circular`` SciPy's grid-wrap, ``zeros`` SciPy's grid-constant. ``valid`` has no border.
"""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np

from convcalc.errors import ConvcalcError
from convcalc.filter.kernel import BORDERS, Settings
from convcalc.layers.settings import counted
from convcalc.ops.sliding import Array

Pair = tuple[int, int]  # rows and columns, or what is added before and after one axis
AXES = ("row", "column")
MODES: dict[str, Any] = {"zeros": "constant", "reflect": "reflect", "replicate": "edge", "circular": "wrap"}  # NumPy's
BAND_VALUES = 2**18  # of a band: about as many as a processor's cache holds
MOST_VALUES = 2**27  # under the windows of one row


class Windows(NamedTuple):
    """How the windows of a filter lie on a picture; pairs are of rows and columns."""

    picture: Array  # (H, W, channels), without alpha
    span: Pair  # from the first tap to the last
    settings: Settings
    padding: tuple[Pair, Pair]
    output_size: Pair
    rows: Array  # which row of the picture lies at each row of the padded one; -1 is a row of zeros

    @property
    def bands(self) -> list[slice]:
        """Return bands of rows of the result; each reads at most about twice the rows that one of its rows needs."""
        step, width = self.settings.stride[0], self.picture.shape[1] + sum(self.padding[1])
        most = max(1, self.span[0] // step, BAND_VALUES // (width * self.picture.shape[2] * step))
        count = self.output_size[0]
        return [slice(start, min(start + most, count)) for start in range(0, count, most)]

    def read(self, band: slice, dtype: np.dtype[Any]) -> Array:
        """Return the padded picture under the windows of a band: (channels, rows, columns) of that type.

        >>> row = np.array([[[1], [2], [3]]])
        >>> seen = windows(row, (1, 5), (0, 2), Settings("reflect"))
        >>> seen.read(slice(0, 1), np.dtype(int)).tolist()
        [[[3, 2, 1, 2, 3, 2, 1]]]
        """
        step = self.settings.stride[0]
        rows = self.rows[band.start * step : (band.stop - 1) * step + self.span[0]]
        lines = self.picture[rows]
        lines[rows < 0] = 0
        if any(self.padding[1]):
            lines = np.pad(lines, ((0, 0), self.padding[1], (0, 0)), MODES[self.settings.border])
        return np.ascontiguousarray(lines.transpose(2, 0, 1), dtype)


def windows(picture: Array, kernel_size: Pair, anchor: Pair, settings: Settings) -> Windows:
    """Return how windows of that size lie on a picture (H, W, channels).

    `ConvcalcError` where the border cannot be made, or where a band of one row would take too much memory.

    >>> windows(np.ones((5, 5, 1)), (3, 3), (1, 1), Settings("valid", stride=(2, 1))).output_size
    (2, 3)
    """
    size = (picture.shape[0], picture.shape[1])
    padding = sides(size, kernel_size, anchor, settings.dilation, settings.border)
    span = _spans(kernel_size, settings.dilation)
    if span[0] * (size[1] + sum(padding[1])) * picture.shape[2] > MOST_VALUES:
        raise ConvcalcError(f"a kernel over {span[0]}x{span[1]} pixels takes too much memory: use a smaller one")
    down, across = (
        (have + sum(side) - taken) // step + 1
        for have, side, taken, step in zip(size, padding, span, settings.stride, strict=True)
    )
    fill: dict[str, Any] = {"constant_values": -1} if settings.border == "zeros" else {}
    rows = np.pad(np.arange(size[0]), padding[0], MODES.get(settings.border, "edge"), **fill)
    return Windows(picture, span, settings, padding, (down, across), rows)


def sides(size: Pair, kernel_size: Pair, anchor: Pair, dilation: Pair, border: str) -> tuple[Pair, Pair]:
    """Return the rows (before, after) and the columns (before, after) that the border adds to a picture.

    `ConvcalcError` where the border cannot be made, or where no window fits the picture without one.

    >>> sides((5, 5), kernel_size=(3, 4), anchor=(1, 2), dilation=(1, 2), border="reflect")
    ((1, 1), (4, 2))
    """
    if border not in BORDERS:
        raise ConvcalcError(f"border {border!r} is not known: use one of {', '.join(BORDERS)}")
    if 0 in size:
        raise ConvcalcError(f"a picture of {size[0]}x{size[1]} has no pixels: give one of at least 1x1")
    spans = _spans(kernel_size, dilation)
    if border == "valid":
        for axis, have, span in zip(AXES, size, spans, strict=True):
            if span > have:
                wide = counted(span, axis)
                raise ConvcalcError(f"a kernel of {wide} does not fit a picture of {have}: use border='replicate'")
        return (0, 0), (0, 0)
    down, across = (
        (apart * middle, span - 1 - apart * middle) for span, middle, apart in zip(spans, anchor, dilation, strict=True)
    )
    for axis, have, side in zip(AXES, size, (down, across), strict=True):
        most = {"reflect": have - 1, "circular": have}.get(border, max(side))
        if max(side) > most:
            wide = f"{counted(max(side), axis)} of {border} border"
            raise ConvcalcError(f"{wide} cannot be made from a picture of {have}: use border='replicate'")
    return down, across


def _spans(kernel_size: Pair, dilation: Pair) -> Pair:
    """Return the rows and columns from the first tap to the last."""
    return (kernel_size[0] - 1) * dilation[0] + 1, (kernel_size[1] - 1) * dilation[1] + 1
