"""Pictures of networks: what they say, that nothing is lost in folding, and that no text clips or overlaps."""

from __future__ import annotations

import random
import re
import subprocess
import sys
from functools import cache
from itertools import pairwise
from xml.etree import ElementTree

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from convcalc import (
    Add,
    BatchNorm2d,
    Branches,
    Concat,
    Conv1d,
    Conv2d,
    Conv3d,
    ConvcalcError,
    Flatten,
    Linear,
    MaxPool2d,
    Network,
    ReLU,
    Residual,
    Sequential,
    trace,
    zoo,
)
from convcalc.draw.network.folding import DrawnStep, steps_of
from convcalc.draw.network.picture import network_picture
from convcalc.draw.network.repeats import framed, repeated, span, steps_in
from convcalc.draw.network.wiring import Fork, StepGroup, Tangle, cut, wired
from convcalc.draw.palette import SIZES, is_bold
from convcalc.draw.text import text_width
from convcalc.layers import ConvTranspose2d, Identity
from convcalc.layers.block import INPUT, Node
from convcalc.network import chain
from tests.draw.unhurried import UNHURRIED

SVG = "{http://www.w3.org/2000/svg}"


@cache
def report_of(name):
    return trace(zoo.build(name), zoo.input_shape(name))


@cache
def picture_of(name, width=1200):
    return network_picture(report_of(name), name=name, width=width)


def boxes(picture):
    """Every line of text: its words, role and box (left, top, right, bottom), as the widest of the fonts has it."""
    found = []
    for text in ElementTree.fromstring(picture).iter(f"{SVG}text"):
        role = text.get("class").rsplit("-", 1)[0]
        x, y, words = float(text.get("x")), float(text.get("y")), text.text or ""
        wide = text_width(words, SIZES[role], is_bold(role))
        left = {None: x, "middle": x - wide / 2, "end": x - wide}[text.get("text-anchor")]
        found.append((words, role, (left, y - 0.8 * SIZES[role], left + wide, y + 0.2 * SIZES[role])))
    return found


def check_texts(picture, most=None):
    """No text leaves the view, none meets another, and the view is no wider than asked for."""
    root = ElementTree.fromstring(picture)
    _, _, width, height = map(float, root.get("viewBox").split())
    assert most is None or width <= most
    check_lines(picture)
    found = sorted(boxes(picture), key=lambda each: each[2])
    assert found
    for i, (words, _, (left, top, right, bottom)) in enumerate(found):
        assert left >= 0, words
        assert top >= 0, words
        assert right <= width, words
        assert bottom <= height, words
        for other, _, box in found[i + 1 :]:
            if box[0] >= right:
                break
            assert box[1] >= bottom - 0.01 or box[3] <= top + 0.01, (words, other)
    return found


def segments(path):
    """The straight pieces of a path, curves as their chords: pairs of points."""
    x = y = 0.0
    start = (x, y)
    for command, numbers in re.findall(r"([MmLlHhVvQz])([^MmLlHhVvQz]*)", path):
        values = [float(number) for number in re.findall(r"-?[\d.]+", numbers)]
        before = (x, y)
        dx, dy = (x, y) if command.islower() else (0.0, 0.0)
        if command == "z":
            x, y = start
        elif command in "Hh":
            x = dx + values[0]
        elif command in "Vv":
            y = dy + values[0]
        else:
            assert len(values) == (4 if command == "Q" else 2)
            x, y = dx + values[-2], dy + values[-1]
        if command in "Mm":
            start = (x, y)
        else:
            yield before, (x, y)


def is_cut(segment, box):
    """Whether the piece passes through the box: Liang and Barsky's clipping."""
    (x, y), (to_x, to_y) = segment
    left, top, right, bottom = box
    if max(x, to_x) <= left or min(x, to_x) >= right or max(y, to_y) <= top or min(y, to_y) >= bottom:
        return False
    enter, leave = 0.0, 1.0
    for move, far in ((x - to_x, x - left), (to_x - x, right - x), (y - to_y, y - top), (to_y - y, bottom - y)):
        if move == 0:
            if far < 0:
                return False
        elif move < 0:
            enter = max(enter, far / move)
        else:
            leave = min(leave, far / move)
    return enter < leave


