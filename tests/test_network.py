"""Networks as graphs: what is refused, and several inputs and outputs."""

from __future__ import annotations

import json

import pytest

from convcalc import (
    Add,
    Conv2d,
    ConvcalcError,
    Flatten,
    Network,
    ReLU,
    Sequential,
    trace,
)
from convcalc.layers.block import Node
from convcalc.schema import network_from, report_document
from convcalc.verify import verify


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
