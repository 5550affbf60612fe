"""Real processes: pipes, closed pipes, locales, and what a start loads."""

from __future__ import annotations

import json
import os
import pty
import re
import shlex
import subprocess
import sys
from contextlib import suppress

import pytest

CONVCALC = f"{sys.executable} -m convcalc"
CALLERS = ("FORCE_COLOR", "NO_COLOR", "COLUMNS", "PYTHONUNBUFFERED")
ASCII = {"LC_ALL": "C", "PYTHONUTF8": "0", "PYTHONCOERCECLOCALE": "0"}
DRAWN = "draw 1 1 24 24 --k 3 --p 1"
EXAMPLE = "shape 10 3 28 28 --k 4 --s 2 --out 16"


def shell(line, **environment):
    """A line for the shell, where `convcalc` is ours, with nothing of the caller's terminal."""
    clean = {name: value for name, value in os.environ.items() if name not in CALLERS}
    return subprocess.run(
        ["bash", "-o", "pipefail", "-c", line.replace("convcalc ", f"{CONVCALC} ")],
        capture_output=True,
        encoding="utf-8",
        stdin=subprocess.DEVNULL,
        env=clean | environment,
        timeout=60,
        check=False,
    )


def test_a_pipe_of_three():
    ran = shell(
        f"convcalc {EXAMPLE} --json | convcalc shape - --k 3 --out 32 --json | convcalc shape - --k 3 --get output"
    )
    assert ran.stdout == "[10, 1, 9, 9]\n"
    assert ran.returncode == 0


def test_an_error_in_a_pipe_is_said_on_both_sides():
    ran = shell("convcalc shape 1 3 2 2 --k 4 --json | convcalc shape - --k 3 --out 32")
    first, second = ran.stderr.splitlines()[-2:]
    errors = sorted([first, second])
    assert ran.returncode == 2
    assert errors[0] == "error: stdin is empty: the command before may have failed; it must print JSON (--json)"
    assert json.loads(errors[1])["error"]["message"].startswith("kernel 4 does not fit input 2 (padding 0)")


READ = [EXAMPLE, "lenet --report", "lenet --report --json", "shape --help", "-h", "--version", DRAWN]
OTHERWISE = [
    ({name: "1"}, command) for name in ("FORCE_COLOR", "PYTHONUNBUFFERED") for command in (EXAMPLE, "-h", DRAWN)
]


@pytest.mark.parametrize(("environment", "command"), [*(({}, command) for command in READ), *OTHERWISE])
def test_a_reader_that_goes_ends_it_quietly(environment, command):
    ran = shell(f"convcalc {command} | head -1", **environment)
    assert (ran.returncode, ran.stdout.count("\n"), ran.stderr) == (0, 1, "")
    gone = shell(f"convcalc {command} | true", **environment)
    assert (gone.returncode, gone.stderr) == (0, "")


@pytest.mark.parametrize("command", [EXAMPLE, DRAWN, f"FORCE_COLOR=1 convcalc {DRAWN}", f"{DRAWN} -o -"])
def test_a_full_disk_is_said(command):
    if not os.path.exists("/dev/full"):
        pytest.skip("this system has no /dev/full to write to")
    command = command if "convcalc" in command else f"convcalc {command}"
    ran = shell(f"{command} > /dev/full")
    assert (ran.returncode, ran.stderr) == (2, "error: cannot write the output: No space left on device\n")


def test_a_verification_that_fails_ends_with_1():
    broken = (
        "import sys; from convcalc import formulas; right = formulas.output_size;"
        "formulas.output_size = lambda *window: right(*window) + 1;"
        f"sys.argv = ['convcalc', *'{EXAMPLE} --verify'.split()]; from convcalc.cli import app; app()"
    )
    ran = subprocess.run([sys.executable, "-c", broken], capture_output=True, text=True, check=False)
    assert ran.returncode == 1
    assert "[10, 16, 14, 14]  [10, 16, 13, 13]  DIFFERS" in ran.stdout


@pytest.mark.parametrize("environment", [ASCII, {"TERM": "dumb"}])
@pytest.mark.parametrize("colour", ["", "1"])
def test_any_locale_and_terminal(environment, colour):
    ran = shell("convcalc lenet --report --verify", FORCE_COLOR=colour, **environment)
    assert ran.returncode == 0
    assert "122,304" in ran.stdout
    if "LC_ALL" in environment:
        assert ran.stdout.isascii()


