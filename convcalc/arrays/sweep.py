"""A sweep of convolutions: what `Conv1d`, `Conv2d` and `Conv3d` say of one, said of many at once."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from math import prod
from operator import index as whole_index
from typing import Any

import numpy as np

from convcalc import formulas
from convcalc.arrays import figures
from convcalc.arrays.chunks import BeyondInt64, Tree, evaluate, leaves, mapped
from convcalc.arrays.figures import Formula
from convcalc.arrays.values import Array, Reader, Values, axis_name, broadcast_shape, held
from convcalc.errors import ConvcalcError
from convcalc.layers import Conv1d, Conv2d, Conv3d
from convcalc.layers.settings import Shape, counted, whole

MEMORY_LIMIT = 2**31  # bytes
ONE = held(1)


Axis = tuple[Values, Values, Values, tuple[Values, Values], Values]
"""What `formulas` takes of an axis, in its order: size, kernel_size, stride, padding, dilation."""


def conv(
    sizes: tuple[Any, ...],
    *,
    kernel_size: Any,
    stride: Any = 1,
    padding: Any = 0,
    dilation: Any = 1,
    in_channels: Any = 1,
    out_channels: Any = 1,
    groups: Any = 1,
    bias: bool = True,
    memory_limit: int = MEMORY_LIMIT,
) -> ConvSweep:
    """Convolutions over inputs of such sizes, as many as the settings make when NumPy broadcasts them together.

    ``sizes`` is a tuple of 1 to 3, an int or integers each. A setting is an int, or integers to sweep (an array, a
    list, a range), or a tuple with one of these for each axis; of padding the entry of an axis may be a pair (before,
    after). The channels and ``groups`` have no axes. Padding is by zeros. Everything given is copied. A figure whose
    array would take more bytes than ``memory_limit`` is refused. `ConvcalcError` where an entry is no whole number,
    too small or beyond int64, and where the shapes do not go together.

    >>> found = conv((np.array([28, 32]),) * 2, kernel_size=[[3], [5]], out_channels=6)
    >>> found.shape, found.output[0].tolist()
    ((2, 2), [[26, 30], [24, 28]])
    >>> found.connections.tolist()[1][1]  # C1 of LeNet-5
    122304
    """
    if not isinstance(sizes, tuple) or not 1 <= len(sizes) <= 3:
        raise ConvcalcError("sizes must be a tuple of 1 to 3, for each axis an integer or integers: use sizes=(28, 28)")
    if not isinstance(bias, (bool, np.bool_)):
        raise ConvcalcError(f"bias {bias!r} is neither true nor false: sweep with and without it apart")
    rank, reader = len(sizes), Reader()
    per_axis = {
        "size": reader.per_axis("size", sizes, rank, least=1),
        "kernel_size": reader.per_axis("kernel_size", kernel_size, rank, least=1),
        "stride": reader.per_axis("stride", stride, rank, least=1),
        "padding": reader.sides_per_axis(padding, rank),
        "dilation": reader.per_axis("dilation", dilation, rank, least=1),
    }
    channels = {
        "in_channels": reader.read("in_channels", in_channels, least=1),
        "out_channels": reader.read("out_channels", out_channels, least=1),
        "groups": reader.read("groups", groups, least=1),
    }
    settings: dict[str, Tree] = {**per_axis, **channels}
    shapes = {name: [leaf.given for leaf in leaves(values)] for name, values in settings.items()}
    return ConvSweep(
        axes=tuple(zip(*per_axis.values(), strict=True)),
        **channels,
        bias=bool(bias),
        shape=broadcast_shape(shapes),
        memory_limit=whole("memory_limit", memory_limit, least=0),
    )


@dataclass(frozen=True, eq=False, repr=False)
class ConvSweep:
    """Convolutions of all configurations in ``shape``, as `conv` makes it; the figures are those of the layers.

    Each is made when it is first asked for, and kept: a read-only array of int64 of that shape, 0 where the layer would
    refuse the input; a tuple of them where axes have one each. What depends on few settings is kept only as large as
    these are. `ConvcalcError` where a figure is beyond int64 anywhere, naming the first such place, and where its array
    would take more than ``memory_limit``.

    >>> found = conv((28, 28), kernel_size=4, stride=[1, 2, 3], in_channels=3, out_channels=16)
    >>> found.output[0].tolist(), found.parameters.tolist()
    ([25, 13, 9], [784, 784, 784])
    """

    axes: tuple[Axis, ...]
    in_channels: Values
    out_channels: Values
    groups: Values
    bias: bool
    shape: Shape
    memory_limit: int

    # Figures

    @property
    def fits(self) -> Array:
        """Whether the layer takes the input: its kernel fits along every axis, and groups divide both channels."""
        return self._spread(self._fits)

    @property
    def output(self) -> tuple[Array, ...]:
        """How many windows fit along each axis."""
        return tuple(map(self._spread, self._places))

    @cached_property
    def output_elements(self) -> Array:
        """The elements of one example's output, all channels together."""
        return self._figure("output_elements", figures.elements, self.out_channels, self._places)

    @cached_property
    def leftover(self) -> tuple[Array, ...]:
        """Elements of each padded axis behind the last window."""
        return tuple(map(self._spread, self._along_axes("leftover", formulas.leftover)))

    @cached_property
    def receptive_field(self) -> tuple[Array, ...]:
        """How many elements of the input a unit sees along each axis: the window, holes included."""
        windows = self._along_axes("receptive_field", figures.extent)
        return tuple(map(self._spread, windows))

    @cached_property
    def weights(self) -> Array:
        """A kernel's taps, for each pair of maps."""
        return self._figure("weights", figures.weights, self._channels, self._kernel_size)

    @cached_property
    def parameters(self) -> Array:
        """Weights and biases."""
        return self._figure("parameters", figures.parameters, self._channels, self._kernel_size, self._biased)

    @cached_property
    def connections(self) -> Array:
        """Uses of a weight or a bias in one example."""
        return self._figure(
            "connections", figures.connections, self._channels, self._kernel_size, self._places, self._biased
        )

    @cached_property
    def macs(self) -> Array:
        """Multiply-accumulates of one example: every tap of every window."""
        return self._figure("macs", figures.macs, self._channels, self._kernel_size, self._places)

    @cached_property
    def macs_exact(self) -> Array:
        """Multiply-accumulates of one example: only the taps on real elements."""
        axes = tuple(dict.fromkeys(self.axes))  # equal ones once
        which = [axes.index(axis) for axis in self.axes]
        formula, bound = figures.exact_macs(which), figures.exact_macs(which, figures.bound_of_real_taps)
        return self._figure("macs_exact", formula, self._channels, *axes, bound=bound)

    @cached_property
    def flops(self) -> Array:
        """Floating-point operations: two for each of the `macs`."""
        return self._figure("flops", figures.flops, self._channels, self._kernel_size, self._places)

    @cached_property
    def dead_weights(self) -> Array:
        """Weights that only ever meet padding."""
        live = self._along_axes("live_taps", formulas.live_taps, bound=figures.bound_of_live_taps)
        return self._figure("dead_weights", figures.dead_weights, self._channels, self._kernel_size, live)

    # One configuration

    def layer(self, index: int | Sequence[int]) -> Conv1d | Conv2d | Conv3d:
        """The layer of one configuration, by its index in ``shape``; `ConvcalcError` where there is no such layer.

        >>> conv((28, 28), kernel_size=4, stride=[1, 2]).layer(1)
        Conv2d(1, 1, 4, stride=2)
        """
        index = self._index(index)
        _, kernel_size, stride, padding, dilation = self._settings(index)
        kind = (Conv1d, Conv2d, Conv3d)[len(self.axes) - 1]
        maps = (self.in_channels.at(index, self.shape), self.out_channels.at(index, self.shape))
        groups = self.groups.at(index, self.shape)
        return kind(*maps, kernel_size, stride, padding, dilation, groups, self.bias)

    def input_shape(self, index: int | Sequence[int]) -> Shape:
        """The shape of that configuration's input, of one example.

        >>> conv((28, 28), kernel_size=4, in_channels=[1, 3]).input_shape(1)
        (1, 3, 28, 28)
        """
        index = self._index(index)
        return (1, self.in_channels.at(index, self.shape), *self._settings(index)[0])

    def refusal(self, index: int | Sequence[int]) -> str | None:
        """Why the layer refuses that configuration, in its own words; None where it fits.

        >>> conv((3, 3), kernel_size=[3, 5]).refusal(1)
        'kernel 5 does not fit input 3 (padding 0): use padding=1 or a kernel of at most 3'
        """
        try:
            self.layer(index).output_shape(self.input_shape(index))
        except ConvcalcError as refusal:
            return str(refusal)
        return None

    def __repr__(self) -> str:
        return f"<sweep of {counted(prod(self.shape), 'configuration')} of Conv{len(self.axes)}d, shape {self.shape}>"

    # How they are made: each array no larger than what it depends on, until it is spread over `shape` as a view

    @cached_property
    def _fits(self) -> Array:
        unmoved = [  # whatever the stride
            (size, kernel, ONE, padding, dilation) for size, kernel, _, padding, dilation in dict.fromkeys(self.axes)
        ]
        return self._evaluate(
            "fits", figures.fits, self._channels, *unmoved, bound=figures.bound_of_fits, dtype=np.bool_
        )

    @cached_property
    def _mask(self) -> Array | None:
        """Where figures stay; None where all do."""
        return None if self._fits.all() else self._fits

    @cached_property
    def _places(self) -> tuple[Values, ...]:
        return self._along_axes("output", formulas.output_size)

    @property
    def _channels(self) -> tuple[Values, Values, Values]:
        return self.in_channels, self.out_channels, self.groups

    @property
    def _kernel_size(self) -> tuple[Values, ...]:
        return tuple(axis[1] for axis in self.axes)

    @property
    def _biased(self) -> Values:
        """The output maps that have a bias."""
        return self.out_channels if self.bias else held(0)

    def _figure(self, name: str, formula: Formula, *arguments: Tree, bound: Formula | None = None) -> Array:
        return self._spread(self._evaluate(name, formula, *arguments, mask=self._mask, bound=bound))

    def _along_axes(self, name: str, formula: Formula, bound: Formula | None = None) -> tuple[Values, ...]:
        """A figure of each axis; of equal axes it is made once."""
        apart = len(set(self.axes)) > 1
        made: dict[Axis, Values] = {}
        for number, axis in enumerate(self.axes):
            if axis not in made:
                where = axis_name(name, number, len(self.axes), apart)
                made[axis] = held(self._evaluate(where, formula, *axis, mask=self._mask, bound=bound))
        return tuple(made[axis] for axis in self.axes)

    def _evaluate(
        self,
        name: str,
        formula: Formula,
        *arguments: Tree,
        mask: Array | None = None,
        bound: Formula | None = None,
        dtype: type[np.generic] = np.int64,
    ) -> Array:
        shape = broadcast_shape(
            {name: [*(leaf.shape for leaf in leaves(arguments)), () if mask is None else mask.shape]}
        )
        needed = prod(shape) * np.dtype(dtype).itemsize
        if needed > self.memory_limit:
            raise ConvcalcError(
                f"{name} of {prod(shape)} configurations takes {needed} bytes, more than the limit of"
                f" {self.memory_limit}: sweep fewer at once, or use memory_limit={needed}"
            )
        try:
            return evaluate(formula, arguments, shape, dtype, mask, bound)
        except BeyondInt64 as beyond:
            index = (0,) * (len(self.shape) - len(shape)) + beyond.index
            raise ConvcalcError(
                f"{name} {beyond.value} at index {index[0] if len(index) == 1 else index} is beyond int64:"
                f" ask for {self.layer(index)!r} on {list(self.input_shape(index))} alone, exact at any size"
            ) from None

    def _spread(self, found: Array | Values) -> Array:
        return np.broadcast_to(found.numbers if isinstance(found, Values) else found, self.shape)

    def _settings(self, index: tuple[int, ...]) -> tuple[Any, ...]:
        """The ints of one configuration: sizes, kernel_size, stride, padding, dilation, an axis each."""
        return tuple(zip(*(mapped(lambda leaf: leaf.at(index, self.shape), axis) for axis in self.axes), strict=True))

    def _index(self, index: int | Sequence[int]) -> tuple[int, ...]:
        """The index as a tuple of ints from 0 on, one for each axis of the sweep."""
        try:
            parts = tuple(map(whole_index, index if isinstance(index, Sequence) else (index,)))
        except TypeError:
            raise ConvcalcError(f"index {index!r} is not an integer, nor a tuple of integers") from None
        inside = [-length <= part < length for part, length in zip(parts, self.shape, strict=False)]
        if len(parts) != len(self.shape) or not all(inside):
            raise ConvcalcError(f"index {index!r} is outside the sweep's shape {self.shape}")
        return tuple(part % length for part, length in zip(parts, self.shape, strict=True))
