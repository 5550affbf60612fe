"""Text to a condition on a row of a table: ``output.2 == 112 and macs < 1G``.

Names of columns, numbers, quoted text, arithmetic, comparison, and, or, not: nothing else is read, and nothing is ever
executed. What kind of value each side has is known before the first row, so what makes no sense is refused there.

A figure of an axis each is compared axis by axis, and all must agree. What is not known, or is divided by zero, makes
no comparison true.
"""

from __future__ import annotations

import operator
import re
from collections.abc import Callable, Mapping
from fractions import Fraction
from functools import reduce
from typing import Any, NamedTuple

from convcalc.errors import ConvcalcError, did_you_mean, quoted
from convcalc.layers.settings import MOST_DIGITS

NUMBER, PER_AXIS, SHAPE, TEXT, TRUTH = "a number", "a number an axis", "a shape", "text", "a comparison"

MOST_CHARACTERS = 1_000
MOST_NESTED = 50

Lookup = Callable[[str], Any]


class Kind(NamedTuple):
    """What a column holds, and of how many parts."""

    kind: str
    length: int = 0


class _Term(NamedTuple):
    """A part of the condition: its kind, its text, and its value in a row."""

    kind: str
    text: str
    value: Callable[[Lookup], Any]


TOKEN = re.compile(
    r"\s*(?:(?P<number>\d+(?:\.\d+)?[KMGT]?(?![\w.]))|(?P<name>[A-Za-z_]\w*(?:\.\d+)*(?![\w.]))"
    r"|(?P<text>'[^']*'|\"[^\"]*\")|(?P<sign>==|!=|<=|>=|//|\*\*|&&|\|\||[^\s\w]))"
)
COMPARISONS = {
    "==": operator.eq,
    "!=": operator.ne,
    "<": operator.lt,
    "<=": operator.le,
    ">": operator.gt,
    ">=": operator.ge,
}
SUMS: dict[str, Callable[[Any, Any], Any]] = {"+": operator.add, "-": operator.sub}
PRODUCTS: dict[str, Callable[[Any, Any], Any]] = {
    "*": operator.mul,
    "/": lambda a, b: Fraction(a, b) if _is_number(a) and _is_number(b) else a / b,  # exact
    "//": operator.floordiv,
    "%": operator.mod,
}
INSTEAD = {"=": "==", "&&": "and", "&": "and", "||": "or", "|": "or", "!": "not"}


def read_condition(text: str, columns: Mapping[str, Kind]) -> Callable[[Lookup], Any]:
    """Return the condition that a text states, as a function of how the columns of a row are looked up.

    A column may also hold many rows at once, with the operators of `convcalc.arrays.known`; then so does the result.

    >>> holds = read_condition("output.2 == 112 and macs < 1.5G", {"output": Kind(SHAPE, 4), "macs": Kind(NUMBER)})
    >>> holds({"output": (1, 64, 112, 112), "macs": 118_013_952}.get)
    True
    """
    if len(text) > MOST_CHARACTERS:
        raise ConvcalcError(f"the condition has {len(text):,} characters: give at most {MOST_CHARACTERS:,}")
    term = _Reader(text, columns).whole()
    return lambda lookup: False if (found := term.value(lookup)) is None else found


def read_value(text: str, columns: Mapping[str, Kind]) -> tuple[str, Callable[[Lookup], Any]]:
    """The kind of value that a column, or a part of one, holds, and the value as a function of a row's columns.

    >>> kind, value = read_value("output.2", {"output": Kind(SHAPE, 4)})
    >>> kind, value({"output": (1, 64, 112, 112)}.get)
    ('a number', 112)
    """
    if not text.strip():
        raise ConvcalcError("a column's name is empty: write such as macs or output.2")
    term = _Reader(text, columns).alone()
    return term.kind, term.value


