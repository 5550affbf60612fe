"""What the answers of `convcalc solve` have in common: bounds in words, and cells of an axis each."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from convcalc.render.columns import along
from convcalc.render.table import Column
from convcalc.solve.bounds import spoken

Document = dict[str, Any]
Lines = tuple[list[str], list[str]]  # before and behind the table

TITLES = {
    "kernel_size": "kernel",
    "output_padding": "output padding",
    "ceil_mode": "ceil mode",
    "leftover": "left over",
}


def spelled(numbers: Sequence[int]) -> str:
    """Numbers, as they are typed on the command line.

    >>> spelled(range(1, 8)), spelled(range(1, 8, 2)), spelled((3, 5)), spelled(range(3, 4))
    ('1..7', '1..7..2', '3,5', '3')
    """
    if not isinstance(numbers, range) or numbers[0] == numbers[-1]:
        return ",".join(map(str, numbers))
    step = f"..{numbers.step}" if numbers.step != 1 else ""
    return f"{numbers[0]}..{numbers[-1]}{step}"


def among(bounds: Mapping[str, Sequence[int]]) -> str:
    """Bounds in words.

    >>> among({"kernel_size": range(1, 12), "stride": (1,)})
    'kernel 1 to 11, stride 1'
    """
    return ", ".join(f"{TITLES.get(name, name)} {spoken(numbers)}" for name, numbers in bounds.items())


def number_columns(titles: Sequence[str], keys: Sequence[str]) -> tuple[Column, ...]:
    """Columns of numbers, but for the output, which is a shape.

    >>> [column.number for column in number_columns(["kernel", "output"], ["kernel_size", "output"])]
    [True, False]
    """
    return tuple(Column(title, key != "output", key=key) for title, key in zip(titles, keys, strict=True))


def cell(values: Sequence[object]) -> object:
    """Values an axis each as a table shows them; a flag is the same along all.

    >>> cell([3, 5]), cell([2, 2]), cell([True, True])
    ('3x5', 2, 'yes')
    """
    if isinstance(values[0], bool):
        return "yes" if values[0] else None
    return along(values)
