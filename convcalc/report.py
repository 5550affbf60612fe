"""The one result that every output is made from."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING, Any, NamedTuple, TypeAlias

from convcalc import formulas
from convcalc.layers.settings import Shape
from convcalc.layers.windows import Window
from convcalc.notes import Note
from convcalc.receptive_field import Field
from convcalc.unread import Unread, unread

if TYPE_CHECKING:
    from convcalc.layers.base import Layer

# None where a figure or a shape is not known. As in typeshed, the type is Any, because most readers have a report in
# which everything is known, and would only have to say so again and again.
MaybeNone: TypeAlias = Any

DTYPE = "float32"
ITEMSIZES = {"float64": 8, "float32": 4, "float16": 2, "bfloat16": 2, "int8": 1}  # bytes of one number


class Figures(NamedTuple):
    """What a layer, or all of them together, cost. For one example, but for the bytes, which are for the batch.

    ``peak_bytes`` is the most that is alive at once while the layer works: what is still needed of what was made before
    (the network's input too), and its output. ``training_bytes`` is what is kept for its backward pass, beyond what an
    earlier layer keeps already.
    """

    weights: int | MaybeNone
    biases: int | MaybeNone
    parameters: int | MaybeNone
    buffers: int | MaybeNone
    connections: int | None
    macs: int | MaybeNone
    macs_exact: int | MaybeNone
    flops: int | MaybeNone
    dead_weights: int | MaybeNone
    parameter_bytes: int | MaybeNone
    output_bytes: int | MaybeNone
    peak_bytes: int | MaybeNone = 0
    training_bytes: int | MaybeNone = 0


def total(figures: Iterable[Figures]) -> Figures:
    """Return the sum of each figure, and of the peaks the highest. A sum over an unknown figure (None) is unknown.

    Layers that have no connections to count are skipped; where no layer has any, the sum is None too.

    >>> from convcalc import Conv2d, Linear, trace
    >>> rows = [trace(Conv2d(3, 10, 4), (1, 3, 28, 28)), trace(Linear(10, 2), (1, 10))]
    >>> total(report.totals for report in rows).parameters  # 490 + 22
    512
    """
    rows = tuple(figures)
    columns = (
        dict(zip(Figures._fields, zip(*rows, strict=True), strict=True)) if rows else dict.fromkeys(Figures._fields, ())
    )
    sums: dict[str, Any] = {name: None if None in values else sum(values) for name, values in columns.items()}
    sums["peak_bytes"] = None if None in columns["peak_bytes"] else max(columns["peak_bytes"], default=0)
    counted = [value for value in columns["connections"] if value is not None]
    sums["connections"] = sum(counted) if counted and sums["macs"] is not None else None
    return Figures(**sums)


class Row(NamedTuple):
    """One layer of a network at work, or a block of them: then ``parts`` holds their rows (None for a layer).

    Shapes include the batch. ``seen`` and ``field`` are what a unit of the input and of the output sees, an entry a
    spatial axis of the network's input; ``windows`` have an entry a spatial axis of the layer's input.
    ``shares`` names the row whose parameters these are, where the layer is one that was used before. ``notes`` are
    the remarks about a single layer; the walk collects them in the report.
    """

    name: str
    layer: Layer
    inputs: tuple[str, ...]
    input_shapes: tuple[Shape, ...]
    output: Shape | MaybeNone
    figures: Figures
    weight_shape: Shape | None
    windows: tuple[Window, ...]
    seen: tuple[Field, ...]
    field: tuple[Field, ...]
    out_channels_assumed: bool = False
    shares: str | None = None
    parts: tuple[Row, ...] | None = None
    notes: tuple[Note, ...] = ()

    @property
    def input(self) -> Shape | MaybeNone:
        """The shape of the input; of a join, of the first."""
        return self.input_shapes[0] if self.input_shapes else None

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
    def unread(self) -> tuple[Unread, ...]:
        """The elements of each axis that no window reads."""
        return tuple([unread(window) for window in self.windows])

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
    batch: int | MaybeNone
    dtype: str
    rows: tuple[Row, ...]
    field: tuple[Field, ...] = ()
    notes: tuple[Note, ...] = ()
    input_names: tuple[str, ...] = ("input",)
    output_names: tuple[str, ...] = ()

    @property
    def input(self) -> Shape | MaybeNone:
        """The shape of the first input; None where it is not known."""
        return self.inputs[0] if self.inputs else None

    @property
    def output(self) -> Shape | MaybeNone:
        """The shape of the first output; None where it is not known."""
        return self.outputs[0] if self.outputs else None

    @property
    def totals(self) -> Figures:
        """All single layers together."""
        return total(row.figures for row in self.leaves)

    @property
    def connections_undefined(self) -> int:
        """How many layers have no connections to count, which the total skips."""
        return len(self.without_connections)

    @property
    def without_connections(self) -> tuple[str, ...]:
        """The names of the layers that have no connections to count. Layers whose shapes are unknown may have some."""
        return tuple(row.name for row in self.leaves if row.figures.connections is None and row.output is not None)

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
