"""Rich tables, for a terminal."""

from __future__ import annotations

from rich import box
from rich import table as rich_table
from rich.console import Group, RenderableType
from rich.text import Text

from convcalc.render import plain
from convcalc.render.table import Table

GAP = 2  # characters between two columns


def renderable(table: Table, width: int) -> RenderableType:
    """Return the table for Rich; as labelled lines where the terminal is too narrow for it, so that no digit is cut.

    Where the table fits without its optional columns, a line below it names those that are left out.

    Cells are `Text`, so that brackets in them are no markup.
    """
    fitting = table.within(width, GAP)
    if fitting.headed and fitting.width(GAP) > width:
        return Text(plain.records(table))
    grid = rich_table.Table(
        box=box.SIMPLE if fitting.headed else None,
        show_header=fitting.headed,
        show_footer=bool(fitting.footer),
        show_edge=False,
        pad_edge=False,
        padding=(0, 1, 0, 0) if fitting.headed else (0, 2, 0, 0),
    )
    for number, column in enumerate(fitting.columns):
        grid.add_column(
            Text(column.title),
            Text(fitting.last_line[number] if fitting.footer else ""),
            justify="right" if column.number else "left",
            overflow="fold",
            style="bold" if number == 0 else "",
            header_style="bold",
            footer_style="bold",
        )
    for cells in fitting.lines:
        grid.add_row(*(Text(cell, style=_style(cell)) for cell in cells))
    left_out = [column.title for column in table.columns if column not in fitting.columns]
    if not left_out:
        return grid
    return Group(grid, Text(f"(The terminal is too narrow for the column {', '.join(left_out)}.)"))


def _style(cell: str) -> str:
    return {"ok": "green", "DIFFERS": "bold red"}.get(cell, "")
