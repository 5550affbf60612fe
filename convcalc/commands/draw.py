"""`convcalc draw`: pictures of a layer, of a network, and of what it sees, connects and costs."""

from __future__ import annotations

import os
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Annotated, Any, NamedTuple

import typer

from convcalc.commands import files, output, svgs, terminal, values
from convcalc.commands.base import as_typed, command, option, tell
from convcalc.errors import ConvcalcError

if TYPE_CHECKING:
    from convcalc.commands.terminal import Frames, Screen
    from convcalc.report import Report, Row

CHARTS = ("parameters", "macs", "memory")
WIDTH = "1200"
SETTINGS = ("kernel_size", "stride", "padding", "dilation", "groups", "out_channels", "padding_mode")
DEFAULTS = {"stride": "1", "padding": "0", "dilation": "1", "groups": "1", "padding_mode": "zeros"}
VIEWS = ("receptive_field", "connections", "chart")
OF_A_LAYER = (*SETTINGS, "layer", "look", "at", "still")
OF_A_NETWORK = ("name", "input", "depth", "width", *VIEWS)


class Options(NamedTuple):
    """What can be typed: each argument and option, as text or a flag."""

    sizes: Annotated[
        list[str] | None, typer.Argument(metavar="N C [D] [H] W", help="The input of a single layer, as of shape.")
    ] = None
    kernel_size: Annotated[
        str | None, typer.Option("--kernel-size", "--k", "-k", metavar="K", help="A convolution, as of shape: 3x5.")
    ] = None
    stride: Annotated[str | None, typer.Option("--stride", "--s", "-s", metavar="S", help="As of shape.")] = None
    padding: Annotated[str | None, typer.Option("--padding", "--p", "-p", metavar="P", help="As of shape.")] = None
    dilation: Annotated[str | None, typer.Option("--dilation", "--d", "-d", metavar="D", help="As of shape.")] = None
    groups: Annotated[str | None, typer.Option("--groups", "--g", "-g", metavar="G", help="As of shape.")] = None
    out_channels: Annotated[
        str | None, typer.Option("--out-channels", "--out", "-c", metavar="O", help="As of shape.")
    ] = None
    padding_mode: Annotated[str | None, typer.Option("--padding-mode", metavar="MODE", help="As of shape.")] = None
    layer: Annotated[
        str | None, typer.Option("--layer", metavar="LAYER", help="Any other layer: 'MaxPool2d(3, 2)'.")
    ] = None
    look: Annotated[str | None, typer.Option("--look", metavar="LOOK", help="flat; or iso, stacked.")] = None
    at: Annotated[
        str | None, typer.Option("--at", metavar="R,C", help="The window of that output, and no motion: 1,2.")
    ] = None
    still: Annotated[bool, typer.Option("--still", help="Without motion, for print.")] = False
    net: Annotated[
        str | None, typer.Option("--net", metavar="NETWORK", help="A network, as convcalc net takes it.")
    ] = None
    name: Annotated[
        str | None, typer.Option("--name", metavar="NAME", help="The network of that name in a .py file.")
    ] = None
    input: Annotated[
        str | None, typer.Option("--input", "-i", metavar="SHAPE", help="Of the network: 1x3x224x224.")
    ] = None
    depth: Annotated[
        str | None, typer.Option("--depth", metavar="N", help="Fold blocks that lie deeper: 1 is the outermost.")
    ] = None
    width: Annotated[
        str | None, typer.Option("--width", metavar="PIXELS", help="Of the network's sheet. [default: 1200]")
    ] = None
    receptive_field: Annotated[
        str | None, typer.Option("--receptive-field", metavar="LAYER", help="What a unit of that layer sees.")
    ] = None
    connections: Annotated[
        str | None, typer.Option("--connections", metavar="LAYER", help="Which maps feed which, in that layer.")
    ] = None
    chart: Annotated[
        str | None, typer.Option("--chart", metavar="FIGURE", help="Bars a layer: parameters, macs or memory.")
    ] = None
    term: Annotated[bool, typer.Option("--term", help="In the terminal, as where no -o is given.")] = False
    output: Annotated[
        str | None,
        typer.Option("--output", "-o", metavar="FILE", help="A file: .svg, .html, .png or .gif; - is SVG on stdout."),
    ] = None
    force: Annotated[bool, typer.Option("--force", help="Write the file anew where it is there already.")] = False


class Picture(NamedTuple):
    """A picture as SVG, and as frames of lines for a terminal, with the seconds that each holds."""

    svg: Callable[[], str]
    frames: Callable[[Screen], Frames]


@command(
    Options,
    context_settings={"ignore_unknown_options": True},
    epilog="Examples: convcalc draw 1 1 5 5 --k 3 --s 2 --p 1 -o conv.svg; convcalc draw --net lenet5 -o lenet5.svg",
)
def run(options: Options) -> None:
    """Draw: to a file, to stdout, or in the terminal."""
    sizes = options.sizes or []
    path = options.output
    if path is not None and path != "-":
        files.check(path, svgs.SUFFIXES, options.force, ", or - for stdout")
    if path == "-" and options.term:
        raise ConvcalcError("--term and -o - would both go to stdout: leave one of them out")
    written = () if options.layer is None and options.net is None else SETTINGS  # in the expression, not as options
    with as_typed(without=written):
        picture = _of_layer(sizes, options) if options.net is None else _of_network(sizes, options)
        svg = "" if path is None else picture.svg()
        data = b"" if path in (None, "-") else svgs.converted(svg, files.suffix_of(path))
    if path == "-":
        output.write(svg.rstrip("\n"), "xmlcharrefreplace")
    elif path is not None:
        files.write(path, data, options.force)
        tell(svgs.markdown(svg, path))
    if path is None or options.term:
        with as_typed(without=written):
            terminal.show(picture.frames)


