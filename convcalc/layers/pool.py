"""Pooling: over windows, and to a given output size."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from math import prod
from typing import Any

from convcalc import formulas
from convcalc.errors import ConvcalcError
from convcalc.layers.axes import PerAxis, Shape, Sides, brief, per_axis, shape, whole
from convcalc.layers.base import Weightless
from convcalc.layers.windows import Field, Window, moved, refuse_empty, spatial_sizes, through_windows, windows_over

PER_AXIS = ("kernel_size", "stride", "padding", "dilation")


class Pool(Weightless):
    """What the pools over windows share. They have no weights: their connections are the taps of every output."""

    __slots__ = ()
    kernel_size: tuple[int, ...]
    stride: tuple[int, ...]
    ceil_mode: bool

    def sides(self) -> tuple[Sides, ...]:
        """The padding of each axis, before and after."""
        return ((0, 0),) * len(self.kernel_size)

    def spacing(self) -> tuple[int, ...]:
        """The dilation of each axis."""
        return (1,) * len(self.kernel_size)

    def windows(self, input_shape: Sequence[int]) -> tuple[Window, ...]:
        """The window along each axis; what ``ceil_mode`` lets it reach beyond the padding counts as padding."""
        axes = tuple(zip(self.kernel_size, self.stride, self.sides(), self.spacing(), strict=True))
        sizes = shape(input_shape)
        self._refuse_short(sizes)
        if self.ceil_mode and len(sizes) > len(axes):
            spatial = sizes[len(sizes) - len(axes) :]
            axes = tuple(
                (kernel, step, (before, after + formulas.ceil_padding(size, kernel, step, (before, after), gap)), gap)
                for size, (kernel, step, (before, after), gap) in zip(spatial, axes, strict=True)
            )
        return windows_over(type(self).__name__, sizes, None, axes)

    def _refuse_short(self, sizes: Shape) -> None:
        """The 3-d pools that average refuse an input shorter than the kernel even where padding makes up for it."""
        if self.rank == 3 and not isinstance(self, MaxPool):
            for size, taps in zip(sizes[-3:], self.kernel_size, strict=False):
                if size < taps:
                    raise ConvcalcError(
                        f"{type(self).__name__} takes no input shorter than its kernel, got {size} for {taps}:"
                        f" use a kernel of at most {size}"
                    )

    def output_shape(self, input_shape: Sequence[int]) -> Shape:
        """(N, C, *sizes), or without N, to the same with a place for each window."""
        windows = self.windows(input_shape)
        return (*input_shape[: -len(windows)], *(window.places for window in windows))

    def connections(self, input_shape: Sequence[int]) -> int:
        """The taps of every output of one example.

        >>> MaxPool2d(2).connections((1, 6, 28, 28))
        4704
        """
        output = self.output_shape(input_shape)
        return formulas.macs(prod(output[-1 - len(self.kernel_size) :]), self.kernel_size)

    def receptive_field(self, fields: tuple[Field, ...], input_shape: Sequence[int]) -> tuple[Field, ...]:
        """Each axis seen through the window."""
        windows = self.windows(input_shape)
        return through_windows(fields, windows)

    def spelled(self, name: str) -> Any:
        """One number where the axes agree; no stride where it is the window's size."""
        value = getattr(self, name)
        if name == "stride" and value == self.kernel_size:
            return None
        return brief(value) if name in PER_AXIS else value


def _sizes(kernel_size: PerAxis, stride: PerAxis | None, rank: int) -> tuple[tuple[int, ...], tuple[int, ...]]:
    kernel = per_axis("kernel_size", kernel_size, rank, least=1)
    return kernel, kernel if stride is None else per_axis("stride", stride, rank, least=1)


def _padding(padding: PerAxis, kernel_size: tuple[int, ...]) -> tuple[int, ...]:
    sides = per_axis("padding", padding, len(kernel_size), least=0)
    for side, taps in zip(sides, kernel_size, strict=True):
        if side > taps // 2:
            raise ConvcalcError(f"padding {side} is more than half of kernel {taps}: use padding={taps // 2} or less")
    return sides


