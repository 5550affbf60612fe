"""The options that several commands share."""

from typing import Annotated

import typer

Json = Annotated[bool, typer.Option("--json", help="Print JSON: short for --format json.")]
Format = Annotated[  # empty: json where --json or --get is given, else a table
    str,
    typer.Option(
        "--format", "-f", metavar="FORMAT", show_default=False, help="table, json, ndjson, csv, markdown or latex."
    ),
]
Get = Annotated[
    str | None, typer.Option("--get", metavar="PATH", help="Print one value of the JSON: totals.parameters.")
]
Verify = Annotated[
    bool, typer.Option("--verify", help="Execute with NumPy, count, and compare. Exit with 1 if a figure differs.")
]
MemoryLimit = Annotated[
    str, typer.Option("--memory-limit", metavar="SIZE", help="The memory that --verify may use: 512MiB, 2GiB.")
]
