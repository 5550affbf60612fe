"""`convcalc draw`: every picture, where it goes, and what is refused."""

from __future__ import annotations

import os
import subprocess
import sys
import xml.etree.ElementTree as ET

import pytest

CONV = "draw 1 1 5 5 --k 3 --s 2 --p 1"
PICTURES = {
    "conv": CONV,
    "iso": f"{CONV} --look iso",
    "still": f"{CONV} --at 1,2",
    "pool": "draw 1 1 7 7 --layer 'MaxPool2d(3, 2)'",
    "transposed": "draw 1 1 3 3 --layer 'ConvTranspose2d(1, 1, 3, stride=2, padding=1, output_padding=1)'",
    "line": "draw 1 1 9 --k 3",
    "slice": "draw 1 1 4 5 6 --k 3",
    "relu": "draw 1 3 4 4 --layer 'ReLU()'",
    "lenet5": "draw lenet5",
    "resnet18": "draw --net resnet18 --width 900 --depth 1",
    "field": "draw --net vgg16 --receptive-field features.16",
    "counted": "draw --net vgg16 --receptive-field pool3",
    "c3": "draw --net lenet5 --connections C3",
    "chart": "draw --net lenet5 --chart macs",
}


def title(svg):
    return ET.fromstring(svg).find("{http://www.w3.org/2000/svg}title").text


IN_A_FILE = {"lenet5": "lenet5", "resnet18": "resnet18", "field": "vgg16-features.16", "counted": "vgg16-pool3"}


@pytest.mark.parametrize("name", PICTURES)
def test_every_picture_goes_to_a_file_to_stdout_and_to_the_terminal(run, tmp_path, monkeypatch, name):
    line, path = PICTURES[name], tmp_path / "a picture.svg"
    ran = run(f"{line} -o '{path}'")
    assert (ran.code, ran.out, ran.err) == (0, "", f"wrote {path}\n")
    svg = path.read_text()
    assert title(svg)
    assert [entry.name for entry in tmp_path.iterdir()] == [path.name]
    ran = run(f"{line} -o -")
    assert (ran.code, ran.err, ran.out.rstrip("\n")) == (0, "", svg.rstrip("\n"))
    monkeypatch.chdir(tmp_path)
    ran = run(line)
    if name in IN_A_FILE:
        file = tmp_path / f"{IN_A_FILE[name]}.svg"
        assert (ran.code, ran.out, ran.err) == (0, "", f"wrote {file.name}\n")
        assert file.read_text() == svg
        assert "--term draws a layer, --connections or --chart" in run(f"{line} --term").err
    else:
        assert (ran.code, ran.err) == (0, "")
        assert max(map(len, ran.out.splitlines())) <= 80
        assert run(f"{line} --term").out == ran.out
        assert [entry.name for entry in tmp_path.iterdir()] == [path.name]


def test_a_network_never_replaces_a_file_that_nobody_named(run, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "lenet5.svg").write_text("mine")
    ran = run("draw lenet5")
    assert (ran.code, ran.out, (tmp_path / "lenet5.svg").read_text()) == (2, "", "mine")
    assert ran.err == (
        "error: 'lenet5.svg' is there already: add --force to replace it, or give another name with -o\n"
    )
    assert run("draw lenet5 --force").code == 0
    assert title((tmp_path / "lenet5.svg").read_text()) == "lenet5"


@pytest.mark.parametrize(
    ("line", "file"),
    [
        ("draw 'Conv2d(1, 2, 3)' --input 1x1x8x8", "network.svg"),
        ("draw tiny.txt --input 1x1x8x8", "tiny.svg"),
        ("draw --net tiny.txt --input 1x1x8x8 --receptive-field conv2d", "tiny-conv2d.svg"),
    ],
)
def test_the_file_is_called_as_the_network(run, tmp_path, monkeypatch, line, file):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "tiny.txt").write_text("Conv2d(1, 2, 3)")
    assert run(line).err == f"wrote {file}\n"
    assert (tmp_path / file).exists()


def test_a_network_stands_where_sizes_do(run):
    assert run("draw lenet5 -o -").out == run("draw --net lenet5 -o -").out
    assert run("draw lenet5 --chart macs").out == run("draw --net lenet5 --chart macs").out


@pytest.mark.parametrize(
    ("name", "destination"),
    [("a (1).svg", "a%20%281%29.svg"), ("50%#.svg", "50%25%23.svg"), ("\xe9t\xe9.svg", "\xe9t\xe9.svg")],
)
def test_the_markdown_finds_the_file_whatever_it_is_called(run, tmp_path, name, destination):
    ran = run(f"{CONV} --markdown -o '{tmp_path / name}'")
    path = f"{tmp_path}/{destination}"
    assert (ran.out, ran.err) == (f"![Conv2d 3\N{MULTIPLICATION SIGN}3, stride 2, padding 1]({path})\n", "")
    assert (tmp_path / name).exists()


