from __future__ import annotations

import re
import subprocess
import sys

import pytest

from convcalc import Conv2d, Linear, trace
from convcalc.draw.frames import Timing, frame, timing
from convcalc.draw.html import page
from convcalc.draw.layer.motion import pace
from convcalc.draw.layer.picture import layer_picture
from convcalc.draw.svg import Names, keyframes


def picture(layer, shape, **options):
    return layer_picture(trace(layer, shape).rows[0], **options)


EXAMPLE = picture(Conv2d(1, 1, 3, stride=2, padding=1), (1, 1, 5, 5))


def test_a_page_is_small_and_names_nothing_outside_it():
    made = page(EXAMPLE, "an example")
    assert len(made.encode()) <= 30_000
    assert len(made.encode()) - len(EXAMPLE.encode()) <= 3_000
    assert set(re.findall(r"\w+://[^\"' ]+", made)) == {"http://www.w3.org/2000/svg"}
    assert not re.search(r"(src|href)=|url\(|@import|import\(", re.sub("<svg.*</svg>", "", made))
    assert "default-src 'none'" in made


def test_a_page_of_the_largest_moving_picture_is_small_enough():
    largest = picture(Conv2d(1, 1, 3, padding=1), (1, 1, 24, 24))
    assert timing(largest).places == 576
    for look in ("flat", "iso"):
        layers = [Conv2d(1, 1, 3, padding=1), Conv2d(1, 1, 1), Conv2d(1, 1, 24, padding=12)]
        for layer in (*layers, Conv2d(1, 1, 13, padding=12, dilation=2)):
            assert len(page(picture(layer, (1, 1, 24, 24), look=look), "24x24").encode()) <= 30_000


def test_on_a_page_names_need_no_hash():
    key = re.search(r'class="picture-(\w+)"', EXAMPLE).group(1)
    made = page(EXAMPLE, "an example")
    assert key not in made
    assert 'class="picture"' in made
    assert "@keyframes window-c{" in made


def test_a_title_that_is_markup_is_escaped():
    assert "<title>&lt;/title&gt;&lt;b&gt; &amp; {0}</title>" in page(EXAMPLE, "</title><b> & {0}")


def test_a_name_in_the_picture_that_looks_like_its_css_stays():
    named = EXAMPLE.replace("Conv2d 3", "animation:none!important 3")
    assert "animation:none!important 3" in page(named, "")
    assert "*{animation:none!important}" not in page(named, "")


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
    assert timing(picture(layer, shape)) == Timing(rows * columns, pytest.approx(pace(rows, columns), abs=0.001))


def test_what_stands_still_has_one_place():
    assert timing(picture(Conv2d(1, 1, 3), (1, 1, 3, 3))) == Timing(1, 0)
    assert timing(picture(Linear(3, 2), (1, 3))) == Timing(1, 0)
    assert timing(picture(Conv2d(1, 1, 3), (1, 1, 5, 5), still=True)) == Timing(1, 0)


@pytest.mark.parametrize("place", range(12))
def test_a_frame_has_the_values_of_its_place(place):
    """4 rows of 3 columns: the column is place % 3, the row place // 3."""
    name = Names("test")
    css = keyframes(name, "column", [f"transform:translateX({10 * i}px)" for i in range(3)], 1.5)
    css += keyframes(name, "row", [f"transform:translateY({7 * i}px)scaleY(0.5)" for i in range(4)], 6)
    css += keyframes(name, "always", ["visibility:visible"], 1)
    assert frame(css, place) == (
        f".column-{name.key}{{transform:translate({10 * (place % 3)} 0)}}"
        f".row-{name.key}{{transform:translate(0 {7 * (place // 3)})scale(1 0.5)}}"
        f".always-{name.key}{{visibility:visible}}"
    )


def test_the_lines_of_a_frame_are_those_of_the_still_at_that_place():
    def lines(svg):
        ends = re.findall(r"M([-\d.]+) ([-\d.]+)L([-\d.]+) ([-\d.]+)", svg)
        return sorted(tuple(float(number) for number in line) for line in ends)

    layer, shape = Conv2d(1, 1, 3, stride=2, padding=1), (1, 1, 5, 5)
    for look in ("flat", "iso"):
        moving = picture(layer, shape, look=look)
        first = lines(picture(layer, shape, look=look, still=True))
        for place in range(9):
            still = lines(picture(layer, shape, look=look, at=divmod(place, 3)))
            made = lines(frame(moving, place))
            wanted = sorted(first + still)  # the first frame's are still there, hidden
            assert [pytest.approx(line, abs=1) for line in wanted] == made


def test_a_page_loads_nothing_heavy():
    code = (
        "import sys; import convcalc.draw.html, convcalc.draw.raster;"
        "sys.exit(bool({'numpy', 'rich', 'PIL', 'resvg_py', 'xml'} & set(sys.modules)))"
    )
    subprocess.run([sys.executable, "-c", code], check=True)
