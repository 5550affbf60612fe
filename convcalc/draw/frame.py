"""A figure with a title above and captions below."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from convcalc.draw.palette import SIZES, is_bold
from convcalc.draw.svg import Names, document, element, line_height, number, paragraph
from convcalc.draw.text import fit, widest

MARGIN = 16
LEAST_WIDTH = 420  # between the margins


class Drawing(NamedTuple):
    """Markup with its upper left corner at (0, 0), its width and height, and the CSS of what moves in it."""

    markup: str
    width: float
    height: float
    css: str = ""


class Caption(NamedTuple):
    """A paragraph and its role."""

    role: str
    words: str


def in_frame(name: Names, title: str, desc: str, figure: Drawing, captions: Sequence[Caption]) -> str:
    """Return the picture as SVG. Title and captions are broken into lines as wide as the figure or `LEAST_WIDTH`.

    >>> in_frame(Names(), "a title", "what is seen", Drawing("", 100, 50), [Caption("ink", "a caption")])[:4]
    '<svg'
    """
    room = max(figure.width, LEAST_WIDTH)
    body: list[str] = []
    width, y = figure.width, float(MARGIN)

    def write(role: str, words: str) -> None:
        nonlocal width, y
        size = SIZES[role]
        lines = fit(words, size, room, is_bold(role))
        width = max(width, widest(lines, size, is_bold(role)))
        body.append(paragraph(name, role, MARGIN, y + size, lines))
        y += len(lines) * line_height(role)

    write("title", title)
    y += MARGIN / 2
    body.append(element("g", figure.markup, transform=f"translate({MARGIN} {number(y)})"))
    y += figure.height + MARGIN / 2
    for caption in captions:
        write(caption.role, caption.words)
    return document(name, title, desc, round(width + 2 * MARGIN), round(y + MARGIN), body, figure.css)
