"""Read values from what people type. Every refusal names the option and the bad value."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import NamedTuple

from convcalc.errors import MOST_QUOTED, ConvcalcError, did_you_mean, quoted
from convcalc.layers.settings import MOST_DIGITS

FORMATS = ("table", "json", "ndjson", "csv", "markdown", "latex")
OTHER_FORMATS = {"md": "markdown", "tex": "latex", "jsonl": "ndjson"}
OTHER_DTYPES = {
    "fp16": "float16",
    "half": "float16",
    "bf16": "bfloat16",
    "fp32": "float32",
    "float": "float32",
    "fp64": "float64",
    "double": "float64",
}
PADDING_WORDS = "use same, valid, numbers (1, 1x2) or sides (1:2x0:1)"
LISTS = "write 3, a list 3,5,7 or a range 1..7 or 1..7..2"
MOST_LISTED = 100_000
BRACKETS = r"(?:torch\.Size\(\s*)?[(\[]\s*([^()\[\]]*?)\s*[)\]]\s*\)?"
UNITS: dict[str, int] = {"": 1, "b": 1}
UNITS |= {f"{letter}ib": 2 ** (10 * power) for power, letter in enumerate("kmgt", start=1)}
UNITS |= {f"{letter}{end}": 10 ** (3 * power) for power, letter in enumerate("kmgt", start=1) for end in ("", "b")}


def integer(name: str, text: str, remedy: str = "give digits only") -> int:
    """Return a whole number, of either sign.

    >>> integer("--g", "3")
    3
    """
    if not is_integer(text):
        raise ConvcalcError(f"{name} {quoted(text)} is not a whole number: {remedy}")
    if len(text) > MOST_DIGITS:
        raise ConvcalcError(f"{name} has {len(text):,} digits: give at most {MOST_DIGITS:,}")
    return int(text)


def decimal(name: str, text: str) -> float:
    """Return a number, which may have a fraction.

    >>> decimal("--sigma", "1.5")
    1.5
    """
    try:
        return float(text)
    except ValueError:
        raise ConvcalcError(f"{name} {quoted(text)} is not a number: write such as 1.5") from None


def with_x(text: str) -> str:
    """Return the values of several axes in one notation: ``3x5``, also for ``3×5``, ``(3, 5)`` and ``[3, 5]``.

    >>> with_x("(3, 5)"), with_x("torch.Size([1, 3, 28, 28])"), with_x("3,5,7")
    ('3x5', '1x3x28x28', '3,5,7')
    """
    text = text.strip().replace("×", "x").replace("X", "x")
    inside = re.fullmatch(BRACKETS, text) if text.endswith((")", "]")) else None
    return text if inside is None else re.sub(r"\s*,\s*|\s+", "x", inside[1].rstrip(", "))


def per_axis(name: str, text: str) -> int | tuple[int, ...]:
    """Return one number for all axes, or one number per axis.

    >>> per_axis("--k", "3"), per_axis("--k", "3x5"), per_axis("--k", "(3, 5)")
    (3, (3, 5), (3, 5))
    """
    parts = with_x(text).split("x")
    if not all(map(is_integer, parts)):
        raise ConvcalcError(f"{name} {quoted(text)} is not a number: write 3, or 3x5 for one number per axis")
    numbers = tuple(integer(name, part) for part in parts)
    return numbers if len(numbers) > 1 else numbers[0]


def size_words(words: Sequence[str]) -> list[str]:
    """Return the sizes of an input as one text per axis, however they are written.

    >>> size_words(["1", "3", "28..32", "28"]), size_words(["1,3,28"]), size_words(["torch.Size([1, 3, 28])"])
    (['1', '3', '28..32', '28'], ['1', '3', '28'], ['1', '3', '28'])
    """
    text = " ".join(words)
    if len(words) == 1 or text.endswith((")", "]")):
        return re.split(r"\s*[x,]\s*|\s+", with_x(text).rstrip(", "))
    return [word.removesuffix(",") for word in words]


def sizes(words: Sequence[str]) -> tuple[int, ...]:
    """Return the sizes of an input.

    >>> sizes(["1", "3", "28", "28"]), sizes(["1x3x28x28"])
    ((1, 3, 28, 28), (1, 3, 28, 28))
    """
    numbers = tuple(integer("size", text, "write the sizes as 1 3 28 28 or 1x3x28x28") for text in size_words(words))
    for number in numbers:
        if number < 0:
            raise ConvcalcError(f"size {number} is negative: every size must be at least 0")
    return numbers


def columns(name: str, text: str, known: tuple[str, ...]) -> tuple[str, ...]:
    """Return the names of columns, or all of them.

    >>> columns("--columns", "macs, name", ("name", "macs", "flops"))
    ('macs', 'name')
    """
    if text == "all":
        return known
    return tuple(one_of(name, part.strip(), known) for part in text.split(","))


def is_integer(text: str) -> bool:
    """Return whether the text is digits, with or without a sign.

    >>> is_integer("-3"), is_integer("3.0"), is_integer("")
    (True, False, False)
    """
    digits = text[1:] if text[:1] in ("+", "-") else text
    return digits.isascii() and digits.isdigit()


def is_list(text: str) -> bool:
    """Return whether the text has several values: 3,5,7 or 1..7.

    >>> is_list("3,5"), is_list("1..7"), is_list("3x5")
    (True, True, False)
    """
    return "," in text or ".." in text


def listed(name: str, text: str) -> list[str]:
    """Return the texts of a list ``3,5``, a range ``1..7``, or a range with a step ``1..7..2``, each once.

    >>> listed("--k", "3,1..7..3,2x2")
    ['3', '1', '4', '7', '2x2']
    """
    found: dict[str, None] = {}
    for item in text.split(","):
        if ".." in item:
            numbers = _range(name, item)
            length = (numbers[-1] - numbers[0]) // numbers.step + 1  # len() takes no more than a machine number
            if length > MOST_LISTED:
                raise ConvcalcError(f"{name} {item} has {length:,} values: give at most {MOST_LISTED:,}")
            found |= dict.fromkeys(map(str, numbers))
        elif not item:
            raise ConvcalcError(f"{name} {quoted(text)} has an empty entry: write 3,5,7")
        elif item in found:
            raise ConvcalcError(
                f"{name} {quoted(text)} lists {item} twice: write 3x3 for one number per axis, 3,5 for a list"
            )
        else:
            found[item] = None
    return list(found)


def numbers(name: str, text: str) -> Sequence[int]:
    """Return the numbers of a list or a range, sorted, each once. A range stays a range.

    >>> numbers("--k", "7,3,5"), numbers("--k", "1..7..2")
    ((3, 5, 7), range(1, 8, 2))
    """
    if ".." in text and "," not in text:
        return _range(name, text)
    return tuple(sorted({integer(name, item, LISTS) for item in listed(name, text)}))


def bounds(name: str, text: str, axes: int) -> list[Sequence[int]]:
    """Return the numbers that each axis may have: one list or range for all axes, or one per axis, joined by x.

    >>> bounds("--k", "1..7", 2), bounds("--k", "3x1..5", 2)
    ([range(1, 8), range(1, 8)], [(3,), range(1, 6)])
    """
    parts = with_x(text).split("x")
    if len(parts) == 1 or "" in parts:
        return [numbers(name, text)] * axes
    if "," in text:
        raise ConvcalcError(
            f"{name} {quoted(text)} mixes lists and axes: with x, give a number or a range for each axis"
        )
    if len(parts) != axes:
        raise ConvcalcError(
            f"{name} {text} is for {len(parts)} axes, and there are {axes}: give one for all, or {axes}"
        )
    return [numbers(name, part) for part in parts]


def _range(name: str, text: str) -> range:
    ends = [integer(name, part, LISTS) for part in text.split("..")]
    if len(ends) > 3 or (len(ends) == 3 and ends[2] < 1):
        raise ConvcalcError(f"{name} {quoted(text)} is no range: {LISTS}")
    if ends[1] < ends[0]:
        raise ConvcalcError(f"{name} {text} has nothing in it: write the smaller end first")
    return range(ends[0], ends[1] + 1, *ends[2:])


def padding(name: str, text: str) -> str | int | tuple[int, ...] | tuple[tuple[int, int], ...]:
    """Return a word, numbers as in `per_axis`, or sides ``before:after``, for all axes or per axis.

    >>> padding("--p", "same"), padding("--p", "1:2x0:1")
    ('same', ((1, 2), (0, 1)))
    """
    if text in ("same", "valid"):
        return text
    text = with_x(text)
    if ":" not in text:
        if text.isalpha():
            raise ConvcalcError(f"{name} {quoted(text)} is unknown: {PADDING_WORDS}")
        return per_axis(name, text)
    sides = [part.split(":") for part in text.split("x")]
    if not all(len(side) <= 2 and all(map(is_integer, side)) for side in sides):
        raise ConvcalcError(f"{name} {quoted(text)} is no padding: {PADDING_WORDS}")
    return tuple((integer(name, side[0]), integer(name, side[-1])) for side in sides)


def memory(name: str, text: str) -> int:
    """Return an amount of memory in bytes.

    >>> memory("--memory-limit", "2GiB"), memory("--memory-limit", "1.5kB")
    (2147483648, 1500)
    """
    unit = text.lstrip("0123456789. ")
    digits, _, decimals = text[: len(text) - len(unit)].strip().partition(".")
    if not is_integer(digits + decimals) or unit.lower() not in UNITS or len(text) > MOST_QUOTED:
        raise ConvcalcError(f"{name} {quoted(text)} is not an amount of memory: write it as 512MiB, 2GiB or in bytes")
    size: int = int(digits + decimals) * UNITS[unit.lower()] // 10 ** len(decimals)
    return size


def amount(name: str, text: str) -> int:
    """Return a limit: a whole number, or a number with a unit, ``5M``.

    >>> amount("--max-params", "5M"), amount("--max-macs", "1.5G"), amount("--max-params", "61,100,840")
    (5000000, 1500000000, 61100840)
    """
    number, unit = text.replace(",", ""), text[-1:].upper()
    power = "KMGT".find(unit) + 1 if unit and unit in "KMGT" else 0
    digits, _, decimals = (number[:-1] if power else number).partition(".")
    if not (digits + decimals).isascii() or not (digits + decimals).isdigit() or len(text) > MOST_QUOTED:
        raise ConvcalcError(f"{name} {quoted(text)} is not an amount: write it as 5000000, 5M or 1.5G")
    found: int = int(digits + decimals) * 1000**power // 10 ** len(decimals)
    return found


class Input(NamedTuple):
    """The shape of an input as it is typed, and the name of the input, if one was typed."""

    name: str | None
    shape: tuple[int, ...]


def inputs(name: str, texts: Sequence[str]) -> list[Input]:
    """Return the inputs of a network, one for each time that the option was given.

    >>> inputs("--input", ["1x3x224x224", "mask=1x8"])
    [Input(name=None, shape=(1, 3, 224, 224)), Input(name='mask', shape=(1, 8))]
    """
    found = []
    for text in texts:
        key, _, sizes = text.rpartition("=")
        found.append(Input(key or None, shape(name, sizes)))
    return found


def one_input(name: str, texts: Sequence[str]) -> tuple[int, ...]:
    """Return the shape of the only input.

    >>> one_input("--input", ["1x3x224x224"])
    (1, 3, 224, 224)
    """
    given = inputs(name, texts)
    if len(given) > 1:
        raise ConvcalcError(f"{name} is given {len(given)} times, and there is one input: give it once")
    if given[0].name not in (None, "input"):
        raise ConvcalcError(f"{name} {quoted(texts[0])} names an input that is not there: give the sizes alone")
    return given[0].shape


def shape(name: str, text: str) -> tuple[int, ...]:
    """Return the sizes of one input.

    >>> shape("--input", "1x3x224x224"), shape("--input", "1, 3, 28, 28"), shape("--input", "(1, 3)")
    ((1, 3, 224, 224), (1, 3, 28, 28), (1, 3))
    """
    parts = size_words([text])
    if not all(map(is_integer, parts)):
        raise ConvcalcError(f"{name} {quoted(text)} is no shape: write its sizes as 1x3x224x224")
    sizes = tuple(integer(name, part) for part in parts)
    if min(sizes) < 0:
        raise ConvcalcError(f"{name} {text} has a negative size: every size must be at least 0")
    return sizes


def at_least_one(name: str, text: str, remedy: str = "give a number from 1 on") -> int:
    """Return a whole number that is at least 1.

    >>> at_least_one("--limit", "20")
    20
    """
    number = integer(name, text, remedy)
    if number < 1:
        raise ConvcalcError(f"{name} {number} is too small: {remedy}")
    return number


def depth(name: str, text: str) -> int | None:
    """Return how many blocks deep to go, or None for all.

    >>> depth("--depth", "2"), depth("--depth", "all")
    (2, None)
    """
    return None if text == "all" else at_least_one(name, text, "give a number from 1 on, or all")


def format_of(typed: str, as_json: bool, get: str | None) -> str:
    """Return the output format: the one of ``--format``, json with ``--json`` or ``--get``, otherwise a table.

    >>> format_of("", False, None), format_of("", True, None), format_of("csv", False, None)
    ('table', 'json', 'csv')
    """
    if not typed:
        return "json" if as_json or get is not None else "table"
    chosen = one_of("--format", typed, FORMATS, OTHER_FORMATS)
    if chosen != "json" and (as_json or get is not None):
        raise ConvcalcError(f"{'--json' if as_json else '--get'} and --format {chosen} exclude each other: give one")
    return chosen


def only_in_table_or_json(option: str, given: bool, format: str) -> None:  # noqa: A002 - the option's name
    """Refuse an option whose answer does not fit into one row per layer.

    >>> only_in_table_or_json("--explain", False, "csv")
    """
    if given and format not in ("table", "json"):
        raise ConvcalcError(f"{option} has no place in --format {format}: leave one out")


def one_of(name: str, text: str, choices: Sequence[str], also: Mapping[str, str] = {}) -> str:
    """Return one of a few words; ``also`` has other words for them.

    >>> one_of("--c3", "full", ("paper", "full")), one_of("--format", "md", FORMATS, OTHER_FORMATS)
    ('full', 'markdown')
    """
    found = also.get(text.lower(), text)
    if found not in choices:
        hint = did_you_mean(text, choices)
        raise ConvcalcError(f"{name} {quoted(text)} is unknown{hint}: use one of {', '.join(choices)}")
    return found
