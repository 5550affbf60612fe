"""A filter in words and figures, and the layer that does the same, held against slow loops."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from convcalc import Conv2d, ConvcalcError, engine, trace
from convcalc.filter.describe import as_conv2d, description
from convcalc.filter.kernel import Linear, Settings, flipped, linear
from convcalc.filter.presets import entries, find
from convcalc.syntax import parse


def test_a_sobel_described():
    shown = description(find("sobel-y"))
    assert (shown.name, shown.kind, shown.size, shown.anchor, shown.range) == (
        "sobel-y",
        "linear",
        (3, 3),
        (1, 1),
        "abs",
    )
    assert shown.what == "a pixel becomes the weighted sum of its 3x3 neighbourhood"
    assert shown.rows == ("-1  -2  -1", " 0   0   0", " 1   2   1")
    assert (shown.total, shown.separable) == (0, ((-1, 0, 1), (1, 2, 1)))
    assert "OpenCV Sobel" in shown.source
    assert shown.layer == "Conv2d(1, 1, 3, padding=1, bias=False, padding_mode='reflect')"
    assert shown.parts == ()


def test_fractions_have_six_digits_and_stand_flush_right():
    weights = ((1 / 9, -2, 0.25), (12345678.9, 10**9, -0.0), (1e-12, 100, 1 / 3))
    shown = description(linear("mine", weights, "clip", "nowhere"))
    assert shown.rows == (
        "   0.111111          -2      0.25",
        "1.23457e+07  1000000000         0",
        "      1e-12         100  0.333333",
    )
    assert shown.separable is None


def test_the_sum_is_that_of_the_weights():
    assert description(find("sharpen")).total == 1
    assert type(description(find("sharpen")).total) is int
    assert description(find("box")).total == pytest.approx(1)
    assert description(linear("", ((0.1, 0.2, -0.3),), "", "")).total == pytest.approx(0, abs=1e-15)


def test_separable_or_not():
    for name in ("box", "gaussian", "sobel-x", "prewitt-y", "scharr-x", "identity", "motion"):
        kernel = find(name)
        column, row = description(kernel).separable
        assert np.outer(column, row) == pytest.approx(np.array(kernel.weights), rel=1e-12)
    for name in ("laplacian", "laplacian-8", "sharpen", "emboss", "log", "unsharp", "roberts-x"):
        assert description(find(name)).separable is None


def test_a_magnitude_is_described_by_its_parts():
    shown = description(find("scharr"), Settings("zeros"), 3)
    assert (shown.kind, shown.size, shown.anchor, shown.rows, shown.total, shown.layer) == (
        "magnitude",
        (3, 3),
        None,
        (),
        None,
        None,
    )
    assert shown.what == "a pixel becomes the length of its gradient, sqrt((scharr-x)^2 + (scharr-y)^2)"
    assert [part.name for part in shown.parts] == ["scharr-x", "scharr-y"]
    assert {part.layer for part in shown.parts} == {"Conv2d(3, 3, 3, padding=1, groups=3, bias=False)"}


def test_an_order_says_what_it_is_instead():
    shown = description(find("median", size=(3, 5)))
    assert (shown.kind, shown.size, shown.anchor, shown.rows, shown.layer) == ("order", (3, 5), (1, 2), (), None)
    assert shown.what == "a pixel becomes the median of its 3x5 neighbourhood"
    assert "the upper median of its 2x3" in description(find("median", size=(2, 3))).what
    assert "the minimum of its 2x2" in description(find("minimum", size=(2, 2))).what
    with pytest.raises(ConvcalcError, match="median is not a Conv2d: a pixel becomes the median of its 3x3"):
        as_conv2d(find("median"))
    with pytest.raises(ConvcalcError, match="sobel is not a Conv2d: a pixel becomes the length of its gradient"):
        as_conv2d(find("sobel"))


def test_every_filter_can_be_described():
    for entry in entries():
        shown = description(find(entry.name))
        assert shown.what.startswith("a pixel becomes the ")
        assert (shown.layer is not None) == isinstance(find(entry.name), Linear)


@pytest.mark.parametrize(
    ("size", "settings", "channels", "layer"),
    [
        ((3, 3), Settings(), 1, "Conv2d(1, 1, 3, padding=1, bias=False, padding_mode='reflect')"),
        ((3, 5), Settings("zeros"), 3, "Conv2d(3, 3, (3, 5), padding=(1, 2), groups=3, bias=False)"),
        ((5, 5), Settings("valid", (2, 2)), 1, "Conv2d(1, 1, 5, stride=2, bias=False)"),
        (
            (3, 3),
            Settings("circular", (1, 2), (2, 1)),
            1,
            "Conv2d(1, 1, 3, stride=(1, 2), padding=(2, 1), dilation=(2, 1), bias=False, padding_mode='circular')",
        ),
        (
            (2, 4),
            Settings("replicate", dilation=(3, 1)),
            1,
            "Conv2d(1, 1, (2, 4), padding=((3, 0), (2, 1)), dilation=(3, 1), bias=False, padding_mode='replicate')",
        ),
    ],
)
def test_the_layer_as_it_is_written(size, settings, channels, layer):
    made = as_conv2d(find("box", size=size), settings, channels)
    assert repr(made) == layer
    assert parse(layer) == made


def test_what_the_layer_costs():
    report = trace(as_conv2d(find("gaussian", size=(7, 7)), channels=3), (1, 3, 480, 640))
    assert report.output == (1, 3, 480, 640)
    assert report.totals.macs == 3 * 480 * 640 * 49
    assert report.totals.parameters == 3 * 49


def test_no_channels_are_refused():
    with pytest.raises(ConvcalcError, match="channels 0 is too small"):
        as_conv2d(find("box"), Settings(), 0)


def at(border, index, size):
    """The element that a place on the padded axis holds, or None for a zero."""
    if 0 <= index < size:
        return index
    if border == "zeros":
        return None
    if border == "circular":
        return index % size
    if border == "replicate":
        return min(max(index, 0), size - 1)
    return -index if index < 0 else 2 * (size - 1) - index


@given(st.data())
def test_the_layer_does_what_the_filter_says(data):
    """The anchor on every stride-th pixel, the taps a dilation apart, the border made by its rule."""
    border = data.draw(st.sampled_from(["zeros", "reflect", "replicate", "circular", "valid"]))
    sizes, axes = data.draw(st.tuples(*[st.integers(1, 4)] * 2)), st.tuples(*[st.integers(1, 3)] * 2)
    stride, dilation = data.draw(axes), data.draw(axes)
    weights = data.draw(
        st.lists(
            st.lists(st.integers(-3, 3), min_size=sizes[1], max_size=sizes[1]), min_size=sizes[0], max_size=sizes[0]
        )
    )
    kernel = linear("", tuple(map(tuple, weights)), "clip", "")
    if data.draw(st.booleans()):
        kernel = flipped(kernel)
    shape = [step * (k - 1) + data.draw(st.integers(1, 4)) for k, step in zip(sizes, dilation, strict=True)]
    picture = np.arange(2 * shape[0] * shape[1]).reshape(2, *shape) * 37 % 19
    channel, height, width = picture.shape

    def value(c, i, j):
        total = 0
        for a in range(sizes[0]):
            for b in range(sizes[1]):
                down = i + (a - kernel.anchor[0]) * dilation[0]
                across = j + (b - kernel.anchor[1]) * dilation[1]
                y, x = at(border, down, height), at(border, across, width)
                total += 0 if y is None or x is None else kernel.weights[a][b] * picture[c, y, x]
        return total

    rows, columns = [range(0, size, step) for size, step in zip(shape, stride, strict=True)]
    if border == "valid":
        firsts = [step * anchor for step, anchor in zip(dilation, kernel.anchor, strict=True)]
        lasts = [
            size - step * (k - 1 - anchor)
            for size, step, k, anchor in zip(shape, dilation, sizes, kernel.anchor, strict=True)
        ]
        rows, columns = [range(first, last, step) for first, last, step in zip(firsts, lasts, stride, strict=True)]
    expected = [[[value(c, i, j) for j in columns] for i in rows] for c in range(channel)]
    layer = as_conv2d(kernel, Settings(border, stride, dilation), channel)
    assert isinstance(layer, Conv2d)
    weight = np.array([[kernel.weights]] * channel)
    assert engine.execute(layer, picture, weight=weight).tolist() == expected