# What is drawn


def _of_layer(sizes: list[str], options: Options) -> Picture:
    """A single layer, at work on an input of these sizes."""
    _refuse(options, OF_A_NETWORK, "is for a network: add --net NETWORK, or leave it out")
    from convcalc.draw.layer.picture import LOOKS, layer_picture

    row = _row(sizes, options)
    look = values.one_of("--look", options.look or LOOKS[0], LOOKS)
    at = None if options.at is None else tuple(values.integer("--at", part) for part in options.at.split(","))
    still = options.still or at is not None

    def frames(screen: Screen) -> Frames:
        from convcalc.draw.layer.terminal import layer_frame, layer_frames

        if still:
            return iter([layer_frame(row, at, screen.width)]), 0.0
        return layer_frames(row, screen.width, screen.height)

    return Picture(lambda: layer_picture(row, look=look, still=still, at=at), frames)


def _row(sizes: list[str], options: Options) -> Row:
    """The row of the layer that was typed, by its settings or as an expression."""
    from convcalc.commands.convolution import READ, layer_for, place_of
    from convcalc.walk import trace

    if options.layer is None:
        if options.kernel_size is None:
            raise ConvcalcError("what is to be drawn? Give --k 3, or --layer 'MaxPool2d(2)', or --net NETWORK")
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
        raise ConvcalcError(f"--layer has {len(network.nodes)} layers: give one, or give the network as --net")
    if not sizes:
        raise ConvcalcError("no sizes given: give those of the layer's input, such as 1 1 5 5")
    return trace(network, values.sizes(sizes)).rows[0]


def _of_network(sizes: list[str], options: Options) -> Picture:
    """A network, or one of the other views of it."""
    _refuse(options, OF_A_LAYER, "is for a single layer: leave it out, or --net")
    if sizes:
        raise ConvcalcError("sizes are for a single layer: give the network's input as --input 1x3x224x224")
    asked = [name for name in VIEWS if getattr(options, name) is not None]
    if len(asked) > 1:
        raise ConvcalcError(f"{' and '.join(map(option, asked))} are different pictures: ask for one")
    if asked:
        fixed = ("width",) if asked == ["chart"] else ("width", "depth")
        _refuse(options, fixed, f"has nothing to do with {option(asked[0])}: leave one of them out")
    report = _report(options)
    depth = None if options.depth is None else values.depth("--depth", options.depth)
    if options.receptive_field is not None:
        return _field(report, options.receptive_field)
    if options.connections is not None:
        return _connections(report, options.connections)
    if options.chart is not None:
        return _chart(report, values.one_of("--chart", options.chart, CHARTS), depth)
    return _whole(report, options, depth)


def _report(options: Options) -> Report:
    from convcalc.commands import source
    from convcalc.walk import trace

    assert options.net is not None
    read = source.network(options.net, options.name, False)
    shape = source.input_shape(read, options.input)
    for note in read.notes:
        tell(f"note: {note}")
    return trace(read.network, shape)


def _whole(report: Report, options: Options, depth: int | None) -> Picture:
    from convcalc import zoo
    from convcalc.draw.network.picture import network_picture

    net = options.net or ""
    file = os.path.splitext(os.path.basename(net))[0] if os.path.isfile(net) else ""
    name = net if net in zoo.NAMES else options.name or file
    width = values.at_least_one("--width", options.width or WIDTH)
    return Picture(
        lambda: network_picture(report, name=name, width=width, depth=depth),
        _still("network_lines", report, name or "Network", depth),
    )


def _field(report: Report, layer: str) -> Picture:
    from convcalc.draw.receptive_field.picture import field_picture

    return Picture(lambda: field_picture(report, layer), _still("field_lines", report, layer))


def _connections(report: Report, layer: str) -> Picture:
    from convcalc.draw.connections.picture import connections_picture
    from convcalc.draw.lookup import row_named

    return Picture(
        lambda: connections_picture(row_named(report, layer)),
        _still("connection_lines", report, layer),
    )


def _chart(report: Report, figure: str, depth: int | None) -> Picture:
    from convcalc.draw.chart.picture import chart_picture

    return Picture(
        lambda: chart_picture(report, figure, depth),
        _still("chart_lines", report, figure, depth),
    )


def _still(lines: str, *given: Any) -> Callable[[Screen], Frames]:
    """The one frame of what does not move: a function of `draw.term_network`, loaded only where it is shown."""

    def frames(screen: Screen) -> Frames:
        from convcalc.draw import term_network

        return iter([getattr(term_network, lines)(*given, screen.width)]), 0.0

    return frames


def _refuse(options: Options, names: Sequence[str], why: str) -> None:
    """Refuse options that have nothing to do with what is drawn."""
    for name in names:
        if getattr(options, name) not in (None, False):
            raise ConvcalcError(f"{option(name)} {why}")
