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
from dataclasses import dataclass, replace
from functools import lru_cache
from math import prod

import numpy as np

from convcalc.kernels import patches
from convcalc.kernels.band import fill_band
from convcalc.kernels.problem import Problem, Span, at_once, cuts, evened, grid, parts, view
from convcalc.kernels.sliding import Array
from convcalc.kernels.threads import FLOAT, LINE, SCRATCH_BYTES, hands, share, workspace

POINTS = (0.0, 1.0, -1.0, 0.5, -2.0)  # and infinity
TILES = 224  # at once, enough for a good matrix product
TILE_BYTES = 12 * 2**20  # but no more than these
NEAR = 64  # channels that are turned to the last axis together, so that their lines stay in the nearest cache
NEAR_PLACES = 450  # places that are turned back together, likewise
WEIGHTS = 2**17  # that are taken to their points together
LARGE_MAPS = 400  # places, from which on tiles of six elements waste little


def matrices(outputs: int, taps: int) -> tuple[Array, Array, Array]:
    """(B', G, A') of so many outputs of a kernel of so many taps, in one axis.

    The rows of B' are the coefficients of the product of (x - point) over all other points.

    >>> data, kernel, back = matrices(2, 3)
    >>> window, weights = np.array([1.0, 2.0, 3.0, 4.0]), np.array([1.0, 10.0, 100.0])
    >>> (back @ ((kernel @ weights) * (data @ window))).tolist()
    [321.0, 432.0]
    """
    size = outputs + taps - 1
    points = np.array(POINTS[: size - 1])
    others = [np.delete(points, number) for number in range(len(points))]
    data = np.zeros((size, size))
    for row, roots in zip(data, [*others, points], strict=True):
        row[: len(roots) + 1] = np.atleast_1d(np.poly(roots))[::-1]
    powers = np.zeros((size, size))
    powers[:-1] = points[:, np.newaxis] ** np.arange(size)
    scale = np.array([np.prod(point - rest) for point, rest in zip(points, others, strict=True)])
    kernel, back = powers[:, :taps].copy(), powers[:, :outputs].T.copy()
    kernel[:-1] /= scale[:, np.newaxis]
    kernel[-1, -1] = back[-1, -1] = 1
    return data, kernel, back


@dataclass(frozen=True, slots=True)
class Piece:
    """Rows of tiles of some examples, in some of the pictures: those of every d-th row and column from these on."""

    examples: slice
    pictures: slice
    tile_rows: slice

    @property
    def counts(self) -> tuple[int, int, int]:
        """Of pictures, examples, and rows of tiles."""
        examples, pictures, rows = (part.stop - part.start for part in (self.examples, self.pictures, self.tile_rows))
        return pictures, examples, rows


@dataclass(frozen=True, slots=True)
class Layout:
    """The outputs of a tile and its elements, along both axes; the pieces; and the floats of two scratch arrays."""

    outputs: tuple[int, int]
    elements: tuple[int, int]
    across: int  # tiles in a row
    pictures: tuple[int, int]  # along both axes
    sizes: tuple[int, ...]  # examples, pictures, rows of tiles
    at_once: tuple[int, ...]  # of each, in the largest piece
    here: int
    there: int
    transformed: int  # weights

    @property
    def floats(self) -> int:
        """Scratch of one thread."""
        return self.here + self.there


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
    """
    if not _attempt(problem, x, weight, bias, out):
        patches.convolve(problem, x, weight, bias, out)


def _attempt(problem: Problem, x: Array, weight: Array, bias: Array | None, out: Array) -> bool:
    """Do so, and tell whether all numbers were finite."""
    layout = plan(problem)
    data, kernel, back = _kronecker(layout.outputs, (problem.rows.kernel_size, problem.columns.kernel_size))
    most = _hands(layout)
    scratch = workspace(layout.transformed + max(most * layout.floats, _weights_floats(problem)))
    kernels = _transformed(problem, weight, kernel, scratch[: layout.transformed], scratch[layout.transformed :])
    unsound: list[Piece] = []

    def start(scratch: Array) -> Callable[[Piece], None]:
        here, there = scratch[: layout.here], scratch[layout.here : layout.floats]

        def work(piece: Piece) -> None:
            tiles = _gather(problem, layout, piece, x, there, here)
            gathered = _by_point(here, *tiles, problem.channels)
            at_points = _by_point(there, *tiles, problem.channels)
            np.matmul(data, gathered, out=at_points)
            sums = _by_point(here, *tiles, problem.maps)
            shape = (tiles[0], -1)
            np.matmul(at_points.reshape(*shape, problem.channels), kernels, out=sums.reshape(*shape, problem.maps))
            results = there[: len(back) * sums.shape[1]].reshape(len(back), -1)
            np.matmul(back, sums, out=results)
            if not np.isfinite(results.sum()):
                unsound.append(piece)
            _place(problem, layout, piece, results, bias, here, out)

        return work

    pieces = (Piece(*axes) for axes in grid(layout.sizes, layout.at_once))
    share(pieces, start, scratch[layout.transformed :][: most * layout.floats], most)
    return not unsound


def _firsts(layout: Layout, piece: Piece) -> list[tuple[int, int]]:
    """The row and column that each of the piece's pictures begins with."""
    return [divmod(number, layout.pictures[1]) for number in range(piece.pictures.start, piece.pictures.stop)]


