"""What can be typed of `convcalc draw`."""

from typing import Annotated

import typer

from convcalc.commands.base import command


@command(
    context_settings={"ignore_unknown_options": True},
    epilog="Examples: convcalc draw 1 1 5 5 --k 3 --s 2 --p 1 -o conv.svg; convcalc draw --net lenet5 -o lenet5.svg",
)
def draw(
    sizes: Annotated[
        list[str] | None, typer.Argument(metavar="N C [D] [H] W", help="The input of a single layer, as of shape.")
    ] = None,
    kernel_size: Annotated[
        str | None, typer.Option("--kernel-size", "--k", "-k", metavar="K", help="A convolution, as of shape: 3x5.")
    ] = None,
    stride: Annotated[str | None, typer.Option("--stride", "--s", "-s", metavar="S", help="As of shape.")] = None,
    padding: Annotated[str | None, typer.Option("--padding", "--p", "-p", metavar="P", help="As of shape.")] = None,
    dilation: Annotated[str | None, typer.Option("--dilation", "--d", "-d", metavar="D", help="As of shape.")] = None,
    groups: Annotated[str | None, typer.Option("--groups", "--g", "-g", metavar="G", help="As of shape.")] = None,
    out_channels: Annotated[
        str | None, typer.Option("--out-channels", "--out", "-c", metavar="O", help="As of shape.")
    ] = None,
    padding_mode: Annotated[str | None, typer.Option("--padding-mode", metavar="MODE", help="As of shape.")] = None,
    layer: Annotated[
        str | None, typer.Option("--layer", metavar="LAYER", help="Any other layer: 'MaxPool2d(3, 2)'.")
    ] = None,
    look: Annotated[str | None, typer.Option("--look", metavar="LOOK", help="flat; or iso, stacked.")] = None,
    at: Annotated[
        str | None, typer.Option("--at", metavar="R,C", help="The window of that output, and no motion: 1,2.")
    ] = None,
    still: Annotated[bool, typer.Option("--still", help="Without motion, for print.")] = False,
    net: Annotated[
        str | None, typer.Option("--net", metavar="NETWORK", help="A network, as convcalc net takes it.")
    ] = None,
    name: Annotated[
        str | None, typer.Option("--name", metavar="NAME", help="The network of that name in a .py file.")
    ] = None,
    input: Annotated[  # noqa: A002 - the option's name
        str | None, typer.Option("--input", "-i", metavar="SHAPE", help="Of the network: 1x3x224x224.")
    ] = None,
    depth: Annotated[
        str | None, typer.Option("--depth", metavar="N", help="Fold blocks that lie deeper: 1 is the outermost.")
    ] = None,
    width: Annotated[
        str | None, typer.Option("--width", metavar="PIXELS", help="Of the network's sheet. [default: 1200]")
    ] = None,
    receptive_field: Annotated[
        str | None, typer.Option("--receptive-field", metavar="LAYER", help="What a unit of that layer sees.")
    ] = None,
    connections: Annotated[
        str | None, typer.Option("--connections", metavar="LAYER", help="Which maps feed which, in that layer.")
    ] = None,
    chart: Annotated[
        str | None, typer.Option("--chart", metavar="FIGURE", help="Bars a layer: parameters, macs or memory.")
    ] = None,
    term: Annotated[bool, typer.Option("--term", help="In the terminal, as where no -o is given.")] = False,
    output: Annotated[
        str | None,
        typer.Option("--output", "-o", metavar="FILE", help="A file: .svg, .html, .png or .gif; - is SVG on stdout."),
    ] = None,
    force: Annotated[bool, typer.Option("--force", help="Write the file anew where it is there already.")] = False,
) -> None:
    """What was typed, handed on."""
    from convcalc.commands import draw as body

    body.run(
        sizes or [],
        body.Options(
            kernel_size=kernel_size,
            stride=stride,
            padding=padding,
            dilation=dilation,
            groups=groups,
            out_channels=out_channels,
            padding_mode=padding_mode,
            layer=layer,
            look=look,
            at=at,
            still=still,
            net=net,
            name=name,
            input=input,
            depth=depth,
            width=width,
            receptive_field=receptive_field,
            connections=connections,
            chart=chart,
            term=term,
            output=output,
            force=force,
        ),
    )
