"""`convcalc filter`: what it writes, shows and says, and what it refuses."""

from __future__ import annotations

import json
import os
import subprocess
import sys

import numpy as np
import pytest

from convcalc.filter import verify

STEP = np.array([[0, 0, 9, 9]] * 3, np.uint8)


@pytest.fixture
def step(tmp_path):
    """A picture with an upright edge, and where it is."""
    np.save(tmp_path / "step.npy", STEP)
    return tmp_path / "step.npy"


def filtered(run, step, words):
    """The array that a command line writes."""
    out = step.with_name("out.npy")
    ran = run(f"filter {step} {words} -o {out} --force")
    assert (ran.code, ran.err) == (0, "")
    return np.load(out)


def test_every_pixel_is_the_weighted_sum_of_its_neighbourhood(run, step):
    # the columns of sobel-x weigh -4 and 4 together, so the edge of 9 gives 36, at the two columns that touch it
    assert filtered(run, step, "--kernel sobel-x").tolist() == [[0, 36, 36, 0]] * 3
    assert filtered(run, step, "--kernel '1 1 1' --border zeros").tolist() == [[0, 9, 18, 18]] * 3
    assert filtered(run, step, "--kernel '1 1 1' --border valid").tolist() == [[9, 18]] * 3
    assert filtered(run, step, "--kernel maximum").tolist() == [[0, 9, 9, 9]] * 3


def test_the_settings_do_what_they_say(run, step):
    assert filtered(run, step, "--kernel '0 0 1' --border circular").tolist() == [[0, 9, 9, 0]] * 3
    assert filtered(run, step, "--kernel '0 0 1' --border circular --convolve").tolist() == [[9, 0, 0, 9]] * 3
    assert filtered(run, step, "--kernel '0 0 1' --border circular --repeat 2").tolist() == [[9, 9, 0, 0]] * 3
    assert filtered(run, step, "--kernel '0 0 1' --border circular --d 1x2").tolist() == [[9, 9, 0, 0]] * 3
    assert filtered(run, step, "--kernel '1' --s 2").tolist() == [[0, 9]] * 2
    assert filtered(run, step, "--kernel '-1 1 0' --range wrap --border replicate").tolist() == [[0, 0, 9, 0]] * 3
    assert filtered(run, step, "--kernel '1 -1 0' --range wrap --border replicate").tolist() == [[0, 0, 247, 0]] * 3
    assert filtered(run, step, "--kernel '1 -1 0' --range clip --border replicate").tolist() == [[0, 0, 0, 0]] * 3
    assert (
        filtered(run, step, "--kernel '1 -1 0' --range scale --border replicate").tolist() == [[255, 255, 0, 255]] * 3
    )


def test_the_document(run, step):
    ran = run(f"filter {step} --kernel sobel-x --range clip --json")
    document = ran.document
    assert (ran.code, ran.err) == (0, "")
    assert document["schema_version"] == 1
    assert (document["input"], document["output"], document["dtype"]) == ([3, 4], [3, 4], "uint8")
    assert (document["lowest"], document["highest"], document["range"]) == (0, 36, "clip")
    assert document["kernel"]["weights"] == [[-1, 0, 1], [-2, 0, 2], [-1, 0, 1]]
    assert (document["macs"], document["connections"]) == (9 * 12, 9 * 12)
    assert document["seconds"] > 0
    assert run(f"filter {step} --kernel median --get connections").out == "108\n"
    assert run(f"filter {step} --kernel median --get macs").out == "null\n"


def test_it_says_what_was_done(run, step):
    out = run(f"filter {step} --kernel sobel-x -o {step.with_name('out.npy')}").out
    assert "0 to 36, absolute values, then clipped" in out
    assert "Conv2d(1, 1, 3, padding=1, bias=False, padding_mode='reflect')" in out
    assert "Cross-correlation" in out
    assert "True convolution" in run(f"filter {step} --kernel sobel-x --convolve").out
    assert "anchor       row 1, column 1 (from 0) lies on the pixel" in run(f"filter {step} --kernel box --size 2").out
    assert "none: it orders pixels" in run(f"filter {step} --kernel median").out


def test_without_a_file_it_is_shown(run, step):
    for words, heading in ((f"{step} --kernel sobel-x", f"{step}, "), ("--demo --kernel laplacian", "demo, ")):
        ran = run(f"filter {words}")
        assert ran.code == 0
        picture = ran.out.partition(f"\n{heading}")[0].splitlines()
        assert max(map(len, picture)) <= 80
        assert len(picture) > 3


