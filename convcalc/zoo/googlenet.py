"""GoogLeNet: kernels of several sizes side by side.

Source: Szegedy et al., "Going Deeper with Convolutions" (2015), table 1; as in torchvision normalised, without the two
auxiliary outputs, and with 3x3 kernels where the paper has 5x5.
"""

from __future__ import annotations

from convcalc.layers import AdaptiveAvgPool2d, Dropout, Flatten, Linear, MaxPool2d, ReLU
from convcalc.layers.containers import Branches, Sequential
from convcalc.zoo.parts import CLASSES, normed

EPS = 1e-3  # of the norms


def conv(in_channels: int, out_channels: int, kernel_size: int, stride: int = 1, padding: int = 0) -> Sequential:
    """Return a convolution with a norm and a ReLU.

    Source: Szegedy et al. (2015), section 5; torchvision: ``models.googlenet.BasicConv2d``.

    >>> conv(3, 64, 7, stride=2, padding=3).parameters  # 3 * 64 * 49 and 2 * 64
    9536
    """
    convolution, bn = normed(in_channels, out_channels, kernel_size, stride, padding, eps=EPS)
    return Sequential({"conv": convolution, "bn": bn, "relu": ReLU()})


def inception(in_channels: int, *out_channels: int) -> Branches:
    """Return a module: 1x1; 1x1 then 3x3, twice; a pool then 1x1. The channels are in the paper's order.

    Source: Szegedy et al. (2015), figure 2 (b); torchvision: ``models.googlenet.Inception``.

    >>> inception(192, 64, 96, 128, 16, 32, 32).parameters
    155872
    """
    single, reduced, wide, reduced_again, wide_again, pooled = out_channels
    return Branches(
        {
            "branch1": conv(in_channels, single, 1),
            "branch2": Sequential(conv(in_channels, reduced, 1), conv(reduced, wide, 3, padding=1)),
            "branch3": Sequential(conv(in_channels, reduced_again, 1), conv(reduced_again, wide_again, 3, padding=1)),
            "branch4": Sequential(
                MaxPool2d(3, stride=1, padding=1, ceil_mode=True),
                conv(in_channels, pooled, 1),
            ),
        }
    )


def googlenet() -> Sequential:
    """Return three convolutions and nine inception modules, with pools between them.

    Source: Szegedy et al. (2015), table 1; torchvision: ``googlenet``, which counts two outputs more while it trains.

    >>> googlenet().parameters
    6624904
    """
    return Sequential(
        {
            "conv1": conv(3, 64, 7, stride=2, padding=3),
            "maxpool1": MaxPool2d(3, stride=2, ceil_mode=True),
            "conv2": conv(64, 64, 1),
            "conv3": conv(64, 192, 3, padding=1),
            "maxpool2": MaxPool2d(3, stride=2, ceil_mode=True),
            "inception3a": inception(192, 64, 96, 128, 16, 32, 32),
            "inception3b": inception(256, 128, 128, 192, 32, 96, 64),
            "maxpool3": MaxPool2d(3, stride=2, ceil_mode=True),
            "inception4a": inception(480, 192, 96, 208, 16, 48, 64),
            "inception4b": inception(512, 160, 112, 224, 24, 64, 64),
            "inception4c": inception(512, 128, 128, 256, 24, 64, 64),
            "inception4d": inception(512, 112, 144, 288, 32, 64, 64),
            "inception4e": inception(528, 256, 160, 320, 32, 128, 128),
            "maxpool4": MaxPool2d(2, stride=2, ceil_mode=True),
            "inception5a": inception(832, 256, 160, 320, 32, 128, 128),
            "inception5b": inception(832, 384, 192, 384, 48, 128, 128),
            "avgpool": AdaptiveAvgPool2d((1, 1)),
            "flatten": Flatten(),
            "dropout": Dropout(0.2),
            "fc": Linear(1024, CLASSES),
        }
    )


NETWORKS = {"googlenet": googlenet}
