"""`convcalc shape` with lists."""

from __future__ import annotations

import csv
import io
import json
import tracemalloc
from itertools import product

import pytest

from convcalc.commands import sweep

ISSUE = "shape 1 3 224 224 --k 3,5,7 --s 1,2 --p 0,1,2,3 --out 64"


def objects(text):
    return [json.loads(line) for line in text.splitlines()]


def test_a_row_for_every_combination(run):
    ran = run(ISSUE)
    assert (ran.code, ran.err) == (0, "")
    lines = ran.out.splitlines()
    assert lines[0] == "N=1 C=3 H=224 W=224, Conv2d, 24 combinations"
    assert lines[1].split() == ["kernel", "stride", "padding", "output", "parameters", "MACs", "sees"]
    rows = [line.split(maxsplit=3) for line in lines[3:27]]
    assert [tuple(map(int, row[:3])) for row in rows] == list(product((3, 5, 7), (1, 2), (0, 1, 2, 3)))
    assert rows[23][3].split() == ["[1,", "64,", "112,", "112]", "9,472", "118,013,952", "7"]


def test_rows_are_what_single_calls_say(run):
    line = "shape 2 4 9 {size} --k {k} --s {s} --p {p} --d {d} --g {g} --out {out} --padding-mode {mode}"
    lists = {
        "size": "7,9",
        "k": "3,2x4,12",
        "s": "1,2x3",
        "p": "0,same,1:2x0:1,5",
        "d": "1,2",
        "g": "1,3,4",
        "out": "4",
        "mode": "zeros,reflect",
    }
    rows = objects(run(line.format(**lists) + " --format ndjson").out)
    combinations = list(product(*(text.split(",") for text in lists.values())))
    assert len(rows) == len(combinations) == 576
    figures = ("parameters", "connections", "macs", "macs_exact", "flops", "dead_weights", "output_bytes", "peak_bytes")
    answered = 0
    for row, combination in zip(rows[::7], combinations[::7], strict=True):
        ran = run(line.format(**dict(zip(lists, combination, strict=True))) + " --json")
        if ran.code == 2:
            assert row["output"] is None
            assert row["refused"] == json.loads(ran.err)["error"]["message"]
            continue
        answered += 1
        layer = ran.document["layers"][0]
        assert row["refused"] is None
        assert row["output"] == ran.document["output"]
        assert {name: row[name] for name in figures} == {name: layer[name] for name in figures}
        for name in ("receptive_field", "leftover"):
            values = layer[name]
            assert row[name] == (values[0] if len(set(values)) == 1 else "x".join(map(str, values)))
    assert 20 < answered < 70  # both kinds are there


def test_refused_combinations_have_their_reason(run):
    ran = run("shape 1 1 3 3 --k 3,5 --p 0,1 --out 1")
    assert ran.code == 0
    assert [line.split()[-1] for line in ran.out.splitlines()[3:7]] == ["-", "-", "(1)", "-"]
    assert "\n(1) kernel 5 does not fit input 3 (padding 0): use --p 1 or a kernel of at most 3\n" in ran.out
    assert ran.out.splitlines()[-2] == "1 refused."


def test_conditions_order_limit_and_columns(run):
    ran = run(ISSUE + " --where 'output.2 == 112' --sort -macs --columns kernel_size,padding,macs --format csv")
    assert ran.out.splitlines() == ["kernel_size,padding,macs", "7,3,118013952", "5,2,60211200", "3,1,21676032"]
    ran = run(ISSUE + " --where 'output.2 == 112' --sort macs --limit 1 --columns kernel_size --format csv")
    assert ran.out.splitlines() == ["kernel_size", "3"]
    ran = run(ISSUE + " --where 'padding * 2 == kernel_size - 1 and stride == 1' --json")
    assert ran.document["combinations"] == 24
    assert [row["output"][2:] for row in ran.document["rows"]] == [[224, 224]] * 3
    table = run(ISSUE + " --limit 2").out
    assert "\n2 of 24 shown.\n" in table
    assert len(run(ISSUE + " --format markdown").out.splitlines()) == 26
    assert run(ISSUE + " --get rows.3.output").out == "[1, 64, 228, 228]\n"


def test_a_condition_on_figures_drops_what_is_refused_and_one_on_settings_keeps_it(run):
    line = "shape 1 1 3 3 --k 3,5 --out 1 --format ndjson --columns kernel_size,refused --where "
    assert [row["kernel_size"] for row in objects(run(line + "'macs >= 0'").out)] == [3]
    assert [row["kernel_size"] for row in objects(run(line + "'kernel_size > 3'").out)] == [5]
    assert [row["kernel_size"] for row in objects(run(line + "\"refused == ''\"").out)] == [3]


def test_a_word_for_padding_is_no_number_where_it_is_refused(run):
    rows = objects(run("shape 1 1 9 9 --k 3 --s 1,2 --p same --out 1 --format ndjson --where 'padding >= 0'").out)
    assert [(row["stride"], row["padding"]) for row in rows] == [(1, 1)]
    (row,) = objects(run("shape 1 1 9 9 --k 3 --s 2 --p same --out 1 --format ndjson --limit 1").out)
    assert (row["padding"], row["refused"][:27]) == ("same", "--p 'same' needs stride 1, ")


