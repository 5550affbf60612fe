"""What the engine asks of a kind of layer."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, NamedTuple

from convcalc.kernels.sliding import Array
from convcalc.layers.axes import Shape


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
class Kernel:
    """How a kind of layer is worked: the arrays it needs by PyTorch's names, its run, and its count.

    ``output_shape(layer, input_shape)`` is found without an array, or refused; ``run(layer, x, **arrays)`` gives the
    output, ``count(layer, input_shape)`` the counts of one example.
    ``run_bytes(layer, input_shape, output_shape, itemsize)`` is what a run takes beside input, weights and output,
    ``count_bytes(layer, input_shape, output_shape)`` what a count takes.
    """

    shapes: Callable[[Any], dict[str, Shape]]
    output_shape: Callable[[Any, Shape], Shape]
    run: Callable[..., Array]
    count: Callable[[Any, Shape], Counts]
    run_bytes: Callable[[Any, Shape, Shape, int], int]
    count_bytes: Callable[[Any, Shape, Shape], int]
