"""Writes tests/data/torch_printed.json: what PyTorch prints of every layer, in many settings, and of some models.

Run it where PyTorch is installed: python -m tools.answers.printed
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

TARGET = Path(__file__).parents[2] / "tests" / "data" / "torch_printed.json"

RANKS = (1, 2, 3)
BY_RANK = [
    "Conv{n}d(4, 6, 3)",
    "Conv{n}d(4, 6, 4, padding='same', bias=False)",
    "Conv{n}d(4, 6, 4, padding='valid', padding_mode='reflect')",
    "Conv{n}d(4, 6, 5, stride=2, padding=2, dilation=3, groups=2, padding_mode='circular')",
    "Conv{n}d(4, 6, 1, padding=1, padding_mode='replicate')",
    "ConvTranspose{n}d(4, 6, 3)",
    "ConvTranspose{n}d(4, 6, 3, stride=2, padding=1, output_padding=1, groups=2, bias=False, dilation=2)",
    "LazyConv{n}d(6, 3)",
    "LazyConv{n}d(6, 4, stride=1, padding='same', bias=False, padding_mode='reflect')",
    "LazyConvTranspose{n}d(6, 3, stride=2, output_padding=1, groups=2, bias=False, dilation=2)",
    "BatchNorm{n}d(4)",
    "BatchNorm{n}d(4, eps=1e-3, momentum=None)",
    "BatchNorm{n}d(4, momentum=0.01, affine=False)",
    "BatchNorm{n}d(4, track_running_stats=False)",
    "LazyBatchNorm{n}d()",
    "LazyBatchNorm{n}d(eps=1e-3, momentum=None, affine=False, track_running_stats=False)",
    "InstanceNorm{n}d(4)",
    "InstanceNorm{n}d(4, affine=True, track_running_stats=True)",
    "LazyInstanceNorm{n}d()",
    "LazyInstanceNorm{n}d(affine=False, eps=1e-3)",
    "Dropout{n}d()",
    "Dropout{n}d(0.25, inplace=True)",
    "CircularPad{n}d(1)",
    "ConstantPad{n}d(1, 3.5)",
    "ConstantPad{n}d(2, float('-inf'))",
    "ReflectionPad{n}d(1)",
    "ReplicationPad{n}d(2)",
    "ZeroPad{n}d(1)",
    "MaxPool{n}d(3)",
    "MaxPool{n}d(3, stride=2, padding=1, dilation=2, ceil_mode=True)",
    "AvgPool{n}d(3)",
    "AvgPool{n}d(3, stride=2, padding=1)",
    "LPPool{n}d(2, 3)",
    "LPPool{n}d(1.5, 3, stride=2, ceil_mode=True)",
    "AdaptiveAvgPool{n}d(6)",
    "AdaptiveMaxPool{n}d(6)",
]
SINGLE = [
    "Conv2d(4, 6, (3, 5), stride=(2, 1), padding=(0, 2))",
    "MaxPool2d((2, 3), stride=(1, 2), padding=(1, 0))",
    "AvgPool2d((2, 3))",
    "AdaptiveAvgPool2d((6, None))",
    "AdaptiveAvgPool3d((6, None, 2))",
    "AdaptiveMaxPool2d((6, 5))",
    "ZeroPad2d((1, 2, 3, 4))",
    "ZeroPad2d((-1, 2, 0, -4))",
    "ConstantPad1d((1, 2), 0)",
    "ReflectionPad3d((1, 2, 3, 4, 5, 6))",
    "Linear(3, 4)",
    "Linear(3, 4, bias=False)",
    "LazyLinear(4)",
    "LazyLinear(4, bias=False)",
    "Flatten()",
    "Flatten(0, 2)",
    "Unflatten(1, (3, 4))",
    "Identity()",
    "Dropout()",
    "Dropout(p=0.0)",
    "AlphaDropout(0.1)",
    "FeatureAlphaDropout()",
    "GroupNorm(2, 4)",
    "GroupNorm(2, 4, eps=1e-3, affine=False)",
    "LayerNorm(10)",
    "LayerNorm((3, 4), eps=1e-12)",
    "LayerNorm(10, elementwise_affine=False)",
    "LayerNorm(10, bias=False)",
    "RMSNorm(10)",
    "RMSNorm((3, 4), eps=1e-3, elementwise_affine=False)",
    "LocalResponseNorm(3)",
    "LocalResponseNorm(5, alpha=0.001, beta=0.5, k=2.0)",
    "Upsample(scale_factor=2)",
    "Upsample(scale_factor=(2, 1.5), mode='bicubic')",
    "Upsample(size=(3, 4), mode='bilinear')",
    "Upsample(size=7, mode='nearest-exact')",
    "UpsamplingNearest2d(scale_factor=2)",
    "UpsamplingBilinear2d(size=(3, 4))",
    "PixelShuffle(3)",
    "PixelUnshuffle(3)",
    "ChannelShuffle(2)",
    "Fold((4, 5), (2, 2))",
    "Fold((4, 5), 2, dilation=2, padding=1, stride=2)",
    "Unfold(3)",
    "Unfold((2, 3), dilation=(1, 2), padding=(0, 1), stride=(2, 1))",
    "CELU()",
    "CELU(0.5, inplace=True)",
    "ELU()",
    "ELU(alpha=0.5, inplace=True)",
    "GELU()",
    "GELU(approximate='tanh')",
    "GLU()",
    "GLU(1)",
    "Hardshrink()",
    "Hardshrink(0.25)",
    "Hardsigmoid()",
    "Hardswish()",
    "Hardtanh()",
    "Hardtanh(-2, 2.5, inplace=True)",
    "LeakyReLU()",
    "LeakyReLU(0.2, inplace=True)",
    "LogSigmoid()",
    "LogSoftmax(1)",
    "Mish()",
    "Mish(inplace=True)",
    "PReLU()",
    "PReLU(64)",
    "RReLU()",
    "RReLU(0.1, 0.2, inplace=True)",
    "ReLU()",
    "ReLU(inplace=True)",
    "ReLU6()",
    "ReLU6(inplace=True)",
    "SELU()",
    "SELU(inplace=True)",
    "SiLU()",
    "SiLU(inplace=True)",
    "Sigmoid()",
    "Softmax()",
    "Softmax(dim=-1)",
    "Softmax2d()",
    "Softmin(1)",
    "Softplus()",
    "Softplus(beta=2, threshold=10)",
    "Softshrink()",
    "Softshrink(0.25)",
    "Softsign()",
    "Tanh()",
    "Tanhshrink()",
    "Threshold(0.1, 20)",
    "Threshold(0.1, 20, inplace=True)",
]
MODELS = [
    "Sequential()",
    "Sequential(Flatten())",
    "Sequential(Sequential(), ReLU())",
    "Sequential(Sequential(Sequential(Tanh())), Sequential(Conv2d(3, 8, 3), ReLU()))",
    "Sequential(OrderedDict([('conv1', Conv2d(3, 8, 3)), ('head', Sequential(Flatten(), LazyLinear(10)))]))",
    "Sequential(*[Sequential(Linear(4, 4), ReLU()) for _ in range(12)])",
]


def main() -> None:
    """Ask PyTorch to print each."""
    import warnings
    from collections import OrderedDict

    import torch
    from torch import nn

    warnings.simplefilter("ignore")  # lazy layers say that they may change
    names: dict[str, Any] = {**vars(nn), "OrderedDict": OrderedDict}
    layers = [text.format(n=rank) for text in BY_RANK for rank in RANKS] + SINGLE
    prints = {text: repr(eval(text, names)) for text in (*layers, *MODELS)}
    TARGET.write_text(json.dumps({"torch": torch.__version__, "prints": prints}, indent=1) + "\n")
    print(f"{len(prints)} prints in {TARGET}")


if __name__ == "__main__":
    main()
