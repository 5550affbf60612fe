"""Upsampling: between neighbours by distance, and the nearest as PyTorch finds it."""

from __future__ import annotations

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from convcalc import engine
from convcalc.receptive_field import Field
from tests.helpers import build, make, pattern, stored


def tent(x, places, align_corners):
    """Linear interpolation of one axis, a place at a time."""
    size = len(x)
    for place in range(places):
        middle = (place + 0.5) * size / places - 0.5
        if align_corners:
            middle = place * (size - 1) / (places - 1) if places > 1 else 0
        middle = min(max(middle, 0), size - 1)
        first = min(int(middle), max(size - 2, 0))
        yield x[first] * (1 - (middle - first)) + x[min(first + 1, size - 1)] * (middle - first)


@given(st.integers(1, 7), st.integers(1, 9), st.booleans())
def test_between_neighbours_by_distance(size, places, align_corners):
    x = pattern((1, 1, size), 0).astype(float)
    out = engine.execute(make("Upsample", places, mode="linear", align_corners=align_corners), x)
    assert np.allclose(out.ravel(), list(tent(x.ravel(), places, align_corners)), atol=1e-6)
    square = np.ones((size, 1)) * x
    plane = engine.execute(make("Upsample", (size, places), mode="bilinear", align_corners=align_corners), square[None])
    assert np.allclose(plane, out[:, :, None])


@given(st.integers(1, 7), st.integers(1, 4), st.sampled_from(["nearest", "nearest-exact", "area"]))
def test_a_whole_factor_repeats_each_element(size, factor, mode):
    x = pattern((2, 1, size), 0)
    assert engine.execute(make("Upsample", scale_factor=factor, mode=mode), x).tolist() == x.repeat(factor, 2).tolist()


@given(st.integers(2, 7), st.integers(1, 9))
def test_cubic_convolution_keeps_a_constant_and_the_corners(size, places):
    x = np.full((1, 1, size, size), 3.0)
    assert np.allclose(engine.execute(make("Upsample", places, mode="bicubic"), x), 3)
    x = pattern((1, 1, size, size), 0).astype(float)
    out = engine.execute(make("Upsample", places + 1, mode="bicubic", align_corners=True), x)
    assert np.allclose(out[..., [0, 0, -1, -1], [0, -1, 0, -1]], x[..., [0, 0, -1, -1], [0, -1, 0, -1]])


def test_a_factor_and_the_size_it_makes_differ_but_when_recomputed():
    x = pattern((1, 1, 5), 0).astype(float)
    by_factor = engine.execute(make("Upsample", scale_factor=1.5, mode="linear"), x)
    by_size = engine.execute(make("Upsample", 7, mode="linear"), x)
    recomputed = engine.execute(make("Upsample", scale_factor=1.5, mode="linear", recompute_scale_factor=True), x)
    assert by_factor.shape == by_size.shape
    assert not np.allclose(by_factor, by_size)
    assert (recomputed == by_size).all()


def test_the_nearest_is_found_as_pytorch_finds_it():
    """The elements that PyTorch 2.13 reads, by the engine and by the receptive fields."""
    cases = stored("torch_nearest.jsonl.gz")
    outputs = [[len(along) for along in case["read"]] for case in cases]
    assert {len(sizes) for sizes in outputs} == {1, 2, 3}
    assert {sum(sizes) > 128 for sizes in outputs if len(sizes) == 2} == {True, False}
    for case in cases:
        layer, shape, read = build(case), case["input"], case["read"]
        x = np.arange(np.prod(shape)).reshape(shape)
        assert (engine.execute(layer, x.astype(float)) == x[0, 0][np.ix_(*read)]).all(), case
        fields = layer.receptive_field(tuple(Field(1, 1, 0, size) for size in shape[2:]), shape)
        seen = [[field.sees(unit)[0] for unit in range(len(along))] for field, along in zip(fields, read, strict=True)]
        assert seen == read, case


def test_integers_stay_so_where_nothing_is_mixed():
    x = np.arange(4).reshape(1, 1, 4)
    assert engine.execute(make("Upsample", 8), x).dtype == np.int64
    assert engine.execute(make("Upsample", 3, mode="linear", align_corners=True), x).tolist() == [[[0, 1.5, 3]]]
    assert engine.execute(make("Upsample", 2, mode="area"), x).tolist() == [[[0.5, 2.5]]]