def test_a_file_and_the_terminal(run, tmp_path):
    path = tmp_path / "conv.svg"
    ran = run(f"{CONV} --term -o {path}")
    assert (ran.code, ran.out) == (0, run(CONV).out)
    assert path.read_text().startswith("<svg")


def test_a_file_may_have_the_longest_name_there_is(run, tmp_path):
    path = tmp_path / f"{'x' * 251}.svg"
    assert run(f"{CONV} -o {path}").code == 0
    assert [entry.name for entry in tmp_path.iterdir()] == [path.name]


def test_a_file_is_written_where_the_file_system_has_no_links(run, tmp_path, monkeypatch):
    def link(*_):
        raise OSError(1, "Operation not permitted")

    monkeypatch.setattr(os, "link", link)
    path = tmp_path / "conv.svg"
    assert run(f"{CONV} -o {path}").code == 0
    assert path.read_text().startswith("<svg")
    assert "is there already" in run(f"{CONV} -o {path}").err


def test_the_other_formats(run, tmp_path):
    starts = {"html": b"<!doctype html", "png": b"\x89PNG\r\n", "gif": b"GIF89a", "SVG": b"<svg"}
    for suffix, start in starts.items():
        path = tmp_path / f"conv.{suffix}"
        assert run(f"{CONV} -o {path}").code == 0
        assert path.read_bytes()[: len(start)].lower() == start.lower()


def test_the_settings_are_those_of_shape(run):
    by_settings = run("draw 1 4 9 9 --k 3x2 --s 2 --p 1:2x0:1 --d 1x2 --g 2 --out 6 -o -").out
    layer = "Conv2d(4, 6, (3, 2), stride=2, padding=((1, 2), (0, 1)), dilation=(1, 2), groups=2)"
    assert run(f"draw 1 4 9 9 --layer '{layer}' -o -").out == by_settings


def test_a_file_that_is_there_is_kept_unless_forced(run, tmp_path):
    path = tmp_path / "conv.svg"
    path.write_text("mine")
    ran = run(f"{CONV} -o {path}")
    assert (ran.code, path.read_text()) == (2, "mine")
    assert "is there already: add --force to replace it" in ran.err
    assert run(f"{CONV} -o {path} --force").code == 0
    assert path.read_text().startswith("<svg")


