"""How every command prints: data on stdout, notes and errors on stderr."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterable
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from convcalc.render.sheet import Sheet


def emit(blocks: Iterable[str | Sheet]) -> None:
    """Print lines of text and sheets: with Rich to a terminal, plain and at full width to anything else."""
    if sys.stdout.isatty() or os.environ.get("FORCE_COLOR"):
        _emit_rich(blocks)
        return
    from convcalc.render.plain import text

    for block in blocks:
        write(block if isinstance(block, str) else text(block))


def _emit_rich(blocks: Iterable[str | Sheet]) -> None:
    from rich.console import Console

    from convcalc.render.rich import table

    console = Console(highlight=False, markup=False, emoji=False)
    with console.capture() as capture:
        for block in blocks:
            console.print(
                block if isinstance(block, str) else table(block, console.width), soft_wrap=isinstance(block, str)
            )
    write(capture.get().removesuffix("\n"))


def emit_json(document: Any) -> None:
    """Print a document as JSON, indented for people; programs do not mind."""
    import json

    write(json.dumps(document, indent=2))


def emit_value(value: Any) -> None:
    """Print one value bare: text as it is, anything else as JSON."""
    import json

    write(value if isinstance(value, str) else json.dumps(value))


def write(text: str) -> None:
    """Print text that an ASCII locale can always show."""
    encoding = sys.stdout.encoding or "ascii"
    print(text.encode(encoding, "backslashreplace").decode(encoding))


def note(text: str) -> None:
    """Tell people something that is not data."""
    print(f"note: {text}", file=sys.stderr)
