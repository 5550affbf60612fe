"""Trees of Python's expressions to layers, numbers, words and lists; nothing is executed, and little is read."""

from __future__ import annotations

import ast
import math
import operator
from collections.abc import Callable, Iterable, MutableMapping
from typing import Any

from convcalc.errors import ConvcalcError
from convcalc.layers import FAMILIES
from convcalc.layers.base import Layer
from convcalc.layers.block import MOST_LAYERS, Block
from convcalc.layers.containers import Sequential
from convcalc.layers.settings import MOST_DIGITS
from convcalc.syntax.call import is_free, make, unknown
from convcalc.syntax.source import MOST_CHARACTERS, shown

MOST_POWER_BITS = 4096  # of a power before it is worked out
MOST_STEPS = 2 * MOST_CHARACTERS
PREFIXES = ("nn.", "torch.nn.", "convcalc.", "convcalc.layers.")
DICTS = ("OrderedDict", "collections.OrderedDict", "dict")
CONSTANTS = {"inf": math.inf, "nan": math.nan}
CONSTANT_PREFIXES = ("math.", "torch.", "np.", "numpy.")
_OPERATIONS: dict[type[ast.operator], Callable[[Any, Any], Any]] = {
    ast.Add: operator.add,
    ast.Sub: operator.sub,
    ast.Mult: operator.mul,
    ast.Div: operator.truediv,
    ast.FloorDiv: operator.floordiv,
    ast.Mod: operator.mod,
    ast.Pow: operator.pow,
}


class UnreadError(ConvcalcError):
    """The refusal of a name whose value is not known, in the words of where that was found."""


