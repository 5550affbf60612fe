"""Every layer there is: known by name, frozen, traveling, read back, executed, and explained."""

from __future__ import annotations

import copy
import dataclasses
import inspect
import pickle

import pytest

import convcalc
from convcalc import (
    Conv2d,
    ConvcalcError,
    Flatten,
    parse,
    trace,
)
from convcalc.explain import explain
from convcalc.layers import FAMILIES, Layer, kind
from convcalc.layers.block import Block
from convcalc.layers.conv import Conv
from convcalc.schema import report_document
from convcalc.verify import verify

# A layer of each kind, and the shape of an input that it takes; of several kinds the settings of one.
SETTINGS = {
    "AdaptiveAvgPool": (3,),
    "AdaptiveMaxPool": (3,),
    "AvgPool": (2,),
    "BatchNorm": (4,),
    "CircularPad": (1,),
    "ConstantPad": (1, 0.5),
    "Conv": (4, 6, 3, 2, 1, 1, 2),
    "ConvTranspose": (4, 6, 3, 2, 1, 1, 2),
    "InstanceNorm": (4,),
    "LPPool": (2, 2),
    "LazyBatchNorm": (),
    "LazyConv": (6, 3),
    "LazyConvTranspose": (6, 3),
    "LazyInstanceNorm": (),
    "MaxPool": (2,),
    "ReflectionPad": (1,),
    "ReplicationPad": (1,),
    "ZeroPad": (1,),
    "Dropout": (),
}
SIZES = (1, 4, 6, 6, 6)
OTHERS = {
    "Add": ((), (1, 4)),
    "Branches": ((Flatten(), Flatten()), (1, 4)),
    "ChannelShuffle": ((2,), (1, 4, 6)),
    "Concat": ((), (1, 4)),
    "Fold": (((5, 5), 3), (1, 18, 9)),
    "Flatten": ((), (1, 2, 9)),
    "GroupNorm": ((2, 4), (1, 4, 6)),
    "LayerNorm": (((4, 6),), (1, 4, 6)),
    "LazyLinear": ((3,), (1, 4)),
    "Linear": ((9, 4), (1, 9)),
    "LocalResponseNorm": ((3,), (1, 4, 6)),
    "Mul": ((), (1, 4)),
    "PReLU": ((4,), (1, 4, 6)),
    "PixelShuffle": ((2,), (1, 4, 6, 6)),
    "PixelUnshuffle": ((2,), (1, 4, 6, 6)),
    "RBF": ((9, 4), (1, 9)),
    "RMSNorm": ((6,), (1, 4, 6)),
    "Residual": ((Flatten(),), (1, 4)),
    "ScaledTanh": ((), (1, 9)),
    "Sequential": ((Flatten(),), (1, 4)),
    "Softmax2d": ((), (1, 4, 6, 6)),
    "Subsampling2d": ((2, 3), (1, 2, 9, 9)),
    "Threshold": ((0.1, 20), (1, 4)),
    "Unflatten": ((1, (2, 2)), (1, 4)),
    "Unfold": ((3,), (1, 2, 5, 5)),
    "Upsample": ((None, 2), (1, 2, 5, 5)),
    "UpsamplingBilinear2d": ((None, 2), (1, 2, 5, 5)),
    "UpsamplingNearest2d": ((None, 2), (1, 2, 5, 5)),
}


def example(name):
    if name in OTHERS:
        settings, sizes = OTHERS[name]
        return kind(name)(*settings), sizes
    rank = int(name[-2]) if name[-1] == "d" and name[-2].isdigit() else 2
    return kind(name)(*SETTINGS.get(name[:-2], ())), SIZES[: rank + 2]


EXAMPLES = {name: example(name) for name in FAMILIES}
EXPLAINED = {
    "Flatten": set(),  # its output is its input in another shape
    "ScaledTanh": {"bytes of output"},
    "RBF": {"fixed weights", "connections", "MACs", "FLOPs", "bytes of output"},
    "Linear": {"weights", "parameters", "connections", "MACs", "FLOPs", "bytes of parameters", "bytes of output"},
    "Conv1d": {
        *(
            "output L",
            "left over L",
            "weights",
            "parameters",
            "connections",
            "MACs, dense",
            "taps on real L",
            "MACs, exact",
            "FLOPs",
        ),
        *("receptive field L", "jump L", "start L", "bytes of parameters", "bytes of output"),
    },
    "Subsampling2d": {
        *("output H", "output W", "left over H", "left over W", "parameters", "connections", "MACs", "FLOPs"),
        *("receptive field H", "receptive field W", "jump H", "jump W", "start H", "start W"),
        *("bytes of parameters", "bytes of output"),
    },
}


def test_the_examples_are_all_there_are():
    assert set(OTHERS) <= set(FAMILIES)
    assert set(FAMILIES) <= set(convcalc.__all__)


@pytest.mark.parametrize("name", FAMILIES)
def test_a_layer_is_known_everywhere(name):
    layer, shape = EXAMPLES[name]
    assert layer.in_pytorch() is None or "torch.nn." in inspect.getdoc(kind(name))  # what help() shows
    assert type(layer) is kind(name) is getattr(convcalc, name)
    assert parse(repr(layer)) == layer
    report = trace(layer, shape)
    assert report.output == layer.output_shape(shape)
    assert report.totals.parameters == sum(row.layer.parameters for row in report.leaves)
    if not isinstance(layer, Block):
        assert report_document(report)["layers"][0]["layer"] == repr(layer.bind(shape))
    assert verify(layer, shape).agrees


@pytest.mark.parametrize("name", FAMILIES)
def test_a_figure_is_none_only_where_it_is_not_defined(name):
    """Joins, padding, reshaping, upsampling, norms, activations have no connections; the others have."""
    layer, shape = EXAMPLES[name]
    counted = ("Conv", "Pool", "Linear", "RBF", "Subsampling", "LazyConv", "LazyLinear")
    connections = trace(layer, shape).totals.connections
    assert (connections is not None) == any(word in name for word in counted)


@pytest.mark.parametrize("layer", [layer for layer, _ in EXAMPLES.values()], ids=repr)
def test_a_description_is_frozen_and_travels(layer):
    for field in dataclasses.fields(layer):
        with pytest.raises(dataclasses.FrozenInstanceError):
            setattr(layer, field.name, 1)
    assert copy.deepcopy(layer) == pickle.loads(pickle.dumps(layer)) == layer
    assert hash(copy.deepcopy(layer)) == hash(layer)
    assert layer != Conv2d(7, 7, 7)


@pytest.mark.parametrize("name", EXPLAINED)
def test_each_figure_of_a_layer_is_explained(name):
    lines = explain(trace(*EXAMPLES[name]).rows[0])
    assert {line.figure for line in lines} == EXPLAINED[name]
    assert len(lines) == len(EXPLAINED[name])


def formulas_of(layer, shape):
    return {line.figure: line.formula for line in explain(trace(layer, shape).rows[0])}


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
    """House rule: one rule for every rank. A few have no other ranks, or a rule of their own in one."""
    own = {attribute for attribute in vars(kind(name)) if not attribute.startswith("__")}
    assert own <= {"rank", "batched_axes"} or name in (
        "Softmax2d",
        "Subsampling2d",
        "UpsamplingNearest2d",
        "UpsamplingBilinear2d",
        "Dropout1d",
    ), own
