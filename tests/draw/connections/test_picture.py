from __future__ import annotations

import re
import time
from xml.etree import ElementTree

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from convcalc import (
    RBF,
    AdaptiveAvgPool2d,
    AvgPool2d,
    BatchNorm2d,
    Conv1d,
    Conv2d,
    Conv3d,
    ConvTranspose2d,
    LazyConv2d,
    LazyLinear,
    Linear,
    MaxPool2d,
    ReLU,
    Sequential,
    Subsampling2d,
    trace,
    zoo,
)
from convcalc.draw.connections.picture import connections_picture
from convcalc.draw.lookup import row_named
from convcalc.engine import execute, weight_shapes
from convcalc.errors import ConvcalcError
from convcalc.lenet import C3_TABLE
from tests.draw.layer.test_picture import SVG, check
from tests.draw.unhurried import UNHURRIED

SOME, ALL = "some", "all"
RUN = re.compile(r"([Mm])(\d+) (\d+)h(\d+)v(\d+)h-\d+z")


def picture(layer, shape):
    return connections_picture(trace(layer, shape).rows[0])


def words(svg):
    return [part.text for part in ElementTree.fromstring(svg).iter(f"{SVG}text")]


def runs(path):
    """The rectangles of a path: each begins at a place, or so far from where the one before it began."""
    x = y = 0
    for move, across, down, width, height in RUN.findall(path):
        x, y = (x + int(across), y + int(down)) if move == "m" else (int(across), int(down))
        yield x, y, int(width), int(height)
    assert not RUN.sub("", path)


def marks(svg):
    """Of each cell that is filled, as (row, column), how: wholly, or small; and its role."""
    root = ElementTree.fromstring(svg)
    (cell,) = {float(part.get("width")) for part in root.iter(f"{SVG}pattern")}
    found = {}
    for part in root.iter(f"{SVG}path"):
        look = re.match(r"url\(#(all|some)-(\w+)-\w+\)", part.get("fill") or "")
        for x, y, width, height in runs(part.get("d")) if look else ():
            for row in range(round(y / cell), round((y + height) / cell)):
                for column in range(round(x / cell), round((x + width) / cell)):
                    assert (row, column) not in found
                    found[row, column] = look.groups()
    return found


def filled(svg):
    return {place for place, (state, _) in marks(svg).items() if state == ALL}


def size_of(svg):
    """Rows and columns of the table."""
    root = ElementTree.fromstring(svg)
    (cell,) = {float(part.get("width")) for part in root.iter(f"{SVG}pattern")}
    (table,) = (part for part in root.iter(f"{SVG}rect") if (part.get("fill") or "").startswith("url(#none-"))
    return float(table.get("height")) / cell, float(table.get("width")) / cell


def pairs(inputs, outputs, groups=1, table=None):
    """The pairs of an input and an output map, one by one."""
    if table is not None:
        return {(i, o) for o, row in enumerate(table) for i in row}
    return {
        (i, o) for i in range(inputs) for o in range(outputs) if i // (inputs // groups) == o // (outputs // groups)
    }


