"""Padding, and the window that moves until it no longer fits."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from convcalc.errors import ConvcalcError

Array = NDArray[Any]
Axis = tuple[int, int, int]  # kernel_size, stride, dilation
NUMPY_MODES = {"zeros": "constant", "reflect": "reflect", "replicate": "edge", "circular": "wrap"}


def pad(x: Array, sides: Sequence[tuple[int, int]], mode: str, fill: int = 0) -> Array:
    """The array with its last axes padded: by ``fill`` in mode zeros, else by copies; a negative side is cut off.

    >>> pad(np.array([1, 2, 3]), [(2, 1)], "reflect").tolist()
    [3, 2, 1, 2, 3, 2]
    """
    check_sides(x.shape, sides, mode)
    added = [(max(before, 0), max(after, 0)) for before, after in sides]
    if any(before or after for before, after in added):
        widths = [(0, 0)] * (x.ndim - len(sides)) + added
        values = {"constant_values": fill} if mode == "zeros" else {}
        x = np.pad(x, widths, mode=NUMPY_MODES[mode], **values)  # type: ignore[call-overload]
    cuts: tuple[Any, ...] = tuple(slice(max(-before, 0), -max(-after, 0) or None) for before, after in sides)
    return x[..., *cuts]


def check_sides(shape: Sequence[int], sides: Sequence[tuple[int, int]], mode: str) -> None:
    """Refuse sides that the mode cannot pad the last axes of such an array by.

    >>> check_sides((1, 3), [(3, 0)], "reflect")
    Traceback (most recent call last):
    convcalc.errors.ConvcalcError: reflect padding 3 is too wide for 3: use at most 2
    """
    if mode in ("reflect", "replicate") and 0 in shape[1:]:
        raise ConvcalcError(f"{mode} padding has nothing to copy in {list(shape)}: every size must be at least 1")
    for size, side in zip(shape[len(shape) - len(sides) :], map(max, sides), strict=True):
        most = {"reflect": size - 1, "circular": size}.get(mode)
        if most is not None and side > most:
            raise ConvcalcError(f"{mode} padding {side} is too wide for {size}: use at most {most}")


def places(size: int, kernel_size: int, stride: int, dilation: int) -> int:
    """How many windows fit: the starts, a stride apart, from which the last tap is still inside.

    >>> places(7, kernel_size=3, stride=2, dilation=1)
    3
    """
    last_tap = range(0, kernel_size * dilation, dilation)[-1]
    starts = range(0, size - last_tap, stride)
    return starts.index(starts[-1]) + 1 if starts else 0


def window_places(sizes: Sequence[int], axes: Sequence[Axis]) -> tuple[int, ...]:
    """How many windows fit along each axis; `ConvcalcError` where none does.

    >>> window_places((7, 5), [(3, 2, 1), (3, 1, 2)])
    (3, 1)
    """
    counts = tuple(places(size, *axis) for size, axis in zip(sizes, axes, strict=True))
    for count, size, (kernel_size, _, dilation) in zip(counts, sizes, axes, strict=True):
        if count == 0:
            raise ConvcalcError(f"kernel {kernel_size} with dilation {dilation} does not fit padded input {size}")
    return counts


def taps(padded: Array, axes: Sequence[Axis]) -> Iterator[tuple[tuple[int, ...], Array]]:
    """For each tap of the kernel, its index and what it meets: the elements under it at every place of the window.

    >>> [(tap, met.tolist()) for tap, met in taps(np.array([5, 6, 7, 8]), [(2, 2, 1)])]
    [((0,), [5, 7]), ((1,), [6, 8])]
    """
    counts = window_places(padded.shape[padded.ndim - len(axes) :], axes)
    for tap in indices([kernel_size for kernel_size, _, _ in axes]):
        met: list[Any] = [
            slice(index * dilation, index * dilation + (count - 1) * stride + 1, stride)
            for index, count, (_, stride, dilation) in zip(tap, counts, axes, strict=True)
        ]
        yield tap, padded[..., *met]


def meeting(offset: int, stride: int, size: int, places: int) -> tuple[slice, slice]:
    """The places at which a tap is on the input, and the elements it meets there; the padding is never made.

    ``offset`` is where the tap is at the first of so many places, counted from the first element.

    >>> meeting(-1, stride=2, size=4, places=3)
    (slice(1, 3, None), slice(1, 4, 2))
    """
    first = min(places, len(range(offset, 0, stride)))
    behind = max(first, min(places, len(range(offset, size, stride))))
    if first == behind:
        return slice(0, 0), slice(0, 0)
    start = offset + first * stride
    return slice(first, behind), slice(start, start + (behind - first - 1) * stride + 1, stride)


def indices(sizes: Sequence[int]) -> Iterator[tuple[int, ...]]:
    """Every index, last axis fastest; one at a time, where `itertools.product` would lay all of each axis up.

    >>> list(indices([2, 2]))
    [(0, 0), (0, 1), (1, 0), (1, 1)]
    """
    if not sizes:
        yield ()
        return
    for first in range(sizes[0]):
        for rest in indices(sizes[1:]):
            yield (first, *rest)
