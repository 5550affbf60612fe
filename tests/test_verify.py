"""The check can fail: with any formula broken, verification reports it."""

from __future__ import annotations

import re
import tracemalloc

import numpy as np
import pytest

from convcalc import (
    RBF,
    AdaptiveAvgPool2d,
    BatchNorm2d,
    Conv1d,
    Conv2d,
    ConvcalcError,
    ConvTranspose2d,
    Flatten,
    Linear,
    MaxPool2d,
    Network,
    PReLU,
    ReplicationPad1d,
    ScaledTanh,
    Sequential,
    Softmax,
    Subsampling2d,
    chain,
    formulas,
    lenet,
    trace,
)
from convcalc.layers.block import Node, opened
from convcalc.ops.parallel import thread_count
from convcalc.verify import needs, plan, verify
from tests.helpers import BUFFERS

CONV = (chain([("conv1", Conv2d(2, 4, 3, padding=1))]), (3, 2, 9, 9))
DEAD = (chain([("conv1", Conv2d(1, 1, 3, padding=1))]), (1, 1, 1, 1))
POOL = (chain([("pool", MaxPool2d(3, 2, ceil_mode=True))]), (1, 2, 8, 8))
CEIL = (chain([("pool", MaxPool2d(3, 1, ceil_mode=True))]), (1, 2, 8, 8))
BINS = (chain([("pool", AdaptiveAvgPool2d(3))]), (1, 2, 7, 7))
TRANSPOSED = (chain([("up", ConvTranspose2d(4, 2, 4, stride=2, padding=1))]), (1, 4, 5, 5))
LENET = (lenet.lenet5(), lenet.input_shape())

FIGURES = [
    ("output_size", CONV, "output"),
    ("slack", CONV, "output"),
    ("window_extent", CONV, "output"),
    ("real_taps", CONV, "exact MACs"),
    ("_taps_within", CONV, "exact MACs"),
    ("live_taps", DEAD, "live weights"),
    ("channel_pairs", CONV, "MACs"),
    ("weights", CONV, "parameters"),
    ("parameters", CONV, "parameters"),
    ("macs", CONV, "MACs"),
    ("connections", CONV, "connections"),
    ("subsampling_connections", LENET, "connections"),
    ("output_size", LENET, "output"),
    ("pooling_connections", POOL, "connections"),
    ("ceil_padding", CEIL, "output"),
    ("bin_elements", BINS, "connections"),
    ("transposed_size", TRANSPOSED, "output"),
    ("transposed_real_taps", TRANSPOSED, "exact MACs"),
    ("transposed_live_taps", TRANSPOSED, "live weights"),
    ("weights", TRANSPOSED, "parameters"),
    ("macs", TRANSPOSED, "MACs"),
    ("weights", LENET, "buffers"),
]


@pytest.mark.parametrize(
    ("formula", "case", "figure"), FIGURES, ids=lambda value: value if isinstance(value, str) else ""
)
def test_a_broken_formula_is_found(formula, case, figure, monkeypatch):
    network, shape = case
    assert verify(network, shape).agrees
    sound = verify(network, shape)
    right = getattr(formulas, formula)
    monkeypatch.setattr(formulas, formula, lambda *args: right(*args) + 1)
    verification = verify(network, shape)
    assert not verification.agrees
    differing = [(row, check) for row in verification.rows for check in row.checks if not check.agrees]
    assert figure in {check.figure for _, check in differing}
    observed = {(row.name, check.figure): check.observed for row in sound.rows for check in row.checks}
    for row, check in differing:  # it is the prediction that is wrong, not what was seen
        assert check.observed == observed[row.name, check.figure] != check.predicted


