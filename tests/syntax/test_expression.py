"""Text to layers, and what is not a layer."""

from __future__ import annotations

import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from convcalc import (
    Add,
    Branches,
    Concat,
    Conv2d,
    ConvcalcError,
    Flatten,
    Identity,
    Linear,
    ReLU,
    Residual,
    Sequential,
    parse,
    trace,
)
from convcalc.layers.block import every
from convcalc.syntax import read_network

PAIR = Sequential(Conv2d(1, 2, 3), ReLU())


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
        "Conv2d(1, 2, 3), ReLU(),",
        "Conv2d(1, 2, 3),\nReLU(),\n",
        "  Conv2d(1, 2, 3),  # the first\n\n  ReLU()  # and the last",
        "[Conv2d(1, 2, 3), ReLU(),]",
        "(Conv2d(1, 2, 3), ReLU())",
        "[Conv2d(1, 2, 3)] + [ReLU()]",
        "*[Conv2d(1, 2, 3)], *(ReLU() for _ in range(1))",
        "nn.Sequential(*[Conv2d(1, 2, 3), ReLU()])",
        "Sequential(*(Conv2d(1, 2, 3), ReLU()))",
        "Sequential(*([Conv2d(1, 2, 3)] + [ReLU()]))",
        "Sequential(\n    Conv2d(1, 2, 3),\n    ReLU(),\n)",
        "Sequential(OrderedDict([('0', Conv2d(1, 4 // 2, 3)), ('1', ReLU())]))",
        "nn.Sequential(collections.OrderedDict({'0': nn.Conv2d(1, 2, 3, device=None), '1': nn.ReLU()}))",
        "Conv2d(1, 2, 3, device=torch.device('cpu'), dtype=torch.float32), ReLU()",
    ],
)
def test_the_same_network_in_many_words(text):
    assert parse(text) == PAIR
    assert read_network(text).layer == PAIR


def test_one_layer_is_itself_and_one_with_a_comma_a_sequential():
    assert parse("ReLU()") == ReLU()
    assert parse("ReLU(),") == parse("[ReLU()]") == parse("*[ReLU()],") == Sequential(ReLU())
    assert parse("ReLU(\n),") == parse("*[\nReLU()]") == Sequential(ReLU())


def test_names_of_layers():
    for text in ("OrderedDict([('conv', ReLU())])", "OrderedDict({'conv': ReLU()})", "OrderedDict(conv=ReLU())"):
        assert parse(f"Sequential({text})").names == ("conv",)
    assert parse("Branches({'a': ReLU(), 'b': Identity()}, join='mul')").names == ("a", "b")


def test_combinators():
    assert parse("Residual(ReLU())") == Residual(ReLU())
    assert parse("Residual(Linear(2, 3), shortcut=Linear(2, 3))").shortcut == Linear(2, 3)
    assert parse("Branches(ReLU(), Identity(), dim=-1)") == Branches(ReLU(), Identity(), dim=-1)
    assert parse("Branches(*[Add(), Concat(2)], join='add')") == Branches(Add(), Concat(2), join="add")


@pytest.mark.parametrize(
    ("text", "features"),
    [
        ("16*5*5", 400),
        ("2**5", 32),
        ("-(-7)", 7),
        ("+7 // 2", 3),
        ("7 % 4", 3),
        ("10**99", 10**99),
        ("(a := 8) * a", 64),
        ("[i + 1 for i in (1, 2)][0]", None),
    ],
)
def test_arithmetic(text, features):
    if features is None:
        with pytest.raises(ConvcalcError, match="is not a layer and not a plain value"):
            parse(f"Linear({text}, 2)")
    else:
        assert parse(f"Linear({text}, 2)").in_features == features


def test_plain_values():
    assert parse("Dropout(1 / 2)") == parse("Dropout(0.5)")
    assert parse("ConstantPad2d(1, float('-inf'))") == parse("ConstantPad2d(1, -inf)")
    assert parse("ConstantPad2d(1, math.inf)") == parse("ConstantPad2d(1, torch.inf)")
    assert parse("LayerNorm(torch.Size([3, 4]))") == parse("LayerNorm([3, 4])")
    assert parse("Linear(2, 3, bias=False), Softmax(None)").layers[0].bias is False


