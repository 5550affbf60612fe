"""Padding layers; a negative side crops."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from math import prod
from typing import Any

from convcalc.errors import ConvcalcError
from convcalc.layers.base import Weightless
from convcalc.layers.settings import Shape, Sides, counted, shape, whole
from convcalc.layers.windows import Window, refuse_empty, spatial_sizes
from convcalc.receptive_field import Field, through_window


@dataclass(frozen=True, slots=True, init=False, repr=False)
class Pad(Weightless):
    """Padding of the last axes. ``padding`` is one number, or (before, after) per axis, the last axis first.

    As in PyTorch, n pairs pad the last n axes, whatever the rank of the layer.

    >>> ZeroPad2d((1, 2, 3, 4)).output_shape((1, 3, 10, 10))
    (1, 3, 17, 13)
    """

    padding: tuple[int, ...]

    def __init__(self, padding: int | Sequence[int]) -> None:
        rank = self.known_rank()
        if isinstance(padding, Sequence) and not isinstance(padding, str):
            sides = tuple(whole("padding", side, least=None) for side in padding)
            if len(sides) % 2:
                raise ConvcalcError(
                    f"padding {list(sides)} has {counted(len(sides), 'value')}: give one integer, or {2 * rank}"
                )
        else:
            sides = (whole("padding", padding, least=None),) * (2 * rank)
        self.keep(padding=sides)

    def sides(self) -> tuple[Sides, ...]:
        """Return (before, after) per axis, in the order of the axes.

        >>> ZeroPad2d((1, 2, 3, 4)).sides()
        ((3, 4), (1, 2))
        """
        return tuple(zip(self.padding[-2::-2], self.padding[-1::-2], strict=True))

    def axes(self, input_shape: Sequence[int]) -> list[tuple[int, Sides]]:
        """Return the size and the sides of each padded axis. Errors as `output_shape`."""
        raise NotImplementedError

    def output_shape(self, input_shape: Sequence[int]) -> Shape:
        """Return the input's shape with the sides added to its last axes. `ConvcalcError` where PyTorch refuses."""
        axes = self.axes(input_shape)
        sizes = shape(input_shape)
        return (*sizes[: len(sizes) - len(axes)], *(size + before + after for size, (before, after) in axes))

    def receptive_field(self, fields: tuple[Field, ...], input_shape: Sequence[int]) -> tuple[Field, ...]:
        """The field begins earlier by what was added before it, later by what was cut off; other axes stay."""
        axes: list[tuple[int, Sides] | None] = [None] * len(fields)
        axes = (axes + list(self.axes(input_shape)))[-len(fields) or len(axes) :]
        return tuple(map(_behind, fields, axes))

    def spelled(self, name: str) -> Any:
        """Return a setting in its shortest form: one number if all sides agree."""
        value = getattr(self, name)
        every = name == "padding" and len(value) == 2 * self.known_rank() and len(set(value)) == 1
        return value[0] if every else value


def _behind(field: Field, axis: tuple[int, Sides] | None) -> Field:
    if axis is None:  # not padded
        return field
    size, sides = axis
    return through_window(field, Window(size, 1, 1, sides, 1, "zeros"))


class ConstantPad(Pad):
    """Padding with a number. Any number of axes may be before the padded ones, none too.

    >>> ZeroPad1d((1, -2)).output_shape((10,))
    (9,)
    """

    __slots__ = ()
    saves = ()

    def axes(self, input_shape: Sequence[int]) -> list[tuple[int, Sides]]:
        """Return the size and the sides of each padded axis; refuse a side that crops more than the size."""
        name, sides, sizes = type(self).__name__, self.sides(), shape(input_shape)
        if len(sizes) < len(sides):
            raise ConvcalcError(
                f"{name} pads {counted(len(sides), 'axis', 'axes')}, got input {list(sizes)}: give more"
            )
        axes = list(zip(sizes[len(sizes) - len(sides) :], sides, strict=True))
        for size, (before, after) in axes:
            if size + min(before, 0) + min(after, 0) < 0:
                raise ConvcalcError(f"{name} by {before}, {after} crops more than the {size} there are: crop less")
        return axes


class ZeroPad(ConstantPad):
    """Padding with zeros, as ``torch.nn.ZeroPad1d``, ``ZeroPad2d`` and ``ZeroPad3d``.

    >>> ZeroPad2d(1)
    ZeroPad2d(1)
    """

    __slots__ = ()


@dataclass(frozen=True, slots=True, init=False, repr=False)
class ValuePad(ConstantPad):
    """Padding with a given number, as ``torch.nn.ConstantPad1d``, ``ConstantPad2d`` and ``ConstantPad3d``.

    >>> ConstantPad1d(1, 3.5).value
    3.5
    """

    value: float

    def __init__(self, padding: int | Sequence[int], value: float) -> None:
        Pad.__init__(self, padding)  # slots=True makes a new class, which super() does not know
        if isinstance(value, bool) or not isinstance(value, int | float):
            raise ConvcalcError(f"value {value!r} is not a number: give one, such as 0 or 0.5")
        self.keep(value=value)


