"""What a filter is: frozen descriptions of a kernel, and of how it is applied."""

from __future__ import annotations

from math import fsum
from typing import NamedTuple, TypeAlias

Number: TypeAlias = "int | float"
Rows: TypeAlias = "tuple[tuple[Number, ...], ...]"
BORDERS = ("zeros", "reflect", "replicate", "circular", "valid")
RANGES = ("clip", "abs", "scale", "wrap")
ROUNDING = 2.0**-50  # relative to the largest weight: how far an outer product may be from the kernel


class Linear(NamedTuple):
    """A kernel of fixed weights: every pixel becomes the weighted sum of its neighbourhood. `linear` makes one."""

    name: str
    weights: Rows
    anchor: tuple[int, int]  # the row and the column of the weight that meets the pixel itself
    range: str  # what to do with sums that do not fit the picture, unless another range is given
    source: str

    @property
    def size(self) -> tuple[int, int]:
        """Rows and columns."""
        return len(self.weights), len(self.weights[0])


class Magnitude(NamedTuple):
    """Two derivatives, across and down: every pixel becomes the length of the gradient, sqrt(x^2 + y^2)."""

    name: str
    x: Linear
    y: Linear
    range: str
    source: str

    @property
    def size(self) -> tuple[int, int]:
        """Rows and columns of the smallest kernel that holds both, anchor on anchor."""
        rows, columns = (
            before + max(part.size[axis] - part.anchor[axis] for part in (self.x, self.y))
            for axis, before in enumerate(self.anchor)
        )
        return rows, columns

    @property
    def anchor(self) -> tuple[int, int]:
        """The row and the column that lie on the pixel itself."""
        return max(self.x.anchor[0], self.y.anchor[0]), max(self.x.anchor[1], self.y.anchor[1])


class Order(NamedTuple):
    """An order statistic: every pixel becomes the minimum, median or maximum of its neighbourhood. No weights."""

    name: str
    order: str  # minimum, median (of an even number the upper one, as in SciPy) or maximum
    size: tuple[int, int]
    range: str
    source: str

    @property
    def anchor(self) -> tuple[int, int]:
        """The row and the column that lie on the pixel itself."""
        return middle(self.size)


Filter: TypeAlias = "Linear | Magnitude | Order"


class Settings(NamedTuple):
    """How a filter is applied to a picture."""

    border: str = "reflect"  # or zeros, replicate, circular, valid
    stride: tuple[int, int] = (1, 1)  # down and across
    dilation: tuple[int, int] = (1, 1)
    range: str | None = None  # clip, abs, scale or wrap; None: the filter's own


def parts(kernel: Filter) -> tuple[Linear, ...]:
    """Return the kernels of weights that a filter has: one, two for a gradient, none for an order statistic.

    >>> from convcalc.filter.presets import find
    >>> [part.name for part in parts(find("sobel"))]
    ['sobel-x', 'sobel-y']
    """
    if isinstance(kernel, Linear):
        return (kernel,)
    return (kernel.x, kernel.y) if isinstance(kernel, Magnitude) else ()


def linear(name: str, weights: Rows, range: str, source: str) -> Linear:  # noqa: A002 - the option's name
    """Return a kernel whose middle lies on the pixel.

    >>> linear("mean", ((1, 1), (1, 1)), "clip", "").anchor
    (1, 1)
    """
    return Linear(name, weights, middle((len(weights), len(weights[0]))), range, source)


def middle(size: tuple[int, int]) -> tuple[int, int]:
    """Return the tap that lies on the pixel: k // 2, as in SciPy and OpenCV (an even kernel reaches further before it).

    >>> middle((3, 4))
    (1, 2)
    """
    return size[0] // 2, size[1] // 2


def total(weights: Rows) -> Number:
    """Return the sum of the weights: 1 keeps the brightness, 0 leaves only differences.

    >>> total(((0, -1, 0), (-1, 5, -1), (0, -1, 0)))
    1
    """
    numbers = [weight for row in weights for weight in row]
    return sum(numbers) if all(isinstance(number, int) for number in numbers) else fsum(numbers)


def separated(weights: Rows) -> tuple[tuple[Number, ...], tuple[Number, ...]] | None:
    """Return the column and the row whose outer product is the kernel, or None where there are none.

    They come from the row and the column of the largest weight. The row keeps its weights, so that integers have
    integers as factors where that is possible.

    >>> separated(((-1, 0, 1), (-2, 0, 2), (-1, 0, 1)))
    ((1, 2, 1), (-1, 0, 1))
    >>> separated(((0, 1, 0), (1, -4, 1), (0, 1, 0))) is None
    True
    """
    from math import gcd

    pivot, down, across = max(
        ((abs(weight), i, j) for i, row in enumerate(weights) for j, weight in enumerate(row)),
        key=lambda found: found[0],
    )
    if pivot == 0:
        return None
    row: tuple[Number, ...] = weights[down]
    if all(isinstance(weight, int) for line in weights for weight in line):
        shared = gcd(*(int(weight) for weight in row))
        row = tuple(int(weight) // shared for weight in row)
        lead = next(weight for weight in row if abs(weight) == max(map(abs, row)))
        column: tuple[Number, ...] = tuple(int(line[row.index(lead)]) // int(lead) for line in weights)
    else:
        column = tuple(line[across] / row[across] for line in weights)
    fits = all(
        abs(weight - factor * other) <= ROUNDING * pivot
        for line, factor in zip(weights, column, strict=True)
        for weight, other in zip(line, row, strict=True)
    )
    return (column, row) if fits else None


def flipped(kernel: Linear) -> Linear:
    """Return the kernel turned by 180 degrees, with its anchor: for true convolution instead of cross-correlation.

    >>> turned = flipped(linear("", ((1, 2), (3, 4)), "clip", ""))
    >>> turned.weights, turned.anchor
    (((4, 3), (2, 1)), (0, 0))
    """
    (rows, columns), (down, across) = kernel.size, kernel.anchor
    weights = tuple(row[::-1] for row in kernel.weights[::-1])
    return kernel._replace(weights=weights, anchor=(rows - 1 - down, columns - 1 - across))
