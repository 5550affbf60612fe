"""Weights, read from text and from files; every refusal says which row and column it means."""

from __future__ import annotations

import re
from math import isfinite

from convcalc.errors import ConvcalcError, quoted
from convcalc.filter.kernel import Number, Rows
from convcalc.filter.presets.values import MOST
from convcalc.layers.settings import MOST_DIGITS, counted

MOST_BYTES = 2**25  # of a file of text: 1001 x 1001 numbers of 33 characters
LARGEST = 1e300  # weight: a million of them can still be summed
EXACT = 2**53  # a float holds every whole number up to here
WRITE = "write rows as '0 -1 0; -1 5 -1; 0 -1 0'"
NUMBER = re.compile(r"[+-]?(\d+\.?\d*|\.\d+)(e[+-]?\d+)?", re.ASCII | re.IGNORECASE)
NOT_FINITE = re.compile(r"[+-]?(nan|inf|infinity)", re.IGNORECASE)
DIVISOR = re.compile(r"(^|(?<=\s))/\s*(\S+)$")  # a slash that stands apart, and the last word


def rows_from(text: str, where: str = "") -> Rows:
    """Return the weights of a text: rows between ``;`` or line ends, numbers between spaces or commas; 1/9 is allowed.

    A last ``/ 16`` divides them all. Whole numbers become ints. ``where`` begins each refusal, such as "'k.txt': ".

    >>> rows_from("0.5, 1/4; -2 4.0"), rows_from("1 2 1 / 4")
    (((0.5, 0.25), (-2, 4)), ((0.25, 0.5, 0.25),))
    """
    text, divisor = text.strip("; \t\r\n"), None
    if found := DIVISOR.search(text):
        text, divisor = text[: found.start()], _number(found[2], f"{where}divisor: ")
    rows = [re.split(r"\s*,\s*|\s+", row.strip()) for row in re.split(r"[;\n]", text) if row.strip()]
    if not rows:
        raise ConvcalcError(f"{where}a kernel without numbers: {WRITE}")
    width = len(rows[0])
    for number, row in enumerate(rows, start=1):
        if len(row) != width:
            raise ConvcalcError(
                f"{where}row {number} has {counted(len(row), 'number')} and row 1 has {width}: give every row as many"
            )
    _check_size(len(rows), width, where)

    def weight(word: str, i: int, j: int) -> Number:
        place = f"{where}row {i}, column {j}: "
        number = _number(word, place)
        return tidy(number if divisor is None else _quotient(number, divisor, quoted(f"{word} / {divisor}"), place))

    return tuple(
        tuple(weight(word, i, j) for j, word in enumerate(row, start=1)) for i, row in enumerate(rows, start=1)
    )


def rows_of_file(path: str) -> Rows:
    """Return the weights of a ``.npy`` file, or of a text file as in `rows_from`, where ``#`` begins a comment."""
    where = f"{quoted(path)}: "
    try:
        with open(path, "rb") as file:
            array = path.lower().endswith(".npy")
            content = b"" if array else file.read(MOST_BYTES + 1)
    except (OSError, ValueError) as error:  # ValueError: a name that no file can have
        reason = error.strerror if isinstance(error, OSError) else "no file has such a name"
        raise ConvcalcError(f"cannot read {quoted(path)}: {reason}") from None
    if array:
        return _rows_of_array(path, where)
    if len(content) > MOST_BYTES:
        raise ConvcalcError(f"{where}more than {MOST_BYTES:,} bytes: too many for a kernel")
    try:
        lines = content.decode("utf-8-sig").splitlines()
    except UnicodeDecodeError:
        raise ConvcalcError(f"{where}not a text: give a file of numbers, or a .npy file") from None
    return rows_from("\n".join(line.partition("#")[0] for line in lines), where)


def is_number(word: str) -> bool:
    """Return whether a word is meant as a weight: a number, a fraction, nan or inf.

    >>> is_number("-1/9"), is_number("nan"), is_number("1x")
    (True, True, False)
    """
    parts = word.split("/")
    return len(parts) <= 2 and all(NUMBER.fullmatch(part) or NOT_FINITE.fullmatch(part) for part in parts)


def tidy(number: Number) -> Number:
    """Return a whole number as an int, so that it is summed exactly; above 2^53, where floats have gaps, a float.

    >>> tidy(4.0), tidy(0.5), tidy(10**20)
    (4, 0.5, 1e+20)
    """
    return int(number) if abs(number) <= EXACT and number == int(number) else float(number)


def _check_size(rows: int, columns: int, where: str) -> None:
    if max(rows, columns) > MOST:
        raise ConvcalcError(f"{where}a kernel of {rows}x{columns} is too large: give at most {MOST} rows and columns")


def _number(word: str, where: str) -> Number:
    """Return a number, or a fraction of two."""
    above, slash, below = word.partition("/")
    number = _plain(above, word, where)
    return _quotient(number, _plain(below, word, where), quoted(word), where) if slash else number


def _plain(text: str, word: str, where: str) -> Number:
    if not word:
        raise ConvcalcError(f"{where}there is nothing beside a comma: give a number")
    if not NUMBER.fullmatch(text) and not NOT_FINITE.fullmatch(text):
        raise ConvcalcError(f"{where}{quoted(word)} is not a number: {WRITE}")
    if len(text) > MOST_DIGITS:
        raise ConvcalcError(f"{where}a number of {len(text):,} characters is too long: give at most {MOST_DIGITS}")
    number = _bounded(float(text), quoted(word), where)
    return int(text) if text.lstrip("+-").isdigit() else number


def _quotient(number: Number, divisor: Number, shown: str, where: str) -> Number:
    if divisor == 0:
        raise ConvcalcError(f"{where}{shown} divides by 0: give another number")
    return _bounded(number / divisor, shown, where)


def _bounded(number: float, shown: str, where: str) -> float:
    if not isfinite(number):
        raise ConvcalcError(f"{where}{shown} is not finite: give a finite number")
    if abs(number) > LARGEST:
        raise ConvcalcError(f"{where}{shown} is too large: give a number of at most {LARGEST:g} in size")
    return number


def _rows_of_array(path: str, where: str) -> Rows:
    import warnings
    from tokenize import TokenError

    import numpy as np

    try:
        with warnings.catch_warnings():  # about a header written by Python 2
            warnings.simplefilter("ignore")
            # Mapped, not read: a file cannot claim more than it holds, nor contain objects.
            array = np.asarray(np.lib.format.open_memmap(path, mode="r"))
    except (OSError, ValueError, TypeError, EOFError, SyntaxError, OverflowError, TokenError):
        raise ConvcalcError(f"{where}not an array of numbers that NumPy can read: write one with numpy.save") from None
    if array.ndim != 2:
        raise ConvcalcError(f"{where}an array of {counted(array.ndim, 'axis', 'axes')}: a kernel has two")
    if array.dtype.kind not in "biuf":
        raise ConvcalcError(f"{where}weights of type {array.dtype}: give integers or real numbers")
    if array.size == 0:
        raise ConvcalcError(f"{where}a kernel without numbers: give at least one")
    _check_size(array.shape[0], array.shape[1], where)
    if array.dtype.kind == "f":
        with np.errstate(over="ignore"):
            array = array.astype(np.float64)
    for i, j in np.argwhere(~(np.abs(array) <= LARGEST))[:1].tolist():
        _bounded(float(array[i, j]), f"{array[i, j]}", f"{where}row {i + 1}, column {j + 1}: ")
    return tuple(tuple(map(tidy, row)) for row in array.tolist())
