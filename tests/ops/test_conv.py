"""The engine: PyTorch's values, the slow loop's sums, the equivalences, and no formula anywhere in it."""

from __future__ import annotations

from itertools import product

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from convcalc import (
    RBF,
    Conv1d,
    Conv2d,
    Conv3d,
    ConvcalcError,
    Flatten,
    Linear,
    ScaledTanh,
    Subsampling2d,
    engine,
    unread,
)
from convcalc.layers.base import Layer
from convcalc.ops.scratch import SCRATCH_BYTES
from convcalc.ops.tiles import at_once
from tests.helpers import build, pattern, stored

CASES = stored("torch_values.jsonl.gz")
MODES = ("zeros", "reflect", "replicate", "circular")


@st.composite
def convolutions(draw, modes=MODES, most_rank=2):
    """A small convolution that fits, and the sizes of its input."""
    rank = draw(st.integers(1, most_rank))
    groups = draw(st.integers(1, 2))
    mode = draw(st.sampled_from(modes))
    kernel_size = draw(st.tuples(*[st.integers(1, 3)] * rank))
    dilation = draw(st.tuples(*[st.integers(1, 2)] * rank))
    sizes = tuple(
        max(draw(st.integers(1, 5)), spacing * (taps - 1) + 1)
        for taps, spacing in zip(kernel_size, dilation, strict=True)
    )
    most = {"reflect": -1, "circular": 0}.get(mode)
    sides = tuple(
        tuple(draw(st.integers(0, 3 if most is None else min(3, size + most))) for _ in range(2)) for size in sizes
    )
    layer = {1: Conv1d, 2: Conv2d, 3: Conv3d}[rank](
        groups * draw(st.integers(1, 2)),
        groups * draw(st.integers(1, 2)),
        kernel_size,
        stride=draw(st.tuples(*[st.integers(1, 3)] * rank)),
        padding=sides,
        dilation=dilation,
        groups=groups,
        bias=draw(st.booleans()),
        padding_mode=mode,
    )
    return layer, (2, layer.in_channels, *sizes)


def whole_weights(layer):
    """Whole numbers for all weights, so that every sum is exact."""
    shapes = engine.OPERATIONS[type(layer).__mro__[1]].weight_shapes(layer)
    return {name: pattern(shape, salt + 1) for salt, (name, shape) in enumerate(shapes.items())}


def looped(layer, x, weight, bias=None):
    """One example's output from the products one by one, for zero padding."""
    out = np.zeros(
        engine.execute(layer, x, **({"weight": weight} | ({} if bias is None else {"bias": bias}))).shape, int
    )
    first_map = layer.in_channels // layer.groups
    for term in engine.enumerate_products(layer, x.shape):
        if term.real:
            in_group = term.in_map if layer.table is not None else term.in_map % first_map
            out[(term.out_map, *term.place)] += (
                weight[(term.out_map, in_group, *term.tap)] * x[(term.in_map, *term.element)]
            )
    return out if bias is None else out + bias.reshape(-1, *[1] * (out.ndim - 1))


def test_there_are_enough_stored_values():
    assert len(CASES) >= 100
    modes = {(case["layer"], case["settings"].get("padding_mode", "zeros")) for case in CASES}
    assert modes == set(product(("Conv1d", "Conv2d", "Conv3d"), MODES))


@pytest.mark.parametrize("dtype", [np.float64, np.float32, np.int64, np.int8])
def test_values_are_pytorchs(dtype):
    differing = []
    for case in CASES:
        layer = build(case)
        weights = {name: array.astype(dtype) for name, array in whole_weights(layer).items()}
        out = engine.execute(layer, pattern(case["input"], 0).astype(dtype), **weights)
        if list(out.shape) != case["output"] or out.ravel().tolist() != case["values"]:
            differing.append(case)
    assert differing == []


@given(convolutions(modes=("zeros",), most_rank=3))
@settings(max_examples=60)
def test_the_fast_path_is_the_slow_loop(made):
    layer, shape = made
    x, weights = pattern(shape[1:], 0), whole_weights(layer)
    assert engine.execute(layer, x, **weights).tolist() == looped(layer, x, **weights).tolist()


