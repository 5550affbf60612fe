"""Shuffles, Unfold, Fold and Unflatten: there and back, slow loops, and a convolution as a product."""

from __future__ import annotations

from itertools import product

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from convcalc import Conv2d, engine
from tests.helpers import make, pattern


@given(st.integers(1, 3), st.integers(1, 3), st.integers(1, 3), st.integers(1, 4), st.integers(1, 4))
def test_shuffles_there_and_back(factor, batch, channels, height, width):
    x = pattern((batch, channels * factor**2, height, width), 0)
    pixels = engine.execute(make("PixelShuffle", factor), x)
    assert pixels.shape == (batch, channels, height * factor, width * factor)
    assert (engine.execute(make("PixelUnshuffle", factor), pixels) == x).all()
    for row, column in product(range(factor), repeat=2):
        there = pixels[:, :, row::factor, column::factor]
        assert (there == x[:, row * factor + column :: factor**2]).all()
    shuffled = engine.execute(make("ChannelShuffle", factor), x)
    assert (engine.execute(make("ChannelShuffle", channels * factor), shuffled) == x).all()
    assert (shuffled[:, 0::factor] == x[:, : channels * factor]).all()


@st.composite
def patches(draw):
    """The settings of a window that fits, and the shape of its input."""
    pairs = st.tuples(st.integers(1, 3), st.integers(1, 3))
    kernel_size, stride, dilation = draw(pairs), draw(pairs), draw(pairs)
    padding = draw(st.tuples(st.integers(0, 2), st.integers(0, 2)))
    extra = draw(st.tuples(st.integers(0, 3), st.integers(0, 3)))
    sizes = tuple(gap * (taps - 1) + 1 + more for gap, taps, more in zip(dilation, kernel_size, extra, strict=True))
    return (kernel_size, dilation, padding, stride), (2, draw(st.integers(1, 2)), *sizes)


@given(patches())
@settings(max_examples=60, deadline=None)
def test_folding_the_columns_counts_how_often_each_element_is_met(made):
    window, shape = made
    unfold, fold = make("Unfold", *window), make("Fold", shape[2:], *window)
    x = pattern(shape, 0)
    columns = engine.execute(unfold, x)
    assert columns.shape == unfold.output_shape(shape)
    met = engine.execute(fold, engine.execute(unfold, np.ones(shape, int)))
    assert (engine.execute(fold, columns) == x * met).all()
    (kernel_size, dilation, padding, stride), (height, width) = window, shape[2:]
    slow = np.zeros((height, width), int)
    for row in range(0, height + 2 * padding[0] - dilation[0] * (kernel_size[0] - 1), stride[0]):
        for column in range(0, width + 2 * padding[1] - dilation[1] * (kernel_size[1] - 1), stride[1]):
            for tap in product(*map(range, kernel_size)):
                y, z = row + tap[0] * dilation[0] - padding[0], column + tap[1] * dilation[1] - padding[1]
                if 0 <= y < height and 0 <= z < width:
                    slow[y, z] += 1
    assert (met == slow).all()


@given(patches())
@settings(max_examples=60, deadline=None)
def test_a_convolution_is_a_product_with_the_columns(made):
    (kernel_size, dilation, padding, stride), shape = made
    layer = Conv2d(shape[1], 3, kernel_size, stride, padding, dilation, bias=False)
    weight, x = pattern((3, shape[1], *kernel_size), 1), pattern(shape, 0)
    columns = engine.execute(make("Unfold", kernel_size, dilation, padding, stride), x)
    out = engine.execute(layer, x, weight=weight)
    assert (weight.reshape(3, -1) @ columns).tolist() == out.reshape(2, 3, -1).tolist()


def test_unflattening_only_looks_otherwise():
    x = np.arange(12).reshape(2, 6)
    out = engine.execute(make("Unflatten", 1, (3, -1)), x)
    assert out.tolist() == [[[0, 1], [2, 3], [4, 5]], [[6, 7], [8, 9], [10, 11]]]
    assert np.shares_memory(out, x)