def check_lines(picture):
    """Everything is inside the view, and no line passes through text."""
    root = ElementTree.fromstring(picture)
    _, _, width, height = map(float, root.get("viewBox").split())
    texts = [(words, box) for words, _, box in boxes(picture)]
    for path in root.iter(f"{SVG}path"):
        for segment in segments(path.get("d")):
            assert all(0 <= x <= width and 0 <= y <= height for x, y in segment)
            if re.match("(rule|lines|arrow)-", path.get("class")):
                assert [words for words, box in texts if is_cut(segment, box)] == [], segment
    for rect in root.iter(f"{SVG}rect"):
        x, y, wide, high = (float(rect.get(each)) for each in ("x", "y", "width", "height"))
        assert x >= 0
        assert y >= 0
        assert x + wide <= width
        assert y + high <= height


def parameters(picture):
    """The sum of the parameters that are printed at the layers; a figure and its noun may be on two lines."""
    small = " ".join(words for words, role, _ in boxes(picture) if role == "small")
    return sum(int(figure.replace(",", "")) for figure in re.findall(r"([\d,]+) parameters?\b", small))


@pytest.mark.parametrize("name", zoo.NAMES)
def test_networks_of_the_zoo(name):
    picture = picture_of(name)
    check_texts(picture, 1200)
    assert parameters(picture) == report_of(name).totals.parameters
    assert len(picture.encode()) <= 150_000
    root = ElementTree.fromstring(picture)
    assert root.get("role") == "img"
    titles = [root.find(f"{SVG}{tag}").text for tag in ("title", "desc")]
    assert titles[0] == name
    assert f"{report_of(name).totals.parameters:,}" in titles[1]
    assert "<script" not in picture


@pytest.mark.parametrize("width", [700, 2000])
@pytest.mark.parametrize("name", ["lenet5", "vgg16", "resnet18", "mobilenet_v2"])
def test_other_widths(name, width):
    picture = picture_of(name, width)
    check_texts(picture, width)
    assert parameters(picture) == report_of(name).totals.parameters


def test_lenet5_is_the_figure_of_1998():
    """LeCun et al. (1998), figure 2: names, maps and sizes; table and text of II-B: parameters."""
    picture = picture_of("lenet5")
    assert len(picture.encode()) <= 12_000
    found = sorted(boxes(picture), key=lambda each: each[2][0])
    names = [words for words, role, _ in found if role == "name"]
    assert names == ["INPUT", "C1", "S2", "C3", "S4", "C5", "F6", "OUTPUT"]
    captions = [words for words, role, box in found if role == "muted" and box[1] > 75]  # below the heading
    assert captions == ["1@32\xd732", "6@28\xd728", "6@14\xd714", "16@10\xd710", "16@5\xd75", "120", "84", "10"]
    figures = [words for words, role, _ in found if role == "small" and "parameters" in words]
    assert [int(words.split()[0].replace(",", "")) for words in figures] == [156, 12, 1516, 32, 48120, 10164, 0]
    heading = " ".join(words for words, role, box in boxes(picture) if role == "muted")
    assert "60,000 parameters" in heading
    assert "340,908 connections" in heading


def sheets(picture):
    """How many sheets each stack has that is wholly seen: the pieces of its path."""
    paths = ElementTree.fromstring(picture).iter(f"{SVG}path")
    return [path.get("d").count("z") for path in paths if re.match(r"(in|pool|plain)-", path.get("class"))]


def test_stacks_have_as_many_sheets_as_maps_up_to_eight():
    report = trace(Sequential(Conv2d(3, 5, 3), Conv2d(5, 8, 3), Conv2d(8, 9, 3), MaxPool2d(2)), (1, 3, 20, 20))
    picture = network_picture(report)
    assert sheets(picture) == [3, 5, 8, 8, 8]
    assert "at most 8 maps" in picture
    few = network_picture(trace(Conv2d(3, 8, 3), (1, 3, 20, 20)))
    assert sheets(few) == [3, 8]
    assert "at most 8 maps" not in few


def test_windows_have_the_relative_size_of_the_kernel():
    """A 10x5 kernel on a 20x40 map covers a half of its height and an eighth of its width."""
    picture = network_picture(trace(Conv2d(1, 1, (10, 5)), (1, 1, 20, 40)))
    root = ElementTree.fromstring(picture)
    window, unit = [each for each in root.iter(f"{SVG}rect") if each.get("class").startswith("window")]
    sheet = next(each for each in root.iter(f"{SVG}path") if each.get("class").startswith("plain"))
    wide, high = map(float, re.match(r"M[\d.]+ [\d.]+h([\d.]+)v([\d.]+)", sheet.get("d")).groups())
    assert float(window.get("width")) == pytest.approx(wide / 8, abs=0.02)
    assert float(window.get("height")) == pytest.approx(high / 2, abs=0.02)
    assert wide / high == pytest.approx(2**0.55, abs=0.01)
    assert float(unit.get("x")) > float(window.get("x")) + wide / 2


