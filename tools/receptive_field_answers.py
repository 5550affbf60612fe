"""Ask PyTorch what units see, and store what it says in `tests/data/torch_receptive_field.jsonl.gz`.

    pip install torch numpy && python -m tools.receptive_field_answers

Networks are random chains and graphs with one channel, all weights 1 and no biases. Each layer is given one element
after the other; those that change an output are what this output reads. So nothing can cancel between layers, as it may
in a gradient, and a max pool reads its whole window. What the last units see of the input is the product of these.

Padding with copies is asked about as padding with zeros: convcalc does not follow it to the elements that are copied.
A weight below 1e-9 is 0: where a place of an interpolation falls on an element, its neighbours do not count.

With `--compare N`, N new networks are compared with convcalc, and nothing is stored.
"""

from __future__ import annotations

import random
import re
import sys
import warnings
from importlib import import_module
from typing import Any

import numpy as np
import torch

from tools.torch_answers import Case, maybe, store

STORED = 400
LEAST = 1e-9
LARGEST = 144  # elements of a map

COPYING = re.compile("(Reflection|Replication|Circular)Pad")
COPIES = re.compile(", padding_mode='(reflect|replicate|circular)'")

Reads = Any  # of a boolean array [outputs, inputs]
Part = Any  # the text of a layer, a list of parts, or ("add" | "concat", parts, parts)


class RefusedError(Exception):
    """PyTorch does not take the network, or it grows too large."""


def network(rng: random.Random, rank: int, padded: bool) -> list[Part]:
    """A chain, of which a part may be two branches. Without ``padded`` nothing is padded before units are unequal."""
    parts: list[Part] = [uniform(rng, rank, padded) for _ in range(rng.randint(0, 2))]
    for _ in range(rng.randint(1, 4 if rank == 1 else 2)):
        if maybe(rng, 0.15):
            parts.append(branches(rng, rank))
        else:
            parts += unequal(rng, rank) if maybe(rng, 0.6) else [uniform(rng, rank, True)]
        if not padded and len(parts) and not is_unequal(parts):
            parts = [part for part in parts if "padding" not in str(part) and "Pad" not in str(part)]
    return parts or ["Upsample(scale_factor=2)"]


def is_unequal(parts: list[Part]) -> bool:
    """Whether a part is there behind which units are listed for certain."""
    return any(
        isinstance(part, str) and (part.startswith("Upsample(scale_factor=2") or "PixelShuffle" in part)
        for part in parts
    )


def branches(rng: random.Random, rank: int) -> Part:
    """Two branches that give maps of the same size: same padding, or down and up again."""

    def branch() -> list[Part]:
        size = rng.choice([1, 3, 5])
        kinds = [
            [f"Conv{rank}d(1, 1, {size}, padding={size // 2})"],
            [f"Conv{rank}d(1, 1, 3, padding=2, dilation=2)"],
            [f"MaxPool{rank}d(2)", "Upsample(scale_factor=2)"],
            [
                f"Conv{rank}d(1, 1, 2, stride=2)",
                f"ConvTranspose{rank}d(1, 1, {rng.choice([2, 4])}, stride=2, padding=PAD)",
            ],
            [f"AdaptiveAvgPool{rank}d(1)"],
        ]
        return [part.replace("PAD", "1" if "1, 4, s" in part else "0") for part in rng.choice(kinds)]

    return (rng.choice(["add", "add", "concat"]), branch(), branch())


def each(rng: random.Random, rank: int, low: int, high: int) -> Any:
    """A number, or one per axis."""
    if rank > 1 and maybe(rng, 0.4):
        return tuple(rng.randint(low, high) for _ in range(rank))
    return rng.randint(low, high)


def uniform(rng: random.Random, rank: int, padded: bool) -> str:
    """A layer that keeps uniform units uniform."""
    kind = rng.choice(["conv", "conv", "conv", "max", "avg", "pad"])
    if kind == "pad" and padded:
        sides = tuple(rng.randint(-1, 3) for _ in range(2 * rank))
        name = rng.choice(["ZeroPad", "ReflectionPad", "ReplicationPad", "CircularPad"])
        return f"{name}{rank}d({sides})"
    if kind == "max":
        padding = ", padding=1" if padded and maybe(rng, 0.4) else ""
        dilation = f", dilation={rng.randint(1, 2)}"
        return (
            f"MaxPool{rank}d({rng.randint(2, 4)}, {rng.randint(1, 3)}{padding}{dilation}, ceil_mode={maybe(rng, 0.3)})"
        )
    if kind == "avg":
        padding = ", padding=1" if padded and maybe(rng, 0.4) else ""
        ceil_mode = maybe(rng, 0.3) and (padded or rank == 1)
        return f"AvgPool{rank}d({rng.randint(2, 4)}, {rng.randint(1, 3)}{padding}, ceil_mode={ceil_mode})"
    mode = rng.choice(["zeros"] * 3 + ["reflect", "replicate", "circular"])
    padding = f", padding={each(rng, rank, 0, 3)}, padding_mode={mode!r}" if padded else ""
    return (
        f"Conv{rank}d(1, 1, {each(rng, rank, 1, 4)}, stride={each(rng, rank, 1, 3)}"
        f", dilation={each(rng, rank, 1, 3)}{padding})"
    )


