"""Winograd convolution: fewer multiplications, because neighbouring windows share their elements.

Source: Winograd, "Arithmetic Complexity of Computations" (1980); Lavin and Gray, "Fast Algorithms for Convolutional
Neural Networks" (2016), section 4: y = A' ((G w) * (B' d)), in both axes, on tiles of alpha x alpha elements that
overlap. Tiles and kernels are taken to points of a polynomial, multiplied there, summed over the channels, and taken
back. Each of the three ways is one matrix product, with the Kronecker product of both axes' matrices; the sums are one
product a point. Inside, channels come last, so that tiles are gathered in long runs.

With dilation d, every d-th row and column make a picture of their own, on which the kernel is dense.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import lru_cache
from math import prod

import numpy as np

from convcalc.ops import im2col
from convcalc.ops.parallel import parallel_for, worker_count
from convcalc.ops.problem import Problem
from convcalc.ops.scratch import LINE, SCRATCH_BYTES, view, workspace
from convcalc.ops.sliding import Array
from convcalc.ops.tiles import at_once, cuts, evened, grid, parts
from convcalc.ops.winograd_matrices import kronecker
from convcalc.ops.winograd_tiles import Layout, Piece, by_point, gather, place

ELEMENTS = 6  # of a tile along an axis: with 8, float32 is no longer exact enough
TILES = 224  # at once, enough for a good matrix product
TILE_BYTES = 12 * 2**20  # but no more than these
WEIGHTS = 2**17  # that are taken to their points together


def fits(problem: Problem) -> bool:
    """Whether it can be worked so: windows a step apart, no groups, small kernels, and weights that fit when tiled."""
    return (
        problem.groups == 1
        and problem.rows.stride == problem.columns.stride == 1
        and problem.rows.kernel_size <= 5
        and problem.columns.kernel_size <= 5
        and problem.taps > 1
        and 4 * plan(problem).transformed <= SCRATCH_BYTES * 5 // 8
        and 4 * (plan(problem).transformed + plan(problem).floats) <= SCRATCH_BYTES
    )


def convolve(problem: Problem, x: Array, weight: Array, bias: Array | None, out: Array) -> None:
    """Fill out (N, O, *places) from x (N, C, H, W), weight (O, C, *kernel) and bias (O,), all of float32.

    Where numbers are not finite, or become so large, the patches' way is gone instead: here they would spread.

    >>> from convcalc.ops.problem import Span
    >>> side = Span(3, 0, 0, kernel_size=2, stride=1, dilation=1, places=2)
    >>> x, weight, out = (np.ones((1, 1, size, size), np.float32) for size in (3, 2, 2))
    >>> convolve(Problem(1, 1, 1, 1, (side, side)), x, weight, None, out)
    >>> out.round(5).tolist()  # four ones
    [[[[4.0, 4.0], [4.0, 4.0]]]]
    """
    if not _attempt(problem, x, weight, bias, out):
        im2col.convolve(problem, x, weight, bias, out)


def _attempt(problem: Problem, x: Array, weight: Array, bias: Array | None, out: Array) -> bool:
    """Do so, and tell whether all numbers were finite."""
    layout = plan(problem)
    data, kernel, back = kronecker(layout.outputs, (problem.rows.kernel_size, problem.columns.kernel_size))
    most = _workers(layout)
    scratch = workspace(layout.transformed + max(most * layout.floats, _weights_floats(problem)))
    kernels = _transformed(problem, weight, kernel, scratch[: layout.transformed], scratch[layout.transformed :])
    unsound: list[Piece] = []

    def start(scratch: Array) -> Callable[[Piece], None]:
        here, there = scratch[: layout.here], scratch[layout.here : layout.floats]

        def work(piece: Piece) -> None:
            tiles = gather(problem, layout, piece, x, there, here)
            gathered = by_point(here, *tiles, problem.channels)
            at_points = by_point(there, *tiles, problem.channels)
            np.matmul(data, gathered, out=at_points)
            sums = by_point(here, *tiles, problem.maps)
            shape = (tiles[0], -1)
            np.matmul(at_points.reshape(*shape, problem.channels), kernels, out=sums.reshape(*shape, problem.maps))
            results = there[: len(back) * sums.shape[1]].reshape(len(back), -1)
            np.matmul(back, sums, out=results)
            if not np.isfinite(results.sum()):
                unsound.append(piece)
            place(problem, layout, piece, results, bias, here, out)

        return work

    pieces = (Piece(*axes) for axes in grid(layout.sizes, layout.at_once))
    parallel_for(pieces, start, scratch[layout.transformed :][: most * layout.floats], most)
    return not unsound


def _workers(layout: Layout) -> int:
    return min(worker_count(4 * layout.floats, 4 * layout.transformed), parts(layout.sizes, layout.at_once))


def _transformed(problem: Problem, weight: Array, kernel: Array, out: Array, scratch: Array) -> Array:
    """The weights at each point, (points, C, O): some input channels at a time."""
    channels, maps, taps, taken = problem.channels, problem.maps, problem.taps, _channels(problem)
    out = view(out, 0, (len(kernel), channels * maps), (channels * maps + LINE, 1))

    def start(scratch: Array) -> Callable[[slice], None]:
        def some(part: slice) -> None:
            count = part.stop - part.start
            turned = scratch[: count * maps * taps].reshape(count, maps, taps)
            turned[...] = weight[:, part].reshape(maps, count, taps).transpose(1, 0, 2)
            np.matmul(kernel, turned.reshape(-1, taps).T, out=out[:, part.start * maps : part.stop * maps])

        return some

    floats = _weights_floats(problem)
    parallel_for(cuts(channels, taken), start, scratch[:floats], floats // (taken * maps * taps))
    return out.reshape(len(kernel), channels, maps)


def _weights_floats(problem: Problem) -> int:
    """Scratch of all threads that turn weights."""
    taken = _channels(problem)
    return min(worker_count(4 * WEIGHTS), -(-problem.channels // taken)) * taken * problem.maps * problem.taps


def _channels(problem: Problem) -> int:
    """Whose weights are taken to their points together."""
    most = max(1, WEIGHTS // (problem.maps * problem.taps))
    return evened([problem.channels], [min(problem.channels, most)])[0]


@lru_cache(1024)
def plan(problem: Problem) -> Layout:
    """How the problem is cut; the same for any number of threads."""
    spans = problem.spans
    tall, broad = (1 if span.kernel_size == 1 else ELEMENTS for span in spans)
    elements = (tall, broad)
    high, wide = (have - span.kernel_size + 1 for have, span in zip(elements, spans, strict=True))
    pictures = (min(spans[0].dilation, spans[0].places), min(spans[1].dilation, spans[1].places))
    down, across = (
        -(-span.places // (span.dilation * outputs)) for span, outputs in zip(spans, (high, wide), strict=True)
    )
    points, most = prod(elements), max(problem.channels, problem.maps)
    sizes = (problem.examples, prod(pictures), down)
    taken = evened(sizes, at_once(sizes, across, min(TILES, TILE_BYTES // (8 * points * most))))
    count = prod(taken) * across
    band = taken[0] * (taken[2] * high + elements[0] - high) * (across * wide + elements[1] - wide)
    tiles = points * (count * problem.channels + LINE)
    sums = points * (count * problem.maps + LINE)
    return Layout(
        (high, wide),
        elements,
        across,
        pictures,
        sizes,
        tuple(taken),
        here=max(tiles, sums, count * high * wide * (problem.maps + LINE)),
        there=max(band * (2 * problem.channels + LINE), tiles, count * high * wide * problem.maps),
        transformed=points * (problem.maps * problem.channels + LINE),
    )


def scratch_bytes(problem: Problem) -> int:
    """The transformed weights, and what all threads that take part hold: first of the weights, then of the tiles."""
    layout = plan(problem)
    return 4 * (layout.transformed + max(_weights_floats(problem), _workers(layout) * layout.floats))
