"""Predicted beside observed: the calculator's figures against what the engine counts."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from itertools import groupby
from math import prod
from time import perf_counter
from typing import Any, NamedTuple

import numpy as np

from convcalc import engine
from convcalc.errors import ConvcalcError
from convcalc.layers.base import Layer
from convcalc.layers.block import Block, Opened, Step, as_batch, axes_of, opened, steps
from convcalc.layers.settings import Shape, shape
from convcalc.memory import liveness
from convcalc.network import as_network
from convcalc.ops.base import Counts
from convcalc.ops.parallel import thread_count
from convcalc.ops.sliding import Array
from convcalc.report import total
from convcalc.walk import trace, trace_step

MEMORY_LIMIT = 2 * 2**30
ITEMSIZE = 4  # it runs in float32
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
    """The checks of a layer, or of a block's layers together, how long it took, and which ways convolutions went."""

    name: str
    checks: tuple[Check, ...]
    seconds: float
    algorithms: tuple[str, ...] = ()


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
    def algorithms(self) -> Mapping[str, int]:
        """How many convolutions went which way, the most frequent first."""
        return dict(Counter(name for row in self.rows for name in row.algorithms).most_common())

    @property
    def seconds(self) -> float:
        """How long execution and counting took together."""
        return sum(row.seconds for row in self.rows)


Weights = Mapping[str, Mapping[str, Array]]
Progress = Callable[[int, int, str], None]


def verify(
    network: Layer,
    *input_shapes: Shape,
    memory_limit: int = MEMORY_LIMIT,
    x: Array | None = None,
    weights: Weights | None = None,
    seed: int = 0,
    depth: int | None = 1,
    progress: Progress | None = None,
) -> Verification:
    """Execute the network on ``x`` (its first input, random by default), layer by layer, and count.

    ``weights`` gives arrays by the name of a layer; the others are random. Each layer or block ``depth`` blocks down
    gets a row of checks, as in `Report.at_depth`. Before each layer, ``progress`` is called with the number of layers
    done, the number of all, and the layer's name. `ConvcalcError` where a layer would need more memory than the limit
    (bytes), before anything is allocated.

    >>> from convcalc import Conv2d, chain
    >>> verification = verify(chain([("C1", Conv2d(1, 6, 5))]), (1, 1, 32, 32))
    >>> verification.agrees, [check.observed for check in verification.rows[0].checks if check.figure == "connections"]
    (True, [122304])
    """
    block, shapes = as_network(network), tuple(map(shape, input_shapes))
    thread_count()  # a wrong setting is refused even where one thread will do
    try:
        planned = plan(block, *shapes)
    except ConvcalcError as refusal:
        return _only_formulas_accept(block, shapes, refusal)
    graph = opened(block)
    try:
        check_memory(graph, planned, memory_limit)
    except ConvcalcError:
        raise
    except (OverflowError, ValueError):  # NumPy's, of a size that no array has
        raise ConvcalcError("no array can have the sizes of this network: give smaller ones") from None
    batched, _ = axes_of(block, shapes[0])
    rng = np.random.default_rng(seed)
    arrays = {
        name: engine.random_array(sizes, rng) if x is None or number else x
        for number, (name, sizes) in enumerate(zip(graph.inputs, shapes, strict=True))
    }
    held: dict[int, Mapping[str, Array]] = {}  # the weights of layers that are used again
    uses = Counter(id(step.layer) for step in planned)
    live = liveness(graph)
    observed = []
    for number, step in enumerate(planned):
        if progress is not None:
            progress(number, len(planned), step.name)
        started = perf_counter()
        counts = engine.count(step.layer, as_batch(step.layer, step.input_shapes[0], batched))  # before the weights
        given = held.get(id(step.layer)) or (weights or {}).get(step.name) or engine.random_weights(step.layer, rng)
        uses[id(step.layer)] -= 1
        if uses[id(step.layer)]:
            held[id(step.layer)] = given
        arrays[step.name] = engine.execute(
            step.layer, *(arrays[source] for source in step.inputs), **dict[str, Any](given)
        )
        engine.release_scratch()  # so that what the next layer needs is all that is held
        del given
        found = step._replace(output=arrays[step.name].shape)
        algorithm = engine.choose(step.layer, step.input_shapes[0])
        observed.append(Observed(found, counts, perf_counter() - started, algorithm))
        for name in [name for name in arrays if live.dead_after(number, name)]:
            del arrays[name]
    rows = tuple(_checked(name, part, batched) for name, part in _grouped(graph, observed, depth))
    return Verification(rows, arrays[graph.outputs[0]])


class Observed(NamedTuple):
    """A step that was executed, what was counted, how long it took, and the algorithm where there are several."""

    step: Step
    counts: Counts
    seconds: float
    algorithm: str | None


def plan(network: Block, *input_shapes: Shape) -> list[Step]:
    """Return the steps of the single layers, in order, by the engine alone and without an array.

    >>> from convcalc import Conv2d, chain
    >>> plan(chain([("C1", Conv2d(1, 6, 5))]), (1, 1, 32, 32))[0].output
    (1, 6, 28, 28)
    """
    return list(steps(opened(network), input_shapes, engine.output_shape))


