"""Linear and Flatten."""

from __future__ import annotations

import pytest

from convcalc import ConvcalcError, Flatten, Linear, parse


@pytest.mark.parametrize(
    ("layer", "shape", "output"),
    [
        (Linear(3, 2), (3,), (2,)),
        (Linear(3, 2), (4, 5, 3), (4, 5, 2)),
        (Linear(3, 0), (4, 3), (4, 0)),
        (Linear(0, 2), (4, 0), (4, 2)),
        (Flatten(), (2, 3, 4, 5), (2, 60)),
        (Flatten(0), (2, 3), (6,)),
        (Flatten(1, 2), (2, 3, 4, 5), (2, 12, 5)),
        (Flatten(-2, -1), (2, 3, 4), (2, 12)),
        (Flatten(0, 0), (), (1,)),
        (Flatten(), (0, 3, 4), (0, 12)),
    ],
)
def test_shapes(layer, shape, output):
    assert layer.output_shape(shape) == output


def test_the_weight_is_outputs_by_inputs():
    assert Linear(3, 2).weight_shape == (2, 3)


def test_a_linear_layer_counts_every_vector_of_an_example():
    layer = Linear(3, 2)
    assert (layer.macs((4, 5, 3)), layer.connections((4, 5, 3))) == (30, 40)
    assert (layer.macs((3,)), layer.connections((3,))) == (6, 8)


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: Linear(3, 2).output_shape((4, 5)), "takes 3 features on the last axis, got input .4, 5."),
        (lambda: Linear(3, -1), "out_features -1 is too small"),
        (lambda: Flatten(2, 1).output_shape((1, 2, 3)), "start_dim 2 comes after end_dim 1"),
        (lambda: Flatten(3).output_shape((1, 2, 3)), "start_dim 3 is outside an input of 3 axes: use -3 to 2"),
    ],
)
def test_refusals(make, message):
    with pytest.raises(ConvcalcError, match=message):
        make()


@pytest.mark.parametrize(
    "text",
    [
        "Linear(3, 2, bias=False)",
        "Flatten(start_dim=0, end_dim=2)",
        "RBF(84, 10)",
        "Subsampling2d(6, 2, stride=(1, 2))",
    ],
)
def test_words(text):
    assert repr(parse(text)) == text
