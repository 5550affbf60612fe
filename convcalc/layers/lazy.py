"""Layers that take their number of input channels from their first input, as those of ``torch.nn``."""

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
    """A layer without its number of input channels, as ``torch.nn.LazyConv2d`` and the others.

    Its settings are those of the layer that `bind` makes of it, but for the first. Until then it has no figures.

    >>> LazyLinear(10).bind((1, 9216))
    Linear(9216, 10)
    """

    channels_axis: ClassVar[int | None] = None  # the axis of the channels; None: the one before the spatial axes
    settings: tuple[tuple[str, Any], ...]

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        try:
            bound = _signature(self.becomes()).bind(*args, **kwargs)
        except TypeError as error:
            raise TypeError(f"{type(self).__name__}: {error}") from None
        self.keep(settings=tuple((name, _frozen(value)) for name, value in bound.arguments.items()))
        self._check()

    @classmethod
    def becomes(cls) -> str:
        """Return the name of the layer that it becomes.

        >>> LazyConv2d.becomes()
        'Conv2d'
        """
        return cls.__name__.removeprefix("Lazy")

    def _check(self) -> None:
        """Refuse settings that are wrong for every number of channels."""
        groups = dict(self.settings).get("groups", 1)
        self._bound(groups if isinstance(groups, int) and groups > 0 else 1)

    def _bound(self, channels: int) -> Layer:
        return kind(self.becomes())(channels, **dict(self.settings))  # type: ignore[call-arg]

    def bind(self, input_shape: Sequence[int]) -> Layer:
        """Return the layer for an input of that shape. `ConvcalcError` where the axes or the channels do not fit.

        >>> LazyConv2d(16, 3).bind((1, 3, 28, 28))
        Conv2d(3, 16, 3)
        """
        return self._bound(self._channels(shape(input_shape)))

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
        """Raise `ConvcalcError`: not known before `bind`."""
        self._unknown()

    @property
    def weights(self) -> int:
        """Raise `ConvcalcError`: not known before `bind`."""
        self._unknown()

    @property
    def biases(self) -> int:
        """Raise `ConvcalcError`: not known before `bind`."""
        self._unknown()

    @property
    def buffers(self) -> int:
        """Raise `ConvcalcError`: not known before `bind`."""
        self._unknown()

    def output_shape(self, input_shape: Sequence[int]) -> Shape:
        """Return that of the layer that `bind` makes."""
        return self.bind(input_shape).output_shape(input_shape)

    def connections(self, input_shape: Sequence[int]) -> int | None:
        """Return those of the layer that `bind` makes."""
        return self.bind(input_shape).connections(input_shape)

    def macs(self, input_shape: Sequence[int], exact: bool = False) -> int:
        """Return those of the layer that `bind` makes."""
        return self.bind(input_shape).macs(input_shape, exact)

    def dead_weights(self, input_shape: Sequence[int]) -> int:
        """Return those of the layer that `bind` makes."""
        return self.bind(input_shape).dead_weights(input_shape)

    def windows(self, input_shape: Sequence[int]) -> tuple[Window, ...]:
        """Return those of the layer that `bind` makes."""
        return self.bind(input_shape).windows(input_shape)

    def receptive_field(self, fields: tuple[Field, ...], input_shape: Sequence[int]) -> tuple[Field, ...]:
        """Return that of the layer that `bind` makes."""
        return self.bind(input_shape).receptive_field(fields, input_shape)

    def __repr__(self) -> str:
        """Write the layer so that it reads back: settings without a default first, the others by name."""
        parameters = _signature(self.becomes()).parameters
        shown = [
            repr(value) if parameters[name].default is parameters[name].empty else f"{name}={value!r}"
            for name, value in self.settings
        ]
        return f"{type(self).__name__}({', '.join(shown)})"


def _signature(name: str) -> Any:
    """Return the signature of the layer's constructor without its first parameter."""
    whole = signature(kind(name))
    return whole.replace(
        parameters=[parameter for parameter in list(whole.parameters.values())[1:] if parameter.name != "table"]
    )


def _frozen(value: Any) -> Any:
    return tuple(map(_frozen, value)) if isinstance(value, list) else value


class LazyLinear(Lazy):
    """A `Linear` that takes its features from the last axis, as ``torch.nn.LazyLinear``."""

    __slots__ = ()

    def _channels(self, sizes: Shape) -> int:
        if not sizes:
            raise ConvcalcError("LazyLinear takes no single number: give features on the last axis")
        return sizes[-1]


class LazyConv1d(Lazy):
    __slots__ = ()
    rank = 1


class LazyConv2d(Lazy):
    __slots__ = ()
    rank = 2


class LazyConv3d(Lazy):
    __slots__ = ()
    rank = 3


class LazyConvTranspose1d(Lazy):
    __slots__ = ()
    rank = 1


class LazyConvTranspose2d(Lazy):
    __slots__ = ()
    rank = 2


class LazyConvTranspose3d(Lazy):
    __slots__ = ()
    rank = 3


class LazyBatchNorm(Lazy):
    """A `BatchNorm` that takes its channels from the second axis, as ``torch.nn.LazyBatchNorm2d``."""

    __slots__ = ()
    always_batched = True
    channels_axis = 1


class LazyBatchNorm1d(LazyBatchNorm):
    __slots__ = ()
    rank = 1


class LazyBatchNorm2d(LazyBatchNorm):
    __slots__ = ()
    rank = 2


class LazyBatchNorm3d(LazyBatchNorm):
    __slots__ = ()
    rank = 3


class LazyInstanceNorm(Lazy):
    """An `InstanceNorm` that takes its channels from the second axis, as ``torch.nn.LazyInstanceNorm2d``.

    By default it is affine and has running statistics: PyTorch's defaults differ from those of `InstanceNorm2d`.
    """

    __slots__ = ()
    channels_axis = 1

    def _bound(self, channels: int) -> Layer:
        usual = {"affine": True, "track_running_stats": True}
        return kind(self.becomes())(channels, **{**usual, **dict(self.settings)})  # type: ignore[call-arg]


class LazyInstanceNorm1d(LazyInstanceNorm):
    __slots__ = ()
    rank = 1


class LazyInstanceNorm2d(LazyInstanceNorm):
    __slots__ = ()
    rank = 2


class LazyInstanceNorm3d(LazyInstanceNorm):
    __slots__ = ()
    rank = 3
