"""Predicted beside observed: the calculator's figures against what the engine counts."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from math import prod
from time import perf_counter
from typing import NamedTuple

import numpy as np

from convcalc import engine
from convcalc.errors import ConvcalcError
from convcalc.kernels.base import Counts
from convcalc.kernels.sliding import Array
from convcalc.layers.axes import Shape
from convcalc.layers.base import Layer
from convcalc.network import INPUT, Network, Node, as_batch, single_layers, trace, trace_node
from convcalc.report import ITEMSIZE, Report, Row

MEMORY_LIMIT = 2 * 2**30
LARGEST_MACHINE = 2**46  # bytes: more is no remedy


class Check(NamedTuple):
    """One figure of one layer, predicted by the formulas and observed by the engine."""

    figure: str
    predicted: object
    observed: object

    @property
    def agrees(self) -> bool:
        """Whether the two are equal."""
        return self.predicted == self.observed


class CheckedRow(NamedTuple):
    """A layer's checks, and how long its execution and counting took."""

    name: str
    checks: tuple[Check, ...]
    seconds: float


class Verification(NamedTuple):
    """Every layer's checks, and what the last layer gave."""

    rows: tuple[CheckedRow, ...]
    output: Array

    @property
    def agrees(self) -> bool:
        """Whether every figure is as predicted."""
        return all(check.agrees for row in self.rows for check in row.checks)

    @property
    def differing(self) -> int:
        """How many figures are not as predicted."""
        return sum(not check.agrees for row in self.rows for check in row.checks)

    @property
    def seconds(self) -> float:
        """How long execution and counting took together."""
        return sum(row.seconds for row in self.rows)


def verify(
    network: Network,
    input_shape: Shape,
    *,
    memory_limit: int = MEMORY_LIMIT,
    x: Array | None = None,
    weights: Mapping[str, Mapping[str, Array]] | None = None,
    seed: int = 0,
) -> Verification:
    """Execute the network on ``x`` (random by default), layer by layer, and count.

    ``weights`` gives arrays by the name of a layer; the others are random. `ConvcalcError` where a layer would need
    more memory than the limit (bytes), before anything is allocated.

    >>> from convcalc import Conv2d, chain
    >>> verification = verify(chain([("C1", Conv2d(1, 6, 5))]), (1, 1, 32, 32))
    >>> verification.agrees, [check.observed for check in verification.rows[0].checks if check.figure == "connections"]
    (True, [122304])
    """
    try:
        report = trace(network, input_shape)
    except ConvcalcError:
        report = None  # is it the formulas that wrongly refuse? The engine shows it, as far as it is cheap to ask
    check_memory(report, network, input_shape, memory_limit)
    batched = network.is_batched(input_shape)
    rng = np.random.default_rng(seed)
    arrays = {INPUT: engine.random_array(input_shape, rng) if x is None else x}
    last_use = {source: number for number, node in enumerate(network.nodes) for source in node.inputs}
    last = network.nodes[-1].name if network.nodes else INPUT
    rows = []
    for number, node in enumerate(network.nodes):
        started = perf_counter()
        checks, arrays[node.name] = _check(node, arrays[node.inputs[0]], batched, weights or {}, rng)
        rows.append(CheckedRow(node.name, checks, perf_counter() - started))
        done = [name for name in arrays if last_use.get(name, number) <= number and name != last]
        for name in done:
            del arrays[name]
    return Verification(tuple(rows), arrays[last])


def check_memory(report: Report | None, network: Network, input_shape: Shape, limit: int) -> None:
    """Refuse a network with a layer that needs more memory than the limit, in bytes.

    What the formulas refuse has no sizes to go by but the input's and the weights'; where these alone are too large,
    the formulas' refusal stands.
    """
    if report is None:
        layers = [layer for node in network.nodes for _, layer in single_layers(node.layer, node.name)]
        if engine.array_bytes(layers, input_shape) > limit:
            trace(network, input_shape)
        return
    needed, name = max(needs(report), default=(0, ""))
    if needed > limit:
        raised = f", or memory_limit={needed}" if needed <= LARGEST_MACHINE else ""
        raise ConvcalcError(
            f"executing {name} needs {needed:,} bytes, more than the limit of {limit:,}: give a smaller input{raised}"
        )


def needs(report: Report) -> Iterator[tuple[int, str]]:
    """Bytes that each layer needs while it runs, with what must be kept for later, and its name."""
    last_use = {source: number for number, row in enumerate(report.rows) for source in row.inputs}
    held: dict[str, tuple[int, int]] = {}  # outputs of earlier rows: their bytes, and the last row that reads them
    for number, row in enumerate(report.rows):
        kept = sum(size for name, (size, last) in held.items() if last >= number and name not in row.inputs)
        for part, leaf in enumerate(row.leaves):
            input_bytes = prod(row.input) * ITEMSIZE if part else 0  # the block's own input
            yield engine.needed_bytes(_single(leaf), leaf.input, leaf.output) + kept + input_bytes, leaf.name
        held[row.name] = (row.figures.output_bytes, last_use.get(row.name, -1))


def _check(
    node: Node, x: Array, batched: bool, weights: Mapping[str, Mapping[str, Array]], rng: np.random.Generator
) -> tuple[tuple[Check, ...], Array]:
    """One node's checks and output; a layer that only the formulas refuse is a difference too."""
    try:
        predicted = trace_node(node, x.shape, (), batched)
    except ConvcalcError as refusal:
        try:
            output, _ = _observe(node, x, batched, weights, rng)
        except ConvcalcError:
            raise refusal from None
        return (Check("output", f"refused: {refusal}", output.shape),), output
    output, counts = _observe(node, x, batched, weights, rng)
    return _checks(predicted, output.shape, counts), output


def _observe(
    node: Node, x: Array, batched: bool, weights: Mapping[str, Mapping[str, Array]], rng: np.random.Generator
) -> tuple[Array, Counts]:
    """Run the node's layers one behind the other, and count each."""
    together = Counts()
    for name, layer in single_layers(node.layer, node.name):
        together = together.plus(engine.count(layer, as_batch(layer, x.shape, batched)))
        x = engine.execute(layer, x, **weights.get(name) or engine.random_weights(layer, rng))
    return x, together


def _checks(row: Row, output: Shape, counts: Counts) -> tuple[Check, ...]:
    figures = row.figures
    return (
        Check("output", row.output, output),
        Check("parameters", figures.parameters, counts.weights + counts.biases),
        Check("live weights", figures.weights - figures.dead_weights, counts.live_weights),
        *([Check("buffers", figures.buffers, counts.buffers)] if figures.buffers or counts.buffers else []),
        Check("connections", figures.connections, counts.connections),
        Check("MACs", figures.macs, counts.macs),
        Check("exact MACs", figures.macs_exact, counts.macs_exact),
    )


def _single(row: Row) -> Layer:
    assert isinstance(row.layer, Layer), "a leaf is a single layer"
    return row.layer
