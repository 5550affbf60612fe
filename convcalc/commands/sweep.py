"""`convcalc shape` with lists: one row for each combination."""

from __future__ import annotations

import gc
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from itertools import islice, product
from math import prod
from typing import TYPE_CHECKING, Any, NamedTuple

from convcalc.commands import output, values
from convcalc.commands.base import as_typed, option, tell, tell_notes
from convcalc.commands.convolution import KINDS, NO_KERNEL, READ, Place, layer_for, place_of
from convcalc.errors import ConvcalcError
from convcalc.layers.settings import counted
from convcalc.layers.windows import AXES
from convcalc.notes import Note, note_block
from convcalc.render.sweep import SETTINGS, USUAL, VALUES, kinds, sweep_columns, sweep_row, sweep_table
from convcalc.sweep import Configuration, Settings, configurations, count, sorted_by
from convcalc.syntax.condition import NUMBER, PER_AXIS, read_condition, read_value
from convcalc.walk import trace

if TYPE_CHECKING:
    from convcalc.report import Row

STREAMS = ("csv", "ndjson")
MOST_HELD = 10_000  # rows of a table or a document, or that are put in order
MOST_TRIED = 1_000_000  # combinations, where all must be tried before the first row can be shown
MOST_NAMED = 4  # sizes of an axis in the heading
FEWEST = "--out was not given, so out_channels is 1, or the number of groups"
SCOPE = "Counts: one example. MACs: dense, without the bias."
MANY = 10_000  # combinations from which on their number is said before they are tried

Value = Callable[[Callable[[str], Any]], Any]  # of a function that looks columns up


class Request(NamedTuple):
    """The sizes and settings, and which rows are wanted in which form; all as typed."""

    sizes: list[str]
    texts: Mapping[str, str | None]
    bias: bool
    where: str | None
    sort: str | None
    limit: str | None
    columns: str | None
    format: str
    get: str | None


def run(asked: Request) -> bool:
    """Answer; return True."""
    gc.enable()  # a sweep is long, and what it makes must go as it goes
    inputs = _inputs(asked.sizes)
    if asked.texts["kernel_size"] is None:
        raise ConvcalcError(NO_KERNEL)
    rank = inputs.first.rank
    settings = {name: _listed(name, text, rank) for name, text in asked.texts.items()}
    columns = kinds(rank, len(inputs.first.output))
    condition = None if asked.where is None else read_condition(asked.where, columns)
    keys = [] if asked.sort is None else [_key(part, columns) for part in asked.sort.split(",")]
    limit = None if asked.limit is None else values.at_least_one("--limit", asked.limit)
    names = None if asked.columns is None else values.columns("--columns", asked.columns, tuple(VALUES))
    combinations = count(inputs.number, settings)
    _refuse_too_many(combinations, asked, limit)
    numbers = None
    if MANY < combinations <= MOST_TRIED and (condition or keys) and asked.sizes != ["-"]:
        from convcalc.arrays.select import chosen

        numbers = chosen([[*map(int, size)] for size in inputs.sizes], settings, asked.bias, condition, keys)
    if numbers is not None:
        found = _evaluated_at(numbers, inputs, settings, asked.bias)
    else:
        if combinations > MANY:
            tell(f"{combinations:,} combinations to try (Ctrl-C stops it)")
        found = _evaluated(inputs.places(), settings, asked.bias)
        if condition is not None:
            found = (one for one in found if condition(_columns_of(one)))
        if keys:
            by = [(lambda one, value=value: value(_columns_of(one)), falling) for value, falling in keys]
            found = iter(sorted_by(found, by, limit) if limit else sorted_by(_held(found), by, MOST_HELD))
    found = islice(found, limit)
    notes = [Note("assumed", None, FEWEST)] if asked.texts["out_channels"] is None else []
    if asked.format in STREAMS:
        names = names or tuple(VALUES)
        output.emit_rows(sweep_columns(names), (sweep_row(names, one) for one in found), asked.format)
        tell_notes(notes)
    else:
        _emit(list(_held(found)), inputs, settings, names, asked, notes)
    return True


def _listed(name: str, text: str | None, rank: int) -> list[Any]:
    """Return the values of a setting. A setting that was not given has one value, None."""
    if text is None:
        return [None]
    found: dict[Any, Any] = {}
    for item in values.listed(option(name), text):
        value = READ[name](item)
        same = (value,) * rank if SETTINGS[name][1] == PER_AXIS and isinstance(value, int) else value
        if same in found:
            raise ConvcalcError(f"{option(name)} lists {item} twice: give each value once")
        found[same] = value
    return list(found.values())


class Inputs(NamedTuple):
    """The sizes of the input; ``-`` stands for the network that is piped in."""

    sizes: list[list[str]]
    first: Place

    @property
    def number(self) -> int:
        """Return how many inputs they make."""
        return prod(map(len, self.sizes))

    def places(self) -> Iterator[Place]:
        """Yield where the convolutions are added, one input after the other."""
        combinations = product(*self.sizes)
        next(combinations)
        yield self.first
        for combination in combinations:
            yield place_of(list(combination))


def _inputs(sizes: list[str]) -> Inputs:
    if sizes == ["-"]:
        return Inputs([sizes], place_of(sizes))
    if len(sizes) == 1:
        values.sizes(sizes)
    lists = [values.listed("size", size) for size in sizes]
    values.sizes([size for listed in lists for size in listed])
    return Inputs(lists, place_of([listed[0] for listed in lists]))


def _key(text: str, columns: Mapping[str, Any]) -> tuple[Value, bool]:
    """Return the value to sort by, and whether the largest comes first: -macs."""
    name = text.removeprefix("-")
    kind, value = read_value(name, columns)
    if kind not in (NUMBER, PER_AXIS):
        raise ConvcalcError(f"--sort {name} has no order, it is {kind}: sort by a number, such as macs or output.2")
    return value, text.startswith("-")


