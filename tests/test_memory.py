"""What a forward pass holds, and what training keeps, beside sums done by hand and beside PyTorch."""

from __future__ import annotations

import csv

import pytest

from convcalc import (
    Add,
    BatchNorm2d,
    Branches,
    Conv2d,
    Dropout,
    Flatten,
    Identity,
    Linear,
    MaxPool2d,
    Network,
    ReLU,
    Residual,
    Sequential,
    parse,
    trace,
    zoo,
)
from convcalc.layers import FAMILIES
from convcalc.layers.block import Node, every
from tests.helpers import DATA, build, stored

with (DATA / "zoo_training.csv").open() as lines:
    ZOO = list(csv.DictReader(lines))
MEASURED = stored("torch_training.jsonl.gz")
KINDS = sorted({case.get("layer", "network") for case in MEASURED})


def peaks(network, shape):
    return [row.figures.peak_bytes // 4 for row in trace(network, shape).leaves]


def test_a_chain_holds_two_maps():
    assert peaks(Sequential(ReLU(), ReLU(), ReLU()), (1, 100)) == [200, 200, 200]


def test_a_shortcut_is_held_until_it_is_added():
    body = Sequential(ReLU(), ReLU())
    # input + a, input + a + b, input + b + sum
    assert peaks(Residual(body), (1, 100)) == [200, 300, 300]
    assert trace(Residual(body), (1, 100)).totals.peak_bytes == 1200


def test_a_reshaped_map_takes_no_memory():
    assert peaks(Sequential(ReLU(), Flatten(), Dropout(), Identity(), Linear(100, 10)), (1, 100)) == [
        200,
        100,
        100,
        100,
        110,
    ]


def test_what_nothing_reads_is_let_go():
    a, b, c = Node("a", ReLU()), Node("b", ReLU()), Node("c", Add(), ("a", "a"))
    assert peaks(Network((a, b, c)), (1, 100)) == [200, 300, 200]


def test_the_same_input_twice_is_held_once():
    assert peaks(Branches(ReLU(), Identity(), join="mul"), (1, 100)) == [200, 300]


def kept(network, shape):
    return [row.figures.training_bytes for row in trace(network, shape).leaves]


def test_what_two_layers_need_is_kept_once():
    # the input; the output of ReLU, which the pool needs too, and the pool's 64-bit indices
    assert kept(Sequential(Conv2d(1, 1, 3), ReLU(), MaxPool2d(2)), (1, 1, 6, 6)) == [36 * 4, 16 * 4, 4 * 8]
    # statistics of 3 channels; a dropout's mask; its output, for the Linear layer
    assert kept(Sequential(BatchNorm2d(3), Dropout(), Linear(2, 2)), (1, 3, 2, 2)) == [12 * 4 + 6 * 4, 12 * 4, 12 * 4]


def test_bytes_go_by_the_type():
    totals = {dtype: trace(zoo.build("alexnet"), (1, 3, 224, 224), dtype=dtype).totals for dtype in ("float32", "int8")}
    assert totals["float32"].parameter_bytes == 4 * 61_100_840
    assert totals["int8"].parameter_bytes == 61_100_840
    assert totals["float32"].peak_bytes == 4 * totals["int8"].peak_bytes


def network_of(case):
    return parse(case["network"]) if "network" in case else build(case)


@pytest.mark.parametrize("kind", KINDS)
def test_training_keeps_what_pytorch_keeps(kind):
    for case in MEASURED:
        if case.get("layer", "network") == kind:
            report = trace(network_of(case), tuple(case["input"]), dtype=case["dtype"])
            assert report.totals.training_bytes == case["bytes"], case


def test_every_layer_was_measured():
    networks = [parse(case["network"]) for case in MEASURED if "network" in case]
    parts = {type(layer).__name__ for network in networks for layer in every(network)}
    assert {*KINDS, *parts} >= set(FAMILIES)


@pytest.mark.parametrize("row", ZOO, ids=lambda row: row["name"])
def test_training_keeps_what_pytorch_keeps_of_well_known_networks(row):
    report = trace(zoo.build(row["name"]), (2, 3, 224, 224))
    assert report.totals.training_bytes == int(row["bytes"])


def test_a_reshaped_map_has_no_output_of_its_own():
    report = trace(Sequential(ReLU(), Flatten(), Identity(), Dropout(), Linear(100, 10)), (1, 4, 25))
    assert [row.figures.output_bytes // 4 for row in report.rows] == [100, 0, 0, 0, 10]
    assert report.totals.output_bytes == 440
    assert trace(Flatten(), (1, 3, 9, 9)).totals.output_bytes == 0


def test_a_block_that_ends_in_a_reshaped_map_has_the_output_that_it_made():
    made, passed = trace(Sequential(Sequential(ReLU(), Flatten()), Sequential(Flatten())), (1, 4, 25)).rows
    assert made.figures.output_bytes == 400
    assert passed.figures.output_bytes == 0
