"""What every layer says of itself."""

from __future__ import annotations

from collections.abc import Sequence
from inspect import Parameter, signature
from typing import Any, ClassVar

from convcalc.layers.axes import Shape
from convcalc.layers.windows import Field, Window


class Layer:
    """A frozen description. Figures are exact integers, for one example; None where a figure is not defined.

    A subclass is a frozen dataclass whose constructor has PyTorch's parameters, each kept under its own name.
    """

    __slots__ = ()
    rank: ClassVar[int | None] = None  # spatial axes of the input; None for a layer that takes any

    def output_shape(self, input_shape: Sequence[int]) -> Shape:
        """The shape that comes out, by PyTorch's rule; `ConvcalcError` where PyTorch refuses the input."""
        raise NotImplementedError

    @property
    def weight_shape(self) -> Shape | None:
        """The shape of ``weight``, in PyTorch's order; None for a layer without one."""
        return None

    @property
    def weights(self) -> int:
        """Trainable weights, biases apart."""
        return 0

    @property
    def biases(self) -> int:
        """Trainable biases."""
        return 0

    @property
    def parameters(self) -> int:
        """Trainable numbers."""
        return 0

    @property
    def buffers(self) -> int:
        """Numbers that are kept but not trained."""
        return 0

    def connections(self, input_shape: Sequence[int]) -> int | None:
        """Uses of a weight or a bias, as LeCun counts them; None where that is not defined."""
        return None

    def macs(self, input_shape: Sequence[int], exact: bool = False) -> int:
        """Multiply-accumulates with a weight: dense (every tap) or exact (only taps on real elements)."""
        return 0

    def dead_weights(self, input_shape: Sequence[int]) -> int:
        """Weights that only ever meet zero padding, so never get a gradient."""
        return 0

    def windows(self, input_shape: Sequence[int]) -> tuple[Window, ...]:
        """How each spatial axis is looked at; empty where the layer has no window."""
        return ()

    def receptive_field(self, fields: tuple[Field, ...], input_shape: Sequence[int]) -> tuple[Field, ...]:
        """What a unit of the output sees, given what a unit of the input sees."""
        return fields

    def spelled(self, name: str) -> Any:
        """A setting in its shortest form."""
        return getattr(self, name)

    def in_pytorch(self) -> str | None:
        """How to write the layer in PyTorch; None where PyTorch has no such layer."""
        return repr(self)

    def __repr__(self) -> str:
        """The layer in PyTorch's words, which `syntax.parse` reads back."""
        settings = [(name, default, self.spelled(name)) for name, default in _parameters(type(self))]
        required = [repr(value) for _, default, value in settings if default is Parameter.empty]
        changed = [
            f"{name}={value!r}"
            for name, default, value in settings
            if default is not Parameter.empty and value != default
        ]
        return f"{type(self).__name__}({', '.join(required + changed)})"


def _parameters(kind: type[Layer]) -> list[tuple[str, Any]]:
    return [(name, parameter.default) for name, parameter in signature(kind).parameters.items()]
