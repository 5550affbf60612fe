"""What a unit sees of the network's input, along one axis."""

from __future__ import annotations

from collections.abc import Sequence
from math import ceil, floor
from typing import TYPE_CHECKING, NamedTuple

from convcalc import formulas

if TYPE_CHECKING:
    from fractions import Fraction

    from convcalc.layers.windows import Window


class Field(NamedTuple):
    """What a unit sees along one axis of the network's input.

    ``size`` elements from ``start`` on for output 0, ``jump`` further for each next output; jump is None where the
    outputs no longer lie along that axis. ``span`` is what all outputs see together.
    """

    size: int
    jump: int | Fraction | None
    start: int
    span: int


def through_windows(fields: Sequence[Field], windows: Sequence[Window]) -> tuple[Field, ...]:
    """What units see, an axis each, through windows over units that see ``fields``.

    Empty where the axes are not those of the network's input any more, as behind a change of rank.

    >>> from convcalc.layers.windows import Window
    >>> through_windows([Field(1, 1, 0, 28)], [Window(28, 5, 1, (2, 2), 1, "zeros")])
    (Field(size=5, jump=1, start=-2, span=32),)
    """
    if len(fields) != len(windows):
        return ()
    return tuple(map(_through_window, fields, windows))


def _through_window(field: Field, window: Window) -> Field:
    extent = formulas.window_extent(window.kernel_size, window.dilation)
    if field.jump is None:  # behind a flattened map: of several units, all that any of them sees
        return field if extent == 1 else field._replace(size=field.span)
    return moved(field, extent, window.stride, window.padding[0], window.output_size)


def moved(field: Field, extent: int, stride: int | Fraction, before: int, places: int) -> Field:
    """What ``places`` units see through windows of ``extent`` units, ``stride`` apart, the first ``before`` early.

    Behind a transposed layer or an upsampling a jump may be a fraction: then the size holds what any unit sees, and the
    start is rounded down.

    >>> moved(Field(1, 1, 0, 28), 5, 1, 2, 28)
    Field(size=5, jump=1, start=-2, span=32)
    """
    if field.jump is None:
        return field._replace(size=field.span)
    size = ceil(formulas.receptive_field(field.size, field.jump, extent))
    jump = formulas.receptive_jump(field.jump, stride)
    start = floor(formulas.receptive_start(field.start, field.jump, before))
    span = ceil(formulas.receptive_field(size, jump, places))
    return Field(size, jump if isinstance(jump, int) or jump.denominator != 1 else jump.numerator, start, span)


def union(fields: Sequence[tuple[Field, ...]]) -> tuple[Field, ...]:
    """What units of several maps see together, axis by axis; without a jump where theirs are not the same.

    >>> union([(Field(3, 1, -1, 30),), (Field(5, 1, -2, 32),)])
    (Field(size=5, jump=1, start=-2, span=32),)
    """
    first, *others = fields
    if any(len(other) != len(first) for other in others):
        return ()
    return tuple(_union(axis) if others else axis[0] for axis in zip(*fields, strict=True))


def _union(fields: Sequence[Field]) -> Field:
    start = min(field.start for field in fields)
    size = max(field.start + field.size for field in fields) - start
    span = max(field.start + field.span for field in fields) - start
    jumps = {field.jump for field in fields}
    return Field(size, jumps.pop() if len(jumps) == 1 else None, start, span)
