"""Every formula string, evaluated in exact arithmetic, gives the report's own figure."""

from __future__ import annotations

import ast
import operator
import re
from fractions import Fraction
from math import floor

import pytest
from hypothesis import given, settings

from convcalc import Conv1d, Conv2d, Conv3d, Sequential, chain, lenet, trace
from convcalc.explain import LETTERS, explain
from convcalc.layers.windows import ELEMENTS
from tests.ops.test_conv import convolutions

OPERATORS = {
    ast.Add: operator.add,
    ast.Sub: operator.sub,
    ast.Mult: operator.mul,
    ast.Div: operator.truediv,
    ast.Mod: operator.mod,
}


def evaluate(text):
    def value(node):
        if isinstance(node, ast.Constant):
            return Fraction(node.value)
        if isinstance(node, ast.UnaryOp):
            return -value(node.operand)
        if isinstance(node, ast.Call):
            assert node.func.id == "floor"
            return Fraction(floor(value(node.args[0])))
        return OPERATORS[type(node.op)](value(node.left), value(node.right))

    return value(ast.parse(text, mode="eval").body)


def figures_of(row):
    """The report's own figures by the names that explanations use."""
    figures = row.figures
    named = {
        "weights": figures.weights,
        "fixed weights": figures.buffers,
        "parameters": figures.parameters,
        "connections": figures.connections,
        "MACs": figures.macs,
        "MACs, dense": figures.macs,
        "MACs, exact": figures.macs_exact,
        "FLOPs": figures.flops,
        "dead weights": figures.dead_weights,
        "bytes of parameters": figures.parameter_bytes,
        "bytes of output": figures.output_bytes,
    }
    names = ((), ("L",), ("H", "W"), ("D", "H", "W"))
    spatial = names[len(getattr(row.layer, "kernel_size", ()))]
    named |= {f"output {axis}": row.output[i - len(spatial)] for i, axis in enumerate(spatial)}
    axes = names[len(row.windows)]
    for i, axis in enumerate(axes):
        named |= {
            f"left over {axis}": row.leftover[i],
            f"unread {ELEMENTS[axis]}": row.unread[i].elements,
            f"receptive field {axis}": row.field[i].size,
            f"jump {axis}": row.field[i].jump,
            f"start {axis}": row.field[i].start,
        }
    return named


def check_letters(line):
    """The formula is the one in letters, with each letter replaced by what it stands for; each is explained."""
    letters = re.findall(r"[A-Za-z]\w*", line.letters.replace("floor", ""))
    assert set(letters) == set(line.given)
    written = re.sub(r"[A-Za-z]\w*", lambda found: str(line.given.get(found[0], found[0])), line.letters)
    assert written == line.formula
    assert {letter[0] for letter in letters} <= set(LETTERS)
    assert line.meaning


def check(report):
    for row in report.rows:
        wanted = [figures_of(leaf) for leaf in row.leaves]
        for line in explain(row):
            assert evaluate(line.formula) == line.value, line
            check_letters(line)
            if not line.figure.startswith("taps on real"):
                assert line.value in [figures.get(line.figure) for figures in wanted], line


@given(convolutions(most_rank=3))
@settings(max_examples=100)
def test_formulas_of_any_convolution(made):
    layer, shape = made
    check(trace(layer, shape))


@pytest.mark.parametrize(
    ("network", "shape"),
    [
        (lenet.lenet5(), (1, 1, 32, 32)),
        (lenet.lenet5(28, full_c3=True), (1, 1, 28, 28)),
        (chain([("a", Conv2d(3, 8, 3, stride=2)), ("b", Conv2d(8, 4, 5, padding=2))]), (2, 3, 28, 28)),
        (chain([("block", Sequential(Conv1d(1, 2, 3), Conv1d(2, 1, 2, stride=3)))]), (1, 1, 20)),
        (chain([("a", Conv3d(0, 2, 1))]), (1, 0, 2, 2, 2)),
        (chain([("a", Conv2d(1, 1, 3, padding=1))]), (1, 1, 10**30, 1)),
    ],
)
def test_formulas_of_networks(network, shape):
    check(trace(network, shape))


def test_the_articles_line():
    lines = explain(trace(Conv2d(3, 16, 4, stride=2), (10, 3, 28, 28)).rows[0])
    written = [f"{line.formula} = {line.value}" for line in lines]
    assert written[0] == "floor((28 + 2*0 - 1*(4 - 1) - 1) / 2) + 1 = 13"
    assert "16*3*4*4 + 16 = 784" in written
