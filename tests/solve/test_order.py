"""The lazy order of several axes against the whole product, sorted."""

from __future__ import annotations

from itertools import product

from hypothesis import given, settings
from hypothesis import strategies as st

from convcalc.solve.axes import SETTINGS, combinations_in_order
from convcalc.solve.bounds import Bounds
from convcalc.solve.conv import conv
from convcalc.solve.search import Solution

SOLUTIONS = st.builds(
    Solution,
    st.integers(1, 3),
    st.integers(1, 2),
    st.integers(0, 1),
    st.integers(1, 2),
    st.integers(0, 1),
    st.just(False),
    st.just(0),
    st.just(0),
    st.integers(0, 5),
)
AXES = st.lists(st.lists(SOLUTIONS, max_size=9, unique_by=lambda one: one.ties), min_size=1, max_size=3)


@settings(max_examples=150, deadline=None)
@given(AXES)
def test_the_order_is_that_of_the_sorted_product(axes):
    axes = [sorted(solutions, key=lambda one: (one.score, one.ties)) for solutions in axes]
    expected = []
    for chosen in product(*axes):
        differing = sum(len({getattr(one, name) for one in chosen}) > 1 for name in SETTINGS)
        expected.append((sum(one.score for one in chosen) + differing, [one.ties for one in chosen]))
    found = [(one.score, list(one.ties)) for one in combinations_in_order(axes)]
    assert found == sorted(expected)


def test_a_kernel_of_1_does_not_use_up_the_search():
    answers = conv((28,), (13,), Bounds(dilation=range(1, 200_001)))
    assert answers.first(1)[0].axes[0][:4] == (4, 2, 0, 1)
    assert answers.stopped_at == (5,)  # where a kernel of 1, by strides of 3, has a solution for every dilation


def test_a_kernel_that_skips_half_of_the_input_comes_after_one_that_reads_it_all():
    """A person takes kernel 3, stride 2, padding 1; kernel 1, stride 2 leaves 14 of 28 elements unread."""
    settings = [answer.axes[0][:3] for answer in conv((28,), (14,)).in_order()]
    assert settings.index((3, 2, 1)) < settings.index((1, 2, 0))
