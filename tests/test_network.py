"""Layers wired together, and the one walk over them."""

from __future__ import annotations

import pytest

from convcalc import Conv1d, Conv2d, ConvcalcError, Flatten, Linear, Network, ScaledTanh, Sequential, chain, trace
from convcalc.network import Node
from convcalc.report import total


def test_a_chain_adds_up():
    layers = [("a", Conv2d(3, 8, 3, stride=2)), ("b", Conv2d(8, 4, 3, padding=1))]
    report = trace(chain(layers), (2, 3, 29, 29))
    assert report.output == (2, 4, 14, 14)
    assert report.batch == 2
    assert report.totals.parameters == sum(layer.parameters for _, layer in layers)
    assert report.rows[1].inputs == ("a",)
    assert [(field.size, field.jump, field.start) for field in report.rows[1].field] == [(7, 2, -2)] * 2


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
    assert [leaf.name for leaf in report.leaves] == ["sequential.0.0", "sequential.0.1", "sequential.1"]
    assert report.output == (1, 1, 3)


def test_connections_that_are_not_defined_are_skipped_and_counted():
    report = trace(chain([("conv", Conv2d(1, 1, 1)), ("squash", ScaledTanh()), ("flat", Flatten())]), (1, 1, 2, 2))
    assert report.totals.connections == 8
    assert report.connections_undefined == 2
    assert report.rows[1].figures.connections is None
    assert trace(ScaledTanh(), (3, 4)).totals.connections is None


@pytest.mark.parametrize(
    ("network", "shape", "batch"),
    [
        (Conv2d(3, 1, 1), (3, 9, 9), 1),
        (Conv2d(3, 1, 1), (7, 3, 9, 9), 7),
        (Sequential(ScaledTanh(), Conv2d(3, 1, 1)), (3, 9, 9), 1),
        (Linear(9, 2), (5, 9), 5),
        (Linear(9, 2), (9,), 1),
    ],
)
def test_the_batch_is_told_apart(network, shape, batch):
    assert trace(network, shape).batch == batch


def test_the_sum_of_nothing():
    figures = total([])
    assert (figures.parameters, figures.connections) == (0, None)
    assert trace(Network(()), (1, 3, 28, 28)).output == (1, 3, 28, 28)


@pytest.mark.parametrize(
    ("nodes", "message"),
    [
        ([Node("a", Flatten()), Node("a", Flatten(), ("a",))], "the name 'a' is used twice"),
        ([Node("input", Flatten())], "the name 'input' is used twice"),
        ([Node("a", Flatten(), ("b",))], "layer 'a' is fed by 'b', which is not a layer before it"),
        ([Node("a", Flatten(), ("a",))], "layer 'a' is fed by 'a', which is not a layer before it"),
        ([Node("a", Flatten(), ())], "layer 'a' has 0 inputs"),
        ([Node("a", Flatten(), ("input", "input"))], "layer 'a' has 2 inputs"),
    ],
)
def test_what_is_no_network(nodes, message):
    with pytest.raises(ConvcalcError, match=message):
        Network(tuple(nodes))


def test_a_window_behind_a_flattened_map_is_refused():
    with pytest.raises(ConvcalcError, match="Conv1d takes 4 channels"):
        trace(Sequential(Conv2d(1, 1, 1), Flatten(), Conv1d(4, 1, 1)), (1, 1, 2, 2))
    with pytest.raises(ConvcalcError, match="behind a flattened map"):
        trace(Sequential(Conv2d(1, 1, 1), Flatten(2), Conv1d(1, 1, 1)), (1, 1, 2, 2))
