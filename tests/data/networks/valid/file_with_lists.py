from torch import nn

width = 8
stem = [nn.Conv2d(3, width, 3), nn.ReLU()]
middle = [nn.Conv2d(width, width, 3, groups=width) for _ in range(3)]
net: nn.Sequential = nn.Sequential(
    *stem, *middle, *[nn.ReLU(), nn.Conv2d(width, 2 * width, 1)], nn.AdaptiveMaxPool2d(1)
)
