"""Expressions to layers: ``Conv2d(3, 16, 4, stride=2)``, read by Python's own parser and never executed."""

from __future__ import annotations

import ast
import operator
import re
from collections.abc import Callable, Iterable, Mapping, MutableMapping
from difflib import get_close_matches
from typing import Any

from convcalc.errors import ConvcalcError, quoted
from convcalc.layers import FAMILIES, Layer, kind
from convcalc.layers.axes import MOST_DIGITS
from convcalc.layers.block import MOST_LAYERS, Sequential

MOST_CHARACTERS = 1_000_000
MOST_BITS = 4 * MOST_DIGITS  # of a number that is calculated
MODULES = ("nn", "torch.nn", "convcalc", "collections")
IGNORED = ("device", "dtype")  # keywords of PyTorch's that change no figure here

Names = MutableMapping[str, Any]
Operator = Callable[[Any, Any], Any]
ARITHMETIC: dict[type[ast.operator], Operator] = {
    ast.Add: operator.add,
    ast.Sub: operator.sub,
    ast.Mult: operator.mul,
    ast.FloorDiv: operator.floordiv,
    ast.Div: operator.truediv,
    ast.Mod: operator.mod,
    ast.Pow: operator.pow,
}


def parse(text: str, names: Names | None = None) -> Layer:
    """The layer that the text describes, or a refusal that quotes what cannot be read; several are a Sequential.

    ``names`` are layers and numbers that the text may name, and what it names itself is added.

    >>> parse("nn.Conv2d(3, 16, 4, stride=2)")
    Conv2d(3, 16, 4, stride=2)
    >>> parse("Flatten(), Linear(120, 84)").layers[1].out_features
    84
    """
    if not isinstance(text, str):
        raise ConvcalcError(f"{text!r} is not text: write a layer as 'Conv2d(3, 16, 4, stride=2)'")
    if len(text) > MOST_CHARACTERS:
        raise ConvcalcError(f"a network of {len(text):,} characters is too long: give at most {MOST_CHARACTERS:,}")
    layer: Layer = read(text, lambda: Reader({} if names is None else names).network(_expression(text)))
    return layer


def read(text: str, reading: Callable[[], Any]) -> Any:
    """What the reading gives; whatever Python's parser cannot read is a refusal in one line.

    >>> read("1 +", lambda: ast.parse("1 +"))
    Traceback (most recent call last):
    convcalc.errors.ConvcalcError: cannot read '1 +': invalid syntax at line 1, character 4
    """
    try:
        return reading()
    except SyntaxError as error:
        line = f"line {error.lineno}, " if error.lineno else ""
        where = f" at {line}character {error.offset}" if error.offset else ""
        raise ConvcalcError(f"cannot read {shown(text)}: {error.msg}{where}") from None
    except (RecursionError, MemoryError):
        raise ConvcalcError(f"cannot read {shown(text)}: it is nested too deeply") from None
    except ConvcalcError:
        raise
    except ValueError as error:  # a null byte, or a number of more digits than Python reads
        raise ConvcalcError(f"cannot read {shown(text)}: {error}") from None


def _expression(text: str) -> ast.expr:
    """The one expression that the text is; read as a statement, so that a star may stand at the top."""
    body = ast.parse(text.strip()).body
    if len(body) != 1 or not isinstance(body[0], ast.Expr):
        raise ConvcalcError(f"cannot read {shown(text)}: write one expression, such as 'Conv2d(3, 16, 4), ReLU()'")
    return body[0].value


