"""`convcalc net`, in-process: every kind of NETWORK, every option, and what is refused."""

from __future__ import annotations

import csv
import io
import json

import pytest

from convcalc import trace, zoo
from convcalc.render.columns import COLUMNS
from tests.helpers import DATA

SMALL = "'nn.Conv2d(3, 8, 3), nn.ReLU(), nn.Flatten(), nn.LazyLinear(10)' --input 1x3x8x8"
PRINTED = (DATA / "networks" / "valid" / "print_plain.txt").read_text()


def test_an_expression(run):
    out = run(f"net {SMALL}").out
    assert out.splitlines()[3].split() == ["0", "Conv2d", "[1,", "8,", "6,", "6]", "224", "7,776", "3"]
    assert "3,114" in out  # 8*3*9 + 8 and 288*10 + 10
    assert run(f"net {SMALL} --get totals.parameters").out == "3114\n"


def test_a_built_in_network(run):
    assert run("net alexnet --get totals.macs").out == "714188480\n"
    assert run("net resnet18 --get totals.parameters").out == "11689512\n"
    assert run("net lenet5 --input 1x1x32x32 --get totals.connections").out == "340908\n"
    document = run("net vgg11 --json").document
    assert [layer["name"] for layer in document["layers"]] == ["features", "avgpool", "flatten", "classifier"]
    assert len(document["layers"][0]["layers"]) == 21
    assert run("net vgg11 --json --depth 1").document["layers"][0]["layers"] is None


def test_the_list(run):
    out = run("net --list").out
    assert all(name in out for name in zoo.NAMES)
    assert "61,100,840" in out
    assert run("net --list --json").document["networks"]["vgg16"]["macs"] == 15_470_264_320
    rows = list(csv.DictReader(io.StringIO(run("net --list --format csv").out)))
    assert [row["name"] for row in rows] == list(zoo.NAMES)
    assert {row["name"]: row["parameters"] for row in rows}["resnet50"] == "25557032"


def test_files(run, tmp_path):
    module = tmp_path / "model.py"
    module.write_text("import torch.nn as nn\nbig = nn.Linear(8, 80)\nsmall = nn.Linear(8, 2)\nopen('written', 'w')\n")
    assert run(f"net {module} --input 1x8 --name big --get totals.parameters").out == "720\n"
    assert run(f"net {module} --input 1x8 --get totals.parameters").out == "18\n"
    assert not (tmp_path / "written").exists()
    printed = tmp_path / "model.txt"
    printed.write_text(PRINTED)
    document = run(f"net {printed} --input 1x1x28x28 --json").document
    again = tmp_path / "model.json"
    again.write_text(json.dumps(document))
    assert run(f"net {again} --json").document == document
    assert run("net - --json", stdin=json.dumps(document)).document == document
    assert run("net - --input 1x1x28x28 --json", stdin=PRINTED).document == document


def test_a_shared_layer_is_still_shared_when_it_is_read_back(run):
    first = run("net '*[Linear(8, 8)] * 3, Linear(8, 8)' --input 1x8 --json").document
    assert first["totals"]["parameters"] == 2 * 72
    assert first["totals"]["macs"] == 4 * 64
    assert [layer["shares"] for layer in first["layers"]] == [None, "0", "0", None]
    assert run("net - --json", stdin=json.dumps(first)).document == first
    assert "Shared, so counted once: 1 is 0, 2 is 0." in run("net '*[Linear(8, 8)] * 3,' --input 1x8").out


def test_what_a_printed_model_does_not_say(run):
    layers = (
        "(conv): Conv2d(1, 2, kernel_size=(3, 3), stride=(1, 1))",
        "(pool): AvgPool2d(kernel_size=2, stride=2, padding=0)",
        "(fc): Linear(in_features=18, out_features=4, bias=True)",
    )
    model = "\n  ".join(("Net(", *layers)) + "\n)\n"
    refused = run("net - --in-order --input 1x1x8x8", stdin=model)
    assert refused.code == 2
    assert "layer 'fc' (number 3, line 4 of stdin): Linear takes 18 features" in refused.err
    assert ": add --flatten" in refused.err
    assert "pool" in refused.out  # what comes before it is still shown
    read = run("net - --input 1x1x8x8 --in-order --flatten", stdin=model)
    assert read.code == 0
    assert read.err == ""
    assert "note: read in printed order (--in-order): Net" in read.out
    assert "note: layer pool: PyTorch does not print ceil_mode, count_include_pad, divisor_override of" in read.out


