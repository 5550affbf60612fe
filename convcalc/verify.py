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
from convcalc.layers.settings import Shape, shape
from convcalc.memory import storage
from convcalc.network import INPUT, Network, Node, Opened, as_network, opened
from convcalc.ops.base import Counts
from convcalc.ops.parallel import thread_count
from convcalc.ops.sliding import Array
from convcalc.report import total
from convcalc.walk import as_batch, trace, trace_node

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
    network: Network | Layer,
    input_shape: Shape,
    *,
    memory_limit: int = MEMORY_LIMIT,
    x: Array | None = None,
    weights: Weights | None = None,
    seed: int = 0,
    depth: int | None = 1,
    progress: Progress | None = None,
) -> Verification:
    """Execute the network on ``x`` (random by default), layer by layer, and count.

    ``weights`` gives arrays by the name of a layer; the others are random. Checks are a row each for what is ``depth``
    blocks down, as `Report.at_depth` has them. ``progress`` is told, before each layer, how many are done of how many,
    and its name. `ConvcalcError` where a layer would need more memory than the limit (bytes), before anything is
    allocated.

    >>> from convcalc import Conv2d, chain
    >>> verification = verify(chain([("C1", Conv2d(1, 6, 5))]), (1, 1, 32, 32))
    >>> verification.agrees, [check.observed for check in verification.rows[0].checks if check.figure == "connections"]
    (True, [122304])
    """
    network, input_shape = as_network(network), shape(input_shape)
    thread_count()  # a wrong setting is refused even where one thread will do
    batched, _ = network.axes(input_shape)
    try:
        steps = plan(network, input_shape)
    except ConvcalcError as refusal:
        return _only_formulas_accept(network, input_shape, refusal)
    try:
        check_memory(steps, memory_limit)
    except ConvcalcError:
        raise
    except (OverflowError, ValueError):  # NumPy's, of a size that no array has
        raise ConvcalcError("no array can have the sizes of this network: give smaller ones") from None
    rng = np.random.default_rng(seed)
    arrays = {INPUT: engine.random_array(input_shape, rng) if x is None else x}
    held: dict[int, Mapping[str, Array]] = {}  # the weights of layers that are used again
    uses = Counter(id(step.layer) for step in steps)
    last_use = _last_use(steps)
    observed = []
    for number, step in enumerate(steps):
        if progress is not None:
            progress(number, len(steps), step.name)
        started = perf_counter()
        counts = engine.count(step.layer, as_batch(step.layer, step.inputs[0], batched))  # before there are weights
        given = held.get(id(step.layer)) or (weights or {}).get(step.name) or engine.random_weights(step.layer, rng)
        uses[id(step.layer)] -= 1
        if uses[id(step.layer)]:
            held[id(step.layer)] = given
        arrays[step.name] = engine.execute(
            step.layer, *(arrays[source] for source in step.sources), **dict[str, Any](given)
        )
        engine.release_scratch()  # so that what the next layer needs is all that is held
        del given
        found = step._replace(output=arrays[step.name].shape)
        algorithm = engine.choose(step.layer, step.inputs[0])
        observed.append(Observed(found, counts, perf_counter() - started, algorithm))
        for name in [name for name in arrays if last_use.get(name, -1) <= number and name != steps[-1].name]:
            del arrays[name]
    rows = tuple(_checked(name, part, batched) for name, part in _grouped(opened(network), observed, depth))
    return Verification(rows, arrays[steps[-1].name if steps else INPUT])


class Step(NamedTuple):
    """A single layer, what feeds it, and its shapes as the engine finds them."""

    name: str
    layer: Layer
    sources: tuple[str, ...]
    inputs: tuple[Shape, ...]
    output: Shape


class Observed(NamedTuple):
    """A step that was taken, what was counted, how long it took, and the way it went where there are several."""

    step: Step
    counts: Counts
    seconds: float
    algorithm: str | None


