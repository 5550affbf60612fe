"""What a layer does in a few words, and the kind of its output, for pictures of networks.

A layer without an entry here is a box with the name of its class.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Sequence

from convcalc.draw.text import by
from convcalc.layers import FAMILIES
from convcalc.layers.base import Layer
from convcalc.layers.settings import counted
from convcalc.report import Row

# A class's name, without its rank, in words.
WORDS = {
    "Conv": "convolution",
    "ConvTranspose": "transposed convolution",
    "Subsampling": "subsampling",
    "MaxPool": "max pool",
    "AvgPool": "average pool",
    "LPPool": "power pool",
    "AdaptiveAvgPool": "average pool",
    "AdaptiveMaxPool": "max pool",
    "Linear": "full connection",
    "RBF": "Gaussian (RBF)",
    "Flatten": "flatten",
    "Add": "add",
    "Mul": "multiply",
    "Concat": "concatenate",
    "Upsample": "upsample",
    "UpsamplingNearest": "upsample",
    "UpsamplingBilinear": "upsample",
}
KINDS = {"conv": "maps", "transposed": "maps", "pool": "pool", "adaptive": "pool", "linear": "dense"}  # by family
COUNTED = {"conv": "convolution", "transposed": "convolution", "pool": "pool", "linear": "full connection"}
LECUN = {"Subsampling2d": "pool", "RBF": "dense"}
IN_PLACE = ("activation", "dropout", "norm", "lecun")  # families whose layers may leave the shape as it is


def plain_name(layer: Layer) -> str:
    """Return the name of the class without its rank.

    >>> from convcalc import BatchNorm2d
    >>> plain_name(BatchNorm2d(8))
    'BatchNorm'
    """
    return re.sub("[123]d$", "", type(layer).__name__)


def family(layer: Layer) -> str:
    """Return the family of the layer, or "" if it has none.

    >>> from convcalc import Linear
    >>> family(Linear(1, 1))
    'linear'
    """
    return FAMILIES.get(type(layer).__name__, "")


def kind(row: Row) -> str:
    """Return what makes the output: ``maps`` (a convolution), ``pool``, ``dense``, ``join``, ``block`` or ``other``.

    >>> from convcalc import MaxPool2d, trace
    >>> kind(trace(MaxPool2d(2), (1, 8, 4, 4)).rows[0])
    'pool'
    """
    if row.parts is not None:
        return "block"
    if row.layer.joins:
        return "join"
    return LECUN.get(type(row.layer).__name__) or KINDS.get(family(row.layer), "other")


def stays_in_place(row: Row) -> bool:
    """Say whether the layer is an activation, a norm or the like, which leaves every element in its place.

    >>> from convcalc import ReLU, trace
    >>> stays_in_place(trace(ReLU(), (1, 8, 4, 4)).rows[0])
    True
    """
    return family(row.layer) in IN_PLACE and kind(row) == "other" and row.output == row.input


def prepares(row: Row) -> bool:
    """Say whether the layer only prepares the input of the next layer: flattening, padding.

    >>> from convcalc import Flatten, trace
    >>> prepares(trace(Flatten(), (1, 8, 4, 4)).rows[0])
    True
    """
    return row.parts is None and (row.layer.aliases or family(row.layer) == "pad")


def operation(row: Row) -> str:
    """Return what the layer does, with its window; for a block, what it holds.

    >>> from convcalc import Conv2d, trace
    >>> operation(trace(Conv2d(8, 8, 3, stride=2, groups=8), (1, 8, 9, 9)).rows[0])
    'depthwise convolution 3\xd73, stride 2'
    """
    if row.parts is not None:
        return _block(row)
    layer, said = row.layer, [WORDS.get(plain_name(row.layer), plain_name(row.layer))]
    kernel = getattr(layer, "kernel_size", None)
    if isinstance(kernel, tuple):
        said[0] += f" {by(kernel)}"
        stride = getattr(layer, "stride", None)
        slides = family(layer) in ("conv", "transposed")
        if isinstance(stride, tuple) and stride != ((1,) * len(kernel) if slides else kernel):
            said.append(f"stride {_brief(stride)}")
        dilation = getattr(layer, "dilation", None)
        if isinstance(dilation, tuple) and set(dilation) != {1}:
            said.append(f"dilation {_brief(dilation)}")
        groups = getattr(layer, "groups", 1)
        if groups > 1 and groups == getattr(layer, "in_channels", None):
            said[0] = f"depthwise {said[0]}"
        elif groups > 1:
            said.append(f"{groups} groups")
    elif family(layer) == "adaptive":
        said[0] += f" to {by(row.output[len(row.output) - (row.layer.rank or 0) :])}"
    return ", ".join(said)


def _brief(numbers: Sequence[int]) -> str:
    return by(numbers[:1] if len(set(numbers)) == 1 else numbers)


def _block(row: Row) -> str:
    kinds = Counter(COUNTED.get(family(leaf.layer), "") for leaf in row.leaves)
    told = [counted(number, what) for what, number in kinds.items() if what]
    return f"block: {', '.join(told) if told else counted(len(row.leaves), 'layer')}"
