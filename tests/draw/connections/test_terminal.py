from __future__ import annotations

import pytest

from convcalc import Conv2d, ConvTranspose2d, Linear, MaxPool2d, Sequential, trace, zoo
from convcalc.draw.connections.terminal import connection_lines
from convcalc.draw.terminal import plain
from convcalc.errors import ConvcalcError
from convcalc.lenet import C3_TABLE
from tests.draw.lines import check_fit

LENET = trace(zoo.build("lenet5"), (1, 1, 32, 32))
HUGE = 10**40


@pytest.mark.parametrize("width", [60, 80])
@pytest.mark.parametrize("name", ["vgg16", "densenet121"])
def test_every_line_fits(name, width):
    report = trace(zoo.build(name), (1, 3, 224, 224))
    weighted = [row.name for row in report.leaves if row.weight_shape and len(row.weight_shape) > 1]
    for layer in (weighted[0], weighted[-1]):
        check_fit(connection_lines(report, layer, width), width)


def test_huge_figures_fit():
    report = trace(Sequential(Conv2d(HUGE, HUGE, 3, padding=1), Linear(HUGE, HUGE)), (1, HUGE, HUGE, HUGE))
    for layer in ("0", "1"):
        lines = connection_lines(report, layer)
        check_fit(lines, 80)
        assert len(lines) < 150
        assert any(text.endswith("X" * 8) for text in plain(lines))


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


def test_linear_layers_connect_units():
    (first, *_) = plain(connection_lines(LENET, "F6"))
    assert first == "F6: which units of C5 feed which of its units"


def test_an_unknown_layer_is_refused():
    with pytest.raises(ConvcalcError, match=r"^'C9' is not a layer of this network[^\n]*$"):
        connection_lines(LENET, "C9")
