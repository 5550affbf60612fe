"""The one result that every output is made from."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING, Any, NamedTuple

from convcalc import formulas
from convcalc.layers.settings import Shape
from convcalc.layers.windows import Window
from convcalc.notes import Note
from convcalc.receptive_field import Field
from convcalc.unread import Unread

if TYPE_CHECKING:
    from convcalc.layers.base import Layer

DTYPE = "float32"
ITEMSIZES = {"float64": 8, "float32": 4, "float16": 2, "bfloat16": 2, "int8": 1}  # bytes of one number


class Figures(NamedTuple):
    """What a layer, or all of them together, cost. For one example, but for the bytes, which are for the batch.

    ``peak_bytes`` is the most that is alive at once while the layer works: what is still needed of what was made before
    (the network's input too), and its output. ``training_bytes`` is what is kept for its backward pass, beyond what an
    earlier layer keeps already.
    """

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
    peak_bytes: int = 0
    training_bytes: int = 0


def total(figures: Iterable[Figures]) -> Figures:
    """The sum, figure by figure, and of the peaks the highest.

    Connections skip what has none, and are None where nothing has any.

    >>> from convcalc import Conv2d, Linear, trace
    >>> rows = [trace(Conv2d(3, 10, 4), (1, 3, 28, 28)), trace(Linear(10, 2), (1, 10))]
    >>> total(report.totals for report in rows).parameters  # 490 + 22
    512
    """
    rows = tuple(figures)
    sums: dict[str, Any] = {name: sum(getattr(row, name) or 0 for row in rows) for name in Figures._fields}
    sums["peak_bytes"] = max((row.peak_bytes for row in rows), default=0)
    if all(row.connections is None for row in rows):
        sums["connections"] = None
    return Figures(**sums)


class Row(NamedTuple):
    """One layer of a network at work, or a block of them: then ``parts`` holds their rows (None for a layer).

    Shapes include the batch. ``seen`` and ``field`` are what a unit of the input and of the output sees, an entry a
    spatial axis of the network's input; ``windows`` and ``unread`` have an entry a spatial axis of the layer's input.
    ``shares`` names the row whose parameters these are, where the layer is one that was used before. ``notes`` are
    the remarks about a single layer; the walk collects them in the report.
    """

    name: str
    layer: Layer
    inputs: tuple[str, ...]
    input_shapes: tuple[Shape, ...]
    output: Shape
    figures: Figures
    weight_shape: Shape | None
    windows: tuple[Window, ...]
    unread: tuple[Unread, ...]
    seen: tuple[Field, ...]
    field: tuple[Field, ...]
    out_channels_assumed: bool = False
    shares: str | None = None
    parts: tuple[Row, ...] | None = None
    notes: tuple[Note, ...] = ()

    @property
    def input(self) -> Shape:
        """The shape of the input; of a join, of the first."""
        return self.input_shapes[0]

    @property
    def leaves(self) -> tuple[Row, ...]:
        """The rows of single layers, in order."""
        return tuple(self.at_depth(None))

    def at_depth(self, depth: int | None) -> Iterator[Row]:
        """The rows so many blocks down, a deeper block folded into one; None: of single layers."""
        if self.parts is None or depth == 1:
            yield self
        else:
            for part in self.parts:
                yield from part.at_depth(None if depth is None else depth - 1)

    @property
    def leftover(self) -> tuple[int, ...]:
        """Elements of each padded axis behind the last window: all 0 where the stride divides evenly."""
        return tuple(formulas.leftover(*window.geometry) for window in self.windows)


class Report(NamedTuple):
    """A network at work on inputs of given shapes.

    ``input`` and ``output`` are the first of ``inputs`` and ``outputs``; ``batch`` is that of the first input, and
    ``field`` is what a unit of the first output sees. ``notes`` say what was assumed and what is not known, of the
    network first and then of its layers, in order.
    """

    inputs: tuple[Shape, ...]
    outputs: tuple[Shape, ...]
    batch: int
    dtype: str
    rows: tuple[Row, ...]
    field: tuple[Field, ...] = ()
    notes: tuple[Note, ...] = ()
    input_names: tuple[str, ...] = ("input",)
    output_names: tuple[str, ...] = ()

    @property
    def input(self) -> Shape:
        """The shape of the first input."""
        return self.inputs[0]

    @property
    def output(self) -> Shape:
        """The shape of the first output."""
        return self.outputs[0]

    @property
    def totals(self) -> Figures:
        """All single layers together."""
        return total(row.figures for row in self.leaves)

    @property
    def connections_undefined(self) -> int:
        """How many layers have no connections to count, which the total skips."""
        return sum(row.figures.connections is None for row in self.leaves)

    @property
    def out_channels_assumed(self) -> bool:
        """Whether any layer's number of kernels was assumed, because nobody gave it."""
        return any(row.out_channels_assumed for row in self.rows)

    @property
    def leaves(self) -> tuple[Row, ...]:
        """The rows of single layers, blocks opened, in order."""
        return self.at_depth(None)

    def at_depth(self, depth: int | None) -> tuple[Row, ...]:
        """The rows so many blocks down (1: the outermost), deeper blocks folded; None: of single layers.

        >>> from convcalc import Flatten, Linear, Sequential, trace
        >>> report = trace(Sequential(Sequential(Flatten(), Linear(120, 84))), (1, 120))
        >>> [row.name for row in report.at_depth(1)], [row.name for row in report.at_depth(None)]
        (['0'], ['0.0', '0.1'])
        """
        return tuple(part for row in self.rows for part in row.at_depth(depth))
