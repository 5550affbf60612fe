"""`convcalc solve`: each question, in every format, and what it refuses."""

from __future__ import annotations

import csv
import io
import json

import pytest

from convcalc import layers, parse


def table(text):
    """The rows of the first table, under its titles."""
    lines = text.splitlines()
    rule = next(number for number, line in enumerate(lines) if line.startswith("--"))
    body = [line.split() for line in lines[rule + 1 :]]
    return [row for row in body if row and row[0][0].isdigit() and len(row) == len(lines[rule].split())]


def test_how_do_i_get_13_from_28(run):
    ran = run("solve 28 13")
    assert (ran.code, ran.err) == (0, "")
    rows = table(ran.out)
    assert rows[0] == ["4", "2", "0", "1", "0", "0", "1"]
    assert rows[1] == ["3", "2", "0", "1", "1", "1", "2"]
    assert len(rows) == 18  # all, as there are fewer than 20
    for kernel_size, stride, padding, dilation, *_ in rows:
        line = f"shape 1 1 28 --k {kernel_size} --s {stride} --p {padding} --d {dilation} --out 1 --get output"
        assert run(line).out == "[1, 1, 13]\n"
    assert "\nLooked among: kernel 1 to 11, stride 1 to 4, padding 0 to 5, dilation 1 to 2.\n" in ran.out


def test_settings_can_be_fixed_and_bounded_for_each_axis(run):
    assert table(run("solve 28 13 --k 3 --p 0 --d 1").out) == [["3", "2", "0", "1", "1", "1", "2"]]
    document = run("solve 224x224 112x96 --k 1..7x33,34 --json")
    assert (document.code, document.out) == (2, "")
    document = run("solve 224x224 112x96 --k 1..7x33..34 --s 2 --limit 3 --json").document
    assert document["bounds"][1]["kernel_size"] == "33..34"
    assert document["bounds"][0]["stride"] == "2"
    assert document["found"] > len(document["answers"]) == 3
    for answer in document["answers"]:
        assert parse(answer["layer"]).output_shape((1, 1, 224, 224)) == (1, 1, 112, 96)
    assert run("solve 28x28 14 --json").document["question"]["targets"] == [14, 14]


def test_a_pool_and_a_transposed_convolution(run):
    document = run("solve 28 14 --pool --json").document
    assert document["answers"][0]["layer"] == "MaxPool1d(2)"
    assert any(answer["ceil_mode"] == [True] for answer in document["answers"])
    document = run("solve --transposed 7 14 --k 3 --json").document
    assert document["answers"][0]["layer"] == "ConvTranspose1d(1, 1, 3, stride=2, padding=1, output_padding=1)"
    assert run("solve --transposed 7 14 --output-padding 0 --k 3 --s 2 --p 1").code == 2


def test_which_padding_keeps_28(run):
    rows = table(run("solve 28 --same").out)
    assert [row[:5] for row in rows[:4]] == [
        ["1", "1", "1", "0", "0"],
        ["2", "1", "1", "0:1", "-"],
        ["3", "1", "1", "1", "1"],
        ["4", "1", "1", "1:2", "-"],
    ]
    assert len(rows[0]) == 6
    assert len(table(run("solve 28 --same --limit 2").out)) == 2
    # a list is for all axes together, with x it is an axis each
    assert [row[0] for row in table(run("solve 27x28 --same --k 3,4 --s 2").out.replace(", ", ","))] == ["3", "4"]
    (answer,) = run("solve 27x28 --same --k 3x4 --s 2 --json").document["answers"]
    assert (answer["padding"], answer["output"], answer["divides"]) == ([[1, 1], [1, 1]], [14, 14], [False, True])


def test_which_three_layers_see_31_most_cheaply(run):
    ran = run("solve --chain 3 --receptive-field 31 --limit 1")
    assert table(ran.out.replace(", ", ","))[0] == ["3", "1", "5", "5", "31", "7", "1,354,752", "[1,1,224,224]"]
    layer = run("solve --chain 3 --receptive-field 31 --get answers.0.layer").out.strip()
    report = run("net", ", ".join([layer] * 3), "--input", "1x1x224x224", "--json").document
    assert report["layers"][2]["receptive_field"] == [31, 31]
    assert report["totals"]["macs"] == 1_354_752
    document = run("solve --chain 2 --receptive-field 9 --p 0 --input 1x4x20 --json").document
    assert document["question"]["input"] == [1, 4, 20]
    assert layers.kind("Conv1d")(4, 4, 5).macs((1, 4, 20)) in {a["macs"] - 16 * 5 * 12 for a in document["answers"]}


def test_which_sizes_a_network_maps_exactly(run):
    ran = run("solve --net vgg16 --exact")
    assert ["32", "512", "32", "16"] in table(ran.out)
    assert "\n224x224 leaves nothing unread.\n" in ran.out
    ran = run("solve --net vgg16 --exact --input 1x3x640x640")  # 640 is not among the sizes tried
    assert "\n640x640 leaves nothing unread.\n" in ran.out
    ran = run("solve --net vgg16 --exact --input 1x3x224x100")
    assert "\n224x100 leaves unread 1 of 25 along W of features.15" in ran.out
    ran = run("solve --net vgg16 --exact --input 1x3x250x250 --size 200..300")
    assert table(ran.out) == [["224", "288", "32", "3"]]
    assert "250x250 leaves unread 1 of 125 along H of features.8" in ran.out
    assert "; the nearest tried that do not: 224 and 256." in ran.out
    ran = run("solve --net 'AdaptiveAvgPool2d(1)' --exact --input 1x3x9x9")
    assert "Every size tried does" in ran.out
    ran = run("solve --net 'MaxPool2d(5, 3)' --exact --input 1x3x9x9 --size 6..7")
    assert "None does. 6 comes nearest: it leaves 2 rows and columns unread." in ran.out
    document = run("solve --net lenet5 --exact --json").document
    assert document["exact"] == [{"first": 32, "last": 32, "step": 1, "terms": 1}]