def test_lists_of_sizes_and_ranges(run):
    rows = objects(run("shape 1 1 8..10..2 5,6 --k 3 --out 1 --format ndjson").out)
    assert [row["input"] for row in rows] == [[1, 1, 8, 5], [1, 1, 8, 6], [1, 1, 10, 5], [1, 1, 10, 6]]
    assert run("shape 1 1 8,10 5 --k 3 --out 1").out.startswith("N=1 C=1 H=8,10 W=5, Conv2d, 2 combinations\ninput ")


def test_a_sweep_behind_a_network(run):
    first = run("shape 1 3 28 28 --k 5 --out 8 --json").out
    rows = objects(run("shape - --k 3,5 --out 4 --format ndjson", stdin=first).out)
    assert [(row["input"], row["receptive_field"]) for row in rows] == [([1, 8, 24, 24], 7), ([1, 8, 24, 24], 9)]
    single = json.loads(run("shape - --k 5 --out 4 --json", stdin=first).out)["layers"][1]
    assert {name: rows[1][name] for name in ("peak_bytes", "training_bytes")} == {
        name: single[name] for name in ("peak_bytes", "training_bytes")
    }


def test_how_many_is_said_before_it_starts_and_where_kernels_are_assumed(run):
    ran = run("shape 1 1 9 9 --k 1..101 --p 0..99 --limit 1 --format csv --columns output")
    assert ran.out == "output\n1x1x9x9\n"
    assert ran.err.splitlines() == [
        "10,100 combinations to try (Ctrl-C stops it)",
        "note: --out was not given, so out_channels is 1, or the number of groups",
    ]


def test_a_stream_takes_no_memory(run):
    line = "shape 1 1 9 9 --k 1..{} --p 0..9 --out 1 --format csv --columns kernel_size,output"
    peaks = []
    for kernels in (10, 10, 60):  # the first makes what is made once
        tracemalloc.start()
        run(line.format(kernels))
        peaks.append(tracemalloc.get_traced_memory()[1])
        tracemalloc.stop()
    # what is captured of the output, 20 bytes a row, grows; what is held of a configuration would be kilobytes
    assert peaks[2] - peaks[1] < 500 * 200


def test_csv_is_csv(run):
    rows = list(csv.DictReader(io.StringIO(run("shape 1 1 3 3 --k 3,5 --out 1 --format csv").out)))
    assert [row["output"] for row in rows] == ["1x1x1x1", ""]
    assert rows[1]["refused"] == "kernel 5 does not fit input 3 (padding 0): use --p 1 or a kernel of at most 3"


@pytest.mark.parametrize(
    ("line", "message"),
    [
        ("--k 3,5 --where 'mac < 1'", "no column 'mac' (did you mean macs?)"),
        ("--k 3,5 --where 'output == 1'", "output is a shape: compare one of its sizes, such as output.2"),
        ("--k 3,5 --where 'output.4 == 1'", "output has parts 0 to 3"),
        ("--k 3,5 --where \"macs == 'x'\"", "compares text with a number"),
        ("--k 3,5 --where '__import__(1)'", "a condition has only comparison and arithmetic"),
        ("--k 3,5 --sort mac", "no column 'mac' (did you mean macs?)"),
        ("--k 3,5 --sort output", "--sort output has no order, it is a shape"),
        ("--k 3,5 --sort 'macs <'", "'<' is not read here"),
        ("--k 3,5 --where ''", "the condition ends too soon"),
        ("--k 3 --sort ''", "a column's name is empty"),
        ("--k 3,5 --memory-limit banana", "--memory-limit 'banana' is not an amount"),
        ("--k 3,03", "--k lists 03 twice"),
        ("--k 3x3,3", "--k lists 3 twice"),
        ("--k 1..1" + "0" * 50, "values: give at most 100,000"),
        ("--k 3,5 --limit 0", "--limit 0 is too small: give a number from 1 on"),
        ("--k 3,5 --limit x", "--limit 'x' is not a whole number"),
        ("--k 3,5 --columns mac", "--columns 'mac' is unknown (did you mean macs?)"),
        ("--k 3,5 --verify", "--verify is for one convolution"),
        ("--k 3,5 --explain", "--explain is for one convolution"),
        ("--k 3,,5", "--k '3,,5' has an empty entry"),
        ("--k 3,x", "--k 'x' is not a number"),
        ("--k 5..3", "--k 5..3 has nothing in it"),
        ("--k 1..9..0", "--k '1..9..0' is no range"),
        ("--k 1..2..3..4", "--k '1..2..3..4' is no range"),
        ("--k 1..x", "--k 'x' is not a whole number"),
        ("--k 1..10000000", "--k 1..10000000 has 10,000,000 values: give at most 100,000"),
        ("--k 1..1000 --p 0..99", "100,000 combinations make more rows than this format can use, 10,000: add --limit"),
        ("--k 1..1000 --p 0..99 --format csv --sort macs", "more rows than --sort can use"),
        ("--k 1..9 --limit 20000 --p 0..9999", "90,000 combinations make more rows than this format can use"),
        ("--k 1..10000 --p 0..999 --where 'macs < 1'", "10,000,000 combinations are too many to try all"),
        ("--k 1..10000 --p 0..999 --sort macs --limit 5", "10,000,000 combinations are too many to try all"),
    ],
)
def test_bad_input(run, line, message):
    ran = run(f"shape 1 1 9 9 --out 1 {line}")
    assert (ran.code, ran.out, len(ran.err.splitlines())) == (2, "", 1)
    assert message in ran.err


