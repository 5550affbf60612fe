"""The check can fail: with any formula broken, verification reports it."""

from __future__ import annotations

import tracemalloc

import numpy as np
import pytest

from convcalc import (
    RBF,
    Conv1d,
    Conv2d,
    ConvcalcError,
    Linear,
    Sequential,
    Subsampling2d,
    chain,
    formulas,
    lenet,
    trace,
)
from convcalc.verify import verify

CONV = (chain([("conv1", Conv2d(2, 4, 3, padding=1))]), (3, 2, 9, 9))
DEAD = (chain([("conv1", Conv2d(1, 1, 3, padding=1))]), (1, 1, 1, 1))
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
    ("weights", LENET, "buffers"),
]


@pytest.mark.parametrize(
    ("formula", "case", "figure"), FIGURES, ids=lambda value: value if isinstance(value, str) else ""
)
def test_a_broken_formula_is_found(formula, case, figure, monkeypatch):
    network, shape = case
    assert verify(network, shape).agrees
    right = getattr(formulas, formula)
    monkeypatch.setattr(formulas, formula, lambda *args: right(*args) + 1)
    verification = verify(network, shape)
    assert not verification.agrees
    assert figure in {check.figure for row in verification.rows for check in row.checks if not check.agrees}


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


@pytest.mark.parametrize(
    ("layer", "shape"),
    [
        (Conv2d(16, 32, 3, padding=1), (2, 16, 96, 96)),
        (Conv2d(16, 32, 3), (2, 16, 96, 96)),
        (Conv2d(3, 8, 5, stride=2, padding=2, padding_mode="reflect"), (64, 3, 64, 64)),
        (Conv2d(64, 64, 3, groups=64, padding=1), (1, 64, 112, 112)),
        (Subsampling2d(16, 2), (4, 16, 128, 128)),
    ],
    ids=repr,
)
def test_the_memory_that_is_said_to_be_needed_is_what_is_taken(layer, shape):
    network = chain([("layer", layer)])
    verify(network, shape)
    tracemalloc.start()
    with pytest.raises(ConvcalcError) as refusal:
        verify(network, shape, memory_limit=0)
    needed = int(str(refusal.value).rsplit("=", 1)[1])
    tracemalloc.reset_peak()
    start, _ = tracemalloc.get_traced_memory()
    verify(network, shape)
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert peak - start <= needed <= 1.5 * (peak - start)


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
