"""The width of text, so that nothing is clipped in any font.

The widths are those of the widest of DejaVu Sans, Verdana and Liberation Sans (Arial, Helvetica), rounded up.
"""

from __future__ import annotations

from collections.abc import Sequence

FONT = "Helvetica,Arial,'Liberation Sans','DejaVu Sans',Verdana,sans-serif"
MATH = "'DejaVu Sans',Verdana,Helvetica,Arial,sans-serif"  # the first ones have floor brackets
MONO = "Menlo,Consolas,'DejaVu Sans Mono',monospace"
MONO_WIDTH = 0.603  # of each character, in font sizes
ELLIPSIS = "…"
TIMES, MINUS = "\xd7", "\u2212"  # the mathematical signs, not x and a hyphen
LINE_HEIGHT = 1.35  # from one baseline to the next, in font sizes

# A width in hundredths of the font size, and the characters that are at most so wide.
REGULAR = {
    30: "'il",
    35: "j·",
    40: " ,.ft⌊⌋",
    45: "!Ir²",
    50: '"()-/:;J[\\]|',
    55: "csz",
    60: "?Lkvxy\u2013",
    65: "$*0123456789FT_`abdeghnopqu{}",
    70: "ABEKPSVXYZ",
    75: "CNRU",
    80: "&DGHOQ",
    85: "#+<=>^w~\xd7\u2212÷≥≤±",
    90: "M",
    100: "Wm→…—",
    105: "@",
    110: "%",
}
BOLD = {
    35: " 'il",
    40: ",.·",
    45: ":;fj²",
    50: "!-rt⌊⌋",
    55: "()I[]|",
    60: '"Jcsz\u2013',
    65: "?L",
    70: "/EFT\\aekovxy",
    75: "$*0123456789CPSYZ_`bdghnpqu{}",
    80: "ABKRVX",
    85: "DGHNU\xd7\u2212÷≥≤±",
    90: "#&+<=>OQ^~",
    100: "@Mw→…—",
    110: "m",
    115: "W",
    130: "%",
}
WIDTHS = {False: {c: w for w, cs in REGULAR.items() for c in cs}, True: {c: w for w, cs in BOLD.items() for c in cs}}
UNKNOWN = 110  # any other letter, or an ideograph
PICTOGRAPH = 140  # emoji, from FIRST_PICTOGRAPH on
FIRST_PICTOGRAPH = 0x1F000


def text_width(text: str, size: float, bold: bool = False) -> float:
    """Return the largest width of a line, in the unit of the font ``size``.

    >>> text_width("WW", 10)
    20.0
    """
    widths = WIDTHS[bold]
    return sum(widths.get(c) or (UNKNOWN if ord(c) < FIRST_PICTOGRAPH else PICTOGRAPH) for c in text) * size / 100


def shorten(text: str, size: float, width: float, bold: bool = False) -> str:
    """Return the text, or as much of its beginning as fits the width, with an ellipsis.

    >>> shorten("WWWW", 10, 30), shorten("WWW", 10, 30)
    ('WW…', 'WWW')
    """
    if text_width(text, size, bold) <= width:
        return text
    room = width - text_width(ELLIPSIS, size, bold)
    fitting, used = 0, 0.0
    for c in text:
        used += text_width(c, size, bold)
        if used > room:
            break
        fitting += 1
    return text[:fitting].rstrip() + ELLIPSIS


def fit(text: str, size: float, width: float, bold: bool = False, most: int | None = None) -> tuple[str, ...]:
    """Return the text in lines of at most that width, broken at spaces, or inside a word that is wider than a line.

    At most ``most`` lines are kept; the last then ends in an ellipsis.

    >>> fit("WW WW WWW", 10, 30)
    ('WW', 'WW', 'WWW')
    """
    lines: list[str] = []
    line = ""
    for word in text.split(" "):
        longer = f"{line} {word}" if line else word
        if text_width(longer, size, bold) <= width:
            line = longer
            continue
        *done, line = _broken(word, size, width, bold) if not line else (line, *_broken(word, size, width, bold))
        lines += done
    lines.append(line)
    if most is not None and len(lines) > most:
        return (*lines[: most - 1], shorten(" ".join(lines[most - 1 :]), size, width, bold))
    return tuple(lines)


def widest(lines: Sequence[str], size: float, bold: bool = False) -> float:
    """Return the width of the widest line; 0 if there is none.

    >>> widest(["W", "WW"], 10)
    20.0
    """
    return max((text_width(line, size, bold) for line in lines), default=0.0)


def _broken(word: str, size: float, width: float, bold: bool) -> list[str]:
    """Return a word in pieces that fit, each of at least one character."""
    pieces = [""]
    for c in word:
        if pieces[-1] and text_width(pieces[-1] + c, size, bold) > width:
            pieces.append("")
        pieces[-1] += c
    return pieces


def by(sizes: Sequence[int]) -> str:
    """Return all sizes with multiplication signs between them.

    >>> by((5, 9))
    '5\xd79'
    """
    return TIMES.join(map(str, sizes))
