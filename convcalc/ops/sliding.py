"""Padding, and the window that moves until it no longer fits."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from convcalc.errors import ConvcalcError

Array = NDArray[Any]
Window = tuple[int, int, int]  # kernel_size, stride, dilation along one axis
NUMPY_MODES = {"zeros": "constant", "reflect": "reflect", "replicate": "edge", "circular": "wrap"}


def pad(x: Array, sides: Sequence[tuple[int, int]], mode: str, fill: int = 0) -> Array:
    """Return the array with its last axes padded: with ``fill`` in mode zeros, else with copies; negative sides crop.

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
    """Refuse sides that are too wide for the mode and the last axes of the shape.

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


def window_count(size: int, kernel_size: int, stride: int, dilation: int) -> int:
    """Return how many windows fit: the starts, a stride apart, from which the last tap is still inside.

    >>> window_count(7, kernel_size=3, stride=2, dilation=1)
    3
    """
    last_tap = range(0, kernel_size * dilation, dilation)[-1]
    starts = range(0, size - last_tap, stride)
    return starts.index(starts[-1]) + 1 if starts else 0


def output_size(sizes: Sequence[int], axes: Sequence[Window]) -> tuple[int, ...]:
    """Return how many windows fit along each axis; raise `ConvcalcError` if none does.

    >>> output_size((7, 5), [(3, 2, 1), (3, 1, 2)])
    (3, 1)
    """
    counts = tuple(window_count(size, *axis) for size, axis in zip(sizes, axes, strict=True))
    for count, size, (kernel_size, _, dilation) in zip(counts, sizes, axes, strict=True):
        if count == 0:
            raise ConvcalcError(f"kernel {kernel_size} with dilation {dilation} does not fit padded input {size}")
    return counts


def taps(padded: Array, axes: Sequence[Window]) -> Iterator[tuple[tuple[int, ...], Array]]:
    """Yield each tap of the kernel: its index, and the elements that it meets in all windows.

    >>> [(tap, met.tolist()) for tap, met in taps(np.array([5, 6, 7, 8]), [(2, 2, 1)])]
    [((0,), [5, 7]), ((1,), [6, 8])]
    """
    counts = output_size(padded.shape[padded.ndim - len(axes) :], axes)
    for tap in indices([kernel_size for kernel_size, _, _ in axes]):
        met: list[Any] = [
            slice(index * dilation, index * dilation + (count - 1) * stride + 1, stride)
            for index, count, (_, stride, dilation) in zip(tap, counts, axes, strict=True)
        ]
        yield tap, padded[..., *met]


def meeting(offset: int, stride: int, size: int, count: int) -> tuple[slice, slice]:
    """Return the windows in which a tap lies on the input, and the elements it meets there, both as slices.

    ``offset`` is where the tap lies in the first of ``count`` windows, counted from the first element.

    >>> meeting(-1, stride=2, size=4, count=3)
    (slice(1, 3, None), slice(1, 4, 2))
    """
    first = min(count, len(range(offset, 0, stride)))
    behind = max(first, min(count, len(range(offset, size, stride))))
    if first == behind:
        return slice(0, 0), slice(0, 0)
    start = offset + first * stride
    return slice(first, behind), slice(start, start + (behind - first - 1) * stride + 1, stride)


def indices(sizes: Sequence[int]) -> Iterator[tuple[int, ...]]:
    """Yield every index, the last axis fastest; unlike `itertools.product`, hold only one at a time.

    >>> list(indices([2, 2]))
    [(0, 0), (0, 1), (1, 0), (1, 1)]
    """
    if not sizes:
        yield ()
        return
    for first in range(sizes[0]):
        for rest in indices(sizes[1:]):
            yield (first, *rest)
