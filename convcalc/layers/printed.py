"""Modules of which only PyTorch's print is known: neither what they compute nor the order in which they are called."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from convcalc.errors import ConvcalcError
from convcalc.layers.base import Layer
from convcalc.layers.settings import Shape


class Printed(Layer):
    """A module that can be counted and not walked."""

    __slots__ = ()
    kind: str  # the name of its class

    def output_shape(self, input_shape: Sequence[int]) -> Shape:
        """Raise `ConvcalcError`: a print does not show what a class does with its input."""
        raise ConvcalcError(
            f"the print does not show the order of calls in {self.kind}: write the network as an expression, or with"
            " convcalc net add --in-order where the print is a chain"
        )

    def in_pytorch(self) -> None:
        """Return None: the print does not show the code."""


@dataclass(frozen=True, slots=True)
class PrintedLayer(Printed):
    """A module without others inside: its class, its settings as they are printed, and its weights, biases and buffers.

    ``numbers`` is None where the print does not tell how many it has.

    >>> PrintedLayer("LSTM", "3, 4", None)
    LSTM(3, 4)
    """

    kind: str
    settings: str
    numbers: tuple[int, int, int] | None

    def __repr__(self) -> str:
        return f"{self.kind}({self.settings})"


@dataclass(frozen=True, slots=True, init=False)
class PrintedBlock(Printed):
    """Modules inside a module, under their names, in the order in which they are printed.

    >>> PrintedBlock("Net", {"act": PrintedLayer("DropPath", "", (0, 0, 0))})
    Net(...)
    """

    kind: str
    names: tuple[str, ...]
    layers: tuple[Layer, ...]

    def __init__(self, kind: str, parts: Mapping[str, Layer]) -> None:
        self.keep(kind=kind, names=tuple(parts), layers=tuple(parts.values()))

    def __repr__(self) -> str:
        return f"{self.kind}(...)"
