"""AlexNet, in its version for one GPU.

Source: Krizhevsky, "One weird trick for parallelizing convolutional neural networks" (2014).
"""

from __future__ import annotations

from convcalc.layers import AdaptiveAvgPool2d, Conv2d, Dropout, Flatten, Linear, MaxPool2d, ReLU
from convcalc.layers.containers import Sequential
from convcalc.zoo.parts import CLASSES


def alexnet() -> Sequential:
    """Return five convolutions, three of them with a pool, and three fully connected layers.

    Source: Krizhevsky (2014), section 5; torchvision: ``alexnet``.

    >>> alexnet().parameters
    61100840
    """
    return Sequential(
        {
            "features": Sequential(
                Conv2d(3, 64, 11, stride=4, padding=2),
                ReLU(),
                MaxPool2d(3, stride=2),
                Conv2d(64, 192, 5, padding=2),
                ReLU(),
                MaxPool2d(3, stride=2),
                Conv2d(192, 384, 3, padding=1),
                ReLU(),
                Conv2d(384, 256, 3, padding=1),
                ReLU(),
                Conv2d(256, 256, 3, padding=1),
                ReLU(),
                MaxPool2d(3, stride=2),
            ),
            "avgpool": AdaptiveAvgPool2d((6, 6)),
            "flatten": Flatten(),
            "classifier": Sequential(
                Dropout(0.5),
                Linear(256 * 6 * 6, 4096),
                ReLU(),
                Dropout(0.5),
                Linear(4096, 4096),
                ReLU(),
                Linear(4096, CLASSES),
            ),
        }
    )


NETWORKS = {"alexnet": alexnet}