class Reader:
    """Reads expressions; ``names`` are what they may name, and what they name themselves is added.

    ``lines`` collects the line of each layer by its identity.
    """

    def __init__(self, names: Names) -> None:
        self.names = names
        self.lines: dict[int, int] = {}

    def network(self, expression: ast.expr) -> Layer:
        """A layer; a list or tuple of them, or several behind one another, as a Sequential."""
        if isinstance(expression, (ast.Tuple, ast.List, ast.BinOp, ast.ListComp)):
            return Sequential(*self.layers(expression))
        return self.layer(expression)

    def layer(self, expression: ast.expr) -> Layer:
        """A single layer or block: a call of its class, or the name of one."""
        if isinstance(expression, ast.NamedExpr):
            made = self.layer(expression.value)
            self.names[expression.target.id] = made
            return made
        if isinstance(expression, ast.Name):
            if isinstance(self.names.get(expression.id), Layer):
                return self.names[expression.id]  # type: ignore[no-any-return]
            if expression.id in FAMILIES:
                raise ConvcalcError(f"{expression.id} is a class: write its settings too, {expression.id}(...)")
            raise ConvcalcError(f"{expression.id} is not a layer that was named before: write one as Conv2d(3, 16, 4)")
        name = self._called(expression)
        if not isinstance(expression, ast.Call) or name is None:
            raise ConvcalcError(f"{shown(expression)} is not a layer: write one as Conv2d(3, 16, 4, stride=2)")
        if name not in FAMILIES:
            raise ConvcalcError(unknown(name))
        layer = self._made(name, expression)
        self.lines[id(layer)] = expression.lineno
        return layer

    def _called(self, expression: ast.expr) -> str | None:
        """The name of what is called, without the module before it; None where that is no plain name."""
        if not isinstance(expression, ast.Call):
            return None
        called = ast.unparse(expression.func)
        if not re.fullmatch(r"[A-Za-z_][\w.]*", called):
            return None
        module, _, name = called.rpartition(".")
        return name if not module or module in MODULES else None

    def _made(self, name: str, call: ast.Call) -> Layer:
        names = [keyword.arg for keyword in call.keywords]
        if None in names:
            raise ConvcalcError(f"{shown(call)} unpacks a mapping: write the settings out")
        repeated = next((setting for setting in names if names.count(setting) > 1), None)
        if repeated is not None:
            raise ConvcalcError(f"{shown(call)} gives {repeated} twice: leave one out")
        block = FAMILIES[name] in ("block", "graph")
        keywords = {
            keyword.arg or "": self._setting(keyword.value, block)
            for keyword in call.keywords
            if keyword.arg not in IGNORED
        }
        arguments = self._parts(call.args) if block else [self.value(argument) for argument in call.args]
        try:
            return kind(name)(*arguments, **keywords)
        except TypeError as error:
            problem = re.sub(r"^\w+\.__init__", name, str(error))  # an inherited constructor names its own class
            raise ConvcalcError(f"cannot make {shown(call)}: {problem}") from None

    def _setting(self, expression: ast.expr, block: bool) -> Any:
        """A setting of a layer; of a block it may be a layer."""
        is_layer = isinstance(expression, (ast.Call, ast.NamedExpr)) or (
            isinstance(expression, ast.Name) and isinstance(self.names.get(expression.id), Layer)
        )
        return self.layer(expression) if block and is_layer else self.value(expression)

    def _parts(self, arguments: list[ast.expr]) -> list[Layer | Mapping[str, Layer]]:
        """What a block is made of: layers, lists of layers with a star before them, or one OrderedDict."""
        if len(arguments) == 1 and self._called(arguments[0]) in ("OrderedDict", "dict"):
            return [self._mapping(arguments[0])]
        if len(arguments) == 1 and isinstance(arguments[0], ast.Dict):
            return [self._pairs(zip(arguments[0].keys, arguments[0].values, strict=True))]
        return list(self._row(arguments))

    def _row(self, arguments: Iterable[ast.expr]) -> list[Layer]:
        """Layers, and lists of layers with a star before them."""
        row: list[Layer] = []
        for argument in arguments:
            row = _bounded(
                row, self.layers(argument.value) if isinstance(argument, ast.Starred) else [self.layer(argument)]
            )
        return row

    def _mapping(self, call: ast.expr) -> dict[str, Layer]:
        """The layers of an OrderedDict, by name."""
        assert isinstance(call, ast.Call)
        if call.keywords and not call.args:
            return self._pairs((ast.Constant(keyword.arg), keyword.value) for keyword in call.keywords)
        if not call.keywords and len(call.args) == 1:
            (given,) = call.args
            if isinstance(given, ast.Dict):
                return self._pairs(zip(given.keys, given.values, strict=True))
            if isinstance(given, (ast.List, ast.Tuple)):
                pairs = [item.elts for item in given.elts if isinstance(item, (ast.Tuple, ast.List))]
                if len(pairs) == len(given.elts) and all(len(pair) == 2 for pair in pairs):
                    return self._pairs((name, layer) for name, layer in pairs)
        if not call.keywords and not call.args:
            return {}
        raise ConvcalcError(f"{shown(call)} is not read: write OrderedDict([('name', Conv2d(...)), ...])")

    def _pairs(self, pairs: Iterable[tuple[ast.expr | None, ast.expr]]) -> dict[str, Layer]:
        layers: dict[str, Layer] = {}
        for key, value in pairs:
            name = None if key is None else self.value(key)
            if not isinstance(name, str):
                raise ConvcalcError(f"{name!r} is no name for a layer: write it in quotes")
            if name in layers:
                raise ConvcalcError(f"the name {name!r} is used twice: give every layer a name of its own")
            layers[name] = self.layer(value)
        return layers

    def layers(self, expression: ast.expr) -> list[Layer]:
        """A list of layers: written out, added to another, repeated (the same ones, as in Python), or comprehended."""
        if isinstance(expression, (ast.List, ast.Tuple)):
            return self._row(expression.elts)
        if isinstance(expression, ast.BinOp) and isinstance(expression.op, ast.Add):
            return _bounded(self.layers(expression.left), self.layers(expression.right))
        if isinstance(expression, ast.BinOp) and isinstance(expression.op, ast.Mult):
            left_is_list = isinstance(expression.left, (ast.List, ast.Tuple, ast.BinOp, ast.ListComp))
            part, times = (expression.left, expression.right) if left_is_list else (expression.right, expression.left)
            count = self._count(times)
            repeated = self.layers(part)
            if count * len(repeated) > MOST_LAYERS:
                raise ConvcalcError(f"{shown(expression)} makes too many layers: give at most {MOST_LAYERS:,}")
            return repeated * count
        if isinstance(expression, (ast.ListComp, ast.GeneratorExp)):
            return self._comprehension(expression)
        if isinstance(expression, ast.Name) and isinstance(self.names.get(expression.id), list):
            return list(self.names[expression.id])
        if isinstance(expression, ast.Call) and self._called(expression) in FAMILIES:
            made = self.layer(expression)
            if isinstance(made, Sequential):
                return list(made.layers)
        raise ConvcalcError(f"{shown(expression)} is not a list of layers: write one as [Conv2d(8, 8, 3), ReLU()]")

    def _comprehension(self, expression: ast.ListComp | ast.GeneratorExp) -> list[Layer]:
        """As many layers as a literal range says, each made anew."""
        (loop, *more) = expression.generators
        call = loop.iter
        if more or loop.ifs or not isinstance(loop.target, ast.Name):
            raise ConvcalcError(f"{shown(expression)} is not read: write [Conv2d(8, 8, 3) for _ in range(3)]")
        if isinstance(call, (ast.List, ast.Tuple)):
            values = [self.value(item) for item in call.elts]
        elif isinstance(call, ast.Call) and ast.unparse(call.func) == "range" and not call.keywords:
            bounds = [self._count(bound) for bound in call.args]
            if not 1 <= len(bounds) <= 3 or (len(bounds) == 3 and bounds[2] == 0):
                raise ConvcalcError(f"{shown(call)} is no range: write range(3)")
            if len(range(*bounds)) > MOST_LAYERS:
                raise ConvcalcError(f"{shown(expression)} makes too many layers: give at most {MOST_LAYERS:,}")
            values = list(range(*bounds))
        else:
            raise ConvcalcError(f"{shown(call)} is not read: write [Conv2d(8, 8, 3) for _ in range(3)]")
        made: list[Layer] = []
        for value in values:
            self.names[loop.target.id] = value
            made = _bounded(made, self._row([expression.elt]))
        self.names.pop(loop.target.id, None)
        return made

    def _count(self, expression: ast.expr) -> int:
        value = self.value(expression)
        if not isinstance(value, int):
            raise ConvcalcError(f"{shown(expression)} is no count: give a whole number")
        return value

    def value(self, expression: ast.expr) -> Any:  # noqa: PLR0911 - a kind of expression each
        """A number, a text, a tuple, or arithmetic of numbers; a name of one of them."""
        if isinstance(expression, ast.Constant) and not isinstance(expression.value, (bytes, complex)):
            return expression.value
        if isinstance(expression, ast.Tuple):
            return tuple(map(self.value, expression.elts))
        if isinstance(expression, ast.List):
            return list(map(self.value, expression.elts))
        if isinstance(expression, ast.Name) and not isinstance(
            self.names.get(expression.id, self), (Layer, Reader, list)
        ):
            return self.names[expression.id]
        if isinstance(expression, ast.UnaryOp) and isinstance(expression.op, (ast.USub, ast.UAdd)):
            value = self._number(expression.operand)
            return -value if isinstance(expression.op, ast.USub) else value
        if isinstance(expression, ast.BinOp) and type(expression.op) in ARITHMETIC:
            return self._calculated(expression)
        if isinstance(expression, ast.Call) and ast.unparse(expression.func) in ("torch.Size", "tuple"):
            (sizes,) = expression.args if len(expression.args) == 1 else (None,)
            if isinstance(sizes, (ast.List, ast.Tuple)) and not expression.keywords:
                return tuple(map(self.value, sizes.elts))
        raise ConvcalcError(f"{shown(expression)} is not a plain value: give a number, a tuple or a word")

    def _number(self, expression: ast.expr) -> Any:
        value = self.value(expression)
        if isinstance(value, bool) or not isinstance(value, (int, float)):
            raise ConvcalcError(f"{shown(expression)} is not a number: give one")
        return value

    def _calculated(self, expression: ast.BinOp) -> Any:
        left, right = self._number(expression.left), self._number(expression.right)
        bits = [value.bit_length() for value in (left, right) if isinstance(value, int)]
        if max(bits, default=0) > MOST_BITS or (
            isinstance(expression.op, ast.Pow)
            and (abs(right) > MOST_BITS or max(bits, default=0) * abs(right) > MOST_BITS)
        ):
            raise ConvcalcError(f"{shown(expression)} is too large: give a number of at most {MOST_DIGITS} digits")
        try:
            return ARITHMETIC[type(expression.op)](left, right)
        except (ArithmeticError, ValueError) as error:
            raise ConvcalcError(f"{shown(expression)} cannot be calculated: {error}") from None


def _bounded(layers: list[Layer], more: list[Layer]) -> list[Layer]:
    """The layers with some more, in place."""
    layers.extend(more)
    if len(layers) > MOST_LAYERS:
        raise ConvcalcError(f"a network of more than {MOST_LAYERS:,} layers is too large: give fewer")
    return layers


def unknown(name: str) -> str:
    """The refusal of a layer that there is not, with the nearest name that there is.

    >>> unknown("Conv2D")
    'Conv2D is not a layer that convcalc knows: did you mean Conv2d?'
    """
    names = {known.lower(): known for known in FAMILIES}
    near = get_close_matches(name.lower(), names, n=1)
    known = f"did you mean {names[near[0]]}?" if near else "it knows those of torch.nn, such as Conv2d, ReLU or Linear"
    return f"{quoted(name)[1:-1]} is not a layer that convcalc knows: {known}"


def shown(source: str | ast.expr) -> str:
    """What was written, in quotes, and cut where it is long.

    >>> shown("Conv2d(3,\\n 16)")
    "'Conv2d(3, 16)'"
    """
    text = source if isinstance(source, str) else ast.unparse(source)
    return quoted(" ".join(text.split()))
