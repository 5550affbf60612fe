"""The one result that every output is made from."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING, Any, NamedTuple

from convcalc import formulas
from convcalc.layers.axes import Shape
from convcalc.layers.windows import Field, Window
from convcalc.unread import Unread

if TYPE_CHECKING:
    from convcalc.layers.base import Layer
    from convcalc.network import Sequential

DTYPE = "float32"
ITEMSIZE = 4  # bytes of one float32


class Figures(NamedTuple):
    """What a layer, or all of them together, cost. For one example, but for the bytes, which are for the batch."""

    weights: int
    biases: int
    parameters: int
    buffers: int
    connections: int | None
    macs: int
    macs_exact: int
    flops: int
    dead_weights: int
    parameter_bytes: int
    output_bytes: int


def total(figures: Iterable[Figures]) -> Figures:
    """The sum, figure by figure; connections skip what has none, and are None where nothing has any.

    >>> from convcalc import Conv2d, Linear, trace
    >>> rows = [trace(Conv2d(3, 10, 4), (1, 3, 28, 28)), trace(Linear(10, 2), (1, 10))]
    >>> total(report.totals for report in rows).parameters  # 490 + 22
    512
    """
    rows = tuple(figures)
    sums: dict[str, Any] = {name: sum(getattr(row, name) or 0 for row in rows) for name in Figures._fields}
    if all(row.connections is None for row in rows):
        return Figures(**{**sums, "connections": None})
    return Figures(**sums)


class Row(NamedTuple):
    """One layer of a network at work, or a block of them: then ``parts`` holds their rows (None for a layer).

    Shapes include the batch. ``seen`` and ``field`` are what a unit of the input and of the output sees, an entry a
    spatial axis of the network's input; ``windows`` and ``unread`` have an entry a spatial axis of the layer's input.
    """

    name: str
    layer: Layer | Sequential
    inputs: tuple[str, ...]
    input: Shape
    output: Shape
    figures: Figures
    weight_shape: Shape | None
    windows: tuple[Window, ...]
    unread: tuple[Unread, ...]
    seen: tuple[Field, ...]
    field: tuple[Field, ...]
    out_channels_assumed: bool = False
    parts: tuple[Row, ...] | None = None

    @property
    def leaves(self) -> tuple[Row, ...]:
        """The rows of single layers, in order."""
        return (self,) if self.parts is None else tuple(leaf for part in self.parts for leaf in part.leaves)

    @property
    def leftover(self) -> tuple[int, ...]:
        """Elements of each padded axis behind the last window: all 0 where the stride divides evenly."""
        return tuple(formulas.leftover(*window.geometry) for window in self.windows)


class Report(NamedTuple):
    """A network at work on an input of a given shape."""

    input: Shape
    batch: int
    dtype: str
    rows: tuple[Row, ...]

    @property
    def output(self) -> Shape:
        """The shape that leaves the last layer."""
        return self.rows[-1].output if self.rows else self.input

    @property
    def totals(self) -> Figures:
        """All rows together."""
        return total(row.figures for row in self.rows)

    @property
    def connections_undefined(self) -> int:
        """How many rows have no connections to count, which the total skips."""
        return sum(row.figures.connections is None for row in self.rows)

    @property
    def out_channels_assumed(self) -> bool:
        """Whether any layer's number of kernels was assumed, because nobody gave it."""
        return any(row.out_channels_assumed for row in self.rows)

    @property
    def leaves(self) -> tuple[Row, ...]:
        """The rows of single layers, blocks opened, in order."""
        return tuple(leaf for row in self.rows for leaf in row.leaves)
