"""Layers wired together, and the one walk over them."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
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
        known = {INPUT}
        for node in self.nodes:
            if node.name in known:
                raise ConvcalcError(f"the name {node.name!r} is used twice: give every layer a name of its own")
            if len(node.inputs) != 1:
                raise ConvcalcError(f"layer {node.name!r} has {len(node.inputs)} inputs: it takes exactly one")
            for source in node.inputs:
                if source not in known:
                    raise ConvcalcError(f"layer {node.name!r} is fed by {source!r}, which is not a layer before it")
            known.add(node.name)

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


def trace(network: Network | Layer | Sequential, input_shape: Sequence[int]) -> Report:
    """Walk the network once, from an input of that shape, and report every layer.

    >>> from convcalc import Conv2d
    >>> report = trace(Conv2d(3, 16, 4, stride=2), (10, 3, 28, 28))
    >>> report.output, report.totals.parameters, report.batch
    ((10, 16, 13, 13), 784, 10)
    """
    if not isinstance(network, Network):
        network = chain([(type(network).__name__.lower(), network)])
    sizes = shape(input_shape)
    rank = next((node.layer.rank for node in network.nodes if node.layer.rank is not None), None)
    spatial = sizes[len(sizes) - rank :] if rank is not None else ()
    outputs = {INPUT: sizes}
    seen = {INPUT: tuple(Field(1, 1, 0, size) for size in spatial)}
    rows = []
    for node in network.nodes:
        (source,) = node.inputs
        row = _row(node, outputs[source], seen[source])
        outputs[node.name], seen[node.name] = row.output, row.field
        rows.append(row)
    batched = len(sizes) == rank + 2 if rank is not None else len(sizes) > 1
    return Report(sizes, sizes[0] if batched else 1, DTYPE, tuple(rows))


def _row(node: Node, input_shape: Shape, seen: tuple[Field, ...]) -> Row:
    if isinstance(node.layer, Sequential):
        return _block(node, node.layer, input_shape, seen)
    layer = node.layer
    output = layer.output_shape(input_shape)
    windows = layer.windows(input_shape)
    macs = layer.macs(input_shape)
    figures = Figures(
        weights=layer.weights,
        biases=layer.biases,
        parameters=layer.parameters,
        buffers=layer.buffers,
        connections=layer.connections(input_shape),
        macs=macs,
        macs_exact=layer.macs(input_shape, exact=True),
        flops=formulas.flops(macs),
        dead_weights=layer.dead_weights(input_shape),
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
        field=layer.receptive_field(seen, input_shape),
        out_channels_assumed=node.out_channels_assumed,
    )


def _block(node: Node, block: Sequential, input_shape: Shape, seen: tuple[Field, ...]) -> Row:
    """One row for the block: its costs are its parts' together, its window and weight those of the one that has any."""
    parts: list[Row] = []
    output = input_shape
    for number, layer in enumerate(block.layers):
        source = parts[-1].name if parts else node.inputs[0]
        parts.append(_row(Node(f"{node.name}.{number}", layer, (source,)), output, seen))
        output, seen = parts[-1].output, parts[-1].field
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
        field=seen,
        out_channels_assumed=node.out_channels_assumed,
        parts=tuple(parts),
    )
