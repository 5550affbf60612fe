"""`convcalc solve`: the questions asked backwards."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Annotated, Any, NamedTuple

import typer

from convcalc.commands import output, values
from convcalc.commands.base import as_typed, command, option
from convcalc.commands.shared import Format, Get, Json
from convcalc.errors import ConvcalcError
from convcalc.layers.settings import counted
from convcalc.notes import Note, note_block

if TYPE_CHECKING:
    from convcalc.layers.settings import Shape
    from convcalc.render.table import Table
    from convcalc.solve.answers import Answers

SHOWN = 20  # answers, unless --limit says otherwise
MOST_SHOWN = 10_000
MOST_WALKED = 10_000  # layers of the chains that are shown, each of which is walked


class Options(NamedTuple):
    """What can be typed: each argument and option, as text or a flag."""

    sizes: Annotated[
        list[str] | None,
        typer.Argument(
            metavar="SIZE [TARGET]", help="28 13: which settings turn 28 into 13? With several axes: 224x224 112x96."
        ),
    ] = None
    kernel_size: Annotated[
        str | None,
        typer.Option(
            "--kernel-size",
            "--k",
            "-k",
            metavar="K",
            help="3, a list 3,5,7 or a range 1..7.",
        ),
    ] = None
    stride: Annotated[
        str | None, typer.Option("--stride", "--s", "-s", metavar="S", help="A number, a list or a range.")
    ] = None
    padding: Annotated[
        str | None, typer.Option("--padding", "--p", "-p", metavar="P", help="A number, a list or a range.")
    ] = None
    dilation: Annotated[
        str | None, typer.Option("--dilation", "--d", "-d", metavar="D", help="A number, a list or a range.")
    ] = None
    output_padding: Annotated[
        str | None,
        typer.Option("--output-padding", metavar="P", help="With --transposed: a number, a list or a range."),
    ] = None
    transposed: Annotated[bool, typer.Option("--transposed", help="Ask for a transposed convolution.")] = False
    pool: Annotated[bool, typer.Option("--pool", help="Ask for a pool, also with ceil_mode.")] = False
    same: Annotated[
        bool, typer.Option("--same", help="Find the padding that keeps SIZE, or divides it by the stride.")
    ] = False
    chain: Annotated[
        str | None,
        typer.Option("--chain", metavar="N", help="Find N equal layers that together see R, the cheapest first."),
    ] = None
    receptive_field: Annotated[
        str | None,
        typer.Option("--receptive-field", metavar="R", help="How much of the input a unit must see at least."),
    ] = None
    net: Annotated[str | None, typer.Option("--net", metavar="NETWORK", help="A network as in convcalc net.")] = None
    exact: Annotated[
        bool, typer.Option("--exact", help="Find the input sizes of which the network leaves nothing unread.")
    ] = False
    size: Annotated[str | None, typer.Option("--size", metavar="SIZES", help="The sizes to try. [default: 1..512]")] = (
        None
    )
    input: Annotated[
        list[str] | None, typer.Option("--input", "-i", metavar="SHAPE", help="For --chain and --exact: 1x3x224x224.")
    ] = None
    limit: Annotated[str | None, typer.Option("--limit", metavar="N", help="Show at most N answers. [default: 20]")] = (
        None
    )
    json: Json = False
    format: Format = ""
    get: Get = None


class Reply(NamedTuple):
    """An answer in each of its forms: the document, the table with the lines around it, and the notes."""

    document: dict[str, Any]
    table: Table
    before: Sequence[str]
    behind: Sequence[str]
    notes: tuple[Note, ...] = ()


SETTINGS = ("kernel_size", "stride", "padding", "dilation")
ALWAYS = ("sizes", "json", "format", "get")
# The options of each question; any other is refused.
TAKES = {
    "a size": (*SETTINGS, "output_padding", "transposed", "pool", "limit"),
    "--same": ("kernel_size", "stride", "dilation", "same", "limit"),
    "--chain": (*SETTINGS, "chain", "receptive_field", "input", "limit"),
    "--exact": ("net", "exact", "size", "input"),
}


@command(
    Options,
    examples=(
        "convcalc solve 28 13",
        "convcalc solve 28 --same --s 2",
        "convcalc solve --chain 3 --receptive-field 31",
        "convcalc solve --net vgg16 --exact",
    ),
    groups={
        "kernel_size": "The layer",
        "same": "The padding that keeps the size",
        "chain": "A chain of layers",
        "net": "The sizes that a network reads without rest",
        "limit": "The output",
    },
    context_settings={"ignore_unknown_options": True},
)
def run(options: Options) -> None:
    """Answer."""
    sizes = options.sizes or []
    question = _question(sizes, options)
    _refuse_others(question, options)
    limit = SHOWN if options.limit is None else values.at_least_one("--limit", options.limit)
    if limit > MOST_SHOWN:
        raise ConvcalcError(f"--limit {limit:,} is too large: give at most {MOST_SHOWN:,}")
    ask = {"a size": _size, "--same": _same, "--chain": _chain, "--exact": _exact}[question]
    if question == "--exact":  # what is refused there is a layer of the network, which has no options
        reply = ask(sizes, options, limit)
    else:
        with as_typed():
            reply = ask(sizes, options, limit)
    if options.format == "json":
        from convcalc.schema import SCHEMA_VERSION, note_documents

        document = {"schema_version": SCHEMA_VERSION, **reply.document, "notes": note_documents(reply.notes)}
        output.emit_document(document, options.get)
    elif options.format == "table":
        output.emit([*reply.before, reply.table, *reply.behind, *note_block(reply.notes)])
    else:
        output.emit_table(reply.table, options.format, reply.notes)


def _question(sizes: list[str], options: Options) -> str:
    """Which of the four questions it is."""
    asked = {
        "--same": options.same,
        "--chain": options.chain is not None,
        "--exact": options.exact or options.net is not None,
    }
    given = [name for name, is_given in asked.items() if is_given]
    if len(given) > 1:
        raise ConvcalcError(f"{' and '.join(given)} are different questions: ask one at a time")
    question = given[0] if given else "a size"
    if question == "--exact" and not (options.exact and options.net is not None):
        raise ConvcalcError("which sizes does a network map exactly? Give both: --net vgg16 --exact")
    wanted = {"a size": 2, "--same": 1}.get(question, 0)
    if len(sizes) != wanted:
        example = {2: "a size and a target, such as 28 13 or 224x224 112x96", 1: "the size, such as 28 --same"}
        raise ConvcalcError(f"{counted(len(sizes), 'size')} given: give {example.get(wanted, f'none with {question}')}")
    return question


def _refuse_others(question: str, options: Options) -> None:
    for name in Options._fields:
        if name not in (*TAKES[question], *ALWAYS) and getattr(options, name) not in (None, False):
            raise ConvcalcError(f"{option(name)} has nothing to do with {question}: leave it out")


# 28 13


def _size(sizes: list[str], options: Options, limit: int) -> Reply:
    from convcalc.render.solve_size import size_document, size_lines, size_table
    from convcalc.solve.nearest import refusal

    answers = _answers(sizes, options)
    if not answers.found:
        raise refusal(answers)
    shown = answers.first(limit)
    before, behind = size_lines(answers, len(shown))
    return Reply(size_document(answers, shown), size_table(answers, shown), before, behind)


def _answers(sizes: list[str], options: Options) -> Answers:
    if options.transposed and options.pool:
        raise ConvcalcError("--transposed and --pool exclude each other: give one")
    if options.output_padding is not None and not options.transposed:
        raise ConvcalcError("--output-padding is of a transposed convolution: add --transposed")
    from convcalc.solve.bounds import Bounds

    size, target = _as_many(*(_sizes(text) for text in sizes))
    names = (*SETTINGS, "output_padding")
    texts = {name: getattr(options, name) for name in names}
    each = {
        name: [None] * len(size) if text is None else values.bounds(option(name), text, len(size))
        for name, text in texts.items()
    }
    bounds = [Bounds(**{name: numbers[axis] for name, numbers in each.items()}) for axis in range(len(size))]
    if options.transposed:
        from convcalc.solve.transposed import transposed as ask
    elif options.pool:
        from convcalc.solve.pool import pool as ask
    else:
        from convcalc.solve.conv import conv as ask
    return ask(size, target, bounds)


def _sizes(text: str) -> Shape:
    found = values.per_axis("size", text)
    return found if isinstance(found, tuple) else (found,)


def _as_many(size: Shape, target: Shape) -> tuple[Shape, Shape]:
    """One number is for all axes of the other."""
    if len(size) == 1:
        size *= len(target)
    if len(target) == 1:
        target *= len(size)
    return size, target


# --same


def _same(sizes: list[str], options: Options, limit: int) -> Reply:
    from convcalc.render.solve_same import same_document, same_lines, same_table
    from convcalc.solve.same import KERNEL_SIZES, same

    (size,) = map(_sizes, sizes)
    kernel_size, stride, dilation = (
        default if getattr(options, name) is None else _for_axes(option(name), getattr(options, name), len(size))
        for name, default in (("kernel_size", KERNEL_SIZES), ("stride", (1,)), ("dilation", (1,)))
    )
    rows = same(size, kernel_size, stride, dilation)
    before, behind = same_lines(size, rows, limit)
    return Reply(same_document(size, rows[:limit]), same_table(rows[:limit]), before, behind)


def _for_axes(name: str, text: str, axes: int) -> Sequence[int] | Sequence[Sequence[int]]:
    """Numbers for all axes together, or those of each axis."""
    return values.bounds(name, text, axes) if "x" in text else values.numbers(name, text)


# --chain


def _chain(_: list[str], options: Options, limit: int) -> Reply:
    from convcalc.render.solve_chain import chain_document, chain_lines, chain_table
    from convcalc.solve.chain import DILATIONS, INPUT_SHAPE, KERNEL_SIZES, chains

    assert options.chain is not None
    if options.receptive_field is None:
        raise ConvcalcError("how much is a unit to see? Add --receptive-field 31")
    layers = values.at_least_one("--chain", options.chain)
    field = values.at_least_one("--receptive-field", options.receptive_field)
    shape = values.one_input("--input", options.input) if options.input else INPUT_SHAPE
    if layers * limit > MOST_WALKED:
        raise ConvcalcError(
            f"--limit {limit:,} chains of {counted(layers, 'layer')} are too many to walk: give at most"
            f" {MOST_WALKED // layers:,}"
        )
    padding = None if options.padding in (None, "same") else values.integer("--p", options.padding or "")
    bounds = {
        name: default if getattr(options, name) is None else values.numbers(option(name), getattr(options, name))
        for name, default in (("kernel_size", KERNEL_SIZES), ("stride", (1,)), ("dilation", DILATIONS))
    }
    found = chains(layers, field, shape, **bounds, padding=padding, given=limit)
    before, behind = chain_lines(found, layers, field, shape, bounds)
    return Reply(chain_document(found, layers, field, shape), chain_table(found), before, behind)


# --net NETWORK --exact


def _exact(_: list[str], options: Options, limit: int) -> Reply:
    from convcalc.commands import source
    from convcalc.layers.block import axes_of
    from convcalc.render.solve_exact import Own, exact_document, exact_lines, exact_table
    from convcalc.solve.exact import SIZES, exact_sizes, loss

    assert options.net is not None
    read = source.network(options.net)
    shape = source.input_shape(read, options.input)
    sizes = SIZES if options.size is None else values.numbers("--size", options.size)
    found = exact_sizes(read.network, shape, sizes)
    rank = axes_of(read.network, shape)[1]
    try:
        losses = loss(read.network, shape)
    except ConvcalcError:  # it does not fit, and others do
        losses = None
    own = Own(shape[len(shape) - rank :], losses)
    square = "x".join([*map(str, shape[: len(shape) - rank]), *["H"] * rank])
    before, behind = exact_lines(options.net, found, square, sizes, own)
    document = exact_document(options.net, found, shape, sizes, own)
    return Reply(document, exact_table(found), before, behind, read.notes)
