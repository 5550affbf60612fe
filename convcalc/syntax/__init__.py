"""Text to layers: an expression, a ``.py`` file, or what PyTorch prints of a model. Nothing is ever executed."""

from __future__ import annotations

from convcalc.syntax.expression import is_expression, read_expression
from convcalc.syntax.expression import parse as parse
from convcalc.syntax.module import read_module as read_module
from convcalc.syntax.printed import is_printed
from convcalc.syntax.printed import read_printed as read_printed
from convcalc.syntax.source import MOST_CHARACTERS as MOST_CHARACTERS
from convcalc.syntax.source import Parsed as Parsed
from convcalc.syntax.source import check_text


def read_network(
    text: str,
    *,
    name: str | None = None,
    in_order: bool = False,
    flatten: bool = False,
    filename: str | None = None,
) -> Parsed:
    """The network that the text is, whatever it is.

    ``name`` is the one wanted of a Python file; ``in_order`` and ``flatten`` are for a print, see `read_printed`;
    ``filename`` is for what is refused.

    >>> read_network("Flatten(), Linear(120, 84)").layer
    Sequential(Flatten(), Linear(120, 84))
    """
    text = check_text(text).removeprefix("\ufeff")
    if is_printed(text):
        return read_printed(text, in_order, flatten, filename)
    if name is None and is_expression(text):
        return read_expression(text, filename)
    return read_module(text, filename, name)
