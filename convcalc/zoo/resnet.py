"""ResNet: blocks with a shortcut around them, in four stages.

Source: He, Zhang, Ren and Sun, "Deep Residual Learning for Image Recognition" (2016), table 1; in the deeper ones the
stride is in the 3x3 convolution, not in the 1x1 before it, as in torchvision.
"""

from __future__ import annotations

from functools import partial

from convcalc.layers import AdaptiveAvgPool2d, Flatten, Linear, MaxPool2d, ReLU
from convcalc.layers.containers import Residual, Sequential
from convcalc.zoo.parts import CLASSES, normed

CHANNELS = (64, 128, 256, 512)  # of the stages
EXPANSION = 4  # of a bottleneck's last convolution

# Blocks per stage, by the number of layers with weights; those of 50 layers and more are bottlenecks.
BLOCKS = {18: (2, 2, 2, 2), 34: (3, 4, 6, 3), 50: (3, 4, 6, 3), 101: (3, 4, 23, 3), 152: (3, 8, 36, 3)}


def basic(in_channels: int, channels: int, stride: int = 1) -> Sequential:
    """Return two 3x3 convolutions with a shortcut; the first has the stride.

    Source: He et al. (2016), figure 5, left; torchvision: ``models.resnet.BasicBlock``.

    >>> basic(64, 64).parameters
    73984
    """
    conv1, bn1 = normed(in_channels, channels, 3, stride, padding=1)
    conv2, bn2 = normed(channels, channels, 3, padding=1)
    body = Sequential({"conv1": conv1, "bn1": bn1, "relu": ReLU(), "conv2": conv2, "bn2": bn2})
    return _beside_shortcut(body, in_channels, channels, stride)


def bottleneck(in_channels: int, channels: int, stride: int = 1) -> Sequential:
    """Return a 1x1 convolution to few channels, a 3x3 with the stride, and a 1x1 to four times as many.

    Source: He et al. (2016), figure 5, right; torchvision: ``models.resnet.Bottleneck``.

    >>> bottleneck(256, 64).parameters
    70400
    """
    conv1, bn1 = normed(in_channels, channels, 1)
    conv2, bn2 = normed(channels, channels, 3, stride, padding=1)
    conv3, bn3 = normed(channels, EXPANSION * channels, 1)
    names = ("conv1", "bn1", "relu1", "conv2", "bn2", "relu2", "conv3", "bn3")
    body = Sequential(dict(zip(names, (conv1, bn1, ReLU(), conv2, bn2, ReLU(), conv3, bn3), strict=True)))
    return _beside_shortcut(body, in_channels, EXPANSION * channels, stride)


def _beside_shortcut(body: Sequential, in_channels: int, out_channels: int, stride: int) -> Sequential:
    """Return the body plus a shortcut, then a ReLU; the shortcut is a 1x1 convolution where the shape changes."""
    shortcut = None
    if stride != 1 or in_channels != out_channels:
        conv, bn = normed(in_channels, out_channels, 1, stride)
        shortcut = Sequential({"conv": conv, "bn": bn})
    return Sequential({"res": Residual(body, shortcut), "relu": ReLU()})


def resnet(weight_layers: int) -> Sequential:
    """Return the network with that many layers that have weights.

    Source: He et al. (2016), table 1; torchvision: ``resnet50``, for instance.

    >>> resnet(18).parameters
    11689512
    """
    deep = weight_layers >= 50
    block, expansion = (bottleneck, EXPANSION) if deep else (basic, 1)
    stages: dict[str, Sequential] = {}
    in_channels = 64
    for number, (channels, blocks) in enumerate(zip(CHANNELS, BLOCKS[weight_layers], strict=True), start=1):
        first = block(in_channels, channels, stride=1 if number == 1 else 2)
        in_channels = expansion * channels
        stages[f"layer{number}"] = Sequential(first, *(block(in_channels, channels) for _ in range(blocks - 1)))
    conv1, bn1 = normed(3, 64, 7, stride=2, padding=3)
    return Sequential(
        {
            "conv1": conv1,
            "bn1": bn1,
            "relu": ReLU(),
            "maxpool": MaxPool2d(3, stride=2, padding=1),
            **stages,
            "avgpool": AdaptiveAvgPool2d((1, 1)),
            "flatten": Flatten(),
            "fc": Linear(in_channels, CLASSES),
        }
    )


NETWORKS = {f"resnet{layers}": partial(resnet, layers) for layers in BLOCKS}
