"""What PyTorch prints, and what of it cannot be read. The prints are PyTorch's own: tools/answers/printed.py."""

from __future__ import annotations

import json
import time

import pytest

from convcalc import Conv2d, ConvcalcError, Flatten, Linear, ReLU, Sequential, parse
from convcalc.layers import FAMILIES
from convcalc.layers.printed import PrintedBlock
from convcalc.notes import Note, note_lines
from convcalc.syntax import read_network, read_printed
from tests.helpers import DATA

PRINTS = json.loads((DATA / "torch_printed.json").read_text())["prints"]
SHAPES = [(1, 4), (1, 4, 8), (1, 4, 8, 8), (1, 4, 8, 8, 8)]
OURS = {"Add", "Branches", "Concat", "Mul", "RBF", "Residual", "ScaledTanh", "Subsampling2d"}  # not PyTorch's

VGG = """VGG(
  (features): Sequential(
    (0): Conv2d(3, 64, kernel_size=(3, 3), stride=(1, 1), padding=(1, 1))
    (1): ReLU(inplace=True)
    (2): MaxPool2d(kernel_size=2, stride=2, padding=0, dilation=1, ceil_mode=False)
  )
  (avgpool): AdaptiveAvgPool2d(output_size=(7, 7))
  (classifier): Sequential(
    (0): Dropout(p=0.5, inplace=False)
    (1): Linear(in_features=3136, out_features=10, bias=True)
    (2): Linear(in_features=10, out_features=10, bias=True)
  )
)
"""


def bound(layer):
    """A lazy layer's equality goes by how it was written: what it becomes is compared."""
    for shape in SHAPES:
        try:
            return layer.bind(shape)
        except ConvcalcError:
            continue
    return layer


def test_every_layer_of_pytorch_has_a_print():
    assert {type(parse(text)).__name__ for text in PRINTS} | OURS == set(FAMILIES)


@pytest.mark.parametrize("text", [text for text in PRINTS if "Sequential" not in text])
def test_a_layer_reads_back_from_its_print(text):
    assert bound(read_printed(PRINTS[text]).layer) == bound(parse(text))
    inside = read_network(f"Sequential(\n  (0): {PRINTS[text]}\n)\n").layer
    assert bound(inside.layers[0]) == bound(parse(text))


@pytest.mark.parametrize("text", [text for text in PRINTS if "Sequential" in text and "Lazy" not in text])
def test_a_model_reads_back_from_its_print(text):
    assert read_network(PRINTS[text]).layer == parse(text)
    assert read_network(PRINTS[text]).notes == ()


def test_layers_that_are_printed_once_are_made_as_often_as_they_are():
    text = "Net(\n  (0-2): 3 x Sequential(\n    (0): Linear(in_features=4, out_features=4, bias=True)\n  )\n)"
    parsed = read_printed(text, in_order=True)
    assert parsed.layer == Sequential(*[Sequential(Linear(4, 4)) for _ in range(3)])
    assert parsed.layer.parameters == 60
    assert [parsed.lines[id(row)] for row in parsed.layer.layers] == [2, 2, 2]
    assert [parsed.lines[id(row.layers[0])] for row in parsed.layer.layers] == [3, 3, 3]
    leaves = read_printed("Net(\n  (0-5): 6 x Conv2d(2, 2, kernel_size=(1, 1), stride=(1, 1))\n)", in_order=True)
    assert leaves.layer.names == tuple("012345")
    assert leaves.layer.parameters == 36
    assert set(leaves.lines.values()) == {1, 2}


def test_another_class_is_read_in_printed_order_and_a_note_says_so():
    parsed = read_network(VGG, in_order=True)
    assert parsed.layer.names == ("features", "avgpool", "classifier")
    assert parsed.layer.layers[2].layers[1] == Linear(3136, 10)
    assert parsed.lines[id(parsed.layer.layers[1])] == 7
    assert parsed.notes == (Note("assumed", None, "read in printed order (--in-order): VGG"),)
    assert isinstance(read_network(VGG).layer, PrintedBlock)


def test_a_flatten_where_a_linear_meets_maps():
    parsed = read_network(VGG, in_order=True, flatten=True)
    assert parsed.layer.layers[2].names == ("0", "flatten", "1", "2")
    assert parsed.layer.layers[2].layers[1] == Flatten()
    assert Note("assumed", "classifier.1", "a Flatten was put before it") in parsed.notes
    assert parsed.lines[id(parsed.layer.layers[2].layers[1])] == 10
    for text in ("ReLU()", "Flatten(start_dim=1, end_dim=-1)"):
        there = VGG.replace("Dropout(p=0.5, inplace=False)", text)
        assert (
            read_network(there, in_order=True, flatten=True).layer == read_network(there, in_order=True).layer
        ) is text.startswith("Flatten")
    taken = VGG.replace("(0): Dropout", "(flatten): Dropout")
    assert read_network(taken, in_order=True, flatten=True).layer.layers[2].names == ("flatten", "flatten2", "1", "2")


