"""What a layer says of one convolution, by `formulas` alone: of ints, of arrays and of spans alike.

An axis is ``(size, kernel_size, stride, (before, after), dilation)``, ``channels`` are ``(in_channels, out_channels,
groups)``; ``kernel_size``, ``places`` (the windows that fit) and ``live`` (taps) have an entry an axis.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from math import prod
from typing import Any

from convcalc import formulas
from convcalc.arrays.span import Span

Number = Any  # int, array or Span
Channels = tuple[Number, Number, Number]
PerAxis = tuple[Number, ...]
Sides = tuple[Number, Number]
Axis = tuple[Number, Number, Number, Sides, Number]
Formula = Callable[..., Any]


def fits(channels: Channels, *axes: Axis) -> Any:
    """Whether groups divide both channels, and the kernel fits along every axis.

    >>> fits((4, 6, 2), (5, 3, 1, (0, 0), 2)), fits((4, 6, 4), (5, 3, 1, (0, 0), 2))
    (True, False)
    """
    in_channels, out_channels, groups = channels
    found = (in_channels % groups == 0) & (out_channels % groups == 0)
    for axis in axes:
        found = found & (formulas.slack(*axis) >= 0)
    return found


def extent(size: Number, kernel_size: Number, stride: Number, padding: Sides, dilation: Number) -> Number:
    """How much of the layer's input a unit sees along the axis.

    >>> extent(28, 3, 1, (0, 0), 2)
    5
    """
    return formulas.receptive_field(1, 1, formulas.window_extent(kernel_size, dilation))


def elements(maps: Number, places: PerAxis) -> Number:
    """Units of so many maps.

    >>> elements(6, (28, 28))
    4704
    """
    return prod((maps, *places))


def weights(channels: Channels, kernel_size: PerAxis) -> Number:
    """Weights of the kernels.

    >>> weights((3, 16, 1), (4, 4))
    768
    """
    return formulas.weights(formulas.channel_pairs(*channels), kernel_size)


def parameters(channels: Channels, kernel_size: PerAxis, biases: Number) -> Number:
    """Weights and biases.

    >>> parameters((3, 16, 1), (4, 4), 16)
    784
    """
    return formulas.parameters(weights(channels, kernel_size), biases)


def dead_weights(channels: Channels, kernel_size: PerAxis, live: PerAxis) -> Number:
    """Weights but for those at live taps.

    >>> dead_weights((1, 1, 1), (3, 3), (1, 1))
    8
    """
    return weights(channels, kernel_size) - weights(channels, live)


def macs(channels: Channels, kernel_size: PerAxis, places: PerAxis) -> Number:
    """Every tap of every window, for each pair of maps.

    >>> macs((1, 6, 1), (5, 5), (28, 28))
    117600
    """
    taps = tuple(size * windows for size, windows in zip(kernel_size, places, strict=True))
    return formulas.macs(formulas.channel_pairs(*channels), taps)


def connections(channels: Channels, kernel_size: PerAxis, places: PerAxis, biases: Number) -> Number:
    """Uses of a weight or a bias.

    >>> connections((1, 6, 1), (5, 5), (28, 28), 6)
    122304
    """
    return formulas.connections(macs(channels, kernel_size, places), elements(biases, places))


def flops(channels: Channels, kernel_size: PerAxis, places: PerAxis) -> Number:
    """Two for each of the MACs.

    >>> flops((1, 6, 1), (5, 5), (28, 28))
    235200
    """
    return formulas.flops(macs(channels, kernel_size, places))


def exact_macs(which: Sequence[int], real_taps: Formula = formulas.real_taps) -> Formula:
    """The MACs on real elements, as a formula of the channels and the axes that differ; axis i is ``which[i]`` of them.

    >>> exact_macs([0, 0])((1, 6, 1), (28, 5, 1, (2, 2), 1))
    107736
    """

    def found(channels: Channels, *axes: Axis) -> Number:
        taps = [real_taps(*axis) for axis in axes]
        return formulas.macs(formulas.channel_pairs(*channels), tuple(taps[number] for number in which))

    return found


# Bounds of what cannot be run on spans


def bound_of_fits(channels: PerAxis, *axes: Axis) -> Span:
    """True or false, by way of the slacks.

    >>> one = Span(1, 1)
    >>> bound_of_fits((one, one, one), (Span(1, 28), Span(1, 5), one, (one, one), one)).peak
    30
    """
    slacks: list[Any] = [formulas.slack(*axis) for axis in axes]
    return Span(0, 1, *channels, *slacks)


def bound_of_real_taps(size: Number, kernel_size: Number, stride: Number, padding: Sides, dilation: Number) -> Span:
    """At most all taps of all windows, by way of nothing beyond `bound_of_taps`.

    >>> one = Span(1, 1)
    >>> bound_of_real_taps(Span(5, 28), Span(5, 5), one, (one, one), one).high
    130
    """
    axis = (size, kernel_size, stride, padding, dilation)
    taps = kernel_size * formulas.output_size(*axis)
    return _bound(axis, taps.high)


def bound_of_live_taps(size: Number, kernel_size: Number, stride: Number, padding: Sides, dilation: Number) -> Span:
    """At most all taps, by way of nothing beyond `bound_of_taps`.

    >>> one = Span(1, 1)
    >>> bound_of_live_taps(Span(5, 28), Span(1, 5), one, (one, one), one).high
    5
    """
    return _bound((size, kernel_size, stride, padding, dilation), kernel_size.high)


def _bound(axis: tuple[Any, ...], high: int) -> Span:
    """At most ``high`` where the kernel fits; where it may not, what is worked out all the same, and not used."""
    steps = bound_of_taps(*axis)
    slack: Any = formulas.slack(*axis)
    return Span(0 if slack.low >= 0 else -steps.high, max(high, 0) if slack.low >= 0 else steps.high, steps)


def bound_of_taps(size: Number, kernel_size: Number, stride: Number, padding: Sides, dilation: Number) -> Span:
    """No intermediate result of `formulas.real_taps` or `live_taps` is further from 0 than this reaches.

    Let L be all lengths together: size, padding, extent, stride and dilation. Places, limits and slacks are sums of
    these, within 2 L; to clamp one, two such numbers are added and that is doubled. Products are of a number of taps
    and a number of windows or a length, so at most (kernel_size + 1) L, and no more than four are added. Euclid's steps
    only make numbers smaller.

    >>> one = Span(1, 1)
    >>> bound_of_taps(Span(1, 28), Span(1, 5), one, (one, one), one).peak  # 4 * (5 + 1) * (28 + 1 + 1 + 5 + 1 + 1)
    888
    """
    lengths = size + padding[0] + padding[1] + formulas.window_extent(kernel_size, dilation) + stride + dilation
    found: Span = 4 * (kernel_size + 1) * lengths
    return found
