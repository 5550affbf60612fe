"""A picture that is drawn, as a file of any kind, and the Markdown that shows it."""

from __future__ import annotations

import os
import re
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from convcalc.draw.film import Film

SUFFIXES = (".svg", ".html", ".png", ".gif")
MOVING = (".html", ".gif")  # in which frames are shown one after the other


def converted(svg: str, suffix: str, film: Film | None = None) -> bytes:
    """Return the picture in the format of the suffix; ``film`` has the frames of a picture that moves.

    >>> converted("<svg/>", ".svg")
    b'<svg/>'
    """
    if suffix == ".html":
        from convcalc.draw.html import page

        return page(svg, _title(svg), film).encode()
    if suffix == ".png":
        from convcalc.draw.raster import png

        return png(svg)
    if suffix == ".gif":
        from convcalc.draw.film import still
        from convcalc.draw.raster import gif

        return gif(film or still(svg))
    return svg.encode()


def markdown(svg: str, path: str) -> str:
    """What shows the file on a page of Markdown, with the picture's title for who cannot see it.

    >>> markdown("<svg><title>5 &lt; 7</title></svg>", "a picture.svg")
    '![5 < 7](a%20picture.svg)'
    """
    return f"![{_title(svg)}]({_destination(path)})"


def _destination(path: str) -> str:
    """The path as Markdown takes it between round brackets."""
    special = rb"""[\x00-\x20\x7f"#%()<>?\\]"""
    encoded = re.sub(special, lambda found: b"%%%02X" % found[0][0], os.fsencode(path))
    return "".join(
        c if c.isprintable() else "".join(f"%{byte:02X}" for byte in os.fsencode(c)) for c in os.fsdecode(encoded)
    )


def _title(svg: str) -> str:
    """The picture's title, in one line, as Markdown takes it between brackets."""
    from convcalc.draw.svg import unescape

    found = re.search(r"<title[^>]*>(.*?)</title>", svg, re.DOTALL)
    words = " ".join(unescape(found[1]).split()) if found else "picture"
    return re.sub(r"([\[\]\\])", r"\\\1", words)
