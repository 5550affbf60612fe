"""Padding layers; a negative side crops."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from math import prod
from typing import Any

from convcalc.errors import ConvcalcError
from convcalc.layers.base import Weightless
from convcalc.layers.settings import Shape, Sides, counted, shape, whole
from convcalc.layers.windows import refuse_empty, spatial_sizes
from convcalc.receptive_field import Field, moved


@dataclass(frozen=True, slots=True, init=False, repr=False)
class Pad(Weightless):
    """Padding of the last axes. ``padding`` is kept as PyTorch takes it: last axis first, before and after each.

    As in PyTorch, fewer or more pairs than the layer has axes pad so many of the input's last axes.

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
        """Before and after, an axis each, in the order of the axes.

        >>> ZeroPad2d((1, 2, 3, 4)).sides()
        ((3, 4), (1, 2))
        """
        return tuple(zip(self.padding[-2::-2], self.padding[-1::-2], strict=True))

    def axes(self, input_shape: Sequence[int]) -> list[tuple[int, Sides]]:
        """The size and the sides of each axis, once it is sure that they fit."""
        raise NotImplementedError

    def output_shape(self, input_shape: Sequence[int]) -> Shape:
        """The last axes longer, or shorter, by their sides. `ConvcalcError` where the sides do not fit."""
        axes = self.axes(input_shape)
        sizes = shape(input_shape)
        return (*sizes[: len(sizes) - len(axes)], *(size + before + after for size, (before, after) in axes))

    def receptive_field(self, fields: tuple[Field, ...], input_shape: Sequence[int]) -> tuple[Field, ...]:
        """The field begins earlier by what was added before it, later by what was cut off; other axes stay."""
        axes: list[tuple[int, Sides] | None] = [None] * len(fields)
        axes = (axes + list(self.axes(input_shape)))[-len(fields) or len(axes) :]
        return tuple(map(_behind, fields, axes))

    def spelled(self, name: str) -> Any:
        """One number where all sides agree."""
        value = getattr(self, name)
        every = name == "padding" and len(value) == 2 * self.known_rank() and len(set(value)) == 1
        return value[0] if every else value


def _behind(field: Field, axis: tuple[int, Sides] | None) -> Field:
    if axis is None or field.jump is None:  # not padded, or no place any more to begin earlier by
        return field
    size, (before, after) = axis
    return moved(field, 1, 1, before, size + before + after)


class ConstantPad(Pad):
    """Padding with a number; any axes may stand before the padded ones, and the batch itself may be among these.

    >>> ZeroPad1d((1, -2)).output_shape((10,))
    (9,)
    """

    __slots__ = ()
    saves = ()

    def axes(self, input_shape: Sequence[int]) -> list[tuple[int, Sides]]:
        """A side may not crop more than there is, whatever the other adds."""
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
    """Padding with zeros.

    >>> ZeroPad2d(1)
    ZeroPad2d(1)
    """

    __slots__ = ()


@dataclass(frozen=True, slots=True, init=False, repr=False)
class ValuePad(ConstantPad):
    """Padding with a given number.

    >>> ConstantPad1d(1, 3.5).value
    3.5
    """

    value: float

    def __init__(self, padding: int | Sequence[int], value: float) -> None:
        Pad.__init__(self, padding)  # slots=True makes a new class, which super() would not know
        if isinstance(value, bool) or not isinstance(value, int | float):
            raise ConvcalcError(f"value {value!r} is not a number: give one, such as 0 or 0.5")
        self.keep(value=value)


class CopyPad(Pad):
    """Padding with copies of elements: an input of channels and the padded axes, with or without a batch.

    >>> ReplicationPad1d(2).output_shape((3, 10))
    (3, 14)
    """

    __slots__ = ()

    def _checked(self, input_shape: Sequence[int], most: int | None, channels_too: bool) -> list[tuple[int, Sides]]:
        """The axes, where no side is more than ``most`` beyond the size and something is left."""
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
    """Padding with the mirrored elements, the edge itself not repeated.

    >>> ReflectionPad1d(2).output_shape((1, 1, 3))
    (1, 1, 7)
    """

    __slots__ = ()

    def axes(self, input_shape: Sequence[int]) -> list[tuple[int, Sides]]:
        """Each side must be smaller than the axis."""
        return self._checked(input_shape, most=-1, channels_too=True)


class ReplicationPad(CopyPad):
    """Padding with the element at the edge.

    >>> ReplicationPad1d(5).output_shape((1, 1, 1))
    (1, 1, 11)
    """

    __slots__ = ()

    def axes(self, input_shape: Sequence[int]) -> list[tuple[int, Sides]]:
        """Any sides that leave something."""
        return self._checked(input_shape, most=None, channels_too=True)


class CircularPad(CopyPad):
    """Padding with the elements of the other end, of what is left once the negative sides are cut off.

    >>> CircularPad1d((2, -1)).output_shape((1, 1, 3))
    (1, 1, 4)
    """

    __slots__ = ()
    saves = ()

    def axes(self, input_shape: Sequence[int]) -> list[tuple[int, Sides]]:
        """Each side may be as large as the axis.

        A side larger than what the other leaves copies what is not there. PyTorch notices that only where the axis
        lies in one piece, and elsewhere gives whatever the memory holds; the verdict here is the same.
        """
        rank = self.known_rank()
        spatial_sizes(type(self).__name__, input_shape, rank)
        axes = self._checked(input_shape, most=0, channels_too=False)
        sizes = shape(input_shape)
        out = (*sizes[: len(sizes) - len(axes)], *(size + before + after for size, (before, after) in axes))
        for axis, (size, (before, after)) in enumerate(axes, len(sizes) - len(axes)):
            added, left = max(before, after), size + min(before, after, 0)
            in_one_piece = prod(out[:axis]) == 1 and 0 not in out
            if min(before, after) < 0 < left < added and in_one_piece:
                raise ConvcalcError(
                    f"{type(self).__name__} by {before}, {after} copies more than is left of {size}: use at most {left}"
                )
            if left < 0 and _misses(size, before, after, in_one_piece):
                raise ConvcalcError(f"{type(self).__name__} by {before}, {after} crops more than all {size}: crop less")
        return axes


