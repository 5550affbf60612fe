"""What pictures of networks need beside the palette's roles: two sizes of text, and what has no colour of its own."""

from __future__ import annotations

from convcalc.draw import palette
from convcalc.draw.svg import Names

ROLES = {
    "name": "fill:{ink};font-size:12px;font-weight:700",
    "op": "fill:{ink};font-size:11px",
    "plain": "fill:{card};stroke:{muted}",
    "letter": "fill:none;stroke:{ink};stroke-linecap:round;stroke-linejoin:round",
}
SIZES = {**palette.SIZES, "name": 12, "op": 11}
BOLD = ("title", "name")


def style(name: Names) -> str:
    """The CSS of those roles that the picture uses.

    >>> name = Names()
    >>> name("op") and style(name).startswith(f".{name('op')}{{fill:#1f2933;font-size:11px}}")
    True
    """
    used = [role for role in ROLES if role in name.used]
    light, dark = (
        "".join(f".{name(role)}{{{_coloured(ROLES[role], scheme)}}}" for role in used)
        for scheme in (palette.LIGHT, palette.DARK)
    )
    return f"{light}@media(prefers-color-scheme:dark){{{dark}}}" if used else ""


def _coloured(rule: str, scheme: int) -> str:
    return rule.format_map({colour: pair[scheme] for colour, pair in palette.COLOURS.items()})
