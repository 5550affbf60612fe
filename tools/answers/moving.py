"""What the generators of layers that move elements share: odd settings, and the storing of both kinds of answers."""

from __future__ import annotations

import random
import warnings
from collections.abc import Callable
from math import prod
from typing import Any

import torch

from tools.torch_answers import Case, answer, build, maybe, pattern, store

SHAPES = 800
VALUES = 60
MOST_VALUES = 200  # of one case

ODD = [1.5, "2", None, [], [1.5], [0], 0, -1]  # what PyTorch may refuse


def lengths(rng: random.Random, rank: int, batches: int = 3) -> list[int]:
    """Sizes of an input of batch, channels and ``rank`` axes; seldom of another rank, or with a size of 0."""
    sizes = [rng.choice([0, *range(1, batches + 1)]), rng.randint(1, 4), *(rng.randint(1, 7) for _ in range(rank))]
    if maybe(rng, 0.06):
        sizes[rng.randrange(len(sizes))] = 0
    if maybe(rng, 0.2):
        sizes.pop(0)
    if maybe(rng, 0.05):
        sizes.pop(0)
    if maybe(rng, 0.03):
        sizes.insert(0, rng.randint(1, 3))
    if maybe(rng, 0.01):
        sizes = sizes[:1]
    return sizes


def odd(rng: random.Random, value: Any, chance: float = 0.02) -> Any:
    """The value, or seldom something PyTorch may refuse."""
    return rng.choice(ODD) if maybe(rng, chance) else value


def values(case: Case) -> Case:
    """The case with the numbers that come out for patterned input and weights."""
    layer = build(case)
    with torch.no_grad():
        for salt, parameter in enumerate(layer.parameters()):
            parameter.copy_(torch.from_numpy(pattern(tuple(parameter.shape), salt + 1)))
        output = layer(torch.from_numpy(pattern(tuple(case["input"]), 0)).double())
    numbers = [int(number) if number == int(number) else number for number in output.numpy().ravel().tolist()]
    return {**case, "output": list(output.shape), "values": numbers}


def run(family: str, case: Callable[[random.Random], Case], has_values: Callable[[Case], bool]) -> None:
    """Store the family's answers, and the values of small cases, as many of each kind of layer."""
    warnings.simplefilter("ignore")
    rng = random.Random(20260101)
    cases = [answer(case(rng)) for _ in range(SHAPES)]
    store(f"torch_{family}.jsonl.gz", cases)

    def small(given: Case) -> bool:
        return "refusal" not in given and 0 < prod(given["output"]) <= MOST_VALUES and has_values(given)

    used = {_kind(given): 0 for given in cases if small(given)}
    kept: list[Case] = []
    while len(kept) < VALUES:
        made = case(rng)
        if used.get(_kind(made)) == min(used.values()) and small(answer(made)):
            used[_kind(made)] += 1
            kept.append(values(made))
    store(f"torch_{family}_values.jsonl.gz", kept)
    refused = sum("refusal" in case for case in cases)
    print(f"PyTorch {torch.__version__}: {family}, {len(cases)} cases, {refused} refused; {len(kept)} with values")


def _kind(case: Case) -> str:
    return f"{case['layer']} {case['settings'].get('mode')}"
