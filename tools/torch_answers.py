"""Ask PyTorch, and keep what it answers: `tests/data/torch_conv.jsonl.gz` and `torch_values.jsonl.gz`.

    pip install torch numpy && python tools/torch_answers.py

Every answer is that of the constructor and the forward pass together, in eval mode, on the CPU, in float64. The tests
read the stored answers; they need no PyTorch.
"""

from __future__ import annotations

import gzip
import json
import random
import warnings
from pathlib import Path
from typing import Any

import numpy as np
import torch

DATA = Path(__file__).parent.parent / "tests" / "data"
SHAPES = 3000
VALUES = 200

Case = dict[str, Any]


def pattern(shape: tuple[int, ...], salt: int) -> np.ndarray:
    """Small integers that look random, made alike here and in the tests, so that no array need be stored."""
    return (np.arange(np.prod(shape, dtype=int)) * (7919 + 2 * salt) // 13 % 11 - 5).reshape(shape)


def maybe(rng: random.Random, chance: float) -> bool:
    return rng.random() < chance


def setting(rng: random.Random, rank: int, low: int, high: int) -> Any:
    """An int, a tuple an axis, and now and then what PyTorch may refuse."""
    if maybe(rng, 0.015):
        return rng.choice([0, -1, -2])
    if maybe(rng, 0.02):
        return [rng.randint(low, high)]
    if maybe(rng, 0.01):
        return [rng.randint(low, high) for _ in range(rank + 1)]
    if maybe(rng, 0.35):
        return [rng.randint(low, high) for _ in range(rank)]
    return rng.randint(low, high)


def conv_case(rng: random.Random) -> Case:
    rank = rng.choice([1, 2, 2, 2, 3])
    groups = rng.choice([1, 1, 1, 2, 3, 4])
    in_channels = groups * rng.randint(1, 3)
    out_channels = groups * rng.randint(1, 3)
    if maybe(rng, 0.05):
        in_channels += 1
    if maybe(rng, 0.05):
        out_channels += 1
    if maybe(rng, 0.02):
        in_channels = 0
    if maybe(rng, 0.015):
        out_channels = 0
    if maybe(rng, 0.01):
        groups = rng.choice([0, -1])
    settings: dict[str, Any] = {}
    if maybe(rng, 0.6):
        settings["stride"] = setting(rng, rank, 1, 4)
    if maybe(rng, 0.75):
        settings["padding"] = setting(rng, rank, 0, 4)
        if maybe(rng, 0.2):
            settings["padding"] = rng.choice(["same", "same", "valid", "full"])
            if maybe(rng, 0.8):
                settings.pop("stride", None)
    if maybe(rng, 0.35):
        settings["dilation"] = setting(rng, rank, 1, 3)
    if groups != 1 or maybe(rng, 0.1):
        settings["groups"] = groups
    if maybe(rng, 0.3):
        settings["bias"] = maybe(rng, 0.4)
    if maybe(rng, 0.4):
        settings["padding_mode"] = rng.choice(["zeros", "reflect", "replicate", "circular"] * 4 + ["constant"])
    channels = in_channels if not maybe(rng, 0.02) else in_channels + 1
    shape = [rng.choice([0, 1, 2, 2, 3]), channels, *(rng.randint(1, 9) for _ in range(rank))]
    if maybe(rng, 0.015):
        shape[-1] = 0
    if maybe(rng, 0.1):
        shape.pop(0)
    if maybe(rng, 0.01):
        shape.pop(0)
    if maybe(rng, 0.01):
        shape.append(3)
    kernel_size = setting(rng, rank, 1, 4)
    return {
        "layer": f"Conv{rank}d",
        "args": [in_channels, out_channels, kernel_size],
        "settings": settings,
        "input": shape,
    }


def build(case: Case) -> torch.nn.Module:
    def tuples(value: Any) -> Any:
        return tuple(value) if isinstance(value, list) else value

    kind = getattr(torch.nn, case["layer"])
    layer = kind(*map(tuples, case["args"]), **{name: tuples(value) for name, value in case["settings"].items()})
    return layer.double().eval()


def answer(case: Case) -> Case:
    """The case with PyTorch's output shape and parameters, or with its refusal."""
    try:
        with torch.no_grad():
            layer = build(case)
            output = layer(torch.zeros(case["input"], dtype=torch.float64))
    except Exception as error:  # whatever PyTorch raises is a refusal
        return {**case, "refusal": str(error).split("\n")[0][:100]}
    parameters = sum(parameter.numel() for parameter in layer.parameters())
    return {**case, "output": list(output.shape), "parameters": parameters}


def values(case: Case) -> Case:
    """The case with the numbers that come out for patterned input and weights: whole ones, so exact in float64."""
    layer = build(case)
    with torch.no_grad():
        for salt, parameter in enumerate(layer.parameters()):
            parameter.copy_(torch.from_numpy(pattern(tuple(parameter.shape), salt + 1)))
        output = layer(torch.from_numpy(pattern(tuple(case["input"]), 0)).double())
    numbers = output.numpy().round().astype(int)
    assert (numbers == output.numpy()).all()
    return {**case, "output": list(output.shape), "values": numbers.ravel().tolist()}


def value_cases(rng: random.Random) -> list[Case]:
    """Small cases that PyTorch accepts, every padding mode and rank among them in turn."""
    cases: list[Case] = []
    while len(cases) < VALUES:
        wanted = ["zeros", "reflect", "replicate", "circular"][len(cases) % 4], f"Conv{len(cases) // 4 % 3 + 1}d"
        case = answer(conv_case(rng))
        if (case["settings"].get("padding_mode", "zeros"), case["layer"]) != wanted or "refusal" in case:
            continue
        if 0 < np.prod(case["output"]) <= 200:
            cases.append(values({key: case[key] for key in ("layer", "args", "settings", "input")}))
    return cases


def store(name: str, cases: list[Case]) -> None:
    text = "".join(json.dumps(case, separators=(",", ":")) + "\n" for case in cases)
    DATA.mkdir(exist_ok=True)
    (DATA / name).write_bytes(gzip.compress(text.encode(), mtime=0))


def main() -> None:
    warnings.simplefilter("ignore")
    rng = random.Random(20260101)
    cases = [answer(conv_case(rng)) for _ in range(SHAPES)]
    store("torch_conv.jsonl.gz", cases)
    store("torch_values.jsonl.gz", value_cases(rng))
    refused = sum("refusal" in case for case in cases)
    print(f"PyTorch {torch.__version__}: {len(cases)} cases, {refused} refused; {VALUES} with values")


if __name__ == "__main__":
    main()
