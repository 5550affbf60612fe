"""LeNet-5 as data: its layers, the published figures, pictures to run it on, and what the tutorial prints wrong.

Source: LeCun, Bottou, Bengio and Haffner, "Gradient-Based Learning Applied to Document Recognition", Proceedings of
the IEEE 86 (1998), section II-B, figure 2 and table I.
"""

from __future__ import annotations

from math import prod
from typing import TYPE_CHECKING, NamedTuple

from convcalc.errors import ConvcalcError
from convcalc.layers import RBF, Conv2d, Flatten, Linear, ScaledTanh, Subsampling2d
from convcalc.layers.block import opened
from convcalc.layers.containers import Sequential
from convcalc.network import Network, chain

if TYPE_CHECKING:
    import numpy as np

    from convcalc.ops.sliding import Array
    from convcalc.report import Row

# Table I: the maps of S2 that feed each map of C3.
C3_TABLE = (
    (0, 1, 2),
    (1, 2, 3),
    (2, 3, 4),
    (3, 4, 5),
    (0, 4, 5),
    (0, 1, 5),
    (0, 1, 2, 3),
    (1, 2, 3, 4),
    (2, 3, 4, 5),
    (0, 3, 4, 5),
    (0, 1, 4, 5),
    (0, 1, 2, 5),
    (0, 1, 3, 4),
    (1, 2, 4, 5),
    (0, 2, 3, 5),
    (0, 1, 2, 3, 4, 5),
)

INPUT_SIZES = (32, 28)


class Published(NamedTuple):
    """What the paper prints for a layer."""

    output: tuple[int, ...]  # maps and their size, or units
    parameters: int
    connections: int


PUBLISHED = {
    "C1": Published((6, 28, 28), 156, 122_304),
    "S2": Published((6, 14, 14), 12, 5_880),
    "C3": Published((16, 10, 10), 1_516, 151_600),
    "S4": Published((16, 5, 5), 32, 2_000),
    "C5": Published((120, 1, 1), 48_120, 48_120),
    "F6": Published((84,), 10_164, 10_164),
    "output": Published((10,), 0, 840),
}

# Where the tutorial that convcalc starts from (chapter 33 of a PyTorch course, 2023) prints something else.
ERRATA = (
    ("C1", "a 5x5 kernel without padding keeps 28x28", "only with padding 2, or from 32x32"),
    ("C3", "kernels [16, 1, 5, 5]", "each kernel has 3, 4 or 6 input channels: 60 of the 6*16 exist"),
    ("C5", "kernels [120, 1, 1, 1]", "[120, 16, 5, 5]: 5x5 is what makes the 1x1 output"),
    ("Conv2d", "dilation 0 is the dense kernel, 1 spreads it", "dilation 1 is dense, 2 spreads it by one"),
    ("Conv2d", "the channels must divide groups", "groups must divide both in_channels and out_channels"),
)


