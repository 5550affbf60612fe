"""`convcalc shape`: one convolution, on its own or behind what was piped in."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, Any, NamedTuple

from convcalc import formulas
from convcalc.commands import output, values
from convcalc.errors import ConvcalcError
from convcalc.layers.axes import Shape, per_axis, spell
from convcalc.layers.conv import PADDING_MODES, Conv, Conv1d, Conv2d, Conv3d
from convcalc.network import Network, trace

if TYPE_CHECKING:
    from convcalc.render.sheet import Sheet
    from convcalc.report import Report
    from convcalc.verify import Verification

KINDS: dict[int, type[Conv]] = {1: Conv1d, 2: Conv2d, 3: Conv3d}
AXES = {1: "N C L", 2: "N C H W", 3: "N C D H W"}
MOST_STDIN = 64 * 2**20  # bytes


class Options(NamedTuple):
    """What was typed, as it was typed."""

    kernel_size: str | None
    stride: str
    padding: str
    dilation: str
    groups: str
    out_channels: str | None
    bias: bool
    padding_mode: str
    explain: bool
    verify: bool
    memory_limit: str
    json: bool
    get: str | None


def run(sizes: list[str], options: Options) -> bool:
    """Answer; False where verification found a difference."""
    network, input_shape = _start(sizes)
    shape_in = trace(network, input_shape).output
    rank = len(shape_in) - 2
    if rank not in KINDS:
        raise ConvcalcError(
            f"{len(shape_in)} sizes {list(shape_in)} are no input of a convolution: give 3 (N C L), 4 (N C H W) or 5"
            " (N C D H W)"
        )
    layer = _layer(shape_in, options)
    network = network.then(_name(network), layer, out_channels_assumed=options.out_channels is None)
    limit = values.memory("--memory-limit", options.memory_limit)
    verification = _verified(network, input_shape, limit) if options.verify else None
    report = trace(network, input_shape)
    if report.out_channels_assumed:
        assumed = ", ".join(f"{row.name} has {row.output[1]}" for row in report.rows if row.out_channels_assumed)
        output.note(f"the number of kernels was not given (--out): {assumed}")
    if options.json or options.get is not None:
        _emit_document(report, verification, options)
    else:
        output.emit(_blocks(report, verification, options, sizes))
    return verification is None or verification.agrees


def _start(sizes: list[str]) -> tuple[Network, Shape]:
    """The network so far and its input: none yet, or what was piped in."""
    if sizes == ["-"]:
        from convcalc.schema import network_from

        return network_from(_read_json())
    numbers = tuple(values.integer("size", size) for size in sizes)
    if len(numbers) not in (3, 4, 5):
        given = f"{len(numbers)} sizes" if numbers else "no sizes"
        raise ConvcalcError(
            f"{given} given: give 3 (N C L), 4 (N C H W) or 5 (N C D H W), such as 1 3 28 28, or - to read JSON"
        )
    for axis, number in zip(AXES[len(numbers) - 2].split(), numbers, strict=True):
        if number < 0:
            raise ConvcalcError(f"size {number} ({axis}) is negative: every size must be at least 0")
    return Network(()), numbers


def _read_json() -> Any:
    import json

    if sys.stdin is None or sys.stdin.isatty():
        raise ConvcalcError(
            "- reads JSON from a pipe, but stdin is a terminal: write convcalc shape ... --json | convcalc shape - ..."
        )
    try:
        text = sys.stdin.read(MOST_STDIN + 1)
        if len(text) > MOST_STDIN:
            raise ConvcalcError(f"stdin holds more than {MOST_STDIN:,} characters: give the JSON of one network")
        if not text.strip():
            raise ConvcalcError("stdin is empty: the command before may have failed; it must print JSON (--json)")
        return json.loads(text.removeprefix("\ufeff"))  # the mark that some shells put before what they pipe
    except json.JSONDecodeError as error:
        raise ConvcalcError(
            f"stdin is not JSON ({error.msg} at line {error.lineno}, column {error.colno}):"
            " add --json to the command before"
        ) from None
    except UnicodeDecodeError as error:
        raise ConvcalcError(f"stdin is not text ({error.reason} at byte {error.start}): pipe in JSON") from None
    except RecursionError:
        raise ConvcalcError(
            "the JSON on stdin is nested too deeply: pipe in what convcalc prints with --json"
        ) from None
    except ValueError as error:  # a number of more digits than Python reads
        if isinstance(error, ConvcalcError):
            raise
        raise ConvcalcError(f"the JSON on stdin cannot be read: {error}") from None


def _layer(input_shape: Shape, options: Options) -> Conv:
    rank = len(input_shape) - 2
    if options.kernel_size is None:
        raise ConvcalcError("no kernel size given: add --k 3, or --k 3x5 for one an axis")
    groups = values.integer("--g", options.groups)
    stride = values.per_axis("--s", options.stride)
    kernel_size = values.per_axis("--k", options.kernel_size)
    dilation = values.per_axis("--d", options.dilation)
    padding = values.padding("--p", options.padding)
    if padding == "same":
        _refuse_strided_same(input_shape, kernel_size, stride, dilation)
    return KINDS[rank](
        in_channels=input_shape[1],
        # the fewest kernels there can be: one a group
        out_channels=groups if options.out_channels is None else values.integer("--out", options.out_channels),
        kernel_size=kernel_size,
        stride=stride,
        padding=padding,
        dilation=dilation,
        groups=groups,
        bias=options.bias,
        padding_mode=values.one_of("--padding-mode", options.padding_mode, tuple(PADDING_MODES)),
    )


def _refuse_strided_same(
    input_shape: Shape,
    kernel_size: int | tuple[int, ...],
    stride: int | tuple[int, ...],
    dilation: int | tuple[int, ...],
) -> None:
    """PyTorch has no strided `same`; TensorFlow has, so name the sides that it would pad."""
    rank = len(input_shape) - 2
    strides = per_axis("stride", stride, rank, least=1)
    if set(strides) == {1}:
        return
    kernels = per_axis("kernel_size", kernel_size, rank, least=1)
    dilations = per_axis("dilation", dilation, rank, least=1)
    sides = map(formulas.tensorflow_same_padding, input_shape[2:], kernels, strides, dilations)
    spelled = "x".join(f"{before}:{after}" for before, after in sides)
    raise ConvcalcError(
        f"padding 'same' needs stride 1, got {spell(strides)}: TensorFlow's SAME would pad {spelled} here,"
        f" so use --p {spelled} for that"
    )


def _name(network: Network) -> str:
    """conv1, conv2, ...: the first that is free."""
    taken = {node.name for node in network.nodes}
    number = 1
    while f"conv{number}" in taken:
        number += 1
    return f"conv{number}"


def _verified(network: Network, input_shape: Shape, limit: int) -> Verification:
    from convcalc.verify import verify

    return verify(network, input_shape, memory_limit=limit)


def _emit_document(report: Report, verification: Verification | None, options: Options) -> None:
    from convcalc.schema import explanation, pick, report_document, verification_document

    document = report_document(report)
    if options.explain:
        from convcalc.explain import explain

        document["explain"] = {name: explanation(lines) for name, lines in explain(report).items()}
    if verification is not None:
        document["verification"] = verification_document(verification)
    if options.get is None:
        output.emit_json(document)
    else:
        output.emit_value(pick(document, options.get))


def _blocks(report: Report, verification: Verification | None, options: Options, sizes: list[str]) -> list[str | Sheet]:
    from convcalc.render.sheet import layer_sheet, network_sheet, totals_sheet, verification_sheet

    row = report.rows[-1]
    blocks: list[str | Sheet] = [_heading(row.input, sizes)]
    if len(report.rows) > 1:
        blocks += [network_sheet(report), "", totals_sheet(report), "", f"{row.name}, the layer added here:"]
    blocks.append(layer_sheet(row, report))
    blocks.append(_scope(report))
    if options.explain:
        from convcalc.explain import explain
        from convcalc.render.formulas import text

        blocks += ["", text(explain(report)[row.name])]
    if verification is not None:
        blocks += ["", verification_sheet(verification), verdict(verification)]
    return blocks


def _heading(input_shape: Shape, sizes: list[str]) -> str:
    """How the input was read."""
    rank = len(input_shape) - 2
    read = " ".join(f"{axis}={size}" for axis, size in zip(AXES[rank].split(), input_shape, strict=True))
    heading = f"{read}, {KINDS[rank].__name__}"
    if rank == 1 and sizes != ["-"]:
        heading += f" (for one picture with these channels, height and width: 1 {' '.join(map(str, input_shape))})"
    return heading


def _scope(report: Report) -> str:
    batch = f"memory is for the batch of {report.batch:,}"
    return f"Counts are for one example, {batch}. MACs leave out the bias."


def verdict(verification: Verification) -> str:
    """One line on what the execution showed."""
    differing = sum(not check.agrees for row in verification.rows for check in row.checks)
    counted = f"executed and counted in {verification.seconds:.3f} s"
    if differing:
        return f"DIFFERS: {differing} figures are not what was {counted}."
    return f"Verified: every figure is what was {counted}."
