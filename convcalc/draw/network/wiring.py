"""The arrangement of a network's steps: in sequence, in branches between a split and a join, or otherwise."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from itertools import takewhile
from typing import NamedTuple, TypeAlias

from convcalc.draw.network.folding import DrawnStep
from convcalc.draw.text import TIMES
from convcalc.layers.block import INPUT

DEEPEST = 30  # forks within forks
END = ""  # the end of all paths; no step has that name


class Fork(NamedTuple):
    """Branches side by side, the number of wires past them, and the step where all join (None: they do not)."""

    branches: tuple[tuple[Item, ...], ...]
    wires: int
    join: DrawnStep | None


class StepGroup(NamedTuple):
    """Items in a frame: a block with a name, or items that repeat ``times`` times."""

    name: str
    items: tuple[Item, ...]
    times: int = 1

    @property
    def title(self) -> str:
        """The name, and the number of repeats; the parameters in the frame are then those of all repeats."""
        if self.times == 1:
            return self.name
        return f"{self.name} {TIMES} {self.times}, parameters in all".lstrip()


class Arc(NamedTuple):
    """A wire from a step over others to the steps at its ends, at a level above them."""

    start: int
    ends: tuple[int, ...]
    level: int


class Tangle(NamedTuple):
    """Steps wired in any other way: in a row, with edges (from, to).

    -1 is the input of the first step; the number after the last step is what comes next.
    """

    steps: tuple[DrawnStep, ...]
    edges: tuple[tuple[int, int], ...]

    @property
    def is_joined(self) -> bool:
        """Whether only the last step leads on."""
        return all(end < len(self.steps) for _, end in self.edges)

    @property
    def arcs(self) -> tuple[Arc, ...]:
        """The wires over other steps, the shortest first: one arc for each source, as low as possible."""
        ends: dict[int, list[int]] = {}
        for start, end in self.edges:
            if end - start > 1:
                ends.setdefault(start, []).append(end)
        arcs: list[Arc] = []
        for start, past in sorted(ends.items(), key=lambda each: (max(each[1]) - each[0], each[0])):
            met = {arc.level for arc in arcs if start < arc.ends[-1] and arc.start < max(past)}
            level = next(level for level in range(len(arcs) + 1) if level not in met)
            arcs.append(Arc(start, tuple(sorted(past)), level))
        return tuple(arcs)


Item: TypeAlias = DrawnStep | Fork | StepGroup | Tangle


def is_loose(item: Item) -> bool:
    """Say whether the output of the item is not used.

    >>> is_loose(Fork((), 1, None))
    False
    """
    if isinstance(item, StepGroup):
        return is_loose(item.items[-1])
    last = item.join if isinstance(item, Fork) else item.steps[-1] if isinstance(item, Tangle) else item
    return last is not None and last.is_loose


def told_from(step: DrawnStep, word: str, sources: Sequence[str], known: Mapping[str, str]) -> DrawnStep:
    """Return the step with words for inputs that have no line; ``known`` gives their short names.

    >>> from convcalc import Add, trace
    >>> from convcalc.draw.network.folding import steps_of
    >>> (step,) = steps_of(trace(Add(), (1, 8, 5, 5)), None).steps
    >>> told_from(step, "with", ["a", "b"], {"a": "A", "b": "B"}).after
    ('with A, B',)
    """
    words = f"{word} {', '.join(known[source] for source in sources)}"
    return step._replace(after=(*step.after, words)) if sources else step


def cut(tangle: Tangle, fits: Callable[[Tangle], bool], known: Mapping[str, str]) -> Iterator[Tangle]:
    """Yield the tangle in pieces, each as long as fits, divided only where one step feeds the next.

    Words name the inputs from another piece, by the names in ``known``.

    >>> list(cut(Tangle((), ()), lambda piece: True, {}))
    []
    """
    count, first = len(tangle.steps), 0
    places = [*(place for place in range(1, count) if (place - 1, place) in tangle.edges), count]
    while first < count:
        pieces = (_piece(tangle, first, end, known) for end in places if end > first)
        *_, piece = next(pieces), *takewhile(fits, pieces)
        yield piece
        first += len(piece.steps)


def _piece(tangle: Tangle, first: int, end: int, known: Mapping[str, str]) -> Tangle:
    """Return the steps from ``first`` to before ``end``: the step before feeds them, and only the last leads on."""
    count, names = len(tangle.steps), [step.main.name for step in tangle.steps]
    edges = {(end - 1 - first, end - first)} if end < count else set()
    steps = []
    for place, step in enumerate(tangle.steps[first:end], first):
        near = [start for start, to in tangle.edges if to == place and start >= first - 1]
        edges |= {(start - first, place - first) for start in near}
        drawn = {names[start] for start in near if start >= 0}
        others = [name for name in step.inputs if name not in drawn and (name in names or first > 0)]
        steps.append(told_from(step, "with" if near else "from", others, known))
    edges |= {(start - first, end - first) for start, to in tangle.edges if start >= first and to == end == count}
    return Tangle(tuple(steps), tuple(sorted(edges)))


def wired(steps: Sequence[DrawnStep]) -> tuple[Item, ...]:
    """Return the steps as items in sequence; a step whose output is not used is marked as loose.

    >>> from convcalc import Conv2d, Residual, Sequential, trace
    >>> from convcalc.draw.network.folding import steps_of
    >>> net = Sequential(Conv2d(3, 8, 3), Residual(Conv2d(8, 8, 3, padding=1)))
    >>> [type(item).__name__ for item in wired(steps_of(trace(net, (1, 3, 9, 9)), None).steps)]
    ['DrawnStep', 'Fork']
    """
    if not steps:
        return ()
    edges = [(source, step.main.name) for step in steps for source in step.inputs]
    loose = _loose_ends(steps, edges)
    ends = {name for name, _ in loose}
    marked = [step._replace(is_loose=True) if step.main.name in ends else step for step in steps]
    return _between(marked, [*edges, *loose, (steps[-1].main.name, END)], INPUT, END)


def _loose_ends(steps: Sequence[DrawnStep], edges: Sequence[tuple[str, str]]) -> list[tuple[str, str]]:
    """Return imagined edges from outputs that are not used to the next step on all paths, or to the end."""
    feeding = {step.main.name: step.inputs for step in steps}
    used: set[str] = set()
    todo = [steps[-1].main.name]
    while todo:
        name = todo.pop()
        if name not in used and name in feeding:
            used.add(name)
            todo += feeding[name]
    order = [step.main.name for step in steps]
    sources = {source for source, _ in edges}
    cuts = _cuts([n for n in order if n in used], [(a, b) for a, b in edges if b in used])
    added = []
    behind = END
    for name in reversed(order):
        if name not in used and name not in sources:
            added.append((name, behind))
        elif name in cuts:
            behind = name
    return added


def _cuts(names: Sequence[str], edges: Sequence[tuple[str, str]]) -> set[str]:
    """Return the names on every path: no edge leads past them. The names are in order, each after its sources."""
    place = {name: i for i, name in enumerate(names)}
    reach = [0] * (len(names) + 1)  # the furthest end of the edges from there or before
    for source, target in edges:
        start = place.get(source, -1)
        reach[start + 1] = max(reach[start + 1], place.get(target, len(names)))
    cuts, furthest = set(), 0
    for i, name in enumerate(names):
        furthest = max(furthest, reach[i])
        if furthest <= i:
            cuts.add(name)
    return cuts


def _between(
    steps: list[DrawnStep], edges: list[tuple[str, str]], source: str, target: str, depth: int = 0
) -> tuple[Item, ...]:
    """Return the items of the steps between two others. Each edge has one of these steps at an end.

    ``depth`` is the number of forks around them.
    """
    names = [step.main.name for step in steps]
    cuts = _cuts(names, edges)
    items: list[Item] = []
    inner: list[DrawnStep] = []
    last = source
    leading: dict[str, list[str]] = {}
    for start, end in edges:
        leading.setdefault(end, []).append(start)
    for step in (*steps, None):
        if step is not None and step.main.name not in cuts:
            inner.append(step)
            continue
        end = target if step is None else step.main.name
        if inner:
            wires = leading.get(end, []).count(last)
            items.append(_fork(inner, leading, last, end, wires, step, depth))
        elif step is not None:
            items.append(step)
        inner, last = [], end
    return tuple(items)


def _fork(
    inner: list[DrawnStep],
    leading: dict[str, list[str]],
    source: str,
    target: str,
    wires: int,
    join: DrawnStep | None,
    depth: int,
) -> Item:
    """Return the steps between two steps on every path, and the second of these if it is drawn here."""
    names = {step.main.name: step for step in inner}
    edges = [(a, b) for b in (*names, target) for a in leading.get(b, []) if a in names or b in names]
    parts = _components(inner, edges)
    if (len(parts) == 1 and not wires) or depth == DEEPEST:
        return _tangle(inner, edges, source, join)
    branches = []
    for part in parts:
        held = {step.main.name for step in part}
        branches.append(_between(part, [(a, b) for a, b in edges if a in held or b in held], source, target, depth + 1))
    return Fork(tuple(branches), wires, join)


def _components(steps: Sequence[DrawnStep], edges: Sequence[tuple[str, str]]) -> list[list[DrawnStep]]:
    """Return the steps in groups that are connected by edges."""
    root = {step.main.name: step.main.name for step in steps}

    def find(name: str) -> str:
        while root[name] != name:
            root[name] = root[root[name]]
            name = root[name]
        return name

    for a, b in edges:
        if a in root and b in root:
            root[find(b)] = find(a)
    parts: dict[str, list[DrawnStep]] = {}
    for step in steps:
        parts.setdefault(find(step.main.name), []).append(step)
    return list(parts.values())


def _tangle(
    inner: Sequence[DrawnStep], edges: Sequence[tuple[str, str]], source: str, join: DrawnStep | None
) -> Tangle:
    steps = (*inner, *([join] if join else []))
    place = {source: -1, **{step.main.name: i for i, step in enumerate(steps)}}
    loose = {step.main.name for step in steps if step.is_loose}
    return Tangle(steps, tuple(sorted({(place[a], place.get(b, len(steps))) for a, b in edges if a not in loose})))
