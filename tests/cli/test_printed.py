"""`convcalc net` of a printed model: what is counted, what needs the order of calls, and a print in order."""

from __future__ import annotations

import json

import pytest

from tests.helpers import DATA

RESNET18 = (DATA / "prints" / "resnet18.txt").read_text()


@pytest.mark.parametrize(
    "line",
    [
        "net --list",
        "filter --list",
        "filter --kernel box --show",
        "solve 28 14",
        "lenet",
        "shape 1 1 8 8 --k 3,5 --out 1",
    ],
)
def test_every_document_has_notes(run, line):
    assert run(f"{line} --json").document["notes"] == []


@pytest.fixture
def model(tmp_path):
    path = tmp_path / "model.txt"
    path.write_text(RESNET18)
    return path


def test_the_command(run, model):
    out = run(f"net {model} --depth 1").out
    assert "11,689,512" in out
    assert [line.split() for line in out.splitlines() if line.startswith("layer1")] == [
        ["layer1", "Sequential", "147,968", "516", "-", "-"]
    ]
    assert "note: the print does not show the order of calls in ResNet, BasicBlock" in out
    document = run(f"net {model} --json --input 1x3x224x224").document
    assert (document["input"], document["output"], document["inputs"], document["totals"]["macs"]) == (
        *(None, None),
        [],
        None,
    )
    assert {note["kind"] for note in document["notes"]} == {"unknown", "warning"}
    assert run("net -", stdin=json.dumps(document)).err.startswith("error: the JSON on stdin is of a printed model")
    value = run(f"net {model} --get totals.macs")
    assert (value.code, value.out) == (0, "null\n")
    assert value.err.startswith("note: the print does not show the order of calls")


@pytest.mark.parametrize(
    ("options", "code", "err"),
    [
        ("--max-params 12M", 0, ""),
        ("--max-params 11M", 1, "over budget: parameters: 11,689,512, and --max-params is 11,000,000\n"),
        ("--max-macs 2G", 1, "over budget: MACs: not known, so it cannot be kept, and --max-macs is 2,000,000,000\n"),
        ("--max-memory 1GiB", 1, "over budget: memory (float32 bytes of parameters and peak): not known"),
        ("--min-receptive-field 3", 1, "over budget: receptive field: not known"),
        ("--verify", 2, "error: --verify executes the layers, and the print does not show the order of calls"),
        ("--flatten --in-order", 2, "note: read in printed order (--in-order): ResNet, BasicBlock\n"),
        ("--flatten", 2, "error: --flatten needs a print that is read as a chain: add --in-order\n"),
    ],
)
def test_budgets_and_what_needs_the_order(run, model, options, code, err):
    ran = run(f"net {model} {options} --input 1x3x224x224")
    assert ran.code == code
    assert ran.err.startswith(err)


def test_in_order(run, tmp_path):
    path = tmp_path / "chain.txt"
    path.write_text(
        "Net(\n  (conv): Conv2d(1, 4, kernel_size=(3, 3), stride=(1, 1))\n  (head): Head(\n    (act): ReLU()\n"
        "    (fc): Linear(in_features=144, out_features=2, bias=True)\n  )\n)\n"
    )
    document = run(f"net {path} --in-order --flatten --input 1x1x8x8 --json").document
    assert document["output"] == [1, 2]
    assert document["totals"]["macs"] == 4 * 9 * 36 + 288
    assert [note["text"] for note in document["notes"]] == [
        "read in printed order (--in-order): Net, Head",
        "a Flatten was put before it",
    ]
    refused = run("net - --in-order --input 1x8", stdin="Net(\n  (a): LSTM(8, 4)\n)\n")
    assert refused.code == 2
    assert "line 2 of stdin: a is LSTM(): PyTorch has LSTM, which convcalc does not know yet" in refused.err
