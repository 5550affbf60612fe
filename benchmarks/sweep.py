"""How fast `arrays.conv` is on a million convolutions: beside the scalar layers and PyTorch's meta device.

    python benchmarks/sweep.py [RUNS] [CONFIGURATIONS]

Every setting is random, so nothing is shared: a size, kernel, stride, padding and dilation of each axis, the channels
and groups. "Square" has one array for both axes, no groups, and one input size, as most sweeps do. Of what goes one
configuration at a time 2,000 are timed, and scaled. Runs are interleaved. Times include `arrays.conv` itself, which
checks and copies what it is given, but not the making of the settings; the bar holds of the fastest run, and the other
figures are medians.

At the end: a million combinations on the command line with a condition that leaves ten, as a multiple of the answer for
one convolution.

Install convcalc first; PyTorch is used where it is installed.
"""
# ruff: noqa: E402 - the environment is set before NumPy and its BLAS are loaded

from __future__ import annotations

import os

for _variable in [name for name in os.environ if name.startswith(("OPENBLAS_", "OMP_", "MKL_"))]:
    del os.environ[_variable]

import shlex
import subprocess
import sys
import time
from collections.abc import Callable
from importlib.util import find_spec
from statistics import median
from typing import Any

import numpy as np

from convcalc import arrays, trace
from convcalc.arrays import ConvSweep

SAMPLE = 2_000
BAR = 0.1  # seconds for a million
FOUR = ("output", "parameters", "macs", "connections")
Sweep = Callable[[], ConvSweep]


def random_settings(count: int) -> dict[str, Any]:
    """Every configuration fits, so that one at a time costs no refusals."""
    random = np.random.default_rng(0)

    def numbers(least: int, most: int) -> Any:
        return random.integers(least, most, count, endpoint=True)

    groups = 2 ** numbers(0, 3)
    return {
        "sizes": (numbers(24, 300), numbers(24, 300)),
        "kernel_size": (numbers(1, 7), numbers(1, 7)),
        "stride": (numbers(1, 4), numbers(1, 4)),
        "padding": (numbers(0, 3), numbers(0, 3)),
        "dilation": (numbers(1, 3), numbers(1, 3)),
        "in_channels": groups * numbers(1, 64),
        "out_channels": groups * numbers(1, 64),
        "groups": groups,
    }


def square_settings(every: dict[str, Any]) -> dict[str, Any]:
    same = {name: every[name][0] for name in ("kernel_size", "stride", "padding", "dilation")}
    return same | {"sizes": (224, 224), "in_channels": 3, "out_channels": every["out_channels"]}


def contestants(count: int) -> dict[str, tuple[Callable[[], object], int]]:
    """What is timed, and how many configurations it does."""
    every = random_settings(count)
    square = square_settings(every)

    def asking(settings: dict[str, Any], *figures: str) -> tuple[Callable[[], object], int]:
        def ask() -> None:
            found = arrays.conv(**settings)
            for figure in figures:
                getattr(found, figure)

        return ask, count

    found = arrays.conv(**every)
    layers = [(found.layer(index), found.input_shape(index)) for index in range(min(SAMPLE, count))]
    listed = {
        "output": asking(every, "output"),
        "output, square": asking(square, "output"),
        "four figures": asking(every, *FOUR),
        "four figures, square": asking(square, *FOUR),
        "four figures and macs_exact": asking(every, *FOUR, "macs_exact"),
        "convcalc.trace, one at a time": (lambda: [trace(*layer) for layer in layers], len(layers)),
    }
    if find_spec("torch"):
        listed["PyTorch on meta, one at a time"] = (on_meta(layers), len(layers))
    return listed


def on_meta(layers: list[Any]) -> Callable[[], object]:
    """The output's shape and the number of parameters; PyTorch counts nothing else here."""
    import torch

    def settings(layer: Any) -> dict[str, Any]:
        names = ("kernel_size", "stride", "dilation", "groups")
        return {name: getattr(layer, name) for name in names} | {"padding": tuple(side for side, _ in layer.padding)}

    given = [(layer.in_channels, layer.out_channels, settings(layer), shape) for layer, shape in layers]

    def ask() -> None:
        with torch.no_grad():
            for in_channels, out_channels, named, shape in given:
                module = torch.nn.Conv2d(in_channels, out_channels, **named, device="meta")
                module(torch.empty(shape, device="meta")).shape  # noqa: B018 - it is what is asked for
                sum(parameter.numel() for parameter in module.parameters())

    return ask


ONE = "shape 1 3 28 28 --k 3 --out 8 --json"
MILLION = (
    "shape 1 64 56..65 56..65 --k 1..10 --s 1..10 --p 0..9 --d 1..10 --out 64"
    " --where 'output.2 == 28 and output.3 == 28 and kernel_size == 3 and padding == 0 and dilation < 4' --limit 10"
)
MOST = 40  # times the answer for one


def command(line: str) -> Callable[[], object]:
    return lambda: subprocess.run(
        [sys.executable, "-m", "convcalc", *shlex.split(line)], capture_output=True, check=True
    )


def seconds(call: Callable[[], object]) -> float:
    started = time.perf_counter()
    call()
    return time.perf_counter() - started


def main() -> None:
    runs = int(sys.argv[1]) if len(sys.argv) > 1 else 9
    count = int(sys.argv[2]) if len(sys.argv) > 2 else 1_000_000
    listed = contestants(count)
    each: dict[str, list[float]] = {name: [] for name in listed}
    for _ in range(runs + 1):  # the first warms the caches
        for name, (call, configurations) in listed.items():
            each[name].append(1e9 * seconds(call) / configurations)
    medians = {name: median(measured[1:]) for name, measured in each.items()}
    fastest = {name: min(measured[1:]) for name, measured in each.items()}
    base = medians["four figures"]
    print(f"{count:,} Conv2d, {runs} interleaved runs; ns a configuration, and in multiples of the four figures")
    print(f"{'':32} {'median':>10} {'fastest':>10} {'ratio':>9}")
    for name, measured in medians.items():
        print(f"{name:32} {measured:10.1f} {fastest[name]:10.1f} {measured / base:9.2f}")
    if not find_spec("torch"):
        print("PyTorch is not installed: its meta device is left out")
    print(f"four figures: {', '.join(FOUR)}")
    for name in ("four figures", "four figures, square"):
        holds = "holds" if fastest[name] < 1e9 * BAR / 1e6 else "does not hold"
        print(f"a million in under a tenth of a second, {name}: {holds} ({fastest[name] / 1000:.3f} s at best)")
    one, million = ([seconds(command(line)) for _ in range(runs)] for line in (ONE, MILLION))
    print(f"a million combinations with --where: {median(million) / median(one):.1f} x shape --json (at most {MOST})")


if __name__ == "__main__":
    main()
