"""Layers: frozen descriptions with PyTorch's names, argument order and defaults.

`FAMILIES` is the one list of them. A layer's file is loaded when its name is first asked for, so that a run loads only
the files it uses.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from convcalc.layers.activation import *
    from convcalc.layers.adaptive import *
    from convcalc.layers.base import Layer as Layer
    from convcalc.layers.containers import *
    from convcalc.layers.conv import *
    from convcalc.layers.dropout import *
    from convcalc.layers.join import *
    from convcalc.layers.lazy import *
    from convcalc.layers.lecun import *
    from convcalc.layers.linear import *
    from convcalc.layers.norm import *
    from convcalc.layers.pad import *
    from convcalc.layers.pool import *
    from convcalc.layers.resample import *
    from convcalc.layers.reshape import *
    from convcalc.layers.transposed import *


def _ranks(*names: str) -> list[str]:
    return [f"{name}{rank}d" for name in names for rank in (1, 2, 3)]


_NAMES = {
    "activation": [
        *("CELU", "ELU", "GELU", "GLU", "Hardshrink", "Hardsigmoid", "Hardswish", "Hardtanh", "LeakyReLU"),
        *("LogSigmoid", "LogSoftmax", "Mish", "PReLU", "RReLU", "ReLU", "ReLU6", "SELU", "SiLU", "Sigmoid", "Softmax"),
        *("Softmax2d", "Softmin", "Softplus", "Softshrink", "Softsign", "Tanh", "Tanhshrink", "Threshold"),
    ],
    "adaptive": _ranks("AdaptiveAvgPool", "AdaptiveMaxPool"),
    "containers": ["Branches", "Residual", "Sequential"],
    "conv": _ranks("Conv"),
    "dropout": ["AlphaDropout", "Dropout", *_ranks("Dropout"), "FeatureAlphaDropout", "Identity"],
    "join": ["Add", "Concat", "Mul"],
    "lazy": ["LazyLinear", *_ranks("LazyBatchNorm", "LazyConv", "LazyConvTranspose", "LazyInstanceNorm")],
    "lecun": ["RBF", "ScaledTanh", "Subsampling2d"],
    "linear": ["Linear"],
    "norm": ["GroupNorm", "LayerNorm", "LocalResponseNorm", "RMSNorm", *_ranks("BatchNorm", "InstanceNorm")],
    "pad": _ranks("CircularPad", "ConstantPad", "ReflectionPad", "ReplicationPad", "ZeroPad"),
    "pool": _ranks("AvgPool", "LPPool", "MaxPool"),
    "resample": ["Upsample", "UpsamplingBilinear2d", "UpsamplingNearest2d"],
    "reshape": ["ChannelShuffle", "Flatten", "Fold", "PixelShuffle", "PixelUnshuffle", "Unflatten", "Unfold"],
    "transposed": _ranks("ConvTranspose"),
}

FAMILIES = {name: family for family, names in _NAMES.items() for name in names}  # a layer's name, and its file's


def kind(name: str) -> type[Layer]:
    """Return the layer class of that name; `KeyError` where there is none.

    >>> kind("Conv2d")(3, 16, 4)
    Conv2d(3, 16, 4)
    """
    layer: type[Layer] = getattr(import_module(f"convcalc.layers.{FAMILIES[name]}"), name)
    return layer


def __getattr__(name: str) -> Any:
    if name in FAMILIES:
        return kind(name)
    if name == "Layer":
        return import_module("convcalc.layers.base").Layer
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")


def __dir__() -> list[str]:
    return [*globals(), "Layer", *FAMILIES]
