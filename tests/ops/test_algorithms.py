"""The algorithms of convolution, each against direct in float64: odd shapes, views, threads, and numbers not finite.

Bounds: a sum of n products rounded n times is off by at most n units in the last place of the sum of their sizes
(Higham, "Accuracy and Stability of Numerical Algorithms", 2002, section 3.1). Winograd's transforms have coefficients
up to 4 and spread what the largest elements round: its bound is 400 units of the largest such sum of the layer.
"""

from __future__ import annotations

import tracemalloc
from collections import Counter

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from convcalc import Conv1d, Conv2d, Conv3d, ConvcalcError, MaxPool2d, Sequential, engine
from convcalc.ops import (
    choice,
    conv,
    im2col,
    kn2row,
    mec,
    scratch,
    winograd,
    winograd_matrices,
)
from convcalc.render.verification import verdict
from convcalc.verify import verify
from tests.helpers import BUFFERS, build, pattern, stored

FAST = tuple(choice.FAST)
EPSILON = 2.0**-24
MODES = ("zeros", "reflect", "replicate", "circular")


@st.composite
def planes(draw):
    """A convolution of one or two axes, with all that its settings allow, and the shape of its input."""
    rank = draw(st.integers(1, 2))
    groups = draw(st.sampled_from([1, 1, 2, 3]))
    mode = draw(st.sampled_from(("zeros", *MODES)))
    kernel_size = tuple(draw(st.integers(1, 7)) for _ in range(rank))
    dilation = tuple(draw(st.sampled_from([1, 1, 2, 3])) for _ in range(rank))
    reach = [(taps - 1) * gap + 1 for taps, gap in zip(kernel_size, dilation, strict=True)]
    sizes = tuple(draw(st.integers(1, 23)) for _ in range(rank))
    most = {"reflect": -1, "circular": 0}.get(mode)
    widest = draw(st.sampled_from([0, 5]))  # half of them have no padding
    sides = []
    for axis, size in enumerate(sizes):
        limit = max(0, widest if most is None else min(widest, size + most))
        sides.append((draw(st.integers(0, limit)), draw(st.integers(0, limit))))
        if size + sum(sides[-1]) < reach[axis]:
            sizes = (*sizes[:axis], reach[axis], *sizes[axis + 1 :])
    layer = {1: Conv1d, 2: Conv2d}[rank](
        groups * draw(st.integers(1, 5)),
        groups * draw(st.integers(1, 5)),
        kernel_size,
        stride=tuple(draw(st.sampled_from([1, 1, 2, 3, 8])) for _ in range(rank)),
        padding=tuple(sides),
        dilation=dilation,
        groups=groups,
        bias=draw(st.booleans()),
        padding_mode=mode,
    )
    return layer, (draw(st.sampled_from([1, 2, 9])), layer.in_channels, *sizes)


def arrays(layer, shape, seed=0):
    rng = np.random.default_rng(seed)
    return engine.random_array(shape, rng), engine.random_weights(layer, rng)


def exact(layer, x, weights):
    """The output in float64, and the sum of the sizes of what each of its elements is the sum of."""
    double = {name: array.astype(np.float64) for name, array in weights.items()}
    sizes = {name: abs(array) for name, array in double.items()}
    x = x.astype(np.float64)
    return engine.execute(layer, x, **double), engine.execute(layer, abs(x), **sizes)


def algorithms(layer, shape):
    problem = conv.problem_of(layer, shape)
    return [name for name in FAST if choice.can(name, problem, np.dtype(np.float32))]


def agrees(name, layer, out, x, weights):
    expected, size = exact(layer, x, weights)
    terms = layer.in_channels // layer.groups * int(np.prod(layer.kernel_size)) + 2
    bound = 400 * EPSILON * size.max(initial=0) if name == "winograd" else terms * EPSILON * size
    return out.dtype == np.float32 and out.shape == expected.shape and (abs(out - expected) <= bound).all()


