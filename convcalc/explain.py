"""Every formula with its numbers put in. The one home of formula strings; a test evaluates each."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from math import gcd
from typing import TYPE_CHECKING, Any, NamedTuple

from convcalc import formulas
from convcalc.layers.base import is_a
from convcalc.layers.conv import Conv
from convcalc.layers.windows import AXES, ELEMENTS, Window
from convcalc.report import DTYPE, ITEMSIZES, Row

if TYPE_CHECKING:
    from fractions import Fraction

    from convcalc.layers.adaptive import AdaptivePool
    from convcalc.layers.lecun import Subsampling2d
    from convcalc.layers.linear import Linear
    from convcalc.layers.pool import Pool
    from convcalc.layers.transposed import ConvTranspose

OUTPUT_BYTES = "bytes of output"
FEW_WINDOWS = 12  # so that a line stays short


class Line(NamedTuple):
    """A figure, the expression that gives it (in Python's syntax, with ``floor``), and its value."""

    figure: str
    formula: str
    value: int | Fraction


def explain(row: Row, dtype: str = DTYPE) -> tuple[Line, ...]:
    """Return the lines of a row; of a block, those of its layers, but for outputs that stay inside it.

    >>> from convcalc import Conv2d, trace
    >>> explain(trace(Conv2d(3, 16, 4, stride=2), (10, 3, 28, 28)).rows[0])[0]
    Line(figure='output H', formula='floor((28 + 2*0 - 1*(4 - 1) - 1) / 2) + 1', value=13)
    """
    itemsize, leaves = ITEMSIZES[dtype], row.leaves
    lines = [(leaf, line) for leaf in leaves for line in _lines(leaf, itemsize)]
    return tuple(line for leaf, line in lines if leaf is leaves[-1] or line.figure != OUTPUT_BYTES)


def _lines(row: Row, itemsize: int) -> Iterator[Line]:
    figures = row.figures
    yield from _windows(row)
    for kind, costs in COSTS.items():
        if is_a(row.layer, kind):
            yield from costs(row, row.layer)
    if figures.macs:
        yield Line("FLOPs", f"2 * {figures.macs}", figures.flops)
    yield from _fields(row)
    if figures.parameters:
        yield Line("bytes of parameters", f"{itemsize} * {figures.parameters}", figures.parameter_bytes)
    if not row.layer.aliases:
        yield Line(OUTPUT_BYTES, f"{itemsize} * {_product(row.output)}", figures.output_bytes)


def _windows(row: Row) -> Iterator[Line]:
    sizes = row.output[len(row.output) - len(row.windows) :]
    for axis, window, size in zip(AXES[len(row.windows)], row.windows, sizes, strict=True):
        yield Line(f"output {axis}", f"floor(({_slack(window)}) / {window.stride}) + 1", size)
    for axis, window, left in zip(AXES[len(row.windows)], row.windows, row.leftover, strict=True):
        if window.stride > 1:
            yield Line(f"left over {axis}", f"({_slack(window)}) % {window.stride}", left)
    for axis, window, unread in zip(AXES[len(row.windows)], row.windows, row.unread, strict=True):
        if unread.elements:
            read = window.size - unread.elements
            yield Line(f"unread {ELEMENTS[axis]}", f"{window.size} - {read}", unread.elements)


def _slack(window: Window) -> str:
    before, after = window.padding
    padding = f"2*{before}" if before == after else f"{before} + {after}"
    return f"{window.size} + {padding} - {window.dilation}*({window.kernel_size} - 1) - 1"


def _conv(row: Row, layer: Conv) -> Iterator[Line]:
    figures = row.figures
    maps = layer.in_channels // layer.groups
    pairs = f"{layer.out_channels}*{maps}" if layer.table is None else f"{layer.channel_pairs}"
    weights = f"{pairs}*{_product(layer.kernel_size)}"
    places = row.output[-len(row.windows) :]
    yield Line("weights", weights, figures.weights)
    yield Line("parameters", f"{weights} + {figures.biases}", figures.parameters)
    # Where there are no channels there are no units to bias.
    biases = figures.biases if layer.in_channels else 0
    yield Line("connections", f"({weights} + {biases}) * {_product(places)}", figures.connections or 0)
    yield Line("MACs, dense", f"{weights} * {_product(places)}", figures.macs)
    real = [window.kernel_size * size for window, size in zip(row.windows, places, strict=True)]
    if layer.padding_mode == "zeros":
        real = [formulas.real_taps(*window.geometry) for window in row.windows]
    for axis, window, size, taps in zip(AXES[len(row.windows)], row.windows, places, real, strict=True):
        yield Line(f"taps on real {axis}", _real_taps(window, size, taps), taps)
    yield Line("MACs, exact", f"{pairs} * {_product(real)}", figures.macs_exact)
    if figures.dead_weights:
        live = [formulas.live_taps(*window.geometry) for window in row.windows]
        dead = f"{pairs}*({_product(layer.kernel_size)} - {_product(live)})"
        yield Line("dead weights", dead, figures.dead_weights)


def _real_taps(window: Window, places: int, real: int) -> str:
    """All taps at all places, less those on the padding: window by window where only few windows reach it."""
    taps = f"{window.kernel_size}*{places}"
    on_padding = window.kernel_size * places - real
    before, after = window.padding
    reaching = -(-before // window.stride), -(-after // window.stride)  # windows at either end that may
    if not on_padding or sum(reaching) > FEW_WINDOWS or window.kernel_size > FEW_WINDOWS:
        return f"{taps} - {on_padding}"
    ends = sorted({*range(min(reaching[0], places)), *range(max(places - reaching[1], 0), places)})
    counts = [count for count in (_taps_on_padding(window, place) for place in ends) if count]
    return f"{taps} - ({' + '.join(map(str, counts))})" if len(counts) > 1 else f"{taps} - {on_padding}"


def _taps_on_padding(window: Window, place: int) -> int:
    indices = (place * window.stride + tap * window.dilation - window.padding[0] for tap in range(window.kernel_size))
    return sum(not 0 <= index < window.size for index in indices)


def _transposed(row: Row, layer: ConvTranspose) -> Iterator[Line]:
    figures = row.figures
    axes = layer.axes(row.input)
    for axis, settings, made in zip(AXES[len(axes)], axes, row.output[-len(axes) :], strict=True):
        yield Line(f"output {axis}", _reach(*settings), made)
    pairs = f"{layer.in_channels}*{layer.out_channels // layer.groups}"
    weights = f"{pairs}*{_product(layer.kernel_size)}"
    macs = f"{weights} * {_product([axis[0] for axis in axes])}"
    units = f" + {layer.out_channels}*{_product(row.output[-len(axes) :])}" if layer.bias else ""
    cut = [(size, taps, size * taps - formulas.transposed_real_taps(size, taps, *rest)) for size, taps, *rest in axes]
    inside = " * ".join(f"({taps}*{size} - {outside})" for size, taps, outside in cut)
    yield Line("weights", weights, figures.weights)
    yield Line("parameters", f"{weights} + {figures.biases}", figures.parameters)
    yield Line("connections", f"{macs}{units}", figures.connections or 0)
    yield Line("MACs, dense", macs, figures.macs)
    yield Line("MACs, exact", f"{pairs} * {inside}", figures.macs_exact)
    if figures.dead_weights:
        live = [formulas.transposed_live_taps(*axis) for axis in axes]
        dead = f"{pairs}*({_product(layer.kernel_size)} - {_product(live)})"
        yield Line("dead weights", dead, figures.dead_weights)


def _reach(size: int, kernel_size: int, stride: int, padding: int, output_padding: int, dilation: int) -> str:
    return f"({size} - 1)*{stride} - 2*{padding} + {dilation}*({kernel_size} - 1) + {output_padding} + 1"


def _linear(row: Row, layer: Linear) -> Iterator[Line]:
    figures = row.figures
    weights = f"{layer.out_features}*{layer.in_features}"
    pairs = layer.channel_pairs
    vectors = figures.macs // pairs if pairs else 0  # of one example; where there is no batch only the trace knows
    if figures.weights:
        yield Line("weights", weights, figures.weights)
        yield Line("parameters", f"{weights} + {figures.biases}", figures.parameters)
    else:
        yield Line("fixed weights", weights, figures.buffers)
    yield Line("connections", f"({weights} + {figures.biases}) * {vectors}", figures.connections or 0)
    yield Line("MACs", f"{weights} * {vectors}", figures.macs)


def _subsampling(row: Row, layer: Subsampling2d) -> Iterator[Line]:
    figures = row.figures
    outputs = _product(row.output[-3:])
    yield Line("parameters", f"{layer.channels}*(1 + 1)", figures.parameters)
    yield Line("connections", f"{outputs} * ({_product(layer.kernel_size)} + 1)", figures.connections or 0)
    yield Line("MACs", outputs, figures.macs)


def _pool(row: Row, layer: Pool) -> Iterator[Line]:
    outputs = _product(row.output[-1 - len(row.windows) :])
    yield Line("connections", f"{_product(layer.kernel_size)} * {outputs}", row.figures.connections or 0)


def _adaptive(row: Row, layer: AdaptivePool) -> Iterator[Line]:
    """The bins of an axis hold all its elements, and two bins those where a boundary falls inside one."""
    elements = [f"({size} + {bins} - {gcd(size, bins)})" for size, bins in layer.axes(row.input)]
    yield Line("connections", f"{layer.channels(row.input)} * {'*'.join(elements)}", row.figures.connections or 0)


def _fields(row: Row) -> Iterator[Line]:
    if len(row.field) != len(row.windows) or any(field.jump is None for field in row.seen):
        return  # the axes are no longer those of the input
    axes = list(zip(AXES[len(row.windows)], row.windows, row.seen, row.field, strict=True))
    for axis, window, before, after in axes:
        reach = f"{before.size} + {window.dilation}*({window.kernel_size} - 1)*{before.jump}"
        yield Line(f"receptive field {axis}", reach, after.size)
    for axis, window, before, after in axes:
        yield Line(f"jump {axis}", f"{before.jump}*{window.stride}", after.jump or 0)
    for axis, window, before, after in axes:
        yield Line(f"start {axis}", f"{before.start} - {window.padding[0]}*{before.jump}", after.start)


def _product(numbers: tuple[int, ...] | list[int]) -> str:
    return "*".join(map(str, numbers)) or "1"


COSTS: dict[str, Callable[[Row, Any], Iterator[Line]]] = {
    "Conv": _conv,
    "ConvTranspose": _transposed,
    "Linear": _linear,
    "Subsampling2d": _subsampling,
    "Pool": _pool,
    "AdaptivePool": _adaptive,
}
