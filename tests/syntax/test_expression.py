"""Text to layers, and what is not a layer."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from convcalc import Conv2d, ConvcalcError, Flatten, Linear, Sequential, parse


def test_layers_and_blocks():
    assert parse(" Conv2d(3, 16, kernel_size=(3, 5), padding=((1, 2), (0, 1))) ") == Conv2d(
        3, 16, (3, 5), padding=((1, 2), (0, 1))
    )
    assert parse("Sequential(Flatten(), Sequential(Linear(4, 2)))") == Sequential(Flatten(), Sequential(Linear(4, 2)))
    assert parse("Conv2d(3, 16, 3, padding_mode='reflect', padding=-1)").padding == ((-1, -1), (-1, -1))


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "cannot read ''"),
        ("Conv2d(3, 16, 4", "cannot read 'Conv2d(3, 16, 4': '(' was never closed at character 7"),
        ("3", "'3' is not a layer: write one as Conv2d(3, 16, 4, stride=2)"),
        ("Conv2d", "'Conv2d' is not a layer"),
        ("Conv2D(3, 16, 4)", "Conv2D is not a layer that convcalc knows: did you mean Conv2d?"),
        ("Xyz()", "Xyz is not a layer that convcalc knows: known are Conv1d"),
        ("__import__('os').system('x')", "is not a layer"),
        ("Conv2d(3, 16, f())", "'f()' is not a plain value"),
        ("Conv2d(3, 16, 1 + 1)", "'1 + 1' is not a plain value"),
        ("Conv2d(3, 16, *x)", "is not a plain value"),
        ("Conv2d(3, 16, **x)", "unpacks a mapping"),
        ("Conv2d(3, 16)", "missing 1 required positional argument: 'kernel_size'"),
        ("Conv2d(3, 16, 4, strid=2)", "Conv2d() got an unexpected keyword argument 'strid'"),
        ("Conv2d(3, 16, 4, 16, kernel_size=4)", "Conv2d() got multiple values for argument 'kernel_size'"),
        ("Conv2d(3, 16, 4, stride=0)", "stride 0 is too small"),
        ("Sequential(a=Flatten())", "Sequential takes layers only"),
        ("Sequential(3)", "'3' is not a layer"),
        ("Flatten(\x00)", "cannot read"),
        ("Flatten(" + "9" * 5000 + ")", "cannot read"),
        ("(" * 500 + ")" * 500, "cannot read"),
        ("Sequential(" * 5000 + ")" * 5000, "cannot read"),
        ("-" * 100_000 + "1", "cannot read"),
        ("Flatten(" + "[" * 150 + "]" * 150 + ")", "is not a whole number"),
        (" " * 1_000_001, "a layer of 1,000,001 characters is too long"),
        ("Conv2d(3, 16, {3: 4})", "kernel_size 3 has 1 value for 2 axes"),
        ("Conv2d(3, 16, 'a')", "kernel_size 'a' is not a whole number"),
        ("Conv2d(3, 16, 3, table=5)", "table 5 is not"),
        ("Conv2d(3, 16, 3, padding=None)", "padding None is not a whole number"),
    ],
)
def test_what_is_not_a_layer(text, message):
    with pytest.raises(ConvcalcError) as refusal:
        parse(text)
    assert message in str(refusal.value)
    assert "\n" not in str(refusal.value)
    assert len(str(refusal.value)) < 400


WORDS = ["Conv2d", "Flatten", "Linear", "Sequential", "(", ")", ",", "=", "3", "-1", "(1, 2)", "'same'", "bias", "True"]


@given(st.one_of(st.text(max_size=40), st.lists(st.sampled_from(WORDS), max_size=12).map("".join)))
def test_any_text_is_read_or_refused(text):
    try:
        layer = parse(text)
    except ConvcalcError as refusal:
        assert "\n" not in str(refusal)  # noqa: PT017
    else:
        assert parse(repr(layer)) == layer
