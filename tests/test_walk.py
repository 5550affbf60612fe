"""The one walk over a network: shapes, sums, what a unit sees, and the layer that does not fit."""

from __future__ import annotations

import numpy as np
import pytest

from convcalc import (
    BatchNorm1d,
    Conv1d,
    Conv2d,
    ConvcalcError,
    Flatten,
    Fold,
    Linear,
    Network,
    ScaledTanh,
    Sequential,
    Unfold,
    chain,
    trace,
)
from convcalc.report import total
from convcalc.verify import verify


def test_a_chain_adds_up():
    layers = [("a", Conv2d(3, 8, 3, stride=2)), ("b", Conv2d(8, 4, 3, padding=1))]
    report = trace(chain(layers), (2, 3, 29, 29))
    assert report.output == (2, 4, 14, 14)
    assert report.batch == 2
    assert report.totals.parameters == sum(layer.parameters for _, layer in layers)
    assert report.rows[1].inputs == ("a",)
    assert [(field.size, field.jump, field.start) for field in report.rows[1].field] == [(7, 2, -2)] * 2


def test_connections_that_are_not_defined_are_skipped_and_counted():
    report = trace(chain([("conv", Conv2d(1, 1, 1)), ("squash", ScaledTanh()), ("flat", Flatten())]), (1, 1, 2, 2))
    assert report.totals.connections == 8
    assert report.connections_undefined == 2
    assert report.rows[1].figures.connections is None
    assert trace(ScaledTanh(), (3, 4)).totals.connections is None


@pytest.mark.parametrize(
    ("network", "shape", "batch"),
    [
        (Conv2d(3, 1, 1), (3, 9, 9), 1),
        (Conv2d(3, 1, 1), (7, 3, 9, 9), 7),
        (Sequential(ScaledTanh(), Conv2d(3, 1, 1)), (3, 9, 9), 1),
        (Linear(9, 2), (5, 9), 5),
        (Linear(9, 2), (9,), 1),
        (Unfold(2), (3, 4, 4), 1),
        (Unfold(2), (5, 3, 4, 4), 5),
        (Fold(4, 2), (5, 4, 9), 5),
        (Sequential(Linear(9, 2), BatchNorm1d(2)), (7, 9), 7),
    ],
)
def test_the_batch_is_told_apart(network, shape, batch):
    assert trace(network, shape).batch == batch


def test_the_sum_of_nothing():
    figures = total([])
    assert (figures.parameters, figures.connections) == (0, None)
    assert trace(Network(()), (1, 3, 28, 28)).output == (1, 3, 28, 28)


def fields(network, shape):
    return [(field.size, field.jump) for field in trace(network, shape).rows[-1].field]


@pytest.mark.parametrize(
    ("network", "shape", "seen"),
    [
        # behind a Flatten neighbours have no one jump; a Linear there sees all that the map saw
        (Sequential(Conv2d(1, 2, 3), Flatten()), (1, 1, 9, 8), [(3, None), (3, None)]),
        (Sequential(Conv2d(1, 2, 3), Flatten(), Linear(84, 5)), (1, 1, 9, 8), [(9, None), (8, None)]),
        # a Linear on a map sees all along the last axis, and nothing more along the others
        (Sequential(Conv2d(1, 1, 3), Linear(26, 5)), (1, 1, 28, 28), [(3, 1), (28, None)]),
        (Sequential(Conv2d(1, 1, 3), Flatten(1, 2), Linear(26, 5)), (1, 1, 28, 28), [(3, None), (28, None)]),
        (Sequential(Conv1d(1, 1, 3), Flatten(2), Conv1d(1, 1, 1)), (1, 1, 9), [(3, 1)]),
        (Sequential(Conv1d(1, 1, 3), Flatten(1), Flatten(0), Linear(7, 1)), (1, 1, 9), [(9, None)]),
        # behind a change of rank the axes are not those of the input any more
        (Sequential(Conv2d(3, 3, 1), Flatten(2), Conv1d(3, 3, 1)), (1, 3, 4, 4), []),
        (Sequential(Conv1d(3, 3, 1), Conv2d(1, 1, 1)), (1, 3, 10), []),
    ],
)
def test_what_a_unit_sees(network, shape, seen):
    assert fields(network, shape) == seen


def test_a_network_without_a_batch_has_the_figures_of_one_example():
    network = Sequential(Conv1d(2, 4, 3), Linear(8, 5), ScaledTanh())
    alone, batched = trace(network, (2, 10)), trace(network, (1, 2, 10))
    assert alone.totals == batched.totals
    assert alone.totals.macs == 4 * 2 * 3 * 8 + 4 * 8 * 5
    assert verify(chain([("net", network)]), (2, 10)).agrees


def test_the_layer_that_does_not_fit_is_named():
    with pytest.raises(ConvcalcError, match=r"^layer 'b': Conv2d takes 4 channels, got 2"):
        trace(chain([("a", Conv2d(1, 2, 1)), ("b", Conv2d(4, 1, 1))]), (1, 1, 9, 9))


@pytest.mark.parametrize("network", [3, None, "Conv2d(1, 1, 1)", [Conv2d(1, 1, 1)]])
def test_what_cannot_be_traced(network):
    with pytest.raises(ConvcalcError, match="is no network: give a Network, a Sequential or a layer"):
        trace(network, (1, 1, 9, 9))


@pytest.mark.parametrize("shape", [None, 28, "abc", (1, 1, 9.0, 9), (True, 1, 9, 9), [None]])
def test_what_is_no_shape(shape):
    with pytest.raises(ConvcalcError, match=r"is not a (sequence of sizes|whole number)"):
        trace(Conv2d(1, 1, 3), shape)


def test_shapes_come_out_as_plain_numbers():
    out = Conv2d(3, 16, 4).output_shape(np.array([10, 3, 28, 28]))
    assert out == (10, 16, 25, 25)
    assert {type(size) for size in out} == {int}
