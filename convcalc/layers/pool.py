"""Pooling over windows. A pool has no weights: its connections are the taps of each output."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from math import prod
from sys import float_info
from typing import Any, ClassVar

from convcalc import formulas
from convcalc.errors import ConvcalcError
from convcalc.layers.base import Weightless
from convcalc.layers.settings import PerAxis, Shape, Sides, brief, per_axis, shape, spell, whole
from convcalc.layers.windows import Window, refuse_empty, refuse_misfit, spatial_sizes
from convcalc.receptive_field import Field, through_windows

_PER_AXIS = ("kernel_size", "stride", "padding", "dilation")
INDEX_BYTES = 8  # PyTorch keeps the index of each maximum as an int64


class Pool(Weightless):
    """The base of the pools that slide a window."""

    __slots__ = ()
    pads: ClassVar[bool] = True  # whether the layer has a padding setting
    kernel_size: tuple[int, ...]
    stride: tuple[int, ...]
    ceil_mode: bool

    def sides(self) -> tuple[Sides, ...]:
        """Return the padding of each axis, (before, after)."""
        return ((0, 0),) * len(self.kernel_size)

    def spacing(self) -> tuple[int, ...]:
        """Return the dilation of each axis."""
        return (1,) * len(self.kernel_size)

    def output_shape(self, input_shape: Sequence[int]) -> Shape:
        """Return (N, C, *output sizes) for (N, C, *sizes), both with N or both without it; so for the indices.

        `ConvcalcError` where a window does not fit, or a size other than N is 0.
        """
        windows = self.windows(input_shape)
        return (*shape(input_shape)[: -len(windows)], *(window.output_size for window in windows))

    def windows(self, input_shape: Sequence[int]) -> tuple[Window, ...]:
        """Return the window along each axis; with ``ceil_mode`` the padding is as long as the last window needs.

        >>> MaxPool1d(3, 2, ceil_mode=True).windows((1, 1, 6))
        (Window(size=6, kernel_size=3, stride=2, padding=(0, 1), dilation=1, padding_mode='zeros'),)
        """
        name, rank, sizes = type(self).__name__, len(self.kernel_size), shape(input_shape)
        spatial = spatial_sizes(name, sizes, rank)
        refuse_empty(name, sizes, rank + 1)
        self._refuse_short(spatial)
        settings = zip(spatial, self.kernel_size, self.stride, self.sides(), self.spacing(), strict=True)
        windows = tuple(Window(*axis, "zeros") for axis in settings)
        if self.ceil_mode:
            windows = tuple(map(_stretched, windows))
        refuse_misfit(windows, lambda: self._remedy(spatial))
        return windows

    def _refuse_short(self, spatial: Shape) -> None:
        """Refuse an input shorter than the kernel, as PyTorch does in 3d, even padded, unless it pools the maximum."""
        pairs = list(zip(spatial, self.kernel_size, strict=True))
        for size, taps in pairs:
            if size < taps and self.rank == 3 and not isinstance(self, MaxPool):
                raise ConvcalcError(
                    f"{type(self).__name__} takes no axis shorter than its kernel, got {size} for {taps}:"
                    f" use a kernel of at most {spell(list(map(min, pairs)))}"
                )

    def _remedy(self, spatial: Shape) -> str:
        """Return the smallest padding and the largest kernel that make the window fit along every axis, in words."""
        spans = list(map(formulas.window_extent, self.kernel_size, self.spacing()))
        enough = max(-(-(span - size) // 2) for span, size in zip(spans, spatial, strict=True))
        padding = f"padding={enough} or " if self.pads and enough <= min(self.kernel_size) // 2 else ""
        sides = [before for before, _ in self.sides()]
        most = self._largest(spatial, sides)
        if all(side <= taps // 2 for side, taps in zip(sides, most, strict=True)):
            return f"use {padding}a kernel of at most {spell(most)}"
        return f"use {padding}a kernel of at most {spell(self._largest(spatial, [0] * len(sides)))} with padding=0"

    def _largest(self, spatial: Shape, sides: Sequence[int]) -> list[int]:
        """Return the largest kernel size that fits along each axis, at most the present one."""
        axes = zip(spatial, self.kernel_size, sides, self.spacing(), strict=True)
        return [min(taps, (size + 2 * side - 1) // gap + 1) for size, taps, side, gap in axes]

    def connections(self, input_shape: Sequence[int]) -> int:
        """Return the taps of every output of one example, those on padding too. Errors as `output_shape`.

        >>> MaxPool2d(2).connections((1, 6, 28, 28))
        4704
        """
        windows = self.windows(input_shape)
        taps = tuple(window.kernel_size * window.output_size for window in windows)
        return formulas.pooling_connections(input_shape[-1 - len(windows)], taps)

    def receptive_field(self, fields: tuple[Field, ...], input_shape: Sequence[int]) -> tuple[Field, ...]:
        """Each axis seen through the window."""
        return through_windows(fields, self.windows(input_shape))

    def spelled(self, name: str) -> Any:
        """Return a setting in its shortest form; None for a stride that equals the kernel size."""
        value = getattr(self, name)
        if name == "stride" and value == self.kernel_size:
            return None
        return brief(value) if name in _PER_AXIS else value


def _stretched(window: Window) -> Window:
    """Return the window of ``ceil_mode``, padded until the last position fits."""
    before, after = window.padding
    return window._replace(padding=(before, after + formulas.ceil_padding(*window.geometry)))


def _stride(stride: PerAxis | None, kernel_size: tuple[int, ...]) -> tuple[int, ...]:
    """Return the stride per axis; it is the kernel size where none is given, or an empty tuple, as in PyTorch."""
    if stride is None or (isinstance(stride, Sequence) and len(stride) == 0):
        return kernel_size
    return per_axis("stride", stride, len(kernel_size), least=1)


def _padding(padding: PerAxis, kernel_size: tuple[int, ...]) -> tuple[int, ...]:
    sides = per_axis("padding", padding, len(kernel_size), least=0)
    for side, taps in zip(sides, kernel_size, strict=True):
        if side > taps // 2:
            most = min(kernel_size) // 2
            raise ConvcalcError(f"padding {side} is more than half of kernel {taps}: use a padding of at most {most}")
    return sides


def _norm(value: float) -> float:
    """Return the exponent of a norm, a finite number other than 0."""
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise ConvcalcError(f"norm_type {value!r} is not a number: give one such as 2")
    if not 0 < abs(value) <= float_info.max:
        raise ConvcalcError(f"norm_type {value} has no root: give a finite number other than 0")
    return value


@dataclass(frozen=True, slots=True, init=False, repr=False)
class MaxPool(Pool):
    """The largest element of each window, as ``torch.nn.MaxPool1d``, ``MaxPool2d`` and ``MaxPool3d``.

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
        kernel = per_axis("kernel_size", kernel_size, rank, least=1)
        self.keep(
            kernel_size=kernel,
            stride=_stride(stride, kernel),
            padding=_padding(padding, kernel),
            dilation=per_axis("dilation", dilation, rank, least=1),
            return_indices=bool(return_indices),
            ceil_mode=bool(ceil_mode),
        )

    def sides(self) -> tuple[Sides, ...]:
        """Return the padding of each axis, (before, after)."""
        return tuple((side, side) for side in self.padding)

    def spacing(self) -> tuple[int, ...]:
        """Return the dilation of each axis."""
        return self.dilation

    def saved_bytes(self, input_shape: Sequence[int], *, itemsize: int) -> int:
        """Return the bytes of the index of each maximum. Errors as `output_shape`.

        >>> MaxPool2d(2).saved_bytes((10, 6, 28, 28), itemsize=4)  # 8 * 10*6*14*14
        94080
        """
        return formulas.size_in_bytes(prod(self.output_shape(input_shape)), INDEX_BYTES)


