"""Pictures in a real browser: what it shows where, when; and the page's controls."""

from __future__ import annotations

import base64
import io
import json
import random
import re
from collections import Counter
from typing import NamedTuple

import pytest

from convcalc import (
    AvgPool2d,
    Conv1d,
    Conv2d,
    ConvTranspose1d,
    ConvTranspose2d,
    Linear,
    MaxPool1d,
    MaxPool2d,
    trace,
    zoo,
)
from convcalc.draw.chart.picture import chart_picture
from convcalc.draw.connections.picture import connections_picture
from convcalc.draw.html import page
from convcalc.draw.layer.picture import layer_film, layer_picture
from convcalc.draw.network.picture import network_picture
from convcalc.draw.receptive_field.picture import field_picture

EXAMPLE = Conv2d(1, 1, 3, stride=2, padding=1), (1, 1, 5, 5)  # 9 places of 0.8 s
PACE = 0.8
CARD = {"light": (255, 255, 255), "dark": (13, 17, 23)}  # "card" in the palette
WINDOW, SPARE, MADE, OUT, IN = (230, 159, 0), (247, 221, 160), (0, 102, 75), (76, 195, 160), (86, 180, 233)
MARGIN = 14  # pixels: of the picture's 16, less what a thick line may reach into them


def example_page():
    return page(picture(*EXAMPLE), "an example", layer_film(trace(*EXAMPLE).rows[0]))


def picture(layer, shape, **options):
    return layer_picture(trace(layer, shape).rows[0], **options)


def later(svg, seconds):
    """The picture as it is after so many seconds, standing still."""
    rule = f"*{{animation-delay:-{seconds}s!important;animation-play-state:paused!important}}"
    return svg.replace("</style>", f"{rule}</style>")


class Pixels(NamedTuple):
    width: int
    height: int
    data: bytes

    def at(self, x, y):
        start = 4 * (int(y) * self.width + int(x))
        return tuple(self.data[start : start + 3])

    def cell(self, x, y):
        """What most of a cell is filled with, whose corner is there: a line may pass through a part of it."""
        return Counter(self.at(x + right, y + down) for right in (5, 12, 19) for down in (5, 12, 19)).most_common(1)[0][
            0
        ]


@pytest.fixture
def pixels_of(show):
    """The pixels of a picture inside an <img>."""
    browser = show("<!doctype html>")

    def pixels(svg):
        source = "data:image/svg+xml;base64," + base64.b64encode(svg.encode()).decode()
        width, height, data = browser.evaluate(
            f"""(async () => {{
              const image = new Image();
              image.src = {json.dumps(source)};
              document.body.replaceChildren(image);
              await image.decode();
              const canvas = new OffscreenCanvas(image.naturalWidth, image.naturalHeight);
              canvas.getContext("2d").drawImage(image, 0, 0);
              const bytes = canvas.getContext("2d").getImageData(0, 0, canvas.width, canvas.height).data;
              let text = "";
              for (let i = 0; i < bytes.length; i += 32768) {{
                text += String.fromCharCode(...bytes.subarray(i, i + 32768));
              }}
              return [canvas.width, canvas.height, btoa(text)];
            }})()"""
        )
        return Pixels(width, height, base64.b64decode(data))

    return pixels


def corner(svg, role):
    """Where the first cell of the grid of that role is on the sheet, and how large a cell is: read from a still."""
    key = re.search(r'class="picture-(\w+)"', svg).group(1)
    before = svg[: svg.index(f'class="{role}-{key}"')]
    path = re.search(r'd="M([\d.]+) ([\d.]+)h', before[before.rindex("<path") :])
    x, y = float(path.group(1)), float(path.group(2))
    opened = []
    for tag in re.finditer(r"<(/?)g\b([^>]*)>", before):
        opened.pop() if tag.group(1) else opened.append(tag.group(2))
    for attributes in opened:
        moved = re.search(r"translate\(([\d.]+) ([\d.]+)\)", attributes)
        if moved:
            x, y = x + float(moved.group(1)), y + float(moved.group(2))
    return x, y


