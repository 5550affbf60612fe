"""The arithmetic of one filtered pixel, written out."""

from __future__ import annotations

from collections.abc import Sequence
from math import isnan

from convcalc.draw.text import ELLIPSIS, MINUS
from convcalc.filter.kernel import Linear, Number, Order, parts
from convcalc.filter.outcome import Outcome
from convcalc.filter.pixel import neighbourhood, products, ranked, result, sums
from convcalc.ops.sliding import Array

MOST = 25  # terms that are all written
FIRST, LAST = 12, 2  # of more
MIDDLE = 5  # before and behind the chosen one of more values in order
BRACKETS = "[{}]"


def spelled(value: Number) -> str:
    """A number as it is written in a sum: whole where it is, to 6 digits where it is not.

    >>> spelled(-3), spelled(0.1 + 0.2), spelled(2.0)
    ('\u22123', '0.3', '2')
    """
    whole = isinstance(value, int) or (value.is_integer() and abs(value) < 2**53)
    return (str(int(value)) if whole else f"{value:.6g}").replace("-", MINUS)


def written(terms: Sequence[tuple[Number, Number]]) -> str:
    """Return weights times values, with signs between them; the middle of more than 25 is left out.

    >>> written([(-1, 5), (2, 60), (-1, 7)])
    '\u22121·5 + 2·60 \u2212 1·7'
    >>> written([(1, 1)] * 30).count("·")
    14
    """
    if not terms:
        return "0"
    words = [
        f"{'' if first and weight > 0 else MINUS if first else f'{MINUS} ' if weight < 0 else '+ '}"
        f"{spelled(abs(weight))}·{_value(value)}"
        for first, (weight, value) in ((number == 0, term) for number, term in enumerate(terms))
    ]
    if len(words) > MOST:
        words = [*words[:FIRST], f"+ {ELLIPSIS}", *words[-LAST:]]
    return " ".join(words)


def ordered(values: Sequence[Number], taken: int) -> str:
    """Return values in order, the result in brackets; of more than 25 those around it and both ends.

    >>> ordered([1, 5, 7, 9], 2)
    '1, 5, [7], 9'
    >>> ordered(range(100), 50)
    '0, …, 45, 46, 47, 48, 49, [50], 51, 52, 53, 54, 55, …, 99'
    """
    words = [BRACKETS.format(spelled(value)) if i == taken else spelled(value) for i, value in enumerate(values)]
    if len(words) > MOST:
        near = {i for i in range(len(words)) if abs(i - taken) <= MIDDLE} | {0, len(words) - 1}
        kept = sorted(near)
        pairs = zip(kept, [*kept[1:], kept[-1] + 1], strict=True)
        return ", ".join(words[i] + (f", {ELLIPSIS}" if following > i + 1 else "") for i, following in pairs)
    return ", ".join(words)


def arithmetic(outcome: Outcome, plane: Array, on: tuple[int, int], made: Number) -> list[str]:
    """Return the arithmetic of a pixel, one line per sum: ``plane`` is the channel of the input, ``made`` the result.

    >>> import numpy as np
    >>> from convcalc.filter.presets import find
    >>> from convcalc.filter.outcome import run
    >>> row = np.array([[10, 52, 60]], np.uint8)
    >>> outcome = run(row, find("box", size=(1, 3)))
    >>> arithmetic(outcome, row, (0, 1), 41)  # 122 / 3
    ['0.333333·10 + 0.333333·52 + 0.333333·60 = 40.6667 → 41 (clip)']
    """
    kernel, settings = outcome.filter, outcome.settings
    if isinstance(kernel, Order):
        values, taken = ranked(kernel.order, neighbourhood(plane, kernel.size, kernel.anchor, settings, on))
        nth = f"number {taken + 1} of {len(values)}"
        name = f"upper {kernel.order}" if kernel.order == "median" and len(values) % 2 == 0 else kernel.order
        return [f"in order: {ordered(values, taken)}", f"{name}: {nth} = {spelled(values[taken])}"]
    raw = result(kernel, plane, settings, on)
    if isinstance(kernel, Linear):
        return [f"{written(products(kernel, plane, settings, on))} = {spelled(raw)}{_ranged(outcome, raw, made)}"]
    x, y = sums(kernel, plane, settings, on)
    root = f"√({_value(x)}² + {_value(y)}²) = {spelled(raw)}"
    return [
        *(
            f"{axis}: {written(products(part, plane, settings, on))} = {spelled(each)}"
            for axis, part, each in zip("xy", parts(kernel), (x, y), strict=True)
        ),
        f"{root}{_ranged(outcome, raw, made)}",
    ]


def left_out(outcome: Outcome) -> list[str]:
    """Return what `arithmetic` does not write, in words."""
    kernels = parts(outcome.filter)
    counts = [sum(weight != 0 for row in part.weights for weight in row) for part in kernels]
    noughts = sum(part.size[0] * part.size[1] for part in kernels) - sum(counts)
    said = [f"weights of 0 ({noughts}) are not written"] if noughts else []
    if counts and max(counts) > MOST:
        said.append(f"of {max(counts):,} products the first {FIRST} and the last {LAST} are written")
    return said


def _ranged(outcome: Outcome, raw: Number, made: Number) -> str:
    """Return how the result becomes a value of the picture; nothing where it stays the same."""
    name = outcome.settings.range
    if name is None:
        return ""
    top = {"uint8": 255, "uint16": 65_535}.get(outcome.after.dtype.name, 1)
    words = name
    if name in ("clip", "abs") and not (-top if name == "abs" else 0) <= raw <= top and not isnan(raw):
        words = f"{name}, then clip to {top:,}" if name == "abs" else f"clip to 0..{top:,}"
    if name == "scale" and outcome.low is not None and outcome.high is not None:
        words = f"scale: {spelled(outcome.low)} becomes 0, {spelled(outcome.high)} becomes {top:,}"
    if name == "wrap":
        words = f"wrap: modulo {top + 1:,}"
    return f" → {spelled(made)} ({words})"


def _value(value: Number) -> str:
    """Return the value, in brackets if it is negative."""
    return f"({spelled(value)})" if value < 0 else spelled(value)
