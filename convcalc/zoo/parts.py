"""Parts that several networks share."""

from __future__ import annotations

from convcalc.layers import BatchNorm2d, Conv2d
from convcalc.layers.settings import PerAxis

CLASSES = 1000  # of ImageNet


def normed(
    in_channels: int,
    out_channels: int,
    kernel_size: PerAxis,
    stride: int = 1,
    padding: int = 0,
    groups: int = 1,
    eps: float = 1e-5,
) -> tuple[Conv2d, BatchNorm2d]:
    """Return a convolution without a bias and a batch norm, which has its own.

    Source: Ioffe and Szegedy, "Batch Normalization" (2015), section 3.2; torchvision: ``ops.Conv2dNormActivation``.

    >>> conv, norm = normed(3, 64, 7, stride=2, padding=3)
    >>> conv.parameters, norm.parameters
    (9408, 128)
    """
    conv = Conv2d(in_channels, out_channels, kernel_size, stride, padding, groups=groups, bias=False)
    return conv, BatchNorm2d(out_channels, eps)
