"""Filters that answer to differences: their weights sum to 0. Laplacians, and derivatives across and down.

A derivative ``-x`` has its positive weights on the right: it answers to brightness that rises to the right. ``-y`` has
them below. Roberts' two lie along the diagonals, positive to the lower right and to the lower left. The plain name is
the length of the gradient, sqrt(x^2 + y^2). No kernel is divided by anything.
"""

from __future__ import annotations

from collections.abc import Callable
from itertools import pairwise
from math import comb, frexp, fsum, ldexp

from convcalc.errors import ConvcalcError
from convcalc.filter.kernel import Linear, Magnitude, Rows, linear, middle
from convcalc.filter.presets.entry import Entry, Setting, Size, Value, fixed, weighted
from convcalc.filter.presets.smooth import bell
from convcalc.filter.presets.values import size_for
from convcalc.layers.settings import spell

SOBEL_SIZES = (3, 5, 7)
BITS = 50  # of the largest weight that a balanced kernel keeps: so its sum is exact


def laplacian_of_gaussian(size: Size | None, sigma: float) -> Rows:
    """(x^2 + y^2 - 2 sigma^2) / sigma^4 times a Gaussian; less the mean, so that the weights sum to exactly 0.

    Negative in the middle, as the other Laplacians. Source: Marr and Hildreth, "Theory of edge detection" (1980);
    MATLAB, `fspecial`, 'log'; SciPy, `ndimage.gaussian_laplace`, but for the mean.

    >>> [round(weight, 4) for weight in laplacian_of_gaussian((5, 5), 0.5)[2]]
    [0.0564, 0.7146, -4.9048, 0.7146, 0.0564]
    """
    height, width = size_for(sigma, size)
    if max(height, width) < 3:
        raise ConvcalcError(f"size {spell((height, width))} leaves no room for log: use at least size=3")
    (down, bent_down), (across, bent_across) = _bent(height, sigma), _bent(width, sigma)
    rows = [
        [curve * near + far * bend for near, bend in zip(across, bent_across, strict=True)]
        for far, curve in zip(down, bent_down, strict=True)
    ]
    mean = fsum(weight for row in rows for weight in row) / (height * width)
    return balanced(tuple(tuple(weight - mean for weight in row) for row in rows))


def balanced(weights: Rows) -> Rows:
    """The weights rounded to whole multiples of one small power of two, the middle one taking up what is left of 0.

    >>> from math import fsum
    >>> fsum((0.1, -0.3, 0.2)) == 0, fsum(balanced(((0.1, -0.3, 0.2),))[0])
    (False, 0.0)
    """
    exponent = frexp(max(abs(weight) for row in weights for weight in row))[1] - BITS
    multiples = [[round(ldexp(weight, -exponent)) for weight in row] for row in weights]
    i, j = middle((len(weights), len(weights[0])))
    multiples[i][j] -= sum(map(sum, multiples))
    return tuple(tuple(ldexp(multiple, exponent) for multiple in row) for row in multiples)


def sobel(size: Size) -> Rows:
    """The derivative across: binomial weights down, a difference of binomial weights across, in whole numbers.

    Source: OpenCV, `getDerivKernels(1, 0, size)`, not normalised.

    >>> sobel((3, 3))
    ((-1, 0, 1), (-2, 0, 2), (-1, 0, 1))
    >>> sobel((5, 5))[0]
    (-1, -2, 0, 2, 1)
    """
    length, other = size
    if length != other or length not in SOBEL_SIZES:
        raise ConvcalcError(f"size {spell(size)} is no size of Sobel's: use size=3, 5 or 7")
    smoothing = [comb(length - 1, i) for i in range(length)]
    shorter = [0, *(comb(length - 2, i) for i in range(length - 1)), 0]
    slope = [before - after for before, after in pairwise(shorter)]
    return tuple(tuple(down * across for across in slope) for down in smoothing)


def turned(rows: Rows) -> Rows:
    """Rows to columns: the derivative down from that across.

    >>> turned(((-1, 0, 1),))
    ((-1,), (0,), (1,))
    """
    return tuple(zip(*rows, strict=True))


