"""One line of a print to a layer: what PyTorch prints of its settings, and what it leaves out."""

from __future__ import annotations

import ast
import re
from math import prod
from typing import Any

from convcalc.errors import ConvcalcError
from convcalc.layers import FAMILIES, Layer
from convcalc.layers.printed import PrintedLayer
from convcalc.syntax.call import make, takes, unknown
from convcalc.syntax.reader import Reader
from convcalc.syntax.source import shown, tree
from convcalc.syntax.torch_names import NAMES, WITH_PARAMETERS

WORD = re.compile(
    r"\b((?:padding|padding_mode|mode|approximate)=)([a-z-]+)(?=,|$)"
)  # as some are printed: padding=same
SIZE = re.compile(r"Parameter containing: \[[^\]]* of size ?([\dx]*)")  # one line of a ParameterList

# What PyTorch 2.13 does not print, and that changes a figure or a value: the setting by its layer. It does not print
# either, and for nothing: return_indices, PReLU's init, inplace of Hardswish and Hardsigmoid, Identity's arguments.
_AVERAGED = ("ceil_mode", "count_include_pad")
_INTERPOLATED = ("linear", "bilinear", "bicubic", "trilinear")
UNPRINTED: dict[str, tuple[str, ...]] = {
    "AvgPool1d": _AVERAGED,
    "AvgPool2d": (*_AVERAGED, "divisor_override"),
    "AvgPool3d": (*_AVERAGED, "divisor_override"),
    "LayerNorm": ("bias",),  # not before 2.1
    "Upsample": ("align_corners", "recompute_scale_factor"),
}

# Classes that do what a layer of PyTorch does, and print the same settings.
SAME_AS = {"NonDynamicallyQuantizableLinear": "Linear"}

# Classes with the parameters and buffers of a layer of PyTorch and the same printed settings, that do something else.
SAME_PARAMETERS = {
    "BatchNormAct2d": "BatchNorm2d",  # timm
    "Conv2dSame": "Conv2d",  # timm
    "Conv2dStaticSamePadding": "Conv2d",  # efficientnet_pytorch
    "Conv2dDynamicSamePadding": "Conv2d",
    "GroupNormAct": "GroupNorm",  # timm
    "LayerNorm2d": "LayerNorm",  # timm, torchvision
    "SyncBatchNorm": "BatchNorm2d",
}
WITHOUT_PARAMETERS = frozenset(
    (
        *("DropPath", "StochasticDepth", "Permute", "SelectAdaptivePool2d", "PatchDropout"),  # timm, torchvision
        *("GELUActivation", "NewGELUActivation", "FastGELUActivation", "QuickGELUActivation", "PytorchGELUTanh"),
        *("GELUTanh", "SiLUActivation", "MishActivation", "LinearActivation", "ReLUSquaredActivation"),  # transformers
        *("Swish", "MemoryEfficientSwish", "HardSwish", "HardSigmoid", "LastLevelMaxPool", "ImageList"),
    )
)
LISTS_OF_PARAMETERS = ("ParameterList", "ParameterDict")


def is_known(kind: str) -> bool:
    """Whether a class that a print names is a layer that convcalc executes; its own layers are not PyTorch's.

    >>> is_known("Conv2d"), is_known("LSTM"), is_known("Residual")
    (True, False, False)
    """
    name = SAME_AS.get(kind, kind)
    return name in FAMILIES and name in NAMES and name != "Sequential"


def layer_of(kind: str, settings: str) -> Layer:
    """Return the layer, from the settings as PyTorch prints them. `ConvcalcError` where they make none.

    >>> layer_of("Conv2d", "3, 8, kernel_size=(3, 3), stride=(1, 1), padding=same")
    Conv2d(3, 8, 3, padding=1)
    """
    if not is_known(kind):
        raise unknown(kind)
    name = SAME_AS.get(kind, kind)
    text = f"{name}({WORD.sub(_quoted, settings)})"
    call = tree(text, "eval").body  # type: ignore[attr-defined]
    if not isinstance(call, ast.Call) or not isinstance(call.func, ast.Name):
        raise ConvcalcError(f"{shown(text)} is not what PyTorch prints of a layer")
    args, given = Reader(text).arguments(name, call)
    if name.startswith("Lazy"):  # which does not know its channels yet, and prints 0
        args = args[1:]
        given.pop("in_features", None)
    if name.startswith("Upsampling"):
        given.pop("mode", None)
    if given.get("elementwise_affine") is False:
        given.pop("bias", None)
    without = "Norm" in name and not takes(name.removeprefix("Lazy"), "bias")
    if without and given.pop("bias", given.get("affine")) != given.get("affine"):
        raise ConvcalcError(f"{shown(text)} has factors and no bias: convcalc knows the two together only")
    return make(name, args, given, lambda: shown(text))


def counted_layer(kind: str, settings: str) -> tuple[Layer, str]:
    """Return the layer, or where convcalc has none its class and its numbers; and why its numbers are not known.

    >>> counted_layer("DropPath", "drop_prob=0.1")
    (DropPath(drop_prob=0.1), '')
    >>> counted_layer("LSTM", "3, 4")
    (LSTM(3, 4), 'PyTorch has LSTM, which convcalc does not know yet')
    """
    if kind in LISTS_OF_PARAMETERS:
        sizes = [prod(int(size) for size in found.split("x") if size) for found in SIZE.findall(settings)]
        return PrintedLayer(kind, "", (sum(sizes), 0, 0)), ""
    if kind in WITHOUT_PARAMETERS or (kind in NAMES and kind not in WITH_PARAMETERS and not is_known(kind)):
        return PrintedLayer(kind, settings, (0, 0, 0)), ""
    if kind.startswith("Lazy"):
        return PrintedLayer(kind, settings, None), "its sizes come from its first input"
    alike = SAME_PARAMETERS.get(kind)
    try:
        layer = layer_of(alike or kind, settings)
    except ConvcalcError as error:
        reason = f"PyTorch has {kind}, which convcalc does not know yet" if kind in NAMES else f"{kind} is not known"
        return PrintedLayer(kind, settings, None), str(error) if is_known(alike or kind) else reason
    return (layer if alike is None else PrintedLayer(kind, settings, (layer.weights, layer.biases, layer.buffers))), ""


def _quoted(word: re.Match[str]) -> str:
    return f"{word[1]}{word[2]!r}"


def unprinted(layer: Layer, kind: str, settings: str) -> tuple[str, ...]:
    """Return the settings of a layer that its line does not show, although they matter.

    >>> unprinted(layer_of("AvgPool1d", "kernel_size=(2,), stride=(2,)"), "AvgPool1d", "kernel_size=(2,), stride=(2,)")
    ('ceil_mode', 'count_include_pad')
    """
    names: tuple[str, ...] = UNPRINTED.get(kind, ())
    if kind == "LayerNorm" and "elementwise_affine=False" in settings:
        return ()
    if kind == "Upsample":
        mode: Any = layer.spelled("mode")
        names = names if mode in _INTERPOLATED else names[1:]
        names = names if layer.spelled("size") is None else names[:-1]
    return tuple(name for name in names if f"{name}=" not in settings)
