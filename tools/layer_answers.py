"""Ask PyTorch about every other layer: `tests/data/torch_layers.jsonl.gz` and `torch_layer_values.jsonl.gz`.

    pip install torch numpy && python -m tools.layer_answers

Cases are random, valid and not; an answer is that of the constructor and the forward pass together, as in
`tools.torch_answers`.
"""

from __future__ import annotations

import random
import sys
import warnings
from collections.abc import Callable
from typing import Any

import numpy as np
import torch

from tools.torch_answers import Case, answer, build, maybe, pattern, setting, store

A_LAYER = 45
VALUES_A_LAYER = 4

Settings = dict[str, Any]
Make = Callable[[random.Random], Case]


def sizes(rng: random.Random, channels: int, rank: int, most: int = 9) -> list[int]:
    """(N, C, *), now and then without N, or with an axis too few or too many, or of nothing."""
    shape = [rng.choice([0, 1, 2, 2, 2, 3]) if maybe(rng, 0.3) else 2, channels]
    shape += [rng.randint(1, most) for _ in range(rank)]
    if maybe(rng, 0.05):
        shape[rng.randrange(len(shape))] = 0
    if maybe(rng, 0.12):
        shape.pop(0)
    if maybe(rng, 0.03):
        shape.pop(0)
    if maybe(rng, 0.03):
        shape.append(3)
    if maybe(rng, 0.01):
        return []
    return shape


def case(name: str, args: list[Any], settings: Settings, shape: list[int]) -> Case:
    return {"layer": name, "args": args, "settings": settings, "input": shape}


def some(rng: random.Random, **choices: Callable[[], Any]) -> Settings:
    """Each setting now and then."""
    return {name: make() for name, make in choices.items() if maybe(rng, 0.4)}


def pool(name: str, rank: int) -> Make:
    def make(rng: random.Random) -> Case:
        choices: dict[str, Callable[[], Any]] = {
            "stride": lambda: setting(rng, rank, 1, 4),
            "ceil_mode": lambda: maybe(rng, 0.7),
        }
        if not name.startswith("LP"):
            choices["padding"] = lambda: setting(rng, rank, 0, 2)
        if name.startswith("Max"):
            choices["dilation"] = lambda: setting(rng, rank, 1, 3)
        if name.startswith("Avg"):
            choices["count_include_pad"] = lambda: maybe(rng, 0.5)
            if rank > 1:
                choices["divisor_override"] = lambda: rng.choice([1, 2, 3, -2, 0, None])
        args = [setting(rng, rank, 1, 5)]
        if name.startswith("LP"):
            args.insert(0, rng.choice([1, 2, 3, 2.0]))
        return case(name, args, some(rng, **choices), sizes(rng, rng.randint(1, 3), rank))

    return make


def adaptive(name: str, rank: int) -> Make:
    def make(rng: random.Random) -> Case:
        size = setting(rng, rank, 1, 6)
        if isinstance(size, list) and maybe(rng, 0.3) and size:
            size[rng.randrange(len(size))] = None
        return case(name, [size], {}, sizes(rng, rng.randint(1, 3), rank))

    return make


def transposed(name: str, rank: int) -> Make:
    def make(rng: random.Random) -> Case:
        groups = rng.choice([1, 1, 1, 2, 3])
        channels, maps = groups * rng.randint(1, 3), groups * rng.randint(1, 3)
        settings = some(
            rng,
            stride=lambda: setting(rng, rank, 1, 4),
            padding=lambda: setting(rng, rank, 0, 3),
            output_padding=lambda: setting(rng, rank, 0, 3),
            dilation=lambda: setting(rng, rank, 1, 3),
            bias=lambda: maybe(rng, 0.3),
            padding_mode=lambda: rng.choice(["zeros", "zeros", "zeros", "reflect"]),
        )
        if groups > 1 or maybe(rng, 0.1):
            settings["groups"] = groups if not maybe(rng, 0.1) else rng.choice([0, 5])
        if maybe(rng, 0.03):
            channels = rng.choice([0, 1])
        if maybe(rng, 0.03):
            maps = rng.choice([0, 1])
        shape = sizes(rng, channels + maybe(rng, 0.04), rank, 6)
        return case(name, [channels, maps, setting(rng, rank, 1, 4)], settings, shape)

    return make


def linear(rng: random.Random) -> Case:
    features = rng.choice([0, 1, 2, 3, 8])
    shape = [rng.randint(0, 3) for _ in range(rng.randint(0, 3))] + [features if not maybe(rng, 0.1) else 5]
    return case("Linear", [features, rng.choice([0, 1, 4, -1])], some(rng, bias=lambda: maybe(rng, 0.5)), shape)