CELL = 24  # pixels, in small pictures


def test_a_picture_in_an_img_shows_the_window_where_it_is_after_a_while(pixels_of):
    """5x5, kernel 3, stride 2, padding 1: place (r, c) holds the rows from 2r - 1 and the columns from 2c - 1 on."""
    svg = picture(*EXAMPLE)
    left, top = corner(svg, "in")
    right, above = corner(svg, "out")
    for place in (0, 4, 8):
        shown = pixels_of(later(svg, (place + 0.5) * PACE))
        assert f'width="{shown.width}" height="{shown.height}"' in svg
        row, column = divmod(place, 3)
        for r in range(-1, 6):
            for c in range(-1, 6):
                is_real = 0 <= r < 5 and 0 <= c < 5
                in_window = 2 * row - 1 <= r < 2 * row + 2 and 2 * column - 1 <= c < 2 * column + 2
                wanted = (WINDOW if is_real else SPARE) if in_window else (IN if is_real else CARD["light"])
                assert shown.cell(left + CELL * c, top + CELL * r) == wanted, (place, r, c)
        for r in range(3):
            for c in range(3):
                made = MADE if (r, c) == (row, column) else OUT
                assert shown.cell(right + CELL * c, above + CELL * r) == made, (place, r, c)


@pytest.mark.parametrize(
    ("mode", "sources"),
    [
        # Of 5 elements, what is on the first place before them and on the second behind them.
        ("reflect", {-3: 3, 6: 2}),
        ("replicate", {-3: 0, 6: 4}),
        ("circular", {-3: 2, 6: 1}),
    ],
)
def test_rings_are_seen_on_what_is_copied_onto_the_padding(pixels_of, mode, sources):
    """Two taps, the first at 3 times the place less 3, the second 3 further, along both axes."""
    svg = picture(Conv2d(1, 1, 2, stride=3, padding=3, dilation=3, padding_mode=mode), (1, 1, 5, 5))
    left, top = corner(svg, "in")
    for place in range(9):
        shown = pixels_of(later(svg, (place + 0.5) * PACE))
        read = [{sources.get(tap, tap) for tap in (3 * at - 3, 3 * at)} for at in divmod(place, 3)]
        for r in range(5):
            for c in range(5):
                x, y = left + CELL * (c + 0.5), top + CELL * (r + 0.5)
                middle = [shown.at(x + right, y + down) for right in (-3, 0, 3) for down in (-3, 0, 3)]
                is_read, is_not = (
                    sum(pixel == pytest.approx(colour, abs=3) for pixel in middle) for colour in (WINDOW, IN)
                )
                assert (is_read > is_not) is (r in read[0] and c in read[1]), (place, r, c)


@pytest.mark.parametrize(
    ("layer", "shape", "look"),
    [
        (*EXAMPLE, "flat"),
        (ConvTranspose2d(1, 1, 3, 2, 1, 1), (1, 1, 2, 3), "iso"),
        (MaxPool2d((2, 3), (1, 2)), (1, 1, 4, 7), "flat"),
    ],
    ids=repr,
)
def test_at_no_time_is_anything_in_the_margins(pixels_of, layer, shape, look):
    svg = picture(layer, shape, look=look)
    seen = set()
    for place in (0, 1, 3, 5):
        shown = pixels_of(later(svg, (place + 0.5) * PACE))
        seen.add(shown.data)
        inner = range(3, MARGIN), range(shown.width - MARGIN, shown.width - 3)
        for side in inner:
            assert {shown.at(x, y) for x in side for y in range(12, shown.height - 12)} == {CARD["light"]}, place
    assert len(seen) == 4  # it did move


def test_nothing_is_in_the_margins_of_a_picture_on_a_page(show):
    """Where the picture is not in an <img>, the browser paints what moves in layers of their own."""
    from PIL import Image

    svg = picture(*EXAMPLE)
    for place in (0, 1, 4):
        browser = show(f"<!doctype html><body style='margin:0'>{later(svg, (place + 0.5) * PACE)}")
        shown = Image.open(io.BytesIO(browser.screenshot())).convert("RGB")
        assert {shown.getpixel((x, y)) for x in range(3, MARGIN) for y in range(12, 300)} == {CARD["light"]}, place


