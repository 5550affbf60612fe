"""Well-known networks, under torchvision's names, written after their papers.

A family a file, read when one of its networks is asked for.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING

from convcalc.errors import ConvcalcError, quoted

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from convcalc.layers.containers import Sequential
    from convcalc.layers.settings import Shape

_MEMBERS = {
    "lenet": ("lenet5", "lenet5-full"),
    "alexnet": ("alexnet",),
    "vgg": tuple(f"vgg{layers}{norm}" for layers in (11, 13, 16, 19) for norm in ("", "_bn")),
    "googlenet": ("googlenet",),
    "resnet": tuple(f"resnet{layers}" for layers in (18, 34, 50, 101, 152)),
    "squeezenet": ("squeezenet1_1",),
    "densenet": ("densenet121",),
    "mobilenet": ("mobilenet_v2",),
}
_FAMILIES = {name: family for family, names in _MEMBERS.items() for name in names}

NAMES = tuple(_FAMILIES)


def build(name: str) -> Sequential:
    """Return the network of that name, with layers of its own.

    Source: that of its family, in the family's file; the numbers are those of torchvision's network of that name.

    >>> build("resnet50").parameters
    25557032
    """
    networks: Mapping[str, Callable[[], Sequential]] = import_module(f"convcalc.zoo.{_family(name)}").NETWORKS
    return networks[name]()


def input_shape(name: str) -> Shape:
    """Return the shape of one image of the size that the network is made for.

    >>> input_shape("vgg16"), input_shape("lenet5")
    ((1, 3, 224, 224), (1, 1, 32, 32))
    """
    return (1, 1, 32, 32) if _family(name) == "lenet" else (1, 3, 224, 224)


def _family(name: str) -> str:
    if name not in _FAMILIES:
        from difflib import get_close_matches

        near = get_close_matches(name, NAMES, n=3)
        remedy = f"did you mean {' or '.join(near)}?" if near else f"known are {', '.join(NAMES)}"
        raise ConvcalcError(f"{quoted(name)} is not a network that convcalc knows: {remedy}")
    return _FAMILIES[name]