@pytest.mark.parametrize(
    ("options", "code", "err"),
    [
        ("--max-params 62M --max-macs 1G --max-memory 1GiB --min-receptive-field 195", 0, ""),
        ("--max-params 5M", 1, "over budget: parameters: 61,100,840, and --max-params is 5,000,000\n"),
        ("--max-macs 600M", 1, "over budget: MACs: 714,188,480, and --max-macs is 600,000,000\n"),
        ("--min-receptive-field 1000", 1, "over budget: receptive field: 355, and --min-receptive-field is 1,000\n"),
        ("--max-memory 100MB --dtype int8", 0, ""),
        ("--max-memory 100MB", 1, "over budget: memory (float32 bytes of parameters and peak): 24"),
    ],
)
def test_budgets(run, options, code, err):
    ran = run(f"net alexnet {options} --depth 1")
    assert ran.code == code
    assert ran.err.startswith(err)
    assert ran.err == err or len(ran.err.splitlines()) == 1
    assert "61,100,840" in ran.out


def test_a_least_receptive_field_of_units_that_differ(run):
    network = "Conv1d(1,1,3,padding=1), Upsample(scale_factor=2,mode='linear'), Conv1d(1,1,3,padding=1)"
    words = ["net", network, "--input", "1x1x224", "--min-receptive-field"]
    assert run(*words, "5").code == 0
    broken = run(*words, "100")
    assert (broken.code, broken.err) == (1, "over budget: receptive field: 5, and --min-receptive-field is 100\n")


def test_a_receptive_field_that_is_not_known(run):
    network = "Upsample(size=30011, mode='linear', align_corners=True), Conv1d(1,1,3,padding=1)"
    words = ["net", network, "--input", "1x1x22400"]
    broken = run(*words, "--min-receptive-field", "3")
    assert broken.code == 1
    assert "over budget: receptive field: not known" in broken.err
    asked = run(*words, "--json")
    assert asked.code == 0
    answer = json.loads(asked.out)
    assert [layer["receptive_field"] for layer in answer["layers"]] == [[2], [None]]
    assert answer["notes"] == [
        {
            "kind": "unknown",
            "layer": "1",
            "text": "the receptive field is not known, as it needs more than 10,000 different positions",
        }
    ]
    drawn = run("draw", "--net", network, "--input", "1x1x22400", "--receptive-field", "1", "-o", "-")
    assert (drawn.code, drawn.err.count("error: ")) == (2, 1)
    assert "needs more than 10,000 different positions: name a layer before it" in drawn.err


def test_columns(run):
    out = run(f"net {SMALL} --columns name,output,peak_bytes,training_bytes,jump,start,unread,dead_weights").out
    assert out.splitlines()[0].split("  ")[0] == "layer"
    everything = run(f"net {SMALL} --columns all --format csv").out
    assert next(csv.reader(io.StringIO(everything))) == list(COLUMNS)
    assert run(f"net {SMALL} --columns nam").err == (
        f"error: --columns 'nam' is unknown (did you mean name?): use one of {', '.join(COLUMNS)}\n"
    )


def test_formats_hold_the_same_figures(run):
    rows = list(csv.DictReader(io.StringIO(run("net resnet18 --format csv").out)))
    lines = [json.loads(line) for line in run("net resnet18 --format ndjson").out.splitlines()]
    report = trace(zoo.build("resnet18"), (1, 3, 224, 224))
    assert len(rows) == len(lines) == len(report.leaves)
    assert sum(int(row["parameters"]) for row in rows) == 11_689_512
    assert sum(line["macs"] for line in lines) == report.totals.macs
    assert rows[0]["output"] == "1x64x112x112"
    assert lines[0]["output"] == [1, 64, 112, 112]
    latex = run("net resnet18 --depth 1 --format latex").out
    assert "{}[" not in latex
    assert {line.count("&") for line in latex.splitlines() if line.endswith(r"\\")} == {5}
    markdown = run("net resnet18 --depth 1 --format markdown").out
    assert {line.replace(r"\|", "").count("|") for line in markdown.splitlines()} == {7}


def test_verification_of_a_graph(run):
    ran = run(
        "net 'Residual(Conv2d(3, 3, 3, padding=1)), MaxPool2d(2), Flatten(), Linear(48, 2)' --input 2x3x8x8 --verify"
    )
    assert ran.code == 0
    assert "Verified" in ran.out
    assert "DIFFERS" not in ran.out
    document = run(f"net {SMALL} --verify --json").document
    assert document["verification"]["agrees"] is True
    assert [row["name"] for row in document["verification"]["layers"]] == ["0", "1", "2", "3"]


def test_a_broken_formula_is_found_in_a_network(run, monkeypatch):
    from convcalc import formulas

    right = formulas.bin_elements
    monkeypatch.setattr(formulas, "bin_elements", lambda *sizes: right(*sizes) + 1)
    ran = run("net 'AdaptiveAvgPool2d(2), Flatten()' --input 1x3x8x8 --verify")
    assert ran.code == 1
    assert "DIFFERS" in ran.out


