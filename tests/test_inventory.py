"""Networks of which only a print is known: what is counted of them, and what is not.

The prints are as torchvision, timm, transformers, detectron2 and PyTorch itself write them. The numbers are worked out
from the settings, but for ResNet-18, whose number of parameters is published.
"""

from __future__ import annotations

import pytest

from convcalc import ConvcalcError, trace
from convcalc.inventory import inventory
from convcalc.syntax import read_network
from tests.helpers import DATA

RESNET18 = (DATA / "prints" / "resnet18.txt").read_text()

BERT = """BertModel(
  (embeddings): BertEmbeddings(
    (word_embeddings): Embedding(30522, 768, padding_idx=0)
    (LayerNorm): LayerNorm((768,), eps=1e-12, elementwise_affine=True, bias=True)
    (dropout): Dropout(p=0.1, inplace=False)
  )
  (encoder): BertEncoder(
    (layer): ModuleList(
      (0-11): 12 x BertLayer(
        (attention): BertAttention(
          (query): Linear(in_features=768, out_features=768, bias=True)
          (key): Linear(in_features=768, out_features=768, bias=True)
        )
        (intermediate): Linear(in_features=768, out_features=3072, bias=True)
        (act): GELUActivation()
      )
    )
  )
)
"""
BERT_LAYER = 2 * (768 * 768 + 768) + 768 * 3072 + 3072

TIMM = """EfficientNet(
  (conv_stem): Conv2dSame(3, 32, kernel_size=(3, 3), stride=(2, 2), bias=False)
  (bn1): BatchNormAct2d(
    32, eps=0.001, momentum=0.1, affine=True, track_running_stats=True
    (drop): Identity()
    (act): SiLU(inplace=True)
  )
  (norm): LayerNorm2d((32,), eps=1e-06, elementwise_affine=True)
  (drop_path): DropPath(drop_prob=0.012)
  (head): Linear(in_features=32, out_features=10, bias=True)
)
"""

DETECTRON = """BasicStem(
  (conv1): Conv2d(
    3, 64, kernel_size=(7, 7), stride=(2, 2), padding=(3, 3), bias=False
    (norm): FrozenBatchNorm2d(num_features=64, eps=1e-05)
  )
)
init_cfg={'type': 'Pretrained', 'checkpoint': 'torchvision://resnet50'}
"""

ENCODER = """TransformerEncoderLayer(
  (self_attn): MultiheadAttention(
    (out_proj): NonDynamicallyQuantizableLinear(in_features=8, out_features=8, bias=True)
  )
  (linear1): Linear(in_features=8, out_features=16, bias=True)
  (dropout): Dropout(p=0.1, inplace=False)
)
"""

PARAMETERS = """Mixture(
  (weights): ParameterList(
      (0): Parameter containing: [torch.float32 of size 2x3]
      (1): Parameter containing: [torch.float32 of size ]
  )
  (gates): ParameterDict(  (a): Parameter containing: [torch.FloatTensor of size 4x5 (GPU 0)])
  (experts): ModuleList()
)
"""


def counted(text):
    """The report of a print, and its notes on layers."""
    parsed = read_network(text)
    report = inventory(parsed.layer, notes=parsed.notes)
    return report, {note.layer: note.text for note in report.notes if note.layer is not None}


def test_a_printed_model_is_counted_and_not_walked():
    report, _ = counted(RESNET18)
    assert report.totals.parameters == 11_689_512
    assert report.totals.parameter_bytes == 4 * 11_689_512
    assert report.totals.buffers == 9_620  # 2 x 4,800 statistics, and 20 counters
    assert {report.totals.macs, report.totals.connections, report.totals.peak_bytes, report.output} == {None}
    assert len(report.leaves) == 4 + 2 * 5 + 3 * (7 + 5) + 2
    assert report.leaves[4].name == "layer1.0.conv1"
    assert report.connections_undefined == 0  # not known is not the same as undefined
    assert [note.kind for note in report.notes] == ["unknown", "warning"]
    assert "the order of calls in ResNet, BasicBlock" in report.notes[0].text
    assert "add --in-order" in report.notes[0].text
    assert "used at several places is counted at each" in report.notes[1].text


