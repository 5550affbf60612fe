"""Ask PyTorch about pooling: `tests/data/torch_pool.jsonl.gz` and `torch_pool_values.jsonl.gz`.

pip install torch numpy && python -m tools.answers.pool
"""

from __future__ import annotations

import random
import warnings
from math import isfinite
from typing import Any

import numpy as np
import torch

from tools.torch_answers import Case, answer, build, maybe, pattern, setting, store

SHAPES = 1500
VALUES = 120
KINDS = ("MaxPool", "AvgPool", "LPPool", "AdaptiveAvgPool", "AdaptiveMaxPool")


def cases(rng: random.Random) -> Case:
    """A pool of any kind and rank and an input, now and then with what PyTorch may refuse."""
    rank, kind = rng.choice([1, 2, 2, 3]), rng.choice(KINDS)
    layer = f"{kind}{rank}d"
    if kind.startswith("Adaptive"):
        return {"layer": layer, "args": [bins(rng, rank)], "settings": {}, "input": sizes(rng, rank)}
    kernel_size = setting(rng, rank, 1, 5)
    args = [kernel_size]
    settings: dict[str, Any] = {}
    if kind == "LPPool":
        args = [norm_type(rng), kernel_size]
    if maybe(rng, 0.6):
        settings["stride"] = rng.choice([None, None, []]) if maybe(rng, 0.1) else setting(rng, rank, 1, 4)
    if kind != "LPPool" and maybe(rng, 0.6):
        settings["padding"] = setting(rng, rank, 0, 2)
    if kind == "MaxPool":
        if maybe(rng, 0.4):
            settings["dilation"] = setting(rng, rank, 1, 3)
        if maybe(rng, 0.02):
            settings["return_indices"] = False
    if maybe(rng, 0.5):
        settings["ceil_mode"] = maybe(rng, 0.9)
    if kind == "AvgPool":
        if maybe(rng, 0.4):
            settings["count_include_pad"] = maybe(rng, 0.2)
        if rank > 1 and maybe(rng, 0.25):
            settings["divisor_override"] = rng.choice([None, 1, 2, 3, 7, -2, -1, 0])
        if rank == 1 and maybe(rng, 0.02):
            settings["divisor_override"] = 3
    return {"layer": layer, "args": args, "settings": settings, "input": sizes(rng, rank)}


def bins(rng: random.Random, rank: int) -> Any:
    """An output size: an int, a tuple an axis that may keep an axis by None, and now and then a wrong one."""
    if maybe(rng, 0.03):
        return rng.choice([None, [None] * rank, -1, [0] * rank, [1]])
    if maybe(rng, 0.3):
        return [rng.choice([None, 0, 1, 1, 2, 3, 4]) for _ in range(rank)]
    return setting(rng, rank, rng.choice([0, 1, 1]), rng.choice([1, 6]))


def norm_type(rng: random.Random) -> float:
    """A power, whole or not, now and then one that has no root."""
    return rng.choice([1, 1, 2, 2, 2, 3, 4, 1.5, 2.5, 0.5, 0.5, 2.0, -1, -2, 0, 0.0])


def sizes(rng: random.Random, rank: int) -> list[int]:
    """The shape of an input, with a batch or without, now and then of a wrong rank or with a size of 0."""
    shape = [rng.choice([0, 1, 2, 2, 3]), rng.choice([1, 1, 2, 3]), *(rng.randint(1, 9) for _ in range(rank))]
    if maybe(rng, 0.04):
        shape[rng.randrange(1, len(shape))] = 0
    if maybe(rng, 0.15):
        shape.pop(0)
    if maybe(rng, 0.02):
        shape.pop(0)
    if maybe(rng, 0.02):
        shape.append(rng.randint(0, 3))
    if maybe(rng, 0.005):
        shape = shape[: rng.randrange(len(shape))]
    return shape


def values(case: Case) -> Case:
    """The case with the numbers that come out for a patterned input; what is not finite as a text."""
    with torch.no_grad():
        output = build(case)(torch.from_numpy(pattern(tuple(case["input"]), 0)).double())
    numbers = [number if isfinite(number) else repr(number) for number in output.ravel().tolist()]
    return {**case, "output": list(output.shape), "values": numbers}


def value_cases(rng: random.Random) -> list[Case]:
    """Small cases that PyTorch accepts, every layer among them in turn."""
    found: list[Case] = []
    wanted = [f"{kind}{rank}d" for kind in KINDS for rank in (1, 2, 3)]
    while len(found) < VALUES:
        case = answer(cases(rng))
        if case["layer"] == wanted[len(found) % len(wanted)] and 0 < np.prod(case.get("output", [0])) <= 100:
            found.append(values({key: case[key] for key in ("layer", "args", "settings", "input")}))
    return found


def main() -> None:
    warnings.simplefilter("ignore")
    rng = random.Random(20260102)
    answers = [answer(cases(rng)) for _ in range(SHAPES)]
    store("torch_pool.jsonl.gz", answers)
    store("torch_pool_values.jsonl.gz", value_cases(rng))
    refused = sum("refusal" in case for case in answers)
    print(f"PyTorch {torch.__version__}: {len(answers)} cases, {refused} refused; {VALUES} with values")


if __name__ == "__main__":
    main()
