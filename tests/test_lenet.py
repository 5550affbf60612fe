"""LeNet-5 against the figures that were published, row by row."""

from __future__ import annotations

import csv

import numpy as np
import pytest

from convcalc import ConvcalcError, engine, lenet, trace
from tests.helpers import DATA

with (DATA / "lenet5_published.csv").open() as file:
    PUBLISHED = {row["layer"]: row for row in csv.DictReader(file)}
LAYERS = [name for name in PUBLISHED if name != "total"]


def rows(**variant):
    report = trace(lenet.lenet5(**variant), lenet.input_shape(variant.get("input_size", 32)))
    return report, {row.name: row for row in report.rows}


@pytest.mark.parametrize("input_size", [32, 28])
@pytest.mark.parametrize("name", LAYERS)
def test_each_row_is_as_published(name, input_size):
    row = rows(input_size=input_size)[1][name]
    assert row.output == (1, *map(int, PUBLISHED[name]["output"].split("x")))
    assert row.figures.parameters == int(PUBLISHED[name]["parameters"])
    assert row.figures.connections == int(PUBLISHED[name]["connections"])


@pytest.mark.parametrize("input_size", [32, 28])
def test_totals_are_as_published(input_size):
    totals = rows(input_size=input_size)[0].totals
    assert totals.parameters == int(PUBLISHED["total"]["parameters"])
    assert totals.connections == int(PUBLISHED["total"]["connections"])
    assert totals.buffers == 840


def test_the_published_figures_in_the_package_are_those_of_the_paper():
    assert list(lenet.PUBLISHED) == LAYERS
    for name, published in lenet.PUBLISHED.items():
        assert "x".join(map(str, published.output)) == PUBLISHED[name]["output"]
        assert published.parameters == int(PUBLISHED[name]["parameters"])
        assert published.connections == int(PUBLISHED[name]["connections"])


def test_all_kernels_of_c3():
    _, by_name = rows(full_c3=True)
    assert (by_name["C3"].figures.parameters, by_name["C3"].figures.connections) == (2_416, 241_600)


def test_the_connection_table_is_table_one():
    fed = "0 1 2 · 1 2 3 · 2 3 4 · 3 4 5 · 0 4 5 · 0 1 5 · 0 1 2 3 · 1 2 3 4 · 2 3 4 5 · 0 3 4 5 · 0 1 4 5 · 0 1 2 5"
    fed += " · 0 1 3 4 · 1 2 4 5 · 0 2 3 5 · 0 1 2 3 4 5"
    assert [list(row) for row in lenet.C3_TABLE] == [list(map(int, row.split())) for row in fed.split(" · ")]
    assert sum(map(len, lenet.C3_TABLE)) == 60


def test_padding_changes_only_what_lands_on_real_pixels():
    paper, tutorial = rows()[1]["C1"].figures, rows(input_size=28)[1]["C1"].figures
    assert paper.macs == paper.macs_exact == tutorial.macs == 117_600
    assert tutorial.macs_exact == 107_736


def test_what_a_unit_sees():
    _, by_name = rows()
    assert [by_name[name].field[0].size for name in LAYERS] == [5, 6, 14, 16, 32, 32, 32]
    assert [by_name[name].field[0].jump for name in LAYERS] == [1, 2, 2, 4, 4, None, None]


def test_the_digits_are_ten_different_bitmaps_that_fit_the_picture():
    codes = lenet.codes()
    assert codes.shape == (10, 84)
    assert set(np.unique(codes)) == {-1, 1}
    assert len({tuple(code) for code in codes}) == 10
    for size in lenet.INPUT_SIZES:
        picture = lenet.picture(3, size)
        assert picture.shape == lenet.input_shape(size)
        assert (picture > 0).sum() == 4 * (codes[3] > 0).sum()


def test_a_perfect_output_is_recognised():
    output = lenet.lenet5().nodes[-1].layer
    distances = engine.execute(output, lenet.codes(), weight=lenet.codes())
    assert (distances.argmin(axis=1) == np.arange(10)).all()
    assert (distances.diagonal() == 0).all()


def test_starting_weights_are_within_the_papers_bounds():
    weights = lenet.starting_weights(lenet.lenet5(), np.random.default_rng(0))
    assert 0.9 * 2.4 / 25 < abs(weights["C1.0"]["weight"]).max() <= np.float32(2.4 / 25)
    assert abs(weights["F6.1"]["weight"]).max() <= np.float32(2.4 / 120)


def test_another_size_is_refused():
    with pytest.raises(ConvcalcError, match="takes an input of 32"):
        lenet.lenet5(30)
