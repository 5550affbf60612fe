"""Ask PyTorch about layers that move elements: `python -m tools.answers.reshape`, with torch installed."""

from __future__ import annotations

import random
from typing import Any

from tools.answers.moving import lengths, odd, run
from tools.torch_answers import Case, maybe, setting


def patches(rng: random.Random) -> dict[str, Any]:
    """The settings that Unfold and Fold share, behind the kernel."""
    settings = {}
    for name, low, high in (("dilation", 1, 2), ("padding", 0, 2), ("stride", 1, 3)):
        if maybe(rng, 0.4):
            settings[name] = odd(rng, setting(rng, 2, low, high), 0.02)
    return settings


def unflatten(rng: random.Random) -> Case:
    shape = [rng.choice([0, 1, 2, 3, 4, 6, 8, 12]) for _ in range(rng.randint(0, 4))]
    dim: Any = rng.randint(-len(shape) - 1, len(shape))
    sizes: list[Any] = [rng.choice([1, 1, 2, 2, 3]) for _ in range(rng.randint(0 if maybe(rng, 0.1) else 1, 3))]
    if sizes and maybe(rng, 0.5):
        sizes[rng.randrange(len(sizes))] = -1
    elif -len(shape) <= dim < len(shape) and maybe(rng, 0.7):
        product = 1
        for size in sizes:
            product *= size
        shape[dim] = product
    if sizes and maybe(rng, 0.08):
        sizes[rng.randrange(len(sizes))] = rng.choice([0, -1, -2, 1.5])
    unflattened: Any = rng.choice([4, "4", None]) if maybe(rng, 0.02) else sizes
    if maybe(rng, 0.02):
        dim = rng.choice([1.0, "1", None])
    return {"layer": "Unflatten", "args": [dim, unflattened], "settings": {}, "input": shape}


def shuffle(rng: random.Random) -> Case:
    kind = rng.choice(["PixelShuffle", "PixelUnshuffle", "ChannelShuffle"])
    factor = rng.choice([1, 2, 2, 3])
    shape = lengths(rng, rng.choice([1, 2, 2, 2, 3]))
    if maybe(rng, 0.75):
        for axis in range(-min(3, len(shape)), 0):
            shape[axis] *= factor * factor
        if kind == "ChannelShuffle" and len(shape) > 1:
            shape[1] *= factor
    return {"layer": kind, "args": [odd(rng, factor, 0.05)], "settings": {}, "input": shape}


def unfold(rng: random.Random) -> Case:
    kernel_size = odd(rng, setting(rng, 2, 1, 3))
    return {"layer": "Unfold", "args": [kernel_size], "settings": patches(rng), "input": lengths(rng, 2)}


def fold(rng: random.Random) -> Case:
    output = [rng.randint(1, 7), rng.randint(1, 7)]
    kernel_size, settings = odd(rng, setting(rng, 2, 1, 3)), patches(rng)
    pair = [kernel_size] * 2 if isinstance(kernel_size, int) else kernel_size
    places, elements = 1, 1
    try:
        for axis in range(2):
            padding, dilation, stride = (
                value if isinstance(value := settings.get(name, default), int) else value[axis]
                for name, default in (("padding", 0), ("dilation", 1), ("stride", 1))
            )
            places *= (output[axis] + 2 * padding - dilation * (pair[axis] - 1) - 1) // stride + 1
            elements *= pair[axis]
    except (TypeError, IndexError, ZeroDivisionError):
        pass
    if not isinstance(places, int) or not isinstance(elements, int):
        places = elements = 4
    shape = [rng.choice([0, 1, 2, 3]), rng.randint(1, 3) * max(0, elements), max(0, places)]
    if maybe(rng, 0.1):
        shape[rng.randrange(3)] += rng.choice([1, 2])
    if maybe(rng, 0.04):
        shape[rng.randrange(3)] = 0
    if maybe(rng, 0.3):
        shape.pop(0)
    if maybe(rng, 0.03):
        shape.pop(0)
    if maybe(rng, 0.02):
        shape.insert(0, 1)
    size: Any = odd(rng, output[0] if output[0] == output[1] and maybe(rng, 0.5) else output)
    return {"layer": "Fold", "args": [size, kernel_size], "settings": settings, "input": shape}


def case(rng: random.Random) -> Case:
    """One of them."""
    return rng.choice([unflatten, shuffle, unfold, fold])(rng)


if __name__ == "__main__":
    run("reshape", case, lambda case: True)
