"""Linear layers: every input feature feeds every output feature."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from math import prod

from convcalc import formulas
from convcalc.errors import ConvcalcError
from convcalc.layers.base import Layer
from convcalc.layers.settings import Shape, counted, shape, whole
from convcalc.receptive_field import Field


@dataclass(frozen=True, slots=True, init=False, repr=False)
class Linear(Layer):
    """A fully connected layer over the last axis, as ``torch.nn.Linear``.

    >>> f6 = Linear(120, 84)
    >>> f6.output_shape((1, 120)), f6.parameters, f6.connections((1, 120))
    ((1, 84), 10164, 10164)
    """

    in_features: int
    out_features: int
    bias: bool

    def __init__(self, in_features: int, out_features: int, bias: bool = True) -> None:
        self.keep(
            in_features=whole("in_features", in_features, least=0),
            out_features=whole("out_features", out_features, least=0),
            bias=bool(bias),
        )

    def output_shape(self, input_shape: Sequence[int]) -> Shape:
        """Return (*, out_features) for (*, in_features). `ConvcalcError` where the last size differs."""
        sizes = shape(input_shape)
        if not sizes or sizes[-1] != self.in_features:
            name, wanted = type(self).__name__, counted(self.in_features, "feature")
            raise ConvcalcError(
                f"{name} takes {wanted} on the last axis, got input {list(sizes)}: {self._remedy(sizes)}"
            )
        return (*sizes[:-1], self.out_features)

    def _remedy(self, sizes: Shape) -> str:
        """Say what makes such an input fit: its map flattened, where it is one, or other features."""
        last = f"use in_features={sizes[-1] if sizes else 1}"
        if len(sizes) < 3:
            return last
        flat = prod(sizes[1:])
        return f"flatten it first{'' if flat == self.in_features else f' and use in_features={flat}'}, or {last}"

    @property
    def weight_shape(self) -> Shape:
        """The shape [out_features, in_features]."""
        return (self.out_features, self.in_features)

    @property
    def channel_pairs(self) -> int:
        """The number of pairs of an input and an output feature: all of them."""
        return formulas.channel_pairs(self.in_features, self.out_features, 1)

    @property
    def weights(self) -> int:
        """One per pair of an input and an output feature.

        >>> Linear(120, 84).weights
        10080
        """
        return formulas.weights(self.channel_pairs, ())

    @property
    def biases(self) -> int:
        """One per output feature, or 0 without ``bias``.

        >>> Linear(120, 84, bias=False).biases
        0
        """
        return self.out_features if self.bias else 0

    def macs(self, input_shape: Sequence[int], exact: bool = False) -> int:
        """Return one per weight and vector of one example; (N, *, in_features) has as many vectors as the product of *.

        >>> Linear(120, 84).macs((1, 120))
        10080
        """
        vectors = prod(self.output_shape(input_shape)[1:-1])
        return formulas.macs(self.channel_pairs, (vectors,))

    def connections(self, input_shape: Sequence[int]) -> int:
        """Return the uses of a weight or a bias in one example.

        >>> Linear(120, 84).connections((1, 120))
        10164
        """
        sizes = shape(input_shape)
        units = prod(self.output_shape(sizes)[1:]) if len(sizes) > 1 else self.out_features
        return formulas.connections(self.macs(sizes), units if self.bias else 0)

    def receptive_field(self, fields: tuple[Field, ...], input_shape: Sequence[int]) -> tuple[Field, ...]:
        """A unit sees all along the last axis: of a flattened map, all that any of the map's units saw."""
        flattened = len(fields)
        while flattened and not fields[flattened - 1].has_positions:
            flattened -= 1
        first = min(flattened, len(fields) - 1)
        return (*fields[:first], *(field.whole() for field in fields[first:]))
