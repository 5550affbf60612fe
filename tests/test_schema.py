"""The JSON, both ways."""

from __future__ import annotations

import json

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from convcalc import Conv2d, ConvcalcError, Flatten, Network, ScaledTanh, Sequential, chain, lenet, trace
from convcalc.layers.block import Node
from convcalc.report import Figures
from convcalc.schema import network_from, pick, report_document
from tests.ops.test_conv import convolutions


def there_and_back(network, shape):
    report = trace(network, shape)
    again, again_shape = network_from(json.loads(json.dumps(report_document(report))))
    assert trace(again, again_shape) == report


@given(convolutions(most_rank=3), st.booleans())
@settings(max_examples=60)
def test_any_convolution_reads_back(made, assumed):
    layer, shape = made
    there_and_back(Network((Node("a", Sequential(layer, ScaledTanh())), Node("b", Flatten(), ("a",), assumed))), shape)


@pytest.mark.parametrize(
    ("network", "shape"),
    [
        (lenet.lenet5(), (1, 1, 32, 32)),
        (lenet.lenet5(28, full_c3=True), (3, 1, 28, 28)),
        (chain([("a", Sequential(Sequential(Conv2d(1, 2, 3)), Sequential()))]), (1, 9, 9)),
        (Network((Node("a", ScaledTanh()), Node("b", ScaledTanh()), Node("c", Flatten(), ("a",)))), (2, 3)),
        (Network(()), (1, 3, 28, 28)),
        (chain([("a", Conv2d(1, 1, 3))]), (1, 1, 10**30, 10**30)),
    ],
)
def test_networks_read_back(network, shape):
    there_and_back(network, shape)


def test_layers_and_totals_hold_the_same_figures():
    document = report_document(trace(lenet.lenet5(), (1, 1, 32, 32)))
    for figure in Figures._fields:
        if figure != "output_bytes":
            together = max if figure == "peak_bytes" else sum
            assert document["totals"][figure] == together(layer[figure] for layer in document["layers"])
        assert all(isinstance(layer[figure], int) for layer in document["layers"])


DOCUMENT = {"a": {"b": [10, 20]}, "layers": [{"name": "C1", "x": None}, {"name": "0", "x": "text"}], "explain": []}


@pytest.mark.parametrize(
    ("path", "value"),
    [("a.b.1", 20), ("a.b", [10, 20]), ("layers.C1.x", None), ("layers.1.x", "text"), ("layers.0.name", "C1")],
)
def test_pick(path, value):
    assert pick(DOCUMENT, path) == value


@pytest.mark.parametrize(
    ("path", "message"),
    [
        ("", "--get is empty: give a path, such as totals.parameters"),
        ("a..b", "no '' at a: there is b"),
        ("a.b.2", "no '2' at a.b: there is 0, 1"),
        ("layer", "no 'layer' at the top: did you mean layers?"),
        ("a[0]", r"write a.0"),
        ("layers.C1.x.y", "no 'y' at layers.C1.x: it is a single value"),
    ],
)
def test_what_cannot_be_picked(path, message):
    with pytest.raises(ConvcalcError) as refusal:
        pick(DOCUMENT, path)
    assert message in str(refusal.value)
