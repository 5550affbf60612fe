"""The table of connections in a terminal."""

from __future__ import annotations

from convcalc.draw.connections.connectivity import (
    ALL,
    SOME,
    Span,
    blocks,
    columns,
    connected_row,
    connectivity_of,
    kinds_of,
)
from convcalc.draw.connections.picture import sum_of
from convcalc.draw.lookup import kind_of, row_named
from convcalc.draw.terminal import WIDTH, Line, StyledText, shorten, words
from convcalc.draw.text import TIMES
from convcalc.layers.block import INPUT
from convcalc.layers.linear import Linear
from convcalc.report import Report

TO = "\u2013"
NUMBER = 23  # characters of a label at most
NUMBERED = 3  # characters of a cell of a table whose columns are numbered


def connection_lines(report: Report, layer: str, width: int = WIDTH) -> list[Line]:
    """Return a table of which input maps (lines) feed which output maps (columns), with X as in LeCun's table I.

    With more than 64 maps each cell is a block; / means that some of its pairs are connected. Errors as
    `connections_picture`.

    >>> from convcalc import trace, zoo
    >>> from convcalc.draw.terminal import plain
    >>> lines = plain(connection_lines(trace(zoo.build("lenet5"), (1, 1, 32, 32)), "C3"), in_ascii=True)
    >>> print(lines[3].strip())  # map 0 of S2 feeds these
    0  X  .  .  .  X  X  X  .  .  X  X  X  X  .  X  X
    """
    row = row_named(report, layer)
    inner = connected_row(row)
    links = connectivity_of(inner)
    table = list(columns(links))
    inputs = blocks(links.inputs)
    labels = [shorten(_span(block), NUMBER) for block in inputs]
    beside = max(map(len, labels))
    cell = NUMBERED if beside + NUMBERED * len(table) <= width and len(table) == links.outputs else 1
    most = (width - beside - 1) // cell
    source = "the input" if row.inputs[0] == INPUT else row.inputs[0]
    unit = "unit" if isinstance(inner.layer, Linear) else "map"
    lines = words("title", f"{layer}: which {unit}s of {source} feed which of its {unit}s", width)
    lines += words("ink", f"{kind_of(inner)}: {sum_of(inner)}", width)
    for first in range(0, len(table), most):
        part = table[first : first + most]
        if cell == NUMBERED:
            numbers = "".join(f"{span[0]:>{cell}}" for span, _ in part)
        else:
            numbers = f" outputs {part[0][0][0]:,} to {part[-1][0][1]:,}"
        numbers = " " * beside + numbers
        lines += [(StyledText("muted", numbers),)] if len(numbers) <= width else words("muted", numbers.strip(), width)
        for i, label in enumerate(labels):
            marks = "".join(_mark(states[i]).rjust(cell) for _, states in part)
            lines.append(
                (StyledText("muted", label.rjust(beside) + ("" if cell > 1 else " ")), StyledText("code", marks))
            )
    lines += words("muted", "; ".join(kind.words for kind in kinds_of(links)), width)
    if len(table) < links.outputs or len(labels) < links.inputs:
        size = f"{inputs[0][1] + 1:,} inputs {TIMES} {table[0][0][1] + 1:,} outputs"
        lines += words("muted", f"a cell is up to {size}: X all pairs, / some of them", width)
    return lines


def _span(span: Span) -> str:
    first, last = span
    return str(first) if first == last else f"{first}{TO}{last}"


def _mark(state: int) -> str:
    return "X" if state == ALL else "/" if state == SOME else "."
