"""Python files: what is read of them, what is not believed, and that nothing is executed."""

from __future__ import annotations

import time

import pytest

from convcalc import Conv2d, ConvcalcError, Flatten, Linear, ReLU, Sequential, Tanh, parse
from convcalc.notes import Note
from convcalc.syntax import read_module, read_network

FILE = """import torch
from torch import nn

channels, hidden = 64, 16 * 5

class Head(nn.Module):
    def __init__(self):
        super().__init__()
        self.fc = nn.Linear(80, 10)

def helper(x):
    return x

block = nn.Sequential(
    nn.Conv2d(3, channels, 3),
    nn.ReLU(inplace=True),
)
width: int = 10
head: nn.Module = nn.Linear(hidden, width)
net = nn.Sequential(block, nn.Flatten(), head, head)
print(net)
x = torch.randn(1, 3, 8, 8)
y = net(x)
loss = nn.CrossEntropyLoss()
optimizer = torch.optim.SGD(net.parameters(), lr=0.1)
if __name__ == "__main__":
    for epoch in range(3):
        net.train()
        y = net(x)
"""


def test_a_file():
    parsed = read_module(FILE, "model.py")
    net = parsed.layer
    assert repr(net) == (
        "Sequential(Sequential(Conv2d(3, 64, 3), ReLU(inplace=True)), Flatten(), (shared1 := Linear(80, 10)), shared1)"
    )
    assert net.layers[2] is net.layers[3]
    assert [parsed.lines[id(layer)] for layer in (net, *net.layers)] == [20, 14, 20, 19, 19]
    assert [parsed.lines[id(layer)] for layer in net.layers[0].layers] == [15, 16]
    assert parsed.notes == ()
    assert read_network(FILE, filename="model.py").layer == read_network(FILE).layer == net


def test_the_one_of_a_name():
    assert read_module(FILE, "model.py", "block").layer == Sequential(Conv2d(3, 64, 3), parse("ReLU(True)"))
    assert read_network(FILE, name="head").layer == Linear(80, 10)
    assert read_network("row = [ReLU(), Flatten()]", name="row").layer == Sequential(ReLU(), Flatten())
    assert read_network("ReLU()\nnet = Tanh()", name="net").layer == Tanh()


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("net = ReLU(), Flatten()", "ReLU(), Flatten()"),
        ("a = b = Linear(2, 2)\nSequential(a, b)", "*[Linear(2, 2)] * 2"),
        ("a, (b, c) = ReLU(), (Tanh(), 3)\nnet = Sequential(a, b, Linear(c, c))", "ReLU(), Tanh(), Linear(3, 3)"),
        ("net = Sequential(ReLU()).to('cuda').eval()", "ReLU(),"),
        ("net = Sequential(ReLU())\nnet = net.double()\nnet.eval()", "ReLU(),"),
        ("layers = []\nlayers += [ReLU()]\nlayers.append(Tanh())\nnet = Sequential(*layers)", "ReLU(), Tanh()"),
        ("a = [ReLU()]\nb = a\nb.extend([Tanh()])\nnet = Sequential(*a)", "ReLU(), Tanh()"),
        ("n = 3\nn += 1\nn *= 2\nLinear(n, n)", "Linear(8, 8)"),
        ("net = Sequential(ReLU())\nsoftmax = nn.Softmax(1)", "ReLU(),"),
        ("import torch.nn as N\nimport torch as t\nnet = N.Sequential(t.nn.ReLU())", "ReLU(),"),
        ("from torch import nn as layers\nnet = layers.Sequential(layers.ReLU())", "ReLU(),"),
        ("net = Sequential(ReLU())\nnet", "ReLU(),"),
        ("'A network.'\n\nnet = ReLU()  # of a layer\n", "ReLU()"),
        ("\ufeffnet = ReLU()\r\n", "ReLU()"),
        ("net = 3\nnet = ReLU()", "ReLU()"),
        ("a = [ReLU()]\ndef f():\n    a = []\n    a.append(3)\nnet = Sequential(*a)", "ReLU(),"),
        ("ReLU = nn.ReLU\nnet = nn.Sequential(nn.ReLU())", "ReLU(),"),
    ],
)
def test_what_is_read(text, expected):
    assert read_network(text, filename="model.py").layer == parse(expected)


