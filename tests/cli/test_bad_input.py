"""Bad input: one clear line on stderr with the remedy, exit 2, nothing on stdout, never a traceback."""

from __future__ import annotations

import json
import re
from itertools import pairwise

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

GOOD = "shape 1 3 28 28 --k 3 --out 4 --json"
NO_SIZES = "give 3 (N C L), 4 (N C H W) or 5 (N C D H W), such as 1 3 28 28, or - to read JSON"

SIZE = "write the sizes as 1 3 28 28 or 1x3x28x28"
NUMBER = "write 3, or 3x5 for one number per axis"
PADDING = "use same, valid, numbers (1, 1x2) or sides (1:2x0:1)"

BAD = [
    ("shape", f"no sizes given: {NO_SIZES}"),
    ("shape --k 3", f"no sizes given: {NO_SIZES}"),
    ("shape 28 --k 3", f"1 size given: {NO_SIZES}"),
    ("shape 28 28 --k 3", f"2 sizes given: {NO_SIZES}"),
    ("shape 1 1 1 1 1 1 --k 3", f"6 sizes given: {NO_SIZES}"),
    ("shape 1 3 28 28", "no kernel size given: add --k 3, or --k 3x5 for one number per axis"),
    ("shape 1 -3 28 28 --k 3", "size -3 is negative: every size must be at least 0"),
    ("shape -3 --k 3", "size -3 is negative: every size must be at least 0"),
    ("shape 1 3 0 28 --k 3", "Conv2d got a size of 0 in input [1, 3, 0, 28]: every spatial size must be at least 1"),
    ("shape 1 3 2.5 28 --k 3", f"size '2.5' is not a whole number: {SIZE}"),
    ("shape 1,3,2.5,28 --k 3", f"size '2.5' is not a whole number: {SIZE}"),
    ("shape 1 3 1_000 28 --k 3", f"size '1_000' is not a whole number: {SIZE}"),
    ("shape 1 3 x 28 --k 3", f"size 'x' is not a whole number: {SIZE}"),
    ("shape - 3 28 28 --k 3", f"size '-' is not a whole number: {SIZE}"),
    ("shape 1 3 28x28 --k 3", f"size '28x28' is not a whole number: {SIZE}"),
    (
        "shape 1 3 28 28 --k 3 3 --out 8",
        "numbers stand before and after --k 3, and sizes stand together: did you mean --k 3x3?",
    ),
    ("shape 1 1 28 --k 3 3", "did you mean --k 3x3?"),
    ("shape 1 3 --k 3 28 28", "numbers stand before and after --k 3"),
    ("solve 28 --limit 3 13", "sizes stand together: put them before the options"),
    ("net lenet5 --input 1x1x28x28 --input 1x1x32x32", "--input is given 2 times, and there is one input"),
    ("net lenet5 --input mask=1x8", "--input 'mask=1x8' names an input that is not there"),
    ("shape 1 3 28 28 --k 3.5", f"--k '3.5' is not a number: {NUMBER}"),
    ("shape 1 3 28 28 --k 3x", f"--k '3x' is not a number: {NUMBER}"),
    ("shape 1 3 28 28 --k 3,3", "--k '3,3' lists 3 twice: write 3x3 for one number per axis, 3,5 for a list"),
    ("shape 1 3 28 28 --k 3x5x7", "--k 3x5x7 has 3 values for 2 axes: give one integer, or 2"),
    ("shape 1 3 28 28 --k 3x3x3", "--k 3x3x3 has 3 values for 2 axes: give one integer, or 2"),
    ("shape 1 3 28 28 --k 0", "--k 0 is too small: it must be at least 1"),
    ("shape 1 3 28 28 --k -3", "--k -3 is too small: it must be at least 1"),
    ("shape 1 3 28 28 --k 3 --s 0", "--s 0 is too small: it must be at least 1"),
    ("shape 1 3 28 28 --k 3 --d 0", "--d 0 is too small: it must be at least 1"),
    ("shape 1 3 28 28 --k 3 --p -1", "--p -1 is too small: it must be at least 0"),
    ("shape 1 3 28 28 --k 3 --out 0", "--out 0 is too small: it must be at least 1"),
    ("shape 1 3 28 28 --k 3 --g 0", "--g 0 is too small: it must be at least 1"),
    ("shape 1 3 28 28 --k 3 --g 2", "--g 2 does not divide the 3 channels: use --g 1 or 3"),
    ("shape 1 4 28 28 --k 3 --g 2 --out 5", "--g 2 does not divide out_channels 5: use --g 1"),
    ("shape 1 1 3 3 --k 5", "kernel 5 does not fit input 3 (padding 0): use --p 1 or a kernel of at most 3"),
    (
        "shape 1 3 10 2 --k 11",
        "kernel 11 does not fit input 10 along H (padding 0): use --p 5 or a kernel of at most 10x2",
    ),
    (
        "shape 1 1 28 28 --k 3 --s 2 --p same",
        "--p 'same' needs stride 1, got 2: TensorFlow's SAME would pad 0:1x0:1 here, use --p 0:1x0:1 for that",
    ),
    (
        "shape 1 3 10 4 --k 3 --p 20 --padding-mode reflect",
        "reflect padding 20 is too wide for input 10 along H: use a padding of at most 3",
    ),
    (
        "shape 1 1 28 28 --k 3 --padding-mode reflct",
        "--padding-mode 'reflct' is unknown (did you mean reflect?): use one of zeros, reflect, replicate, circular",
    ),
    ("shape 1 1 9 9 --k 3 --p sam", f"--p 'sam' is unknown: {PADDING}"),
    ("shape 1 1 9 9 --k 3 --p 1:2:3", f"--p '1:2:3' is no padding: {PADDING}"),
    ("shape 1 1 9 9 --k 3 --p 1:2x1:2:3", f"--p '1:2x1:2:3' is no padding: {PADDING}"),
    ("shape 1 1 9 9 --k 3 --p 1:2x0:1x0:1", "--p 1:2x0:1x0:1 has 3 pairs for 2 axes: give one, or 2"),
    ("shape 1 1 9 9 --k 3 --p 1:", f"--p '1:' is no padding: {PADDING}"),
    ("shape 1 1 9 9 --k 3 --memory-limit lots", "--memory-limit 'lots' is not an amount of memory: write it as"),
    ("shape 1 1 9 9 --k 3 --get totals.params", "--get 'totals.params': no 'params' at totals: did you mean param"),
    ("shape 1 1 9 9 --k 3 --get totals.x", "--get 'totals.x': no 'x' at totals: there is weights, "),
    ("shape 1 1 9 9 --k 3 --get totals.parameters.x", "no 'x' at totals.parameters: it is a single value"),
    ("shape 1 1 9 9 --k 3 --get layers[0].macs", "no 'layers[0]' at the top: write layers.0.macs"),
    ("shape 1 1 9 9 --k 3 --get layers.7", "--get 'layers.7': no '7' at layers: there is conv1, 0"),
    ("shape 1 1 9 9 --k 3 --get verification", "no 'verification' at the top: add --verify"),
    ("shape 1 1 9 9 --k 3 --dtype fp16", "No such option: --dtype: see convcalc shape --help"),
    ("shape 1 1 9 9 --kernle 3", "No such option: --kernle (did you mean --kernel-size?): see convcalc shape --help"),
    ("shape 1 1 9 9 -x 3", "No such option: -x: see convcalc shape --help"),
    (
        "shape 1 1 9 9 --k 3 --output f.json",
        "No option for a file here: send the output to one with > FILE: see",
    ),
    ("lenet -o f.json", "No option for a file here: send the output to one with > FILE: see convcalc lenet --help"),
    ("lenet --get layers.c1.output", "no 'c1' at layers: did you mean C1?"),
    ("shape -- 1 1 9 9 --k 3", "--k stands behind --, where only sizes may: put options before it"),
    ("shape 1 1 9 9 --k", "Option '--k' requires an argument: see convcalc shape --help"),
    ("shap 1 1 9 9", "No such command 'shap'. Did you mean 'shape': see convcalc --help"),
    ("--bogus", "No such option: --bogus: see convcalc --help"),
    ("shape - --k 3", "- reads JSON from a pipe, but stdin is a terminal: write convcalc shape ... --json | convcalc"),
    ("shape 1 1 " + "9" * 101 + " 9 --k 3", "size has 101 digits: give at most 100"),
]


