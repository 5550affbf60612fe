"""A picture that needs no file, with something in it for every kernel.

It is made with integers alone, and divisions that round down, so it is the same on every machine, to the last bit.
Slanted edges have the directions of right-angled triangles such as 3, 4, 5, so that distances to them are whole
numbers; a wave is made of parabolas.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

Grid = NDArray[np.int64]
Colour = tuple[int, int, int]
HEIGHT, WIDTH = 240, 320
FULL = 256  # of a mask: all of the colour

SKY, GROUND = (38, 70, 110), (236, 214, 186)  # the corners of the background
SUN, SHADE = (255, 196, 84), (150, 44, 60)
DARK, LIGHT = (24, 32, 48), (246, 241, 230)
TEAL = (22, 120, 124)
DIRECTIONS = ((0, 1, 1), (8, 15, 17), (15, 8, 17), (1, 0, 1), (-15, 8, 17), (-8, 15, 17))  # across, down, length


def demo() -> NDArray[np.uint8]:
    """Return the picture, (240, 320, 3): gradients, a ball, a letter, a zone plate, squares, thin lines, and noise.

    A ball and a letter have edges for Sobel; rings and squares show what a blur loses; lines lie at several angles, for
    Gabor and motion; the lower right corner has salt and pepper, which a median takes out.

    >>> demo().shape, demo()[0, 0].tolist()
    ((240, 320, 3), [38, 70, 110])
    """
    down, across = np.mgrid[:HEIGHT, :WIDTH].astype(np.int64)
    picture = _gradient(down, across)
    _ball(picture, down - 66, across - 64)
    _letter(picture, down - 66, across - 160)
    _rings(picture, down - 66, across - 256)
    _squares(picture, down - 132, across - 16)
    _lines(picture, down - 180, across - 160)
    _corner(picture, down - 132, across - 208)
    return picture.astype(np.uint8)


def _gradient(down: Grid, across: Grid) -> Grid:
    """From one corner to the other."""
    part = (down * WIDTH + across * HEIGHT) * FULL // (2 * HEIGHT * WIDTH)
    return _mixed(SKY, GROUND, part)


def _ball(picture: Grid, down: Grid, across: Grid) -> None:
    """Lit from the upper left."""
    lit = _held(((down + 18) ** 2 + (across + 18) ** 2) * FULL // 66**2)
    _paint(picture, _mixed(SUN, SHADE, lit), _disc(down, across, 48))


def _letter(picture: Grid, down: Grid, across: Grid) -> None:
    """A, whose strokes lean as 5 to 12: 13 is how long such a step is."""
    side = np.abs(across)
    stroke = _within(12 * side - 5 * (down + 44), 13, 7)
    bar = _within(down - 16, 1, 6) * (12 * side < 5 * (down + 44))
    _paint(picture, LIGHT, np.maximum(stroke, bar) * (np.abs(down) <= 44))


def _rings(picture: Grid, down: Grid, across: Grid) -> None:
    """A zone plate: the farther from its middle, the finer the rings, down to less than three pixels."""
    wave = _wave((down**2 + across**2) * 2)
    _paint(picture, _mixed(DARK, LIGHT, wave), _disc(down, across, 48))


def _squares(picture: Grid, down: Grid, across: Grid) -> None:
    """A checkerboard of 12 x 12 pixels each."""
    is_dark = (down // 12 + across // 12) % 2
    inside = (down >= 0) & (down < 96) & (across >= 0) & (across < 96)
    _paint(picture, _mixed(LIGHT, TEAL, is_dark * FULL), inside * FULL)


def _lines(picture: Grid, down: Grid, across: Grid) -> None:
    """A star of thin lines, about 30 degrees apart: 17 is how long a step of 8 and 15 is."""
    far = down**2 + across**2
    star = [_within(y * across + x * down, length, 1) for x, y, length in DIRECTIONS]
    _paint(picture, DARK, np.maximum.reduce(star) * ((far <= 42**2) & (far >= 9**2)))


def _corner(picture: Grid, down: Grid, across: Grid) -> None:
    """A disc on a gradient; and of 16 pixels one is white and one black, as after a bad line."""
    inside = (down >= 0) & (down < 96) & (across >= 0) & (across < 96)
    _paint(picture, _mixed(TEAL, GROUND, _held(across * FULL // 96)), inside * FULL)
    _paint(picture, SHADE, _disc(down - 48, across - 48, 28))
    chance = _hashed(down, across) % 16
    _paint(picture, (255, 255, 255), (inside & (chance == 0)) * FULL)
    _paint(picture, (0, 0, 0), (inside & (chance == 1)) * FULL)


def _mixed(first: Colour, second: Colour, part: Grid) -> Grid:
    """From the first colour (0) to the second (256), (H, W, 3)."""
    colours = np.array([first, second], np.int64)
    mixed: Grid = (colours[0] * (FULL - part[..., None]) + colours[1] * part[..., None]) // FULL
    return mixed


def _paint(picture: Grid, colour: Grid | Colour, mask: Grid) -> None:
    """Lay a colour on the picture where the mask is, which is 0..256."""
    part = mask[..., None]
    picture[...] = (picture * (FULL - part) + np.asarray(colour) * part) // FULL


def _disc(down: Grid, across: Grid, radius: int) -> Grid:
    """A mask, soft over a pixel: r^2 - d^2 is about 2r (r - d)."""
    return _held((radius**2 - down**2 - across**2) * FULL // (2 * radius) + FULL // 2)


def _within(distance: Grid, length: int, half: int) -> Grid:
    """A mask of what is nearer than so many pixels, soft over one; distances are in so many parts of a pixel."""
    return _held((half * length - np.abs(distance)) * FULL // length + FULL // 2)


def _held(mask: Grid) -> Grid:
    """Within 0..256."""
    held: Grid = np.clip(mask, 0, FULL)
    return held


def _wave(phase: Grid) -> Grid:
    """0..256 and back as the phase goes over 512: two parabolas, near enough to a cosine."""
    turned = phase % 512
    up = np.minimum(turned, 512 - turned)  # 0..256
    return np.where(up < 128, up**2 // 128, FULL - (FULL - up) ** 2 // 128)


def _hashed(down: Grid, across: Grid) -> Grid:
    """Numbers without a pattern, of the place alone: products modulo 2^32, as in a pseudo-random generator."""
    mixed = (down * 374761393 + across * 668265263) % 2**32
    mixed = (mixed ^ (mixed >> 13)) * 1274126177 % 2**32
    return mixed ^ (mixed >> 16)
