from __future__ import annotations

import re
from xml.etree import ElementTree

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from convcalc import (
    AdaptiveAvgPool1d,
    Conv1d,
    Conv2d,
    Conv3d,
    ConvTranspose1d,
    ConvTranspose2d,
    Flatten,
    Linear,
    MaxPool2d,
    ReLU,
    Residual,
    Sequential,
    Unflatten,
    Upsample,
    ZeroPad1d,
    trace,
    zoo,
)
from convcalc.draw.lookup import every_row, row_named
from convcalc.draw.palette import SIZES
from convcalc.draw.receptive_field.picture import field_picture
from convcalc.draw.text import text_width
from convcalc.errors import ConvcalcError
from convcalc.network import chain
from tests.draw.layer.test_picture import SVG, check, key_of
from tests.draw.unhurried import UNHURRIED
from tests.helpers import slide

HEIGHT = 14  # of a bar

ONE_OF_EACH_FAMILY = ("alexnet", "vgg11_bn", "googlenet", "resnet50", "squeezenet1_1", "densenet121", "mobilenet_v2")


def words(svg):
    return [part.text for part in ElementTree.fromstring(svg).iter(f"{SVG}text")]


def levels(svg):
    """Of each line of the cone, from the top: the name, and the numbers beside it."""
    lines = {}
    for part in ElementTree.fromstring(svg).iter(f"{SVG}text"):
        role = part.get("class").removesuffix(f"-{key_of(svg)}")
        if role == "ink" and part.get("x") == "0" and part.text != "over the input":
            lines[float(part.get("y")) + 3] = [part.text]
        if role == "muted" and part.get("text-anchor") == "end":
            lines[float(part.get("y"))].append(part.text)
    return [(line[0], line[1:]) for _, line in sorted(lines.items())]


def rectangles(svg, *roles):
    """(role, x, y, width, height) of the rectangles of those roles, in the figure's own place."""
    key = key_of(svg)
    found = []
    for part in ElementTree.fromstring(svg).iter(f"{SVG}rect"):
        role = part.get("class", "").removesuffix(f"-{key}")
        if role in roles:
            found.append((role, *(float(part.get(name)) for name in ("x", "y", "width", "height"))))
    return found


def bars(svg):
    """Of each line of the cone the part of the bar that is seen, as fractions of the bar; None where there is none."""
    shown = {}
    for role, x, y, width, height in rectangles(svg, "in", "out", "rule", "window", "made"):
        if height == HEIGHT:
            shown.setdefault(y, {})["seen" if role in ("window", "made") else "all"] = (x, width)
    fractions = []
    for _, line in sorted(shown.items()):
        x, width = line["all"]
        seen = line.get("seen")
        fractions.append(seen and ((seen[0] - x) / width, (seen[0] + seen[1] - x) / width))
    return fractions