class CopyPad(Pad):
    """Padding with copies of elements, over an input of channels and the padded axes, with or without a batch.

    >>> ReplicationPad1d(2).output_shape((3, 10))
    (3, 14)
    """

    __slots__ = ()

    def _checked(self, input_shape: Sequence[int], most: int | None, channels_too: bool) -> list[tuple[int, Sides]]:
        """Return the axes; refuse a side more than ``most`` beyond the size, and sides that leave nothing."""
        sides, name, sizes = self.sides(), type(self).__name__, shape(input_shape)
        if not 1 <= len(sides) <= 3:
            raise ConvcalcError(f"{name} got {counted(len(self.padding), 'side')}: give one integer, or 2, 4 or 6")
        spatial = spatial_sizes(name, sizes, len(sides))
        if channels_too:
            refuse_empty(name, sizes, len(sides) + 1)
        axes = list(zip(spatial, sides, strict=True))
        for size, (before, after) in axes:
            if most is not None and max(before, after) > size + most:
                raise ConvcalcError(f"{name} by {max(before, after)} is too wide for {size}: use at most {size + most}")
            if size + before + after < 0:
                raise ConvcalcError(f"{name} by {before}, {after} leaves nothing of {size} elements: crop less")
        if channels_too and not any(size + before + after for size, (before, after) in axes):
            raise ConvcalcError(f"{name} leaves nothing of {list(spatial)}: crop less")
        return axes


class ReflectionPad(CopyPad):
    """Padding with the mirrored elements, the edge not repeated, as ``torch.nn.ReflectionPad1d`` to ``3d``.

    >>> ReflectionPad1d(2).output_shape((1, 1, 3))
    (1, 1, 7)
    """

    __slots__ = ()

    def axes(self, input_shape: Sequence[int]) -> list[tuple[int, Sides]]:
        """Return the size and the sides of each axis; each side must be smaller than the size."""
        return self._checked(input_shape, most=-1, channels_too=True)


class ReplicationPad(CopyPad):
    """Padding with the element at the edge, as ``torch.nn.ReplicationPad1d`` to ``ReplicationPad3d``.

    >>> ReplicationPad1d(5).output_shape((1, 1, 1))
    (1, 1, 11)
    """

    __slots__ = ()

    def axes(self, input_shape: Sequence[int]) -> list[tuple[int, Sides]]:
        """Return the size and the sides of each axis; something must be left."""
        return self._checked(input_shape, most=None, channels_too=True)


class CircularPad(CopyPad):
    """Padding with elements from the other end, as ``torch.nn.CircularPad1d`` to ``CircularPad3d``.

    Negative sides are cut off first.

    >>> CircularPad1d((2, -1)).output_shape((1, 1, 3))
    (1, 1, 4)
    """

    __slots__ = ()
    saves = ()

    def axes(self, input_shape: Sequence[int]) -> list[tuple[int, Sides]]:
        """Return the size and the sides of each axis; a side may be as large as the size.

        A side larger than what the other side leaves copies elements that do not exist. PyTorch refuses that only where
        the axis is contiguous in memory, and otherwise returns undefined numbers. The verdict here is the same.
        """
        rank = self.known_rank()
        spatial_sizes(type(self).__name__, input_shape, rank)
        axes = self._checked(input_shape, most=0, channels_too=False)
        sizes = shape(input_shape)
        out = (*sizes[: len(sizes) - len(axes)], *(size + before + after for size, (before, after) in axes))
        for axis, (size, (before, after)) in enumerate(axes, len(sizes) - len(axes)):
            added, left = max(before, after), size + min(before, after, 0)
            contiguous = prod(out[:axis]) == 1 and 0 not in out
            if min(before, after) < 0 < left < added and contiguous:
                raise ConvcalcError(
                    f"{type(self).__name__} by {before}, {after} copies more than is left of {size}: use at most {left}"
                )
            if left < 0 and _misses(size, before, after, contiguous):
                raise ConvcalcError(f"{type(self).__name__} by {before}, {after} crops more than all {size}: crop less")
        return axes


def _misses(size: int, before: int, after: int, contiguous: bool) -> bool:
    """Whether PyTorch refuses to copy, where one side crops more than the size and the other side pads.

    As in Python's slices, a negative end counts from the other end.
    """
    out = size + before + after
    if before < 0:
        return size + before + out > 0
    lacking = -(size + after)
    return size - lacking > 1 or (lacking < out and (lacking != 1 or contiguous))


class ZeroPad1d(ZeroPad):
    __slots__ = ()
    rank = 1


class ZeroPad2d(ZeroPad):
    __slots__ = ()
    rank = 2


class ZeroPad3d(ZeroPad):
    __slots__ = ()
    rank = 3


class ConstantPad1d(ValuePad):
    __slots__ = ()
    rank = 1


class ConstantPad2d(ValuePad):
    __slots__ = ()
    rank = 2


class ConstantPad3d(ValuePad):
    __slots__ = ()
    rank = 3


class ReflectionPad1d(ReflectionPad):
    __slots__ = ()
    rank = 1


class ReflectionPad2d(ReflectionPad):
    __slots__ = ()
    rank = 2


class ReflectionPad3d(ReflectionPad):
    __slots__ = ()
    rank = 3


class ReplicationPad1d(ReplicationPad):
    __slots__ = ()
    rank = 1


class ReplicationPad2d(ReplicationPad):
    __slots__ = ()
    rank = 2


class ReplicationPad3d(ReplicationPad):
    __slots__ = ()
    rank = 3


class CircularPad1d(CircularPad):
    __slots__ = ()
    rank = 1


class CircularPad2d(CircularPad):
    __slots__ = ()
    rank = 2


class CircularPad3d(CircularPad):
    __slots__ = ()
    rank = 3
