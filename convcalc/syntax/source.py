"""What is read: a text of bounded length, where in it something stands, and what came of it."""

from __future__ import annotations

import ast
import warnings
from typing import NamedTuple

from convcalc.errors import ConvcalcError, quoted
from convcalc.layers.base import Layer
from convcalc.layers.block import every
from convcalc.notes import Note

MOST_CHARACTERS = 1_000_000


class Parsed(NamedTuple):
    """A network as it was read: the line of each of its layers, by the layer's ``id``, and what the reader assumed."""

    layer: Layer
    lines: dict[int, int] = {}  # noqa: RUF012
    notes: tuple[Note, ...] = ()


def kept_lines(layer: Layer, lines: dict[int, int]) -> dict[int, int]:
    """The lines of what is in the network; the identities of layers that are gone would mean nothing.

    >>> from convcalc import Flatten
    >>> layer = Flatten()
    >>> kept_lines(layer, {id(layer): 3, 0: 4}) == {id(layer): 3}
    True
    """
    return {id(part): lines[id(part)] for part in every(layer) if id(part) in lines}


def check_text(text: object) -> str:
    """The text, or a refusal of what is none, or too long.

    >>> check_text("ReLU()")
    'ReLU()'
    """
    if not isinstance(text, str):
        raise ConvcalcError(f"{quoted(repr(text))[1:-1]} is not text: write a layer as 'Conv2d(3, 16, 4, stride=2)'")
    if len(text) > MOST_CHARACTERS:
        raise ConvcalcError(f"a text of {len(text):,} characters is too long: give at most {MOST_CHARACTERS:,}")
    return text


def tree(text: str, mode: str) -> ast.AST:
    """Python's tree of the text, in which nothing is ever executed; `ConvcalcError` where it is not Python.

    >>> type(tree("ReLU()", "eval").body).__name__
    'Call'
    """
    try:
        with warnings.catch_warnings():  # of a backslash in a word, which are not ours to give
            warnings.simplefilter("ignore")
            parsed: ast.AST = ast.parse(text, mode=mode)
            return parsed
    except SyntaxError as error:
        line = f"line {error.lineno}, " if error.lineno and "\n" in text else ""
        where = f" at {line}character {error.offset}" if error.offset else ""
        raise ConvcalcError(f"cannot read {shown(text)}: {error.msg}{where}") from None
    except (RecursionError, MemoryError):
        raise ConvcalcError(f"cannot read {shown(text)}: it is nested too deeply") from None
    except ValueError as error:  # a null byte, a lone surrogate, or a number of more digits than Python reads
        raise ConvcalcError(f"cannot read {shown(text)}: {error}") from None


def shown(text: str) -> str:
    """What was given, in quotes, on one line, and cut where it is long.

    >>> shown("Flatten( )")
    "'Flatten( )'"
    """
    return quoted(" ".join(text[:1000].split()))


def place(line: int, filename: str | None) -> str:
    """Where in a file something stands.

    >>> place(12, "model.py"), place(12, None)
    ('line 12 of model.py', 'line 12')
    """
    return f"line {line}" if filename is None else f"line {line} of {file_words(filename)}"


def file_words(filename: str | None) -> str:
    """A file's name in a sentence.

    >>> file_words("model.py"), file_words(None)
    ('model.py', 'the text')
    """
    if filename is None:
        return "the text"
    return filename if filename.isprintable() else repr(filename)
