"""Kernels over pictures: stored answers of SciPy and OpenCV, the obvious slow loop, the layer that does the same."""

import json
from math import hypot
from pathlib import Path

import numpy as np
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from convcalc import Conv2d, engine
from convcalc.errors import ConvcalcError
from convcalc.filter.apply import apply
from convcalc.filter.kernel import Magnitude, Settings, flipped, linear
from tests.filter.slow import filtered, rounded

BORDERS = ("zeros", "reflect", "replicate", "circular", "valid")
STORED = np.load(Path(__file__).parents[1] / "data" / "filter_answers.npz")
CASES = json.loads(str(STORED["cases"]))
EDGES = linear("edges", ((-1, 0, 1), (-2, 0, 2), (-1, 0, 1)), "clip", "")
BOX = linear("box", ((1, 1, 1),) * 3, "clip", "")


def kernel(weights):
    return linear("", tuple(map(tuple, weights)), "clip", "")


def reach(weights, x):
    """What sums are made of, at most."""
    finite = np.abs(x[np.isfinite(x)]) if x.dtype.kind == "f" else x
    return sum(abs(w) for row in weights for w in row) * float(max(finite.max(initial=0), 1))


@pytest.mark.parametrize("number", range(len(CASES)))
def test_the_answers_of_scipy_and_opencv(number):
    case, x, expected = CASES[number], STORED[f"x{number}"], STORED[f"y{number}"]
    what = kernel(case["weights"])
    if case.get("convolve"):
        what = flipped(what)
    how = Settings(case["border"], tuple(case.get("stride", (1, 1))), tuple(case.get("dilation", (1, 1))))
    array = apply(x, what, how).array
    assert array.dtype == expected.dtype
    assert array.shape == expected.shape
    if x.dtype.kind == "f":
        assert np.abs(array - expected).max() <= 1e-12 * reach(what.weights, x)
    else:
        assert (array == expected).all()


def test_the_stored_answers_are_of_both():
    assert {case["by"] for case in CASES} == {"scipy", "opencv"}
    assert {case["border"] for case in CASES} == set(BORDERS)


@st.composite
def works(draw, dtypes=("uint8", "uint16", "float32", "float64")):
    """A picture, a kernel that its border can be made for, and how it goes."""
    dtype = np.dtype(draw(st.sampled_from(dtypes)))
    size = draw(st.tuples(st.integers(1, 9), st.integers(1, 9)))
    channels = draw(st.sampled_from([(), (1,), (2,), (3,), (4,)]))
    numbers = np.random.default_rng(draw(st.integers(0, 999)))
    top = 1 if dtype.kind == "f" else np.iinfo(dtype).max
    x = numbers.uniform(0, top, (*size, *channels)).round(6 if dtype.kind == "f" else 0).astype(dtype)
    taps = draw(st.tuples(st.integers(1, 5), st.integers(1, 5)))
    kind = draw(st.sampled_from(["integers", "fractions", "ninths", "separable", "sparse"]))
    weights = numbers.integers(-9, 10, taps)
    if kind == "fractions":
        weights = numbers.uniform(-1, 1, taps)
    elif kind == "ninths":
        weights = weights / 9
    elif kind == "separable":
        weights = np.outer(weights[:, 0], numbers.integers(-9, 10, taps[1]))
    elif kind == "sparse":
        weights = weights * (numbers.uniform(0, 1, taps) < 0.3)
    pairs = st.tuples(st.integers(1, 3), st.integers(1, 3))
    how = Settings(draw(st.sampled_from(BORDERS)), draw(pairs), draw(pairs))
    what = kernel(weights.tolist())
    anchor = draw(st.tuples(st.integers(0, taps[0] - 1), st.integers(0, taps[1] - 1)))
    if draw(st.booleans()):
        what = what._replace(anchor=anchor)
    for n, k, a, d in zip(size, taps, what.anchor, how.dilation, strict=True):
        side = d * max(a, k - 1 - a)
        most = {"reflect": n - 1, "circular": n}.get(how.border, side)
        assume(side <= most and (how.border != "valid" or d * (k - 1) < n))
    return x, what, how


def colours(x):
    """How many channels are filtered; None: the picture is grey."""
    return None if x.ndim == 2 else x.shape[2] - (x.shape[2] in (2, 4))


