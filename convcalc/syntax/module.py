"""A Python file to the network that it assigns at its top level. It is parsed, and never executed.

What a statement that is not read may have changed (a loop that appends to a list) is not believed afterwards.
"""

from __future__ import annotations

import ast
from collections.abc import Iterator
from typing import Any, NamedTuple

from convcalc.errors import ConvcalcError
from convcalc.layers import FAMILIES
from convcalc.layers.base import Layer
from convcalc.layers.block import Block, every
from convcalc.layers.containers import Sequential
from convcalc.notes import Note
from convcalc.syntax.call import nearest
from convcalc.syntax.reader import Reader, UnreadError, dotted
from convcalc.syntax.source import Parsed, check_text, file_words, kept_lines, place, shown, tree

MODULES = ("torch", "torch.nn", "torch.nn.modules", "convcalc", "convcalc.layers", "collections", "math")
SAME = ("to", "eval", "train", "cuda", "cpu", "float", "double", "half", "bfloat16", "requires_grad_")  # give the model
HARMLESS = (
    *(*SAME, "apply", "zero_grad", "load_state_dict", "state_dict", "parameters", "named_parameters", "buffers"),
    *("children", "named_children", "modules", "named_modules", "forward", "index", "count", "copy"),
)
STATEMENTS = {"AugAssign": "an assignment", "Delete": "a del", "Expr": "a call", "Assign": "an assignment"}


class Made(NamedTuple):
    """What an assignment, or an expression alone, has made: a layer or layers, or why none."""

    name: str
    line: int
    value: Any
    refusal: str | None
    is_block: bool


def read_module(text: str, filename: str | None = None, name: str | None = None) -> Parsed:
    """The last network that is assigned or written alone, or the one of that name.

    >>> text = "channels = 64\\nnet = nn.Sequential(nn.Conv2d(3, channels, 3), nn.ReLU())"
    >>> read_module(text, "model.py").layer
    Sequential(Conv2d(3, 64, 3), ReLU())
    """
    source = check_text(text).removeprefix("\ufeff")
    try:
        body = tree(source, "exec").body  # type: ignore[attr-defined]
    except ConvcalcError as error:
        raise ConvcalcError(str(error) if filename is None else f"{file_words(filename)}: {error}") from None
    module = Module(source, filename if filename is not None or len(body) > 1 else "")
    for statement in body:
        try:
            module.read(statement)
        except ConvcalcError as error:  # which is one of the whole file, such as its length
            raise ConvcalcError(module.at(statement.lineno, str(error))) from None
    made = module.named(name, body) if name is not None else module.last(body)
    if made.refusal is not None:
        raise ConvcalcError(made.refusal)
    layer = made.value if isinstance(made.value, Layer) else Sequential(*made.value)
    notes = () if name is not None else module.others(made, layer)
    return Parsed(layer, {id(layer): made.line, **kept_lines(layer, module.reader.lines)}, notes)


