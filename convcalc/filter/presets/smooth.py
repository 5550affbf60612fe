"""Filters that keep the brightness: their weights sum to 1. Identity, box, Gaussian, motion blur."""

from __future__ import annotations

from math import cos, exp, fsum, hypot, radians, sin

from convcalc.errors import ConvcalcError
from convcalc.filter.kernel import Rows, middle
from convcalc.filter.presets.entry import Entry, Setting, Size, weighted
from convcalc.filter.presets.values import size_for
from convcalc.layers.settings import spell


def identity(size: Size) -> Rows:
    """Return a single 1 for the pixel itself, with 0 around it.

    >>> identity((1, 3))
    ((0, 1, 0),)
    """
    centre = middle(size)
    return tuple(tuple(int((i, j) == centre) for j in range(size[1])) for i in range(size[0]))


def box(size: Size) -> Rows:
    """Return the mean: n equal weights of 1/n.

    >>> box((2, 2))
    ((0.25, 0.25), (0.25, 0.25))
    """
    rows, columns = size
    return ((1 / (rows * columns),) * columns,) * rows


def gaussian(size: Size | None, sigma: float | None) -> Rows:
    """Return exp(-(x^2 + y^2) / (2 sigma^2)), divided by the sum; x and y count from the middle of the kernel.

    The size follows from sigma as in SciPy (`size_for`), or sigma from the size, axis by axis (`sigma_for`). Without
    both the size is 5. The middle of an even size lies between two pixels. (OpenCV's filters take odd sizes only; its
    `getGaussianKernel` accepts an even one, and its middle weights are too high.)

    >>> from math import log, sqrt
    >>> [round(weight, 9) for weight in gaussian((1, 3), 1 / sqrt(2 * log(2)))[0]]  # half as high a pixel away
    [0.25, 0.5, 0.25]
    """
    if sigma is None:
        size = size or (5, 5)
        column, row = (bell(length, sigma_for(length)) for length in size)
    else:
        column, row = (bell(length, sigma) for length in size_for(sigma, size))
    return tuple(tuple(down * across for across in row) for down in column)


def sigma_for(size: int) -> float:
    """Return the sigma for a size: 0.3 * ((size - 1) / 2 - 1) + 0.8.

    Source: OpenCV, `getGaussianKernel`. (For 1 to 9 taps and sigma 0, OpenCV itself uses a table of round numbers
    instead, such as 1 4 6 4 1 / 16.)

    >>> sigma_for(3), sigma_for(5)
    (0.8, 1.1)
    """
    return 0.3 * ((size - 1) / 2 - 1) + 0.8


def bell(size: int, sigma: float) -> tuple[float, ...]:
    """Return a Gaussian along one axis, whose weights sum to 1.

    Source: OpenCV, `getGaussianKernel`, of odd sizes; SciPy, `signal.windows.gaussian`, divided by its sum.

    >>> bell(2, 0.5), bell(1, 3.0)
    ((0.5, 0.5), (1.0,))
    """
    nearest = (size - 1) % 2 / 2  # an even size has no tap in the middle: the nearest ones are 1
    offsets = [(i - (size - 1) / 2) for i in range(size)]
    heights = [exp((nearest - offset) * (nearest + offset) / (2 * sigma * sigma)) for offset in offsets]
    whole = fsum(heights)
    return tuple(height / whole for height in heights)


def motion(size: Size, angle: float) -> Rows:
    """Return the blur of a camera that moves evenly along a straight line of that many pixels.

    The angle is in degrees, counter-clockwise from the horizontal, as the picture is seen. A weight is 1 less the
    distance of a pixel to the line (to its end, for pixels beyond it), divided by the sum of all. Rows and columns of
    zeros are left out, so a horizontal line is one row. An even length has half a weight at each end.

    Source: MATLAB, `fspecial`, 'motion'.

    >>> motion((2, 2), 0.0), motion((2, 2), 90.0)
    (((0.25, 0.5, 0.25),), ((0.25,), (0.5,), (0.25,)))
    """
    length, across = size
    if length != across:
        raise ConvcalcError(f"size {spell(size)} is two lengths, and motion takes one: use size={max(size)}")
    right, up = direction(angle)
    half, reach = (length - 1) / 2, length // 2

    def weight(x: int, y: int) -> float:
        along, off, radius = abs(x * right + y * up), abs(y * right - x * up), hypot(x, y)
        return max(0.0, 1 - (off if radius < half else hypot(off, half - along)))

    weights = {(x, y): weight(x, y) for x in range(-reach, reach + 1) for y in range(-reach, reach + 1)}
    met = [place for place, value in weights.items() if value > 1e-12]  # less is the rounding of a distance of 1
    width, height = max(x for x, _ in met), max(y for _, y in met)
    whole = fsum(weights[place] for place in met)
    return tuple(tuple(weights[x, y] / whole for x in range(-width, width + 1)) for y in range(height, -height - 1, -1))


def direction(angle: float) -> tuple[float, float]:
    """Return cosine and sine of an angle in degrees; exact for multiples of 90.

    >>> direction(90.0), direction(-180.0)
    ((0, 1), (-1, 0))
    """
    quarters = {0: (1, 0), 90: (0, 1), 180: (-1, 0), 270: (0, -1)}
    turned = angle % 360
    return quarters[int(turned)] if turned in quarters else (cos(radians(turned)), sin(radians(turned)))


ENTRIES: tuple[Entry, ...] = (
    weighted(
        "identity",
        identity,
        (Setting("size", (3, 3)),),
        "clip",
        "the picture as it is: a single 1",
        "the unit impulse, neutral element of convolution; Gonzalez and Woods, Digital Image Processing (2018), 3.4",
    ),
    weighted(
        "box",
        box,
        (Setting("size", (3, 3)),),
        "clip",
        "the mean of the neighbourhood",
        "Gonzalez and Woods (2018), 3.5; OpenCV blur, SciPy ndimage.uniform_filter",
    ),
    weighted(
        "gaussian",
        gaussian,
        (
            Setting("size", None, "2*int(4*sigma + 0.5) + 1; 5 without sigma"),
            Setting("sigma", None, "0.3*((size - 1)/2 - 1) + 0.8"),
        ),
        "clip",
        "a mean in which near pixels weigh more",
        "Gonzalez and Woods (2018), 3.5; OpenCV getGaussianKernel, SciPy ndimage.gaussian_filter (truncate=4)",
    ),
    weighted(
        "motion",
        motion,
        (Setting("size", (9, 9)), Setting("angle", 0.0)),
        "clip",
        "a camera's motion; angle counter-clockwise",
        "MATLAB fspecial('motion', size, angle)",
    ),
)
