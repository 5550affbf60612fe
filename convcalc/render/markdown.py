"""A table as GitHub's Markdown has it."""

from __future__ import annotations

from collections.abc import Sequence

from convcalc.render.table import Table

SPECIAL = "\\`*_[]<>|~&"


def text(table: Table) -> str:
    """Titles, rows, and the totals in bold; numbers to the right.

    >>> from convcalc.render.table import Column
    >>> print(text(Table((Column("layer"), Column("MACs", number=True)), (("C1", 117600),), ("total", 117600))))
    | layer | MACs |
    | :--- | ---: |
    | C1 | 117,600 |
    | **total** | **117,600** |
    """
    lines = [_line([escape(column.title) for column in table.columns])]
    lines.append(_line(["---:" if column.number else ":---" for column in table.columns]))
    lines += [_line(list(map(escape, cells))) for cells in table.lines]
    if table.footer:
        lines.append(_line([f"**{escape(cell)}**" if cell else "" for cell in table.last_line]))
    return "\n".join(lines)


def escape(cell: str) -> str:
    """The text, with nothing in it that Markdown would take for its own.

    >>> escape("a|b_c")
    'a\\\\|b\\\\_c'
    """
    return "".join(f"\\{character}" if character in SPECIAL else character for character in " ".join(cell.split()))


def _line(cells: Sequence[str]) -> str:
    return f"| {' | '.join(cells)} |"
