"""The answers to SIZE TARGET: the document, the table, and the lines around it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from convcalc.layers.settings import by
from convcalc.render.solve_words import TITLES, Document, Lines, among, cell, spelled
from convcalc.render.table import Column, Table

if TYPE_CHECKING:
    from convcalc.solve.answers import Answer, Answers

OPERATIONS = {"Conv": "a convolution", "MaxPool": "a pool", "ConvTranspose": "a transposed convolution"}
ORDERS = {
    "Conv": "the padding, 2 per step of dilation, 1 per unread element, and 1 each for an even kernel and a remainder",
    "MaxPool": "the padding, 2 per step of dilation, 1 per unread element, and 1 each for a remainder, a stride other"
    " than the kernel, and ceil mode",
    "ConvTranspose": "the padding, the output padding, 2 per step of dilation, 1 for a stride that does not divide the"
    " kernel (stamps overlap unevenly), and 2 where the size does not grow by the stride",
}


def size_table(answers: Answers, shown: Sequence[Answer]) -> Table:
    """A row an answer, its settings an axis each.

    >>> from convcalc.solve.conv import conv
    >>> answers = conv((28,), (13,))
    >>> size_table(answers, answers.first(1)).rows[0]
    (4, 2, 0, 1, 0, 0, 1)
    """
    names = (*answers.operation.settings, *(() if _transposed(answers) else ("leftover", "unread")))
    columns = tuple(Column(TITLES.get(name, name), name != "ceil_mode", key=name) for name in names)
    rows = [
        (*(cell([getattr(axis, name) for axis in answer.axes]) for name in names), answer.score) for answer in shown
    ]
    return Table((*columns, Column("score", True, key="score")), tuple(rows))


def size_lines(answers: Answers, shown: int) -> Lines:
    """What was asked; how many answers there are, within which bounds, in which order.

    >>> from convcalc.solve.conv import conv
    >>> size_lines(conv((28,), (13,)), 1)[0]
    ['28 to 13 by a convolution, the simplest first']
    """
    operation = answers.operation.layer
    before = [f"{by(answers.sizes)} to {by(answers.targets)} by {OPERATIONS[operation]}, the simplest first"]
    behind = [f"{shown:,} of {answers.found:,} shown (--limit shows more)."] if shown < answers.found else []
    behind.append(f"Looked among: {'; '.join(_bounds(answers))}.")
    if not answers.complete:
        behind.append(f"Stopped early, {_stopped(answers)}: only smaller paddings are complete. Give narrower bounds.")
    behind.append(f"Score: {ORDERS[operation]}.")
    if len(answers.sizes) > 1:
        behind.append("Along several axes scores add up, and a setting that is not the same along all adds 1.")
    behind.append("Each was checked by the forward formula.")
    return before, behind


def size_document(answers: Answers, shown: Sequence[Answer]) -> Document:
    """The question, the bounds and the answers.

    >>> from convcalc.solve.conv import conv
    >>> answers = conv((28,), (13,))
    >>> size_document(answers, answers.first(1))["answers"][0]["layer"]
    'Conv1d(1, 1, 4, stride=2)'
    """
    names = (*answers.operation.settings, "leftover", "unread")
    return {
        "question": {
            "operation": answers.operation.layer,
            "sizes": list(answers.sizes),
            "targets": list(answers.targets),
        },
        "bounds": [{name: spelled(getattr(limits, name)) for name in _bounded(answers)} for limits in answers.limits],
        "found": answers.found,
        "complete": answers.complete,
        "stopped_at_padding": list(answers.stopped_at),
        "answers": [
            {
                "layer": repr(answer.layer),
                **{name: [getattr(axis, name) for axis in answer.axes] for name in names},
                "score": answer.score,
            }
            for answer in shown
        ],
    }


def _transposed(answers: Answers) -> bool:
    return answers.operation.layer == "ConvTranspose"


def _bounded(answers: Answers) -> list[str]:
    """The settings that have bounds: all but a flag."""
    return [name for name in answers.operation.settings if name != "ceil_mode"]


def _bounds(answers: Answers) -> list[str]:
    """The bounds in words; an axis each where they are not the same along all."""
    each = list(dict.fromkeys(answers.limits))
    return [among({name: getattr(limits, name) for name in _bounded(answers)}) for limits in each]


def _stopped(answers: Answers) -> str:
    paddings = [f"{padding:,}" for padding in answers.stopped_at if padding is not None]
    return f"at padding {' and '.join(dict.fromkeys(paddings))}"
