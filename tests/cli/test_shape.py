"""`convcalc shape`, in-process."""

from __future__ import annotations

import json

import pytest

from convcalc import formulas

EXAMPLE = "shape 10 3 28 28 --k 4 --s 2 --out 16"


def lines(text):
    """A listing's labels and values."""
    pairs = (line.split("  ", 1) for line in text.splitlines() if "  " in line)
    return {label: value.strip() for label, value in pairs}


def test_the_articles_example(run):
    ran = run(EXAMPLE)
    assert ran.code == 0
    assert ran.err == ""
    assert ran.out.splitlines()[0] == "N=10 C=3 H=28 W=28, Conv2d"
    assert lines(ran.out) == {
        "layer": "Conv2d(3, 16, 4, stride=2)",
        "input": "[10, 3, 28, 28]",
        "output": "[10, 16, 13, 13]",
        "kernel": "[16, 3, 4, 4]",
        "parameters": "784 (weights 768 + biases 16)",
        "connections": "132,496",
        "MACs": "129,792 dense, 129,792 exact",
        "FLOPs": "259,584",
        "receptive field": "4x4, jump 2x2, start [0, 0]",
        "memory (float32)": "3,136 bytes of parameters, 108,160 of output",
        "stride": "divides evenly",
    }
    assert ran.out.splitlines()[-1] == "Counts: one example. Memory: the batch of 10. MACs: without the bias."


def test_the_fewest_kernels_are_assumed_and_said(run):
    ran = run("shape 10 3 28 28 --k 4 --s 2")
    note = "note: layer conv1: --out was not given, so out_channels is 1"
    assert (ran.code, ran.err) == (0, "")
    assert ran.out.splitlines()[-1] == note
    assert lines(ran.out)["output"] == "[10, 1, 13, 13] (out_channels was not given: 1 assumed)"
    assert run("shape 10 3 28 28 --k 4 --format csv").err == f"{note}\n"
    assert run("shape 10 3 28 28 --k 4 --get output").err == f"{note}\n"
    assert run("shape 10 6 28 28 --k 4 --g 3 --get output").out == "[10, 3, 25, 25]\n"
    assert run("shape 10 3 28 28 --k 4 --get out_channels_assumed").out == "true\n"
    assert run(EXAMPLE + " --get layers.0.out_channels_assumed").out == "false\n"


@pytest.mark.parametrize(
    ("sizes", "heading", "output"),
    [
        (
            "3 28 28",
            "N=3 C=28 L=28, Conv1d (for one picture: 1 3 28 28)",
            "[3, 1, 26]",
        ),
        ("1 3 28 28", "N=1 C=3 H=28 W=28, Conv2d", "[1, 1, 26, 26]"),
        ("1 3 8 28 28", "N=1 C=3 D=8 H=28 W=28, Conv3d", "[1, 1, 6, 26, 26]"),
        ("0 3 28 28", "N=0 C=3 H=28 W=28, Conv2d", "[0, 1, 26, 26]"),
    ],
)
def test_how_the_input_was_read(run, sizes, heading, output):
    ran = run(f"shape {sizes} --k 3 --out 1")
    assert ran.out.splitlines()[0] == heading
    assert lines(ran.out)["output"] == output


@pytest.mark.parametrize(
    "options",
    [
        "--kernel-size 3x5 --stride 2x1 --padding 1x2 --dilation 1x2 --groups 3 --out-channels 6 --no-bias",
        "--k 3x5 --s 2x1 --p 1x2 --d 1x2 --g 3 --out 6 --no-bias",
        "-k 3x5 -s 2x1 -p 1x2 -d 1x2 -g 3 -c 6 --no-bias",
        "-k3x5 -s2x1 -p1x2 -d1x2 -g3 -c6 --no-bias",
        "--k=3x5 --s=2x1 --p=1:1x2:2 --d=1x2 --g=3 --out=6 --no-bias",
    ],
)
def test_every_option_long_and_short(run, options):
    ran = run(f"shape 1 3 28 28 {options} --get layers.0.layer")
    layer = "Conv2d(3, 6, (3, 5), stride=(2, 1), padding=(1, 2), dilation=(1, 2), groups=3, bias=False)\n"
    assert ran.out == layer


