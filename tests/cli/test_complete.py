"""What a shell is offered: by Typer's own protocol, in the process, and once in a shell."""

from __future__ import annotations

import os
import subprocess
import sys

import pytest

from convcalc.zoo import NAMES


@pytest.fixture
def offered(run, monkeypatch):
    """Return what a shell is offered for the last word of a line."""

    def offered(line, shell="bash"):
        monkeypatch.setenv("_CONVCALC_COMPLETE", f"complete_{shell}")
        monkeypatch.setenv("COMP_WORDS", line)
        monkeypatch.setenv("COMP_CWORD", str(len(line.split(" ")) - 1))
        monkeypatch.setenv("_TYPER_COMPLETE_ARGS", line)
        monkeypatch.setenv("_TYPER_COMPLETE_FISH_ACTION", "get-args")
        monkeypatch.setenv("_TYPER_COMPLETE_WORD_TO_COMPLETE", line.split(" ")[-1])
        ran = run()
        assert (ran.code, ran.err) == (0, "")
        return [line for line in ran.out.splitlines() if line]

    return offered


@pytest.mark.parametrize(
    ("line", "words"),
    [
        ("convcalc so", ["solve"]),
        ("convcalc net resnet18", ["resnet18"]),
        ("convcalc net --format m", ["markdown"]),
        ("convcalc net --dtype b", ["bfloat16"]),
        ("convcalc net --columns name,macs_e", ["name,macs_exact"]),
        ("convcalc shape --columns output,str", ["output,stride"]),
        ("convcalc shape --sort output_bytes,mac", ["output_bytes,macs", "output_bytes,macs_exact"]),
        ("convcalc shape --sort macs,-mac", ["macs,-macs_exact"]),
        ("convcalc shape --sort al", []),
        ("convcalc shape --columns macs,a", []),
        ("convcalc shape 1 3 28 28 --padding-mode re", ["reflect", "replicate"]),
        ("convcalc filter photo.png --kernel sobel-", ["sobel-x", "sobel-y"]),
        ("convcalc filter --border v", ["valid"]),
        ("convcalc filter --range w", ["wrap"]),
        ("convcalc draw --chart p", ["parameters"]),
        ("convcalc draw vgg16", ["vgg16", "vgg16_bn"]),
        (
            "convcalc draw lenet5 --receptive-field C",
            ["C1.0", "C1.1", "C1", "C3.0", "C3.1", "C3", "C5.0", "C5.1", "C5"],
        ),
        ("convcalc draw --net lenet5 --connections S2", ["S2.0", "S2.1", "S2"]),
        ("convcalc draw no-such-network --connections S", []),
        ("convcalc lenet --c3 f", ["full"]),
        ("convcalc shape --dil", ["--dilation"]),
    ],
)
def test_what_is_offered(offered, line, words):
    assert sorted(offered(line)) == sorted(words)


def test_every_network_and_the_files_here(offered, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "model.py").touch()
    (tmp_path / "notes.md").touch()
    (tmp_path / "more").mkdir()
    (tmp_path / "more" / "printed.txt").touch()
    assert offered("convcalc net ") == [*NAMES, "model.py", "more/"]
    assert offered("convcalc net more/") == ["more/printed.txt"]
    (tmp_path / "photo.png").touch()
    assert offered("convcalc filter ph") == ["photo.png"]


@pytest.mark.parametrize(
    ("shell", "answer"),
    [
        ("bash", ["csv"]),
        ("fish", ["csv"]),
        ("zsh", ["_arguments '*: :((\"csv\"))'"]),
        ("powershell", ["csv::: "]),
        ("pwsh", ["csv::: "]),
    ],
)
def test_every_shell_is_answered(offered, shell, answer):
    assert offered("convcalc net --format c", shell) == answer


def test_completion_loads_nothing_heavy():
    watch = "import sys, atexit; atexit.register(lambda: print(*sys.modules, file=sys.stderr))"
    code = f"{watch}; from convcalc.cli import app; app()"
    line = "convcalc draw resnet18 --receptive-field layer1"
    environment = {"_CONVCALC_COMPLETE": "complete_zsh", "_TYPER_COMPLETE_ARGS": line}
    ran = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, env=os.environ | environment, check=False
    )
    assert "layer1.0" in ran.stdout
    assert not {"numpy", "rich", "pydantic"} & set(ran.stderr.splitlines()[-1].split())
