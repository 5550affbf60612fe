"""Pictures in the terminal: moving where one is, as they stand first where there is none."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator, Sequence
from typing import TYPE_CHECKING, NamedTuple, TypeAlias

from convcalc.commands import output

if TYPE_CHECKING:
    from convcalc.draw.terminal import Line

    Frames: TypeAlias = tuple[Iterator[Sequence[Line]], float]  # and the seconds that each stays

NARROWEST = 20  # characters of a line: where there are fewer, the ends are not seen
NARROW = 80  # characters of a line, where no terminal says how many


class Screen(NamedTuple):
    """What a picture is shown on: columns, lines (None: any number), whether it has colour, and its encoding."""

    width: int
    height: int | None
    in_colour: bool
    encoding: str


def show(frames: Callable[[Screen], Frames]) -> None:
    """Show a picture that fits itself to the screen; into a pipe or a file in characters alone."""
    from convcalc.draw.terminal import plain, play, shown

    encoding = sys.stdout.encoding or "ascii"
    in_ascii = "utf" not in encoding.lower()
    if not output.is_for_a_terminal():
        still, _ = frames(Screen(NARROW, None, False, encoding))
        output.write("\n".join(plain(next(still), in_ascii)))
        return
    from shutil import get_terminal_size

    from rich.console import Console

    console = Console(highlight=False, markup=False, emoji=False)
    in_colour = not console.no_color and console.color_system is not None
    width = max(get_terminal_size().columns, NARROWEST)
    moving, seconds = frames(Screen(width, console.height, in_colour, encoding))
    if seconds and console.is_terminal and not console.is_dumb_terminal and sys.stdout.isatty():
        play(console, moving, seconds, in_ascii)
    else:
        with console.capture() as capture:  # to be written by ourselves, who know what to do where nobody reads it
            for line in shown(console, next(moving), in_ascii):
                console.print(line)
        output.write(capture.get().removesuffix("\n"))
