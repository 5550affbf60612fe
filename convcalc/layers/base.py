"""What every layer says of itself."""

from __future__ import annotations

from collections.abc import Sequence
from functools import cache
from inspect import Parameter, signature
from typing import Any, ClassVar

from convcalc import formulas
from convcalc.errors import ConvcalcError
from convcalc.layers.settings import Shape, shape
from convcalc.layers.windows import Window
from convcalc.receptive_field import Field


class Layer:
    """A frozen description. Figures are exact integers, for one example; None where a figure is not defined.

    A subclass is a frozen dataclass whose constructor has PyTorch's parameters, each kept under its own name, and
    which says every figure itself; `Weightless` says those of a layer that has no weights.
    """

    __slots__ = ()
    rank: ClassVar[int | None] = None  # spatial axes of the input; None for a layer that takes any
    always_batched: ClassVar[bool] = False  # whether PyTorch takes its input only with a batch
    joins: ClassVar[bool] = False  # whether several layers feed it
    moves_axes: ClassVar[bool] = False  # whether what was spatial before it may not be behind it
    aliases: ClassVar[bool] = False  # whether its output is its input in another shape, and takes no memory of its own
    drops: ClassVar[bool] = False  # whether it aliases its input in eval mode only, and makes an output while it trains
    saves: ClassVar[tuple[str, ...]] = ("input",)  # what its backward pass needs: "input", "output"
    mixes: ClassVar[bool] = False  # whether every output sees the whole input, as in attention
    integer_inputs: ClassVar[tuple[int, ...]] = ()  # which of its inputs are integers, by their place

    def output_shape(self, input_shape: Sequence[int]) -> Shape:
        """The shape that comes out, by PyTorch's rule; `ConvcalcError` where PyTorch refuses the input."""
        raise NotImplementedError

    def output_shapes(self, *input_shapes: Sequence[int]) -> tuple[Shape, ...]:
        """Return the shapes of all outputs, in order. Errors as `output_shape`, which gives the first.

        >>> from convcalc import Conv2d
        >>> Conv2d(1, 6, 5).output_shapes((1, 1, 32, 32))
        ((1, 6, 28, 28),)
        """
        return (self.output_shape(*input_shapes),)

    @property
    def weight_shape(self) -> Shape | None:
        """The shape of ``weight``, in PyTorch's order; None for a layer without one."""
        raise NotImplementedError

    @property
    def weights(self) -> int:
        """Trainable weights, biases apart."""
        raise NotImplementedError

    @property
    def biases(self) -> int:
        """Trainable biases."""
        raise NotImplementedError

    @property
    def parameters(self) -> int:
        """Trainable numbers: weights and biases.

        >>> from convcalc import Conv2d
        >>> Conv2d(1, 6, 5).parameters
        156
        """
        return formulas.parameters(self.weights, self.biases)

    @property
    def buffers(self) -> int:
        """Numbers that are kept but not trained."""
        return 0

    def connections(self, input_shape: Sequence[int]) -> int | None:
        """Uses of a weight or a bias in one example, as LeCun counts them; None where that is not defined.

        Errors as `output_shape`.
        """
        raise NotImplementedError

    def macs(self, input_shape: Sequence[int], exact: bool = False) -> int:
        """Multiply-accumulates with a weight in one example: dense (every tap) or exact (only taps on real elements).

        Errors as `output_shape`.
        """
        raise NotImplementedError

    def macs_activations(self, *input_shapes: Sequence[int]) -> int:
        """Return the multiply-accumulates of two activations in one example, which `macs` does not count.

        >>> from convcalc import Conv2d
        >>> Conv2d(1, 6, 5).macs_activations((1, 1, 32, 32))
        0
        """
        return 0

    def dead_weights(self, input_shape: Sequence[int]) -> int:
        """Weights that only ever meet zero padding, so never get a gradient: none where nothing is padded."""
        return 0

    def saved_tensors(self, input_shape: Sequence[int]) -> tuple[str, ...]:
        """Return which of "input" and "output" the backward pass needs: ``saves``, unless it depends on the input."""
        return self.saves

    def saved_bytes(self, input_shape: Sequence[int], *, itemsize: int) -> int:
        """Return the bytes that training keeps for the backward pass beside the input and the output.

        As PyTorch does on the CPU, in ``train()``; see docs/words.md.
        """
        return 0

    def windows(self, input_shape: Sequence[int]) -> tuple[Window, ...]:
        """How each spatial axis is looked at; empty where the layer has no window."""
        return ()

    def receptive_field(self, fields: tuple[Field, ...], input_shape: Sequence[int]) -> tuple[Field, ...]:
        """What a unit of the output sees, given what a unit of the input sees."""
        raise NotImplementedError

    def seen(self, fields: Sequence[tuple[Field, ...]], shapes: Sequence[Shape]) -> tuple[Field, ...]:
        """What a unit of all inputs together sees, given what one of each sees, and their shapes."""
        return fields[0]

    def bind(self, input_shape: Sequence[int]) -> Layer:
        """The layer for such an input: itself, but for a Lazy one, which learns its channels from it."""
        return self

    def known_rank(self) -> int:
        """The rank, for the constructor of a layer that has one."""
        if self.rank is None:
            name = type(self).__name__
            raise ConvcalcError(f"{name} has no rank of its own: use {name}1d, {name}2d or {name}3d")
        return self.rank

    def keep(self, **settings: object) -> None:
        """Set the fields of a frozen description, in its constructor."""
        for name, value in settings.items():
            object.__setattr__(self, name, value)

    def spelled(self, name: str) -> Any:
        """A setting in its shortest form."""
        return getattr(self, name)

    def in_pytorch(self) -> str | None:
        """How to write the layer in PyTorch; None where PyTorch has no such layer."""
        return repr(self)

    def __repr__(self) -> str:
        """The layer in PyTorch's words, which `syntax.parse` reads back."""
        settings = [(name, default, self.spelled(name)) for name, default in _parameters(type(self))]  # type: ignore[arg-type]
        required = [repr(value) for _, default, value in settings if default is Parameter.empty]
        changed = [
            f"{name}={value!r}"
            for name, default, value in settings
            if default is not Parameter.empty and value != default
        ]
        return f"{type(self).__name__}({', '.join(required + changed)})"


