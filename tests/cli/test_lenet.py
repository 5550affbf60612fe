"""`convcalc lenet`, in-process, and every figure of the article."""

from __future__ import annotations

import csv
import re

import numpy as np
import pytest

from convcalc import engine, formulas, lenet
from convcalc.layers.block import opened
from convcalc.verify import verify
from tests.helpers import DATA

with (DATA / "article.csv").open() as file:
    ARTICLE = list(csv.DictReader(file))


@pytest.mark.parametrize("figure", ARTICLE, ids=lambda figure: figure["what"])
def test_every_figure_of_the_article(run, figure):
    ran = run(f"{figure['command']} --get {figure['path']}")
    assert (ran.code, ran.out) == (0, figure["value"] + "\n")


def test_the_report_has_the_input_seven_layers_and_totals(run):
    out = run("lenet --report").out
    rows = [line.split()[0] for line in out.splitlines() if line and line.split()[0] != "------"]
    start = rows.index("input")
    assert rows[start : start + 9] == ["input", "C1", "S2", "C3", "S4", "C5", "F6", "output", "total"]
    assert "C1      Conv2d         [1, 6, 28, 28]   [6, 1, 5, 5]            156      122,304  117,600" in out
    assert "60,000      340,908" in out
    assert "Every row is as published" in out


def test_the_table_needs_no_option(run):
    assert run("lenet").out == run("lenet --report").out


def test_json_and_get(run):
    document = run("lenet --report --json").document
    assert document["layers"][0]["connections"] == 122_304
    assert document["layers"][0]["name"] == "C1"
    assert len(document["layers"]) == 7
    assert document["input"] == [1, 1, 32, 32]
    assert run("lenet --get totals.parameters").out == "60000\n"
    assert run("lenet --get totals.connections").out == "340908\n"


def test_every_kernel_of_c3(run):
    out = run("lenet --report --c3 full").out
    assert "2,416      241,600" in out
    assert "all 96 kernels, where the paper has 60" in out
    assert "Every other row is as published" in out
    assert run("lenet --c3 full --get totals.parameters").out == "60900\n"


def test_errata_only_when_asked(run):
    assert "in fact" not in run("lenet --report").out
    out = run("lenet --report --errata").out
    for wrong, fact in [
        ("[16, 1, 5, 5]", "3, 4 or 6 input channels"),
        ("[120, 1, 1, 1]", "[120, 16, 5, 5]"),
        ("dilation 0", "dilation 1 is dense"),
        ("divide groups", "groups must divide both"),
        ("without padding keeps 28x28", "only with padding 2"),
    ]:
        (line,) = [line for line in out.splitlines() if wrong in line]
        assert fact in line
    assert "errata" not in run("lenet --json").document
    assert len(run("lenet --json --errata").document["errata"]) == 5


def test_verify(run):
    ran = run("lenet --report --verify")
    assert ran.code == 0
    assert "DIFFERS" not in ran.out
    assert "C3      connections           151,600          151,600  ok" in ran.out
    assert "Squared distances from a picture of a 3 to the codes of the digits 0 to 9: " in ran.out
    verification = run("lenet --verify --json").document["verification"]
    assert verification["agrees"] is True
    assert len(verification["distances"]) == 10


def test_verify_exits_1_where_a_formula_is_wrong(run, monkeypatch):
    right = formulas.subsampling_connections
    monkeypatch.setattr(formulas, "subsampling_connections", lambda outputs, taps: right(outputs, taps) - 1)
    ran = run("lenet --report --verify")
    assert ran.code == 1
    assert "S2      connections             5,879            5,880  DIFFERS" in ran.out


@pytest.mark.parametrize(
    ("words", "message"),
    [
        ("lenet --input 30", "error: --input '30' is unknown: use one of 32, 28\n"),
        ("lenet --c3 ful", "error: --c3 'ful' is unknown (did you mean full?): use one of paper, full\n"),
        ("lenet 3", "error: Got unexpected extra argument(s) (3): see convcalc lenet --help\n"),
    ],
)
def test_refusals(run, words, message):
    ran = run(words)
    assert (ran.code, ran.out, ran.err) == (2, "", message)


def test_the_memory_that_is_named_is_enough_for_all_layers(run):
    refusal = run("lenet --verify --memory-limit 1kB")
    assert refusal.code == 2
    enough = re.search(r"executing \S+ needs .*: use --memory-limit (\d+) or give a smaller input\n$", refusal.err)[1]
    assert run(f"lenet --verify --memory-limit {enough}").code == 0
    assert run(f"lenet --verify --memory-limit {int(enough) - 1}").code == 2


def test_the_digit_is_what_runs(run):
    distances = run("lenet --verify --json").document["verification"]["distances"]
    network = lenet.lenet5()
    weights = lenet.starting_weights(network, np.random.default_rng(0))
    x = lenet.picture(3)
    for leaf in opened(network).leaves:
        x = engine.execute(leaf.layer, x, **weights.get(leaf.name, {}))
    assert distances == [round(float(distance), 4) for distance in x[0]]
    blank = verify(network, lenet.input_shape(), x=np.zeros_like(lenet.picture(3)), weights=weights)
    assert not np.allclose(blank.output, x)


def test_the_tutorials_picture_is_padded_and_it_is_said(run):
    assert (
        "C1 pads by 2 on every side: 107,736 of its 117,600 MACs land on the picture."
        in run("lenet --report --input 28").out
    )
    assert "C1 pads" not in run("lenet --report").out
