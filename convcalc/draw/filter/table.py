"""Tables of cells: the weights of a kernel, coloured by sign, and magnified pixels with their values."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import NamedTuple

from convcalc.draw.filter.thumbnail import Shades, shown
from convcalc.draw.frame import Drawing
from convcalc.draw.palette import SIZES
from convcalc.draw.svg import Names, element, label
from convcalc.draw.text import ELLIPSIS, MINUS, text_width
from convcalc.filter.kernel import Number, Rows
from convcalc.filter.picture import has_alpha
from convcalc.filter.pixel import Place, Window
from convcalc.ops.sliding import Array

MOST, ENDS = 11, 5  # rows or columns that are all shown, and how many at both ends of more
LEAST, HEIGHT = 24, 22  # pixels of a cell
BESIDE = 4  # pixels between a cell's edge and what is written in it
BREAK = 16  # pixels that stand for what is left out
BASELINE = 3.5  # from the middle of a cell
MARKED, OUTSIDE = ("halo", "mark"), ("paper", "copy")  # outlines that are seen on any colour
BRIGHT = 140  # a shade, of 255, from which black is read better than white


class Cell(NamedTuple):
    """A cell: its words, and its look, by a role or by colours of its own."""

    words: str
    role: str | None = None
    fill: str | None = None
    ink: str | None = None
    outlines: tuple[str, ...] = ()  # roles, one over the other


def shown_of(count: int) -> tuple[int, ...]:
    """Return which of that many rows or columns are shown: all of at most 11, else 5 at both ends.

    >>> shown_of(3), shown_of(13)
    ((0, 1, 2), (0, 1, 2, 3, 4, 8, 9, 10, 11, 12))
    """
    return tuple(range(count)) if count <= MOST else (*range(ENDS), *range(count - ENDS, count))


def short(value: Number) -> str:
    """Return a number for a cell: an integer in full, another with 3 digits.

    >>> short(-12), short(1 / 9), short(65535)
    ('\u221212', '0.111', '65535')
    """
    is_whole = isinstance(value, int) or (value.is_integer() and abs(value) < 1e6)
    return (str(int(value)) if is_whole else f"{value:.3g}").replace("-", MINUS)


def of_weights(name: Names, weights: Rows, anchor: Place | None) -> Drawing:
    """Return the weights; positive, negative and 0 look different, and the anchor is outlined.

    >>> of_weights(Names(), ((-1, 0, 1),), (0, 1)).markup.count("<rect")
    4
    """

    def cell(weight: Number, place: Place) -> Cell:
        role = "plus" if weight > 0 else "minus" if weight < 0 else "nought"
        return Cell(short(weight), role, outlines=("around",) if place == anchor else ())

    return table(name, [[cell(weight, (i, j)) for j, weight in enumerate(row)] for i, row in enumerate(weights)])


def of_pixels(name: Names, array: Array, window: Window, shades: Shades, outlined: Place) -> Drawing:
    """Return the pixels of a window in their own colours, with their values.

    A pixel that lies outside is dashed, the one at ``outlined`` has a heavy outline.
    """

    def cell(tap_of: tuple[Place, Place | None], value: Number) -> Cell:
        place, origin = tap_of
        fill, ink = _colours(array, origin, shades)
        outlines = MARKED if place == outlined else OUTSIDE if place != origin else ()
        return Cell(short(value), None, fill, ink, outlines)

    return table(name, [[cell((tap.place, tap.source), tap.value) for tap in row] for row in window])


def table(name: Names, cells: Sequence[Sequence[Cell]]) -> Drawing:
    """Return rows of cells of one size, wide enough for the longest words; the middle of many is left out.

    >>> table(Names(), [[Cell("1", "plus")] * 2]).width
    48.0
    """
    rows, columns = shown_of(len(cells)), shown_of(len(cells[0]))
    words = [cells[i][j].words for i in rows for j in columns]
    width = max(LEAST, *(text_width(word, SIZES["weight"]) + 2 * BESIDE for word in words))
    lefts, tops = dict(_placed(columns, width)), dict(_placed(rows, HEIGHT))
    body, over = "", ""
    for i in rows:
        for j in columns:
            cell, x, y = cells[i][j], lefts[j], tops[i]
            box = {"x": x, "y": y, "width": width, "height": HEIGHT}
            body += element("rect", **box, class_=cell.role and name(cell.role), fill=cell.fill)
            body += element(
                "text",
                cell.words,
                x=x + width / 2,
                y=y + HEIGHT / 2 + BASELINE,
                text_anchor="middle",
                class_=name("value" if cell.ink else "weight"),
                fill=cell.ink,
            )
            over += "".join(element("rect", **_inset(box), class_=name(role)) for role in cell.outlines)
    right, bottom = lefts[columns[-1]] + width, tops[rows[-1]] + HEIGHT
    if len(columns) < len(cells[0]):
        x = lefts[columns[ENDS]]
        body += "".join(
            label(name, "small", x - BREAK / 2, tops[i] + HEIGHT / 2 + BASELINE, ELLIPSIS, "middle") for i in rows
        )
    if len(rows) < len(cells):
        y = tops[rows[ENDS]] - BREAK / 2 + BASELINE
        body += "".join(label(name, "small", lefts[j] + width / 2, y, ELLIPSIS, "middle") for j in columns)
    return Drawing(body + over, right, bottom)


def _inset(box: dict[str, float]) -> dict[str, float]:
    """Return the box one pixel smaller on each side, so that outlines of neighbours do not overlap."""
    return {"x": box["x"] + 1, "y": box["y"] + 1, "width": box["width"] - 2, "height": box["height"] - 2}


def _placed(numbers: Sequence[int], size: float) -> Iterator[tuple[int, float]]:
    """Yield where each begins, with a break where some are left out."""
    place = 0.0
    for before, number in zip((-1, *numbers), numbers, strict=False):
        place += BREAK if number > before + 1 else 0
        yield number, place
        place += size


def _colours(array: Array, place: Place | None, shades: Shades) -> tuple[str, str]:
    """Return the colour of a pixel, and of the text on it."""
    pixel = (array[place] if place else array[0, 0] * 0).reshape(1, 1, -1)
    if has_alpha(pixel):
        pixel = pixel[..., :-1]
    values = shown(pixel, shades).reshape(-1).tolist()
    red, green, blue = values * 3 if len(values) == 1 else values
    brightness = 0.299 * red + 0.587 * green + 0.114 * blue
    return f"#{red:02x}{green:02x}{blue:02x}", "#000" if brightness >= BRIGHT else "#fff"
