"""The one kind of error that convcalc raises on purpose, and how it quotes."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from convcalc.notes import Note

MOST_QUOTED = 60  # characters
SHORTEST_START = 3  # letters: fewer begin too many words


class ConvcalcError(ValueError):
    """A refusal: what was given, which rule it breaks, and what to do instead, in one line.

    A setting in the remedy is written as in Python (``padding=1``); the command line shows it as its option.
    ``notes`` say what was assumed, and what is not known, of what was read before the refusal.

    >>> from convcalc import Conv2d
    >>> Conv2d(1, 1, 5).output_shape((1, 1, 3, 3))
    Traceback (most recent call last):
    convcalc.errors.ConvcalcError: kernel 5 does not fit input 3 (padding 0): use padding=1 or a kernel of at most 3
    """

    def __init__(self, message: str, notes: tuple[Note, ...] = ()) -> None:
        super().__init__(message)
        self.notes = notes


def quoted(text: str) -> str:
    """What was given, in quotes, and cut where it is long.

    >>> quoted("3y")
    "'3y'"
    """
    return repr(text if len(text) <= MOST_QUOTED else text[:MOST_QUOTED] + "...")


def printable(text: str) -> str:
    """Return the text with control characters as escapes, so that the name of a file cannot steer a terminal.

    >>> printable("\\x1b[31mred.png")
    '\\\\x1b[31mred.png'
    """
    if text.isprintable():
        return text
    return "".join(c if c.isprintable() else c.encode("unicode_escape").decode() for c in text)


def did_you_mean(word: str, known: Iterable[str]) -> str:
    """Return a hint at the known word that is nearest, whole or cut short; nothing where none is near.

    >>> did_you_mean("relu6", ["ReLU", "Sigmoid"]), did_you_mean("recep", ["receptive_field"]), did_you_mean("x", "abc")
    (' (did you mean ReLU?)', ' (did you mean receptive_field?)', '')
    """
    from difflib import get_close_matches

    typed, names = word.lower(), [*known]
    starts = {name.lower()[: len(typed)]: name for name in reversed(names)} if len(typed) >= SHORTEST_START else {}
    spelled = starts | {name.lower(): name for name in names}
    near = get_close_matches(typed, spelled, n=1)
    return f" (did you mean {spelled[near[0]]}?)" if near else ""
