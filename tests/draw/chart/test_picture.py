from __future__ import annotations

import re
import subprocess
import sys
from functools import cache
from xml.etree import ElementTree

import pytest

from convcalc import Conv2d, Flatten, Linear, ReLU, Sequential, trace, zoo
from convcalc.draw.chart.picture import CHARTS, chart_picture
from convcalc.draw.lookup import row_named
from convcalc.errors import ConvcalcError
from convcalc.network import chain
from tests.draw.layer.test_picture import SVG, check, key_of

FIGURES = {"parameters": ["parameters"], "macs": ["macs"], "memory": ["parameter_bytes", "output_bytes"]}
LOOKS = {"parameters": ["in"], "macs": ["window"], "memory": ["in", "out"]}


@cache
def traced(name):
    return trace(zoo.build(name), zoo.input_shape(name))


def words(svg):
    return [part.text for part in ElementTree.fromstring(svg).iter(f"{SVG}text")]


def lines(svg, figure):
    """Of each bar its label, the look, the width and the words beside it, which stand at its height."""
    key, root = key_of(svg), ElementTree.fromstring(svg)
    texts = {}
    names = []
    for part in root.iter(f"{SVG}g"):
        for text in part.iter(f"{SVG}text"):
            role, y = text.get("class").removesuffix(f"-{key}"), float(text.get("y"))
            if role == "ink":
                names.append((y, text.text))
            elif role == "muted":
                texts[y] = text.text
    found = []
    for part in root.iter(f"{SVG}rect"):
        look, y = part.get("class", "").removesuffix(f"-{key}"), float(part.get("y")) + 10
        if look in LOOKS[figure] and y in texts and re.match(r"[\d,]+ \(", texts[y]):
            name = [name for height, name in names if height <= y][-1]
            found.append((name, look, float(part.get("width")), texts[y]))
    return found


@pytest.mark.parametrize(("figure", "depth"), [*((figure, None) for figure in CHARTS), ("memory", 2)])
@pytest.mark.parametrize("name", zoo.NAMES)
def test_the_bars_are_the_reports_figures(name, depth, figure):
    report = traced(name)
    svg = chart_picture(report, figure, depth)
    check(svg)
    assert len(svg.encode()) <= 40_000
    bars = lines(svg, figure)
    totals = [getattr(report.totals, each) for each in FIGURES[figure]]
    assert 1 <= len({name for name, *_ in bars}) <= 40
    sums = [0] * len(totals)
    widest = max(width for _, _, width, _ in bars)
    longest = max(int(said.split()[0].replace(",", "")) for *_, said in bars)
    for layer, look, width, said in bars:
        value, percent = re.fullmatch(r"([\d,]+) \(<?([\d.]+)%\)", said).groups()
        value, i = int(value.replace(",", "")), LOOKS[figure].index(look)
        sums[i] += value
        assert float(percent) == pytest.approx(100 * value / totals[i], abs=0.1 if "<" in said else 0.051)
        assert width == pytest.approx(max(widest * value / longest, 1), abs=0.01)
        if layer != "others" and not layer.endswith("\u2026"):
            leaves = row_named(report, layer).leaves
            assert value == sum(getattr(leaf.figures, FIGURES[figure][i]) for leaf in leaves)
    assert sums == totals
    assert all(f"{value:,}" in " ".join(words(svg)) for value in totals)


def test_lenet_as_the_paper_has_it():
    svg = chart_picture(trace(zoo.build("lenet5"), (1, 1, 32, 32)), "parameters")
    expected = [("C1", 156), ("S2", 12), ("C3", 1_516), ("S4", 32), ("C5", 48_120), ("F6", 10_164)]
    assert [(name, int(said.split()[0].replace(",", ""))) for name, _, _, said in lines(svg, "parameters")] == expected
    assert "48,120 (80.2%)" in words(svg)  # of 60,000
    assert "12 (<0.1%)" in words(svg)
    assert "in all 60,000 parameters" in words(svg)
    assert "1 row of nothing left out" in words(svg)  # the output units, whose codes are fixed


