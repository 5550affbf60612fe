from __future__ import annotations

import re
import struct
import sys
from io import BytesIO

import numpy as np
import PIL.Image
import pytest

from convcalc import Conv2d, trace
from convcalc.draw import raster
from convcalc.draw.film import still
from convcalc.draw.layer.picture import layer_film, layer_picture
from convcalc.draw.raster import gif, png
from convcalc.errors import ConvcalcError


def picture(layer, shape, **options):
    return layer_picture(trace(layer, shape).rows[0], **options)


EXAMPLE = picture(Conv2d(1, 1, 3, stride=2, padding=1), (1, 1, 5, 5))
FILM = layer_film(trace(Conv2d(1, 1, 3, stride=2, padding=1), (1, 1, 5, 5)).rows[0])
WIDTH, HEIGHT = map(int, re.search(r'width="(\d+)" height="(\d+)"', EXAMPLE).groups())
MADE, CARD = (0, 102, 75), (255, 255, 255)


def middles(image, colour):
    """The middle of all pixels of exactly that colour."""
    ys, xs = np.nonzero((np.asarray(image.convert("RGB")) == colour).all(axis=-1))
    return (xs.min() + xs.max()) / 2, (ys.min() + ys.max()) / 2


def test_a_png_is_the_picture_at_twice_its_size():
    made = png(EXAMPLE)
    assert made[:8] == b"\x89PNG\r\n\x1a\n"
    assert struct.unpack(">II", made[16:24]) == (2 * WIDTH, 2 * HEIGHT)
    image = PIL.Image.open(BytesIO(made)).convert("RGB")
    assert image.getpixel((WIDTH, 20)) == CARD
    assert len(image.getcolors(image.width * image.height)) > 20
    assert struct.unpack(">II", png(EXAMPLE, scale=1)[16:24]) == (WIDTH, HEIGHT)
    assert png(EXAMPLE) == made


def test_a_gif_has_a_frame_a_place_with_the_output_cell_there():
    made = PIL.Image.open(BytesIO(gif(FILM)))
    assert (made.n_frames, made.size, made.info["loop"], made.info["duration"]) == (9, (WIDTH, HEIGHT), 0, 800)
    places = []
    for place in range(9):
        made.seek(place)
        places.append(middles(made, MADE))
        assert made.convert("RGB").getpixel((WIDTH // 2, 8)) == CARD
    (x, y), cell = places[0], 24
    for place, middle in enumerate(places):
        assert middle == pytest.approx((x + cell * (place % 3), y + cell * (place // 3)), abs=1)


def test_a_gif_of_what_stands_still_has_one_frame():
    made = PIL.Image.open(BytesIO(gif(still(EXAMPLE))))
    assert made.n_frames == 1


@pytest.mark.parametrize(
    ("write", "limits", "reason"),
    [
        (png, {"MOST_PIXELS": 1000}, f"the picture has {4 * WIDTH * HEIGHT:,} pixels, at most 1,000 are written"),
        (gif, {"MOST_PIXELS": 1000}, f"the picture has {9 * WIDTH * HEIGHT:,} pixels, at most 1,000 are written"),
        (gif, {"MOST_FRAMES": 8}, "the picture has 9 frames, a GIF here at most 8: use .svg, or a smaller input"),
    ],
    ids=["png", "gif", "frames"],
)
def test_too_much_is_refused_with_the_amount(monkeypatch, write, limits, reason):
    for name, value in limits.items():
        monkeypatch.setattr(raster, name, value)
    with pytest.raises(ConvcalcError, match=re.escape(reason)):
        write(FILM if write is gif else EXAMPLE)


@pytest.mark.parametrize(
    ("write", "missing", "said"),
    [
        (png, "resvg_py", r"\.png needs the extra: pip install 'convcalc\[png\]'"),
        (gif, "resvg_py", r"\.gif needs the extra: pip install 'convcalc\[png\]'"),
        (gif, "PIL.Image", r"\.gif needs the extra: pip install 'convcalc\[png\]'"),
    ],
)
def test_without_the_extra_it_says_how_to_get_it(monkeypatch, write, missing, said):
    monkeypatch.setitem(sys.modules, missing, None)
    with pytest.raises(ConvcalcError, match=f"^{said}$"):
        write(FILM if write is gif else EXAMPLE)


def test_without_a_font_text_is_not_left_out_in_silence(monkeypatch):
    import resvg_py

    with_fonts = resvg_py.svg_to_bytes
    monkeypatch.setattr(resvg_py, "svg_to_bytes", lambda **options: with_fonts(**options, skip_system_fonts=True))
    with pytest.raises(ConvcalcError, match="needs a font, and none is installed"):
        png(EXAMPLE)