@pytest.mark.parametrize(
    "question",
    [
        "28 13",
        "28 --same",
        "--chain 3 --receptive-field 31",
        "--net lenet5 --exact",
        "28 14 --pool",
        "7 14 --transposed",
    ],
)
def test_every_format(run, question):
    rows = list(csv.DictReader(io.StringIO(run(f"solve {question} --format csv").out)))
    objects = [json.loads(line) for line in run(f"solve {question} --format ndjson").out.splitlines()]
    assert len(rows) == len(objects) > 0
    assert list(rows[0]) == list(objects[0])
    assert run(f"solve {question} --format markdown").out.startswith("| ")
    assert run(f"solve {question} --format latex").code == 0
    assert run(f"solve {question} --get schema_version").out == "1\n"


@pytest.mark.parametrize(
    ("line", "message"),
    [
        ("", "0 sizes given: give a size and a target, such as 28 13"),
        ("28", "1 size given: give a size and a target"),
        ("28 13 7", "3 sizes given"),
        ("28 13 --same", "2 sizes given: give the size, such as 28 --same"),
        ("28 --chain 3 --receptive-field 31", "1 size given: give none with --chain"),
        ("0 13", "size 0 is too small: it must be at least 1"),
        ("28 0", "target 0 is too small: it must be at least 1"),
        ("28 -13", "target -13 is too small: it must be at least 1"),
        ("28 x", "size 'x' is not a number"),
        ("28x28 14x14x14", "2 sizes and 3 targets do not go together"),
        ("2x2x2x2 1", "4 axes are not for a layer"),
        ("28 13 --k 5..3", "--k 5..3 has nothing in it"),
        ("28 13 --k 0", "--k 0 is too small: it must be at least 1"),
        ("28 13 --p -1", "--p -1 is too small: it must be at least 0"),
        ("28 13 --k 3x3", "--k 3x3 is for 2 axes, and there are 1: give one for all, or 1"),
        ("28x28 13 --k 3,5x3", "--k '3,5x3' mixes lists and axes"),
        ("28 13 --limit 0", "--limit 0 is too small"),
        ("28 13 --limit 100000", "--limit 100,000 is too large: give at most 10,000"),
        ("28 100", "turns 28 into 100: the most is 38 (kernel 1, stride 1, padding 5): use --p 0..36, or a transposed"),
        ("28 13 --k 3 --s 1", "turns 28 into 13: the least is 24"),
        ("28 14 --pool --transposed", "--transposed and --pool exclude each other"),
        ("28 14 --output-padding 1", "--output-padding is of a transposed convolution: add --transposed"),
        ("28 --same --pool", "--pool has nothing to do with --same: leave it out"),
        ("28 --same --p 1", "--p has nothing to do with --same: leave it out"),
        ("28 --same --exact", "--same and --exact are different questions: ask one at a time"),
        ("28 13 --receptive-field 3", "--receptive-field has nothing to do with a size: leave it out"),
        ("--chain 3", "how much is a unit to see? Add --receptive-field 31"),
        ("--chain 0 --receptive-field 3", "--chain 0 is too small"),
        ("--chain 3 --receptive-field 0", "--receptive-field 0 is too small"),
        ("--chain 300 --receptive-field 3", "a chain of 300 layers is too long: give at most 256"),
        ("--chain 2 --receptive-field 1000", "the most is 161 (kernel_size 11, dilation 8, stride 1): use --chain 13"),
        ("--net vgg16", "Give both: --net vgg16 --exact"),
        ("--exact", "Give both: --net vgg16 --exact"),
        ("--net 'Linear(3, 4)' --exact --input 1x3", "spatial"),
        ("--net 'MaxPool2d(2)' --exact", "no input shape given: add --input 1x3x224x224"),
        ("--net 'MaxPool2d(9)' --exact --input 1x3x9x9 --size 1..8", "no size from 1 to 8 fits"),
        ("28 13 --chain ''", "2 sizes given: give none with --chain"),
        ("28 13 --size ''", "--size has nothing to do with a size"),
        ("28 13 --k x", "--k 'x' is not a"),
        ("28 13 --k 3,1..1" + "0" * 50, "values: give at most 100,000"),
        ("--chain 256 --receptive-field 31 --limit 9999", "are too many to walk: give at most 39"),
        ("--net vgg16 --exact --size 0..3", "size 0 is too small: it must be at least 1"),
        ("--net 'MaxPool2d(9)' --exact --input 1x3x9x9 --size 1..8", "use padding=1"),
        ("28x28 100x14 --p 0", "turns 28 into 100 along H: the most is 28 (kernel 1, stride 1): use --p 0..36"),
        ("--net vgg17 --exact", "did you mean"),
        ("--net vgg16 --exact --size 5..3", "--size 5..3 has nothing in it"),
        ("--net vgg16 --exact --limit 3", "--limit has nothing to do with --exact"),
    ],
)
def test_bad_input(run, line, message):
    ran = run(f"solve {line}")
    assert (ran.code, ran.out, len(ran.err.splitlines())) == (2, "", 1)
    assert message in ran.err
    as_json = run(f"solve {line} --json")
    assert message in json.loads(as_json.err)["error"]["message"]
