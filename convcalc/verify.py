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
from convcalc.layers.axes import Shape, shape
from convcalc.layers.base import Layer
from convcalc.network import INPUT, Network, Node, Sequential, as_batch, as_network, single_layers, trace, trace_node
from convcalc.report import ITEMSIZE

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
        return self.differing == 0

    def and_check(self, check: Check) -> Verification:
        """With one more check of the last layer."""
        *rows, last = self.rows
        return self._replace(rows=(*rows, last._replace(checks=(*last.checks, check))))

    @property
    def differing(self) -> int:
        """How many figures are not as predicted."""
        return sum(not check.agrees for row in self.rows for check in row.checks)

    @property
    def seconds(self) -> float:
        """How long execution and counting took together."""
        return sum(row.seconds for row in self.rows)


def verify(
    network: Network | Layer | Sequential,
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
    network, input_shape = as_network(network), shape(input_shape)
    batched = network.is_batched(input_shape)
    try:
        steps = plan(network, input_shape)
    except ConvcalcError as refusal:
        return _only_formulas_accept(network, input_shape, refusal)
    check_memory(network, steps, memory_limit)
    rng = np.random.default_rng(seed)
    arrays = {INPUT: engine.random_array(input_shape, rng) if x is None else x}
    last_use = _last_use(network)
    last = network.nodes[-1].name if network.nodes else INPUT
    rows = []
    for number, node in enumerate(network.nodes):
        started = perf_counter()
        source = arrays[node.inputs[0]]
        output, counts = _observe(node, source, batched, weights or {}, rng)
        checks = _checks(node, source.shape, batched, output.shape, counts)
        rows.append(CheckedRow(node.name, checks, perf_counter() - started))
        arrays[node.name] = output
        done = [name for name in arrays if last_use.get(name, number) <= number and name != last]
        for name in done:
            del arrays[name]
    return Verification(tuple(rows), arrays[last])


class Step(NamedTuple):
    """A layer of a node with its shapes as the engine finds them."""

    layer: Layer
    input: Shape
    output: Shape


def plan(network: Network, input_shape: Shape) -> dict[str, list[Step]]:
    """The steps of every node, by the engine alone and without an array.

    >>> from convcalc import Conv2d, chain
    >>> plan(chain([("C1", Conv2d(1, 6, 5))]), (1, 1, 32, 32))["C1"][0].output
    (1, 6, 28, 28)
    """
    outputs = {INPUT: input_shape}
    steps: dict[str, list[Step]] = {}
    for node in network.nodes:
        sizes = outputs[node.inputs[0]]
        steps[node.name] = []
        for _, layer in single_layers(node.layer, node.name):
            step = Step(layer, sizes, engine.output_shape(layer, sizes))
            steps[node.name].append(step)
            sizes = step.output
        outputs[node.name] = sizes
    return steps


def check_memory(network: Network, steps: Mapping[str, list[Step]], limit: int) -> None:
    """Refuse a network with a layer that needs more memory than the limit, in bytes.

    17 float32 here: 2 given, 6 weights, 3 biases, and 3 results before and after the bias.

    >>> from convcalc import Linear
    >>> network = as_network(Linear(2, 3))
    >>> check_memory(network, plan(network, (1, 2)), limit=10)  # doctest: +ELLIPSIS
    Traceback (most recent call last):
    convcalc.errors.ConvcalcError: executing linear needs 68 bytes, more than the limit of 10: use ...
    """
    needed, name = max(needs(network, steps), default=(0, ""))
    if needed > limit:
        raised = f"use memory_limit={needed} or " if needed <= LARGEST_MACHINE else ""
        raise ConvcalcError(
            f"executing {name} needs {needed:,} bytes, more than the limit of {limit:,}: {raised}give a smaller input"
        )


def needs(network: Network, steps: Mapping[str, list[Step]]) -> Iterator[tuple[int, str]]:
    """Bytes that each step needs while it runs, with what must be kept for later, and the name of its node.

    >>> from convcalc import Flatten
    >>> network = as_network(Flatten())
    >>> list(needs(network, plan(network, (1, 2, 3))))  # its input of 6 float32
    [(24, 'flatten')]
    """
    last_use = _last_use(network)
    held: dict[str, tuple[int, int]] = {}  # outputs of earlier nodes: their bytes, and the last node that reads them
    for number, node in enumerate(network.nodes):
        kept = sum(size for name, (size, last) in held.items() if last >= number and name not in node.inputs)
        parts = steps[node.name]
        block_input = 0  # what the block was given, once a part has made something else of it
        for step in parts:
            needed = engine.needed_bytes(*step)
            yield needed + kept + block_input, node.name
            if needed > prod(step.input) * ITEMSIZE:  # else it is a view
                block_input = prod(parts[0].input) * ITEMSIZE
        held[node.name] = (prod(parts[-1].output) * ITEMSIZE if parts else 0, last_use.get(node.name, -1))


def _last_use(network: Network) -> dict[str, int]:
    """For each name that feeds a node, the number of the last node it feeds."""
    return {source: number for number, node in enumerate(network.nodes) for source in node.inputs}


def _only_formulas_accept(network: Network, input_shape: Shape, refusal: ConvcalcError) -> Verification:
    """What the engine refuses is refused, in the formulas' words; that they accept it is a difference."""
    report = trace(network, input_shape)
    check = Check("output", report.output, f"refused: {refusal}")
    return Verification((CheckedRow(report.rows[-1].name, (check,), 0.0),), np.empty(0))


def _observe(
    node: Node, x: Array, batched: bool, weights: Mapping[str, Mapping[str, Array]], rng: np.random.Generator
) -> tuple[Array, Counts]:
    """Run the node's layers one behind the other, and count each."""
    together = Counts()
    for name, layer in single_layers(node.layer, node.name):
        together = together.plus(engine.count(layer, as_batch(layer, x.shape, batched)))
        x = engine.execute(layer, x, **weights.get(name) or engine.random_weights(layer, rng))
    return x, together


def _checks(node: Node, input_shape: Shape, batched: bool, output: Shape, counts: Counts) -> tuple[Check, ...]:
    """Predicted beside observed; a layer that only the formulas refuse is a difference too."""
    try:
        row = trace_node(node, input_shape, (), batched)
    except ConvcalcError as refusal:
        return (Check("output", f"refused: {refusal}", output),)
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