@settings(max_examples=120, deadline=None)
@given(works())
def test_it_is_the_slow_loop(work):
    x, what, how = work
    exact = filtered(x, what, how)[..., : colours(x)] if x.ndim == 3 else filtered(x, what, how)
    sums = exact.astype(float)
    scale = reach(what.weights, x)
    fine = 1e-12 if x.dtype.name in ("float64", "uint16") else 2e-6
    array, low, high, _ = apply(x, what, how)
    assert array.shape == (*sums.shape[:2], *x.shape[2:])
    mine = array[..., : colours(x)] if x.ndim == 3 else array
    if x.dtype.kind == "f":
        assert np.abs(mine - sums).max() <= fine * scale
    else:
        top = np.iinfo(x.dtype).max
        wanted = np.vectorize(lambda value: min(max(rounded(value), 0), top))(exact)
        apart = np.abs(mine.astype(float) - wanted)
        near = np.abs(sums - np.floor(sums) - 0.5) <= fine * scale  # a half, but for rounding
        whole = all(float(weight).is_integer() for row in what.weights for weight in row)
        assert (apart <= (near & (not whole))).all()
    assert abs(low - sums.min()) <= fine * scale
    assert abs(high - sums.max()) <= fine * scale


@settings(max_examples=60, deadline=None)
@given(works(["float64"]))
def test_a_filter_is_a_layer(work):
    x, what, how = work
    x = x[..., : colours(x)] if x.ndim == 3 else x[..., None]
    (down, across), (rows, columns) = what.anchor, what.size
    padding = [[d * a, d * (k - 1 - a)] for d, a, k in zip(how.dilation, (down, across), (rows, columns), strict=True)]
    if how.border == "valid":
        padding = [[0, 0], [0, 0]]
    mode = "zeros" if how.border == "valid" else how.border
    layer = Conv2d(1, 1, what.size, how.stride, tuple(map(tuple, padding)), how.dilation, bias=False, padding_mode=mode)
    planes = x.transpose(2, 0, 1)[:, None]
    expected = engine.execute(layer, planes, weight=np.array(what.weights, float)[None, None])[:, 0].transpose(1, 2, 0)
    array = apply(x[..., 0] if x.shape[2] == 1 else x, what, how).array
    array = array.reshape(*array.shape[:2], -1)
    wanted = expected if x.shape[2] != 2 else expected[..., :1]
    mine = array if x.shape[2] != 2 else array[..., :1]
    assert np.abs(mine - wanted).max() <= 1e-12 * reach(what.weights, x)


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize("value", [np.nan, np.inf, -np.inf])
@pytest.mark.parametrize("weights", [EDGES.weights, BOX.weights, ((1, 2), (3, 5)), ((0.5, -1.0, 0.0, 2.0),)])
def test_what_is_not_finite_goes_where_a_window_holds_it(dtype, value, weights):
    x = np.arange(600, dtype=dtype).reshape(20, 30) / 600
    x[3, 4] = x[3, 5] = value
    x[19, 29] = -value
    what = kernel(weights)
    expected = filtered(x, what, Settings("zeros")).astype(float)
    array, low, high, _ = apply(x, what, Settings("zeros"))
    assert (np.isnan(array) == np.isnan(expected)).all()
    assert (np.isinf(array) == np.isinf(expected)).all()
    kept = ~np.isnan(expected)
    assert np.allclose(array[kept], expected[kept], rtol=1e-5, atol=1e-5)
    assert (low, high) == pytest.approx((np.nanmin(expected), np.nanmax(expected)), rel=1e-5, abs=1e-5)


def test_only_nan_has_no_lowest_or_highest():
    assert apply(np.full((3, 3), np.nan), BOX)[1:] == (None, None, None)


@pytest.mark.parametrize("border", ["zeros", "replicate"])
@pytest.mark.parametrize("shape", [(1, 1), (1, 7), (7, 1), (2, 3)])
def test_a_kernel_may_be_larger_than_the_picture(border, shape):
    x = np.arange(1, np.prod(shape) + 1, dtype=np.uint16).reshape(shape)
    what = kernel(np.random.default_rng(0).integers(0, 5, (9, 12)).tolist())
    expected = filtered(x, what, Settings(border))
    assert (apply(x, what, Settings(border)).array == expected).all()


def test_a_picture_of_many_bands_is_filtered_as_a_whole():
    x = np.random.default_rng(3).integers(0, 256, (300, 1500, 3), dtype=np.uint8)
    for weights in (EDGES.weights, ((1, 0, 2), (0, 5, 1), (3, 1, 1))):
        expected = np.zeros((300, 1500, 3), int)
        padded = np.pad(x.astype(int), ((1, 1), (1, 1), (0, 0)), mode="reflect")
        for i, row in enumerate(weights):
            for j, weight in enumerate(row):
                expected += weight * padded[i : i + 300, j : j + 1500]
        result = apply(x, kernel(weights))
        assert (result.array == expected.clip(0, 255)).all()
        assert (result.low, result.high) == (expected.min(), expected.max())
        assert type(result.low) is int


