from __future__ import annotations

import re

import pytest

from convcalc import Conv2d, Linear, ReLU, Sequential, trace, zoo
from convcalc.draw.chart.picture import CHARTS, chart_picture, costs_of, fewer
from convcalc.draw.chart.terminal import chart_lines
from convcalc.draw.terminal import plain
from convcalc.errors import ConvcalcError
from tests.draw.lines import check_fit

HUGE = 10**40


@pytest.fixture(scope="module")
def reports():
    return {name: trace(zoo.build(name), (1, 3, 224, 224)) for name in ("vgg16", "densenet121")}


@pytest.mark.parametrize("width", [60, 80])
@pytest.mark.parametrize("name", ["vgg16", "densenet121"])
def test_every_line_fits(reports, name, width):
    for figure in CHARTS:
        for depth in (1, None):
            check_fit(chart_lines(reports[name], figure, depth, width), width)


@pytest.mark.parametrize("figure", CHARTS)
def test_huge_figures_fit(figure):
    report = trace(Sequential(Conv2d(HUGE, HUGE, 3, padding=1), Linear(HUGE, HUGE)), (1, HUGE, HUGE, HUGE))
    check_fit(chart_lines(report, figure), 80)


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


@pytest.mark.parametrize("name", ["vgg16", "densenet121"])
def test_a_chart_has_the_bars_of_the_picture(reports, name):
    for depth in (None, 1, 3):
        bars = fewer(costs_of(reports[name], "macs", depth).bars)
        lines = plain(chart_lines(reports[name], "macs", depth))[1:-1]
        assert [f"{bar.values[0]:,}" for bar in bars] == [line.split()[-2] for line in lines]
        picture = chart_picture(reports[name], "macs", depth)
        assert re.findall(r">([\d,]+) \(", picture) == [line.split()[-2] for line in lines]


def test_refusals_are_one_line(reports):
    with pytest.raises(ConvcalcError, match=r"^[^\n]*use one of parameters, macs, memory$"):
        chart_lines(reports["vgg16"], "joules")
    with pytest.raises(ConvcalcError, match=r"^[^\n]*nothing to draw[^\n]*$"):
        chart_lines(trace(Sequential(ReLU()), (1, 4)), "macs")