@pytest.mark.parametrize("look", ["flat", "iso"])
@pytest.mark.parametrize("sizes", [(7, 3), (3, 7), (7, 7)])
def test_lines_are_as_sharp_in_a_moving_picture_on_a_page_as_in_a_still(show, look, sizes):
    from PIL import Image

    def brown(**options):
        """How many pixels have the colour of the lines, rather than that of the window."""
        svg = picture(Conv2d(1, 1, 3), (1, 1, *sizes), look=look, **options)
        browser = show(f"<!doctype html><body style='margin:0'>{svg}")
        shown = Image.open(io.BytesIO(browser.screenshot())).convert("RGB")
        colours = shown.getcolors(shown.width * shown.height)
        return sum(count for count, (red, green, blue) in colours if 215 > red > green + 25 > blue + 50)

    assert brown() == pytest.approx(brown(still=True), rel=0.2)


def test_without_the_time_for_it_the_first_frame_is_the_still_at_the_first_place(pixels_of):
    def cells(svg):
        shown = pixels_of(svg)
        left, top = corner(svg, "in")
        return [shown.cell(left + CELL * c, top + CELL * r) for r in range(-1, 6) for c in range(-1, 6)]

    moving = picture(*EXAMPLE)
    assert cells(later(moving, 0)) == cells(picture(*EXAMPLE, still=True)) != cells(picture(*EXAMPLE, at=(1, 1)))


def test_the_card_is_dark_where_the_reader_asks_for_it(browser, pixels_of):
    svg = picture(*EXAMPLE, still=True)
    for scheme, card in CARD.items():
        browser.prefer(color_scheme=scheme)
        assert pixels_of(svg).at(100, 8) == card


POSITION = """(() => {
  const key = document.querySelector("svg").classList[0].split("-").pop();
  const box = (role) => {
    const {x, y, width, height} = document.querySelector(`.${role}-${key}`).getBoundingClientRect();
    return [x, y, width, height];
  };
  return {window: box("around"), real: box("WIDE"), place: box("USED"), narrow: box("NARROW")};
})()"""
PLACES = [
    (Conv2d(1, 1, (3, 2), stride=(1, 2), padding=(1, 0)), (1, 1, 5, 8), (1, 2), (1, 0)),
    (Conv2d(1, 1, 2, dilation=2, padding=2), (1, 1, 4, 4), (1, 1), (2, 2)),
    (AvgPool2d(2), (1, 1, 6, 8), (2, 2), (0, 0)),
    (ConvTranspose2d(1, 1, 3, stride=2, padding=1), (1, 1, 3, 4), (2, 2), (1, 1)),
]


