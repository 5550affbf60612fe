"""The padding that keeps a size, against TensorFlow's rule, the engine and every padding there is."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from convcalc import Conv2d, ConvcalcError, engine
from convcalc.solve.same import same
from tests.helpers import slide

setting = st.tuples(st.integers(1, 30), st.integers(1, 6), st.integers(1, 6), st.integers(1, 4))


def ceiling(size, stride):
    """How many strides it takes to pass the size."""
    return len(range(0, size, stride))


def places(size, kernel_size, stride, padding, dilation):
    return len(slide(size, kernel_size, stride, padding, dilation))


@given(setting)
def test_the_sides_are_the_fewest_zeros_that_give_the_size_rounded_up(setting):
    size, kernel_size, stride, dilation = setting
    (row,) = same((size,), (kernel_size,), (stride,), (dilation,))
    wanted = ceiling(size, stride)
    ((before, after),) = row.sides
    assert row.output == (wanted,)
    assert row.divides == (wanted * stride == size,)
    assert engine.output_shape(row.layer, (1, 1, size)) == (1, 1, wanted)
    assert 0 <= after - before <= 1
    if after:
        assert places(size, kernel_size, stride, (before, after - 1), dilation) < wanted


@given(setting)
def test_the_symmetric_padding_is_the_first_that_goes(setting):
    size, kernel_size, stride, dilation = setting
    (row,) = same((size,), (kernel_size,), (stride,), (dilation,))
    goes = [
        padding
        for padding in range(kernel_size * dilation + stride)
        if places(size, kernel_size, stride, (padding, padding), dilation) == ceiling(size, stride)
    ]
    assert row.symmetric == ((goes[0],) if goes else None)


@pytest.mark.parametrize(
    ("size", "kernel_size", "stride", "sides"),
    # tf.nn, "Notes on padding": pad_total = max(k - s, 0) where s divides the size, else max(k - size % s, 0)
    [(4, 3, 1, (1, 1)), (13, 6, 5, (1, 2)), (224, 7, 2, (2, 3)), (10, 2, 2, (0, 0)), (10, 1, 3, (0, 0))],
)
def test_the_sides_are_tensorflows(size, kernel_size, stride, sides):
    (row,) = same((size,), (kernel_size,), (stride,))
    assert row.sides == (sides,)


def test_without_a_word_kernels_of_1_to_11_keep_the_size():
    rows = same((28, 14))
    assert [row.kernel_size for row in rows] == [(size, size) for size in range(1, 12)]
    assert {row.output for row in rows} == {(28, 14)}
    assert [row.symmetric for row in rows[:4]] == [(0, 0), None, (1, 1), None]
    assert rows[3].layer.in_pytorch() == "Conv2d(1, 1, 4, padding='same')"


def test_each_axis_may_have_bounds_of_its_own():
    rows = same((8, 9), ((3,), (4, 5)), ((2,), (1,)), in_channels=3, out_channels=16)
    assert [row.sides for row in rows] == [((0, 1), (1, 2)), ((0, 1), (2, 2))]
    assert [row.output for row in rows] == [(4, 9)] * 2
    assert [row.symmetric for row in rows] == [None, (1, 2)]
    assert rows[0].divides == (True, True)
    assert rows[0].layer == Conv2d(3, 16, (3, 4), stride=(2, 1), padding=((0, 1), (1, 2)))
    assert rows[0].layer.in_pytorch() == "ZeroPad2d((1, 2, 0, 1)), Conv2d(3, 16, (3, 4), stride=(2, 1))"


def test_the_order_is_kernel_size_then_stride_then_dilation():
    rows = same((9,), (1, 2), (1, 2), (1, 2))
    settings = [(*row.kernel_size, *row.stride, *row.dilation) for row in rows]
    assert settings == [(a, b, c) for a in (1, 2) for b in (1, 2) for c in (1, 2)]


@pytest.mark.parametrize(
    ("given_", "words"),
    [
        ({"sizes": (28,), "kernel_size": range(1, 10**30)}, "more than 10,000 settings: give fewer"),
        ({"sizes": (28, 28), "kernel_size": (range(1, 10**30),) * 2}, "more than 10,000 settings: give fewer"),
        ({"sizes": (28, 28), "kernel_size": ((1,),)}, "bounds for 1 axis of 2: give 2"),
        ({"sizes": (28,), "stride": ()}, "no stride is given"),
        ({"sizes": (28,), "stride": (0,)}, "stride 0 is too small"),
        ({"sizes": (0,)}, "size 0 is too small"),
        ({"sizes": ()}, "give 1 to 3"),
    ],
)
def test_what_cannot_be_answered_is_refused(given_, words):
    with pytest.raises(ConvcalcError, match=words):
        same(**given_)


def test_a_huge_size_is_no_work():
    (row,) = same((10**30 + 1,), (5,), (2,))
    assert row.sides == ((2, 2),)  # 5 * 10**29 windows behind the first: 10**30 + 5 elements
    assert row.symmetric == (2,)
