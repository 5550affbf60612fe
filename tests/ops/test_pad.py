"""Padding layers: each element is the copy that walking finds."""

from __future__ import annotations

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from convcalc import engine
from tests.helpers import make, pattern


def index_of(mode, index, size):
    """The element that padding puts at an index, walking one step at a time."""
    if mode == "Replication":
        return min(max(index, 0), size - 1)
    if mode == "Circular":
        return index % size
    while not 0 <= index < size:
        index = -index if index < 0 else 2 * (size - 1) - index
    return index


@given(st.sampled_from(["Reflection", "Replication", "Circular"]), st.integers(2, 7), st.data())
def test_each_element_is_the_copy_that_walking_finds(mode, size, data):
    least = 0 if mode == "Circular" else -size
    before, after = data.draw(st.integers(least, size - 1)), data.draw(st.integers(least, size - 1))
    if size + before + after < 1:
        return
    out = engine.execute(make(f"{mode}Pad1d", (before, after)), pattern((1, 1, size), 0))
    expected = [pattern((size,), 0)[index_of(mode, index, size)] for index in range(-before, size + after)]
    assert out.ravel().tolist() == expected


def test_circular_padding_copies_what_is_left():
    x = np.arange(5).reshape(1, 5)
    assert engine.execute(make("CircularPad1d", (2, -2)), x).tolist() == [[1, 2, 0, 1, 2]]
    assert engine.execute(make("CircularPad1d", (-1, 3)), x).tolist() == [[1, 2, 3, 4, 1, 2, 3]]
    assert engine.execute(make("CircularPad1d", (-1, -1)), x).tolist() == [[1, 2, 3]]
    assert engine.execute(make("CircularPad1d", (1, -5)), x).tolist() == [[0]]  # PyTorch: whatever the memory holds


def test_a_constant_is_put_where_the_sides_say():
    out = engine.execute(make("ConstantPad2d", (1, 0, 0, 2), 7), np.ones((1, 1, 2), int))
    assert out.tolist() == [[[7, 1, 1], [7, 7, 7], [7, 7, 7]]]
    assert engine.execute(make("ConstantPad1d", 1, 0.5), np.ones((1, 1))).tolist() == [[0.5, 1.0, 0.5]]


def test_a_volume_is_padded_axis_by_axis():
    x = pattern((1, 2, 3, 3, 4), 0)
    for mode in ("Zero", "Reflection", "Replication", "Circular"):
        together = engine.execute(make(f"{mode}Pad3d", (1, 2, 0, 1, 2, 1)), x)
        last = engine.execute(make(f"{mode}Pad3d", (1, 2, 0, 0, 0, 0)), x)
        assert (engine.execute(make(f"{mode}Pad3d", (0, 0, 0, 1, 2, 1)), last) == together).all()