@pytest.mark.parametrize(("layer", "shape", "stride", "padding"), PLACES, ids=repr)
def test_the_window_steps_by_the_stride(show, layer, shape, stride, padding):
    """At each place the window begins at place * stride - padding, and its cell is that place."""
    transposed = isinstance(layer, ConvTranspose2d)
    wide, used, narrow = ("out", "taken", "in") if transposed else ("in", "made", "out")
    browser = show(picture(layer, shape))
    row = trace(layer, shape).rows[0]
    rows, columns = (row.input if transposed else row.output)[2:]
    sides = (row.output if transposed else row.input)[2:]
    pace = browser.evaluate("Math.max(...document.getAnimations().map(a => a.effect.getTiming().duration))")
    pace /= rows * columns
    script = POSITION.replace("WIDE", wide).replace("USED", used).replace("NARROW", narrow)
    for place in {0, 1, columns, rows * columns - 2, rows * columns - 1}:
        time = (place + 0.5) * pace
        boxes = browser.evaluate(
            f"document.getAnimations().forEach(a => {{a.pause(); a.currentTime = {time}}}), {script}"
        )
        cell = boxes["real"][2] / sides[1]
        for axis, index in ((1, place // columns), (0, place % columns)):
            begin = index * stride[1 - axis] - padding[1 - axis]
            assert boxes["window"][axis] == pytest.approx(boxes["real"][axis] + begin * cell, abs=0.1), place
            assert boxes["place"][axis] == pytest.approx(boxes["narrow"][axis] + index * cell, abs=0.1), place


def test_nothing_moves_for_readers_who_ask_for_less_motion(browser, show):
    browser.prefer(reduced_motion="reduce")
    show(picture(*EXAMPLE))
    assert browser.evaluate("document.getAnimations().length") == 0
    assert browser.evaluate("document.querySelector('[class^=around]').getCTM().e") == browser.evaluate(
        "document.querySelector('[class^=frame]').getCTM().e"
    )
    browser.prefer()
    assert browser.evaluate("document.getAnimations().length") > 10


COLLISIONS = """(() => {
  for (const motion of document.getAnimations()) { motion.pause(); motion.currentTime = TIME; }
  const problems = [];
  for (const svg of document.querySelectorAll("svg")) {
    const sheet = svg.getBoundingClientRect();
    const said = svg.querySelector("title").textContent;
    const texts = [...svg.querySelectorAll("text")].filter(text => getComputedStyle(text).visibility === "visible");
    const boxes = texts.map(text => text.getBoundingClientRect());
    if (texts.length < 3) problems.push([said, "has little text"]);
    boxes.forEach((box, i) => {
      if (box.left < sheet.left || box.right > sheet.right || box.top < sheet.top || box.bottom > sheet.bottom)
        problems.push([said, texts[i].textContent, "leaves the sheet"]);
      for (let j = 0; j < i; j++) {
        const other = boxes[j];
        if (Math.min(box.right, other.right) - Math.max(box.left, other.left) > 0.5
            && Math.min(box.bottom, other.bottom) - Math.max(box.top, other.top) > 0.5)
          problems.push([said, texts[i].textContent, texts[j].textContent, "meet"]);
      }
    });
  }
  return [document.querySelectorAll("svg").length, problems];
})()"""


def random_layer(rng):
    """A layer that a window moves over, or a Linear one, and an input for it."""
    rank = rng.choice((1, 2, 2))
    kernel, stride, dilation = (tuple(rng.randint(1, most) for _ in range(rank)) for most in (7, 4, 3))
    extent = [d * (k - 1) + 1 for k, d in zip(kernel, dilation, strict=True)]
    largest = rng.choice((4, 12, 24, 300, 100_000))
    sizes = [rng.randint(1, largest) + e for e in extent]
    channels, batch = rng.choice((1, 3, 1024)), rng.choice((1, 1, 128))
    kind = rng.choice(("conv", "pool", "transposed", "linear"))
    if kind == "conv":
        layer = (Conv1d, Conv2d)[rank - 1](channels, 8, kernel, stride, rng.randint(0, 9), dilation)
    elif kind == "pool":
        ceil_mode = rng.random() < 0.5
        layer = (MaxPool1d, MaxPool2d)[rank - 1](kernel, stride, min(kernel) // 2, dilation, ceil_mode=ceil_mode)
    elif kind == "transposed":
        layer = (ConvTranspose1d, ConvTranspose2d)[rank - 1](
            channels, 8, kernel, stride, (min(extent) - 1) // 2, min(stride) - 1, dilation=dilation
        )
    else:
        return Linear(largest, rng.randint(1, largest)), (batch, largest)
    return layer, (batch, channels, *sizes)


def test_no_text_leaves_the_sheet_or_meets_another(show):
    rng = random.Random(5)
    pictures = []
    for number in range(200):
        layer, shape = random_layer(rng)
        pictures.append(picture(layer, shape, look=("flat", "iso")[number % 2], still=number % 5 == 4))
    browser = show("<!doctype html>" + "".join(pictures))
    for time in (2_500, 10**7):
        count, problems = browser.evaluate(COLLISIONS.replace("TIME", str(time)))
        assert count == 200
        assert problems == []


def test_nor_does_text_of_networks_fields_tables_and_charts(show):
    pictures = []
    for name, size in (("lenet5", 32), ("resnet18", 224), ("googlenet", 224), ("mobilenet_v2", 224)):
        report = trace(zoo.build(name), (1, 1 if name == "lenet5" else 3, size, size))
        seeing = [row.name for row in report.leaves if row.field and row.windows]
        weighted = [row for row in report.leaves if row.weight_shape is not None and len(row.weight_shape) > 1]
        pictures += [network_picture(report, name=name), network_picture(report, depth=1, width=800)]
        pictures += [field_picture(report, layer) for layer in (seeing[-1], seeing[len(seeing) // 2])]
        pictures += [connections_picture(row) for row in (weighted[0], weighted[len(weighted) // 2], weighted[-1])]
        pictures += [chart_picture(report, figure) for figure in ("parameters", "macs", "memory")]
    browser = show("<!doctype html><meta charset='utf-8'>" + "".join(pictures))
    assert browser.evaluate(COLLISIONS.replace("TIME", "0")) == [len(pictures), []]


WHERE = "document.querySelector('output').textContent"
PLAYS = "document.getAnimations().some(motion => motion.playState === 'running')"


def test_the_page_is_operated_by_mouse(show):
    browser = show(example_page())
    assert browser.evaluate("document.title") == "an example"
    assert browser.evaluate(PLAYS)
    browser.click("button:nth-of-type(2)")
    assert not browser.evaluate(PLAYS)
    assert browser.evaluate(WHERE) == "place 1 of 9"
    for _ in range(4):
        browser.click("button:nth-of-type(3)")
    assert browser.evaluate(WHERE) == "place 5 of 9"
    visible = "getComputedStyle(text).visibility === 'visible'"
    index = f"[...document.querySelectorAll('[class^=code]')].filter(text => {visible}).map(text => text.textContent)"
    assert "".join(browser.evaluate(index)) == "out[1,1]"
    for _ in range(5):
        browser.click("button:nth-of-type(1)")
    assert browser.evaluate(WHERE) == "place 9 of 9"
    browser.click("button:nth-of-type(2)")
    assert browser.evaluate(PLAYS)


def test_the_page_is_operated_by_keys(show):
    browser = show(example_page())
    browser.press(" ")
    assert not browser.evaluate(PLAYS)
    browser.press("ArrowRight")
    browser.press("ArrowRight")
    assert browser.evaluate(WHERE) == "place 3 of 9"
    browser.press("ArrowLeft")
    assert browser.evaluate(WHERE) == "place 2 of 9"
    reached = []
    for _ in range(3):
        browser.press("Tab")
        reached.append(browser.evaluate("document.activeElement.ariaLabel"))
        assert browser.evaluate("getComputedStyle(document.activeElement).outlineStyle") == "solid"
    assert reached == ["Back by one place", "Play the animation", "Forward by one place"]
    browser.press("Enter")
    assert browser.evaluate(WHERE) == "place 3 of 9"
    browser.press(" ")  # presses the button that has the focus, and does not play
    assert (browser.evaluate(WHERE), browser.evaluate(PLAYS)) == ("place 4 of 9", False)


def test_the_page_starts_paused_for_readers_who_ask_for_less_motion_and_can_be_played(browser, show):
    browser.prefer(reduced_motion="reduce")
    show(example_page())
    assert not browser.evaluate(PLAYS)
    browser.press("ArrowRight")
    assert browser.evaluate(WHERE) == "place 2 of 9"
    browser.press(" ")
    assert browser.evaluate(PLAYS)


def test_the_page_asks_the_network_for_nothing(show):
    browser = show(example_page())
    assert browser.evaluate("performance.getEntriesByType('resource').length") == 0


def test_a_page_around_what_does_not_move_has_no_controls(show):
    browser = show(page(picture(*EXAMPLE, still=True), "an example"))
    assert browser.evaluate("document.querySelectorAll('button, script').length") == 0
    assert browser.evaluate("document.querySelectorAll('svg').length") == 1
