"""A network's text, whatever it is: an expression, a Python file, or what PyTorch prints."""

from __future__ import annotations

import ast
import re
from collections.abc import Mapping
from typing import NamedTuple

from convcalc.errors import ConvcalcError
from convcalc.layers.base import Layer
from convcalc.syntax.expression import MOST_CHARACTERS, read

PRINTED = re.compile(r"^\s*\w+\(\s*\n\s*\(\S+\): ")


class Parsed(NamedTuple):
    """A network, the line of each of its layers by identity, and what is to be said of how it was read."""

    layer: Layer
    lines: Mapping[int, int] = {}
    notes: tuple[str, ...] = ()


def read_network(text: str, *, name: str | None = None, flatten: bool = False, filename: str | None = None) -> Parsed:
    """The network that the text is.

    ``name`` is that of the assignment wanted of a Python file; ``flatten`` puts a Flatten where a printed model needs
    one.

    >>> read_network("Flatten(), Linear(120, 84)").layer
    Sequential(Flatten(), Linear(120, 84))
    """
    if len(text) > MOST_CHARACTERS:
        raise ConvcalcError(f"a network of {len(text):,} characters is too long: give at most {MOST_CHARACTERS:,}")
    if PRINTED.match(text):
        from convcalc.syntax.printed import read_printed

        return read_printed(text, flatten=flatten)
    tree = read(text, lambda: ast.parse(text.strip("\ufeff")) if filename else ast.parse(text.strip()))
    from convcalc.syntax.module import read_module

    return read_module(tree, filename, name)
