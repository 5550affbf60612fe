"""What execution showed: predicted beside observed, and the verdict."""

from __future__ import annotations

from typing import TYPE_CHECKING

from convcalc.layers.settings import counted
from convcalc.render.table import Column, Table, shown

if TYPE_CHECKING:
    from convcalc.verify import Verification


def verification_table(verification: Verification) -> Table:
    """Predicted beside observed, a line a figure.

    >>> from convcalc import Linear
    >>> from convcalc.verify import verify
    >>> table = verification_table(verify(Linear(2, 3), (1, 2)))
    >>> [row[2:] for row in table.rows if row[1] == "parameters"]
    [('9', '9', 'ok')]
    """
    columns = (
        Column("layer"),
        Column("figure"),
        Column("predicted", number=True),
        Column("observed", number=True),
        Column("result"),
    )
    rows = [
        (row.name, check.figure, shown(check.predicted), shown(check.observed), "ok" if check.agrees else "DIFFERS")
        for row in verification.rows
        for check in row.checks
        if check.predicted is not None or check.observed is not None
    ]
    return Table(columns, tuple(rows))


def verdict(verification: Verification) -> str:
    """Return what the execution showed, and the algorithms that convolutions were executed with.

    >>> from convcalc import Linear
    >>> from convcalc.verify import verify
    >>> verdict(verify(Linear(2, 3), (1, 2))).split(", in ")[0]
    'Verified: every figure in this table is what was executed and counted'
    """
    counted_by_execution = f"executed and counted, in {verification.seconds:.3f} s"
    algorithms = [f"{name} ({counted(number, 'convolution')})" for name, number in verification.algorithms.items()]
    executed = f"Executed with {', '.join(algorithms)}.\n" if algorithms else ""
    if verification.agrees:
        return f"{executed}Verified: every figure in this table is what was {counted_by_execution}."
    differing = counted(verification.differing, "figure")
    return f"{executed}DIFFERS: {differing} predicted otherwise than {counted_by_execution}."
