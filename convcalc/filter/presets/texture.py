"""A filter that responds to stripes of one direction and width: Gabor's."""

from __future__ import annotations

from math import cos, exp, pi, radians

from convcalc.errors import ConvcalcError
from convcalc.filter.kernel import Rows
from convcalc.filter.presets.entry import Entry, Setting, Size, weighted
from convcalc.filter.presets.smooth import direction
from convcalc.filter.presets.values import MOST
from convcalc.layers.settings import spell

DEVIATIONS = 3  # how far the kernel reaches where no size is given


def gabor(size: Size | None, sigma: float, angle: float, wavelength: float, gamma: float, phase: float) -> Rows:
    """Return a cosine wave under a bell: exp(-(u^2 + gamma^2 v^2) / (2 sigma^2)) * cos(2 pi u / wavelength + phase).

    u runs along the wave and v along its stripes: u = x cos(angle) + y sin(angle), v = y cos(angle) - x sin(angle).
    As OpenCV does, x is counted to the left and y upwards, from the middle of the kernel. So the angle, in degrees,
    turns the wave clockwise as the picture is seen (angle 0: upright stripes; the other way round than in
    motion), and the kernel, which OpenCV's `filter2D` correlates with, is that of a true convolution with x
    to the right and y downwards; the two differ only by the sign of the phase, so not at all for 0 and 180 degrees.

    Without a size the kernel reaches `DEVIATIONS` standard deviations far; those along v are sigma / gamma.

    Source: OpenCV, `getGaborKernel`; Daugman, "Uncertainty relation for resolution in space, spatial frequency, and
    orientation" (1985).

    >>> gabor((1, 3), 1000.0, 0.0, 4.0, 1.0, 90.0)[0][0]  # cos(90 + 90 degrees), where the bell is still 1
    -0.999999500000125
    """
    right, down = direction(angle)
    height, width = _reach(sigma, sigma / gamma, right, down) if size is None else size
    if height % 2 == 0 or width % 2 == 0:
        raise ConvcalcError(f"size {spell((height, width))} has no middle, which Gabor's wave needs: use odd numbers")
    shift = radians(phase % 360)

    def weight(x: int, y: int) -> float:
        u, v = x * right + y * down, y * right - x * down
        return exp(-(u * u + (gamma * v) ** 2) / (2 * sigma * sigma)) * cos(2 * pi / wavelength * u + shift)

    across, up = range(width // 2, -(width // 2) - 1, -1), range(height // 2, -(height // 2) - 1, -1)
    return tuple(tuple(weight(x, y) for x in across) for y in up)


def _reach(along: float, aside: float, right: float, down: float) -> Size:
    """Return the rows and columns that hold the bell, by OpenCV's rule."""
    across = round(DEVIATIONS * max(abs(along * right), abs(aside * down)))
    upright = round(DEVIATIONS * max(abs(along * down), abs(aside * right)))
    height, width = 2 * upright + 1, 2 * across + 1
    if max(height, width) > MOST:
        raise ConvcalcError(
            f"sigma {along:g} with gamma {along / aside:g} needs a kernel of {height}x{width}, more than {MOST}:"
            " give size, or use a smaller sigma"
        )
    return height, width


ENTRIES: tuple[Entry, ...] = (
    weighted(
        "gabor",
        gabor,
        (
            Setting("size", None, "3 standard deviations to each side"),
            Setting("sigma", 3.0),
            Setting("angle", 0.0),
            Setting("wavelength", 6.0),
            Setting("gamma", 0.5),
            Setting("phase", 0.0),
        ),
        "scale",
        "stripes, at angle 0 upright; clockwise",
        "Daugman, Uncertainty relation for resolution in space, spatial frequency, and orientation (1985);"
        " OpenCV getGaborKernel",
    ),
)
