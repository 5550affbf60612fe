"""Ask PyTorch what training keeps of a forward pass: `tests/data/torch_training.jsonl.gz` and `zoo_training.csv`.

    pip install torch torchvision && python -m tools.answers.training

Measured is what autograd saves in ``train()``, on the CPU, of an input that needs a gradient itself, with every
``inplace`` set to False. Each storage counts once and whole; parameters and buffers are left out.
"""

from __future__ import annotations

import csv
import json
import random
import sys
import warnings
from collections import Counter

import torch
from torch import nn

from tools.answers.networks import NETWORKS, build
from tools.layer_answers import makers
from tools.torch_answers import DATA, Case, answer, conv_case, store

ZOO = ("alexnet", "vgg11_bn", "googlenet", "resnet18", "resnet50", "squeezenet1_1", "densenet121", "mobilenet_v2")
PER_LAYER = 24
ATTEMPTS = 400
DTYPES = ("float32", "float32", "float64")


class Subsampling2d(nn.Module):  # type: ignore[misc]
    """LeCun's subsampling, as a model would do it: the sum of each window, times a factor, plus a bias."""

    def __init__(self, channels: int, kernel_size: int) -> None:
        super().__init__()
        self.pool = nn.AvgPool2d(kernel_size, divisor_override=1)
        self.weight, self.bias = (nn.Parameter(torch.ones(channels, 1, 1)) for _ in range(2))

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return self.pool(x) * self.weight + self.bias


class ScaledTanh(nn.Module):  # type: ignore[misc]
    """LeCun's squashing function."""

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return 1.7159 * torch.tanh(2 / 3 * x)


class RBF(nn.Module):  # type: ignore[misc]
    """LeCun's output units: the squared distances to fixed codes."""

    def __init__(self, in_features: int, out_features: int) -> None:
        super().__init__()
        self.register_buffer("weight", torch.ones(out_features, in_features))

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return ((x.unsqueeze(-2) - self.weight) ** 2).sum(-1)


LECUN = {kind.__name__: kind for kind in (Subsampling2d, ScaledTanh, RBF)}

# What single layers do not show: joins, outputs that several layers need, what PyTorch has no layer for.
NETWORK_CASES = [
    ("Branches(ReLU(), Sigmoid(), join='add')", [2, 3, 5, 5]),
    ("Branches(ReLU(), Sigmoid(), Tanh(), join='concat')", [2, 3, 5, 5]),
    ("Branches(Identity(), AdaptiveAvgPool2d(1), join='mul')", [2, 3, 5, 5]),
    ("Branches(Identity(), Identity(), join='mul')", [2, 3, 5, 5]),
    ("Branches(Identity(), Identity(), Identity(), join='mul')", [2, 3, 5, 5]),
    ("Branches(ReLU(), Sigmoid(), Tanh(), join='mul')", [2, 3, 5, 5]),
    ("Branches(AdaptiveAvgPool2d(1), AdaptiveMaxPool2d((1, None)), Tanh(), ReLU(), join='mul')", [2, 3, 5, 5]),
    ("Branches(AdaptiveAvgPool2d((1, None)), AdaptiveAvgPool2d((None, 1)), Tanh(), join='mul')", [3, 5, 5]),
    ("Residual(Sequential(Conv2d(3, 3, 3, padding=1), BatchNorm2d(3)))", [2, 3, 5, 5]),
    ("Residual(Conv2d(3, 6, 1, stride=2), shortcut=Conv2d(3, 6, 3, stride=2, padding=1))", [2, 3, 5, 5]),
    ("Sequential(Conv2d(3, 4, 3), ReLU(), MaxPool2d(2), Flatten(), Dropout(), Linear(36, 5))", [2, 3, 8, 8]),
    ("Sequential(Sigmoid(), Dropout(0), Linear(5, 5))", [2, 5]),
    ("Sequential(Tanh(), Dropout(1), Linear(5, 5), Softmax(-1))", [2, 5]),
    ("Sequential(ReLU(), Conv2d(3, 3, 3, padding=1, padding_mode='reflect'), ReLU())", [2, 3, 7, 7]),
    ("Sequential(ReLU(), Conv2d(3, 3, 3, padding=1, padding_mode='circular'), ReLU())", [2, 3, 7, 7]),
    ("Sequential(ReLU(), Flatten(), Unflatten(1, (3, 4)), Conv1d(3, 3, 2, padding='same'), Identity())", [2, 12]),
    ("Sequential(InstanceNorm2d(3, affine=True), Softsign(), LocalResponseNorm(2), RReLU())", [2, 3, 7, 7]),
    ("Subsampling2d(6, 2)", [2, 6, 8, 8]),
    ("ScaledTanh()", [2, 6, 8, 8]),
    ("RBF(8, 3)", [2, 8]),
    (
        "Sequential(Conv2d(1, 2, 5), ScaledTanh(), Subsampling2d(2, 2), ScaledTanh(), Flatten(), RBF(8, 3))",
        [2, 1, 8, 8],
    ),
]


