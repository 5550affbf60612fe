"""`convcalc net`: a whole network, a row a layer."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any, NamedTuple

import typer

from convcalc.commands import output, progress, source, values
from convcalc.commands.base import as_typed, command, tell, with_notes
from convcalc.commands.shared import Format, Get, Json, MemoryLimit, Verify
from convcalc.errors import ConvcalcError
from convcalc.notes import note_block

if TYPE_CHECKING:
    from convcalc.commands.source import Source
    from convcalc.layers.block import Block
    from convcalc.layers.settings import Shape
    from convcalc.render.table import Table
    from convcalc.report import Report
    from convcalc.verify import Verification

LEFT_OUT = "MACs: those with a weight; bias, norms, activations, pooling are left out. FLOPs: 2 x dense MACs."


class Options(NamedTuple):
    """What can be typed: each argument and option, as text or a flag."""

    network: Annotated[
        str | None,
        typer.Argument(
            metavar="NETWORK",
            help="Layers as in PyTorch; a file: .py, .json, or .txt with what print(model) gives; - for stdin; or the"
            " name of a built-in network.",
        ),
    ] = None
    list_: Annotated[bool, typer.Option("--list", help="List the built-in networks with their totals.")] = False
    input: Annotated[
        list[str] | None,
        typer.Option(
            "--input", "-i", metavar="SHAPE", help="The input: 1x3x224x224. A built-in network knows its own."
        ),
    ] = None
    name: Annotated[
        str | None,
        typer.Option(
            "--name", metavar="NAME", help="The variable of a .py file that holds the network. [default: the last]"
        ),
    ] = None
    in_order: Annotated[
        bool,
        typer.Option("--in-order", help="Read a printed model as a chain: its layers are called in printed order."),
    ] = False
    flatten: Annotated[
        bool,
        typer.Option("--flatten", help="With --in-order: put a Flatten before the first Linear that gets maps."),
    ] = False
    max_params: Annotated[
        str | None, typer.Option("--max-params", metavar="N", help="Exit with 1 if there are more parameters: 5M.")
    ] = None
    max_macs: Annotated[
        str | None, typer.Option("--max-macs", metavar="N", help="Exit with 1 if there are more MACs: 600M.")
    ] = None
    max_memory: Annotated[
        str | None,
        typer.Option("--max-memory", metavar="SIZE", help="Exit with 1 if parameters and peak take more: 512KiB."),
    ] = None
    min_receptive_field: Annotated[
        str | None,
        typer.Option("--min-receptive-field", metavar="N", help="Exit with 1 if an output sees less of the input."),
    ] = None
    columns: Annotated[
        str | None,
        typer.Option(
            "--columns", metavar="NAMES", help="Show these columns: name,output,macs,receptive_field; or all."
        ),
    ] = None
    depth: Annotated[
        str, typer.Option("--depth", metavar="N", help="Show blocks down to this depth, 1 for the outermost; or all.")
    ] = "all"
    dtype: Annotated[
        str,
        typer.Option(
            "--dtype",
            metavar="TYPE",
            help="The type that memory is counted in: float32, float16, bfloat16, int8, float64.",
        ),
    ] = "float32"
    verify: Verify = False
    memory_limit: MemoryLimit = "2GiB"
    json: Json = False
    format: Format = ""
    get: Get = None


class Budget(NamedTuple):
    """A limit, and what the network has of it; it is broken where that is more, or less than a least one."""

    option: str
    what: str
    found: int | None
    limit: int

    @property
    def broken(self) -> bool:
        """Whether the network does not keep it. What is not known is not kept."""
        if self.found is None:
            return True
        return self.found < self.limit if self.option.startswith("--min") else self.found > self.limit

    def __str__(self) -> str:
        found = "not known, so it cannot be kept" if self.found is None else f"{self.found:,}"
        return f"{self.what}: {found}, and {self.option} is {self.limit:,}"


@command(
    Options,
    examples=(
        "convcalc net resnet18 --depth 1",
        "convcalc net 'Conv2d(3, 16, 4), ReLU(), MaxPool2d(2)' --input 1x3x28x28",
        "convcalc net model.py --input 1x3x224x224 --max-params 5M",
    ),
    groups={"list_": "The network", "max_params": "Limits, for scripts", "columns": "The output"},
)
def run(options: Options) -> bool:
    """Answer; False where verification found a difference, or a budget is broken."""
    if options.list_:
        _emit_list(options.format)
        return True
    from convcalc.report import ITEMSIZES
    from convcalc.walk import LayerError

    typed = "-" if options.network is None and source.is_piped() else options.network
    if typed is None:
        raise ConvcalcError(
            "no network given: write one, such as 'Conv2d(3, 16, 4), ReLU()', a file, - or a name (convcalc net --list)"
        )
    depth = values.depth("--depth", options.depth)
    dtype = values.one_of("--dtype", options.dtype, tuple(ITEMSIZES), values.OTHER_DTYPES)
    limit = values.memory("--memory-limit", options.memory_limit)
    if options.columns is not None and options.format == "json":
        raise ConvcalcError("--columns has no place in --format json, which has every figure: use --get layers.0.macs")
    columns = _columns(options.columns)
    limits = _limits(options)
    read = source.network(typed, options.name, options.in_order, options.flatten)
    if read.printed is not None:
        if options.verify:
            raise ConvcalcError(f"--verify executes the layers, and {read.notes[0].text}")
        from convcalc.inventory import inventory

        report = inventory(read.printed, dtype, read.notes)
        _emit(report, None, options, depth, columns)
        return _keeps(limits, report)
    input_shape = source.input_shape(read, options.input)
    verification = None
    try:
        with with_notes(read.notes):
            report = _traced(read, input_shape, dtype, options.in_order and not options.flatten)
    except LayerError as error:
        if options.format == "table" and error.report.rows:
            output.emit(_blocks(error.report._replace(notes=()), depth, columns))  # the refusal has them
        raise
    report = report._replace(notes=(*read.notes, *report.notes))
    if options.verify:
        with as_typed():
            verification = _verified(read, input_shape, limit, depth)
        if not verification.agrees:
            output.emit_difference(verification, options, report.notes)
            return False
    _emit(report, verification, options, depth, columns)
    return _keeps(limits, report)


def _keeps(limits: dict[str, int], report: Report) -> bool:
    """Whether the network keeps its budgets; those that it breaks are named on stderr."""
    broken = [budget for budget in _budgets(limits, report) if budget.broken]
    for budget in broken:
        tell(f"over budget: {budget}")
    return not broken


def _emit_list(format: str) -> None:  # noqa: A002 - the option's name
    """The built-in networks, with their totals."""
    from convcalc import zoo
    from convcalc.render.table import Column, Table
    from convcalc.walk import trace

    columns = (
        Column("name"),
        Column("input"),
        Column("parameters", number=True),
        Column("MACs", number=True),
        Column("output"),
    )
    reports = {name: trace(zoo.build(name), zoo.input_shape(name)) for name in zoo.NAMES}
    rows = tuple(
        (name, report.input, report.totals.parameters, report.totals.macs, report.output)
        for name, report in reports.items()
    )
    if format == "json":
        from convcalc.schema import SCHEMA_VERSION, report_document

        networks = {name: report_document(report, 1)["totals"] for name, report in reports.items()}
        output.emit_document({"schema_version": SCHEMA_VERSION, "networks": networks}, None)
    elif format == "table":
        output.emit([Table(columns, rows)])
    else:
        output.emit_table(Table(columns, rows), format)


def _columns(typed: str | None) -> tuple[str, ...] | None:
    """The columns that were asked for; None where the format decides."""
    from convcalc.render.columns import COLUMNS as ALL

    return None if typed is None else values.columns("--columns", typed, tuple(ALL))


def _limits(options: Options) -> dict[str, int]:
    """The budgets that were given."""
    amounts = {
        "--max-params": options.max_params,
        "--max-macs": options.max_macs,
        "--min-receptive-field": options.min_receptive_field,
    }
    limits = {name: values.amount(name, text) for name, text in amounts.items() if text is not None}
    if options.max_memory is not None:
        limits["--max-memory"] = values.memory("--max-memory", options.max_memory)
    return limits


def _budgets(limits: dict[str, int], report: Report) -> list[Budget]:
    totals = report.totals
    sizes = [field.size for field in report.field]
    known = [size for size in sizes if size is not None]
    memory = None if None in (totals.parameter_bytes, totals.peak_bytes) else totals.parameter_bytes + totals.peak_bytes
    found = {
        "--max-params": ("parameters", totals.parameters),
        "--max-macs": ("MACs", totals.macs),
        "--max-memory": (f"memory ({report.dtype} bytes of parameters and peak)", memory),
        "--min-receptive-field": ("receptive field", min(known, default=None) if len(known) == len(sizes) else None),
    }
    return [Budget(name, *found[name], limit) for name, limit in limits.items()]


def _traced(read: Source, input_shape: Shape, dtype: str, may_flatten: bool) -> Report:
    """Return the report. A refusal names the layer that does not fit, where it is written, and what would help."""
    from convcalc.walk import LayerError, trace

    try:
        return trace(read.network, input_shape, dtype=dtype)
    except LayerError as error:
        line = read.lines.get(id(error.node.layer))
        written = f", line {line} of {read.file or 'the text'}" if line and read.file else ""
        reason = _with_remedy(error.reason, read, input_shape, may_flatten)
        raise LayerError(reason, error.node, error.number, error.report, f" (number {error.number}{written})") from None
    except ConvcalcError as error:
        raise ConvcalcError(_with_remedy(str(error), read, input_shape, may_flatten), error.notes) from None


def _with_remedy(reason: str, read: Source, input_shape: Shape, may_flatten: bool) -> str:
    """Return the reason with a remedy that fits the whole network, where there is a better one than the layer's own."""
    from convcalc.channels import channels_first

    problem = reason.rpartition(": ")[0] or reason
    moved = channels_first(input_shape)
    if moved != input_shape and _fits(read.network, moved):
        return f"{problem}: channels last? PyTorch's order is N C H W, so use --input {'x'.join(map(str, moved))}"
    if read.input_shape is not None:  # its layers are given: what can be changed is the input
        return f"{problem}: use an input such as {'x'.join(map(str, read.input_shape))}"
    if may_flatten and "flatten it first, or" in reason:  # in `forward` it may be a function, which is not printed
        return f"{problem}: add --flatten"
    return reason


