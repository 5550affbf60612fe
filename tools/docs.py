"""What the documentation shows: real commands and their real output.

Cog calls `run` from the Markdown files: `cog -r` writes the outputs in, `cog --check` fails where one is not true.
"""

from __future__ import annotations

import os
import re
import shlex
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parent.parent


def run(command: str, head: int | None = None) -> None:
    """Print a command and what it prints, as a console block; only the time that something took is left out."""
    line = re.sub(r"\bconvcalc ", f"{sys.executable} -m convcalc ", command)
    environment = {name: value for name, value in os.environ.items() if name not in ("FORCE_COLOR", "COLUMNS")}
    ran = subprocess.run(
        ["bash", "-c", line],
        cwd=ROOT,
        env=environment,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        check=False,
    )
    lines = re.sub(r"in \d+\.\d+ s", "in ... s", ran.stdout).rstrip("\n").split("\n")
    shown = lines if head is None or len(lines) <= head else [*lines[:head], "..."]
    print("\n".join(["```console", f"$ {command}", *shown, "```"]))


def picture(command: str, path: str, folder: str = "") -> None:
    """Draw a picture into a file of the page's folder, and print the command and the picture.

    Where documentation is only to be checked, the file must be there and be so.
    """
    words = [sys.executable, "-m", *shlex.split(command), "-o", "-"]
    drawn = subprocess.run(words, cwd=ROOT, capture_output=True, text=True, check=True).stdout
    file = ROOT / folder / path
    if "--check" in sys.argv and (not file.exists() or file.read_text() != drawn):
        raise SystemExit(f"{path} is not what `{command}` draws: make write-docs")
    file.parent.mkdir(exist_ok=True)
    file.write_text(drawn)
    title = drawn.partition("<title")[2].partition(">")[2].partition("</title>")[0]
    print("\n".join(["```sh", f"{command} -o {file.name}", "```", "", f"![{title}]({path})"]))


def python(code: str) -> None:
    """Print Python lines and what the last of them, an expression, gives."""
    *statements, expression = code.strip().split("\n")
    scope: dict[str, object] = {}
    exec("\n".join(statements), scope)
    shown = [*(f">>> {line}" for line in statements), f">>> {expression}", repr(eval(expression, scope))]
    print("\n".join(["```pycon", *shown, "```"]))