def test_of_more_bars_than_fit_the_smallest_are_put_together():
    # 60 layers of 1 to 60 weights, in no order: the 39 largest stay, 1 to 21 make 231.
    widths = [(i * 37) % 61 for i in range(1, 61)]
    names = [(f"l{i}", Conv2d(1, 1, (1, width), padding="same", bias=False)) for i, width in enumerate(widths)]
    bars = lines(chart_picture(trace(chain(names), (1, 1, 1, 60)), "parameters"), "parameters")
    kept = [f"l{i}" for i, width in enumerate(widths) if width > 21]
    assert [name for name, *_ in bars] == [*kept, "others"]
    assert bars[-1][-1] == "231 (12.6%)"  # of 1,830


def test_the_deepest_that_fits_is_shown_unless_a_depth_is_given():
    report = trace(zoo.build("vgg16"), (1, 3, 224, 224))
    names = [name for name, *_ in lines(chart_picture(report, "parameters"), "parameters")]
    assert (len(names), names[0], names[-1]) == (16, "features.0", "classifier.6")
    names = [name for name, *_ in lines(chart_picture(report, "parameters", 1), "parameters")]
    assert names == ["features", "classifier"]


def test_memory_says_what_it_is_of():
    report = trace(Sequential(Conv2d(1, 6, 5), ReLU()), (10, 1, 32, 32), dtype="float16")
    svg = chart_picture(report, "memory")
    said = words(svg)
    assert "312 (100.0%)" in said  # 156 numbers of 2 bytes
    assert "94,080 (50.0%)" in said  # 10*6*28*28 of 2 bytes, twice
    assert "float16, batch 10; the percentages are those of each sort by itself" in " ".join(said)
    assert f"{report.totals.peak_bytes:,} bytes" in " ".join(said)
    assert "url(#hatching-" in svg


def test_any_size():
    svg = chart_picture(trace(Linear(10**200, 10**200), (1, 10**200)), "parameters")
    check(svg)
    assert f"{10**400 + 10**200:,} (100.0%)" in words(svg)


@pytest.mark.parametrize(
    ("network", "shape", "options", "reason"),
    [
        (Linear(2, 2), (1, 2), ("flop",), "chart 'flop' is unknown: use one of parameters, macs, memory"),
        (Linear(2, 2), (1, 2), ("macs", 0), "depth 0 is too small: use 1"),
        (ReLU(), (1, 2), ("macs",), "no layer has MACs: there is nothing to draw; try parameters or memory"),
        (Flatten(), (1, 2), ("parameters",), "no layer has parameters"),
        (Sequential(), (1, 2), ("memory",), "nothing to draw"),
    ],
    ids=str,
)
def test_refusals_are_one_line(network, shape, options, reason):
    with pytest.raises(ConvcalcError, match=r"^[^\n]*$") as refused:
        chart_picture(trace(network, shape), *options)
    assert reason in str(refused.value)


def test_pictures_load_neither_numpy_nor_rich():
    code = (
        "import sys; from convcalc import trace, zoo; from convcalc.draw.chart.picture import chart_picture;"
        "from convcalc.draw.receptive_field.picture import field_picture;"
        "from convcalc.draw.connections.picture import connections_picture;"
        "report = trace(zoo.build('lenet5'), (1, 1, 32, 32)); chart_picture(report, 'memory');"
        "field_picture(report, 'S4'); connections_picture(report.rows[2]);"
        "print([name for name in ('numpy', 'rich', 'typer', 'pydantic', 'difflib') if name in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


def test_a_chart_of_an_unknown_figure_is_refused():
    lenet = trace(zoo.build("lenet5"), (1, 1, 32, 32))
    first, *others = lenet.rows
    (part, *parts) = first.parts
    part = part._replace(figures=part.figures._replace(macs=None))
    report = lenet._replace(rows=(first._replace(parts=(part, *parts)), *others))
    with pytest.raises(ConvcalcError, match=r"^MACs of 'C1\.0' are not known, so there is no such chart[^\n]*$"):
        chart_picture(report, "macs")
    assert chart_picture(report, "parameters") == chart_picture(lenet, "parameters")
