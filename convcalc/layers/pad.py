"""Padding layers; a negative side crops."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from convcalc.errors import ConvcalcError
from convcalc.layers.axes import Shape, Sides, counted, shape, whole
from convcalc.layers.base import Weightless
from convcalc.layers.windows import Field, moved, refuse_empty, spatial_sizes


@dataclass(frozen=True, slots=True, init=False, repr=False)
class Pad(Weightless):
    """Padding of the last axes. ``padding`` is kept as PyTorch takes it: last axis first, before and after each.

    >>> ZeroPad2d((1, 2, 3, 4)).output_shape((1, 3, 10, 10))
    (1, 3, 17, 13)
    """

    padding: tuple[int, ...]

    def __init__(self, padding: int | Sequence[int]) -> None:
        rank = self.known_rank()
        if isinstance(padding, Sequence):
            sides = tuple(whole("padding", side, least=None) for side in padding)
            if len(sides) != 2 * rank:
                raise ConvcalcError(
                    f"padding {list(sides)} has {counted(len(sides), 'value')}: give one integer, or {2 * rank}"
                )
        else:
            sides = (whole("padding", padding, least=None),) * (2 * rank)
        self.keep(padding=sides)

    def sides(self) -> tuple[Sides, ...]:
        """Before and after, an axis each, in the order of the axes."""
        return tuple(zip(self.padding[-2::-2], self.padding[-1::-2], strict=True))

    def axes(self, input_shape: Sequence[int]) -> list[tuple[int, Sides]]:
        """The size and the sides of each axis, once it is sure that they fit."""
        raise NotImplementedError

    def output_shape(self, input_shape: Sequence[int]) -> Shape:
        """The last axes longer, or shorter, by their sides."""
        axes = self.axes(input_shape)
        return (*input_shape[: -len(axes)], *(size + before + after for size, (before, after) in axes))

    def receptive_field(self, fields: tuple[Field, ...], input_shape: Sequence[int]) -> tuple[Field, ...]:
        """The field begins earlier, by what was added before it."""
        axes = self.axes(input_shape)
        if len(fields) != len(axes):
            return ()
        return tuple(
            moved(field, 1, 1, before, size + before + after) if field.jump is not None else field
            for field, (size, (before, after)) in zip(fields, axes, strict=True)
        )

    def spelled(self, name: str) -> Any:
        """One number where all sides agree."""
        value = getattr(self, name)
        return value[0] if name == "padding" and len(set(value)) == 1 else value


class ConstantPad(Pad):
    """Padding with a number; any axes may stand before the padded ones."""

    __slots__ = ()

    def axes(self, input_shape: Sequence[int]) -> list[tuple[int, Sides]]:
        """A side may not crop more than there is once the other side is added."""
        sides = self.sides()
        sizes = shape(input_shape)
        if len(sizes) < len(sides):
            raise ConvcalcError(f"{type(self).__name__} takes at least {len(sides)} sizes, got {list(sizes)}")
        axes = list(zip(sizes[-len(sides) :], sides, strict=True))
        for size, (before, after) in axes:
            if size + min(before, 0) + min(after, 0) < 0:
                raise ConvcalcError(f"padding {before}, {after} crops more than the {size} elements there are")
        return axes


class ZeroPad(ConstantPad):
    """Padding with zeros."""

    __slots__ = ()


@dataclass(frozen=True, slots=True, init=False, repr=False)
class ValuePad(ConstantPad):
    """Padding with a given number."""

    value: float

    def __init__(self, padding: int | Sequence[int], value: float) -> None:
        Pad.__init__(self, padding)  # slots=True makes a new class, which super() would not know
        self.keep(value=value)


class CopyPad(Pad):
    """Padding with copies of elements."""

    __slots__ = ()

    def _checked(self, input_shape: Sequence[int], most: int | None, channels_too: bool) -> list[tuple[int, Sides]]:
        """The axes, where no side is more than ``most`` beyond the size and something is left."""
        sides, name, sizes = self.sides(), type(self).__name__, shape(input_shape)
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
    """Padding with the mirrored elements, the edge itself not repeated."""

    __slots__ = ()

    def axes(self, input_shape: Sequence[int]) -> list[tuple[int, Sides]]:
        """Each side must be smaller than the axis."""
        return self._checked(input_shape, most=-1, channels_too=True)


class ReplicationPad(CopyPad):
    """Padding with the element at the edge."""

    __slots__ = ()

    def axes(self, input_shape: Sequence[int]) -> list[tuple[int, Sides]]:
        """Any sides that leave something."""
        return self._checked(input_shape, most=None, channels_too=True)


class CircularPad(CopyPad):
    """Padding with the elements of the other end."""

    __slots__ = ()

    def axes(self, input_shape: Sequence[int]) -> list[tuple[int, Sides]]:
        """Each side may be as large as the axis; it cannot copy what the other side crops."""
        axes = self._checked(input_shape, most=0, channels_too=False)
        for size, (before, after) in axes:
            if min(before, after) < 0 < max(before, after) and max(before, after) > size + before + after - max(
                before, after
            ):
                raise ConvcalcError(f"CircularPad by {before}, {after} copies what it crops of {size}: crop less")
        return axes


class ZeroPad1d(ZeroPad):
    """As ``torch.nn.ZeroPad1d``."""

    __slots__ = ()
    rank = 1


class ZeroPad2d(ZeroPad):
    """As ``torch.nn.ZeroPad2d``."""

    __slots__ = ()
    rank = 2


class ZeroPad3d(ZeroPad):
    """As ``torch.nn.ZeroPad3d``."""

    __slots__ = ()
    rank = 3


class ConstantPad1d(ValuePad):
    """As ``torch.nn.ConstantPad1d``."""

    __slots__ = ()
    rank = 1


class ConstantPad2d(ValuePad):
    """As ``torch.nn.ConstantPad2d``."""

    __slots__ = ()
    rank = 2


class ConstantPad3d(ValuePad):
    """As ``torch.nn.ConstantPad3d``."""

    __slots__ = ()
    rank = 3


class ReflectionPad1d(ReflectionPad):
    """As ``torch.nn.ReflectionPad1d``."""

    __slots__ = ()
    rank = 1


class ReflectionPad2d(ReflectionPad):
    """As ``torch.nn.ReflectionPad2d``."""

    __slots__ = ()
    rank = 2


class ReflectionPad3d(ReflectionPad):
    """As ``torch.nn.ReflectionPad3d``."""

    __slots__ = ()
    rank = 3


class ReplicationPad1d(ReplicationPad):
    """As ``torch.nn.ReplicationPad1d``."""

    __slots__ = ()
    rank = 1


class ReplicationPad2d(ReplicationPad):
    """As ``torch.nn.ReplicationPad2d``."""

    __slots__ = ()
    rank = 2


class ReplicationPad3d(ReplicationPad):
    """As ``torch.nn.ReplicationPad3d``."""

    __slots__ = ()
    rank = 3


class CircularPad1d(CircularPad):
    """As ``torch.nn.CircularPad1d``."""

    __slots__ = ()
    rank = 1


class CircularPad2d(CircularPad):
    """As ``torch.nn.CircularPad2d``."""

    __slots__ = ()
    rank = 2


class CircularPad3d(CircularPad):
    """As ``torch.nn.CircularPad3d``."""

    __slots__ = ()
    rank = 3