class Module:
    """A file as it is read, statement by statement. ``filename`` "" stands for a text of one statement."""

    def __init__(self, source: str, filename: str | None) -> None:
        self.filename = filename
        self.reader = Reader(source)
        self.made: dict[str, Made] = {}  # the last one last
        self.skipped: list[tuple[int, str]] = []  # what is done with a network, and is not read

    def at(self, line: int, problem: str) -> str:
        """A problem, behind its place."""
        return problem if self.filename == "" else f"{place(line, self.filename)}: {problem}"

    # Statements

    def read(self, statement: ast.stmt) -> None:
        """Take in one statement of the top level."""
        if isinstance(statement, (ast.Import, ast.ImportFrom)):
            self.imported(statement)
        elif isinstance(statement, (ast.ClassDef, ast.FunctionDef, ast.AsyncFunctionDef)):
            self.forget(statement.name, statement.lineno, f"{statement.name} is the file's own, and is not read")
            self.reader.own[statement.name] = statement.lineno
            self.called(statement)
        elif isinstance(statement, ast.Assign) and all(map(_is_name, statement.targets)):
            self.assigned(statement.targets, statement.value)
        elif isinstance(statement, ast.AnnAssign) and _is_name(statement.target):
            if statement.value is not None:
                self.assigned([statement.target], statement.value)
        elif isinstance(statement, ast.AugAssign) and isinstance(statement.target, ast.Name):
            self.added(statement, statement.target)
        elif isinstance(statement, ast.Expr) and self.appended(statement.value):
            pass
        else:
            if isinstance(statement, ast.Expr):
                self.alone(statement.value)
            self.changed(statement)

    def called(self, statement: ast.stmt) -> None:
        """Forget the lists and layers that a function or a class, once called, may change: not its own names."""
        nodes = list(ast.walk(statement))
        shared = {name for node in nodes if isinstance(node, ast.Global) for name in node.names}
        own = {node.arg for node in nodes if isinstance(node, ast.arg)}
        own |= {node.id for node in nodes if isinstance(node, ast.Name) and not isinstance(node.ctx, ast.Load)}
        for name in dict.fromkeys(_changed_names(statement, self.reader.names)):
            if name in self.reader.names and (name in shared or name not in own):
                line = statement.lineno
                problem = f"{name} is changed by a function here, which is not read: write its value out"
                self.taint(self.reader.names[name], name, line, self.at(line, problem))

    def imported(self, statement: ast.Import | ast.ImportFrom) -> None:
        """Note what modules are called here, and which layers are not PyTorch's."""
        for alias in statement.names:
            name = alias.asname or alias.name
            if isinstance(statement, ast.Import):
                if alias.asname and alias.name in ("torch", "torch.nn", "convcalc"):
                    self.reader.prefixes.add(f"{name}.nn." if alias.name == "torch" else f"{name}.")
            elif f"{statement.module}.{alias.name}" == "torch.nn":
                self.reader.prefixes.add(f"{name}.")
            elif statement.level or statement.module not in MODULES or alias.name != name:
                self.reader.own[name] = statement.lineno

    def assigned(self, targets: list[ast.expr], expression: ast.expr) -> None:
        """Give names to what stands behind them."""
        names = [part.id for target in targets for part in ast.walk(target) if isinstance(part, ast.Name)]
        line = expression.lineno
        try:
            value = self.value(expression)
            for target in targets:
                self.reader.bind(target, value)
        except ConvcalcError as error:
            refusal = self.refusal(error)
            if isinstance(expression, ast.Call) and any(map(self.is_layer, expression.args)):
                self.skipped.append((line, self.at(line, f"{self.reader.written(expression)} is not read")))
            for name in names:
                self.forget(name, line, refusal, placed=True)
                if _calls_layer(expression):
                    self.made[name] = Made(name, line, None, refusal, _calls_layer(expression, ("containers",)))
            return
        for name in names:
            self.reader.unread.pop(name, None)
            self.reader.own.pop(name, None)
            self.keep(name, line, self.reader.names[name])

    def added(self, statement: ast.AugAssign, target: ast.Name) -> None:
        """``layers += [...]``, which changes the list itself, or arithmetic on a number."""
        old = self.reader.names.get(target.id)
        if not (isinstance(old, list) and isinstance(statement.op, ast.Add)):
            sum_ = ast.BinOp(ast.Name(target.id, ast.Load()), statement.op, statement.value)
            for node in (sum_, sum_.left):
                ast.copy_location(node, statement)
            self.assigned([target], sum_)
            return
        try:
            self.grow(old, self.value(statement.value))
        except ConvcalcError as error:
            self.taint(old, target.id, statement.lineno, self.refusal(error))

    def appended(self, expression: ast.expr) -> bool:
        """Whether it is ``layers.append(...)`` or ``layers.extend(...)``, and is taken in."""
        if not (isinstance(expression, ast.Call) and isinstance(expression.func, ast.Attribute)):
            return False
        holder, method = expression.func.value, expression.func.attr
        old = self.reader.names.get(holder.id) if isinstance(holder, ast.Name) else None
        if not isinstance(old, list) or method not in ("append", "extend") or len(expression.args) != 1:
            return False
        try:
            value = self.value(expression.args[0])
            self.grow(old, [value] if method == "append" else value)
        except ConvcalcError as error:
            self.taint(old, dotted(holder) or "", expression.lineno, self.refusal(error))
        return True

    def grow(self, items: list[Any], more: Any) -> None:
        """Put more behind a list."""
        if not isinstance(more, (list, tuple)):
            raise ConvcalcError("a list grows by a list: write [...]")
        self.reader.spend(len(more))
        items.extend(more)

    def alone(self, expression: ast.expr) -> None:
        """An expression without a name: a network, or nothing of interest, such as a word or a call of print."""
        if isinstance(expression, ast.Call):
            name = (dotted(expression.func) or "").rpartition(".")[2]
            is_network = name in FAMILIES or (isinstance(expression.func, ast.Attribute) and name in SAME)
        else:
            is_network = isinstance(expression, ast.Name) or _calls_layer(expression)
        if not is_network:
            return
        key = f" {expression.lineno}"  # which no name can be
        try:
            self.keep(key, expression.lineno, self.value(expression))
        except ConvcalcError as error:
            refusal = self.refusal(error)
            self.made[key] = Made(key, expression.lineno, None, refusal, _calls_layer(expression, ("containers",)))

    def changed(self, statement: ast.stmt) -> None:
        """Forget what a statement that is not read may have changed."""
        kind = STATEMENTS.get(type(statement).__name__, f"the {type(statement).__name__.lower().removeprefix('async')}")
        line = statement.lineno
        for name in dict.fromkeys(_changed_names(statement, self.reader.names)):
            problem = f"{name} is changed by {kind} here, which is not read: write its value out"
            if name in self.reader.names:
                self.taint(self.reader.names[name], name, line, self.at(line, problem))
            self.forget(name, line, problem)

    # What is known

    def value(self, expression: ast.expr) -> Any:
        """Of an expression; of ``net.to(device)`` and the like, the network."""
        while (
            isinstance(expression, ast.Call)
            and isinstance(expression.func, ast.Attribute)
            and expression.func.attr in SAME
        ):
            expression = expression.func.value
        return self.reader.value(expression)

    def is_layer(self, expression: ast.expr) -> bool:
        """Whether it is the name of a layer."""
        return isinstance(expression, ast.Name) and isinstance(self.reader.names.get(expression.id), Layer)

    def keep(self, name: str, line: int, value: Any) -> None:
        """Note a network, the last one last."""
        self.made.pop(name, None)
        if isinstance(value, Layer) or (
            isinstance(value, (list, tuple)) and value and all(isinstance(item, Layer) for item in value)
        ):
            self.made[name] = Made(name, line, value, None, not isinstance(value, Layer) or isinstance(value, Block))

    def refusal(self, error: ConvcalcError) -> str:
        """With its place, which one that is passed on has already."""
        return str(error) if isinstance(error, UnreadError) else self.at(self.reader.line, str(error))

    def forget(self, name: str, line: int, problem: str, placed: bool = False) -> None:
        """Believe a name no more."""
        self.reader.names.pop(name, None)
        self.made.pop(name, None)
        self.reader.unread[name] = problem if placed else self.at(line, problem)

    def taint(self, value: Any, name: str, line: int, refusal: str) -> None:
        """Believe no name of a list or a layer any more, nor of what holds it."""
        for other, held in list(self.reader.names.items()):
            self.reader.step(
                1 + (held.size if isinstance(held, Block) else len(held) if isinstance(held, (list, tuple)) else 0)
            )
            if other == name or (isinstance(value, (list, Layer)) and _holds(held, value)):
                made = self.made.get(other)
                self.forget(other, line, refusal, placed=True)
                if made is not None:
                    self.made[other] = made._replace(value=None, refusal=refusal)

    # The one that is wanted

    def last(self, body: list[ast.stmt]) -> Made:
        """The last block, or where there is none the last layer."""
        made = list(self.made.values())
        if not made:
            unread = [refusal for name, refusal in self.reader.unread.items() if name not in self.reader.own]
            why = _why_none(body, "" if unread else EXAMPLE)
            words = file_words(self.filename or None)
            raise ConvcalcError(f"{words} holds no network: {why}" if why else unread[-1])
        alone = [one for one in made if one.name.startswith(" ")]
        if len(alone) > 1 and len(alone) == len(made):
            raise ConvcalcError(self.at(alone[1].line, "a second network begins: put commas between the layers"))
        return next((one for one in reversed(made) if one.is_block), made[-1])

    def named(self, name: str, body: list[ast.stmt]) -> Made:
        """The one of that name."""
        if name in self.made:
            return self.made[name]
        if name in self.reader.unread:
            raise ConvcalcError(self.reader.unread[name])
        words = file_words(self.filename or None)
        inside = next((line for attribute, line in _inside(body) if attribute == name), None)
        if inside is not None:
            raise ConvcalcError(self.at(inside, f"self.{name} is inside a class, and {TOP_LEVEL}"))
        if name in self.reader.names:
            raise ConvcalcError(f"{shown(name)} in {words} is no network: name one that is")
        known = [made for made in self.made if not made.startswith(" ")]
        near = nearest(name, known)
        hint = (
            f"did you mean {near}?" if near else f"it has {', '.join(known[:9])}" if known else _why_none(body, EXAMPLE)
        )
        raise ConvcalcError(f"{words} has no network {shown(name)}: {hint}")

    def others(self, chosen: Made, layer: Layer) -> tuple[Note, ...]:
        """Return notes on the networks that were not taken and are no part of the one that was."""
        parts = {id(part) for part in every(layer)}
        others = [
            made.name
            for made in self.made.values()
            if made is not chosen and not made.name.startswith(" ") and not _parts(made.value) <= parts
        ]
        skipped = tuple(Note("assumed", None, text) for line, text in self.skipped if line > chosen.line)
        if not others:
            return skipped
        taken = "the one without a name" if chosen.name.startswith(" ") else chosen.name
        more = f" and {len(others) - 9} more" if len(others) > 9 else ""
        text = f"{taken} of {place(chosen.line, self.filename)} is read, not {', '.join(others[:9])}{more}"
        return (Note("assumed", None, text), *skipped)