@pytest.mark.parametrize(
    ("options", "output"),
    [
        ("--k 3 --p same", "[1, 1, 28, 28]"),
        ("--k 4 --p same", "[1, 1, 28, 28]"),
        ("--k 3 --p valid", "[1, 1, 26, 26]"),
        ("--k 3 --p 1:2x0:1", "[1, 1, 29, 27]"),
        ("--k 3 --p 0:1", "[1, 1, 27, 27]"),
        ("--k 3 --p 1:2x1", "[1, 1, 29, 28]"),
        ("--k 3 --p -1 --padding-mode circular", "[1, 1, 24, 24]"),
        ("--k 3 --p 2 --padding-mode reflect", "[1, 1, 30, 30]"),
    ],
)
def test_padding_in_every_notation(run, options, output):
    assert run(f"shape 1 1 28 28 {options} --get output").out == output + "\n"


def test_unequal_sides_are_said_in_pytorchs_way(run):
    ran = run("shape 1 1 28 28 --k 3 --s 2 --p 0:1x0:1 --out 4")
    assert lines(ran.out)["in PyTorch"] == "ZeroPad2d((0, 1, 0, 1)), Conv2d(1, 4, 3, stride=2)"


def test_a_stride_that_does_not_divide_and_what_is_never_read(run):
    shown = lines(run("shape 1 1 28 29 --k 3 --s 2 --out 1").out)
    assert shown["stride"] == "does not divide evenly: left over behind the last window 1 along H"
    assert shown["unread rows"] == "1 of 28: index 27 (from 0)"
    assert "unread columns" not in shown
    shown = lines(run("shape 1 1 200 --k 1 --s 3 --out 1").out)
    assert (
        shown["unread elements"] == "133 of 200: index 1-2, 4-5, 7-8, 10-11, 13-14, 16-17, 19-20, 22-23, ... (from 0)"
    )


def test_dead_weights(run):
    assert lines(run("shape 1 1 1 1 --k 3 --p 1 --out 1").out)["dead weights"] == "8 of 9 only ever meet padding"


def test_dense_and_exact_macs_differ_by_the_padding(run):
    assert lines(run("shape 1 1 28 28 --k 5 --p 2 --out 6").out)["MACs"] == "117,600 dense, 107,736 exact"


def test_explain_writes_the_numbers_in(run):
    out = run(EXAMPLE + " --explain").out
    assert "output H             floor((28 + 2*0 - 1*(4 - 1) - 1) / 2) + 1 = 13\n" in out
    assert "parameters           16*3*4*4 + 16 = 784\n" in out
    explained = run(EXAMPLE + " --explain --json").document["explain"]["conv1"]
    (macs,) = [line for line in explained if line["figure"] == "MACs, dense"]
    assert (macs["letters"], macs["formula"]) == ("O*c*k_H*k_W * o_H*o_W", "16*3*4*4 * 13*13")
    assert macs["value"] == 129_792
    assert macs["meaning"] == "multiply-accumulates in one example, those with padding too"
    assert out.index("In letters:") < out.index("The letters:") < out.index("With numbers:")
    assert "s_H, s_W  2            stride (--stride)" in out
    assert "output H and W           floor((I + 2*p - d*(k - 1) - 1) / s) + 1  positions" in out


def test_verify_shows_predicted_beside_observed(run):
    ran = run(EXAMPLE + " --verify")
    assert ran.code == 0
    assert "conv1  connections            132,496           132,496  ok" in ran.out
    assert ran.out.splitlines()[-1].startswith("Verified: every figure in this table is what was ")
    verification = run(EXAMPLE + " --verify --json").document["verification"]
    assert verification["agrees"] is True
    (layer,) = verification["layers"]
    assert {"figure": "MACs", "predicted": 129_792, "observed": 129_792, "agrees": True} in layer["checks"]


def test_verify_exits_1_where_a_formula_is_wrong(run, monkeypatch):
    right = formulas.parameters
    monkeypatch.setattr(formulas, "parameters", lambda weights, biases: right(weights, biases) + 1)
    ran = run(EXAMPLE + " --verify")
    assert ran.code == 1
    assert "conv1  parameters                 785               784  DIFFERS" in ran.out
    assert ran.out.splitlines()[-1].startswith("DIFFERS: 1 figure predicted otherwise")
    assert run(EXAMPLE + " --verify --get verification.agrees") == (1, "false\n", "")


