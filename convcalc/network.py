"""A network is the outermost block. Here are the block that is wired by hand, and chains of named layers."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from convcalc.errors import ConvcalcError, quoted
from convcalc.layers.base import Layer
from convcalc.layers.block import INPUT, Block, Node, Write, check_is_layer, opened


@dataclass(frozen=True, slots=True, init=False, repr=False)
class Network(Block):
    """A block that is wired by hand: a directed graph of named layers, each after the ones that feed it.

    ``inputs`` are the names of the inputs; by default there is one, ``"input"``. ``outputs`` are the names of the nodes
    whose outputs leave the network, by default of the last. `ConvcalcError` where a name is unknown or used twice.

    >>> from convcalc import Add, Conv2d, trace
    >>> nodes = [Node("a", Conv2d(1, 4, 3), ("x",)), Node("b", Conv2d(2, 4, 1), ("y",)), Node("c", Add(), ("a", "b"))]
    >>> trace(Network(nodes, inputs=("x", "y"), outputs=("c", "a")), (1, 1, 9, 9), (1, 2, 7, 7)).outputs
    ((1, 4, 7, 7), (1, 4, 7, 7))
    """

    nodes: tuple[Node, ...]
    inputs: tuple[str, ...]
    outputs: tuple[str, ...]

    def __init__(
        self, nodes: Sequence[Node], inputs: Sequence[str] = (INPUT,), outputs: Sequence[str] | None = None
    ) -> None:
        if not inputs or (outputs is not None and not outputs):
            raise ConvcalcError("a network has at least one input and one output: name them")
        known: set[str] = set()
        for name in inputs:
            _add(name, known)
        for node in nodes:
            check_is_layer(node.layer)
            for source in node.inputs:
                if source not in known:
                    raise ConvcalcError(
                        f"layer {node.name!r} is fed by {source!r}, which is not a layer before it: name one of those,"
                        f" or {' or '.join(map(repr, inputs))}"
                    )
            _add(node.name, known)
        for name in outputs or ():
            if name not in known:
                raise ConvcalcError(f"the output {name!r} is not a layer of the network: name one of its layers")
        self.wire(nodes, tuple(inputs), None if outputs is None else tuple(outputs))
        if self.depth > 1:
            for name, path in opened(self).path.items():
                if len(path) > 1:
                    _add(name, known)

    def written(self, write: Write) -> str:
        """Return the call that makes the network."""
        nodes = [
            f"Node({node.name!r}, {write(node.layer)}, {node.inputs!r}{', True' if node.out_channels_assumed else ''})"
            for node in self.nodes
        ]
        return f"Network([{', '.join(nodes)}], {self.inputs!r}, {self.outputs!r})"

    def then(self, name: str, layer: Layer, out_channels_assumed: bool = False) -> Network:
        """Return the network with one more layer, fed by the first output."""
        return Network((*self.nodes, Node(name, layer, self.outputs[:1], out_channels_assumed)), self.inputs)


def _add(name: str, known: set[str]) -> None:
    if name in known:
        raise ConvcalcError(f"the name {name!r} is used twice: give every layer a name of its own")
    known.add(name)


def chain(layers: Iterable[tuple[str, Layer]]) -> Network:
    """Return the network of named layers, each fed by the one before.

    >>> from convcalc import Conv2d
    >>> [node.inputs for node in chain([("a", Conv2d(1, 2, 3)), ("b", Conv2d(2, 1, 3))]).nodes]
    [('input',), ('a',)]
    """
    nodes: list[Node] = []
    for name, layer in layers:
        nodes.append(Node(name, layer, (nodes[-1].name if nodes else INPUT,)))
    return Network(nodes)


def as_network(network: Layer) -> Block:
    """Return a single layer as a network of one; a block is a network already.

    >>> from convcalc import Flatten, Sequential
    >>> as_network(Flatten()).nodes[0].name, as_network(Sequential(Flatten())).nodes[0].name
    ('flatten', '0')
    """
    if isinstance(network, Block):
        return network
    if isinstance(network, Layer):
        return chain([(type(network).__name__.lower(), network)])
    raise ConvcalcError(f"{quoted(repr(network))[1:-1]} is no network: give a Network, a Sequential or a layer")
