"""Layers that learn their channels from their first input, as torch.nn's Lazy ones."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from inspect import signature
from typing import Any, ClassVar, NoReturn

from convcalc.errors import ConvcalcError
from convcalc.layers import kind
from convcalc.layers.base import Layer
from convcalc.layers.settings import Shape, shape
from convcalc.layers.windows import Window, spatial_sizes
from convcalc.receptive_field import Field


@dataclass(frozen=True, slots=True, init=False, repr=False)
class Lazy(Layer):
    """A layer whose first setting, its number of input channels, is the input's to say.

    The other settings are those of the layer that ``bind`` makes; until then it has no numbers of its own.

    >>> LazyLinear(10).bind((1, 9216))
    Linear(9216, 10)
    """

    makes: ClassVar[str]  # the layer it becomes
    channels_axis: ClassVar[int | None] = None  # where the input says its channels; None: before the spatial axes
    settings: tuple[tuple[str, Any], ...]

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        try:
            bound = _signature(self.makes).bind(*args, **kwargs)
        except TypeError as error:
            raise TypeError(f"{type(self).__name__}: {error}") from None
        self.keep(settings=tuple((name, _frozen(value)) for name, value in bound.arguments.items()))
        self._check()

    def _check(self) -> None:
        """Refuse settings that no number of channels makes right."""
        groups = dict(self.settings).get("groups", 1)
        self._made(groups if isinstance(groups, int) and groups > 0 else 1)

    def _made(self, channels: int) -> Layer:
        return kind(self.makes)(channels, **dict(self.settings))  # type: ignore[call-arg]

    def bind(self, input_shape: Sequence[int]) -> Layer:
        """The layer for such an input. `ConvcalcError` where it has not the axes, or the channels do not go.

        >>> LazyConv2d(16, 3).bind((1, 3, 28, 28))
        Conv2d(3, 16, 3)
        """
        return self._made(self._channels(shape(input_shape)))

    def _channels(self, sizes: Shape) -> int:
        name = type(self).__name__
        if self.channels_axis is None:
            spatial_sizes(name, sizes, self.known_rank())
            return sizes[-1 - self.known_rank()]
        if len(sizes) <= self.channels_axis:
            raise ConvcalcError(f"{name} takes more sizes than {list(sizes)}: give the channels too")
        return sizes[self.channels_axis]

    def _unknown(self) -> NoReturn:
        raise ConvcalcError(f"{self!r} has no numbers yet: bind it to an input shape, or trace the network")

    @property
    def weight_shape(self) -> Shape:
        """Not known yet."""
        self._unknown()

    @property
    def weights(self) -> int:
        """Not known yet."""
        self._unknown()

    @property
    def biases(self) -> int:
        """Not known yet."""
        self._unknown()

    @property
    def buffers(self) -> int:
        """Not known yet."""
        self._unknown()

    def output_shape(self, input_shape: Sequence[int]) -> Shape:
        """That of the layer for such an input."""
        return self.bind(input_shape).output_shape(input_shape)

    def connections(self, input_shape: Sequence[int]) -> int | None:
        """Those of the layer for such an input."""
        return self.bind(input_shape).connections(input_shape)

    def macs(self, input_shape: Sequence[int], exact: bool = False) -> int:
        """Those of the layer for such an input."""
        return self.bind(input_shape).macs(input_shape, exact)

    def dead_weights(self, input_shape: Sequence[int]) -> int:
        """Those of the layer for such an input."""
        return self.bind(input_shape).dead_weights(input_shape)

    def windows(self, input_shape: Sequence[int]) -> tuple[Window, ...]:
        """Those of the layer for such an input."""
        return self.bind(input_shape).windows(input_shape)

    def receptive_field(self, fields: tuple[Field, ...], input_shape: Sequence[int]) -> tuple[Field, ...]:
        """That of the layer for such an input."""
        return self.bind(input_shape).receptive_field(fields, input_shape)

    def __repr__(self) -> str:
        """As it reads back: what has no default first, the rest by name."""
        parameters = _signature(self.makes).parameters
        shown = [
            repr(value) if parameters[name].default is parameters[name].empty else f"{name}={value!r}"
            for name, value in self.settings
        ]
        return f"{type(self).__name__}({', '.join(shown)})"


def _signature(made: str) -> Any:
    """The constructor of the layer that is made, without its first parameter."""
    whole = signature(kind(made))
    return whole.replace(
        parameters=[parameter for parameter in list(whole.parameters.values())[1:] if parameter.name != "table"]
    )


def _frozen(value: Any) -> Any:
    return tuple(map(_frozen, value)) if isinstance(value, list) else value


class LazyLinear(Lazy):
    """As ``torch.nn.LazyLinear``: the last axis says the features."""

    __slots__ = ()
    makes = "Linear"

    def _channels(self, sizes: Shape) -> int:
        if not sizes:
            raise ConvcalcError("LazyLinear takes no single number: give features on the last axis")
        return sizes[-1]


class LazyConv1d(Lazy):
    """As ``torch.nn.LazyConv1d``."""

    __slots__ = ()
    makes = "Conv1d"
    rank = 1


class LazyConv2d(Lazy):
    """As ``torch.nn.LazyConv2d``."""

    __slots__ = ()
    makes = "Conv2d"
    rank = 2


class LazyConv3d(Lazy):
    """As ``torch.nn.LazyConv3d``."""

    __slots__ = ()
    makes = "Conv3d"
    rank = 3


class LazyConvTranspose1d(Lazy):
    """As ``torch.nn.LazyConvTranspose1d``."""

    __slots__ = ()
    makes = "ConvTranspose1d"
    rank = 1


class LazyConvTranspose2d(Lazy):
    """As ``torch.nn.LazyConvTranspose2d``."""

    __slots__ = ()
    makes = "ConvTranspose2d"
    rank = 2


class LazyConvTranspose3d(Lazy):
    """As ``torch.nn.LazyConvTranspose3d``."""

    __slots__ = ()
    makes = "ConvTranspose3d"
    rank = 3


class LazyBatchNorm(Lazy):
    """What the lazy batch norms share: the second axis says the channels."""

    __slots__ = ()
    always_batched = True
    channels_axis = 1


class LazyBatchNorm1d(LazyBatchNorm):
    """As ``torch.nn.LazyBatchNorm1d``."""

    __slots__ = ()
    makes = "BatchNorm1d"
    rank = 1


class LazyBatchNorm2d(LazyBatchNorm):
    """As ``torch.nn.LazyBatchNorm2d``."""

    __slots__ = ()
    makes = "BatchNorm2d"
    rank = 2


class LazyBatchNorm3d(LazyBatchNorm):
    """As ``torch.nn.LazyBatchNorm3d``."""

    __slots__ = ()
    makes = "BatchNorm3d"
    rank = 3


class LazyInstanceNorm(Lazy):
    """What the lazy instance norms share: the second axis says the channels; affine and with statistics by default.

    Source: PyTorch, `LazyInstanceNorm2d`, whose defaults are not those of `InstanceNorm2d`.
    """

    __slots__ = ()
    channels_axis = 1

    def _made(self, channels: int) -> Layer:
        usual = {"affine": True, "track_running_stats": True}
        return kind(self.makes)(channels, **{**usual, **dict(self.settings)})  # type: ignore[call-arg]


class LazyInstanceNorm1d(LazyInstanceNorm):
    """As ``torch.nn.LazyInstanceNorm1d``."""

    __slots__ = ()
    makes = "InstanceNorm1d"
    rank = 1


class LazyInstanceNorm2d(LazyInstanceNorm):
    """As ``torch.nn.LazyInstanceNorm2d``."""

    __slots__ = ()
    makes = "InstanceNorm2d"
    rank = 2


class LazyInstanceNorm3d(LazyInstanceNorm):
    """As ``torch.nn.LazyInstanceNorm3d``."""

    __slots__ = ()
    makes = "InstanceNorm3d"
    rank = 3
