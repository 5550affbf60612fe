"""The columns of a sweep: what each is called, what kind of value it holds, and where that is found."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from fractions import Fraction
from typing import Any, NamedTuple

from convcalc.render.columns import COLUMNS, along
from convcalc.render.table import Column, Table
from convcalc.report import Row
from convcalc.sweep import Configuration
from convcalc.syntax.condition import NUMBER, PER_AXIS, SHAPE, TEXT, Kind

SETTINGS = {
    "kernel_size": ("kernel", PER_AXIS),
    "stride": ("stride", PER_AXIS),
    "padding": ("padding", PER_AXIS),
    "dilation": ("dilation", PER_AXIS),
    "groups": ("groups", NUMBER),
    "out_channels": ("out", NUMBER),
    "padding_mode": ("mode", TEXT),
}
FIGURES = ("parameters", "connections", "macs", "macs_exact", "flops", "dead_weights")
MEMORY = ("parameter_bytes", "output_bytes", "peak_bytes", "training_bytes")
USUAL = ("output", "parameters", "macs", "receptive_field")  # what a table shows of each row


class Value(NamedTuple):
    """A column: its title, what kind its values are, and the value of a configuration; None where it has none."""

    title: str
    kind: str
    value: Callable[[Configuration], Any]


def kinds(rank: int, sizes: int) -> dict[str, Kind]:
    """What each column holds, for a condition: of an input of so many sizes, ``rank`` of them spatial.

    >>> kinds(2, 4)["output"], kinds(2, 4)["stride"].length
    (Kind(kind='a shape', length=4), 2)
    """
    lengths = {SHAPE: sizes, PER_AXIS: rank}
    return {name: Kind(column.kind, lengths.get(column.kind, 0)) for name, column in VALUES.items()}


def cell(name: str, configuration: Configuration) -> object:
    """A value as a table shows it: of an axis each, one number where all agree.

    >>> one = Configuration((1, 1, 9, 9), {"padding": ((1, 2), (0, 1))}, None, "too small")
    >>> cell("padding", one), cell("macs", one), cell("refused", one)
    ('1:2x0:1', None, 'too small')
    """
    column = VALUES[name]
    typed = configuration.row is None and name in SETTINGS
    value = configuration.settings.get(name) if typed else column.value(configuration)
    if column.kind == PER_AXIS and isinstance(value, tuple):
        return along([":".join(map(str, part)) if isinstance(part, tuple) else part for part in value])
    return str(value) if isinstance(value, Fraction) else None if value == "" else value


def sweep_columns(names: Sequence[str]) -> tuple[Column, ...]:
    """The columns of these names.

    >>> sweep_columns(["macs"])[0].title
    'MACs'
    """
    return tuple(Column(VALUES[name].title, VALUES[name].kind in (NUMBER, PER_AXIS), key=name) for name in names)


def sweep_row(names: Sequence[str], configuration: Configuration) -> tuple[object, ...]:
    """The cells of a configuration.

    >>> sweep_row(["groups", "macs"], Configuration((1, 1, 9, 9), {"groups": 2}, None, "too small"))
    (2, None)
    """
    return tuple(cell(name, configuration) for name in names)


def sweep_table(names: Sequence[str], rows: Iterable[Configuration]) -> Table:
    """A row a configuration.

    >>> sweep_table(["input"], [Configuration((1, 1, 9, 9), {}, None, "too small")]).rows
    (((1, 1, 9, 9),),)
    """
    return Table(sweep_columns(names), tuple(sweep_row(names, row) for row in rows))


def _setting(name: str) -> Value:
    """A setting of the layer; of what was refused, as it was given (a word, such as same, is no number)."""
    title, kind = SETTINGS[name]

    def value(one: Configuration) -> Any:
        if one.row is None:
            given = one.settings.get(name)
            return None if isinstance(given, str) and kind != TEXT else given
        found = getattr(one.row.layer, name)
        if name == "padding":
            return tuple(before if before == after else (before, after) for before, after in found)
        return found

    return Value(title, kind, value)


def _of_row(title: str, kind: str, value: Callable[[Row], Any]) -> Value:
    return Value(title, kind, lambda one: None if one.row is None else value(one.row))


def _figure(name: str) -> Value:
    return _of_row(COLUMNS[name].title, NUMBER, lambda row: getattr(row.figures, name))


def _field(name: str, attribute: str) -> Value:
    """What a unit sees, along each axis of the network's input; None behind what has moved those axes."""
    return _of_row(
        COLUMNS[name].title, PER_AXIS, lambda row: tuple(getattr(field, attribute) for field in row.field) or None
    )


VALUES: dict[str, Value] = {
    "input": Value("input", SHAPE, lambda one: one.input),
    **{name: _setting(name) for name in SETTINGS},
    "output": _of_row("output", SHAPE, lambda row: row.output),
    **{name: _figure(name) for name in FIGURES},
    "receptive_field": _field("receptive_field", "size"),
    "jump": _field("jump", "jump"),
    "start": _field("start", "start"),
    "leftover": _of_row("left over", PER_AXIS, lambda row: row.leftover),
    "unread": _of_row("unread", PER_AXIS, lambda row: tuple(unread.elements for unread in row.unread)),
    **{name: _figure(name) for name in MEMORY},
    "refused": Value("refused", TEXT, lambda one: one.refused or ""),
}
