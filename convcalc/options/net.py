"""What can be typed of `convcalc net`."""

from typing import Annotated

import typer

from convcalc.commands.base import command
from convcalc.options.shared import Format, Get, Json, MemoryLimit, Verify


@command(
    epilog="Example: convcalc net 'Conv2d(3, 16, 4, stride=2), ReLU(), Flatten(), LazyLinear(10)' --input 1x3x28x28",
)
def net(
    network: Annotated[
        str | None,
        typer.Argument(
            metavar="NETWORK",
            help="An expression of PyTorch's layers; a .py file with one; a file with what print(model) gives, or with"
            " JSON; - for either on stdin; or a built-in name.",
        ),
    ] = None,
    list_: Annotated[bool, typer.Option("--list", help="The built-in networks, with their totals.")] = False,
    input: Annotated[  # noqa: A002 - the option's name
        str | None,
        typer.Option("--input", "-i", metavar="SHAPE", help="1x3x224x224; a built-in network knows its own."),
    ] = None,
    name: Annotated[
        str | None,
        typer.Option("--name", metavar="NAME", help="The network of that name in a .py file, not the last."),
    ] = None,
    flatten: Annotated[
        bool, typer.Option("--flatten", help="Of a printed model, put a Flatten before the first Linear behind maps.")
    ] = False,
    columns: Annotated[
        str | None,
        typer.Option("--columns", metavar="NAMES", help="Such as name,output,macs,receptive_field; or all."),
    ] = None,
    depth: Annotated[
        str, typer.Option("--depth", metavar="N", help="Fold blocks that lie deeper: 1 is the outermost; or all.")
    ] = "all",
    dtype: Annotated[
        str, typer.Option("--dtype", metavar="TYPE", help="For the memory: float32, float16, bfloat16, int8, float64.")
    ] = "float32",
    max_params: Annotated[
        str | None, typer.Option("--max-params", metavar="N", help="Exit 1 where there are more parameters: 5M.")
    ] = None,
    max_macs: Annotated[
        str | None, typer.Option("--max-macs", metavar="N", help="Exit 1 where there are more: 600M.")
    ] = None,
    max_memory: Annotated[
        str | None,
        typer.Option("--max-memory", metavar="SIZE", help="Exit 1 where parameters and peak take more: 512KiB."),
    ] = None,
    min_receptive_field: Annotated[
        str | None,
        typer.Option("--min-receptive-field", metavar="N", help="Exit 1 where the output sees less of the input."),
    ] = None,
    verify: Verify = False,
    memory_limit: MemoryLimit = "2GiB",
    json: Json = False,
    format: Format = None,  # noqa: A002 - the option's name
    get: Get = None,
) -> None:
    """What was typed, handed on."""
    from convcalc.commands import net as body
    from convcalc.commands import values

    form = values.format_of(format, json, get)
    if list_:
        body.run_list(form)
        return
    options = body.Options(
        input=input,
        name=name,
        flatten=flatten,
        columns=columns,
        depth=depth,
        dtype=dtype,
        max_params=max_params,
        max_macs=max_macs,
        max_memory=max_memory,
        min_receptive_field=min_receptive_field,
        verify=verify,
        memory_limit=memory_limit,
        format=form,
        get=get,
    )
    if not body.run(network, options):
        raise typer.Exit(1)
