"""The figure of a filter at work: two pictures with marks, the kernel between them, magnified parts below."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from convcalc.draw.filter.sums import spelled
from convcalc.draw.filter.table import Cell, of_pixels, of_weights, table
from convcalc.draw.filter.thumbnail import LONGEST, Shades, data_uri, scale_of, shown, shrunk
from convcalc.draw.frame import Drawing
from convcalc.draw.palette import SIZES
from convcalc.draw.svg import Names, element, label, line_height, number, paragraph
from convcalc.draw.text import by, shorten, text_width, widest
from convcalc.filter.kernel import Filter, Linear, Order, parts, total
from convcalc.filter.outcome import Outcome
from convcalc.filter.pixel import Place, Tap, Window
from convcalc.ops.sliding import Array

GAP = 36  # pixels between the columns
ABOVE = 18  # pixels for what is written above a picture
BELOW = 20  # pixels between the rows
LEAST_MARK = 7  # pixels of a side, so that it is seen
AROUND = 2  # pixels of the result, each way, that are magnified


class Chosen(NamedTuple):
    """The pixel that is worked out, and why."""

    at: Place  # in the result
    channel: int
    words: str  # why this one


def plane_of(array: Array, channel: int) -> Array:
    """Return one channel of a picture, H x W.

    >>> import numpy as np
    >>> plane_of(np.array([[[1, 2, 3]]]), 2).tolist(), plane_of(np.array([[4]]), 0).tolist()
    ([[3]], [[4]])
    """
    return array if array.ndim == 2 else array[..., channel]


def figure(
    name: Names,
    outcome: Outcome,
    chosen: Chosen,
    on: Place,
    window: Window,
    names: tuple[str, str],
    shades: tuple[Shades, Shades],
) -> Drawing:
    """Return the pictures, with a magnified part below each, and the kernel between them."""
    scale = scale_of(outcome.before, outcome.after)
    rows = [place[0].place[0] for place in window]
    columns = [tap.place[1] for tap in window[0]]
    seen = (rows[0], columns[0], rows[-1] + 1, columns[-1] + 1)
    row, column = chosen.at
    given = _picture(name, outcome.before, shades[0], scale, seen)
    made = _picture(name, outcome.after, shades[1], scale, (row, column, row + 1, column + 1))
    near = of_pixels(name, outcome.before, window, shades[0], on)
    one = of_pixels(name, outcome.after, _near(outcome.after, chosen), shades[1], chosen.at)
    left = _titled(name, names[0], given), _titled(name, "the neighbourhood, magnified", near)
    right = _titled(name, names[1], made), _titled(name, "the pixel of the result, magnified", one)
    middle = _below_each_other([_kernel(name, outcome.filter), _legend(name, outcome.filter)])
    lower = max(left[0].height, right[0].height) + BELOW
    second = max(panel.width for panel in left) + GAP
    third = second + middle.width + GAP
    places = [
        (left[0], 0, 0),
        (left[1], 0, lower),
        (middle, second, 0),
        (right[0], third, 0),
        (right[1], third, lower),
    ]
    return Drawing(
        "".join(element("g", panel.markup, transform=f"translate({number(x)} {number(y)})") for panel, x, y in places),
        max(x + panel.width for panel, x, _ in places),
        max(y + panel.height for panel, _, y in places),
    )


def _picture(
    name: Names, array: Array, shades: Shades, scale: tuple[int, int], seen: tuple[int, int, int, int]
) -> Drawing:
    """Return the picture in the size that is shown, with a mark around rows and columns (first two, end two)."""
    smaller, larger = scale
    pixels = shown(shrunk(array, smaller), shades)
    height, width = (side * larger for side in pixels.shape[:2])
    image = element(
        "image",
        width=width,
        height=height,
        href=data_uri(pixels),
        preserveAspectRatio="none",
        style="image-rendering:pixelated" if larger > 1 else None,
    )
    y, tall = _mark(seen[0], seen[2], larger / smaller, height)
    x, wide = _mark(seen[1], seen[3], larger / smaller, width)
    box = {"x": x, "y": y, "width": wide, "height": tall}
    marks = "".join(element("rect", **box, class_=name(role)) for role in ("halo", "mark"))
    return Drawing(image + marks, width, height)


def _mark(first: int, behind: int, scale: float, length: float) -> tuple[float, float]:
    """Return where a mark begins and how long it is along one axis; it ends at the picture's edges."""
    start, stop = max(first * scale, 0), min(behind * scale, length)
    if stop - start < LEAST_MARK:
        middle = (start + stop) / 2
        start = max(0.0, min(middle - LEAST_MARK / 2, length - LEAST_MARK))
        stop = min(length, start + LEAST_MARK)
    return start, stop - start


def _near(after: Array, chosen: Chosen) -> Window:
    """Return the pixels around the chosen one, within the picture."""
    (row, column), (height, width) = chosen.at, after.shape[:2]
    plane = plane_of(after, chosen.channel)
    return tuple(
        tuple(
            Tap((i, j), (i, j), plane[i, j].item())
            for j in range(max(0, column - AROUND), min(width, column + AROUND + 1))
        )
        for i in range(max(0, row - AROUND), min(height, row + AROUND + 1))
    )


def _titled(name: Names, words: str, inside: Drawing) -> Drawing:
    """Return the figure with words above it, shortened to the width that a picture can have."""
    size = SIZES["muted"]
    words = shorten(words, size, max(inside.width, LONGEST))
    moved = element("g", inside.markup, transform=f"translate(0 {ABOVE})")
    written = label(name, "muted", 0, size, words)
    return Drawing(written + moved, max(inside.width, text_width(words, size)), inside.height + ABOVE)


def _kernel(name: Names, kernel: Filter) -> Drawing:
    """Return the weights, one kernel of a gradient below the other, or the places of an order statistic."""
    if isinstance(kernel, Linear):
        return _titled(name, f"kernel: {kernel.name}", of_weights(name, kernel.weights, kernel.anchor))
    if isinstance(kernel, Order):
        rows, columns = kernel.size
        blank = [
            [Cell("", "nought", outlines=("around",) if (i, j) == kernel.anchor else ()) for j in range(columns)]
            for i in range(rows)
        ]
        return _titled(name, f"window of {by(kernel.size)}: no weights", table(name, blank))
    return _below_each_other(
        [
            _titled(name, f"{axis}: {part.name}", of_weights(name, part.weights, part.anchor))
            for axis, part in zip("xy", parts(kernel), strict=True)
        ]
    )


def _below_each_other(figures: Sequence[Drawing]) -> Drawing:
    body, y = "", 0.0
    for figure in figures:
        body += element("g", figure.markup, transform=f"translate(0 {number(y)})")
        y += figure.height + BELOW
    return Drawing(body, max(figure.width for figure in figures), y - BELOW)


def _legend(name: Names, kernel: Filter) -> Drawing:
    """What the kernel's looks mean, and the sum of its weights."""
    words = ["heavy outline: lies on the pixel itself"]
    if isinstance(kernel, Order):
        words = [f"the {kernel.order} of the window is taken", *words]
    else:
        kernels = parts(kernel)
        named = ("sum",) if len(kernels) == 1 else ("sum of x", "sum of y")
        sums = [f"{each}: {spelled(total(part.weights))}" for each, part in zip(named, kernels, strict=True)]
        words = [*sums, "orange: above 0", "blue: below 0", *words]
    size = SIZES["muted"]
    return Drawing(paragraph(name, "muted", 0, size, words), widest(words, size), len(words) * line_height("muted"))