@pytest.mark.parametrize(("words", "message"), BAD, ids=[words[:60] for words, _ in BAD])
def test_bad_words(run, words, message):
    ran = run(words)
    assert (ran.code, ran.out, len(ran.err.splitlines())) == (2, "", 1)
    assert ran.err.startswith("error: ")
    assert message in ran.err


WITH_JSON = [bad for bad in BAD if not bad[0].endswith("--k")]  # there --json would be the missing value


@pytest.mark.parametrize(("words", "message"), WITH_JSON, ids=[words[:60] for words, _ in WITH_JSON])
def test_with_json_the_error_is_json(run, words, message):
    command, *rest = words.split()
    ran = run(command, "--json", *rest)
    document = json.loads(ran.err)
    assert document["schema_version"] == 1
    assert message in document["error"]["message"]
    assert (ran.code, ran.out) == (2, "")


def document(**changes):
    return {"schema_version": 1, "input": [1, 3, 28, 28], "layers": [], **changes}


def layer(**changes):
    return document(layers=[{"name": "a", "layer": "Conv2d(3, 4, 3)", "inputs": ["input"], **changes}])


@pytest.mark.parametrize(
    ("stdin", "message"),
    [
        ("", "stdin is empty: the command before may have failed; it must print JSON (--json)"),
        (" \n", "stdin is empty"),
        ("{", "stdin is not JSON (Expecting property name enclosed in double quotes at line 1, column 2): it is cut"),
        (
            '{"schema_version": 1} {}',
            "stdin is not JSON (Extra data at line 1, column 23): it is cut short, or has text",
        ),
        ("N=10 C=3\nlayer", "stdin is not JSON (Expecting value at line 1, column 1)"),
        ("[" * 100_000, "the JSON on stdin is nested too deeply"),
        ("9" * 5000, "the JSON on stdin holds a number of more than 4,300 digits: give smaller sizes"),
        ("[]", "the JSON on stdin is not convcalc's (it has no schema_version)"),
        ('{"a": 1}', "the JSON on stdin is not convcalc's (it has no schema_version)"),
        (document(schema_version=2), "the JSON on stdin has schema_version 2, this convcalc reads 1"),
        ('{"schema_version": 1, "error": {"message": "x"}}', "is the error of the command before"),
        (document(input=None), "the JSON on stdin: the document has no 'input' that is a list"),
        (document(input=[1, 3, 28.5, 28]), "size 28.5 is not a whole number"),
        (document(input=[1, 3, -28, 28]), "size -28 is too small"),
        (document(layers={}), "the JSON on stdin: the document has no 'layers' that is a list"),
        (document(layers=[3]), "the JSON on stdin: layer 0 is not an object"),
        (layer(name=3), "the JSON on stdin: layer 0 has no 'name' that is text"),
        (layer(name="a\x1b[31m"), "the JSON on stdin: layer 0 has the name 'a\\x1b[31m': give it printable"),
        (layer(layer=None), "the JSON on stdin: layer 0 has no 'layer' that is text"),
        (layer(layer="Conv2d(3, 4"), "cannot read 'Conv2d(3, 4'"),
        (layer(layer="Conv2d(4, 4, 3)"), "layer 'a': Conv2d takes 4 channels, got 3"),
        (layer(inputs=["b"]), "layer 'a' is fed by 'b', which is not a layer before it"),
        (layer(inputs=[]), "layer 'a' has 0 inputs"),
        (layer(inputs=[3]), "the JSON on stdin: layer 0 has inputs that are not names"),
        (document(input=[1, 10]), "the network on stdin ends in [1, 10], and a convolution needs channels and 1 to 3"),
        (document(schema_version=True), "the JSON on stdin has schema_version True, this convcalc reads 1"),
        (document(input=[1, True, 28, 28]), "size True is not a whole number"),
        (document(input=[1, 3, 10**101, 28]), "the JSON on stdin: a number of more than 100 digits"),
        (layer(layer=f"Conv2d(3, 4, {10**101})"), "the JSON on stdin: a number of more than 100 digits"),
        (
            layer(layer="Conv2d(3, 4, 50)"),
            "on stdin does not fit: layer 'a': kernel 50 does not fit input 28 (padding 0)",
        ),
        (layer(layer="Conv2d(3, 4, 3, stride=2, stride=3)"), "gives stride twice: leave one out"),
        (layer(layer="Conv2d(3, 4, 3, stride=0)"), "the JSON on stdin: layer 'a': stride 0 is too small"),
        (layer(name=""), "the JSON on stdin: layer 0 has the name ''"),
    ],
)
def test_bad_json_on_stdin(run, stdin, message):
    ran = run("shape - --k 3 --out 2 --json", stdin=stdin if isinstance(stdin, str) else json.dumps(stdin))
    assert (ran.code, ran.out) == (2, "")
    assert message in json.loads(ran.err)["error"]["message"]