@st.composite
def convolutions(draw, most=64):
    groups = draw(st.integers(1, 8))
    inputs, outputs = (groups * draw(st.integers(1, most // groups)) for _ in range(2))
    if draw(st.booleans()):
        return inputs, outputs, groups, None
    rows = st.sets(st.integers(0, inputs - 1), min_size=1).map(lambda row: tuple(sorted(row)))
    few = draw(st.lists(rows, min_size=1, max_size=8))
    return inputs, outputs, 1, tuple(few[i % len(few)] for i in range(outputs))


@settings(UNHURRIED, max_examples=40)
@given(convolutions())
def test_the_filled_cells_are_the_pairs_of_maps(case):
    inputs, outputs, groups, table = case
    svg = picture(Conv1d(inputs, outputs, 1, groups=groups, table=table), (1, inputs, 3))
    assert set(marks(svg)) == filled(svg) == pairs(*case)
    assert size_of(svg) == (inputs, outputs)


@settings(UNHURRIED, max_examples=25)
@given(convolutions(most=300))
def test_a_large_table_is_shown_in_blocks(case):
    inputs, outputs, groups, table = case
    svg = picture(Conv1d(inputs, outputs, 1, groups=groups, table=table), (1, inputs, 3))
    steps = [-(-count // 64) for count in (inputs, outputs)]
    there = np.zeros((inputs, outputs), bool)
    there[tuple(np.transpose(sorted(pairs(*case))))] = True
    expected = {}
    for row in range(-(-inputs // steps[0])):
        for column in range(-(-outputs // steps[1])):
            rows, columns = (slice(i * step, (i + 1) * step) for i, step in zip((row, column), steps, strict=True))
            block = there[rows, columns]
            if block.any():
                expected[row, column] = ALL if block.all() else SOME
    assert {place: state for place, (state, _) in marks(svg).items()} == expected
    said = f"each cell is a block of up to {steps[0]}\xd7{steps[1]}, inputs by outputs"
    assert (said in words(svg)) == (max(steps) > 1)
    check(svg)


@pytest.mark.parametrize(
    ("layer", "shape"),
    [
        (Conv2d(6, 16, 3, table=C3_TABLE), (1, 6, 4, 4)),
        (Conv2d(4, 6, 2), (1, 4, 3, 3)),
        (Conv2d(4, 8, 2, groups=2), (1, 4, 3, 3)),
        (Conv2d(5, 10, 2, groups=5, bias=False), (1, 5, 3, 3)),
        (Conv3d(4, 2, 1, groups=2), (1, 4, 2, 2, 2)),
        (ConvTranspose2d(6, 4, 2, groups=2), (1, 6, 2, 2)),
        (ConvTranspose2d(2, 6, 3, stride=2), (1, 2, 2, 2)),
        (LazyConv2d(6, 2, groups=3), (1, 3, 3, 3)),
        (Linear(7, 5), (1, 7)),
        (LazyLinear(3), (1, 4)),
        (MaxPool2d(2), (1, 5, 4, 4)),
        (AvgPool2d(2), (3, 4, 4)),
        (AdaptiveAvgPool2d(2), (1, 3, 5, 5)),
        (Subsampling2d(6, 2), (1, 6, 4, 4)),
    ],
    ids=str,
)
def test_the_filled_cells_are_the_maps_that_change_one_another_in_the_engine(layer, shape):
    row = trace(Sequential(layer), shape).rows[0]
    inner = row.leaves[0]
    axis = -1 if isinstance(inner.layer, Linear) else len(shape) - 1 - inner.layer.rank
    weights = {name: np.ones(size) for name, size in weight_shapes(inner.layer).items()}
    plain = execute(inner.layer, np.ones(shape), **weights)
    expected = set()
    for i in range(shape[axis]):
        x = np.ones(shape)
        np.moveaxis(x, axis, 0)[i] = 3
        changed = np.moveaxis(execute(inner.layer, x, **weights) != plain, axis, 0)
        expected |= {(i, o) for o, each in enumerate(changed) if each.any()}
    assert filled(connections_picture(row)) == expected


def test_c3_is_table_1_of_the_paper():
    report = trace(zoo.build("lenet5"), (1, 1, 32, 32))
    svg = connections_picture(row_named(report, "C3"))
    check(svg)
    said = words(svg)
    assert any("60*25 + 16 = 1,516" in each for each in said)
    assert "60 of 96 kernels; with all of them 2,416 parameters" in said  # 96*25 + 16
    kinds = ["6 maps of 3 contiguous", "6 maps of 4 contiguous", "3 maps of 4 with gaps", "1 map of all 6"]
    assert [each for each in said if each in kinds] == kinds
    assert "C3: which maps of S2 feed each of its maps" in said
    # Table I as printed, X by X.
    printed = [
        "X...XXX..XXXX.XX",
        "XX...XXX..XXXX.X",
        "XXX...XXX..X.XXX",
        ".XXX..XXXX..X.XX",
        "..XXX..XXXX.XX.X",
        "...XXX..XXXX.XXX",
    ]
    assert filled(svg) == {(i, o) for i, line in enumerate(printed) for o, mark in enumerate(line) if mark == "X"}
    groups = (range(6), range(6, 12), range(12, 15), (15,))
    roles = [{role for (_, column), (_, role) in marks(svg).items() if column in group} for group in groups]
    assert all(len(role) == 1 for role in roles)
    assert len(set.union(*roles)) == 4
    inputs = said.index("inputs")
    assert said[inputs + 1 : inputs + 17] == ["3"] * 6 + ["4"] * 9 + ["6"]


@pytest.mark.parametrize(
    ("layer", "shape", "said"),
    [
        (Conv2d(4, 8, 3, groups=2), (1, 4, 5, 5), "Conv2d 3\xd73: 16*9 + 8 = 152 parameters"),
        (Conv2d(4, 8, 3, groups=2), (1, 4, 5, 5), "2 groups: in each 2 feed 4"),
        (Conv2d(4, 8, 3, groups=2), (1, 4, 5, 5), "16 of 32 kernels; with all of them 296 parameters"),
        (Conv2d(4, 8, 3, groups=4), (1, 4, 5, 5), "depthwise: each of 4 feeds 2 of its own"),
        (Conv2d(3, 2, 1, bias=False), (1, 3, 5, 5), "Conv2d 1\xd71: 6*1 = 6 parameters"),
        (Linear(120, 84), (1, 120), "Linear: 84*120 + 84 = 10,164 parameters"),
        (Linear(120, 84), (1, 120), "dense: each of 120 feeds each of 84"),
        (ConvTranspose2d(3, 2, 4), (1, 3, 5, 5), "ConvTranspose2d 4\xd74: 6*16 + 2 = 98 parameters"),
        (MaxPool2d(2), (1, 5, 4, 4), "MaxPool2d 2\xd72: no parameters"),
        (MaxPool2d(2), (1, 5, 4, 4), "a diagonal: each of 5 feeds one of its own"),
        (Subsampling2d(6, 2), (1, 6, 4, 4), "Subsampling2d 2\xd72: 6 + 6 = 12 parameters"),
        (RBF(84, 10), (1, 84), "RBF: 10*84 = 840 fixed parameters"),
        (Conv2d(4, 3, 1, table=[[0, 3], [2], [0, 2]]), (1, 4, 5, 5), "1 map of 2 contiguous"),
        (Conv2d(4, 3, 1, table=[[0, 3], [2], [0, 2]]), (1, 4, 5, 5), "1 map of 2 with gaps"),
        (Conv2d(4, 3, 1, table=[[0, 3], [2], [0, 2]]), (1, 4, 5, 5), "1 map of 1"),
    ],
    ids=str,
)
def test_what_is_said(layer, shape, said):
    assert said in words(picture(layer, shape))


def test_a_shared_layer_has_its_own_numbers():
    layer = Conv2d(2, 2, 3, padding=1)
    rows = trace(Sequential(layer, layer), (1, 2, 5, 5)).leaves
    assert rows[1].shares == rows[0].name
    assert "Conv2d 3\xd73: 4*9 + 2 = 38 parameters" in words(connections_picture(rows[1]))


def test_more_kinds_than_colours_are_put_together():
    table = [tuple(range(n)) for n in range(1, 9)]
    svg = picture(Conv2d(8, 8, 1, table=table), (1, 8, 2, 2))
    assert "4 maps of 5 or more, otherwise" in words(svg)
    assert filled(svg) == pairs(8, 8, table=table)


@pytest.mark.parametrize("name", zoo.NAMES)
def test_all_networks(name):
    seen = set()
    for row in trace(zoo.build(name), zoo.input_shape(name)).leaves:
        key = row.input[1], row.output[1], getattr(row.layer, "groups", None)
        if isinstance(row.layer, (Conv2d, Linear, MaxPool2d)) and key not in seen and len(seen) < 6:
            seen.add(key)
            svg = connections_picture(row)
            check(svg)
            assert len(svg.encode()) <= 40_000
            assert f"{row.figures.parameters:,}" in svg or isinstance(row.layer, (MaxPool2d, type(None)))


@pytest.mark.parametrize(
    ("layer", "shape"),
    [
        (Linear(10**30, 10**30), (1, 10**30)),
        (Conv1d(10**12, 10**12, 1, groups=10**12), (1, 10**12, 1)),
        (Conv1d(64, 64, 1, table=[range(o % 2, 64, 2) for o in range(64)]), (1, 64, 1)),
        (Conv1d(512, 512, 1, table=[range(o % 2, 512, 2) for o in range(512)]), (1, 512, 1)),
        (Conv1d(1, 64, 1), (1, 1, 1)),
        (Conv1d(64, 1, 1), (1, 64, 1)),
        (Conv1d(65, 1, 1), (1, 65, 1)),
    ],
    ids=lambda value: str(value)[:40],
)
def test_large_and_odd_tables_stay_small(layer, shape):
    start = time.process_time()
    svg = picture(layer, shape)
    assert time.process_time() - start < 2
    check(svg)
    assert len(svg.encode()) <= 40_000
    assert svg == picture(layer, shape)


@pytest.mark.parametrize(
    ("layer", "shape", "reason"),
    [
        (ReLU(), (1, 3, 4, 4), "'relu' is ReLU, which has no table of connections: name a convolution, pool or Linear"),
        (BatchNorm2d(3), (1, 3, 4, 4), "no table of connections"),
        (Sequential(ReLU(), BatchNorm2d(3)), (1, 3, 4, 4), "'0' is ReLU"),
        (Linear(0, 3), (1, 0), "connects 0 maps with 3: nothing to draw"),
        (Sequential(Sequential(Linear(2, 3), Linear(3, 3))), (1, 2), "'0' has 2 tables of connections: name one of"),
        (Sequential(Sequential(ReLU(), ReLU())), (1, 2), "'0' has no layer that connects maps"),
    ],
    ids=str,
)
def test_refusals_are_one_line(layer, shape, reason):
    with pytest.raises(ConvcalcError, match=r"^[^\n]*$") as refused:
        picture(layer, shape)
    assert reason in str(refused.value)