@st.composite
def chains(draw):
    """Convolutions in a row, and an input that they all take; each changes what a unit sees."""
    size = draw(st.integers(1, 40))
    sizes, settings_of = [size], []
    for _ in range(draw(st.integers(1, 4))):
        kernel, dilation = draw(st.integers(2, 4)), draw(st.integers(1, 2))
        stride = draw(st.integers(1, kernel))  # windows without gaps between them
        before, after = draw(st.integers(0, 4)), draw(st.integers(0, 4))
        extent = dilation * (kernel - 1) + 1
        after += max(extent - sizes[-1] - before - after, 0)
        settings_of.append((kernel, stride, (before, after), dilation))
        sizes.append((sizes[-1] + before + after - extent) // stride + 1)
    return sizes, settings_of


def seen_by(sizes, settings_of, unit):
    """The units of each layer, the input first, that the last layer's unit is made of, found by moving windows.

    A dilated window counts with its holes, as in docs/words.md.
    """
    seen = [{unit}]
    for size, (kernel, stride, padding, dilation) in zip(sizes[-2::-1], settings_of[::-1], strict=True):
        windows = slide(size, kernel, stride, padding, dilation)
        spans = [range(taps[0], taps[-1] + 1) for taps in windows]
        seen.append({i for each in seen[-1] for i in spans[each] if 0 <= i < size})
    return seen[::-1]


@settings(UNHURRIED, max_examples=60)
@given(chains())
def test_each_bar_shows_the_units_that_are_seen(case):
    sizes, settings_of = case
    layers = [
        Conv1d(1, 1, kernel, stride=stride, padding=(padding,), dilation=dilation)
        for kernel, stride, padding, dilation in settings_of
    ]
    report = trace(Sequential(*layers), (1, 1, sizes[0]))
    svg = field_picture(report, f"{len(layers) - 1}")
    check(svg)
    expected = seen_by(sizes, settings_of, (sizes[-1] - 1) // 2)
    shown = bars(svg)[::-1]
    assert len(shown) == len(sizes)
    for size, seen, bar in zip(sizes, expected, shown, strict=True):
        if not seen:
            assert bar is None
        else:
            assert bar[0] * size == pytest.approx(min(seen), abs=0.1)
            assert bar[1] * size == pytest.approx(max(seen) + 1, abs=0.1)
    said = " ".join(words(svg))
    if not expected[0]:
        assert "nothing but padding" in said
    elif "clipped" in said:
        assert re.search(rf"clipped at the border to \d+: elements {min(expected[0])} to {max(expected[0])}\b", said)
    else:
        assert f"elements {min(expected[0])} to {max(expected[0])} " in said


@settings(UNHURRIED, max_examples=40)
@given(chains())
def test_the_numbers_are_the_reports(case):
    sizes, settings_of = case
    layers = [
        Conv2d(1, 1, (1, kernel), stride=(1, stride), padding=((0, 0), padding), dilation=dilation)
        for kernel, stride, padding, dilation in settings_of
    ]
    report = trace(Sequential(*layers), (1, 1, 3, sizes[0]))
    shown = levels(field_picture(report, report.rows[-1].name))
    assert shown[-1] == ("input", [both(3, sizes[0]), "1", "1", "0"])
    for row, (name, numbers) in zip(report.rows, shown[-2::-1], strict=True):
        assert name == row.name
        h, w = row.field
        assert numbers == [
            both(*row.output[-2:]),
            both(h.size, w.size),
            both(h.jump, w.jump),
            both(h.start, w.start).replace("\xd7", ", "),
        ]


def both(*numbers):
    shown = [str(number).replace("-", "\u2212") for number in numbers]
    return shown[0] if len(set(shown)) == 1 else "\xd7".join(shown)


def test_lenet_as_it_can_be_counted_by_hand():
    svg = field_picture(trace(zoo.build("lenet5"), (1, 1, 32, 32)), "S4")
    assert levels(svg) == [
        ("S4", ["5", "16", "4", "0"]),
        ("C3", ["10", "14", "2", "0"]),
        ("S2", ["14", "6", "2", "0"]),
        ("C1", ["28", "5", "1", "0"]),
        ("input", ["32", "1", "1", "0"]),
    ]
    said = words(svg)
    assert "the middle unit, (2, 2) of 5\xd75, sees 16\xd716 of 32\xd732" in " ".join(said)
    assert "rows 8 to 23, columns 8 to 23" in said
    assert "all of it inside the input" in said
    # 1 of 5, 2 of 10, 6 of 14, 12 of 28 wait for the 16 of 32 below them.
    taken = [1, 2, 6, 12, 16]
    for (low, high), units, seen in zip(bars(svg), (5, 10, 14, 28, 32), taken, strict=True):
        assert (high - low) * units == pytest.approx(seen, abs=0.05)
    middles = [x + width / 2 for _, x, _, width, height in rectangles(svg, "window", "made") if height == HEIGHT]
    assert middles == pytest.approx([middles[0]] * 5, abs=0.02)  # nothing is padded


def test_the_view_over_the_input_is_to_scale():
    svg = field_picture(trace(Conv2d(1, 1, (3, 5), stride=4, padding=2), (1, 1, 12, 20)), "conv2d")
    # H: 4 units, the middle one, 1, starts at -2 + 4; W: 5 units, 2 starts at 6.
    view = {role: box for role, *box in rectangles(svg, "in", "window", "around") if box[-1] != HEIGHT}
    x, y, width, height = view["in"]
    assert height / width == pytest.approx(12 / 20, abs=0.01)
    unit = width / 20
    assert view["window"] == pytest.approx([x + 6 * unit, y + 2 * unit, 5 * unit, 3 * unit], abs=0.05)
    assert view["around"] == view["window"]


def test_what_is_beyond_the_border_is_said_and_dashed():
    svg = field_picture(trace(Conv2d(1, 1, 5, padding=2), (1, 1, 3, 3)), "conv2d")
    said = words(svg)
    assert "the middle unit, (1, 1) of 3\xd73, sees 5\xd75 of 3\xd73" in said
    assert "rows \u22121 to 3, columns \u22121 to 3" in said
    assert "clipped at the border to 3\xd73: rows 0 to 2, columns 0 to 2" in " ".join(said)
    assert "dashed: beyond the input is padding" in said
    assert svg.count("stroke-dasharray:5 3") == 2
    view = {role: box for role, *box in rectangles(svg, "in", "window", "around") if box[-1] != HEIGHT}
    assert view["in"] == view["window"]
    assert view["around"][2] / view["in"][2] == pytest.approx(5 / 3, abs=0.01)
    (cone,) = (box for _, *box in rectangles(svg, "around") if box[-1] == HEIGHT)
    assert view["around"][0] == cone[0] == view["in"][0] - view["in"][2] / 3
    assert "dashed" not in field_picture(trace(Conv2d(1, 1, 3, padding=1), (1, 1, 3, 3)), "conv2d").split("</style>")[1]


@pytest.mark.parametrize(
    ("network", "shape", "layer", "said"),
    [
        (Conv1d(1, 1, 3), (1, 1, 9), "conv1d", "the middle unit, (3) of 7, sees 3 of 9"),
        (Conv3d(1, 1, (1, 3, 5)), (1, 1, 2, 9, 9), "conv3d", "sees 1\xd73\xd75 of 2\xd79\xd79"),
        (Conv3d(1, 1, (1, 3, 5)), (1, 1, 2, 9, 9), "conv3d", "slices 0 to 0, rows 3 to 5, columns 2 to 6"),
        (Conv3d(1, 1, (1, 3, 5)), (1, 1, 2, 9, 9), "conv3d", "the view is that of H and W"),
        (Sequential(Conv2d(1, 1, 3), Flatten(), Linear(9, 2)), (1, 1, 5, 5), "2", "a unit sees 5\xd75 of 5\xd75"),
        (
            Sequential(Conv2d(1, 1, 3), Flatten(), Linear(9, 2)),
            (1, 1, 5, 5),
            "1",
            "the first unit sees 3\xd73 of 5\xd75",
        ),
        (
            Sequential(Conv2d(1, 1, 3), Flatten(), Linear(9, 2)),
            (1, 1, 5, 5),
            "2",
            "no longer lie along the input's axes",
        ),
        (ConvTranspose2d(1, 1, 2, stride=2), (1, 1, 5, 5), "convtranspose2d", "1/2"),
        (
            Sequential(Upsample(scale_factor=2), Conv2d(1, 1, 3)),
            (1, 1, 5, 5),
            "1",
            "rows 1 to 2, columns 1 to 2",
        ),
        (Residual(Conv2d(1, 1, 3, padding=1), ReLU()), (1, 1, 5, 5), "add", "sees 3\xd73 of 5\xd75"),
        (Sequential(Conv2d(1, 1, 3), ReLU(), ReLU(), Conv2d(1, 1, 2)), (1, 1, 9, 9), "3", "2 layers through which"),
        (Sequential(Conv2d(1, 1, 3), ReLU(), Conv2d(1, 1, 2)), (1, 1, 9, 9), "2", "1 layer through which"),
    ],
    ids=str,
)
def test_what_is_said(network, shape, layer, said):
    svg = field_picture(trace(network, shape), layer)
    check(svg)
    assert said in " ".join(words(svg))


def test_where_branches_meet_the_widest_is_followed():
    block = Residual(Sequential(Conv2d(1, 1, 3, padding=1), Conv2d(1, 1, 5, padding=2)), Conv2d(1, 1, 3, padding=1))
    report = trace(Sequential(Conv2d(1, 1, 3), block, MaxPool2d(2)), (1, 1, 20, 20))
    whole = levels(field_picture(report, "2"))
    assert [name for name, _ in whole] == ["2", "1", "0", "input"]
    inner = next(row.name for row in every_row(report.rows) if row.parts is None and row.name.startswith("1.add"))
    svg = field_picture(report, inner)
    assert [numbers[1] for _, numbers in levels(svg)] == ["9", "9", "5", "3", "1"]
    assert "where branches meet, the one that sees most is followed" in words(svg)


def test_a_deep_network_is_cut_in_the_middle_and_says_so():
    report = trace(Sequential(*(Conv2d(1, 1, 3, padding=1) for _ in range(100))), (1, 1, 30, 30))
    svg = field_picture(report, "99")
    check(svg)
    shown = levels(svg)
    assert len(shown) == 24
    assert (shown[0][0], shown[-1][0], shown[-2][0]) == ("99", "input", "0")
    assert "\u2026 77 layers are left out" in words(svg)  # of 100 layers and the input
    assert len(svg.encode()) <= 40_000


def test_layers_of_blocks_are_opened_where_there_is_room():
    report = trace(zoo.build("vgg16"), (1, 3, 224, 224))
    shown = [name for name, _ in levels(field_picture(report, "features"))]
    convolutions_and_pools = [0, 2, 4, 5, 7, 9, 10, 12, 14, 16, 17, 19, 21, 23, 24, 26, 28]
    assert shown == ["features", *(f"features.{i}" for i in reversed(convolutions_and_pools)), "input"]


@pytest.mark.parametrize("name", ONE_OF_EACH_FAMILY)
def test_networks_of_every_family(name):
    report = trace(zoo.build(name), zoo.input_shape(name))
    rows = list(every_row(report.rows))
    for row in {row.name: row for row in [*report.rows[-3:], *rows[:: len(rows) // 5]]}.values():
        svg = field_picture(report, row.name)
        check(svg)
        assert len(svg.encode()) <= 40_000
        shown = levels(svg)
        assert shown[0][0] in (row.name, row.name[: len(shown[0][0]) - 1] + "\u2026")
        assert shown[-1][0] == "input"
        for layer, numbers in shown[:-1]:
            if not layer.endswith("\u2026"):
                size, jump, start, *_ = row_named(report, layer).field[0]  # both axes are alike in all of them
                assert numbers[1:] == [both(size), "\u2013" if jump is None else both(jump), both(start)]


@settings(UNHURRIED, max_examples=40)
@given(st.text(min_size=1, max_size=60), st.text(min_size=1, max_size=20))
def test_any_name_makes_a_whole_picture(first, second):
    try:
        report = trace(chain([(first, Conv2d(3, 6, 1)), (second, Conv2d(6, 4, 3))]), (1, 3, 4, 4))
    except ConvcalcError:
        return
    svg = field_picture(report, report.rows[1].name)
    check(svg)
    assert svg == field_picture(report, report.rows[1].name)
    # The names stay beside the cone.
    assert all(
        text_width(name, SIZES["ink"]) <= min(x for _, x, *_ in rectangles(svg, "in")) for name, _ in levels(svg)
    )


def test_any_size():
    svg = field_picture(trace(Conv2d(1, 1, 3, stride=10**20), (1, 1, 10**40, 10**40)), "conv2d")
    check(svg)
    assert str(10**40) in svg


@pytest.mark.parametrize(
    ("network", "shape", "layer", "reason"),
    [
        (zoo.build("lenet5"), (1, 1, 32, 32), "C33", "'C33' is not a layer of this network: did you mean 'C3'"),
        (zoo.build("lenet5"), (1, 1, 32, 32), "c3", "'c3' is not a layer of this network: did you mean 'C3'"),
        (zoo.build("lenet5"), (1, 1, 32, 32), "zzz\n", "is not a layer of this network: the names are 'C1', 'C1.0'"),
        (zoo.build("lenet5"), (1, 1, 32, 32), "", "'' is not a layer"),
        (Sequential(), (1, 1, 32, 32), "a", "'a' is not a layer of this network: it has none"),
        (Sequential(Flatten(), Unflatten(1, (1, 5, 5))), (1, 25), "1", "what '1' sees is not known"),
        (Conv2d(1, 1, 3), (0, 1, 5, 5), "conv2d", "its output is empty"),
        (
            Sequential(Upsample(30_011, mode="linear", align_corners=True), Conv1d(1, 1, 3)),
            (1, 1, 22_400),
            "1",
            "what '1' sees is not known, as it needs more than 10,000 different positions: name a layer before it",
        ),
        (
            Sequential(ConvTranspose1d(1, 1, 1, stride=3), ZeroPad1d((-1, -2))),
            (1, 1, 2),
            "1",
            "'1' sees nothing of the input",
        ),
    ],
    ids=lambda value: repr(value)[:30],
)
def test_refusals_are_one_line(network, shape, layer, reason):
    with pytest.raises(ConvcalcError, match=r"^[^\n]*$") as refused:
        field_picture(trace(network, shape), layer)
    assert reason in str(refused.value)


@pytest.mark.parametrize(
    ("network", "seen", "bars_shown"),
    [
        # Unit 3 of 8 reads unit 1 of 4, which sees elements 2 and 3.
        (
            Sequential(Conv1d(1, 1, 2, stride=2), ConvTranspose1d(1, 1, 2, stride=2)),
            "elements 2 to 3 all",
            [(2, 4), (1, 2)],
        ),
        (Sequential(Conv1d(1, 1, 2, stride=2), Upsample(scale_factor=2)), "elements 2 to 3 all", [(2, 4), (1, 2)]),
        # Unit 3 of 8 lies between units 1 and 2 of 4: elements 2 to 5.
        (Sequential(Conv1d(1, 1, 2, stride=2), Upsample(8, mode="linear")), "elements 2 to 5 all", [(2, 6), (1, 3)]),
        # Unit 1 of 4 reads units 0 and 1 of 2, at 0 to 3 and 4 to 7.
        (
            Sequential(Conv1d(1, 1, 4, stride=4), ConvTranspose1d(1, 1, 4, stride=2, padding=1)),
            "elements 0 to 7 all",
            [(0, 8), (0, 2)],
        ),
        # Bins 0 to 2, 2 to 5 and 5 to 7: the middle one.
        (Sequential(Conv1d(1, 1, 1), AdaptiveAvgPool1d(3)), "elements 2 to 5 all", [(2, 6)]),
        # Unit 1 of 3 sees nothing: it lies between those that are made. The nearest one that sees any is 0.
        (Sequential(AdaptiveAvgPool1d(2), ConvTranspose1d(1, 1, 1, stride=2)), "elements 0 to 3 all", [(0, 4), (0, 1)]),
    ],
    ids=str,
)
def test_what_is_seen_through_units_that_are_not_alike(network, seen, bars_shown):
    report = trace(network, (1, 1, 8))
    svg = field_picture(report, "1")
    check(svg)
    said = " ".join(words(svg))
    assert seen in said
    assert "they are drawn evenly spaced" in said
    shown = bars(svg)[::-1]
    sizes = [8, *(row.output[-1] for row in report.rows if row.field != row.seen)]
    for (first, end), size, bar in zip(bars_shown, sizes, shown, strict=False):
        assert bar == pytest.approx((first / size, end / size), abs=0.01)
