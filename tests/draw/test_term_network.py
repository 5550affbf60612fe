from __future__ import annotations

import re
from itertools import pairwise

import pytest

from convcalc import (
    Add,
    Branches,
    Conv1d,
    Conv2d,
    ConvTranspose2d,
    Flatten,
    Linear,
    MaxPool2d,
    ReLU,
    Sequential,
    trace,
    zoo,
)
from convcalc.draw.chart.picture import chart_picture, costs_of, fewer
from convcalc.draw.layer.terminal import layer_frame
from convcalc.draw.term_network import chart_lines, connection_lines, field_lines, network_lines
from convcalc.draw.terminal import coloured, plain
from convcalc.errors import ConvcalcError
from convcalc.layers.block import INPUT
from convcalc.lenet import C3_TABLE
from convcalc.network import Network, Node

NETWORKS = {"lenet5": 32, "alexnet": 224, "vgg16": 224, "resnet18": 224, "googlenet": 224, "densenet121": 224}


def report_of(name):
    size = NETWORKS[name]
    return trace(zoo.build(name), (1, 1 if name == "lenet5" else 3, size, size))


@pytest.fixture(scope="module")
def reports():
    return {name: report_of(name) for name in NETWORKS}


LENET = report_of("lenet5")


@pytest.mark.parametrize("width", [60, 80])
@pytest.mark.parametrize("name", NETWORKS)
def test_every_line_fits(reports, name, width):
    report = reports[name]
    last = next(row.name for row in reversed(report.leaves) if row.field and row.windows)
    weighted = [row.name for row in report.leaves if row.weight_shape and len(row.weight_shape) > 1]
    shown = [
        network_lines(report, name, width=width),
        network_lines(report, name, depth=1, width=width),
        field_lines(report, last, width),
        connection_lines(report, weighted[0], width),
        connection_lines(report, weighted[-1], width),
        *(
            chart_lines(report, figure, depth, width)
            for figure in ("parameters", "macs", "memory")
            for depth in (1, None)
        ),
    ]
    for lines in shown:
        for texts in (plain(lines), plain(lines, in_ascii=True), [text.plain for text in coloured(lines)]):
            assert [text for text in texts if len(text.rstrip()) > width] == []
        assert all(text.isascii() for text in plain(lines, in_ascii=True))


def test_lenet_has_the_figures_of_the_paper():
    """LeCun et al. (1998), figure 2 and section II-B."""
    lines = [line.split() for line in plain(network_lines(LENET, "LeNet-5"), in_ascii=True)]
    shapes = {line[0]: (line[-2], line[-1]) for line in lines[3:]}
    assert shapes == {
        "C1": ("6@28x28", "156"),
        "S2": ("6@14x14", "12"),
        "C3": ("16@10x10", "1,516"),
        "S4": ("16@5x5", "32"),
        "C5": ("120", "48,120"),
        "F6": ("84", "10,164"),
        "output": ("10", "0"),
    }
    assert lines[1][0] == "60,000"


def test_branches_and_repeats_are_told(reports):
    lines = plain(network_lines(reports["resnet18"]))
    assert sum("straight through" in line for line in lines) == 4  # of 8 blocks, 3 with a convolution there, 2 as one
    assert any("\xd7 2" in line for line in lines)
    branches = [line for line in plain(network_lines(reports["googlenet"])) if "├ branch 4" in line]
    assert len(branches) == 9 or any("\xd7 2" in line for line in plain(network_lines(reports["googlenet"])))


def test_the_table_is_table_1_of_the_paper():
    lines = plain(connection_lines(LENET, "C3"))
    marks = [line.split()[1:] for line in lines[3:9]]
    assert [[mark == "X" for mark in row] for row in marks] == [
        [i in C3_TABLE[output] for output in range(16)] for i in range(6)
    ]
    assert "60*25 + 16 = 1,516" in lines[1]


