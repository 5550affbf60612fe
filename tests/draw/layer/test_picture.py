from __future__ import annotations

import re
import subprocess
import sys
from xml.etree import ElementTree

import numpy as np
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from convcalc import (
    AdaptiveAvgPool2d,
    AvgPool2d,
    BatchNorm2d,
    Conv1d,
    Conv2d,
    Conv3d,
    ConvTranspose1d,
    ConvTranspose2d,
    Flatten,
    Linear,
    MaxPool1d,
    MaxPool2d,
    ReLU,
    Sequential,
    Softmax,
    Unfold,
    trace,
)
from convcalc.draw.layer.caption import title
from convcalc.draw.layer.picture import layer_picture, scene_of
from convcalc.draw.palette import SIZES, is_bold
from convcalc.draw.text import MONO_WIDTH, text_width
from convcalc.engine import execute
from convcalc.errors import ConvcalcError
from tests.draw.unhurried import UNHURRIED

SVG = "{http://www.w3.org/2000/svg}"
BLOCK = re.compile(r"M(-?[\d.]+) (-?[\d.]+)h([\d.]+)v([\d.]+)h-[\d.]+z")
MODES = ("zeros", "reflect", "replicate", "circular")


@st.composite
def layers_and_inputs(draw, largest=9, modes=("zeros",), ranks=(1, 2)):
    """A layer with a window, of one map, and the shape of an input that it takes."""
    rank = draw(st.sampled_from(ranks))
    kernel, stride, dilation = (tuple(draw(st.integers(1, most)) for _ in range(rank)) for most in (4, 4, 3))
    kind = draw(st.sampled_from(["conv", "pool", "transposed"]))
    sizes = [draw(st.integers(1, largest)) for _ in range(rank)]
    extent = [d * (k - 1) + 1 for k, d in zip(kernel, dilation, strict=True)]
    if kind == "transposed":
        padding = tuple(draw(st.integers(0, (e - 1) // 2)) for e in extent)
        extra = tuple(draw(st.integers(0, max(s, d) - 1)) for s, d in zip(stride, dilation, strict=True))
        layer = {1: ConvTranspose1d, 2: ConvTranspose2d}[rank](
            1, 1, kernel, stride=stride, padding=padding, output_padding=extra, dilation=dilation, bias=False
        )
    elif kind == "pool":
        padding = tuple(draw(st.integers(0, k // 2)) for k in kernel)
        sizes = [max(n, e) for n, e in zip(sizes, extent, strict=True)]
        layer = {1: MaxPool1d, 2: MaxPool2d}[rank](kernel, stride, padding, dilation, ceil_mode=draw(st.booleans()))
    else:
        mode = draw(st.sampled_from(modes))
        sizes = [max(n, e) for n, e in zip(sizes, extent, strict=True)]
        most = {"reflect": 0, "circular": 1}.get(mode, 3)
        padding = tuple(
            tuple(draw(st.integers(0, min(n - 1, 3) if most < 3 else most)) for _ in range(2)) for n in sizes
        )
        layer = {1: Conv1d, 2: Conv2d}[rank](
            1, 1, kernel, stride=stride, padding=padding, dilation=dilation, bias=False, padding_mode=mode
        )
    return layer, (1, 1, *sizes)


def picture(layer, shape, **options):
    return layer_picture(trace(layer, shape).rows[0], **options)


def key_of(svg):
    return re.search(r'class="picture-(\w+)"', svg).group(1)


def shapes_of(svg, role):
    """The path data of everything of that class, in order."""
    named = f"{role}-{key_of(svg)}"
    return [part.get("d") for part in ElementTree.fromstring(svg).iter(f"{SVG}path") if part.get("class") == named]


def blocks(path):
    return [tuple(map(float, block)) for block in BLOCK.findall(path)]


def cells(svg, role, origin, cell):
    """The (row, column) of each cell that the paths of that class hold, counted from the origin."""
    return {
        (row, column)
        for path in shapes_of(svg, role)
        for x, y, width, height in blocks(path)
        for row in range(round(y / cell) - origin[0], round((y + height) / cell) - origin[0])
        for column in range(round(x / cell) - origin[1], round((x + width) / cell) - origin[1])
    }


def influence(layer, shape):
    """Which output elements each input element changes: executed on ones, with one element changed after the other."""
    size = int(np.prod(shape))
    inputs = np.ones((size + 1, *shape[1:]))
    inputs.reshape(size + 1, size)[np.arange(size), np.arange(size)] = 1000
    weights = {"weight": np.ones(layer.weight_shape)} if layer.weight_shape else {}
    outputs = execute(layer, inputs, **weights)
    changed = outputs[:-1] != outputs[-1]
    sizes = [(1, *each) if len(each) == 1 else each for each in (shape[2:], outputs.shape[2:])]
    return changed.reshape(*sizes[0], *sizes[1])


@settings(UNHURRIED, max_examples=30)
@given(layers_and_inputs(largest=7, modes=MODES), st.data())
def test_the_window_and_rings_hold_what_changes_the_output_and_nothing_else(case, data):
    layer, shape = case
    changes = influence(layer, shape)
    assume(max(changes.shape) <= 24)  # all of it is drawn
    transposed = isinstance(layer, ConvTranspose1d | ConvTranspose2d)
    steps = changes.shape[:2] if transposed else changes.shape[2:]
    at = tuple(data.draw(st.integers(0, size - 1)) for size in steps)
    svg = picture(layer, shape, still=True, at=at if len(shape) == 4 else at[1:])
    ((x, y, cell, _),) = blocks(shapes_of(svg, "taken" if transposed else "made")[0])
    assert (round(y / cell), round(x / cell)) == at
    (real,) = shapes_of(svg, "out" if transposed else "in")
    ((left, top, width, height),) = blocks(real)
    origin = round(top / cell), round(left / cell)
    assert (round(height / cell), round(width / cell)) == (changes.shape[2:] if transposed else changes.shape[:2])
    wanted = changes[at] if transposed else changes[:, :, at[0], at[1]]
    wanted = {(int(r), int(c)) for r, c in np.argwhere(wanted)}
    assert cells(svg, "window", origin, cell) | rings(svg, origin, cell) == wanted
    assert not cells(svg, "window", origin, cell) & rings(svg, origin, cell)
    assert ("rings:" in svg) == bool(rings(svg, origin, cell))
    if getattr(layer, "padding_mode", "zeros") == "zeros":
        assert "ringing" not in svg
    taps = np.prod(layer.kernel_size)
    assert len(cells(svg, "window", origin, cell)) + len(cells(svg, "spare", origin, cell)) == taps


def position(svg, what, index, places):
    """How far what moves is, in pixels, at one of so many places."""
    rule = re.search(rf"@keyframes {what}-{key_of(svg)}{{((?:[\d.]+%{{[^}}]*}})+)}}", svg).group(1)
    turns = re.findall(r"([\d.]+)%{\w+:translate\w\((-?[\d.]+)", rule)
    return [float(far) for begin, far in turns if float(begin) <= 100 * (index + 0.5) / places][-1]


def rings(svg, origin, cell, place=(0, 0), places=(1, 1)):
    """The (row, column) of each real cell with a ring, at a place of what moves."""
    root, key = ElementTree.fromstring(svg), key_of(svg)
    pattern = next((part for part in root.iter(f"{SVG}pattern") if part.get("id") == f"ringing-{key}"), None)
    if pattern is None:
        return set()
    steps = [round(float(pattern.get(side)) / cell) for side in ("height", "width")]
    clips = {part.get("id"): blocks(part[0].get("d")) for part in root.iter(f"{SVG}clipPath")}
    real = shapes_of(svg, "in")[0]

    def held(boxes):
        return {
            (row, column)
            for x, y, width, height in boxes
            for row in range(round(y / cell), round((y + height) / cell))
            for column in range(round(x / cell), round((x + width) / cell))
        }

    def drawn(part, fill):
        if part.tag == f"{SVG}defs":
            return set()
        fill = part.get("fill") or fill
        moved = [0, 0]  # down and across
        if part.tag == f"{SVG}path" and fill == f"url(#ringing-{key})":
            across, down = map(float, re.findall(r"[\d.]+", part.get("transform") or "0 0"))
            every = held(blocks(part.get("d")))
            found = {(r, c) for r, c in every if r % steps[0] == 0 and c % steps[1] == 0}
            moved = [round(down / cell), round(across / cell)]
        else:
            found = set().union(*(drawn(child, fill) for child in part))
        for index, axis in zip(place, "YX", strict=True):
            what = (part.get("class") or "").removesuffix(f"-{key}")
            if f"translate{axis}" in "".join(frames(svg, what)):
                moved["YX".index(axis)] += round(position(svg, what, index, places["YX".index(axis)]) / cell)
        found = {(r + moved[0], c + moved[1]) for r, c in found}
        clip = re.match(r"url\(#(.*)\)", part.get("clip-path") or "")
        return found & held(clips[clip[1]]) if clip else found

    grid = next(part for part in root.iter() for child in part if child.get("d") == real)
    return {(r - origin[0], c - origin[1]) for r, c in drawn(grid, None)}


@settings(UNHURRIED, max_examples=30)
@given(layers_and_inputs(largest=7, modes=MODES[1:]), st.sampled_from(["flat", "iso"]))
def test_what_is_copied_is_ringed_at_each_place_while_all_moves(case, look):
    layer, shape = case
    assume(getattr(layer, "padding_mode", "zeros") != "zeros")
    changes = influence(layer, shape)
    assume(max(changes.shape) <= 24)
    moving = picture(layer, shape, look=look)
    assume("@keyframes" in moving)
    ((left, top, width, _),) = blocks(shapes_of(moving, "in")[0])
    cell = width / changes.shape[1]
    origin = round(top / cell), round(left / cell)
    taps = trace(layer, shape).rows[0].windows
    for place in np.ndindex(*changes.shape[2:]):
        wanted = {(int(r), int(c)) for r, c in np.argwhere(changes[:, :, *place])}
        # What the window covers is painted over.
        window = {
            at for at in wanted if all(at[i] in taps[i - 2 + len(taps)].taps(place[i]) for i in range(2 - len(taps), 2))
        }
        assert rings(moving, origin, cell, place, changes.shape[2:]) - window == wanted - window, place


@settings(UNHURRIED, max_examples=30)
@given(st.integers(20, 70), st.integers(1, 4), st.integers(1, 4), st.integers(0, 30), st.sampled_from(MODES[1:]))
def test_of_a_cut_axis_the_rings_are_on_what_is_copied(size, kernel, dilation, padding, mode):
    padding = min(padding, size - 1)
    layer, shape = Conv1d(1, 1, kernel, 1, padding, dilation, padding_mode=mode), (1, 1, size)
    (axis,) = scene_of(trace(layer, shape).rows[0]).axes
    assume(len(axis.places) > 1)
    svg = picture(layer, shape)
    padded = np.pad(
        np.arange(size), padding, mode={"replicate": "edge", "reflect": "reflect", "circular": "wrap"}[mode]
    )
    shown = axis.wide.shown()
    ((_, _, cell, _),) = blocks(shapes_of(svg, "made")[0])
    for index, place in enumerate(axis.places):
        held = [place + tap * dilation for tap in range(kernel)]
        sources = {int(padded[i]) for i in held} - {i - padding for i in held}
        taps = {axis.wide.position(i - padding) for i in held}
        wanted = {axis.wide.position(i) for i in sources if i in shown}
        assert {c for _, c in rings(svg, (0, 0), cell, (0, index), (1, len(axis.places)))} - taps == wanted, place
        if padding <= 10 or not axis.is_cut:
            assert len(wanted) == len(sources), place


@settings(UNHURRIED, max_examples=40)
@given(layers_and_inputs(largest=7, modes=MODES))
def test_what_changes_nothing_is_hatched_and_nothing_else(case):
    layer, shape = case
    changes = influence(layer, shape)
    assume(max(changes.shape) <= 24)  # all of it is drawn
    transposed = isinstance(layer, ConvTranspose1d | ConvTranspose2d)
    idle = ~(changes.any(axis=(0, 1)) if transposed else changes.any(axis=(2, 3)))
    svg = picture(layer, shape)
    (real,) = shapes_of(svg, "out" if transposed else "in")
    ((left, top, width, _),) = blocks(real)
    cell = width / idle.shape[1]
    origin = round(top / cell), round(left / cell)
    assert cells(svg, "unread", origin, cell) == {(int(r), int(c)) for r, c in np.argwhere(idle)}
    assert ("hatched" in svg) == bool(idle.any())


def frames(svg, what):
    """The declarations of each of the keyframes, in order."""
    rule = re.search(rf"@keyframes {what}-{key_of(svg)}{{((?:[\d.]+%{{[^}}]*}})+)}}", svg)
    return re.findall(r"{([^}]*)}", rule.group(1)) if rule else []


def stretches(svg, what, count):
    """Where the stretched lines begin and end, at each place."""
    moves = frames(svg, what)
    if not moves:  # one place, or all alike: it stands in the group's own style
        moves = [re.search(rf"transform:translate{'X' if '-c' in what else 'Y'}[^\"]*", svg).group(0)]
    pairs = [tuple(map(float, re.findall(r"\((-?[\d.]+)", move))) for move in moves]
    pairs = pairs * count if len(pairs) == 1 else pairs
    return [(begin, begin + length) for begin, length in pairs]


@settings(UNHURRIED, max_examples=30)
@given(layers_and_inputs(largest=6), st.sampled_from(["flat", "iso"]))
def test_what_moves_is_at_each_place_where_the_still_shows_it(case, look):
    layer, shape = case
    moving = picture(layer, shape, look=look)
    assume("left out" not in moving and "@keyframes" in moving)
    row = trace(layer, shape).rows[0]
    transposed = isinstance(layer, ConvTranspose1d | ConvTranspose2d)
    steps = (row.input if transposed else row.output)[2:]
    steps = (1, *steps) if len(steps) == 1 else steps
    first = {role: blocks(shapes_of(moving, role)[0])[0] for role in ("around", "taken" if transposed else "made")}
    for r in range(steps[0]):
        for c in range(steps[1]):
            still = picture(layer, shape, look=look, still=True, at=(r, c)[4 - len(shape) :])
            for role, what in zip(first, ("window", "place"), strict=True):
                down, across = (
                    float(re.search(r"\((-?[\d.]+)px", frames(moving, f"{what}-{axis}")[i]).group(1)) if n > 1 else 0
                    for axis, i, n in (("r", r, steps[0]), ("c", c, steps[1]))
                )
                x, y, *size = first[role]
                assert blocks(shapes_of(still, role)[0])[0] == pytest.approx((x + across, y + down, *size))


@settings(UNHURRIED, max_examples=30)
@given(layers_and_inputs(largest=6, ranks=(2,)), st.data())
def test_moving_lines_go_where_the_stills_go(case, data):
    layer, shape = case
    row = trace(layer, shape).rows[0]
    transposed = isinstance(layer, ConvTranspose1d | ConvTranspose2d)
    steps = (row.input if transposed else row.output)[2:]
    steps = (1, *steps) if len(steps) == 1 else steps
    moving = picture(layer, shape)
    assume("left out" not in moving and min(steps) > 1)
    r, c = (data.draw(st.integers(0, size - 1)) for size in steps)
    still = picture(layer, shape, still=True, at=(r, c))
    wanted = re.findall(r"M(\S+) (\S+)L([-\d.]+) ([-\d.]+)", shapes_of(still, "lines")[0])
    across = stretches(moving, "line-c0", steps[1])[c]
    for i, (x1, y1, x2, y2) in enumerate(wanted):
        down = stretches(moving, f"line-r{i}", steps[0])[r]
        assert (*across, *down) == pytest.approx((float(x1), float(x2), float(y1), float(y2)), abs=0.6)


@pytest.mark.parametrize("look", ["flat", "iso"])
def test_first_and_other_frames_of_the_known_example(look):
    """5x5, kernel 3, stride 2, padding 1: the window goes on by two cells of 24 pixels, the output's cell by one."""
    svg = picture(Conv2d(1, 1, 3, stride=2, padding=1), (1, 1, 5, 5), look=look)
    assert frames(svg, "window-c") == [f"transform:translateX({x}px)" for x in (0, 48, 96)]
    assert frames(svg, "place-r") == [f"transform:translateY({y}px)" for y in (0, 24, 48)]
    assert re.findall(r"([\d.]+)%{transform:translateX", svg)[:3] == ["0", "33.33", "66.67"]
    assert len(svg.encode()) <= 9_000
    assert "input 5\xd75 (+1 padding each side) → output 3\xd73" in svg
    assert "⌊(5 + 2·1 \u2212 1·(3 \u2212 1) \u2212 1) / 2⌋ + 1 = 3" in svg
    words = [text.text for text in ElementTree.fromstring(svg).iter(f"{SVG}text")]
    assert [f"out[{r}," in words and f"{r}]" in words for r in range(4)] == [True, True, True, False]
    assert "<script" not in svg


@pytest.mark.parametrize(
    ("layer", "size", "wanted"),
    [
        # Cells of 24 pixels, 18 above the input for its label. At (1, 1) the window's right side is 5 cells from the
        # left; the output, 3 cells high beside 7, begins 2 cells lower, and 64 pixels behind the 7 cells of the input.
        (Conv2d(1, 1, 3, 2, 1), 5, [(120, 66, 256, 90), (120, 138, 256, 114)]),
        # The stamp of input cell (1, 1) begins at row and column 2 of 7; the input has 3, and begins 2 cells lower.
        (ConvTranspose2d(1, 1, 3, 2), 3, [(72 + 64 + 48, 48, 48, 72), (72 + 64 + 48, 120, 48, 96)]),
    ],
    ids=["convolution", "transposed"],
)
def test_lines_go_from_the_window_to_its_cell(layer, size, wanted):
    svg = picture(layer, (1, 1, size, size), still=True, at=(1, 1))
    lines = re.findall(r"M(\S+) (\S+)L([-\d.]+) ([-\d.]+)", shapes_of(svg, "lines")[0])
    drawn = [tuple(map(float, line)) for line in lines]
    beside = drawn[0][2] - wanted[0][2]  # the width of a label, where one stands left of the input
    assert [(x1 - beside, y1, x2 - beside, y2) for x1, y1, x2, y2 in drawn] == wanted


def test_the_slanted_lines_go_from_corner_to_corner():
    svg = picture(Conv2d(1, 1, 2), (1, 1, 3, 3), look="iso", still=True, at=(1, 0))
    lines = re.findall(r"M(\S+) (\S+)L([-\d.]+) ([-\d.]+)", shapes_of(svg, "lines")[0])
    begins = {(float(x), float(y)) for x, y, _, _ in lines}
    assert begins == {(0, 24), (48, 24), (0, 72), (48, 72)}
    ends = {(float(x), float(y)) for _, _, x, y in lines}
    left, top = min(ends)
    assert {(round(x - left, 1), round(y - top, 1)) for x, y in ends} == {(0, 0), (24, 0), (0, 24), (24, 24)}


def test_one_index_is_shown_at_a_time():
    svg = picture(Conv2d(1, 1, 3), (1, 1, 5, 6))
    for what, count in (("row", 3), ("column", 4)):
        for moment in range(0, 100, 7):
            shown = []
            for i in range(count):
                rule = re.search(rf"@keyframes {what}{i}-\w+{{(.*?}})}}", svg).group(1)
                turns = re.findall(r"([\d.]+)%{visibility:(\w+)}", rule)
                shown.append([state for begin, state in turns if float(begin) <= moment][-1] == "visible")
            assert shown == [i == moment * count // 100 for i in range(count)]
    # Of those, the first stands without animation.
    hidden = {part.get("class") for part in ElementTree.fromstring(svg).iter() if part.get("visibility") == "hidden"}
    key = key_of(svg)
    assert hidden == {f"{what}-{key}" for what in ("row1", "row2", "column1", "column2", "column3", "live")}


def test_still_lines_give_way_to_moving_ones_and_rows_wait_for_columns():
    svg = picture(Conv2d(1, 1, 3), (1, 1, 5, 6))
    assert frames(svg, "rest") == ["visibility:hidden"]
    assert frames(svg, "live") == ["visibility:visible"]
    seconds = {
        what: float(re.search(rf"animation:{what}-\w+ ([\d.]+)s step-end infinite", svg).group(1))
        for what in ("window-r", "window-c", "place-r", "place-c", "row0", "column0", "line-r0", "line-c0")
    }
    assert seconds.pop("window-c") == seconds.pop("place-c") == seconds.pop("column0") == seconds.pop("line-c0") == 3.2
    assert set(seconds.values()) == {9.6}  # three rows of four columns, 0.8 each
    assert "@media(prefers-reduced-motion:reduce)" in svg
    units = [part for part in ElementTree.fromstring(svg).iter(f"{SVG}path") if part.get("d") == "M0 0L1 1"]
    assert {part.get("vector-effect") for part in units} == {"non-scaling-stroke"}


def test_what_moves_over_padding_is_cut_to_the_real_elements():
    svg = picture(Conv2d(1, 1, 3, padding=1), (1, 1, 5, 6))
    root, key = ElementTree.fromstring(svg), key_of(svg)
    (clip,) = root.iter(f"{SVG}clipPath")
    assert blocks(clip[0].get("d")) == [(24, 24, 144, 120)]
    (clipped,) = (part for part in root.iter() if part.get("clip-path"))
    assert clipped.get("clip-path") == f"url(#{clip.get('id')})"
    assert {part.get("class") for part in clipped.iter(f"{SVG}path")} == {f"window-{key}"}


def test_taps_with_holes_between_them_are_a_pattern_from_the_first_tap_on():
    """The window begins at the corner of the frame; cells of 24 pixels, taps 2 apart down and 3 across."""
    svg = picture(Conv2d(1, 1, (3, 2), padding=2, dilation=(2, 3)), (1, 1, 6, 6))
    tiles = [part for part in ElementTree.fromstring(svg).iter(f"{SVG}pattern") if "tile" in part.get("id")]
    assert [tile[0].get("class") for tile in tiles] == [f"{role}-{key_of(svg)}" for role in ("spare", "window")]
    for tile in tiles:
        x, y, width, height = (float(tile.get(name)) for name in ("x", "y", "width", "height"))
        tap = [float(tile[0].get(name)) for name in ("x", "y", "width", "height")]
        assert (width, height) == (3 * 24, 2 * 24)
        assert tap == [-x, -y, 24, 24]
        # All of it is in the tile.
        assert 0 < tap[0] < width - 24
        assert 0 < tap[1] < height - 24


def test_a_cropped_side_does_not_shift_what_moves():
    svg = picture(Conv1d(1, 1, 1, padding=-2, padding_mode="reflect"), (1, 1, 9))
    assert frames(svg, "window-c") == [f"transform:translateX({24 * i}px)" for i in range(5)]
    assert blocks(shapes_of(svg, "window")[0])[0][:2] == (48, 0)


def test_a_full_connection_has_a_line_from_each_input_to_each_output():
    svg = picture(Linear(3, 2), (1, 3))
    (first,), (others,) = shapes_of(svg, "lines"), shapes_of(svg, "rule")
    # Cells of 14 pixels; inputs at 25, 39 and 53 below the label, outputs in the middle of them, 200 to the right.
    starts, ends = (25, 39, 53), (32, 46)
    assert first == "".join(f"M14 {start}l200 {ends[0] - start}" for start in starts)
    assert others == "".join(f"M14 {start}l200 {ends[1] - start}" for start in starts)


any_layer = st.one_of(
    layers_and_inputs(modes=MODES), layers_and_inputs(largest=300), layers_and_inputs(largest=40, modes=MODES)
)


@settings(UNHURRIED, max_examples=40)
@given(any_layer, st.sampled_from(["flat", "iso"]), st.booleans())
def test_pictures_are_small_and_well_formed_and_their_text_is_whole(case, look, still):
    layer, shape = case
    svg = picture(layer, shape, look=look, still=still)
    check(svg)
    assert len(svg.encode()) <= 40_000
    assert svg == picture(layer, shape, look=look, still=still)


def check(svg):
    """Every name carries the picture's key, and every line of text is on the sheet, and on no other."""
    root, key = ElementTree.fromstring(svg), key_of(svg)
    named = [name for part in root.iter() for name in (part.get("id"), part.get("class")) if name]
    style = root.find(f"{SVG}style").text
    named += re.findall(r"@keyframes ([\w-]+)", style) + re.findall(r"[}{ ]\.([a-z][\w-]*)", style)
    assert all(name.endswith(f"-{key}") for name in named)
    ids = [part.get("id") for part in root.iter() if part.get("id")]
    assert len(ids) == len(set(ids))
    numbers = [value for part in root.iter() for name, value in part.items() if name not in ("id", "class")]
    assert not re.search(r"\.\d+e|nan|inf\b", " ".join([*numbers, re.sub(r"infinite", "", style)]))
    boxes = []
    _, _, width, height = map(float, root.get("viewBox").split())
    for x1, y1, x2, y2, words in text_boxes(root, 0, 0, key):
        assert 0 <= x1 < x2 <= width, words
        assert 0 <= y1 < y2 <= height, words
        for a1, b1, a2, b2, other in boxes:
            assert x2 <= a1 or a2 <= x1 or y2 <= b1 or b2 <= y1, (words, other)
        boxes.append((x1, y1, x2, y2, words))


def text_boxes(part, x, y, key):
    """The boxes of all text that is shown at first."""
    if part.get("visibility") == "hidden":
        return
    moved = re.match(r"translate\((-?[\d.]+) (-?[\d.]+)\)", part.get("transform") or "")
    if moved:
        x, y = x + float(moved.group(1)), y + float(moved.group(2))
    if part.tag == f"{SVG}text":
        role = part.get("class").removesuffix(f"-{key}")
        size = SIZES[role]
        width = len(part.text) * MONO_WIDTH * size if role == "code" else text_width(part.text, size, is_bold(role))
        left = x + float(part.get("x")) - (width if part.get("text-anchor") == "end" else 0)
        base = y + float(part.get("y"))
        yield left, base - 0.75 * size, left + width, base + 0.22 * size, part.text
    for child in part:
        yield from text_boxes(child, x, y, key)


@pytest.mark.parametrize(
    ("layer", "shape"),
    [
        (Conv2d(3, 64, 7, stride=2, padding=3), (1, 3, 224, 224)),
        (Conv2d(1, 1, 24, padding=12), (1, 1, 24, 24)),
        (Conv2d(1, 1, 12, padding=11, dilation=2), (1, 1, 24, 24)),
        (Conv2d(1, 1, 1), (1, 1, 24, 24)),
        (Conv2d(1, 1, 31, padding=15), (1, 1, 300, 300)),
        (Conv2d(1, 1, 3, stride=7), (1, 1, 10**30, 10**30)),
        (Conv1d(1, 1, 3, padding=10**12), (1, 1, 24)),
        (Conv2d(1, 1, 3, padding=10**30, padding_mode="circular"), (1, 1, 10**30, 10**30)),
        (Conv2d(1, 1, 13, padding=12, dilation=2, padding_mode="replicate"), (1, 1, 24, 24)),
        (Conv2d(1, 1, (2, 6), padding=(9, 10), dilation=(3, 1), padding_mode="reflect"), (1, 1, 99, 98)),
        (ConvTranspose2d(1, 1, 4, stride=9), (1, 1, 24, 24)),
        (Conv2d(1, 1, 2, dilation=5), (1, 1, 6, 24)),
        (AdaptiveAvgPool2d(1), (1, 512, 56, 56)),
        (Linear(10**6, 10**6), (1, 10**6)),
        (Linear(1, 1), (1, 1)),
        (Linear(24, 24), (1, 24)),
        (ReLU(), (1, 8, 4, 6)),
        (ReLU(), (1, 84)),
        (Conv3d(1, 4, 3, padding=1), (1, 1, 8, 6, 6)),
    ],
    ids=str,
)
@pytest.mark.parametrize("look", ["flat", "iso"])
def test_large_and_odd_layers_stay_small(layer, shape, look):
    svg = picture(layer, shape, look=look)
    check(svg)
    assert len(svg.encode()) <= 40_000


def test_two_pictures_share_no_name():
    pictures = [
        picture(Conv2d(1, 1, 3, stride=2), (1, 1, 5, 5)),
        picture(Conv2d(1, 1, 3), (1, 1, 5, 5)),
        picture(Conv2d(1, 1, 3), (1, 1, 6, 6)),
        picture(Conv2d(1, 1, 3), (1, 1, 5, 5), look="iso"),
        picture(Conv2d(1, 1, 3), (1, 1, 5, 5), still=True),
        picture(Conv2d(1, 1, 3), (1, 1, 5, 5), still=True, at=(1, 1)),
    ]
    assert len({key_of(svg) for svg in pictures}) == len(pictures)


def test_what_is_left_out_is_said_and_both_ends_are_shown():
    svg = picture(Conv2d(3, 64, 7, stride=2, padding=3), (1, 3, 224, 224))
    assert "dots: the middle of H and W is left out" in svg
    assert "channels 3 → 64" in svg
    words = [text.text for text in ElementTree.fromstring(svg).iter(f"{SVG}text")]
    assert {"0]", "1]", "111]"} <= set(words)
    assert "56]" not in words
    assert "left out" not in picture(Conv2d(1, 1, 3), (1, 1, 24, 24))
    middle = picture(Conv2d(3, 64, 7, stride=2, padding=3), (1, 3, 224, 224), still=True, at=(56, 57))
    assert "57]" in middle
    ((_, _, side, _),) = blocks(shapes_of(middle, "made")[0])
    assert sum(w * h for _, _, w, h in blocks(shapes_of(middle, "window")[0])) == 49 * side**2


def test_a_window_wider_than_what_is_shown_shows_its_ends():
    svg = picture(Conv2d(1, 1, (31, 3)), (1, 1, 300, 24))
    assert "out[0," in svg
    assert "left out" in svg


@pytest.mark.parametrize(
    ("layer", "shape", "said"),
    [
        (Conv3d(1, 1, (2, 3, 3)), (1, 1, 8, 6, 6), "one slice along D is shown: the window holds 2 of 8"),
        (Conv2d(1, 1, 3, padding=1, padding_mode="reflect"), (1, 1, 6, 6), "holds copies (reflect)"),
        (MaxPool2d(3, 2, ceil_mode=True), (1, 1, 6, 6), "what ceil mode adds"),
        (ConvTranspose2d(1, 1, 3, 2, 1, 1), (1, 1, 3, 3), "padding 1 crops each side"),
        (ConvTranspose2d(1, 1, 3, 2, 1, 1), (1, 1, 3, 3), "(3 \u2212 1)·2 \u2212 2·1 + 1·(3 \u2212 1) + 1 + 1 = 6"),
        (
            Conv2d(1, 1, (3, 5), (1, 2), (1, 0)),
            (1, 1, 5, 9),
            "W: ⌊(9 + 2·0 \u2212 1·(5 \u2212 1) \u2212 1) / 2⌋ + 1 = 3",
        ),
        (Conv2d(1, 1, 3, padding=((0, 1), (0, 1))), (1, 1, 5, 5), "(padding 0+1)"),
        (AvgPool2d(2), (10, 6, 28, 28), "channels 6 → 6, batch 10"),
        (Linear(120, 84), (1, 120), "84·120 + 84 = 10,164"),
        (Conv1d(1, 1, 1, 2, 2500, padding_mode="circular"), (1, 1, 2600), "is not worked out"),
    ],
    ids=lambda value: value if isinstance(value, str) else None,
)
def test_what_is_said(layer, shape, said):
    assert said in " ".join(ElementTree.fromstring(picture(layer, shape)).itertext())


@pytest.mark.parametrize(
    ("layer", "words"),
    [
        (Conv2d(1, 1, 3), "Conv2d 3\xd73, stride 1"),
        (
            Conv2d(2, 2, (3, 5), 1, (1, 0), (1, 2), 2),
            "Conv2d 3\xd75, stride 1, padding 1\xd70, dilation 1\xd72, groups 2",
        ),
        (Conv2d(1, 1, 3, padding=((0, 1), (1, 1))), "Conv2d 3\xd73, stride 1, padding 0+1\xd71"),
        (MaxPool1d(3, 2, ceil_mode=True), "MaxPool1d 3, stride 2, ceil mode"),
        (ReLU(), "ReLU"),
    ],
    ids=str,
)
def test_titles(layer, words):
    assert title(layer) == words


def test_a_name_that_is_markup_is_escaped():
    row = trace(Conv2d(1, 1, 3), (1, 1, 5, 5)).rows[0]._replace(name="<b>&\x00")
    ElementTree.fromstring(layer_picture(row))


@pytest.mark.parametrize(
    ("layer", "shape", "options", "reason"),
    [
        (Conv2d(1, 1, 3), (1, 1, 5, 5), {"still": True, "at": (3, 0)}, "at 3,0 is outside the output 3\xd73"),
        (Conv2d(1, 1, 3), (1, 1, 5, 5), {"still": True, "at": (-1, 0)}, "outside the output"),
        (Conv2d(1, 1, 3), (1, 1, 5, 5), {"still": True, "at": (1,)}, "outside the output"),
        (ConvTranspose2d(1, 1, 3), (1, 1, 5, 5), {"at": (5, 0)}, "outside the input 5\xd75"),
        (Conv2d(1, 1, 3), (1, 1, 5, 5), {"look": "3d"}, "look '3d' is unknown"),
        (Linear(5, 2), (1, 5), {"at": (1,)}, "Linear has none"),
        (BatchNorm2d(1), (1, 1, 5, 5), {}, "BatchNorm2d has no window to draw"),
        (Softmax(1), (1, 5), {}, "no window"),
        (ReLU(), (1, 2, 3, 4, 5, 6), {}, "has 4 spatial axes, of which at most 3 are drawn: give at most 5 sizes"),
        (Flatten(), (1, 1, 5, 5), {}, "no window"),
        (Unfold(3), (1, 1, 5, 5), {}, "no window"),
        (AdaptiveAvgPool2d(3), (1, 1, 5, 5), {}, "bins of several sizes"),
        (Sequential(Conv2d(1, 1, 3), ReLU()), (1, 1, 5, 5), {}, None),
        (Conv2d(1, 1, 1), (0, 1, 5, 5), {}, "nothing to draw"),
    ],
    ids=lambda value: value if isinstance(value, str) else None,
)
def test_refusals_are_one_line(layer, shape, options, reason):
    row = trace(layer, shape).rows[0]
    if reason is None:  # a block of several layers is not one layer
        row, reason = row._replace(name="block", parts=(row,)), "is a block of layers"
    with pytest.raises(ConvcalcError, match=re.escape(reason)) as refusal:
        layer_picture(row, **options)
    assert "\n" not in str(refusal.value)


def test_a_picture_loads_neither_numpy_nor_rich():
    code = (
        "import sys; from convcalc import Conv2d, trace; from convcalc.draw.layer.picture import layer_picture;"
        "layer_picture(trace(Conv2d(1, 1, 3), (1, 1, 5, 5)).rows[0]);"
        "sys.exit(bool({'numpy', 'rich', 'pydantic', 'typer'} & set(sys.modules)))"
    )
    subprocess.run([sys.executable, "-c", code], check=True)
