"""What the engine asks of a kind of layer."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from math import prod
from typing import Any, NamedTuple

from convcalc.errors import ConvcalcError
from convcalc.layers.base import Layer
from convcalc.layers.settings import Shape
from convcalc.ops.sliding import Array


class Counts(NamedTuple):
    """What was counted while a layer worked on one example.

    ``weights`` are the trainable ones that exist, ``live_weights`` those of them that met a real element;
    ``connections`` is None for a layer that has none to count.
    """

    weights: int = 0
    live_weights: int = 0
    biases: int = 0
    buffers: int = 0
    connections: int | None = None
    macs: int = 0
    macs_exact: int = 0

    def plus(self, other: Counts) -> Counts:
        """Both together; connections are None where neither has any."""
        sums: dict[str, Any] = {name: (getattr(self, name) or 0) + (getattr(other, name) or 0) for name in self._fields}
        if self.connections is None and other.connections is None:
            return Counts(**{**sums, "connections": None})
        return Counts(**sums)


@dataclass(frozen=True)
class Operation:
    """How a kind of layer is worked: the arrays it needs by PyTorch's names, its run, and its count.

    ``output_shape(layer, *input_shapes)`` is found without an array, or refused;
    ``run(layer, *inputs, **arrays)`` gives the output, ``count(layer, input_shape)`` the counts of one example.
    Only a join has several inputs.
    ``run_bytes(layer, input_shape, output_shape, itemsize)`` is what a run takes beside input, weights and output,
    ``count_bytes(layer, input_shape, output_shape)`` what a count takes.
    Where there are several ways to run, ``algorithm(layer, input_shape, dtype, wanted)`` names the one that is gone.
    """

    shapes: Callable[[Any], dict[str, Shape]]
    output_shape: Callable[..., Shape]
    run: Callable[..., Array]
    count: Callable[[Any, Shape], Counts]
    run_bytes: Callable[[Any, Shape, Shape, int], int]
    count_bytes: Callable[[Any, Shape, Shape], int]
    algorithm: Callable[[Any, Shape, object, str | None], str] | None = None


def no_arrays(layer: Layer) -> dict[str, Shape]:
    """Of a layer that holds none.

    >>> from convcalc import Flatten
    >>> no_arrays(Flatten())
    {}
    """
    return {}


def no_counts(layer: Layer, input_shape: Shape) -> Counts:
    """Of a layer that has nothing to count.

    >>> from convcalc import Flatten
    >>> no_counts(Flatten(), (1, 2)).connections is None
    True
    """
    return Counts()


def nothing(*_: object) -> int:
    """No memory.

    >>> nothing()
    0
    """
    return 0


def same_shape(layer: Layer, input_shape: Shape) -> Shape:
    """Of a layer that leaves the shape as it is.

    >>> from convcalc import ReLU
    >>> same_shape(ReLU(), (1, 3))
    (1, 3)
    """
    return input_shape


def sizes_of(*numbers: int) -> Callable[[Layer, Shape], Shape]:
    """The shape as it is, of inputs of so many sizes only.

    >>> from convcalc import Softmax2d
    >>> sizes_of(3, 4)(Softmax2d(), (1, 3, 8, 8))
    (1, 3, 8, 8)
    """

    def same(layer: Layer, input_shape: Shape) -> Shape:
        if len(input_shape) not in numbers:
            raise ConvcalcError(f"{layer!r} cannot take input {list(input_shape)}")
        return input_shape

    return same


def view_bytes(layer: Layer, input_shape: Shape, output_shape: Shape, itemsize: int) -> int:
    """Of a layer whose output is a view of its input: it takes nothing, and nothing for that.

    >>> from convcalc import Flatten
    >>> view_bytes(Flatten(), (1, 2, 3), (1, 6), itemsize=4)
    -24
    """
    return -prod(output_shape) * itemsize
