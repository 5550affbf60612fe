"""What several tests share: the stored answers of PyTorch, and small strategies."""

from __future__ import annotations

import gzip
import json
from pathlib import Path

import numpy as np
from hypothesis import strategies as st

from convcalc import engine, layers

DATA = Path(__file__).parent / "data"
BUFFERS = 2**17  # bytes that NumPy's own loops may take in a thread, whatever the size


def stored(name):
    text = gzip.decompress((DATA / name).read_bytes()).decode()
    return [json.loads(line) for line in text.splitlines()]


def pattern(shape, salt):
    """The numbers that tools/torch_answers.py gave to PyTorch."""
    return (np.arange(np.prod(shape, dtype=int)) * (7919 + 2 * salt) // 13 % 11 - 5).reshape(shape)


def make(name, *args, **options):
    return layers.kind(name)(*args, **options)


def weights_of(layer):
    shapes = engine.weight_shapes(layer)
    return {name: pattern(shape, salt + 1) for salt, (name, shape) in enumerate(shapes.items())}


def build(case):
    """The layer of a stored case."""

    def tuples(value):
        return tuple(value) if isinstance(value, list) else value

    settings = {name: tuples(value) for name, value in case["settings"].items()}
    return layers.kind(case["layer"])(*map(tuples, case["args"]), **settings)


@st.composite
def axes(draw, modes=("zeros",)):
    """One axis on which the window fits: size, kernel_size, stride, (before, after), dilation, and the mode."""
    mode = draw(st.sampled_from(modes))
    kernel_size = draw(st.integers(1, 4))
    dilation = draw(st.integers(1, 4))
    extent = dilation * (kernel_size - 1) + 1
    size = draw(st.integers(1, 12))
    most = {"reflect": size - 1, "circular": size}.get(mode, 6)
    before, after = draw(st.integers(0, most)), draw(st.integers(0, most))
    if size + before + after < extent:
        size = extent
    return size, kernel_size, draw(st.integers(1, 7)), (before, after), dilation, mode


def slide(size, kernel_size, stride, padding, dilation):
    """The real index (or one outside) under each tap, window by window, found by moving the window."""
    before, after = padding
    windows, start = [], 0
    while start + (kernel_size - 1) * dilation < size + before + after:
        windows.append([start + tap * dilation - before for tap in range(kernel_size)])
        start += stride
    return windows


def as_ranges(indices):
    """Sorted indices as (first, last) pairs."""
    ranges = []
    for index in sorted(indices):
        if ranges and ranges[-1][1] == index - 1:
            ranges[-1] = (ranges[-1][0], index)
        else:
            ranges.append((index, index))
    return tuple(ranges)