class Reader:
    """Reads trees of expressions; it knows the names that were given so far, and where each layer was made."""

    def __init__(self, source: str, names: MutableMapping[str, Any] | None = None) -> None:
        self.source = source
        self.rows: list[str] | None = None
        self.names = {} if names is None else names
        self.unread: dict[str, str] = {}  # names without a value, and why
        self.own: dict[str, int] = {}  # names that the text has defined itself, and where
        self.prefixes = set(PREFIXES)
        self.lines: dict[int, int] = {}
        self.line = 1  # of what was looked at last
        self.made: list[Layer] = []  # kept, so that no two have the same identity
        self.places: dict[int, int] = {}  # in each block, blocks counted too
        self.spent = 0
        self.steps = 0

    # What is asked of it

    def network(self, node: ast.expr) -> Layer:
        """The layer that the expression describes; several are a `Sequential`."""
        value = self.value(node)
        if isinstance(value, Layer):
            return value
        if isinstance(value, (list, tuple)) and value and all(isinstance(item, Layer) for item in value):
            return self.kept(Sequential(*value), node)
        raise ConvcalcError(f"{self.written(node)} is not a layer: write one as Conv2d(3, 16, 4, stride=2)")

    def value(self, node: ast.expr) -> Any:
        """What the expression describes: a layer, a number, a word, a list, ..."""
        self.line = node.lineno
        self.step(1)
        read = _READERS.get(type(node))
        if read is None:
            raise self.refused(node)
        try:
            return read(self, node)
        except RecursionError:  # each operator of a chain is one level deeper
            raise ConvcalcError(f"{self.written(node)} is nested too deeply: write it in parts") from None

    def arguments(self, name: str, node: ast.Call) -> tuple[list[Any], dict[str, Any]]:
        """Return what stands in a call's brackets, read in Python's order: positional arguments before keywords."""
        args = self.items(node.args)
        settings: dict[str, Any] = {}
        for keyword in node.keywords:
            if keyword.arg is None:
                raise ConvcalcError(f"{self.written(node)} unpacks a mapping: write the settings out")
            if keyword.arg in settings:
                raise ConvcalcError(f"{self.written(node)} gives {keyword.arg} twice: leave one out")
            settings[keyword.arg] = None if is_free(name, keyword.arg) else self.value(keyword.value)
        settings = {setting: value for setting, value in settings.items() if not is_free(name, setting)}
        self.step(sum(len(value) for value in (*args, *settings.values()) if isinstance(value, (list, tuple, dict))))
        return args, settings

    def kept(self, layer: Layer, node: ast.expr) -> Layer:
        """The layer, with its line noted."""
        if isinstance(layer, Block):
            places = 1 + sum(self.places.get(id(inner.layer), 1) for inner in layer.nodes)
            if places > MOST_LAYERS:
                raise ConvcalcError(f"a network of {places:,} layers is too large: give at most {MOST_LAYERS:,}")
            self.places[id(layer)] = places
        self.made.append(layer)
        self.lines[id(layer)] = node.lineno
        return layer

    def bind(self, target: ast.expr, value: Any) -> None:
        """Give a value its name; a tuple of names takes as many values."""
        self.step(1)
        if isinstance(target, (ast.Tuple, ast.List)):
            if not isinstance(value, (list, tuple)) or len(value) != len(target.elts):
                raise ConvcalcError(f"{self.written(target)} needs {len(target.elts)} values: give as many")
            for part, item in zip(target.elts, value, strict=True):
                self.bind(part, item)
        elif isinstance(target, ast.Name):
            if target.id in FAMILIES:
                raise ConvcalcError(f"{target.id} is a layer's name: give the value another")
            self.names[target.id] = value
        else:
            raise self.refused(target)

    def written(self, node: ast.expr) -> str:
        """The expression as it stands in the text, quoted."""
        if self.rows is None:
            self.rows = self.source.split("\n")
        last = node.end_lineno or node.lineno
        rows = [row.encode() for row in self.rows[node.lineno - 1 : min(last, node.lineno + 20)]]
        if len(rows) == 1 + last - node.lineno:
            rows[-1] = rows[-1][: node.end_col_offset]
        rows[0] = rows[0][node.col_offset :]
        return shown(b"\n".join(rows)[:1000].decode(errors="ignore"))

    def refused(self, node: ast.expr) -> ConvcalcError:
        """The refusal of an expression of a kind that is not read."""
        return ConvcalcError(
            f"{self.written(node)} is not a layer and not a plain value: write Conv2d(3, 16, 4), 3, (1, 2) or 'same'"
        )

    # Bounds

    def spend(self, items: int) -> None:
        """Refuse more items than a network may have, before they are made."""
        self.spent += items
        if self.spent > MOST_LAYERS:
            raise ConvcalcError(f"the lists here hold more than {MOST_LAYERS:,} items: give fewer")

    def step(self, steps: int) -> None:
        """Refuse what takes more time to read than any text that is read once."""
        self.steps += steps
        if self.steps > MOST_STEPS:
            raise ConvcalcError(f"this takes more than {MOST_STEPS:,} steps to read: repeat less")

    def number(self, value: Any, node: ast.expr) -> Any:
        """The number, if it is one of bounded length."""
        if isinstance(value, int) and abs(value) >= 10**MOST_DIGITS:
            raise ConvcalcError(f"{self.written(node)} has more than {MOST_DIGITS} digits: give a smaller number")
        return value

    # A kind of expression each

    def constant(self, node: ast.Constant) -> Any:
        """A number, a word, True, False or None."""
        if not isinstance(node.value, (int, float, str, type(None))):
            raise self.refused(node)
        return self.number(node.value, node)

    def name(self, node: ast.Name) -> Any:
        """What was given that name."""
        if node.id in self.names:
            return self.names[node.id]
        if node.id in self.unread:
            raise UnreadError(self.unread[node.id])
        if node.id in CONSTANTS:
            return CONSTANTS[node.id]
        if node.id in FAMILIES:
            raise ConvcalcError(f"{node.id} has no brackets: write {node.id}(...)")
        raise ConvcalcError(f"the name {node.id[:60]} has no value here: write the value itself")

    def attribute(self, node: ast.Attribute) -> Any:
        """``math.inf``."""
        name = dotted(node)
        for prefix in CONSTANT_PREFIXES:
            if name is not None and name.removeprefix(prefix) in CONSTANTS:
                return CONSTANTS[name.removeprefix(prefix)]
        raise self.refused(node)

    def unary(self, node: ast.UnaryOp) -> Any:
        """A sign."""
        if not isinstance(node.op, (ast.USub, ast.UAdd)):
            raise self.refused(node)
        value = self.value(node.operand)
        if not _is_number(value):
            raise self.refused(node)
        return -value if isinstance(node.op, ast.USub) else value

    def binary(self, node: ast.BinOp) -> Any:
        """Arithmetic on numbers, and lists that are joined or repeated."""
        left, right = self.value(node.left), self.value(node.right)
        self.line = node.lineno
        operation = _OPERATIONS.get(type(node.op))
        if operation is None:
            raise self.refused(node)
        if _is_number(left) and _is_number(right):
            return self.number(self.result(operation, left, right, node), node)
        if operation is operator.add and isinstance(left, (list, tuple)) and type(left) is type(right):
            self.spend(len(left) + len(right))
            return operation(left, right)
        if operation is operator.mul:
            items, count = (left, right) if isinstance(left, (list, tuple)) else (right, left)
            if isinstance(items, (list, tuple)) and type(count) is int:
                self.spend(len(items) * max(0, count))
                return items * count
        raise self.refused(node)

    def result(self, operation: Callable[[Any, Any], Any], left: Any, right: Any, node: ast.expr) -> Any:
        """Of arithmetic."""
        is_power = operation is operator.pow and isinstance(left, int) and isinstance(right, int)
        if is_power and left.bit_length() * abs(right) > MOST_POWER_BITS:
            raise ConvcalcError(f"{self.written(node)} has more than {MOST_DIGITS} digits: give a smaller number")
        try:
            value = operation(left, right)
        except ArithmeticError as error:
            raise ConvcalcError(f"cannot work out {self.written(node)}: {error}") from None
        if not isinstance(value, (int, float)):  # a root of a negative number
            raise self.refused(node)
        return value

    def sequence(self, node: ast.List | ast.Tuple) -> Any:
        """A list or a tuple."""
        items = self.items(node.elts)
        return items if isinstance(node, ast.List) else tuple(items)

    def items(self, nodes: Iterable[ast.expr]) -> list[Any]:
        """The values one by one, what has a star before it unpacked."""
        values: list[Any] = []
        for node in nodes:
            if not isinstance(node, ast.Starred):
                values.append(self.value(node))
                continue
            items = self.value(node.value)
            if not isinstance(items, (list, tuple, range)):
                raise ConvcalcError(f"{self.written(node)} unpacks what is no list: leave the star out")
            self.spend(len(items))
            values.extend(items)
        return values

    def mapping(self, node: ast.Dict) -> dict[str, Any]:
        """Names and what they stand for."""
        if None in node.keys:
            raise ConvcalcError(f"{self.written(node)} unpacks a mapping: write the names out")
        pairs = zip(node.keys, node.values, strict=True)
        return self.named(((self.value(key), self.value(value)) for key, value in pairs if key is not None), node)

    def named(self, pairs: Iterable[Any], node: ast.expr) -> dict[str, Any]:
        """Pairs as a mapping, each name once."""
        found: dict[str, Any] = {}
        for pair in pairs:
            if not isinstance(pair, (tuple, list)) or len(pair) != 2:
                raise ConvcalcError(
                    f"{self.written(node)} is no list of names and layers: write ('conv1', Conv2d(...))"
                )
            if not isinstance(pair[0], str):
                raise ConvcalcError(f"{shown(repr(pair[0]))[1:-1]} is no name for a layer: write it in quotes")
            if pair[0] in found:
                raise ConvcalcError(f"the name {shown(pair[0])} is used twice: give every layer a name of its own")
            found[pair[0]] = pair[1]
        return found

    def walrus(self, node: ast.NamedExpr) -> Any:
        """A value that gets a name where it stands."""
        value = self.value(node.value)
        self.bind(node.target, value)
        return value

    def comprehension(self, node: ast.ListComp | ast.GeneratorExp) -> list[Any]:
        """A value made anew for each item of a list."""
        (loop,) = node.generators if len(node.generators) == 1 else (None,)
        if loop is None or loop.ifs or loop.is_async:
            raise ConvcalcError(f"{self.written(node)} has more than one for, or an if: write the list out")
        items = self.value(loop.iter)
        if not isinstance(items, (list, tuple, range)):
            raise ConvcalcError(f"{self.written(loop.iter)} is no list: give one, or range(3)")
        self.spend(len(items))
        targets = {part.id for part in ast.walk(loop.target) if isinstance(part, ast.Name)}
        outside = {name: self.names[name] for name in targets if name in self.names}
        values = []
        for item in items:
            self.bind(loop.target, item)
            values.append(self.value(node.elt))
        for name in targets:
            self.names.pop(name, None)
        self.names.update(outside)
        return values

    def call(self, node: ast.Call) -> Any:
        """A layer, or one of the few functions that make a value."""
        written = dotted(node.func)
        if written is None:
            raise self.refused(node)
        if written in DICTS:
            return self.ordered(node)
        function = _FUNCTIONS.get(written)
        if function is not None:
            return function(self, node)
        prefix, _, name = written.rpartition(".")
        if prefix and f"{prefix}." not in self.prefixes:
            raise self.refused(node)
        if not prefix and name in self.own:
            raise ConvcalcError(f"{name} is the text's own (line {self.own[name]}): its forward is not read")
        if name not in FAMILIES:
            raise self.refused(node) if name.startswith("__") else unknown(name)
        args, settings = self.arguments(name, node)
        self.line = node.lineno
        if name in ("Sequential", "Branches") and any(isinstance(item, (list, tuple)) for item in args):
            raise ConvcalcError(f"{self.written(node)} takes layers, not a list of them: put a star before the list")
        return self.kept(make(name, args, settings, lambda: self.written(node)), node)

    def ordered(self, node: ast.Call) -> dict[str, Any]:
        """An ``OrderedDict``."""
        args, settings = self.arguments("", node)
        if len(args) > 1 or (args and not isinstance(args[0], (dict, list, tuple))):
            raise ConvcalcError(
                f"{self.written(node)} takes one list of names and layers: write ('conv1', Conv2d(...))"
            )
        first = args[0] if args else ()
        pairs = list(first.items()) if isinstance(first, dict) else list(first)
        return self.named([*pairs, *settings.items()], node)

    def counted(self, node: ast.Call) -> range:
        """A ``range``."""
        args, settings = self.arguments("", node)
        if settings or not 1 <= len(args) <= 3 or not all(type(number) is int for number in args) or args[2:] == [0]:
            raise ConvcalcError(f"{self.written(node)} is no range: give one to three whole numbers")
        numbers = range(*args)
        if (numbers.stop - numbers.start) // numbers.step > MOST_LAYERS:
            raise ConvcalcError(f"{self.written(node)} has more than {MOST_LAYERS:,} numbers: give fewer")
        return numbers

    def floating(self, node: ast.Call) -> float:
        """``float('inf')``."""
        args, settings = self.arguments("", node)
        if settings or len(args) != 1 or not (isinstance(args[0], str) or _is_number(args[0])):
            raise self.refused(node)
        try:
            return float(args[0])
        except ValueError:
            raise self.refused(node) from None

    def size(self, node: ast.Call) -> tuple[Any, ...]:
        """``torch.Size([3, 4])``."""
        args, settings = self.arguments("", node)
        if settings or len(args) != 1 or not isinstance(args[0], (list, tuple)):
            raise self.refused(node)
        return tuple(args[0])


