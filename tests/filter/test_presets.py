"""The filters by name: beside published tables, and the answers of tools/filter_bank_answers.py."""

from __future__ import annotations

import subprocess
import sys
from fractions import Fraction
from math import cos, exp, hypot, log, pi, radians, sin, sqrt

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from convcalc import ConvcalcError
from convcalc.filter.kernel import Linear, Magnitude, Order, separated, total
from convcalc.filter.presets import entries, find
from tests.helpers import stored

CASES = stored("filter_bank.jsonl.gz")
WEIGHTS = [case for case in CASES if "weights" in case]
LENGTHS = [case for case in CASES if "lengths" in case]
DERIVATIVES = [f"{name}-{axis}" for name in ("sobel", "prewitt", "scharr", "roberts") for axis in "xy"]
WHOLE = ["identity", "sharpen", "emboss", "laplacian", "laplacian-8", *DERIVATIVES]
ASKED_FOR = [*WHOLE, "box", "gaussian", "motion", "unsharp", "log", "sobel", "prewitt", "scharr", "roberts", "gabor"]
ASKED_FOR += ["median", "minimum", "maximum"]


def weights(name, **settings):
    return np.array(find(name, **settings).weights)


def tuples(settings):
    return {name: tuple(value) if isinstance(value, list) else value for name, value in settings.items()}


def centred(kernel):
    """The weights with zeros around them, so that the anchor is in the middle."""
    laid = kernel.size, kernel.anchor
    sides = [(max(0, size - 1 - 2 * at), max(0, 2 * at + 1 - size)) for size, at in zip(*laid, strict=True)]
    return np.pad(np.array(kernel.weights, dtype=float), sides)


