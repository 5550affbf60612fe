"""`convcalc shape`: one convolution, on its own or behind what was piped in."""

from __future__ import annotations

from contextlib import suppress
from typing import TYPE_CHECKING, Annotated, Any, NamedTuple

import typer

from convcalc.commands import output, values
from convcalc.commands.base import as_typed, command, tell
from convcalc.commands.shared import Format, Get, Json, MemoryLimit, Verify
from convcalc.errors import ConvcalcError
from convcalc.notes import note_block

if TYPE_CHECKING:
    from convcalc.layers.settings import Shape
    from convcalc.network import Network
    from convcalc.render.table import Table
    from convcalc.report import Report, Row
    from convcalc.verify import Check, Verification

PATIENCE = 2 * 10**11  # products that take some seconds


class Options(NamedTuple):
    """What can be typed: each argument and option, as text or a flag."""

    sizes: Annotated[
        list[str] | None,
        typer.Argument(
            metavar="N C [D] [H] W | -",
            help="The input: 3, 4 or 5 sizes for Conv1d, Conv2d or Conv3d. With -, the network that is piped in as JSON"
            " gets one more layer. Sizes and settings may be lists, 3,5,7 or 1..7: each combination is one row.",
        ),
    ] = None
    kernel_size: Annotated[
        str | None,
        typer.Option(
            "--kernel-size",
            "--k",
            "-k",
            metavar="K",
            help="3, or one number per axis, height x width: 3x5. Required.",
        ),
    ] = None
    stride: Annotated[
        str, typer.Option("--stride", "--s", "-s", metavar="S", help="2, or one number per axis: 2x1.")
    ] = "1"
    padding: Annotated[
        str,
        typer.Option(
            "--padding",
            "--p",
            "-p",
            metavar="P",
            help="1; one number per axis: 1x2; unequal sides, before:after: 1:2x0:1; same; or valid.",
        ),
    ] = "0"
    dilation: Annotated[
        str,
        typer.Option(
            "--dilation",
            "--d",
            "-d",
            metavar="D",
            help="The distance between taps: 1 is dense. Or one number per axis: 2x1.",
        ),
    ] = "1"
    groups: Annotated[
        str,
        typer.Option(
            "--groups",
            "--g",
            "-g",
            metavar="G",
            help="The groups of channels. Must divide the input and output channels.",
        ),
    ] = "1"
    out_channels: Annotated[
        str | None,
        typer.Option(
            "--out-channels", "--out", "-c", metavar="O", help="The output channels. [default: one per group]"
        ),
    ] = None
    bias: Annotated[bool, typer.Option("--bias/--no-bias", help="Add a bias to each output channel, or not.")] = True
    padding_mode: Annotated[
        str,
        typer.Option(
            "--padding-mode", metavar="MODE", help="What fills the padding: zeros, reflect, replicate or circular."
        ),
    ] = "zeros"
    where: Annotated[
        str | None,
        typer.Option(
            "--where", metavar="CONDITION", help="Keep only the rows where this holds: 'output.2 == 112 and macs < 5M'."
        ),
    ] = None
    sort: Annotated[
        str | None,
        typer.Option(
            "--sort", metavar="COLUMNS", help="Sort the rows by columns: macs, or -macs for the largest first."
        ),
    ] = None
    limit: Annotated[str | None, typer.Option("--limit", metavar="N", help="Show at most N rows.")] = None
    columns: Annotated[
        str | None, typer.Option("--columns", metavar="NAMES", help="Show these columns: stride,output,macs; or all.")
    ] = None
    explain: Annotated[bool, typer.Option("--explain", help="Show each formula with its numbers.")] = False
    verify: Verify = False
    memory_limit: MemoryLimit = "2GiB"
    json: Json = False
    format: Format = ""
    get: Get = None