def test_lists_of_numbers():
    assert parse("[Conv2d(i, o, 3) for i, o in [(3, 8), (8, 16)]]") == parse("Conv2d(3, 8, 3), Conv2d(8, 16, 3)")
    assert parse("[Linear(2**i, 2**(i + 1)) for i in range(3, 5)]") == parse("Linear(8, 16), Linear(16, 32)")
    assert parse("[Linear(i, i) for i in range(3, 0, -2)]") == parse("Linear(3, 3), Linear(1, 1)")
    assert parse("[Linear(i := 1, i), *[ReLU() for i in range(2)], Linear(i, i)]").layers[3] == Linear(1, 1)


@pytest.mark.parametrize(
    ("text", "parameters", "objects"),
    [
        ("*[Linear(8, 8)] * 3,", 72, 1),  # the same layer three times, as in Python
        ("3 * [Linear(8, 8)]", 72, 1),
        ("[Linear(8, 8), ReLU()] * 2", 72, 2),
        ("[Sequential(Linear(8, 8))] * 2", 72, 2),
        ("(x := [Linear(8, 8)]) + x", 72, 1),
        ("[Linear(8, 8) for _ in range(3)]", 216, 3),
        ("(a := Linear(8, 8)), *[a for _ in range(3)]", 72, 1),
        ("Linear(8, 8), Linear(8, 8), Linear(8, 8)", 216, 3),
        ("(a := Linear(8, 8)), ReLU(), a", 72, 2),
        ("a := Linear(8, 8),\na", 72, 1),
        ("Sequential(*[Linear(8 + i, 9 + i) for i in range(3)])", 9 * 9 + 10 * 10 + 11 * 11, 3),
        ("Residual(Linear(8, 8), shortcut=Linear(8, 8, bias=False))", 72 + 64, 3),
        ("Branches(Linear(8, 8), Identity(), join='add')", 72, 2),
    ],
)
def test_what_is_shared_and_what_is_not(text, parameters, objects):
    layer = parse(text)
    assert layer.parameters == parameters
    assert len({id(part) for part in every(layer)} - {id(layer)}) == objects
    again = parse(repr(layer))
    assert again == layer
    assert again.parameters == parameters


def test_names_that_are_given_from_outside():
    names = {"width": 8}
    first = parse("(shared1 := Linear(width, 8))", names)
    assert parse("shared1", names) is first
    assert parse("ReLU(), shared1", names).layers[1] is first


