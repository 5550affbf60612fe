"""`convcalc draw`: pictures of a layer, of a network, and of what it sees, connects and costs."""

from __future__ import annotations

import os
import re
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Annotated, NamedTuple

import typer

from convcalc.commands import files, output, svgs, terminal, values
from convcalc.commands.base import as_typed, command, option, tell, tell_notes, with_notes
from convcalc.errors import ConvcalcError, quoted

if TYPE_CHECKING:
    from convcalc.commands.terminal import Frames, Screen
    from convcalc.draw.film import Film
    from convcalc.draw.terminal import Line
    from convcalc.report import Report, Row

CHARTS = ("parameters", "macs", "memory")
WIDTH = "1200"
SETTINGS = ("kernel_size", "stride", "padding", "dilation", "groups", "out_channels", "padding_mode")
DEFAULTS = {"stride": "1", "padding": "0", "dilation": "1", "groups": "1", "padding_mode": "zeros"}
VIEWS = ("receptive_field", "connections", "chart")
OF_A_LAYER = (*SETTINGS, "layer", "look", "at", "still")
OF_A_NETWORK = ("name", "input", "depth", "width", *VIEWS)
SIZE = r"(torch\.Size)?[\d\s,x\xd7()\[\]+-]*"  # an argument that is no network


class Options(NamedTuple):
    """What can be typed: each argument and option, as text or a flag."""

    subject: Annotated[
        list[str] | None,
        typer.Argument(
            metavar="SIZES|NETWORK", help="The input of one layer (1 1 5 5), or a network, as convcalc net takes it."
        ),
    ] = None
    kernel_size: Annotated[
        str | None,
        typer.Option("--kernel-size", "--k", "-k", metavar="K", help="The kernel size of a convolution: 3, 3x5."),
    ] = None
    stride: Annotated[
        str | None, typer.Option("--stride", "--s", "-s", metavar="S", help="The step of the window.")
    ] = None
    padding: Annotated[
        str | None, typer.Option("--padding", "--p", "-p", metavar="P", help="The padding of the input.")
    ] = None
    dilation: Annotated[
        str | None, typer.Option("--dilation", "--d", "-d", metavar="D", help="The distance between the taps.")
    ] = None
    groups: Annotated[
        str | None, typer.Option("--groups", "--g", "-g", metavar="G", help="The groups of channels.")
    ] = None
    out_channels: Annotated[
        str | None, typer.Option("--out-channels", "--out", "-c", metavar="O", help="The output channels.")
    ] = None
    padding_mode: Annotated[
        str | None,
        typer.Option(
            "--padding-mode", metavar="MODE", help="What fills the padding: zeros, reflect, replicate, circular."
        ),
    ] = None
    layer: Annotated[
        str | None, typer.Option("--layer", metavar="LAYER", help="Any other layer, such as 'MaxPool2d(3, 2)'.")
    ] = None
    look: Annotated[
        str | None,
        typer.Option(
            "--look", metavar="LOOK", help="flat: side by side. iso: stacked, seen at a slant. [default: flat]"
        ),
    ] = None
    at: Annotated[
        str | None,
        typer.Option("--at", metavar="R,C", help="Show the window of one output, row and column, without motion: 1,2."),
    ] = None
    still: Annotated[bool, typer.Option("--still", help="Show the first position only, without motion.")] = False
    net: Annotated[
        str | None, typer.Option("--net", metavar="NETWORK", help="A network, as convcalc net takes it.")
    ] = None
    name: Annotated[
        str | None, typer.Option("--name", metavar="NAME", help="Draw the network of that name in a .py file.")
    ] = None
    input: Annotated[
        list[str] | None, typer.Option("--input", "-i", metavar="SHAPE", help="The network's input: 1x3x224x224.")
    ] = None
    depth: Annotated[
        str | None,
        typer.Option("--depth", metavar="N", help="Draw blocks that lie deeper as one box; 1 is the outermost."),
    ] = None
    width: Annotated[
        str | None, typer.Option("--width", metavar="PIXELS", help="The width of a network's picture. [default: 1200]")
    ] = None
    receptive_field: Annotated[
        str | None,
        typer.Option("--receptive-field", metavar="LAYER", help="Draw what a unit of that layer sees of the input."),
    ] = None
    connections: Annotated[
        str | None,
        typer.Option(
            "--connections", metavar="LAYER", help="Draw which input maps of that layer feed which output maps."
        ),
    ] = None
    chart: Annotated[
        str | None,
        typer.Option("--chart", metavar="FIGURE", help="Draw a bar for each layer: parameters, macs or memory."),
    ] = None
    term: Annotated[bool, typer.Option("--term", help="Draw in the terminal as well as to -o.")] = False
    output: Annotated[
        str | None,
        typer.Option(
            "--output", "-o", metavar="FILE", help="Write to a .svg, .html, .png or .gif file; - writes SVG to stdout."
        ),
    ] = None
    force: Annotated[bool, typer.Option("--force", help="Replace a file that exists.")] = False
    markdown: Annotated[bool, typer.Option("--markdown", help="Print the Markdown line that shows the file.")] = False