@pytest.mark.parametrize("columns", [40, 60, 80, 200])
@pytest.mark.parametrize("colour", [{}, {"NO_COLOR": "1"}])
def test_no_digit_is_cut_in_a_terminal_of_any_width(columns, colour):
    ran = shell(
        "convcalc lenet --report --input 28 && convcalc lenet --errata", FORCE_COLOR="1", COLUMNS=str(columns), **colour
    )
    plain = re.sub("\x1b[^m]*m", "", ran.stdout)
    assert max(map(len, plain.splitlines())) <= columns
    table = plain[: plain.index("trainable")]
    for figure in ("122,304", "5,880", "151,600", "48,120", "10,164", "60,000", "340,908", "[1, 120, 1, 1]", "328,096"):
        assert figure in table
    words = " ".join(plain.split())
    assert "only with padding 2, or from 32x32" in words
    if colour:
        assert "\x1b[3" not in ran.stdout


@pytest.mark.parametrize("columns", ["0", "1", "20"])
def test_a_width_that_is_none_still_gets_an_answer(columns):
    ran = shell(f"convcalc {EXAMPLE}", FORCE_COLOR="1", COLUMNS=columns)
    assert "132,496" in ran.stdout
    assert "784 (weights 768 + biases" in " ".join(re.sub("\x1b[^m]*m", "", ran.stdout).split())


def test_a_dumb_terminal_is_as_wide_as_it_is():
    ran = shell("convcalc lenet --report", FORCE_COLOR="1", COLUMNS="50", TERM="dumb")
    assert max(map(len, ran.stdout.splitlines())) <= 50
    assert "122,304" in ran.stdout


def test_colour_into_a_pipe_is_not_cut_and_0_is_off():
    wide = shell("convcalc lenet --report", FORCE_COLOR="1").stdout
    assert "Subsampling2d" in wide
    assert "117,600" in wide
    assert "\x1b[" in wide
    assert "\x1b[" not in shell("convcalc lenet --report", FORCE_COLOR="0").stdout


def test_a_terminal_gets_a_rich_table():
    shown = on_a_terminal("lenet --report", TERM="xterm-256color", COLUMNS="100")
    assert "122,304" in shown
    assert "─" in shown


@pytest.mark.parametrize(
    ("place", "environment"),
    [("--at 0,0", {"TERM": "xterm", "NO_COLOR": "1"}), ("--at 0,0", {"TERM": "dumb"}), ("", {"TERM": "dumb"})],
)
def test_on_a_terminal_without_colour_cells_are_symbols(place, environment):
    shown = on_a_terminal(f"draw 1 1 3 3 --k 2 {place}", **environment)
    assert "▣ ▣ ■" in shown
    assert "◆ □" in shown


@pytest.mark.parametrize("command", ["draw 1 1 40 40 --k 3 --at 20,20", "draw 1 40 --layer 'Linear(40,40)'"])
def test_a_terminal_may_be_as_narrow_as_it_likes(command):
    shown = on_a_terminal(command, TERM="xterm", COLUMNS="3", LINES="4")
    assert "Con" in shown or "Lin" in shown
    assert "Traceback" not in shown


def on_a_terminal(line, **environment):
    """What a terminal shows of a command that ends by itself."""
    master, slave = pty.openpty()
    clean = {name: value for name, value in os.environ.items() if name not in CALLERS}
    command = [sys.executable, "-m", "convcalc", *shlex.split(line)]
    with subprocess.Popen(command, stdout=slave, env=clean | environment) as ran:
        os.close(slave)
        shown = b""
        with suppress(OSError):  # the terminal is gone once all is read
            while part := os.read(master, 65536):
                shown += part
    os.close(master)
    assert ran.returncode == 0
    return shown.decode()


