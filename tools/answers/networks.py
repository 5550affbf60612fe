"""Ask PyTorch what it says of every text in `tests/data/networks/valid`, and keep it in the JSON beside the text.

    pip install torch && python -m tools.answers.networks

What is written by hand are the texts and the shape of the input; see the README there.
"""

from __future__ import annotations

import collections
import json
import runpy
import warnings
from pathlib import Path
from typing import Any

import torch
from torch import nn
from torch.utils.flop_counter import FlopCounterMode

NETWORKS = Path(__file__).parent.parent.parent / "tests" / "data" / "networks"

Answer = dict[str, Any]


class Add(nn.Module):  # type: ignore[misc]
    """The sum of the inputs."""

    def forward(self, *inputs: torch.Tensor) -> torch.Tensor:
        return sum(inputs[1:], inputs[0])


class Mul(nn.Module):  # type: ignore[misc]
    """The product of the inputs."""

    def forward(self, first: torch.Tensor, *others: torch.Tensor) -> torch.Tensor:
        for other in others:
            first = first * other
        return first


class Concat(nn.Module):  # type: ignore[misc]
    """The inputs, concatenated along an axis."""

    def __init__(self, dim: int) -> None:
        super().__init__()
        self.dim = dim

    def forward(self, *inputs: torch.Tensor) -> torch.Tensor:
        return torch.cat(inputs, self.dim)


class Branches(nn.Module):  # type: ignore[misc]
    """convcalc's Branches, as a model would do it: a branch that is an Identity is no layer."""

    def __init__(self, *branches: Any, join: str = "concat", dim: int = 1) -> None:
        super().__init__()
        named = isinstance(branches[0], dict)
        self.branches = nn.ModuleList(branches[0].values() if named else branches)
        self.join = {"concat": lambda: Concat(dim), "add": Add, "mul": Mul}[join]()

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return self.join(*(x if isinstance(branch, nn.Identity) else branch(x) for branch in self.branches))


class Residual(Branches):
    """convcalc's Residual."""

    def __init__(self, body: nn.Module, shortcut: nn.Module | None = None) -> None:
        super().__init__(body, nn.Identity() if shortcut is None else shortcut, join="add")


class Net(nn.Module):  # type: ignore[misc]
    """A model that calls its parts in order."""

    def __init__(self, **parts: nn.Module) -> None:
        super().__init__()
        for name, part in parts.items():
            self.add_module(name, part)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        for part in self.children():
            x = part(x)
        return x


KNOWN = {
    **vars(nn),
    "nn": nn,
    "torch": torch,
    "collections": collections,
    "OrderedDict": collections.OrderedDict,
    **{kind.__name__: kind for kind in (Branches, Residual, Net)},
}


def build(text: str, **others: type[nn.Module]) -> nn.Module:
    """Build the model of an expression, which may use the other classes too; several layers are a Sequential."""
    model = eval(text.strip(), {**KNOWN, **others})
    return nn.Sequential(*model) if isinstance(model, (tuple, list)) else model


def build_file(path: Path) -> nn.Module:
    """Return the Sequential that the file assigns last."""
    assigned = runpy.run_path(str(path)).values()
    return [value for value in assigned if isinstance(value, nn.Sequential)][-1]


def ask(model: nn.Module, shape: list[int]) -> Answer:
    """Return PyTorch's figures of the model on an input of that shape."""
    layers: list[tuple[str, list[int]]] = []

    def note(module: nn.Module, inputs: Any, output: torch.Tensor) -> None:
        layers.append((type(module).__name__, list(output.shape)))

    model.eval()
    with torch.no_grad():
        model(torch.ones(shape))  # a Lazy layer learns here what it is
        for module in model.modules():
            if not list(module.children()) and not isinstance(module, nn.Sequential):
                module.register_forward_hook(note)
        with FlopCounterMode(display=False) as counter:
            output = model(torch.ones(shape))
    return {
        "output": list(output.shape),
        "parameters": sum(parameter.numel() for parameter in model.parameters()),
        "buffers": sum(buffer.numel() for buffer in model.buffers()),
        "macs": counter.get_total_flops() // 2,
        "layers": layers,
    }


def refused(path: Path, shape: list[int]) -> bool:
    """Return whether PyTorch refuses an input of that shape too."""
    try:
        ask(build(path.read_text()), shape)
    except Exception:  # whatever PyTorch raises is a refusal
        return True
    return False


def store(path: Path, answer: Answer) -> None:
    """Write the answer, one line per setting and per layer."""
    layers = [json.dumps(layer) for layer in answer.pop("layers")]
    lines = [f"  {json.dumps(name)}: {json.dumps(value)},\n" for name, value in answer.items()]
    inside = "".join(f"\n    {layer}," for layer in layers).rstrip(",") + ("\n  " if layers else "")
    path.write_text(f'{{\n{"".join(lines)}  "layers": [{inside}]\n}}\n')


def main() -> None:
    """Fill in every answer, and check that PyTorch refuses the invalid ones."""
    warnings.simplefilter("ignore")
    for path in sorted((NETWORKS / "valid").glob("*.json")):
        asked = json.loads(path.read_text())
        written = {name: asked[name] for name in ("input", "printed_from", "same_as") if name in asked}
        text, file = path.with_suffix(".txt"), path.with_suffix(".py")
        if "printed_from" in asked:
            model = build(asked["printed_from"])
            text.write_text(f"{model}\n")
        elif "same_as" in asked:
            model = build(asked["same_as"])
        else:
            model = build(text.read_text()) if text.exists() else build_file(file)
        store(path, written | ask(model, asked["input"]))
    for path in sorted((NETWORKS / "invalid").glob("*.json")):
        assert refused(path.with_suffix(".txt"), json.loads(path.read_text())["input"]), path.stem
    print(f"PyTorch {torch.__version__}: {len(list((NETWORKS / 'valid').glob('*.json')))} networks")


if __name__ == "__main__":
    main()
