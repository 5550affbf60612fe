"""Memory: which output lies where, how long it is needed, what a forward pass holds, and what training keeps."""

from __future__ import annotations

from collections.abc import Sequence
from math import prod
from typing import NamedTuple

from convcalc.layers.block import Opened
from convcalc.layers.settings import Shape
from convcalc.report import Row


class Liveness(NamedTuple):
    """Where each output lies, and how long it is needed.

    ``home`` gives for each name the layer (or input) in whose memory the output lies: a reshaped input takes none of
    its own. ``until`` gives for each home the number of the last layer that reads what lies there.
    """

    home: dict[str, str]
    until: dict[str, int]

    def dead_after(self, number: int, name: str) -> bool:
        """Whether nothing reads the output of that name after the layer of that number."""
        return self.until.get(self.home[name], -1) <= number


def liveness(graph: Opened) -> Liveness:
    """Follow every output to its last reader; what leaves the network is needed to the end.

    >>> from convcalc import Flatten, Linear, Sequential
    >>> from convcalc.layers.block import opened
    >>> liveness(opened(Sequential(Flatten(), Linear(9, 2))))
    Liveness(home={'input': 'input', '0': 'input', '1': '1'}, until={'input': 1, '1': 2})
    """
    home = homes(graph)
    until = {home[source]: number for number, leaf in enumerate(graph.leaves) for source in leaf.inputs}
    return Liveness(home, until | {home[name]: len(graph.leaves) for name in graph.outputs})


def homes(graph: Opened, training: bool = False) -> dict[str, str]:
    """Return for each name the layer (or input) in whose memory the output lies; a dropout in training makes its own.

    >>> from convcalc import Dropout, Sequential
    >>> from convcalc.layers.block import opened
    >>> homes(opened(Sequential(Dropout()))), homes(opened(Sequential(Dropout())), training=True)
    ({'input': 'input', '0': 'input'}, {'input': 'input', '0': '0'})
    """
    home = {name: name for name in graph.inputs}
    for name, layer, inputs, _ in graph.leaves:
        home[name] = home[inputs[0]] if layer.aliases and not (training and layer.drops) else name
    return home


def with_memory(rows: Sequence[Row], graph: Opened, input_shapes: Sequence[Shape], itemsize: int) -> list[Row]:
    """Return the rows of the first single layers with ``peak_bytes`` and ``training_bytes``.

    >>> from convcalc import Conv2d, ReLU, Sequential, trace
    >>> report = trace(Sequential(Conv2d(1, 6, 5), ReLU()), (1, 1, 32, 32))  # 1,024 elements, and 4,704 twice
    >>> [row.figures.peak_bytes for row in report.rows]  # 4 * (1,024 + 4,704), 4 * (4,704 + 4,704)
    [22912, 37632]
    >>> [row.figures.training_bytes for row in report.rows]  # the input of the convolution, the output of the ReLU
    [4096, 18816]
    """
    live, trained = liveness(graph), homes(graph, training=True)
    size = {name: prod(sizes) * itemsize for name, sizes in zip(graph.inputs, input_shapes, strict=True)}
    alive = dict(size)
    kept: set[str] = set()
    done = []
    for number, row in enumerate(rows):
        size[row.name] = prod(row.output) * itemsize
        if live.home[row.name] == row.name:
            alive[row.name] = size[row.name]
        peak = sum(alive.values())
        needed = row.layer.saved_tensors(row.input)
        saved = {trained[source] for source in row.inputs} if "input" in needed else set()
        saved |= {trained[row.name]} if "output" in needed else set()
        beside = row.layer.saved_bytes(*row.input_shapes, itemsize=itemsize)
        training = sum(size[name] for name in saved - kept) + beside
        kept |= saved
        done.append(row._replace(figures=row.figures._replace(peak_bytes=peak, training_bytes=training)))
        for name in [name for name in alive if live.dead_after(number, name)]:
            del alive[name]
    return done
