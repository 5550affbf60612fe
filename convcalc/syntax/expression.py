"""A Python expression to a layer: ``Conv2d(3, 16, 4, stride=2)``, read by Python's own parser and never executed.

What repeats an object in Python repeats it here: a name, and a list that is multiplied, hold the same layer again and
so share its parameters; what is written twice, or made by a comprehension, is made twice.
"""

from __future__ import annotations

import ast
from collections.abc import MutableMapping
from typing import Any

from convcalc.errors import ConvcalcError
from convcalc.layers.base import Layer
from convcalc.syntax.reader import Reader
from convcalc.syntax.source import Parsed, check_text, kept_lines, place, shown, tree

ONE_EXPRESSION = "write one expression, with commas between the layers"


def parse(text: str, names: MutableMapping[str, Any] | None = None) -> Layer:
    """The layer that the text describes, or a refusal that quotes what cannot be read; several are a Sequential.

    ``names`` are layers and numbers that the text may name; what it names itself is added.

    >>> parse("Conv2d(3, 16, 4, stride=2)")
    Conv2d(3, 16, 4, stride=2)
    >>> parse("nn.Flatten(), nn.Linear(16*5*5, 120)")
    Sequential(Flatten(), Linear(400, 120))
    """
    source, node = expression(check_text(text))
    return Reader(source, names).network(node)


def read_expression(text: str, filename: str | None = None) -> Parsed:
    """As `parse`, with the line of each layer; where there is a file or more than one line, a refusal names it too.

    >>> parsed = read_expression("Flatten(),\\nLinear(9, 4)")
    >>> [parsed.lines[id(layer)] for layer in parsed.layer.layers]
    [1, 2]
    """
    source, node = expression(check_text(text))
    reader = Reader(source)
    try:
        layer = reader.network(node)
    except ConvcalcError as error:
        if filename is None and "\n" not in source:
            raise
        raise ConvcalcError(f"{place(reader.line, filename)}: {error}") from None
    return Parsed(layer, kept_lines(layer, reader.lines))


def expression(text: str) -> tuple[str, ast.expr]:
    """The tree of the one expression that the text is, and the text that it is of.

    Several lines are read as if they stood in brackets, so that commas may end them.

    >>> expression("Flatten(),\\nReLU()")[1].__class__.__name__
    'Tuple'
    """
    source = text.strip()
    before = "\n" * text[: len(text) - len(text.lstrip())].count("\n")  # so that lines keep their numbers
    if not source:
        raise ConvcalcError("there is nothing to read: give a network, such as 'Conv2d(3, 16, 4), ReLU()'")
    if "\n" not in source:
        body = tree(source, "exec").body  # type: ignore[attr-defined]  # a star may stand at the top
        if len(body) == 1 and isinstance(body[0], ast.Expr):
            node: ast.expr = body[0].value
            ast.increment_lineno(node, len(before))
            if isinstance(node, ast.Starred):
                node = ast.copy_location(ast.Tuple([node], ast.Load()), node)
            return before + source, node
        raise ConvcalcError(f"cannot read {shown(source)}: {ONE_EXPRESSION}")
    wrapped = f"{before}_({source}\n)"
    try:
        call = tree(wrapped, "eval").body  # type: ignore[attr-defined]
    except ConvcalcError:
        tree(source, "exec")  # which knows better what is wrong
        raise ConvcalcError(f"cannot read {shown(source)}: {ONE_EXPRESSION}") from None
    whole = isinstance(call, ast.Call) and isinstance(call.func, ast.Name) and call.func.id == "_"
    if not whole or call.keywords:
        tree(source, "exec")
        raise ConvcalcError(f"cannot read {shown(source)}: {ONE_EXPRESSION}")
    if len(call.args) == 1 and not source.endswith(",") and not isinstance(call.args[0], ast.Starred):
        return wrapped, call.args[0]
    return wrapped, ast.copy_location(ast.Tuple(call.args, ast.Load()), call)


def is_expression(text: str) -> bool:
    """Whether the text is one expression, or meant as one; a text of statements is not.

    >>> is_expression("Flatten(),\\nReLU()"), is_expression("net = ReLU()"), is_expression("Conv2d(3, 16")
    (True, False, True)
    """
    try:
        expression(text)
    except ConvcalcError:
        pass
    else:
        return True
    try:
        body = tree(text, "exec").body  # type: ignore[attr-defined]
    except ConvcalcError:
        return "\n" not in text.strip()
    return not body
