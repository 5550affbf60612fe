"""Ask torchvision for its networks' totals and layers: `tests/data/zoo.csv` and `zoo_layers.jsonl.gz`.

    pip install torchvision && python -m tools.answers.zoo

No weights are downloaded. The totals of LeNet-5 are the paper's, and the layers of it are not asked for.

- parameters, buffers: of the model; where torchvision publishes a number of parameters beside its weights, the two must
  agree.
- macs: half of what `torch.utils.flop_counter` counts, batch 1, in eval mode.
- layers: what was called, in the order of execution, with the shape of its output: modules without children, and
  outside of these the functions that do what a layer does, by that layer's name.
"""

from __future__ import annotations

import csv
import gzip
import json
from pathlib import Path
from typing import Any

import torch
import torchvision
from torch import nn
from torch.overrides import TorchFunctionMode
from torch.utils.flop_counter import FlopCounterMode

from convcalc import zoo

DATA = Path(__file__).parent.parent.parent / "tests" / "data"
COLUMNS = ("name", "parameters", "buffers", "macs", "output")

# LeCun et al. (1998), section II-B: the parameters, and 840 numbers of the codes that are not trained. Of the paper's
# 340,908 connections, the multiplications with a weight are 117,600 of C1, 1,176 of S2 (one an output), 150,000 of C3,
# 400 of S4, 48,000 of C5, 10,080 of F6, and 840 of the output. C3 in full has 900 weights more, for 10 * 10 units.
PAPER = {
    "lenet5": {"parameters": 60_000, "buffers": 840, "macs": 328_096, "output": "1x10"},
    "lenet5-full": {"parameters": 60_900, "buffers": 840, "macs": 418_096, "output": "1x10"},
}

# What a function is called as a layer.
FUNCTIONS = {
    "relu": "ReLU",
    "relu_": "ReLU",
    "adaptive_avg_pool2d": "AdaptiveAvgPool2d",
    "flatten": "Flatten",
    "cat": "Concat",
    "add": "Add",
    "__add__": "Add",
    "__iadd__": "Add",
    "add_": "Add",
}


class Called(TorchFunctionMode):  # type: ignore[misc]
    """Notes what is called, and the shape that comes out."""

    def __init__(self, model: nn.Module) -> None:
        super().__init__()
        self.layers: list[tuple[str, list[int]]] = []
        self.inside = 0  # a module without children, whose functions are its own
        for module in model.modules():
            if not list(module.children()):
                module.register_forward_pre_hook(self._enter)
                module.register_forward_hook(self._leave)

    def _enter(self, module: nn.Module, inputs: Any) -> None:
        self.inside += 1

    def _leave(self, module: nn.Module, inputs: Any, output: torch.Tensor) -> None:
        self.inside -= 1
        self.layers.append((type(module).__name__, list(output.shape)))

    def __torch_function__(self, function: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
        output = function(*args, **(kwargs or {}))
        name = FUNCTIONS.get(getattr(function, "__name__", ""))
        if name is not None and not self.inside and isinstance(output, torch.Tensor):
            self.layers.append((name, list(output.shape)))
        return output


def build(name: str) -> nn.Module:
    """torchvision's network, untrained."""
    only = {"aux_logits": False, "init_weights": False} if name == "googlenet" else {}
    model: nn.Module = torchvision.models.get_model(name, weights=None, **only).eval()
    return model


def answer(name: str) -> tuple[dict[str, Any], list[tuple[str, list[int]]]]:
    """The totals of a network, and its layers."""
    model = build(name)
    picture = torch.zeros(zoo.input_shape(name))
    with torch.no_grad():
        with FlopCounterMode(display=False) as counter:
            output = model(picture)
        with Called(model) as called:
            model(picture)
    parameters = sum(parameter.numel() for parameter in model.parameters())
    published = torchvision.models.get_model_weights(name).DEFAULT.meta["num_params"]
    assert parameters == published, (name, parameters, published)
    totals = {
        "name": name,
        "parameters": parameters,
        "buffers": sum(buffer.numel() for buffer in model.buffers()),
        "macs": counter.get_total_flops() // 2,
        "output": "x".join(map(str, output.shape)),
    }
    return totals, called.layers


def main() -> None:
    """Write both files."""
    rows, lines = [], []
    for name in zoo.NAMES:
        if name in PAPER:
            rows.append({"name": name, **PAPER[name]})
        else:
            totals, layers = answer(name)
            rows.append(totals)
            lines.append(json.dumps({"name": name, "layers": layers}, separators=(",", ":")) + "\n")
            print(*totals.values(), f"{len(layers)} layers")
    with (DATA / "zoo.csv").open("w", newline="") as file:
        writer = csv.DictWriter(file, COLUMNS, lineterminator="\n")
        writer.writeheader()
        writer.writerows(rows)
    (DATA / "zoo_layers.jsonl.gz").write_bytes(gzip.compress("".join(lines).encode(), mtime=0))
    print(f"PyTorch {torch.__version__}, torchvision {torchvision.__version__}")


if __name__ == "__main__":
    main()
