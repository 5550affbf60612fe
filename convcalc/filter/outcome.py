"""A picture filtered, and the figures of it: the one result that the table, the JSON and the pictures are made from."""

from __future__ import annotations

from time import perf_counter
from typing import TYPE_CHECKING, NamedTuple

from convcalc.filter.kernel import Filter, Number, Order, Settings, parts
from convcalc.filter.picture import colours
from convcalc.filter.tally import Tell, part_of

if TYPE_CHECKING:
    from convcalc.layers.conv import Conv
    from convcalc.ops.sliding import Array


class Outcome(NamedTuple):
    """What went in, what was done, what came out."""

    before: Array
    after: Array
    filter: Filter
    settings: Settings  # with the range that was taken; None of floats that are left as they are
    repeat: int
    low: Number | None  # the lowest result before the range, of the last time; None where there is none but NaN
    high: Number | None
    layers: tuple[Conv, ...]  # the same kernel as a convolution, two of a gradient; none of an order
    macs: int | None  # of all channels and all times; None of an order
    connections: int
    seconds: float


def run(
    picture: Array,
    filter: Filter,  # noqa: A002 - the field's word
    settings: Settings = Settings(),  # noqa: B008 - frozen
    repeat: int = 1,
    tell: Tell | None = None,
) -> Outcome:
    """Filter a picture, H x W or H x W x C, so many times, each time what came out before; ``tell`` hears how far.

    >>> import numpy as np
    >>> from convcalc.filter.kernel import linear
    >>> outcome = run(np.eye(3, dtype=np.uint8), linear("sum", ((1, 1, 1),) * 3, "clip", ""), Settings("zeros"))
    >>> outcome.after.tolist(), outcome.macs
    ([[2, 2, 1], [2, 3, 2], [1, 2, 2]], 81)
    """
    from convcalc.filter.apply import apply
    from convcalc.filter.ranges import range_of

    started = perf_counter()
    after, low, high, macs, connections = picture, None, None, 0, 0
    layers = as_layers(filter, settings, colours(picture))
    for number in range(repeat):
        before = after
        after, low, high = apply(before, filter, settings, tell=part_of(tell, number, repeat))
        costs = _costs(filter, settings, layers, before)
        macs, connections = macs + costs[0], connections + costs[1]
    seconds = perf_counter() - started
    taken = settings._replace(range=range_of(settings.range, filter.range, picture.dtype))
    counted = None if isinstance(filter, Order) else macs
    return Outcome(picture, after, filter, taken, repeat, low, high, layers, counted, connections, seconds)


def as_layers(filter: Filter, settings: Settings, channels: int) -> tuple[Conv, ...]:  # noqa: A002
    """The same as convolutions, a group a channel; none of an order, which is no sum."""
    from convcalc.filter.describe import as_conv2d

    return tuple(as_conv2d(kernel, settings, channels) for kernel in parts(filter))


def _costs(filter: Filter, settings: Settings, layers: tuple[Conv, ...], picture: Array) -> tuple[int, int]:  # noqa: A002
    """The dense MACs and the connections of one time, as of layers; an order's connections are a pool's: a tap each."""
    from convcalc.walk import trace

    shape = (1, colours(picture), *picture.shape[:2])
    if isinstance(filter, Order):
        from convcalc.filter.describe import as_conv2d
        from convcalc.filter.kernel import linear

        rows, columns = filter.size
        shaped = linear("", ((1,) * columns,) * rows, "clip", "")
        return 0, trace(as_conv2d(shaped, settings, shape[1]), shape).totals.connections or 0
    totals = [trace(layer, shape).totals for layer in layers]
    return sum(total.macs for total in totals), sum(total.connections or 0 for total in totals)
