"""Convolution over one, two and three spatial axes."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from math import gcd, prod
from typing import Any

from convcalc import formulas
from convcalc.errors import ConvcalcError
from convcalc.layers.base import Layer
from convcalc.layers.settings import (
    Padding,
    PerAxis,
    Shape,
    Sides,
    brief,
    counted,
    divisors,
    per_axis,
    per_axis_sides,
    shape,
    spell,
    whole,
)
from convcalc.layers.windows import Window, windows_over
from convcalc.receptive_field import Field, through_windows

PADDING_MODES = {
    "zeros": "ZeroPad",
    "reflect": "ReflectionPad",
    "replicate": "ReplicationPad",
    "circular": "CircularPad",
}


class ConvNd(Layer):
    """The base of `Conv` and `ConvTranspose`: a kernel per connected pair of channels, a bias per output channel."""

    __slots__ = ()
    out_channels: int
    kernel_size: tuple[int, ...]
    bias: bool

    @property
    def channel_pairs(self) -> int:
        """The number of pairs of an input and an output channel that a kernel connects."""
        raise NotImplementedError

    @property
    def weights(self) -> int:
        """The taps of one kernel, times the pairs of channels (PyTorch: the elements of ``weight``).

        >>> Conv2d(1, 6, 5).weights
        150
        """
        return formulas.weights(self.channel_pairs, self.kernel_size)

    @property
    def biases(self) -> int:
        """One per output channel, or 0 without ``bias``.

        >>> Conv2d(1, 6, 5).biases
        6
        """
        return self.out_channels if self.bias else 0

    def connections(self, input_shape: Sequence[int]) -> int:
        """Return the uses of a weight or a bias in one example. Errors as `output_shape`.

        Source: LeCun, Bottou, Bengio and Haffner (1998), section II-B.

        >>> Conv2d(1, 6, 5).connections((1, 1, 32, 32))  # (5*5 + 1) * 6 * 28*28
        122304
        """
        units = prod(self.output_shape(input_shape)[-1 - len(self.kernel_size) :])
        return formulas.connections(self.macs(input_shape), units if self.bias else 0)


@dataclass(frozen=True, slots=True, init=False, repr=False)
class Conv(ConvNd):
    """A convolution over N C L, N C H W or N C D H W, as ``torch.nn.Conv1d``, ``Conv2d`` and ``Conv3d``.

    The settings, their order and their defaults are PyTorch's. Two things are added: ``padding`` may give each axis its
    own pair of sides, ``((before, after), ...)``, and ``table`` lists for each output channel the input channels that
    feed it, as in LeNet-5's C3.

    >>> layer = Conv2d(3, 16, 4, stride=2)
    >>> layer.output_shape((10, 3, 28, 28)), layer.parameters
    ((10, 16, 13, 13), 784)
    """

    in_channels: int
    out_channels: int
    kernel_size: tuple[int, ...]
    stride: tuple[int, ...]
    padding: tuple[Sides, ...]
    dilation: tuple[int, ...]
    groups: int
    bias: bool
    padding_mode: str
    table: tuple[tuple[int, ...], ...] | None

    def __init__(
        self,
        in_channels: int,
        out_channels: int,
        kernel_size: PerAxis,
        stride: PerAxis = 1,
        padding: Padding = 0,
        dilation: PerAxis = 1,
        groups: int = 1,
        bias: bool = True,
        padding_mode: str = "zeros",
        table: Sequence[Sequence[int]] | None = None,
    ) -> None:
        rank = self.known_rank()
        if padding_mode not in tuple(PADDING_MODES):
            raise ConvcalcError(f"padding_mode {padding_mode!r} is unknown: use one of {', '.join(PADDING_MODES)}")
        groups = whole("groups", groups, least=1)
        in_channels = whole("in_channels", in_channels, least=0)
        out_channels = whole("out_channels", out_channels, least=1)
        for name, channels in (("in_channels", in_channels), ("out_channels", out_channels)):
            if channels % groups:
                common = divisors(gcd(in_channels, out_channels))
                raise ConvcalcError(f"groups {groups} does not divide {name} {channels}: use groups={common}")
        kernel_size = per_axis("kernel_size", kernel_size, rank, least=1, broadcast=False)
        stride = per_axis("stride", stride, rank, least=1)
        # PyTorch pads too few axes here when a one-element tuple stands for all axes: refuse that.
        complete = padding == "same" and padding_mode != "zeros"
        dilation = per_axis("dilation", dilation, rank, least=1, broadcast=not complete)
        self.keep(
            in_channels=in_channels,
            out_channels=out_channels,
            kernel_size=kernel_size,
            stride=stride,
            padding=_checked_padding(padding, padding_mode, kernel_size, stride, dilation),
            dilation=dilation,
            groups=groups,
            bias=bool(bias),
            padding_mode=padding_mode,
            table=None if table is None else _table(table, in_channels, out_channels, groups),
        )

    # Shapes

    def output_shape(self, input_shape: Sequence[int]) -> Shape:
        """Return (N, out_channels, *sizes) for (N, in_channels, *sizes), both with N or both without it.

        `ConvcalcError` where the channels differ, the kernel does not fit, or the mode cannot pad that much.

        >>> Conv1d(1, 1, 3, padding=1).output_shape((1, 10))
        (1, 10)
        """
        windows = self.windows(input_shape)
        sizes = tuple(window.output_size for window in windows)
        batch = shape(input_shape)[: -1 - len(windows)]
        # Of 0 input channels PyTorch makes 0 output channels, although it has out_channels biases.
        out_channels = self.out_channels if self.in_channels else 0
        return (*batch, out_channels, *sizes)

    def windows(self, input_shape: Sequence[int]) -> tuple[Window, ...]:
        """Return the window along each axis. Errors as `output_shape`."""
        axes = tuple(zip(self.kernel_size, self.stride, self.padding, self.dilation, strict=True))
        return windows_over(type(self).__name__, input_shape, self.in_channels, axes, self.padding_mode)

    # Figures

    @property
    def weight_shape(self) -> Shape:
        """The shape [out_channels, in_channels / groups, *kernel_size]; with a table, groups is 1.

        >>> Conv2d(4, 8, (3, 5), groups=2).weight_shape
        (8, 2, 3, 5)
        """
        return (self.out_channels, self.in_channels // self.groups, *self.kernel_size)

    @property
    def channel_pairs(self) -> int:
        """The number of pairs of an input and an output channel that a kernel connects."""
        if self.table is not None:
            return sum(map(len, self.table))
        return formulas.channel_pairs(self.in_channels, self.out_channels, self.groups)

    @property
    def all_pairs(self) -> int:
        """The number of pairs without groups or a table."""
        return formulas.channel_pairs(self.in_channels, self.out_channels, 1)

    def macs(self, input_shape: Sequence[int], exact: bool = False) -> int:
        """Return the multiply-accumulates of one example: every tap of every window; exact: those on real elements.

        They differ in mode zeros only: in the other modes the padding holds copies of elements. Errors as
        `output_shape`.

        >>> c1 = Conv2d(1, 6, 5, padding=2)
        >>> c1.macs((1, 1, 28, 28)), c1.macs((1, 1, 28, 28), exact=True)
        (117600, 107736)
        """
        windows = self.windows(input_shape)
        if exact and self.padding_mode == "zeros":
            taps = tuple(formulas.real_taps(*window.geometry) for window in windows)
        else:
            taps = tuple(window.kernel_size * window.output_size for window in windows)
        return formulas.macs(self.channel_pairs, taps)

    def dead_weights(self, input_shape: Sequence[int]) -> int:
        """Return the number of weights that only ever meet zero padding. Errors as `output_shape`.

        >>> Conv2d(1, 1, 3, padding=1).dead_weights((1, 1, 1, 1))
        8
        """
        windows = self.windows(input_shape)
        if self.padding_mode != "zeros":
            return 0
        live = tuple(formulas.live_taps(*window.geometry) for window in windows)
        return self.weights - formulas.weights(self.channel_pairs, live)

    def receptive_field(self, fields: tuple[Field, ...], input_shape: Sequence[int]) -> tuple[Field, ...]:
        """Each axis seen through the window, by `formulas.receptive_field`, `receptive_jump` and `receptive_start`."""
        return through_windows(fields, self.windows(input_shape))

    def saved_tensors(self, input_shape: Sequence[int]) -> tuple[str, ...]:
        """Return ("input",), or () where PyTorch convolves a padded copy and does not need the input to undo that.

        >>> Conv1d(1, 1, 3, padding=1).saved_tensors((1, 1, 9))
        ('input',)
        >>> Conv1d(1, 1, 3, padding=1, padding_mode="circular").saved_tensors((1, 1, 9))
        ()
        """
        return ("input",) if self._copied_sides() is None or self.padding_mode in ("reflect", "replicate") else ()

    def saved_bytes(self, input_shape: Sequence[int], *, itemsize: int) -> int:
        """Return the bytes of the padded copy, where PyTorch makes one. Errors as `output_shape`.

        >>> Conv1d(2, 1, 4, padding="same").saved_bytes((1, 2, 10), itemsize=4)  # padded to 11
        88
        """
        copied, windows = self._copied_sides(), self.windows(input_shape)
        if copied is None:
            return 0
        sizes = (window.size + before + after for window, (before, after) in zip(windows, copied, strict=True))
        return formulas.size_in_bytes(prod((*shape(input_shape)[: -len(windows)], *sizes)), itemsize)

    def _copied_sides(self) -> tuple[Sides, ...] | None:
        """Return the sides that PyTorch pads in a copy of the input; None where it needs no copy.

        The convolution itself pads zeros, as many before as after. For ``same`` only the excess of one side is copied.
        """
        if self.padding_mode != "zeros":
            return self.padding
        if all(before == after for before, after in self.padding):
            return None
        if self.spelled("padding") == "same":
            return tuple((0, after - before) for before, after in self.padding)
        return self.padding

    # Words

    def spelled(self, name: str) -> Any:
        """Return a setting in its shortest form: one number if all axes agree, ``'same'`` where only that fits."""
        value = getattr(self, name)
        if name in ("kernel_size", "stride", "dilation"):
            return brief(value)
        if name != "padding":
            return value
        if all(before == after for before, after in value):
            return brief(tuple(before for before, _ in value))
        if value == _same(self.kernel_size, self.dilation) and set(self.stride) == {1}:
            return "same"
        return value

    def in_pytorch(self) -> str | None:
        """Return the layer in PyTorch's words, after a padding layer where its ``padding`` cannot express the sides.

        >>> Conv2d(1, 1, 3, stride=2, padding=((0, 1), (0, 1))).in_pytorch()
        'ZeroPad2d((0, 1, 0, 1)), Conv2d(1, 1, 3, stride=2)'
        """
        if self.table is not None:
            return None
        symmetric = all(before == after for before, after in self.padding) or self.spelled("padding") == "same"
        if symmetric:
            return repr(self)
        pad = f"{PADDING_MODES[self.padding_mode]}{len(self.padding)}d"
        sides = tuple(side for pair in reversed(self.padding) for side in pair)
        bare = type(self)(
            self.in_channels, self.out_channels, self.kernel_size, self.stride, 0, self.dilation, self.groups, self.bias
        )
        return f"{pad}({sides}), {bare!r}"


class Conv1d(Conv):
    __slots__ = ()
    rank = 1


class Conv2d(Conv):
    __slots__ = ()
    rank = 2


class Conv3d(Conv):
    __slots__ = ()
    rank = 3


def _same(kernel_size: tuple[int, ...], dilation: tuple[int, ...]) -> tuple[Sides, ...]:
    return tuple(map(formulas.same_padding, kernel_size, dilation))


def _checked_padding(
    padding: Padding, mode: str, kernel_size: tuple[int, ...], stride: tuple[int, ...], dilation: tuple[int, ...]
) -> tuple[Sides, ...]:
    """Return the padding as one pair (before, after) per axis; refuse what PyTorch refuses."""
    rank = len(kernel_size)
    least = 0 if mode == "zeros" else None  # in the other modes PyTorch crops by a negative side
    if isinstance(padding, str):
        if padding == "valid":
            return ((0, 0),) * rank
        if padding != "same":
            raise ConvcalcError(f"padding {padding!r} is unknown: use 'same', 'valid' or integers")
        if set(stride) != {1}:
            raise ConvcalcError(f"padding 'same' needs stride 1, got {spell(stride)}: give the sides, or use stride=1")
        return _same(kernel_size, dilation)
    if isinstance(padding, Sequence) and any(isinstance(side, Sequence) for side in padding):
        if not all(isinstance(side, Sequence) and not isinstance(side, str) for side in padding):
            raise ConvcalcError(f"padding {padding!r} mixes numbers and pairs: give one form for every axis")
        sides = per_axis_sides(padding, rank, least=least)  # type: ignore[arg-type]
    else:
        flat = per_axis("padding", padding, rank, least=least, broadcast=mode == "zeros")  # type: ignore[arg-type]
        sides = tuple((side, side) for side in flat)
    if mode == "circular" and any(min(pair) < 0 < max(pair) for pair in sides):
        raise ConvcalcError("circular padding cannot crop one side and pad the other: give sides of one sign")
    return sides


def _table(
    table: Sequence[Sequence[int]], in_channels: int, out_channels: int, groups: int
) -> tuple[tuple[int, ...], ...]:
    """Return the connection table: for each output channel, the input channels that feed it."""
    if not isinstance(table, Sequence) or not all(isinstance(row, Sequence) for row in table):
        raise ConvcalcError(
            f"table {table!r} is not a list of rows: give, for each output channel, the input channels that feed it"
        )
    rows = tuple(tuple(whole("table entry", entry, least=0) for entry in row) for row in table)
    if groups != 1:
        raise ConvcalcError(f"a connection table and groups {groups} exclude each other: use groups=1")
    if len(rows) != out_channels:
        raise ConvcalcError(f"table has {counted(len(rows), 'row')}: give {out_channels}, one for each output channel")
    for number, row in enumerate(rows):
        if not row or len(set(row)) != len(row) or max(row) >= in_channels:
            raise ConvcalcError(
                f"table row {number} is {list(row)}: give at least one of the input channels"
                f" 0 to {in_channels - 1}, each once"
            )
    return rows
