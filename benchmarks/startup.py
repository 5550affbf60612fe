"""How long an answer takes from the prompt, as multiples of Python's own start, runs interleaved.

    python benchmarks/startup.py [RUNS]

Install convcalc normally (not editable) first. Typer's own import is the floor of every row below it. Where PyTorch is
installed, its answer to the same question stands beside.
"""

from __future__ import annotations

import importlib.util
import os
import shutil
import statistics
import subprocess
import sys
import time

TORCH = "import torch; print(torch.nn.Conv2d(3, 16, 4, 2)(torch.zeros(10, 3, 28, 28)).shape)"
EXAMPLE = ["shape", "10", "3", "28", "28", "--k", "4", "--s", "2", "--out", "16"]
DRAW = ["draw", "1", "1", "5", "5", "--k", "3", "--s", "2", "--p", "1"]


def commands() -> dict[str, tuple[list[str], float | None]]:
    """Each command, and how many times Python's start it may take at most."""
    convcalc = shutil.which("convcalc", path=os.path.dirname(sys.executable)) or shutil.which("convcalc")
    if convcalc is None:
        sys.exit("convcalc is not installed: pip install .")
    listed: dict[str, tuple[list[str], float | None]] = {
        "python -c pass": ([sys.executable, "-c", "pass"], None),
        "import typer": ([sys.executable, "-c", "import typer"], None),
        "shape ... --json": ([convcalc, *EXAMPLE, "--json"], 5),
        "--help": ([convcalc, "--help"], 5),
        "shape --help": ([convcalc, "shape", "--help"], 5),
        "a usage error": ([convcalc, "shape", "--bogus"], 5),
        "a value completed": ([convcalc], 5),
        "shape ... (Rich table)": ([convcalc, *EXAMPLE], 8),
        "lenet (Rich table)": ([convcalc, "lenet"], 8),
        "draw ... (SVG)": ([convcalc, *DRAW, "-o", "-"], 6),
        "draw --look iso (SVG)": ([convcalc, *DRAW, "--look", "iso", "-o", "-"], 6),
        "draw --layer ... (SVG)": ([convcalc, "draw", "1", "1", "7", "7", "--layer", "MaxPool2d(3, 2)", "-o", "-"], 6),
        "net resnet50 --json": ([convcalc, "net", "resnet50", "--json"], 9),
        "net densenet121 --json": ([convcalc, "net", "densenet121", "--json"], 13),
        "draw lenet5 (SVG)": ([convcalc, "draw", "lenet5", "-o", "-"], None),
        "solve 28 13": ([convcalc, "solve", "28", "13"], None),
        "lenet --verify": ([convcalc, "lenet", "--verify"], None),
    }
    if importlib.util.find_spec("torch"):
        listed["the same from PyTorch"] = ([sys.executable, "-c", TORCH], None)
    return listed


COMPLETED = {
    "_CONVCALC_COMPLETE": "complete_bash",
    "COMP_WORDS": "convcalc net lenet5 --columns name,rec",
    "COMP_CWORD": "4",
}


def seconds(command: list[str], name: str) -> float:
    environment = {name: value for name, value in os.environ.items() if name != "FORCE_COLOR"}
    environment |= {"FORCE_COLOR": "1"} if "Rich" in name else COMPLETED if "completed" in name else {}
    started = time.perf_counter()
    subprocess.run(command, capture_output=True, env=environment, check=False)
    return time.perf_counter() - started


def main() -> None:
    runs = int(sys.argv[1]) if len(sys.argv) > 1 else 21
    listed = commands()
    times: dict[str, list[float]] = {name: [] for name in listed}
    for _ in range(runs + 1):  # the first warms the caches
        for name, (command, _) in listed.items():
            times[name].append(seconds(command, name))
    medians = {name: statistics.median(measured[1:]) for name, measured in times.items()}
    base = medians["python -c pass"]
    print(f"{runs} interleaved runs, medians; python -c pass took {1000 * base:.1f} ms here")
    for name, (_, most) in listed.items():
        bar = f"(at most {most:g})" if most else ""
        print(f"{name:30} {medians[name] / base:6.2f} x {bar}".rstrip())


if __name__ == "__main__":
    main()
