"""What a layer is: frozen descriptions with PyTorch's names, argument order and defaults.

A family a file; a name is looked up in the file that holds it when it is first asked for, so that a run loads only
the families it uses.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

from convcalc.families import FAMILIES as FAMILIES
from convcalc.layers.base import Layer as Layer

if TYPE_CHECKING:
    from convcalc.layers.conv import Conv1d as Conv1d
    from convcalc.layers.conv import Conv2d as Conv2d
    from convcalc.layers.conv import Conv3d as Conv3d
    from convcalc.layers.dense import Flatten as Flatten
    from convcalc.layers.dense import Linear as Linear
    from convcalc.layers.lecun import RBF as RBF
    from convcalc.layers.lecun import ScaledTanh as ScaledTanh
    from convcalc.layers.lecun import Subsampling2d as Subsampling2d


def kind(name: str) -> type[Layer]:
    """The layer class of that name; `KeyError` where there is none.

    >>> kind("Conv2d")(3, 16, 4)
    Conv2d(3, 16, 4)
    """
    layer: type[Layer] = getattr(import_module(f"convcalc.layers.{FAMILIES[name]}"), name)
    return layer


def __getattr__(name: str) -> Any:
    if name in FAMILIES:
        return kind(name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")


def __dir__() -> list[str]:
    return [*globals(), *FAMILIES]