class _Reader:
    """The tokens of a condition, read from left to right, each rule of the grammar a method."""

    def __init__(self, text: str, columns: Mapping[str, Kind]) -> None:
        self.columns = columns
        self.tokens = _tokens(text)
        self.at = 0
        self.nested = 0

    def whole(self) -> _Term:
        term = self.either()
        if self.at < len(self.tokens):
            raise self.unexpected()
        return _demand(term, TRUTH)

    def alone(self) -> _Term:
        term = self.sum()
        if self.at < len(self.tokens):
            raise self.unexpected()
        return term

    def either(self) -> _Term:
        term = self.both()
        while self.take("or"):
            term = _joined(term, "or", self.both())
        return term

    def both(self) -> _Term:
        term = self.denial()
        while self.take("and"):
            term = _joined(term, "and", self.denial())
        return term

    def denial(self) -> _Term:
        if not self.take("not"):
            return self.comparison()
        term = _demand(self.deeper(self.denial), TRUTH)
        return _Term(TRUTH, f"not {term.text}", lambda lookup: _denied(term.value(lookup)))

    def comparison(self) -> _Term:
        first = self.sum()
        links = []
        left = first
        while (sign := self.peek()) in COMPARISONS:
            self.at += 1
            right = self.sum()
            links.append(_compared(left, sign, right))
            left = right
        if not links:
            return first
        term = links[0]
        for link in links[1:]:  # a < b < c is a < b and b < c
            term = _joined(term, "and", link)
        return term

    def sum(self) -> _Term:
        return self.row_of(SUMS, self.product)

    def product(self) -> _Term:
        return self.row_of(PRODUCTS, self.factor)

    def row_of(self, operations: Mapping[str, Callable[[Any, Any], Any]], part: Callable[[], _Term]) -> _Term:
        term = part()
        while (sign := self.peek()) in operations:
            self.at += 1
            term = _calculated(term, sign, part(), operations[sign])
        return term

    def factor(self) -> _Term:
        if self.take("-"):
            term = _number(self.deeper(self.factor), "-")
            return _Term(term.kind, f"-{term.text}", lambda lookup: _each(_negated, term.value(lookup), 0))
        if self.take("("):
            term = self.deeper(self.either)
            if not self.take(")"):
                raise self.unexpected(") is missing")
            return term._replace(text=f"({term.text})")
        return self.atom()

    def deeper(self, rule: Callable[[], _Term]) -> _Term:
        self.nested += 1
        if self.nested > MOST_NESTED:
            raise ConvcalcError(f"the condition is nested more than {MOST_NESTED} deep: write it flatter")
        term = rule()
        self.nested -= 1
        return term

    def atom(self) -> _Term:
        if self.at == len(self.tokens):
            raise self.unexpected()
        kind, text = self.tokens[self.at]
        if kind == "sign" or text in ("and", "or", "not"):
            raise self.unexpected()
        self.at += 1
        if kind == "number":
            number = _literal(text)
            return _Term(NUMBER, text, lambda _: number)
        if kind == "text":
            return _Term(TEXT, text, lambda _: text[1:-1])
        if self.peek() == "(":
            raise ConvcalcError(f"{text}(...) calls something: a condition has only comparison and arithmetic")
        return self.column(text)

    def column(self, text: str) -> _Term:
        name, *indices = text.split(".")
        if name not in self.columns:
            hint = did_you_mean(name, self.columns)
            raise ConvcalcError(f"no column {quoted(name)}{hint}: use one of {', '.join(self.columns)}")
        kind, length = self.columns[name]
        if not indices:
            return _Term(kind, text, lambda lookup: _spread(lookup(name), length if kind == PER_AXIS else 0))
        index = int(indices[0]) if len(indices) == 1 and len(indices[0]) < MOST_DIGITS else length
        if not length or index >= length:
            parts = f"has parts 0 to {length - 1}" if length else "has no parts"
            raise ConvcalcError(f"{text} is no column: {name} {parts}")

        def part(lookup: Lookup) -> Any:
            value = _spread(lookup(name), length)
            return value if value is None else value[index]

        return _Term(NUMBER, text, part)

    def peek(self) -> str:
        kind, text = self.tokens[self.at] if self.at < len(self.tokens) else ("", "")
        return "" if kind == "text" else text

    def take(self, word: str) -> bool:
        found = self.peek() == word
        self.at += found
        return found

    def unexpected(self, problem: str = "") -> ConvcalcError:
        if self.at == len(self.tokens):
            return ConvcalcError(f"the condition ends too soon{problem and f', {problem}'}: write such as macs < 5M")
        text = self.tokens[self.at][1]
        if text in INSTEAD:
            return ConvcalcError(f"{text} is not read here: write {INSTEAD[text]}")
        return ConvcalcError(
            f"{quoted(text)} is not read here{problem and f', {problem}'}: a condition has only comparison and"
            " arithmetic, such as macs < 5M and output.2 == 112"
        )


def _tokens(text: str) -> list[tuple[str, str]]:
    tokens, at = [], 0
    text = text.rstrip()
    while at < len(text):
        match = TOKEN.match(text, at)
        if match is None or match.lastgroup is None:
            raise ConvcalcError(
                f"{quoted(text[at:].split()[0])} is no number and no column: write such as macs < 5M or output.2 == 112"
            )
        tokens.append((match.lastgroup, match[match.lastgroup]))
        at = match.end()
    return tokens


def _literal(text: str) -> int | Fraction:
    power = "KMGT".find(text[-1]) + 1
    digits, _, decimals = text.rstrip("KMGT").partition(".")
    if len(text) > MOST_DIGITS:
        raise ConvcalcError(f"a number of the condition has {len(text):,} digits: give at most {MOST_DIGITS:,}")
    value = Fraction(int(digits + decimals) * 1000**power, 10 ** len(decimals))
    return value.numerator if value.denominator == 1 else value


