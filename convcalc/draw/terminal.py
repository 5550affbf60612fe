"""Pictures made of characters: lines of text with roles, shown in colour, in Unicode, or in ASCII.

A cell of a grid is two characters: a background colour, or a symbol without colour.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING, NamedTuple

from convcalc.draw.palette import COLOURS, LIGHT
from convcalc.draw.text import MINUS, TIMES

if TYPE_CHECKING:
    from rich.console import Console
    from rich.text import Text

WIDTH = 80  # characters, if the width of the terminal is not known


class StyledText(NamedTuple):
    """A part of a line: words, or a cell of a grid, which has no words.

    In a photograph the role is the colours, such as "#ff8000 on #000000".
    """

    role: str
    words: str = ""


Line = tuple[StyledText, ...]


class Mark(NamedTuple):
    """The look of a cell: its symbol, the symbol in ASCII, and the names of its colours, behind it and on it.

    In colour a cell with a background has lines at its right and lower sides, unless its symbol is shown too.
    """

    symbol: str
    ascii: str
    behind: str | None = None
    on_it: str | None = None
    is_shown: bool = False


MARKS = {
    "blank": Mark(" ", " "),
    "frame": Mark("·", ".", None, "frame", True),
    "left out": Mark("…", ":", None, "frame", True),
    "in": Mark("■", "o", "input", "input-edge"),
    "out": Mark("□", "=", "output", "output-edge"),
    "window": Mark("▣", "#", "window", "window-edge"),
    "spare": Mark("▢", "+", "spare", "window-edge"),
    "copied": Mark("◎", "*", "input", "window-edge", True),
    "unread": Mark("▨", "/", "input", "input-edge", True),
    "unwritten": Mark("▨", "/", "output", "output-edge", True),
    "taken": Mark("◆", "@", "taken", "taken"),
    "made": Mark("◆", "@", "made", "made"),
    "arrow": Mark("→", "->", None, "frame", True),
}
EDGE = {False: " ▕", True: "  "}  # of a cell with a background, in Unicode and in ASCII
STYLES = {
    "title": "bold",
    "ink": "",
    "muted": "dim",
    "code": "bold",
    "bar": COLOURS["output"][LIGHT],
    "second": COLOURS["window"][LIGHT],
}  # of words
SPELLED = str.maketrans(
    {
        "→": "->",
        "←": "<-",
        "↓": "v",
        TIMES: "x",
        "·": "*",
        MINUS: "-",
        "\u2013": "-",
        "⌊": "floor(",
        "⌋": ")",
        "…": "~",
    }
    | {"│": "|", "├": "+", "┼": "+", "█": "#", "▒": "=", "²": "^2", "≥": ">=", "≤": "<="}
)


def plain(lines: Iterable[Line], in_ascii: bool = False) -> list[str]:
    """Return the lines without colour, in Unicode or in ASCII.

    >>> plain([(StyledText("ink", "5² → 3² "), StyledText("window"), StyledText("in"))], in_ascii=True)
    ['5^2 -> 3^2 # o']
    """
    return ["".join(_shown(piece, in_ascii) for piece in line).rstrip() for line in lines]


def coloured(lines: Iterable[Line], in_ascii: bool = False) -> list[Text]:
    """Return the lines in colour, for Rich.

    >>> [text.plain for text in coloured([(StyledText("ink", "5 "), StyledText("window"), StyledText("unread"))])]
    ['5  ▕▨▨']
    """
    from rich.text import Text

    return [
        Text.assemble(*((_shown(piece, in_ascii, True), _style(piece)) for piece in line), no_wrap=True)
        for line in lines
    ]


def shown(console: Console, lines: Iterable[Line], in_ascii: bool = False) -> list[Text]:
    """Return the lines as the console can show them: in colour, or with symbols.

    >>> from rich.console import Console
    >>> [text.plain for text in shown(Console(color_system=None), [(StyledText("window"), StyledText("in"))])]
    ['▣ ■']
    """
    from rich.text import Text

    if console.no_color or console.color_system is None:
        return [Text(line, no_wrap=True) for line in plain(lines, in_ascii)]
    return coloured(lines, in_ascii)


def play(console: Console, frames: Iterable[Sequence[Line]], seconds: float, in_ascii: bool = False) -> None:
    """Show the frames one after the other in one place, until there are no more, or until Ctrl-C. The last stays.

    >>> from rich.console import Console
    >>> play(Console(file=None, quiet=True), [], 0.8)
    """
    from time import sleep

    from rich.console import Group
    from rich.live import Live

    with Live(console=console, auto_refresh=False) as live:
        try:
            for lines in frames:
                live.update(Group(*shown(console, lines, in_ascii)), refresh=True)
                sleep(seconds)
        except KeyboardInterrupt:
            pass


def words(role: str, text: str, width: int) -> list[Line]:
    """Return the text as lines of at most ``width`` characters, also in ASCII.

    >>> words("ink", "one two", 5)
    [(StyledText(role='ink', words='one'),), (StyledText(role='ink', words='two'),)]
    """
    from textwrap import wrap

    longer = max(len(text.translate(SPELLED)) - len(text), 0)  # spread over the lines, at worst all on one
    room = width if len(text) + longer <= width else max(width - longer, width // 2)
    return [(StyledText(role, line),) for line in wrap(text, room)]


def shorten(text: str, most: int) -> str:
    """Return the text, or as much of its beginning as leaves room for an ellipsis in ``most`` characters.

    >>> shorten("connections", 8), shorten("MACs", 8)
    ('connect…', 'MACs')
    """
    return text if len(text) <= most else f"{text[: most - 1]}…"


def _shown(piece: StyledText, in_ascii: bool, in_colour: bool = False) -> str:
    mark = MARKS.get(piece.role)
    if mark is None:
        text = piece.words.translate(SPELLED) if in_ascii else piece.words
        return text.encode("ascii", "backslashreplace").decode() if in_ascii else text
    symbol = mark.ascii if in_ascii else mark.symbol
    if not in_colour or mark.behind is None:
        return symbol.ljust(2)
    return symbol * 2 if mark.is_shown else EDGE[in_ascii]


def _style(piece: StyledText) -> str:
    mark = MARKS.get(piece.role)
    if mark is None:
        return piece.role if piece.role.startswith("#") else STYLES[piece.role]
    style = COLOURS[mark.on_it][LIGHT] if mark.on_it else ""
    return f"underline {style} on {COLOURS[mark.behind][LIGHT]}" if mark.behind else style
