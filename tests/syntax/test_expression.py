"""Text to layers, and what is not a layer."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from convcalc import Conv2d, ConvcalcError, Flatten, Linear, ReLU, Sequential, parse


def test_layers_and_blocks():
    assert parse(" Conv2d(3, 16, kernel_size=(3, 5), padding=((1, 2), (0, 1))) ") == Conv2d(
        3, 16, (3, 5), padding=((1, 2), (0, 1))
    )
    assert parse("Sequential(Flatten(), Sequential(Linear(4, 2)))") == Sequential(Flatten(), Sequential(Linear(4, 2)))
    assert parse("Conv2d(3, 16, 3, padding_mode='reflect', padding=-1)").padding == ((-1, -1), (-1, -1))


@pytest.mark.parametrize(
    "text",
    [
        "nn.Conv2d(1, 2, 3), torch.nn.ReLU()",
        "[Conv2d(1, 2, 3), ReLU(),]",
        "nn.Sequential(*[Conv2d(1, 2, 3), ReLU()])",
        "Sequential(*([Conv2d(1, 2, 3)] + [ReLU()]))",
        "Sequential(OrderedDict([('0', Conv2d(1, 4 // 2, 3)), ('1', ReLU())]))",
        "nn.Sequential(collections.OrderedDict({'0': nn.Conv2d(1, 2, 3, device=None), '1': nn.ReLU()}))",
    ],
)
def test_the_same_network_in_many_words(text):
    assert parse(text) == Sequential(Conv2d(1, 2, 3), ReLU())


@pytest.mark.parametrize(
    ("text", "parameters"),
    [
        ("*[Linear(8, 8)] * 3,", 72),  # the same layer three times, as in Python
        ("[Linear(8, 8) for _ in range(3)]", 216),
        ("Linear(8, 8), Linear(8, 8), Linear(8, 8)", 216),
        ("(a := Linear(8, 8)), ReLU(), a", 72),
        ("Sequential(*[Linear(8 + i, 9 + i) for i in range(3)])", 9 * 9 + 10 * 10 + 11 * 11),
        ("Residual(Linear(8, 8), shortcut=Linear(8, 8, bias=False))", 72 + 64),
        ("Branches(Linear(8, 8), Identity(), join='add')", 72),
    ],
)
def test_what_is_shared_and_what_is_not(text, parameters):
    layer = parse(text)
    assert layer.parameters == parameters
    again = parse(repr(layer))
    assert again == layer
    assert again.parameters == parameters


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "cannot read ''"),
        ("Conv2d(3, 16, 4", "cannot read 'Conv2d(3, 16, 4': '(' was never closed at line 1, character 7"),
        ("3", "'3' is not a layer: write one as Conv2d(3, 16, 4, stride=2)"),
        ("Conv2d", "Conv2d is a class: write its settings too, Conv2d(...)"),
        ("net", "net is not a layer that was named before"),
        ("Sequential(OrderedDict([('a', Flatten()), ('a', Flatten())]))", "the name 'a' is used twice"),
        ("Sequential(OrderedDict([('a.b', Flatten())]))", "'a.b' is no name for a layer"),
        ("Sequential({'a': 3})", "'3' is not a layer"),
        ("Sequential(*[ReLU()] * 10**9)", "makes too many layers: give at most 20,000"),
        ("[ReLU() for _ in range(10**12)]", "makes too many layers: give at most 20,000"),
        ("[ReLU() for _ in names]", "write [Conv2d(8, 8, 3) for _ in range(3)]"),
        ("[ReLU() for i in range(3) if i]", "is not read"),
        ("Conv2d(3, 2**9999, 4)", "is too large: give a number of at most 100 digits"),
        ("Conv2d(3, 1 // 0, 4)", "cannot be calculated"),
        ("Branches()", "Branches has no branch"),
        ("Branches(Flatten(), join='sum')", "join 'sum' is unknown: use one of concat, add, mul"),
        ("Residual(3)", "'3' is not a layer"),
        ("torch.nn.functional.relu(x)", "is not a layer"),
        ("(lambda: Flatten())()", "is not a layer"),
        ("Conv2D(3, 16, 4)", "Conv2D is not a layer that convcalc knows: did you mean Conv2d?"),
        ("Xyz()", "Xyz is not a layer that convcalc knows: it knows those of torch.nn"),
        ("__import__('os').system('x')", "is not a layer"),
        ("Conv2d(3, 16, f())", "'f()' is not a plain value"),
        ("Conv2d(3, 16, 1 + 'a')", "is not a number"),
        ("Conv2d(3, 16, *x)", "is not a plain value"),
        ("Conv2d(3, 16, **x)", "unpacks a mapping"),
        ("Conv2d(3, 16)", "missing 1 required positional argument: 'kernel_size'"),
        ("Conv2d(3, 16, 4, strid=2)", "Conv2d() got an unexpected keyword argument 'strid'"),
        ("Conv2d(3, 16, 4, 16, kernel_size=4)", "Conv2d() got multiple values for argument 'kernel_size'"),
        ("Conv2d(3, 16, 4, stride=0)", "stride 0 is too small"),
        ("Sequential(a=Flatten())", "unexpected keyword argument 'a'"),
        ("Sequential(3)", "'3' is not a layer"),
        ("Flatten(\x00)", "cannot read"),
        ("Flatten(" + "9" * 5000 + ")", "cannot read"),
        ("(" * 500 + ")" * 500, "cannot read"),
        ("Sequential(" * 5000 + ")" * 5000, "cannot read"),
        ("-" * 100_000 + "1", "cannot read"),
        ("Flatten(" + "[" * 150 + "]" * 150 + ")", "is not a whole number"),
        (" " * 1_000_001, "a network of 1,000,001 characters is too long"),
        ("Conv2d(3, 16, {3: 4})", "'{3: 4}' is not a plain value"),
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
