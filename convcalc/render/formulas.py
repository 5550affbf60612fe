"""Formulas with their numbers, a line a figure."""

from __future__ import annotations

from collections.abc import Sequence

from convcalc.explain import Line


def text(lines: Sequence[Line]) -> str:
    """A line a figure: its name, its formula with the numbers put in, its value.

    >>> print(text([Line("parameters", "150 + 6", 156)]))
    parameters  150 + 6 = 156
    """
    width = max((len(line.figure) for line in lines), default=0)
    return "\n".join(f"{line.figure:{width}}  {line.formula} = {line.value:,}" for line in lines)
