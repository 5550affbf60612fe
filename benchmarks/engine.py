"""How fast `engine.execute` runs convolutions: beside PyTorch, ONNX Runtime and a plain im2col; runs interleaved.

    python benchmarks/engine.py [--only SUBSTRING] [--runs N] [--markdown] [--no-peers]
    python benchmarks/engine.py --networks [--only SUBSTRING] [--runs N] [--markdown]

Layers: float32 in NCHW with a bias, two threads for everyone; a row a shape, then the geometric means and the bars.
Ratios are the other's time over ours: above 1, ours is faster. "extra" is the memory beside the output that a first
call takes at its peak, as tracemalloc sees it. An error is the greatest one against float64, over the greatest output.
"disturbed" is the share of the cores that other processes took; a row with more than 5 % is tried again, twice at most.

Networks: a whole `convcalc net NAME --verify` beside a fresh process that imports PyTorch and runs one forward. Of ours
the whole process is timed; of theirs only the import and the forward.

Install convcalc first; torch, torchvision, onnxruntime with onnx, and threadpoolctl are used where they are installed.
"""
# ruff: noqa: E402 - the environment is set before NumPy and its BLAS are loaded

from __future__ import annotations

import os

THREADS = 2
for _variable in [name for name in os.environ if name.startswith(("OPENBLAS_", "OMP_", "MKL_"))]:
    del os.environ[_variable]
os.environ["CONVCALC_THREADS"] = str(THREADS)
if (os.cpu_count() or 1) > THREADS:  # else BLAS takes as many by itself
    os.environ.update(OPENBLAS_NUM_THREADS=str(THREADS), MKL_NUM_THREADS=str(THREADS))

import argparse
import platform
import subprocess
import sys
import time
import tracemalloc
from collections.abc import Callable, Iterable, Sequence
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass
from importlib import metadata
from importlib.util import find_spec
from math import ceil, prod
from pathlib import Path
from statistics import geometric_mean, median
from typing import Any

import numpy as np
from numpy.lib.stride_tricks import sliding_window_view

from convcalc import Conv2d, engine
from convcalc.ops.sliding import Array

Call = Callable[[], Any]

MIB = 2**20
PATCHES_LIMIT = 2048 * MIB  # a plain im2col that would take more is left out
SAMPLE = 0.002  # seconds that one sample takes at least
WARM = 0.02  # seconds of calls before each sample, untimed: with fewer, threads may still share one core
LONG = 0.1  # seconds from which a call needs none
DISTURBED, TRIES = 0.05, 3  # the share of the cores that others may take before a row is tried again; tries at most
STAT = Path("/proc/stat")
TOLERANCE = 1e-3  # of the greatest output: an answer further off is wrong

# Cases


@dataclass(frozen=True)
class Case:
    """A layer and its input; ``special`` are those that frameworks are not made for."""

    name: str
    input: tuple[int, ...]
    layer: Conv2d
    special: bool = False

    @property
    def shape(self) -> str:
        layer = self.layer
        text = f"{'x'.join(map(str, self.input))} -> {layer.out_channels}, {'x'.join(map(str, layer.kernel_size))}"
        settings = {"s": layer.stride[0], "d": layer.dilation[0], "g": layer.groups}
        text += "".join(f" {letter}{value}" for letter, value in settings.items() if value > 1)
        return text + (f" p{layer.padding[0][0]}" if any(layer.padding[0]) else "")

    @property
    def macs(self) -> int:
        return self.input[0] * self.layer.macs(self.input)


