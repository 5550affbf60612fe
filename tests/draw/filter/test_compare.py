"""The picture of a filter at work, and the arithmetic of its one pixel, which the engine must agree with."""

from __future__ import annotations

import base64
import io
import itertools
import re
from math import isclose, nan, sqrt
from xml.etree import ElementTree

import numpy as np
import PIL.Image
import pytest
from hypothesis import given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st

from convcalc.draw.filter.compare import choose, compare_picture
from convcalc.draw.filter.sums import arithmetic, ordered, spelled, written
from convcalc.draw.filter.table import shown_of
from convcalc.draw.filter.thumbnail import Shades, scale_of, shades_of, shown, shrunk
from convcalc.draw.html import page
from convcalc.errors import ConvcalcError
from convcalc.filter.kernel import Magnitude, Order, Settings, linear
from convcalc.filter.outcome import run
from convcalc.filter.pixel import neighbourhood, ranked, result, under
from convcalc.filter.presets import find
from tests.draw.test_browser import COLLISIONS

SVG = "{http://www.w3.org/2000/svg}"
BORDERS = ("zeros", "reflect", "replicate", "circular", "valid")
PAD = {"zeros": "constant", "reflect": "reflect", "replicate": "edge", "circular": "wrap"}
rng = np.random.default_rng(11)
SMALL = rng.integers(0, 256, (9, 11), np.uint8)


def texts(svg):
    return [element.text for element in ElementTree.fromstring(svg).iter(SVG + "text")]


def words(svg):
    return " ".join(text or "" for text in texts(svg))


def images(svg):
    found = ElementTree.fromstring(svg).iter(SVG + "image")
    return [
        np.asarray(PIL.Image.open(io.BytesIO(base64.b64decode(image.get("href").partition(",")[2])))) for image in found
    ]


