"""Print the oldest versions that `pyproject.toml` allows, one constraint per line, for ``pip install -c``."""

from __future__ import annotations

import re
import tomllib
from pathlib import Path

PYPROJECT = Path(__file__).parents[1] / "pyproject.toml"


def oldest(requirements: list[str]) -> list[str]:
    """Return each requirement with its lower bound as the only version.

    >>> oldest(["numpy>=1.26", "typer>=0.26,<1"])
    ['numpy==1.26', 'typer==0.26']
    """
    return [re.sub(r"^([\w.-]+)>=([\w.]+).*", r"\1==\2", requirement) for requirement in requirements]


def main() -> None:
    """Print the constraints of the package and of the tools that its tests need."""
    project = tomllib.loads(PYPROJECT.read_text())["project"]
    for line in oldest(project["dependencies"] + project["optional-dependencies"]["dev"]):
        print(line)


if __name__ == "__main__":
    main()
