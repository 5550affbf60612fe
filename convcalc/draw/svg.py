"""Well-formed SVG from small functions. The same input gives the same bytes.

Markup is ``str``. Text from outside goes through `escape`, as the attributes of `element` and the words of `label` do.
`Names` names every id, class and keyframe of a picture, so that two pictures can stand in one page.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from zlib import crc32

from convcalc.draw import palette
from convcalc.draw.text import LINE_HEIGHT

FORBIDDEN = "[^\t\n\r\u0020-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]"  # XML 1.0, "Char"
DECIMALS = 2
CORNER = 8


def escape(text: str) -> str:
    """Return the text as XML text or attribute. A character that XML cannot hold becomes U+FFFD.

    >>> escape('a<b & "c"')
    'a&lt;b &amp; &quot;c&quot;'
    """
    if not text.isprintable():  # else there is nothing to replace, and no need to compile the pattern
        text = re.sub(FORBIDDEN, "\ufffd", text)
    text = text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;").replace('"', "&quot;")
    return text.replace("\r", "&#13;")  # a reader of XML would take it for the end of a line


def unescape(text: str) -> str:
    """Return the text that `escape` was given, except for what XML cannot hold.

    >>> unescape(escape("a<b & 'c'"))
    "a<b & 'c'"
    """
    for entity, character in (("&#13;", "\r"), ("&quot;", '"'), ("&gt;", ">"), ("&lt;", "<"), ("&amp;", "&")):
        text = text.replace(entity, character)
    return text


def number(value: float) -> str:
    """Return the number with at most two decimals, as short as possible.

    >>> number(2.0), number(1 / 3), number(-0.001)
    ('2', '0.33', '0')
    """
    short = f"{value:.{DECIMALS}f}".rstrip("0").rstrip(".")
    return "0" if short == "-0" else short


def element(tag: str, *children: str, **attributes: str | float | None) -> str:
    """Return an element with children, which are markup, and attributes, without those that are None.

    Underscores in a name become hyphens; one at its end is dropped (``class_``).

    >>> element("rect", x=1.5, class_="in", stroke_width=None)
    '<rect x="1.5" class="in"/>'
    >>> element("g", "<path/>")
    '<g><path/></g>'
    """
    inside = "".join(
        f' {name.rstrip("_").replace("_", "-")}="{escape(value) if isinstance(value, str) else number(value)}"'
        for name, value in attributes.items()
        if value is not None
    )
    content = "".join(children)
    return f"<{tag}{inside}>{content}</{tag}>" if content else f"<{tag}{inside}/>"


class Names:
    """The names of a picture's ids, classes and keyframes: a role, and a hash of the picture's parameters.

    It remembers the classes that were used, so that the style has no others.

    >>> name = Names("Conv2d(1, 1, 3)", (1, 1, 5, 5))
    >>> name("in") == f"in-{name.key}", name.used
    (True, ['in'])
    """

    def __init__(self, *parameters: object) -> None:
        self.key = f"{crc32(repr(parameters).encode('utf-8', 'backslashreplace')):08x}"
        self.used: list[str] = []

    def __call__(self, role: str) -> str:
        if role not in self.used:
            self.used.append(role)
        return f"{role}-{self.key}"


def label(name: Names, role: str, x: float, y: float, words: str, anchor: str | None = None) -> str:
    """Return a line of text with its baseline at y. ``anchor`` is "middle" or "end" if x is not its beginning.

    >>> name = Names()
    >>> label(name, "ink", 8, 20, "a<b").replace(name.key, "key")
    '<text x="8" y="20" class="ink-key">a&lt;b</text>'
    """
    return element("text", escape(words), x=x, y=y, class_=name(role), text_anchor=anchor)


def paragraph(name: Names, role: str, x: float, y: float, lines: Sequence[str], anchor: str | None = None) -> str:
    """Return lines of text one below the other, the first with its baseline at y, `line_height` apart.

    >>> paragraph(Names(), "ink", 8, 20, ["a", "b"]).count("<text")
    2
    """
    step = line_height(role)
    return "".join(label(name, role, x, y + step * i, line, anchor) for i, line in enumerate(lines))


def line_height(role: str) -> float:
    """Return the distance between the baselines of a role's text.

    >>> line_height("title")
    22.0
    """
    return float(round(palette.SIZES[role] * LINE_HEIGHT))


def keyframes(name: Names, what: str, values: Sequence[str], seconds: float) -> str:
    """Return the CSS that gives elements of class ``what`` the declarations in turn, without end.

    Each value holds for an equal time, without a transition, and is written once while it stays the same. Without
    animation the element stays as it is, so it should be drawn with the first value.

    >>> name = Names()
    >>> keyframes(name, "row", ["fill:red", "fill:blue"], 2).replace(name.key, "key")
    '@keyframes row-key{0%{fill:red}50%{fill:blue}}.row-key{animation:row-key 2s step-end infinite}'
    """
    frames = "".join(
        f"{number(100 * i / len(values))}%{{{value}}}"
        for i, value in enumerate(values)
        if not i or value != values[i - 1]
    )
    named = name(what)
    return f"@keyframes {named}{{{frames}}}.{named}{{animation:{named} {number(seconds)}s step-end infinite}}"


def hatching(name: Names) -> str:
    """Return the pattern that marks unread elements; `hatched` fills a shape with it.

    >>> hatching(Names()).startswith("<defs><pattern ")
    True
    """
    stroke = element("path", d="M0 0V6", class_=name("hatch"))
    pattern = element(
        "pattern",
        stroke,
        id=name("hatching"),
        width=6,
        height=6,
        patternUnits="userSpaceOnUse",
        patternTransform="rotate(45)",
    )
    return element("defs", pattern)


def hatched(name: Names) -> str:
    """Return the value of ``fill`` that refers to `hatching`.

    >>> name = Names()
    >>> hatched(name) == f"url(#hatching-{name.key})"
    True
    """
    return f"url(#{name('hatching')})"


def ringing(name: Names, cell: float, steps: tuple[float, float]) -> str:
    """Return the pattern of rings on cells, ``steps`` apart down and across; `ringed` fills a shape with it.

    >>> ringing(Names(), 24, (48, 24)).startswith("<defs><pattern ")
    True
    """
    ring = element("circle", cx=cell / 2, cy=cell / 2, r=0.3 * cell, class_=name("ring"))
    down, across = steps
    pattern = element("pattern", ring, id=name("ringing"), width=across, height=down, patternUnits="userSpaceOnUse")
    return element("defs", pattern)


def ringed(name: Names) -> str:
    """Return the value of ``fill`` that refers to `ringing`.

    >>> name = Names()
    >>> ringed(name) == f"url(#ringing-{name.key})"
    True
    """
    return f"url(#{name('ringing')})"


def document(
    name: Names, title: str, desc: str, width: float, height: float, body: Sequence[str], style: str = ""
) -> str:
    """Return the whole picture: a card of that size with the body on it, and the style of the roles that it uses.

    Make the body first. ``style`` is more CSS, such as `keyframes`. With it, nothing moves for readers who ask for
    less motion.

    >>> document(Names(), "a title", "what is seen", 20, 10, [])[:63]
    '<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 20 10" wid'
    """
    card = element("rect", x=0.5, y=0.5, width=width - 1, height=height - 1, rx=CORNER, class_=name("card"))
    css = f".{name('picture')}{{{palette.font()}}}{palette.styles(name, list(name.used))}{style}"
    if style:
        css += f"@media(prefers-reduced-motion:reduce){{.{name('picture')} *{{animation:none!important}}}}"
    return (
        element(
            "svg",
            element("title", escape(title), id=name("title-id")),
            element("desc", escape(desc), id=name("desc-id")),
            element("style", escape(css)),
            card,
            *body,
            xmlns="http://www.w3.org/2000/svg",
            viewBox=f"0 0 {number(width)} {number(height)}",
            width=width,
            height=height,
            role="img",
            aria_labelledby=f"{name('title-id')} {name('desc-id')}",
            class_=name("picture"),
        )
        + "\n"
    )
