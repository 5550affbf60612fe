"""Ask PyTorch about transposed convolutions: `python -m tools.answers.transposed`, with torch installed."""

from __future__ import annotations

import random
from typing import Any

from tools.answers.moving import lengths, odd, run
from tools.torch_answers import Case, maybe, setting


def case(rng: random.Random) -> Case:
    """A transposed convolution, its settings mostly legal, and an input."""
    rank = rng.choice([1, 2, 2, 3])
    groups = rng.choice([1, 1, 1, 2, 3])
    channels = [groups * rng.randint(1, 3), groups * rng.randint(1, 3)]
    for side, chance in ((0, 0.03), (1, 0.03)):
        if maybe(rng, chance):
            channels[side] += 1
        if maybe(rng, chance):
            channels[side] = rng.choice([0, 0, -1])
    settings: dict[str, Any] = {}
    for name, chance, low, high in (
        ("stride", 0.7, 1, 4),
        ("padding", 0.6, 0, 3),
        ("output_padding", 0.4, 0, 2),
        ("dilation", 0.4, 1, 3),
    ):
        if maybe(rng, chance):
            settings[name] = odd(rng, setting(rng, rank, low, high), 0.01)
    if groups != 1 or maybe(rng, 0.05):
        settings["groups"] = groups if not maybe(rng, 0.03) else rng.choice([0, -1, 1.0])
    if maybe(rng, 0.3):
        settings["bias"] = maybe(rng, 0.4)
    if maybe(rng, 0.05):
        settings["padding_mode"] = rng.choice(["zeros", "reflect", "constant"])
    shape = lengths(rng, rank)
    if len(shape) > rank and maybe(rng, 0.97):
        shape[-1 - rank] = channels[0]
    kernel_size = odd(rng, setting(rng, rank, 1, 4))
    return {"layer": f"ConvTranspose{rank}d", "args": [*channels, kernel_size], "settings": settings, "input": shape}


if __name__ == "__main__":
    run("transposed", case, lambda case: True)