def test_repeated_blocks_are_counted_as_often_as_they_are():
    report, notes = counted(BERT)
    rows = {row.name: row for row in report.leaves}
    assert rows["encoder.layer.11.attention.key"].figures.parameters == 768 * 768 + 768
    assert report.rows[1].figures.parameters == 12 * BERT_LAYER
    reason = "its parameters are not known: PyTorch has Embedding, which convcalc does not know yet"
    assert notes == {"embeddings.word_embeddings": reason}
    assert rows["embeddings.word_embeddings"].figures.parameters is None
    assert report.totals.parameters is None  # not the sum of the others


def test_layers_of_other_libraries():
    report, notes = counted(TIMM)
    assert notes == {}
    assert report.totals.parameters == 3 * 32 * 9 + 2 * 32 + 2 * 32 + 32 * 10 + 10
    assert report.totals.buffers == 2 * 32 + 1


def test_a_layer_with_modules_inside():
    report, notes = counted(DETECTRON)
    rows = {row.name: row.figures.parameters for row in report.leaves}
    assert rows == {"conv1.Conv2d": 3 * 64 * 49, "conv1.norm": None}
    assert notes == {"conv1.norm": "its parameters are not known: FrozenBatchNorm2d is not known"}


def test_a_module_of_pytorch_that_holds_parameters_itself_is_not_taken_for_its_parts():
    report, notes = counted(ENCODER)
    rows = {row.name: row.figures.parameters for row in report.leaves}
    assert rows["self_attn.out_proj"] == 72
    assert rows["self_attn.MultiheadAttention"] is None
    assert report.totals.parameters is None
    assert list(notes) == ["self_attn.MultiheadAttention"]


def test_lists_of_parameters():
    report, notes = counted(PARAMETERS)
    assert [row.figures.parameters for row in report.rows] == [7, 20, 0]
    assert (report.totals.parameters, notes) == (27, {})


@pytest.mark.parametrize(
    "line",
    [
        "LSTM(3, 4, num_layers=2, bidirectional=True)",
        "GRUCell(3, 4)",
        "EmbeddingBag(3, 4, mode='mean')",
        "Bilinear(in1_features=2, in2_features=3, out_features=4, bias=True)",
        "LazyLinear(in_features=0, out_features=4, bias=True)",
        "LayerNorm()",  # a class of the model's own
        "Concat(1)",
        "Linear(3, __import__('os'))",
    ],
)
def test_what_is_not_known_is_none_and_never_0(line):
    report, notes = counted(f"Net(\n  (a): {line}\n  (b): Linear(in_features=2, out_features=2, bias=True)\n)")
    assert [row.figures.parameters for row in report.rows] == [None, 6]
    assert report.totals.parameters is None
    assert list(notes) == ["a"]


@pytest.mark.parametrize("line", ["MaxUnpool2d(kernel_size=(2, 2))", "CrossEntropyLoss()", "CosineSimilarity()"])
def test_layers_of_pytorch_without_parameters(line):
    assert counted(f"Net(\n  (a): {line}\n)")[0].totals.parameters == 0


def test_a_sequential_with_a_layer_that_is_not_known():
    report, notes = counted(
        "Sequential(\n  (0): LSTM(3, 4)\n  (1): Linear(in_features=2, out_features=2, bias=True)\n)"
    )
    assert [row.figures.parameters for row in report.rows] == [None, 6]
    assert list(notes) == ["0"]
    assert "not every layer is known" in report.notes[0].text


def test_a_printed_model_cannot_be_walked():
    with pytest.raises(ConvcalcError, match="does not show the order of calls in ResNet: write the network"):
        trace(read_network(RESNET18).layer, (1, 3, 224, 224))
