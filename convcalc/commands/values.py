"""What people type, to values: every refusal names the option and the bad value."""

from __future__ import annotations

import re
from difflib import get_close_matches

from convcalc.errors import ConvcalcError

MOST_DIGITS = 1000
UNITS = {"": 1, "B": 1, **{f"{letter}iB": 2 ** (10 * power) for power, letter in enumerate("KMGT", start=1)}}
UNITS |= {f"{letter}{end}": 10 ** (3 * power) for power, letter in enumerate("kMGT", start=1) for end in ("", "B")}


def integer(name: str, text: str) -> int:
    """A whole number of either sign.

    >>> integer("--k", "3")
    3
    """
    if not re.fullmatch(r"[+-]?[0-9]+", text):
        raise ConvcalcError(f"{name} {text!r} is not a whole number: give digits only")
    if len(text) > MOST_DIGITS:
        raise ConvcalcError(f"{name} has {len(text):,} digits: give at most {MOST_DIGITS:,}")
    return int(text)


def per_axis(name: str, text: str) -> int | tuple[int, ...]:
    """One number for all axes, or one an axis.

    >>> per_axis("--k", "3"), per_axis("--k", "3x5")
    (3, (3, 5))
    """
    if "x" not in text:
        return integer(name, text)
    return tuple(integer(f"{name} {text}:", part) for part in text.split("x"))


def padding(name: str, text: str) -> str | int | tuple[int, ...] | tuple[tuple[int, int], ...]:
    """A word, numbers as in `per_axis`, or sides, ``before:after``, for all axes or an axis each.

    >>> padding("--p", "same"), padding("--p", "1:2x0:1")
    ('same', ((1, 2), (0, 1)))
    """
    if text in ("same", "valid"):
        return text
    if ":" not in text:
        if re.fullmatch(r"[A-Za-z]+", text):
            raise ConvcalcError(f"{name} {text!r} is unknown: use same, valid, numbers (1, 1x2) or sides (1:2x0:1)")
        return per_axis(name, text)
    pairs = tuple(
        tuple(integer(f"{name} {text}:", side) for side in (part.split(":") if ":" in part else (part, part)))
        for part in text.split("x")
    )
    if any(len(pair) != 2 for pair in pairs):
        raise ConvcalcError(f"{name} {text!r} is not before:after an axis: write it as 1:2x0:1")
    return tuple((before, after) for before, after in pairs)


def memory(name: str, text: str) -> int:
    """An amount of memory in bytes, ``2GiB``.

    >>> memory("--memory-limit", "2GiB")
    2147483648
    """
    match = re.fullmatch(r"([0-9]{1,30}) ?([A-Za-z]*)", text)
    if not match or match[2] not in UNITS:
        raise ConvcalcError(f"{name} {text!r} is not an amount of memory: write it as 512MiB, 2GiB or in bytes")
    unit: int = UNITS[match[2]]
    return int(match[1]) * unit


def one_of(name: str, text: str, choices: tuple[str, ...]) -> str:
    """One of a few words.

    >>> one_of("--c3", "full", ("paper", "full"))
    'full'
    """
    if text not in choices:
        near = get_close_matches(text, choices, n=1)
        hint = f" (did you mean {near[0]}?)" if near else ""
        raise ConvcalcError(f"{name} {text!r} is unknown{hint}: use one of {', '.join(choices)}")
    return text
