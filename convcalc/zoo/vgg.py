"""VGG: 3x3 convolutions in five stages, each pooled to half its size.

Source: Simonyan and Zisserman, "Very Deep Convolutional Networks for Large-Scale Image Recognition" (2015), table 1.
"""

from __future__ import annotations

from functools import partial

from convcalc.layers import AdaptiveAvgPool2d, BatchNorm2d, Conv2d, Dropout, Flatten, Layer, Linear, MaxPool2d, ReLU
from convcalc.layers.containers import Sequential
from convcalc.zoo.parts import CLASSES

CHANNELS = (64, 128, 256, 512, 512)  # of the stages

# Convolutions per stage, by the number of layers with weights: columns A, B, D and E of the table.
CONVOLUTIONS = {11: (1, 1, 2, 2, 2), 13: (2, 2, 2, 2, 2), 16: (2, 2, 3, 3, 3), 19: (2, 2, 4, 4, 4)}


def vgg(weight_layers: int, batch_norm: bool = False) -> Sequential:
    """Return the network with that many layers that have weights; ``batch_norm`` adds a norm per convolution.

    Source: Simonyan and Zisserman (2015), table 1; torchvision: ``vgg16`` or ``vgg16_bn``, for instance.

    >>> vgg(16).parameters
    138357544
    """
    features: list[Layer] = []
    channels = 3
    for wider, convolutions in zip(CHANNELS, CONVOLUTIONS[weight_layers], strict=True):
        for _ in range(convolutions):
            norm = [BatchNorm2d(wider)] if batch_norm else []
            features += [Conv2d(channels, wider, 3, padding=1), *norm, ReLU()]
            channels = wider
        features.append(MaxPool2d(2, stride=2))
    return Sequential(
        {
            "features": Sequential(*features),
            "avgpool": AdaptiveAvgPool2d((7, 7)),
            "flatten": Flatten(),
            "classifier": Sequential(
                Linear(512 * 7 * 7, 4096),
                ReLU(),
                Dropout(0.5),
                Linear(4096, 4096),
                ReLU(),
                Dropout(0.5),
                Linear(4096, CLASSES),
            ),
        }
    )


NETWORKS = {
    f"vgg{layers}{'_bn' if batch_norm else ''}": partial(vgg, layers, batch_norm)
    for layers in CONVOLUTIONS
    for batch_norm in (False, True)
}
