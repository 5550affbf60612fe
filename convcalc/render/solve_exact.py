"""The answer to --exact: the document, the table, and the lines around it."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import islice
from typing import TYPE_CHECKING, NamedTuple

from convcalc.layers.settings import Shape, by, counted
from convcalc.render.solve_words import Document, Lines, number_columns, spelled
from convcalc.render.table import Table

if TYPE_CHECKING:
    from convcalc.solve.exact import ExactSizes, Loss
    from convcalc.solve.progressions import Progression

MOST_LISTED = 8  # layers that leave something unread


class Own(NamedTuple):
    """The spatial sizes that were asked about, and what the network leaves unread of them; None where they misfit."""

    sizes: Shape
    losses: Sequence[Loss] | None


def exact_table(found: ExactSizes) -> Table:
    """A row a progression of sizes.

    >>> from convcalc import MaxPool2d
    >>> from convcalc.solve.exact import exact_sizes
    >>> exact_table(exact_sizes(MaxPool2d(2), (1, 1, 8, 8), range(1, 11))).rows
    ((2, 10, 2, 5),)
    """
    titles = ("from", "to", "in steps of", "sizes")
    return Table(number_columns(titles, ("first", "last", "step", "terms")), tuple(map(tuple, found.exact)))


def exact_lines(name: str, found: ExactSizes, square: str, sizes: Sequence[int], own: Own) -> Lines:
    """Which sizes were tried, and what the size asked about comes to.

    >>> from convcalc import MaxPool2d
    >>> from convcalc.solve.exact import exact_sizes
    >>> found = exact_sizes(MaxPool2d(2), (1, 1, 8, 8), range(1, 11))
    >>> exact_lines("pool", found, "1x1xHxH", range(1, 11), Own((8, 8), ()))[1]
    ['8x8 leaves nothing unread.', 'Sizes that fit at all: 2..10.']
    """
    before = [f"{name} on {square}: the sizes H, of {spelled(sizes)}, that leave nothing unread"]
    behind = []
    if found.every:
        behind.append("Every size tried does: the network reads each row and column of them all.")
    elif not found.exact:
        assert found.least is not None
        size, elements = found.least
        lost = counted(elements, "row or column", "rows and columns")
        behind.append(f"None does. {size:,} comes nearest: it leaves {lost} unread.")
    behind.append(_own(found, own))
    if not found.every and found.fits != found.exact:
        behind.append(f"Sizes that fit at all: {_progressions(found.fits)}.")
    if found.stopped is not None:
        behind.append(f"Stopped before size {found.stopped:,}: give fewer with --size.")
    return before, behind


def exact_document(name: str, found: ExactSizes, shape: Shape, sizes: Sequence[int], own: Own) -> Document:
    """The question and the progressions of sizes.

    >>> from convcalc import MaxPool2d
    >>> from convcalc.solve.exact import exact_sizes
    >>> found = exact_sizes(MaxPool2d(2), (1, 1, 8, 8), range(1, 11))
    >>> exact_document("pool", found, (1, 1, 8, 8), range(1, 11), Own((8, 8), ()))["exact"]
    [{'first': 2, 'last': 10, 'step': 2, 'terms': 5}]
    """
    return {
        "question": {"net": name, "input": list(shape), "sizes": spelled(sizes)},
        "exact": [one._asdict() for one in found.exact],
        "fits": [one._asdict() for one in found.fits],
        "every": found.every,
        "own": found.own,
        "below": found.below,
        "above": found.above,
        "least": None if found.least is None else dict(zip(("size", "unread"), found.least, strict=True)),
        "complete": found.stopped is None,
        "unread": None if own.losses is None else [one._asdict() for one in own.losses],
    }


def _own(found: ExactSizes, own: Own) -> str:
    """What becomes of the size that was asked about; of a square that is not exact, which are, nearest to it."""
    size = by(own.sizes)
    near = [f"{near:,}" for near in (found.below, found.above) if near is not None]
    nearest = f"; the nearest tried that do not: {' and '.join(near)}" if near and len(set(own.sizes)) == 1 else ""
    if own.losses is None:
        return f"{size} does not fit{nearest}."
    if not own.losses:
        return f"{size} leaves nothing unread."
    first = own.losses[:MOST_LISTED]
    listed = ", ".join(f"{loss.elements:,} of {loss.size:,} along {loss.axis} of {loss.map}" for loss in first)
    more = f" and {len(own.losses) - MOST_LISTED:,} more" if len(own.losses) > MOST_LISTED else ""
    return f"{size} leaves unread {listed}{more}{nearest}."


def _progressions(found: Sequence[Progression]) -> str:
    parts = [spelled(one.numbers) for one in islice(found, MOST_LISTED)]
    return ", ".join(parts) + (", ..." if len(found) > MOST_LISTED else "")
