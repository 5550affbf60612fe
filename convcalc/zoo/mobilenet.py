"""MobileNetV2: a 1x1 convolution to many channels, a depthwise one, and a 1x1 to few, added to the input.

Source: Sandler, Howard, Zhu, Zhmoginov and Chen, "MobileNetV2: Inverted Residuals and Linear Bottlenecks" (2018),
table 2.
"""

from __future__ import annotations

from convcalc.layers import AdaptiveAvgPool2d, Dropout, Flatten, Layer, Linear, ReLU6
from convcalc.layers.containers import Residual, Sequential
from convcalc.zoo.parts import CLASSES, normed

# The paper's table 2: expansion, channels, blocks, and the stride of the first of them.
STAGES = (
    (1, 16, 1, 1),
    (6, 24, 2, 2),
    (6, 32, 3, 2),
    (6, 64, 4, 2),
    (6, 96, 3, 1),
    (6, 160, 3, 2),
    (6, 320, 1, 1),
)
FIRST, LAST = 32, 1280  # channels of the first convolution and of the last


def inverted_residual(in_channels: int, out_channels: int, stride: int, expansion: int) -> Sequential | Residual:
    """Return a block: a 1x1 to more channels, a depthwise 3x3, a 1x1 to fewer; with a shortcut if the shape stays.

    Source: Sandler et al. (2018), table 1 and figure 4 (d); torchvision: ``models.mobilenetv2.InvertedResidual``.

    >>> inverted_residual(24, 24, 1, 6).parameters  # 144 * (24 + 9 + 24) and 2 for each of 144 + 144 + 24 channels
    8832
    """
    hidden = expansion * in_channels
    layers: dict[str, Layer] = {}
    if expansion != 1:
        conv, bn = normed(in_channels, hidden, 1)
        layers |= {"expand": conv, "bn1": bn, "relu1": ReLU6()}
    conv, bn = normed(hidden, hidden, 3, stride, padding=1, groups=hidden)
    layers |= {"depthwise": conv, "bn2": bn, "relu2": ReLU6()}
    conv, bn = normed(hidden, out_channels, 1)
    layers |= {"project": conv, "bn3": bn}
    body = Sequential(layers)
    return Residual(body) if stride == 1 and in_channels == out_channels else body


def mobilenet_v2() -> Sequential:
    """Return the network of width 1: a convolution, 17 blocks, a convolution and a classifier.

    Source: Sandler et al. (2018), table 2; torchvision: ``mobilenet_v2``.

    >>> mobilenet_v2().parameters
    3504872
    """
    features: list[Layer] = [_conv(3, FIRST, 3, stride=2, padding=1)]
    channels = FIRST
    for expansion, wider, blocks, stride in STAGES:
        for block in range(blocks):
            features.append(inverted_residual(channels, wider, stride if block == 0 else 1, expansion))
            channels = wider
    features.append(_conv(channels, LAST, 1))
    return Sequential(
        {
            "features": Sequential(*features),
            "avgpool": AdaptiveAvgPool2d((1, 1)),
            "flatten": Flatten(),
            "classifier": Sequential(Dropout(0.2), Linear(LAST, CLASSES)),
        }
    )


def _conv(in_channels: int, out_channels: int, kernel_size: int, stride: int = 1, padding: int = 0) -> Sequential:
    conv, bn = normed(in_channels, out_channels, kernel_size, stride, padding)
    return Sequential({"conv": conv, "bn": bn, "relu": ReLU6()})


NETWORKS = {"mobilenet_v2": mobilenet_v2}
