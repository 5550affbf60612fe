"""The options that several commands share."""

from typing import Annotated

import typer

Json = Annotated[bool, typer.Option("--json", help="Print all of it as JSON: short for --format json.")]
Format = Annotated[  # empty: json where --json or --get is given, else a table
    str,
    typer.Option(
        "--format", "-f", metavar="FORMAT", show_default=False, help="table, json, ndjson, csv, markdown or latex."
    ),
]
Get = Annotated[
    str | None, typer.Option("--get", metavar="PATH", help="Print one value of the JSON, bare: totals.parameters.")
]
Verify = Annotated[
    bool, typer.Option("--verify", help="Execute with NumPy, count, and compare; exit 1 where a figure differs.")
]
MemoryLimit = Annotated[
    str, typer.Option("--memory-limit", metavar="SIZE", help="What --verify may allocate, as 512MiB or 2GiB.")
]
