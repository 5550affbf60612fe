"""Ask PyTorch about upsampling: `python -m tools.answers.resample`, with torch installed."""

from __future__ import annotations

import random
from typing import Any

import torch

from tools.answers.moving import lengths, odd, run
from tools.torch_answers import Case, build, maybe, store

MODES = {"nearest": 0, "nearest-exact": 0, "area": 0, "linear": 1, "bilinear": 2, "bicubic": 2, "trilinear": 3}
NEAREST = 150  # of each mode
FACTORS = [1, 2, 2, 3, 4, 0.5, 1.5, 2.5, 2.3, 0.3, 1.1, 0.7, 1 / 3]


def case(rng: random.Random) -> Case:
    """An upsampling whose mode mostly fits the input's rank."""
    mode = rng.choice(list(MODES))
    layer = rng.choice(["Upsample"] * 6 + ["UpsamplingNearest2d", "UpsamplingBilinear2d"])
    rank = MODES[mode] if layer == "Upsample" else 2
    rank = rng.choice([1, 2, 3]) if rank == 0 or maybe(rng, 0.03) else rank
    settings: dict[str, Any] = {}
    if maybe(rng, 0.45):
        settings["size"] = [rng.randint(1, 9) for _ in range(rank)] if maybe(rng, 0.6) else rng.randint(1, 9)
        if maybe(rng, 0.04):
            settings["size"] = rng.choice([0, -1, [2], [2, 2], [2, 0], 2.0, 1.5, "3", [1.5, 2], []])
    if maybe(rng, 0.52 if not settings else 0.03):
        one = rng.choice(FACTORS)
        settings["scale_factor"] = [rng.choice(FACTORS) for _ in range(rank)] if maybe(rng, 0.5) else one
        if maybe(rng, 0.06):
            settings["scale_factor"] = rng.choice([0, -1, -0.5, [2], [2, 2], [2, 0], [], "2", "x", [1, "a"], 0.01])
    if not settings and maybe(rng, 0.9):
        settings["scale_factor"] = rng.choice(FACTORS)
    if layer == "Upsample":
        settings["mode"] = mode if not maybe(rng, 0.02) else rng.choice(["lanczos", "cubic", "Nearest", "", None])
        if maybe(rng, 0.4 if MODES[mode] else 0.04):
            settings["align_corners"] = rng.choice([True, False, None])
        if maybe(rng, 0.25):
            settings["recompute_scale_factor"] = rng.choice([True, True, False, None])
    shape = lengths(rng, rank, batches=2)
    if len(shape) == rank + 1 and maybe(rng, 0.7):
        shape.insert(0, 1)
    return {
        "layer": layer,
        "args": [],
        "settings": {k: odd(rng, v, 0.005) for k, v in settings.items()},
        "input": shape,
    }


def nearest_case(rng: random.Random, mode: str) -> Case:
    """The elements that are read along each axis; some pictures become more than 128 rows and columns together."""
    rank = rng.choice([1, 2, 2, 3])
    sizes = [rng.randint(1, 9 if rank == 3 else 45) for _ in range(rank)]
    tenths = [rng.randint(3, 49) / 10 for _ in range(rank)]
    near = rng.choice([tenths, tenths, [1.005] * rank, [2.005] * rank])
    settings: dict[str, Any] = {"scale_factor": near, "mode": mode}
    if maybe(rng, 0.2):
        settings = {"size": [max(1, int(size * one)) for size, one in zip(sizes, near, strict=True)], "mode": mode}
    elif maybe(rng, 0.2):
        settings["recompute_scale_factor"] = True
    case = {"layer": "Upsample", "args": [], "settings": settings, "input": [1, 1, *sizes]}
    try:
        layer, read = build(case), []
        for axis, size in enumerate(sizes):
            along = torch.arange(size, dtype=torch.float64).reshape(-1, *[1] * (rank - 1 - axis))
            output = layer(along.expand(1, 1, *sizes).contiguous()).movedim(2 + axis, 0)
            read.append(output.reshape(len(output), -1)[:, 0].int().tolist())
    except RuntimeError:  # nothing is left
        return nearest_case(rng, mode)
    return {**case, "read": read}


if __name__ == "__main__":
    run("resample", case, lambda case: True)
    rng = random.Random(20260101)
    modes = ["nearest", "nearest-exact"] * NEAREST
    store("torch_nearest.jsonl.gz", [nearest_case(rng, mode) for mode in modes])
