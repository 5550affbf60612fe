"""A filter as it is typed: the name of a preset, a kernel of numbers, or a file of numbers."""

from __future__ import annotations

import re
from collections.abc import Mapping
from math import fsum
from pathlib import Path

from convcalc.errors import ConvcalcError
from convcalc.filter.kernel import Filter, Linear, Rows, linear, total
from convcalc.filter.presets import entries, find
from convcalc.filter.weights import is_number, rows_from, rows_of_file

SUMS_TO_NOTHING = 2.0**-20  # relative to the absolute weights: float32 and typed decimals are off by less


def kernel_from(text: str, settings: Mapping[str, object]) -> Filter:
    """Return the filter that a text means: a preset, with its settings; else numbers; else a file of numbers.

    A name comes first (a file called box is ``./box``), then what looks like numbers (`is_numbers`), then a file
    (`is_path`). A kernel of numbers takes no settings, and has at most 1001 rows and columns. `ConvcalcError` where the
    text is none of these.

    >>> kernel_from("box", {"size": (1, 2)}).weights
    ((0.5, 0.5),)
    >>> kernel_from("1 2 1; 2 4 2; 1 2 1 / 16", {}).weights[1]
    (0.125, 0.25, 0.125)
    """
    written = is_numbers(text)
    if any(text == entry.name for entry in entries()) or not (written or is_path(text)):
        return find(text, **settings)
    given = [name for name, value in settings.items() if value is not None]
    if given:
        source = "a kernel of numbers" if written else "a kernel from a file"
        raise ConvcalcError(f"{source} takes no {given[0]}: leave it out, or give the name of a filter")
    if written:
        return custom("custom", rows_from(text), "given as numbers")
    return custom(Path(text).name, rows_of_file(text), f"the file {text}")


def is_numbers(text: str) -> bool:
    """Return whether the text is meant as numbers: it is empty, has several rows, or begins with a number.

    >>> is_numbers("1 x 1"), is_numbers("a; b"), is_numbers("3x3.txt"), is_numbers("box")
    (True, True, False, False)
    """
    first = re.split(r"[\s,]", text.strip(), maxsplit=1)[0]
    return not first or ";" in text or "\n" in text or is_number(first)


def is_path(text: str) -> bool:
    """Return whether the text is meant as a file: it has a suffix or a folder, or such a file exists.

    >>> is_path("kernel.txt"), is_path("kernels/blur"), is_path("gausian")
    (True, True, False)
    """
    if any(mark in text for mark in "./\\"):
        return True
    try:
        return Path(text).is_file()
    except (OSError, ValueError):  # a name that is too long, or that no file can have
        return False


def custom(name: str, weights: Rows, source: str) -> Linear:
    """Return a kernel of the user's own. Where its weights sum to 0 the range is ``abs``, else ``clip``.

    >>> custom("", ((1, -1),), "").range, custom("", ((1, 1),), "").range
    ('abs', 'clip')
    """
    sizes = fsum(abs(weight) for row in weights for weight in row)
    return linear(name, weights, "abs" if abs(total(weights)) <= SUMS_TO_NOTHING * sizes else "clip", source)
