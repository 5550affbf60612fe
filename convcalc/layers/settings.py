"""Settings in one form: whole numbers, one per axis; padding as a pair of sides.

A layer's constructor calls these functions, so nothing after it sees ``int | tuple``.
"""

from __future__ import annotations

from collections.abc import Sequence
from operator import index

from convcalc.errors import ConvcalcError

Shape = tuple[int, ...]
Sides = tuple[int, int]
PerAxis = int | Sequence[int]
Padding = str | int | Sequence[int] | Sequence[Sequence[int]]

MOST_DIGITS = 100  # of a number that is typed or piped, so that its figures are printed at once


def whole(name: str, value: object, least: int | None) -> int:
    """Return the value as an int of at least ``least`` (None: any). `ConvcalcError` names the setting.

    >>> whole("stride", 2, least=1)
    2
    """
    try:
        number = None if isinstance(value, bool) else index(value)  # type: ignore[arg-type]
    except TypeError:
        number = None
    if number is None:
        raise ConvcalcError(f"{name} {value!r} is not a whole number: give an integer")
    if least is not None and number < least:
        raise ConvcalcError(f"{name} {number} is too small: it must be at least {least}")
    return number


def real(name: str, value: object) -> float:
    """Return the value if it is a number. `ConvcalcError` names the setting.

    >>> real("negative_slope", 0.2)
    0.2
    """
    if not isinstance(value, (int, float)):
        raise ConvcalcError(f"{name} {value!r} is not a number: give one such as 0.5")
    return value


def shape(value: Sequence[int]) -> Shape:
    """Return the shape as a tuple of whole numbers of at least 0.

    >>> shape([10, 3, 28, 28])
    (10, 3, 28, 28)
    """
    if type(value) is tuple and set(map(type, value)) <= {int} and min(value, default=0) >= 0:
        return value  # as the walk hands it from layer to layer
    try:
        sizes = None if isinstance(value, str) else tuple(value)
    except TypeError:
        sizes = None
    if sizes is None:
        raise ConvcalcError(f"input shape {value!r} is not a sequence of sizes: give one such as (1, 3, 28, 28)")
    return tuple([whole("size", size, least=0) for size in sizes])


def per_axis(name: str, value: PerAxis, rank: int, *, least: int | None, broadcast: bool = True) -> tuple[int, ...]:
    """Return one number per axis. As in PyTorch, a one-element tuple stands for all axes, except for a kernel size.

    >>> per_axis("stride", 2, rank=2, least=1)
    (2, 2)
    """
    try:
        items = None if isinstance(value, str) else tuple(value)  # type: ignore[arg-type]
    except TypeError:
        items = None  # a single number
    if items is None:
        return (whole(name, value, least),) * rank
    numbers = tuple(whole(name, item, least) for item in items)
    if len(numbers) == 1 and broadcast:
        return numbers * rank
    if len(numbers) != rank:
        raise ConvcalcError(
            f"{name} {'x'.join(map(str, numbers))} has {counted(len(numbers), 'value')}"
            f" for {counted(rank, 'axis', 'axes')}: give one integer, or {rank}"
        )
    return numbers


def per_axis_sides(value: Sequence[Sequence[int]], rank: int, *, least: int | None) -> tuple[Sides, ...]:
    """Return sides (before, after), a pair per axis; one pair stands for all axes.

    >>> per_axis_sides(((1, 2), (0, 1)), rank=2, least=0)
    ((1, 2), (0, 1))
    """
    pairs = [tuple(whole("padding", side, least) for side in pair) for pair in value]
    if any(len(pair) != 2 for pair in pairs):
        raise ConvcalcError(f"padding {value!r} is not a pair (before, after) for each axis")
    if len(pairs) not in (1, rank):
        spelled = "x".join(f"{before}:{after}" for before, after in pairs)
        raise ConvcalcError(
            f"padding {spelled} has {len(pairs)} pairs for {counted(rank, 'axis', 'axes')}: give one, or {rank}"
        )
    return tuple((before, after) for before, after in (pairs * rank if len(pairs) == 1 else pairs))


def check_axes(layer: str, sizes: Shape, numbers: tuple[int, ...]) -> Shape:
    """Return the sizes of an input that has one of these numbers of axes; refuse any other.

    >>> check_axes("Softmax2d", (3, 8, 8), (3, 4))
    (3, 8, 8)
    """
    if len(sizes) not in numbers:
        raise ConvcalcError(f"{layer} takes {' or '.join(map(str, numbers))} sizes, got {list(sizes)}: give as many")
    return sizes


def axis_index(name: str, axis: int, sizes: Shape) -> int:
    """Return an axis, which may count from the end, as an index. As in PyTorch, a shape () counts as one axis.

    >>> axis_index("dim", -1, (2, 3, 4))
    2
    """
    axes = len(sizes) or 1
    if not -axes <= axis < axes:
        raise ConvcalcError(
            f"{name} {axis} is outside an input of {counted(axes, 'axis', 'axes')}: use {-axes} to {axes - 1}"
        )
    return axis % axes


def spell(numbers: Sequence[object]) -> str:
    """Write one number per axis as people do: a single one where all are equal.

    >>> spell((3, 3)), spell((3, 5))
    ('3', '3x5')
    """
    return "x".join(map(str, numbers[:1] if len(set(numbers)) == 1 else numbers))


def by(sizes: Sequence[int]) -> str:
    """Write sizes as they are typed.

    >>> by((224, 112))
    '224x112'
    """
    return "x".join(map(str, sizes))


def brief(numbers: tuple[int, ...]) -> int | tuple[int, ...]:
    """Return one number if all axes agree, as PyTorch prints it.

    >>> brief((2, 2)), brief((2, 1))
    (2, (2, 1))
    """
    return numbers[0] if len(set(numbers)) == 1 else numbers


def divisors(number: int) -> str:
    """Return the divisors of a number of channels in words; of a large number, only 1 and itself.

    >>> divisors(12), divisors(3), divisors(1)
    ('1, 2, 3, 4, 6 or 12', '1 or 3', '1')
    """
    found = [str(part) for part in range(1, number + 1) if number % part == 0] if number <= 4096 else ["1", str(number)]
    return " or ".join([", ".join(found[:-1]), found[-1]]) if len(found) > 1 else "1"


def counted(number: int, noun: str, plural: str | None = None) -> str:
    """Return the number and its noun, for a message.

    >>> counted(1, "value"), counted(2, "axis", "axes")
    ('1 value', '2 axes')
    """
    return f"{number} {noun if number == 1 else plural or noun + 's'}"