def test_the_line_of_each_layer():
    parsed = read_network("\nSequential(\n  Conv2d(3, 8, 3),\n  # and\n  *[ReLU()] * 2,\n)")
    assert parsed.lines[id(parsed.layer)] == 2
    assert [parsed.lines[id(layer)] for layer in parsed.layer.layers] == [3, 5, 5]
    with pytest.raises(ConvcalcError, match=r"^line 3 of net\.txt: Conv2d has no strid: did you mean stride\?"):
        read_network("Flatten(),\nReLU(),\nConv2d(1, 2, 3, strid=2)", filename="net.txt")


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "there is nothing to read: give a network, such as 'Conv2d(3, 16, 4), ReLU()'"),
        ("Conv2d(3, 16, 4", "cannot read 'Conv2d(3, 16, 4': '(' was never closed at character 7"),
        ("ReLU(),\nConv2d(3, 16", "cannot read 'ReLU(), Conv2d(3, 16': '(' was never closed at line 2, character 7"),
        ("ReLU()\nReLU()", "cannot read 'ReLU() ReLU()': write one expression, with commas between the layers"),
        ("ReLU()), (\nReLU()", "cannot read 'ReLU()), ( ReLU()': unmatched ')' at line 1, character 7"),
        ("net = ReLU()", "cannot read 'net = ReLU()': write one expression, with commas between the layers"),
        ("import os", "cannot read 'import os': write one expression, with commas between the layers"),
        ("3", "'3' is not a layer: write one as Conv2d(3, 16, 4, stride=2)"),
        ("[]", "'[]' is not a layer: write one as Conv2d(3, 16, 4, stride=2)"),
        ("Conv2d", "Conv2d has no brackets: write Conv2d(...)"),
        ("net", "the name net has no value here: write the value itself"),
        ("Conv2D(3, 16, 4)", "Conv2D is not a layer that convcalc knows: did you mean Conv2d?"),
        ("relu()", "relu is not a layer that convcalc knows: did you mean ReLU?"),
        ("Xyz()", "Xyz is not a layer that convcalc knows: it knows most of torch.nn, such as Conv2d(3, 16, 4)"),
        ("x" * 999 + "()", "x" * 60 + " is not a layer that convcalc knows: it knows most of torch.nn"),
        (
            "__import__('os').system('x')",
            "\"__import__('os').system('x')\" is not a layer and not a plain value: write",
        ),
        ("__import__('os')", "\"__import__('os')\" is not a layer and not a plain value"),
        ("ReLU().__class__", "'ReLU().__class__' is not a layer and not a plain value"),
        ("ReLU.__init__", "'ReLU.__init__' is not a layer and not a plain value"),
        ("os.nn.ReLU()", "'os.nn.ReLU()' is not a layer and not a plain value"),
        ("F.relu(x)", "'F.relu(x)' is not a layer and not a plain value"),
        ("ReLU()[0]", "'ReLU()[0]' is not a layer and not a plain value"),
        ("(lambda: Flatten())()", "'(lambda: Flatten())()' is not a layer and not a plain value"),
        ("ReLU() if 1 else Tanh()", "'ReLU() if 1 else Tanh()' is not a layer and not a plain value"),
        ("Dropout(f'{1}')", "\"f'{1}'\" is not a layer and not a plain value"),
        ("Dropout(b'1')", "\"b'1'\" is not a layer and not a plain value"),
        ("Dropout(not 1)", "'not 1' is not a layer and not a plain value"),
        ("Dropout(1 < 2)", "'1 < 2' is not a layer and not a plain value"),
        ("Dropout(-True)", "'-True' is not a layer and not a plain value"),
        ("Dropout((-8)**0.5)", "'(-8)**0.5' is not a layer and not a plain value"),
        ("Dropout('a' * 10)", "\"'a' * 10\" is not a layer and not a plain value"),
        ("Dropout(float('x'))", "\"float('x')\" is not a layer and not a plain value"),
        ("[ReLU()] * 1.5", "'[ReLU()] * 1.5' is not a layer and not a plain value"),
        ("[ReLU()] + ReLU()", "'[ReLU()] + ReLU()' is not a layer and not a plain value"),
        ("[ReLU()] * -1", "'[ReLU()] * -1' is not a layer: write one"),
        ("Conv2d(3, 16, f())", "f is not a layer that convcalc knows"),
        ("Conv2d(3, 16, *x)", "the name x has no value here"),
        ("Conv2d(3, 16, *3)", "'*3' unpacks what is no list: leave the star out"),
        ("Conv2d(3, 16, **x)", "'Conv2d(3, 16, **x)' unpacks a mapping: write the settings out"),
        ("Sequential({**x})", "'{**x}' unpacks a mapping: write the names out"),
        ("Conv2d(3, 16)", "'Conv2d(3, 16)' gives no kernel_size: Conv2d needs in_channels, out_channels, kernel_size"),
        ("Conv2d()", "'Conv2d()' gives no in_channels and no out_channels and no kernel_size: Conv2d needs"),
        ("Conv2d(3, 16, 4, strid=2)", "Conv2d has no strid: did you mean stride?"),
        ("Linear(3, 16, xyz=2)", "Linear has no xyz: it has in_features, out_features, bias"),
        ("Tanh(inplace=True)", "Tanh has no inplace: it has no settings"),
        ("Tanh(1)", "'Tanh(1)' gives 1: Tanh takes no settings"),
        ("Linear(1, 2, True, 4)", "'Linear(1, 2, True, 4)' gives 4: Linear takes at most 3 settings"),
        ("Conv2d(3, 16, 4, 16, stride=4)", "'Conv2d(3, 16, 4, 16, stride=4)' gives stride twice: leave one out"),
        ("Conv2d(3, 16, 4, stride=4, stride=4)", "gives stride twice: leave one out"),
        ("LazyConv2d(3)", "kernel_size"),
        ("Conv2d(3, 16, 4, stride=0)", "stride 0 is too small"),
        ("Conv2d(ReLU(), 16, 4)", "in_channels ReLU() is not a whole number: give an integer"),
        ("Sequential(a=Flatten())", "Sequential takes layers only, no a: leave it out"),
        ("Sequential(device=None)", "Sequential takes layers only, no device: leave it out"),
        ("Sequential(3)", "3 is no layer: give one such as Conv2d(3, 16, 4)"),
        ("Sequential([ReLU()])", "'Sequential([ReLU()])' takes layers, not a list of them: put a star before the list"),
        ("Sequential({'a': 3})", "3 is no layer"),
        ("Sequential(OrderedDict([('a', ReLU()), ('a', ReLU())]))", "the name 'a' is used twice: give every layer"),
        ("Sequential(OrderedDict([(1, ReLU())]))", "1 is no name for a layer: write it in quotes"),
        ("Sequential(OrderedDict([ReLU()]))", "is no list of names and layers: write ('conv1', Conv2d(...))"),
        ("Sequential(OrderedDict(3))", "takes one list of names and layers"),
        ("Sequential(OrderedDict([('a.b', Flatten())]))", "'a.b' is no name for a layer"),
        ("Branches()", "Branches has no branch"),
        ("Branches(Flatten(), join='sum')", "join 'sum' is unknown: use one of concat, add, mul"),
        ("Residual()", "'Residual()' gives no body: Residual needs body"),
        ("Residual(3)", "3 is no layer"),
        ("(ReLU := Tanh())", "ReLU is a layer's name: give the value another"),
        ("Sequential(*[ReLU()] * 10**9)", "the lists here hold more than 20,000 items: give fewer"),
        ("[[[ReLU()] * 90000] * 9] * 90000", "the lists here hold more than 20,000 items: give fewer"),
        ("[ReLU() for _ in range(10**12)]", "'range(10**12)' has more than 20,000 numbers: give fewer"),
        ("[[ReLU() for _ in range(400)] for _ in range(400)]", "the lists here hold more than 20,000 items"),
        ("[ReLU() for _ in names]", "the name names has no value here"),
        ("[ReLU() for _ in 3]", "'3' is no list: give one, or range(3)"),
        ("[ReLU() for _ in range(1.5)]", "'range(1.5)' is no range: give one to three whole numbers"),
        ("[ReLU() for _ in range(1, 2, 0)]", "'range(1, 2, 0)' is no range"),
        ("[ReLU() for i in range(3) if i]", "has more than one for, or an if: write the list out"),
        ("[Linear(a, b) for a, b in [(1, 2, 3)]]", "'a, b' needs 2 values: give as many"),
        ("Conv2d(3, 2**9999, 4)", "'2**9999' has more than 100 digits: give a smaller number"),
        ("Conv2d(3, 9**9**9**9, 4)", "has more than 100 digits: give a smaller number"),
        ("Conv2d(3, 10**100, 4)", "'10**100' has more than 100 digits"),
        ("Flatten(" + "9" * 101 + ")", "has more than 100 digits"),
        ("Conv2d(3, 1 // 0, 4)", "cannot work out '1 // 0': integer division or modulo by zero"),
        ("Dropout(1e308 ** 2)", "cannot work out '1e308 ** 2'"),
        ("Flatten(\x00)", "cannot read"),
        ("'\ud800'", "cannot read"),
        ("Flatten(" + "9" * 5000 + ")", "cannot read"),
        ("(" * 500 + ")" * 500, "cannot read"),
        ("Sequential(" * 5000 + ")" * 5000, "cannot read"),
        ("Sequential(" * 150 + ")" * 150, "nest"),
        ("-" * 100_000 + "1", "cannot read"),
        ("1" + "+1" * 100_000, "nested too deeply"),
        ("Flatten(" + "[" * 150 + "]" * 150 + ")", "is not a whole number"),
        (" " * 1_000_001, "a text of 1,000,001 characters is too long: give at most 1,000,000"),
        ("Conv2d(3, 16, {3: 4})", "3 is no name for a layer: write it in quotes"),
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


