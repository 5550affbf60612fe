"""The zoo against torchvision, total by total and layer by layer; LeNet-5 against its paper."""

from __future__ import annotations

import csv
import subprocess
import sys

import pytest

from convcalc import ConvcalcError, parse, trace, zoo
from convcalc.layers.block import every
from tests.helpers import DATA, stored

with (DATA / "zoo.csv").open() as file:
    TOTALS = {row["name"]: row for row in csv.DictReader(file)}
LAYERS = {
    case["name"]: [(kind, tuple(shape)) for kind, shape in case["layers"]] for case in stored("zoo_layers.jsonl.gz")
}


def report(name):
    return trace(zoo.build(name), zoo.input_shape(name))


def test_the_stored_answers_are_those_of_every_network():
    assert tuple(TOTALS) == zoo.NAMES
    assert tuple(LAYERS) == tuple(name for name in zoo.NAMES if not name.startswith("lenet"))


@pytest.mark.parametrize("name", zoo.NAMES)
def test_parameters_and_buffers(name):
    network = zoo.build(name)
    assert network.parameters == int(TOTALS[name]["parameters"])
    assert network.buffers == int(TOTALS[name]["buffers"])


@pytest.mark.parametrize("name", zoo.NAMES)
def test_totals_at_work(name):
    traced = report(name)
    assert traced.totals.macs == int(TOTALS[name]["macs"])
    assert traced.totals.parameters == int(TOTALS[name]["parameters"])
    assert traced.totals.buffers == int(TOTALS[name]["buffers"])
    assert "x".join(map(str, traced.output)) == TOTALS[name]["output"]


@pytest.mark.parametrize("name", LAYERS)
def test_layers_one_by_one(name):
    """A dense block concatenates step by step here, and all at once in torchvision: there joins are left out."""
    dense = name.startswith("densenet")
    ours = [(type(row.layer).__name__, row.output) for row in report(name).leaves]
    assert [layer for layer in ours if not (dense and layer[0] == "Concat")] == [
        layer for layer in LAYERS[name] if not (dense and layer[0] == "Concat")
    ]


# What a unit of the last map sees, and how far apart two of them look; AlexNet and VGG-16 as in Araujo, Norris and Sim,
# "Computing Receptive Fields of Convolutional Neural Networks" (2019), table 1.
FIELDS = {"alexnet": (195, 32), "vgg16": (212, 32), "resnet18": (435, 32), "resnet50": (427, 32)}


@pytest.mark.parametrize("name", FIELDS)
def test_what_a_unit_of_the_last_map_sees(name):
    maps = [row for row in report(name).leaves if len(row.output) == 4 and row.name != "avgpool"]
    assert [(field.size, field.jump) for field in maps[-1].field] == [FIELDS[name]] * 2


def test_lenet5_has_the_connections_of_its_paper():
    assert report("lenet5").totals.connections == 340_908


@pytest.mark.parametrize("name", zoo.NAMES)
def test_no_layer_is_shared(name):
    layers = list(every(zoo.build(name)))
    assert len(layers) == len(set(map(id, layers)))


@pytest.mark.parametrize("name", zoo.NAMES)
def test_names_are_short_enough_for_a_table(name):
    assert max(len(row.name) for row in report(name).leaves) <= 32


@pytest.mark.parametrize("name", ["alexnet", "resnet18", "densenet121", "googlenet"])
def test_a_network_is_a_new_one_each_time(name):
    assert zoo.build(name) is not zoo.build(name)
    assert zoo.build(name) == zoo.build(name)


@pytest.mark.parametrize("name", zoo.NAMES)
def test_a_network_reads_back_as_it_is_written(name):
    network = zoo.build(name)
    assert parse(repr(network)) == network


@pytest.mark.parametrize(
    ("name", "near"),
    [
        ("resnet52", "did you mean resnet152 or resnet50 or "),
        ("vgg16bn", "did you mean vgg16_bn"),
        ("bert", "known are lenet5, "),
        ("", ""),
    ],
)
def test_an_unknown_name_is_refused_with_the_nearest(name, near):
    for ask in (zoo.build, zoo.input_shape):
        with pytest.raises(ConvcalcError, match=f"^{name!r} is not a network that convcalc knows: {near}"):
            ask(name)


def test_a_network_loads_its_own_family_only():
    code = "import sys; from convcalc import zoo; zoo.build('alexnet'); print(*sorted(sys.modules))"
    loaded = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout.split()
    assert {name for name in loaded if name.startswith("convcalc.zoo.")} == {
        "convcalc.zoo.alexnet",
        "convcalc.zoo.parts",
    }
    assert not {"numpy", "rich", "difflib"} & set(loaded)


def test_the_names_alone_load_no_layer():
    code = "import sys; from convcalc import zoo; zoo.input_shape('vgg16'); print(*sorted(sys.modules))"
    loaded = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout.split()
    assert not [name for name in loaded if name.startswith(("convcalc.layers.", "convcalc.zoo."))]
