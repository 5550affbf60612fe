"""What comes nearest, against every setting tried one by one; and that each refusal is true."""

from __future__ import annotations

import re

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from convcalc import ConvcalcError
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


@settings(max_examples=200, deadline=None)
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
    for name, most in re.findall(r"allow a (\w+) of up to (\d+)", message):
        wider = bounds._replace(**{name: (*getattr(bounds, name), int(most))})
        assert brute.expected(operation, (size,), (target,), [wider])
    if "use a transposed convolution" in message:
        assert transposed((size,), (target,)).found


def test_the_most_is_said_with_true_remedies():
    message = str(refusal(conv((28,), (100,))))
    assert message == (
        "no kernel 1 to 11, stride 1 to 4, padding 0 to 5, dilation 1 to 2 turns 28 into 100:"
        " the most is 38 (kernel 1, stride 1, padding 5):"
        " allow a padding of up to 36, or use a transposed convolution"
    )  # 28 + 2*5 = 38; 28 + 2*36 = 100


def test_between_two_sizes_the_nearer_is_said():
    message = str(refusal(conv((28,), (15,), Bounds((2,), (1, 2, 3), (0,), (1,)))))
    assert message.startswith(
        "no kernel 2, stride 1 to 3, padding 0, dilation 1 turns 28 into 15: the nearest is 14 (kernel 2, stride 2): "
    )


def test_the_least_is_said():
    message = str(refusal(conv((28,), (2,), Bounds((3,), (1, 2), (0,), (1,)))))
    assert "the least is 13 (kernel 3, stride 2): allow a stride of up to 13" in message  # floor(25 / 13) + 1 = 2


def test_a_kernel_that_is_too_large_for_every_padding():
    message = str(refusal(conv((3,), (2,), Bounds((9,), (1,), (0, 1), (1,)))))
    assert message == (
        "no kernel 9, stride 1, padding 0 to 1, dilation 1 fits input 3, to turn 3 into 2: allow a padding of up to 4"
    ) or message.endswith("allow a smaller kernel_size")


def test_the_axis_is_named():
    message = str(refusal(conv((28, 28), (28, 100))))
    assert "turns 28 into 100 along W: the most is 38" in message


def test_flags_that_do_not_go_together():
    apart = pool((6, 6), (3, 2), Bounds((3,), (2,), (0,), (1,)))
    assert str(refusal(apart)) == (
        "6x6 to 3x2 needs ceil_mode along one axis and none along another, and it is one for all: give wider bounds"
    )


def test_a_refusal_of_a_search_that_stopped(monkeypatch):
    monkeypatch.setattr("convcalc.solve.search.MOST_EXAMINED", 50)
    message = str(refusal(conv((28,), (13,), Bounds(padding=range(40, 99), stride=(7, 8)))))
    assert isinstance(refusal(conv((28,), (13,), Bounds(padding=range(40, 99), stride=(7, 8)))), ConvcalcError)
    assert "give narrower bounds" in message


@pytest.mark.parametrize("ask", [conv, pool])
def test_huge_questions_are_refused_at_once(ask):
    assert "the most is " in str(refusal(ask((28,), (10**30,))))
    assert " is " in str(refusal(ask((10**30,), (7,), Bounds(stride=(1, 2)))))