def test_what_is_no_text():
    with pytest.raises(ConvcalcError, match="3 is not text: write a layer as"):
        parse(3)


@pytest.mark.parametrize(
    "text",
    [
        "Sequential(" * 90_000,
        "[" * 1_000_000,
        "-" * 1_000_000,
        "not " * 250_000,
        "{" * 100 + "x" * 900_000,
        "Sequential(*[" * 70 + "ReLU()" + "]" * 70,
        "lambda: " * 120_000,
        "ReLU()" + "()" * 400_000,
        "ReLU()" + ".a" * 400_000,
        "a[" * 99 + "x " * 400_000,
        "x for x in " * 90_000,
        "(" + ", ".join(f"(a{n} := Sequential(a{n - 1}, a{n - 1}))" for n in range(1, 90)) + ")",
        "Sequential((a0 := Sequential()), "
        + ", ".join(f"(a{n} := Sequential(a{n - 1}, a{n - 1}))" for n in range(1, 90))
        + ")",
    ],
    ids=range(13),
)
def test_what_is_long_or_deep_is_refused_at_once(text):
    start = time.process_time()
    with pytest.raises(ConvcalcError) as refusal:
        parse(text)
    assert time.process_time() - start < 20  # what is walked twice a level would take for ever
    assert "\n" not in str(refusal.value)
    assert len(str(refusal.value)) < 400


