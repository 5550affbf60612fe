"""Direct convolution: for each tap of the kernel, one matrix product over the channels, added up.

The obvious way in arrays: exact on integers, for any number of axes, and the reference for every faster one. Source:
the definition, as PyTorch's `Conv2d` has it (cross-correlation), with the sum over the taps outermost.
"""

from __future__ import annotations

from collections.abc import Sequence
from math import prod
from typing import Any

import numpy as np

from convcalc.ops.padded_tile import copied, inside
from convcalc.ops.problem import Problem, Span
from convcalc.ops.scratch import SCRATCH_BYTES
from convcalc.ops.sliding import Array, indices
from convcalc.ops.tiles import at_once, grid


def convolve(problem: Problem, x: Array, weight: Array, bias: Array | None, out: Array) -> None:
    """Fill out (N, O, *places) from x (N, C, *sizes), weight (O, C/groups, *kernel) and bias (O,), of one type.

    >>> side = Span(3, 0, 0, kernel_size=2, stride=1, dilation=1, places=2)
    >>> x, weight, out = (np.ones((1, 1, size, size), np.float32) for size in (3, 2, 2))
    >>> convolve(Problem(1, 1, 1, 1, (side, side)), x, weight, None, out)
    >>> out.tolist()  # four ones
    [[[[4.0, 4.0], [4.0, 4.0]]]]
    """
    out[...] = 0
    for some, *tile in grid(_sizes(problem), _taken(problem, x.itemsize)):
        sums = out[(some, slice(None), *tile)]
        for tap in indices(weight.shape[2:]):
            _add_tap(problem, x[some], weight, tap, tile, sums)
    if bias is not None:
        out += bias.reshape(-1, *[1] * len(problem.spans))


def _add_tap(
    problem: Problem, x: Array, weight: Array, tap: tuple[int, ...], tile: Sequence[slice], sums: Array
) -> None:
    """Add what one tap of the kernel makes of what it meets."""
    groups, fed, made = problem.groups, problem.fed, problem.made
    met = _met(problem, x, tap, tile)
    at_tap: tuple[Any, ...] = (..., *tap)
    weights = np.ascontiguousarray(weight[at_tap])
    if problem.table is None:
        products = weights.reshape(groups, made, fed) @ met.reshape(len(met), groups, fed, -1)
        sums += products.reshape(sums.shape)
        return
    for number, sources in enumerate(map(list, problem.table)):  # each map touches the channels of its row alone
        products = weights[number, sources] @ met[:, sources].reshape(len(met), len(sources), -1)
        sums[:, number] += products.reshape(sums[:, number].shape)


def _sizes(problem: Problem) -> tuple[int, ...]:
    return problem.examples, *(span.places for span in problem.spans)


def _taken(problem: Problem, itemsize: int) -> list[int]:
    return at_once(_sizes(problem), (problem.channels + problem.maps) * itemsize, SCRATCH_BYTES)


def _met(problem: Problem, x: Array, tap: Sequence[int], tile: Sequence[slice]) -> Array:
    """What a tap of the kernel meets at the places of a tile: a view where it is all the input's own."""
    steps: list[tuple[Span, int, int, int]] = [
        (span, index * span.dilation, part.start, part.stop - part.start)
        for span, index, part in zip(problem.spans, tap, tile, strict=True)
    ]
    if problem.padding_mode != "zeros":
        chosen: tuple[Any, ...] = np.ix_(*(copied(*step, problem.padding_mode) for step in steps))
        return x[..., *chosen]
    pairs = [inside(*step) for step in steps]
    sources: tuple[Any, ...] = tuple(source for _, source in pairs)
    seen = x[..., *sources]
    counts = tuple(count for _, _, _, count in steps)
    if seen.shape[2:] == counts:
        return seen
    met = np.zeros((*x.shape[:2], *counts), x.dtype)
    places: tuple[Any, ...] = tuple(place for place, _ in pairs)
    met[..., *places] = seen
    return met


def scratch_bytes(problem: Problem, itemsize: int) -> int:
    """Of one tap: what it meets (where that is no view), the products, and the weights.

    >>> spans = (Span(1, 0, 0, 1, 1, 1, 1), Span(4, 0, 0, kernel_size=3, stride=1, dilation=1, places=2))
    >>> scratch_bytes(Problem(1, 5, 7, 1, spans), itemsize=4)  # 5*2 + 7*2 + 5*7 numbers
    236
    """
    taken = _taken(problem, itemsize)
    _, *others = problem.spans
    is_padded = problem.padding_mode != "zeros" or problem.is_padded
    in_runs = (
        all(span.stride == 1 for span in problem.spans)
        and all(span.kernel_size == 1 for span in others)
        and taken[2:] == list(_sizes(problem)[2:])
    )
    channels = 0 if in_runs and not is_padded else problem.channels
    maps = problem.maps
    if problem.table is not None:  # the channels of a row, for one map at a time
        channels, maps = (problem.channels if is_padded else 0) + max(map(len, problem.table)), 1
    weights = problem.maps * problem.fed if problem.taps > 1 else 0
    return (prod(taken) * (channels + maps) + weights) * itemsize