def test_json_holds_everything(run):
    document = run(EXAMPLE + " --json").document
    (layer,) = document["layers"]
    assert document["schema_version"] == 1
    assert (document["input"], document["output"], document["batch"]) == ([10, 3, 28, 28], [10, 16, 13, 13], 10)
    assert layer["layer"] == "Conv2d(3, 16, 4, stride=2)"
    assert (layer["name"], layer["inputs"]) == ("conv1", ["input"])
    assert (layer["input"], layer["output"]) == ([10, 3, 28, 28], [10, 16, 13, 13])
    figures = {
        "weights": 768,
        "biases": 16,
        "parameters": 784,
        "buffers": 0,
        "connections": 132_496,
        "macs": 129_792,
        "macs_exact": 129_792,
        "flops": 259_584,
        "dead_weights": 0,
        "parameter_bytes": 3_136,
        "output_bytes": 108_160,
    }
    assert {key: layer[key] for key in figures} == figures
    assert {key: document["totals"][key] for key in figures} == figures
    assert (layer["receptive_field"], layer["jump"], layer["start"]) == ([4, 4], [2, 2], [0, 0])


def test_pipes_build_a_network(run):
    first = run("shape 10 3 28 28 --k 4 --s 2 --json")
    second = run("shape - --k 3 --out 32 --json", stdin=first.out)
    assert (first.err, second.err) == ("", "")
    assumed = {"kind": "assumed", "layer": "conv1", "text": "--out was not given, so out_channels is 1"}
    assert first.document["notes"] == second.document["notes"] == [assumed]
    third = run("shape - --k 3 --p 1 --out 8 --json", stdin=second.out).document
    assert third["output"] == [10, 8, 11, 11]
    assert [layer["name"] for layer in third["layers"]] == ["conv1", "conv2", "conv3"]
    assert [layer["inputs"] for layer in third["layers"]] == [["input"], ["conv1"], ["conv2"]]
    assert [layer["out_channels_assumed"] for layer in third["layers"]] == [True, False, False]
    assert third["out_channels_assumed"] is True
    assert third["totals"]["parameters"] == 49 + 320 + 2312
    assert third["layers"][2]["receptive_field"] == [12, 12]
    shown = run("shape - --k 3 --out 2", stdin=second.out).out
    assert shown.splitlines()[0] == "N=10 C=32 H=11 W=11, Conv2d"
    assert "conv3, the layer added here:" in shown


def test_a_layer_behind_a_whole_network_of_another_command(run):
    lenet = run("lenet --json").document
    lenet["layers"] = lenet["layers"][:3]
    ran = run("shape - --k 10 --out 7 --json", stdin=json.dumps(lenet))
    assert ran.document["output"] == [1, 7, 1, 1]
    assert ran.document["totals"]["parameters"] == 156 + 12 + 1516 + 11_207
    assert run("shape - --k 3 --get output", stdin=run("lenet --json").out).err.startswith(
        "error: the network on stdin ends in [1, 10], and a convolution needs channels and 1 to 3 axes"
    )


def test_the_figures_in_piped_json_are_not_believed(run):
    first = run(EXAMPLE + " --json").document
    first["layers"][0]["parameters"] = first["output"][0] = 1
    assert run("shape - --k 1 --out 1 --get totals.parameters", stdin=json.dumps(first)).out == "801\n"


@pytest.mark.parametrize(
    ("path", "value"),
    [
        ("totals.parameters", "784"),
        ("output", "[10, 16, 13, 13]"),
        ("output.2", "13"),
        ("layers.0.layer", "Conv2d(3, 16, 4, stride=2)"),
        ("layers.conv1.flops", "259584"),
        ("out_channels_assumed", "false"),
    ],
)
def test_get_prints_one_value_bare(run, path, value):
    assert run(f"{EXAMPLE} --get {path}") == (0, value + "\n", "")


