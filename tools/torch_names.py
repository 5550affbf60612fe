"""Writes convcalc/syntax/torch_names.py: the modules of torch.nn, and which of them hold parameters of their own.

Run it where PyTorch is installed: python -m tools.torch_names
"""

from __future__ import annotations

import inspect
import textwrap
from collections.abc import Iterable
from pathlib import Path

TARGET = Path(__file__).parents[1] / "convcalc" / "syntax" / "torch_names.py"
HEAD = '''"""The modules of torch.nn {version}, written by tools/torch_names.py."""

ALL = """
{names}
"""
HOLDING = """
{holding}
"""

NAMES = frozenset(ALL.split())
WITH_PARAMETERS = frozenset(HOLDING.split())  # of their own, beside those of the modules inside them
'''


def main() -> None:
    """Ask PyTorch, and write."""
    import torch
    from torch import nn

    kinds = {name: kind for name, kind in vars(nn).items() if isinstance(kind, type) and issubclass(kind, nn.Module)}
    holding = [name for name, kind in kinds.items() if name != "Module" and _makes_parameters(kind, nn.Module)]
    text = HEAD.format(version=torch.__version__.split("+")[0], names=_lines(kinds), holding=_lines(holding))
    TARGET.write_text(text)


def _makes_parameters(kind: type, base: type) -> bool:
    """Whether the class, or one that it is made from, makes a parameter itself."""
    own = [each for each in kind.__mro__ if each is not base and issubclass(each, base)]
    return any(word in inspect.getsource(each) for each in own for word in ("Parameter(", "register_parameter"))


def _lines(names: Iterable[str]) -> str:
    return textwrap.fill(" ".join(sorted(names)), 115, break_on_hyphens=False)


if __name__ == "__main__":
    main()
