"""Convolution: executed on arrays, and counted on ones."""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache
from math import prod

import numpy as np

from convcalc.errors import ConvcalcError
from convcalc.layers.base import Layer
from convcalc.layers.conv import Conv
from convcalc.layers.settings import Shape
from convcalc.ops.base import Counts, Operation
from convcalc.ops.choice import FAST, can, choose, convolve, scratch_bytes
from convcalc.ops.problem import ConvAxis, ConvProblem
from convcalc.ops.reference import sources_of
from convcalc.ops.scratch import FLOAT
from convcalc.ops.sliding import Array, Window, check_sides, output_size, pad, taps


def shapes(layer: Conv) -> dict[str, Shape]:
    """Return the shapes of the layer's arrays: (out, in/groups, *kernel) and (out,).

    >>> from convcalc import Conv2d
    >>> shapes(Conv2d(3, 16, 4))
    {'weight': (16, 3, 4, 4), 'bias': (16,)}
    """
    weight = {"weight": (layer.out_channels, layer.in_channels // layer.groups, *layer.kernel_size)}
    return weight | ({"bias": (layer.out_channels,)} if layer.bias else {})


def output_shape(layer: Conv, input_shape: Shape) -> Shape:
    """Return the output's shape: count the windows that fit the padded sizes.

    >>> from convcalc import Conv2d
    >>> output_shape(Conv2d(3, 16, 4, stride=2), (10, 3, 28, 28))
    (10, 16, 13, 13)
    """
    rank = len(layer.kernel_size)
    if len(input_shape) not in (rank + 1, rank + 2) or input_shape[-1 - rank] != layer.in_channels:
        raise ConvcalcError(f"{layer!r} takes {layer.in_channels} channels and {rank} axes, got {list(input_shape)}")
    batch, sizes = input_shape[: -1 - rank], input_shape[-rank:]
    if 0 in sizes and 0 not in (*batch, layer.in_channels):
        raise ConvcalcError(f"{layer!r} got a size of 0 in {list(input_shape)}: every spatial size must be at least 1")
    check_sides((1, layer.in_channels, *sizes), layer.padding, layer.padding_mode)
    out_channels = layer.out_channels if layer.in_channels else 0  # as PyTorch: without channels to sum, no outputs
    return (*batch, out_channels, *output_size(_padded_sizes(layer, input_shape), _windows(layer)))


def run(layer: Conv, x: Array, weight: Array, bias: Array | None = None, algorithm: str | None = None) -> Array:
    """Return (N, O, *output_size) for (N, C, *sizes), or for one example; with ``algorithm`` or the fastest."""
    shape, rank = x.shape, len(layer.kernel_size)
    problem = problem_of(layer, shape)
    name = algorithm or choose(problem, weight.dtype)
    out = np.empty((problem.batch, problem.out_channels, *(span.output_size for span in problem.axes)), weight.dtype)
    if out.size:
        x = x.reshape(problem.batch, problem.in_channels, *(span.size for span in problem.axes))
        weight = weight.reshape(*weight.shape[:2], *(span.kernel_size for span in problem.axes))
        convolve(name, problem, x, weight, bias, out)
    return out.reshape(*shape[: -1 - rank], problem.out_channels, *out.shape[-rank:])


@lru_cache(1024)
def problem_of(layer: Conv, input_shape: Shape) -> ConvProblem:
    """Return what there is to compute, axis by axis; refuse what `output_shape` refuses.

    >>> from convcalc import Conv1d
    >>> problem_of(Conv1d(1, 1, 2), (1, 1, 3)).columns
    ConvAxis(size=3, before=0, after=0, kernel_size=2, stride=1, dilation=1, output_size=2)
    """
    rank = len(layer.kernel_size)
    found = output_shape(layer, input_shape)
    settings = zip(input_shape[-rank:], layer.padding, _windows(layer), found[-rank:], strict=True)
    axes = [ConvAxis(size, *sides, *window, output_size) for size, sides, window, output_size in settings]
    if rank == 1:
        axes.insert(0, ConvAxis(1, 0, 0, kernel_size=1, stride=1, dilation=1, output_size=1))
    return ConvProblem(
        prod(input_shape[: -1 - rank]),
        layer.in_channels,
        found[-1 - rank],
        layer.groups,
        tuple(axes),
        layer.padding_mode,
        layer.table,
    )


def algorithm(layer: Conv, input_shape: Shape, dtype: object, wanted: str | None = None) -> str:
    """Return the name of the algorithm that a run uses: the one wanted, or the fastest; refuse one that cannot.

    >>> from convcalc import Conv2d
    >>> algorithm(Conv2d(64, 64, 3), (1, 64, 56, 56), np.float32), algorithm(Conv2d(64, 64, 3), (1, 64, 56, 56), int)
    ('winograd', 'direct')
    """
    problem = problem_of(layer, input_shape)
    if wanted is None:
        return choose(problem, dtype)
    names = [name for name in ("direct", *FAST) if can(name, problem, dtype)]
    if wanted not in names:
        raise ConvcalcError(f"{layer!r} cannot be executed with {wanted!r} here: use {' or '.join(map(repr, names))}")
    return wanted


def count(layer: Conv, input_shape: Shape) -> Counts:
    """Execute the taps on ones for one pair of maps, and walk the pairs one by one.

    >>> from convcalc import Conv2d
    >>> count(Conv2d(1, 6, 5, padding=2), (1, 1, 28, 28)).macs_exact
    107736
    """
    positions = prod(output_shape(layer, input_shape)[-len(layer.kernel_size) :])
    ones = np.ones(input_shape[-len(layer.kernel_size) :], dtype=np.int64)
    dense, _ = _products(layer, ones, fill=1)
    exact, live = _products(layer, ones, fill=0)
    pairs = count_edges(layer)
    return Counts(
        weights=pairs * prod(layer.kernel_size),
        live_weights=pairs * live,
        biases=layer.out_channels if layer.bias else 0,
        connections=pairs * dense + (layer.out_channels * positions if layer.bias and layer.in_channels else 0),
        macs=pairs * dense,
        macs_exact=pairs * exact,
    )


def _products(layer: Conv, ones: Array, fill: int) -> tuple[int, int]:
    """Return the sum of what all taps meet, with ``fill`` in the padding, and the number of taps that meet anything."""
    total = live = 0
    for _, met in taps(pad(ones, layer.padding, layer.padding_mode, fill), _windows(layer)):
        products = int(met.sum())
        total += products
        live += products > 0
    return total, live


def count_edges(layer: Conv) -> int:
    """Mark the pairs of maps that a kernel connects, map by map, and count them.

    >>> from convcalc import Conv2d
    >>> count_edges(Conv2d(4, 6, 1, groups=2))
    12
    """
    total = 0
    for sources in sources_of(layer):
        read = np.zeros(layer.in_channels, dtype=bool)
        read[sources if isinstance(sources, slice) else list(sources)] = True
        total += int(np.count_nonzero(read))
    return total


def extra_bytes(layer: Conv, inputs: Sequence[Shape], output: Shape, itemsize: int) -> int:
    """Bound the memory by the scratch of the algorithm, or by the ones of a count and the same padded.

    >>> from convcalc import Conv1d
    >>> extra_bytes(Conv1d(1, 1, 2, padding=1), [(1, 1, 3)], (1, 1, 4), itemsize=8)  # 4 * 2 + 1 numbers
    72
    """
    counting = 8 * (prod(inputs[0][-len(layer.kernel_size) :]) + prod(_padded_sizes(layer, inputs[0])))
    if 0 in output:
        return counting
    problem = problem_of(layer, inputs[0])
    name = choose(problem, FLOAT if itemsize == FLOAT.itemsize else None)
    return max(counting, scratch_bytes(name, problem, itemsize))


def _padded_sizes(layer: Conv, input_shape: Shape) -> tuple[int, ...]:
    sizes = input_shape[-len(layer.padding) :]
    return tuple(size + before + after for size, (before, after) in zip(sizes, layer.padding, strict=True))


def _windows(layer: Conv) -> list[Window]:
    return list(zip(layer.kernel_size, layer.stride, layer.dilation, strict=True))


OPERATIONS: dict[type[Layer], Operation] = {
    Conv: Operation(run, output_shape, shapes, count, extra_bytes, algorithm=algorithm)
}
