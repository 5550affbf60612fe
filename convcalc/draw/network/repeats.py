"""Frames: blocks around a fork, and parts that repeat in sequence."""

from __future__ import annotations

from collections import Counter
from collections.abc import Hashable, Iterator, Sequence

from convcalc.draw.network.folding import DrawnStep
from convcalc.draw.network.operations import kind
from convcalc.draw.network.wiring import Fork, Item, StepGroup, Tangle

LONGEST = 12  # items of a repeated part, at most
MOST_FRAMED = 4  # items in the frame of a block, at most


def steps_in(item: Item) -> Iterator[DrawnStep]:
    """Yield every step of an item.

    >>> list(steps_in(Fork((), 1, None)))
    []
    """
    if isinstance(item, DrawnStep):
        yield item
        return
    parts = item.steps if isinstance(item, Tangle) else item.items if isinstance(item, StepGroup) else ()
    for part in parts if not isinstance(item, Fork) else (each for branch in item.branches for each in branch):
        yield from steps_in(part)
    if isinstance(item, Fork) and item.join is not None:
        yield item.join


def framed(items: Sequence[Item], sizes: dict[str, int]) -> tuple[Item, ...]:
    """Return the items, each fork in the frame of the outermost block that holds only it and a few more steps.

    If there are such frames, blocks of a few steps get one too. ``sizes`` gives the number of steps in each block.

    >>> framed([], {})
    ()
    """
    forks = _in_frames(items, sizes, [place for place, item in enumerate(items) if isinstance(item, Fork)])
    if not any(isinstance(item, StepGroup) for item in forks):
        return forks
    return _in_frames(forks, sizes, [place for place, item in enumerate(forks) if isinstance(item, DrawnStep)])


def _in_frames(items: Sequence[Item], sizes: dict[str, int], places: Sequence[int]) -> tuple[Item, ...]:
    """Return the items; put an item at one of the places in a frame if a block holds it and a few more steps only."""
    result: list[Item] = []
    taken = 0  # of the items
    for place in places:
        if place >= taken:
            around, first, last = _frame(items, place, taken, sizes)
            if around:
                result += [*items[taken:first], StepGroup(around, tuple(items[first:last]))]
                taken = last
    return (*result, *items[taken:])


def _frame(items: Sequence[Item], place: int, taken: int, sizes: dict[str, int]) -> tuple[str, int, int]:
    """Return the outermost block that can frame the item at a place, and the range of items that it holds."""
    for around in next(steps_in(items[place])).path:
        first, last = place, place + 1
        while first > taken and last - first <= MOST_FRAMED and _holds(around, items[first - 1]):
            first -= 1
        while last < len(items) and last - first <= MOST_FRAMED and _holds(around, items[last]):
            last += 1
        if last - first > MOST_FRAMED or (last - first == 1 and isinstance(items[place], DrawnStep)):
            continue
        held = [around in step.path for item in items[first:last] for step in steps_in(item)]
        if all(held) and len(held) == sizes[around]:
            return around, first, last
    return "", place, place + 1


def _holds(around: str, item: Item) -> bool:
    return isinstance(item, DrawnStep) and around in item.path


def repeated(items: Sequence[Item], loose: bool = False) -> tuple[Item, ...]:
    """Return the items, with items that repeat in sequence folded into one.

    Steps are equal if they do the same with windows of the same size and give the same shape. With ``loose``, parts
    with forks may differ in their numbers of maps.

    >>> repeated([])
    ()
    """
    inside = [_inside(item, loose) for item in items]
    keys = [_key(item, loose and not isinstance(item, DrawnStep)) for item in inside]
    result: list[Item] = []
    place = 0
    while place < len(inside):
        length, count = _best(keys, place)
        if count == 1:
            result.append(inside[place])
        else:
            runs = [inside[place + i * length : place + (i + 1) * length] for i in range(count)]
            result.append(_folded(runs))
        place += length * count
    return tuple(result)


def _inside(item: Item, loose: bool) -> Item:
    if isinstance(item, Fork):
        return item._replace(branches=tuple(repeated(branch, loose) for branch in item.branches))
    if isinstance(item, StepGroup):
        items = repeated(item.items, loose)
        if len(items) == 1 and isinstance(items[0], DrawnStep):  # a step needs no frame
            return items[0]._replace(name=item.name or items[0].name)
        return item._replace(items=items)
    return item