def _misses(size: int, before: int, after: int, in_one_piece: bool) -> bool:
    """Whether PyTorch finds no room for what it copies, where one side crops more than the axis and the other pads.

    It counts an end that lies before the start from the other end, as Python's slices do.
    """
    out = size + before + after
    if before < 0:
        return size + before + out > 0
    lacking = -(size + after)
    return size - lacking > 1 or (lacking < out and (lacking != 1 or in_one_piece))


class ZeroPad1d(ZeroPad):
    """Over N C L, as ``torch.nn.ZeroPad1d``.

    >>> ZeroPad1d((1, 2)).output_shape((1, 3, 4))
    (1, 3, 7)
    """

    __slots__ = ()
    rank = 1


class ZeroPad2d(ZeroPad):
    """Over N C H W, as ``torch.nn.ZeroPad2d``.

    >>> ZeroPad2d((1, 2, 0, 0)).output_shape((1, 3, 4, 4))
    (1, 3, 4, 7)
    """

    __slots__ = ()
    rank = 2


class ZeroPad3d(ZeroPad):
    """Over N C D H W, as ``torch.nn.ZeroPad3d``.

    >>> ZeroPad3d((1, 2, 0, 0, 0, 0)).output_shape((1, 3, 4, 4, 4))
    (1, 3, 4, 4, 7)
    """

    __slots__ = ()
    rank = 3


class ConstantPad1d(ValuePad):
    """Over N C L, as ``torch.nn.ConstantPad1d``.

    >>> ConstantPad1d((1, 2), 0.5).output_shape((1, 3, 4))
    (1, 3, 7)
    """

    __slots__ = ()
    rank = 1


class ConstantPad2d(ValuePad):
    """Over N C H W, as ``torch.nn.ConstantPad2d``.

    >>> ConstantPad2d((1, 2, 0, 0), 0.5).output_shape((1, 3, 4, 4))
    (1, 3, 4, 7)
    """

    __slots__ = ()
    rank = 2


class ConstantPad3d(ValuePad):
    """Over N C D H W, as ``torch.nn.ConstantPad3d``.

    >>> ConstantPad3d((1, 2, 0, 0, 0, 0), 0.5).output_shape((1, 3, 4, 4, 4))
    (1, 3, 4, 4, 7)
    """

    __slots__ = ()
    rank = 3


class ReflectionPad1d(ReflectionPad):
    """Over N C L, as ``torch.nn.ReflectionPad1d``.

    >>> ReflectionPad1d((1, 2)).output_shape((1, 3, 4))
    (1, 3, 7)
    """

    __slots__ = ()
    rank = 1


class ReflectionPad2d(ReflectionPad):
    """Over N C H W, as ``torch.nn.ReflectionPad2d``.

    >>> ReflectionPad2d((1, 2, 0, 0)).output_shape((1, 3, 4, 4))
    (1, 3, 4, 7)
    """

    __slots__ = ()
    rank = 2


class ReflectionPad3d(ReflectionPad):
    """Over N C D H W, as ``torch.nn.ReflectionPad3d``.

    >>> ReflectionPad3d((1, 2, 0, 0, 0, 0)).output_shape((1, 3, 4, 4, 4))
    (1, 3, 4, 4, 7)
    """

    __slots__ = ()
    rank = 3


class ReplicationPad1d(ReplicationPad):
    """Over N C L, as ``torch.nn.ReplicationPad1d``.

    >>> ReplicationPad1d((1, 2)).output_shape((1, 3, 4))
    (1, 3, 7)
    """

    __slots__ = ()
    rank = 1


class ReplicationPad2d(ReplicationPad):
    """Over N C H W, as ``torch.nn.ReplicationPad2d``.

    >>> ReplicationPad2d((1, 2, 0, 0)).output_shape((1, 3, 4, 4))
    (1, 3, 4, 7)
    """

    __slots__ = ()
    rank = 2


class ReplicationPad3d(ReplicationPad):
    """Over N C D H W, as ``torch.nn.ReplicationPad3d``.

    >>> ReplicationPad3d((1, 2, 0, 0, 0, 0)).output_shape((1, 3, 4, 4, 4))
    (1, 3, 4, 4, 7)
    """

    __slots__ = ()
    rank = 3


class CircularPad1d(CircularPad):
    """Over N C L, as ``torch.nn.CircularPad1d``.

    >>> CircularPad1d((1, 2)).output_shape((1, 3, 4))
    (1, 3, 7)
    """

    __slots__ = ()
    rank = 1


class CircularPad2d(CircularPad):
    """Over N C H W, as ``torch.nn.CircularPad2d``.

    >>> CircularPad2d((1, 2, 0, 0)).output_shape((1, 3, 4, 4))
    (1, 3, 4, 7)
    """

    __slots__ = ()
    rank = 2


class CircularPad3d(CircularPad):
    """Over N C D H W, as ``torch.nn.CircularPad3d``.

    >>> CircularPad3d((1, 2, 0, 0, 0, 0)).output_shape((1, 3, 4, 4, 4))
    (1, 3, 4, 4, 7)
    """

    __slots__ = ()
    rank = 3