def test_what_pytorch_does_not_print_is_told():
    rows = "\n".join(f"  ({name}): AvgPool2d(kernel_size=2, stride=2, padding=0)" for name in "abcde")
    text = (
        "PyTorch does not print ceil_mode, count_include_pad, divisor_override of AvgPool2d:"
        " read as ceil_mode=False, count_include_pad=True, divisor_override=None"
    )
    notes = read_printed(f"Sequential(\n{rows}\n)").notes
    assert notes == tuple(Note("assumed", name, text) for name in "abcde")
    assert note_lines(notes) == [f"note: layers a, b, c and 2 more: {text}"]
    old = "LayerNorm((10,), eps=1e-05, elementwise_affine=True)"
    text = "PyTorch does not print bias of LayerNorm: read as bias=True"
    assert read_printed(old).notes == (Note("assumed", None, text),)
    assert read_printed(PRINTS["LayerNorm(10)"]).notes == ()
    assert read_printed(PRINTS["Upsample(size=7, mode='nearest-exact')"]).notes == ()


def test_older_prints_indents_that_are_gone_and_a_line_alone():
    assert read_network("Conv2d(3, 8, kernel_size=(4, 4), stride=(1, 1), padding=same)\n").layer == Conv2d(
        3, 8, 4, padding="same"
    )
    assert read_printed("Upsample(scale_factor=2.0, mode=nearest)").layer == parse("Upsample(scale_factor=2.0)")
    flat = "\r\n".join(line.strip() for line in VGG.splitlines())
    assert read_network(flat).layer == read_network(VGG).layer
    assert read_network("\n\n" + VGG).lines != read_network(VGG).lines


HEAD = "Net(\n  (a): ReLU()\n"


@pytest.mark.parametrize(
    ("text", "message"),
    [
        (HEAD + "  (b): Relu()\n)", "line 3: b is Relu(): Relu is not a layer that convcalc knows: did you mean ReLU?"),
        (HEAD + "  (b): Xyzzy(3)\n)", "line 3: b is Xyzzy(): Xyzzy is not a layer that convcalc knows: it knows most"),
        (HEAD, "line 2: the print is cut short, Net is not closed: give all that print(model) shows"),
        (HEAD + "  (s): Sequential(", "line 3: the print is cut short, s is not closed"),
        (HEAD + "  (a): ReLU()\n)", "line 3: 'a' stands twice in Net: each name once"),
        (HEAD + ")\n(b): ReLU()", "line 4: '(b): ReLU()' behind the model is not what PyTorch prints of a model"),
        (HEAD + "  ReLU()\n)", "line 3: 'ReLU()' is not what PyTorch prints of a model: give what print(model) shows"),
        (HEAD + "  out of order\n)", "line 3: 'out of order' is not what PyTorch prints of a model"),
        (HEAD + "  (b): Conv2d(3, 8,\n)", "line 3: '(b): Conv2d(3, 8,' is cut short: give all that print(model) shows"),
        (HEAD + "  (b): Linear(\n  )\n)", "line 3: 'Linear()' gives no in_features and no out_features: Linear needs"),
        (HEAD + "  (b): Linear(3)\n)", "line 3: 'Linear(3)' gives no out_features: Linear needs"),
        (HEAD + "  (b): Linear(3, __import__('os'))\n)", "line 3: \"__import__('os')\" is not a layer and not a plain"),
        (HEAD + "  (b): Conv2d(1, 2, kernel_size=0)\n)", "line 3: kernel_size 0 is too small"),
        (HEAD + "  (b-c): 2 x ReLU()\n)", "line 3: (b-c) is not the names of 2 layers"),
        (HEAD + "  (0-2): 2 x ReLU()\n)", "line 3: (0-2) is not the names of 2 layers"),
        (HEAD + "  (0-999999): 1000000 x ReLU()\n)", "line 3: a network of more than 20,000 layers is too large"),
        (HEAD + "  (b.c): ReLU()\n)", "line 3: 'b.c' is no name for a layer"),
        ("Sequential(\n" + "(0): Sequential(\n" * 150, "blocks are nested more than 100 deep: nest at most 100"),
    ],
)
def test_what_cannot_be_read(text, message):
    with pytest.raises(ConvcalcError) as refusal:
        read_printed(text, in_order=True)
    assert message in str(refusal.value)
    assert "\n" not in str(refusal.value)


def test_a_file_is_named():
    with pytest.raises(ConvcalcError, match=r"^line 2 of vgg\.txt: the print is cut short"):
        read_network(HEAD, filename="vgg.txt")


@pytest.mark.parametrize(
    "text",
    [
        "Sequential(\n  (0): " * 80_000,
        "Sequential(\n  (0): Linear(" + "(" * 900_000,
        "Sequential(\n  (" + "(" * 900_000,
        "Sequential(\n  (0): ReLU(" + ")" * 900_000,
        "Net(\n  (a): A(" + "), (a): A(" * 90_000,
    ],
)
def test_a_megabyte_is_refused_at_once(text):
    start = time.process_time()
    with pytest.raises(ConvcalcError) as refusal:
        read_network(text)
    assert time.process_time() - start < 20  # what is walked twice a level would take for ever
    assert len(str(refusal.value)) < 400


def test_a_long_print_is_read():
    rows = "\n".join(f"  ({number}): ReLU()" for number in range(5000))
    assert read_network(f"Sequential(\n{rows}\n)").layer == Sequential(*[ReLU()] * 5000)
