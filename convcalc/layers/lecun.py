"""The layers of LeNet-5 that PyTorch lacks: subsampling, the scaled tanh, radial basis functions.

Source: LeCun, Bottou, Bengio and Haffner, "Gradient-Based Learning Applied to Document Recognition" (1998),
section II-B and appendix A.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from math import prod
from typing import Any

from convcalc import formulas
from convcalc.layers.base import Layer, Weightless
from convcalc.layers.linear import Linear
from convcalc.layers.settings import PerAxis, Shape, brief, per_axis, shape, whole
from convcalc.layers.windows import Window, windows_over
from convcalc.receptive_field import Field, through_windows


@dataclass(frozen=True, slots=True, init=False, repr=False)
class Subsampling2d(Layer):
    """The sum of each window, times a trainable factor per channel, plus a trainable bias per channel.

    >>> s2 = Subsampling2d(6, 2)
    >>> s2.output_shape((1, 6, 28, 28)), s2.parameters, s2.connections((1, 6, 28, 28))
    ((1, 6, 14, 14), 12, 5880)
    """

    rank = 2
    channels: int
    kernel_size: tuple[int, ...]
    stride: tuple[int, ...]

    def __init__(self, channels: int, kernel_size: PerAxis, stride: PerAxis | None = None) -> None:
        kernel_size = per_axis("kernel_size", kernel_size, 2, least=1)
        self.keep(
            channels=whole("channels", channels, least=1),
            kernel_size=kernel_size,
            stride=kernel_size if stride is None else per_axis("stride", stride, 2, least=1),
        )

    def windows(self, input_shape: Sequence[int]) -> tuple[Window, ...]:
        """Return the window along each axis; elements stay unread where the stride does not divide evenly."""
        axes = tuple((size, step, (0, 0), 1) for size, step in zip(self.kernel_size, self.stride, strict=True))
        return windows_over(type(self).__name__, input_shape, self.channels, axes)

    def output_shape(self, input_shape: Sequence[int]) -> Shape:
        """Return (N, channels, H_out, W_out) for (N, channels, H, W). `ConvcalcError` where the window does not fit."""
        windows = self.windows(input_shape)
        return (*shape(input_shape)[:-2], *(window.output_size for window in windows))

    @property
    def weight_shape(self) -> Shape:
        """The shape [channels]."""
        return (self.channels,)

    @property
    def weights(self) -> int:
        """One factor per channel.

        >>> Subsampling2d(6, 2).weights
        6
        """
        return self.channels

    @property
    def biases(self) -> int:
        """One per channel.

        >>> Subsampling2d(6, 2).biases
        6
        """
        return self.channels

    def macs(self, input_shape: Sequence[int], exact: bool = False) -> int:
        """Return one per output of one example: each sum is multiplied once.

        >>> Subsampling2d(6, 2).macs((1, 6, 28, 28))
        1176
        """
        return formulas.macs(self.channels, self.output_shape(input_shape)[-2:])

    def connections(self, input_shape: Sequence[int]) -> int:
        """Return the taps and the bias of every output of one example.

        >>> Subsampling2d(16, 2).connections((1, 16, 10, 10))
        2000
        """
        outputs = prod(self.output_shape(input_shape)[-3:])
        return formulas.subsampling_connections(outputs, prod(self.kernel_size))

    def saved_bytes(self, input_shape: Sequence[int], *, itemsize: int) -> int:
        """Return the bytes of the sums, which the factors multiply."""
        return formulas.size_in_bytes(prod(self.output_shape(input_shape)), itemsize)

    def receptive_field(self, fields: tuple[Field, ...], input_shape: Sequence[int]) -> tuple[Field, ...]:
        """Each axis seen through the window."""
        return through_windows(fields, self.windows(input_shape))

    def spelled(self, name: str) -> Any:
        """Return a setting in its shortest form; None for a stride that equals the kernel size."""
        value = getattr(self, name)
        if name == "stride" and value == self.kernel_size:
            return None
        return value if name == "channels" else brief(value)

    def in_pytorch(self) -> None:
        """Return None: PyTorch has no such layer."""


@dataclass(frozen=True, slots=True, repr=False)
class ScaledTanh(Weightless):
    """The squashing function f(a) = 1.7159 tanh(2a/3), which has f(1) = 1 and f(-1) = -1 (appendix A).

    >>> ScaledTanh().output_shape((1, 6, 28, 28))
    (1, 6, 28, 28)
    """

    saves = ()

    def saved_bytes(self, input_shape: Sequence[int], *, itemsize: int) -> int:
        """Return the bytes of tanh(2a/3)."""
        return formulas.size_in_bytes(prod(shape(input_shape)), itemsize)

    def output_shape(self, input_shape: Sequence[int]) -> Shape:
        """Return the input's shape, whatever it is."""
        return shape(input_shape)

    def receptive_field(self, fields: tuple[Field, ...], input_shape: Sequence[int]) -> tuple[Field, ...]:
        """A unit sees what it saw."""
        return fields

    def in_pytorch(self) -> None:
        """Return None: PyTorch has no such layer."""


class RBF(Linear):
    """Euclidean radial basis function units: the squared distance of the input to the fixed code of each unit.

    The codes, ``weight`` of shape [out_features, in_features], are buffers: they are not trained.

    >>> output = RBF(84, 10)
    >>> output.output_shape((1, 84)), output.parameters, output.buffers, output.connections((1, 84))
    ((1, 10), 0, 840, 840)
    """

    __slots__ = ()
    saves = ()

    def __init__(self, in_features: int, out_features: int) -> None:
        super().__init__(in_features, out_features, bias=False)

    def saved_bytes(self, input_shape: Sequence[int], *, itemsize: int) -> int:
        """Return the bytes of the differences between the input and each code."""
        return formulas.size_in_bytes(prod(self.output_shape(input_shape)) * self.in_features, itemsize)

    @property
    def weights(self) -> int:
        """0: nothing is trained.

        >>> RBF(84, 10).weights
        0
        """
        return 0

    @property
    def buffers(self) -> int:
        """The number of elements of the codes.

        >>> RBF(84, 10).buffers
        840
        """
        return formulas.weights(self.channel_pairs, ())

    def in_pytorch(self) -> None:
        """Return None: PyTorch has no such layer."""