@pytest.mark.parametrize("dtype", [np.uint8, np.float32])
def test_threads_change_no_bit(dtype, monkeypatch):
    x = np.random.default_rng(4).integers(0, 256, (700, 800), dtype=np.uint8).astype(dtype)
    for weights in (np.outer([0.3, 0.5, 0.11] * 3, [0.2, 0.7, 0.1] * 3).tolist(), [[0.1, 0.2], [0.3, 0.45]]):
        results = set()
        for threads in "123":
            monkeypatch.setenv("CONVCALC_THREADS", threads)
            results.add(apply(x, kernel(weights)).array.tobytes())
        assert len(results) == 1


def test_the_length_of_the_gradient():
    x = np.random.default_rng(5).integers(0, 256, (6, 7, 3), dtype=np.uint8)
    down = linear("down", ((-1, -2), (0, 0), (1, 2)), "clip", "")._replace(anchor=(1, 0))
    what = Magnitude("both", EDGES, down, "clip", "")
    for dtype in (np.uint8, np.uint16, np.float32, np.float64):
        picture = x.astype(dtype)
        for border in BORDERS:
            how = Settings(border, (1, 2))
            pairs = [filtered(picture, side, how._replace(stride=(1, 1))) for side in (EDGES, down)]
            if border == "valid":  # where both of them fit: `down` has no column left of its anchor
                pairs[1] = pairs[1][:, 1:]
            exact = np.vectorize(hypot)(*(side.astype(float) for side in pairs))[:, ::2]
            array, low, high, _ = apply(picture, what, how)
            wanted = exact if picture.dtype.kind == "f" else np.minimum(exact.round(), np.iinfo(dtype).max)
            assert np.abs(array - wanted).max() <= 1e-6 * 1020, border
            assert (low, high) == pytest.approx((exact.min(), exact.max()))


@pytest.mark.parametrize("border", BORDERS)
def test_the_two_sides_may_change_places(border):
    x = np.random.default_rng(12).integers(0, 256, (9, 8), dtype=np.uint8)
    down = kernel(((-1,), (-2,), (1,), (2,)))._replace(anchor=(0, 0))
    results = [apply(x, Magnitude("", *pair, "clip", ""), Settings(border)) for pair in ((EDGES, down), (down, EDGES))]
    assert results[0].array.tolist() == results[1].array.tolist()
    assert results[0][1:] == results[1][1:]


def test_gradients_of_large_numbers_do_not_overflow():
    x = np.array([[0.0, 0.0, 3e200]] * 3)
    what = Magnitude("", kernel([[0, 1]])._replace(anchor=(0, 0)), kernel([[1], [-1]]), "clip", "")
    assert apply(x, what, Settings("replicate")).array[1, 1] == 3e200


@pytest.mark.parametrize("channels", [2, 4])
@pytest.mark.parametrize("border", ["reflect", "valid"])
def test_alpha_is_kept(channels, border):
    x = np.random.default_rng(6).integers(0, 256, (8, 9, channels), dtype=np.uint8)
    what = kernel([[0, 0, 0, 2], [0, 0, 0, 0]])
    array, _, high, _ = apply(x, what, Settings(border, (2, 3), (2, 1)))
    alpha = x[2::2, 2:-1:3, -1] if border == "valid" else x[::2, ::3, -1]
    assert (array[..., -1] == alpha).all()
    plain = [
        apply(np.ascontiguousarray(x[..., c]), what, Settings(border, (2, 3), (2, 1))) for c in range(channels - 1)
    ]
    assert (array[..., :-1] == np.stack([each.array for each in plain], -1)).all()
    assert high == max(each.high for each in plain)


def test_any_layout_of_the_picture_gives_the_same():
    x = np.random.default_rng(7).integers(0, 256, (9, 8, 3), dtype=np.uint8)
    expected = apply(x, EDGES).array
    assert (apply(np.asfortranarray(x), EDGES).array == expected).all()
    assert (apply(x[::-1, ::-1], EDGES).array == apply(x[::-1, ::-1].copy(), EDGES).array).all()
    wide = x.astype(np.uint16)
    assert (apply(wide.astype(">u2"), EDGES).array == apply(wide, EDGES).array).all()
    assert apply(wide.astype(">u2"), EDGES).array.dtype == np.uint16
    assert apply(np.array([[True, False]]), BOX, Settings("replicate")).array.tolist() == [[255, 255]]
    assert apply(np.ones((2, 2, 1)), BOX).array.shape == (2, 2, 1)


def test_how_far_it_is_is_told_and_ends_with_all():
    told = []
    apply(np.ones((600, 5000), np.uint8), BOX, Settings(range="scale"), tell=told.append)
    assert told == sorted(told)
    assert told[-1] == 1
    assert len(told) >= 4


def test_nothing_of_the_picture_is_changed():
    x = np.random.default_rng(8).uniform(size=(9, 8, 4))
    before = x.copy()
    x.flags.writeable = False
    apply(x, EDGES, Settings(range="scale"))
    assert (x == before).all()