def _fits(network: Block, input_shape: Shape) -> bool:
    from convcalc.walk import trace

    try:
        trace(network, input_shape)
    except ConvcalcError:
        return False
    return True


def _verified(read: Source, input_shape: Shape, limit: int, depth: int | None) -> Verification:
    from convcalc.verify import verify

    with progress.of_layers() as listener:
        return verify(read.network, input_shape, memory_limit=limit, depth=depth, progress=listener)


def _emit(
    report: Report,
    verification: Verification | None,
    options: Options,
    depth: int | None,
    columns: tuple[str, ...] | None,
) -> None:
    if options.format == "json":
        from convcalc.schema import report_document, verification_document

        document: dict[str, Any] = report_document(report, depth)
        if verification is not None:
            document["verification"] = verification_document(verification)
        output.emit_document(document, options.get)
    elif options.format == "table":
        output.emit(_blocks(report, depth, columns, verification))
    else:
        from convcalc.render.columns import COUNTED, NETWORK

        output.emit_report(report, options.format, NETWORK if report.inputs else COUNTED, columns, depth)


def _blocks(
    report: Report, depth: int | None, columns: tuple[str, ...] | None, verification: Verification | None = None
) -> list[str | Table]:
    from convcalc.render.columns import COUNTED, NETWORK
    from convcalc.render.network import network_table, totals_table
    from convcalc.render.verification import verdict, verification_table

    usual = NETWORK if report.inputs else COUNTED
    blocks: list[str | Table] = [network_table(report, columns or usual, depth), "", totals_table(report)]
    if report.inputs:
        blocks += [f"Counts: one example. Memory: the batch of {report.batch:,}.", LEFT_OUT]
    if shared := [row for row in report.leaves if row.shares is not None]:
        blocks.append("Shared, so counted once: " + ", ".join(f"{row.name} is {row.shares}" for row in shared) + ".")
    if verification is not None:
        blocks += ["", verification_table(verification), verdict(verification)]
    return [*blocks, *note_block(report.notes)]
