"""Networks as people write them, held against PyTorch; and texts that are refused, each with words that help."""

from __future__ import annotations

import json

import pytest

from convcalc import ConvcalcError, trace
from convcalc.syntax import read_network
from tests.helpers import DATA

VALID = sorted((DATA / "networks" / "valid").glob("*.json"))
INVALID = sorted((DATA / "networks" / "invalid").glob("*.txt"))


def written(expected):
    """The network whose answers these are."""
    text, file = expected.with_suffix(".txt"), expected.with_suffix(".py")
    if text.exists():
        return read_network(text.read_text(), in_order=True).layer
    return read_network(file.read_text(), filename=file.name).layer


def stems(paths):
    return [path.stem for path in paths]


@pytest.mark.parametrize("path", VALID, ids=stems(VALID))
def test_a_network_is_what_pytorch_makes_of_it(path):
    expected = json.loads(path.read_text())
    report = trace(written(path), expected["input"])
    leaves = report.leaves
    assert [[type(row.layer).__name__, list(row.output)] for row in leaves] == expected["layers"]
    assert list(report.output) == expected["output"]
    assert report.totals.macs * report.batch == expected["macs"]
    assert report.totals.parameters == expected["parameters"]
    assert report.totals.buffers == expected["buffers"]


@pytest.mark.parametrize("path", INVALID, ids=stems(INVALID))
def test_a_text_is_refused_with_words_that_help(path):
    shape = path.with_suffix(".json")
    words = path.with_suffix(".error").read_text().rstrip("\n")
    if not shape.exists():
        with pytest.raises(ConvcalcError) as refusal:
            read_network(path.read_text(), in_order=True)
    else:
        layer = read_network(path.read_text(), in_order=True).layer
        with pytest.raises(ConvcalcError) as refusal:
            trace(layer, json.loads(shape.read_text())["input"])
    assert words in str(refusal.value)
    assert "\n" not in str(refusal.value)


def test_every_file_has_the_one_beside_it():
    texts = {path.stem for suffix in ("txt", "py") for path in (DATA / "networks" / "valid").glob(f"*.{suffix}")}
    assert texts == set(stems(VALID))
    assert {path.stem for path in (DATA / "networks" / "invalid").glob("*.error")} == set(stems(INVALID))
    assert len(VALID) >= 40
    assert len(INVALID) >= 40
