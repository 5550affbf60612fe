"""Branches: a body beside a shortcut, and layers side by side that meet."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from convcalc.errors import ConvcalcError
from convcalc.layers.base import Layer
from convcalc.layers.block import SOURCE, Block, Node, Write, listed, named
from convcalc.layers.dropout import Identity
from convcalc.layers.join import Add, Concat, Join, Mul
from convcalc.layers.settings import whole

JOINS = ("concat", "add", "mul")


@dataclass(frozen=True, slots=True, init=False, repr=False)
class Residual(Block):
    """A body and a shortcut around it, added: ``body(x) + shortcut(x)``.

    Source: He, Zhang, Ren and Sun, "Deep Residual Learning for Image Recognition" (2016), figure 2.

    >>> from convcalc import Conv2d
    >>> Residual(Conv2d(64, 64, 3, padding=1)).output_shape((1, 64, 56, 56))
    (1, 64, 56, 56)
    """

    body: Layer
    shortcut: Layer
    depth: int = field(compare=False)
    size: int = field(compare=False)

    def __init__(self, body: Layer, shortcut: Layer | None = None) -> None:
        self.keep(body=body, shortcut=Identity() if shortcut is None else shortcut)
        self.measure()

    @property
    def nodes(self) -> tuple[Node, ...]:
        """The body, the shortcut where it is more than a wire, and their sum."""
        wire = _is_wire(self.shortcut)
        parts = [Node("body", self.body, (SOURCE,))]
        parts += [] if wire else [Node("shortcut", self.shortcut, (SOURCE,))]
        return (*parts, Node("add", Add(), ("body", SOURCE if wire else "shortcut")))

    def written(self, write: Write) -> str:
        """The shortcut only where it is more than a wire."""
        shortcut = "" if _is_wire(self.shortcut) else f", shortcut={write(self.shortcut)}"
        return f"Residual({write(self.body)}{shortcut})"


@dataclass(frozen=True, slots=True, init=False, repr=False)
class Branches(Block):
    """Layers side by side, each fed by the block's input, and joined: concatenated along ``dim``, added or multiplied.

    Source: Szegedy et al., "Going Deeper with Convolutions" (2015), figure 2.

    >>> from convcalc import Conv2d, Identity
    >>> Branches(Conv2d(64, 32, 1), Identity()).output_shape((1, 64, 28, 28))
    (1, 96, 28, 28)
    """

    branches: tuple[Layer, ...]
    names: tuple[str, ...]
    join: str
    dim: int
    depth: int = field(compare=False)
    size: int = field(compare=False)

    def __init__(self, *branches: Layer | Mapping[str, Layer], join: str = "concat", dim: int = 1) -> None:
        if join not in JOINS:
            raise ConvcalcError(f"join {join!r} is unknown: use one of {', '.join(JOINS)}")
        names, parts = named(branches)
        if not parts:
            raise ConvcalcError("Branches has no branch: give at least one layer")
        if join in names:
            raise ConvcalcError(f"the branch name {join!r} is that of the join: give another")
        self.keep(branches=parts, names=names, join=join, dim=whole("dim", dim, least=None))
        self.measure()

    @property
    def nodes(self) -> tuple[Node, ...]:
        """The branches that are more than a wire, and what joins them."""
        named = list(zip(self.names, self.branches, strict=True))
        parts = [Node(name, layer, (SOURCE,)) for name, layer in named if not _is_wire(layer)]
        sources = tuple(SOURCE if _is_wire(layer) else name for name, layer in named)
        join: Join = {"concat": lambda: Concat(self.dim), "add": Add, "mul": Mul}[self.join]()
        return (*parts, Node(self.join, join, sources))

    def written(self, write: Write) -> str:
        """The branches as in `Sequential`, and how they are joined."""
        inside = listed(self.names, list(map(write, self.branches)))
        join = "" if self.join == "concat" else f", join={self.join!r}"
        return f"Branches({inside}{join}{'' if self.dim == 1 else f', dim={self.dim}'})"


def _is_wire(layer: Layer) -> bool:
    """Whether what leaves the layer is what feeds it, so that it needs no row."""
    return isinstance(layer, Identity)
