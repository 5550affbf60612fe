"""A layer made of layers: a graph of nodes. A network is the outermost block."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import NamedTuple

from convcalc.errors import ConvcalcError, quoted
from convcalc.layers.base import Layer, Uncounted
from convcalc.layers.settings import Shape, counted, shape
from convcalc.receptive_field import Field

INPUT = "input"  # the name of a network's input, unless it is given another
SOURCE = ""  # the name of the input inside a container: no layer can have it
DEEPEST = 100  # blocks within blocks
MOST_LAYERS = 20_000

Write = Callable[[Layer], str]


class Node(NamedTuple):
    """A layer in its place: its name, and the names of the nodes or inputs that feed it.

    ``out_channels_assumed`` marks a convolution whose number of kernels nobody gave.
    """

    name: str
    layer: Layer
    inputs: tuple[str, ...] = (INPUT,)
    out_channels_assumed: bool = False


@dataclass(frozen=True, slots=True, init=False, repr=False)
class Block(Layer):
    """A layer made of others, wired as ``nodes`` says, each node after the ones that feed it.

    ``inputs`` are the names of what feeds the block, ``outputs`` the names of the nodes (or inputs) that leave it.
    ``depth`` counts blocks within blocks, this one included; ``size`` counts the single layers.

    The same layer object in two places is one layer that is used twice, as in PyTorch: it shares its parameters.
    Two equal layers are different ones.
    """

    nodes: tuple[Node, ...] = field(compare=False)
    inputs: tuple[str, ...] = field(compare=False)
    outputs: tuple[str, ...] = field(compare=False)
    depth: int = field(compare=False)
    size: int = field(compare=False)

    def wire(
        self, nodes: Sequence[Node], inputs: tuple[str, ...] = (SOURCE,), outputs: tuple[str, ...] | None = None
    ) -> None:
        """Keep the nodes, in the constructor. Without ``outputs``, the last node leaves the block."""
        depth, size = 1, 0
        for node in nodes:
            check_is_layer(node.layer)
            if isinstance(node.layer, Block):
                depth, size = max(depth, 1 + node.layer.depth), size + node.layer.size
            else:
                size += 1
        if depth > DEEPEST:
            raise ConvcalcError(f"blocks are nested {depth} deep: nest at most {DEEPEST}")
        if size > MOST_LAYERS:
            raise ConvcalcError(f"a network of {size:,} layers is too large: give at most {MOST_LAYERS:,}")
        if outputs is None:
            outputs = (nodes[-1].name,) if nodes else inputs[:1]
        self.keep(nodes=tuple(nodes), inputs=inputs, outputs=outputs, depth=depth, size=size)
        for node in nodes:
            _check_wiring(node)

    # Figures: those of the layers inside together

    def output_shape(self, input_shape: Sequence[int], *others: Sequence[int]) -> Shape:
        """Return the shape of the first output. `ConvcalcError` where a layer inside refuses its input."""
        graph = opened(self)
        shapes = dict(zip(graph.inputs, map(shape, (input_shape, *others)), strict=True))
        shapes |= {step.name: step.output for step in steps(graph, tuple(shapes.values()))}
        return shapes[graph.outputs[0]]

    @property
    def weight_shape(self) -> None:
        """None: a block has no weight of its own."""

    @property
    def weights(self) -> int:
        """Return the weights of the layers inside; a shared layer counts once.

        >>> from convcalc import Linear, Sequential
        >>> Sequential(Linear(2, 2), Linear(2, 2)).weights, Sequential(*[Linear(2, 2)] * 2).weights
        (8, 4)
        """
        return sum(layer.weights for layer in distinct(self))

    @property
    def biases(self) -> int:
        """Return the biases of the layers inside; a shared layer counts once."""
        return sum(layer.biases for layer in distinct(self))

    @property
    def buffers(self) -> int:
        """Return the buffers of the layers inside; a shared layer counts once."""
        return sum(layer.buffers for layer in distinct(self))

    def connections(self, input_shape: Sequence[int]) -> int | None:
        """Return the connections of the layers inside, at each call; None where no layer has any."""
        found = [layer.connections(example) for layer, example in self._examples(input_shape)]
        known = [count for count in found if count is not None]
        return sum(known) if known else None

    def macs(self, input_shape: Sequence[int], exact: bool = False) -> int:
        """Return the multiply-accumulates of the layers inside, at each call."""
        return sum(layer.macs(example, exact) for layer, example in self._examples(input_shape))

    def dead_weights(self, input_shape: Sequence[int]) -> int:
        """Return the dead weights of the layers inside; a shared layer counts at its first call."""
        first = {id(layer): (layer, example) for layer, example in reversed(list(self._examples(input_shape)))}
        return sum(layer.dead_weights(example) for layer, example in first.values())

    def _examples(self, input_shape: Sequence[int]) -> Iterator[tuple[Layer, Shape]]:
        """Each single layer, and the shape of its input as its figures take it."""
        sizes = shape(input_shape)
        batched, _ = axes_of(self, sizes)
        for step in steps(opened(self), (sizes,)):
            yield step.layer, as_batch(step.layer, step.input_shapes[0], batched)

    def receptive_field(self, fields: tuple[Field, ...], input_shape: Sequence[int]) -> tuple[Field, ...]:
        """Return what a unit of the first output sees, through all paths together."""
        graph = opened(self)
        seen = dict.fromkeys(graph.inputs, fields)
        for step in steps(graph, (shape(input_shape),)):
            before = step.layer.seen([seen[source] for source in step.inputs], step.input_shapes)
            seen[step.name] = step.layer.receptive_field(before, step.input_shapes[0])
        return seen[graph.outputs[0]]

    # Words

    def written(self, write: Write) -> str:
        """Return the block as `syntax.parse` reads it, its layers written by ``write``."""
        raise NotImplementedError

    def __repr__(self) -> str:
        """Return the text that reads back; a layer that is used twice gets a name at its first place."""
        return Writer(shared_names([self]))(self)

    def in_pytorch(self) -> str | None:
        """None: PyTorch writes it in the ``forward`` of a model."""
        return None


def check_is_layer(layer: object) -> None:
    """Refuse what is not a layer.

    >>> from convcalc import Flatten
    >>> check_is_layer(Flatten())
    """
    if not isinstance(layer, Layer):
        raise ConvcalcError(f"{quoted(repr(layer))[1:-1]} is no layer: give one such as Conv2d(3, 16, 4)")


def _check_wiring(node: Node) -> None:
    """Refuse a node that is not fed by as many outputs as its layer takes."""
    takes = len(node.layer.inputs) if isinstance(node.layer, Block) else 1
    if len(node.inputs) != takes and not (node.layer.joins and node.inputs):
        wanted = "at least one" if node.layer.joins else "exactly one" if takes == 1 else f"exactly {takes}"
        raise ConvcalcError(f"layer {node.name!r} has {counted(len(node.inputs), 'input')}: give it {wanted}")
    if isinstance(node.layer, Block) and len(node.layer.outputs) != 1:
        raise ConvcalcError(
            f"layer {node.name!r} has {len(node.layer.outputs)} outputs: only the outermost block may have several"
        )


# The graph of the single layers


class Place(NamedTuple):
    """A node with its full name: ``"layer1.0.conv1"``.

    ``inputs`` are the names of the places (or inputs) that feed it, ``fed`` those of the single layers (or inputs),
    and ``leaving`` the single layer (or input) whose output leaves it. ``parts`` are the places inside a block, and
    None for a single layer.
    """

    name: str
    node: Node
    inputs: tuple[str, ...]
    fed: tuple[str, ...]
    leaving: str
    parts: tuple[Place, ...] | None


class Opened(NamedTuple):
    """The single layers of a network, its blocks opened, each fed by single layers or inputs.

    ``inputs`` are the names of the inputs, ``outputs`` the single layers (or inputs) whose outputs leave the network,
    and ``output_names`` the layers or blocks that these leave. ``places`` is the same network as a tree. ``path`` gives
    for each single layer the names of the blocks around it, outermost first, and its own.
    """

    inputs: tuple[str, ...]
    leaves: tuple[Node, ...]
    outputs: tuple[str, ...]
    output_names: tuple[str, ...]
    places: tuple[Place, ...]
    path: dict[str, tuple[str, ...]]


def opened(block: Block) -> Opened:
    """Open all blocks. The name of a layer inside a block begins with the name of the block.

    >>> from convcalc import Flatten, Linear, Sequential
    >>> [leaf.name for leaf in opened(Sequential({"F6": Sequential(Flatten(), Linear(120, 84))})).leaves]
    ['F6.0', 'F6.1']
    """
    names = tuple(INPUT if name == SOURCE else name for name in block.inputs)
    leaves: list[Node] = []
    path: dict[str, tuple[str, ...]] = {}

    def add(
        inner: Block, around: tuple[str, ...], fed: Sequence[str], shown: Sequence[str]
    ) -> tuple[tuple[Place, ...], list[str], list[str]]:
        """Open a block fed by the leaves ``fed``, the places ``shown``; return its places and what leaves it."""
        prefix = f"{around[-1]}." if around else ""
        leaf_of = dict(zip(inner.inputs, fed, strict=True))
        place_of = dict(zip(inner.inputs, shown, strict=True))
        places = []
        for node in inner.nodes:
            name = prefix + node.name
            if name in names:  # only in a container: a layer may have the name that its input is shown by
                name += "_"
            sources = tuple([leaf_of[source] for source in node.inputs])
            inputs = tuple([place_of[source] for source in node.inputs])
            parts, leaving = None, name
            if isinstance(node.layer, Block):
                parts, (leaving,), _ = add(node.layer, (*around, name), sources, inputs)
            else:
                leaves.append(Node(name, node.layer, sources, node.out_channels_assumed))
                path[name] = (*around, name)
            leaf_of[node.name], place_of[node.name] = leaving, name
            places.append(Place(name, node, inputs, sources, leaving, parts))
        return tuple(places), [leaf_of[name] for name in inner.outputs], [place_of[name] for name in inner.outputs]

    places, outputs, output_names = add(block, (), names, names)
    return Opened(names, tuple(leaves), tuple(outputs), tuple(output_names), places, path)


class Step(NamedTuple):
    """A single layer at work: the names and the shapes of what feeds it, and the shape of its output."""

    name: str
    layer: Layer
    inputs: tuple[str, ...]
    input_shapes: tuple[Shape, ...]
    output: Shape
    out_channels_assumed: bool = False


def steps(
    graph: Opened, input_shapes: Sequence[Shape], output_shape: Callable[..., Shape] | None = None
) -> Iterator[Step]:
    """Walk over the single layers in order, from inputs of these shapes; ``output_shape`` gives the shape behind each.

    A Lazy layer is bound to the first input that it gets. `ConvcalcError` where a layer refuses its input.

    >>> from convcalc import LazyLinear, ReLU, Sequential
    >>> for step in steps(opened(Sequential(LazyLinear(84), ReLU())), [(1, 120)]):
    ...     print(step.name, step.layer, step.output)
    0 Linear(120, 84) (1, 84)
    1 ReLU() (1, 84)
    """
    shapes = dict(zip(graph.inputs, input_shapes, strict=True))
    bound: dict[int, Layer] = {}
    for name, described, inputs, assumed in graph.leaves:
        given = tuple([shapes[source] for source in inputs])
        layer = bound.get(id(described)) or bound.setdefault(id(described), described.bind(given[0]))
        shapes[name] = layer.output_shape(*given) if output_shape is None else output_shape(layer, *given)
        yield Step(name, layer, inputs, given, shapes[name], assumed)


# What is the batch


def axes_of(block: Block, input_shape: Shape) -> tuple[bool, int]:
    """Return whether the first axis of such an input is the batch, and how many of the last axes are spatial.

    >>> from convcalc import Conv2d, Sequential
    >>> axes_of(Sequential(Conv2d(3, 8, 3)), (3, 28, 28))
    (False, 2)
    """
    for layer in every(block):
        if layer.always_batched:
            return True, max(len(input_shape) - 2, 0)
        if layer.rank is not None:
            return len(input_shape) > layer.rank + 1, layer.rank
        if layer.moves_axes:
            break
    return len(input_shape) > 1, 0


def rank_of(block: Block) -> int | None:
    """Return the number of spatial axes that the first layer with a rank takes; None where none has one.

    >>> from convcalc import Conv2d, ReLU, Sequential
    >>> rank_of(Sequential(ReLU(), Conv2d(3, 8, 3))), rank_of(Sequential(ReLU()))
    (2, None)
    """
    return next((layer.rank for layer in every(block) if layer.rank is not None), None)


def as_batch(layer: Layer, input_shape: Shape, batched: bool) -> Shape:
    """Return the input shape as the layer's figures take it: a Linear cannot tell that there is no batch.

    A layer without figures keeps its input: it may find its channels from the front, as PReLU does.

    >>> from convcalc import Linear, PReLU
    >>> as_batch(Linear(8, 5), (4, 8), batched=False), as_batch(PReLU(8), (4, 8), batched=False)
    ((1, 4, 8), (4, 8))
    """
    return input_shape if batched or layer.rank is not None or isinstance(layer, Uncounted) else (1, *input_shape)


# The layers inside


def every(layer: Layer) -> Iterator[Layer]:
    """Yield the layer and every layer inside it, a block before its layers; one that is used twice comes twice.

    >>> from convcalc import Flatten, Sequential
    >>> len(list(every(Sequential(Flatten(), Flatten()))))
    3
    """
    waiting = [layer]
    while waiting:
        layer = waiting.pop()
        yield layer
        if isinstance(layer, Block):
            waiting += [node.layer for node in reversed(layer.nodes)]


def distinct(block: Layer) -> list[Layer]:
    """Return the single layers inside, each once.

    >>> from convcalc import Linear, Sequential
    >>> len(distinct(Sequential(*[Linear(2, 2)] * 3)))
    1
    """
    return list({id(layer): layer for layer in every(block) if not isinstance(layer, Block)}.values())


# Text


def shared_names(layers: Sequence[Layer]) -> dict[int, str]:
    """Return a name for each layer with parameters or buffers (blocks too) in several places, by its identity.

    >>> from convcalc import Linear, Sequential
    >>> list(shared_names([Sequential(*[Linear(2, 2)] * 3)]).values())
    ['shared1']
    """
    places: dict[int, int] = {}
    known: dict[int, Layer] = {}
    waiting = list(reversed(layers))
    while waiting:
        layer = waiting.pop()
        places[id(layer)] = places.get(id(layer), 0) + 1
        known[id(layer)] = layer
        if isinstance(layer, Block) and places[id(layer)] == 1:
            waiting += [node.layer for node in reversed(layer.nodes)]
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
        """Return the layer's text: ``(shared1 := Linear(2, 2))`` at its first place, ``shared1`` at the others."""
        name = self.names.get(id(layer))
        if name is not None and id(layer) in self.written:
            return name
        text = layer.written(self) if isinstance(layer, Block) else repr(layer)
        if name is None:
            return text
        self.written.add(id(layer))
        return f"({name} := {text})"