class Uncounted(Layer):
    """A layer that by convention has no connections to count, and multiplies nothing by a weight."""

    __slots__ = ()

    def connections(self, input_shape: Sequence[int]) -> int | None:
        """None: not defined."""

    def macs(self, input_shape: Sequence[int], exact: bool = False) -> int:
        """0."""
        return 0


class InPlace(Layer):
    """A layer whose output has the shape of its input, each element where it was."""

    __slots__ = ()

    def output_shape(self, input_shape: Sequence[int]) -> Shape:
        """The input's shape."""
        return shape(input_shape)

    def receptive_field(self, fields: tuple[Field, ...], input_shape: Sequence[int]) -> tuple[Field, ...]:
        """A unit sees what it saw."""
        return fields


class Weightless(Uncounted):
    """A layer without weights."""

    __slots__ = ()

    @property
    def weight_shape(self) -> None:
        """None."""

    @property
    def weights(self) -> int:
        """0."""
        return 0

    @property
    def biases(self) -> int:
        """0."""
        return 0


def is_a(layer: Layer, *names: str) -> bool:
    """Whether the layer is of one of these kinds, by the names of its classes: to ask, none has to be loaded.

    >>> from convcalc import MaxPool2d
    >>> is_a(MaxPool2d(2), "Pool"), is_a(MaxPool2d(2), "Conv", "Linear")
    (True, False)
    """
    return any(base.__name__ in names for base in type(layer).__mro__)


@cache
def _parameters(kind: Any) -> list[tuple[str, Any]]:
    """The constructor's parameters and their defaults."""
    return [(name, parameter.default) for name, parameter in signature(kind).parameters.items()]
