"""How every command prints: data on stdout, notes and errors on stderr."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING, Any, Protocol

from convcalc.commands.base import tell_notes
from convcalc.errors import printable
from convcalc.notes import Note, note_block

if TYPE_CHECKING:
    from convcalc.render.table import Column, Table
    from convcalc.report import Report
    from convcalc.verify import Verification


NARROWEST = 40  # columns: below that the terminal may as well break the lines
UNLIMITED = 10_000  # columns, where colour goes to a pipe: nothing there is too wide


def emit(blocks: Iterable[str | Table]) -> None:
    """Print lines of text and tables: with Rich to a terminal, plain and at full width to anything else."""
    if is_for_a_terminal():
        _emit_rich(blocks)
        return
    from convcalc.render.plain import text

    for block in blocks:
        write(_printable(block) if isinstance(block, str) else text(block))


def _printable(lines: str) -> str:
    return "\n".join(map(printable, lines.split("\n")))


def is_for_a_terminal() -> bool:
    """Return whether stdout is a terminal, or has to be treated as one."""
    return sys.stdout.isatty() or os.environ.get("FORCE_COLOR", "0") not in ("", "0")


def _emit_rich(blocks: Iterable[str | Table]) -> None:
    from shutil import get_terminal_size

    from rich.console import Console

    from convcalc.render.rich import renderable

    # Rich would take 80 for a dumb terminal whatever its width, and COLUMNS=0 at its word
    limited = sys.stdout.isatty() or "COLUMNS" in os.environ
    width = max(get_terminal_size().columns, NARROWEST) if limited else UNLIMITED
    console = Console(highlight=False, markup=False, emoji=False, width=width, height=25)
    with console.capture() as capture:
        for block in blocks:
            console.print(_printable(block) if isinstance(block, str) else renderable(block, console.width))
    lines = capture.get().removesuffix("\n").split("\n")
    write("\n".join(line.rstrip() for line in lines))


def emit_report(
    report: Report,
    format: str,  # noqa: A002 - the option's name
    usual: Sequence[str],
    chosen: Sequence[str] | None = None,
    depth: int | None = 1,
) -> None:
    """Print a network's rows. Where no columns are chosen, data has all of them, and a table the usual ones."""
    from convcalc.render.columns import COLUMNS
    from convcalc.render.network import network_table

    every = tuple(COLUMNS) if format in ("csv", "ndjson") else usual
    table = network_table(report, every if chosen is None else chosen, depth)
    # data has no row for the input, which is no layer
    emit_table(table._replace(rows=table.rows[1:]) if format in ("csv", "ndjson") else table, format, report.notes)


def emit_table(table: Table, format: str, notes: Iterable[Note] = ()) -> None:  # noqa: A002 - the option's name
    """Print a table as data or as a table for a paper, and the notes, for which those have no place, on stderr."""
    from importlib import import_module

    write(import_module(f"convcalc.render.{format}").text(table))
    tell_notes(notes)


def emit_rows(columns: Sequence[Column], rows: Iterable[Sequence[object]], format: str) -> None:  # noqa: A002
    """Print rows as data, each as it comes."""
    from importlib import import_module

    for line in import_module(f"convcalc.render.{format}").lines(columns, rows):
        write(line)


def emit_document(document: dict[str, Any], path: str | None) -> None:
    """Print a document as JSON. With a path print only the value there: text as it is, anything else as JSON.

    The notes are in the document; with a path they go to stderr, unless it leads to them.
    """
    import json

    from convcalc.render.json import text
    from convcalc.schema import pick

    document.setdefault("notes", [])
    if path is None:
        write(text(document))
        return
    value = pick(document, path)
    write(value if isinstance(value, str) else json.dumps(value))
    if path.split(".")[0] != "notes":
        tell_notes(Note(**note) for note in document["notes"])


class Chosen(Protocol):
    """The options that say what form an answer has."""

    @property
    def format(self) -> str: ...
    @property
    def get(self) -> str | None: ...


def emit_difference(verification: Verification, options: Chosen, notes: Iterable[Note] = ()) -> None:
    """Print a verification that failed, alone: the figures that it refutes are not shown."""
    from convcalc.render.verification import verdict, verification_table
    from convcalc.schema import SCHEMA_VERSION, note_documents, verification_document

    if options.format == "json" or options.get is not None:
        document = {"schema_version": SCHEMA_VERSION, "verification": verification_document(verification)}
        emit_document({**document, "notes": note_documents(notes)}, options.get)
    else:
        emit([verification_table(verification), verdict(verification), *note_block(notes)])


def write(text: str, beyond: str = "backslashreplace") -> None:
    """Print text that an ASCII locale can always show; ``beyond`` is Python's handler of what the locale has not."""
    encoding = sys.stdout.encoding or "ascii"
    print(text.encode(encoding, beyond).decode(encoding))
