"""A filter over a picture in memory: checked, its alpha set aside, filtered band by band, and brought to its range."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from math import inf
from typing import NamedTuple

import numpy as np

from convcalc.errors import ConvcalcError
from convcalc.filter.border import Pair, Windows, windows
from convcalc.filter.kernel import Filter, Settings
from convcalc.filter.picture import colours
from convcalc.filter.ranges import Extremes, extremes, range_of, store
from convcalc.filter.results import Results, results_of
from convcalc.ops.parallel import thread_count
from convcalc.ops.sliding import Array

Tell = Callable[[float], object]  # how much is done, of 1
DTYPES = ("uint8", "uint16", "float32", "float64")
USUAL = Settings()
MOST_BYTES = 2**27  # taken beside input and output, where the windows of one row take less
COPIES = 12  # of a band: as it is read, its results, and what the engine takes


class Filtered(NamedTuple):
    """A filtered picture, the lowest and the highest result before the range (None: all are NaN), and the range."""

    array: Array
    low: int | float | None
    high: int | float | None
    range: str | None


def apply(
    array: Array,
    filter: Filter,  # noqa: A002 - the field's word
    settings: Settings = USUAL,
    *,
    tell: Tell | None = None,
) -> Filtered:
    """Filter a picture (H, W) or (H, W, channels): the result has its type, and the size that border and stride leave.

    Kernels are not flipped (cross-correlation). Alpha, the last of 2 or 4 channels, is kept. ``tell`` is given the
    share that is done. `ConvcalcError` where the picture, the border or the range cannot be.

    >>> from convcalc.filter.kernel import linear
    >>> apply(np.array([[1, 5, 2]], np.uint8), linear("mean", ((1 / 3,) * 3,), "clip", "")).array.tolist()
    [[4, 3, 4]]
    """
    picture = _picture(array)
    channels = colours(picture)
    _check_steps(settings)
    view = windows(picture[:, :, :channels], filter.size, filter.anchor, settings)
    range_name = range_of(settings.range, filter.range, picture.dtype)
    results = results_of(filter, view)
    out = np.empty((*view.output_size, picture.shape[2]), picture.dtype)
    scale = None

    def seen(band: slice) -> Extremes | None:
        return extremes(results.of(band))

    def stored(band: slice) -> Extremes | None:
        made = results.of(band)
        found = extremes(made)
        made = made if results.divisor == 1 else made / results.divisor
        store(made, range_name, scale, out[band, :, :channels])
        return found

    if range_name == "scale":  # all is worked out twice: the results could take eight times the picture's memory
        scale = _unless_rounding(_over(view, results, seen, part_of(tell, 0, 2)), view.picture, results.rounding)
        tell = part_of(tell, 1, 2)
    low, high = _over(view, results, stored, tell) or (None, None)
    if channels < picture.shape[2]:
        out[:, :, -1] = _sampled(picture[:, :, -1], view, filter.anchor)
    return Filtered(out.reshape(*view.output_size, *np.shape(array)[2:]), low, high, range_name)


def part_of(tell: Tell | None, number: int, of: int) -> Tell | None:
    """Tell of one of several parts as that part of the whole.

    >>> part_of(print, 1, 4)(0.5)
    0.375
    """
    return None if tell is None else lambda done: tell((number + done) / of)


def _over(
    view: Windows, results: Results, work: Callable[[slice], Extremes | None], tell: Tell | None
) -> Extremes | None:
    """Do the work of each band, in threads, and return the extremes of all."""
    bands, found = view.bands, []
    for each in _in_threads(work, bands, _workers(view)):
        found.append(each)
        if tell is not None:
            tell(len(found) / len(bands))
    some = [ends for ends in found if ends is not None]
    if not some:
        return None
    low, high = min(low for low, _ in some), max(high for _, high in some)
    if results.whole:
        return int(low), int(high)
    return (low, high) if results.divisor == 1 else (low / results.divisor, high / results.divisor)


def _in_threads(
    work: Callable[[slice], Extremes | None], bands: Sequence[slice], workers: int
) -> Iterator[Extremes | None]:
    """Yield what each band gives, in order."""

    def quietly(band: slice) -> Extremes | None:
        with np.errstate(all="ignore"):  # NaN and infinity travel; the setting is a thread's own
            return work(band)

    if workers == 1:
        yield from map(quietly, bands)
        return
    with ThreadPoolExecutor(workers) as pool:
        yield from pool.map(quietly, bands)


def _workers(view: Windows) -> int:
    """Return how many threads work at the same time: as many as there are, while their bands stay small."""
    (down, _), (high, _) = view.settings.stride, view.span
    rows = (view.bands[0].stop - 1) * down + high
    values: int = rows * (view.picture.shape[1] + sum(view.padding[1])) * view.picture.shape[2]
    return max(1, min(thread_count(), len(view.bands), MOST_BYTES // (COPIES * 8 * values)))


def _unless_rounding(ends: Extremes | None, picture: Array, rounding: float) -> Extremes | None:
    """Return the extremes; one and the same where rounding may be all that sets them apart: it is not to be shown."""
    if ends is None or not rounding:
        return ends
    low, high = ends
    largest = max(abs(float(end.reduce(picture, axis=None))) for end in (np.fmin, np.fmax))
    return (low, low) if high - low <= rounding * largest < inf else ends


def _picture(array: Array) -> Array:
    """Return the picture as (H, W, channels), of a type that is filtered; bool becomes 0 and 255."""
    array = np.asarray(array)
    if array.ndim not in (2, 3) or array.shape[2:] not in ((), (1,), (2,), (3,), (4,)):
        shape = "x".join(map(str, array.shape))
        raise ConvcalcError(f"an array of {shape} is not a picture: give H x W, or H x W x C with 1 to 4 channels")
    if array.dtype == bool:
        array = array.astype(np.uint8) * np.uint8(255)
    if array.dtype.name not in DTYPES:
        raise ConvcalcError(f"a picture of {array.dtype} cannot be filtered: convert it to one of {', '.join(DTYPES)}")
    array = array.astype(array.dtype.newbyteorder("="), copy=False)
    return array.reshape(*array.shape[:2], -1) if array.size else array.reshape(*array.shape[:2], 1)


def _check_steps(settings: Settings) -> None:
    for name, pair in (("stride", settings.stride), ("dilation", settings.dilation)):
        if min(pair) < 1:
            raise ConvcalcError(f"{name} {pair} is too small: use {name}=1 or more")


def _sampled(plane: Array, view: Windows, anchor: Pair) -> Array:
    """Return the pixels on which the anchor lies."""
    settings = view.settings
    cuts = [
        slice(apart * middle - side[0], None, step)
        for apart, middle, side, step in zip(settings.dilation, anchor, view.padding, settings.stride, strict=True)
    ]
    rows, columns = view.output_size
    sampled: Array = plane[cuts[0], cuts[1]][:rows, :columns]
    return sampled
