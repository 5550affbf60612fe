"""Every layer beside PyTorch: verdict, shape, parameters and values, as tools/layer_answers.py asked for them."""

from __future__ import annotations

import numpy as np
import pytest

from convcalc import ConvcalcError, engine
from convcalc.layers import FAMILIES
from tests.helpers import build, pattern, stored

CASES = stored("torch_layers.jsonl.gz")
VALUES = stored("torch_layer_values.jsonl.gz")
BY_KIND = {
    name: [case for case in CASES if case["layer"] == name] for name in sorted({case["layer"] for case in CASES})
}
OURS = {"Add", "Branches", "Concat", "Mul", "RBF", "Residual", "ScaledTanh", "Sequential", "Subsampling2d"}


def bound(case):
    return build(case).bind(tuple(case["input"]))


def verdict(case):
    try:
        layer = bound(case)
        return list(layer.output_shape(tuple(case["input"]))), layer.parameters
    except ConvcalcError:
        return "refused"


def test_every_layer_was_asked_about():
    assert {*BY_KIND, "Conv1d", "Conv2d", "Conv3d"} == set(FAMILIES) - OURS
    assert min(len(cases) for cases in BY_KIND.values()) >= 40
    assert 500 < sum("refusal" in case for case in CASES) < len(CASES) - 2000


@pytest.mark.parametrize("name", BY_KIND)
def test_the_verdict_is_that_of_pytorch(name):
    for case in BY_KIND[name]:
        expected = "refused" if "refusal" in case else (case["output"], case["parameters"])
        assert verdict(case) == expected, case


def arrays(layer, names):
    """What tools/layer_answers.py put into the layer, in the order of its arrays."""
    shapes = engine.weight_shapes(layer)
    assert set(names) == set(shapes)
    given = {}
    for salt, name in enumerate(names):
        numbers = pattern(shapes[name], salt + 1) / 4
        given[name] = np.abs(numbers) + 0.5 if name == "running_var" else numbers
    return given


@pytest.mark.parametrize("case", VALUES, ids=lambda case: case["layer"])
def test_the_values_are_those_of_pytorch(case):
    layer = bound(case)
    x = pattern(tuple(case["input"]), 0) / 4
    out = engine.execute(layer, x, **arrays(layer, case["arrays"]))
    assert list(out.shape) == case["output"] == list(engine.output_shape(layer, tuple(case["input"])))
    np.testing.assert_allclose(out.ravel(), case["values"], rtol=1e-12, atol=1e-13)
