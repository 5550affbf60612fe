"""A filtered picture and its figures: the one result that the table, the JSON and the pictures are made from."""

from __future__ import annotations

from time import perf_counter
from typing import TYPE_CHECKING, NamedTuple

from convcalc.filter.kernel import Filter, Number, Order, Settings, linear, parts
from convcalc.filter.picture import colours

if TYPE_CHECKING:
    from convcalc.filter.apply import Tell
    from convcalc.layers.conv import Conv2d
    from convcalc.ops.sliding import Array


class Outcome(NamedTuple):
    """What went in, what was done, and what came out."""

    before: Array
    after: Array
    filter: Filter
    settings: Settings  # with the range that was used; None for floats that are left as they are
    repeat: int
    low: Number | None  # the lowest result before the range, of the last time; None where all results are NaN
    high: Number | None
    layers: tuple[Conv2d, ...]  # the kernel as a convolution, two for a gradient, none for an order statistic
    macs: int | None  # of all channels and all times; None for an order statistic
    connections: int
    seconds: float


def run(
    picture: Array,
    filter: Filter,  # noqa: A002 - the field's word
    settings: Settings = Settings(),  # noqa: B008 - frozen
    repeat: int = 1,
    tell: Tell | None = None,
) -> Outcome:
    """Filter a picture (H, W) or (H, W, C) ``repeat`` times, each time what came out before.

    ``tell`` is given the share that is done.

    >>> import numpy as np
    >>> outcome = run(np.eye(3, dtype=np.uint8), linear("sum", ((1, 1, 1),) * 3, "clip", ""), Settings("zeros"))
    >>> outcome.after.tolist(), outcome.macs
    ([[2, 2, 1], [2, 3, 2], [1, 2, 2]], 81)
    """
    from convcalc.filter.apply import apply, part_of

    started = perf_counter()
    made, low, high, taken, macs, connections = picture, None, None, None, 0, 0
    layers = _layers(filter, settings, colours(picture))
    is_order = isinstance(filter, Order)
    for number in range(repeat):
        size = made.shape[:2]
        made, low, high, taken = apply(made, filter, settings, tell=part_of(tell, number, repeat))
        macs_once, connections_once = _costs(layers, (1, layers[0].in_channels, *size))
        macs, connections = macs + macs_once, connections + connections_once
    return Outcome(
        picture,
        made,
        filter,
        settings._replace(range=taken),
        repeat,
        low,
        high,
        () if is_order else layers,
        None if is_order else macs,
        connections,
        perf_counter() - started,
    )


def _layers(filter_: Filter, settings: Settings, channels: int) -> tuple[Conv2d, ...]:
    """Return the kernels as convolutions; for an order statistic one of its size, which has as many connections."""
    from convcalc.filter.describe import as_conv2d

    rows, columns = filter_.size
    kernels = parts(filter_) or (linear("", ((1,) * columns,) * rows, "", ""),)
    return tuple(as_conv2d(kernel, settings, channels) for kernel in kernels)


def _costs(layers: tuple[Conv2d, ...], shape: tuple[int, ...]) -> tuple[int, int]:
    """Return the dense MACs and the connections of one time."""
    from convcalc.walk import trace

    totals = [trace(layer, shape).totals for layer in layers]
    return sum(total.macs for total in totals), sum(total.connections or 0 for total in totals)
