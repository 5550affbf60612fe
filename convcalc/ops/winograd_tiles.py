"""How Winograd's tiles are gathered from the input, and their outputs put into place.

Inside, channels come last, so that a tile's elements are copied in long runs.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import lru_cache
from math import prod

import numpy as np

from convcalc.ops.padded_tile import fill_band
from convcalc.ops.problem import Problem, Span
from convcalc.ops.scratch import LINE, view
from convcalc.ops.sliding import Array
from convcalc.ops.tiles import cuts

NEAR = 64  # channels that are turned to the last axis together, so that their lines stay in the nearest cache
NEAR_PLACES = 450  # places that are turned back together, likewise


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


def _firsts(layout: Layout, piece: Piece) -> list[tuple[int, int]]:
    """The row and column that each of the piece's pictures begins with."""
    return [divmod(number, layout.pictures[1]) for number in range(piece.pictures.start, piece.pictures.stop)]


@lru_cache(1024)
def _picture(problem: Problem, first: tuple[int, int]) -> Problem:
    """The convolution of every d-th row and column from these on: one of a step that is its dilation."""

    def every(span: Span, first: int) -> Span:
        gap = span.dilation
        places = -(-(span.places - first) // gap)
        return replace(span, before=span.before - first, stride=gap, places=places)

    return replace(problem, spans=(every(problem.rows, first[0]), every(problem.columns, first[1])))


def by_point(scratch: Array, points: int, count: int, channels: int) -> Array:
    """Scratch as (points, count * channels), its rows kept off the cache's strides."""
    return view(scratch, 0, (points, count * channels), (count * channels + LINE, 1))


def gather(problem: Problem, layout: Layout, piece: Piece, x: Array, band: Array, tiles: Array) -> tuple[int, int]:
    """Copy what the piece reads into a band with the channels last, and its tiles by point; how many of both."""
    (high, wide), (tall, broad), across = layout.outputs, layout.elements, layout.across
    pictures, n, down = piece.counts
    rows, columns, line = down * high + tall - high, across * wide + broad - wide, problem.channels + LINE
    steps = (rows * columns * line, columns * line, line)
    place = slice(piece.tile_rows.start * high, piece.tile_rows.start * high + rows)
    shape = (tall, broad, n, down, across, problem.channels)
    read = view(band, 0, shape, (*steps[1:], steps[0], high * steps[1], wide * steps[2], 1))
    gathered = by_point(tiles, tall * broad, pictures * prod(shape[2:-1]), problem.channels)
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


def place(
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
