"""Blocks: a row of their parts, blocks in blocks, and none at all."""

from __future__ import annotations

import json

import pytest

from convcalc import (
    Add,
    Conv1d,
    Conv2d,
    ConvcalcError,
    Flatten,
    Linear,
    Network,
    ReLU,
    Residual,
    ScaledTanh,
    Sequential,
    chain,
    parse,
    trace,
)
from convcalc.layers.block import Node
from convcalc.schema import network_from, report_document
from convcalc.verify import verify


def test_a_block_is_one_row_of_its_parts():
    block = Sequential(Conv2d(1, 6, 5), ScaledTanh(), Flatten(), Linear(6 * 4 * 4, 10))
    (row,) = trace(chain([("block", block)]), (1, 1, 8, 8)).rows
    assert [part.name for part in row.parts] == ["block.0", "block.1", "block.2", "block.3"]
    assert [part.inputs for part in row.parts] == [("input",), ("block.0",), ("block.1",), ("block.2",)]
    assert row.figures.parameters == 156 + 970
    assert row.figures.connections == 156 * 16 + 970
    assert row.figures.output_bytes == 40
    assert row.weight_shape is None
    assert row.windows == row.parts[0].windows
    assert (row.field[0].size, row.field[0].jump) == (8, None)


def test_blocks_nest():
    inner = Sequential(Conv1d(1, 1, 3), Conv1d(1, 1, 3))
    report = trace(Sequential(inner, Conv1d(1, 1, 3)), (1, 1, 9))
    assert [leaf.name for leaf in report.leaves] == ["0.0", "0.1", "1"]
    assert report.output == (1, 1, 3)


def test_how_pytorch_says_a_block():
    assert Sequential(Conv2d(1, 1, 1), Flatten()).in_pytorch() == "Sequential(Conv2d(1, 1, 1), Flatten())"
    assert Sequential(Conv2d(1, 1, 1), ScaledTanh()).in_pytorch() is None


def test_an_empty_network_and_an_empty_block():
    assert verify(Network(()), (1, 3, 4, 4)).output.shape == (1, 3, 4, 4)
    network = chain([("none", Sequential()), ("a", Conv2d(3, 1, 1))])
    assert verify(network, (1, 3, 4, 4)).agrees
    assert [leaf.name for leaf in trace(network, (1, 3, 4, 4)).leaves] == ["a"]


def test_a_block_of_two_inputs_inside_another():
    inner = Network([Node("sum", Add(), ("left", "right"))], inputs=("left", "right"))
    outer = Network([Node("relu", ReLU()), Node("inner", inner, ("relu", "input"))])
    report = trace(outer, (1, 7))
    assert [(row.name, row.inputs) for row in report.leaves] == [("relu", ("input",)), ("inner.sum", ("relu", "input"))]
    assert report.rows[1].input_shapes == ((1, 7), (1, 7))
    assert inner.output_shape((3, 1), (1, 4)) == (3, 4)


def test_a_root_block_keeps_the_names_of_its_layers():
    report = trace(Sequential({"input": ReLU(), "b": ReLU()}), (1, 2))
    assert [(row.name, row.inputs) for row in report.rows] == [("input_", ("input",)), ("b", ("input_",))]
    assert trace(Residual(Sequential(ReLU())), (1, 2)).output_names == ("add",)


def test_blocks_a_hundred_deep():
    network = Conv1d(1, 1, 3)
    for _ in range(100):
        network = Sequential(network)
    assert parse(repr(network)) == network
    report = trace(network, (1, 1, 9))
    assert report.output == network.output_shape((1, 1, 9)) == (1, 1, 7)
    document = json.loads(json.dumps(report_document(report)))
    assert trace(network_from(document)[0], (1, 1, 9)).totals == report.totals
    with pytest.raises(ConvcalcError, match="blocks are nested 101 deep: nest at most 100"):
        Sequential(network)