def unequal(rng: random.Random, rank: int) -> list[str]:
    """Layers behind which units may differ."""
    kind = rng.choice(
        ["transposed", "transposed", "upsample", "upsample", "upsample", "adaptive", "shuffle", "unshuffle"]
    )
    if kind == "transposed":
        stride, dilation = rng.randint(1, 4), rng.choice([1, 1, 2, 3])
        extra = rng.randint(0, max(stride, dilation) - 1)
        return [
            f"ConvTranspose{rank}d(1, 1, {each(rng, rank, 1, 5)}, stride={stride}, padding={rng.randint(0, 2)}"
            f", output_padding={extra}, dilation={dilation})"
        ]
    if kind == "adaptive":
        return [f"Adaptive{rng.choice(['Avg', 'Max'])}Pool{rank}d({each(rng, rank, 1, 12 if rank == 1 else 6)})"]
    if kind == "shuffle" and rank == 2:
        factor = rng.randint(2, 3)
        return [f"Conv2d(1, {factor**2}, 1) > PixelShuffle({factor})"]
    if kind == "unshuffle" and rank == 2:
        return ["PixelUnshuffle(2) > Conv2d(4, 1, 1)"]
    mode = rng.choice(
        ["nearest", "nearest-exact", "area"] + [("linear", "bilinear")[rank - 1]] * 2 + ["bicubic"] * (rank - 1) * 2
    )
    align = f", align_corners={maybe(rng, 0.5)}" if "li" in mode or mode == "bicubic" else ""
    if maybe(rng, 0.4):
        size = each(rng, rank, 1, 60 if rank == 1 else 12)
        return [f"Upsample(size={size}, mode={mode!r}{align})"]
    times = rng.choice([2, 2, 3, 4, 0.5, 1.5, 1.1, 2.3, 0.7])
    recompute = ", recompute_scale_factor=True" if maybe(rng, 0.15) else ""
    return [f"Upsample(scale_factor={times}, mode={mode!r}{align}{recompute})"]


def text_of(parts: list[Part]) -> str:
    """The network as convcalc reads it."""
    words = []
    for part in parts:
        if isinstance(part, tuple):
            join, *sides = part
            words.append(f"Branches({', '.join(f'Sequential({text_of(side)})' for side in sides)}, join={join!r})")
            if join == "concat":
                words.append("Conv1d(2, 1, 1)" if "1d" in str(sides) else "Conv2d(2, 1, 1)")
        else:
            words.append(part.replace(" > ", ", "))
    return ", ".join(words)


def reads_of(parts: list[Part], sizes: tuple[int, ...]) -> tuple[Reads, tuple[int, ...], Reads]:
    """What each unit of the last map reads of the first, the last map's sizes, and the units that touch padding."""
    count = int(np.prod(sizes))
    reads = np.eye(count, dtype=bool)
    touches = np.zeros(count, dtype=bool)
    for part in parts:
        if isinstance(part, tuple):
            _, *sides = part
            found = [reads_of(side, sizes) for side in sides]
            shapes = {shape for _, shape, _ in found}
            if len(shapes) > 1 and (part[0] == "concat" or (1,) * len(sizes) not in shapes):
                raise RefusedError
            after = max(shapes)
            both = [
                np.broadcast_to(each.reshape(*shape, -1), (*after, each.shape[1])).reshape(-1, each.shape[1])
                for each, shape, _ in found
            ]
            own = both[0] | both[1]
            edges = [np.broadcast_to(each.reshape(shape), after).reshape(-1) for _, shape, each in found]
            touched = (own @ touches) | edges[0] | edges[1]
        else:
            own, after = layer_reads(part, sizes)
            touched = (own @ touches) | padding_touches(part, sizes, after)
        reads, sizes, touches = own @ reads, after, touched
    return reads, sizes, touches


def modules(part: str, zeros: bool = True) -> torch.nn.Module:
    """The layers of a part, with all weights 1 and copies replaced by zeros."""
    made = []
    for text in part.split(" > "):
        layer = eval(COPYING.sub("ZeroPad", COPIES.sub("", text)) if zeros else text, dict(vars(torch.nn)))
        for parameter in layer.parameters():
            torch.nn.init.constant_(parameter, 0.0 if parameter.ndim == 1 else 1.0)
        made.append(layer)
    return torch.nn.Sequential(*made).double().eval()