def test_more_rows_than_can_be_held(run, monkeypatch):
    monkeypatch.setattr(sweep, "MOST_HELD", 5)
    ran = run("shape 1 1 9 9 --out 1 --k 1..9 --where 'macs > 0'")
    assert (ran.code, ran.out) == (2, "")
    assert "more than 5 rows, too many to hold: add --limit" in ran.err
    assert run("shape 1 1 9 9 --out 1 --k 1..5 --where 'macs > 0'").code == 0


def test_a_condition_holds_of_every_axis(run):
    line = "shape 1 1 9 9 --k 3 --s 1,1x2,2 --out 1 --format csv --columns stride --where"
    assert run(f"{line} 'stride != 1'").out.splitlines() == ["stride", "2"]
    assert run(f"{line} 'not stride == 1'").out.splitlines() == ["stride", "1x2", "2"]


def test_sides_are_compared_and_put_in_order_axis_by_axis(run):
    line = "shape 1 1 9 9 --k 3 --p 0:1x3,0x5,0:3x0 --out 1 --format csv --columns padding"
    assert run(f"{line} --sort padding").out.splitlines() == ["padding", "0x5", "0:1x3", "0:3x0"]
    refused = run("shape 1 1 2 2 --k 3x3,5x5 --p 0:0 --out 1 --where 'padding < kernel_size' --json")
    assert len(refused.document["rows"]) == 2


LARGE = [
    "--where 'macs > 0' --sort macs",
    "--where 'output.2 == 5 and macs < 5000' --sort -macs,parameters",
    "--where 'not stride == 1 or kernel_size - 1 == padding * 2'",
    "--where 'kernel_size > 3 and padding != 1' --sort padding,-kernel_size",
    "--where 'macs / parameters > 7.5 and input.2 % 2 == 1' --sort dead_weights,macs_exact",
    "--where 'leftover == 0 and receptive_field // 2 >= padding.0' --sort -receptive_field",
    "--where 'macs * 9000000000000 > connections * 8000000000000 and -stride < 0' --sort leftover",
    "--where 'connections > flops or groups > 1' --sort out_channels,-output.1,stride",
    "--where '100 > macs_exact or kernel_size % padding == 0'",
]


@pytest.mark.parametrize("asked", LARGE)
@pytest.mark.parametrize(
    "line",
    [
        "shape 1 4 7..9 8 --k 1,2x3,5,10 --s 1,2,1x2 --p 0..2,1:2,0:1x1:0 --d 1,2 --g 1,2,3",
        "shape 2 6 5..9 --k 1..4 --s 1..3 --p 0..2 --out 2,4,6 --g 1,2,4 --no-bias",
    ],
)
def test_a_large_sweep_is_the_same_as_row_by_row(run, monkeypatch, line, asked):
    """On arrays, and by walking every row."""
    words = f"{line} {asked} --limit 40 --format ndjson"
    walked = run(words)
    monkeypatch.setattr("convcalc.commands.sweep.MANY", 1)
    monkeypatch.setattr("convcalc.commands.sweep._evaluated", one_by_one := Counting(sweep._evaluated))
    on_arrays = run(words)
    assert (on_arrays.code, on_arrays.out) == (0, walked.out)
    assert on_arrays.out
    assert one_by_one.calls == len(on_arrays.out.splitlines())  # only what is shown is walked


class Counting:
    def __init__(self, function):
        self.function, self.calls = function, 0

    def __call__(self, *given):
        self.calls += 1
        return self.function(*given)


@pytest.mark.parametrize(
    "line",
    [
        "--k 1..3 --where \"refused == ''\"",
        "--k 1..3 --p same,0 --where 'macs > 0'",
        "--k 1..3 --padding-mode zeros,reflect --p 1 --where 'macs > 0'",
        "--k 1..3 --where 'macs > 0' --sort peak_bytes",
        "--k 1..3 --where 'macs > 0' --sort macs/parameters",
        "--k 3,99999999999999999999 --where 'macs > 0'",
    ],
)
def test_what_arrays_do_not_know_is_walked(run, monkeypatch, line):
    words = f"shape 1 1 9 9 {line} --out 1 --format csv"
    walked = run(words).out
    monkeypatch.setattr("convcalc.commands.sweep.MANY", 1)
    assert run(words).out == walked
    assert walked.count("\n") > 1