def _picture(problem: Problem, first: tuple[int, int]) -> Problem:
    """The convolution of every d-th row and column from these on: one of a step that is its dilation."""

    def every(span: Span, first: int) -> Span:
        gap = span.dilation
        places = -(-(span.places - first) // gap)
        return replace(span, before=span.before - first, stride=gap, places=places)

    return replace(problem, spans=(every(problem.rows, first[0]), every(problem.columns, first[1])))


def _hands(layout: Layout) -> int:
    return min(hands(4 * layout.floats, 4 * layout.transformed), parts(layout.sizes, layout.at_once))


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
    share(cuts(channels, taken), start, scratch[:floats], floats // (taken * maps * taps))
    return out.reshape(len(kernel), channels, maps)


def _weights_floats(problem: Problem) -> int:
    """Scratch of all threads that turn weights."""
    taken = _channels(problem)
    return min(hands(4 * WEIGHTS), -(-problem.channels // taken)) * taken * problem.maps * problem.taps


def _channels(problem: Problem) -> int:
    """Whose weights are taken to their points together."""
    most = max(1, WEIGHTS // (problem.maps * problem.taps))
    return evened([problem.channels], [min(problem.channels, most)])[0]


def _by_point(scratch: Array, points: int, count: int, channels: int) -> Array:
    """Scratch as (points, count * channels), its rows kept off the cache's strides."""
    return view(scratch, 0, (points, count * channels), (count * channels + LINE, 1))


def _gather(problem: Problem, layout: Layout, piece: Piece, x: Array, band: Array, tiles: Array) -> tuple[int, int]:
    """Copy what the piece reads into a band with the channels last, and its tiles by point; how many of both."""
    (high, wide), (tall, broad), across = layout.outputs, layout.elements, layout.across
    pictures, n, down = piece.counts
    rows, columns, line = down * high + tall - high, across * wide + broad - wide, problem.channels + LINE
    steps = (rows * columns * line, columns * line, line)
    place = slice(piece.tile_rows.start * high, piece.tile_rows.start * high + rows)
    shape = (tall, broad, n, down, across, problem.channels)
    read = view(band, 0, shape, (*steps[1:], steps[0], high * steps[1], wide * steps[2], 1))
    gathered = _by_point(tiles, tall * broad, pictures * prod(shape[2:-1]), problem.channels)
    by_picture = gathered.reshape(tall, broad, pictures, *shape[2:])
    padded = band[n * steps[0] :][: n * problem.channels * rows * columns]
    padded = padded.reshape(n, problem.channels, 1, 1, rows, columns)
    for number, first in enumerate(_firsts(layout, piece)):
        fill_band(_picture(problem, first), x[piece.examples], place, padded)
        for some in cuts(problem.channels, NEAR):
            turned = view(band, some.start, (n, some.stop - some.start, rows, columns), (steps[0], 1, *steps[1:]))
            turned[...] = padded[:, some, 0, 0]
        by_picture[:, :, number] = read
    return tall * broad, pictures * prod(shape[2:-1])


def _place(
    problem: Problem, layout: Layout, piece: Piece, results: Array, bias: Array | None, image: Array, out: Array
) -> None:
    """Put the outputs of the tiles, (outputs, pictures * n * tiles * O), where they belong, with their bias."""
    (high, wide), across = layout.outputs, layout.across
    pictures, n, down = piece.counts
    shape = (pictures, n, down, high, across, wide, problem.maps + LINE)
    whole = image[: prod(shape)].reshape(shape)[..., : problem.maps]
    results = results.reshape(high, wide, pictures, n, down, across, problem.maps)
    np.add(results, 0 if bias is None else bias, out=whole.transpose(3, 5, 0, 1, 2, 4, 6))
    pixels = image[: prod(shape)].reshape(pictures, n, down * high, across * wide, -1)[..., : problem.maps]
    for first, picture in zip(_firsts(layout, piece), pixels, strict=True):
        target = out[piece.examples, :, first[0] :: problem.rows.dilation, first[1] :: problem.columns.dilation]
        target = target[:, :, piece.tile_rows.start * high :]
        rows = min(down * high, target.shape[2])
        for some in cuts(rows, max(1, NEAR_PLACES // target.shape[3])):
            target[:, :, some] = picture[:, some, : target.shape[3]].transpose(0, 3, 1, 2)


@lru_cache(1024)
def plan(problem: Problem) -> Layout:
    """How the problem is cut; the same for any number of threads."""
    spans = problem.spans
    size = 6 if problem.examples * problem.places >= LARGE_MAPS or max(s.kernel_size for s in spans) > 3 else 4
    tall, broad = (1 if span.kernel_size == 1 else size for span in spans)
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
    return 4 * (layout.transformed + max(_weights_floats(problem), _hands(layout) * layout.floats))


@lru_cache(64)
def _kronecker(outputs: tuple[int, int], taps: tuple[int, int]) -> tuple[Array, Array, Array]:
    """The matrices of both axes at once, for what is flattened row by row."""
    both = zip(*(matrices(many, size) for many, size in zip(outputs, taps, strict=True)), strict=True)
    data, kernel, back = (np.kron(down, across).astype(FLOAT) for down, across in both)
    return data, kernel, back