def flatten(rng: random.Random) -> Case:
    settings = some(rng, start_dim=lambda: rng.randint(-4, 4), end_dim=lambda: rng.randint(-4, 4))
    return case("Flatten", [], settings, [rng.randint(0, 3) for _ in range(rng.randint(0, 5))])


def unflatten(rng: random.Random) -> Case:
    new = [rng.choice([1, 2, 3, 4, -1]) for _ in range(rng.randint(0, 3))]
    shape = [rng.choice([1, 2, 3, 6, 12, 24]) for _ in range(rng.randint(0, 4))]
    dim = rng.randint(-3, 3)
    if shape and maybe(rng, 0.7) and -len(shape) <= dim < len(shape):
        shape[dim] = int(np.prod([max(size, 1) for size in new], dtype=int)) * (rng.choice([1, 2]) if -1 in new else 1)
    return case("Unflatten", [dim, new], {}, shape)


def batch_norm(name: str, rank: int) -> Make:
    def make(rng: random.Random) -> Case:
        channels = rng.choice([1, 2, 3, 3, 4, 0])
        settings = some(
            rng,
            eps=lambda: rng.choice([1e-3, 0.1]),
            momentum=lambda: rng.choice([0.2, None]) if name.startswith("Batch") else 0.2,
            affine=lambda: maybe(rng, 0.5),
            bias=lambda: maybe(rng, 0.5),
            track_running_stats=lambda: maybe(rng, 0.5),
        )
        shape = sizes(rng, channels + maybe(rng, 0.08), rank, 4)
        if rank == 1 and maybe(rng, 0.3):
            shape = shape[:2]
        if maybe(rng, 0.1):
            shape[2:] = [1] * len(shape[2:])
        return case(name, [channels], settings, shape)

    return make


def group_norm(rng: random.Random) -> Case:
    groups = rng.choice([1, 2, 2, 3, 0])
    channels = (groups or 1) * rng.randint(0, 3) + maybe(rng, 0.08)
    settings = some(rng, eps=lambda: 0.1, affine=lambda: maybe(rng, 0.4), bias=lambda: maybe(rng, 0.5))
    shape = sizes(rng, channels + maybe(rng, 0.08), rng.randint(0, 3), 3)
    return case("GroupNorm", [groups, channels], settings, shape)


def layer_norm(name: str) -> Make:
    def make(rng: random.Random) -> Case:
        last: Any = [
            rng.randint(0 if maybe(rng, 0.05) else 1, 3) for _ in range(rng.randint(0 if maybe(rng, 0.05) else 1, 3))
        ]
        shape = [rng.randint(1, 3) for _ in range(rng.randint(0, 2))] + last
        if len(last) == 1 and maybe(rng, 0.5):
            last = last[0]
        if maybe(rng, 0.1) and shape:
            shape[-1] += 1
        choices: dict[str, Callable[[], Any]] = {
            "eps": lambda: 0.1,
            "elementwise_affine": lambda: maybe(rng, 0.5),
        }
        if name == "LayerNorm":
            choices["bias"] = lambda: maybe(rng, 0.5)
        return case(name, [last], some(rng, **choices), shape)

    return make


def response_norm(rng: random.Random) -> Case:
    settings = some(rng, alpha=lambda: 0.5, beta=lambda: 0.5, k=lambda: 2.0)
    return case("LocalResponseNorm", [rng.randint(0, 6)], settings, sizes(rng, rng.randint(1, 6), rng.randint(0, 3), 4))


def activation(name: str) -> Make:
    def make(rng: random.Random) -> Case:
        def number() -> float:
            return rng.choice([-1.5, -0.5, 0.0, 0.3, 1.0, 2.5, 0, 2])

        def axis() -> int | None:
            return None if maybe(rng, 0.1) else rng.randint(-4, 3)

        own: dict[str, dict[str, Callable[[], Any]]] = {
            "LeakyReLU": {"negative_slope": number},
            "RReLU": {"lower": lambda: 0.1, "upper": lambda: rng.choice([0.3, 0.05])},
            "ELU": {"alpha": number},
            "CELU": {"alpha": number},
            "GELU": {"approximate": lambda: rng.choice(["none", "tanh", "erf"])},
            "Hardshrink": {"lambd": number},
            "Softshrink": {"lambd": number},
            "Hardtanh": {"min_val": number, "max_val": number},
            "Softplus": {"beta": lambda: rng.choice([0.5, 2.0, -1.0]), "threshold": number},
            "PReLU": {"num_parameters": lambda: rng.randint(0, 4), "init": lambda: 0.5},
            "GLU": {"dim": lambda: rng.randint(-3, 3)},
            **{name: {"dim": axis} for name in ("Softmax", "LogSoftmax", "Softmin")},
        }
        choices = own.get(name, {})
        if "Drop" in name:
            choices = {"p": lambda: rng.choice([0, 0.1, 1, 1.5, -0.1])}
        args = [number(), number()] if name == "Threshold" else []
        shape = sizes(rng, rng.randint(1, 4), rng.randint(0, 3), 4)
        return case(name, args, some(rng, **choices), shape)

    return make