def lenet5(input_size: int = 32, full_c3: bool = False) -> Network:
    """The paper's network for a 32x32 picture, or the tutorial's for 28x28, where C1 pads by 2.

    ``full_c3`` connects every map of S2 with every map of C3, as most re-implementations do.

    >>> from convcalc import trace
    >>> totals = trace(lenet5(), (1, 1, 32, 32)).totals
    >>> totals.parameters, totals.connections
    (60000, 340908)
    """
    if input_size not in INPUT_SIZES:
        raise ConvcalcError(f"LeNet-5 takes an input of 32 (the paper) or 28 (the tutorial, padded), got {input_size}")
    return chain(
        [
            ("C1", Sequential(Conv2d(1, 6, 5, padding=(32 - input_size) // 2), ScaledTanh())),
            ("S2", Sequential(Subsampling2d(6, 2), ScaledTanh())),
            ("C3", Sequential(Conv2d(6, 16, 5, table=None if full_c3 else C3_TABLE), ScaledTanh())),
            ("S4", Sequential(Subsampling2d(16, 2), ScaledTanh())),
            ("C5", Sequential(Conv2d(16, 120, 5), ScaledTanh())),
            ("F6", Sequential(Flatten(), Linear(120, 84), ScaledTanh())),
            ("output", RBF(84, 10)),
        ]
    )


def is_as_published(row: Row) -> bool:
    """Whether a row's output, parameters and connections are what the paper prints.

    >>> from convcalc import trace
    >>> [is_as_published(row) for row in trace(lenet5(full_c3=True), (1, 1, 32, 32)).rows[:3]]
    [True, True, False]
    """
    return PUBLISHED[row.name] == (row.output[1:], row.figures.parameters, row.figures.connections)


def input_shape(input_size: int = 32) -> tuple[int, ...]:
    """One grey picture.

    >>> input_shape(28)
    (1, 1, 28, 28)
    """
    return (1, 1, input_size, input_size)


# The ten digits, 7 wide and 12 high, drawn for convcalc: the codes of the output units, as the paper's are bitmaps of
# the characters they stand for, and the pictures to run the network on.
DIGITS = """\
..###.. ...#... .#####. .#####. .....#. ####### ..####. ####### .#####. .#####.
.#...#. ..##... #.....# #.....# ....##. #...... .#..... ......# #.....# #.....#
#.....# .#.#... #.....# ......# ...#.#. #...... #...... ......# #.....# #.....#
#.....# ...#... ......# ......# ..#..#. #...... #...... .....#. #.....# #.....#
#.....# ...#... ......# ......# .#...#. ######. #...... .....#. #.....# #.....#
#.....# ...#... .....#. ..####. #....#. ......# ######. ....#.. .#####. .######
#.....# ...#... ....#.. ......# #....#. ......# #.....# ....#.. #.....# ......#
#.....# ...#... ...#... ......# ####### ......# #.....# ...#... #.....# ......#
#.....# ...#... ..#.... ......# .....#. ......# #.....# ...#... #.....# ......#
#.....# ...#... .#..... ......# .....#. ......# #.....# ..#.... #.....# ......#
.#...#. ...#... #...... #.....# .....#. #.....# #.....# ..#.... #.....# .....#.
..###.. .#####. ####### .#####. .....#. .#####. .#####. ..#.... .#####. .####..
"""

BACKGROUND, FOREGROUND = -0.1, 1.175  # section II-B: so that the mean is about 0 and the variance about 1
SPREAD = 2.4  # appendix A: weights start uniform between -2.4/F and 2.4/F for F inputs of a unit


def codes() -> Array:
    """The code of each digit: 84 numbers, +1 where its bitmap is black and -1 where it is white.

    >>> codes().shape
    (10, 84)
    """
    import numpy as np

    lines = [line.split() for line in DIGITS.splitlines()]
    black = [[pixel == "#" for line in lines for pixel in line[digit]] for digit in range(10)]
    return np.where(black, 1, -1).astype(np.float32)


def picture(digit: int, input_size: int = 32) -> Array:
    """A picture of a digit in the paper's grey levels: its bitmap at twice the size, in the middle.

    >>> picture(3).shape
    (1, 1, 32, 32)
    """
    import numpy as np

    bitmap = codes()[digit].reshape(12, 7).repeat(2, axis=0).repeat(2, axis=1) > 0
    height, width = bitmap.shape
    top, left = (input_size - height) // 2, (input_size - width) // 2
    grey = np.full(input_shape(input_size), BACKGROUND, dtype=np.float32)
    grey[0, 0, top : top + height, left : left + width][bitmap] = FOREGROUND
    return grey


def starting_weights(network: Network, rng: np.random.Generator) -> dict[str, dict[str, Array]]:
    """Weights for every layer as the paper starts with them, untrained, and the codes of the output units.

    >>> import numpy as np
    >>> sorted(starting_weights(lenet5(), np.random.default_rng(0)))
    ['C1.0', 'C3.0', 'C5.0', 'F6.1', 'S2.0', 'S4.0', 'output']
    """
    from convcalc import engine

    weights = {"output": {"weight": codes()}}
    for name, layer, *_ in opened(network).leaves:
        if isinstance(layer, (Conv2d, Linear, Subsampling2d)) and name not in weights:
            arrays = engine.random_weights(layer, rng)
            inputs = prod(layer.kernel_size) if isinstance(layer, Subsampling2d) else arrays["weight"][0].size
            weights[name] = {setting: SPREAD / inputs * array for setting, array in arrays.items()}
    return weights
