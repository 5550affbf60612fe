"""The answers against every setting tried one by one, and against the engine."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from convcalc import ConvcalcError, engine
from convcalc.solve import search
from convcalc.solve.bounds import Bounds
from convcalc.solve.conv import conv
from convcalc.solve.pool import pool
from convcalc.solve.transposed import transposed
from tests.solve import brute

HUGE = 10**30


def simplest(answers, number):
    return [one.axes[0][:4] for one in answers.first(number)]


@st.composite
def questions(draw, axes, most=5):
    """An operation, sizes, targets that are mostly reached, and bounds for each axis."""
    operation = draw(st.sampled_from(brute.OPERATIONS))
    sizes = tuple(draw(st.integers(1, 9)) for _ in range(axes))
    bounds = [draw(brute.small_bounds(operation, most)) for _ in range(axes)]
    targets = []
    for size, one in zip(sizes, bounds, strict=True):
        made = sorted({brute.size_of(operation, (size,), [each]) or (1,) for each in brute.every(operation, one)})
        targets.append(draw(st.sampled_from(made))[0] if draw(st.integers(0, 9)) else draw(st.integers(1, 30)))
    return operation, sizes, tuple(targets), bounds


@settings(max_examples=120, deadline=None)
@given(questions(axes=1))
def test_one_axis_has_every_solution_once_and_in_order(question):
    operation, sizes, targets, bounds = question
    answers = brute.ASK[operation](sizes, targets, bounds)
    assert answers.complete
    assert brute.given(answers) == brute.expected(operation, sizes, targets, bounds)
    assert answers.found == len(brute.given(answers))
    for answer in answers.in_order():
        (axis,) = answer.axes
        assert (axis.leftover, axis.unread) == brute.reach(operation, sizes[0], axis._asdict())


@settings(max_examples=30, deadline=None)
@given(questions(axes=2, most=3))
def test_two_axes_have_every_answer_once_and_in_order(question):
    operation, sizes, targets, bounds = question
    assume(np.prod([len(list(brute.every(operation, one))) for one in bounds]) < 2500)
    answers = brute.ASK[operation](sizes, targets, bounds)
    assert brute.given(answers) == brute.expected(operation, sizes, targets, bounds)
    assert answers.found == len(brute.given(answers))


def test_ceil_mode_is_one_for_all_axes():
    # 6 -> 3 by kernel 3, stride 2 needs it (floor(3/2) + 1 = 2); 7 -> 3 has it or not (floor(4/2) + 1 = 3)
    bounds = Bounds((3,), (2,), (0,), (1,))
    (answer,) = pool((6, 7), (3, 3), bounds).in_order()
    assert answer.settings["ceil_mode"] is True
    assert answer.layer.output_shape((1, 1, 6, 7)) == (1, 1, 3, 3)
    (answer,) = pool((7, 7), (3, 3), bounds).in_order()
    assert answer.settings["ceil_mode"] is False
    apart = pool((6, 6), (3, 2), bounds)
    assert (apart.found, apart.solved) == (0, (1, 1))


@settings(max_examples=60, deadline=None)
@given(questions(axes=1))
def test_the_engine_finds_the_same_size(question):
    operation, sizes, targets, bounds = question
    for answer in brute.ASK[operation](sizes, targets, bounds).first(5):
        layer = answer.layer
        weights = {name: np.ones(shape) for name, shape in engine.weight_shapes(layer).items()}
        assert engine.execute(layer, np.zeros((1, 1, *sizes)), **weights).shape == (1, 1, *targets)


def test_textbook_convolutions():
    assert simplest(conv((28,), (13,)), 3) == [(4, 2, 0, 1), (3, 2, 0, 1), (5, 2, 1, 1)]
    assert simplest(conv((28,), (28,)), 2) == [(1, 1, 0, 1), (3, 1, 1, 1)]
    assert (3, 2, 1, 1) in simplest(conv((224,), (112,)), 3)
    assert (7, 2, 3, 1) in [one.axes[0][:4] for one in conv((224,), (112,)).in_order()]  # ResNet
    assert simplest(conv((227,), (55,)), 1) == [(11, 4, 0, 1)]  # AlexNet
    assert simplest(conv((224,), (14,)), 1) == [(16, 16, 0, 1)]  # ViT


def test_textbook_pools():
    assert simplest(pool((28,), (14,)), 1) == [(2, 2, 0, 1)]
    assert simplest(pool((7,), (1,)), 1) == [(7, 7, 0, 1)]
    assert simplest(pool((224,), (1,)), 1) == [(224, 224, 0, 1)]
    (vgg,) = pool((224, 224), (112, 112)).first(1)
    assert vgg.settings == {"kernel_size": 2, "stride": 2, "padding": 0, "dilation": 1, "ceil_mode": False}


def test_textbook_transposed_convolutions():
    assert simplest(transposed((7,), (14,)), 2) == [(2, 2, 0, 1), (4, 2, 1, 1)]  # the second is DCGAN's
    assert simplest(transposed((1,), (4,)), 1) == [(4, 1, 0, 1)]  # DCGAN's first
    (up,) = transposed((16, 16), (32, 32)).first(1)
    assert up.settings == {"kernel_size": 2, "stride": 2, "padding": 0, "output_padding": 0, "dilation": 1}


def test_huge_sizes_are_no_work():
    assert simplest(conv((HUGE,), (HUGE,)), 2) == [(1, 1, 0, 1), (3, 1, 1, 1)]
    (answer,) = conv((HUGE, HUGE), (10, 10)).first(1)
    assert answer.settings["stride"] == HUGE // 10
    assert transposed((10,), (HUGE,)).first(1)[0].settings["stride"] == HUGE // 10
    assert simplest(conv((HUGE,), (HUGE // 2,), Bounds(stride=range(1, HUGE))), 1) == [(2, 2, 0, 1)]


def test_of_very_many_the_first_come_at_once():
    answers = pool((32, 32, 32), (1, 1, 1))
    assert answers.found > 10**9
    assert [one.score for one in answers.first(3)] == [0, 2, 2]


@pytest.mark.parametrize(("ask", "target", "most"), [(conv, 12, 40), (pool, 4, 90), (transposed, 12, 40)])
def test_a_search_that_is_too_long_stops_and_says_so(ask, target, most, monkeypatch):
    bounds = Bounds(kernel_size=range(1, 10), padding=range(10), stride=range(1, HUGE), dilation=range(1, 4))
    whole = ask((12,), (target,), bounds)
    assert whole.complete
    assert whole.stopped_at == (None,)
    monkeypatch.setattr(search, "MOST_EXAMINED", most)
    part = ask((12,), (target,), bounds)
    (padding,) = part.stopped_at
    assert not part.complete
    assert part.found < whole.found
    kept = [one.axes for one in part.in_order() if one.axes[0].padding < padding]
    assert kept == [one.axes for one in whole.in_order() if one.axes[0].padding < padding]
    assert kept


def test_endless_bounds_stop_too(monkeypatch):
    monkeypatch.setattr(search, "MOST_EXAMINED", 1_000)
    endless = range(1, HUGE)
    answers = conv((28,), (1,), Bounds((28,), endless, (0,), (1,)))
    assert not answers.complete
    assert answers.stopped_at == (0,)
    assert 990 < answers.found < 1_000


@pytest.mark.parametrize(
    ("sizes", "targets", "bounds", "message"),
    [
        ((0,), (1,), None, "size 0 is too small: it must be at least 1"),
        ((5,), (0,), None, "target 0 is too small: it must be at least 1"),
        ((5, 5), (1,), None, "2 sizes and 1 target do not go together: give a target for each size"),
        ((5,) * 4, (1,) * 4, None, "4 axes are not for a layer: give 1 to 3 sizes"),
        ((), (), None, "0 axes are not for a layer: give 1 to 3 sizes"),
        ((5,), (1,), Bounds(stride=()), "stride has bounds with nothing in them: give at least one number"),
        ((5,), (1,), Bounds(stride=range(3, 3)), "stride has bounds with nothing in them: give at least one number"),
        ((5,), (1,), Bounds(kernel_size=(0, 1)), "kernel_size 0 is too small: it must be at least 1"),
        ((5,), (1,), Bounds(stride=range(3)), "stride 0 is too small: it must be at least 1"),
        ((5,), (1,), Bounds(dilation=(0,)), "dilation 0 is too small: it must be at least 1"),
        ((5,), (1,), Bounds(padding=range(-1, 3)), "padding -1 is too small: it must be at least 0"),
        ((5,), (1,), Bounds(stride=(2, 1)), "stride has bounds that do not ascend: give each number once"),
        ((5,), (1,), Bounds(stride=range(3, 1, -1)), "stride has bounds that do not ascend: give each number once"),
        ((5,), (1,), Bounds(output_padding=(0,)), "output_padding is for a transposed convolution"),
        ((5, 5), (1, 1), [Bounds()], "bounds for 1 axis do not go with 2 sizes"),
    ],
)
def test_what_is_no_question(sizes, targets, bounds, message):
    with pytest.raises(ConvcalcError) as refused:
        conv(sizes, targets, bounds)
    assert str(refused.value).startswith(message)
