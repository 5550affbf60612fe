"""What can be typed of `convcalc solve`."""

from typing import Annotated

import typer

from convcalc.commands.base import command
from convcalc.options.shared import Format, Get, Json


@command(
    context_settings={"ignore_unknown_options": True},
    epilog="Examples: convcalc solve 28 13; convcalc solve 28 --same --s 2; convcalc solve --chain 3 --receptive-field"
    " 31; convcalc solve --net vgg16 --exact",
)
def solve(
    sizes: Annotated[
        list[str] | None,
        typer.Argument(
            metavar="SIZE [TARGET]", help="28 13: what turns 28 into 13? Several axes are written 224x224 112x96."
        ),
    ] = None,
    kernel_size: Annotated[
        str | None,
        typer.Option(
            "--kernel-size",
            "--k",
            "-k",
            metavar="K",
            help="Fix it, 3, or give bounds: 3,5,7 or 1..7.",
        ),
    ] = None,
    stride: Annotated[str | None, typer.Option("--stride", "--s", "-s", metavar="S", help="The same.")] = None,
    padding: Annotated[str | None, typer.Option("--padding", "--p", "-p", metavar="P", help="The same.")] = None,
    dilation: Annotated[str | None, typer.Option("--dilation", "--d", "-d", metavar="D", help="The same.")] = None,
    output_padding: Annotated[
        str | None, typer.Option("--output-padding", metavar="P", help="The same, with --transposed.")
    ] = None,
    transposed: Annotated[bool, typer.Option("--transposed", help="By a transposed convolution.")] = False,
    pool: Annotated[bool, typer.Option("--pool", help="By a pool; its ceil_mode is found too.")] = False,
    same: Annotated[
        bool, typer.Option("--same", help="The padding that keeps SIZE, or divides it by the stride.")
    ] = False,
    chain: Annotated[
        str | None,
        typer.Option("--chain", metavar="N", help="N equal layers that see so much, cheapest first."),
    ] = None,
    receptive_field: Annotated[
        str | None, typer.Option("--receptive-field", metavar="R", help="With --chain: the least that a unit sees.")
    ] = None,
    net: Annotated[
        str | None, typer.Option("--net", metavar="NETWORK", help="With --exact: a network, as convcalc net takes it.")
    ] = None,
    exact: Annotated[
        bool, typer.Option("--exact", help="The input sizes of which the network leaves no row unread.")
    ] = False,
    size: Annotated[
        str | None, typer.Option("--size", metavar="SIZES", help="With --exact: the sizes to try. [default: 1..512]")
    ] = None,
    input: Annotated[  # noqa: A002 - the option's name
        str | None, typer.Option("--input", "-i", metavar="SHAPE", help="For --chain and --exact: 1x3x224x224.")
    ] = None,
    limit: Annotated[
        str | None, typer.Option("--limit", metavar="N", help="Show so many answers. [default: 20]")
    ] = None,
    json: Json = False,
    format: Format = None,  # noqa: A002 - the option's name
    get: Get = None,
) -> None:
    """What was typed, handed on."""
    from convcalc.commands import solve as body
    from convcalc.commands import values

    options = body.Options(
        kernel_size=kernel_size,
        stride=stride,
        padding=padding,
        dilation=dilation,
        output_padding=output_padding,
        transposed=transposed,
        pool=pool,
        same=same,
        chain=chain,
        receptive_field=receptive_field,
        net=net,
        exact=exact,
        size=size,
        input=input,
        limit=limit,
        format=values.format_of(format, json, get),
        get=get,
    )
    body.run(sizes or [], options)
