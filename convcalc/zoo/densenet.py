"""DenseNet: every layer of a block gets the channels of all layers before it.

Source: Huang, Liu, van der Maaten and Weinberger, "Densely Connected Convolutional Networks" (2017), table 1.
"""

from __future__ import annotations

from convcalc.layers import (
    AdaptiveAvgPool2d,
    AvgPool2d,
    BatchNorm2d,
    Conv2d,
    Flatten,
    Identity,
    Layer,
    Linear,
    MaxPool2d,
    ReLU,
)
from convcalc.layers.containers import Branches, Sequential
from convcalc.zoo.parts import CLASSES, normed

GROWTH = 32  # channels that a layer adds
BOTTLENECK = 4  # times GROWTH: the channels before the 3x3 convolution
BLOCKS = (6, 12, 24, 16)  # layers per block


def dense_layer(in_channels: int) -> Branches:
    """Return a layer that adds channels to its input: norm, ReLU, 1x1 convolution, norm, ReLU, 3x3 convolution.

    Source: Huang et al. (2017), section 3, "DenseNet-B"; torchvision: ``models.densenet._DenseLayer``.

    >>> dense_layer(64).parameters  # 2 * 64, 64 * 128, 2 * 128 and 9 * 128 * 32
    45440
    """
    between = BOTTLENECK * GROWTH
    conv1, norm2 = normed(in_channels, between, 1)
    new = {
        "norm1": BatchNorm2d(in_channels),
        "relu1": ReLU(),
        "conv1": conv1,
        "norm2": norm2,
        "relu2": ReLU(),
        "conv2": Conv2d(between, GROWTH, 3, padding=1, bias=False),
    }
    return Branches({"old": Identity(), "new": Sequential(new)})


def transition(in_channels: int) -> Sequential:
    """Return a transition: half the channels, half the height and half the width.

    Source: Huang et al. (2017), section 3, "Pooling layers" and "Compression"; torchvision:
    ``models.densenet._Transition``.

    >>> transition(256).parameters  # 2 * 256 and 256 * 128
    33280
    """
    return Sequential(
        {
            "norm": BatchNorm2d(in_channels),
            "relu": ReLU(),
            "conv": Conv2d(in_channels, in_channels // 2, 1, bias=False),
            "pool": AvgPool2d(2, stride=2),
        }
    )


def densenet121() -> Sequential:
    """Return four blocks of 6, 12, 24 and 16 layers, with transitions between them.

    Source: Huang et al. (2017), table 1; torchvision: ``densenet121``.

    >>> densenet121().parameters
    7978856
    """
    channels = 2 * GROWTH
    conv0, norm0 = normed(3, channels, 7, stride=2, padding=3)
    features: dict[str, Layer] = {
        "conv0": conv0,
        "norm0": norm0,
        "relu0": ReLU(),
        "pool0": MaxPool2d(3, stride=2, padding=1),
    }
    for number, layers in enumerate(BLOCKS, start=1):
        if number > 1:
            features[f"trans{number - 1}"] = transition(channels)
            channels //= 2
        block = {f"{layer + 1}": dense_layer(channels + layer * GROWTH) for layer in range(layers)}
        features[f"dense{number}"] = Sequential(block)
        channels += layers * GROWTH
    features["norm5"] = BatchNorm2d(channels)
    return Sequential(
        {
            "features": Sequential(features),
            "relu": ReLU(),
            "avgpool": AdaptiveAvgPool2d((1, 1)),
            "flatten": Flatten(),
            "classifier": Linear(channels, CLASSES),
        }
    )


NETWORKS = {"densenet121": densenet121}
