"""Layers made of layers, of which a row of them is the plain kind."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, NamedTuple

from convcalc.errors import ConvcalcError, quoted
from convcalc.layers.base import Layer
from convcalc.layers.settings import Shape
from convcalc.receptive_field import Field

if TYPE_CHECKING:
    from convcalc.report import Report

INPUT = "input"  # the name of the network's input among the names of its layers
SOURCE = ""  # the name, inside a block, of what feeds the block: no layer can have it
DEEPEST = 100  # blocks within blocks
MOST_LAYERS = 20_000

Write = Callable[[Layer], str]


class Node(NamedTuple):
    """A layer at its place: its name, and the names of what feeds it (``"input"`` for the network's input).

    ``out_channels_assumed`` marks a convolution whose number of kernels nobody gave.
    """

    name: str
    layer: Layer
    inputs: tuple[str, ...] = (INPUT,)
    out_channels_assumed: bool = False


class Block(Layer):
    """A layer made of others, wired as ``nodes`` says. The last node is the output; without nodes it is the input.

    The same layer object at two places is one layer used twice, as in PyTorch: its parameters are shared. Equal layers
    that were made apart are different ones.
    """

    __slots__ = ()
    depth: int  # of blocks within blocks, this one included
    size: int  # layers inside, blocks opened

    @property
    def nodes(self) -> tuple[Node, ...]:
        """The layers inside, each behind what feeds it; `SOURCE` is what feeds the block."""
        raise NotImplementedError

    def measure(self) -> None:
        """Keep depth and size, once it is sure that what is inside are layers, and no more than can be walked."""
        layers = [node.layer for node in self.nodes]
        for layer in layers:
            check_is_layer(layer)
        depth = 1 + max((layer.depth for layer in layers if isinstance(layer, Block)), default=0)
        size = sum(layer.size if isinstance(layer, Block) else 1 for layer in layers)
        if depth > DEEPEST:
            raise ConvcalcError(f"blocks are nested {depth} deep: nest at most {DEEPEST}")
        if size > MOST_LAYERS:
            raise ConvcalcError(f"a network of {size:,} layers is too large: give at most {MOST_LAYERS:,}")
        self.keep(depth=depth, size=size)

    # Figures, of the layers inside together

    def traced(self, input_shape: Sequence[int]) -> Report:
        """The report of the block alone."""
        from convcalc.walk import trace

        return trace(self, input_shape)

    def output_shape(self, input_shape: Sequence[int]) -> Shape:
        """What leaves the last layer. `ConvcalcError` where a layer inside refuses what it gets."""
        return self.traced(input_shape).output

    @property
    def weight_shape(self) -> None:
        """None: a block has no weight of its own."""

    @property
    def weights(self) -> int:
        """Those of the layers inside, a shared one once.

        >>> from convcalc import Linear
        >>> Sequential(Linear(2, 2), Linear(2, 2)).weights, Sequential(*[Linear(2, 2)] * 2).weights
        (8, 4)
        """
        return sum(layer.weights for layer in distinct(self))

    @property
    def biases(self) -> int:
        """Those of the layers inside, a shared one once."""
        return sum(layer.biases for layer in distinct(self))

    @property
    def buffers(self) -> int:
        """Those of the layers inside, a shared one once."""
        return sum(layer.buffers for layer in distinct(self))

    def connections(self, input_shape: Sequence[int]) -> int | None:
        """Those of the layers inside, at each call; layers that have none are skipped."""
        return self.traced(input_shape).totals.connections

    def macs(self, input_shape: Sequence[int], exact: bool = False) -> int:
        """Those of the layers inside, at each call."""
        totals = self.traced(input_shape).totals
        return totals.macs_exact if exact else totals.macs

    def dead_weights(self, input_shape: Sequence[int]) -> int:
        """Those of the layers inside."""
        return self.traced(input_shape).totals.dead_weights

    def receptive_field(self, fields: tuple[Field, ...], input_shape: Sequence[int]) -> tuple[Field, ...]:
        """What a unit that leaves the last layer sees, through all paths together."""
        from convcalc.walk import trace

        return trace(self, input_shape, seen=fields).field

    # Words

    def written(self, write: Write) -> str:
        """The block as `syntax.parse` reads it, its layers written by ``write``."""
        raise NotImplementedError

    def __repr__(self) -> str:
        """As it reads back; a layer that is used twice gets a name where it first stands."""
        return Writer(shared_names([self]))(self)

    def in_pytorch(self) -> str | None:
        """None: PyTorch says it in a model's ``forward``."""
        return None


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
    depth: int = field(compare=False)
    size: int = field(compare=False)

    def __init__(self, *layers: Layer | Mapping[str, Layer]) -> None:
        names, parts = named(layers)
        self.keep(layers=parts, names=names)
        self.measure()

    @property
    def nodes(self) -> tuple[Node, ...]:
        """Each fed by the one before."""
        sources = (SOURCE, *self.names)
        return tuple(
            Node(name, layer, (source,))
            for name, layer, source in zip(self.names, self.layers, sources[: len(self.names)], strict=True)
        )

    def written(self, write: Write) -> str:
        """Names are spelled out where they are not the numbers."""
        return f"Sequential({listed(self.names, list(map(write, self.layers)))})"

    def in_pytorch(self) -> str | None:
        """How to write the row in PyTorch; None where PyTorch lacks one of its layers."""
        parts = {id(layer): layer.in_pytorch() for layer in self.layers}
        return None if None in parts.values() else self.written(lambda layer: str(parts[id(layer)]))


def named(parts: Sequence[Layer | Mapping[str, Layer]]) -> tuple[tuple[str, ...], tuple[Layer, ...]]:
    """Names and layers, from layers that are numbered or from one mapping.

    >>> from convcalc import Flatten
    >>> named([Flatten(), Flatten()])[0]
    ('0', '1')
    """
    named = parts[0] if len(parts) == 1 and isinstance(parts[0], Mapping) else None
    pairs: list[tuple[str, Any]] = list(_numbered(parts) if named is None else named.items())
    for name, layer in pairs:
        if not isinstance(name, str) or not name or "." in name or not name.isprintable():
            raise ConvcalcError(f"{name!r} is no name for a layer: give printable characters without a dot")
        check_is_layer(layer)
    return tuple(name for name, _ in pairs), tuple(layer for _, layer in pairs)


def _numbered(parts: Sequence[object]) -> list[tuple[str, object]]:
    """The parts under their numbers, as PyTorch names them.

    >>> _numbered("ab")
    [('0', 'a'), ('1', 'b')]
    """
    return [(str(number), part) for number, part in enumerate(parts)]


def listed(names: Sequence[str], parts: Sequence[str]) -> str:
    """The parts one behind the other; with their names where those are not the numbers.

    >>> listed(["0", "1"], ["a", "b"]), listed(["x"], ["a"])
    ('a, b', "OrderedDict([('x', a)])")
    """
    if list(names) == list(map(str, range(len(parts)))):
        return ", ".join(parts)
    pairs = ", ".join(f"({name!r}, {part})" for name, part in zip(names, parts, strict=True))
    return f"OrderedDict([{pairs}])"


def check_is_layer(layer: object) -> None:
    """Refuse what is no layer.

    >>> from convcalc import Flatten
    >>> check_is_layer(Flatten())
    """
    if not isinstance(layer, Layer):
        raise ConvcalcError(f"{quoted(repr(layer))[1:-1]} is no layer: give one such as Conv2d(3, 16, 4)")


def every(layer: Layer) -> Iterator[Layer]:
    """The layer, and every layer inside it, blocks before what they hold; one that is used twice comes twice.

    >>> from convcalc import Flatten
    >>> len(list(every(Sequential(Flatten(), Flatten()))))
    3
    """
    yield layer
    if isinstance(layer, Block):
        for node in layer.nodes:
            yield from every(node.layer)


def distinct(block: Layer) -> list[Layer]:
    """The single layers inside, each once.

    >>> from convcalc import Linear
    >>> len(distinct(Sequential(*[Linear(2, 2)] * 3)))
    1
    """
    return list({id(layer): layer for layer in every(block) if not isinstance(layer, Block)}.values())


def shared_names(layers: Sequence[Layer]) -> dict[int, str]:
    """A name for each layer with numbers of its own (blocks too) that stands at several places, by its identity.

    >>> from convcalc import Linear
    >>> list(shared_names([Sequential(*[Linear(2, 2)] * 3)]).values())
    ['shared1']
    """
    places: dict[int, int] = {}
    known: dict[int, Layer] = {}

    def visit(layer: Layer) -> None:
        places[id(layer)] = places.get(id(layer), 0) + 1
        known[id(layer)] = layer
        if isinstance(layer, Block) and places[id(layer)] == 1:
            for node in layer.nodes:
                visit(node.layer)

    for layer in layers:
        visit(layer)
    shared = [key for key, count in places.items() if count > 1 and _holds_numbers(known[key])]
    return {key: f"shared{number}" for number, key in enumerate(shared, start=1)}


def _holds_numbers(layer: Layer) -> bool:
    try:
        return layer.parameters + layer.buffers > 0
    except ConvcalcError:  # a Lazy layer will have some
        return True


class Writer:
    """Writes layers so that `syntax.parse` reads them back, a shared one by its name from its second place on."""

    def __init__(self, names: Mapping[int, str]) -> None:
        self.names = names
        self.written: set[int] = set()

    def __call__(self, layer: Layer) -> str:
        """The layer's text; ``(shared1 := Linear(2, 2))`` at its first place, ``shared1`` at the others."""
        name = self.names.get(id(layer))
        if name is not None and id(layer) in self.written:
            return name
        text = layer.written(self) if isinstance(layer, Block) else repr(layer)
        if name is None:
            return text
        self.written.add(id(layer))
        return f"({name} := {text})"
