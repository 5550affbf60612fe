"""A booktabs table for a paper."""

from __future__ import annotations

from collections.abc import Sequence

from convcalc.render.table import Table

SPECIAL = {character: f"\\{character}" for character in "&%$#_{}"}
SPECIAL |= {"\\": "\\textbackslash{}", "~": "\\textasciitilde{}", "^": "\\textasciicircum{}"}
SPECIAL |= {"<": "\\textless{}", ">": "\\textgreater{}", "|": "\\textbar{}", '"': "\\textquotedbl{}"}


def text(table: Table) -> str:
    """A tabular with titles, rows and totals; numbers to the right. The document needs ``\\usepackage{booktabs}``.

    >>> from convcalc.render.table import Column
    >>> print(text(Table((Column("layer"), Column("MACs", number=True)), (("C_1", 117600),))))
    % needs \\usepackage{booktabs}
    \\begin{tabular}{lr}
    \\toprule
    layer & MACs \\\\
    \\midrule
    C\\_1 & 117,600 \\\\
    \\bottomrule
    \\end{tabular}
    """
    alignment = "".join("r" if column.number else "l" for column in table.columns)
    lines = ["% needs \\usepackage{booktabs}", f"\\begin{{tabular}}{{{alignment}}}", "\\toprule"]
    lines += [_line([column.title for column in table.columns]), "\\midrule"]
    lines += map(_line, table.lines)
    if table.footer:
        lines += ["\\midrule", _line(table.last_line)]
    return "\n".join([*lines, "\\bottomrule", "\\end{tabular}"])


def escape(cell: str) -> str:
    """The text, with nothing in it that LaTeX would take for its own; a bracket first in a row is no argument.

    >>> escape("50% of a_b")
    '50\\\\% of a\\\\_b'
    """
    return "".join(SPECIAL.get(character, character) for character in " ".join(cell.split()))


def _line(cells: Sequence[str]) -> str:
    line = " & ".join(map(escape, cells))
    return f"{'{}' if line.startswith('[') else ''}{line} \\\\"