def test_a_unit_of_a_transposed_layer_makes_a_window():
    """A 4x2 kernel on 4x16 outputs covers all of their height and an eighth of their width."""
    picture = network_picture(trace(ConvTranspose2d(1, 1, (4, 2), stride=(1, 2)), (1, 1, 1, 8)))
    root = ElementTree.fromstring(picture)
    unit, window = [each for each in root.iter(f"{SVG}rect") if each.get("class").startswith("window")]
    sheet = next(each for each in root.iter(f"{SVG}path") if each.get("class").startswith("in"))
    x, y, wide, high = map(float, re.match(r"M([\d.]+) ([\d.]+)h([\d.]+)v([\d.]+)", sheet.get("d")).groups())
    assert float(window.get("width")) == pytest.approx(wide / 8, abs=0.02)
    assert float(window.get("height")) == pytest.approx(high, abs=0.02)
    assert x < float(window.get("x")) < x + wide
    assert float(window.get("y")) == pytest.approx(y, abs=0.02)
    assert float(unit.get("x")) + float(unit.get("width")) < x


def test_the_same_input_gives_the_same_bytes_in_any_process():
    code = (
        "from convcalc import trace, zoo; from convcalc.draw.network.picture import network_picture; import zlib, sys;"
        "print([zlib.crc32(network_picture(trace(zoo.build(n), zoo.input_shape(n))).encode()) for n in"
        " ('resnet18', 'lenet5')], 'numpy' in sys.modules, 'rich' in sys.modules)"
    )
    said = [
        subprocess.run(
            [sys.executable, "-c", code],
            env={"PYTHONHASHSEED": seed, "PYTHONPATH": ":".join(sys.path)},
            capture_output=True,
            text=True,
            check=True,
        ).stdout
        for seed in "12"
    ]
    assert said[0] == said[1]
    assert said[0].endswith("False False\n")


def test_pictures_share_no_names():
    keys = {re.search(r"picture-(\w+)", picture_of(name))[1] for name in zoo.NAMES}
    assert len(keys) == len(zoo.NAMES)


def words_of(picture):
    return [words for words, _, _ in boxes(picture)]


def test_activations_norms_and_flattening_are_folded():
    net = Sequential(Conv2d(3, 8, 3), BatchNorm2d(8), ReLU(), Flatten(), Linear(8 * 9, 2))
    picture = network_picture(trace(net, (1, 3, 5, 5)))
    said = words_of(picture)
    assert "BatchNorm, ReLU" in said
    assert "240 parameters" in said  # 8 * 27 + 8 and 2 * 8
    assert "flatten, full" in said
    assert sheets(picture) == [3, 8]


def test_an_activation_before_a_convolution_belongs_to_it():
    """As in DenseNet: what is before it is used elsewhere as well."""
    net = Branches({"old": Identity(), "new": Sequential(BatchNorm2d(4), ReLU(), Conv2d(4, 2, 1))})
    steps = steps_of(trace(Sequential(Conv2d(1, 4, 1), net), (1, 1, 5, 5)), None).steps
    assert [step.before for step in steps] == [(), ("BatchNorm", "ReLU"), ()]
    assert [step.parameters for step in steps] == [8, 8 + 10, 0]


def test_what_is_used_before_its_activation_too_stays_apart():
    net = Network((node("a", conv()), node("r", ReLU(), "a"), node("out", Add(), "a", "r")))
    assert [(step.name, step.inputs) for step in steps_of(trace(net, (1, 8, 4, 4)), None).steps] == [
        ("a", ("input",)),
        ("r", ("a",)),
        ("out", ("a", "r")),
    ]


def test_a_norm_at_the_beginning_of_a_block_belongs_to_the_block():
    net = Sequential({"a": Sequential(conv()), "b": Sequential(BatchNorm2d(8), conv()), "c": BatchNorm2d(8)})
    steps = steps_of(trace(net, (1, 8, 4, 4)), None).steps
    assert [(step.name, step.before, step.after) for step in steps] == [
        ("a", (), ()),
        ("b", ("BatchNorm",), ("BatchNorm",)),
    ]


def test_equal_layers_are_folded():
    layers = [layer for _ in range(500) for layer in (Conv2d(8, 8, 3, padding=1), ReLU())]
    report = trace(Sequential(*layers), (1, 8, 16, 16))
    picture = network_picture(report)
    assert "500 \xd7 convolution" in picture
    assert "0\u2013998" in picture
    assert parameters(picture) == report.totals.parameters == 500 * 584
    check_texts(picture, 1200)


