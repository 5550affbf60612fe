"""What the units of a map see of the network's input, along one axis.

Units are uniform as long as all see equally many elements, equally far apart: then a field is three numbers, and every
layer changes them in closed form, at any size. Behind a transposed convolution, an upsampling or unequal bins units
differ. Then what they see is listed unit by unit, where most of a map is one pattern that repeats itself.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from math import gcd, lcm
from typing import TYPE_CHECKING, NamedTuple

from convcalc import formulas

if TYPE_CHECKING:
    from fractions import Fraction

    from convcalc.layers.windows import Window

MOST_LISTED = 10_000  # units along an axis whose fields are listed
FEW_TAPS = 8

Seen = tuple[int, int] | None  # the first element, and the one behind the last; None where a unit sees nothing


class Field(NamedTuple):
    """What the units along one axis of a map see of the network's input.

    ``size`` is the most that any of them sees, from its first element to its last. ``start`` is the first element that
    unit 0 sees, ``jump`` how much further each next unit's field begins (on the average, where it is a fraction), and
    ``span`` what all units see together. Sizes are not cut at the border of the input.

    ``jump`` is None where units have no one jump, or no longer lie along the axis; ``size`` and ``span`` are None where
    they are not known, and ``start`` also where unit 0 sees nothing. ``listed`` has units that are not uniform.

    >>> Field(size=3, jump=2, start=-1, span=31).sees(4)
    (7, 10)
    """

    size: int | None
    jump: int | Fraction | None
    start: int | None
    span: int | None
    listed: ListedUnits | None = None

    @property
    def is_uniform(self) -> bool:
        """Return whether every unit sees equally many elements, equally far apart."""
        return self.listed is None and self.jump is not None

    @property
    def has_positions(self) -> bool:
        """Return whether it is known which unit sees what; not so behind a Flatten, or where that would be too much."""
        return self.listed is not None or self.jump is not None

    def sees(self, unit: int) -> Seen:
        """Return what that unit sees; of units without positions, what all of them see together."""
        if self.listed is not None:
            return self.listed.sees(unit)
        if self.start is None or self.size is None or self.span is None:
            return None
        if self.jump is None:
            return self.start, self.start + self.span
        first = self.start + unit * int(self.jump)
        return first, first + self.size

    def flattened(self) -> Field:
        """Return the same for units that no longer lie along the axis."""
        if self.listed is None:
            return self._replace(jump=None)
        return self.listed.whole()._replace(size=self.size)

    def repeated(self, count: int) -> Field:
        """Return the field of so many units that all see what unit 0 sees."""
        return ListedUnits(count, 0, 1, 0, (self.sees(0),)).field(0)

    def whole(self) -> Field:
        """Return the field of a unit that sees all that these see."""
        if self.listed is not None:
            return self.listed.whole()
        return self._replace(size=self.span, jump=None)


class ListedUnits(NamedTuple):
    """What each of ``number`` units sees: first ``head`` units, then a pattern, then those at the end.

    ``table`` holds the head, the pattern once, and the end. The pattern is ``period`` units long; each time it comes
    again, what they see lies ``advance`` further on. Where nothing repeats, ``period`` is 0, and the head is all.

    >>> ListedUnits(number=6, head=0, period=2, advance=1, table=((0, 1), (0, 1))).sees(5)
    (2, 3)
    """

    number: int
    head: int
    period: int
    advance: int
    table: tuple[Seen, ...]

    @property
    def tail(self) -> int:
        """Return how many units stand behind the pattern."""
        return len(self.table) - self.head - self.period

    def sees(self, unit: int) -> Seen:
        """Return what that unit sees."""
        if unit >= self.number - self.tail:
            return self.table[unit - self.number]
        if unit < self.head + self.period:
            return self.table[unit]
        turns, place = divmod(unit - self.head, self.period)
        return _moved(self.table[self.head + place], turns * self.advance)

    def see_together(self, units: range) -> Seen:
        """Return what those units see together, from the first element to the last; some may not exist.

        Of a pattern that goes on long enough its first and last occurrence are enough.

        >>> ListedUnits(9, 0, 2, 1, ((0, 1), (0, 1))).see_together(range(-1, 7, 2))
        (0, 3)
        """
        inside = _inside(units, self.number)
        if self.period:
            repeated = _inside(inside, self.number - self.tail, self.head)
            cycle = self.period // gcd(self.period, units.step)
            if repeated[2 * cycle :]:
                ends = _inside(inside, self.head), _inside(inside, self.number, self.number - self.tail)
                parts = (ends[0], repeated[:cycle], repeated[-cycle:], ends[1])
                return hull(self.sees(unit) for part in parts for unit in part)
        return hull(map(self.sees, inside))

    def whole(self) -> Field:
        """Return the field of a unit that sees all that these see."""
        first, end = self.see_together(range(self.number)) or (None, 0)
        return Field(end - (first or 0), None, first, end - (first or 0))

    def field(self, jump: int | Fraction | None) -> Field:
        """Return the field of these units."""
        size = max((seen[1] - seen[0] for seen in self.table if seen), default=0)
        seen = self.sees(0) if self.number else None
        return Field(size, jump, seen[0] if seen else None, self.whole().span, self)


class Reading(NamedTuple):
    """Which units of a map the units of the next one read, along one axis.

    Unit i reads those of ``taps(i)``, of which some may lie outside the map; the range's step is always the same. Unit
    i + ``period`` reads ``advance`` further on. ``most`` is the largest number of taps.
    """

    input_size: int
    output_size: int
    period: int
    advance: int
    taps: Callable[[int], range]
    most: int


def through(field: Field, reading: Reading, has_jump: bool = True, most: int = MOST_LISTED) -> Field:
    """Return what units see that read others, which see ``field``; at most ``most`` different ones are listed.

    ``has_jump`` says whether the units that read lie equally far apart.

    Uniform units stay so where all read alike. What lies outside the map counts then as though the map went on there:
    by convention, sizes are not cut at the border. Where units are listed, what is outside shows nothing.

    >>> twice = Reading(28, 56, period=2, advance=1, taps=lambda i: range(i // 2, i // 2 + 1), most=1)
    >>> through(Field(5, 2, 0, 59), twice)[:4]
    (5, 1, 0, 59)
    """
    if not field.has_positions:
        return _without_positions(field, reading)
    if field.listed is None and reading.period == 1 and (taps := reading.taps(0)):
        return moved(field, taps[-1] - taps[0] + 1, reading.advance, -taps[0], reading.output_size)
    jump = _per(field.jump, reading) if has_jump else None
    units = _read(_units_of(field, reading.input_size), reading, most)
    return units.field(jump) if units is not None else _too_many(field, reading)


def through_windows(fields: Sequence[Field], windows: Sequence[Window]) -> tuple[Field, ...]:
    """Return what units see through windows over units that see ``fields``, one field per axis.

    Empty where the axes are not those of the network's input any more, as behind a change of rank.

    >>> from convcalc.layers.windows import Window
    >>> through_windows([Field(1, 1, 0, 28)], [Window(28, 5, 1, (2, 2), 1, "zeros")])
    (Field(size=5, jump=1, start=-2, span=32, listed=None),)
    """
    if len(fields) != len(windows):
        return ()
    return tuple(map(through_window, fields, windows))


def through_window(field: Field, window: Window, most: int = MOST_LISTED) -> Field:
    """Return what units see through a window over units that see ``field``.

    At most ``most`` different ones are listed. Padding that holds copies counts as padding.

    >>> from convcalc.layers.windows import Window
    >>> through_window(Field(3, 2, -1, 57), Window(28, 2, 2, (0, 0), 1, "zeros"))
    Field(size=5, jump=4, start=-1, span=57, listed=None)
    """
    if field.listed is None and field.jump is not None:
        extent = formulas.window_extent(window.kernel_size, window.dilation)
        return moved(field, extent, window.stride, window.padding[0], window.output_size)
    kernel_size = window.kernel_size
    if kernel_size > FEW_TAPS and field.listed is not None:  # two halves, which may overlap: as many steps as digits
        half = 1 << (kernel_size - 1).bit_length() - 1
        halves = window._replace(kernel_size=half, stride=1)
        apart = (kernel_size - half) * window.dilation
        both = window._replace(size=halves.output_size, kernel_size=2, padding=(0, 0), dilation=apart)
        return through_window(through_window(field, halves, 4 * MOST_LISTED), both, most)
    reading = Reading(window.size, window.output_size, 1, window.stride, window.taps, kernel_size)
    return through(field, reading, most=most)


def moved(field: Field, extent: int, stride: int, before: int, count: int) -> Field:
    """Return what ``count`` units see that read ``extent`` uniform units, ``stride`` apart, the first ``before`` early.

    >>> moved(Field(1, 1, 0, 28), 5, 1, 2, 28)
    Field(size=5, jump=1, start=-2, span=32, listed=None)
    """
    size, jump, start, _, _ = field
    size = formulas.receptive_field(size, jump, extent)  # type: ignore[arg-type, assignment]
    start = formulas.receptive_start(start, jump, before)  # type: ignore[arg-type, assignment]
    jump = formulas.receptive_jump(jump, stride)  # type: ignore[arg-type]
    return Field(size, jump, start, formulas.receptive_field(size, jump, count))  # type: ignore[arg-type]


def union(fields: Sequence[tuple[Field, ...]], shapes: Sequence[Sequence[int]]) -> tuple[Field, ...]:
    """Return what units of several maps see together, axis by axis; an axis of one unit is repeated.

    >>> union([(Field(3, 1, -1, 30),), (Field(5, 1, -2, 32),)], [(1, 1, 28), (1, 1, 28)])
    (Field(size=5, jump=1, start=-2, span=32, listed=None),)
    """
    first, *others = fields
    if not others:
        return first
    if any(len(other) != len(first) for other in others):
        return ()
    return tuple(
        _union(along, [shape[axis] if len(shape) >= -axis else 1 for shape in shapes])
        for axis, along in zip(range(-len(first), 0), zip(*fields, strict=True), strict=True)
    )


def concatenation(fields: Sequence[Field], counts: Sequence[int]) -> Field:
    """Return the field of the units of several maps that stand one behind the other along the axis.

    >>> concatenation([Field(1, 1, 0, 2), Field(3, 1, -1, 4)], [2, 2]).sees(2)
    (-1, 2)
    """
    if sum(counts) > MOST_LISTED or not all(field.has_positions for field in fields):
        return Field(None, None, None, None)
    table = tuple(field.sees(unit) for field, count in zip(fields, counts, strict=True) for unit in range(count))
    return ListedUnits(len(table), len(table), 0, 0, table).field(None)


def reason_unknown(seen: Sequence[Field], field: Sequence[Field]) -> str | None:
    """Say why a layer's field is not known where that of its input is; None where it is known.

    >>> reason_unknown([Field(3, 1, 0, 30)], [Field(None, None, None, None)])
    'the receptive field is not known, as it needs more than 10,000 different positions'
    """
    lost = [
        before for before, after in zip(seen, field, strict=False) if after.size is None and before.size is not None
    ]
    if not lost:
        return None
    if all(before.has_positions or before.span is None for before in lost):
        return f"the receptive field is not known, as it needs more than {MOST_LISTED:,} different positions"
    return "the receptive field is not known, as it is not known where the units of the input lie"


def hull(parts: Iterable[Seen]) -> Seen:
    """Return the span from the first element of all parts to the last; None where all are empty.

    >>> hull([(3, 5), None, (0, 1)])
    (0, 5)
    """
    seen = [part for part in parts if part is not None]
    return (min(first for first, _ in seen), max(end for _, end in seen)) if seen else None


# Units, one by one


def _read(units: ListedUnits, reading: Reading, most: int) -> ListedUnits | None:
    """Return what units see that read others; None where that would be more than ``most`` different ones.

    A unit is part of the new pattern where all that it reads is part of the old one.
    """
    period, advance = reading.period, reading.advance
    head, end = 0, reading.output_size
    if units.period == 0 or period > min(reading.output_size, MOST_LISTED):
        head = reading.output_size
    else:
        for unit in range(period):
            taps = reading.taps(unit)
            if taps:
                first = unit + period * -((taps[0] - units.head) // advance)
                last = unit + period * ((units.number - units.tail - 1 - taps[-1]) // advance)
                head, end = max(head, first - period + 1), min(end, last + period)
    turns = units.period // gcd(units.period, advance) if units.period else 0
    moves = turns * advance // units.period * units.advance if units.period else 0

    def sees(unit: int) -> Seen:
        return units.see_together(reading.taps(unit))

    return _listed(reading.output_size, head, period * turns, max(reading.output_size - end, 0), moves, sees, most)


def _listed(
    number: int,
    head: int,
    period: int,
    tail: int,
    advance: int,
    sees: Callable[[int], Seen],
    most: int = MOST_LISTED,
) -> ListedUnits | None:
    """Return the units in a list, all of them where no pattern repeats; None where these are more than ``most``."""
    if period == 0 or head + period + tail >= number:
        head, period, tail, advance = number, 0, 0, 0
    if head + period + tail > most:
        return None
    table = tuple(map(sees, (*range(head + period), *range(number - tail, number))))
    return ListedUnits(number, head, period, advance, table)


def _units_of(field: Field, count: int) -> ListedUnits:
    """Return the units of a field that has positions, or of which each sees all."""
    if field.listed is not None:
        return field.listed
    return ListedUnits(count, 0, 1, int(field.jump or 0), (field.sees(0),))


def _union(fields: Sequence[Field], counts: Sequence[int]) -> Field:
    jumps = {field.jump for field in fields}
    jump = jumps.pop() if len(jumps) == 1 else None
    count = max(counts)
    if jump is not None and min(counts) == count and all(field.listed is None for field in fields):
        start, end = hull(field.sees(0) for field in fields)  # type: ignore[misc]
        return Field(end - start, jump, start, end - start + (count - 1) * int(jump))
    if all(field == fields[0] for field in fields) and min(counts) == count:
        return fields[0]
    if not all(field.has_positions or (field.size is not None and field.size == field.span) for field in fields):
        return Field(None, None, None, None)
    if not any(field.has_positions for field in fields):  # each sees all: so do they together
        return ListedUnits(1, 1, 0, 0, (hull(field.sees(0) for field in fields),)).whole()
    each = [
        _units_of(field, own) if own == count else ListedUnits(count, 0, 1, 0, (field.sees(0),))
        for field, own in zip(fields, counts, strict=True)
    ]
    first = each[0]
    is_one_pattern = all(one.period and one.advance * first.period == first.advance * one.period for one in each)
    period = lcm(*(units.period for units in each)) if is_one_pattern else 0
    advance = period // first.period * first.advance if is_one_pattern else 0
    head, tail = max(units.head for units in each), max(units.tail for units in each)
    units = _listed(count, head, period, tail, advance, lambda unit: hull(one.sees(unit) for one in each))
    return units.field(jump) if units is not None else Field(None, None, None, None)


def _without_positions(field: Field, reading: Reading) -> Field:
    """Return what is known of units whose inputs have no positions: they may see one of these, or all."""
    if reading.most <= 1:
        return field
    if reading.output_size == 1 and _inside(reading.taps(0), reading.input_size) == range(reading.input_size):
        return field.whole()
    return Field(None, None, None, None)


def _too_many(field: Field, reading: Reading) -> Field:
    """Return what is known of too many units: the size, where those that they read are uniform."""
    if field.listed is not None or field.size is None or field.jump is None:
        return Field(None, None, None, None)
    apart = reading.taps(0).step * (reading.most - 1)
    seen = field.sees(reading.taps(0)[0])
    return Field(field.size + apart * int(field.jump), None, seen[0] if seen else None, None)


def _moved(seen: Seen, by: int) -> Seen:
    return None if seen is None else (seen[0] + by, seen[1] + by)


def _inside(numbers: range, end: int, start: int = 0) -> range:
    """Return those of the numbers, which go up, that lie from ``start`` to before ``end``.

    >>> list(_inside(range(-3, 9, 2), 6))
    [1, 3, 5]
    """
    first = numbers.start if numbers.start >= start else start + (numbers.start - start) % numbers.step
    return range(first, max(min(numbers.stop, end), first), numbers.step)


def _per(jump: int | Fraction | None, reading: Reading) -> int | Fraction | None:
    """Return the jump of the units that read, a whole number where it is one."""
    if jump is None:
        return None
    from fractions import Fraction  # most networks need none, and it takes long to load

    jump = jump * Fraction(reading.advance, reading.period)
    return jump.numerator if jump.denominator == 1 else jump
