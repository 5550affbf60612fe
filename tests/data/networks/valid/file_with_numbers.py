"""A perceptron whose widths have names."""

from torch import nn

PIXELS, HIDDEN = 28 * 28, 64
CLASSES = 10

model = nn.Sequential(
    nn.Flatten(),
    nn.Linear(PIXELS, HIDDEN),
    nn.ReLU(),
    nn.Linear(HIDDEN, HIDDEN // 2),
    nn.ReLU(),
    nn.Linear(HIDDEN // 2, CLASSES),
)