def test_what_was_not_taken_is_told():
    text = "a = Sequential(ReLU())\nb = Sequential(Tanh())\nnet = Net(b)\n"
    parsed = read_module(text, "model.py")
    assert parsed.layer == Sequential(Tanh())
    assert parsed.notes == (
        Note("assumed", None, "b of line 2 of model.py is read, not a"),
        Note("assumed", None, "line 3 of model.py: 'Net(b)' is not read"),
    )


def test_nothing_is_executed(tmp_path):
    target = tmp_path / "written"
    write = f"open({str(target)!r}, 'w').write('x')"
    text = f"import os\n{write}\nx = {write}\n[{write} for _ in range(3)]\nclass A:\n    {write}\nnet = ReLU()\n"
    assert read_network(text).layer == ReLU()
    for bad in (write, f"Linear({write}, 2)", f"net = Sequential({write})", f"Dropout(f'{{{write}}}')"):
        with pytest.raises(ConvcalcError):
            read_network(bad)
    assert not target.exists()


CLASS = "class Net(nn.Module):\n    def __init__(self):\n        self.features = nn.Sequential(nn.ReLU())\n"
TOP = "only assignments at the top level are read: write net = Sequential(...) there, or give what print(model) shows"


@pytest.mark.parametrize(
    ("text", "name", "message"),
    [
        (CLASS, None, f"model.py holds no network: self.features of line 3 is inside a class, and {TOP}"),
        (CLASS, "features", f"line 3 of model.py: self.features is inside a class, and {TOP}"),
        (CLASS + "net = Net()", "net", "line 4 of model.py: Net is the text's own (line 1): its forward is not read"),
        (
            "def make():\n    return nn.Sequential(nn.ReLU())\nnet = make()",
            None,
            f"model.py holds no network: make of line 1 is a function, and {TOP}",
        ),
        ("x = 3", None, "model.py holds no network: write one as net = Sequential(Conv2d(3, 16, 4), ReLU())"),
        ("", None, "there is nothing to read"),
        ("import os", None, "model.py holds no network"),
        ("net = Net()", None, "line 1 of model.py: Net is not a layer that convcalc knows"),
        ("net = ReLU()", "nett", "model.py has no network 'nett': did you mean net?"),
        ("net = ReLU()\nother = Tanh()", "zzz", "model.py has no network 'zzz': it has net, other"),
        ("n = 3\nnet = ReLU()", "n", "'n' in model.py is no network: name one that is"),
        ("net = (", None, "model.py: cannot read 'net = (': '(' was never closed at character 7"),
        ("net = ReLU()\nx = = 3", None, "model.py: cannot read 'net = ReLU() x = = 3': invalid syntax at line 2"),
        ("net = Sequential(\n    ReLU(),\n    Conv2D(3),\n)", None, "line 3 of model.py: Conv2D is not a layer that"),
        ("net = Sequential(\n    ReLU(),\n    Conv2d(3),\n)", None, "line 3 of model.py: 'Conv2d(3)' gives no out_ch"),
        ("net = Sequential(ReLU())\nnet = Sequential(Linear(x, 2))", None, "line 2 of model.py: the name x has no"),
        ("x = f()\ny = x + 1\nnet = Linear(y, 2)", None, "line 1 of model.py: f is not a layer that convcalc knows"),
        ("Conv2d(1, 2, 3)\nReLU()", None, "line 2 of model.py: a second network begins: put commas between the layers"),
        ("x = 3\nReLU()\nTanh()", None, "line 3 of model.py: a second network begins: put commas between the layers"),
        ("class ReLU(nn.Module): pass\nnet = Sequential(ReLU())", None, "ReLU is the text's own (line 1)"),
        ("from mine import ReLU\nnet = Sequential(ReLU())", None, "ReLU is the text's own (line 1)"),
        ("from .mine import Residual\nnet = Residual(nn.ReLU())", None, "Residual is the text's own (line 1)"),
    ],
)
def test_what_is_refused(text, name, message):
    with pytest.raises(ConvcalcError) as refusal:
        read_module(text, "model.py", name) if text else read_network(text)
    assert message in str(refusal.value)
    assert "\n" not in str(refusal.value)