def test_a_figure_too_long_to_write(run):
    deep = [{"name": f"l{i}", "layer": f"Conv1d(1, 1, 1, stride={10**99})", "inputs": ["input"]} for i in range(50)]
    for before, after in pairwise(deep):
        after["inputs"] = [before["name"]]
    ran = run("shape - --k 1 --out 1", stdin=json.dumps(document(input=[1, 1, 1], layers=deep)))
    assert (ran.code, ran.out) == (2, "")
    assert ran.err == "error: a figure has more than 4,300 digits: give smaller sizes\n"


@pytest.mark.parametrize("path", ["a\nb", "\x1b[31mred", "layers.\x1b[2J", ""])
def test_what_was_typed_is_shown_in_printable_characters(run, path):
    for ran in (run("shape", "1", "1", "9", "9", "--k", "3", "--get", path), run("lenet", "--get", path)):
        assert (ran.code, ran.out, len(ran.err.splitlines())) == (2, "", 1)
        assert ran.err.strip().isprintable()


@pytest.mark.parametrize(
    "words",
    [
        "shape 1 3 5 5 --k 9 --p 3:0x0:0",
        "shape 1 3 10 2 --k 11",
        "shape 1 3 10 20 --k 11x40",
        "shape 1 3 28 --k 40 --d 3",
    ],
)
def test_the_remedies_work_when_followed(run, words):
    refusal = run(words).err
    padding, kernel = re.search(r"use --p (\d+) or a kernel of at most (\S+)$", refusal.splitlines()[-1]).groups()
    plain = re.sub(r" --p \S+", "", words)
    assert run(f"{plain} --p {padding}").code == 0
    assert run(re.sub(r"--k \S+", f"--k {kernel}", words)).code == 0
    assert run(f"{plain} --p {int(padding) - 1}").code == 2


OPTIONS = ["--k", "--s", "--p", "--d", "--g", "--out", "--json", "--get", "--explain", "--no-bias"]
VALUES = ["1", "3", "5", "28", "same", "2x1", "1:2", "-1", "-", "0"]
WORDS = st.lists(st.one_of(st.sampled_from(OPTIONS + VALUES), st.text(max_size=5)), max_size=9)


@settings(max_examples=300, suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
@given(WORDS)
def test_any_words_are_answered_or_refused_in_one_line(run, words):
    ran = run("shape", *words, stdin="")
    assert ran.code in (0, 2)
    if ran.code == 2:
        assert ran.out == ""
        assert len(ran.err.splitlines()) == 1