@pytest.mark.parametrize(
    ("line", "message"),
    [
        ("net", "no network given"),
        ("net 'ReLU()'", "no input shape given: add --input 1x3x224x224"),
        ("net model.onnx --input 1x3", "cannot read 'model.onnx': No such file or directory"),
        ("net nn.ReLU --input 1x3", "'nn.ReLU' is not a layer and not a plain value"),
        ("net 'ReLU()' --input 3 --json --columns name", "--columns has no place in --format json, which has every"),
        ("net 'LSTM(3, 4)' --input 1x3", "PyTorch has LSTM, which convcalc does not know yet: write what it computes"),
        ("net 'ReLU()' --input 1xx3", "--input '1xx3' is no shape: write its sizes as 1x3x224x224"),
        ("net 'ReLU()' --input -1x3", "--input -1x3 has a negative size"),
        ("net 'ReLU()' --input 3 --depth 0", "--depth 0 is too small: give a number from 1 on, or all"),
        ("net 'ReLU()' --input 3 --dtype int4", "--dtype 'int4' is unknown (did you mean int8?)"),
        ("net 'ReLU()' --input 3 --max-params many", "--max-params 'many' is not an amount"),
        ("net 'ReLU()' --input 3 --format yaml", "--format 'yaml' is unknown"),
        ("net 'ReLU()' --input 3 --format csv --get output", "--get and --format csv exclude each other"),
        ("net resnet19", "'resnet19' is not a network that convcalc knows: did you mean resnet18"),
        ("net nowhere.py --input 3", "cannot read 'nowhere.py': No such file or directory"),
        ("net ./tests --input 3", "cannot read './tests': Is a directory"),
        ("net 'Conv2D(3, 4, 3)' --input 1x3x8x8", "Conv2D is not a layer that convcalc knows: did you mean Conv2d?"),
        (
            "net 'Conv2d(3, 4, 3), Conv2d(3, 4, 3)' --input 1x3x8x8",
            "layer '1' (number 2): Conv2d takes 3 channels, got 4",
        ),
        ("net alexnet --verify --memory-limit 1MB", "executing classifier.1 needs 151,171,072 bytes"),
        ("net 'AdaptiveAvgPool2d(10**40)' --input 1x1x9x9 --verify", "adaptiveavgpool2d needs 2,800,000,000,"),
        ("lenet --errata --format csv", "--errata has no place in --format csv: leave one out"),
        ("shape 1 3 8 8 --k 3 --explain --format latex", "--explain has no place in --format latex: leave one out"),
    ],
)
def test_what_is_refused(run, line, message):
    ran = run(line)
    assert ran.code == 2
    assert message in ran.err
    assert len(ran.err.splitlines()) == 1


@pytest.mark.parametrize("line", ["shape 10 3 28 28 --k 4 --s 2 --out 16", "lenet --report"])
@pytest.mark.parametrize("form", ["csv", "ndjson", "markdown", "latex"])
def test_every_command_has_every_format(run, line, form):
    out = run(f"{line} --format {form}").out
    assert ("784" if line.startswith("shape") else "156") in out.replace(",", "")


@pytest.mark.parametrize("words", ["--json", "--format json", "--format=json", "-f json"])
def test_a_refusal_is_json_where_the_answer_would_be(run, words):
    ran = run(f"net 'Conv2d(3, 4, 3), Linear(8, 2)' --input 1x3x8x8 {words}")
    assert ran.code == 2
    assert json.loads(ran.err)["error"]["message"].startswith("layer '1' (number 2): Linear takes 8 features")


def test_without_a_network_a_pipe_is_read(run):
    assert run("net --input 1x4 --get output", stdin="Linear(4, 2)").out == "[1, 2]\n"
    empty = run("net", stdin="")
    assert (empty.code, empty.out) == (2, "")
    assert "stdin is empty" in empty.err
    assert "convcalc net --help" in empty.err
    assert "no network given" in run("net").err


def test_other_words_for_a_type_and_a_format(run):
    assert run("net lenet5 --dtype fp16 --json").out == run("net lenet5 --dtype float16 --json").out
    assert run("net lenet5 --dtype bf16 --json").out == run("net lenet5 --dtype bfloat16 --json").out
    assert run("net lenet5 --format md").out == run("net lenet5 --format markdown").out


def test_help_and_version_by_other_words(run):
    assert run("help net").out == run("net --help").out
    assert run("help").out == run("--help").out
    assert run("-V").out == run("--version").out