@pytest.mark.parametrize(
    "words", ["--kernel sobel-x", "--kernel sobel", "--kernel gaussian --s 2 --d 2", "--kernel median"]
)
def test_verify_works_pixels_out_one_by_one(run, words):
    ran = run(f"filter --demo {words} --verify --json")
    assert ran.code == 0
    verification = ran.document["verification"]
    assert verification["fits"] is True
    assert verification["largest"] <= 1
    assert verification["pixels"] == 10_000
    assert verification["values"] == 240 * 320 * 3 // (4 if "--s 2" in words else 1)


def test_verify_says_which_values_it_compared(run, step):
    assert "Verified: all 12 values were" in run(f"filter {step} --kernel box --verify").out
    assert "Verified: 10,000 of 230,400 values, a random sample, were" in run("filter --demo --kernel box --verify").out


def test_a_difference_is_told(run, step, monkeypatch):
    monkeypatch.setattr(verify, "result", lambda *given: 99)
    ran = run(f"filter {step} --kernel box --verify")
    assert ran.code == 1
    assert "DIFFERS" in ran.out


def test_the_list_and_a_kernel(run):
    names = [row["name"] for row in run("filter --list --json").document["kernels"]]
    assert {"identity", "gaussian", "sobel-x", "median"} <= {*names}
    table = run("filter --list").out
    assert all(name in table for name in names)
    for name in names:
        assert run(f"filter --kernel {name} --show").code == 0
    assert run("filter --kernel sobel-x --show --get kernel.sum").out == "0\n"
    assert run("filter --list --format csv").out.startswith("name,")


@pytest.mark.parametrize(
    ("words", "message"),
    [
        ("", "no kernel given: write one behind the picture, such as sobel-x"),
        ("sobel-x", "no picture given: name a file before sobel-x, or add --demo"),
        ("STEP box --kernel box", "box and --kernel box are two kernels: leave one out"),
        ("STEP box --demo", "exclude each other"),
        ("STEP gausian", "did you mean gaussian?"),
        ("--kernel box", "no picture given"),
        ("STEP --demo --kernel box", "exclude each other"),
        ("missing.npy --kernel box", "missing.npy"),
        ("STEP --kernel gausian", "did you mean gaussian?"),
        ("STEP --kernel '1 2; 3'", "row 2 has 1 number and row 1 has 2"),
        ("STEP --kernel 'nan'", "nan"),
        ("STEP --kernel sobel-x --sigma 2", "takes no sigma"),
        ("STEP --kernel gaussian --sigma x", "--sigma 'x' is not a number"),
        ("STEP --kernel gaussian --sigma nan", "sigma"),
        ("STEP --kernel gaussian --size 0", "--size 0 is too small"),
        ("STEP --kernel box --border mirror", "--border 'mirror' is unknown"),
        ("STEP --kernel box --size 3x3x3", "two axes"),
        ("STEP --kernel box --size 9", "use --border replicate"),
        ("STEP --kernel box --size 9 --border valid", "does not fit"),
        ("STEP --kernel box --s 0", "--s 0 is too small"),
        ("STEP --kernel box --repeat 0", "--repeat"),
        ("STEP --kernel box --range no", "--range 'no' is unknown"),
        ("STEP --kernel median --convolve", "nothing to flip"),
        ("STEP --kernel box --compare", "--compare draws a page"),
        ("STEP --kernel box --at 1,1", "add --compare"),
        ("STEP --kernel box --markdown -o a.png", "add --compare"),
        ("STEP --kernel box --compare --markdown -o -", "add --compare -o page.svg"),
        ("STEP --kernel box --compare --at 9,9 -o page.svg", "9"),
        ("STEP --kernel box --compare -o page.gif", "use .svg, .html, .png"),
        ("STEP --kernel box -o out.pgn", "did you mean .png?"),
        ("STEP --kernel box -o STEP", "add --force"),
        ("STEP --kernel box -o nowhere/out.npy", "there is no folder 'nowhere': make it first"),
        ("STEP --kernel box --get nothing -o out.npy", "nothing"),
        ("STEP --kernel box --format csv", "use table or json"),
        ("STEP --list", "takes no picture"),
        ("--list --kernel box", "exclude each other"),
        ("--demo --kernel box --show", "exclude each other"),
    ],
)
def test_bad_input_is_refused_in_one_line(run, step, words, message, monkeypatch):
    monkeypatch.chdir(step.parent)
    before = sorted(os.listdir(step.parent))
    ran = run(f"filter {words.replace('STEP', str(step))}")
    assert (ran.code, ran.out) == (2, "")
    assert ran.err.startswith("error: ")
    assert len(ran.err.splitlines()) == 1
    assert message in ran.err
    assert sorted(os.listdir(step.parent)) == before
    assert np.load(step).tolist() == STEP.tolist()