def _columns_of(one: Configuration) -> Callable[[str], Any]:
    """Return the function that looks the columns of a row up."""
    return lambda name: VALUES[name].value(one)


def _refuse_too_many(combinations: int, asked: Request, limit: int | None) -> None:
    """Refuse early what would fill the memory or the screen, or take very long before its first row."""
    streamed = asked.format in STREAMS
    held = asked.sort is not None or not streamed
    rows = combinations if asked.where is None else 0  # with a condition nobody knows yet
    most = min(rows, limit) if limit and rows else limit or rows
    if held and most > MOST_HELD:
        raise ConvcalcError(
            f"{combinations:,} combinations make more rows than {'--sort' if streamed else 'this format'} can use,"
            f" {MOST_HELD:,}: add --limit 100 or --where, or stream them with --format ndjson and no --sort"
        )
    tries_all = asked.sort is not None or (asked.where is not None and not streamed)
    if tries_all and combinations > MOST_TRIED:
        raise ConvcalcError(
            f"{combinations:,} combinations are too many to try all before the first is shown, {MOST_TRIED:,} at most:"
            " give shorter lists, or stream them with --format ndjson and no --sort"
        )


def _evaluated(places: Iterable[Place], settings: Mapping[str, Sequence[Any]], bias: bool) -> Iterator[Configuration]:
    for place in places:

        def evaluate(chosen: Settings, place: Place = place) -> Row:
            with as_typed():
                layer = layer_for(place.output[-1 - place.rank :], chosen, bias)
                assumed = chosen["out_channels"] is None
                return trace(place.network.then(place.name, layer, assumed), place.input).rows[-1]

        yield from configurations(place.output, settings, evaluate)


def _evaluated_at(
    numbers: Iterable[int], inputs: Inputs, settings: Mapping[str, Sequence[Any]], bias: bool
) -> Iterator[Configuration]:
    """Evaluate the combinations with these numbers, counted from 0, the last setting fastest."""
    lists = (*inputs.sizes, *settings.values())
    for number in numbers:
        picked: list[Any] = []
        for listed in reversed(lists):
            number, place = divmod(number, len(listed))  # noqa: PLW2901 - its last digit is taken off
            picked.append(listed[place])
        values_picked = picked[::-1]
        place_typed, rest = values_picked[: len(inputs.sizes)], values_picked[len(inputs.sizes) :]
        one = {name: [value] for name, value in zip(settings, rest, strict=True)}
        yield from _evaluated([place_of(place_typed)], one, bias)


def _held(rows: Iterable[Configuration]) -> Iterator[Configuration]:
    """Yield the rows; refuse when there are too many to hold."""
    for number, row in enumerate(rows):
        if number == MOST_HELD:
            raise ConvcalcError(
                f"more than {MOST_HELD:,} rows, too many to hold: add --limit 100, or stream them with --format ndjson"
                " and no --sort"
            )
        yield row


def _emit(
    rows: list[Configuration],
    inputs: Inputs,
    settings: Mapping[str, Sequence[Any]],
    names: tuple[str, ...] | None,
    asked: Request,
    notes: Sequence[Note],
) -> None:
    """Print rows that are all there, and the notes on them."""
    combinations = count(inputs.number, settings)
    if asked.format == "json":
        from convcalc.schema import sweep_document

        output.emit_document(sweep_document(rows, names or tuple(VALUES), combinations, notes), asked.get)
        return
    varying = [name for name in SETTINGS if len(settings[name]) > 1]
    if names is None:
        shapes = ("input",) if inputs.number > 1 else ()
        refused = ("refused",) if any(row.refused for row in rows) else ()
        names = (*shapes, *varying, *USUAL, *refused)
    if asked.format != "table":
        output.emit_table(sweep_table(names, rows), asked.format, notes)
        return
    reasons = list(dict.fromkeys(row.refused for row in rows if row.refused))
    marks = {reason: f"({number})" for number, reason in enumerate(reasons, start=1)}
    marked = [row._replace(refused=marks.get(row.refused or "")) for row in rows]
    explained = [f"{mark} {reason}" for reason, mark in marks.items()] if "refused" in names else []
    footing = [*explained, *_footing(rows, combinations, asked), *note_block(notes)]
    output.emit([_heading(inputs, combinations), sweep_table(names, marked), *footing])


def _heading(inputs: Inputs, combinations: int) -> str:
    """Return how the input was read, and how many combinations there are."""
    place = inputs.first
    axes = ("N", "C", *AXES[place.rank])[-len(place.output) :]
    sizes = inputs.sizes if inputs.sizes != [["-"]] else [[str(size)] for size in place.output]
    read = " ".join(f"{axis}={_few(listed)}" for axis, listed in zip(axes, sizes, strict=True))
    return f"{read}, {KINDS[place.rank].__name__}, {counted(combinations, 'combination')}"


def _few(sizes: Sequence[str]) -> str:
    return ",".join(sizes) if len(sizes) <= MOST_NAMED else f"{sizes[0]},...,{sizes[-1]}"


def _footing(rows: list[Configuration], combinations: int, asked: Request) -> list[str]:
    """Return how many of the rows are shown, and what they count."""
    parts = [f"{len(rows):,} of {combinations:,} shown"] if len(rows) != combinations else []
    if asked.where is not None:
        parts.append(f"where {asked.where}")
    if refused := sum(row.refused is not None for row in rows):
        parts.append(f"{refused:,} refused")
    return [*(["; ".join(parts) + "."] if parts else []), SCOPE]