@pytest.mark.parametrize(
    ("text", "line", "kind"),
    [
        (
            "layers = []\nfor i in range(3):\n    layers.append(ReLU())\nnet = Sequential(*layers)",
            2,
            "layers is changed by the for",
        ),
        (
            "layers = []\nrow = layers\nwhile f():\n    row += [ReLU()]\nnet = Sequential(*layers)",
            3,
            "row is changed by the while",
        ),
        ("net = Sequential(ReLU())\nnet.append(Tanh())", 2, "net is changed by a call"),
        ("net = Sequential(ReLU())\nnet.add_module('x', Tanh())", 2, "net is changed by a call"),
        ("net = Sequential(ReLU())\nnet[0] = Tanh()", 2, "net is changed by an assignment"),
        ("body = Sequential(ReLU())\nnet = Sequential(body)\nbody.fc = Tanh()", 3, "body is changed by an assignment"),
        ("layers = [ReLU()]\nrandom.shuffle(layers)\nnet = Sequential(*layers)", 2, "layers is changed by a call"),
        ("layers = [ReLU()]\ndel layers[0]\nnet = Sequential(*layers)", 2, "layers is changed by a del"),
        ("n = 3\nif f():\n    n = 4\nnet = Linear(n, n)", 2, "n is changed by the if"),
        ("with f() as n:\n    pass\nnet = Linear(n, n)", 1, "n is changed by the with"),
        ("try:\n    n = 4\nexcept E:\n    n = 5\nnet = Linear(n, n)", 1, "n is changed by the try"),
        ("a = []\ndef f():\n    a.append(ReLU())\nf()\nnet = Sequential(*a)", 2, "a is changed by a function"),
        ("n = 3\ndef f():\n    global n\n    n = 4\nf()\nnet = Linear(n, n)", 2, "n is changed by a function"),
        ("net = ReLU()\nif f():\n    net = Tanh()", 2, "net is changed by the if"),
    ],
)
def test_what_a_statement_may_have_changed_is_not_believed(text, line, kind):
    with pytest.raises(ConvcalcError) as refusal:
        read_module(text, "model.py")
    assert str(refusal.value) == f"line {line} of model.py: {kind} here, which is not read: write its value out"


@pytest.mark.parametrize(
    "text",
    [
        "net = ReLU()\n" + "(" * 900_000,
        "net = " + "[" * 900_000,
        "if x:\n" * 100_000,
        "".join("\n" + " " * depth + "if x:" for depth in range(99)) + "\n" + " " * 99 + "(" * 900_000,
        "net = ReLU()\nx = " + "-" * 900_000 + "1",
        "layers = [ReLU()] * 50000\n" + "layers = layers + layers\n" * 40_000,
        "a0 = Sequential()\n" + "".join(f"a{n} = Sequential(a{n - 1}, a{n - 1})\n" for n in range(1, 90)),
    ],
    ids=range(7),
)
def test_what_is_long_or_deep_is_refused_at_once(text):
    start = time.process_time()
    with pytest.raises(ConvcalcError) as refusal:
        read_network(text)
    assert time.process_time() - start < 20  # what is walked twice a level would take for ever
    assert "\n" not in str(refusal.value)
    assert len(str(refusal.value)) < 400


def test_no_file_is_no_file():
    with pytest.raises(ConvcalcError, match=r"^line 2: Xyz is not a layer"):
        read_network("x = 3\nnet = Sequential(Xyz())")
    with pytest.raises(ConvcalcError, match=r"^Xyz is not a layer"):
        read_network("net = Xyz()")
    assert read_network("net = Flatten()").layer == Flatten()