LEFT_OUT = ("fold_and_unfold",)  # PyTorch gives the output of Fold a storage as large as that of its columns


def kept_bytes(model: nn.Module, x: torch.Tensor) -> int:
    """Return the bytes that are saved for the backward pass of a forward pass of the input."""
    for module in model.modules():
        if getattr(module, "inplace", False):
            module.inplace = False
    model.eval()(x)  # a Lazy layer learns its channels
    x.requires_grad_()
    own = {tensor.untyped_storage().data_ptr() for tensor in (*model.parameters(), *model.buffers())}
    saved: dict[int, int] = {}
    held = []

    def save(tensor: torch.Tensor) -> torch.Tensor:
        held.append(tensor)  # so that no address is used twice
        storage = tensor.untyped_storage()
        saved[storage.data_ptr()] = storage.nbytes()
        return tensor

    with torch.autograd.graph.saved_tensors_hooks(save, lambda tensor: tensor):
        output = model.train()(x)  # held, so that its memory is not used again
    del output
    return sum(size for address, size in saved.items() if address not in own)


def layer(case: Case) -> nn.Module:
    """Build the layer of a case."""

    def tuples(value: object) -> object:
        return tuple(value) if isinstance(value, list) else value

    settings = {name: tuples(value) for name, value in case["settings"].items()}
    built: nn.Module = getattr(nn, case["layer"])(*map(tuples, case["args"]), **settings)
    return built


def measured(case: Case) -> Case:
    """Return the case with the bytes that training keeps."""
    model = build(case["network"], **LECUN) if "network" in case else layer(case)
    dtype = getattr(torch, case["dtype"])
    torch.manual_seed(0)
    return {**case, "bytes": kept_bytes(model.to(dtype), torch.randn(case["input"], dtype=dtype))}


def layer_cases(rng: random.Random) -> list[Case]:
    """Return cases of every layer, some of each, that PyTorch takes both in eval mode and in training."""
    found: list[Case] = []
    for make in (conv_case, *makers().values()):
        wanted = 6 * PER_LAYER if make is conv_case else PER_LAYER
        accepted = 0
        for _ in range(ATTEMPTS):
            case = {**make(rng), "dtype": rng.choice(DTYPES)}
            if "refusal" in answer(case):
                continue
            try:
                found.append(measured(case))
            except Exception:  # what PyTorch refuses in training only
                continue
            accepted += 1
            if accepted == wanted:
                break
    return found


def network_cases() -> list[Case]:
    """Return the cases above, and the networks in `tests/data/networks` that PyTorch takes in training."""
    texts = list(NETWORK_CASES)
    for path in sorted((NETWORKS / "valid").glob("*.json")):
        file = path.with_suffix(".txt")
        asked = json.loads(path.read_text())
        if file.exists() and not {"printed_from", "same_as"} & set(asked) and path.stem not in LEFT_OUT:
            texts.append((file.read_text().strip(), asked["input"]))
    found = []
    for text, shape in texts:
        try:
            found.append(measured({"network": text, "input": shape, "dtype": "float32"}))
        except ValueError as error:
            if "more than 1 value per channel when training" not in str(error):
                raise
    return found


def ask_about_the_zoo() -> None:
    import torchvision

    with (DATA / "zoo_training.csv").open("w", newline="") as file:
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow(("name", "bytes"))
        for name in ZOO:
            plain = {"aux_logits": False, "init_weights": False} if name == "googlenet" else {}
            model = getattr(torchvision.models, name)(**plain)
            writer.writerow((name, kept_bytes(model, torch.randn(2, 3, 224, 224))))


def main() -> None:
    warnings.simplefilter("ignore")
    cases = [*layer_cases(random.Random(20261125)), *network_cases()]
    store("torch_training.jsonl.gz", cases)
    counts = Counter(case.get("layer", "network") for case in cases)
    print(f"PyTorch {torch.__version__}: {counts}", file=sys.stderr)
    if "--layers" not in sys.argv:
        ask_about_the_zoo()


if __name__ == "__main__":
    main()
