"""The language of conditions, against Python's own evaluation of the same text, and what it refuses."""

from __future__ import annotations

from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from convcalc.errors import ConvcalcError
from convcalc.syntax.condition import NUMBER, PER_AXIS, SHAPE, TEXT, Kind, read_condition, read_value

COLUMNS = {
    "output": Kind(SHAPE, 4),
    "macs": Kind(NUMBER),
    "kernel_size": Kind(PER_AXIS, 2),
    "padding": Kind(PER_AXIS, 2),
    "mode": Kind(TEXT),
}
ROW = {"output": (1, 64, 112, 110), "macs": 21_676_032, "kernel_size": (3, 5), "padding": (1, (1, 2)), "mode": "zeros"}


def holds(text, row=ROW):
    return read_condition(text, COLUMNS)(row.get)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("output.2 == 112", True),
        ("output.3 == 112", False),
        ("macs < 22M and macs > 21.6M", True),
        ("macs < 1G or output.1 == 3", True),
        ("not macs < 1G", False),
        ("20M < macs < 30M", True),
        ("20M < macs < 21M", False),
        ("mode == 'zeros'", True),
        ('mode != "zeros"', False),
        ("2 + 3 * 4 == 14", True),
        ("(2 + 3) * 4 == 20", True),
        ("2 - 3 - 4 == -5", True),
        ("7 // 2 == 3 and 7 % 2 == 1 and 7 / 2 == 3.5", True),
        ("-7 // 2 == -4 and --7 == 7", True),
        ("macs / 3 * 3 == macs", True),
        ("0.1 + 0.2 == 0.3", True),  # exact, where floating point is not
        # one value per axis: all must agree, whatever the operator, and `not` denies that
        ("kernel_size == 3", False),
        ("kernel_size != 3", False),
        ("3 != kernel_size", False),
        ("kernel_size != 4", True),
        ("not kernel_size == 3", True),
        ("kernel_size != padding", True),
        ("padding != 1", False),
        ("padding.1 != 1", False),
        ("padding.1 < kernel_size", True),
        ("padding.1 + kernel_size == 4", False),
        ("2 * padding.1 >= padding and padding.1 - padding.1 == 0", True),
        ("kernel_size >= 3", True),
        ("kernel_size > 3", False),
        ("kernel_size.1 == 5", True),
        ("kernel_size - 1 == padding * 2", False),
        ("kernel_size.0 - 1 == padding.0 * 2", True),
        ("padding >= 1", True),
        ("padding == 1", False),
        # `and` before `or`, `not` before `and`
        ("1 == 1 or 1 == 1 and 1 == 2", True),
        ("not 1 == 1 and 1 == 2 or 1 == 1", True),
    ],
)
def test_conditions(text, expected):
    assert holds(text) is expected


def test_one_value_stands_for_every_axis():
    row = {"kernel_size": (3, 3, 5), "padding": ((1, 2),), "stride": 1}
    columns = {name: Kind(PER_AXIS, 3) for name in row}
    for text in ("padding < kernel_size", "padding.2 < kernel_size", "stride.2 == 1 and stride <= padding"):
        assert read_condition(text, columns)(row.get)


@pytest.mark.parametrize(
    "text", ["macs == 1", "macs != 1", "macs < 1", "not macs < 1", "macs + 1 > 0", "output.2 == 1", "kernel_size == 1"]
)
def test_what_is_not_known_makes_nothing_true(text):
    assert holds(text, {}) is False


def test_what_is_not_known_decides_nothing_alone():
    assert holds("macs < 1 or mode == 'x'", {"mode": "x"}) is True
    assert holds("not (macs < 1 and mode == 'y')", {"mode": "x"}) is True
    assert holds("macs < 1 and mode == 'x'", {"mode": "x"}) is False