@pytest.mark.parametrize(
    "command", [EXAMPLE, "lenet --get input", "-h", "--version", "lenet -h", DRAWN, f"{DRAWN} -o -"]
)
def test_closed_streams(command):
    ran = shell(f"convcalc {command} >&-")
    assert (ran.returncode, ran.stderr) == (2, "error: cannot write the output: stdout is closed\n")
    ran = shell(f"convcalc {command} 2>&-")
    assert ran.returncode == 0
    assert "note" not in ran.stdout
    ran = shell("convcalc shape - --k 3 <&-")
    assert (ran.returncode, ran.stdout) == (2, "")
    assert ran.stderr.startswith("error: - reads JSON from a pipe, but stdin is closed")


def test_a_note_never_lands_among_the_data():
    assert json.loads(shell("convcalc shape 1 3 28 28 --k 3 --json 2>&-").stdout)["batch"] == 1
    ran = shell("convcalc shape 1 3 28 28 --k 3 --json 2>/dev/full")
    assert ran.returncode == 0
    assert json.loads(ran.stdout)["batch"] == 1


def test_stdin_that_is_not_text():
    ran = shell("printf 'a\\xff' | convcalc shape - --k 3")
    assert ran.returncode == 2
    assert ran.stderr.startswith("error: stdin is not text (invalid start byte at byte 1)")


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16"])
def test_json_is_read_whatever_the_locale(encoding, tmp_path):
    document = {
        "schema_version": 1,
        "input": [1, 1, 9, 9],
        "layers": [{"name": "é", "layer": "Conv2d(1, 1, 3)", "inputs": ["input"]}],
    }
    piped = tmp_path / "piped.json"
    piped.write_text(json.dumps(document, ensure_ascii=False), encoding=encoding)
    ran = shell(f"cat {piped} | convcalc shape - --k 3 --out 1", **ASCII)
    assert ran.returncode == 0
    assert "\\xe9" in ran.stdout


def test_version_and_help():
    assert shell("convcalc --version").stdout.startswith("convcalc ")
    for line in ("convcalc -h", "convcalc shape -h", "convcalc lenet --help", "convcalc "):
        ran = shell(line)
        assert ran.returncode == 0
        assert ran.stdout.startswith("Usage: convcalc")
        assert max(map(len, ran.stdout.splitlines())) <= 80


HEAVY = {"numpy", "rich", "pydantic", "pydantic_core"}


@pytest.mark.parametrize(
    ("words", "heavy"),
    [
        (f"{EXAMPLE} --json", set()),
        (EXAMPLE, set()),
        ("lenet --report --json", set()),
        ("lenet --get totals.parameters", set()),
        ("--help", set()),
        ("shape --bogus", set()),
        ("shape 1 1 3 3 --k 5 --json", set()),
        (f"{EXAMPLE} --verify --json", {"numpy"}),
        ("shape 1 1 9 9 --k 3,5 --out 1 --where macs>0 --sort macs --format csv", set()),
        ("solve 28 13", set()),
        ("solve --net lenet5 --exact --json", set()),
    ],
)
def test_what_a_start_loads(words, heavy):
    watch = (
        "import sys, atexit; atexit.register(lambda: print(*sys.modules, file=sys.stderr));"
        f"sys.argv = ['convcalc', *{words.split()!r}]; from convcalc.cli import app; app()"
    )
    ran = subprocess.run([sys.executable, "-c", watch], capture_output=True, text=True, check=False)
    assert set(ran.stderr.splitlines()[-1].split()) & HEAVY == heavy


def test_importing_the_package_loads_nothing_heavy():
    line = "import sys, convcalc; convcalc.Conv2d(3, 16, 4).parameters; print(*sys.modules)"
    ran = subprocess.run([sys.executable, "-c", line], capture_output=True, text=True, check=True)
    assert set(ran.stdout.split()) & (HEAVY | {"typer"}) == set()


@pytest.mark.parametrize("command", ["shape", "net", "solve", "draw", "filter", "lenet"])
def test_help_loads_no_layer(command):
    line = f"import sys; sys.argv = ['convcalc', '{command}', '-h']; from convcalc.cli import app"
    watch = f"{line}; app(standalone_mode=False); print(*sys.modules, file=sys.stderr)"
    ran = subprocess.run([sys.executable, "-c", watch], capture_output=True, text=True, check=True)
    assert {"convcalc.walk", "convcalc.layers.base"} & set(ran.stderr.split()) == set()
