"""What can be typed of `convcalc filter`."""

from typing import Annotated

import typer

from convcalc.commands.base import command
from convcalc.options.shared import Format, Get, Json, MemoryLimit


@command(
    epilog="Examples: convcalc filter photo.jpg --kernel sobel-x -o edges.png; convcalc filter photo.jpg --kernel"
    " gaussian --size 7 --sigma 1.5 -o soft.png; convcalc filter --demo --kernel '0 -1 0; -1 5 -1; 0 -1 0'",
)
def filter(  # noqa: A001 - the command's name
    picture: Annotated[
        str | None,
        typer.Argument(metavar="FILE", help="A picture: .png, .jpg, .tiff, .webp, .bmp, or a .npy array."),
    ] = None,
    demo: Annotated[bool, typer.Option("--demo", help="A picture that needs no file.")] = False,
    kernel: Annotated[
        str | None,
        typer.Option(
            "--kernel",
            "-k",
            metavar="KERNEL",
            help="A name of --list; weights, row by row: '0 -1 0; -1 5 -1; 0 -1 0'; or a text or .npy file of them.",
        ),
    ] = None,
    size: Annotated[
        str | None, typer.Option("--size", metavar="K", help="Of a kernel that has several: 7, or rows x columns: 3x5.")
    ] = None,
    sigma: Annotated[
        str | None, typer.Option("--sigma", metavar="S", help="Standard deviation, in pixels: gaussian, log, gabor.")
    ] = None,
    angle: Annotated[
        str | None,
        typer.Option("--angle", metavar="DEGREES", help="Of motion, counter-clockwise; of gabor, clockwise."),
    ] = None,
    wavelength: Annotated[
        str | None, typer.Option("--wavelength", metavar="PIXELS", help="Of gabor's stripes.")
    ] = None,
    gamma: Annotated[
        str | None, typer.Option("--gamma", metavar="G", help="Of gabor: how round it is; 1 is a circle.")
    ] = None,
    phase: Annotated[
        str | None, typer.Option("--phase", metavar="DEGREES", help="Of gabor: 0 finds lines, 90 finds edges.")
    ] = None,
    amount: Annotated[
        str | None, typer.Option("--amount", metavar="A", help="Of unsharp: how much of the difference is added.")
    ] = None,
    border: Annotated[
        str,
        typer.Option("--border", metavar="BORDER", help="zeros, reflect, replicate, circular; valid: only whole ones."),
    ] = "reflect",
    stride: Annotated[str, typer.Option("--stride", "--s", "-s", metavar="S", help="2, or one an axis: 2x1.")] = "1",
    dilation: Annotated[
        str, typer.Option("--dilation", "--d", "-d", metavar="D", help="1 is dense, 2 spreads by one; 2x1.")
    ] = "1",
    repeat: Annotated[str, typer.Option("--repeat", metavar="N", help="Filter what comes out again, N times.")] = "1",
    convolve: Annotated[
        bool,
        typer.Option("--convolve", help="Flip the kernel: true convolution, not the frameworks' cross-correlation."),
    ] = False,
    range: Annotated[  # noqa: A002 - the option's name
        str | None,
        typer.Option(
            "--range",
            metavar="RANGE",
            help="What becomes of values that do not fit: clip, abs, scale or wrap. [default: the kernel's own]",
        ),
    ] = None,
    verify: Annotated[
        bool, typer.Option("--verify", help="Execute it as a Conv2d too, and compare; exit 1 where a pixel differs.")
    ] = False,
    memory_limit: MemoryLimit = "2GiB",
    list_: Annotated[bool, typer.Option("--list", help="The kernels by name.")] = False,
    show: Annotated[bool, typer.Option("--show", help="The kernel: its weights, their sum, and its Conv2d.")] = False,
    compare: Annotated[
        bool, typer.Option("--compare", help="Draw input, kernel and result: -o page.svg, .html or .png.")
    ] = False,
    at: Annotated[
        str | None, typer.Option("--at", metavar="R,C", help="With --compare: the pixel whose sum is written out.")
    ] = None,
    output: Annotated[
        str | None, typer.Option("--output", "-o", metavar="FILE", help="The result; without it, in the terminal.")
    ] = None,
    force: Annotated[bool, typer.Option("--force", help="Write the file anew where it is there already.")] = False,
    json: Json = False,
    format: Format = None,  # noqa: A002 - the option's name
    get: Get = None,
) -> None:
    """What was typed, handed on."""
    from convcalc.commands import filter as body
    from convcalc.commands import values

    options = body.Options(
        demo=demo,
        kernel=kernel,
        size=size,
        sigma=sigma,
        angle=angle,
        wavelength=wavelength,
        gamma=gamma,
        phase=phase,
        amount=amount,
        border=border,
        stride=stride,
        dilation=dilation,
        repeat=repeat,
        convolve=convolve,
        range=range,
        verify=verify,
        memory_limit=memory_limit,
        list=list_,
        show=show,
        compare=compare,
        at=at,
        output=output,
        force=force,
        format=values.format_of(format, json, get),
        get=get,
    )
    if not body.run(picture, options):
        raise typer.Exit(1)
