"""The steps of a network's picture: its layers, with activations, norms and the like folded into their neighbours."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from typing import NamedTuple

from convcalc.draw.network.operations import kind, operation, plain_name, prepares, stays_in_place
from convcalc.draw.text import by
from convcalc.layers.block import INPUT
from convcalc.layers.settings import Shape
from convcalc.report import Report, Row

MANY = 8  # from so many convolutions on, the layers after each are named once


class Example(NamedTuple):
    """The shape of one example: a number of maps and their sizes; without sizes, the units of a vector."""

    maps: int
    sizes: Shape
    is_spatial: bool  # whether the sizes are those of maps

    @property
    def is_vector(self) -> bool:
        """Whether it is drawn as a bar, as maps of 1x1 are."""
        return all(size == 1 for size in self.sizes)

    def __str__(self) -> str:
        """Return it as in LeCun et al. (1998): ``6@28x28``; for maps of 1x1 only their number."""
        if self.is_vector:
            return str(self.maps)
        return f"{self.maps}@{by(self.sizes)}" if self.is_spatial else by((self.maps, *self.sizes))


class DrawnStep(NamedTuple):
    """A stack or bar of the picture: a layer or closed block, and what is folded into it.

    ``rows`` are all its rows in order, ``main`` the one that is named. ``inputs`` are the names of the steps that feed
    it. ``run`` equal layers in sequence are one step, and ``examples`` are the outputs of all layers drawn as it.
    """

    name: str
    main: Row
    rows: tuple[Row, ...]
    inputs: tuple[str, ...]
    before: tuple[str, ...]
    after: tuple[str, ...]
    examples: tuple[Example, ...]
    path: tuple[str, ...] = ()  # the blocks around it, outermost first
    run: int = 1
    times: int = 1  # the number of steps, in equal parts of the network, that are drawn as this one
    is_loose: bool = False  # whether its output is not used and is not the network's

    @property
    def words(self) -> str:
        """What it does, such as ``2 x convolution 3x3``."""
        said = ", ".join((*self.before, operation(self.main)))
        return said if self.run == 1 else f"{self.run} \xd7 {said}"

    @property
    def parameters(self) -> int:
        """The parameters of all its rows."""
        return sum(row.figures.parameters for row in self.rows)

    @property
    def is_shared(self) -> bool:
        """Whether all its parameters belong to an earlier layer, where they are counted."""
        return not self.parameters and any(row.shares is not None for row in self.rows)

    @property
    def example(self) -> Example:
        """The shape that is drawn, which is the last."""
        return self.examples[-1]

    @property
    def shape(self) -> str:
        """The shape in words; if several differ, the range of their numbers of maps: ``96-256@56x56``."""
        first, last = self.examples[0], self.example
        if first == last:
            return str(last)
        if first.sizes == last.sizes and not last.is_vector:
            return f"{first.maps}\u2013{last}"
        return f"{first} \u2013 {last}"

    @property
    def is_circle(self) -> bool:
        """Whether it is a join of elements at the same place, drawn as a sign in a circle."""
        return plain_name(self.main.layer) in ("Add", "Mul")


class Steps(NamedTuple):
    """All steps in order, each after its inputs; the shape of the input; the number of steps in each block."""

    steps: tuple[DrawnStep, ...]
    input: Example
    sizes: dict[str, int]


def steps_of(report: Report, depth: int | None) -> Steps:
    """Return the steps of a network whose blocks are opened ``depth`` deep (None: all).

    >>> from convcalc import trace, zoo
    >>> steps = steps_of(trace(zoo.build("lenet5"), (1, 1, 32, 32)), None).steps
    >>> [(step.name, str(step.examples[0])) for step in steps][:2]
    [('C1', '6@28\xd728'), ('S2', '6@14\xd714')]
    """
    rows, paths, leaving = _opened(report, depth)
    example = _examples(report)
    feeding = {row.name: tuple(leaving[source] for source in row.inputs) for row in rows}
    consumers: dict[str, list[str]] = {INPUT: [], **{row.name: [] for row in rows}}
    for name, sources in feeding.items():
        for source in sources:
            consumers[source].append(name)
    joins = {row.name for row in rows if row.layer.joins}
    made: dict[str, _Growing] = {}
    host: dict[str, _Growing] = {}  # the step that a layer belongs to
    carried: dict[str, list[Row]] = {}  # the rows that are folded into the layer of that name, which comes later
    for row in rows:
        waiting = carried.pop(row.name, [])
        source = feeding[waiting[0].name if waiting else row.name][0]
        after = consumers[row.name]
        is_passive = stays_in_place(row) or prepares(row)
        alone = len(consumers[source]) == 1
        # An activation at the beginning of a block belongs to the layer after it.
        belongs = source in paths and paths[source][: len(paths[row.name])] == paths[row.name]
        if stays_in_place(row) and not waiting and source in host and alone and belongs:
            host[row.name] = host[source].followed_by([row])
        elif is_passive and len(after) == 1 and after[0] not in joins:
            carried[after[0]] = [*waiting, row]
        elif is_passive and source in host and alone:
            host[row.name] = host[source].followed_by([*waiting, row])
        else:
            made[row.name] = host[row.name] = _Growing(row, waiting)
    if rows:  # the network's output stays last, even if it was made before other steps
        output = host[rows[-1].name].main.name
        made[output] = made.pop(output)
    counts = Counter(around for path in paths.values() for around in path)
    steps = []
    for growing in made.values():
        first = (growing.before or [growing.main])[0]
        inputs = feeding[first.name] if growing.before else feeding[growing.main.name]
        steps.append(growing.step(tuple(host[s].main.name if s in host else s for s in inputs), paths, counts, example))
    sizes = Counter(around for step in steps for around in step.path)
    return Steps(tuple(steps), example(report.input), dict(sizes))


class _Growing:
    """A step while rows are folded into it."""

    def __init__(self, main: Row, before: Sequence[Row]) -> None:
        self.main, self.before = main, list(before)
        self.after: list[Row] = []

    def followed_by(self, rows: Sequence[Row]) -> _Growing:
        self.after += rows
        return self

    def step(
        self,
        inputs: tuple[str, ...],
        paths: dict[str, tuple[str, ...]],
        counts: Mapping[str, int],
        example: _ShapeReader,
    ) -> DrawnStep:
        rows = (*self.before, self.main, *self.after)
        path = paths[self.main.name]
        # The name is that of the outermost block that holds nothing else.
        within = [sum(around in paths[row.name] for row in rows) for around in path]
        whole = [around for around, held in zip(path, within, strict=True) if held == counts[around]]
        return DrawnStep(
            whole[0] if whole else self.main.name,
            self.main,
            rows,
            inputs,
            tuple(_said(row) for row in self.before if not _is_silent(row)),
            tuple(_said(row) for row in self.after if not _is_silent(row)),
            (example(rows[-1].output),),
            path,
        )


def _said(row: Row) -> str:
    return operation(row) if prepares(row) else plain_name(row.layer)


def _is_silent(row: Row) -> bool:
    """Say whether the row is not mentioned."""
    return plain_name(row.layer) == "Identity"


def _opened(report: Report, depth: int | None) -> tuple[tuple[Row, ...], dict[str, tuple[str, ...]], dict[str, str]]:
    """Return the rows at that depth, the blocks around each, and the row that makes the output of each row or block."""
    rows: list[Row] = []
    paths: dict[str, tuple[str, ...]] = {}
    leaving = {INPUT: INPUT}

    def visit(row: Row, around: tuple[str, ...]) -> None:
        is_deep = depth is not None and len(around) + 1 >= depth
        if row.parts is None or (is_deep and not _is_one(row)):
            rows.append(row)
            paths[row.name] = around
            leaving[row.name] = row.name
            return
        for part in row.parts:
            visit(part, (*around, row.name))
        leaving[row.name] = leaving[row.parts[-1].name if row.parts else row.inputs[0]]

    for row in report.rows:
        visit(row, ())
    return tuple(rows), paths, leaving


def _is_one(row: Row) -> bool:
    """Say whether a block is one layer and what is folded into it: then it is not drawn as a closed block."""
    return sum(not (stays_in_place(leaf) or prepares(leaf)) for leaf in row.leaves) == 1


class _ShapeReader:
    """Read a shape; it knows whether there is a batch, and whether the last axes are spatial."""

    def __init__(self, batched: bool, is_spatial: bool) -> None:
        self.batched, self.is_spatial = batched, is_spatial

    def __call__(self, shape: Shape) -> Example:
        maps, *sizes = shape[1 if self.batched else 0 :] or (1,)
        return Example(maps, tuple(sizes), self.is_spatial)


def _examples(report: Report) -> _ShapeReader:
    spatial = next((len(row.seen) for row in report.rows if row.inputs == (INPUT,)), 0)
    return _ShapeReader(len(report.input) > spatial + 1, spatial > 0)


def common(steps: Sequence[DrawnStep]) -> tuple[tuple[str, ...], tuple[DrawnStep, ...]]:
    """Return the layers after every convolution, if all are the same, and the steps without them.

    They are named once for the whole picture, but only if there are many convolutions and no closed blocks.

    >>> common([])
    ((), ())
    """
    kinds = Counter(kind(step.main) for step in steps)
    told = {step.after for step in steps if kind(step.main) == "maps"}
    if len(told) != 1 or kinds["maps"] < MANY or kinds["block"]:
        return (), tuple(steps)
    (after,) = told
    return after, tuple(step._replace(after=()) if kind(step.main) == "maps" else step for step in steps)