def test_huge_sizes_answer_exactly(run):
    huge = 10**30
    document = run(f"shape 1 3 {huge} {huge} --k 3 --s 7 --p 1 --out 16 --json").document
    out = (huge + 2 - 3) // 7 + 1
    assert document["output"] == [1, 16, out, out]
    assert document["totals"]["macs"] == 16 * 27 * out**2
    assert document["layers"][0]["unread"][0]["ranges"][0] == [2, 5]
    ran = run(f"shape 1 3 {huge} {huge} --k 3 --out 16 --verify")
    assert ran.code == 2
    assert ran.err.startswith("error: executing conv1 needs ")
    assert ran.err.endswith("give a smaller input\n")


def test_the_memory_limit(run):
    assert run(EXAMPLE + " --verify --memory-limit 1MiB").code == 0
    ran = run(EXAMPLE + " --verify --memory-limit 100kB")
    assert ran.code == 2
    assert "more than the limit of 100,000" in ran.err


def test_the_assumed_mark_travels_down_a_pipe_in_words_too(run):
    first = run("shape 10 3 28 28 --k 4 --json").out
    second = run("shape - --k 3 --out 32", stdin=first)
    assert second.out.splitlines()[-1] == "note: layer conv1: --out was not given, so out_channels is 1"
    assert "Assumed" not in run(EXAMPLE).out


def test_that_same_keeps_the_size_is_seen_too(run, monkeypatch):
    ran = run("shape 2 2 9 9 --k 3 --p same --out 4 --verify")
    assert ran.code == 0
    assert "conv1 size kept by same [9, 9] [9, 9] ok" in " ".join(ran.out.split())
    monkeypatch.setattr(formulas, "same_padding", lambda kernel_size, dilation: (2, 2))
    ran = run("shape 2 2 9 9 --k 3 --p same --out 4 --verify")
    assert ran.code == 1
    assert "conv1 size kept by same [9, 9] [11, 11] DIFFERS" in " ".join(ran.out.split())


def test_a_formula_that_wrongly_refuses_what_was_piped_in_is_found(run, monkeypatch):
    first = run("shape 1 1 8 8 --k 3 --out 3 --json").out
    monkeypatch.setattr(formulas, "window_extent", lambda kernel_size, dilation: 100)
    ran = run("shape - --k 1 --out 2 --verify", stdin=first)
    assert ran.code == 1
    assert "refused: kernel 3" in ran.out
    assert run("shape - --k 1 --out 2", stdin=first).code == 2


def test_explanations_behind_a_block_go_by_its_name(run):
    lenet = run("lenet --json").document
    lenet["layers"] = lenet["layers"][:2]
    explained = run("shape - --k 5 --out 16 --explain --json", stdin=json.dumps(lenet)).document["explain"]
    assert list(explained) == ["C1", "S2", "conv1"]
    assert [line["value"] for line in explained["C1"] if line["figure"] == "bytes of output"] == [18_816]


@pytest.mark.parametrize("limit", ["1.5GiB", "2gb", "500 MiB", "1000000000"])
def test_amounts_of_memory(run, limit):
    assert run(*EXAMPLE.split(), "--verify", "--memory-limit", limit).code == 0


@pytest.mark.parametrize(
    "sizes",
    [
        "1x3x28x28",
        "1×3×28×28",
        "1,3,28,28",
        "'1 3 28 28'",
        "'(1, 3, 28, 28)'",
        "[1, 3, 28, 28]",
        "1, 3, 28, 28",
        "'torch.Size([1, 3, 28, 28])'",
    ],
)
def test_sizes_are_read_however_they_are_written(run, sizes):
    assert run(f"shape {sizes} --k 3 --get output").out == "[1, 1, 26, 26]\n"
    assert run(f"net 'Conv2d(3, 1, 3)' --input {sizes} --get output").out == "[1, 1, 26, 26]\n"


@pytest.mark.parametrize("kernel", ["3x5", "3×5", "'(3, 5)'", "'[3, 5]'"])
def test_a_kernel_is_read_however_it_is_written(run, kernel):
    assert run(f"shape 1 3 28 28 --kernel_size {kernel} --get output").out == "[1, 1, 26, 24]\n"


def test_a_flag_may_stand_among_the_sizes(run):
    assert run("shape 1 3 --no-bias 28 28 --k 3 --get totals.parameters").out == "27\n"
