"""The pocket calculator for convolutional networks: every figure exact, every count proved by execution.

>>> from convcalc import Conv2d
>>> Conv2d(3, 16, 4, stride=2).output_shape((10, 3, 28, 28))
(10, 16, 13, 13)
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

from convcalc.layers import FAMILIES

if TYPE_CHECKING:
    from convcalc.errors import ConvcalcError as ConvcalcError
    from convcalc.layers import *
    from convcalc.layers.block import Node as Node
    from convcalc.network import Network as Network
    from convcalc.network import chain as chain
    from convcalc.notebook import Report as Report
    from convcalc.notebook import trace as trace
    from convcalc.syntax import parse as parse

__version__ = "0.1.0"

# Where each public name lives. It is imported when it is first asked for, so that `import convcalc` costs nothing.
_HOMES = {
    "ConvcalcError": "errors",
    **dict.fromkeys(FAMILIES, "layers"),
    **dict.fromkeys(("Network", "chain"), "network"),
    **dict.fromkeys(("Report", "trace"), "notebook"),
    "Node": "layers.block",
    "parse": "syntax",
}

__all__ = ["__version__", *_HOMES]  # noqa: PLE0604


def __getattr__(name: str) -> Any:
    if name not in _HOMES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(f"convcalc.{_HOMES[name]}"), name)


def __dir__() -> list[str]:
    return sorted({*globals(), *_HOMES})