class Rendering(NamedTuple):
    """A picture as SVG, and as frames for a terminal with the seconds of each frame.

    A picture that is not drawn in a terminal has the file instead that it is written to without -o.
    """

    svg: Callable[[], str]
    frames: Callable[[Screen], Frames] | None
    file: str = ""
    film: Callable[[], Film] | None = None


@command(
    Options,
    examples=(
        "convcalc draw 1 1 5 5 --k 3 --s 2 --p 1 -o conv.svg",
        "convcalc draw lenet5",
        "convcalc draw lenet5 --receptive-field C3 -o field.svg",
    ),
    groups={"kernel_size": "One layer", "net": "A network", "term": "The output"},
    context_settings={"ignore_unknown_options": True},
)
def run(options: Options) -> None:
    """Draw a picture: to a file, to stdout, or in the terminal."""
    sizes, net = _subject(options)
    if options.output == "-" and (options.term or options.markdown):
        other = "--term" if options.term else "--markdown"
        raise ConvcalcError(f"{other} and -o - would both go to stdout: leave one of them out")
    if options.output not in (None, "-"):
        files.check(str(options.output), svgs.SUFFIXES, options.force, ", or - for stdout")
    written = () if options.layer is None and net is None else SETTINGS  # in the expression, not as options
    with as_typed(without=written):
        picture = _of_layer(sizes, options) if net is None else _of_network(net, sizes, options)
        path = options.output or picture.file
        if options.markdown and not path:
            raise ConvcalcError("--markdown prints the line that shows a file: add -o FILE")
        svg = picture.svg() if path else ""
        data = _converted(svg, path, picture.film) if path not in ("", "-") else b""
    if path == "-":
        output.write(svg.rstrip("\n"), "xmlcharrefreplace")
    elif path:
        files.write(path, data, options.force)
        if options.markdown:
            output.write(svgs.markdown(svg, path))
        else:
            tell(f"wrote {path}")
    if picture.frames is not None and (not path or options.term):
        with as_typed(without=written):
            terminal.show(picture.frames)


def _converted(svg: str, path: str, film: Callable[[], Film] | None) -> bytes:
    suffix = files.suffix_of(path)
    return svgs.converted(svg, suffix, film() if film is not None and suffix in svgs.MOVING else None)


# What is drawn


def _subject(options: Options) -> tuple[list[str], str | None]:
    """Return the sizes and the network that were typed; the network may stand where the sizes do."""
    first, *others = options.subject or [""]
    if not first or (re.fullmatch(SIZE, first) and first != "-"):
        return options.subject or [], options.net
    if options.net is not None:
        raise ConvcalcError(f"{quoted(first)} and --net {quoted(options.net)} are two networks: give one")
    return others, first


def _of_layer(sizes: list[str], options: Options) -> Rendering:
    """Return the picture of one layer at work on an input of these sizes."""
    _refuse(options, OF_A_NETWORK, "is for a network: give one, such as lenet5, or leave it out")
    from convcalc.draw.layer.picture import LOOKS, layer_film, layer_picture

    row = _row(sizes, options)
    look = values.one_of("--look", options.look or LOOKS[0], LOOKS)
    at = None if options.at is None else tuple(values.integer("--at", part) for part in options.at.split(","))
    still = options.still or at is not None

    def frames(screen: Screen) -> Frames:
        from convcalc.draw.layer.terminal import layer_frame, layer_frames

        if still:
            return iter([layer_frame(row, at, screen.width)]), 0.0
        return layer_frames(row, screen.width, screen.height)

    return Rendering(
        lambda: layer_picture(row, look=look, still=still, at=at),
        frames,
        film=None if still else lambda: layer_film(row, look=look),
    )