def test_nothing_is_left_where_nothing_can_be_written(run, tmp_path):
    ran = run(f"{CONV} -o {tmp_path}/nowhere/conv.svg")
    assert ran.code == 2
    assert "there is no folder '/" in ran.err
    assert ran.err.endswith("make it first\n")
    assert run(f"draw 1 1 5 5 --k 9 -o {tmp_path}/conv.svg").code == 2
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    ("line", "message"),
    [
        ("draw", "what is to be drawn? Give --k 3"),
        ("draw 1 1 5 5", "what is to be drawn? Give --k 3"),
        ("draw --k 3", "no sizes given: give 3 (N C L)"),
        ("draw --layer 'ReLU()'", "no sizes given: give those of the layer's input"),
        (f"{CONV} -o conv.pdf", "-o 'conv.pdf' has no suffix of a picture: use .svg, .html, .png, .gif"),
        (f"{CONV} -o .", "-o '.' has no suffix of a picture"),
        (f"{CONV} -o /tmp", "-o '/tmp' has no suffix of a picture"),
        (f"{CONV} --at 9,9", "--at 9,9 is outside the output 3"),
        (f"{CONV} --term -o -", "--term and -o - would both go to stdout"),
        ("draw 1 5 --layer 'Linear(5, 2)' --at 1", "--at 1 is a place of a window, and Linear has none"),
        (f"{CONV} --at x", "--at 'x' is not a whole number"),
        (f"{CONV} --look round", "--look 'round' is unknown: use one of flat, iso"),
        (f"{CONV} --layer 'ReLU()'", "--k and --layer exclude each other"),
        (f"{CONV} --net lenet5", "--k is for one layer"),
        (f"{CONV} --chart macs", "--chart is for a network: give one, such as lenet5"),
        ("draw 1 1 5 5 --layer 'ReLU(), ReLU()'", "--layer has 2 layers: give one, or draw it as a network"),
        ("draw 1 1 5 5 --layer 'LayerNorm(5)'", "LayerNorm has no window to draw"),
        ("draw 1 1 5 -5 --layer 'ReLU()'", "size -5 is negative"),
        ("draw 1 1 1 1 1 1 --k 3", "6 sizes given"),
        ("draw 1 1 3 3 --k 5", "kernel 5 does not fit input 3 (padding 0): use --p 1 or a kernel of at most 3"),
        ("draw 1 1 3 3 --layer 'Conv2d(1, 1, 5)'", "use padding=1 or a kernel of at most 3"),
        ("draw --net 'Conv2d(1, 1, 5)' --input 1x1x3x3", "use padding=1 or a kernel of at most 3"),
        (
            "draw 1 1 5 5 --layer 'Conv2d(1, 1, 3)' --at 3,0",
            "--at 3,0 is outside the output 3\xd73: use --at 2,2 at most",
        ),
        ("draw 1 1 28 28 --net lenet5", "sizes are for one layer"),
        ("draw lenet5 1 1 28 28", "sizes are for one layer"),
        ("draw lenet5 --net alexnet", "'lenet5' and --net 'alexnet' are two networks: give one"),
        ("draw lenet", "is not a network that convcalc knows"),
        (f"{CONV} --markdown", "--markdown prints the line that shows a file: add -o FILE"),
        (f"{CONV} --markdown -o -", "--markdown and -o - would both go to stdout"),
        ("draw --net lenet", "is not a network that convcalc knows"),
        ("draw --net 'ReLU()'", "no input shape given: add --input 1x3x224x224"),
        ("draw --net lenet5 --chart cost", "--chart 'cost' is unknown: use one of parameters, macs, memory"),
        ("draw --net lenet5 --connections C9", "C9"),
        ("draw --net lenet5 --chart macs --width 600", "--width does not change --chart: leave one of them out"),
        ("draw --net lenet5 --connections C3 --depth 1", "--depth does not change --connections"),
        ("draw --net lenet5 --connections C3 --chart macs", "--connections and --chart are different pictures"),
        ("draw --net lenet5 --receptive-field C9", "C9"),
        ("draw --net lenet5 --width 10 -o -", "320"),
        ("shape 1 1 5 5 --k 3 -o x.svg", "No option for a file here"),
    ],
)
def test_bad_input(run, line, message):
    ran = run(line)
    assert (ran.code, ran.out, len(ran.err.splitlines())) == (2, "", 1)
    assert message in ran.err


@pytest.mark.parametrize("name", ["conv", "lenet5", "field", "c3", "chart"])
def test_a_picture_loads_neither_numpy_nor_rich(name):
    import shlex

    code = "import sys; from convcalc.cli import app; app(standalone_mode=False); print(*sys.modules, file=sys.stderr)"
    words = [*shlex.split(PICTURES[name]), "-o", "-"]
    ran = subprocess.run([sys.executable, "-c", code, *words], capture_output=True, text=True, check=True)
    assert {"numpy", "rich", "pydantic"} & set(ran.stderr.split()) == set()


def test_an_svg_on_an_ascii_stdout_is_whole():
    environment = {**os.environ, "PYTHONIOENCODING": "ascii"}
    words = [sys.executable, "-m", "convcalc", *CONV.split(), "-o", "-"]
    ran = subprocess.run(words, capture_output=True, env=environment, check=True)
    assert title(ran.stdout.decode("ascii")) == "Conv2d 3\N{MULTIPLICATION SIGN}3, stride 2, padding 1"


def test_a_layer_may_be_counted_where_no_name_says_it(run):
    assert title(run(f"{PICTURES['counted']} -o -").out) == "What one unit of pool3 sees"
    assert "44\N{MULTIPLICATION SIGN}44" in run(f"{PICTURES['counted']} -o -").out
    assert "'pool6' is not a layer" in run("draw --net vgg16 --receptive-field pool6").err


def test_in_an_ascii_locale_the_terminal_gets_ascii():
    environment = {**os.environ, "PYTHONIOENCODING": "ascii", "FORCE_COLOR": "0"}
    words = [sys.executable, "-m", "convcalc", *CONV.split()]
    ran = subprocess.run(words, capture_output=True, env=environment, check=True)
    assert ran.stdout.decode("ascii").startswith("Conv2d 3x3, stride 2, padding 1\n")


def test_a_network_from_a_file_is_called_as_the_file(run, tmp_path):
    (tmp_path / "tiny net.txt").write_text("Conv2d(1, 2, 3)")
    svg = run(f"draw --net '{tmp_path / 'tiny net.txt'}' --input 1x1x8x8 -o -").out
    assert title(svg) == "tiny net"
