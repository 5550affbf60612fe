"""What lies around a picture: how wide it is, what stands there, and any piece of the padded picture, made when needed.

The names are PyTorch's: reflect does not repeat the edge (SciPy calls it mirror, OpenCV REFLECT_101), replicate is
SciPy's nearest, circular SciPy's grid-wrap, zeros SciPy's grid-constant; valid has no border at all.
"""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from convcalc.errors import ConvcalcError
from convcalc.filter.kernel import BORDERS
from convcalc.layers.settings import counted
from convcalc.ops import sliding
from convcalc.ops.sliding import Array

Side = tuple[int, int]  # before and after one axis
AXES = ("row", "column")


def sides(size: Side, kernel_size: Side, anchor: Side, dilation: Side, border: str) -> tuple[Side, Side]:
    """How many rows (before, after) and columns (before, after) the border adds to a picture of so many rows, columns.

    Refused in one line where the border cannot be made, or where nothing of the picture is left without it.

    >>> sides((5, 5), kernel_size=(3, 4), anchor=(1, 2), dilation=(1, 2), border="reflect")
    ((1, 1), (4, 2))
    """
    if border not in BORDERS:
        raise ConvcalcError(f"border {border!r} is not known: use one of {', '.join(BORDERS)}")
    if 0 in size:
        raise ConvcalcError(f"a picture of {size[0]}x{size[1]} has no pixels: give one of at least 1x1")
    extents = [(taps - 1) * apart + 1 for taps, apart in zip(kernel_size, dilation, strict=True)]
    for axis, have, extent in zip(AXES, size, extents, strict=True):
        if border == "valid" and extent > have:
            wide = counted(extent, axis)
            raise ConvcalcError(f"a kernel of {wide} does not fit a picture of {have}: use border='replicate'")
    if border == "valid":
        return (0, 0), (0, 0)
    down, across = (
        (apart * middle, extent - 1 - apart * middle)
        for extent, middle, apart in zip(extents, anchor, dilation, strict=True)
    )
    for axis, have, side in zip(AXES, size, (down, across), strict=True):
        try:
            sliding.check_sides((have,), [side], border)
        except ConvcalcError:
            wide = f"{counted(max(side), axis)} of {border} border"
            raise ConvcalcError(f"{wide} cannot be made from a picture of {have}: use border='replicate'") from None
    return down, across


def places(size: Side, kernel_size: Side, padded: tuple[Side, Side], stride: Side, dilation: Side) -> Side:
    """Rows and columns of the result: how many windows fit the padded picture.

    >>> places((5, 5), kernel_size=(3, 3), padded=((1, 1), (0, 0)), stride=(2, 1), dilation=(1, 1))
    (3, 3)
    """
    down, across = (
        sliding.places(have + sum(side), taps, step, apart)
        for have, side, taps, step, apart in zip(size, padded, kernel_size, stride, dilation, strict=True)
    )
    return down, across


def band(x: Array, rows: slice, columns: slice, padded: tuple[Side, Side], border: str, out: Array) -> Array:
    """Fill out (rows, columns, ...) with a piece of the padded picture x (H, W, ...), and return it.

    Rows and columns are counted from the first of the border (both ends given). The values are converted to the type
    of out, as `numpy.copyto` does it unsafely; nothing else is allocated.

    >>> x = np.array([[1, 2, 3]], np.uint8)
    >>> band(x, slice(0, 1), slice(0, 5), ((0, 0), (2, 2)), "reflect", np.empty((1, 5), np.int16)).tolist()
    [[3, 2, 1, 2, 3]]
    """
    (top, _), (left, _) = padded
    for down, seen_down in _pieces(rows.start - top, rows.stop - top, x.shape[0], border):
        for across, seen_across in _pieces(columns.start - left, columns.stop - left, x.shape[1], border):
            if seen_down is None or seen_across is None:
                out[down, across] = 0
            else:
                np.copyto(out[down, across], x[seen_down, seen_across], casting="unsafe")
    return out


def _pieces(start: int, stop: int, size: int, border: str) -> Iterator[tuple[slice, slice | None]]:
    """Where each piece of start..stop lies in the result, and what it is a copy of (None: zeros). 0 is the first pixel.

    >>> list(_pieces(-2, 2, 3, "reflect"))
    [(slice(0, 2, None), slice(2, 0, -1)), (slice(2, 4, None), slice(0, 2, None))]
    """
    inside = slice(min(max(start, 0), stop), max(min(stop, size), start))
    for first, behind in ((start, min(stop, 0)), (inside.start, inside.stop), (max(start, size), stop)):
        if first < behind:
            yield slice(first - start, behind - start), _copied(first, behind, size, border)


def _copied(first: int, behind: int, size: int, border: str) -> slice | None:
    """What stands at first..behind, which lies before the picture, in it, or behind it."""
    if 0 <= first < size:
        return slice(first, behind)
    if border == "zeros":
        return None
    if border == "replicate":
        edge = 0 if first < 0 else size - 1
        return slice(edge, edge + 1)
    if border == "circular":
        turn = size if first < 0 else -size
        return slice(first + turn, behind + turn)
    turn = 0 if first < 0 else 2 * (size - 1)
    last = turn - behind  # one below the lowest of those that are copied, from the far end to the near one
    return slice(turn - first, last if last >= 0 else None, -1)