def test_equal_parts_are_folded():
    block = lambda: Residual(Sequential(Conv2d(8, 8, 3, padding=1), ReLU(), Conv2d(8, 8, 3, padding=1)))  # noqa: E731
    report = trace(Sequential(Conv2d(3, 8, 1), *(block() for _ in range(9)), Conv2d(8, 4, 1)), (1, 3, 16, 16))
    picture = network_picture(report)
    assert [words for words in words_of(picture) if "\xd7 9" in words] == ["1\u20139 \xd7 9, parameters in all"]
    assert parameters(picture) == report.totals.parameters == 32 + 9 * 2 * 584 + 36
    other = trace(Sequential(block(), block(), Residual(Conv2d(8, 8, 3, padding=1))), (1, 8, 16, 16))
    assert "\xd7 2, parameters" in network_picture(other)
    assert "\xd7 3, parameters" not in network_picture(other)


@settings(UNHURRIED, max_examples=40)
@given(st.lists(st.integers(0, 2), max_size=14))
def test_folding_loses_no_layer(kinds):
    """Whatever comes after whatever: the rows that are drawn are those of the network."""
    layers = {0: lambda: Conv2d(4, 4, 1), 1: lambda: Conv2d(4, 4, 3, padding=1), 2: lambda: Residual(Conv2d(4, 4, 1))}
    report = trace(Sequential(Conv2d(4, 4, 5, padding=2), *(layers[kind]() for kind in kinds)), (1, 4, 8, 8))
    items = repeated(wired(steps_of(report, None).steps))
    drawn = [row.name for item in items for step in steps_in(item) for row in step.rows]
    assert sorted(drawn) == sorted(leaf.name for leaf in report.leaves)
    # Steps that do the same, one behind the other, never stay apart: all shapes are the same here.
    steps = [
        (one, other) for one, other in pairwise(items) if isinstance(one, DrawnStep) and isinstance(other, DrawnStep)
    ]
    assert all(one.words.split("convolution")[1] != other.words.split("convolution")[1] for one, other in steps)


def test_runs_have_the_names_of_their_ends():
    assert span("a.0", "a.2") == "a.0\u20132"
    assert span("a", "b") == "a\u2013b"
    assert span("a.b", "a") == "a.b \u2013 a"


def node(name, layer, *inputs):
    return Node(name, layer, inputs or ("input",))


def conv(maps=8, to=8):
    return Conv2d(maps, to, 3, padding=1)


def shape_of(net):
    return wired(steps_of(trace(net, (1, 8, 16, 16)), None).steps)


def test_wiring():
    fork = shape_of(
        Network((node("a", conv()), node("b", conv(), "a"), node("c", conv(), "a"), node("d", Add(), "b", "c")))
    )
    assert [type(item) for item in fork[1:]] == [Fork]
    assert [[step.name for step in branch] for branch in fork[1].branches] == [["b"], ["c"]]
    assert (fork[1].wires, fork[1].join.name) == (0, "d")
    skip = shape_of(Network((node("a", conv()), node("b", conv(), "a"), node("d", Add(), "b", "a"))))
    assert (len(skip[1].branches), skip[1].wires) == (1, 1)
    twice = shape_of(Network((node("a", conv()), node("d", Add(), "a", "a"))))
    assert [step.name for step in twice] == ["a", "d"]


def test_what_is_wired_crosswise():
    crossed = Network(
        (
            node("a", conv()),
            node("b", conv(), "a"),
            node("c", conv(), "a"),
            node("d", Add(), "b", "c"),
            node("e", Add(), "c", "a"),
            node("f", Concat(), "d", "e"),
        )
    )
    items = shape_of(crossed)
    assert [type(item) for item in items[1:]] == [Tangle]
    assert items[1].edges == ((-1, 0), (-1, 1), (-1, 3), (0, 2), (1, 2), (1, 3), (2, 4), (3, 4))
    picture = network_picture(trace(crossed, (1, 8, 16, 16)))
    check_texts(picture, 1200)
    said = ElementTree.fromstring(picture).find(f"{SVG}desc").text
    assert "5 layers that are wired crosswise (b: convolution 3\xd73, giving 8@16\xd716, c: " in said


