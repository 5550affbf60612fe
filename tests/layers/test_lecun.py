"""The layers of 1998."""

from __future__ import annotations

import pytest

from convcalc import RBF, ConvcalcError, ScaledTanh, Subsampling2d, parse


@pytest.mark.parametrize(
    ("layer", "shape", "output"),
    [
        (Subsampling2d(6, 2), (1, 6, 28, 28), (1, 6, 14, 14)),
        (Subsampling2d(2, (2, 3)), (2, 5, 7), (2, 2, 2)),
        (Subsampling2d(2, 3, 1), (4, 2, 5, 7), (4, 2, 3, 5)),
        (ScaledTanh(), (1, 2, 3), (1, 2, 3)),
        (RBF(84, 10), (7, 84), (7, 10)),
    ],
)
def test_shapes(layer, shape, output):
    assert layer.output_shape(shape) == output


def test_subsampling_has_one_factor_and_one_bias_a_map():
    layer = Subsampling2d(16, 2)
    assert (layer.weights, layer.biases, layer.parameters, layer.weight_shape) == (16, 16, 32, (16,))
    assert layer.connections((1, 16, 10, 10)) == 5 * 5 * 16 * (4 + 1)
    assert layer.macs((1, 16, 10, 10)) == layer.macs((1, 16, 10, 10), exact=True) == 5 * 5 * 16


def test_rbf_codes_are_buffers():
    layer = RBF(84, 10)
    assert (layer.parameters, layer.weights, layer.biases, layer.buffers) == (0, 0, 0, 840)
    assert layer.connections((1, 84)) == layer.macs((1, 84)) == 840


@pytest.mark.parametrize(
    "text", ["RBF(84, 10)", "ScaledTanh()", "Subsampling2d(6, 2)", "Subsampling2d(6, 2, stride=3)"]
)
def test_words(text):
    assert repr(parse(text)) == text
    assert parse(text).in_pytorch() is None


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: Subsampling2d(3, 2).output_shape((1, 2, 4, 4)), "Subsampling2d takes 3 channels, got 2"),
        (lambda: Subsampling2d(2, 5).output_shape((1, 2, 4, 4)), "kernel 5 does not fit input 4"),
        (lambda: Subsampling2d(0, 2), "channels 0 is too small"),
        (lambda: RBF(84, 10).output_shape((1, 10)), "RBF takes 84 features on the last axis"),
    ],
)
def test_refusals(make, message):
    with pytest.raises(ConvcalcError, match=message):
        make()