@command(
    Options,
    examples=(
        "convcalc shape 10 3 28 28 --k 4 --s 2 --out 16 --verify",
        "convcalc shape 1 64 56 56 --k 1..7 --p 0..3 --where 'output.2 == 56'",
        "convcalc shape 1 3 28 28 --k 3 --out 8 --json | convcalc shape - --k 3",
    ),
    groups={"kernel_size": "The layer", "where": "The sweep", "explain": "The output"},
    context_settings={"ignore_unknown_options": True},  # a negative size is an argument, with a refusal of its own
)
def run(options: Options) -> bool:
    """Answer; return False if the verification finds a difference."""
    from convcalc.commands.convolution import layer_for, place_of, settings_of, texts_of
    from convcalc.walk import trace

    sizes = values.size_words(options.sizes or [])
    values.only_in_table_or_json("--explain", options.explain, options.format)
    memory_limit = values.memory("--memory-limit", options.memory_limit)
    texts = texts_of(options)
    wanted = (options.where, options.sort, options.limit, options.columns)
    if any(text is not None for text in wanted) or any(map(values.is_list, (*sizes, *filter(None, texts.values())))):
        from convcalc.commands import sweep

        for name, given in (("--verify", options.verify), ("--explain", options.explain)):
            if given:
                raise ConvcalcError(f"{name} is for one convolution: leave out the lists, and what is for their rows")
        return sweep.run(sweep.Request(sizes, texts, options.bias, *wanted, options.format, options.get))
    place = place_of(sizes, options.verify)
    network, input_shape, shape_in = place
    name = place.name
    verification = None
    with as_typed():
        layer = layer_for(shape_in[-1 - place.rank :], settings_of(texts), options.bias)
        network = network.then(name, layer, out_channels_assumed=options.out_channels is None)
        if options.verify:
            verification = _verified(network, input_shape, memory_limit)
            if options.padding == "same":
                verification = verification.and_check(
                    _kept(shape_in[-place.rank :], verification.output.shape[-place.rank :])
                )
            if not verification.agrees:
                output.emit_difference(verification, options)
                return False
        report = trace(network, input_shape)
    if options.format == "json":
        output.emit_document(_document(report, verification, options), options.get)
    elif options.format != "table":
        from convcalc.render.columns import LENET

        output.emit_report(report, options.format, LENET)
    else:
        output.emit(_blocks(report, verification, options, sizes))
    return True


def _verified(network: Network, input_shape: Shape, limit: int) -> Verification:
    from convcalc.layers.block import opened
    from convcalc.verify import check_memory, plan, verify
    from convcalc.walk import trace

    with suppress(ConvcalcError):  # a refusal is verify's to make
        report = trace(network, input_shape)
        check_memory(opened(network), plan(network, input_shape), limit)
        products = report.totals.macs * report.batch
        if products > PATIENCE:
            tell(f"about {float(products):.0e} products to sum: this takes a while (Ctrl-C stops it)")
    return verify(network, input_shape, memory_limit=limit)


def _kept(before: Shape, after: Shape) -> Check:
    """Return the check that `same` keeps the size, which no formula says."""
    from convcalc.verify import Check

    return Check("size kept by same", before, after)


def _document(report: Report, verification: Verification | None, options: Options) -> dict[str, Any]:
    from convcalc.schema import explanation, report_document, verification_document

    document = report_document(report)
    if options.explain:
        from convcalc.explain import explain

        document["explain"] = {row.name: explanation(explain(row)) for row in report.rows}
    if verification is not None:
        document["verification"] = verification_document(verification)
    return document


def _blocks(report: Report, verification: Verification | None, options: Options, sizes: list[str]) -> list[str | Table]:
    from convcalc.render.columns import LENET
    from convcalc.render.layer import layer_table
    from convcalc.render.network import network_table, totals_table
    from convcalc.render.verification import verdict, verification_table

    row = report.rows[-1]
    blocks: list[str | Table] = [_heading(row, sizes)]
    if len(report.rows) > 1:
        blocks += [network_table(report, LENET, 1), "", totals_table(report), "", f"{row.name}, the layer added here:"]
    blocks.append(layer_table(row, report))
    blocks.append(_scope(report))
    if options.explain:
        from convcalc.explain import explain
        from convcalc.render.formulas import text

        for each in report.rows:
            blocks += ["", *([f"{each.name}:"] if len(report.rows) > 1 else []), text(explain(each))]
    if verification is not None:
        blocks += ["", verification_table(verification), verdict(verification)]
    return [*blocks, *note_block(report.notes)]


def _heading(row: Row, sizes: list[str]) -> str:
    """Return how the input was read."""
    from convcalc.commands.convolution import KINDS
    from convcalc.layers.windows import AXES

    rank = len(row.windows)
    axes = ("N", "C", *AXES[rank])[-len(row.input) :]
    read = " ".join(f"{axis}={size}" for axis, size in zip(axes, row.input, strict=True))
    hint = f" (for one picture: 1 {' '.join(map(str, row.input))})" if rank == 1 and sizes != ["-"] else ""
    return f"{read}, {KINDS[rank].__name__}{hint}"


def _scope(report: Report) -> str:
    return f"Counts: one example. Memory: the batch of {report.batch:,}. MACs: without the bias."