def _best(keys: Sequence[Hashable], place: int) -> tuple[int, int]:
    """Return how many items from a place repeat, and how often: the choice that folds most."""
    best, saved = (1, 1), 0
    for length in range(1, min(LONGEST, (len(keys) - place) // 2) + 1):
        part, count = keys[place : place + length], 1
        while keys[place + count * length : place + (count + 1) * length] == part:
            count += 1
        if (count - 1) * length > saved:
            best, saved = (length, count), (count - 1) * length
    return best


def _folded(runs: Sequence[Sequence[Item]]) -> Item:
    """Return one item for all runs."""
    first, last = runs[0][0], runs[-1][-1]
    if len(runs[0]) == 1 and isinstance(first, DrawnStep):
        steps = [step for (step,) in runs if isinstance(step, DrawnStep)]
        name = span(first.name, steps[-1].name)
        return _merged(steps)._replace(name=name, run=sum(step.run for step in steps), times=1)
    if len(runs[0]) == 1 and isinstance(first, StepGroup) and isinstance(last, StepGroup):
        return StepGroup(
            span(first.name, last.name),
            _zipped([run[0].items for run in runs if isinstance(run[0], StepGroup)]),
            len(runs) * first.times,
        )
    return StepGroup("", _zipped(runs), len(runs))


def span(first: str, last: str) -> str:
    """Return the range of names from one to another, with the common part once.

    >>> span("features.0", "features.2"), span("a", "a")
    ('features.0\\u20132', 'a')
    """
    if first == last:
        return first
    before, ends = [], (first.split("."), last.split("."))
    for one, other in zip(*ends, strict=False):
        if one != other:
            break
        before.append(one)
    rest = [".".join(end[len(before) :]) for end in ends]
    return f"{'.'.join((*before, rest[0]))}\u2013{rest[1]}" if all(rest) else f"{first} \u2013 {last}"


def _zipped(runs: Sequence[Sequence[Item]]) -> tuple[Item, ...]:
    """Return equal runs as one, item by item."""
    return tuple(_as_one(alike) for alike in zip(*runs, strict=True))


def _as_one(alike: Sequence[Item]) -> Item:
    first = alike[0]
    if isinstance(first, DrawnStep):
        return _merged([item for item in alike if isinstance(item, DrawnStep)])
    if isinstance(first, StepGroup):
        return first._replace(items=_zipped([item.items for item in alike if isinstance(item, StepGroup)]))
    if isinstance(first, Tangle):
        steps = _zipped([item.steps for item in alike if isinstance(item, Tangle)])
        return first._replace(steps=tuple(step for step in steps if isinstance(step, DrawnStep)))
    forks = [item for item in alike if isinstance(item, Fork)]
    branches = tuple(_zipped(branches) for branches in zip(*(fork.branches for fork in forks), strict=True))
    joins = [fork.join for fork in forks if fork.join is not None]
    return Fork(branches, first.wires, _merged(joins) if joins else None)


def _merged(steps: Sequence[DrawnStep]) -> DrawnStep:
    first = steps[0]
    return first._replace(
        rows=tuple(row for step in steps for row in step.rows),
        examples=tuple(example for step in steps for example in step.examples),
        times=sum(step.times for step in steps),
    )


def _key(item: Item, loose: bool) -> Hashable:
    """Return a key that is the same for equal items."""
    if isinstance(item, DrawnStep):
        return (item.words, item.after, kind(item.main), item.example.sizes if loose else item.example)
    if isinstance(item, StepGroup):
        return ("group", item.times, tuple(_key(part, loose) for part in item.items))
    if isinstance(item, Tangle):
        return ("tangle", item.edges, tuple(_key(part, loose) for part in item.steps))
    branches = tuple(tuple(_key(part, loose) for part in branch) for branch in item.branches)
    return ("fork", item.wires, branches, item.join and _key(item.join, loose))


def short_names(items: Sequence[Item]) -> tuple[Item, ...]:
    """Return the items with short names: without the blocks around a layer, if the name is still unique.

    >>> short_names([])
    ()
    """
    taken = Counter(end for item in items for step in _named(item) for end in endings(step.name))
    return tuple(_renamed(item, taken) for item in items)


def _named(item: Item) -> Iterator[DrawnStep | StepGroup]:
    if isinstance(item, StepGroup) and item.name:
        yield item
    elif isinstance(item, StepGroup):
        for part in item.items:
            yield from _named(part)
    else:
        yield from steps_in(item)


def endings(name: str) -> list[str]:
    """Return the ends of a name that can replace it, the shortest first; a number alone cannot.

    >>> endings("features.3.conv"), endings("0")
    (['conv', '3.conv', 'features.3.conv'], ['0'])
    """
    parts = name.split(".")
    ends = [".".join(parts[first:]) for first in range(len(parts) - 1, -1, -1)]
    return [end for end in ends if not end.replace("\u2013", "").isdigit()] or [name]


def _renamed(item: Item, taken: Counter[str]) -> Item:
    if isinstance(item, DrawnStep):
        return item._replace(name=next((end for end in endings(item.name) if taken[end] == 1), item.name))
    if isinstance(item, StepGroup):
        if not item.name:
            return item._replace(items=tuple(_renamed(part, taken) for part in item.items))
        return item._replace(
            name=next((end for end in endings(item.name) if taken[end] == 1), item.name), items=short_names(item.items)
        )
    if isinstance(item, Tangle):
        steps = [_renamed(step, taken) for step in item.steps]
        return item._replace(steps=tuple(step for step in steps if isinstance(step, DrawnStep)))
    join = item.join and _renamed(item.join, taken)
    branches = tuple(tuple(_renamed(part, taken) for part in branch) for branch in item.branches)
    return Fork(branches, item.wires, join if isinstance(join, DrawnStep) else None)