def _demand(term: _Term, kind: str) -> _Term:
    if term.kind != kind:
        raise ConvcalcError(f"{term.text} is {term.kind}, not {kind}: write such as macs < 5M")
    return term


def _number(term: _Term, sign: str) -> _Term:
    """The term, which must be a number or one an axis."""
    if term.kind == SHAPE:
        raise ConvcalcError(f"{term.text} is a shape: compare one of its sizes, such as {term.text}.2")
    if term.kind not in (NUMBER, PER_AXIS):
        raise ConvcalcError(f"{term.text} is {term.kind}, which {sign} does not take: compare text with == or != only")
    return term


def _joined(left: _Term, word: str, right: _Term) -> _Term:
    a, b = _demand(left, TRUTH).value, _demand(right, TRUTH).value
    join = _either if word == "or" else _both
    return _Term(TRUTH, f"{left.text} {word} {right.text}", lambda lookup: join(a(lookup), b(lookup)))


def _both(a: Any, b: Any) -> Any:
    """Return false if either is false, whatever the other; else not known (None) if either is not."""
    if not (_is_truth(a) and _is_truth(b)):
        return a & b
    return False if False in (a, b) else None if None in (a, b) else True


def _either(a: Any, b: Any) -> Any:
    """Return true if either is true, whatever the other; else not known (None) if either is not."""
    if not (_is_truth(a) and _is_truth(b)):
        return a | b
    return True if True in (a, b) else None if None in (a, b) else False


def _denied(value: Any) -> Any:
    return (None if value is None else not value) if _is_truth(value) else ~value


def _is_truth(value: Any) -> bool:
    """Return whether it is the truth of one row, not of many."""
    return value is None or isinstance(value, bool)


def _is_number(value: Any) -> bool:
    """Return whether it is the number of one row, not of many."""
    return isinstance(value, (int, Fraction))


def _compared(left: _Term, sign: str, right: _Term) -> _Term:
    text = f"{left.text} {sign} {right.text}"
    if TEXT in (left.kind, right.kind):
        for one, other in ((left, right), (right, left)):
            if one.kind == TEXT and other.kind != TEXT:
                raise ConvcalcError(f"{text} compares text with {other.kind}: {_other_than_text(other)}")
        if sign not in ("==", "!="):
            raise ConvcalcError(f"{text} puts text in an order: compare text with == or != only")
    else:
        _number(left, sign), _number(right, sign)
    return _Term(TRUTH, text, lambda lookup: _all(_each(COMPARISONS[sign], *_sides(left, right, lookup))))


def _other_than_text(term: _Term) -> str:
    if term.kind == SHAPE:
        return f"compare one of its sizes with a number, such as {term.text}.2 == 112"
    return "write a number without quotes"


def _calculated(left: _Term, sign: str, right: _Term, operation: Callable[[Any, Any], Any]) -> _Term:
    a, b = _number(left, sign), _number(right, sign)
    kind = PER_AXIS if PER_AXIS in (a.kind, b.kind) else NUMBER

    def step(x: Any, y: Any) -> Any:
        return None if sign in ("/", "//", "%") and _is_number(y) and y == 0 else operation(x, y)

    return _Term(kind, f"{a.text} {sign} {b.text}", lambda lookup: _each(step, *_sides(a, b, lookup)))


def _spread(value: Any, axes: int) -> Any:
    """Return a value per axis of what is one value for all of them."""
    if value is None or not axes or (isinstance(value, tuple) and len(value) == axes):
        return value
    return (value if isinstance(value, tuple) else (value,)) * axes


def _sides(left: _Term, right: _Term, lookup: Lookup) -> tuple[Any, Any]:
    """Return both values; a number beside one value per axis stands at every axis."""
    a, b = left.value(lookup), right.value(lookup)
    if left.kind != right.kind and a is not None and b is not None:
        a = a if left.kind == PER_AXIS else (a,) * len(b)
        b = b if right.kind == PER_AXIS else (b,) * len(a)
    return a, b


def _each(operation: Callable[[Any, Any], Any], a: Any, b: Any) -> Any:
    """The operation on two values, part by part where they have parts; None of what is not known."""
    if a is None or b is None:
        return None
    if isinstance(a, tuple) or isinstance(b, tuple):
        length = len(a if isinstance(a, tuple) else b)
        parts = [value if isinstance(value, tuple) else (value,) * length for value in (a, b)]
        return tuple(_each(operation, x, y) for x, y in zip(*parts, strict=True))
    return operation(a, b)


def _negated(value: Any, _: int) -> Any:
    return -value


def _all(value: Any) -> Any:
    """Return whether all parts are true; None if one is not known and none is false."""
    return reduce(_both, map(_all, value)) if isinstance(value, tuple) else value
