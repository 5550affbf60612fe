"""What an operation of the engine is: how one kind of layer is executed and counted."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

from convcalc.errors import ConvcalcError
from convcalc.layers.base import Layer
from convcalc.layers.settings import Shape
from convcalc.ops.sliding import Array


class Counts(NamedTuple):
    """What was counted while a layer worked on one example.

    ``weights`` counts the trainable weights, ``live_weights`` those of them that met a real element.
    ``connections`` is None for a layer whose connections are undefined.
    """

    weights: int = 0
    live_weights: int = 0
    biases: int = 0
    buffers: int = 0
    connections: int | None = None
    macs: int = 0
    macs_exact: int = 0

    def plus(self, other: Counts) -> Counts:
        """Return the sum of both; connections stay None if neither has any."""
        sums: dict[str, Any] = {name: (getattr(self, name) or 0) + (getattr(other, name) or 0) for name in self._fields}
        if self.connections is None and other.connections is None:
            return Counts(**{**sums, "connections": None})
        return Counts(**sums)


def same_shape(layer: Layer, input_shape: Shape) -> Shape:
    """Return the input's shape, for a layer that accepts any shape and keeps it.

    >>> from convcalc import ReLU
    >>> same_shape(ReLU(), (1, 3))
    (1, 3)
    """
    return input_shape


def same_shape_of(*axes: int) -> Callable[[Layer, Shape], Shape]:
    """Return a function like `same_shape` that refuses inputs with another number of axes.

    >>> from convcalc import Softmax2d
    >>> same_shape_of(3, 4)(Softmax2d(), (1, 3, 8, 8))
    (1, 3, 8, 8)
    """

    def same(layer: Layer, input_shape: Shape) -> Shape:
        if len(input_shape) not in axes:
            raise ConvcalcError(f"{layer!r} cannot take input {list(input_shape)}")
        return input_shape

    return same


def no_weights(layer: Layer) -> dict[str, Shape]:
    """Return no shapes, for a layer without weights.

    >>> from convcalc import Flatten
    >>> no_weights(Flatten())
    {}
    """
    return {}


def no_counts(layer: Layer, input_shape: Shape) -> Counts:
    """Return zeros, for a layer without parameters, connections or MACs.

    >>> from convcalc import Flatten
    >>> no_counts(Flatten(), (1, 2)).connections is None
    True
    """
    return Counts()


def no_bytes(layer: Layer, input_shapes: Sequence[Shape], output_shape: Shape, itemsize: int) -> int:
    """Return 0, for a layer that needs no memory beside its inputs, its weights and its output.

    >>> from convcalc import Flatten
    >>> no_bytes(Flatten(), [(1, 2, 3)], (1, 6), itemsize=4)
    0
    """
    return 0


@dataclass(frozen=True)
class Operation:
    """How the engine executes one kind of layer. Only ``run`` has no default.

    - ``run(layer, *inputs, **weights)`` returns the output array. Only a join has several inputs.
    - ``output_shape(layer, *input_shapes)`` returns the output's shape without an array, or refuses the input.
    - ``weight_shapes(layer)`` returns the shapes of the arrays that the layer holds, by PyTorch's names.
    - ``count(layer, input_shape)`` returns the counts of one example, found by executing on ones.
    - ``extra_bytes(layer, input_shapes, output_shape, itemsize)`` returns an upper bound of the memory that a run or a
      count takes beside inputs, weights and output.
    - ``algorithm(layer, input_shape, dtype, wanted)`` returns the name of the algorithm that a run uses, if there are
      several.
    """

    run: Callable[..., Array]
    output_shape: Callable[..., Shape] = same_shape
    weight_shapes: Callable[[Any], dict[str, Shape]] = no_weights
    count: Callable[[Any, Shape], Counts] = no_counts
    extra_bytes: Callable[[Any, Sequence[Shape], Shape, int], int] = no_bytes
    algorithm: Callable[[Any, Shape, object, str | None], str] | None = None
