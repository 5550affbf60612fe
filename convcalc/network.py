"""Layers wired together: a directed graph, of which a chain is the plain case."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import NamedTuple

from convcalc.errors import ConvcalcError, quoted
from convcalc.layers.base import Layer
from convcalc.layers.block import INPUT, MOST_LAYERS, SOURCE, Block, Node, Sequential, check_is_layer
from convcalc.layers.settings import Shape

__all__ = ["INPUT", "Network", "Node", "Opened", "Sequential", "as_network", "chain", "opened"]


@dataclass(frozen=True, slots=True)
class Network:
    """A directed graph of layers, each behind what feeds it; the last is the output."""

    nodes: tuple[Node, ...]

    def __post_init__(self) -> None:
        known: set[str] = {INPUT}
        for node in self.nodes:
            check_is_layer(node.layer)
            if node.name in known:
                raise ConvcalcError(f"the name {node.name!r} is used twice: give every layer a name of its own")
            if len(node.inputs) != 1 and not node.layer.joins:
                raise ConvcalcError(f"layer {node.name!r} has {len(node.inputs)} inputs: give it exactly one")
            if not node.inputs:
                raise ConvcalcError(f"layer {node.name!r} has no inputs: give it at least one")
            for source in node.inputs:
                if source not in known:
                    raise ConvcalcError(
                        f"layer {node.name!r} is fed by {source!r}, which is not a layer before it: name one of those,"
                        f" or {INPUT!r}"
                    )
            known.add(node.name)
        size = sum(node.layer.size if isinstance(node.layer, Block) else 1 for node in self.nodes)
        if size > MOST_LAYERS:
            raise ConvcalcError(f"a network of {size:,} layers is too large: give at most {MOST_LAYERS:,}")
        taken: set[str] = set()
        for name, path in opened(self).path.items():
            if name in taken or (name in known and len(path) > 1):
                raise ConvcalcError(f"the name {name!r} is used twice: give every layer a name of its own")
            taken.add(name)

    @property
    def rank(self) -> int | None:
        """Spatial axes of the input, as the first layer that has a rank says; None where none has."""
        return next((leaf.layer.rank for leaf in opened(self).leaves if leaf.layer.rank is not None), None)

    def axes(self, input_shape: Shape) -> tuple[bool, int]:
        """Whether the first axis of such an input is the batch, and how many of the last are spatial.

        >>> from convcalc import Conv2d
        >>> chain([("conv", Conv2d(3, 8, 3))]).axes((3, 28, 28))
        (False, 2)
        """
        for leaf in opened(self).leaves:
            if leaf.layer.always_batched:
                return True, max(len(input_shape) - 2, 0)
            if leaf.layer.rank is not None:
                return len(input_shape) > leaf.layer.rank + 1, leaf.layer.rank
            if leaf.layer.moves_axes:
                break
        return len(input_shape) > 1, 0

    def then(self, name: str, layer: Layer, out_channels_assumed: bool = False) -> Network:
        """The network with one more layer, fed by the last."""
        last = self.nodes[-1].name if self.nodes else INPUT
        return Network((*self.nodes, Node(name, layer, (last,), out_channels_assumed)))


class Opened(NamedTuple):
    """A network's single layers, blocks opened, each fed by single layers.

    ``leaving`` gives for the name of each layer and block the single layer that its output leaves; ``path`` for each
    single layer the names of the blocks around it, outermost first, and its own.
    """

    leaves: tuple[Node, ...]
    leaving: dict[str, str]
    path: dict[str, tuple[str, ...]]


def opened(network: Network) -> Opened:
    """The network with its blocks opened; names inside a block have its name before them.

    >>> from convcalc import Flatten, Linear
    >>> [leaf.name for leaf in opened(chain([("F6", Sequential(Flatten(), Linear(120, 84)))])).leaves]
    ['F6.0', 'F6.1']
    """
    leaves: list[Node] = []
    leaving = {INPUT: INPUT}
    path: dict[str, tuple[str, ...]] = {}

    def add(nodes: Sequence[Node], around: tuple[str, ...], source: str) -> str:
        """Open the nodes of a block that ``source`` feeds; the name of the layer that their output leaves."""
        prefix = f"{around[-1]}." if around else ""
        inside = {SOURCE if around else INPUT: source}
        last = source
        for node in nodes:
            name = prefix + node.name
            inputs = tuple(inside[feeding] for feeding in node.inputs)
            if isinstance(node.layer, Block):
                last = add(node.layer.nodes, (*around, name), inputs[0])
            else:
                leaves.append(Node(name, node.layer, inputs, node.out_channels_assumed))
                path[name] = (*around, name)
                last = name
            inside[node.name] = leaving[name] = last
        return last

    add(network.nodes, (), INPUT)
    return Opened(tuple(leaves), leaving, path)


def chain(layers: Iterable[tuple[str, Layer]]) -> Network:
    """Named layers, each fed by the one before.

    >>> from convcalc import Conv2d
    >>> [node.inputs for node in chain([("a", Conv2d(1, 2, 3)), ("b", Conv2d(2, 1, 3))]).nodes]
    [('input',), ('a',)]
    """
    nodes: list[Node] = []
    for name, layer in layers:
        nodes.append(Node(name, layer, (nodes[-1].name if nodes else INPUT,)))
    return Network(tuple(nodes))


def as_network(network: Network | Layer) -> Network:
    """A block as the network of its layers; a single layer as a network of one; a network as it is.

    >>> from convcalc import Flatten
    >>> as_network(Flatten()).nodes[0].name, as_network(Sequential(Flatten())).nodes[0].name
    ('flatten', '0')
    """
    if isinstance(network, Block):
        own = {SOURCE: INPUT, INPUT: f"{INPUT}_"}  # a layer may have the name of the network's input
        nodes = [node._replace(name=own.get(node.name, node.name)) for node in network.nodes]
        return Network(
            tuple(node._replace(inputs=tuple(own.get(source, source) for source in node.inputs)) for node in nodes)
        )
    if isinstance(network, Layer):
        return chain([(type(network).__name__.lower(), network)])
    if not isinstance(network, Network):
        raise ConvcalcError(f"{quoted(repr(network))[1:-1]} is no network: give a Network, a Sequential or a layer")
    return network