def _row(sizes: list[str], options: Options) -> Row:
    """Return the row of the layer that was typed, by its settings or as an expression."""
    from convcalc.commands.convolution import READ, layer_for, place_of
    from convcalc.walk import trace

    if options.layer is None:
        if options.kernel_size is None:
            raise ConvcalcError(
                "what is to be drawn? Give --k 3, or --layer 'MaxPool2d(2)', or a network such as lenet5"
            )
        texts = {name: getattr(options, name) or DEFAULTS.get(name) for name in SETTINGS}
        settings = {name: None if text is None else READ[name](text) for name, text in texts.items()}
        place = place_of(sizes)
        layer = layer_for(place.output[-1 - place.rank :], settings, True)
        return trace(place.network.then(place.name, layer), place.input).rows[-1]
    _refuse(options, SETTINGS, "and --layer exclude each other: write the setting into the layer")
    from convcalc.network import as_network
    from convcalc.syntax import parse

    network = as_network(parse(options.layer))
    if len(network.nodes) != 1:
        raise ConvcalcError(f"--layer has {len(network.nodes)} layers: give one, or draw it as a network: --net")
    if not sizes:
        raise ConvcalcError("no sizes given: give those of the layer's input, such as 1 1 5 5")
    return trace(network, values.sizes(sizes)).rows[0]


def _of_network(net: str, sizes: list[str], options: Options) -> Rendering:
    """Return the picture of a network, or one of the other views of it."""
    _refuse(options, OF_A_LAYER, "is for one layer: leave it out, or the network")
    if sizes:
        raise ConvcalcError("sizes are for one layer: give the network's input as --input 1x3x224x224")
    asked = [name for name in VIEWS if getattr(options, name) is not None]
    if len(asked) > 1:
        raise ConvcalcError(f"{' and '.join(map(option, asked))} are different pictures: ask for one")
    if asked:
        fixed = ("width",) if asked == ["chart"] else ("width", "depth")
        _refuse(options, fixed, f"does not change {option(asked[0])}: leave one of them out")
    depth = None if options.depth is None else values.depth("--depth", options.depth)
    chart = None if options.chart is None else values.one_of("--chart", options.chart, CHARTS)
    if chart is not None:
        return _chart(_report(net, options), chart, depth)
    if options.connections is not None:
        return _connections(_report(net, options), options.connections)
    if options.term:
        raise ConvcalcError(
            "--term draws a layer, --connections or --chart: leave it out, and the picture is written to a file"
        )
    return _in_a_file(net, depth, options)


def _report(net: str, options: Options) -> Report:
    from convcalc.commands import source
    from convcalc.walk import trace

    read = source.network(net, options.name)
    shape = source.input_shape(read, options.input)
    with with_notes(read.notes):
        report = trace(read.network, shape)
    tell_notes((*read.notes, *report.notes))
    return report


def _in_a_file(net: str, depth: int | None, options: Options) -> Rendering:
    """Return the picture of the network or of a receptive field. Without -o it is written to a file of its name."""
    from convcalc import zoo

    stem = os.path.splitext(os.path.basename(net))[0] if os.path.isfile(net) else ""
    name = net if net in zoo.NAMES else options.name or stem
    layer = options.receptive_field
    file = ""
    if options.output is None:
        words = (name or "network",) if layer is None else (name or "network", layer)
        file = "-".join(re.sub(r"[^\w.\u2013]+", "_", word) for word in words) + ".svg"
        files.check(file, svgs.SUFFIXES, options.force)
    width = values.at_least_one("--width", options.width or WIDTH)
    report = _report(net, options)

    def svg() -> str:
        if layer is not None:
            from convcalc.draw.receptive_field.picture import field_picture

            return field_picture(report, layer)
        from convcalc.draw.network.picture import network_picture

        return network_picture(report, name=name, width=width, depth=depth)

    return Rendering(svg, None, file)


def _connections(report: Report, layer: str) -> Rendering:
    from convcalc.draw.connections.picture import connections_picture
    from convcalc.draw.lookup import row_named

    def lines(width: int) -> list[Line]:
        from convcalc.draw.connections.terminal import connection_lines

        return connection_lines(report, layer, width)

    return Rendering(lambda: connections_picture(row_named(report, layer)), _still(lines))


def _chart(report: Report, figure: str, depth: int | None) -> Rendering:
    from convcalc.draw.chart.picture import chart_picture

    def lines(width: int) -> list[Line]:
        from convcalc.draw.chart.terminal import chart_lines

        return chart_lines(report, figure, depth, width)

    return Rendering(lambda: chart_picture(report, figure, depth), _still(lines))


def _still(lines: Callable[[int], list[Line]]) -> Callable[[Screen], Frames]:
    """Return the one frame of a picture that does not move."""
    return lambda screen: (iter([lines(screen.width)]), 0.0)


def _refuse(options: Options, names: Sequence[str], why: str) -> None:
    """Refuse options that do not belong to what is drawn."""
    for name in names:
        if getattr(options, name) not in (None, False):
            raise ConvcalcError(f"{option(name)} {why}")
