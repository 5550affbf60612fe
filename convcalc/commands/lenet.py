"""`convcalc lenet`: LeNet-5, layer by layer, beside what was published."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any, NamedTuple

import typer

from convcalc.commands import output, values
from convcalc.commands.base import as_typed, command
from convcalc.commands.shared import Format, Get, Json, MemoryLimit, Verify
from convcalc.notes import note_block

if TYPE_CHECKING:
    from convcalc.render.table import Table
    from convcalc.report import Report
    from convcalc.verify import Verification

DIGIT = 3  # the picture that --verify runs the network on


class Options(NamedTuple):
    """What can be typed: each argument and option, as text or a flag."""

    report: Annotated[
        bool, typer.Option("--report", help="Show the table of layers. It is shown without this option, too.")
    ] = False
    input: Annotated[
        str,
        typer.Option(
            "--input", metavar="SIZE", help="32 as in the paper, or 28 as in the tutorial, where C1 pads by 2."
        ),
    ] = "32"
    c3: Annotated[
        str, typer.Option("--c3", metavar="TABLE", help="paper: 60 of the 96 kernels exist. full: all of them.")
    ] = "paper"
    errata: Annotated[bool, typer.Option("--errata", help="Show where the tutorial is wrong.")] = False
    verify: Verify = False
    memory_limit: MemoryLimit = "2GiB"
    json: Json = False
    format: Format = ""
    get: Get = None


@command(Options, examples=("convcalc lenet --verify",), groups={"report": "The network", "verify": "The output"})
def run(options: Options) -> bool:
    """Answer; return False if the verification finds a difference."""
    from convcalc import lenet
    from convcalc.walk import trace

    size = int(values.one_of("--input", options.input, tuple(map(str, lenet.INPUT_SIZES))))
    full_c3 = values.one_of("--c3", options.c3, ("paper", "full")) == "full"
    limit = values.memory("--memory-limit", options.memory_limit)
    values.only_in_table_or_json("--errata", options.errata, options.format)
    verification = None
    if options.verify:
        with as_typed():
            verification = _verified(size, full_c3, limit)
    if verification is not None and not verification.agrees:
        output.emit_difference(verification, options)
        return False
    report = trace(lenet.lenet5(size, full_c3), lenet.input_shape(size))
    if options.format == "json":
        output.emit_document(_document(report, verification, options), options.get)
    elif options.format != "table":
        from convcalc.render.columns import LENET

        output.emit_report(report, options.format, LENET)
    else:
        output.emit(_blocks(report, verification, options))
    return True


def _verified(size: int, full_c3: bool, limit: int) -> Verification:
    import numpy as np

    from convcalc import lenet
    from convcalc.verify import verify

    network = lenet.lenet5(size, full_c3)
    weights = lenet.starting_weights(network, np.random.default_rng(0))
    picture = lenet.picture(DIGIT, size)
    return verify(network, lenet.input_shape(size), memory_limit=limit, x=picture, weights=weights)


def _document(report: Report, verification: Verification | None, options: Options) -> dict[str, Any]:
    from convcalc import lenet
    from convcalc.schema import report_document, verification_document

    document: dict[str, Any] = report_document(report)
    if options.errata:
        document["errata"] = [dict(zip(("layer", "printed", "fact"), erratum, strict=True)) for erratum in lenet.ERRATA]
    if verification is not None:
        document["verification"] = verification_document(verification)
        document["verification"]["distances"] = [round(float(distance), 4) for distance in verification.output[0]]
    return document


def _blocks(report: Report, verification: Verification | None, options: Options) -> list[str | Table]:
    from convcalc import lenet
    from convcalc.render.columns import LENET
    from convcalc.render.network import network_table, totals_table
    from convcalc.render.verification import verdict, verification_table

    blocks: list[str | Table] = [f"LeNet-5 on one {options.input}x{options.input} picture"]
    blocks += ["", network_table(report, LENET, 1), *_remarks(report), ""]
    blocks.append(totals_table(report))
    if options.errata:
        blocks += ["", "Where the tutorial is wrong:"]
        blocks += [f"  {layer}: {printed!r}; in fact {fact}" for layer, printed, fact in lenet.ERRATA]
    if verification is not None:
        distances = " ".join(f"{distance:.2f}" for distance in verification.output[0])
        blocks += ["", verification_table(verification), verdict(verification), ""]
        blocks.append(f"Squared distances from a picture of a {DIGIT} to the codes of the digits 0 to 9: {distances}.")
        blocks.append("The weights are not trained, so the nearest digit means nothing yet.")
    return [*blocks, *note_block(report.notes)]


def _remarks(report: Report) -> list[str]:
    from convcalc import lenet

    remarks = ["The rows of C1 to F6 include the squashing function f(a) = 1.7159 tanh(2a/3)."]
    c1 = report.rows[0].figures
    if c1.macs != c1.macs_exact:
        (padding, _) = report.rows[0].windows[0].padding
        remarks.append(
            f"C1 pads by {padding} on every side: {c1.macs_exact:,} of its {c1.macs:,} MACs land on the picture."
        )
    differing = [row.name for row in report.rows if not lenet.is_as_published(row)]
    if "C3" in differing:
        _, parameters, connections = lenet.PUBLISHED["C3"]
        remarks.append(
            f"C3: all 96 kernels, where the paper has 60: {parameters:,} parameters and {connections:,} connections."
        )
    else:
        remarks.append("C3: 60 of the 96 kernels exist (the paper's connection table).")
    others = "Every other row" if differing else "Every row"
    return [*remarks, f"{others} is as published (LeCun et al. 1998, section II-B)."]