TOP_LEVEL = (
    "only assignments at the top level are read: write net = Sequential(...) there, or give what print(model) shows"
)
EXAMPLE = "write one as net = Sequential(Conv2d(3, 16, 4), ReLU())"


def _is_name(target: ast.expr) -> bool:
    if isinstance(target, (ast.Tuple, ast.List)):
        return all(map(_is_name, target.elts))
    return isinstance(target, ast.Name)


def _calls_layer(node: ast.AST, families: tuple[str, ...] | None = None) -> bool:
    """Whether a layer is called somewhere in it, of these families if some are given."""
    for part in ast.walk(node):
        if isinstance(part, ast.Call):
            found = FAMILIES.get((dotted(part.func) or "").rpartition(".")[2])
            if found is not None and (families is None or found in families):
                return True
    return False


def _root(node: ast.expr) -> str | None:
    """The name that ``net.features[0]`` begins with."""
    while isinstance(node, (ast.Attribute, ast.Subscript, ast.Starred)):
        node = node.value
    return node.id if isinstance(node, ast.Name) else None


def _changed_names(statement: ast.stmt, names: Any) -> Iterator[str]:
    """The names that a statement may give other values, or whose values it may change."""
    for node in ast.walk(statement):
        if isinstance(node, (ast.Name, ast.Attribute, ast.Subscript)) and not isinstance(node.ctx, ast.Load):
            name = _root(node)
            if name is not None:
                yield name
        elif isinstance(node, ast.Call):
            method = node.func
            if isinstance(method, ast.Attribute) and method.attr not in HARMLESS and _root(method) in names:
                yield str(_root(method))
            if dotted(method) not in ("print", "len", "Sequential", "nn.Sequential"):
                for given in node.args:  # a list that a function is given, it may change
                    name = _root(given)
                    if name is not None and isinstance(names.get(name), list):
                        yield name