def ordering(picture, order, size):
    """The outcome of an order filter, by sorting; zeros around."""
    kernel = find(order, size=size)
    (rows, columns), (top, left) = size, kernel.anchor
    padded = np.pad(picture, ((top, rows - 1 - top), (left, columns - 1 - left)))
    windows = np.lib.stride_tricks.sliding_window_view(padded, size).reshape(*picture.shape, -1)
    taken = {"minimum": 0, "median": rows * columns // 2, "maximum": -1}[order]
    outcome = run(picture, find("identity"), Settings("zeros"))
    return outcome._replace(filter=kernel, after=np.sort(windows, axis=-1)[..., taken])


# One pixel


@given(st.data())
@hypothesis_settings(max_examples=60, deadline=None)
def test_the_neighbourhood_is_that_of_the_padded_picture(data):
    """np.pad makes the border, and a slice with a step takes the taps."""
    size = data.draw(st.tuples(st.integers(1, 5), st.integers(1, 5)))
    anchor = tuple(data.draw(st.integers(0, side - 1)) for side in size)
    dilation = data.draw(st.tuples(st.integers(1, 3), st.integers(1, 3)))
    border = data.draw(st.sampled_from(sorted(PAD)))
    plane = rng.integers(0, 99, (13, 14))
    on = data.draw(st.integers(0, 12)), data.draw(st.integers(0, 13))
    padded = np.pad(plane, 12, PAD[border])
    rows, columns = (
        slice(12 + middle - apart * tap, 12 + middle - apart * tap + apart * taps, apart)
        for middle, apart, tap, taps in zip(on, dilation, anchor, size, strict=True)
    )
    window = neighbourhood(plane, size, anchor, Settings(border, dilation=dilation), on)
    assert [[tap.value for tap in row] for row in window] == padded[rows, columns].tolist()
    for tap in (tap for row in window for tap in row):
        inside = 0 <= tap.place[0] < 13 and 0 <= tap.place[1] < 14
        assert (tap.source == tap.place) == inside
        assert tap.value == (plane[tap.source] if tap.source else 0)


KERNELS = [
    find("box"),
    find("gaussian", size=(4, 5), sigma=1.3),
    find("sobel-x"),
    find("emboss"),
    find("sobel"),
    find("roberts"),
    linear("odd one", ((1, -2, 0), (0, 3, 5)), "clip", ""),
]


@pytest.mark.parametrize("kernel", KERNELS, ids=lambda kernel: kernel.name)
@pytest.mark.parametrize("border", BORDERS)
def test_the_engine_makes_of_every_pixel_what_the_few_lines_make(kernel, border):
    settings = Settings(border, stride=(2, 1), dilation=(1, 2), range="clip")
    for dtype in (np.uint8, np.float64):
        picture = SMALL.astype(dtype)
        outcome = run(picture, kernel, settings if dtype == np.uint8 else settings._replace(range=None))
        for at in itertools.product(*map(range, outcome.after.shape)):
            made = result(kernel, picture, settings, under(kernel, settings, at))
            if dtype == np.float64:
                assert isclose(made, outcome.after[at], abs_tol=1e-9)
            else:
                assert abs(min(max(made, 0), 255) - int(outcome.after[at])) <= 0.5001, at


@pytest.mark.parametrize("order", ["minimum", "median", "maximum"])
@pytest.mark.parametrize("size", [(3, 3), (2, 4)])
def test_so_does_an_order_filter(order, size):
    outcome = ordering(SMALL, order, size)
    for at in itertools.product(*map(range, SMALL.shape)):
        assert result(outcome.filter, SMALL, Settings("zeros"), at) == outcome.after[at]


def test_the_window_of_a_gradient_holds_both_kernels():
    x, y = linear("x", ((1,) * 5,), "", ""), linear("y", ((1,), (1,), (1,), (1,)), "", "")
    both = Magnitude("", x, y, "", "")
    assert (both.size, both.anchor) == ((4, 5), (2, 2))
    assert under(Magnitude("", x, y, "", ""), Settings("valid"), (0, 0)) == (2, 2)


# What is written


def computed(line):
    """What the products of a line come to, worked out from its text; and what the line says they do."""
    sum_, said = re.search(
        r"([^:]*) = (\u2212?[\d.]+)", line.rpartition(": ")[2] if line[1:3] == ": " else line
    ).groups()
    python = sum_.replace("\u2212", "-").replace("·", "*").replace("²", "**2").replace("√", "sqrt")
    return eval(python, {"sqrt": sqrt}), float(said.replace("\u2212", "-"))


@pytest.mark.parametrize("border", BORDERS)
@pytest.mark.parametrize("kernel", KERNELS, ids=lambda kernel: kernel.name)
def test_every_line_comes_to_what_it_says_and_the_last_to_the_pixel(kernel, border):
    outcome = run(SMALL, kernel, Settings(border, range="clip"))
    for at in ((0, 0), (3, 4), tuple(side - 1 for side in outcome.after.shape)):
        made = int(outcome.after[at])
        lines = arithmetic(outcome, SMALL, under(kernel, outcome.settings, at), made)
        assert len(lines) == (3 if isinstance(kernel, Magnitude) else 1)
        for line in lines:
            assert isclose(*computed(line), rel_tol=1e-4, abs_tol=1e-3), line
        assert abs(min(max(computed(lines[-1])[1], 0), 255) - made) <= 0.5
        assert re.search(r" → (\d+) \(clip", lines[-1]).group(1) == str(made)


def test_a_sum_by_hand():
    """The row below less the row above, the middle twice: 3 + 6 + 3 - 5 - 18 - 7."""
    picture = np.uint8([[5, 9, 7], [52, 60, 1], [3, 3, 3]])
    outcome = run(picture, find("sobel-y"))
    assert outcome.after[1, 1] == 18
    assert arithmetic(outcome, picture, (1, 1), 18) == [
        "\u22121·5 \u2212 2·9 \u2212 1·7 + 1·3 + 2·3 + 1·3 = \u221218 → 18 (abs)"
    ]


@pytest.mark.parametrize(
    ("range_", "picture", "said"),
    [
        ("clip", np.uint8([[200, 0]]), "2·200 = 400 → 255 (clip to 0..255)"),
        ("abs", np.uint8([[200, 0]]), "2·200 = 400 → 255 (abs, then clip to 255)"),
        ("wrap", np.uint8([[200, 0]]), "2·200 = 400 → 144 (wrap: modulo 256)"),
        ("wrap", np.uint16([[40000, 0]]), "2·40000 = 80000 → 14464 (wrap: modulo 65,536)"),
        ("scale", np.uint8([[200, 100]]), "2·200 = 400 → 255 (scale: 200 becomes 0, 400 becomes 255)"),
        (None, np.float64([[0.7, 0]]), "2·0.7 = 1.4"),
        ("clip", np.float32([[0.75, 0]]), "2·0.75 = 1.5 → 1 (clip to 0..1)"),
        ("clip", np.float32([[-0.75, 0]]), "2·(\u22120.75) = \u22121.5 → 0 (clip to 0..1)"),
    ],
)
def test_how_a_result_is_brought_to_its_range(range_, picture, said):
    outcome = run(picture, linear("twice", ((2,),), "clip", ""), Settings(range=range_))
    assert arithmetic(outcome, picture, (0, 0), outcome.after[0, 0].item()) == [said]


def test_long_sums_are_cut_and_it_is_said():
    svg = compare_picture(run(SMALL, find("box", size=(7, 7))), (4, 5))
    assert "of 49 products the first 12 and the last 2 are written" in words(svg)
    assert written([(1, 2)] * 25).count("·") == 25
    assert written([(1, 2)] * 26) == " + ".join(["1·2"] * 12) + " + … + 1·2 + 1·2"
    assert "weights of 0 (3) are not written" in words(compare_picture(run(SMALL, find("sobel-x"))))


def test_values_in_order_with_the_chosen_one():
    outcome = ordering(np.uint8([[5, 9, 7]]), "median", (1, 2))  # of 5 and 9 the upper
    assert arithmetic(outcome, outcome.before, (0, 1), 9) == ["in order: 5, [9]", "upper median: number 2 of 2 = 9"]
    assert ranked("maximum", neighbourhood(SMALL, (3, 3), (1, 1), Settings(), (1, 1)))[1] == 8
    assert ordered([1] * 26, 0) == "[1], 1, 1, 1, 1, 1, …, 1"


@pytest.mark.parametrize(
    ("value", "said"),
    [(3, "3"), (-3.0, "\u22123"), (1 / 3, "0.333333"), (nan, "nan"), (2**60, str(2**60)), (1e20, "1e+20")],
)
def test_numbers(value, said):
    assert spelled(value) == said


# Which pixel


def test_the_largest_result_is_chosen_the_nearest_to_the_middle():
    after = np.zeros((7, 9), np.uint8)
    after[0, 0] = after[5, 6] = after[6, 8] = 200
    assert choose(after, None)[:2] == ((5, 6), 0)
    assert "of 3 such" in choose(after, None).words
    tall = np.zeros((300, 5), np.uint8)
    tall[[3, 70, 130, 140, 290]] = 9
    assert choose(tall, None)[0] == (140, 2)
    assert "of 25 such" in choose(tall, None).words
    colours = np.stack([after // 2, after // 4, after, after * 0 + 255], axis=-1)  # the last is alpha
    assert choose(colours, None)[:2] == ((5, 6), 2)
    assert choose(colours, (1, 1))[:2] == ((1, 1), 0)
    assert choose(after[..., None].repeat(2, -1) + np.array([0, 255]), None).at == (5, 6)
    floats = np.full((3, 4), nan)
    assert choose(floats, None).at == (1, 2)
    floats[2, 0] = -5
    assert choose(floats, None).at == (2, 0)


@pytest.mark.parametrize("at", [(9, 0), (0, 11), (-1, 0)])
def test_a_pixel_outside_is_refused(at):
    with pytest.raises(ConvcalcError, match=r"is outside the result 9\xd711: use at=8,10 at most, from 0$"):
        compare_picture(run(SMALL, find("box")), at)


# The pictures


@given(st.integers(1, 30), st.integers(1, 30), st.integers(1, 7), st.sampled_from([(), (3,), (4,)]))
@hypothesis_settings(max_examples=30, deadline=None)
def test_a_picture_is_made_small_by_means(height, width, factor, count):
    array = rng.integers(0, 256, (height, width, *count), np.uint8)
    small = shrunk(array, factor)
    assert small.shape == (-(-height // factor), -(-width // factor), *count)
    for i, j in itertools.product(*map(range, small.shape[:2])):
        block = array[i * factor : (i + 1) * factor, j * factor : (j + 1) * factor]
        assert (np.abs(block.mean(axis=(0, 1)) - small[i, j]) <= 0.5001).all()


def test_shades():
    assert shown(np.uint16([[0, 257, 65535]]), shades_of(np.uint16([[1]]))).tolist() == [[0, 1, 255]]
    assert shown(np.float32([[0.2, 1.0]]), shades_of(np.float32([[0.2, 1.0]]))).tolist() == [[51, 255]]
    wild = np.array([[-1.0, 4.0, nan, np.inf, -np.inf]])
    assert shades_of(wild)[:2] == (-1, 4)
    assert shown(wild, shades_of(wild)).tolist() == [[0, 255, 0, 255, 0]]
    alpha = np.array([[[5.0, 0.5], [9.0, 1.0]]])
    assert shades_of(alpha)[:2] == (5, 9)
    assert shown(alpha, shades_of(alpha)).tolist() == [[[0, 128], [255, 255]]]
    for flat in (np.full((2, 2), 7.0), np.full((2, 2), nan)):
        assert np.isfinite(shades_of(flat)[:2]).all()
        assert shown(flat, shades_of(flat)).shape == (2, 2)
    assert shown(np.uint16([[[65535, 32768]]]), Shades(0, 65535)).tolist() == [[[255, 128]]]


@pytest.mark.parametrize(
    ("shape", "scale"), [((3000, 4000), (12, 1)), ((360, 10), (1, 1)), ((361, 1), (2, 1)), ((24, 7), (1, 10))]
)
def test_scales(shape, scale):
    assert scale_of(np.broadcast_to(np.uint8(0), shape)) == scale


def test_both_pictures_are_embedded_at_the_same_scale():
    picture = rng.integers(0, 256, (400, 800, 3), np.uint8)
    outcome = run(picture, find("identity"), Settings(stride=(2, 2)))
    svg = compare_picture(outcome)
    before, after = images(svg)
    assert (before == shrunk(picture, 3)).all()
    assert (after == shrunk(picture[::2, ::2], 3)).all()
    assert "both pictures are shown 3 times smaller" in words(svg)
    before, after = images(compare_picture(run(SMALL, find("identity"))))
    assert (before == SMALL).all()
    assert (after == SMALL).all()


def marks(svg):
    """Where the marks on the two pictures are: x, y, width, height."""
    rects = [
        rect for rect in ElementTree.fromstring(svg).iter(SVG + "rect") if (rect.get("class") or "")[:5] == "mark-"
    ]
    assert len(rects) == 4  # and two in what is magnified
    return [[float(rects[i].get(side)) for side in ("x", "y", "width", "height")] for i in (0, 2)]


def test_the_window_and_its_pixel_are_marked():
    """A pixel is drawn 21 pixels wide: 240 over 11. What is outside the picture is cut off."""
    outcome = run(SMALL, find("box"))
    assert marks(compare_picture(outcome, (4, 5))) == [[84, 63, 63, 63], [105, 84, 21, 21]]
    assert marks(compare_picture(outcome, (0, 0))) == [[0, 0, 42, 42], [0, 0, 21, 21]]
    strided = run(SMALL, find("box"), Settings("zeros", (2, 2)))
    assert marks(compare_picture(strided, (1, 2))) == [[63, 21, 63, 63], [42, 21, 21, 21]]
    large = run(rng.integers(0, 9, (400, 800), np.uint8), find("box"))  # drawn a third as large
    assert marks(compare_picture(large, (399, 799)))[1] == [267 - 7, 134 - 7, 7, 7]  # not too small to be seen
    assert marks(compare_picture(large, (0, 300)))[1] == [pytest.approx(100 + 1 / 6 - 3.5, abs=0.01), 0, 7, 7]


def test_what_is_read_aloud_and_seen():
    svg = compare_picture(run(SMALL, find("sobel")), names=("a <b>.png", "c.png"))
    root = ElementTree.fromstring(svg)
    assert root.get("role") == "img"
    labelled = root.get("aria-labelledby").split()
    assert [element.get("id") for element in root[:2]] == labelled
    assert root[0].text == "sobel 3\xd73, border reflect"
    assert root[1].text.startswith("sobel 3\xd73, border reflect: a <b>.png 9\xd711 (rows \xd7 columns), 8-bit grey")
    assert "√(" in root[1].text
    for said in ("a <b>.png", "x: sobel-x", "y: sobel-y", "sum of x: 0", "the neighbourhood, magnified"):
        assert said in texts(svg)
    assert "prefers-color-scheme:dark" in svg
    assert svg == compare_picture(run(SMALL, find("sobel")), names=("a <b>.png", "c.png"))


def test_the_tables_hold_the_weights_and_the_values():
    svg = compare_picture(run(SMALL, linear("k", ((1, -2, 0), (0.5, 3, 1 / 3)), "clip", "")), (4, 5))
    cells = texts(svg)
    for said in ("1", "\u22122", "0", "0.5", "3", "0.333"):
        assert said in cells
    near = [str(value) for value in SMALL[3:5, 4:7].ravel()]  # two rows: the anchor is the second
    assert near == cells[cells.index("the neighbourhood, magnified") + 1 :][: len(near)]
    assert len(re.findall(r'class="plus-', svg)) == 4
    assert len(re.findall(r'class="minus-', svg)) == 1
    assert len(re.findall(r'class="nought-', svg)) == 1


def test_of_a_large_kernel_the_middle_is_left_out_and_it_is_said():
    assert shown_of(11) == tuple(range(11))
    assert shown_of(12) == (0, 1, 2, 3, 4, 7, 8, 9, 10, 11)
    svg = compare_picture(run(rng.integers(0, 9, (40, 40), np.uint8), find("box", size=(3, 31))), (20, 20))
    assert len(re.findall(r'class="plus-', svg)) == 3 * 10
    assert "the middle of the kernel and of its neighbourhood is left out" in words(svg)
    assert "left out" not in words(compare_picture(run(SMALL, find("box", size=(9, 11)))))


@pytest.mark.parametrize(
    ("border", "said"),
    [
        ("zeros", "dashed: outside the picture, where zeros stand"),
        ("reflect", "copies (reflect): row \u22121 = row 1, column 11 = column 9"),
        ("replicate", "copies (replicate): row \u22121 = row 0, column 11 = column 10"),
        ("circular", "copies (circular): row \u22121 = row 8, column 11 = column 0"),
    ],
)
def test_where_the_border_comes_from(border, said):
    outcome = run(SMALL, find("box"), Settings(border))
    svg = compare_picture(outcome, (0, 10))
    assert said in words(svg)
    assert len(re.findall(r'class="copy-', svg)) == 5
    assert "dashed" not in words(compare_picture(outcome, (1, 1)))
    assert "dashed" not in words(compare_picture(run(SMALL, find("box"), Settings("valid")), (0, 8)))


def test_of_several_times_the_last_is_worked_out():
    outcome = run(SMALL, find("box"), repeat=3)
    twice = run(SMALL, find("box"), repeat=2).after
    svg = compare_picture(outcome, (4, 5))
    assert (images(svg)[0] == twice).all()
    made = computed(next(text for text in texts(svg) if " → " in text and "·" in text))[1]
    assert abs(made - outcome.after[4, 5]) <= 0.5
    assert "the last of 3 times is shown" in words(svg)


def kinds():
    """Pictures of every kind, with filters of every kind, in every border."""
    made = itertools.cycle([*KERNELS, find("gaussian", size=(15, 15), sigma=2.0), find("gabor"), find("laplacian")])
    borders = itertools.cycle(BORDERS)
    for count, dtype in itertools.product((1, 2, 3, 4), ("uint8", "uint16", "float32", "float64")):
        shape = (40, 33) if count == 1 else (40, 33, count)
        scale = {"uint8": 255, "uint16": 65535}.get(dtype, 3e4 if dtype == "float32" else 1)
        picture = (rng.random(shape) * scale).astype(dtype)
        yield picture, next(made), Settings(next(borders), (1 + count % 2, 1), (1, 1 + count % 3))


def all_pictures():
    drawn = [
        compare_picture(run(*each), at) for each, at in zip(kinds(), itertools.cycle([None, (0, 0)]), strict=False)
    ]
    drawn += [compare_picture(ordering(SMALL, order, (3, 14)), (8, 10)) for order in ("minimum", "median", "maximum")]
    drawn.append(compare_picture(run(np.uint8([[7]]), find("identity"), Settings("replicate"))))
    drawn.append(compare_picture(run(rng.integers(0, 9, (3, 900), np.uint8), find("sobel")), (2, 899)))
    drawn.append(compare_picture(run(SMALL, find("box")), names=("a long name " * 9 + ".png", "W" * 90)))
    return drawn


def test_every_kind_is_well_formed():
    drawn = all_pictures()
    keys = {re.search(r"picture-(\w+)", svg).group(1) for svg in drawn}
    assert len(keys) == len(drawn)
    for svg in drawn:
        assert len(images(svg)) == 2


# In the browser


def test_no_text_leaves_the_sheet_or_meets_another(show):
    drawn = all_pictures()
    browser = show("<!doctype html><meta charset='utf-8'>" + "".join(drawn))
    assert browser.evaluate(COLLISIONS.replace("TIME", "0")) == [len(drawn), []]


def test_the_page_shows_the_pictures(show):
    colour = (200, 30, 90)
    picture = np.full((12, 12, 3), colour, np.uint8)
    browser = show(page(compare_picture(run(picture, find("identity"))), "a filter"))
    assert browser.evaluate("document.querySelectorAll('button, script').length") == 0
    seen = np.asarray(PIL.Image.open(io.BytesIO(browser.screenshot())).convert("RGB"))
    assert (seen == colour).all(axis=-1).sum() > 20_000  # two pictures, side by side, made as wide as the window


def test_an_order_has_no_weights():
    svg = compare_picture(ordering(SMALL, "median", (3, 3)), (4, 5))
    assert isinstance(find("median"), Order)
    assert "window of 3\xd73: no weights" in texts(svg)
    assert "the median of the window is taken" in texts(svg)
    assert "cross-correlation" not in words(svg)