@settings(deadline=None, max_examples=200, suppress_health_check=[HealthCheck.too_slow])
@given(planes(), st.integers(0, 2**16))
def test_every_algorithm_gives_what_direct_gives(made, seed):
    layer, shape = made
    x, weights = arrays(layer, shape, seed)
    for name in ("direct", *algorithms(layer, shape)):
        assert agrees(name, layer, engine.execute(layer, x, algorithm=name, **weights), x, weights), name


@pytest.fixture
def small_tiles(monkeypatch):
    """Tiles of a few rows, so that small layers have many."""
    modules = (im2col, kn2row, mec, winograd)
    for module in modules:
        monkeypatch.setattr(module, "TILE_BYTES", 2**13)
        module.plan.cache_clear()
    monkeypatch.setattr(winograd, "BLOCKS", 8)
    monkeypatch.setattr(winograd, "WEIGHTS", 2**8)
    yield
    for module in modules:
        module.plan.cache_clear()


@settings(
    deadline=None,
    max_examples=120,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.function_scoped_fixture],
)
@given(planes(), st.integers(0, 2**16))
def test_tiles_meet_without_a_seam(small_tiles, made, seed):
    layer, shape = made
    x, weights = arrays(layer, shape, seed)
    for name in algorithms(layer, shape):
        assert agrees(name, layer, engine.execute(layer, x, algorithm=name, **weights), x, weights), name


def test_large_layers_have_no_seams_either(small_tiles):
    for layer, shape in LARGE:
        x, weights = arrays(layer, shape)
        for name in algorithms(layer, shape):
            assert agrees(name, layer, engine.execute(layer, x, algorithm=name, **weights), x, weights), (layer, name)


@settings(deadline=None, max_examples=60)
@given(planes(), st.sampled_from(["reversed", "fortran", "every other", "turned"]))
def test_any_view_will_do_and_is_never_changed(made, kind):
    layer, shape = made
    base, weights = arrays(layer, tuple(2 * size for size in shape))
    every = tuple(slice(None, None, -2 if kind == "reversed" else 2) for _ in shape)
    x = {
        "reversed": base[every],
        "every other": base[every],
        "fortran": np.asfortranarray(base[every]),
        "turned": np.ascontiguousarray(base[every].T).T,
    }[kind]
    before = base.copy()
    x.setflags(write=False)
    for name in algorithms(layer, shape):
        assert agrees(name, layer, engine.execute(layer, x, algorithm=name, **weights), x, weights), name
    assert (base == before).all()


LARGE = [
    (Conv2d(33, 40, 3, padding=1), (1, 33, 61, 47)),
    (Conv2d(8, 40, 5, padding=2), (3, 8, 41, 40)),
    (Conv2d(40, 33, 3, dilation=3, padding=2), (2, 40, 31, 29)),
    (Conv2d(40, 40, (1, 3)), (1, 40, 30, 33)),
    (Conv2d(3, 24, 7, stride=2, padding=3), (2, 3, 130, 121)),
    (Conv2d(96, 96, 3, stride=2, padding=1, groups=96), (2, 96, 57, 63)),
    (Conv2d(2, 2, 21, padding=10, groups=2), (2, 2, 90, 101)),
    (Conv2d(1, 1, 15, padding=(7, 7), padding_mode="reflect"), (1, 1, 200, 210)),
    (Conv2d(1, 1, 9, dilation=2), (1, 1, 70, 300)),
    (Conv2d(200, 300, 3), (1, 200, 9, 9)),
    (Conv2d(256, 64, 1), (1, 256, 40, 40)),
    (Conv2d(64, 96, 1, stride=3), (4, 64, 40, 40)),
    (Conv2d(6, 16, 5), (70, 6, 14, 14)),
    (Conv1d(40, 40, 9, padding=4), (3, 40, 2000)),
    (Conv2d(16, 120, 5), (64, 16, 5, 5)),
    (Conv2d(3, 24, 7, stride=(2, 1)), (2, 3, 150, 141)),
    (Conv2d(3, 24, (2, 1), stride=(3, 1)), (2, 3, 150, 141)),
    (Conv2d(300, 500, 7), (1, 300, 7, 7)),
]