def test_what_is_refused_says_so_in_json(run, step):
    ran = run(f"filter {step} --kernel gausian --json")
    assert (ran.code, ran.out) == (2, "")
    assert "gaussian" in json.loads(ran.err)["error"]["message"]


def test_the_page_that_compares(run, step):
    for suffix, start in ((".svg", "<svg"), (".html", "<!doctype html")):
        page = step.with_name(f"page{suffix}")
        ran = run(f"filter {step} --kernel sobel-x --compare --at 1,1 -o {page}")
        assert (ran.code, ran.err) == (0, f"wrote {page}\n")
        text = page.read_text()
        assert text.lower().startswith(start)
        assert "36" in text


def test_markdown_prints_the_line_that_shows_the_page(run, step):
    page = step.with_name("page.svg")
    ran = run(f"filter {step} --kernel sobel-x --compare --markdown -o {page}")
    assert (ran.code, ran.err) == (0, f"![sobel-x 3\N{MULTIPLICATION SIGN}3, border reflect]({page})\n")


def test_a_reader_that_goes_ends_it_quietly():
    words = f"{sys.executable} -m convcalc filter --demo --kernel box | head -1"
    ran = subprocess.run(["bash", "-c", words], capture_output=True, text=True, check=False)
    assert (ran.returncode, ran.stderr) == (0, "")


def test_the_list_loads_no_numpy():
    code = (
        "import sys; sys.argv = ['convcalc', 'filter', '--list']\n"
        "from convcalc.cli import app\n"
        "app(standalone_mode=False); print('numpy' in sys.modules, file=sys.stderr)"
    )
    ran = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert ran.stderr == "False\n"


def test_an_infinity_is_json(run, tmp_path):
    """JSON has no infinity: a reader stricter than Python's refuses the word."""
    path = tmp_path / "x.npy"
    np.save(path, np.array([[np.inf, -np.inf, 0.0]] * 3))
    ran = run(f"filter {path} --kernel identity --verify --json")
    document = json.loads(ran.out, parse_constant=pytest.fail)
    assert (float(document["lowest"]), float(document["highest"])) == (-np.inf, np.inf)
    assert document["verification"]["fits"] is True


@pytest.mark.parametrize("kernel", ["sobel-x", "sobel", "median"])
def test_pictures_and_words_fit_a_terminal_of_24_lines(run, kernel, monkeypatch):
    for name, value in (("FORCE_COLOR", "1"), ("COLUMNS", "80"), ("LINES", "24")):
        monkeypatch.setenv(name, value)
    ran = run(f"filter --demo --kernel {kernel}")
    assert ran.out.count("\n") < 24  # the last is the prompt's


def test_a_file_that_is_replaced_keeps_its_permissions(run, step):
    secret = step.with_name("out.npy")
    secret.write_bytes(b"")
    secret.chmod(0o600)
    assert run(f"filter {step} --kernel box -o {secret} --force").code == 0
    assert secret.stat().st_mode & 0o777 == 0o600


def test_the_name_of_a_file_cannot_steer_the_terminal(run, tmp_path):
    path = tmp_path / "a\x1b[31m\x9bred.npy"
    np.save(path, STEP)
    ran = run("filter", str(path), "--kernel", "box")
    assert ran.code == 0
    assert "\x1b" not in ran.out
    assert "\x9b" not in ran.out
    assert json.loads(run("filter", str(path), "--kernel", "box", "--json").out)["picture"] == str(path)


def test_a_kernel_needs_no_option(run, step):
    wanted = run(f"filter {step} --kernel sobel-x --get kernel").out
    assert run(f"filter {step} sobel-x --get kernel").out == wanted
    assert "demo, sobel-x" in run("filter --demo sobel-x").out
    assert run("filter sobel-x --show").out == run("filter --kernel sobel-x --show").out


def test_without_the_extra_a_picture_is_refused_in_one_line(run, step, monkeypatch):
    monkeypatch.setitem(sys.modules, "PIL", None)
    ran = run(f"filter {step} box -o {step.with_name('out.png')}")
    assert (ran.code, ran.err) == (2, "error: .png needs the extra: pip install 'convcalc[image]'\n")
    assert run(f"filter {step} box").code == 0


def test_a_note_is_in_the_document(run, tmp_path):
    np.save(tmp_path / "x.npy", np.eye(4, dtype=bool))
    assert run(f"filter {tmp_path / 'x.npy'} box --json").document["notes"] == [
        {"kind": "assumed", "layer": None, "text": "bool read as uint8, 0 and 255"}
    ]