@dataclass(frozen=True, slots=True, init=False, repr=False)
class MaxPool(Pool):
    """The largest element of each window, as ``torch.nn.MaxPool2d``.

    >>> MaxPool2d(3, 2, ceil_mode=True).output_shape((1, 64, 112, 112))
    (1, 64, 56, 56)
    """

    kernel_size: tuple[int, ...]
    stride: tuple[int, ...]
    padding: tuple[int, ...]
    dilation: tuple[int, ...]
    return_indices: bool
    ceil_mode: bool

    def __init__(
        self,
        kernel_size: PerAxis,
        stride: PerAxis | None = None,
        padding: PerAxis = 0,
        dilation: PerAxis = 1,
        return_indices: bool = False,
        ceil_mode: bool = False,
    ) -> None:
        rank = self.known_rank()
        kernel, steps = _sizes(kernel_size, stride, rank)
        self.keep(
            kernel_size=kernel,
            stride=steps,
            padding=_padding(padding, kernel),
            dilation=per_axis("dilation", dilation, rank, least=1),
            return_indices=bool(return_indices),
            ceil_mode=bool(ceil_mode),
        )

    def sides(self) -> tuple[Sides, ...]:
        """The padding of each axis, before and after."""
        return tuple((side, side) for side in self.padding)

    def spacing(self) -> tuple[int, ...]:
        """The dilation of each axis."""
        return self.dilation


@dataclass(frozen=True, slots=True, init=False, repr=False)
class AvgPool(Pool):
    """The mean of each window, as ``torch.nn.AvgPool2d``.

    >>> AvgPool2d(2).output_shape((1, 6, 28, 28))
    (1, 6, 14, 14)
    """

    kernel_size: tuple[int, ...]
    stride: tuple[int, ...]
    padding: tuple[int, ...]
    ceil_mode: bool
    count_include_pad: bool
    divisor_override: int | None

    def __init__(
        self,
        kernel_size: PerAxis,
        stride: PerAxis | None = None,
        padding: PerAxis = 0,
        ceil_mode: bool = False,
        count_include_pad: bool = True,
        divisor_override: int | None = None,
    ) -> None:
        rank = self.known_rank()
        kernel, steps = _sizes(kernel_size, stride, rank)
        if divisor_override is not None and whole("divisor_override", divisor_override, least=None) == 0:
            raise ConvcalcError("divisor_override 0 cannot divide: give another number, or None")
        self.keep(
            kernel_size=kernel,
            stride=steps,
            padding=_padding(padding, kernel),
            ceil_mode=bool(ceil_mode),
            count_include_pad=bool(count_include_pad),
            divisor_override=divisor_override,
        )

    def sides(self) -> tuple[Sides, ...]:
        """The padding of each axis, before and after."""
        return tuple((side, side) for side in self.padding)


@dataclass(frozen=True, slots=True, init=False, repr=False)
class LPPool(Pool):
    """The p-norm of each window, without absolute values, as ``torch.nn.LPPool2d``.

    >>> LPPool2d(2, 3, stride=2).output_shape((1, 6, 28, 28))
    (1, 6, 13, 13)
    """

    norm_type: float
    kernel_size: tuple[int, ...]
    stride: tuple[int, ...]
    ceil_mode: bool

    def __init__(
        self, norm_type: float, kernel_size: PerAxis, stride: PerAxis | None = None, ceil_mode: bool = False
    ) -> None:
        rank = self.known_rank()
        if rank == 1 and isinstance(kernel_size, Sequence):
            raise ConvcalcError(f"LPPool1d takes its kernel_size as a number, got {kernel_size!r}: give an integer")
        kernel = per_axis("kernel_size", kernel_size, rank, least=1, broadcast=False)
        steps = kernel if stride is None else per_axis("stride", stride, rank, least=1)
        self.keep(norm_type=norm_type, kernel_size=kernel, stride=steps, ceil_mode=bool(ceil_mode))


class MaxPool1d(MaxPool):
    """As ``torch.nn.MaxPool1d``."""

    __slots__ = ()
    rank = 1


class MaxPool2d(MaxPool):
    """As ``torch.nn.MaxPool2d``."""

    __slots__ = ()
    rank = 2


class MaxPool3d(MaxPool):
    """As ``torch.nn.MaxPool3d``."""

    __slots__ = ()
    rank = 3


class AvgPool1d(AvgPool):
    """As ``torch.nn.AvgPool1d``."""

    __slots__ = ()
    rank = 1


class AvgPool2d(AvgPool):
    """As ``torch.nn.AvgPool2d``."""

    __slots__ = ()
    rank = 2


class AvgPool3d(AvgPool):
    """As ``torch.nn.AvgPool3d``."""

    __slots__ = ()
    rank = 3


class LPPool1d(LPPool):
    """As ``torch.nn.LPPool1d``."""

    __slots__ = ()
    rank = 1


class LPPool2d(LPPool):
    """As ``torch.nn.LPPool2d``."""

    __slots__ = ()
    rank = 2


class LPPool3d(LPPool):
    """As ``torch.nn.LPPool3d``."""

    __slots__ = ()
    rank = 3