@pytest.mark.parametrize(
    ("x", "weights", "how", "said"),
    [
        (np.ones((2, 2), int), [[1]], {}, "a picture of int64 cannot be filtered: convert it to one of uint8"),
        (np.ones(3, np.uint8), [[1]], {}, "an array of 3 is not a picture: give H x W, or H x W x C with 1 to 4"),
        (np.ones((2, 2, 5)), [[1]], {}, "an array of 2x2x5 is not a picture"),
        (np.ones((0, 2, 3)), [[1]], {}, "a picture of 0x2 has no pixels"),
        (np.ones((2, 2)), [[float("nan")]], {}, "a kernel has a weight that is not a finite number"),
        (np.ones((2, 2)), [[10**400]], {}, "a kernel's weights are too large for float64"),
        (np.ones((2, 2)), [[1]], {"stride": (0, 1)}, "stride (0, 1) is too small: use stride=1 or more"),
        (np.ones((2, 2)), [[1]], {"dilation": (1, 0)}, "dilation (1, 0) is too small: use dilation=1 or more"),
        (np.ones((2, 2)), [[1]], {"range": "wrap"}, "range 'wrap' has no meaning for a picture of floats"),
        (np.ones((2, 2)), [[1]], {"range": "cut"}, "range 'cut' is not known: use one of clip, abs, scale, wrap"),
        (np.ones((2, 2)), [[1] * 5], {}, "2 columns of reflect border cannot be made from a picture of 2"),
        (np.ones((2, 2)), [[1] * 3], {"border": "valid"}, "a kernel of 3 columns does not fit a picture of 2"),
        (
            np.ones((2, 2)),
            [[1] * 3] * 3,
            {"border": "zeros", "dilation": (10**9, 10**9)},
            "a kernel over 2000000001x2000000001 pixels takes too much memory",
        ),
    ],
)
def test_what_cannot_be_done_is_refused(x, weights, how, said):
    with pytest.raises(ConvcalcError) as refused:
        apply(x, kernel(weights), Settings(**how))
    assert str(refused.value).startswith(said)
    assert "\n" not in str(refused.value)


def test_weights_of_any_size_are_exact_in_64_bits():
    x = np.array([[200, 100]], np.uint8)
    large = apply(x, kernel([[2**52 + 1, -(2**52)]]), Settings("zeros"))
    assert (large.low, large.high) == (-200 * 2**52, 200 * (2**52 + 1) - 100 * 2**52)


@pytest.mark.parametrize("weights", [((1, 2, 1), (2, 4, 2), (1, 2, 1)), ((1, 0, 2), (0, 5, 1), (3, 1, 1))])
@pytest.mark.parametrize("how", [Settings("reflect", (2, 3)), Settings("zeros", (1, 2), (3, 2))])
def test_stride_and_dilation_over_many_bands(weights, how):
    x = np.random.default_rng(9).integers(0, 256, (700, 900), dtype=np.uint16)
    (down, across), (high, wide) = how.stride, how.dilation
    padded = np.pad(
        x.astype(int), ((high, high), (wide, wide)), mode="reflect" if how.border == "reflect" else "constant"
    )
    expected = sum(
        weight * padded[i * high : i * high + 700 : down, j * wide : j * wide + 900 : across]
        for i, row in enumerate(weights)
        for j, weight in enumerate(row)
    )
    assert (apply(x, kernel(weights), how).array == expected).all()


@pytest.mark.parametrize(
    "weights",
    [
        [[2**15 + 1, -3], [2 * (2**15 + 1), -6]],  # sums beyond float32's 24 bits
        [[2**24 + 1, -5], [3, 2**20 + 7]],
        [[2**47 + 1, 3]],  # beyond float64's 53
        [[100001.5, -7.5], [200003.0, -15.0]],  # halves of such
    ],
)
def test_sums_of_large_weights_are_exact(weights):
    x = np.random.default_rng(10).integers(0, 256, (20, 20), dtype=np.uint8)
    exact = filtered(x, kernel(weights), Settings())
    expected = np.vectorize(lambda value: rounded(value) % 256)(exact)
    array, low, high, _ = apply(x, kernel(weights), Settings(range="wrap"))
    assert (array == expected).all()
    assert (low, high) == (exact.min(), exact.max())


def test_the_gradient_of_fractions():
    x = np.random.default_rng(11).integers(0, 256, (9, 9), dtype=np.uint8)
    eighths = tuple(tuple(weight / 8 for weight in row) for row in EDGES.weights)
    down = tuple(zip(*eighths, strict=True))
    array = apply(x, Magnitude("", kernel(eighths), kernel(down), "clip", "")).array
    exact = np.vectorize(hypot)(*(filtered(x, kernel(each), Settings()).astype(float) for each in (eighths, down)))
    assert (array == exact.round()).all()