@pytest.mark.parametrize("sign", ["/", "//", "%"])
def test_division_by_zero_makes_nothing_true(sign):
    assert holds(f"macs {sign} 0 == 0 or macs {sign} 0 != 0") is False


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("mac < 1", "no column 'mac' (did you mean macs?): use one of output, macs, kernel_size, padding, mode"),
        ("output.4 == 1", "output.4 is no column: output has parts 0 to 3"),
        ("output.1.1 == 1", "output.1.1 is no column: output has parts 0 to 3"),
        ("macs.0 == 1", "macs.0 is no column: macs has no parts"),
        ("output == 112", "output is a shape: compare one of its sizes, such as output.2"),
        ("output + 1 == 112", "output is a shape: compare one of its sizes, such as output.2"),
        ("mode == 3", "mode == 3 compares text with a number: write a number without quotes"),
        ("macs < '3'", "macs < '3' compares text with a number: write a number without quotes"),
        ("mode < 'a'", "mode < 'a' puts text in an order: compare text with == or != only"),
        ("mode + 1 == 2", "mode is text, which + does not take"),
        ("macs", "macs is a number, not a comparison"),
        ("macs and macs < 1", "macs is a number, not a comparison"),
        ("not macs", "macs is a number, not a comparison"),
        ("(macs < 1) == (macs < 2)", "(macs < 1) is a comparison, which == does not take"),
        ("macs = 1", "= is not read here: write =="),
        ("macs < 1 && macs > 0", "&& is not read here: write and"),
        ("macs < 1 macs", "'macs' is not read here"),
        ("macs ** 2 < 1", "'**' is not read here"),
        ("macs <", "the condition ends too soon"),
        ("(macs < 1", "the condition ends too soon, ) is missing"),
        ("", "the condition ends too soon"),
        ("__import__('os')", "__import__(...) calls something"),
        ("macs.__class__ == 1", "is no number and no column"),
        ("open('x') == 1", "open(...) calls something"),
        ("[1] == 1", "'[' is not read here"),
        ("lambda: 1", "no column 'lambda'"),
        ("1e999 < 2", "is no number and no column"),
        ("(" * 60 + "1" + ")" * 60 + " == 1", "nested more than 50 deep"),
        ("not " * 60 + "macs < 1", "nested more than 50 deep"),
        ("macs < " + "9" * 101, "has 101 digits"),
        ("macs < 1 or " * 100 + "macs < 1", "give at most 1,000"),
        ("macs < é", "is no number and no column"),
    ],
)
def test_refusals(text, message):
    with pytest.raises(ConvcalcError) as refused:
        read_condition(text, COLUMNS)
    assert message in str(refused.value)
    assert "\n" not in str(refused.value)


def test_a_value_to_sort_by():
    assert read_value("kernel_size", COLUMNS)[0] == PER_AXIS
    with pytest.raises(ConvcalcError, match="is not read here"):
        read_value("macs < 1", COLUMNS)


numbers = st.integers(0, 9).map(str) | st.sampled_from(["macs", "output.1", "0.5"])
sums = st.recursive(
    numbers,
    lambda part: (
        st.builds("({} {} {})".format, part, st.sampled_from(["+", "-", "*", "/", "//", "%"]), part)
        | st.builds("-{}".format, part)
    ),
    max_leaves=6,
)
comparisons = st.builds("{} {} {}".format, sums, st.sampled_from(["==", "!=", "<", "<=", ">", ">="]), sums)
conditions = st.recursive(
    comparisons,
    lambda part: (
        st.builds("({} {} {})".format, part, st.sampled_from(["and", "or"]), part) | st.builds("not {}".format, part)
    ),
    max_leaves=4,
)


class Exact(Fraction):
    """A fraction whose every result is one again, so that Python's own reading of the text is exact."""

    def _of(name):  # noqa: N805
        operation = getattr(Fraction, name)
        return lambda *values: Exact(operation(*values))

    __add__, __sub__, __mul__, __neg__ = map(_of, ("__add__", "__sub__", "__mul__", "__neg__"))
    __truediv__, __floordiv__, __mod__ = map(_of, ("__truediv__", "__floordiv__", "__mod__"))


@given(conditions, st.integers(0, 5), st.integers(0, 5))
def test_the_language_means_what_it_means_in_python(text, macs, maps):
    python = text.replace("output.1", f"E({maps})").replace("macs", f"E({macs})").replace("0.5", "E(H)")
    python = "".join(
        f"E({c})" if c.isdigit() and python[max(i - 2, 0) : i] != "E(" else c for i, c in enumerate(python)
    )
    try:
        expected = eval(python, {"E": Exact, "H": Fraction(1, 2)})
    except ZeroDivisionError:
        return
    assert holds(text, {"macs": macs, "output": (1, maps, 1, 1)}) is expected
