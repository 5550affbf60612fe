"""Transposed convolutions: a slow loop over the stamps, the counts, and the adjoint of a convolution."""

from __future__ import annotations

import inspect
from itertools import product

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from convcalc import Conv1d, Conv2d, Conv3d, engine, trace
from convcalc.explain import explain
from tests.helpers import make, pattern, weights_of
from tests.test_explain import evaluate, figures_of


@st.composite
def transposed(draw, most_rank=3):
    """A small transposed convolution that leaves something, and the shape of a batch of 2 for it."""
    rank = draw(st.integers(1, most_rank))
    axis = st.tuples(st.integers(1, 4), st.integers(1, 3), st.integers(1, 3), st.integers(1, 3), st.integers(0, 2))
    sizes, taps, stride, dilation, padding = zip(*draw(st.tuples(*[axis] * rank)), strict=True)
    added = tuple(draw(st.integers(0, max(step, gap) - 1)) for step, gap in zip(stride, dilation, strict=True))
    reach = [
        (size - 1) * step + gap * (tap - 1) + 1 + more
        for size, tap, step, gap, more in zip(sizes, taps, stride, dilation, added, strict=True)
    ]
    padding = tuple(min(side, (far - 1) // 2) for side, far in zip(padding, reach, strict=True))
    groups = draw(st.integers(1, 2))
    layer = make(
        f"ConvTranspose{rank}d",
        groups * draw(st.integers(1, 2)),
        groups * draw(st.integers(1, 2)),
        taps,
        stride,
        padding,
        added,
        groups=groups,
        bias=draw(st.booleans()),
        dilation=dilation,
    )
    return layer, (2, layer.in_channels, *sizes)


def stamps(layer, sizes, places):
    """Every stamp of one example, one at a time: input map, output map, element, tap, place (None: cut off)."""
    maps, sources = layer.out_channels // layer.groups, layer.in_channels // layer.groups
    for source, offset in product(range(layer.in_channels), range(maps)):
        for element in product(*map(range, sizes)):
            for tap in product(*map(range, layer.kernel_size)):
                place = tuple(
                    e * step + t * gap - side
                    for e, t, step, gap, side in zip(
                        element, tap, layer.stride, layer.dilation, layer.padding, strict=True
                    )
                )
                inside = all(0 <= p < size for p, size in zip(place, places, strict=True))
                yield source, source // sources * maps + offset, offset, element, tap, place if inside else None


@given(transposed())
@settings(max_examples=60, deadline=None)
def test_the_fast_path_is_the_slow_loop(made):
    layer, shape = made
    x, weights = pattern(shape, 0), weights_of(layer)
    out = engine.execute(layer, x, **weights)
    slow = np.zeros(out.shape, int)
    for source, target, offset, element, tap, place in stamps(layer, shape[2:], out.shape[2:]):
        if place is not None:
            slow[(slice(None), target, *place)] += (
                x[(slice(None), source, *element)] * weights["weight"][(source, offset, *tap)]
            )
    if layer.bias:
        slow += weights["bias"].reshape(-1, *[1] * (len(shape) - 2))
    assert out.tolist() == slow.tolist()
    assert engine.execute(layer, x[0], **weights).tolist() == slow[0].tolist()


@given(transposed())
@settings(max_examples=60, deadline=None)
def test_counts_are_the_stamps_and_the_formulas(made):
    layer, shape = made
    output = layer.output_shape(shape)
    counts, every = engine.count(layer, shape), list(stamps(layer, shape[2:], output[2:]))
    landed = [stamp for stamp in every if stamp[-1] is not None]
    biased = np.prod(output[1:]) if layer.bias else 0
    assert counts.macs == len(every) == layer.macs(shape)
    assert counts.macs_exact == len(landed) == layer.macs(shape, exact=True)
    assert counts.connections == len(every) + biased == layer.connections(shape)
    live = {(source, target, tap) for source, target, _, _, tap, _ in landed}
    assert counts.live_weights == len(live) == layer.weights - layer.dead_weights(shape)
    assert counts.weights == layer.weights
    assert counts.weights + counts.biases == layer.parameters


@given(transposed())
@settings(max_examples=60, deadline=None)
def test_each_figure_is_explained_by_what_gives_it(made):
    layer, shape = made
    report = trace(layer, shape)
    (row,) = report.rows
    lines = explain(row)
    figures = figures_of(row)
    for line in lines:
        assert evaluate(line.formula) == line.value == figures[line.figure], line
    assert {"weights", "parameters", "connections", "MACs, dense", "MACs, exact"} <= {line.figure for line in lines}
    assert ("dead weights" in {line.figure for line in lines}) == (row.figures.dead_weights > 0)


@given(transposed())
@settings(max_examples=80, deadline=None)
def test_it_is_the_adjoint_of_the_convolution(made):
    """<conv(x), y> = <x, transposed(y)> with the same weight: the definition of a transposed convolution."""
    layer, shape = made
    rank = len(layer.kernel_size)
    same = layer.kernel_size, layer.stride, layer.padding, layer.dilation, layer.groups
    convolution = {1: Conv1d, 2: Conv2d, 3: Conv3d}[rank](layer.out_channels, layer.in_channels, *same, bias=False)
    output = layer.output_shape(shape)
    if convolution.output_shape(output) != shape:  # output_padding beyond the stride: a place more
        return
    weight, y, x = weights_of(layer)["weight"], pattern(shape, 0), pattern(output, 3)
    bare = make(f"ConvTranspose{rank}d", **{**settings_of(layer), "bias": False})
    back = engine.execute(bare, y, weight=weight)
    assert (engine.execute(convolution, x, weight=weight) * y).sum() == (x * back).sum()


def settings_of(layer):
    return {name: getattr(layer, name) for name in inspect.signature(type(layer)).parameters}


def test_many_examples_at_a_time_are_as_one_by_one(monkeypatch):
    layer, x = make("ConvTranspose2d", 2, 3, 3, stride=2), pattern((7, 2, 6, 6), 0)
    together = engine.execute(layer, x, **weights_of(layer))
    monkeypatch.setattr("convcalc.ops.transposed.TILE_BYTES", 1)
    assert (engine.execute(layer, x, **weights_of(layer)) == together).all()


def test_float16_is_summed_in_float32():
    layer = make("ConvTranspose1d", 3000, 1, 1, bias=False)
    ones = np.ones((3000, 1), np.float16)
    out = engine.execute(layer, ones, weight=np.ones((3000, 1, 1), np.float16))
    assert (out.item(), out.dtype) == (3000, np.float16)
