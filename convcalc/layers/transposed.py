"""Transposed convolution: every input element adds its product with the kernel to the output."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from convcalc import formulas
from convcalc.errors import ConvcalcError
from convcalc.layers.conv import ConvNd
from convcalc.layers.settings import PerAxis, Shape, brief, per_axis, shape, whole
from convcalc.layers.windows import Window, refuse_empty, spatial_sizes
from convcalc.receptive_field import Field, Reading, through, through_window

_PER_AXIS = ("kernel_size", "stride", "padding", "output_padding", "dilation")


@dataclass(frozen=True, slots=True, init=False, repr=False)
class ConvTranspose(ConvNd):
    """A transposed convolution over N C L, N C H W or N C D H W, as ``torch.nn.ConvTranspose1d`` to ``3d``.

    The weight has the shape [in_channels, out_channels / groups, *kernel_size]. The multiply-accumulates go by input
    elements: each is multiplied with every tap once.

    >>> layer = ConvTranspose2d(64, 32, 4, stride=2, padding=1)
    >>> layer.output_shape((1, 64, 16, 16)), layer.macs((1, 64, 16, 16)), layer.macs((1, 64, 16, 16), exact=True)
    ((1, 32, 32, 32), 8388608, 7872512)
    """

    in_channels: int
    out_channels: int
    kernel_size: tuple[int, ...]
    stride: tuple[int, ...]
    padding: tuple[int, ...]
    output_padding: tuple[int, ...]
    groups: int
    bias: bool
    dilation: tuple[int, ...]
    padding_mode: str

    def __init__(
        self,
        in_channels: int,
        out_channels: int,
        kernel_size: PerAxis,
        stride: PerAxis = 1,
        padding: PerAxis = 0,
        output_padding: PerAxis = 0,
        groups: int = 1,
        bias: bool = True,
        dilation: PerAxis = 1,
        padding_mode: str = "zeros",
    ) -> None:
        rank = self.known_rank()
        if padding_mode != "zeros":
            raise ConvcalcError(
                f"padding_mode {padding_mode!r} does not exist for a transposed convolution: use 'zeros'"
            )
        groups = whole("groups", groups, least=1)
        in_channels = whole("in_channels", in_channels, least=1)
        out_channels = whole("out_channels", out_channels, least=1)
        for name, channels in (("in_channels", in_channels), ("out_channels", out_channels)):
            if channels % groups:
                raise ConvcalcError(f"groups {groups} does not divide {name} {channels}: it must divide both channels")
        stride = per_axis("stride", stride, rank, least=1)
        dilation = per_axis("dilation", dilation, rank, least=1)
        self.keep(
            in_channels=in_channels,
            out_channels=out_channels,
            kernel_size=per_axis("kernel_size", kernel_size, rank, least=1, broadcast=False),
            stride=stride,
            padding=per_axis("padding", padding, rank, least=0),
            output_padding=per_axis("output_padding", output_padding, rank, least=0),
            groups=groups,
            bias=bool(bias),
            dilation=dilation,
            padding_mode=padding_mode,
        )

    def axes(self, input_shape: Sequence[int]) -> list[tuple[int, int, int, int, int, int]]:
        """Return for each axis the arguments of `formulas.transposed_size`. Errors as `output_shape`."""
        rank = len(self.kernel_size)
        name = type(self).__name__
        sizes = shape(input_shape)
        spatial = spatial_sizes(name, sizes, rank)
        if sizes[-1 - rank] != self.in_channels:
            raise ConvcalcError(
                f"{name} takes {self.in_channels} channels, got {sizes[-1 - rank]} in input {list(sizes)}:"
                f" the layer's input channels must be {sizes[-1 - rank]}"
            )
        settings = (self.kernel_size, self.stride, self.padding, self.output_padding, self.dilation)
        axes = list(zip(spatial, *settings, strict=True))
        if 0 in sizes[: -1 - rank]:  # of an empty batch PyTorch takes what it refuses of any other
            least = 0
        else:
            least = 1
            refuse_empty(name, sizes, rank)
            self._check_output_padding()
        for axis in axes:
            if formulas.transposed_size(*axis) < least:
                raise ConvcalcError(
                    f"padding {axis[3]} crops all that kernel {axis[1]} makes of input {axis[0]}: use a smaller padding"
                )
        return axes

    def _check_output_padding(self) -> None:
        for extra, step, gap in zip(self.output_padding, self.stride, self.dilation, strict=True):
            if extra >= max(step, gap):
                raise ConvcalcError(
                    f"output_padding {extra} is too large: it must be smaller than stride {step} or dilation {gap}"
                )

    def output_shape(self, input_shape: Sequence[int]) -> Shape:
        """Return (N, out_channels, *sizes) for (N, in_channels, *sizes), both with N or both without it.

        `ConvcalcError` where the channels differ, or where nothing is left of an axis.
        """
        axes = self.axes(input_shape)
        sizes = tuple(formulas.transposed_size(*axis) for axis in axes)
        return (*input_shape[: -1 - len(axes)], self.out_channels, *sizes)

    @property
    def weight_shape(self) -> Shape:
        """The shape [in_channels, out_channels / groups, *kernel_size]."""
        return (self.in_channels, self.out_channels // self.groups, *self.kernel_size)

    @property
    def channel_pairs(self) -> int:
        """The number of pairs of an input and an output channel that a kernel connects."""
        return formulas.channel_pairs(self.in_channels, self.out_channels, self.groups)

    def macs(self, input_shape: Sequence[int], exact: bool = False) -> int:
        """Return the multiply-accumulates of one example, a tap per input element; exact: those inside the output."""
        axes = self.axes(input_shape)
        taps = tuple(formulas.transposed_real_taps(*axis) if exact else axis[0] * axis[1] for axis in axes)
        return formulas.macs(self.channel_pairs, taps)

    def dead_weights(self, input_shape: Sequence[int]) -> int:
        """Return the number of weights whose every product is cropped."""
        live = tuple(formulas.transposed_live_taps(*axis) for axis in self.axes(input_shape))
        return self.weights - formulas.weights(self.channel_pairs, live)

    def output_windows(self, input_shape: Sequence[int]) -> tuple[Window, ...]:
        """Return the windows over the output: those of the convolution whose transpose this is.

        Window i holds the output elements that input element i adds to. Its padding is what the layer crops, less
        ``output_padding`` on the second side, which may make that negative. Errors as `output_shape`.

        >>> ConvTranspose1d(1, 1, 3, stride=2, padding=1, output_padding=1).output_windows((1, 1, 3))
        (Window(size=6, kernel_size=3, stride=2, padding=(1, 0), dilation=1, padding_mode='zeros'),)
        """
        return tuple(
            Window(
                formulas.transposed_size(size, taps, stride, padding, extra, dilation),
                taps,
                stride,
                (padding, padding - extra),
                dilation,
                "zeros",
            )
            for size, taps, stride, padding, extra, dilation in self.axes(input_shape)
        )

    def receptive_field(self, fields: tuple[Field, ...], input_shape: Sequence[int]) -> tuple[Field, ...]:
        """Each output sees the input elements that stamp on it; the jump is divided by the stride."""
        axes = self.axes(input_shape)
        return tuple(map(_through_stamps, fields, axes)) if len(fields) == len(axes) else ()

    def spelled(self, name: str) -> Any:
        """Return a setting in its shortest form: one number if all axes agree."""
        value = getattr(self, name)
        return brief(value) if name in _PER_AXIS else value


def _through_stamps(field: Field, axis: tuple[int, int, int, int, int, int]) -> Field:
    """Through a convolution of the input whose units are moved ``stride`` apart, with units that see nothing between.

    Source: PyTorch, `ConvTranspose2d`: the padding of that convolution is dilation * (kernel_size - 1) - padding.
    """
    size, kernel_size, stride, padding, extra, dilation = axis
    spread = max((size - 1) * stride + 1, 0)
    if stride > 1:

        def taps(place: int) -> range:
            return range(place // stride, place // stride + (place % stride == 0))

        field = through(field, Reading(size, spread, stride, 1, taps, 1))
    before = dilation * (kernel_size - 1) - padding
    return through_window(field, Window(spread, kernel_size, 1, (before, before + extra), dilation, "zeros"))


class ConvTranspose1d(ConvTranspose):
    __slots__ = ()
    rank = 1


class ConvTranspose2d(ConvTranspose):
    __slots__ = ()
    rank = 2


class ConvTranspose3d(ConvTranspose):
    __slots__ = ()
    rank = 3
