"""Plain text at full width: what a pipe or a file gets, so that no digit is ever cut."""

from __future__ import annotations

from convcalc.render.table import Table

GAP = "  "


def text(table: Table) -> str:
    """Aligned columns, titles underlined.

    >>> from convcalc.render.table import Column
    >>> print(text(Table((Column("layer"), Column("parameters", number=True)), (("C1", "156"),))))
    layer  parameters
    -----  ----------
    C1            156
    """
    lines: list[tuple[str, ...]] = list(table.lines)
    widths = table.widths
    rule = tuple("-" * width for width in widths)
    if table.headed:
        lines[:0] = [tuple(column.title for column in table.columns), rule]
    if table.footer:
        lines += [rule, table.last_line]
    return "\n".join(_line(table, widths, cells) for cells in lines)


def records(table: Table) -> str:
    """A block of labelled lines for each row: for a terminal too narrow for the columns.

    >>> from convcalc.render.table import Column
    >>> print(records(Table((Column("layer"), Column("parameters", number=True)), (("C1", "156"),))))
    layer       C1
    parameters  156
    """
    width = max(len(column.title) for column in table.columns)
    blocks = [
        "\n".join(
            f"{column.title:{width}}{GAP}{cell}".rstrip()
            for column, cell in zip(table.columns, cells, strict=True)
            if cell not in ("", "-")
        )
        for cells in (*table.lines, *([table.last_line] if table.footer else []))
    ]
    return "\n\n".join(blocks)


def _line(table: Table, widths: tuple[int, ...], cells: tuple[str, ...]) -> str:
    aligned = (
        cell.rjust(width) if column.number else cell.ljust(width)
        for column, cell, width in zip(table.columns, cells, widths, strict=True)
    )
    return GAP.join(aligned).rstrip()
