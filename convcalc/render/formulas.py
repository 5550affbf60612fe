"""Formulas as text: in letters, what the letters are, and with numbers."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence

from convcalc.explain import LETTERS, Line
from convcalc.layers.settings import spell


def text(lines: Sequence[Line]) -> str:
    """Return three lists: the formulas in letters and what they give, the letters, and the formulas with numbers.

    >>> from convcalc.explain import line
    >>> print(text([line("MACs", "f*i * v", 1200, f=10, i=120, v=1)]))
    In letters:
    MACs  f*i * v  multiply-accumulates in one example
    <BLANKLINE>
    The letters:
    f  10   out_features
    i  120  in_features
    v  1    vectors in one example
    <BLANKLINE>
    With numbers:
    MACs  10*120 * 1 = 1,200
    """
    if not lines:
        return "no formula: the layer has no weights, and its output takes no memory of its own"
    width = max(len(line.figure) for line in lines)
    numbers = [f"{line.figure:{width}}  {line.formula} = {line.value:,}" for line in lines]
    return "\n".join(
        ["In letters:", *_in_letters(lines), "", "The letters:", *_letters(lines), "", "With numbers:", *numbers]
    )


def _in_letters(lines: Sequence[Line]) -> list[str]:
    """A formula that is the same along every axis stands once."""
    written: dict[tuple[str, str], list[Line]] = {}
    for line in lines:
        written.setdefault((line.kind, re.sub(r"_[A-Z]\b", "", line.letters)), []).append(line)
    return columns(
        (" and ".join([same[0].figure, *(line.figure.split()[-1] for line in same[1:])]), letters, same[0].meaning)
        if len({line.figure for line in same}) > 1
        else (same[0].figure, same[0].letters, same[0].meaning)
        for (_, letters), same in written.items()
    )


def _letters(lines: Sequence[Line]) -> list[str]:
    """What each letter is; one that stands for several axes has its values side by side."""
    given: dict[str, dict[str, object]] = {}
    for line in lines:
        for name, value in line.given.items():
            given.setdefault(name[0], {})[name] = value
    return columns(
        (", ".join(values), spell([str(value) for value in values.values()]), LETTERS[letter])
        for letter, values in given.items()
    )


def columns(rows: Iterable[Sequence[str]]) -> list[str]:
    """Return the rows as lines, each column as wide as its widest cell.

    >>> columns([("a", "bcd"), ("ef", "g")])
    ['a   bcd', 'ef  g']
    """
    cells = list(rows)
    widths = [max(map(len, column)) for column in zip(*cells, strict=True)]
    return ["  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip() for row in cells]