def dotted(node: ast.expr) -> str | None:
    """``torch.nn.Conv2d`` of names and dots alone; None of anything else.

    >>> dotted(ast.parse("torch.nn.Conv2d", mode="eval").body), dotted(ast.parse("f().x", mode="eval").body)
    ('torch.nn.Conv2d', None)
    """
    parts: list[str] = []
    while isinstance(node, ast.Attribute):
        parts.append(node.attr)
        node = node.value
    return ".".join([node.id, *reversed(parts)]) if isinstance(node, ast.Name) else None


def _is_number(value: object) -> bool:
    return isinstance(value, (int, float)) and not isinstance(value, bool)


_FUNCTIONS: dict[str, Callable[[Reader, ast.Call], Any]] = {
    "range": Reader.counted,
    "float": Reader.floating,
    "torch.Size": Reader.size,
}
_READERS: dict[type[ast.expr], Callable[[Reader, Any], Any]] = {
    ast.Attribute: Reader.attribute,
    ast.BinOp: Reader.binary,
    ast.Call: Reader.call,
    ast.Constant: Reader.constant,
    ast.Dict: Reader.mapping,
    ast.GeneratorExp: Reader.comprehension,
    ast.List: Reader.sequence,
    ast.ListComp: Reader.comprehension,
    ast.Name: Reader.name,
    ast.NamedExpr: Reader.walrus,
    ast.Tuple: Reader.sequence,
    ast.UnaryOp: Reader.unary,
}