@dataclass(frozen=True, slots=True, init=False, repr=False)
class AdaptivePool(Weightless):
    """Bins that share out each axis, as many as ``output_size`` says; None keeps the axis.

    Bin i of an axis of n elements for o outputs goes from floor(i*n/o) to ceil((i + 1)*n/o). Source: PyTorch,
    `AdaptiveAvgPool2d`, as implemented.
    """

    output_size: tuple[int | None, ...]

    def __init__(self, output_size: PerAxis | Sequence[int | None]) -> None:
        rank = self.known_rank()
        keeping = isinstance(output_size, Sequence) and len(output_size) == rank > 1
        if keeping and None in output_size:  # type: ignore[operator]
            sizes = tuple(size if size is None else whole("output_size", size, least=0) for size in output_size)  # type: ignore[union-attr]
            self.keep(output_size=sizes)
        else:
            self.keep(output_size=per_axis("output_size", output_size, rank, least=0, broadcast=False))  # type: ignore[arg-type]

    def axes(self, input_shape: Sequence[int]) -> list[tuple[int, int]]:
        """The size of each axis, before and after."""
        rank = len(self.output_size)
        sizes = shape(input_shape)
        if self._is_mean(sizes):
            spatial = sizes[-rank:]
        else:
            spatial = spatial_sizes(type(self).__name__, sizes, rank)
            flat_mean = rank < 3 and isinstance(self, AdaptiveAvgPool)
            refuse_empty(type(self).__name__, sizes, rank if flat_mean else len(sizes) - 1)
        return [(size, size if out is None else out) for size, out in zip(spatial, self.output_size, strict=True)]

    def output_shape(self, input_shape: Sequence[int]) -> Shape:
        """(N, C, *sizes), or without N, to (N, C, *output_size)."""
        axes = self.axes(input_shape)
        return (*input_shape[: -len(axes)], *(out for _, out in axes))

    def _is_mean(self, sizes: Shape) -> bool:
        """Whether PyTorch takes the mean over the last axes instead: then any axes may stand before them."""
        rank = len(self.output_size)
        if not isinstance(self, AdaptiveAvgPool) or len(sizes) < rank or (rank == 1 and len(sizes) not in (2, 3)):
            return False
        last = zip(sizes[-rank:], self.output_size, strict=True)
        return all((size if out is None else out) == 1 for size, out in last)

    def connections(self, input_shape: Sequence[int]) -> int:
        """The elements of every bin, summed.

        >>> AdaptiveAvgPool2d(1).connections((1, 512, 7, 7))
        25088
        """
        axes = self.axes(input_shape)
        batched = len(input_shape) > len(axes) + 1
        channels = prod(input_shape[batched : len(input_shape) - len(axes)])
        return formulas.macs(channels, tuple(formulas.bin_elements(*axis) for axis in axes))

    def receptive_field(self, fields: tuple[Field, ...], input_shape: Sequence[int]) -> tuple[Field, ...]:
        """A unit sees what the largest bin saw; where the bins are unequal, neighbours have no one jump."""
        axes = self.axes(input_shape)
        if len(fields) != len(axes):
            return ()
        return tuple(_through_bins(field, size, out) for field, (size, out) in zip(fields, axes, strict=True))

    def spelled(self, name: str) -> Any:
        """One number where the axes agree."""
        return brief(self.output_size)  # type: ignore[arg-type]


def _through_bins(field: Field, size: int, out: int) -> Field:
    if field.jump is None or out == 0:
        return field._replace(jump=None)
    seen = moved(field, formulas.largest_bin(size, out), size // out, 0, out)
    return seen if size % out == 0 else seen._replace(jump=None, span=field.span)


class AdaptiveAvgPool(AdaptivePool):
    """The mean of each bin."""

    __slots__ = ()


class AdaptiveMaxPool(AdaptivePool):
    """The largest element of each bin."""

    __slots__ = ()


class AdaptiveAvgPool1d(AdaptiveAvgPool):
    """As ``torch.nn.AdaptiveAvgPool1d``."""

    __slots__ = ()
    rank = 1


class AdaptiveAvgPool2d(AdaptiveAvgPool):
    """As ``torch.nn.AdaptiveAvgPool2d``."""

    __slots__ = ()
    rank = 2


class AdaptiveAvgPool3d(AdaptiveAvgPool):
    """As ``torch.nn.AdaptiveAvgPool3d``."""

    __slots__ = ()
    rank = 3


class AdaptiveMaxPool1d(AdaptiveMaxPool):
    """As ``torch.nn.AdaptiveMaxPool1d``."""

    __slots__ = ()
    rank = 1


class AdaptiveMaxPool2d(AdaptiveMaxPool):
    """As ``torch.nn.AdaptiveMaxPool2d``."""

    __slots__ = ()
    rank = 2


class AdaptiveMaxPool3d(AdaptiveMaxPool):
    """As ``torch.nn.AdaptiveMaxPool3d``."""

    __slots__ = ()
    rank = 3
