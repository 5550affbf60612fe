"""Two pictures side by side in a terminal: in colour with two pixels per character, else in greys."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from fractions import Fraction
from itertools import groupby, zip_longest
from math import inf
from textwrap import wrap
from typing import Literal, NamedTuple

import numpy as np

from convcalc.draw.terminal import SPELLED, WIDTH, Line, StyledText
from convcalc.filter.picture import has_alpha
from convcalc.ops.sliding import Array
from convcalc.ops.tiles import cuts

Style = Literal["colour", "shades", "ascii"]
UPPER = "▀"  # its upper half has the character's colour, its lower half the background's
RAMPS = {"shades": " ░▒▓█", "ascii": " .:-=+*#%@"}  # from black to white
GAP = 2
CHECKER, SQUARE = (102, 153), 4  # behind what is transparent: two greys, and how many pixels a square is wide
GREY = (0.299, 0.587, 0.114)  # what red, green and blue add to the brightness (ITU-R BT.601)
MOST_ENLARGED = 8
AT_ONCE = 2**20  # values that are averaged at once


class Range(NamedTuple):
    """The values that are black and white, and whether others, such as NaN, exist."""

    low: float
    high: float
    has_others: bool


def style_for(in_colour: bool, encoding: str) -> Style:
    """Return how pictures are shown with or without colour, in that encoding.

    >>> style_for(True, "utf-8"), style_for(False, "utf-8"), style_for(True, "ascii")
    ('colour', 'shades', 'ascii')
    """
    try:
        (UPPER + RAMPS["shades"]).encode(encoding)
    except (UnicodeEncodeError, LookupError):
        return "ascii"
    return "colour" if in_colour else "shades"


def side_by_side(
    before: Array,
    after: Array,
    captions: tuple[str, str],
    width: int = WIDTH,
    height: int | None = None,
    style: Style = "colour",
) -> list[Line]:
    """Return both pictures, (H, W) or (H, W, C), each above its caption, at the same scale, within width and height.

    They are made smaller by means, or larger by at most 8; a character is two pixels high. The lowest value of floats
    is black and the highest white, and the caption says so. Transparent parts lie on a checkerboard.

    >>> picture = np.array([[0, 128, 255]] * 2, np.uint8)
    >>> lines = side_by_side(picture, 255 - picture, ("in", "out"), width=8, style="ascii")
    >>> ["".join(piece.words for piece in line) for line in lines]
    [' =@  @= ', 'in   out']
    """
    room = max((width - GAP) // 2, 1)
    pictures = [_with_channels(picture) for picture in (before, after)]
    ranges = [_range(picture) for picture in pictures]
    texts = [
        _wrapped(f"{caption}{_said(picture, found)}", room, style)
        for caption, picture, found in zip(captions, pictures, ranges, strict=True)
    ]
    most = None if height is None else 2 * max(height - max(map(len, texts)), 1)
    scale = _scale(pictures, room, most)
    shown = [_lines(_pixels(picture, scale, found), style) for picture, found in zip(pictures, ranges, strict=True)]
    high = max(map(len, shown))
    left, right = (
        [*lines, *[()] * (high - len(lines)), *[(StyledText("muted", line),) for line in text]]
        for lines, text in zip(shown, texts, strict=True)
    )
    wide = max(map(_length, left))
    return [
        (*of_before, StyledText("ink", " " * (wide - _length(of_before) + GAP)), *of_after) if of_after else of_before
        for of_before, of_after in zip_longest(left, right, fillvalue=())
    ]


def averaged(picture: Array, rows: int, columns: int, of: Callable[[Array], Array] | None = None) -> Array:
    """Return the picture (H, W, C) with that many rows and columns, each the mean of its part; float64.

    ``of``, if given, is applied to a few rows of the picture at a time.

    >>> averaged(np.array([[[0], [6], [12]]], np.uint8), 1, 2)[..., 0].tolist()
    [[2.0, 10.0]]
    """
    high, wide, channels = picture.shape
    out = np.zeros((rows, columns, channels))
    across = _shares(wide, columns)
    for row, (first, down) in enumerate(_shares(high, rows)):
        for part in cuts(len(down), max(1, AT_ONCE // (wide * channels))):
            band = picture[first + part.start : first + part.stop]
            line = np.einsum("r,rwc->wc", down[part], band if of is None else of(band))
            out[row] += [share @ line[start : start + len(share)] for start, share in across]
    return out


def _shares(size: int, parts: int) -> list[tuple[int, Array]]:
    """Return, for each of that many equal parts, its first element and the shares of the elements from there on."""
    shares = []
    for part in range(parts):
        first, behind = part * size // parts, -(-(part + 1) * size // parts)
        edges = np.clip(np.arange(first, behind + 1) * parts, part * size, (part + 1) * size)
        shares.append((first, np.diff(edges) / size))
    return shares


def _scale(pictures: Sequence[Array], room: int, most_rows: int | None) -> Fraction:
    """Return the pixels shown per pixel of the pictures, so that both fit: less than one, or a whole number."""
    scale = Fraction(room, max(picture.shape[1] for picture in pictures))
    if most_rows is not None:
        scale = min(scale, Fraction(most_rows, max(picture.shape[0] for picture in pictures)))
    return Fraction(min(int(scale), MOST_ENLARGED)) if scale >= 1 else scale


def _with_channels(picture: Array) -> Array:
    picture = picture[..., None] if picture.ndim == 2 else picture
    return picture * np.uint8(255) if picture.dtype == bool else picture


def _range(picture: Array) -> Range:
    """Return what is black and white: the limits of an integer type, or the extremes of floats."""
    if picture.dtype.kind != "f":
        return Range(0, int(np.iinfo(picture.dtype).max), False)
    colours = picture[..., :-1] if has_alpha(picture) else picture
    low, high, all_numbers = inf, -inf, True
    for part in cuts(len(picture), max(1, AT_ONCE // picture[0].size)):
        band = colours[part]
        numbers = band[np.isfinite(band)]
        all_numbers &= numbers.size == band.size
        if numbers.size:
            low, high = min(low, float(numbers.min())), max(high, float(numbers.max()))
    return Range(low, high, not all_numbers) if low <= high else Range(0.0, 0.0, True)


def _said(picture: Array, found: Range) -> str:
    """Return what the caption says about floats."""
    if picture.dtype.kind != "f":
        return ""
    black = ", NaN too" if found.has_others else ""
    return f" (black: {found.low:.4g}{black}; white: {found.high:.4g})"


def _pixels(picture: Array, scale: Fraction, found: Range) -> Array:
    """Return the picture as 8-bit RGB, in the size in which it is shown."""
    rows, columns = (max(1, round(size * scale)) for size in picture.shape[:2])
    with np.errstate(all="ignore"):
        if has_alpha(picture):
            small = averaged(picture, rows, columns, _by_opacity)
            colours, opacity = small[..., :-1], small[..., -1:]
        else:
            colours, opacity = averaged(picture, rows, columns), np.ones((rows, columns, 1))
        span = found.high - found.low or 1.0
        squares = np.add.outer(np.arange(rows) // SQUARE, np.arange(columns) // SQUARE) % 2
        behind = np.array(CHECKER)[squares][..., None] * (1 - opacity)
        shown = (colours / span - found.low / span * opacity) * 255 + behind
        shown = np.floor(np.clip(np.nan_to_num(shown, nan=0.0), 0, 255) + 0.5).astype(np.uint8)
    return np.broadcast_to(shown, (rows, columns, 3))


def _by_opacity(band: Array) -> Array:
    """Return colours times opacity, and the opacity, 0..1, so that transparent pixels add no colour to a mean."""
    values = band.astype(np.float64)
    opacity = values[..., -1:]
    opacity = np.clip(opacity, 0, 1) if band.dtype.kind == "f" else opacity / np.iinfo(band.dtype).max
    return np.concatenate([values[..., :-1] * opacity, opacity], axis=2)


def _wrapped(text: str, room: int, style: Style) -> list[str]:
    text = text.translate(SPELLED) if style == "ascii" else text
    return wrap(text, room)


def _length(line: Line) -> int:
    return sum(len(piece.words) for piece in line)


def _lines(pixels: Array, style: Style) -> list[Line]:
    """Return one line for every two rows of pixels; the last of an odd number stands alone."""
    if style == "colour":
        names = [["#" + bytes(pixel).hex() for pixel in row] for row in pixels]
        lower: list[list[str]] = [*names[1::2], *[[] for _ in range(len(names) % 2)]]
        return [_coloured(above, below) for above, below in zip(names[::2], lower, strict=True)]
    grey = (pixels[::2] / 2 + pixels[[*range(1, len(pixels), 2), *[-1] * (len(pixels) % 2)]] / 2) @ np.array(GREY)
    ramp = RAMPS[style]
    return [(StyledText("ink", "".join(ramp[int(value * len(ramp)) // 256] for value in row)),) for row in grey]


def _coloured(above: Sequence[str], below: Sequence[str]) -> Line:
    """Return half-blocks, joined where colours are the same."""
    roles = [f"{up} on {low}" for up, low in zip(above, below, strict=True)] if below else above
    return tuple(StyledText(role, UPPER * len(list(same))) for role, same in groupby(roles))
