from __future__ import annotations

import re
import subprocess
import sys

import pytest

from convcalc import Conv1d, Conv2d, Linear, trace
from convcalc.draw.film import still
from convcalc.draw.html import page
from convcalc.draw.layer.motion import pace
from convcalc.draw.layer.picture import layer_film, layer_picture


def picture(layer, shape, **options):
    return layer_picture(trace(layer, shape).rows[0], **options)


def page_of(layer, shape, look="flat", title="an example"):
    row = trace(layer, shape).rows[0]
    return page(layer_picture(row, look=look), title, layer_film(row, look=look))


LAYER, SHAPE = Conv2d(1, 1, 3, stride=2, padding=1), (1, 1, 5, 5)
EXAMPLE = picture(LAYER, SHAPE)


def test_a_page_is_small_and_names_nothing_outside_it():
    made = page_of(LAYER, SHAPE)
    assert len(made.encode()) <= 30_000
    assert len(made.encode()) - len(EXAMPLE.encode()) <= 3_000
    assert set(re.findall(r"\w+://[^\"' ]+", made)) == {"http://www.w3.org/2000/svg"}
    assert not re.search(r"(src|href)=|url\(|@import|import\(", re.sub("<svg.*</svg>", "", made))
    assert "default-src 'none'" in made


def test_a_page_of_the_largest_moving_picture_is_small_enough():
    assert layer_film(trace(Conv2d(1, 1, 3, padding=1), (1, 1, 24, 24)).rows[0]).length == 576
    for look in ("flat", "iso"):
        layers = [Conv2d(1, 1, 3, padding=1), Conv2d(1, 1, 1), Conv2d(1, 1, 24, padding=12)]
        for layer in (*layers, Conv2d(1, 1, 13, padding=12, dilation=2)):
            assert len(page_of(layer, (1, 1, 24, 24), look).encode()) <= 30_000


def test_on_a_page_names_need_no_hash():
    key = re.search(r'class="picture-(\w+)"', EXAMPLE).group(1)
    made = page_of(LAYER, SHAPE)
    assert key not in made
    assert 'class="picture"' in made
    assert "@keyframes window-c{" in made


def test_a_title_that_is_markup_is_escaped():
    assert "<title>&lt;/title&gt;&lt;b&gt; &amp; {0}</title>" in page_of(LAYER, SHAPE, title="</title><b> & {0}")


def test_a_name_in_the_picture_that_looks_like_its_css_stays():
    named = EXAMPLE.replace("Conv2d 3", "animation:none!important 3")
    made = page(named, "", still(named)._replace(length=9))
    assert "animation:none!important 3" in made
    assert "*{animation:none!important}" not in made


@pytest.mark.parametrize(
    ("layer", "shape", "places"),
    [
        (Conv2d(1, 1, 3, stride=2, padding=1), (1, 1, 5, 5), (3, 3)),
        (Conv2d(1, 1, 3), (1, 1, 3, 9), (1, 7)),
        (Conv2d(1, 1, 3), (1, 1, 9, 3), (7, 1)),
        (Conv2d(1, 1, 2), (1, 1, 3, 3), (2, 2)),
        (Conv2d(1, 1, 1), (1, 1, 24, 23), (24, 23)),
        (Conv2d(1, 1, 1), (1, 1, 7, 13), (7, 13)),
    ],
    ids=repr,
)
def test_the_places_are_all_outputs(layer, shape, places):
    rows, columns = places
    film = layer_film(trace(layer, shape).rows[0])
    assert (film.length, film.seconds) == (rows * columns, pace(rows, columns))
    assert f"const places = {rows * columns}, pace = {1000 * pace(rows, columns):g};" in page_of(layer, shape)


def test_what_stands_still_has_one_place():
    for layer, shape in ((Conv2d(1, 1, 3), (1, 1, 3, 3)), (Linear(3, 2), (1, 3))):
        assert layer_film(trace(layer, shape).rows[0]).length == 1
        assert "<button" not in page_of(layer, shape)


@pytest.mark.parametrize("look", ["flat", "iso"])
def test_a_frame_is_the_still_at_that_place(look):
    """But for its ids: here nothing is cut, so the sheet is the same."""
    film = layer_film(trace(LAYER, SHAPE).rows[0], look=look)
    keys = r"-[0-9a-f]{8}"
    for place in range(film.length):
        frame = re.sub(keys, "", film.draw(place))
        assert frame == re.sub(keys, "", picture(LAYER, SHAPE, look=look, at=divmod(place, 3)))


def test_the_frames_of_a_cut_axis_have_one_size():
    """8 places at either end, whose numbers have one digit or three."""
    film = layer_film(trace(Conv1d(1, 1, 3), (1, 1, 1002)).rows[0])
    assert film.length == 16
    assert len({re.search("<svg [^>]*viewBox=[^>]*", film.draw(place))[0].split(" role")[0] for place in (0, 15)}) == 1


def test_a_page_loads_nothing_heavy():
    code = (
        "import sys; import convcalc.draw.html, convcalc.draw.raster;"
        "sys.exit(bool({'numpy', 'rich', 'PIL', 'resvg_py', 'xml'} & set(sys.modules)))"
    )
    subprocess.run([sys.executable, "-c", code], check=True)
