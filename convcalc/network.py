"""Layers wired together, and the one walk over them."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from math import prod
from typing import NamedTuple

from convcalc import formulas
from convcalc.errors import ConvcalcError
from convcalc.layers.axes import Shape, shape
from convcalc.layers.base import Layer
from convcalc.layers.windows import Field
from convcalc.report import DTYPE, ITEMSIZE, Figures, Report, Row, total
from convcalc.unread import unread

INPUT = "input"  # the name of the network's input among the names of the layers


@dataclass(frozen=True, slots=True, init=False, repr=False)
class Sequential:
    """Layers in a row, each fed by the one before, as ``torch.nn.Sequential``; a block where it stands in a network.

    >>> from convcalc import Flatten, Linear
    >>> Sequential(Flatten(), Linear(120, 84))
    Sequential(Flatten(), Linear(120, 84))
    """

    layers: tuple[Layer | Sequential, ...]

    def __init__(self, *layers: Layer | Sequential) -> None:
        for layer in layers:
            _check_is_layer(layer)
        object.__setattr__(self, "layers", layers)

    @property
    def rank(self) -> int | None:
        """Spatial axes of the input, as the first layer that has a rank says."""
        return next((layer.rank for layer in self.layers if layer.rank is not None), None)

    def in_pytorch(self) -> str | None:
        """How to write the block in PyTorch; None where PyTorch lacks one of its layers."""
        parts = [layer.in_pytorch() for layer in self.layers]
        return None if None in parts else f"Sequential({', '.join(part for part in parts if part)})"

    def __repr__(self) -> str:
        return f"Sequential({', '.join(map(repr, self.layers))})"


def _check_is_layer(layer: object) -> None:
    if not isinstance(layer, (Layer, Sequential)):
        raise ConvcalcError(f"{layer!r} is no layer: give one such as Conv2d(3, 16, 4)")


class Node(NamedTuple):
    """A layer at its place: its name, and the names of what feeds it (``"input"`` for the network's input).

    ``out_channels_assumed`` marks a convolution whose number of kernels nobody gave.
    """

    name: str
    layer: Layer | Sequential
    inputs: tuple[str, ...] = (INPUT,)
    out_channels_assumed: bool = False


@dataclass(frozen=True, slots=True)
class Network:
    """A directed graph of layers, each behind what feeds it; the last is the output."""

    nodes: tuple[Node, ...]

    def __post_init__(self) -> None:
        known: set[str] = {INPUT}
        taken: set[str] = {INPUT}  # with the names of the layers in blocks
        for node in self.nodes:
            _check_is_layer(node.layer)
            names = {node.name, *(name for name, _ in single_layers(node.layer, node.name))}
            for name in sorted(names & taken):
                raise ConvcalcError(f"the name {name!r} is used twice: give every layer a name of its own")
            if len(node.inputs) != 1:
                raise ConvcalcError(f"layer {node.name!r} has {len(node.inputs)} inputs: give it exactly one")
            for source in node.inputs:
                if source not in known:
                    raise ConvcalcError(
                        f"layer {node.name!r} is fed by {source!r}, which is not a layer before it: name one of those,"
                        f" or {INPUT!r}"
                    )
            known.add(node.name)
            taken |= names

    @property
    def rank(self) -> int | None:
        """Spatial axes of the input, as the first layer that has a rank says; None where none has."""
        return next((node.layer.rank for node in self.nodes if node.layer.rank is not None), None)

    def is_batched(self, input_shape: Shape) -> bool:
        """Whether the first axis of such an input is the batch.

        >>> from convcalc import Conv2d
        >>> chain([("conv", Conv2d(3, 8, 3))]).is_batched((3, 28, 28))
        False
        """
        return len(input_shape) > (1 if self.rank is None else self.rank + 1)

    def then(self, name: str, layer: Layer | Sequential, out_channels_assumed: bool = False) -> Network:
        """The network with one more layer, fed by the last."""
        last = self.nodes[-1].name if self.nodes else INPUT
        return Network((*self.nodes, Node(name, layer, (last,), out_channels_assumed)))


def chain(layers: Iterable[tuple[str, Layer | Sequential]]) -> Network:
    """Named layers, each fed by the one before.

    >>> from convcalc import Conv2d
    >>> [node.inputs for node in chain([("a", Conv2d(1, 2, 3)), ("b", Conv2d(2, 1, 3))]).nodes]
    [('input',), ('a',)]
    """
    network = Network(())
    for name, layer in layers:
        network = network.then(name, layer)
    return network


def as_network(network: Network | Layer | Sequential) -> Network:
    """A layer or a block as a network of one node, named after its kind; a network as it is.

    >>> from convcalc import Flatten
    >>> as_network(Flatten()).nodes[0].name
    'flatten'
    """
    if isinstance(network, (Layer, Sequential)):
        return chain([(type(network).__name__.lower(), network)])
    if not isinstance(network, Network):
        raise ConvcalcError(f"{network!r} is no network: give a Network, a Sequential or a layer")
    return network


def single_layers(layer: Layer | Sequential, name: str) -> Iterator[tuple[str, Layer]]:
    """The layers of a block, or the layer itself, with the names their rows have.

    >>> from convcalc import Flatten, Linear
    >>> list(single_layers(Sequential(Flatten(), Linear(120, 84)), "F6"))
    [('F6.0', Flatten()), ('F6.1', Linear(120, 84))]
    """
    if isinstance(layer, Sequential):
        for number, part in enumerate(layer.layers):
            yield from single_layers(part, f"{name}.{number}")
    else:
        yield name, layer


def trace(network: Network | Layer | Sequential, input_shape: Sequence[int]) -> Report:
    """Walk the network once, from an input of that shape, and report every layer.

    >>> from convcalc import Conv2d
    >>> report = trace(Conv2d(3, 16, 4, stride=2), (10, 3, 28, 28))
    >>> report.output, report.totals.parameters, report.batch
    ((10, 16, 13, 13), 784, 10)
    """
    network = as_network(network)
    sizes = shape(input_shape)
    rank = network.rank
    batched = network.is_batched(sizes)
    outputs = {INPUT: sizes}
    seen = {INPUT: tuple(Field(1, 1, 0, size) for size in sizes[len(sizes) - (rank or 0) :])}
    rows = []
    for node in network.nodes:
        (source,) = node.inputs
        try:
            row = trace_node(node, outputs[source], seen[source], batched)
        except ConvcalcError as error:
            if len(network.nodes) == 1:
                raise
            raise ConvcalcError(f"layer {node.name!r}: {error}") from None
        outputs[node.name], seen[node.name] = row.output, row.field
        rows.append(row)
    return Report(sizes, sizes[0] if batched else 1, DTYPE, tuple(rows))


def trace_node(node: Node, input_shape: Shape, seen: tuple[Field, ...], batched: bool) -> Row:
    """The row of one node, given the shape and the receptive field of what feeds it.

    >>> from convcalc import Linear
    >>> trace_node(Node("F6", Linear(120, 84)), (1, 120), (), batched=True).output
    (1, 84)
    """
    if isinstance(node.layer, Sequential):
        return _block(node, node.layer, input_shape, seen, batched)
    layer = node.layer
    output = layer.output_shape(input_shape)
    windows = layer.windows(input_shape)
    example = as_batch(layer, input_shape, batched)
    macs = layer.macs(example)
    figures = Figures(
        weights=layer.weights,
        biases=layer.biases,
        parameters=layer.parameters,
        buffers=layer.buffers,
        connections=layer.connections(example),
        macs=macs,
        macs_exact=layer.macs(example, exact=True),
        flops=formulas.flops(macs),
        dead_weights=layer.dead_weights(example),
        parameter_bytes=formulas.size_in_bytes(layer.parameters, ITEMSIZE),
        output_bytes=formulas.size_in_bytes(prod(output), ITEMSIZE),
    )
    return Row(
        name=node.name,
        layer=layer,
        inputs=node.inputs,
        input=input_shape,
        output=output,
        figures=figures,
        weight_shape=layer.weight_shape,
        windows=windows,
        unread=tuple(map(unread, windows)),
        seen=seen,
        field=layer.receptive_field(seen, input_shape),
        out_channels_assumed=node.out_channels_assumed,
    )


def as_batch(layer: Layer, input_shape: Shape, batched: bool) -> Shape:
    """The input shape with its batch: a layer of no rank cannot tell that there is none.

    >>> from convcalc import Linear
    >>> as_batch(Linear(8, 5), (4, 8), batched=False)
    (1, 4, 8)
    """
    return input_shape if batched or layer.rank is not None else (1, *input_shape)


def _block(node: Node, block: Sequential, input_shape: Shape, seen: tuple[Field, ...], batched: bool) -> Row:
    """One row for the block: its costs are its parts' together, its window and weight those of the one that has any."""
    parts: list[Row] = []
    output, field = input_shape, seen
    for number, layer in enumerate(block.layers):
        source = parts[-1].name if parts else node.inputs[0]
        parts.append(trace_node(Node(f"{node.name}.{number}", layer, (source,)), output, field, batched))
        output, field = parts[-1].output, parts[-1].field
    weighted = [part.weight_shape for part in parts if part.weight_shape is not None]
    windowed = [part for part in parts if part.windows]
    return Row(
        name=node.name,
        layer=block,
        inputs=node.inputs,
        input=input_shape,
        output=output,
        figures=total(part.figures for part in parts)._replace(
            output_bytes=formulas.size_in_bytes(prod(output), ITEMSIZE)
        ),
        weight_shape=weighted[0] if len(weighted) == 1 else None,
        windows=windowed[0].windows if len(windowed) == 1 else (),
        unread=windowed[0].unread if len(windowed) == 1 else (),
        seen=seen,
        field=field,
        out_channels_assumed=node.out_channels_assumed,
        parts=tuple(parts),
    )
