"""The one kind of error that convcalc raises on purpose, and how it quotes."""

MOST_QUOTED = 60  # characters


class ConvcalcError(ValueError):
    """A refusal: what was given, which rule it breaks, and what to do instead, in one line.

    A setting in the remedy is written as in Python (``padding=1``); the command line shows it as its option.

    >>> from convcalc import Conv2d
    >>> Conv2d(1, 1, 5).output_shape((1, 1, 3, 3))
    Traceback (most recent call last):
    convcalc.errors.ConvcalcError: kernel 5 does not fit input 3 (padding 0): use padding=1 or a kernel of at most 3
    """


def quoted(text: str) -> str:
    """What was given, in quotes, and cut where it is long.

    >>> quoted("3y")
    "'3y'"
    """
    return repr(text if len(text) <= MOST_QUOTED else text[:MOST_QUOTED] + "...")
