"""The formulas of a row: each in letters, with its numbers, and its value. This is the one home of formula strings.

A formula is written once, in letters; its numbers are put in for the letters. Tests evaluate every one.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
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

# What a letter stands for, and the option that sets it. Behind a letter stands its axis: k_H, k_W.
LETTERS = {
    "I": "input size",
    "k": "kernel size (--kernel-size)",
    "s": "stride (--stride)",
    "p": "padding on each side (--padding)",
    "a": "padding before the first element (--padding)",
    "e": "padding after the last element (--padding)",
    "d": "dilation (--dilation)",
    "q": "output padding (output_padding)",
    "o": "output size",
    "n": "output size (output_size)",
    "C": "input channels",
    "O": "output channels (--out-channels)",
    "c": "input channels of one kernel: input channels / groups (--groups)",
    "u": "output channels of one input channel: output channels / groups (groups)",
    "m": "pairs of an input map and an output map in the connection table",
    "b": "biases (--bias or --no-bias)",
    "r": "elements that windows read",
    "z": "taps on padding, in all positions",
    "t": "taps on real elements, in all positions",
    "l": "kernel positions that ever meet a real element",
    "x": "taps that land outside the output",
    "i": "in_features",
    "f": "out_features",
    "v": "vectors in one example",
    "g": "greatest common divisor of input size and output size",
    "E": "elements of the output",
    "R": "receptive field of the input",
    "J": "jump of the input: its distance between neighbours, in elements of the network's input",
    "T": "start of the input's receptive field",
    "M": "MACs, dense",
    "P": "parameters",
    "B": "bytes of one number",
}

# What a figure is, in a few words.
MEANINGS = {
    "output": "positions that the kernel takes along the axis",
    "left over": "elements after the last window",
    "unread": "elements that no window reads",
    "weights": "trainable weights",
    "fixed weights": "weights that are not trained",
    "parameters": "weights and biases",
    "connections": "uses of a weight or a bias in one example",
    "MACs": "multiply-accumulates in one example",
    "MACs, dense": "multiply-accumulates in one example, those with padding too",
    "MACs, exact": "multiply-accumulates in one example, only those with real elements",
    "taps on real": "taps on real elements along the axis, in all positions",
    "dead weights": "weights that only ever meet padding",
    "FLOPs": "a multiplication and an addition for each multiply-accumulate",
    "receptive field": "elements of the network's input that one output sees",
    "jump": "distance of what two neighbours see, in elements of the network's input",
    "start": "first element that the first output sees, negative inside padding",
    "bytes of parameters": "memory of the weights and biases",
    OUTPUT_BYTES: "memory of the output, for the whole batch",
}


class Line(NamedTuple):
    """A figure, the expression that gives it (in Python's syntax, with ``floor``), and its value.

    ``letters`` is the same expression in letters, and ``given`` what each letter is.
    """

    figure: str
    formula: str
    value: int | Fraction
    letters: str = ""
    given: Mapping[str, object] = {}

    @property
    def kind(self) -> str:
        """The figure without its axis.

        >>> Line("output H", "1", 1).kind
        'output'
        """
        name, _, last = self.figure.rpartition(" ")
        return name if last in (*ELEMENTS, *ELEMENTS.values()) else self.figure

    @property
    def meaning(self) -> str:
        """What the figure is, in a few words."""
        return MEANINGS[self.kind]


def line(figure: str, letters: str, value: int | Fraction, **given: object) -> Line:
    """Return the line of a formula in letters: numbers are put in for its letters.

    >>> line("parameters", "O*c + b", 15, O=3, c=4, b=3).formula
    '3*4 + 3'
    """
    formula = re.sub(r"[A-Za-z]\w*", lambda letter: str(given.get(letter[0], letter[0])), letters)
    used = {letter: given[letter] for letter in re.findall(r"[A-Za-z]\w*", letters) if letter in given}
    return Line(figure, formula, value, letters, used)


def explain(row: Row, dtype: str = DTYPE) -> tuple[Line, ...]:
    """Return the lines of a row; of a block, those of its layers, but for outputs that stay inside it.

    >>> from convcalc import Conv2d, trace
    >>> explain(trace(Conv2d(3, 16, 4, stride=2), (10, 3, 28, 28)).rows[0])[0].formula
    'floor((28 + 2*0 - 1*(4 - 1) - 1) / 2) + 1'
    """
    itemsize, leaves = ITEMSIZES[dtype], row.leaves
    found = [(leaf, each) for leaf in leaves for each in _lines(leaf, itemsize)]
    return tuple(each for leaf, each in found if leaf is leaves[-1] or each.figure != OUTPUT_BYTES)


def _lines(row: Row, itemsize: int) -> Iterator[Line]:
    figures = row.figures
    yield from _windows(row)
    for kind, costs in COSTS.items():
        if is_a(row.layer, kind):
            yield from costs(row, row.layer)
    if figures.macs:
        yield line("FLOPs", "2 * M", figures.flops, M=figures.macs)
    yield from _fields(row)
    if figures.parameters:
        yield line("bytes of parameters", "B * P", figures.parameter_bytes, B=itemsize, P=figures.parameters)
    if not row.layer.aliases:
        yield line(OUTPUT_BYTES, "B * E", figures.output_bytes, B=itemsize, E=_product(row.output))


def _windows(row: Row) -> Iterator[Line]:
    axes = AXES[len(row.windows)]
    sizes = row.output[len(row.output) - len(row.windows) :]
    for axis, window, size in zip(axes, row.windows, sizes, strict=True):
        yield line(f"output {axis}", f"floor(({_slack(axis, window)}) / s_{axis}) + 1", size, **_given(axis, window))
    for axis, window, left in zip(axes, row.windows, row.leftover, strict=True):
        if window.stride > 1:
            yield line(f"left over {axis}", f"({_slack(axis, window)}) % s_{axis}", left, **_given(axis, window))
    for axis, window, unread in zip(axes, row.windows, row.unread, strict=True):
        if unread.elements:
            read = {f"r_{axis}": window.size - unread.elements}
            yield line(
                f"unread {ELEMENTS[axis]}", f"I_{axis} - r_{axis}", unread.elements, **_given(axis, window), **read
            )


def _slack(axis: str, window: Window) -> str:
    before, after = window.padding
    padding = f"2*p_{axis}" if before == after else f"a_{axis} + e_{axis}"
    return f"I_{axis} + {padding} - d_{axis}*(k_{axis} - 1) - 1"


def _given(axis: str, window: Window) -> dict[str, object]:
    """The letters of an axis under a window."""
    before, after = window.padding
    letters = {"I": window.size, "k": window.kernel_size, "s": window.stride, "d": window.dilation}
    return {f"{letter}_{axis}": value for letter, value in {**letters, "p": before, "a": before, "e": after}.items()}


def _along(letter: str, axes: Sequence[str], values: Sequence[object]) -> dict[str, object]:
    """A letter for each axis.

    >>> _along("k", ("H", "W"), (3, 5))
    {'k_H': 3, 'k_W': 5}
    """
    return {f"{letter}_{axis}": value for axis, value in zip(axes, values, strict=True)}


def _letters(letter: str, axes: Sequence[str]) -> str:
    return _product([f"{letter}_{axis}" for axis in axes])


def _conv(row: Row, layer: Conv) -> Iterator[Line]:
    figures, axes, windows = row.figures, AXES[len(row.windows)], row.windows
    sizes = row.output[-len(windows) :]
    given: dict[str, object] = {"O": layer.out_channels, "c": layer.in_channels // layer.groups}
    given |= {"m": layer.channel_pairs, "b": figures.biases}
    given |= _along("k", axes, layer.kernel_size) | _along("o", axes, sizes)
    pairs, taps, outputs = "O*c" if layer.table is None else "m", _letters("k", axes), _letters("o", axes)
    yield line("weights", f"{pairs}*{taps}", figures.weights, **given)
    yield line("parameters", f"{pairs}*{taps} + b", figures.parameters, **given)
    # Where there are no channels there are no units to bias.
    used = given if layer.in_channels else {**given, "b": 0}
    yield line("connections", f"({pairs}*{taps} + b) * {outputs}", figures.connections or 0, **used)
    yield line("MACs, dense", f"{pairs}*{taps} * {outputs}", figures.macs, **given)
    real = [window.kernel_size * size for window, size in zip(windows, sizes, strict=True)]
    if layer.padding_mode == "zeros":
        real = [formulas.real_taps(*window.geometry) for window in windows]
    for axis, window, size, count in zip(axes, windows, sizes, real, strict=True):
        on_padding = {f"z_{axis}": _taps_on_padding(window, size, count)}
        yield line(f"taps on real {axis}", f"k_{axis}*o_{axis} - z_{axis}", count, **given, **on_padding)
    yield line(
        "MACs, exact", f"{pairs} * {_letters('t', axes)}", figures.macs_exact, **given, **_along("t", axes, real)
    )
    if figures.dead_weights:
        live = _along("l", axes, [formulas.live_taps(*window.geometry) for window in windows])
        yield line("dead weights", f"{pairs}*({taps} - {_letters('l', axes)})", figures.dead_weights, **given, **live)


def _taps_on_padding(window: Window, output_size: int, real: int) -> str:
    """How many taps lie on padding, window by window where only few windows reach it."""
    on_padding = window.kernel_size * output_size - real
    before, after = window.padding
    reaching = -(-before // window.stride), -(-after // window.stride)  # windows at either end that may
    if not on_padding or sum(reaching) > FEW_WINDOWS or window.kernel_size > FEW_WINDOWS:
        return str(on_padding)
    ends = sorted({*range(min(reaching[0], output_size)), *range(max(output_size - reaching[1], 0), output_size)})
    counts = [count for count in (_taps_of_window(window, number) for number in ends) if count]
    return f"({' + '.join(map(str, counts))})" if len(counts) > 1 else str(on_padding)


def _taps_of_window(window: Window, number: int) -> int:
    first = number * window.stride - window.padding[0]
    indices = (first + tap * window.dilation for tap in range(window.kernel_size))
    return sum(not 0 <= index < window.size for index in indices)


def _transposed(row: Row, layer: ConvTranspose) -> Iterator[Line]:
    figures = row.figures
    settings = layer.axes(row.input)
    axes = AXES[len(settings)]
    outputs = row.output[-len(axes) :]
    given: dict[str, object] = {"C": layer.in_channels, "u": layer.out_channels // layer.groups}
    given |= {"O": layer.out_channels, "b": figures.biases}
    for axis, (size, kernel_size, stride, padding, output_padding, dilation) in zip(axes, settings, strict=True):
        letters = {"I": size, "k": kernel_size, "s": stride, "p": padding, "q": output_padding, "d": dilation}
        given |= {f"{letter}_{axis}": value for letter, value in letters.items()}
    for axis, output_size in zip(axes, outputs, strict=True):
        reach = f"(I_{axis} - 1)*s_{axis} - 2*p_{axis} + d_{axis}*(k_{axis} - 1) + q_{axis} + 1"
        yield line(f"output {axis}", reach, output_size, **given)
    taps = _letters("k", axes)
    macs = f"C*u*{taps} * {_letters('I', axes)}"
    yield line("weights", f"C*u*{taps}", figures.weights, **given)
    yield line("parameters", f"C*u*{taps} + b", figures.parameters, **given)
    units = f" + O*{_letters('o', axes)}" if layer.bias else ""
    yield line("connections", f"{macs}{units}", figures.connections or 0, **given, **_along("o", axes, outputs))
    yield line("MACs, dense", macs, figures.macs, **given)
    outside = [size * taps - formulas.transposed_real_taps(size, taps, *rest) for size, taps, *rest in settings]
    inside = " * ".join(f"(k_{axis}*I_{axis} - x_{axis})" for axis in axes)
    yield line("MACs, exact", f"C*u * {inside}", figures.macs_exact, **given, **_along("x", axes, outside))
    if figures.dead_weights:
        live = _along("l", axes, [formulas.transposed_live_taps(*axis) for axis in settings])
        yield line("dead weights", f"C*u*({taps} - {_letters('l', axes)})", figures.dead_weights, **given, **live)


def _linear(row: Row, layer: Linear) -> Iterator[Line]:
    figures = row.figures
    pairs = layer.channel_pairs
    given = {"f": layer.out_features, "i": layer.in_features, "b": figures.biases}
    given |= {"v": figures.macs // pairs if pairs else 0}  # where there is no batch only the trace knows
    if figures.weights:
        yield line("weights", "f*i", figures.weights, **given)
        yield line("parameters", "f*i + b", figures.parameters, **given)
    else:
        yield line("fixed weights", "f*i", figures.buffers, **given)
    yield line("connections", "(f*i + b) * v", figures.connections or 0, **given)
    yield line("MACs", "f*i * v", figures.macs, **given)


def _subsampling(row: Row, layer: Subsampling2d) -> Iterator[Line]:
    figures, axes = row.figures, AXES[2]
    given: dict[str, object] = {"C": layer.channels, **_along("k", axes, layer.kernel_size)}
    given |= _along("o", axes, row.output[-2:])
    outputs = f"C*{_letters('o', axes)}"
    yield line("parameters", "C*(1 + 1)", figures.parameters, **given)
    yield line("connections", f"{outputs} * ({_letters('k', axes)} + 1)", figures.connections or 0, **given)
    yield line("MACs", outputs, figures.macs, **given)


def _pool(row: Row, layer: Pool) -> Iterator[Line]:
    axes = AXES[len(row.windows)]
    channels, *sizes = row.output[-1 - len(axes) :]
    given = {"C": channels, **_along("k", axes, layer.kernel_size), **_along("o", axes, sizes)}
    letters = f"{_letters('k', axes)} * C*{_letters('o', axes)}"
    yield line("connections", letters, row.figures.connections or 0, **given)


def _adaptive(row: Row, layer: AdaptivePool) -> Iterator[Line]:
    """The bins of an axis hold all its elements, and two bins those where a boundary falls inside one."""
    settings = layer.axes(row.input)
    axes = AXES[len(settings)]
    given: dict[str, object] = {"C": layer.channels(row.input)}
    for axis, (size, bins) in zip(axes, settings, strict=True):
        given |= {f"I_{axis}": size, f"n_{axis}": bins, f"g_{axis}": gcd(size, bins)}
    elements = [f"(I_{axis} + n_{axis} - g_{axis})" for axis in axes]
    yield line("connections", f"C * {'*'.join(elements)}", row.figures.connections or 0, **given)


def _fields(row: Row) -> Iterator[Line]:
    if len(row.field) != len(row.windows) or not all(field.is_uniform for field in (*row.seen, *row.field)):
        return  # the axes are no longer those of the input, or units differ
    axes = list(zip(AXES[len(row.windows)], row.windows, row.seen, row.field, strict=True))
    given: dict[str, object] = {}
    for axis, window, before, _ in axes:
        given |= _given(axis, window)
        given |= {f"R_{axis}": before.size, f"J_{axis}": before.jump, f"T_{axis}": before.start}
        given |= {f"p_{axis}": window.padding[0]}
    for axis, _, _, after in axes:
        yield line(f"receptive field {axis}", f"R_{axis} + d_{axis}*(k_{axis} - 1)*J_{axis}", after.size or 0, **given)
    for axis, _, _, after in axes:
        yield line(f"jump {axis}", f"J_{axis}*s_{axis}", after.jump or 0, **given)
    for axis, window, _, after in axes:
        padding = "p" if window.padding[0] == window.padding[1] else "a"
        yield line(f"start {axis}", f"T_{axis} - {padding}_{axis}*J_{axis}", after.start or 0, **given)


def _product(numbers: Sequence[object]) -> str:
    return "*".join(map(str, numbers)) or "1"


COSTS: dict[str, Callable[[Row, Any], Iterator[Line]]] = {
    "Conv": _conv,
    "ConvTranspose": _transposed,
    "Linear": _linear,
    "Subsampling2d": _subsampling,
    "Pool": _pool,
    "AdaptivePool": _adaptive,
}
