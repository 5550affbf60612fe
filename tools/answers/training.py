"""Ask PyTorch what training keeps of a forward pass: `tests/data/zoo_training.csv`.

    pip install torch torchvision && python -m tools.answers.training

Every tensor that autograd saves is counted once, by its storage; parameters and buffers are left out.
"""

from __future__ import annotations

import csv

import torch
import torchvision

from tools.torch_answers import DATA

NETWORKS = ("alexnet", "vgg11_bn", "googlenet", "resnet18", "resnet50", "squeezenet1_1", "densenet121", "mobilenet_v2")


def kept_bytes(model: torch.nn.Module) -> int:
    """The bytes that are saved for the backward pass of two pictures, without in-place tricks."""
    for module in model.modules():
        if getattr(module, "inplace", False):
            module.inplace = False
    own = {tensor.untyped_storage().data_ptr() for tensor in (*model.parameters(), *model.buffers())}
    saved: dict[int, int] = {}
    held = []

    def save(tensor: torch.Tensor) -> torch.Tensor:
        held.append(tensor)  # so that no address is used twice
        storage = tensor.untyped_storage()
        saved[storage.data_ptr()] = storage.nbytes()
        return tensor

    with torch.autograd.graph.saved_tensors_hooks(save, lambda tensor: tensor):
        model(torch.randn(2, 3, 224, 224))
    return sum(size for address, size in saved.items() if address not in own)


def main() -> None:
    with (DATA / "zoo_training.csv").open("w", newline="") as file:
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow(("name", "bytes"))
        for name in NETWORKS:
            plain = {"aux_logits": False, "init_weights": False} if name == "googlenet" else {}
            writer.writerow((name, kept_bytes(getattr(torchvision.models, name)(**plain).train())))


if __name__ == "__main__":
    main()