def plan(network: Network, input_shape: Shape) -> list[Step]:
    """The steps of the single layers, in order, by the engine alone and without an array.

    >>> from convcalc import Conv2d, chain
    >>> plan(chain([("C1", Conv2d(1, 6, 5))]), (1, 1, 32, 32))[0].output
    (1, 6, 28, 28)
    """
    outputs = {INPUT: input_shape}
    bound: dict[int, Layer] = {}
    steps = []
    for leaf in opened(network).leaves:
        inputs = tuple(outputs[source] for source in leaf.inputs)
        layer = bound.setdefault(id(leaf.layer), leaf.layer.bind(inputs[0]))
        outputs[leaf.name] = engine.output_shape(layer, *inputs)
        steps.append(Step(leaf.name, layer, leaf.inputs, inputs, outputs[leaf.name]))
    return steps


def check_memory(steps: Sequence[Step], limit: int) -> None:
    """Refuse a network with a layer that needs more memory than the limit, in bytes.

    14 float32 here: 2 given, 6 weights, 3 biases, and 3 results.

    >>> from convcalc import Linear
    >>> check_memory(plan(as_network(Linear(2, 3)), (1, 2)), limit=10)  # doctest: +ELLIPSIS
    Traceback (most recent call last):
    convcalc.errors.ConvcalcError: executing linear needs 56 bytes, more than the limit of 10: use ...
    """
    needed, name = max(needs(steps), default=(0, ""))
    if needed > limit:
        raised = f"use memory_limit={needed} or " if needed <= LARGEST_MACHINE else ""
        raise ConvcalcError(
            f"executing {name} needs {needed:,} bytes, more than the limit of {limit:,}: {raised}give a smaller input"
        )


def needs(steps: Sequence[Step]) -> Iterator[tuple[int, str]]:
    """Bytes that each step needs while it runs, with what must be kept for later, and its name.

    >>> from convcalc import Flatten
    >>> list(needs(plan(as_network(Flatten()), (1, 2, 3))))  # its input of 6 float32
    [(24, 'flatten')]
    """
    last_use = _last_use(steps)
    home = storage((step.name, step.layer, step.sources) for step in steps)
    until: dict[str, int] = {}  # the last step that reads what lies in that memory
    for name, last in last_use.items():
        until[home[name]] = max(until.get(home[name], 0), last)
    size = {INPUT: prod(steps[0].inputs[0]) * ITEMSIZE if steps else 0}
    shared = _shared_bytes(steps)
    alive: set[str] = {INPUT}
    for number, step in enumerate(steps):
        feeding = {home[source] for source in step.sources}
        held = sum(size[name] for name in alive - feeding)
        yield engine.needed_bytes(step.layer, step.inputs, step.output) + held + shared[number], step.name
        size[step.name] = prod(step.output) * ITEMSIZE
        alive = {name for name in {*alive, home[step.name]} if until.get(name, -1) > number}


def _shared_bytes(steps: Sequence[Step]) -> list[int]:
    """What the weights of other layers that are used again take at each step."""
    places: dict[int, list[int]] = {}
    for number, step in enumerate(steps):
        places.setdefault(id(step.layer), []).append(number)
    shared = [0] * len(steps)
    for first, *more in places.values():
        if more:
            elements = sum(map(prod, engine.weight_shapes(steps[first].layer).values()))
            for number in range(first + 1, more[-1]):
                shared[number] += elements * ITEMSIZE * (number not in more)
    return shared


def _last_use(steps: Sequence[Step]) -> dict[str, int]:
    """For each name that feeds a step, the number of the last step it feeds."""
    return {source: number for number, step in enumerate(steps) for source in step.sources}


def _only_formulas_accept(network: Network, input_shape: Shape, refusal: ConvcalcError) -> Verification:
    """What the engine refuses is refused, in the formulas' words; that they accept it is a difference."""
    report = trace(network, input_shape)
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


def _checked(name: str, observed: Sequence[Observed], batched: bool) -> CheckedRow:
    """Predicted beside observed, of the layers together; one that only the formulas refuse is a difference too."""
    seconds = sum(found.seconds for found in observed)
    try:
        rows = [
            trace_node(Node(found.step.name, found.step.layer, found.step.sources), found.step.inputs, (), batched)
            for found in observed
        ]
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
