"""What a filter makes of a picture, band by band, before anything is done to results that do not fit it."""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

import numpy as np

from convcalc.filter.arithmetic import Sums, sums_of
from convcalc.filter.border import Pair, Windows
from convcalc.filter.convolve import convolve
from convcalc.filter.kernel import Filter, Linear, Magnitude, Order, Settings, parts
from convcalc.filter.order_statistics import order_statistics
from convcalc.ops.sliding import Array

UNITS = 16  # of rounding: sums of the same numbers differ by no more


class Results(NamedTuple):
    """What a filter makes of a picture, before the range."""

    of: Callable[[slice], Array]  # a band of rows -> (channels, rows, columns)
    divisor: int = 1
    whole: bool = False  # the results are whole numbers, whatever their type
    rounding: float = 0.0  # how far results of the same numbers may differ, for pixels of 1


def results_of(filter: Filter, view: Windows) -> Results:  # noqa: A002 - the field's word
    """Return the results of a filter over the windows of a picture.

    >>> from convcalc.filter.border import windows
    >>> from convcalc.filter.presets import find
    >>> results = results_of(find("sobel-x"), windows(np.eye(3, dtype=np.uint8)[..., None], (3, 3), (1, 1), Settings()))
    >>> results.of(slice(1, 2)).tolist()
    [[[0.0, 0.0, 0.0]]]
    """
    return _ordered(filter, view) if isinstance(filter, Order) else _weighted(filter, view)


def _weighted(filter_: Linear | Magnitude, view: Windows) -> Results:
    """Return the weighted sums of one kernel, or the lengths of two."""
    dtype, settings = view.picture.dtype, view.settings
    kernels = [(_before(filter_, kernel, settings), sums_of(kernel.weights, dtype)) for kernel in parts(filter_)]
    coarsest = max(float(np.finfo(sums.dtype).eps) if not sums.whole else 0.0 for _, sums in kernels)
    sizes = sum(float(np.abs(sums.kernel).sum()) for _, sums in kernels)

    def side(band: slice, before: Pair, sums: Sums) -> Array:
        planes = view.read(band, sums.dtype)
        rows, columns = band.stop - band.start, view.output_size[1]
        cut = [
            slice(first, first + (places - 1) * step + (taps - 1) * apart + 1)
            for first, places, step, taps, apart in zip(
                before, (rows, columns), settings.stride, sums.kernel.shape, settings.dilation, strict=True
            )
        ]
        return convolve(planes[:, cut[0], cut[1]], sums, settings.stride, settings.dilation)

    rounding = UNITS * coarsest * sizes
    if len(kernels) == 1:
        [(before, sums)] = kernels
        return Results(lambda band: side(band, before, sums), sums.divisor, sums.whole and sums.divisor == 1, rounding)
    floating = np.dtype(np.float32 if dtype.itemsize in (1, 4) else np.float64)

    def length(band: slice) -> Array:
        across, down = (side(band, before, sums) / sums.divisor for before, sums in kernels)
        made: Array = np.hypot(across, down).astype(floating, copy=False)
        return made

    return Results(length, rounding=rounding)


def _before(whole: Filter, part: Linear, settings: Settings) -> Pair:
    """Return how far the windows of a part begin behind those of the whole: its anchor lies on the same pixel."""
    down, across = (
        apart * (outer - inner)
        for apart, outer, inner in zip(settings.dilation, whole.anchor, part.anchor, strict=True)
    )
    return down, across


def _ordered(filter_: Order, view: Windows) -> Results:
    settings, dtype = view.settings, view.picture.dtype
    return Results(
        lambda band: order_statistics(view.read(band, dtype), filter_, settings.stride, settings.dilation),
        whole=dtype.kind == "u",
    )
