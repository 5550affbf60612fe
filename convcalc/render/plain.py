"""Plain text at full width: what a pipe or a file gets, so that no digit is ever cut."""

from __future__ import annotations

from convcalc.render.sheet import Sheet

GAP = "  "


def text(sheet: Sheet) -> str:
    """Aligned columns, titles underlined.

    >>> from convcalc.render.sheet import Column
    >>> print(text(Sheet((Column("layer"), Column("parameters", number=True)), (("C1", "156"),))))
    layer  parameters
    -----  ----------
    C1            156
    """
    lines: list[tuple[str, ...]] = list(sheet.lines)
    widths = sheet.widths
    rule = tuple("-" * width for width in widths)
    if sheet.headed:
        lines[:0] = [tuple(column.title for column in sheet.columns), rule]
    if sheet.footer:
        lines += [rule, sheet.last_line]
    return "\n".join(_line(sheet, widths, cells) for cells in lines)


def records(sheet: Sheet) -> str:
    """A block of labelled lines for each row: for a terminal too narrow for the columns.

    >>> from convcalc.render.sheet import Column
    >>> print(records(Sheet((Column("layer"), Column("parameters", number=True)), (("C1", "156"),))))
    layer       C1
    parameters  156
    """
    width = max(len(column.title) for column in sheet.columns)
    blocks = [
        "\n".join(
            f"{column.title:{width}}{GAP}{cell}".rstrip()
            for column, cell in zip(sheet.columns, cells, strict=True)
            if cell not in ("", "-")
        )
        for cells in (*sheet.lines, *([sheet.last_line] if sheet.footer else []))
    ]
    return "\n\n".join(blocks)


def _line(sheet: Sheet, widths: tuple[int, ...], cells: tuple[str, ...]) -> str:
    aligned = (
        cell.rjust(width) if column.number else cell.ljust(width)
        for column, cell, width in zip(sheet.columns, cells, widths, strict=True)
    )
    return GAP.join(aligned).rstrip()
