"""`convcalc filter`: convolution as an image filter, on real pictures."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Annotated, NamedTuple

import typer

from convcalc.commands import files, output, progress, svgs, terminal, values
from convcalc.commands.base import as_typed, command, option, tell, tell_notes
from convcalc.commands.shared import Format, Get, Json, MemoryLimit
from convcalc.errors import ConvcalcError, printable
from convcalc.notes import Note, note_block

if TYPE_CHECKING:
    from convcalc.commands.terminal import Frames, Screen
    from convcalc.filter.kernel import Filter, Settings
    from convcalc.filter.outcome import Outcome
    from convcalc.filter.picture import Picture
    from convcalc.filter.verify import Difference

PAGES = (".svg", ".html", ".png")
NUMBERS = ("sigma", "angle", "wavelength", "gamma", "phase", "amount")
MOST_REPEATS = 10_000
LINES_BELOW = 15  # of a terminal 80 wide, for what is said of the picture
LINES_OF_A_LAYER = 2  # more, for the second of a gradient
OF_A_PICTURE = ("demo", "output", "compare", "at", "force", "markdown", "verify")


class Options(NamedTuple):
    """What can be typed: each argument and option, as text or a flag."""

    picture: Annotated[
        str | None,
        typer.Argument(metavar="FILE", help="A picture: .png, .jpg, .tiff, .webp, .bmp, or a .npy array."),
    ] = None
    kernel_word: Annotated[
        str | None, typer.Argument(metavar="KERNEL", help="The same as --kernel, for a name or a file.")
    ] = None
    demo: Annotated[bool, typer.Option("--demo", help="Use a picture that needs no file.")] = False
    kernel: Annotated[
        str | None,
        typer.Option(
            "--kernel",
            "-k",
            metavar="KERNEL",
            help="A name of --list; weights row by row: '0 -1 0; -1 5 -1; 0 -1 0'; or a text or .npy file of weights.",
        ),
    ] = None
    size: Annotated[
        str | None, typer.Option("--size", metavar="K", help="Size of the kernel: 7, or rows x columns: 3x5.")
    ] = None
    sigma: Annotated[
        str | None,
        typer.Option("--sigma", metavar="S", help="Standard deviation in pixels: gaussian, log, gabor."),
    ] = None
    angle: Annotated[
        str | None,
        typer.Option("--angle", metavar="DEGREES", help="Angle of motion (counter-clockwise) and gabor (clockwise)."),
    ] = None
    wavelength: Annotated[
        str | None, typer.Option("--wavelength", metavar="PIXELS", help="Wavelength of gabor's stripes.")
    ] = None
    gamma: Annotated[str | None, typer.Option("--gamma", metavar="G", help="Roundness of gabor; 1 is a circle.")] = None
    phase: Annotated[
        str | None, typer.Option("--phase", metavar="DEGREES", help="Phase of gabor: 0 finds lines, 90 finds edges.")
    ] = None
    amount: Annotated[
        str | None, typer.Option("--amount", metavar="A", help="How much of the difference unsharp adds.")
    ] = None
    border: Annotated[
        str,
        typer.Option("--border", metavar="BORDER", help="zeros, reflect, replicate, circular, or valid (no border)."),
    ] = "reflect"
    stride: Annotated[
        str, typer.Option("--stride", "--s", "-s", metavar="S", help="Stride: 2, or rows x columns: 2x1.")
    ] = "1"
    dilation: Annotated[
        str, typer.Option("--dilation", "--d", "-d", metavar="D", help="Dilation: 2, or rows x columns: 2x1.")
    ] = "1"
    repeat: Annotated[str, typer.Option("--repeat", metavar="N", help="Filter the result again, N times in all.")] = "1"
    convolve: Annotated[
        bool,
        typer.Option("--convolve", help="Flip the kernel first: true convolution instead of cross-correlation."),
    ] = False
    range: Annotated[
        str | None,
        typer.Option(
            "--range",
            metavar="RANGE",
            help="What to do with values that do not fit: clip, abs, scale or wrap. [default: the kernel's own]",
        ),
    ] = None
    verify: Annotated[
        bool,
        typer.Option(
            "--verify", help="Check the result pixel by pixel (of a large picture, a sample); exit 1 if one differs."
        ),
    ] = False
    memory_limit: MemoryLimit = "2GiB"
    list_: Annotated[bool, typer.Option("--list", help="List the kernels that have a name.")] = False
    show: Annotated[bool, typer.Option("--show", help="Show a kernel: its weights, their sum, its Conv2d.")] = False
    compare: Annotated[
        bool, typer.Option("--compare", help="Draw input, kernel and result: -o page.svg, .html or .png.")
    ] = False
    at: Annotated[
        str | None,
        typer.Option("--at", metavar="R,C", help="Row and column of the pixel that --compare explains."),
    ] = None
    output: Annotated[
        str | None,
        typer.Option("--output", "-o", metavar="FILE", help="Write the result to a file; do not show it."),
    ] = None
    force: Annotated[bool, typer.Option("--force", help="Replace a file that exists.")] = False
    markdown: Annotated[
        bool, typer.Option("--markdown", help="With --compare: print the Markdown line that shows the file.")
    ] = False
    json: Json = False
    format: Format = ""
    get: Get = None


@command(
    Options,
    examples=(
        "convcalc filter photo.jpg sobel-x -o edges.png",
        "convcalc filter photo.jpg gaussian --size 7 --sigma 1.5 -o soft.png",
        "convcalc filter --demo --kernel '0 -1 0; -1 5 -1; 0 -1 0'",
    ),
    groups={"demo": "The picture", "kernel": "The kernel", "border": "How it is applied", "verify": "The output"},
)
def run(options: Options) -> bool:
    """Filter a picture, or answer a question about kernels; return whether the check, if any, succeeded."""
    options = _with_kernel(options)
    path = options.picture
    if options.list_:
        _alone(path, options, "--list", ("kernel", "show", *OF_A_PICTURE))
        _emit_list(options)
        return True
    with as_typed():
        if options.kernel is None:
            raise ConvcalcError("no kernel given: write one behind the picture, such as sobel-x (--list shows all)")
        filter_, settings = _filter(options), _settings(options)
        if options.show:
            _alone(path, options, "--show", OF_A_PICTURE)
            _emit_kernel(filter_, settings, options)
            return True
        return _filtered(path, filter_, settings, options)


def _with_kernel(options: Options) -> Options:
    """Return the options with the kernel in its place, where it was typed without --kernel."""
    picture, kernel = options.picture, options.kernel_word
    if options.kernel is not None:
        if kernel is not None:
            raise ConvcalcError(f"{kernel} and --kernel {options.kernel} are two kernels: leave one out")
        return options
    if kernel is None and (options.demo or options.show):
        picture, kernel = None, picture
    elif kernel is None and picture is not None and not options.list_ and _is_preset(picture):
        raise ConvcalcError(f"no picture given: name a file before {picture}, or add --demo")
    return options._replace(picture=picture, kernel=kernel)


def _is_preset(word: str) -> bool:
    from convcalc.filter.presets import entries

    return any(word == entry.name for entry in entries())


# What is asked for


def _filter(options: Options) -> Filter:
    """Return the filter that was typed, flipped with --convolve."""
    from convcalc.filter.kernel import Linear, Magnitude, Order, flipped
    from convcalc.filter.parse import kernel_from

    given: dict[str, object] = {
        name: values.decimal(option(name), text) for name in NUMBERS if (text := getattr(options, name)) is not None
    }
    if options.size is not None:
        given["size"] = _pair("--size", options.size)
    found = kernel_from(options.kernel or "", given)
    if not options.convolve:
        return found
    if isinstance(found, Order):
        raise ConvcalcError(f"--convolve has nothing to flip: {found.name} has no weights; leave it out")
    if isinstance(found, Magnitude):
        return found._replace(x=flipped(found.x), y=flipped(found.y))
    assert isinstance(found, Linear)
    return flipped(found)


def _settings(options: Options) -> Settings:
    from convcalc.filter.kernel import BORDERS, RANGES, Settings

    border = values.one_of("--border", options.border, BORDERS)
    range_ = None if options.range is None else values.one_of("--range", options.range, RANGES)
    return Settings(border, _pair("--s", options.stride), _pair("--d", options.dilation), range_)


def _pair(name: str, text: str) -> tuple[int, int]:
    """Return rows and columns, each at least 1."""
    numbers = values.per_axis(name, text)
    pair = (numbers, numbers) if isinstance(numbers, int) else numbers
    if len(pair) != 2:
        raise ConvcalcError(f"{name} {text} has {len(pair)} numbers: a picture has two axes, as 3x5")
    if min(pair) < 1:
        raise ConvcalcError(f"{name} {text} is too small: give at least 1")
    return pair


def _alone(path: str | None, options: Options, name: str, others: Sequence[str]) -> None:
    """Refuse options that have no meaning for a question about kernels."""
    if path is not None:
        raise ConvcalcError(f"{name} takes no picture: leave out {path}")
    for other in others:
        if getattr(options, other) not in (None, False):
            raise ConvcalcError(f"{name} and {option(other)} exclude each other: leave one out")


# What is answered


def _emit_list(options: Options) -> None:
    from convcalc.filter.presets import entries
    from convcalc.render.filter import list_document, list_table

    if options.format == "json":
        output.emit_document(list_document(entries()), options.get)
    elif options.format == "table":
        output.emit([list_table(entries())])
    else:
        output.emit_table(list_table(entries()), options.format)


def _emit_kernel(filter_: Filter, settings: Settings, options: Options) -> None:
    from convcalc.render.filter import kernel_blocks, kernel_document

    _check_format(options)
    if options.format == "json":
        output.emit_document(kernel_document(filter_, settings, options.convolve), options.get)
    else:
        output.emit(kernel_blocks(filter_, settings, options.convolve))


def _filtered(path: str | None, filter_: Filter, settings: Settings, options: Options) -> bool:
    """Read, filter, write or show the picture, and print its figures; return whether the check succeeded."""
    from convcalc.filter.outcome import run as filtered

    _check(path, options)
    repeat = values.at_least_one("--repeat", options.repeat)
    if repeat > MOST_REPEATS:
        raise ConvcalcError(f"--repeat {repeat:,} is too often: give at most {MOST_REPEATS:,}")
    at = None if options.at is None else _place(options.at)
    limit = values.memory("--memory-limit", options.memory_limit)
    picture = _read(path, limit)
    notes = [*picture.notes, *_left_out(picture, options)]
    with progress.of_a_part("filtering") as listener:
        outcome = filtered(picture.array, filter_, settings, repeat, listener)
    difference = _verified(outcome) if options.verify else None
    said = _said(outcome, path or "demo", difference, options, notes)
    free = options.output is None or _written(picture, outcome, at, options.output, options)
    if free:
        said()
    else:
        tell_notes(notes)
    return difference is None or difference.fits


def _check(path: str | None, options: Options) -> None:
    """Refuse, before anything is read, options that contradict each other."""
    if path is None and not options.demo:
        raise ConvcalcError("no picture given: name a file, or add --demo")
    if path is not None and options.demo:
        raise ConvcalcError(f"{path} and --demo exclude each other: leave one out")
    _check_format(options)
    if options.compare and options.output is None:
        raise ConvcalcError("--compare draws a page: say where, as -o page.svg or -o page.html")
    if options.at is not None and not options.compare:
        raise ConvcalcError("--at says which pixel --compare writes out: add --compare, or leave it out")
    if options.markdown and (not options.compare or options.output == "-"):
        raise ConvcalcError("--markdown prints the line that shows a page: add --compare -o page.svg, or leave it out")
    if options.compare and options.output == "-":
        if options.format == "json":
            raise ConvcalcError("--json and -o - would both go to stdout: leave one of them out")
    elif options.compare:
        files.check(options.output or "", PAGES, options.force, ", or - for SVG on stdout")
    elif options.output is not None:
        from convcalc.filter.files import SUFFIXES

        files.check(options.output, tuple(SUFFIXES), options.force)


def _check_format(options: Options) -> None:
    if options.format not in ("table", "json"):
        raise ConvcalcError(f"--format {options.format} has no place for a picture: use table or json")


def _place(text: str) -> tuple[int, int]:
    numbers = tuple(values.integer("--at", part, "give row and column, as 12,40") for part in text.split(","))
    if len(numbers) != 2 or min(numbers) < 0:
        raise ConvcalcError(f"--at {text} is no pixel: give row and column, as 12,40")
    return numbers


def _read(path: str | None, limit: int) -> Picture:
    if path is None:
        from convcalc.filter.demo import demo
        from convcalc.filter.picture import Picture

        return Picture(demo(), None, ())
    from convcalc.filter.files import read

    return read(path, limit)


def _left_out(picture: Picture, options: Options) -> Sequence[Note]:
    """Return what the file will not keep of the picture; refuse, before the work, one that cannot hold it."""
    if options.output is None or options.compare:
        return ()
    from convcalc.filter.files import encode, left_out

    encode(picture._replace(array=picture.array[:1, :1]), options.output)
    return left_out(picture, options.output)


def _verified(outcome: Outcome) -> Difference:
    from convcalc.filter.verify import difference

    return difference(outcome)


def _written(picture: Picture, outcome: Outcome, at: tuple[int, int] | None, path: str, options: Options) -> bool:
    """Write the result or the comparison; return whether stdout is still free for the figures."""
    if options.compare:
        return _compared(outcome, at, path, options)
    from convcalc.filter.files import encode

    files.write(path, encode(picture._replace(array=outcome.after), path), options.force)
    return True


def _compared(outcome: Outcome, at: tuple[int, int] | None, path: str, options: Options) -> bool:
    """Draw the comparison, to a file or to stdout; return whether stdout is still free."""
    from convcalc.draw.filter.compare import compare_picture

    svg = compare_picture(outcome, at)
    if path == "-":
        output.write(svg.rstrip("\n"), "xmlcharrefreplace")
        return False
    files.write(path, svgs.converted(svg, files.suffix_of(path)), options.force)
    tell(svgs.markdown(svg, path) if options.markdown else f"wrote {path}")
    return True


def _said(
    outcome: Outcome, name: str, difference: Difference | None, options: Options, notes: Sequence[Note]
) -> Callable[[], None]:
    """Return a function that prints the figures; refuse an unknown --get path before a file is written."""
    from convcalc.render.filter import outcome_blocks, outcome_document

    given = (outcome, name, options.output, options.convolve, difference)
    if options.format == "json":
        from convcalc.schema import note_documents, pick

        document = {**outcome_document(*given), "notes": note_documents(notes)}
        if options.get is not None:
            pick(document, options.get)
        return lambda: output.emit_document(document, options.get)

    def say() -> None:
        if options.output is None:
            _show(outcome, name)
            output.write("")
        output.emit([*outcome_blocks(*given), *note_block(notes)])

    return say


def _show(outcome: Outcome, name: str) -> None:
    """Show input and result side by side, as large as the terminal allows."""

    def frames(screen: Screen) -> Frames:
        from convcalc.draw.filter.terminal import side_by_side, style_for

        style = style_for(screen.in_colour, screen.encoding)
        below = LINES_BELOW + LINES_OF_A_LAYER * max(len(outcome.layers) - 1, 0)
        height = None if screen.height is None else max(screen.height - below, 1)
        captions = (printable(name), printable(outcome.filter.name))
        return iter([side_by_side(outcome.before, outcome.after, captions, screen.width, height, style)]), 0.0

    terminal.show(frames)