def padding(name: str, rank: int) -> Make:
    def make(rng: random.Random) -> Case:
        most = rng.choice([1, 2, 3, 5])
        sides: Any = rng.randint(-1 if maybe(rng, 0.3) else 0, most)
        if maybe(rng, 0.7):
            sides = [rng.randint(-2 if maybe(rng, 0.25) else 0, most) for _ in range(2 * rank)]
        if isinstance(sides, list) and maybe(rng, 0.04):
            sides.pop()
        args = [sides, rng.choice([0.0, 1.5, -2])] if name.startswith("Constant") else [sides]
        return case(name, args, {}, sizes(rng, rng.randint(1, 3), rank, 5))

    return make


def shuffle(name: str) -> Make:
    def make(rng: random.Random) -> Case:
        factor = rng.choice([1, 2, 2, 3, 0, -1])
        shape = sizes(rng, rng.randint(1, 3), rng.choice([2, 2, 2, 1, 3]), 3)
        squared = max(factor, 1) ** 2
        if maybe(rng, 0.85) and len(shape) > 2:
            if name == "PixelShuffle":
                shape[-3] *= squared
            elif name == "PixelUnshuffle":
                shape[-1] *= max(factor, 1)
                shape[-2] *= max(factor, 1)
            else:
                shape[1] *= max(factor, 1)
        return case(name, [factor], {}, shape)

    return make


def patch_settings(rng: random.Random) -> Settings:
    return some(
        rng,
        dilation=lambda: setting(rng, 2, 1, 2),
        padding=lambda: setting(rng, 2, 0, 2),
        stride=lambda: setting(rng, 2, 1, 3),
    )


def unfold(rng: random.Random) -> Case:
    return case("Unfold", [setting(rng, 2, 1, 3)], patch_settings(rng), sizes(rng, rng.randint(1, 3), 2, 6))


def fold(rng: random.Random) -> Case:
    size, kernel, settings = setting(rng, 2, 2, 6), setting(rng, 2, 1, 3), patch_settings(rng)
    places, rows = rng.randint(1, 9), rng.randint(1, 9)
    try:
        unfolded = torch.nn.Unfold(kernel, **settings)(
            torch.zeros(1, rng.randint(1, 2), *([size] * 2 if isinstance(size, int) else size))
        )
        if maybe(rng, 0.9):
            rows, places = unfolded.shape[1], unfolded.shape[2]
    except Exception:  # then PyTorch refuses the fold too, or the sizes are as drawn
        pass
    shape = [rng.choice([1, 2, 2, 0]), rows, places]
    if maybe(rng, 0.2):
        shape.pop(0)
    return case("Fold", [size, kernel], settings, shape)


def upsample(name: str) -> Make:
    def make(rng: random.Random) -> Case:
        rank = rng.choice([1, 2, 2, 3]) if name == "Upsample" else 2
        settings: Settings = {}
        if maybe(rng, 0.5):
            settings["size"] = setting(rng, rank, 1, 9)
        if "size" not in settings or maybe(rng, 0.05):
            factors = [0.5, 1, 1.5, 2, 2.0, 3, 2.7, 0]
            one = rng.choice(factors)
            settings["scale_factor"] = one if maybe(rng, 0.6) else [rng.choice(factors) for _ in range(rank)]
        if name == "Upsample" and maybe(rng, 0.7):
            modes = ["nearest", "nearest-exact", "area", "linear", "bilinear", "bicubic", "trilinear"]
            fitting = {1: "linear", 2: "bilinear", 3: "trilinear"}[rank]
            settings["mode"] = rng.choice([*modes, fitting, fitting, fitting])
            if maybe(rng, 0.3):
                settings["align_corners"] = maybe(rng, 0.5)
        if name == "Upsample" and maybe(rng, 0.1):
            settings["recompute_scale_factor"] = maybe(rng, 0.5)
        return case(name, [], settings, sizes(rng, rng.randint(1, 2), rank, 5))

    return make


def lazy(name: str, rank: int) -> Make:
    def make(rng: random.Random) -> Case:
        if name == "LazyLinear":
            made = linear(rng)
            return case(name, made["args"][1:], made["settings"], made["input"])
        base = {"LazyConvT": transposed, "LazyBatch": batch_norm, "LazyInsta": batch_norm}.get(name[:9])
        if base is None:
            from tools.torch_answers import conv_case

            made = conv_case(rng)
            while made["layer"] != name[4:]:
                made = conv_case(rng)
        else:
            made = base(name[4:], rank)(rng)
        return case(name, made["args"][1:], made["settings"], made["input"])

    return make


