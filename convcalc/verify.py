"""Predicted beside observed: the calculator's figures against what the engine counts."""

from __future__ import annotations

from collections.abc import Mapping
from time import perf_counter
from typing import NamedTuple

import numpy as np

from convcalc import engine
from convcalc.errors import ConvcalcError
from convcalc.kernels.base import Counts
from convcalc.kernels.sliding import Array
from convcalc.layers.axes import Shape
from convcalc.layers.base import Layer
from convcalc.network import INPUT, Network, Node, trace
from convcalc.report import Report, Row

MEMORY_LIMIT = 2 * 2**30


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
        pass  # execute it up to where it breaks: if a formula is wrong, that shows it
    else:
        check_memory(report, memory_limit)
    rng = np.random.default_rng(seed)
    arrays = {INPUT: engine.random_array(input_shape, rng) if x is None else x}
    last_use = {source: node.name for node in network.nodes for source in node.inputs}
    rows = []
    for node in network.nodes:
        started = perf_counter()
        source = node.inputs[0]
        predicted = trace(Network((Node(node.name, node.layer),)), arrays[source].shape).rows[0]
        arrays[node.name], counts = _observe(predicted, arrays[source], weights or {}, rng)
        checks = _checks(predicted, arrays[node.name].shape, counts)
        rows.append(CheckedRow(node.name, checks, perf_counter() - started))
        if last_use[source] == node.name:
            del arrays[source]
    return Verification(tuple(rows), arrays[network.nodes[-1].name])


def check_memory(report: Report, limit: int) -> None:
    """Refuse a network with a layer that needs more memory than the limit, in bytes."""
    for row in report.leaves:
        needed = engine.needed_bytes(_single(row), row.input, row.output)
        if needed > limit:
            raise ConvcalcError(
                f"executing {row.name} needs {needed:,} bytes, more than the limit of {limit:,}:"
                f" give a smaller input, or memory_limit={needed}"
            )


def _observe(
    row: Row, x: Array, weights: Mapping[str, Mapping[str, Array]], rng: np.random.Generator
) -> tuple[Array, Counts]:
    """Run the row's layers one behind the other, and count each."""
    together = Counts()
    for leaf in row.leaves:
        layer = _single(leaf)
        together = together.plus(engine.count(layer, x.shape))
        x = engine.execute(layer, x, **weights.get(leaf.name) or engine.random_weights(layer, rng))
    return x, together


def _checks(row: Row, output: Shape, counts: Counts) -> tuple[Check, ...]:
    figures = row.figures
    return (
        Check("output", row.output, output),
        Check("parameters", figures.parameters, counts.weights + counts.biases),
        Check("live weights", figures.weights - figures.dead_weights, counts.live_weights),
        Check("buffers", figures.buffers, counts.buffers),
        Check("connections", figures.connections, counts.connections),
        Check("MACs", figures.macs, counts.macs),
        Check("exact MACs", figures.macs_exact, counts.macs_exact),
    )


def _single(row: Row) -> Layer:
    assert isinstance(row.layer, Layer), "a leaf is a single layer"
    return row.layer
