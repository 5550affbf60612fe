"""What can be typed of `convcalc lenet`."""

from typing import Annotated

import typer

from convcalc.commands.base import command
from convcalc.options.shared import Format, Get, Json, MemoryLimit, Verify


@command(epilog="Example: convcalc lenet --report --verify")
def lenet(
    report: Annotated[bool, typer.Option("--report", help="A row a layer, and the totals.")] = False,
    input: Annotated[  # noqa: A002 - the option's name
        str,
        typer.Option("--input", metavar="SIZE", help="32, the paper's; or 28, the tutorial's, where C1 pads by 2."),
    ] = "32",
    c3: Annotated[
        str, typer.Option("--c3", metavar="TABLE", help="paper: 60 of the 96 kernels exist; full: all of them.")
    ] = "paper",
    errata: Annotated[bool, typer.Option("--errata", help="Show where the tutorial's print is wrong.")] = False,
    verify: Verify = False,
    memory_limit: MemoryLimit = "2GiB",
    json: Json = False,
    format: Format = None,  # noqa: A002 - the option's name
    get: Get = None,
) -> None:
    """What was typed, handed on."""
    from convcalc.commands import lenet as body
    from convcalc.commands import values

    options = body.Options(
        report=report,
        input=input,
        c3=c3,
        errata=errata,
        verify=verify,
        memory_limit=memory_limit,
        format=values.format_of(format, json, get),
        get=get,
    )
    if not body.run(options):
        raise typer.Exit(1)
