"""Layers that only move elements: flattening, shuffles, and patches."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from math import prod
from typing import Any, ClassVar

from convcalc import formulas
from convcalc.errors import ConvcalcError
from convcalc.layers.base import InPlace, Weightless
from convcalc.layers.settings import PerAxis, Shape, Sides, axis_index, brief, counted, per_axis, shape, whole
from convcalc.layers.windows import Window, refuse_empty, windows_over
from convcalc.receptive_field import Field, Reading, through, through_window


@dataclass(frozen=True, slots=True, init=False, repr=False)
class Flatten(Weightless):
    """Make one axis of those from ``start_dim`` to ``end_dim``, as ``torch.nn.Flatten``.

    >>> Flatten().output_shape((1, 120, 1, 1))
    (1, 120)
    """

    moves_axes = True
    aliases = True
    saves = ()
    start_dim: int
    end_dim: int

    def __init__(self, start_dim: int = 1, end_dim: int = -1) -> None:
        self.keep(start_dim=whole("start_dim", start_dim, least=None), end_dim=whole("end_dim", end_dim, least=None))

    def output_shape(self, input_shape: Sequence[int]) -> Shape:
        """Return (N, product of *) for (N, *), by default. `ConvcalcError` where an axis does not exist."""
        sizes = shape(input_shape)
        first, last = self._ends(sizes)
        return (*sizes[:first], prod(sizes[first : last + 1]), *sizes[last + 1 :])

    def _ends(self, sizes: Shape) -> tuple[int, int]:
        """Return the first and the last of the axes that become one."""
        first, last = axis_index("start_dim", self.start_dim, sizes), axis_index("end_dim", self.end_dim, sizes)
        if first > last:
            raise ConvcalcError(f"start_dim {self.start_dim} comes after end_dim {self.end_dim} in input {list(sizes)}")
        return first, last

    def receptive_field(self, fields: tuple[Field, ...], input_shape: Sequence[int]) -> tuple[Field, ...]:
        """A unit sees what it saw; along an axis that became part of another, neighbours have no one jump."""
        first, last = self._ends(shape(input_shape))
        spatial = len(input_shape) - len(fields)  # where the spatial axes begin
        return tuple(
            field.flattened() if first < last and first <= spatial + axis <= last else field
            for axis, field in enumerate(fields)
        )


@dataclass(frozen=True, slots=True, init=False, repr=False)
class Unflatten(Weightless):
    """Split one axis into several, as ``torch.nn.Unflatten``; one of the sizes may be -1.

    >>> Unflatten(1, (3, 4, -1)).output_shape((2, 60))
    (2, 3, 4, 5)
    """

    moves_axes = True
    aliases = True
    saves = ()
    dim: int
    unflattened_size: tuple[int, ...]

    def __init__(self, dim: int, unflattened_size: Sequence[int]) -> None:
        if not isinstance(unflattened_size, Sequence) or isinstance(unflattened_size, str) or not unflattened_size:
            raise ConvcalcError(f"unflattened_size {unflattened_size!r} is not a tuple of sizes: give one, as (2, -1)")
        sizes = tuple(whole("unflattened_size", size, least=-1) for size in unflattened_size)
        if sizes.count(-1) > 1:
            raise ConvcalcError(f"unflattened_size {list(sizes)} leaves more than one size open: give all but one")
        self.keep(dim=whole("dim", dim, least=None), unflattened_size=sizes)

    def output_shape(self, input_shape: Sequence[int]) -> Shape:
        """Return the input's shape with the axis replaced. `ConvcalcError` where the sizes do not multiply up to it."""
        sizes = shape(input_shape)
        if not sizes:
            raise ConvcalcError("Unflatten takes at least 1 size, got []: give an input with an axis")
        axis = axis_index("dim", self.dim, sizes)
        known = prod(size for size in self.unflattened_size if size != -1)
        whole_axis = sizes[axis]
        fits = known != 0 and whole_axis % known == 0 if -1 in self.unflattened_size else known == whole_axis
        if not fits:
            raise ConvcalcError(
                f"unflattened_size {list(self.unflattened_size)} does not multiply up to {whole_axis}, axis {axis} of"
                f" {list(sizes)}: leave one size open with -1"
            )
        new = tuple(whole_axis // known if size == -1 else size for size in self.unflattened_size)
        return (*sizes[:axis], *new, *sizes[axis + 1 :])

    def receptive_field(self, fields: tuple[Field, ...], input_shape: Sequence[int]) -> tuple[Field, ...]:
        """A unit sees what it saw; along an axis that became several, neighbours have no one jump."""
        sizes = shape(input_shape)
        axis = axis_index("dim", self.dim, sizes) - (len(sizes) - len(fields))
        return tuple(
            field.flattened() if number == axis and len(self.unflattened_size) > 1 else field
            for number, field in enumerate(fields)
        )


class Shuffle(Weightless):
    """The base of the pixel shuffles, which work on the last three axes.

    >>> PixelUnshuffle(2).last_three((1, 3, 10, 10))
    ((1,), (3, 10, 10))
    """

    __slots__ = ()
    rank = 2
    saves = ()

    def last_three(self, input_shape: Sequence[int]) -> tuple[Shape, Shape]:
        """Return the axes before the last three, and the last three."""
        sizes = shape(input_shape)
        if len(sizes) < 3:
            raise ConvcalcError(f"{type(self).__name__} takes at least 3 sizes (C H W), got {list(sizes)}: give them")
        return sizes[:-3], sizes[-3:]


@dataclass(frozen=True, slots=True, init=False, repr=False)
class PixelShuffle(Shuffle):
    """Move channels to pixels, as ``torch.nn.PixelShuffle``: (C*r*r, H, W) becomes (C, H*r, W*r).

    >>> PixelShuffle(2).output_shape((1, 12, 5, 5))
    (1, 3, 10, 10)
    """

    upscale_factor: int

    def __init__(self, upscale_factor: int) -> None:
        self.keep(upscale_factor=whole("upscale_factor", upscale_factor, least=1))

    def output_shape(self, input_shape: Sequence[int]) -> Shape:
        """Return (*, C, H*r, W*r) for (*, C*r*r, H, W). `ConvcalcError` where r*r does not divide the channels."""
        before, (channels, height, width) = self.last_three(input_shape)
        factor = self.upscale_factor
        if channels % factor**2:
            raise ConvcalcError(
                f"PixelShuffle takes a multiple of {factor**2} channels, got {channels}: that is upscale_factor squared"
            )
        return (*before, channels // factor**2, height * factor, width * factor)

    def receptive_field(self, fields: tuple[Field, ...], input_shape: Sequence[int]) -> tuple[Field, ...]:
        """As many units as the factor come from each place: the jump is divided by it."""
        if len(fields) != 2:
            return ()
        factor = self.upscale_factor

        def taps(place: int) -> range:
            return range(place // factor, place // factor + 1)

        return tuple(
            through(field, Reading(size, size * factor, factor, 1, taps, 1))
            for field, size in zip(fields, shape(input_shape)[-2:], strict=True)
        )


@dataclass(frozen=True, slots=True, init=False, repr=False)
class PixelUnshuffle(Shuffle):
    """Move pixels to channels, as ``torch.nn.PixelUnshuffle``: (C, H*r, W*r) becomes (C*r*r, H, W).

    >>> PixelUnshuffle(2).output_shape((1, 3, 10, 10))
    (1, 12, 5, 5)
    """

    downscale_factor: int

    def __init__(self, downscale_factor: int) -> None:
        self.keep(downscale_factor=whole("downscale_factor", downscale_factor, least=1))

    def output_shape(self, input_shape: Sequence[int]) -> Shape:
        """Return (*, C*r*r, H, W) for (*, C, H*r, W*r). `ConvcalcError` where r does not divide height and width."""
        before, (channels, height, width) = self.last_three(input_shape)
        factor = self.downscale_factor
        if height % factor or width % factor:
            raise ConvcalcError(
                f"PixelUnshuffle takes multiples of {factor}, got {height}x{width}: that is downscale_factor"
            )
        if 0 in (*before, channels, height, width):  # an empty input keeps its shape in PyTorch
            return (*before, channels, height, width)
        return (*before, channels * factor**2, height // factor, width // factor)

    def receptive_field(self, fields: tuple[Field, ...], input_shape: Sequence[int]) -> tuple[Field, ...]:
        """The channels of a place see together as many neighbours as the factor; the jump is multiplied by it."""
        if len(fields) != 2:
            return ()
        factor, (height, width) = self.downscale_factor, shape(input_shape)[-2:]
        return tuple(
            through_window(field, Window(size, factor, factor, (0, 0), 1, "zeros"))
            for field, size in zip(fields, (height, width), strict=True)
        )


@dataclass(frozen=True, slots=True, init=False, repr=False)
class ChannelShuffle(InPlace, Weightless):
    """Take the channels of the groups in turn, as ``torch.nn.ChannelShuffle``.

    >>> ChannelShuffle(2).output_shape((1, 4, 5, 5))
    (1, 4, 5, 5)
    """

    always_batched = True
    saves = ()
    groups: int

    def __init__(self, groups: int) -> None:
        self.keep(groups=whole("groups", groups, least=1))

    def output_shape(self, input_shape: Sequence[int]) -> Shape:
        """Return the input's shape. `ConvcalcError` where the groups do not divide the second axis."""
        sizes = shape(input_shape)
        if len(sizes) < 3:
            raise ConvcalcError(f"ChannelShuffle takes at least 3 sizes, got {list(sizes)}: give N C first")
        if sizes[1] % self.groups:
            raise ConvcalcError(
                f"groups {self.groups} does not divide {sizes[1]}, axis 1 of {list(sizes)}: use a divisor of {sizes[1]}"
            )
        return sizes

    def receptive_field(self, fields: tuple[Field, ...], input_shape: Sequence[int]) -> tuple[Field, ...]:
        """Unchanged; where axis 1 is spatial, as without a batch, its neighbours have no one jump any more."""
        shuffled = 1 - (len(input_shape) - len(fields))
        return tuple(
            field.flattened() if axis == shuffled and self.groups > 1 else field for axis, field in enumerate(fields)
        )


class Patches(Weightless):
    """The base of `Unfold` and `Fold`: a window over two axes. Its settings do not take a one-element tuple.

    >>> Unfold(3, stride=2).axes()
    ((3, 2, (0, 0), 1), (3, 2, (0, 0), 1))
    """

    __slots__ = ()
    moves_axes = True
    saves = ()
    rank: ClassVar[int | None] = 2
    kernel_size: tuple[int, ...]
    dilation: tuple[int, ...]
    padding: tuple[int, ...]
    stride: tuple[int, ...]

    def keep_window(self, kernel_size: PerAxis, dilation: PerAxis, padding: PerAxis, stride: PerAxis) -> None:
        """Keep the four settings, two numbers each."""
        self.keep(
            kernel_size=per_axis("kernel_size", kernel_size, 2, least=1, broadcast=False),
            dilation=per_axis("dilation", dilation, 2, least=1, broadcast=False),
            padding=per_axis("padding", padding, 2, least=0, broadcast=False),
            stride=per_axis("stride", stride, 2, least=1, broadcast=False),
        )

    def axes(self) -> tuple[tuple[int, int, Sides, int], ...]:
        """Return (kernel size, stride, sides, dilation) for each axis."""
        sides = ((side, side) for side in self.padding)
        return tuple(zip(self.kernel_size, self.stride, sides, self.dilation, strict=True))

    def spelled(self, name: str) -> Any:
        """Return a setting in its shortest form: one number if the axes agree."""
        return brief(getattr(self, name))


@dataclass(frozen=True, slots=True, init=False, repr=False)
class Unfold(Patches):
    """Make a column of the elements under each window, as ``torch.nn.Unfold``.

    >>> Unfold(3, padding=1).output_shape((1, 2, 5, 5))
    (1, 18, 25)
    """

    kernel_size: tuple[int, ...]
    dilation: tuple[int, ...]
    padding: tuple[int, ...]
    stride: tuple[int, ...]

    def __init__(self, kernel_size: PerAxis, dilation: PerAxis = 1, padding: PerAxis = 0, stride: PerAxis = 1) -> None:
        self.keep_window(kernel_size, dilation, padding, stride)

    def windows(self, input_shape: Sequence[int]) -> tuple[Window, ...]:
        """Return the window along each axis. Errors as `output_shape`."""
        return windows_over("Unfold", input_shape, None, self.axes())

    def output_shape(self, input_shape: Sequence[int]) -> Shape:
        """Return (N, C * kernel elements, windows) for (N, C, H, W), both with N or both without it.

        `ConvcalcError` where the window does not fit.
        """
        positions = prod(window.output_size for window in self.windows(input_shape))
        return (*input_shape[:-3], input_shape[-3] * prod(self.kernel_size), positions)

    def receptive_field(self, fields: tuple[Field, ...], input_shape: Sequence[int]) -> tuple[Field, ...]:
        """A row of a column holds one element: it sees what that saw, no longer along an axis."""
        return tuple(field.flattened() for field in fields) if len(fields) == 2 else ()


@dataclass(frozen=True, slots=True, init=False, repr=False)
class Fold(Patches):
    """Add columns up to an image, the inverse of `Unfold` where windows do not overlap, as ``torch.nn.Fold``.

    >>> Fold((5, 5), 3, padding=1).output_shape((1, 18, 25))
    (1, 2, 5, 5)
    """

    rank = None  # the input holds columns
    output_size: tuple[int, ...]
    kernel_size: tuple[int, ...]
    dilation: tuple[int, ...]
    padding: tuple[int, ...]
    stride: tuple[int, ...]

    def __init__(
        self,
        output_size: PerAxis,
        kernel_size: PerAxis,
        dilation: PerAxis = 1,
        padding: PerAxis = 0,
        stride: PerAxis = 1,
    ) -> None:
        self.keep(output_size=per_axis("output_size", output_size, 2, least=1, broadcast=False))
        self.keep_window(kernel_size, dilation, padding, stride)

    def output_shape(self, input_shape: Sequence[int]) -> Shape:
        """Return (N, C, *output_size) for (N, C * kernel elements, windows), both with N or both without it.

        `ConvcalcError` where the rows or the columns do not fit.
        """
        sizes = shape(input_shape)
        if len(sizes) not in (2, 3):
            raise ConvcalcError(
                f"Fold takes 2 or 3 sizes, got {counted(len(sizes), 'size')} in {list(sizes)}: give N first"
            )
        refuse_empty("Fold", sizes, 2)
        rows, columns = sizes[-2:]
        elements = prod(self.kernel_size)
        if rows % elements:
            raise ConvcalcError(
                f"Fold takes a multiple of {elements} rows, got {rows}: the kernel has {elements} elements"
            )
        windows = windows_over("Fold", (rows // elements, *self.output_size), None, self.axes())
        expected = prod(window.output_size for window in windows)
        if columns != expected:
            raise ConvcalcError(
                f"Fold to {list(self.output_size)} takes {expected} columns, got {columns}: one per window"
            )
        return (*sizes[:-2], rows // elements, *self.output_size)

    def receptive_field(self, fields: tuple[Field, ...], input_shape: Sequence[int]) -> tuple[Field, ...]:
        """Of columns that `Unfold` made what one saw, where windows do not overlap; elsewhere it is not known.

        Where the axes are not those of a map that was unfolded, there are no fields.
        """
        if len(fields) != 2 or any(field.has_positions for field in fields):
            return ()
        taps = [formulas.transposed_extent(size, step, gap) for size, step, _, gap in self.axes()]
        return tuple(
            field if most == 1 else Field(None, None, None, None) for field, most in zip(fields, taps, strict=True)
        )
