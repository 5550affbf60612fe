"""The answers to --chain: the document, the table, and the lines around it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

from convcalc.layers.settings import Shape, counted
from convcalc.render.solve_words import Document, Lines, among, cell, number_columns
from convcalc.render.table import Table

if TYPE_CHECKING:
    from convcalc.solve.chain import Chains


def chain_table(found: Chains) -> Table:
    """A row a chain.

    >>> from convcalc.solve.chain import chains
    >>> chain_table(chains(3, 31, kernel_size=(3,), dilation=(5,))).rows[0][:6]
    (3, 1, 5, 5, 31, 7)
    """
    titles = ("kernel", "stride", "dilation", "padding", "sees", "reads", "MACs", "output")
    keys = ("kernel_size", "stride", "dilation", "padding", "receptive_field", "elements_seen", "macs", "output")
    rows = [
        (
            one.layer.kernel_size[0],
            one.layer.stride[0],
            one.layer.dilation[0],
            cell([before if before == after else f"{before}:{after}" for before, after in one.layer.padding]),
            one.receptive_field,
            one.elements_seen,
            one.macs,
            one.output,
        )
        for one in found.chains
    ]
    return Table(number_columns(titles, keys), tuple(rows))


def chain_lines(found: Chains, layers: int, field: int, shape: Shape, bounds: Mapping[str, Sequence[int]]) -> Lines:
    """What was asked; how many there are, and what was left out.

    >>> from convcalc.solve.chain import chains
    >>> chain_lines(chains(3, 31, kernel_size=(3,)), 3, 31, (1, 1, 224, 224), {"kernel_size": (3,)})[0]
    ['3 equal layers seeing at least 31, on [1, 1, 224, 224], the fewest MACs first']
    """
    shown = len(found.chains)
    before = [
        f"{counted(layers, 'equal layer')} seeing at least {field:,}, on [{', '.join(map(str, shape))}],"
        " the fewest MACs first"
    ]
    behind = [f"{shown:,} of {found.found:,} shown (--limit shows more)."] if shown < found.found else []
    behind.append(f"Looked among: {among(bounds)}.")
    left_out = [
        f"{number:,} that {reason}"
        for number, reason in ((found.unread, "leave some of the input unread"), (found.misfits, "do not fit"))
        if number
    ]
    if left_out:
        behind.append(f"Left out: {', '.join(left_out)}.")
    if found.stopped is not None:
        kernel, dilation, stride = found.stopped
        behind.append(
            f"Stopped early, before kernel {kernel}, dilation {dilation}, stride {stride}: give narrower bounds."
        )
    behind.append("sees: from the first to the last element; reads: how many of them (dilation leaves holes).")
    behind.append("Each was checked by walking the whole chain.")
    return before, behind


def chain_document(found: Chains, layers: int, field: int, shape: Shape) -> Document:
    """The question and its answers.

    >>> from convcalc.solve.chain import chains
    >>> chain_document(chains(3, 31, kernel_size=(3,)), 3, 31, (1, 1, 224, 224))["answers"][0]["macs"]
    1354752
    """
    return {
        "question": {"layers": layers, "receptive_field": field, "input": list(shape)},
        "found": found.found,
        "left_out": {"unread": found.unread, "misfits": found.misfits},
        "complete": found.stopped is None,
        "answers": [
            {
                "layer": repr(one.layer),
                "receptive_field": one.receptive_field,
                "elements_seen": one.elements_seen,
                "macs": one.macs,
                "output": list(one.output),
            }
            for one in found.chains
        ],
    }