@pytest.mark.parametrize(
    ("layer", "shape"),
    [
        (Conv1d(3, 4, 3, padding="same"), (2, 3, 9)),
        (Conv2d(3, 6, (3, 2), stride=(1, 2), padding=((1, 0), (2, 1)), groups=3, bias=False), (1, 3, 7, 8)),
        (Conv2d(3, 3, 3, padding=2, padding_mode="reflect"), (1, 3, 7, 8)),
        (Conv2d(3, 3, 3, padding=-1, padding_mode="circular"), (1, 3, 7, 8)),
        (Conv2d(0, 3, 3), (1, 0, 7, 8)),
        (Conv2d(3, 3, 3), (0, 3, 7, 8)),
        (Conv2d(2, 3, 3), (2, 7, 8)),
        (Conv2d(1, 1, 3, stride=5, padding=3), (1, 1, 1, 1)),
        (Linear(5, 3), (2, 5)),
        (Linear(5, 3), (5,)),
        (Linear(5, 3, bias=False), (2, 4, 5)),
        (RBF(5, 3), (2, 5)),
        (Subsampling2d(2, 2, 3), (2, 2, 9, 9)),
        (Sequential(Conv2d(1, 2, 3), Conv2d(2, 1, 3, padding=1)), (1, 1, 5, 5)),
    ],
    ids=repr,
)
def test_every_layer_agrees(layer, shape):
    verification = verify(chain([("layer", layer)]), shape)
    assert [check for row in verification.rows for check in row.checks if not check.agrees] == []


def test_too_much_memory_is_refused_before_anything_is_allocated():
    network = chain([("small", Conv2d(1, 1, 1)), ("large", Conv2d(1, 10**6, 1))])
    tracemalloc.start()
    with pytest.raises(ConvcalcError, match=r"executing large needs [\d,]+ bytes, more than the limit of 2,147,4"):
        verify(network, (1, 1, 1000, 1000))
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert peak < 2**20


BIG = [
    (Conv2d(16, 32, 3, padding=1), (2, 16, 96, 96)),
    (Linear(2000, 1000), (1, 2000)),
    (Sequential(ScaledTanh(), ScaledTanh(), ScaledTanh()), (4, 250_000)),
    (Sequential(Flatten(), Linear(40_000, 3)), (8, 1, 200, 200)),
    (Sequential(Conv2d(16, 1, 1), Conv2d(1, 1, 3), Conv2d(1, 16, 1)), (8, 16, 112, 112)),
]


@pytest.mark.parametrize(("layer", "shape"), BIG, ids=repr)
def test_the_memory_limit_is_never_exceeded(layer, shape):
    network = chain([("layer", layer)])
    tracemalloc.start()
    with pytest.raises(ConvcalcError) as refusal:
        verify(network, shape, memory_limit=0)
    needed = int(re.search(r"use memory_limit=(\d+) or give a smaller input$", str(refusal.value))[1])
    verify(network, shape, memory_limit=needed)
    with pytest.raises(ConvcalcError):
        verify(network, shape, memory_limit=needed - 1)
    tracemalloc.reset_peak()
    start, _ = tracemalloc.get_traced_memory()
    verify(network, shape)
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert peak - start <= needed + BUFFERS * thread_count()


def needed(*nodes):
    network = Network(nodes)
    return [need for need, _ in needs(opened(network), plan(network, (1, 1000)))]


def test_what_branches_keep_is_counted():
    a, b = Node("a", ScaledTanh()), Node("b", ScaledTanh(), ("a",))
    assert needed(a, b, Node("c", ScaledTanh(), ("a",))) == [12_000, 12_000, 12_000]
    held = needed(a, b, Node("c", ScaledTanh(), ("b",)), Node("d", ScaledTanh(), ("a",)))
    assert held == [12_000, 12_000, 16_000, 12_000]
    assert needed(*(Node(f"n{i}", ScaledTanh()) for i in range(8))) == [12_000] * 8  # none is read by another


def test_a_layer_that_only_the_formulas_refuse_is_a_difference(monkeypatch):
    monkeypatch.setattr(formulas, "window_extent", lambda kernel_size, dilation: 1000)
    verification = verify(*CONV)
    (check,) = verification.rows[0].checks
    assert not verification.agrees
    assert str(check.predicted).startswith("refused: kernel 3 does not fit")
    assert check.observed == (3, 4, 9, 9)