def grown(array, shape):
    """The array in the middle of a larger one of zeros."""
    sides = [((large - small) // 2,) * 2 for small, large in zip(array.shape, shape, strict=True)]
    return np.pad(array, sides)


def correlated(picture, kernel, i, j):
    """One pixel of the result, summed one by one."""
    down, across = kernel.anchor
    return sum(
        weight * picture[i + a - down][j + b - across]
        for a, row in enumerate(kernel.weights)
        for b, weight in enumerate(row)
    )


# Which filters there are


def test_the_filters_asked_for_are_there_each_with_its_source():
    names = [entry.name for entry in entries()]
    assert sorted(names) == sorted(ASKED_FOR)
    assert all(entry.what and entry.source for entry in entries())


def test_every_entry_makes_a_filter_of_its_name_from_its_defaults():
    for entry in entries():
        kernel = find(entry.name)
        assert (kernel.name, kernel.source) == (entry.name, entry.source)
        assert kernel == entry.make(**{setting.name: setting.default for setting in entry.settings})
        assert all(setting.words for setting in entry.settings)


def test_a_setting_that_is_none_is_not_given():
    assert find("box", size=None, sigma=None) == find("box")


def test_derivatives_are_shown_by_their_size_gabor_is_stretched_and_the_rest_clipped():
    ranges = {entry.name: find(entry.name).range for entry in entries()}
    zero_sums = {e.name for e in entries() if isinstance(find(e.name), Linear) and total(find(e.name).weights) == 0}
    assert {name for name, kept in ranges.items() if kept == "abs"} == zero_sums
    assert {name for name, kept in ranges.items() if kept == "scale"} == {"gabor"}
    assert zero_sums == {"laplacian", "laplacian-8", "log", *DERIVATIVES}


@pytest.mark.parametrize("name", WHOLE)
def test_whole_weights_are_ints(name):
    assert {type(weight) for row in find(name).weights for weight in row} == {int}


def test_nothing_here_loads_numpy():
    code = "import sys; from convcalc.filter import describe, parse; describe.description(parse.kernel_from('log', {}))"
    code += "; print('numpy' in sys.modules)"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "False"


# Published tables


@pytest.mark.parametrize(
    ("name", "settings", "table"),
    [
        # OpenCV's documentation, Sobel and Scharr
        ("sobel-x", {}, "-1 0 1; -2 0 2; -1 0 1"),
        ("sobel-y", {}, "-1 -2 -1; 0 0 0; 1 2 1"),
        ("scharr-x", {}, "-3 0 3; -10 0 10; -3 0 3"),
        ("scharr-y", {}, "-3 -10 -3; 0 0 0; 3 10 3"),
        # Prewitt, turned by a quarter; Gonzalez and Woods, Digital Image Processing, chapters 3 and 10
        ("prewitt-x", {}, "-1 0 1; -1 0 1; -1 0 1"),
        ("prewitt-y", {}, "-1 -1 -1; 0 0 0; 1 1 1"),
        ("roberts-x", {}, "-1 0; 0 1"),
        ("roberts-y", {}, "0 -1; 1 0"),
        ("laplacian", {}, "0 1 0; 1 -4 1; 0 1 0"),
        ("laplacian-8", {}, "1 1 1; 1 -8 1; 1 1 1"),
        ("sharpen", {}, "0 -1 0; -1 5 -1; 0 -1 0"),
        # GIMP's documentation, Convolution Matrix
        ("emboss", {}, "-2 -1 0; -1 1 1; 0 1 2"),
        ("identity", {"size": (2, 3)}, "0 0 0; 0 1 0"),
    ],
)
def test_published_whole_weights(name, settings, table):
    assert find(name, **settings).weights == tuple(tuple(map(int, row.split())) for row in table.split(";"))


def test_matlabs_laplacian_of_gaussian():
    """`fspecial('log')` as MATLAB prints it: 5 by 5, sigma 0.5."""
    table = [
        [0.0448, 0.0468, 0.0564, 0.0468, 0.0448],
        [0.0468, 0.3167, 0.7146, 0.3167, 0.0468],
        [0.0564, 0.7146, -4.9048, 0.7146, 0.0564],
        [0.0468, 0.3167, 0.7146, 0.3167, 0.0468],
        [0.0448, 0.0468, 0.0564, 0.0468, 0.0448],
    ]
    assert weights("log", size=(5, 5), sigma=0.5) == pytest.approx(np.array(table), abs=5e-5)


def test_matlabs_motion():
    """`fspecial('motion', 3, 45)` as MATLAB prints it: MATLAB Answers 307822."""
    table = [[0, 0.0754, 0.1883], [0.0754, 0.3215, 0.0754], [0.1883, 0.0754, 0]]
    assert weights("motion", size=(3, 3), angle=45.0) == pytest.approx(np.array(table), abs=5e-5)


# The libraries


@pytest.mark.parametrize("case", WEIGHTS, ids=[f"{case['name']}-{case['by']}-{n}" for n, case in enumerate(WEIGHTS)])
def test_the_weights_are_those_of_the_library(case):
    kernel, expected = find(case["name"], **tuples(case["settings"])), np.array(case["weights"])
    ours = np.array(kernel.weights, dtype=float)
    if kernel.size != expected.shape:  # an answer to a single 1 has its anchor in the middle
        ours = centred(kernel)
        shape = tuple(map(max, ours.shape, expected.shape))
        ours, expected = grown(ours, shape), grown(expected, shape)
    difference = ours - expected
    if case["name"] == "log":  # its mean is taken out: the same number from every weight
        mean = -np.sum(case["weights"]) / ours.size
        difference = difference - mean
    assert np.abs(difference).max() <= 1e-14 * max(1, np.abs(expected).max())


@pytest.mark.parametrize("case", LENGTHS, ids=[case["name"] for case in LENGTHS])
def test_lengths_of_gradients_are_those_of_scikit_image(case):
    kernel, picture = find(case["name"]), case["picture"]
    assert isinstance(kernel, Magnitude)
    for i in range(1, len(picture) - 1):
        for j in range(1, len(picture[0]) - 1):
            ours = hypot(correlated(picture, kernel.x, i, j), correlated(picture, kernel.y, i, j))
            assert ours == pytest.approx(case["lengths"][i][j], rel=1e-12)


def test_every_filter_with_weights_of_its_own_was_asked_about():
    asked = {case["name"] for case in CASES}
    assert set(ASKED_FOR) - asked == {
        *("identity", "sharpen", "emboss", "laplacian-8", "motion"),  # published tables
        *("median", "minimum", "maximum"),  # no weights
    }


# Smoothing


@given(st.integers(1, 16), st.integers(1, 16), st.none() | st.floats(0.001, 1000))
def test_a_gaussian_is_separable_sums_to_one_and_falls_off_as_it_should(height, width, sigma):
    kernel = find("gaussian", size=(height, width), sigma=sigma)
    assert separated(kernel.weights) is not None
    assert total(kernel.weights) == pytest.approx(1, abs=1e-14)
    down, across = (sigma or 0.3 * ((size - 1) * 0.5 - 1) + 0.8 for size in (height, width))

    def height_at(i, j):
        y, x = i - (height - 1) / 2, j - (width - 1) / 2
        return exp(-(x * x) / across / across / 2 - y * y / down / down / 2)

    middle = height_at(height // 2, width // 2)
    for i in range(height):
        for j in range(width):
            if middle > 1e-200:
                ratio = kernel.weights[i][j] / kernel.weights[height // 2][width // 2]
                assert ratio == pytest.approx(height_at(i, j) / middle, rel=1e-9, abs=1e-100)


def test_which_size_and_sigma_a_gaussian_has():
    assert find("gaussian").weights == find("gaussian", size=(5, 5)).weights
    assert find("gaussian", size=(5, 5)).weights == find("gaussian", size=(5, 5), sigma=1.1).weights
    assert find("gaussian", sigma=1.4).size == (13, 13)  # 4 * 1.4 = 5.6, rounded 6
    assert find("gaussian", sigma=125).size == (1001, 1001)
    halved = find("gaussian", size=(1, 3), sigma=1 / sqrt(2 * log(2)))  # half as high one pixel away
    assert halved.weights[0] == pytest.approx((0.25, 0.5, 0.25))


@given(st.integers(1, 12), st.integers(1, 12))
def test_a_box_weighs_all_alike(height, width):
    kernel = find("box", size=(height, width))
    assert kernel.size == (height, width)
    assert {weight for row in kernel.weights for weight in row} == {1 / (height * width)}


@given(st.integers(1, 25), st.floats(-720, 720))
def test_a_motion_sums_to_one_and_is_the_same_from_behind(length, angle):
    kernel = weights("motion", size=(length, length), angle=angle)
    assert kernel.sum() == pytest.approx(1)
    assert kernel.min() >= 0
    assert kernel.shape[0] % 2 == kernel.shape[1] % 2 == 1
    assert max(kernel.shape) <= length + 1
    assert kernel == pytest.approx(kernel[::-1, ::-1], abs=1e-15)
    assert kernel[0].any() and kernel[:, 0].any()  # noqa: PT018


@given(st.integers(1, 15), st.integers(-360, 360))
def test_a_motion_turns_counter_clockwise(length, angle):
    """Turned by a quarter, and mirrored, weights and all."""
    kernel = weights("motion", size=(length, length), angle=angle)
    assert weights("motion", size=(length, length), angle=angle + 90) == pytest.approx(np.rot90(kernel), abs=1e-12)
    assert weights("motion", size=(length, length), angle=-angle) == pytest.approx(kernel[::-1], abs=1e-12)


def test_a_motion_lies_where_its_angle_says():
    assert weights("motion", size=(5, 5)).tolist() == [[0.2] * 5]
    assert find("motion", size=(5, 5), angle=1e-13).size == (1, 5)  # a rounding, not a direction
    assert weights("motion", size=(4, 4), angle=90).tolist() == [[0.125], [0.25], [0.25], [0.25], [0.125]]
    rising = weights("motion", size=(9, 9), angle=30)  # up on the right
    assert rising[0, -1] > 0
    assert rising[0, 0] == rising[-1, -1] == 0
    heights = [8 * cos(radians(30)) / 2, 8 * sin(radians(30)) / 2]  # how far the line's end is from the middle
    assert rising.shape == (2 * int(heights[1] + 1 - 1e-9) + 1, 2 * int(heights[0] + 1 - 1e-9) + 1)
    column = rising[:, rising.shape[1] // 2]  # of the middle: as near to the line as cos 30 times the rows apart
    assert column[rising.shape[0] // 2 - 1] / column.max() == pytest.approx(1 - cos(radians(30)))


# Sharpening and edges


@given(st.sampled_from([None, (3, 3), (5, 7)]), st.floats(0.3, 3), st.floats(-5, 5))
def test_unsharp_is_the_picture_and_what_the_gaussian_takes_away(size, sigma, amount):
    gauss = weights("gaussian", size=size, sigma=sigma)
    expected = -amount * gauss
    expected[gauss.shape[0] // 2, gauss.shape[1] // 2] += 1 + amount
    ours = weights("unsharp", size=size, sigma=sigma, amount=amount)
    assert ours == pytest.approx(expected, abs=1e-14)
    assert ours.sum() == pytest.approx(1)


@given(st.integers(1, 20), st.integers(3, 20), st.floats(0.001, 1000))
def test_a_laplacian_of_gaussian_sums_to_exactly_nothing(height, width, sigma):
    kernel = find("log", size=(height, width), sigma=sigma)
    assert sum(Fraction(weight) for row in kernel.weights for weight in row) == 0
    assert kernel.size == (height, width)
    if height % 2 and width % 2:
        assert min(map(min, kernel.weights)) == kernel.weights[height // 2][width // 2] < 0


@pytest.mark.parametrize("name", ["sobel", "prewitt", "scharr", "roberts"])
def test_derivatives_are_positive_where_the_brightness_rises_to_the_right_and_downwards(name):
    right = [[j for j in range(5)] for _ in range(5)]  # noqa: C416
    down = [[i] * 5 for i in range(5)]
    kernel = find(name)
    assert correlated(right, kernel.x, 2, 2) > 0
    assert correlated(down, kernel.y, 2, 2) > 0
    if name != "roberts":
        assert correlated(down, kernel.x, 2, 2) == correlated(right, kernel.y, 2, 2) == 0


@pytest.mark.parametrize("size", [3, 5, 7])
def test_a_wide_sobel_is_the_narrow_one_smoothed(size):
    rows = np.array([[-1, 0, 1], [-2, 0, 2], [-1, 0, 1]])
    for _ in range((size - 3) // 2):
        rows = sum(
            weight * np.pad(rows, ((i, 2 - i), (j, 2 - j)))
            for i, down in enumerate((1, 2, 1))
            for j, weight in enumerate((down, 2 * down, down))
        )
    assert weights("sobel-x", size=(size, size)).tolist() == rows.tolist()
    assert weights("sobel-y", size=(size, size)).tolist() == rows.T.tolist()
    assert find("sobel", size=(size, size)).size == (size, size)


# Texture and order


def test_gabor_answers_most_to_stripes_of_its_own_angle_clockwise():
    y, x = np.mgrid[-20:21, -20:21]  # to the right and downwards
    kernel = find("gabor", size=(41, 41), sigma=5.0, angle=30.0, wavelength=8.0, gamma=1.0)
    answers = {
        angle: float((np.array(kernel.weights) * np.cos(2 * pi / 8 * (x * c + y * s))).sum())
        for angle in range(0, 180, 15)
        for c, s in [(cos(radians(angle)), sin(radians(angle)))]
    }
    assert max(answers, key=answers.get) == 30


def test_gabors_phase_runs_to_the_left():
    """cos(u + phase) with u to the left: a quarter on, it is the sine of what lies to the right."""
    row = weights("gabor", size=(1, 9), sigma=1000.0, wavelength=8.0, phase=90.0)[0]
    assert row == pytest.approx([sin(2 * pi * x / 8) for x in range(-4, 5)], abs=1e-4)


@pytest.mark.parametrize("order", ["median", "minimum", "maximum"])
def test_orders_have_a_size_and_no_weights(order):
    kernel = find(order, size=(3, 4))
    assert isinstance(kernel, Order)
    assert (kernel.order, kernel.size, kernel.anchor, find(order).size) == (order, (3, 4), (1, 2), (3, 3))


# Refusals


@pytest.mark.parametrize(
    ("name", "settings", "reason"),
    [
        ("gausian", {}, "'gausian' is not a filter that convcalc knows: did you mean gaussian?"),
        ("Sobel_X", {}, "did you mean sobel-x"),
        ("qqq", {}, "known are identity, box"),
        ("box", {"sigma": 1.0}, "box takes no sigma: leave it out (it takes size)"),
        ("gabor", {"amount": 1.0}, "it takes size, sigma, angle, wavelength, gamma, phase"),
        ("laplacian", {"size": (3, 3)}, "laplacian takes no size: leave it out (its weights are fixed)"),
        ("box", {"size": (3, 0)}, "size 0 is too small"),
        ("box", {"size": (-1, 3)}, "size -1 is too small"),
        ("box", {"size": 2.5}, "size 2.5 is not a whole number"),
        ("box", {"size": (1, 1002)}, "size 1x1002 is too large: a kernel has at most 1001 rows and columns"),
        ("box", {"size": 10**400}, "is too large"),
        ("median", {"size": (3, 3, 3)}, "size 3x3x3 has 3 values for 2 axes"),
        ("gaussian", {"sigma": 0}, "sigma 0 is not above 0: use 0.001 to 1000"),
        ("gaussian", {"sigma": -1.5}, "sigma -1.5 is not above 0"),
        ("gaussian", {"sigma": 1e-9}, "sigma 1e-09 is out of range: use 0.001 to 1000"),
        ("gaussian", {"sigma": float("nan")}, "sigma nan is not finite"),
        ("gaussian", {"sigma": float("inf")}, "sigma inf is not finite"),
        ("gaussian", {"sigma": 10**400}, "sigma inf is not finite"),
        ("gaussian", {"sigma": "1"}, "sigma '1' is not a number"),
        (
            "gaussian",
            {"sigma": 125.2},
            "needs a kernel of 1003x1003, more than 1001: use sigma=125 or less, or give size",
        ),
        ("unsharp", {"sigma": 500}, "needs a kernel of 4001x4001"),
        ("unsharp", {"amount": float("inf")}, "amount inf is not finite"),
        ("unsharp", {"amount": -1001}, "amount -1001 is out of range: use -1000 to 1000"),
        ("log", {"size": (1, 2)}, "size 1x2 leaves no room for log: use at least size=3"),
        ("sobel", {"size": (4, 4)}, "size 4 is no size of Sobel's: use size=3, 5 or 7"),
        ("sobel-x", {"size": (3, 5)}, "size 3x5 is no size of Sobel's"),
        ("motion", {"size": (3, 5)}, "size 3x5 is two lengths, and motion takes one: use size=5"),
        ("motion", {"angle": float("nan")}, "angle nan is not finite"),
        ("gabor", {"size": (3, 4)}, "size 3x4 has no middle, which Gabor's wave needs: use odd numbers"),
        ("gabor", {"sigma": 300}, "needs a kernel of 3601x1801, more than 1001: give size, or use a smaller sigma"),
        ("gabor", {"wavelength": 0}, "wavelength 0 is not above 0"),
        ("gabor", {"gamma": -1}, "gamma -1 is not above 0"),
    ],
)
def test_refusals_say_what_is_wrong_in_one_line(name, settings, reason):
    with pytest.raises(ConvcalcError) as refused:
        find(name, **settings)
    assert reason in str(refused.value)
    assert "\n" not in str(refused.value)
    assert len(str(refused.value)) < 600
