"""What comes nearest, against every setting tried one by one; and that each refusal is true."""

from __future__ import annotations

import re

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from convcalc.solve.bounds import Bounds
from convcalc.solve.conv import conv
from convcalc.solve.nearest import nearest, refusal
from convcalc.solve.pool import pool
from convcalc.solve.transposed import transposed
from tests.solve import brute

WHOLE = re.compile(
    r"no (?P<bounds>.+) turns (?P<size>\d+) into (?P<target>\d+): (?P<says>the \w+) is (?P<nearest>\d+) \(.*\): .+"
)


@st.composite
def questions(draw):
    operation = draw(st.sampled_from(brute.OPERATIONS))
    size, bounds = draw(st.integers(1, 9)), draw(brute.small_bounds(operation))
    return operation, size, draw(st.integers(1, 30)), bounds


@settings(max_examples=150, deadline=None)
@given(questions())
def test_nearest_and_its_refusal(question):
    operation, size, target, bounds = question
    answers = brute.ASK[operation]((size,), (target,), bounds)
    made = {}
    for each in brute.every(operation, bounds):
        got = brute.size_of(operation, (size,), [each])
        off = brute.size_of(operation, (size,), [each | {"ceil_mode": False}])
        if got and not (each["ceil_mode"] and got == off):
            made.setdefault(got[0], []).append((brute.score(operation, size, got[0], each), brute.ties(each)))
    if target in made:
        assert answers.found
        return
    found = nearest(answers.operation, answers.axes[0])
    assert found.complete
    assert found.below == max((got for got in made if got < target), default=None)
    assert found.above == min((got for got in made if got > target), default=None)
    message = str(refusal(answers))
    assert "\n" not in message
    if not made:
        assert found.solution is None
        assert re.search(r"fits|leaves any output", message)
    else:
        distance = min(abs(got - target) for got in made)
        points, ties, got = min((*min(made[got]), got) for got in made if abs(got - target) == distance)
        assert (found.solution.score, found.solution.ties, found.size) == (points, ties, got)
        said = WHOLE.fullmatch(message)
        assert int(said["nearest"]) == got
        assert said["says"] == (
            "the most" if max(made) < target else "the least" if min(made) > target else "the nearest"
        )
    for name, most in re.findall(r"(\w+)=\d+\.\.(\d+)", message):
        wider = bounds._replace(**{name: (*getattr(bounds, name), int(most))})
        assert brute.expected(operation, (size,), (target,), [wider])
    if "or a transposed convolution" in message:
        assert transposed((size,), (target,)).found


def test_the_most_is_said_with_true_remedies():
    message = str(refusal(conv((28,), (100,))))
    assert message == (
        "no kernel 1 to 11, stride 1 to 4, padding 0 to 5, dilation 1 to 2 turns 28 into 100:"
        " the most is 38 (kernel 1, stride 1, padding 5):"
        " use padding=0..36, or a transposed convolution"
    )  # 28 + 2*5 = 38; 28 + 2*36 = 100


def test_between_two_sizes_the_nearer_is_said():
    message = str(refusal(conv((28,), (15,), Bounds((2,), (1, 2, 3), (0,), (1,)))))
    assert message.startswith(
        "no kernel 2, stride 1 to 3, padding 0, dilation 1 turns 28 into 15: the nearest is 14 (kernel 2, stride 2): "
    )


def test_the_least_is_said():
    message = str(refusal(conv((28,), (2,), Bounds((3,), (1, 2), (0,), (1,)))))
    assert "the least is 13 (kernel 3, stride 2): use stride=1..13" in message  # floor(25 / 13) + 1 = 2


def test_a_kernel_that_is_too_large_for_every_padding():
    nine = Bounds((9,), (1,), (0, 1), (1,))
    assert str(refusal(conv((3,), (1,), nine))) == (
        "no kernel 9, stride 1, padding 0 to 1, dilation 1 fits input 3, to turn 3 into 1: use padding=0..3"
    )
    assert str(refusal(conv((3,), (2,), nine))).endswith(": give other bounds")  # 3 + 2*padding - 9 is even
    assert "kernel 9" in str(refusal(pool((3,), (2,), nine)))


def test_a_stride_that_does_not_go_with_the_output_padding_makes_nothing():
    message = str(refusal(transposed((3,), (5,), Bounds((3,), (1, 2, 4, 5), (0,), (1,), (3,)))))
    assert "the least is 14 (kernel 3, stride 4, output_padding 3)" in message  # 2*4 + 3 + 3


def test_a_padding_that_crops_everything():
    message = str(refusal(transposed((1,), (1,), Bounds((1,), (1,), (3,), (1,)))))
    assert message == (
        "no kernel 1, stride 1, padding 3, dilation 1 leaves any output of input 1, to turn 1 into 1:"
        " use kernel_size=1..7"
    )


def test_the_axis_is_named():
    message = str(refusal(conv((28, 28), (28, 100))))
    assert "turns 28 into 100 along W: the most is 38" in message


def test_flags_that_do_not_go_together():
    apart = pool((6, 6), (3, 2), Bounds((3,), (2,), (0,), (1,)))
    assert str(refusal(apart)) == (
        "6x6 to 3x2 needs ceil_mode along one axis and none along another, and it is one for all: give wider bounds"
    )


def test_a_refusal_of_a_search_that_stopped(monkeypatch):
    monkeypatch.setattr("convcalc.solve.search.MOST_EXAMINED", 20)
    # Stride 1 needs kernel 16 + 2*padding, stride 100 a padding of 586: each of the paddings takes 18 steps.
    message = str(refusal(conv((28,), (13,), Bounds(range(1, 10), (1, 100), range(1, 99), (1,)))))
    assert message.startswith("none of the first ")
    assert message.endswith("(stopped at padding 2): give narrower bounds")


@pytest.mark.parametrize("ask", [conv, pool])
def test_huge_questions_are_refused_at_once(ask):
    assert "the most is " in str(refusal(ask((28,), (10**30,))))
    assert " is " in str(refusal(ask((10**30,), (7,), Bounds(stride=(1, 2)))))
