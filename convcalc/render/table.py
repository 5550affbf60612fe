"""A table: what it holds, in words, before any format has touched it."""

from __future__ import annotations

from typing import NamedTuple

from convcalc.errors import printable

DASH = "-"


class Column(NamedTuple):
    """A column's title, whether it holds numbers, whether it may go where there is no room, and its name in data."""

    title: str
    number: bool = False
    optional: bool = False
    key: str = ""


class Table(NamedTuple):
    """Rows of cells, each a value that a format writes in its own way; without titles, a list of labels and values."""

    columns: tuple[Column, ...]
    rows: tuple[tuple[object, ...], ...]
    footer: tuple[object, ...] = ()

    @property
    def headed(self) -> bool:
        """Whether the columns have titles."""
        return any(column.title for column in self.columns)

    @property
    def lines(self) -> tuple[tuple[str, ...], ...]:
        """The rows as people read them."""
        return tuple(tuple(map(shown, cells)) for cells in self.rows)

    @property
    def last_line(self) -> tuple[str, ...]:
        """The footer as people read it; empty where there is none."""
        return tuple(map(shown, self.footer))

    @property
    def widths(self) -> tuple[int, ...]:
        """Characters that each column needs."""
        titles = tuple(column.title for column in self.columns)
        lines = (titles, *self.lines, *([self.last_line] if self.footer else []))
        return tuple(max(map(len, cells)) for cells in zip(*lines, strict=True))

    def width(self, gap: int) -> int:
        """Characters that a line needs, with a gap between columns."""
        return sum(self.widths) + gap * (len(self.columns) - 1)

    def within(self, width: int, gap: int) -> Table:
        """The table, without its optional columns where it would be wider than ``width``."""
        if self.width(gap) <= width:
            return self
        kept = [number for number, column in enumerate(self.columns) if not column.optional]
        rows = tuple(tuple(row[number] for number in kept) for row in self.rows)
        footer = tuple(self.footer[number] for number in kept) if self.footer else ()
        return Table(tuple(self.columns[number] for number in kept), rows, footer)


def shown(value: object) -> str:
    """A value as people write it: thousands apart, shapes in brackets, a dash for nothing.

    >>> shown(122304), shown((1, 3)), shown(None), shown("C1")
    ('122,304', '[1, 3]', '-', 'C1')
    """
    if isinstance(value, tuple):
        return brackets(value)
    return f"{value:,}" if isinstance(value, int) else DASH if value is None else printable(str(value))


def brackets(shape: tuple[int, ...]) -> str:
    """A shape as people write it.

    >>> brackets((10, 16, 13, 13))
    '[10, 16, 13, 13]'
    """
    return f"[{', '.join(map(str, shape))}]"


LABELLED = (Column(""), Column(""))
