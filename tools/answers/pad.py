"""Ask PyTorch about padding layers: `python -m tools.answers.pad`, with torch installed."""

from __future__ import annotations

import random

from tools.answers.moving import lengths, odd, run
from tools.torch_answers import Case, maybe


def case(rng: random.Random) -> Case:
    """A padding layer whose sides mostly fit, and an input."""
    rank = rng.choice([1, 2, 2, 3])
    kind = rng.choice(["ZeroPad", "ConstantPad", "ReflectionPad", "ReplicationPad", "CircularPad"])
    shape = lengths(rng, rank)
    wide = rng.choice([2, 3, 5])
    padding = odd(rng, rng.randint(-wide // 2, wide), 0.03)
    if maybe(rng, 0.7):
        padding = [rng.randint(-wide if maybe(rng, 0.3) else 0, wide) for _ in range(2 * rank)]
        if maybe(rng, 0.03):
            padding = padding[: rng.choice([1, 2, 2 * rank - 1])]
        if maybe(rng, 0.02):
            padding.append(1)
        if maybe(rng, 0.02):
            padding[0] = rng.choice([1.5, 1.0, "1"])
    args = [padding, rng.choice([0, 1, -2, 0.5, 3.25])] if kind == "ConstantPad" else [padding]
    return {"layer": f"{kind}{rank}d", "args": args, "settings": {}, "input": shape}


def defined(case: Case) -> bool:
    """Whether PyTorch's values are: circular padding by more than the other side leaves reads what is not written."""
    sides = case["args"][0]
    if not case["layer"].startswith("Circular") or not isinstance(sides, list):
        return True
    pairs = zip(sides[::2], sides[1::2], case["input"][::-1], strict=False)
    return all(max(before, after) <= size + min(before, after, 0) for before, after, size in pairs)


if __name__ == "__main__":
    run("pad", case, defined)
