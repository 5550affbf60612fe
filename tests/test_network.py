"""Layers wired together, and the one walk over them."""

from __future__ import annotations

import json

import numpy as np
import pytest

from convcalc import (
    Add,
    BatchNorm1d,
    Conv1d,
    Conv2d,
    ConvcalcError,
    Flatten,
    Fold,
    Linear,
    Network,
    ReLU,
    Residual,
    ScaledTanh,
    Sequential,
    Unfold,
    chain,
    parse,
    trace,
)
from convcalc.layers.block import Node
from convcalc.report import total
from convcalc.schema import network_from, report_document
from convcalc.verify import verify


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
    assert [leaf.name for leaf in report.leaves] == ["0.0", "0.1", "1"]
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
        (Unfold(2), (3, 4, 4), 1),
        (Unfold(2), (5, 3, 4, 4), 5),
        (Fold(4, 2), (5, 4, 9), 5),
        (Sequential(Linear(9, 2), BatchNorm1d(2)), (7, 9), 7),
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


def fields(network, shape):
    return [(field.size, field.jump) for field in trace(network, shape).rows[-1].field]


@pytest.mark.parametrize(
    ("network", "shape", "seen"),
    [
        # behind a Flatten neighbours have no one jump; a Linear there sees all that the map saw
        (Sequential(Conv2d(1, 2, 3), Flatten()), (1, 1, 9, 8), [(3, None), (3, None)]),
        (Sequential(Conv2d(1, 2, 3), Flatten(), Linear(84, 5)), (1, 1, 9, 8), [(9, None), (8, None)]),
        # a Linear on a map sees all along the last axis, and nothing more along the others
        (Sequential(Conv2d(1, 1, 3), Linear(26, 5)), (1, 1, 28, 28), [(3, 1), (28, None)]),
        (Sequential(Conv2d(1, 1, 3), Flatten(1, 2), Linear(26, 5)), (1, 1, 28, 28), [(3, None), (28, None)]),
        (Sequential(Conv1d(1, 1, 3), Flatten(2), Conv1d(1, 1, 1)), (1, 1, 9), [(3, 1)]),
        (Sequential(Conv1d(1, 1, 3), Flatten(1), Flatten(0), Linear(7, 1)), (1, 1, 9), [(9, None)]),
        # behind a change of rank the axes are not those of the input any more
        (Sequential(Conv2d(3, 3, 1), Flatten(2), Conv1d(3, 3, 1)), (1, 3, 4, 4), []),
        (Sequential(Conv1d(3, 3, 1), Conv2d(1, 1, 1)), (1, 3, 10), []),
    ],
)
def test_what_a_unit_sees(network, shape, seen):
    assert fields(network, shape) == seen


def test_a_network_without_a_batch_has_the_figures_of_one_example():
    network = Sequential(Conv1d(2, 4, 3), Linear(8, 5), ScaledTanh())
    alone, batched = trace(network, (2, 10)), trace(network, (1, 2, 10))
    assert alone.totals == batched.totals
    assert alone.totals.macs == 4 * 2 * 3 * 8 + 4 * 8 * 5
    assert verify(chain([("net", network)]), (2, 10)).agrees


def test_the_layer_that_does_not_fit_is_named():
    with pytest.raises(ConvcalcError, match=r"^layer 'b': Conv2d takes 4 channels, got 2"):
        trace(chain([("a", Conv2d(1, 2, 1)), ("b", Conv2d(4, 1, 1))]), (1, 1, 9, 9))


@pytest.mark.parametrize("network", [3, None, "Conv2d(1, 1, 1)", [Conv2d(1, 1, 1)]])
def test_what_cannot_be_traced(network):
    with pytest.raises(ConvcalcError, match="is no network: give a Network, a Sequential or a layer"):
        trace(network, (1, 1, 9, 9))


@pytest.mark.parametrize("shape", [None, 28, "abc", (1, 1, 9.0, 9), (True, 1, 9, 9), [None]])
def test_what_is_no_shape(shape):
    with pytest.raises(ConvcalcError, match=r"is not a (sequence of sizes|whole number)"):
        trace(Conv2d(1, 1, 3), shape)


def test_shapes_come_out_as_plain_numbers():
    out = Conv2d(3, 16, 4).output_shape(np.array([10, 3, 28, 28]))
    assert out == (10, 16, 25, 25)
    assert {type(size) for size in out} == {int}


def test_how_pytorch_says_a_block():
    assert Sequential(Conv2d(1, 1, 1), Flatten()).in_pytorch() == "Sequential(Conv2d(1, 1, 1), Flatten())"
    assert Sequential(Conv2d(1, 1, 1), ScaledTanh()).in_pytorch() is None


def test_an_empty_network_and_an_empty_block():
    assert verify(Network(()), (1, 3, 4, 4)).output.shape == (1, 3, 4, 4)
    network = chain([("none", Sequential()), ("a", Conv2d(3, 1, 1))])
    assert verify(network, (1, 3, 4, 4)).agrees
    assert [leaf.name for leaf in trace(network, (1, 3, 4, 4)).leaves] == ["a"]


# Several inputs and outputs

TWO = Network(
    [Node("a", Conv2d(1, 4, 3), ("x",)), Node("b", Conv2d(2, 4, 1), ("y",)), Node("c", Add(), ("a", "b"))],
    inputs=("x", "y"),
    outputs=("c", "a"),
)


def test_several_inputs_and_outputs():
    report = trace(TWO, (5, 1, 9, 9), (5, 2, 7, 7))
    assert report.inputs == ((5, 1, 9, 9), (5, 2, 7, 7))
    assert report.outputs == ((5, 4, 7, 7), (5, 4, 7, 7))
    assert (report.input, report.output, report.batch) == (report.inputs[0], report.outputs[0], 5)
    assert (report.input_names, report.output_names) == (("x", "y"), ("c", "a"))
    # in elements: both inputs (405 and 490) are alive until read; what leaves the network is never freed
    assert [row.figures.peak_bytes // 4 for row in report.rows] == [405 + 490 + 980, 490 + 980 * 2, 980 * 3]
    assert verify(TWO, (5, 1, 9, 9), (5, 2, 7, 7)).agrees


def test_several_inputs_and_outputs_survive_json():
    report = trace(TWO, (1, 1, 9, 9), (1, 2, 7, 7))
    document = json.loads(json.dumps(report_document(report)))
    assert document["inputs"] == [[1, 1, 9, 9], [1, 2, 7, 7]]
    assert document["outputs"] == [[1, 4, 7, 7]] * 2
    assert (document["input"], document["output"]) == (document["inputs"][0], document["outputs"][0])
    again, _ = network_from(document)
    assert trace(again, *report.inputs).rows == report.rows
    assert (again.inputs, again.outputs) == (TWO.inputs, TWO.outputs)


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


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: trace(TWO, (1, 1, 9, 9)), "takes 2 inputs, 1 given: give a shape for each"),
        (lambda: Sequential(TWO), "layer '0' has 1 input: give it exactly 2"),
        (lambda: Network([Node("a", ReLU(), ("x",))], inputs=("x", "x")), "the name 'x' is used twice"),
        (lambda: Network([Node("a", ReLU())], outputs=("b",)), "the output 'b' is not a layer of the network"),
        (lambda: Network([Node("a", ReLU())], outputs=()), "at least one input and one output"),
        (
            lambda: Sequential(Network([Node("a", ReLU())], outputs=("a", "a"))),
            "layer '0' has 2 outputs: only the outermost block",
        ),
    ],
)
def test_what_does_not_fit_several(make, message):
    with pytest.raises(ConvcalcError, match=message):
        make()


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
