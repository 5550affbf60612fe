"""The engine on pools: PyTorch's values, an obvious slow loop, the equivalences, and no formula anywhere in it."""

from __future__ import annotations

from itertools import product
from math import prod

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from convcalc import Conv2d, ConvcalcError, engine
from convcalc.layers import kind
from tests.helpers import build, pattern, stored

CASES = stored("torch_pool_values.jsonl.gz")
VERDICTS = stored("torch_pool.jsonl.gz")
KINDS = ("MaxPool", "AvgPool", "LPPool", "AdaptiveAvgPool", "AdaptiveMaxPool")
FIGURES = (
    "output_shape",
    "windows",
    "connections",
    "macs",
    "receptive_field",
    "axes",
    "maps",
    "saved_bytes",
    "spelled",
)


def named(name, rank):
    return kind(f"{name}{rank}d")


def exactly(out, values):
    return np.allclose(out.ravel(), np.array(values, dtype=float), rtol=1e-12, atol=1e-12, equal_nan=True)


@st.composite
def pools(draw, kinds=("MaxPool", "AvgPool", "LPPool"), ceil=(False, True)):
    """A small pool over windows that fit, and the shape of its input."""
    name, rank = draw(st.sampled_from(kinds)), draw(st.integers(1, 3))
    numbers = st.tuples(*[st.integers(1, 3)] * rank)
    kernel_size, stride, dilation = draw(numbers), draw(numbers), draw(numbers) if name == "MaxPool" else (1,) * rank
    words = {"stride": stride, "ceil_mode": draw(st.sampled_from(ceil))}
    if name != "LPPool":
        words["padding"] = tuple(draw(st.integers(0, taps // 2)) for taps in kernel_size)
    if name == "MaxPool":
        words["dilation"] = dilation
    if name == "AvgPool":
        words["count_include_pad"] = draw(st.booleans())
        if rank > 1:
            words["divisor_override"] = draw(st.sampled_from([None, None, 1, -3]))
    if rank == 1 and name == "LPPool":
        kernel_size, words["stride"] = kernel_size[0], stride[0]
    first = (draw(st.sampled_from([1, 2, 3])),) if name == "LPPool" else ()
    sizes = tuple(
        spacing * (taps - 1) + draw(st.integers(1, 4))
        for taps, spacing in zip(np.broadcast_to(kernel_size, rank).tolist(), dilation, strict=True)
    )
    return named(name, rank)(*first, kernel_size, **words), (2, 2, *sizes)


@st.composite
def adaptives(draw):
    """A small adaptive pool, and the shape of its input."""
    rank = draw(st.integers(1, 3))
    output = draw(st.tuples(*[st.integers(1, 6)] * rank))
    return named(draw(st.sampled_from(KINDS[3:])), rank)(output), (2, 2, *draw(st.tuples(*[st.integers(1, 6)] * rank)))


def reach(layer, axis, size):
    """Along one axis, the padded indices under the taps of each window, moved as long as it may be."""
    taps, step = layer.kernel_size[axis], layer.stride[axis]
    side, gap = getattr(layer, "padding", (0, 0, 0))[axis], getattr(layer, "dilation", (1, 1, 1))[axis]
    found, start = [], 0
    while True:
        window = [start + tap * gap - side for tap in range(taps)]
        missing = max(window[-1] - (size + side - 1), 0)
        if missing and not (layer.ceil_mode and missing < step and window[0] < size):
            return found
        found.append((window, size, side))
        start += step


def looped(layer, x):
    """Output by output and tap by tap, in plain Python."""
    axes = [reach(layer, axis, size) for axis, size in enumerate(x.shape[2:])]
    out = np.empty((*x.shape[:2], *map(len, axes)))
    for lead in np.ndindex(x.shape[:2]):
        for place in np.ndindex(out.shape[2:]):
            windows = [axis[index] for axis, index in zip(axes, place, strict=True)]
            met = [
                float(x[(*lead, *tap)])
                for tap in product(*(window for window, _, _ in windows))
                if all(0 <= index < size for index, (_, size, _) in zip(tap, windows, strict=True))
            ]
            out[(*lead, *place)] = pooled(layer, met, windows)
    return out


def pooled(layer, met, windows):
    """One output, from the real elements and where the window was."""
    name = type(layer).__name__[:-2]
    if name == "MaxPool":
        return max(met, default=-np.inf)
    if name == "LPPool":
        scale = prod(layer.kernel_size) / len(met)
        return np.power(np.float64(sum(number**layer.norm_type for number in met) * scale), 1 / layer.norm_type)
    inside = prod(sum(index < size + side for index in window) for window, size, side in windows)
    divisor = getattr(layer, "divisor_override", None) or (inside if layer.count_include_pad else len(met))
    return sum(met) / divisor


def test_there_are_enough_stored_values():
    assert len(CASES) >= 100
    assert {case["layer"] for case in CASES} == {f"{name}{rank}d" for name in KINDS for rank in (1, 2, 3)}


@pytest.mark.parametrize("dtype", [np.float64, np.int64, np.int8])
def test_values_are_pytorchs(dtype):
    differing = []
    for case in CASES:
        out = engine.execute(build(case), pattern(case["input"], 0).astype(dtype))
        if list(out.shape) != case["output"] or not exactly(out, case["values"]):
            differing.append(case)
    assert differing == []


def test_float32_is_near():
    for case in CASES:
        out = engine.execute(build(case), pattern(case["input"], 0).astype(np.float32))
        assert out.dtype == np.float32
        assert np.allclose(out.ravel(), np.array(case["values"], dtype=float), rtol=1e-4, atol=1e-4, equal_nan=True)


def verdict(case):
    try:
        return list(engine.output_shape(build(case), tuple(case["input"])))
    except (ConvcalcError, TypeError):
        return None


def test_the_engine_accepts_what_pytorch_accepts():
    differing = [case for case in VERDICTS if verdict(case) != case.get("output")]
    assert [case for case in differing if not case["layer"].startswith("AdaptiveAvgPool")] == []
    assert all(case["args"] == [1] and verdict(case) is None for case in differing)  # no channels: docs/pytorch.md


@given(pools())
@settings(max_examples=80, deadline=None)
def test_the_fast_path_is_the_slow_loop(made):
    layer, shape = made
    x = pattern(shape, 0)
    with np.errstate(all="ignore"):
        expected = looped(layer, x)
    assert np.allclose(engine.execute(layer, x), expected, rtol=1e-12, atol=1e-12, equal_nan=True)


@given(adaptives())
@settings(max_examples=60, deadline=None)
def test_adaptive_pools_are_numpys_mean_and_max_of_each_bin(made):
    layer, shape = made
    x, fold = pattern(shape, 0), np.mean if "Avg" in type(layer).__name__ else np.max
    out = engine.execute(layer, x)
    for place in np.ndindex(layer.output_size):
        box = [
            slice(index * size // number, -(-(index + 1) * size // number))
            for index, size, number in zip(place, shape[2:], layer.output_size, strict=True)
        ]
        expected = fold(x[:, :, *box].reshape(2, 2, -1), axis=-1)
        assert np.allclose(out[:, :, *place], expected, rtol=1e-12, atol=1e-12)


@given(st.one_of(pools(), adaptives()))
@settings(max_examples=100, deadline=None)
def test_output_and_connections_are_what_the_formulas_say(made):
    layer, shape = made
    assert engine.output_shape(layer, shape) == layer.output_shape(shape)
    counts = engine.count(layer, shape)
    assert counts.connections == engine.count(layer, shape[1:]).connections == layer.connections(shape)
    assert counts._replace(connections=None) == (0, 0, 0, 0, None, 0, 0)


@given(st.integers(1, 4), st.integers(1, 4), st.integers(1, 12))
def test_dilation_is_the_pool_of_every_nth_element(kernel_size, dilation, size):
    x = pattern((1, dilation * (kernel_size - 1) + size), 0)
    out = engine.execute(named("MaxPool", 1)(kernel_size, 1, dilation=dilation), x)
    for phase in range(min(dilation, out.shape[1])):
        one = engine.execute(named("MaxPool", 1)(kernel_size, 1), x[:, phase::dilation])
        assert (out[:, phase::dilation] == one).all()


@given(pools(kinds=("MaxPool",), ceil=(True,)))
@settings(max_examples=60, deadline=None)
def test_ceil_mode_and_padding_are_a_plain_pool_of_a_padded_input(made):
    layer, shape = made
    x = pattern(shape, 0).astype(float)
    widths, cuts = [(0, 0), (0, 0)], []
    for axis, size in enumerate(shape[2:]):
        found = reach(layer, axis, size)
        widths.append((layer.padding[axis], max(found[-1][0][-1] - size + 1, 0)))
        cuts.append(slice(len(found)))
    padded = np.pad(x, widths, constant_values=-np.inf)
    plain = type(layer)(layer.kernel_size, layer.stride, dilation=layer.dilation)
    assert (engine.execute(layer, x) == engine.execute(plain, padded)[:, :, *cuts]).all()


@given(st.integers(1, 4), st.integers(1, 3), st.integers(0, 2))
@settings(deadline=None)
def test_a_mean_is_a_convolution_with_equal_weights(kernel_size, stride, padding):
    padding = min(padding, kernel_size // 2)
    x = pattern((2, 3, 9, 8), 0).astype(float)
    weight = np.full((3, 1, kernel_size, kernel_size), kernel_size**-2.0)
    conv = Conv2d(3, 3, kernel_size, stride, padding, groups=3, bias=False)
    mean = engine.execute(named("AvgPool", 2)(kernel_size, stride, padding), x)
    assert np.allclose(mean, engine.execute(conv, x, weight=weight))


@given(st.integers(1, 4), st.integers(1, 4))
def test_equal_bins_are_windows(bins, size):
    x = pattern((2, 2, bins * size, bins * size), 0)
    for adaptive, windowed in (("AdaptiveAvgPool", "AvgPool"), ("AdaptiveMaxPool", "MaxPool")):
        shared = engine.execute(named(adaptive, 2)(bins), x)
        assert (shared == engine.execute(named(windowed, 2)(size), x)).all()


def test_a_norm_of_1_is_the_signed_sum():
    x = pattern((1, 2, 6, 6), 0)
    sums = engine.execute(named("AvgPool", 2)(3, 1, divisor_override=1), x)
    assert (sums < 0).any()
    assert np.allclose(engine.execute(named("LPPool", 2)(1, 3, 1), x), sums, rtol=1e-12)


def test_nan_travels_and_infinity_is_the_least():
    x = np.array([[1.0, np.nan, 0.0, 2.0, np.inf, -np.inf]])
    for name in ("MaxPool", "AvgPool"):
        out = engine.execute(named(name, 1)(2), x)
        assert np.isnan(out[0, 0])
        assert out[0, 1] == {"MaxPool": 2, "AvgPool": 1}[name]
    assert np.isnan(engine.execute(named("AdaptiveMaxPool", 1)(3), x)).tolist() == [[True, False, False]]
    assert engine.execute(named("MaxPool", 1)(2, padding=1, dilation=2), [[5.0]]).tolist() == [[-np.inf]]
    assert np.isnan(engine.execute(named("AdaptiveAvgPool", 2)(1), np.ones((1, 1, 0, 2)))).all()


def test_types():
    for name, args in (("MaxPool", (2,)), ("AvgPool", (2,)), ("LPPool", (2, 2)), ("AdaptiveAvgPool", (1,))):
        for dtype in (np.float16, np.float32, np.float64):
            assert engine.execute(named(name, 1)(*args), np.ones((1, 4), dtype)).dtype == dtype
    big = np.array([[2**62, 2**62 + 1, -5]])
    assert engine.execute(named("MaxPool", 1)(2, ceil_mode=True), big).tolist() == [[2**62 + 1, -5]]
    assert engine.execute(named("AdaptiveMaxPool", 1)(1), big.astype(np.uint64)[:, :2]).tolist() == [[2**62 + 1]]
    assert engine.execute(named("AvgPool", 1)(2), [[1, 2]]).tolist() == [[1.5]]


@pytest.mark.parametrize("name", KINDS)
def test_the_input_is_never_changed_and_may_be_any_view(name):
    args = {"LPPool": (2, 2), "AdaptiveAvgPool": ((None, 5),), "AdaptiveMaxPool": ((12, 12),)}.get(name, (2,))
    layer, base = named(name, 2)(*args), pattern((1, 1, 12, 12), 0).astype(float)
    base.setflags(write=False)
    for view in (base, base[..., ::-1, ::-1], base.transpose(0, 1, 3, 2), np.asfortranarray(base)):
        out = engine.execute(layer, view)
        assert not np.shares_memory(out, base)
        assert np.array_equal(out, engine.execute(layer, view.copy()), equal_nan=True)


@pytest.mark.parametrize(
    ("layer", "shape", "output"),
    [
        (named("MaxPool", 2)(2), (0, 3, 4, 4), (0, 3, 2, 2)),
        (named("AvgPool", 2)(2), (3, 4, 4), (3, 2, 2)),
        (named("AdaptiveAvgPool", 2)(0), (1, 3, 4, 4), (1, 3, 0, 0)),
        (named("AdaptiveMaxPool", 2)((None, 2)), (0, 3, 4, 4), (0, 3, 4, 2)),
        (named("AdaptiveAvgPool", 2)(1), (2, 3, 4, 5, 6), (2, 3, 4, 1, 1)),
    ],
)
def test_empty_and_unbatched_inputs_are_pytorchs(layer, shape, output):
    assert engine.execute(layer, np.ones(shape)).shape == output == layer.output_shape(shape)
    assert engine.count(layer, shape).connections == layer.connections(shape)


@pytest.mark.parametrize(
    ("layer", "shape", "message"),
    [
        (named("MaxPool", 2)(3), (1, 1, 2, 5), r"the window of MaxPool2d\(3\) does not fit \[1, 1, 2, 5\]"),
        (named("AvgPool", 3)(3, padding=1), (1, 1, 2, 5, 5), "does not fit"),
        (named("MaxPool", 2)(1), (5, 5), r"takes channels and 2 axes, none of them 0, got \[5, 5\]"),
        (named("AdaptiveMaxPool", 2)(1), (1, 2, 3, 0), "got a size of 0"),
        (named("AdaptiveAvgPool", 2)(1), (5, 5), "takes channels and 2 axes"),
        (named("AdaptiveAvgPool", 1)(1), (1, 1, 1, 5), "takes channels and 1 axes"),
        (named("AdaptiveAvgPool", 2)(2), (1, 1, 1, 5, 5), "takes channels and 2 axes"),
    ],
)
def test_what_does_not_fit_is_refused(layer, shape, message):
    with pytest.raises(ConvcalcError, match=message):
        engine.execute(layer, np.ones(shape))
