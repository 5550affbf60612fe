"""Arrays made axis by axis, a band at a time: what padding and resampling have in common."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from math import prod
from typing import Any

import numpy as np

from convcalc.layers.settings import Shape
from convcalc.ops.blocks import block_size, blocks, part_size, whole
from convcalc.ops.sliding import Array
from convcalc.ops.tiles import cuts

AT_ONCE = 2**17  # elements: the arrays in between stay in the processor's cache

Change = Callable[[Array, int], Array]  # x with an axis made anew
Rule = Callable[[range], Change]  # for some places of the new axis


def axis_by_axis(x: Array, shape: Shape, rules: Sequence[Rule], kind: np.dtype[Any], at_once: int) -> Array:
    """An array of that shape, its last axes made from those of x one after another; some maps at a time, or a band.

    ``at_once`` is about how many elements that is.

    >>> axis_by_axis(np.array([1, 2]), (4,), [lambda places: taken(np.array(places) // 2)], np.dtype(int), 9).tolist()
    [1, 1, 2, 2]
    """
    out = np.empty(shape, dtype=kind)
    if out.size == 0:
        return out
    first = x.ndim - len(rules)
    later = [rule(range(size)) for rule, size in zip(rules[1:], shape[first + 1 :], strict=True)]
    each = _elements_a_place(x.shape, shape, len(rules))
    for band in cuts(shape[first], at_once // each):
        changes = [rules[0](range(band.start, band.stop)), *later]
        for at in blocks(shape[:first], at_once // ((band.stop - band.start) * each)):
            out[(*whole(at, first), band)] = _changed(x[at], changes, first)
        del changes  # before the next are made
    return out


def _changed(x: Array, changes: Sequence[Change], first: int) -> Array:
    for axis, change in enumerate(changes, first):
        x = change(x, axis)
    return x


def _elements_a_place(input_shape: Shape, shape: Shape, rank: int) -> int:
    """What there is at most behind a place of the first axis, in the input, the output or between."""
    rest = zip(input_shape[len(shape) - rank + 1 :], shape[len(shape) - rank + 1 :], strict=True)
    return max(prod(max(pair) for pair in rest), 1)


def take(x: Array, elements: Array, axis: int) -> Array:
    """Those elements along the axis. (NumPy's own way copies all of an array first that does not lie in one piece.)

    >>> take(np.array([5, 6])[::-1], np.array([1, 0, 1]), 0).tolist()
    [5, 6, 5]
    """
    return x.take(elements, axis) if x.flags.c_contiguous else x[(slice(None),) * axis + (elements,)]


def taken(elements: Array) -> Change:
    """Those elements along the axis.

    >>> taken(np.array([1, 0, 1]))(np.array([5, 6]), 0).tolist()
    [6, 5, 6]
    """
    return lambda x, axis: take(x, elements, axis)


def changing_bytes(
    input_shape: Shape, shape: Shape, rank: int, itemsize: int, at_once: int, arrays: int, numbers: int, kept: int
) -> int:
    """What it takes beside input and output.

    ``arrays`` are made along an axis; of each of its places ``numbers`` of 8 bytes are worked out, and ``kept``.

    >>> changing_bytes((1, 1, 4), (1, 1, 8), 1, 4, at_once=9, arrays=1, numbers=2, kept=1)  # 8 of 4 bytes, and 8 of 8
    128
    """
    if 0 in shape:
        return 0
    first = len(shape) - rank
    each = _elements_a_place(input_shape, shape, rank)
    band = part_size(shape[first], at_once // each)
    maps = block_size(shape[:first], at_once // (band * each))
    most, before, sizes = 0, 0, [band, *input_shape[first + 1 :]]
    for axis, places in enumerate([band, *shape[first + 1 :]]):
        sizes[axis] = places
        made = maps * prod(sizes)
        most, before = max(most, before + made * arrays), made
    held = 8 * kept * sum(shape[first + 1 :])
    return held + max(8 * numbers * band, 8 * kept * band + most * itemsize)
