"""The kernels that move elements: PyTorch's values, slow loops, equivalences, counts, memory, no formula in them."""

from __future__ import annotations

import inspect
from itertools import product

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from convcalc import Conv1d, Conv2d, Conv3d, ConvcalcError, engine, trace
from convcalc.explain import explain
from convcalc.layers import kind
from convcalc.receptive_field import Field
from tests.helpers import build, pattern, stored
from tests.test_explain import evaluate, figures_of

FAMILIES = ("transposed", "pad", "reshape", "resample")


def make(name, *args, **options):
    return kind(name)(*args, **options)


def weights_of(layer):
    shapes = engine.weight_shapes(layer)
    return {name: pattern(shape, salt + 1) for salt, (name, shape) in enumerate(shapes.items())}


@pytest.mark.parametrize("family", FAMILIES)
def test_values_are_pytorchs(family):
    cases = stored(f"torch_{family}_values.jsonl.gz")
    assert len(cases) >= 60
    for case in cases:
        layer, x = build(case), pattern(case["input"], 0).astype(float)
        out = engine.execute(layer, x, **{name: array.astype(float) for name, array in weights_of(layer).items()})
        assert list(out.shape) == list(engine.output_shape(layer, tuple(case["input"]))) == case["output"], case
        assert np.allclose(out.ravel(), case["values"], rtol=1e-12, atol=1e-12), case


def test_every_kind_has_values():
    names = {case["layer"] for family in FAMILIES for case in stored(f"torch_{family}_values.jsonl.gz")}
    ranks = [
        f"{name}Pad{rank}d"
        for name in ("Zero", "Constant", "Reflection", "Replication", "Circular")
        for rank in (1, 2, 3)
    ]
    assert names >= {*ranks, *(f"ConvTranspose{rank}d" for rank in (1, 2, 3)), "Unflatten", "PixelShuffle"}
    assert names >= {
        "PixelUnshuffle",
        "ChannelShuffle",
        "Unfold",
        "Fold",
        "UpsamplingNearest2d",
        "UpsamplingBilinear2d",
    }
    modes = {case["settings"].get("mode") for case in stored("torch_resample_values.jsonl.gz")}
    assert modes >= {"nearest", "nearest-exact", "area", "linear", "bilinear", "bicubic", "trilinear"}


# Transposed convolution


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


# Pads


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


# What is moved


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


# Upsampling


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


@pytest.mark.parametrize(
    ("layer", "shape", "message"),
    [
        (make("ConvTranspose1d", 2, 1, 1, bias=False), (1, 3, 4), "takes 2 channels and 1 axes"),
        (make("ConvTranspose1d", 2, 1, 1, bias=False), (1, 2, 0), "got a size of 0"),
        (make("ConvTranspose1d", 2, 1, 1, padding=2, bias=False), (1, 2, 4), "cuts off all that it makes"),
        (make("ZeroPad2d", 1), (4,), "pads 2 axes"),
        (make("ZeroPad1d", -3), (1, 4), "crops more than there is"),
        (make("ReflectionPad1d", 4), (1, 4), "reflect padding 4 is too wide for 4: use at most 3"),
        (make("ConstantPad1d", 1, 0.5), (1, 4), "puts 0.5 among integers: give floating-point numbers"),
        (make("Unflatten", 3, (2, 2)), (1, 4), "names an axis that .1, 4. does not have"),
        (make("Unflatten", 1, (2, 3)), (1, 4), "does not multiply up to axis 1"),
        (make("PixelShuffle", 2), (1, 3, 4, 4), "of 4 channels or a multiple"),
        (make("PixelUnshuffle", 2), (1, 3, 5, 4), "H and W multiples of 2"),
        (make("ChannelShuffle", 2), (1, 3, 4), "C a multiple of 2"),
        (make("Unfold", 5), (1, 3, 4, 4), "does not fit"),
        (make("Unfold", 2), (1, 0, 4, 4), "none of them 0"),
        (make("Fold", 5, 2), (1, 5, 16), "takes columns of 4 rows or a multiple"),
        (make("Fold", 5, 2), (1, 4, 15), "takes 16 columns"),
        (make("Upsample", 5, mode="linear"), (1, 3, 4, 4), "cannot take the 4 axes"),
        (make("Upsample", (5, 5)), (1, 3, 4), "gives 2 axes"),
        (make("Upsample", scale_factor=0.1), (1, 3, 4), "leaves nothing"),
    ],
)
def test_what_does_not_fit_is_refused(layer, shape, message):
    rng = np.random.default_rng(0)
    with pytest.raises(ConvcalcError, match=message):
        engine.execute(
            layer, np.ones(shape, int), **{k: v.astype(int) for k, v in engine.random_weights(layer, rng).items()}
        )
