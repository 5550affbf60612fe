"""The pocket calculator for convolutional networks: every figure exact, every count proved by execution.

>>> from convcalc import Conv2d
>>> Conv2d(3, 16, 4, stride=2).output_shape((10, 3, 28, 28))
(10, 16, 13, 13)
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

from convcalc.families import FAMILIES

if TYPE_CHECKING:
    from convcalc.errors import ConvcalcError as ConvcalcError
    from convcalc.layers import CELU as CELU
    from convcalc.layers import ELU as ELU
    from convcalc.layers import GELU as GELU
    from convcalc.layers import GLU as GLU
    from convcalc.layers import RBF as RBF
    from convcalc.layers import SELU as SELU
    from convcalc.layers import AdaptiveAvgPool1d as AdaptiveAvgPool1d
    from convcalc.layers import AdaptiveAvgPool2d as AdaptiveAvgPool2d
    from convcalc.layers import AdaptiveAvgPool3d as AdaptiveAvgPool3d
    from convcalc.layers import AdaptiveMaxPool1d as AdaptiveMaxPool1d
    from convcalc.layers import AdaptiveMaxPool2d as AdaptiveMaxPool2d
    from convcalc.layers import AdaptiveMaxPool3d as AdaptiveMaxPool3d
    from convcalc.layers import Add as Add
    from convcalc.layers import AlphaDropout as AlphaDropout
    from convcalc.layers import AvgPool1d as AvgPool1d
    from convcalc.layers import AvgPool2d as AvgPool2d
    from convcalc.layers import AvgPool3d as AvgPool3d
    from convcalc.layers import BatchNorm1d as BatchNorm1d
    from convcalc.layers import BatchNorm2d as BatchNorm2d
    from convcalc.layers import BatchNorm3d as BatchNorm3d
    from convcalc.layers import Branches as Branches
    from convcalc.layers import ChannelShuffle as ChannelShuffle
    from convcalc.layers import CircularPad1d as CircularPad1d
    from convcalc.layers import CircularPad2d as CircularPad2d
    from convcalc.layers import CircularPad3d as CircularPad3d
    from convcalc.layers import Concat as Concat
    from convcalc.layers import ConstantPad1d as ConstantPad1d
    from convcalc.layers import ConstantPad2d as ConstantPad2d
    from convcalc.layers import ConstantPad3d as ConstantPad3d
    from convcalc.layers import Conv1d as Conv1d
    from convcalc.layers import Conv2d as Conv2d
    from convcalc.layers import Conv3d as Conv3d
    from convcalc.layers import ConvTranspose1d as ConvTranspose1d
    from convcalc.layers import ConvTranspose2d as ConvTranspose2d
    from convcalc.layers import ConvTranspose3d as ConvTranspose3d
    from convcalc.layers import Dropout as Dropout
    from convcalc.layers import Dropout1d as Dropout1d
    from convcalc.layers import Dropout2d as Dropout2d
    from convcalc.layers import Dropout3d as Dropout3d
    from convcalc.layers import FeatureAlphaDropout as FeatureAlphaDropout
    from convcalc.layers import Flatten as Flatten
    from convcalc.layers import Fold as Fold
    from convcalc.layers import GroupNorm as GroupNorm
    from convcalc.layers import Hardshrink as Hardshrink
    from convcalc.layers import Hardsigmoid as Hardsigmoid
    from convcalc.layers import Hardswish as Hardswish
    from convcalc.layers import Hardtanh as Hardtanh
    from convcalc.layers import Identity as Identity
    from convcalc.layers import InstanceNorm1d as InstanceNorm1d
    from convcalc.layers import InstanceNorm2d as InstanceNorm2d
    from convcalc.layers import InstanceNorm3d as InstanceNorm3d
    from convcalc.layers import LayerNorm as LayerNorm
    from convcalc.layers import LazyBatchNorm1d as LazyBatchNorm1d
    from convcalc.layers import LazyBatchNorm2d as LazyBatchNorm2d
    from convcalc.layers import LazyBatchNorm3d as LazyBatchNorm3d
    from convcalc.layers import LazyConv1d as LazyConv1d
    from convcalc.layers import LazyConv2d as LazyConv2d
    from convcalc.layers import LazyConv3d as LazyConv3d
    from convcalc.layers import LazyConvTranspose1d as LazyConvTranspose1d
    from convcalc.layers import LazyConvTranspose2d as LazyConvTranspose2d
    from convcalc.layers import LazyConvTranspose3d as LazyConvTranspose3d
    from convcalc.layers import LazyInstanceNorm1d as LazyInstanceNorm1d
    from convcalc.layers import LazyInstanceNorm2d as LazyInstanceNorm2d
    from convcalc.layers import LazyInstanceNorm3d as LazyInstanceNorm3d
    from convcalc.layers import LazyLinear as LazyLinear
    from convcalc.layers import LeakyReLU as LeakyReLU
    from convcalc.layers import Linear as Linear
    from convcalc.layers import LocalResponseNorm as LocalResponseNorm
    from convcalc.layers import LogSigmoid as LogSigmoid
    from convcalc.layers import LogSoftmax as LogSoftmax
    from convcalc.layers import LPPool1d as LPPool1d
    from convcalc.layers import LPPool2d as LPPool2d
    from convcalc.layers import LPPool3d as LPPool3d
    from convcalc.layers import MaxPool1d as MaxPool1d
    from convcalc.layers import MaxPool2d as MaxPool2d
    from convcalc.layers import MaxPool3d as MaxPool3d
    from convcalc.layers import Mish as Mish
    from convcalc.layers import Mul as Mul
    from convcalc.layers import PixelShuffle as PixelShuffle
    from convcalc.layers import PixelUnshuffle as PixelUnshuffle
    from convcalc.layers import PReLU as PReLU
    from convcalc.layers import ReflectionPad1d as ReflectionPad1d
    from convcalc.layers import ReflectionPad2d as ReflectionPad2d
    from convcalc.layers import ReflectionPad3d as ReflectionPad3d
    from convcalc.layers import ReLU as ReLU
    from convcalc.layers import ReLU6 as ReLU6
    from convcalc.layers import ReplicationPad1d as ReplicationPad1d
    from convcalc.layers import ReplicationPad2d as ReplicationPad2d
    from convcalc.layers import ReplicationPad3d as ReplicationPad3d
    from convcalc.layers import Residual as Residual
    from convcalc.layers import RMSNorm as RMSNorm
    from convcalc.layers import RReLU as RReLU
    from convcalc.layers import ScaledTanh as ScaledTanh
    from convcalc.layers import Sequential as Sequential
    from convcalc.layers import Sigmoid as Sigmoid
    from convcalc.layers import SiLU as SiLU
    from convcalc.layers import Softmax as Softmax
    from convcalc.layers import Softmax2d as Softmax2d
    from convcalc.layers import Softmin as Softmin
    from convcalc.layers import Softplus as Softplus
    from convcalc.layers import Softshrink as Softshrink
    from convcalc.layers import Softsign as Softsign
    from convcalc.layers import Subsampling2d as Subsampling2d
    from convcalc.layers import Tanh as Tanh
    from convcalc.layers import Tanhshrink as Tanhshrink
    from convcalc.layers import Threshold as Threshold
    from convcalc.layers import Unflatten as Unflatten
    from convcalc.layers import Unfold as Unfold
    from convcalc.layers import Upsample as Upsample
    from convcalc.layers import UpsamplingBilinear2d as UpsamplingBilinear2d
    from convcalc.layers import UpsamplingNearest2d as UpsamplingNearest2d
    from convcalc.layers import ZeroPad1d as ZeroPad1d
    from convcalc.layers import ZeroPad2d as ZeroPad2d
    from convcalc.layers import ZeroPad3d as ZeroPad3d
    from convcalc.network import Network as Network
    from convcalc.network import chain as chain
    from convcalc.report import Report as Report
    from convcalc.syntax import parse as parse
    from convcalc.walk import trace as trace

__version__ = "0.1.0"

# Where each public name lives. It is imported when it is first asked for, so that `import convcalc` costs nothing.
_HOMES = {
    "ConvcalcError": "errors",
    **dict.fromkeys(FAMILIES, "layers"),
    **dict.fromkeys(("Network", "chain"), "network"),
    "trace": "walk",
    "Report": "report",
    "parse": "syntax",
}

__all__ = ["__version__", *_HOMES]  # noqa: PLE0604


def __getattr__(name: str) -> Any:
    if name not in _HOMES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(f"convcalc.{_HOMES[name]}"), name)


def __dir__() -> list[str]:
    return sorted({*globals(), *_HOMES})