def cases() -> list[Case]:
    return [
        Case("article", (10, 3, 28, 28), Conv2d(3, 16, 4, stride=2)),
        *lenet(),
        *alexnet(),
        *vgg16(),
        Case("ResNet-50 7x7", (1, 3, 224, 224), Conv2d(3, 64, 7, stride=2, padding=3)),
        Case("ResNet-50 1x1", (1, 256, 56, 56), Conv2d(256, 64, 1)),
        Case("ResNet-50 3x3", (1, 64, 56, 56), Conv2d(64, 64, 3, padding=1)),
        Case("ResNet-50 1x1 s2", (1, 256, 56, 56), Conv2d(256, 512, 1, stride=2)),
        Case("ResNet-50 3x3 at 7", (1, 512, 7, 7), Conv2d(512, 512, 3, padding=1)),
        Case("MobileNet dw s2", (1, 96, 112, 112), Conv2d(96, 96, 3, stride=2, padding=1, groups=96)),
        Case("MobileNet dw", (1, 576, 14, 14), Conv2d(576, 576, 3, padding=1, groups=576)),
        Case("dilated", (1, 256, 28, 28), Conv2d(256, 256, 3, padding=2, dilation=2)),
        Case("depthwise 31x31", (1, 128, 56, 56), Conv2d(128, 128, 31, padding=15, groups=128), special=True),
        *(
            Case(f"1080p {size}x{size}", (1, 1, 1080, 1920), Conv2d(1, 1, size, padding=size // 2), special=True)
            for size in (3, 15, 31)
        ),
    ]


def lenet() -> Iterable[Case]:
    for batch in (1, 10, 64):
        yield Case(f"LeNet C1 N{batch}", (batch, 1, 32, 32), Conv2d(1, 6, 5))
        yield Case(f"LeNet C3 N{batch}", (batch, 6, 14, 14), Conv2d(6, 16, 5))
        yield Case(f"LeNet C5 N{batch}", (batch, 16, 5, 5), Conv2d(16, 120, 5))


def alexnet() -> Iterable[Case]:
    """Torchvision's five."""
    yield Case("AlexNet 1", (1, 3, 224, 224), Conv2d(3, 64, 11, stride=4, padding=2))
    yield Case("AlexNet 2", (1, 64, 27, 27), Conv2d(64, 192, 5, padding=2))
    for number, (maps, out) in enumerate(((192, 384), (384, 256), (256, 256)), 3):
        yield Case(f"AlexNet {number}", (1, maps, 13, 13), Conv2d(maps, out, 3, padding=1))


def vgg16() -> Iterable[Case]:
    layers = {"1_1": (3, 224, 64), "1_2": (64, 224, 64), "3_2": (256, 56, 256), "5": (512, 14, 512)}
    for batch in (1, 10):
        for name, (maps, side, out) in layers.items():
            yield Case(f"VGG16 conv{name} N{batch}", (batch, maps, side, side), Conv2d(maps, out, 3, padding=1))


# Contestants


def contestants(case: Case, x: Array, weight: Array, bias: Array, peers: Sequence[str]) -> dict[str, Call]:
    """What is timed, by column; each gives its output."""
    layer = case.layer
    calls: dict[str, Call] = {"ours": lambda: engine.execute(layer, x, weight=weight, bias=bias)}
    if "torch" in peers:
        calls |= torch_calls(layer, x, weight, bias)
    if "ort" in peers:
        calls["ort"] = ort_call(layer, x, weight, bias)
    if patches_bytes(case) <= PATCHES_LIMIT:
        calls["im2col"] = lambda: im2col(layer, x, weight, bias)
    return calls


def torch_calls(layer: Conv2d, x: Array, weight: Array, bias: Array) -> dict[str, Call]:
    import torch

    padding = [before for before, _ in layer.padding]
    settings = (torch.from_numpy(bias), layer.stride, padding, layer.dilation, layer.groups)
    plain = torch.from_numpy(x), torch.from_numpy(weight)
    last = [tensor.to(memory_format=torch.channels_last) for tensor in plain]
    conv2d = torch.nn.functional.conv2d
    return {"torch": lambda: conv2d(*plain, *settings), "channels_last": lambda: conv2d(*last, *settings)}


def ort_call(layer: Conv2d, x: Array, weight: Array, bias: Array) -> Call:
    """A session with the weights as initializers, so that it may lay them out as it likes before it is timed."""
    import onnxruntime
    from onnx import TensorProto, helper, numpy_helper

    (top, bottom), (left, right) = layer.padding
    settings = {"strides": layer.stride, "dilations": layer.dilation, "pads": [top, left, bottom, right]}
    node = helper.make_node("Conv", ["x", "weight", "bias"], ["y"], group=layer.groups, **settings)
    ends = [
        helper.make_tensor_value_info(name, TensorProto.FLOAT, shape)
        for name, shape in (("x", x.shape), ("y", layer.output_shape(x.shape)))
    ]
    constants = [numpy_helper.from_array(weight, "weight"), numpy_helper.from_array(bias, "bias")]
    graph = helper.make_graph([node], "layer", ends[:1], ends[1:], constants)
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=8)
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads, options.inter_op_num_threads = THREADS, 1
    # Its workers spin, as they do by default: so it is fastest, and `settle` keeps them from disturbing the others.
    session = onnxruntime.InferenceSession(model.SerializeToString(), options, providers=["CPUExecutionProvider"])
    return lambda: session.run(None, {"x": x})[0]


def im2col(layer: Conv2d, x: Array, weight: Array, bias: Array) -> Array:
    """All patches beside each other, then one product a group: what is commonly written."""
    windows = patches(layer, np.pad(x, ((0, 0), (0, 0), *layer.padding)))
    maps, out = layer.in_channels // layer.groups, layer.out_channels // layer.groups
    groups = [
        np.tensordot(weight[out * number :][:out], windows[:, maps * number :][:, :maps], ([1, 2, 3], [1, 4, 5]))
        for number in range(layer.groups)
    ]
    sums = groups[0] if layer.groups == 1 else np.concatenate(groups)
    return np.ascontiguousarray((sums + bias[:, None, None, None]).swapaxes(0, 1))


def patches(layer: Conv2d, padded: Array) -> Array:
    """A view: (N, C, *places, *kernel)."""
    (down, right), (spread_down, spread_right) = layer.stride, layer.dilation
    sizes = [spread * (size - 1) + 1 for size, spread in zip(layer.kernel_size, layer.dilation, strict=True)]
    windows: Array = sliding_window_view(padded, sizes, axis=(2, 3))
    return windows[:, :, ::down, ::right, ::spread_down, ::spread_right]


def patches_bytes(case: Case) -> int:
    batch, _, *places = case.layer.output_shape(case.input)
    return 4 * batch * case.layer.in_channels * prod(places) * prod(case.layer.kernel_size)


def exact(layer: Conv2d, x: Array, weight: Array, bias: Array) -> Array:
    """The oracle, in float64: the input shifted by each tap, times the weights of that tap, added up."""
    padded = np.pad(x.astype(np.float64), ((0, 0), (0, 0), *layer.padding))
    groups, (down, right), spread = layer.groups, layer.stride, layer.dilation
    rows, columns = (
        (size - distance * (taps - 1) - 1) // step + 1
        for size, taps, step, distance in zip(padded.shape[2:], layer.kernel_size, layer.stride, spread, strict=True)
    )
    maps, out = len(weight) // groups, np.zeros((len(x), groups, len(weight) // groups, rows * columns))
    for row, column in np.ndindex(*layer.kernel_size):
        tap = weight[:, :, row, column].astype(np.float64).reshape(groups, maps, -1)
        shifted = padded[:, :, row * spread[0] :: down, column * spread[1] :: right][:, :, :rows, :columns]
        for example, sums in zip(shifted, out, strict=True):
            sums[:] += tap @ example.reshape(groups, -1, rows * columns)
    return out.reshape(len(x), len(weight), rows, columns) + bias[:, None, None]


# Measuring


@dataclass(frozen=True)
class Row:
    """What was measured of a case: median seconds and errors by contestant, our extra bytes, and the disturbance."""

    case: Case
    algorithm: str
    seconds: dict[str, float]
    errors: dict[str, float]
    extra: int
    disturbed: float

    def ratio(self, name: str) -> float | None:
        return self.seconds[name] / self.seconds["ours"] if name in self.seconds else None


def measure(case: Case, runs: int, peers: Sequence[str]) -> Row:
    rng = np.random.default_rng(0)
    x = engine.random_array(case.input, rng)
    weights = engine.random_weights(case.layer, rng)
    calls = contestants(case, x, weights["weight"], weights["bias"], peers)
    extra = extra_bytes(calls["ours"])
    errors = check(calls, exact(case.layer, x, weights["weight"], weights["bias"]))
    seconds, disturbed = calm_medians(calls, runs)
    return Row(case, str(engine.choose(case.layer, x.shape)), seconds, errors, extra, disturbed)


def extra_bytes(call: Call) -> int:
    """The first call's peak beside its output: what it keeps for later calls is in it."""
    tracemalloc.start()
    out = call()
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    return peak - int(out.nbytes)


def check(calls: dict[str, Call], true: Array) -> dict[str, float]:
    """Each contestant's error; one whose answer is wrong ends the benchmark."""
    greatest = np.abs(true).max()
    errors = {}
    for name, call in calls.items():
        answer = np.asarray(call())
        if answer.shape != true.shape:
            sys.exit(f"{name} gives the shape {answer.shape}, not {true.shape}")
        errors[name] = float(np.abs(answer - true).max() / greatest)
        if not errors[name] <= TOLERANCE:
            sys.exit(f"{name} is wrong: its error is {errors[name]:.1e} of the greatest output")
    return errors


def calm_medians(calls: dict[str, Call], runs: int) -> tuple[dict[str, float], float]:
    """Median seconds, and the share of the cores that other processes took: where it is large, tried again."""
    tries: list[tuple[float, dict[str, float]]] = []
    while not tries or (tries[-1][0] > DISTURBED and len(tries) < TRIES):
        share = disturbance()
        found = medians(calls, runs)
        tries.append((share(), found))
    least, found = min(tries, key=lambda taken: taken[0])
    return found, least


def disturbance() -> Callable[[], float]:
    """What gives the share of the cores that other processes have taken since."""
    started, before = time.perf_counter(), others_seconds()

    def share() -> float:
        seconds = (time.perf_counter() - started) * (os.cpu_count() or 1)
        return max(0.0, others_seconds() - before) / seconds

    return share


def others_seconds() -> float:
    """The processors' seconds that all but this process and its children took; 0 where the system does not say."""
    if not STAT.exists():
        return 0
    user, nice, system, _, _, interrupts, soft, stolen = map(int, STAT.read_text().splitlines()[0].split()[1:9])
    ticks = user + nice + system + interrupts + soft + stolen
    return ticks / os.sysconf("SC_CLK_TCK") - sum(os.times()[:4])


def medians(calls: dict[str, Call], runs: int) -> dict[str, float]:
    """Round robin; the first round warms up."""
    about = {name: quickest(call) for name, call in calls.items()}
    samples: dict[str, list[float]] = {name: [] for name in calls}
    for _ in range(runs + 1):
        for name, call in calls.items():
            samples[name].append(sample(call, about[name]))
    return {name: median(taken[1:]) for name, taken in samples.items()}


def quickest(call: Call) -> float:
    settle()
    return min(timed(call, 1) for _ in range(3))


def sample(call: Call, about: float) -> float:
    """One call's seconds, after some that wake its threads, spread them over the cores and fill the caches."""
    settle()
    until = time.perf_counter() + (WARM if about < LONG else 0)
    while time.perf_counter() < until:
        call()
    repeats = ceil(SAMPLE / about)
    return timed(call, repeats) / repeats


def timed(call: Call, repeats: int) -> float:
    started = time.perf_counter()
    for _ in range(repeats):
        call()
    return time.perf_counter() - started


def settle(slice_seconds: float = 0.012, most: int = 30) -> None:
    """Sleep until no thread of this process is busy.

    The workers of all contestants spin after a call, in wait of the next: PyTorch's for some milliseconds, ONNX
    Runtime's for tens, BLAS's for a hundred. In a program of their own that serves them; here they would take a core
    from the next contestant. A slice is longer than some ticks, as the time of a thread that runs is known by ticks.
    """
    for _ in range(most):
        before = time.process_time()
        time.sleep(slice_seconds)
        if time.process_time() - before < slice_seconds / 10:
            return


# What is printed


class Table:
    """Printed row by row, as text or as Markdown; the first columns are words, the others numbers."""

    def __init__(self, titles: dict[str, int], words: int, markdown: bool) -> None:
        self._widths, self._words, self._markdown = list(titles.values()), words, markdown
        self.row(list(titles))
        if markdown:
            self.row(["---" if number < words else "--:" for number in range(len(titles))])

    def row(self, cells: Sequence[str]) -> None:
        if self._markdown:
            line = f"| {' | '.join(cells)} |"
        else:
            line = "  ".join(
                cell.ljust(width) if number < self._words else cell.rjust(width)
                for number, (cell, width) in enumerate(zip(cells, self._widths, strict=True))
            )
        print(line.rstrip(), flush=True)


def say(line: str, markdown: bool) -> None:
    print(f"- {line}" if markdown else line, flush=True)


def machine(packages: Iterable[str]) -> Iterable[str]:
    yield f"CPU: {cpu()}, {os.cpu_count()} cores; {THREADS} threads for everyone"
    yield from blas()
    versions = [f"{package} {version(package)}" for package in packages if find_spec(package)]
    yield ", ".join([f"Python {platform.python_version()}", *versions])
    missing = [package for package in packages if not find_spec(package)]
    if missing:
        yield f"not installed: {', '.join(missing)}"


def version(package: str) -> str:
    try:
        return metadata.version(package)
    except metadata.PackageNotFoundError:  # the same import from another distribution
        return "of an unknown version"


def cpu() -> str:
    path = Path("/proc/cpuinfo")
    lines = path.read_text().splitlines() if path.exists() else []
    models = [line.partition(":")[2].strip() for line in lines if line.startswith("model name")]
    return models[0] if models else platform.processor() or platform.machine()


def blas() -> Iterable[str]:
    if not find_spec("threadpoolctl"):
        yield "NumPy's BLAS: unknown, as threadpoolctl is not installed"
        return
    from threadpoolctl import threadpool_info

    for pool in threadpool_info():
        if pool["user_api"] == "blas":
            kernel = pool.get("architecture", "unknown")
            yield f"BLAS: {pool['internal_api']} {pool['version']}, {kernel} kernels, {pool['num_threads']} threads"


def milliseconds(seconds: float) -> str:
    return f"{1000 * seconds:.{3 if seconds < 0.01 else 1}f}"


def percent(share: float) -> str:
    return f"{share:.0%}" if STAT.exists() else "-"


def factor(value: float | None) -> str:
    return "-" if value is None else f"{value:.2f}"


# Layers


def compare_layers(chosen: Sequence[Case], runs: int, peers: Sequence[str], markdown: bool) -> None:
    others = [*(["torch", "channels_last"] if "torch" in peers else []), *(["ort"] if "ort" in peers else []), "im2col"]
    print()
    table = Table(titles(others), words=3, markdown=markdown)
    rows = []
    with inference(peers):
        engine.execute(Conv2d(1, 1, 1, bias=False), np.ones((1, 1, 1, 1)), weight=np.ones((1, 1, 1, 1)))  # loads all
        for case in chosen:
            rows.append(measure(case, runs, peers))
            table.row(cells(rows[-1], others))
    print()
    for line in [*summary(rows, others), *bars(rows)]:
        say(line, markdown)


def inference(peers: Sequence[str]) -> AbstractContextManager[Any]:
    if "torch" not in peers:
        return nullcontext()
    import torch

    torch.set_num_threads(THREADS)
    mode: AbstractContextManager[Any] = torch.inference_mode()
    return mode


def titles(others: Sequence[str]) -> dict[str, int]:
    """Each column's title and width."""
    found = {"layer": 20, "shape": 37, "algorithm": 10}
    found |= {f"{name} ms": max(9, len(name) + 3) for name in ("ours", *others)} | {"GFLOP/s": 7}
    found |= {f"{name}/ours": len(name) + 5 for name in others} | {"extra MiB": 9, "error": 7}
    found |= {"torch error": 11} if "torch" in others else {}
    return found | {"disturbed": 9}


def cells(row: Row, others: Sequence[str]) -> list[str]:
    times = [milliseconds(row.seconds[name]) if name in row.seconds else "-" for name in ("ours", *others)]
    speed = f"{2 * row.case.macs / row.seconds['ours'] / 1e9:.1f}"
    ratios = [factor(row.ratio(name)) for name in others]
    errors = [f"{row.errors[name]:.1e}" for name in ("ours", "torch") if name in row.errors]
    known = [f"{row.extra / MIB:.2f}", *errors, percent(row.disturbed)]
    return [row.case.name, row.case.shape, row.algorithm, *times, speed, *ratios, *known]


def mean(rows: Iterable[Row], name: str) -> float | None:
    """The geometric mean of a ratio, over the rows that have it."""
    ratios = [ratio for row in rows if (ratio := row.ratio(name)) is not None]
    return geometric_mean(ratios) if ratios else None


def summary(rows: Sequence[Row], others: Sequence[str]) -> Iterable[str]:
    common = [row for row in rows if not row.case.special]
    for label, some in (("all rows", rows), ("without the 31x31 depthwise and 1080p", common)):
        means = ", ".join(f"{name}/ours {factor(mean(some, name))}" for name in others)
        yield f"geometric means, {label} ({len(some)}): {means}"
    if any("im2col" not in row.seconds for row in rows):
        yield f"im2col is left out where its patches would take more than {PATCHES_LIMIT // MIB} MiB"
    disturbed = sum(row.disturbed > DISTURBED for row in rows)
    if disturbed:
        yield f"other processes disturbed {disturbed} of {len(rows)} rows: these and the means prove nothing"
    measured = [(ratio, row.case.name) for row in rows if (ratio := row.ratio("torch")) is not None]
    if measured:
        lowest, name = min(measured)
        yield f"lowest torch/ours: {factor(lowest)}, {name}"


def bars(rows: Sequence[Row]) -> Iterable[str]:
    common = [row for row in rows if not row.case.special]
    ratios = [ratio for row in rows if (ratio := row.ratio("torch")) is not None]
    yield bar("geometric mean of torch/ours, all rows", mean(rows, "torch"), 1.75)
    yield bar("geometric mean of ort/ours, all rows", mean(rows, "ort"), 1.0)
    yield bar("geometric mean of torch/ours, without the 31x31 depthwise and 1080p", mean(common, "torch"), 1.25)
    yield bar("lowest torch/ours", min(ratios, default=None), 0.5)


def bar(label: str, value: float | None, least: float) -> str:
    verdict = "not measured" if value is None else f"{factor(value)}, {'met' if value >= least else 'NOT met'}"
    return f"{label}: at least {least:g}: {verdict}"


# Networks

NETWORKS = ("alexnet", "vgg16", "resnet18", "resnet50", "mobilenet_v2")
FORWARD = f"""
import sys, time
started = time.perf_counter()
import torch, torchvision
imported = time.perf_counter() - started
torch.set_num_threads({THREADS})
model = getattr(torchvision.models, sys.argv[1])(weights=None).eval()
x = torch.rand(1, 3, 224, 224)
with torch.inference_mode():
    started = time.perf_counter()
    model(x)
    print(imported, time.perf_counter() - started)
"""
IMPORT = "import time; started = time.perf_counter(); import torch; print(time.perf_counter() - started, 0)"


def compare_networks(names: Sequence[str], runs: int, peers: Sequence[str], markdown: bool) -> None:
    """Interleaved, medians; the first round fills the caches."""
    script = (FORWARD if find_spec("torchvision") else IMPORT) if "torch" in peers else None
    if script == IMPORT:
        say("torchvision is not installed: theirs is the import of torch, without a forward", markdown)
    print()
    columns = {"network": 14, "ours s": 8, "import s": 8, "forward s": 9, "theirs/ours": 11, "disturbed": 9, "bar": 7}
    table = Table(columns, words=1, markdown=markdown)
    for name in names:
        share = disturbance()
        rounds = [(our_seconds(name), *(their_seconds(script, name) if script else ())) for _ in range(runs + 1)]
        ours, *theirs = (median(taken) for taken in zip(*rounds[1:], strict=True))
        seconds = [f"{value:.3f}" for value in (ours, *theirs)]
        ratio = sum(theirs) / ours
        judged = [factor(ratio), percent(share()), "met" if ratio >= 1 else "NOT met"]
        table.row([name, *seconds, *judged] if theirs else [name, *seconds, "-", "-", "-", percent(share()), "-"])


def our_seconds(name: str) -> float:
    options = [name, "--verify", "--memory-limit", "4GiB", "--json"]
    started = time.perf_counter()
    output([sys.executable, "-m", "convcalc", "net", *options])
    return time.perf_counter() - started


def their_seconds(script: str, name: str) -> tuple[float, float]:
    imported, forward = map(float, output([sys.executable, "-c", script, name]).split())
    return imported, forward


def output(command: Sequence[str]) -> str:
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode:
        sys.exit(f"{' '.join(command[1:])} failed:\n{done.stderr or done.stdout}")
    return done.stdout


def parse() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--only", metavar="SUBSTRING", default="", help="rows whose name or shape has it, in any case")
    parser.add_argument("--runs", metavar="N", type=int, help="rounds [default: 11; with --networks 3]")
    parser.add_argument("--markdown", action="store_true", help="for the documentation")
    parser.add_argument("--no-peers", action="store_true", help="without PyTorch and ONNX Runtime")
    parser.add_argument("--networks", action="store_true", help="whole networks, whole processes")
    return parser.parse_args()


def installed(packages: dict[str, Sequence[str]]) -> list[str]:
    return [peer for peer, needed in packages.items() if all(map(find_spec, needed))]


def main() -> None:
    options = parse()
    wanted: dict[str, Sequence[str]] = {"torch": ["torch"]}
    if not options.networks:
        wanted["ort"] = ["onnxruntime", "onnx"]
    if options.no_peers:
        wanted = {}
    packages = [package for needed in wanted.values() for package in needed]
    if options.networks and wanted:
        packages.append("torchvision")
    runs = options.runs or (3 if options.networks else 11)
    for line in machine(["numpy", *packages]):
        say(line, options.markdown)
    say(f"{runs} interleaved runs, medians", options.markdown)
    only = options.only.lower()
    names = [name for name in NETWORKS if only in name]
    chosen = [case for case in cases() if only in f"{case.name} {case.shape}".lower()]
    if not (names if options.networks else chosen):
        sys.exit(f"no row has {options.only!r} in it")
    if options.networks:
        compare_networks(names, runs, installed(wanted), options.markdown)
    else:
        compare_layers(chosen, runs, installed(wanted), options.markdown)


if __name__ == "__main__":
    main()