def makers() -> dict[str, Make]:
    found: dict[str, Make] = {
        "Linear": linear,
        "Flatten": flatten,
        "Unflatten": unflatten,
        "GroupNorm": group_norm,
        "LayerNorm": layer_norm("LayerNorm"),
        "RMSNorm": layer_norm("RMSNorm"),
        "LocalResponseNorm": response_norm,
        "Unfold": unfold,
        "Fold": fold,
        "LazyLinear": lazy("LazyLinear", 0),
    }
    for rank in (1, 2, 3):
        for name in ("MaxPool", "AvgPool", "LPPool"):
            found[f"{name}{rank}d"] = pool(f"{name}{rank}d", rank)
        for name in ("AdaptiveAvgPool", "AdaptiveMaxPool"):
            found[f"{name}{rank}d"] = adaptive(f"{name}{rank}d", rank)
        for name in ("BatchNorm", "InstanceNorm"):
            found[f"{name}{rank}d"] = batch_norm(f"{name}{rank}d", rank)
        for name in ("ZeroPad", "ConstantPad", "ReflectionPad", "ReplicationPad", "CircularPad"):
            found[f"{name}{rank}d"] = padding(f"{name}{rank}d", rank)
        for name in ("LazyConv", "LazyConvTranspose", "LazyBatchNorm", "LazyInstanceNorm"):
            found[f"{name}{rank}d"] = lazy(f"{name}{rank}d", rank)
        found[f"ConvTranspose{rank}d"] = transposed(f"ConvTranspose{rank}d", rank)
    for name in ("PixelShuffle", "PixelUnshuffle", "ChannelShuffle"):
        found[name] = shuffle(name)
    for name in ("Upsample", "UpsamplingNearest2d", "UpsamplingBilinear2d"):
        found[name] = upsample(name)
    for name in (
        *("CELU", "ELU", "GELU", "GLU", "Hardshrink", "Hardsigmoid", "Hardswish", "Hardtanh", "LeakyReLU"),
        *("LogSigmoid", "LogSoftmax", "Mish", "PReLU", "RReLU", "ReLU", "ReLU6", "SELU", "SiLU", "Sigmoid", "Softmax"),
        *("Softmax2d", "Softmin", "Softplus", "Softshrink", "Softsign", "Tanh", "Tanhshrink", "Threshold"),
        *("AlphaDropout", "Dropout", "Dropout1d", "Dropout2d", "Dropout3d", "FeatureAlphaDropout", "Identity"),
    ):
        found[name] = activation(name)
    return found


def values(made: Case) -> Case:
    """The case with the numbers that come out for patterned input, parameters and buffers."""
    torch.manual_seed(0)
    layer = build(made)
    x = torch.from_numpy(pattern(tuple(made["input"]), 0)).double() / 4
    with torch.no_grad():
        layer(x)  # a Lazy layer learns its channels
        for salt, (name, tensor) in enumerate(layer.state_dict().items()):
            numbers = pattern(tuple(tensor.shape), salt + 1) / 4
            if tensor.is_floating_point():
                tensor.copy_(torch.from_numpy(np.abs(numbers) + 0.5 if name == "running_var" else numbers))
        output = layer(x)
    names = list(layer.state_dict())
    return {**made, "output": list(output.shape), "arrays": names, "values": output.numpy().ravel().tolist()}


def value_cases(rng: random.Random, make: Make) -> list[Case]:
    cases: list[Case] = []
    for _ in range(400):
        made = make(rng)
        asked = answer(made)
        if made["layer"].startswith("Circular") and min(np.ravel(made["args"][0])) < 0:
            continue  # where one side is cut, PyTorch may give numbers that were never written
        if "refusal" not in asked and 0 < np.prod(asked["output"], dtype=int) <= 150:
            cases.append(values(made))
        if len(cases) == VALUES_A_LAYER:
            break
    return cases


def main() -> None:
    warnings.simplefilter("ignore")
    rng = random.Random(20260303)
    found = makers()
    cases = [answer(make(rng)) for make in found.values() for _ in range(A_LAYER)]
    store("torch_layers.jsonl.gz", cases)
    numbers = [made for make in found.values() for made in value_cases(rng, make)]
    store("torch_layer_values.jsonl.gz", numbers)
    refused = sum("refusal" in made for made in cases)
    print(
        f"PyTorch {torch.__version__}: {len(cases)} cases, {refused} refused; {len(numbers)} with values",
        file=sys.stderr,
    )


if __name__ == "__main__":
    main()
