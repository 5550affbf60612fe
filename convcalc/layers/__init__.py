"""What a layer is: frozen descriptions with PyTorch's names, argument order and defaults.

A family a file; a name is looked up in the file that holds it when it is first asked for, so that a run loads only
the families it uses.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

from convcalc.families import FAMILIES as FAMILIES
from convcalc.layers.base import Layer as Layer

if TYPE_CHECKING:
    from convcalc.layers.activation import CELU as CELU
    from convcalc.layers.activation import ELU as ELU
    from convcalc.layers.activation import GELU as GELU
    from convcalc.layers.activation import GLU as GLU
    from convcalc.layers.activation import SELU as SELU
    from convcalc.layers.activation import Hardshrink as Hardshrink
    from convcalc.layers.activation import Hardsigmoid as Hardsigmoid
    from convcalc.layers.activation import Hardswish as Hardswish
    from convcalc.layers.activation import Hardtanh as Hardtanh
    from convcalc.layers.activation import LeakyReLU as LeakyReLU
    from convcalc.layers.activation import LogSigmoid as LogSigmoid
    from convcalc.layers.activation import LogSoftmax as LogSoftmax
    from convcalc.layers.activation import Mish as Mish
    from convcalc.layers.activation import PReLU as PReLU
    from convcalc.layers.activation import ReLU as ReLU
    from convcalc.layers.activation import ReLU6 as ReLU6
    from convcalc.layers.activation import RReLU as RReLU
    from convcalc.layers.activation import Sigmoid as Sigmoid
    from convcalc.layers.activation import SiLU as SiLU
    from convcalc.layers.activation import Softmax as Softmax
    from convcalc.layers.activation import Softmax2d as Softmax2d
    from convcalc.layers.activation import Softmin as Softmin
    from convcalc.layers.activation import Softplus as Softplus
    from convcalc.layers.activation import Softshrink as Softshrink
    from convcalc.layers.activation import Softsign as Softsign
    from convcalc.layers.activation import Tanh as Tanh
    from convcalc.layers.activation import Tanhshrink as Tanhshrink
    from convcalc.layers.activation import Threshold as Threshold
    from convcalc.layers.adaptive import AdaptiveAvgPool1d as AdaptiveAvgPool1d
    from convcalc.layers.adaptive import AdaptiveAvgPool2d as AdaptiveAvgPool2d
    from convcalc.layers.adaptive import AdaptiveAvgPool3d as AdaptiveAvgPool3d
    from convcalc.layers.adaptive import AdaptiveMaxPool1d as AdaptiveMaxPool1d
    from convcalc.layers.adaptive import AdaptiveMaxPool2d as AdaptiveMaxPool2d
    from convcalc.layers.adaptive import AdaptiveMaxPool3d as AdaptiveMaxPool3d
    from convcalc.layers.block import Sequential as Sequential
    from convcalc.layers.conv import Conv1d as Conv1d
    from convcalc.layers.conv import Conv2d as Conv2d
    from convcalc.layers.conv import Conv3d as Conv3d
    from convcalc.layers.dropout import AlphaDropout as AlphaDropout
    from convcalc.layers.dropout import Dropout as Dropout
    from convcalc.layers.dropout import Dropout1d as Dropout1d
    from convcalc.layers.dropout import Dropout2d as Dropout2d
    from convcalc.layers.dropout import Dropout3d as Dropout3d
    from convcalc.layers.dropout import FeatureAlphaDropout as FeatureAlphaDropout
    from convcalc.layers.dropout import Identity as Identity
    from convcalc.layers.graph import Branches as Branches
    from convcalc.layers.graph import Residual as Residual
    from convcalc.layers.join import Add as Add
    from convcalc.layers.join import Concat as Concat
    from convcalc.layers.join import Mul as Mul
    from convcalc.layers.lazy import LazyBatchNorm1d as LazyBatchNorm1d
    from convcalc.layers.lazy import LazyBatchNorm2d as LazyBatchNorm2d
    from convcalc.layers.lazy import LazyBatchNorm3d as LazyBatchNorm3d
    from convcalc.layers.lazy import LazyConv1d as LazyConv1d
    from convcalc.layers.lazy import LazyConv2d as LazyConv2d
    from convcalc.layers.lazy import LazyConv3d as LazyConv3d
    from convcalc.layers.lazy import LazyConvTranspose1d as LazyConvTranspose1d
    from convcalc.layers.lazy import LazyConvTranspose2d as LazyConvTranspose2d
    from convcalc.layers.lazy import LazyConvTranspose3d as LazyConvTranspose3d
    from convcalc.layers.lazy import LazyInstanceNorm1d as LazyInstanceNorm1d
    from convcalc.layers.lazy import LazyInstanceNorm2d as LazyInstanceNorm2d
    from convcalc.layers.lazy import LazyInstanceNorm3d as LazyInstanceNorm3d
    from convcalc.layers.lazy import LazyLinear as LazyLinear
    from convcalc.layers.lecun import RBF as RBF
    from convcalc.layers.lecun import ScaledTanh as ScaledTanh
    from convcalc.layers.lecun import Subsampling2d as Subsampling2d
    from convcalc.layers.linear import Linear as Linear
    from convcalc.layers.norm import BatchNorm1d as BatchNorm1d
    from convcalc.layers.norm import BatchNorm2d as BatchNorm2d
    from convcalc.layers.norm import BatchNorm3d as BatchNorm3d
    from convcalc.layers.norm import GroupNorm as GroupNorm
    from convcalc.layers.norm import InstanceNorm1d as InstanceNorm1d
    from convcalc.layers.norm import InstanceNorm2d as InstanceNorm2d
    from convcalc.layers.norm import InstanceNorm3d as InstanceNorm3d
    from convcalc.layers.norm import LayerNorm as LayerNorm
    from convcalc.layers.norm import LocalResponseNorm as LocalResponseNorm
    from convcalc.layers.norm import RMSNorm as RMSNorm
    from convcalc.layers.pad import CircularPad1d as CircularPad1d
    from convcalc.layers.pad import CircularPad2d as CircularPad2d
    from convcalc.layers.pad import CircularPad3d as CircularPad3d
    from convcalc.layers.pad import ConstantPad1d as ConstantPad1d
    from convcalc.layers.pad import ConstantPad2d as ConstantPad2d
    from convcalc.layers.pad import ConstantPad3d as ConstantPad3d
    from convcalc.layers.pad import ReflectionPad1d as ReflectionPad1d
    from convcalc.layers.pad import ReflectionPad2d as ReflectionPad2d
    from convcalc.layers.pad import ReflectionPad3d as ReflectionPad3d
    from convcalc.layers.pad import ReplicationPad1d as ReplicationPad1d
    from convcalc.layers.pad import ReplicationPad2d as ReplicationPad2d
    from convcalc.layers.pad import ReplicationPad3d as ReplicationPad3d
    from convcalc.layers.pad import ZeroPad1d as ZeroPad1d
    from convcalc.layers.pad import ZeroPad2d as ZeroPad2d
    from convcalc.layers.pad import ZeroPad3d as ZeroPad3d
    from convcalc.layers.pool import AvgPool1d as AvgPool1d
    from convcalc.layers.pool import AvgPool2d as AvgPool2d
    from convcalc.layers.pool import AvgPool3d as AvgPool3d
    from convcalc.layers.pool import LPPool1d as LPPool1d
    from convcalc.layers.pool import LPPool2d as LPPool2d
    from convcalc.layers.pool import LPPool3d as LPPool3d
    from convcalc.layers.pool import MaxPool1d as MaxPool1d
    from convcalc.layers.pool import MaxPool2d as MaxPool2d
    from convcalc.layers.pool import MaxPool3d as MaxPool3d
    from convcalc.layers.resample import Upsample as Upsample
    from convcalc.layers.resample import UpsamplingBilinear2d as UpsamplingBilinear2d
    from convcalc.layers.resample import UpsamplingNearest2d as UpsamplingNearest2d
    from convcalc.layers.reshape import ChannelShuffle as ChannelShuffle
    from convcalc.layers.reshape import Flatten as Flatten
    from convcalc.layers.reshape import Fold as Fold
    from convcalc.layers.reshape import PixelShuffle as PixelShuffle
    from convcalc.layers.reshape import PixelUnshuffle as PixelUnshuffle
    from convcalc.layers.reshape import Unflatten as Unflatten
    from convcalc.layers.reshape import Unfold as Unfold
    from convcalc.layers.transposed import ConvTranspose1d as ConvTranspose1d
    from convcalc.layers.transposed import ConvTranspose2d as ConvTranspose2d
    from convcalc.layers.transposed import ConvTranspose3d as ConvTranspose3d


def kind(name: str) -> type[Layer]:
    """The layer class of that name; `KeyError` where there is none.

    >>> kind("Conv2d")(3, 16, 4)
    Conv2d(3, 16, 4)
    """
    layer: type[Layer] = getattr(import_module(f"convcalc.layers.{FAMILIES[name]}"), name)
    return layer


def __getattr__(name: str) -> Any:
    if name in FAMILIES:
        return kind(name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")


def __dir__() -> list[str]:
    return [*globals(), *FAMILIES]