def _holds(value: Any, part: Any) -> bool:
    """Whether a value is, or has in it, this very list or layer."""
    if value is part:
        return True
    if isinstance(value, (list, tuple)):
        return any(_holds(item, part) for item in value)
    return isinstance(value, Block) and any(inner is part for inner in every(value))


def _parts(value: Any) -> set[int]:
    if isinstance(value, Layer):
        return {id(value)}
    return {id(item) for item in value or ()}


def _inside(body: list[ast.stmt]) -> Iterator[tuple[str, int]]:
    """Layers that classes hold, ``self.features = ...``, and their lines."""
    for statement in body:
        if isinstance(statement, ast.ClassDef):
            for node in ast.walk(statement):
                if isinstance(node, ast.Assign) and _calls_layer(node.value):
                    for target in node.targets:
                        if isinstance(target, ast.Attribute) and dotted(target) == f"self.{target.attr}":
                            yield target.attr, node.lineno


def _why_none(body: list[ast.stmt], otherwise: str) -> str:
    """What a file without a network has instead."""
    first = next(_inside(body), None)
    if first is not None:
        return f"self.{first[0]} of line {first[1]} is inside a class, and {TOP_LEVEL}"
    for statement in body:
        if isinstance(statement, (ast.FunctionDef, ast.AsyncFunctionDef)) and _calls_layer(statement):
            return f"{statement.name} of line {statement.lineno} is a function, and {TOP_LEVEL}"
    return otherwise
