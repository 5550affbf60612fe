"""Blocks with a fixed wiring: layers in a row, a body beside a shortcut, and branches that meet."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from convcalc.errors import ConvcalcError
from convcalc.layers.base import Layer
from convcalc.layers.block import SOURCE, Block, Node, Write, check_is_layer
from convcalc.layers.dropout import Identity
from convcalc.layers.join import Add, Concat, Join, Mul
from convcalc.layers.settings import whole

JOINS = ("concat", "add", "mul")


@dataclass(frozen=True, slots=True, init=False, repr=False)
class Sequential(Block):
    """Layers in a row, each fed by the one before, as ``torch.nn.Sequential``.

    Their names are their numbers, or the keys of the one mapping given.

    >>> from convcalc import Flatten, Linear
    >>> Sequential(Flatten(), Linear(120, 84))
    Sequential(Flatten(), Linear(120, 84))
    >>> Sequential({"flat": Flatten()}).names
    ('flat',)
    """

    layers: tuple[Layer, ...]
    names: tuple[str, ...]

    def __init__(self, *layers: Layer | Mapping[str, Layer]) -> None:
        names, parts = named(layers)
        self.keep(layers=parts, names=names)
        sources = (SOURCE, *names)
        self.wire(
            [Node(name, layer, (source,)) for name, layer, source in zip(names, parts, sources[:-1], strict=True)]
        )

    def written(self, write: Write) -> str:
        """Return the text, with the names where they are not the numbers."""
        return f"Sequential({listed(self.names, list(map(write, self.layers)))})"

    def in_pytorch(self) -> str | None:
        """Return the row as PyTorch writes it; None where PyTorch lacks one of its layers."""
        parts = {id(layer): layer.in_pytorch() for layer in self.layers}
        return None if None in parts.values() else self.written(lambda layer: str(parts[id(layer)]))


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

    def __init__(self, body: Layer, shortcut: Layer | None = None) -> None:
        shortcut = Identity() if shortcut is None else shortcut
        self.keep(body=body, shortcut=shortcut)
        wire = _is_wire(shortcut)
        parts = [Node("body", body, (SOURCE,))]
        parts += [] if wire else [Node("shortcut", shortcut, (SOURCE,))]
        self.wire([*parts, Node("add", Add(), ("body", SOURCE if wire else "shortcut"))])

    def written(self, write: Write) -> str:
        """Return the text, with the shortcut only where it is more than a wire."""
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

    def __init__(self, *branches: Layer | Mapping[str, Layer], join: str = "concat", dim: int = 1) -> None:
        if join not in JOINS:
            raise ConvcalcError(f"join {join!r} is unknown: use one of {', '.join(JOINS)}")
        names, parts = named(branches)
        if not parts:
            raise ConvcalcError("Branches has no branch: give at least one layer")
        if join in names:
            raise ConvcalcError(f"the branch name {join!r} is that of the join: give another")
        dim = whole("dim", dim, least=None)
        self.keep(branches=parts, names=names, join=join, dim=dim)
        layer: Join = {"concat": lambda: Concat(dim), "add": Add, "mul": Mul}[join]()
        pairs = list(zip(names, parts, strict=True))
        sources = tuple([SOURCE if _is_wire(part) else name for name, part in pairs])
        nodes = [Node(name, part, (SOURCE,)) for name, part in pairs if not _is_wire(part)]
        self.wire([*nodes, Node(join, layer, sources)])

    def written(self, write: Write) -> str:
        """Return the branches as in `Sequential`, and how they are joined."""
        inside = listed(self.names, list(map(write, self.branches)))
        join = "" if self.join == "concat" else f", join={self.join!r}"
        return f"Branches({inside}{join}{'' if self.dim == 1 else f', dim={self.dim}'})"


def _is_wire(layer: Layer) -> bool:
    """Whether the layer's output is its input, so that it needs no row."""
    return isinstance(layer, Identity)


def named(parts: Sequence[Layer | Mapping[str, Layer]]) -> tuple[tuple[str, ...], tuple[Layer, ...]]:
    """Return names and layers, from layers that get their numbers as names, or from one mapping.

    >>> from convcalc import Flatten
    >>> named([Flatten(), Flatten()])[0]
    ('0', '1')
    """
    given = parts[0] if len(parts) == 1 and isinstance(parts[0], Mapping) else None
    pairs: list[tuple[Any, Any]] = (
        [(str(number), part) for number, part in enumerate(parts)] if given is None else list(given.items())
    )
    for name, layer in pairs:
        if not isinstance(name, str) or not name or "." in name or not name.isprintable():
            raise ConvcalcError(f"{name!r} is no name for a layer: give printable characters without a dot")
        check_is_layer(layer)
    return tuple([name for name, _ in pairs]), tuple([layer for _, layer in pairs])


def listed(names: Sequence[str], parts: Sequence[str]) -> str:
    """Return the parts separated by commas, with their names where those are not the numbers.

    >>> listed(["0", "1"], ["a", "b"]), listed(["x"], ["a"])
    ('a, b', "OrderedDict([('x', a)])")
    """
    if list(names) == list(map(str, range(len(parts)))):
        return ", ".join(parts)
    pairs = ", ".join(f"({name!r}, {part})" for name, part in zip(names, parts, strict=True))
    return f"OrderedDict([{pairs}])"