@pytest.mark.parametrize(("layer", "shape"), LARGE, ids=repr)
def test_large_layers_agree_and_do_not_depend_on_the_threads(layer, shape, monkeypatch):
    x, weights = arrays(layer, shape)
    for name in algorithms(layer, shape):
        outs = []
        for number in (1, 2, 3):
            monkeypatch.setenv("CONVCALC_THREADS", str(number))
            outs.append(engine.execute(layer, x, algorithm=name, **weights))
        assert agrees(name, layer, outs[0], x, weights), name
        assert all((out == outs[0]).all() for out in outs[1:]), name


@pytest.mark.parametrize("value", [np.nan, np.inf, -np.inf])
@pytest.mark.parametrize("where", ["x", "weight", "bias"])
def test_what_is_not_finite_spreads_as_with_direct(value, where):
    for layer, shape in (
        *LARGE[:3],
        LARGE[6],
        LARGE[12],
        (Conv2d(3, 4, 3, padding=1, padding_mode="circular"), (9, 3, 9, 30)),
    ):
        x, weights = arrays(layer, shape)
        given = {"x": x, **weights}
        given[where][(-1,) * given[where].ndim] = value
        given[where].flat[len(given[where].flat) // 3] = value
        expected = engine.execute(layer, x, algorithm="direct", **weights)
        assert not np.isfinite(expected).all()
        for name in algorithms(layer, shape):
            out = engine.execute(layer, x, algorithm=name, **weights)
            for kind in (np.isnan, np.isposinf, np.isneginf):
                assert (kind(out) == kind(expected)).all(), name


def test_numbers_too_large_for_winograd_are_left_to_im2col():
    layer, shape = LARGE[0]
    x, weights = arrays(layer, shape)
    x, weights["bias"] = x * np.float32(1e36), weights["bias"] * np.float32(1e36)
    assert np.isfinite(engine.execute(layer, x, algorithm="winograd", **weights)).all()


@pytest.mark.parametrize("taps", [2, 3, 4, 5])
@pytest.mark.parametrize("outputs", [1, 2, 3, 4])
def test_winograds_matrices_convolve(outputs, taps):
    if outputs + taps > 7:
        return
    data, kernel, back = winograd_matrices.matrices(outputs, taps)
    assert data.shape == (outputs + taps - 1,) * 2
    window, weights = np.arange(1.0, outputs + taps), np.arange(1.0, taps + 1) ** 2
    expected = [weights @ window[place : place + taps] for place in range(outputs)]
    assert np.allclose(back @ ((kernel @ weights) * (data @ window)), expected, rtol=1e-13)


MEMORY = [
    *LARGE,
    (Conv2d(64, 64, 3, padding=1), (1, 64, 224, 224)),
    (Conv2d(3, 64, 3, padding=1), (1, 3, 600, 600)),
    (Conv2d(512, 512, 3, padding=1), (1, 512, 28, 28)),
    (Conv2d(1, 1, 31, padding=15), (1, 1, 500, 1000)),
    (Conv2d(64, 256, 1), (1, 64, 112, 112)),
    (Conv2d(16, 16, 3, padding=1), (8, 16, 12, 12)),
    (Conv2d(1, 2, 3, padding=1), (1, 1, 2000, 2000)),
]


@pytest.mark.parametrize(
    ("layer", "shape", "number"), [*((*case, "2") for case in MEMORY), *((*case, "1") for case in LARGE)], ids=repr
)
def test_scratch_is_bounded(layer, shape, number, monkeypatch):
    monkeypatch.setenv("CONVCALC_THREADS", number)
    x, weights = arrays(layer, shape)
    problem = conv.problem_of(layer, shape)
    for name in algorithms(layer, shape):
        engine.execute(layer, x, algorithm=name, **weights)
        engine.release_scratch()
        tracemalloc.start()
        out = engine.execute(layer, x, algorithm=name, **weights)
        peak = tracemalloc.get_traced_memory()[1] - out.nbytes
        tracemalloc.stop()
        bound = choice.FAST[name].scratch_bytes(problem)
        assert max(peak, bound) <= scratch.SCRATCH_BYTES + BUFFERS * int(number), name
        assert peak <= bound + BUFFERS * int(number), name


def test_the_algorithm_can_be_named():
    layer, shape = Conv2d(64, 64, 3, padding=1), (1, 64, 56, 56)
    x, weights = arrays(layer, shape)
    assert engine.choose(layer, shape) == "winograd"
    assert engine.choose(layer, shape, "float64") == engine.choose(layer, shape, "int64") == "direct"
    chosen = engine.execute(layer, x, **weights)
    assert (chosen == engine.execute(layer, x, algorithm="winograd", **weights)).all()
    assert (chosen != engine.execute(layer, x, algorithm="im2col", **weights)).any()
    with pytest.raises(ConvcalcError, match=r"cannot be executed with 'fft' here: use 'direct' or 'im2col' or"):
        engine.execute(layer, x, algorithm="fft", **weights)
    with pytest.raises(ConvcalcError, match=r"cannot be executed with 'winograd' here: use 'direct'$"):
        engine.execute(layer, x.astype(np.float64), algorithm="winograd", **weights)
    with pytest.raises(
        ConvcalcError, match=r"cannot be executed with 'kn2row' here: use 'direct' or 'im2col' or 'mec'$"
    ):
        engine.execute(Conv2d(64, 64, 3, stride=2), x, algorithm="kn2row", **weights)
    with pytest.raises(ConvcalcError, match="has no algorithm 'winograd'"):
        engine.execute(MaxPool2d(2), x, algorithm="winograd")


@pytest.mark.parametrize(
    ("layer", "shape", "name"),
    [
        (Conv2d(3, 16, 4, stride=2), (10, 3, 28, 28), "mec"),
        (Conv2d(256, 64, 1), (1, 256, 56, 56), "pointwise"),
        (Conv2d(512, 512, 3, padding=1), (1, 512, 7, 7), "im2col"),
        (Conv2d(16, 120, 5), (1, 16, 5, 5), "pointwise"),
        (Conv2d(576, 576, 3, padding=1, groups=576), (1, 576, 14, 14), "im2col"),
        (Conv2d(1, 1, 31, padding=15), (1, 1, 1080, 1920), "kn2row"),
        (Conv2d(128, 128, 31, padding=15, groups=128), (1, 128, 56, 56), "kn2row"),
        (Conv2d(256, 256, 3, padding=2, dilation=2), (1, 256, 28, 28), "winograd"),
        (Conv2d(3, 64, 9), (1, 3, 64, 64), "mec"),
        (Conv2d(64, 64, 3, padding=1), (1, 64, 14, 14), "im2col"),
        (Conv3d(3, 3, 3), (1, 3, 9, 9, 9), "direct"),
        (Conv2d(6, 2, 3, table=[(0, 1), (2,)]), (1, 6, 9, 9), "direct"),
        (Conv2d(10**9, 10**9, 3), (10**9, 10**9, 10**9, 10**9), "direct"),
    ],
)
def test_the_rule(layer, shape, name):
    assert engine.choose(layer, shape) == name


def test_verification_names_the_algorithms():
    verification = verify(Sequential(Conv2d(3, 64, 3, padding=1), Conv2d(64, 64, 3, padding=1)), (1, 3, 56, 56))
    assert dict(verification.algorithms) == {"mec": 1, "winograd": 1}
    assert verdict(verification).startswith("Executed with mec (1 convolution), winograd (1 convolution).\nVerified: ")


def test_every_algorithm_gives_pytorchs_stored_values():
    tried = Counter()
    for case in stored("torch_values.jsonl.gz"):
        layer, shape = build(case), tuple(case["input"])
        weights = {"weight": pattern(engine.weight_shapes(layer)["weight"], 1).astype(np.float32)}
        if layer.bias:
            weights["bias"] = pattern((layer.out_channels,), 2).astype(np.float32)
        for name in algorithms(layer, shape):
            out = engine.execute(layer, pattern(shape, 0).astype(np.float32), algorithm=name, **weights)
            assert list(out.shape) == case["output"]
            off = abs(out.ravel() - np.array(case["values"], float)).max(initial=0)
            assert off < 1e-3 if name == "winograd" else off == 0, (layer, name)
            tried[name] += 1
    assert set(tried) >= {"im2col", "mec", "kn2row", "winograd"}