def test_many_layers_are_read():
    start = time.process_time()
    assert len(parse("ReLU(), " * 10_000).layers) == 10_000
    assert parse("Sequential(" * 99 + ")" * 99).depth == 99
    assert time.process_time() - start < 20  # what is walked twice a level would take for ever


WORDS = [
    *("Conv2d", "Flatten", "Linear", "Sequential", "(", ")", ",", "=", "3", "-1", "(1, 2)", "'same'", "bias", "True"),
    *(
        "*",
        "[",
        "]",
        "+",
        " for i in ",
        "range",
        "i",
        ":=",
        "OrderedDict",
        "{",
        "}",
        ":",
        "\n",
        "nn.",
        "Residual",
        "**",
    ),
]


@given(st.one_of(st.text(max_size=40), st.lists(st.sampled_from(WORDS), max_size=12).map("".join)))
def test_any_text_is_read_or_refused(text):
    for read in (parse, lambda text: read_network(text).layer):
        try:
            layer = read(text)
        except ConvcalcError as refusal:
            assert "\n" not in str(refusal)  # noqa: PT017
        else:
            assert parse(repr(layer)) == layer


@pytest.mark.parametrize("operators", [450, 600, 900, 2000])
@pytest.mark.parametrize(
    "text",
    [
        lambda n: f"Linear({'+'.join(['1'] * n)}, 4)",
        lambda n: f"*({'+'.join(['[ReLU()]'] * n)})",
        lambda n: f"Linear(a{'.b' * n}, 4)",
        lambda n: f"Linear({'-' * n}4, 4)",
        lambda n: f"a{'()' * n}",
        lambda n: f"x = {'+'.join(['1'] * n)}\nnet = Linear(x, 4)",
        lambda n: f"x = a{'.b()' * n}\nnet = Linear(x, 4)",
    ],
)
def test_a_chain_of_operators_is_read_or_refused(text, operators):
    try:
        assert read_network(text(operators)).layer.parameters >= 0
    except ConvcalcError as error:
        message = str(error)
        assert "\n" not in message
        assert len(message) < 400


def test_arguments_are_evaluated_in_python_s_order():
    text = "(a := Conv2d(8, 8, 3, padding=1)), Residual((a := Conv2d(8, 8, 1)), shortcut=a)"
    assert trace(parse(text), (1, 8, 9, 9)).totals.macs == 57_024  # 8*8*9*81 and 8*8*81, twice the second


def test_a_layer_of_pytorch_that_is_not_known_yet():
    words = "PyTorch has LSTM, which convcalc does not know yet: write what it computes with layers that it knows"
    with pytest.raises(ConvcalcError, match=words):
        parse("nn.LSTM(3, 4)")
