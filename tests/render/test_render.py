"""Tables, and what the formats make of them."""

from __future__ import annotations

import ast
from pathlib import Path

import pytest
from rich.console import Console

import convcalc.render.markdown
from convcalc import Conv2d, Flatten, ScaledTanh, Sequential, chain, lenet, trace
from convcalc.render import plain, rich
from convcalc.render.columns import LENET
from convcalc.render.layer import layer_table
from convcalc.render.network import network_table, totals_table
from convcalc.render.table import Column, Table, brackets
from convcalc.render.verification import verdict
from convcalc.verify import Check, CheckedRow, Verification

SHEET = Table(
    (Column("layer"), Column("operation", optional=True), Column("parameters", number=True)),
    (("C1", "Conv2d", "156"), ("S2", "-", "12")),
    ("total", "", "168"),
)


def shown(table, width):
    console = Console(width=width, no_color=True, highlight=False)
    with console.capture() as capture:
        console.print(rich.renderable(table, width))
    return [line.rstrip() for line in capture.get().splitlines()]


def test_plain_text_is_aligned():
    assert plain.text(SHEET).splitlines() == [
        "layer  operation  parameters",
        "-----  ---------  ----------",
        "C1     Conv2d            156",
        "S2     -                  12",
        "-----  ---------  ----------",
        "total                    168",
    ]


def test_a_sheet_without_titles_has_no_rule():
    assert plain.text(Table((Column(""), Column("")), (("a", "1"), ("bcd", "2")))) == "a    1\nbcd  2"


def test_records_leave_out_what_is_empty():
    assert plain.records(SHEET).split("\n\n")[1:] == [
        "layer       S2\nparameters  12",
        "layer       total\nparameters  168",
    ]


@pytest.mark.parametrize(
    ("width", "first", "operation"),
    [(28, "layer  operation  parameters", True), (27, "layer  parameters", False), (17, "layer  parameters", False)],
)
def test_a_terminal_that_is_too_narrow_loses_the_optional_column(width, first, operation):
    lines = shown(SHEET, width)
    assert lines[0] == first
    assert ("Conv2d" in "".join(lines)) is operation
    assert ("too narrow for the column operation" in " ".join(lines)) is not operation
    assert max(map(len, lines)) <= width


def test_one_that_is_narrower_still_gets_labelled_lines():
    assert shown(SHEET, 16)[:3] == ["layer       C1", "operation", "Conv2d"]


def test_brackets_in_a_cell_are_no_markup():
    table = Table((Column(""), Column("")), (("shape", "[n, c, h, w] [/x] [red]"),))
    assert shown(table, 80) == ["shape  [n, c, h, w] [/x] [red]"]


def labelled(table):
    return dict(table.rows)


def test_the_sheet_of_a_layer_with_a_connection_table():
    report = trace(Conv2d(6, 16, 5, table=lenet.C3_TABLE), (1, 6, 14, 14))
    rows = labelled(layer_table(report.rows[0], report))
    assert rows["layer"] == "Conv2d(6, 16, 5) with a connection table"
    assert rows["kernel"] == "[16, 6, 5, 5], 60 of 96 pairs of maps connected"
    assert "in PyTorch" not in rows


def test_the_sheet_of_a_layer_without_windows_or_connections():
    report = trace(Sequential(Conv2d(1, 2, 3), Flatten()), (1, 1, 5, 5))
    rows = labelled(layer_table(report.leaves[1], report))
    assert rows["connections"] == "-"
    assert rows["receptive field"] == "3x3, jump -, start [0, 0]"
    assert not {"kernel", "stride", "unread rows", "dead weights"} & set(rows)


def test_the_input_and_the_total_stand_in_the_sheet_of_a_network():
    table = network_table(trace(lenet.lenet5(), (1, 1, 32, 32)), LENET, 1)
    assert table.rows[0] == ("input", None, (1, 1, 32, 32), None, None, None, None)
    assert table.rows[2] == ("S2", "Subsampling2d", (1, 6, 14, 14), "2x2", 12, 5880, 1176)
    assert table.lines[2] == ("S2", "Subsampling2d", "[1, 6, 14, 14]", "2x2", "12", "5,880", "1,176")
    assert table.footer == ("total", "", "", "", 60000, 340908, 328096)


def test_totals_say_what_they_skip():
    report = trace(chain([("a", Conv2d(1, 1, 1)), ("b", ScaledTanh()), ("c", Flatten())]), (1, 1, 2, 2))
    assert labelled(totals_table(report))["connections"] == "8 (2 layers have none to count: b, c)"
    one = trace(chain([("a", Conv2d(1, 1, 1)), ("b", Flatten())]), (1, 1, 2, 2))
    assert labelled(totals_table(one))["connections"] == "8 (1 layer has none to count: b)"


@pytest.mark.parametrize(("shape", "text"), [((), "[]"), ((3,), "[3]"), ((1, 10**30), f"[1, {10**30}]")])
def test_shapes(shape, text):
    assert brackets(shape) == text


def test_a_verdict_counts_what_differs():
    def verification(*checks):
        return Verification((CheckedRow("a", checks, 0.25),), None)

    right, wrong = Check("MACs", 1, 1), Check("MACs", 1, 2)
    assert verdict(verification(right)) == (
        "Verified: every figure in this table is what was executed and counted, in 0.250 s."
    )
    assert verdict(verification(right, wrong)).startswith("DIFFERS: 1 figure predicted otherwise")
    assert verdict(verification(wrong, wrong)).startswith("DIFFERS: 2 figures predicted otherwise")


def test_renderers_calculate_nothing_of_a_network():
    """House rule: no arithmetic but on widths, and no formula."""
    for path in Path(convcalc.render.__path__[0]).glob("*.py"):
        tree = ast.parse(path.read_text())
        names = {alias.name for node in ast.walk(tree) if isinstance(node, ast.ImportFrom) for alias in node.names}
        assert "formulas" not in names, path.name
        for node in ast.walk(tree):
            if isinstance(node, ast.BinOp) and isinstance(node.op, (ast.Mult, ast.FloorDiv, ast.Div, ast.Mod, ast.Pow)):
                text = ast.unparse(node)
                assert text.startswith(("GAP * ", "'-' * ", "[DASH] * ", "gap * ")), (path.name, text)


def test_a_report_shows_itself_in_a_notebook():
    html = trace(lenet.lenet5(), (1, 1, 32, 32))._repr_html_()
    assert html.count("<tr>") == 1 + 1 + 14 + 1  # titles, the input, the layers, the totals
    assert '<th style="text-align:right">60,000</th>' in html


def test_markdown_escapes_what_a_reader_would_turn_into_another_character():
    table = Table((Column("layer"),), (("a&amp;b",), ("<i>",)))
    assert convcalc.render.markdown.text(table).splitlines()[2:] == [r"| a\&amp;b |", r"| \<i\> |"]


def test_control_characters_in_a_cell_are_escaped():
    table = Table((Column(""), Column("")), (("\x1b[31mred", "a\nb"),))
    assert plain.text(table) == r"\x1b[31mred  a\nb"