@given(convolutions(most_rank=3))
@settings(max_examples=100)
def test_the_output_is_what_the_formula_says(made):
    layer, shape = made
    assert engine.execute(layer, pattern(shape, 0), **whole_weights(layer)).shape == layer.output_shape(shape)


@given(convolutions(most_rank=3))
@settings(max_examples=60)
def test_counts_are_the_enumerated_products_and_the_formulas(made):
    layer, shape = made
    counts = engine.count(layer, shape)
    terms = list(engine.enumerate_products(layer, shape))
    assert counts.macs == len(terms) == layer.macs(shape)
    assert counts.macs_exact == sum(term.real for term in terms) == layer.macs(shape, exact=True)
    live = {(term.out_map, term.in_map, term.tap) for term in terms if term.real}
    assert counts.live_weights == len(live) == layer.weights - layer.dead_weights(shape)
    assert counts.weights + counts.biases == layer.parameters
    assert counts.connections == layer.connections(shape)


@given(convolutions(most_rank=1))
@settings(max_examples=100)
def test_unread_elements_are_those_whose_change_alters_nothing(made):
    layer, shape = made
    x = np.zeros((layer.in_channels, *shape[2:]), dtype=int)
    weight = np.ones(layer.weight_shape, dtype=int)
    weights = {"weight": weight} | ({"bias": np.zeros(layer.out_channels, dtype=int)} if layer.bias else {})
    for axis, window in enumerate(layer.windows(shape)):
        idle = 0
        for index in range(window.size):
            x[:] = 0
            np.moveaxis(x, axis + 1, 0)[index] = 1
            idle += not engine.execute(layer, x, **weights).any()
        assert unread.unread(window).elements == idle


@given(convolutions(modes=("zeros",)))
@settings(max_examples=50)
def test_dilation_is_a_kernel_stuffed_with_zeros(made):
    layer, shape = made
    weights = whole_weights(layer)
    stuffed_sizes = [1 + spacing * (taps - 1) for taps, spacing in zip(layer.kernel_size, layer.dilation, strict=True)]
    stuffed = np.zeros((*weights["weight"].shape[:2], *stuffed_sizes), dtype=int)
    stuffed[(..., *(slice(None, None, spacing) for spacing in layer.dilation))] = weights["weight"]
    dense = type(layer)(
        layer.in_channels,
        layer.out_channels,
        tuple(stuffed_sizes),
        layer.stride,
        layer.padding,
        1,
        layer.groups,
        layer.bias,
    )
    x = pattern(shape, 0)
    expected = engine.execute(layer, x, **weights)
    assert (engine.execute(dense, x, **{**weights, "weight": stuffed}) == expected).all()


@given(convolutions())
@settings(max_examples=50)
def test_stride_is_subsampling(made):
    layer, shape = made
    weights, x = whole_weights(layer), pattern(shape, 0)
    every = type(layer)(
        layer.in_channels,
        layer.out_channels,
        layer.kernel_size,
        1,
        layer.padding,
        layer.dilation,
        layer.groups,
        layer.bias,
        layer.padding_mode,
    )
    picked = engine.execute(every, x, **weights)[(..., *(slice(None, None, step) for step in layer.stride))]
    assert (engine.execute(layer, x, **weights) == picked).all()


