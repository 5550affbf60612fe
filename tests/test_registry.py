"""Every layer there is: known by name, frozen, traveling, read back, executed, and explained."""

from __future__ import annotations

import copy
import dataclasses
import pickle

import numpy as np
import pytest

import convcalc
from convcalc import (
    RBF,
    Conv1d,
    Conv2d,
    Conv3d,
    ConvcalcError,
    Flatten,
    Linear,
    ScaledTanh,
    Sequential,
    Subsampling2d,
    engine,
    parse,
    trace,
)
from convcalc.explain import explain
from convcalc.families import FAMILIES
from convcalc.layers import Layer, kind
from convcalc.layers.conv import Conv
from convcalc.schema import report_document

EXAMPLES = {
    "Conv1d": (Conv1d(2, 4, 3, groups=2), (1, 2, 9)),
    "Conv2d": (Conv2d(2, 4, 3, bias=False), (1, 2, 9, 9)),
    "Conv3d": (Conv3d(2, 4, 3), (1, 2, 5, 5, 5)),
    "Flatten": (Flatten(), (1, 2, 9)),
    "Linear": (Linear(9, 4), (1, 9)),
    "RBF": (RBF(9, 4), (1, 9)),
    "ScaledTanh": (ScaledTanh(), (1, 9)),
    "Subsampling2d": (Subsampling2d(2, 3), (1, 2, 9, 9)),
}
EXPLAINED = {
    "Flatten": {"bytes of output"},
    "ScaledTanh": {"bytes of output"},
    "RBF": {"fixed weights", "connections", "MACs", "FLOPs", "bytes of output"},
    "Linear": {"weights", "parameters", "connections", "MACs", "FLOPs", "bytes of parameters", "bytes of output"},
    "Conv1d": {
        *("output L", "weights", "parameters", "connections", "MACs, dense", "taps on real L", "MACs, exact", "FLOPs"),
        *("receptive field L", "jump L", "start L", "bytes of parameters", "bytes of output"),
    },
    "Subsampling2d": {
        *("output H", "output W", "left over H", "left over W", "parameters", "connections", "MACs", "FLOPs"),
        *("receptive field H", "receptive field W", "jump H", "jump W", "start H", "start W"),
        *("bytes of parameters", "bytes of output"),
    },
}


def test_the_examples_are_all_there_are():
    assert set(EXAMPLES) == set(FAMILIES)
    assert set(FAMILIES) <= set(convcalc.__all__)


@pytest.mark.parametrize("name", FAMILIES)
def test_a_layer_is_known_everywhere(name):
    layer, shape = EXAMPLES[name]
    assert type(layer) is kind(name) is getattr(convcalc, name)
    assert parse(repr(layer)) == layer
    weights = engine.random_weights(layer, np.random.default_rng(0))
    x = engine.random_array(shape, np.random.default_rng(0))
    assert engine.execute(layer, x, **weights).shape == layer.output_shape(shape)
    assert report_document(trace(layer, shape))["layers"][0]["layer"] == repr(layer)


@pytest.mark.parametrize("layer", [*(layer for layer, _ in EXAMPLES.values()), Sequential(Flatten())], ids=repr)
def test_a_description_is_frozen_and_travels(layer):
    for field in dataclasses.fields(layer):
        with pytest.raises(dataclasses.FrozenInstanceError):
            setattr(layer, field.name, 1)
    assert copy.deepcopy(layer) == pickle.loads(pickle.dumps(layer)) == layer
    assert hash(copy.deepcopy(layer)) == hash(layer)
    assert layer != Conv2d(7, 7, 7)


@pytest.mark.parametrize("name", EXPLAINED)
def test_each_figure_of_a_layer_is_explained(name):
    (lines,) = explain(trace(*EXAMPLES[name])).values()
    assert {line.figure for line in lines} == EXPLAINED[name]
    assert len(lines) == len(EXPLAINED[name])


def formulas_of(layer, shape):
    return {line.figure: line.formula for line in explain(trace(layer, shape))["conv2d"]}


def test_what_a_student_can_follow():
    lines = formulas_of(Conv2d(1, 1, 3, stride=2, padding=1), (1, 1, 1, 4))
    assert lines["dead weights"] == "1*1*(3*3 - 1*3)"
    assert lines["left over W"] == "(4 + 2*1 - 1*(3 - 1) - 1) % 2"
    lines = formulas_of(Conv2d(1, 6, 5, padding=2), (1, 1, 28, 28))
    assert lines["taps on real H"] == "5*28 - (2 + 1 + 1 + 2)"


def test_a_layer_that_does_not_say_a_figure_is_no_zero():
    layer = Layer()
    for ask in (
        lambda: layer.parameters,
        lambda: layer.weight_shape,
        lambda: layer.macs((1,)),
        lambda: layer.connections((1,)),
        lambda: layer.output_shape((1,)),
        lambda: layer.receptive_field((), (1,)),
    ):
        with pytest.raises(NotImplementedError):
            ask()


def test_conv_needs_a_rank():
    with pytest.raises(ConvcalcError, match="Conv has no rank of its own: use Conv1d, Conv2d or Conv3d"):
        Conv(1, 1, 3)


@pytest.mark.parametrize("name", [name for name in FAMILIES if name[-1] == "d" and name[-2].isdigit()])
def test_ranks_are_names_and_not_copies(name):
    """House rule: one rule for every rank. Subsampling2d alone has no other ranks."""
    own = {attribute for attribute in vars(kind(name)) if not attribute.startswith("__")}
    assert own == {"rank"} or name == "Subsampling2d"