def derivatives(
    name: str,
    across: Callable[..., Rows],
    down: Callable[..., Rows],
    settings: tuple[Setting, ...],
    source: str,
    ways: tuple[str, str] = ("to the right", "downwards"),
) -> tuple[Entry, Entry, Entry]:
    """The entries of one pair of derivatives: across, down, and the length of the gradient.

    >>> [entry.name for entry in derivatives("roberts", tuple, tuple, (), "")]
    ['roberts-x', 'roberts-y', 'roberts']
    """

    def x(**values: Value | None) -> Linear:
        return linear(f"{name}-x", across(**values), "abs", source)

    def y(**values: Value | None) -> Linear:
        return linear(f"{name}-y", down(**values), "abs", source)

    def both(**values: Value | None) -> Magnitude:
        return Magnitude(name, x(**values), y(**values), "clip", source)

    return (
        Entry(f"{name}-x", settings, f"how the brightness rises {ways[0]}", source, x),
        Entry(f"{name}-y", settings, f"how the brightness rises {ways[1]}", source, y),
        Entry(name, settings, "the length of the gradient: sqrt(x^2 + y^2)", source, both),
    )


def _bent(size: int, sigma: float) -> tuple[tuple[float, ...], tuple[float, ...]]:
    """A Gaussian along one axis, and its second derivative."""
    heights = bell(size, sigma)
    offsets = [(i - (size - 1) / 2) / sigma for i in range(size)]
    curves = (height * (offset * offset - 1) for height, offset in zip(heights, offsets, strict=True))
    return heights, tuple(curve / (sigma * sigma) for curve in curves)


PREWITT: Rows = ((-1, 0, 1), (-1, 0, 1), (-1, 0, 1))
SCHARR: Rows = ((-3, 0, 3), (-10, 0, 10), (-3, 0, 3))
ROBERTS_X: Rows = ((-1, 0), (0, 1))
ROBERTS_Y: Rows = ((0, -1), (1, 0))

ENTRIES: tuple[Entry, ...] = (
    fixed(
        "laplacian",
        ((0, 1, 0), (1, -4, 1), (0, 1, 0)),
        "abs",
        "second derivatives, of four neighbours",
        "Gonzalez and Woods (2018), 3.6; OpenCV Laplacian (ksize=1), SciPy ndimage.laplace",
    ),
    fixed(
        "laplacian-8",
        ((1, 1, 1), (1, -8, 1), (1, 1, 1)),
        "abs",
        "the same with the diagonals: eight neighbours",
        "Gonzalez and Woods (2018), 3.6",
    ),
    weighted(
        "log",
        laplacian_of_gaussian,
        (Setting("size", None, "2*int(4*sigma + 0.5) + 1"), Setting("sigma", 1.0)),
        "abs",
        "Laplacian of a Gaussian: edges, sigma wide",
        "Marr and Hildreth, Theory of edge detection (1980); MATLAB fspecial('log'), SciPy ndimage.gaussian_laplace"
        " but for the mean",
    ),
    *derivatives(
        "sobel",
        sobel,
        lambda size: turned(sobel(size)),
        (Setting("size", (3, 3)),),
        "Sobel and Feldman, A 3x3 isotropic gradient operator (1968); OpenCV Sobel (ksize=size), SciPy ndimage.sobel",
    ),
    *derivatives(
        "prewitt",
        lambda: PREWITT,
        lambda: turned(PREWITT),
        (),
        "Prewitt, Object enhancement and extraction (1970); SciPy ndimage.prewitt",
    ),
    *derivatives(
        "scharr",
        lambda: SCHARR,
        lambda: turned(SCHARR),
        (),
        "Scharr, Optimale Operatoren in der Digitalen Bildverarbeitung (2000); OpenCV Scharr",
    ),
    *derivatives(
        "roberts",
        lambda: ROBERTS_X,
        lambda: ROBERTS_Y,
        (),
        "Roberts, Machine perception of three-dimensional solids (1963); Gonzalez and Woods (2018), 3.6;"
        " scikit-image filters.roberts, one pixel further up and left",
        ("to the lower right", "to the lower left"),
    ),
)