@given(convolutions())
@settings(max_examples=50)
def test_groups_are_a_block_diagonal_table(made):
    layer, shape = made
    weights, x = whole_weights(layer), pattern(shape, 0)
    fed, maps = layer.in_channels // layer.groups, layer.out_channels // layer.groups
    table = [[out // maps * fed + i for i in range(fed)] for out in range(layer.out_channels)]
    full = np.zeros((layer.out_channels, layer.in_channels, *layer.kernel_size), dtype=int)
    for out, sources in enumerate(table):
        full[out, sources] = weights["weight"][out]
    tabled = type(layer)(
        layer.in_channels,
        layer.out_channels,
        layer.kernel_size,
        layer.stride,
        layer.padding,
        layer.dilation,
        bias=layer.bias,
        padding_mode=layer.padding_mode,
        table=table,
    )
    expected = engine.execute(layer, x, **weights)
    assert (engine.execute(tabled, x, **{**weights, "weight": full}) == expected).all()
    assert engine.count(tabled, shape) == engine.count(layer, shape)


def test_a_table_reads_only_what_it_connects():
    layer = Conv1d(2, 1, 1, bias=False, table=[[1]])
    x = np.array([[np.nan, np.inf], [3.0, 4.0]])
    assert engine.execute(layer, x, weight=np.array([[[7.0], [2.0]]])).tolist() == [[6.0, 8.0]]


def test_types_are_kept_and_integers_are_exact():
    layer = Conv1d(1, 1, 2, bias=False)
    for dtype in (np.float16, np.float32, np.float64):
        assert engine.execute(layer, np.ones((1, 3), dtype), weight=np.ones((1, 1, 2), dtype)).dtype == dtype
    big = np.full((1, 2), 2**40)
    out = engine.execute(layer, big, weight=np.full((1, 1, 2), 2**20))
    assert out.dtype == np.int64
    assert out.tolist() == [[2**61]]
    assert (
        engine.execute(layer, np.full((1, 2), 100, np.int8), weight=np.full((1, 1, 2), 100, np.int8)).item() == 20_000
    )


def test_unsigned_integers_stay_so_and_mixed_ones_are_exact():
    layer = Conv1d(1, 1, 2, bias=False)
    out = engine.execute(layer, np.array([[2**63, 1]], np.uint64), weight=np.array([[[1, 1]]], np.uint64))
    assert (out.dtype, out.item()) == (np.uint64, 2**63 + 1)
    out = engine.execute(layer, np.array([[2**60 + 1, 1]], np.uint64), weight=[[[1, -1]]])
    assert (out.dtype, out.item()) == (np.int64, 2**60)
    assert engine.execute(ScaledTanh(), [1, -1]).round(4).tolist() == [1.0, -1.0]


def test_random_arrays_fill_their_range():
    for dtype in ("float16", "float32", "float64"):
        array = engine.random_array((1000,), np.random.default_rng(0), dtype)
        assert array.dtype == dtype
        assert -1 <= array.min() < -0.9
        assert 0.9 < array.max() <= 1


def test_how_many_examples_share_the_scratch():
    taken = [at_once([2**30], size, SCRATCH_BYTES) for size in (2**20, 2**26, 2**27, 0)]
    assert taken == [[64], [1], [1], [2**26]]


def test_a_single_vector_is_one_example():
    assert engine.count(RBF(5, 3), (5,)).connections == 15
    assert engine.count(Linear(5, 3), (5,)).connections == 18


def test_float16_is_summed_in_float32():
    ones = np.ones((1, 3000), np.float16)
    out = engine.execute(Conv1d(1, 1, 3000, bias=False), ones, weight=ones[np.newaxis])
    assert out.item() == 3000


def test_complex_numbers_are_refused():
    with pytest.raises(ConvcalcError, match="cannot sum complex128"):
        engine.execute(Conv1d(1, 1, 1, bias=False), np.ones((1, 3), complex), weight=np.ones((1, 1, 1)))


@pytest.mark.parametrize(
    ("layer", "shape", "output"),
    [
        (Conv2d(3, 2, 3), (0, 3, 5, 5), (0, 2, 3, 3)),
        (Conv2d(0, 2, 3), (1, 0, 5, 5), (1, 0, 3, 3)),
        (Conv2d(3, 2, 3, padding=2), (0, 3, 0, 5), (0, 2, 2, 7)),
        (Conv2d(3, 2, 3), (3, 5, 5), (2, 3, 3)),
    ],
)
def test_empty_and_unbatched_inputs_are_pytorchs(layer, shape, output):
    weights = engine.random_weights(layer, np.random.default_rng(0))
    assert engine.execute(layer, np.ones(shape, np.float32), **weights).shape == output == layer.output_shape(shape)


def test_many_examples_at_a_time_are_as_one_by_one(monkeypatch):
    layer, x = Conv2d(2, 3, 3), pattern((7, 2, 6, 6), 0)
    weights = whole_weights(layer)
    together = engine.execute(layer, x, **weights)
    monkeypatch.setattr("convcalc.ops.direct.TILE_BYTES", 1)
    assert (engine.execute(layer, x, **weights) == together).all()


@pytest.mark.parametrize(
    ("layer", "x", "weights", "message"),
    [
        (Conv1d(1, 1, 2), np.ones((1, 3)), {"weight": np.ones((1, 1, 2))}, "bias is missing"),
        (
            Conv1d(1, 1, 2, bias=False),
            np.ones((1, 3)),
            {"weight": np.ones((1, 1, 2)), "bias": np.ones(1)},
            "bias is not one of its weights",
        ),
        (Conv1d(1, 1, 2, bias=False), np.ones((1, 3)), {"weight": np.ones((1, 1, 3))}, r"\[1, 1, 2\] is needed"),
        (Conv1d(1, 1, 2, bias=False), np.ones((2, 3)), {"weight": np.ones((1, 1, 2))}, "takes 1 channels and 1 axes"),
        (Conv1d(1, 1, 4, bias=False), np.ones((1, 3)), {"weight": np.ones((1, 1, 4))}, "does not fit"),
        (
            Conv1d(1, 1, 1, padding=3, padding_mode="reflect", bias=False),
            np.ones((1, 3)),
            {"weight": np.ones((1, 1, 1))},
            "reflect padding 3 is too wide for 3: use at most 2",
        ),
        (Flatten(5), np.ones((1, 2, 3)), {}, "names an axis that input .1, 2, 3. does not have"),
        (Flatten(2, 1), np.ones((1, 2, 3)), {}, "ends before it starts"),
        (Conv1d(1, 1, 1, bias=False), [[1, 2], [3]], {"weight": np.ones((1, 1, 1))}, "x is not an array"),
        (Conv2d(1, 1, 1, padding=1, bias=False), np.ones((1, 1, 0, 5)), {"weight": np.ones((1, 1, 1, 1))}, "size of 0"),
        (Subsampling2d(1, 2), np.ones((1, 1, 1, 2, 2)), {"weight": np.ones(1), "bias": np.ones(1)}, "takes 1 channels"),
        (RBF(3, 1), np.ones(()), {"weight": np.ones((1, 3))}, "takes 3 features"),
        (Conv1d(1, 1, 2), np.ones((1, 3)), {}, "weight is missing: give weight and bias"),
        (Linear(3, 1, bias=False), np.ones(2), {"weight": np.ones((1, 3))}, "takes 3 features"),
        (RBF(3, 1), np.ones(2), {"weight": np.ones((1, 3))}, "takes 3 features"),
        (Subsampling2d(1, 2), np.ones((2, 2, 2)), {"weight": np.ones(1), "bias": np.ones(1)}, "takes 1 channels"),
        (Layer(), np.ones(2), {}, "the engine cannot execute"),
    ],
)
def test_what_does_not_fit_is_refused(layer, x, weights, message):
    with pytest.raises(ConvcalcError, match=message):
        engine.execute(layer, x, **weights)


def test_the_layers_of_1998():
    x = np.arange(16.0).reshape(1, 4, 4)
    out = engine.execute(Subsampling2d(1, 2), x, weight=np.array([0.25]), bias=np.array([1.0]))
    assert out.tolist() == [[[3.5, 5.5], [11.5, 13.5]]]
    assert engine.execute(ScaledTanh(), np.array([1.0, -1.0])).round(4).tolist() == [1.0, -1.0]
    assert engine.execute(RBF(2, 2), np.array([1.0, 1.0]), weight=np.array([[1.0, -1.0], [1.0, 1.0]])).tolist() == [
        4,
        0,
    ]
    assert engine.execute(Linear(2, 1), [1, 2], weight=[[3, 4]], bias=[5]).tolist() == [16]
    assert engine.execute(Flatten(), np.ones((2, 3, 4))).shape == (2, 12)
    assert engine.execute(Flatten(0), 3.0).tolist() == [3.0]
    assert engine.execute(RBF(2, 0), np.ones((1, 2)), weight=np.ones((0, 2))).shape == (1, 0)