@pytest.mark.parametrize(
    ("layer", "shape"),
    [
        (Conv2d(3, 1, 3, padding=2), (1, 3, 0, 9)),
        (Conv2d(1, 1, 40), (1, 1, 30, 30)),
        (Conv2d(1, 1, 10**31), (1, 1, 10**30, 10**30)),
        (Conv2d(1, 1, 3 * 10**5), (1, 1, 2 * 10**5, 2 * 10**5)),
        (Conv2d(1, 1, 1, padding=9, padding_mode="reflect"), (1, 1, 5, 5)),
        (Conv2d(1, 1, (3, 9), padding=(5 * 10**7, 0)), (1, 1, 4, 4)),
        (Conv2d(1, 1, (3, 9), padding=(10**30, 0)), (1, 1, 4, 4)),
        (Conv2d(1, 1, (1, 10_001)), (1, 1, 10_000, 10_000)),
        (Conv2d(1, 1, 2, dilation=10**8), (1, 1, 10**8, 10**8)),
        (Conv2d(1, 1, 2), (4 * 10**8, 1, 1, 1)),
        (Sequential(Conv2d(1, 64, 3), Conv2d(64, 1, 5000)), (1, 1, 3000, 3000)),
    ],
    ids=repr,
)
def test_what_does_not_fit_is_refused_and_not_executed(layer, shape):
    with pytest.raises(ConvcalcError) as traced:
        trace(chain([("layer", layer)]), shape)
    tracemalloc.start()
    with pytest.raises(ConvcalcError) as verified:
        verify(chain([("layer", layer)]), shape)
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert str(verified.value) == str(traced.value)
    assert peak < 2**20


def test_given_arrays_are_what_runs():
    network = chain([("a", Conv1d(1, 1, 2, bias=False))])
    weights = {"a": {"weight": np.array([[[10.0, 1.0]]])}}
    assert verify(network, (1, 3), x=np.array([[1.0, 2.0, 3.0]]), weights=weights).output.tolist() == [[12.0, 23.0]]


def test_arrays_are_let_go_when_nothing_reads_them_any_more():
    def peak(layers):
        tracemalloc.start()
        verify(chain([(f"n{i}", ScaledTanh()) for i in range(layers)]), (1, 500_000))
        _, most = tracemalloc.get_traced_memory()
        tracemalloc.stop()
        return most

    assert peak(8) < peak(2) + 500_000


def test_a_picture_runs_through_lenet_in_float32():
    network = lenet.lenet5(28)
    weights = lenet.starting_weights(network, np.random.default_rng(0))
    verification = verify(network, lenet.input_shape(28), x=lenet.picture(7, 28), weights=weights)
    assert verification.agrees
    assert verification.output.shape == (1, 10)
    assert verification.output.dtype == np.float32
    assert (verification.output > 0).all()


def test_rows_keep_their_names_and_times():
    verification = verify(*LENET)
    assert [row.name for row in verification.rows] == ["C1", "S2", "C3", "S4", "C5", "F6", "output"]
    assert verification.seconds == sum(row.seconds for row in verification.rows) > 0
    assert trace(*LENET).output == verification.output.shape


def test_what_the_engine_alone_refuses_is_a_difference(monkeypatch):
    monkeypatch.setattr(formulas, "slack", lambda *window: 100)
    verification = verify(chain([("a", Conv2d(1, 1, 9))]), (1, 1, 5, 5))
    (check,) = verification.rows[0].checks
    assert not verification.agrees
    assert check.observed == "refused: kernel 9 with dilation 1 does not fit padded input 5"


def test_a_layer_may_be_verified_by_itself():
    assert verify(Conv2d(1, 1, 3), (1, 1, 5, 5)).agrees


def test_huge_inputs_are_planned_and_refused_with_what_they_need():
    network = chain([("a", Conv1d(1, 1, 3, stride=7))])
    assert plan(network, (1, 1, 10**30))[0].output == (1, 1, (10**30 - 3) // 7 + 1)
    with pytest.raises(ConvcalcError, match=r"give a smaller input$"):
        verify(network, (1, 1, 10**30))


def test_what_is_the_batch_is_decided_once():
    # ReplicationPad1d takes (3, 14) as one example of 3 channels; PReLU then finds 14 channels on axis 1, as in PyTorch
    assert verify(Sequential(ReplicationPad1d(0), PReLU(14)), (3, 14)).agrees
    assert verify(Sequential(ReplicationPad1d(0), Softmax(1), Linear(14, 2)), (3, 14)).agrees


@pytest.mark.parametrize(
    "layer", [BatchNorm2d(2), BatchNorm2d(2, affine=False), BatchNorm2d(2, track_running_stats=False)], ids=repr
)
def test_an_input_without_elements_may_have_any_channels_as_in_pytorch(layer):
    verification = verify(layer, (2, 5, 4, 0))
    assert verification.agrees
    assert verification.output.shape == (2, 5, 4, 0)
