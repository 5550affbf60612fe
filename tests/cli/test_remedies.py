"""What a refusal of a network advises, followed: then the network is accepted."""

from __future__ import annotations

import re

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

PRINT = """Net(
  (conv): Conv2d(3, 4, kernel_size=(3, 3), stride=(1, 1))
  (fc): Linear(in_features=144, out_features=2, bias=True)
)
"""


def followed(network, shape, message):
    """The command lines that a refusal advises: each a network, its input, and what else is to be typed."""
    for features in re.findall(r"(?:: |or )use in_features=(\d+)", message):
        yield re.sub(r"Linear\(\d+", f"Linear({features}", network), shape, ""
    for features in re.findall(r"flatten it first(?: and use in_features=(\d+))?", message):
        taken = f"Linear({features}" if features else re.search(r"Linear\(\d+", network)[0]
        yield re.sub(r"Linear\(\d+", f"Flatten(), {taken}", network), shape, ""
    for moved in re.findall(r"use (?:--input|an input such as) ([\dx]+)", message):
        yield network, moved, ""
    if "add --flatten" in message:
        yield network, shape, "--flatten"


def answer(run, network, shape, more=""):
    if network == "-":
        return run("net", "-", "--in-order", "--input", shape, *more.split(), stdin=PRINT)
    return run("net", network, "--input", shape, *more.split())


CASES = [
    ("Conv2d(3, 8, 3), Linear(8, 2)", "1x3x9x9", 2),
    ("Flatten(), Linear(1024, 2)", "64x256x3x3", 1),  # nothing to flatten: it is flat
    ("Linear(1024, 2)", "1x8", 1),
    ("Linear(392, 2)", "1x8x7x7", 2),
    ("resnet18", "1x1x64x64", 1),  # nobody can change its layers
    ("alexnet", "1x3x16x16", 1),
    ("resnet18", "1x224x224x3", 1),
    ("Conv2d(3, 8, 3), ReLU()", "1x32x32x3", 1),
    ("Conv2d(3, 8, 3)", "32x32x3", 1),
    ("-", "1x3x8x8", 1),
]


@pytest.mark.parametrize(("network", "shape", "remedies"), CASES)
def test_every_remedy_works(run, network, shape, remedies):
    refused = answer(run, network, shape)
    assert refused.code == 2
    advised = list(followed(network, shape, refused.err))
    assert len(advised) == remedies
    for again in advised:
        assert answer(run, *again).code == 0, again


SIZE = st.integers(1, 6)


@settings(max_examples=40, suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
@given(st.lists(SIZE, min_size=1, max_size=5), SIZE, st.sampled_from(["", "Flatten(), ", "ReLU(), "]))
def test_the_remedies_of_a_linear_layer_work(run, sizes, features, before):
    network, shape = f"{before}Linear({features}, 2)", "x".join(map(str, sizes))
    refused = run("net", network, "--input", shape)
    if refused.code == 2 and "features on the last axis" in refused.err:
        advised = list(followed(network, shape, refused.err))
        assert advised
        assert all(answer(run, *again).code == 0 for again in advised)


def test_flatten_is_advised_for_a_print_in_order_only(run):
    assert "--flatten" not in run("net 'Conv2d(3, 8, 3), Linear(8, 2)' --input 1x3x9x9").err
    assert "--flatten" in run("net - --in-order --input 1x3x8x8", stdin=PRINT).err
    assert "--flatten" not in run("net 'Flatten(), Linear(1024, 2)' --input 64x256x3x3").err


@pytest.mark.parametrize(
    ("line", "suspected"),
    [
        ("shape 1 224 224 3 --k 3 --out 64", True),
        ("shape 224 224 3 --k 3 --out 64", False),  # N C L
        ("shape 1 16 16 4 --k 3 --out 64", True),
        ("shape 1 15 16 4 --k 3 --out 64", False),
        ("shape 1 64 64 5 --k 3 --out 64", False),
        ("shape 1 3 224 224 --k 3 --out 64", False),
        ("net 'Flatten(), Linear(150528, 2)' --input 1x224x224x3", False),
    ],
)
def test_channels_last_is_suspected(run, line, suspected):
    kinds = [note["kind"] for note in run(f"{line} --json").document["notes"]]
    assert kinds == ["warning"] * suspected
