"""What can be typed of `convcalc shape`."""

from typing import Annotated

import typer

from convcalc.commands.base import command
from convcalc.options.shared import Format, Get, Json, MemoryLimit, Verify


@command(
    # so that a negative size is an argument, to be refused with its own message
    context_settings={"ignore_unknown_options": True},
    epilog="Example: convcalc shape 10 3 28 28 --k 4 --s 2 --out 16 --verify",
)
def shape(
    sizes: Annotated[
        list[str] | None,
        typer.Argument(
            metavar="N C [D] [H] W | -",
            help="The input: 3, 4 or 5 integers for Conv1d, Conv2d or Conv3d; or -, to add the layer behind the"
            " network whose JSON is piped in. Sizes and settings may be lists, 3,5,7 or 1..7: then every"
            " combination is a row.",
        ),
    ] = None,
    kernel_size: Annotated[
        str | None,
        typer.Option(
            "--kernel-size",
            "--k",
            "-k",
            metavar="K",
            help="3 for all axes, or one an axis, height x width: 3x5. Required.",
        ),
    ] = None,
    stride: Annotated[str, typer.Option("--stride", "--s", "-s", metavar="S", help="2, or one an axis: 2x1.")] = "1",
    padding: Annotated[
        str,
        typer.Option(
            "--padding",
            "--p",
            "-p",
            metavar="P",
            help="1; one an axis: 1x2; same; valid; or before:after, for all axes or an axis: 1:2x0:1.",
        ),
    ] = "0",
    dilation: Annotated[
        str, typer.Option("--dilation", "--d", "-d", metavar="D", help="1 is dense, 2 spreads by one; 2x1.")
    ] = "1",
    groups: Annotated[
        str, typer.Option("--groups", "--g", "-g", metavar="G", help="Must divide both numbers of channels.")
    ] = "1",
    out_channels: Annotated[
        str | None,
        typer.Option(
            "--out-channels", "--out", "-c", metavar="O", help="Number of kernels. If not given: one, or one a group."
        ),
    ] = None,
    bias: Annotated[bool, typer.Option("--bias/--no-bias", help="One bias a kernel, or none.")] = True,
    padding_mode: Annotated[
        str, typer.Option("--padding-mode", metavar="MODE", help="zeros, reflect, replicate or circular.")
    ] = "zeros",
    explain: Annotated[bool, typer.Option("--explain", help="Show each formula with its numbers put in.")] = False,
    where: Annotated[
        str | None,
        typer.Option("--where", metavar="CONDITION", help="Of a list's rows, those where 'output.2 == 112', say."),
    ] = None,
    sort: Annotated[
        str | None, typer.Option("--sort", metavar="COLUMNS", help="Put rows in order: macs; -macs for largest first.")
    ] = None,
    limit: Annotated[str | None, typer.Option("--limit", metavar="N", help="At most so many rows.")] = None,
    columns: Annotated[
        str | None, typer.Option("--columns", metavar="NAMES", help="Of the rows: stride,output,macs; or all.")
    ] = None,
    verify: Verify = False,
    memory_limit: MemoryLimit = "2GiB",
    json: Json = False,
    format: Format = None,  # noqa: A002 - the option's name
    get: Get = None,
) -> None:
    """What was typed, handed on."""
    from convcalc.commands import shape as body
    from convcalc.commands import values

    options = body.Options(
        kernel_size=kernel_size,
        stride=stride,
        padding=padding,
        dilation=dilation,
        groups=groups,
        out_channels=out_channels,
        bias=bias,
        padding_mode=padding_mode,
        explain=explain,
        verify=verify,
        memory_limit=memory_limit,
        format=values.format_of(format, json, get),
        get=get,
        where=where,
        sort=sort,
        limit=limit,
        columns=columns,
    )
    if not body.run(sizes or [], options):
        raise typer.Exit(1)
