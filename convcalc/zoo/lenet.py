"""LeNet-5, as one block.

Source: LeCun, Bottou, Bengio and Haffner, "Gradient-Based Learning Applied to Document Recognition" (1998), section
II-B and figure 2. torchvision has none.
"""

from __future__ import annotations

from convcalc import lenet
from convcalc.layers.containers import Sequential


def lenet5(full_c3: bool = False) -> Sequential:
    """Return the paper's network; ``full_c3`` connects all channels of S2 and C3, as most implementations do.

    Source: LeCun et al. (1998), section II-B and table I; not in torchvision.

    >>> lenet5().parameters, lenet5(full_c3=True).parameters
    (60000, 60900)
    """
    return Sequential({node.name: node.layer for node in lenet.lenet5(full_c3=full_c3).nodes})


NETWORKS = {"lenet5": lenet5, "lenet5-full": lambda: lenet5(full_c3=True)}
