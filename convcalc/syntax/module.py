"""Python files: assignments of layers at the top level. They are parsed, and never executed."""

from __future__ import annotations

import ast
from typing import Any, TypeGuard

from convcalc.errors import ConvcalcError, quoted
from convcalc.families import FAMILIES
from convcalc.layers.base import Layer
from convcalc.layers.block import Sequential
from convcalc.syntax.expression import Reader, read
from convcalc.syntax.source import Parsed


def read_module(tree: ast.Module, filename: str | None, name: str | None) -> Parsed:
    """The last network that is assigned or written alone, or the one of that name.

    >>> read_module(ast.parse("net = Sequential(Flatten(), Linear(4, 2))"), "net.py", None).layer
    Sequential(Flatten(), Linear(4, 2))
    """
    reader = Reader({})
    found: dict[str, Any] = {}
    failed: dict[str, str] = {}
    last_network = ""  # the refusal of the last network, where it is refused
    for statement in tree.body:
        for target, value in _assigned(statement):
            try:
                made = read("", lambda value=value: _made(reader, value))  # type: ignore[misc]
            except ConvcalcError as error:
                failed[target] = _at(error, statement, filename, len(tree.body) == 1)
                if isinstance(value, ast.Call) and ast.unparse(value.func).rpartition(".")[2] in FAMILIES:
                    last_network = failed[target]
                reader.names.pop(target, None)
                found.pop(target, None)
                continue
            failed.pop(target, None)
            reader.names[target] = made
            found.pop(target, None)
            if not target and isinstance(made, list):
                made = Sequential(*made)
            if isinstance(made, Layer):
                found[target] = made
                last_network = ""
    if name is None and last_network:
        raise ConvcalcError(last_network)
    wanted = _wanted(found, failed, name, tree, filename)
    return Parsed(wanted, reader.lines)


def _assigned(statement: ast.stmt) -> list[tuple[str, ast.expr]]:
    """Names and what they stand for; an expression alone has the name ''."""
    if isinstance(statement, ast.Expr) and not isinstance(statement.value, ast.Constant):
        return [("", statement.value)]
    if isinstance(statement, ast.AnnAssign) and isinstance(statement.target, ast.Name) and statement.value:
        return [(statement.target.id, statement.value)]
    if not isinstance(statement, ast.Assign):
        return []
    pairs = []
    for target in statement.targets:
        if isinstance(target, ast.Name):
            pairs.append((target.id, statement.value))
        elif _is_row(target) and _is_row(statement.value) and len(target.elts) == len(statement.value.elts):
            named = zip(target.elts, statement.value.elts, strict=True)
            pairs += [(part.id, value) for part, value in named if isinstance(part, ast.Name)]
    return pairs


def _is_row(expression: ast.expr) -> TypeGuard[ast.Tuple | ast.List]:
    return isinstance(expression, (ast.Tuple, ast.List))


def _made(reader: Reader, value: ast.expr) -> Any:
    """A layer, a list of layers, or a plain value."""
    if isinstance(value, ast.Name) and value.id in reader.names:
        return reader.names[value.id]
    try:
        return reader.value(value)
    except ConvcalcError:
        if isinstance(value, (ast.List, ast.ListComp, ast.BinOp)):
            return reader.layers(value)
        return reader.network(value)


def _at(error: ConvcalcError, statement: ast.stmt, filename: str | None, alone: bool) -> str:
    if filename is None and alone:
        return str(error)
    return f"line {statement.lineno} of {filename or 'the text'}: {error}"


def _wanted(
    found: dict[str, Layer], failed: dict[str, str], name: str | None, tree: ast.Module, filename: str | None
) -> Layer:
    where = filename or "the text"
    if name is not None:
        if name in failed:
            raise ConvcalcError(failed[name])
        if name not in found:
            known = f"there is {', '.join(key for key in found if key)}" if any(found) else "there is none"
            raise ConvcalcError(f"{where} has no network of the name {quoted(name)}: {known}")
        return found[name]
    layers = list(found.values())
    last_failed = next(reversed(failed.values()), None)
    if layers:
        return next((layer for layer in reversed(layers) if isinstance(layer, Sequential)), layers[-1])
    if last_failed is not None:
        raise ConvcalcError(last_failed)
    inside = any(isinstance(statement, (ast.ClassDef, ast.FunctionDef)) for statement in tree.body)
    hint = (
        "only assignments at its top level are read, not classes or functions"
        if inside
        else "write one as net = Sequential(Conv2d(3, 16, 4), ReLU())"
    )
    raise ConvcalcError(f"{where} holds no network: {hint}")