@pytest.mark.parametrize(
    ("layer", "maps", "fed"),
    [
        (Conv2d(4, 8, 3, groups=2), 4, lambda i, o: i // 2 == o // 4),
        (Conv2d(6, 6, 3, groups=6), 6, lambda i, o: i == o),
        (ConvTranspose2d(4, 2, 3, groups=2), 4, lambda i, o: i // 2 == o),
        (Conv2d(3, 5, 3), 3, lambda i, o: True),
        (MaxPool2d(2), 4, lambda i, o: i == o),
    ],
    ids=range(5),
)
def test_groups_are_blocks_on_the_diagonal(layer, maps, fed):
    report = trace(Sequential(layer), (1, maps, 8, 8))
    outputs = report.output[1]
    lines = plain(connection_lines(report, "0"))
    for i, line in enumerate(lines[3 : 3 + maps]):
        assert line.split() == [str(i), *("X" if fed(i, o) else "." for o in range(outputs))]


def test_large_tables_are_shown_in_blocks():
    report = trace(Sequential(Conv2d(512, 256, 1, groups=256)), (1, 512, 4, 4))
    lines = plain(connection_lines(report, "0", 80))
    rows = [line for line in lines if set(line.split()[-1]) <= set("X./")]
    assert len(rows) == 64
    for i, row in enumerate(rows):  # 8 inputs and 4 outputs a block: those on the diagonal have some pairs
        assert row.split() == [f"{8 * i}\u2013{8 * i + 7}", "." * i + "/" + "." * (63 - i)]
    assert any("8 inputs \xd7 4 outputs" in line for line in lines)


def test_a_narrow_terminal_gets_the_table_in_panels():
    report = trace(Sequential(Conv2d(2, 64, 1)), (1, 2, 4, 4))
    lines = plain(connection_lines(report, "0", 42))
    assert [line.split()[-1] for line in lines if line.lstrip().startswith("1 ")] == ["X" * 40, "X" * 24]


def test_the_field_is_that_of_the_report():
    lines = [line.split() for line in plain(field_lines(LENET, "S4"))]
    numbers = {line[0]: tuple(line[-4:-1]) for line in lines[2:7]}
    assert numbers == {
        "S4": ("16", "4", "0"),
        "C3": ("14", "2", "0"),
        "S2": ("6", "2", "0"),
        "C1": ("5", "1", "0"),
        "input": ("1", "1", "0"),
    }
    lengths = [len(line[-1]) for line in lines[2:7]]
    assert lengths == sorted(lengths, reverse=True)
    assert lengths[3] == lengths[0] * 5 // 16
    assert "clipped" not in " ".join(map(" ".join, lines))
    clipped = trace(Sequential(Conv2d(1, 1, 5, padding=4)), (1, 1, 3, 3))
    assert "clipped at the border" in plain(field_lines(clipped, "0"))[-1]


def test_bars_are_as_long_as_the_figures():
    report = trace(Sequential(Conv2d(1, 4, 1, bias=False), Conv2d(4, 4, 1, bias=False), ReLU()), (1, 1, 8, 8))
    lines = plain(chart_lines(report, "parameters"))  # 4 and 16 parameters
    first, second = (line.count("█") for line in lines[1:3])
    assert second == pytest.approx(4 * first, abs=4)
    assert "80.0%" in lines[2]
    assert len(lines) == 4  # nothing of ReLU
    stacked = plain(chart_lines(report, "memory"), in_ascii=True)  # 16 and 64 bytes; 1,024 each
    assert ("#" in stacked[1], "=" in stacked[1]) == (True, True)
    assert "64 + 1,024" in stacked[2]
    even = trace(Sequential(Conv2d(1, 16, 3, padding=1, bias=False)), (1, 1, 3, 3))  # 576 bytes each
    (line,) = (line for line in plain(chart_lines(even, "memory")) if "576 + 576" in line)
    assert line.count("█") == pytest.approx(line.count("▒"), abs=1)


@pytest.mark.parametrize(
    ("lines", "options", "reason"),
    [
        (field_lines, ("C9",), "is not a layer of this network"),
        (field_lines, ("F6",), None),
        (connection_lines, ("C9",), "is not a layer of this network"),
        (chart_lines, ("joules",), "use one of parameters, macs, memory"),
    ],
)
def test_refusals_are_one_line(lines, options, reason):
    if reason is None:
        lines(LENET, *options)  # F6 sees all of the input
        return
    with pytest.raises(ConvcalcError, match=reason) as refusal:
        lines(LENET, *options)
    assert "\n" not in str(refusal.value)


def test_what_has_no_field_and_no_figures_is_refused():
    report = trace(Sequential(Flatten(), Linear(4, 2)), (1, 4))
    with pytest.raises(ConvcalcError, match="is not known"):
        field_lines(report, "1")
    with pytest.raises(ConvcalcError, match="nothing to draw"):
        chart_lines(trace(Sequential(ReLU()), (1, 4)), "macs")


@pytest.mark.parametrize("name", ["vgg16", "densenet121"])
def test_a_chart_has_the_bars_of_the_picture(reports, name):
    for depth in (None, 1, 3):
        bars = fewer(costs_of(reports[name], "macs", depth).bars)
        lines = plain(chart_lines(reports[name], "macs", depth))[1:-1]
        assert [f"{bar.values[0]:,}" for bar in bars] == [line.split()[-2] for line in lines]
        picture = chart_picture(reports[name], "macs", depth)
        assert re.findall(r">([\d,]+) \(", picture) == [line.split()[-2] for line in lines]


def test_huge_figures_fit():
    huge = 10**40
    report = trace(Sequential(Conv2d(huge, huge, 3, padding=1), Linear(huge, huge)), (1, huge, huge, huge))
    shown = [
        network_lines(report),
        field_lines(report, "0"),
        connection_lines(report, "0"),
        connection_lines(report, "1"),
        *(chart_lines(report, figure) for figure in ("parameters", "macs", "memory")),
        layer_frame(report.rows[1]),
    ]
    for lines in shown:
        assert [text for text in plain(lines, in_ascii=True) if len(text) > 80] == []
        assert len(lines) < 150
    assert any(text.endswith("X" * 8) for text in plain(shown[2]))


def test_what_feeds_a_layer_has_the_names_of_the_lines():
    """Though the line of a layer in a block of its own has the block's name."""
    nodes = [Node("stem", Conv2d(3, 8, 1), (INPUT,))]
    nodes.append(Node("a", Sequential(Conv2d(8, 8, 3, padding=1), ReLU()), ("stem",)))
    nodes += [Node("b", Conv2d(8, 8, 5, padding=2), ("a",)), Node("c", Add(), ("a", "b")), Node("d", Add(), ("b", "c"))]
    nodes.append(Node("e", Add(), ("a", "d")))
    lines = plain(network_lines(trace(Network(tuple(nodes)), (1, 3, 9, 9))))
    fed = {
        re.search("\u253c (.)", before)[1]: line.split("\u2190 ")[1]
        for before, line in pairwise(lines)
        if "\u2190" in line
    }
    assert fed == {"b": "a", "c": "a, b", "d": "b, c"}


def test_long_networks_are_folded_more(reports):
    """DenseNet-121 has 4 blocks of 6, 12, 24 and 16 layers (table 1 of its paper), the last with a norm behind it."""
    report = report_of("densenet121")
    lines = plain(network_lines(report))
    assert len(lines) < 100
    assert [int(n) for line in lines for n in re.findall(r"\xd7 (\d+), parameters in all", line)] == [6, 12, 24, 15]
    figures = [re.search(r" ([\d,]+)$", line) for line in lines[3:] if "branch" not in line]
    assert sum(int(figure[1].replace(",", "")) for figure in figures if figure) == report.totals.parameters


def test_a_deep_field_is_cut_in_the_middle_and_says_so():
    """Each of 40 layers of 3 sees 2 more than the one before: of them and the input 24 are shown."""
    report = trace(Sequential(*(Conv1d(1, 1, 3) for _ in range(40))), (1, 1, 99))
    lines = plain(field_lines(report, "39"))
    assert [line for line in lines if "left out" in line] == ["\u2026 17 layers are left out"]
    sees = [int(line.split()[3]) for line in lines if " Conv1d " in line]
    assert sees == [*range(81, 57, -2), *range(23, 1, -2)]


def test_shared_parameters_are_not_none():
    tower = Sequential(Conv2d(8, 8, 3), ReLU())
    lines = plain(network_lines(trace(Branches(tower, tower), (1, 8, 9, 9))))
    assert [line.split()[-1] for line in lines if "convolution" in line] == ["584", "shared"]


def test_linear_layers_connect_units():
    (first, *_) = plain(connection_lines(LENET, "F6"))
    assert first == "F6: which units of C5 feed which of its units"