def test_outputs_that_nobody_uses():
    """They stand beside the way on, and no line leads on from them."""
    net = Network((node("a", conv()), node("dead", conv(), "a"), node("b", conv(), "a"), node("out", conv(8, 2), "b")))
    report = trace(net, (1, 8, 16, 16))
    items = shape_of(net)
    assert [step.name for item in items for step in steps_in(item) if step.is_loose] == ["dead"]
    picture = network_picture(report)
    assert parameters(picture) == report.totals.parameters
    found = {words: box for words, role, box in boxes(picture) if role == "name"}
    paths = [path for path in ElementTree.fromstring(picture).iter(f"{SVG}path") if path.get("class")[:4] == "rule"]
    lines = [line for path in paths for line in segments(path.get("d")) if line[0][1] == line[1][1]]
    left, _, _, bottom = found["dead"]
    starts = [(min(x, to_x), y) for (x, y), (to_x, _) in lines]
    assert [y for x, y in starts if left + 10 < x < left + 85 and 0 < y - bottom < 90] == []


def test_the_output_is_last_and_no_loose_end():
    """The norm is the network's last layer, though what it is folded into stands before another."""
    net = Network(
        (node("a", conv()), node("b", conv(), "a"), node("dead", conv(), "a"), node("n", BatchNorm2d(8), "b"))
    )
    items = shape_of(net)
    steps = [step for item in items for step in steps_in(item)]
    assert [(step.name, step.is_loose) for step in steps] == [("a", False), ("dead", True), ("b", False)]


def test_branches_are_below_each_other_and_wires_above():
    net = Sequential({"stem": conv(), "inc": Branches({"one": conv(), "two": conv(), "same": Identity()})})
    found = {words: box for words, role, box in boxes(network_picture(trace(net, (1, 8, 16, 16)))) if role == "name"}
    assert found["one"][0] == found["two"][0]
    assert found["one"][3] < found["two"][1]
    assert found["stem"][2] < found["one"][0] < found["concat"][0]


