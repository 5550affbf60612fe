"""Convolution: run on arrays, and counted on ones."""

from __future__ import annotations

from functools import lru_cache
from math import prod

import numpy as np

from convcalc.errors import ConvcalcError
from convcalc.layers.base import Layer
from convcalc.layers.conv import Conv
from convcalc.layers.settings import Shape
from convcalc.ops import direct
from convcalc.ops.base import Counts, Operation
from convcalc.ops.choice import FAST, can, choose
from convcalc.ops.problem import Problem, Span
from convcalc.ops.reference import connections
from convcalc.ops.scratch import FLOAT
from convcalc.ops.sliding import Array, Axis, check_sides, pad, taps, window_places


def shapes(layer: Conv) -> dict[str, Shape]:
    """The arrays that the layer holds: (out, in/groups, *kernel) and (out,).

    >>> from convcalc import Conv2d
    >>> shapes(Conv2d(3, 16, 4))
    {'weight': (16, 3, 4, 4), 'bias': (16,)}
    """
    weight = {"weight": (layer.out_channels, layer.in_channels // layer.groups, *layer.kernel_size)}
    return weight | ({"bias": (layer.out_channels,)} if layer.bias else {})


def output_shape(layer: Conv, input_shape: Shape) -> Shape:
    """Where the window fits, as it is moved over the padded sizes.

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
    maps = layer.out_channels if layer.in_channels else 0  # as PyTorch: no maps where there are no channels to sum
    return (*batch, maps, *window_places(_padded_sizes(layer, input_shape), _axes(layer)))


def run(layer: Conv, x: Array, weight: Array, bias: Array | None = None, algorithm: str | None = None) -> Array:
    """(N, C, *sizes), or one example without N, to (N, O, *places); the fastest way, or the one that is named."""
    shape, rank = x.shape, len(layer.kernel_size)
    problem = problem_of(layer, shape)
    name = algorithm or choose(problem, weight.dtype)
    out = np.empty((problem.examples, problem.maps, *(span.places for span in problem.spans)), weight.dtype)
    if out.size:
        x = x.reshape(problem.examples, problem.channels, *(span.size for span in problem.spans))
        weight = weight.reshape(*weight.shape[:2], *(span.kernel_size for span in problem.spans))
        way = direct.convolve if name == "direct" else FAST[name].convolve
        way(problem, x, weight, bias, out)
    return out.reshape(*shape[: -1 - rank], problem.maps, *out.shape[-rank:])


@lru_cache(1024)
def problem_of(layer: Conv, input_shape: Shape) -> Problem:
    """What there is to do, its axes apart; refused as `output_shape` refuses.

    >>> from convcalc import Conv1d
    >>> problem_of(Conv1d(1, 1, 2), (1, 1, 3)).columns
    Span(size=3, before=0, after=0, kernel_size=2, stride=1, dilation=1, places=2)
    """
    rank = len(layer.kernel_size)
    found = output_shape(layer, input_shape)
    axes = zip(input_shape[-rank:], layer.padding, _axes(layer), found[-rank:], strict=True)
    spans = [Span(size, *sides, *axis, places) for size, sides, axis, places in axes]
    if rank == 1:
        spans.insert(0, Span(1, 0, 0, kernel_size=1, stride=1, dilation=1, places=1))
    return Problem(
        prod(input_shape[: -1 - rank]),
        layer.in_channels,
        found[-1 - rank],
        layer.groups,
        tuple(spans),
        layer.padding_mode,
        layer.table,
    )


def algorithm(layer: Conv, input_shape: Shape, dtype: object, wanted: str | None = None) -> str:
    """The name of the way that a run goes, or would go where none is wanted; `ConvcalcError` where it cannot.

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
    """The taps are executed on ones for one pair of maps; the pairs are walked one by one.

    >>> from convcalc import Conv2d
    >>> count(Conv2d(1, 6, 5, padding=2), (1, 1, 28, 28)).macs_exact
    107736
    """
    places = prod(output_shape(layer, input_shape)[-len(layer.kernel_size) :])
    ones = np.ones(input_shape[-len(layer.kernel_size) :], dtype=np.int64)
    dense, _ = _products(layer, ones, fill=1)
    exact, live = _products(layer, ones, fill=0)
    pairs = count_edges(layer)
    return Counts(
        weights=pairs * prod(layer.kernel_size),
        live_weights=pairs * live,
        biases=layer.out_channels if layer.bias else 0,
        connections=pairs * dense + (layer.out_channels * places if layer.bias and layer.in_channels else 0),
        macs=pairs * dense,
        macs_exact=pairs * exact,
    )


def _products(layer: Conv, ones: Array, fill: int) -> tuple[int, int]:
    """One times what each tap meets at each place, summed, with ``fill`` in the padding; and the taps that met any."""
    total = live = 0
    for _, met in taps(pad(ones, layer.padding, layer.padding_mode, fill), _axes(layer)):
        products = int(met.sum())
        total += products
        live += products > 0
    return total, live


def count_edges(layer: Conv) -> int:
    """The pairs of maps that a kernel connects, marked map by map in the connection table and counted.

    >>> from convcalc import Conv2d
    >>> count_edges(Conv2d(4, 6, 1, groups=2))
    12
    """
    total = 0
    for sources in connections(layer):
        fed = np.zeros(layer.in_channels, dtype=bool)
        fed[sources if isinstance(sources, slice) else list(sources)] = True
        total += int(np.count_nonzero(fed))
    return total


def run_bytes(layer: Conv, input_shape: Shape, output_shape: Shape, itemsize: int) -> int:
    """What the way that is chosen takes."""
    problem = problem_of(layer, input_shape)
    if 0 in output_shape:
        return 0
    name = choose(problem, FLOAT if itemsize == 4 else None)
    return direct.scratch_bytes(problem, itemsize) if name == "direct" else FAST[name].scratch_bytes(problem)


def count_bytes(layer: Conv, input_shape: Shape, output_shape: Shape) -> int:
    """The ones, and the padded ones."""
    ones = prod(input_shape[-len(layer.kernel_size) :])
    return 8 * (ones + (prod(_padded_sizes(layer, input_shape)) if any(map(any, layer.padding)) else 0))


def _padded_sizes(layer: Conv, input_shape: Shape) -> tuple[int, ...]:
    sizes = input_shape[-len(layer.padding) :]
    return tuple(size + before + after for size, (before, after) in zip(sizes, layer.padding, strict=True))


def _axes(layer: Conv) -> list[Axis]:
    return list(zip(layer.kernel_size, layer.stride, layer.dilation, strict=True))


OPERATIONS: dict[type[Layer], Operation] = {
    Conv: Operation(shapes, output_shape, run, count, run_bytes, count_bytes, algorithm=algorithm)
}