def layer_reads(part: str, sizes: tuple[int, ...]) -> tuple[Reads, tuple[int, ...]]:
    """Which inputs of a layer change which outputs."""
    count = int(np.prod(sizes))
    basis = torch.eye(count, dtype=torch.float64).reshape(count, 1, *sizes)
    try:
        modules(part, zeros=False)(basis[:1])  # whether it is taken as it is written
        with torch.no_grad():
            layer = modules(part)
            out = layer(basis) - layer(torch.zeros_like(basis))
    except (RuntimeError, ValueError, AssertionError) as error:
        raise RefusedError from error
    after = tuple(out.shape[2:])
    if int(np.prod(after)) > LARGEST or 0 in after or out.shape[1] != 1:
        raise RefusedError
    return (out.reshape(count, -1).abs() > LEAST).numpy().T, after


def padding_touches(part: str, sizes: tuple[int, ...], after: tuple[int, ...]) -> Reads:
    """Which outputs of a layer depend on what is beyond the ends of its input: on padding, or on taps cut off there."""
    layer = eval(part.split(" > ", maxsplit=1)[0], dict(vars(torch.nn)))
    name, rank = type(layer).__name__, len(sizes)
    along = []
    for axis, (size, places) in enumerate(zip(sizes, after, strict=True)):

        def of(setting: str, axis: int = axis) -> int:
            value = getattr(layer, setting, 0 if "padding" in setting else 1)
            return value[axis] if isinstance(value, tuple) else value

        def is_beyond(place: int) -> bool:
            if "Pad" in name:
                before = layer.padding[2 * (rank - 1 - axis)]  # noqa: B023
                return not 0 <= place - before < size  # noqa: B023
            if name.startswith("ConvTranspose"):
                offsets = [place + of("padding") - tap * of("dilation") for tap in range(of("kernel_size"))]
                return any(not 0 <= offset < (size - 1) * of("stride") + 1 for offset in offsets)  # noqa: B023
            if name.startswith(("Conv", "MaxPool", "AvgPool")):
                first = place * of("stride") - of("padding")
                return first < 0 or first + of("dilation") * (of("kernel_size") - 1) >= size  # noqa: B023
            return False

        along.append(np.array([is_beyond(place) for place in range(places)], dtype=bool))
    grid = np.zeros(after, dtype=bool)
    for axis, edge in enumerate(along):
        grid |= edge.reshape([-1 if each == axis else 1 for each in range(rank)])
    return grid.reshape(-1)


def hulls(reads: Reads, sizes: tuple[int, ...], after: tuple[int, ...]) -> list[list[Any]]:
    """For each axis what the units along it see: [first, one behind the last], or None."""
    seen = reads.reshape(*after, *sizes)
    rank, found = len(sizes), []
    for axis in range(rank):
        others = tuple(each for each in range(2 * rank) if each not in (axis, rank + axis))
        found.append([span(row) for row in seen.any(axis=others)])
    return found


def span(row: Reads) -> list[int] | None:
    """The first that is true, and the one behind the last."""
    (places,) = np.nonzero(row)
    return [int(places[0]), int(places[-1]) + 1] if len(places) else None


def case_of(rng: random.Random) -> Case:
    """A network and what its units see; another one where PyTorch refuses it."""
    while True:
        rank = rng.choice([1, 1, 1, 2])
        padded = maybe(rng, 0.5)
        sizes = tuple(rng.randint(1, 60 if rank == 1 else 11) for _ in range(rank))
        parts = network(rng, rank, padded)
        try:
            reads, after, touches = reads_of(parts, sizes)
        except RefusedError:
            continue
        return {
            "network": text_of(parts),
            "input": [1, 1, *sizes],
            "sees": hulls(reads, sizes, after),
            "beyond": [
                touches.reshape(after)
                .any(axis=tuple(each for each in range(rank) if each != axis))
                .astype(int)
                .tolist()
                for axis in range(rank)
            ],
        }


def compare(count: int, seed: int) -> None:
    """New networks beside convcalc."""
    differences = import_module("tests.layers.test_receptive_field").differences
    rng = random.Random(seed)
    wrong = 0
    for _ in range(count):
        case = case_of(rng)
        for said in differences(case):
            wrong += 1
            print(case["network"], case["input"], said)
    print(f"{count} networks, {wrong} differences")


def main() -> None:
    """Store the answers, or compare new ones."""
    warnings.simplefilter("ignore")
    torch.set_num_threads(1)
    if sys.argv[1:2] == ["--compare"]:
        compare(int(sys.argv[2]), int(sys.argv[3]) if len(sys.argv) > 3 else 1)
        return
    rng = random.Random(20260714)
    store("torch_receptive_field.jsonl.gz", [case_of(rng) for _ in range(STORED)])


if __name__ == "__main__":
    main()