def test_a_long_way_around_is_unrolled_and_the_join_says_so():
    """As in U-Net, where a wire leads over more than a row holds."""
    inside = Sequential(*(Conv2d(8, 8, k, padding=k // 2) for k in range(1, 24, 2)))
    net = Sequential({"enc": conv(), "skip": Residual(inside), "head": Conv2d(8, 2, 1)})
    report = trace(net, (1, 8, 32, 32))
    picture = network_picture(report, width=800)
    check_texts(picture, 800)
    assert "with enc" in words_of(picture)
    assert parameters(picture) == report.totals.parameters


def test_wires_within_wires_without_end():
    """120 of them, each around the next: too deep for a picture, but not for an answer in words."""
    inner = [node("a0", conv())]
    inner += [node(f"a{n}", Conv2d(8, 8, 1 + 2 * (n % 2), padding=n % 2), f"a{n - 1}") for n in range(1, 120)]
    last = "a119"
    for n in range(118, -1, -1):
        inner.append(node(f"j{n}", Add(), last, f"a{n}"))
        last = f"j{n}"
    with pytest.raises(ConvcalcError, match="too many for a picture"):
        network_picture(trace(Network(tuple(inner)), (1, 8, 8, 8)))


def test_a_network_of_no_layer():
    picture = network_picture(trace(Network(()), (1, 3, 8, 8)))
    check_texts(picture, 1200)
    assert "INPUT" in words_of(picture)


def test_one_layer():
    picture = network_picture(trace(Linear(120, 84), (1, 120)), name="F6")
    assert "full connection" in words_of(picture)
    check_texts(picture, 1200)


@pytest.mark.parametrize(
    ("net", "shape", "captions"),
    [
        (Sequential(Linear(784, 100), ReLU(), Linear(100, 10)), (1, 784), ["784", "100", "10"]),
        (Sequential(Conv1d(2, 4, 5), Conv1d(4, 8, 5)), (1, 2, 100), ["2@100", "4@96", "8@92"]),
        (Conv3d(1, 2, 3), (1, 1, 9, 10, 11), ["1@9\xd710\xd711", "2@7\xd78\xd79"]),
        (Conv2d(3, 8, 3), (3, 9, 9), ["3@9\xd79", "8@7\xd77"]),
        (Conv2d(3, 8, 3), (5, 3, 9, 9), ["3@9\xd79", "8@7\xd77"]),
        (ConvTranspose2d(3, 8, 2, stride=2), (1, 3, 9, 9), ["3@9\xd79", "8@18\xd718"]),
        (Conv2d(3, 8, 3), (0, 3, 9, 9), ["3@9\xd79", "8@7\xd77"]),
        (ReLU(), (1, 4), ["4", "4"]),
        (Conv2d(1, 1, 1), (1, 1, 10**60, 10**60), None),
        (Sequential(Conv2d(1, 1, 1), Flatten()), (1, 1, 10**99, 10**99), None),
    ],
)
def test_other_shapes(net, shape, captions):
    report = trace(net, shape)
    picture = network_picture(report)
    check_texts(picture, 1200)
    assert parameters(picture) == report.totals.parameters
    if captions is not None:
        at_shapes = [
            words for words, role, _ in boxes(picture) if role == "muted" and re.fullmatch("[0-9@\xd7]+", words)
        ]
        assert sorted(at_shapes) == sorted(captions)


def test_bars_have_sizes_by_their_units():
    """784 and 100 units: (100/784)^0.55 = 0.322 as high."""
    picture = network_picture(trace(Linear(784, 100), (1, 784)))
    paths = [path.get("d") for path in ElementTree.fromstring(picture).iter(f"{SVG}path")]
    bars = [re.match(r"M[\d.]+ [\d.]+h9l[\d.]+ ([\d.]+)h-9z", path) for path in paths]
    highs = [float(bar[1]) for bar in bars if bar]
    assert len(highs) == 2
    assert highs[1] / highs[0] == pytest.approx(0.322, abs=0.001)


def test_what_is_too_large_is_refused_in_one_line():
    many = trace(Sequential(*(Conv2d(n, n + 1, 1) for n in range(1, 200))), (1, 1, 4, 4))
    with pytest.raises(ConvcalcError, match="199 layers that differ") as refusal:
        network_picture(many)
    assert "\n" not in str(refusal.value)
    deep = Sequential(
        *(Sequential(*(Conv2d(n, n + 1, 1) for n in range(start, start + 50))) for start in range(1, 200, 50))
    )
    picture = network_picture(trace(deep, (1, 1, 4, 4)))
    assert "block: 50" in words_of(picture)
    with pytest.raises(ConvcalcError, match="use depth=1"):
        network_picture(trace(deep, (1, 1, 4, 4)), depth=2)
    wide = trace(Branches(*(Sequential(*(Conv2d(8, 8, k) for k in (1, 3, 1, 3))) for _ in range(2))), (1, 8, 32, 32))
    with pytest.raises(ConvcalcError, match=r"use depth=1 or width=\d+") as refusal:
        network_picture(wide, width=400, depth=3)
    network_picture(wide, width=int(re.search(r"width=(\d+)", str(refusal.value))[1]), depth=3)
    for width, depth in ((10, None), (800, 0)):
        with pytest.raises(ConvcalcError, match="use "):
            network_picture(many, width=width, depth=depth)


def test_depth_closes_blocks():
    report = report_of("resnet18")
    shown = [network_picture(report, depth=depth) for depth in (1, 2, 3)]
    assert "block: 4" in words_of(shown[0])
    assert len({picture.count("<text") for picture in shown}) > 1
    for picture in shown:
        assert parameters(picture) == report.totals.parameters
        check_texts(picture, 1200)


def test_a_closed_block_has_no_window_unless_it_is_one_layer():
    one = Sequential(Conv2d(3, 8, 3), BatchNorm2d(8), ReLU())
    two = Sequential(Conv2d(8, 8, 3), ReLU(), Sequential(Conv2d(8, 8, 3), ReLU()))
    picture = network_picture(trace(Sequential({"a": one, "b": two}), (1, 3, 16, 16)), depth=1)
    assert words_of(picture).count("convolution 3\xd73") == 1
    assert "block: 2" in words_of(picture)
    rects = ElementTree.fromstring(picture).iter(f"{SVG}rect")
    assert len([rect for rect in rects if rect.get("class").startswith("window")]) == 2  # a window and its unit


NAMED = st.text(min_size=1, max_size=20).filter(lambda text: "." not in text and text.isprintable() and text != "input")


@settings(UNHURRIED, max_examples=25)
@given(st.lists(NAMED, min_size=1, max_size=4, unique=True), st.text(max_size=100))
def test_odd_names(names, title):
    layers = {name: Conv2d(2, 2, 1 + 2 * (i % 2), padding=i % 2) for i, name in enumerate(names)}
    report = trace(chain(layers.items()), (1, 2, 9, 9))
    check_texts(network_picture(report, name=title), 1200)
    net = Sequential({name: Residual(layer) for name, layer in layers.items()})
    check_texts(network_picture(trace(net, (1, 2, 9, 9)), name=title), 1200)


def random_graph(seed):
    """A directed graph of up to 14 convolutions and joins, every layer fed by any before it."""
    rng = random.Random(seed)
    nodes = [node("n0", conv())]
    for number in range(1, rng.randint(2, 14)):
        earlier = [each.name for each in nodes]
        near = earlier[-rng.choice((1, 1, 2, 4)) :]
        if rng.random() < 0.4:
            sources = [rng.choice(near) for _ in range(rng.randint(2, 3))]
            nodes.append(node(f"n{number}", Add(), *sources))
        else:
            layer = rng.choice((conv, conv, lambda: Conv2d(8, 8, 1), ReLU, lambda: BatchNorm2d(8)))()
            nodes.append(node(f"n{number}", layer, rng.choice(near)))
    return Network(tuple(nodes))


def edges_of(items, sources):
    """What feeds what in items, fed by the sources: pairs of names; and what leads on from them."""
    edges = set()
    for item in items:
        if isinstance(item, DrawnStep):
            edges |= {(source, item.main.name) for source in sources}
            sources = [] if item.is_loose else [item.main.name]
        elif isinstance(item, Fork):
            ways = [edges_of(branch, sources) for branch in item.branches]
            edges |= {edge for inside, _ in ways for edge in inside}
            sources = [end for _, ends in ways for end in ends] + (sources if item.wires else [])
            if item.join:
                edges |= {(source, item.join.main.name) for source in sources}
                sources = [] if item.join.is_loose else [item.join.main.name]
        else:
            names = [[step.main.name] for step in item.steps]
            pairs = [((sources if a < 0 else names[a]), b) for a, b in item.edges]
            edges |= {(source, names[b][0]) for starts, b in pairs if b < len(names) for source in starts}
            ends = [source for starts, b in pairs if b == len(names) for source in starts]
            sources = ends or ([] if item.steps[-1].is_loose else names[-1])
    return edges, sources


@pytest.mark.parametrize("seed", range(80))
def test_the_wiring_of_random_graphs_is_theirs(seed):
    steps = steps_of(trace(random_graph(seed), (1, 8, 16, 16)), None).steps
    edges, ends = edges_of(wired(steps), ["input"])
    assert edges == {(source, step.main.name) for step in steps for source in step.inputs}
    assert set(ends) == {steps[-1].main.name}


@pytest.mark.parametrize("seed", range(36))
def test_random_graphs(seed):
    report = trace(random_graph(seed), (1, 8, 16, 16))
    picture = network_picture(report, width=3000)
    check_texts(picture, 3000)
    assert parameters(picture) == report.totals.parameters
    assert re.search(r"NaN|inf\b", picture) is None


def random_chain(rng, maps, depth):
    layers = []
    for _ in range(rng.randint(1, 4)):
        choice = rng.random()
        if depth and choice < 0.25:
            layers.append(Residual(Sequential(conv(maps, maps), *random_chain(rng, maps, depth - 1)[:1])))
        elif depth and choice < 0.45:
            layers.append(
                Branches(*(Sequential(*random_chain(rng, maps, 0)) for _ in range(rng.randint(2, 3))), join="add")
            )
        elif depth and choice < 0.6:
            layers.append(Sequential(*random_chain(rng, maps, depth - 1)))
        else:
            layers.append(
                rng.choice((lambda: conv(maps, maps), ReLU, lambda: BatchNorm2d(maps), lambda: conv(maps, maps)))()
            )
    return layers


@pytest.mark.parametrize("seed", range(30))
def test_random_blocks(seed):
    rng = random.Random(seed)
    report = trace(Sequential(*random_chain(rng, 8, 3)), (1, 8, 16, 16))
    picture = network_picture(report, width=rng.choice((700, 1200)))
    check_texts(picture, 1200)
    assert parameters(picture) == report.totals.parameters


def test_a_shared_layer_counts_once():
    layer = conv()
    report = trace(Sequential(layer, ReLU(), layer), (1, 8, 16, 16))
    assert parameters(network_picture(report)) == report.totals.parameters == 584


def test_a_layer_that_is_used_again_says_so():
    """Both towers of a siamese network have the same parameters: the second has none of its own, but not none."""
    tower = Sequential(conv(), ReLU(), MaxPool2d(2))
    report = trace(Branches(tower, tower), (1, 8, 16, 16))
    picture = network_picture(report)
    assert parameters(picture) == report.totals.parameters == 584
    assert [words for words in words_of(picture) if "parameters" in words][1:] == [
        "584 parameters",
        "shared parameters",
    ]


def test_what_stands_still_has_no_rule_for_motion():
    picture = network_picture(report_of("lenet5"))
    assert "prefers-color-scheme" in picture
    assert "prefers-reduced-motion" not in picture


def test_frames_hold_whole_blocks():
    """A frame's name is that of a block, and all of the block is in it."""
    report = report_of("resnet18")
    steps = steps_of(report, None)
    groups = [item for item in framed(wired(steps.steps), steps.sizes) if isinstance(item, StepGroup)]
    assert [group.name for group in groups] == [f"layer{i}.{j}" for i in (1, 2, 3, 4) for j in (0, 1)]
    for group in groups:
        inside = [row.name for item in group.items for step in steps_in(item) for row in step.rows]
        assert sorted(inside) == sorted(leaf.name for leaf in report.leaves if leaf.name.startswith(f"{group.name}."))


def test_a_frame_holds_nothing_but_its_block():
    """As in a feature pyramid, where a fork begins with a layer of a block, and goes on beyond it."""
    net = Network(
        (
            node("stem", conv()),
            node("c3", Sequential(conv(), BatchNorm2d(8), ReLU()), "stem"),
            node("c4", conv(), "c3"),
            node("lateral", Conv2d(8, 8, 1), "c3"),
            node("merge", Add(), "c4", "lateral"),
            node("past", conv(), "stem"),
            node("out", Add(), "merge", "past"),
        )
    )
    steps = steps_of(trace(net, (1, 8, 16, 16)), None)
    assert not any(isinstance(item, StepGroup) for item in framed(wired(steps.steps), steps.sizes))


@pytest.mark.parametrize("seed", range(60))
def test_a_tangle_is_cut_without_losing_a_wire(seed):
    """What feeds each step is drawn in its piece, or said in words."""
    steps = steps_of(trace(random_graph(seed), (1, 8, 16, 16)), None).steps
    known = {INPUT: INPUT, **{step.main.name: step.main.name for step in steps}}
    for tangle in (item for item in wired(steps) if isinstance(item, Tangle)):
        names = {step.main.name for step in tangle.steps}
        (source,) = {name for step in tangle.steps for name in step.inputs} - names
        pieces = list(cut(tangle, lambda piece: len(piece.steps) <= 3, known))
        assert [step.main.name for piece in pieces for step in piece.steps] == [step.name for step in tangle.steps]
        before = source
        for piece in pieces:
            drawn = {before: -1, **{step.main.name: place for place, step in enumerate(piece.steps)}}
            for place, step in enumerate(piece.steps):
                lines = {name for name, start in drawn.items() if (start, place) in piece.edges}
                told = [words.split(" ", 1) for words in step.after if words.startswith(("with ", "from "))]
                said = {name for _, words in told for name in words.split(", ")}
                assert lines | said == set(step.inputs)
                assert not lines & said
                assert [word for word, _ in told] == (["with" if lines else "from"] if said else [])
            before = piece.steps[-1].main.name
        assert all(piece.edges[-1] == (len(piece.steps) - 1, len(piece.steps)) for piece in pieces[:-1])


def test_a_wide_tangle_goes_on_in_the_next_row():
    """As in the neck of a detector, where later layers look back at those far before."""
    nodes = [node("stem", conv()), node("a0", Conv2d(8, 8, 5, padding=2), "stem")]
    for n in range(1, 12):
        nodes.append(node(f"m{n}", Add(), f"a{n - 1}", f"a{n - 3}" if n > 2 else "stem"))
        nodes.append(node(f"a{n}", conv() if n % 2 else Conv2d(8, 8, 1), f"m{n}"))
    report = trace(Network(tuple(nodes)), (1, 8, 16, 16))
    picture = network_picture(report, width=700)
    check_texts(picture, 700)
    assert parameters(picture) == report.totals.parameters
    assert any(words.startswith("with a") for words in words_of(picture))


def test_arcs_from_one_step_are_one():
    """All to all, as in DenseNet: a level for each source but the last; and those side by side are on one level."""
    edges = tuple((start, end) for start in range(-1, 4) for end in range(start + 1, 5))
    assert [(arc.start, arc.ends) for arc in Tangle((), edges).arcs][-1] == (-1, (1, 2, 3, 4))
    assert sorted(arc.level for arc in Tangle((), edges).arcs) == [0, 1, 2, 3]
    apart = Tangle((), ((-1, 1), (1, 3), (3, 5)))
    assert [arc.level for arc in apart.arcs] == [0, 0, 0]