def check_memory(graph: Opened, planned: Sequence[Step], limit: int) -> None:
    """Refuse a network with a layer that needs more memory than the limit, in bytes.

    This one needs at most 14 float32 to execute, and 5 integers of 8 bytes to count.

    >>> from convcalc import Linear
    >>> network = as_network(Linear(2, 3))
    >>> check_memory(opened(network), plan(network, (1, 2)), limit=10)  # doctest: +ELLIPSIS
    Traceback (most recent call last):
    convcalc.errors.ConvcalcError: executing linear needs 96 bytes, more than the limit of 10: use ...
    """
    needed, name = max(needs(graph, planned), default=(0, ""))
    if needed > limit:
        raised = f"use memory_limit={needed} or " if needed <= LARGEST_MACHINE else ""
        raise ConvcalcError(
            f"executing {name} needs {needed:,} bytes, more than the limit of {limit:,}: {raised}give a smaller input"
        )


def needs(graph: Opened, planned: Sequence[Step]) -> Iterator[tuple[int, str]]:
    """Yield the bytes that each step needs while it runs, with what must be kept for later, and its name.

    >>> from convcalc import Flatten
    >>> network = as_network(Flatten())
    >>> list(needs(opened(network), plan(network, (1, 2, 3))))  # its input and its output, of 6 float32
    [(48, 'flatten')]
    """
    live = liveness(graph)
    shared = _shared_bytes(planned)
    size = {
        source: prod(sizes) * ITEMSIZE
        for step in planned
        for source, sizes in zip(step.inputs, step.input_shapes, strict=True)
    }
    alive = {name for name in graph.inputs if name in size}
    for number, step in enumerate(planned):
        feeding = {live.home[source] for source in step.inputs}
        held = sum(size[name] for name in alive - feeding)
        yield engine.needed_bytes(step.layer, step.input_shapes, step.output) + held + shared[number], step.name
        size[step.name] = prod(step.output) * ITEMSIZE
        alive = {name for name in {*alive, live.home[step.name]} if not live.dead_after(number, name)}


def _shared_bytes(planned: Sequence[Step]) -> list[int]:
    """The bytes at each step of the weights of other layers that are used again."""
    places: dict[int, list[int]] = {}
    for number, step in enumerate(planned):
        places.setdefault(id(step.layer), []).append(number)
    shared = [0] * len(planned)
    for first, *more in places.values():
        if more:
            elements = sum(map(prod, engine.weight_shapes(planned[first].layer).values()))
            for number in range(first + 1, more[-1]):
                shared[number] += elements * ITEMSIZE * (number not in more)
    return shared


def _only_formulas_accept(network: Block, shapes: Sequence[Shape], refusal: ConvcalcError) -> Verification:
    """Refuse in the formulas' words what the engine refuses too; where the formulas accept it, that is a difference."""
    report = trace(network, *shapes)
    check = Check("output", report.output, f"refused: {refusal}")
    return Verification((CheckedRow(report.rows[-1].name, (check,), 0.0),), np.empty(0))


def _grouped(
    graph: Opened, observed: Sequence[Observed], depth: int | None
) -> Iterator[tuple[str, Sequence[Observed]]]:
    """What was observed of each layer or block so many blocks down, in order."""

    def row(found: Observed) -> str:
        path = graph.path[found.step.name]
        return path[-1 if depth is None else min(depth, len(path)) - 1]

    for name, part in groupby(observed, key=row):
        yield name, list(part)


def _predicted(step: Step) -> Step:
    """The step with the output that the layer's own formulas give."""
    return step._replace(output=step.layer.output_shape(*step.input_shapes))


def _checked(name: str, observed: Sequence[Observed], batched: bool) -> CheckedRow:
    """Predicted beside observed, of the layers together; one that only the formulas refuse is a difference too."""
    seconds = sum(found.seconds for found in observed)
    try:
        rows = [trace_step(_predicted(found.step), (), batched) for found in observed]
    except ConvcalcError as refusal:
        return CheckedRow(name, (Check("output", f"refused: {refusal}", observed[-1].step.output),), seconds)
    figures = total(row.figures for row in rows)
    counts = Counts()
    for found in observed:
        counts = counts.plus(found.counts)
    outputs = [row.output for row in rows], [found.step.output for found in observed]
    wrong = next((number for number, pair in enumerate(zip(*outputs, strict=True)) if pair[0] != pair[1]), -1)
    checks = (
        Check("output", outputs[0][wrong], outputs[1][wrong]),
        Check("parameters", figures.parameters, counts.weights + counts.biases),
        Check("live weights", figures.weights - figures.dead_weights, counts.live_weights),
        *([Check("buffers", figures.buffers, counts.buffers)] if figures.buffers or counts.buffers else []),
        Check("connections", figures.connections, counts.connections),
        Check("MACs", figures.macs, counts.macs),
        Check("exact MACs", figures.macs_exact, counts.macs_exact),
    )
    algorithms = tuple(found.algorithm for found in observed if found.algorithm is not None)
    return CheckedRow(name, checks, seconds, algorithms)
