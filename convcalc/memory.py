"""What a forward pass holds at once, and what training keeps of it."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from math import prod

from convcalc.layers.base import Layer
from convcalc.layers.block import INPUT
from convcalc.layers.settings import Shape
from convcalc.report import Row


def with_memory(leaves: Sequence[Row], input_shape: Shape, itemsize: int) -> list[Row]:
    """The rows of single layers with ``peak_bytes`` and ``training_bytes``.

    >>> from convcalc import Conv2d, ReLU, Sequential, trace
    >>> report = trace(Sequential(Conv2d(1, 6, 5), ReLU()), (1, 1, 32, 32))  # 1,024 elements, and 4,704 twice
    >>> [row.figures.peak_bytes for row in report.rows]  # 4 * (1,024 + 4,704), 4 * (4,704 + 4,704)
    [22912, 37632]
    >>> [row.figures.training_bytes for row in report.rows]  # the convolution's input, the ReLU's output
    [4096, 18816]
    """
    wired = [(row.name, row.layer, row.inputs) for row in leaves]
    home, trained = storage(wired), storage(wired, training=True)
    last_use = {home[source]: number for number, row in enumerate(leaves) for source in row.inputs}
    alive = {INPUT: prod(input_shape) * itemsize}
    size = dict(alive)
    kept: set[str] = set()
    rows = []
    for number, row in enumerate(leaves):
        size[row.name] = row.figures.output_bytes
        if home[row.name] == row.name:
            alive[row.name] = size[row.name]
        peak = sum(alive.values())
        saved = {trained[source] for source in row.inputs} if "input" in row.layer.saves else set()
        saved |= {trained[row.name]} if "output" in row.layer.saves else set()
        training = sum(size[name] for name in saved - kept) + row.layer.saved_bytes(row.input, itemsize)
        kept |= saved
        rows.append(row._replace(figures=row.figures._replace(peak_bytes=peak, training_bytes=training)))
        for name in [name for name in alive if last_use.get(name, -1) <= number]:
            del alive[name]
    return rows


def storage(wired: Iterable[tuple[str, Layer, Sequence[str]]], training: bool = False) -> dict[str, str]:
    """For each name, the name of the layer in whose memory its output lies: a reshaped input takes none of its own.

    ``wired`` gives, in order, the name of each single layer, the layer, and the names of what feeds it. While it
    trains, a dropout makes an output.

    >>> from convcalc import Flatten
    >>> storage([("flat", Flatten(), ("input",))])
    {'input': 'input', 'flat': 'input'}
    """
    home = {INPUT: INPUT}
    for name, layer, inputs in wired:
        aliases = layer.aliases and not (training and layer.drops)
        home[name] = home[inputs[0]] if aliases else name
    return home
