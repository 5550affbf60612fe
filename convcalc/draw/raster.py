"""Pictures as PNG and GIF, by resvg and Pillow, which are the extra ``convcalc[png]``."""

from __future__ import annotations

import re
from collections import Counter
from io import BytesIO
from typing import TYPE_CHECKING, Any

from convcalc.draw.film import Film
from convcalc.errors import ConvcalcError

if TYPE_CHECKING:
    from PIL.Image import Image

EXTRA = "needs the extra: pip install 'convcalc[png]'"
MOST_PIXELS = 100_000_000  # of a picture, or of all frames together
MOST_FRAMES = 600
COLOURS = 128  # of a GIF, which can have 256
NEAR = 8  # levels of a channel, of 256
SIZE = re.compile(r'<svg [^>]*?width="([\d.]+)" height="([\d.]+)"')
LETTER = '<svg xmlns="http://www.w3.org/2000/svg" width="20" height="20"><text y="15">M</text></svg>'
BLANK = LETTER.replace("M", "")


def png(svg: str, scale: float = 2) -> bytes:
    """Return the picture as PNG, in the light scheme and at its first position, ``scale`` pixels for each of its own.

    Raise `ConvcalcError` if the extra or every font is missing, or if there are too many pixels.

    >>> png('<svg xmlns="http://www.w3.org/2000/svg" width="20" height="10"/>')[:4]
    b'\\x89PNG'
    """
    _check_pixels(svg, scale, 1)
    return _render(_renderer(".png"), svg, scale)


def gif(film: Film, scale: float = 1) -> bytes:
    """Return the moving picture as a GIF that repeats. Errors as `png`, or where there are too many frames.

    >>> from convcalc.draw.film import still
    >>> gif(still('<svg xmlns="http://www.w3.org/2000/svg" width="20" height="10"/>'))[:6]
    b'GIF89a'
    """
    if film.length > MOST_FRAMES:
        raise ConvcalcError(
            f"the picture has {film.length:,} frames, a GIF here at most {MOST_FRAMES}: use .svg, or a smaller input"
        )
    _check_pixels(film.draw(0), scale, film.length)
    renderer = _renderer(".gif")
    try:
        import PIL.Image
    except ImportError:
        raise ConvcalcError(f".gif {EXTRA}") from None

    frames = []
    for number in range(film.length):
        image = PIL.Image.open(BytesIO(_render(renderer, film.draw(number), scale))).convert("RGBA")
        card = PIL.Image.new("RGBA", image.size, "white")  # in its corners a GIF would be black
        frames.append(PIL.Image.alpha_composite(card, image).convert("RGB"))
    palette = _palette(frames[0], frames[-1])
    start, *rest = (image.quantize(palette=palette, dither=PIL.Image.Dither.NONE) for image in frames)
    written = BytesIO()
    start.save(written, "GIF", save_all=True, append_images=rest, duration=round(1000 * film.seconds), loop=0)
    return written.getvalue()


def _palette(first: Image, last: Image) -> Image:
    """Return the most frequent colours of two frames, which have all colours of the others.

    Of colours that are nearly the same only one is taken, because Pillow confuses them.
    """
    import PIL.Image

    counts: Counter[tuple[int, int, int]] = Counter()
    for image in (first, last):
        colours: Any = image.getcolors(image.width * image.height)
        counts.update({colour: count for count, colour in colours})
    taken: dict[tuple[int, ...], tuple[int, int, int]] = {}
    for colour in sorted(counts, key=lambda colour: (-counts[colour], colour)):
        taken.setdefault(tuple(channel // NEAR for channel in colour), colour)
    palette = PIL.Image.new("P", (1, 1))
    palette.putpalette([channel for colour in list(taken.values())[:COLOURS] for channel in colour])
    return palette


def _renderer(suffix: str) -> Any:
    """Return the function of resvg that renders. Refuse to go on without a font, because resvg leaves text out then."""
    try:
        from resvg_py import svg_to_bytes
    except ImportError:
        raise ConvcalcError(f"{suffix} {EXTRA}") from None
    if svg_to_bytes(svg_string=LETTER) == svg_to_bytes(svg_string=BLANK):
        raise ConvcalcError(f"{suffix} needs a font, and none is installed: install one, such as DejaVu Sans")
    return svg_to_bytes


def _render(renderer: Any, svg: str, scale: float) -> bytes:
    return bytes(renderer(svg_string=svg, zoom=scale))


def _check_pixels(svg: str, scale: float, frames: int) -> None:
    size = SIZE.search(svg)
    width, height = (float(side) * scale for side in size.groups()) if size else (0, 0)
    pixels = round(width * height * frames)
    if pixels > MOST_PIXELS:
        raise ConvcalcError(
            f"the picture has {pixels:,} pixels, at most {MOST_PIXELS:,} are written: use .svg, or a smaller input"
        )
