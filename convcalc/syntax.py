"""Text to layers: ``Conv2d(3, 16, 4, stride=2)``, read by Python's own parser and never executed."""

from __future__ import annotations

import ast
import re
from difflib import get_close_matches
from typing import Any

from convcalc.errors import ConvcalcError, quoted
from convcalc.layers import FAMILIES, Layer, kind
from convcalc.layers.block import Sequential

MOST_CHARACTERS = 1_000_000


def parse(text: str) -> Layer:
    """The layer or the block that the text describes, or a refusal that quotes what cannot be read.

    >>> parse("Conv2d(3, 16, 4, stride=2)")
    Conv2d(3, 16, 4, stride=2)
    >>> parse("Sequential(Flatten(), Linear(120, 84))").layers[1].out_features
    84
    """
    if not isinstance(text, str):
        raise ConvcalcError(f"{text!r} is not text: write a layer as 'Conv2d(3, 16, 4, stride=2)'")
    if len(text) > MOST_CHARACTERS:
        raise ConvcalcError(f"a layer of {len(text):,} characters is too long: give at most {MOST_CHARACTERS:,}")
    try:
        expression = ast.parse(text.strip(), mode="eval").body
        return _layer(expression)
    except SyntaxError as error:
        where = f" at character {error.offset}" if error.offset else ""
        raise ConvcalcError(f"cannot read {_shown(text)}: {error.msg}{where}") from None
    except (RecursionError, MemoryError):
        raise ConvcalcError(f"cannot read {_shown(text)}: it is nested too deeply") from None
    except ConvcalcError:
        raise
    except ValueError as error:  # a null byte, or a number of more digits than Python reads
        raise ConvcalcError(f"cannot read {_shown(text)}: {error}") from None


def _layer(expression: ast.expr) -> Layer:
    if not isinstance(expression, ast.Call) or not isinstance(expression.func, ast.Name):
        raise ConvcalcError(f"{_shown(expression)} is not a layer: write one as Conv2d(3, 16, 4, stride=2)")
    name = expression.func.id
    if name == "Sequential":
        if expression.keywords:
            raise ConvcalcError("Sequential takes layers only, no keywords")
        return Sequential(*map(_layer, expression.args))
    if name not in FAMILIES:
        near = get_close_matches(name, FAMILIES, n=1)
        known = f"did you mean {near[0]}?" if near else f"known are {', '.join(FAMILIES)}"
        raise ConvcalcError(f"{name} is not a layer that convcalc knows: {known}")
    if any(keyword.arg is None for keyword in expression.keywords):
        raise ConvcalcError(f"{_shown(expression)} unpacks a mapping: write the settings out")
    names = [keyword.arg for keyword in expression.keywords]
    repeated = next((setting for setting in names if names.count(setting) > 1), None)
    if repeated is not None:
        raise ConvcalcError(f"{_shown(expression)} gives {repeated} twice: leave one out")
    settings = {keyword.arg or "": _literal(keyword.value) for keyword in expression.keywords}
    try:
        return kind(name)(*map(_literal, expression.args), **settings)
    except TypeError as error:
        problem = re.sub(r"^\w+\.__init__", name, str(error))  # an inherited constructor names its own class
        raise ConvcalcError(f"cannot make {_shown(expression)}: {problem}") from None


def _literal(expression: ast.expr) -> Any:
    try:
        return ast.literal_eval(expression)
    except ValueError:
        raise ConvcalcError(f"{_shown(expression)} is not a plain value: give a number, a tuple or a word") from None


def _shown(source: str | ast.expr) -> str:
    text = source if isinstance(source, str) else ast.unparse(source)
    text = " ".join(text.split())
    return quoted(text)
