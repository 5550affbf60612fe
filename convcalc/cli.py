"""The command line: `convcalc shape`, `convcalc net`, `convcalc solve` and `convcalc lenet`.

Every parameter is text or a flag; `convcalc.commands` reads the values and answers. A command's body is imported when
it runs. Annotations are evaluated here, as they are written: Typer would evaluate their text one by one, and slowly.
"""

import gc
from typing import Annotated

gc.disable()  # while modules load there is nothing to collect, and looking for it takes a twentieth of the start

import typer  # noqa: E402

from convcalc.commands.base import Command, Group  # noqa: E402

gc.enable()

app = typer.Typer(
    name="convcalc",
    cls=Group,
    rich_markup_mode=None,
    pretty_exceptions_enable=False,
    no_args_is_help=False,
    context_settings={"help_option_names": ["-h", "--help"]},
    help="The pocket calculator for convolutional networks: every figure exact, every count proved by execution.",
)

# The options that several commands share.
Json = Annotated[bool, typer.Option("--json", help="Print all of it as JSON: short for --format json.")]
Format = Annotated[
    str | None, typer.Option("--format", "-f", metavar="FORMAT", help="table, json, ndjson, csv, markdown or latex.")
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


@app.callback(invoke_without_command=True)
def convcalc(
    context: typer.Context,
    version: Annotated[bool, typer.Option("--version", help="Print the version and exit.")] = False,
) -> None:
    """Without a command: the version, or the help."""
    if version:
        from convcalc import __version__

        print(f"convcalc {__version__}")
    elif context.invoked_subcommand is None:
        print(context.get_help())


@app.command(
    cls=Command,
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
    """One convolution: what comes out, what it costs, what it sees."""
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


@app.command(
    cls=Command,
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
    """A whole network: a row a layer, and the totals."""
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


@app.command(
    cls=Command,
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
    """Which settings give what is wanted: the questions asked backwards."""
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


@app.command(
    cls=Command,
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
    """Pictures: a layer at work, a network, what it sees, connects and costs."""
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


@app.command(cls=Command, epilog="Example: convcalc lenet --report --verify")
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
    """LeNet-5 of 1998, layer by layer: shapes, parameters, connections."""
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