@dataclass(frozen=True, slots=True, init=False, repr=False)
class AvgPool(Pool):
    """The mean of each window, as ``torch.nn.AvgPool1d``.

    >>> AvgPool1d(2).output_shape((1, 6, 28))
    (1, 6, 14)
    """

    kernel_size: tuple[int, ...]
    stride: tuple[int, ...]
    padding: tuple[int, ...]
    ceil_mode: bool
    count_include_pad: bool

    def __init__(
        self,
        kernel_size: PerAxis,
        stride: PerAxis | None = None,
        padding: PerAxis = 0,
        ceil_mode: bool = False,
        count_include_pad: bool = True,
    ) -> None:
        kernel = per_axis("kernel_size", kernel_size, self.known_rank(), least=1)
        self.keep(
            kernel_size=kernel,
            stride=_stride(stride, kernel),
            padding=_padding(padding, kernel),
            ceil_mode=bool(ceil_mode),
            count_include_pad=bool(count_include_pad),
        )

    def sides(self) -> tuple[Sides, ...]:
        """Return the padding of each axis, (before, after)."""
        return tuple((side, side) for side in self.padding)


@dataclass(frozen=True, slots=True, init=False, repr=False)
class DivisorAvgPool(AvgPool):
    """The mean of each window, or its sum over ``divisor_override``, as ``torch.nn.AvgPool2d`` and ``AvgPool3d``.

    >>> AvgPool2d(2, divisor_override=1).output_shape((1, 6, 28, 28))
    (1, 6, 14, 14)
    """

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
        AvgPool.__init__(self, kernel_size, stride, padding, ceil_mode, count_include_pad)
        if divisor_override is not None and whole("divisor_override", divisor_override, least=None) == 0:
            raise ConvcalcError("divisor_override 0 cannot divide: give another number, or None")
        self.keep(divisor_override=divisor_override)


@dataclass(frozen=True, slots=True, init=False, repr=False)
class LPPool(Pool):
    """The p-norm of each window, without absolute values, as ``torch.nn.LPPool1d``, ``LPPool2d`` and ``LPPool3d``.

    >>> LPPool2d(2, 3, stride=2).output_shape((1, 6, 28, 28))
    (1, 6, 13, 13)
    """

    pads = False
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
        self.keep(
            norm_type=_norm(norm_type), kernel_size=kernel, stride=_stride(stride, kernel), ceil_mode=bool(ceil_mode)
        )

    def saved_bytes(self, input_shape: Sequence[int], *, itemsize: int) -> int:
        """Return the bytes of the powers of the input and of four numbers per output. Errors as `output_shape`.

        >>> LPPool2d(2, 2).saved_bytes((1, 1, 4, 4), itemsize=4)  # 4 * (4*4 + 4 * 2*2)
        128
        """
        return formulas.size_in_bytes(prod(input_shape) + 4 * prod(self.output_shape(input_shape)), itemsize)


class MaxPool1d(MaxPool):
    __slots__ = ()
    rank = 1


class MaxPool2d(MaxPool):
    __slots__ = ()
    rank = 2


class MaxPool3d(MaxPool):
    __slots__ = ()
    rank = 3


class AvgPool1d(AvgPool):
    __slots__ = ()
    rank = 1


class AvgPool2d(DivisorAvgPool):
    __slots__ = ()
    rank = 2


class AvgPool3d(DivisorAvgPool):
    __slots__ = ()
    rank = 3


class LPPool1d(LPPool):
    __slots__ = ()
    rank = 1


class LPPool2d(LPPool):
    __slots__ = ()
    rank = 2


class LPPool3d(LPPool):
    __slots__ = ()
    rank = 3
