"""SqueezeNet 1.1: fire modules, which squeeze the channels with 1x1 kernels before they expand them.

Source: Iandola et al., "SqueezeNet: AlexNet-level accuracy with 50x fewer parameters and <0.5MB model size" (2016);
version 1.1 is from the authors' repository (github.com/forresti/SqueezeNet).
"""

from __future__ import annotations

from convcalc.layers import AdaptiveAvgPool2d, Conv2d, Dropout, Flatten, MaxPool2d, ReLU
from convcalc.layers.containers import Branches, Sequential
from convcalc.zoo.parts import CLASSES


def fire(in_channels: int, squeezed: int, expanded: int) -> Sequential:
    """Return a 1x1 convolution to few channels, then a 1x1 and a 3x3 of equal size side by side.

    Source: Iandola et al. (2016), section 3.2; torchvision: ``models.squeezenet.Fire``.

    >>> fire(64, 16, 64).parameters  # 16 * 65, 64 * 17 and 64 * 145
    11408
    """
    return Sequential(
        {
            "squeeze": Conv2d(in_channels, squeezed, 1),
            "relu": ReLU(),
            "expand": Branches(
                {
                    "1x1": Sequential({"conv": Conv2d(squeezed, expanded, 1), "relu": ReLU()}),
                    "3x3": Sequential({"conv": Conv2d(squeezed, expanded, 3, padding=1), "relu": ReLU()}),
                }
            ),
        }
    )


def squeezenet1_1() -> Sequential:
    """Return a convolution, eight fire modules with two pools, and a 1x1 convolution to a channel per class.

    Source: Iandola et al. (2016), table 1, with the changes of version 1.1; torchvision: ``squeezenet1_1``.

    >>> squeezenet1_1().parameters
    1235496
    """
    return Sequential(
        {
            "features": Sequential(
                Conv2d(3, 64, 3, stride=2),
                ReLU(),
                MaxPool2d(3, stride=2, ceil_mode=True),
                fire(64, 16, 64),
                fire(128, 16, 64),
                MaxPool2d(3, stride=2, ceil_mode=True),
                fire(128, 32, 128),
                fire(256, 32, 128),
                MaxPool2d(3, stride=2, ceil_mode=True),
                fire(256, 48, 192),
                fire(384, 48, 192),
                fire(384, 64, 256),
                fire(512, 64, 256),
            ),
            "classifier": Sequential(Dropout(0.5), Conv2d(512, CLASSES, 1), ReLU(), AdaptiveAvgPool2d((1, 1))),
            "flatten": Flatten(),
        }
    )


NETWORKS = {"squeezenet1_1": squeezenet1_1}
