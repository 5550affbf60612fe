"""The look of each part of a picture, light and dark. All colours are here.

The palette follows Okabe and Ito, whose colours differ for colour-blind people too. No meaning depends on colour alone:
padding is dashed, unread elements are hatched, the cell in use has a heavy outline, and everything has a label.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable

from convcalc.draw.text import FONT, MATH, MONO

# A colour's name: in a light scheme, in a dark one.
COLOURS = {
    "card": ("#fff", "#0d1117"),
    "edge": ("#d0d7de", "#30363d"),
    "ink": ("#1f2933", "#e6edf3"),
    "muted": ("#57606a", "#9aa4af"),
    "warn": ("#a33c00", "#ff9e64"),
    "input": ("#56b4e9", "#1f6d9c"),
    "input-edge": ("#0b5a8a", "#8fd0f5"),
    "taken": ("#0b5a8a", "#b5e2ff"),
    "output": ("#4cc3a0", "#17795c"),
    "output-edge": ("#00664b", "#66d9b8"),
    "made": ("#00664b", "#a5f3d8"),
    "window": ("#e69f00", "#b27a00"),
    "window-edge": ("#804000", "#fff0cc"),
    "spare": ("#f7dda0", "#6b4e10"),
    "below": ("#c9e4f7", "#153f5c"),
    "bright": ("#fff", "#fff"),  # on a picture, which is as it is in any scheme
    "brown": ("#804000", "#804000"),
    "frame": ("#8b949e", "#7d8590"),
    "hatch": ("#fff", "#0d1117"),
    "pool": ("#cc79a7", "#a3507f"),
    "pool-edge": ("#7a2a56", "#f0b6d4"),
    "dense": ("#f0e442", "#a39a1d"),
    "dense-edge": ("#6b6400", "#f7f0a0"),
}

# A role, which is a class: its declarations, with colours by name in braces.
ROLES = {
    "card": "fill:{card};stroke:{edge}",
    "title": "fill:{ink};font-size:16px;font-weight:700",
    "ink": "fill:{ink};font-size:13px",
    "muted": "fill:{muted};font-size:12px",
    "formula": f"fill:{{muted}};font-size:12px;font-family:{MATH}",
    "warn": "fill:{warn};font-size:12px",
    "code": f"fill:{{ink}};font-size:14px;font-weight:700;font-family:{MONO}",
    "small": "fill:{muted};font-size:10px",
    "in": "fill:{input};stroke:{input-edge}",  # input cells
    "taken": "fill:{taken};stroke:{ink};stroke-width:2",  # the input cell in use
    "out": "fill:{output};stroke:{output-edge}",  # output cells
    "made": "fill:{made};stroke:{ink};stroke-width:2",  # the output cell being made
    "window": "fill:{window};stroke:{window-edge}",  # taps on cells
    "spare": "fill:{spare};stroke:{window-edge}",  # taps on padding
    "around": "fill:none;stroke:{window-edge};stroke-width:2",  # the window's outline
    "lines": "fill:none;stroke:{window-edge};stroke-width:1.2",  # from window to output cell
    "ring": "fill:{window};stroke:{window-edge};stroke-width:2",  # on what is read as a copy
    "frame": "fill:none;stroke:{frame};stroke-dasharray:2 2",  # padding, or what is cropped
    "hatch": "stroke:{hatch};stroke-width:2",  # the strokes of the pattern over what is unread
    "pool": "fill:{pool};stroke:{pool-edge}",
    "dense": "fill:{dense};stroke:{dense-edge}",
    "rule": "fill:none;stroke:{muted}",
    "arrow": "fill:{muted}",
    "name": "fill:{ink};font-size:12px;font-weight:700",  # of a layer of a network
    "op": "fill:{ink};font-size:11px",  # what it does
    "plain": "fill:{card};stroke:{muted}",  # what has no colour of its own
    "plus": "fill:{spare};stroke:{window-edge}",  # a weight above 0
    "minus": "fill:{below};stroke:{input-edge}",  # one below 0
    "nought": "fill:{card};stroke:{edge}",  # and 0
    "weight": "fill:{ink};font-size:10px",
    "value": "font-size:10px",  # on a pixel, whose colour says what the text's is
    "halo": "fill:none;stroke:{bright};stroke-width:4",  # around the mark, that it is seen on any picture
    "mark": "fill:none;stroke:{brown};stroke-width:2",  # on a picture
    "paper": "fill:none;stroke:{bright};stroke-width:2",  # and around what is dashed
    "copy": "fill:none;stroke:{brown};stroke-width:2;stroke-dasharray:3 3",  # a pixel that is not there
    "letter": "fill:none;stroke:{ink};stroke-linecap:round;stroke-linejoin:round",  # on the input
}
SIZES = {
    "title": 16,
    "ink": 13,
    "muted": 12,
    "formula": 12,
    "warn": 12,
    "code": 14,
    "small": 10,
    "name": 12,
    "op": 11,
    "weight": 10,
}  # of the roles that are text
LIGHT, DARK = 0, 1


def styles(name: Callable[[str], str], roles: Iterable[str]) -> str:
    """Return the CSS of the roles, in the order of `ROLES`, and what a dark scheme changes in it.

    ``name`` gives the class of a role in this picture.

    >>> styles(str, ["arrow"])
    '.arrow{fill:#57606a}@media(prefers-color-scheme:dark){.arrow{fill:#9aa4af}}'
    """
    wanted = set(roles)
    used = {role: rule for role, rule in ROLES.items() if role in wanted}
    light = "".join(f".{name(role)}{{{_coloured(rule, LIGHT)}}}" for role, rule in used.items())
    changed = {role: ";".join(part for part in rule.split(";") if "{" in part) for role, rule in used.items()}
    dark = "".join(f".{name(role)}{{{_coloured(rule, DARK)}}}" for role, rule in changed.items())
    return f"{light}@media(prefers-color-scheme:dark){{{dark}}}"


def is_bold(role: str) -> bool:
    """Say whether the text of a role is bold.

    >>> is_bold("title")
    True
    """
    return "font-weight:700" in ROLES[role]


def font() -> str:
    """Return the style that all text has.

    >>> font()[:12]
    'font-family:'
    """
    return f"font-family:{FONT}"


def _coloured(rule: str, scheme: int) -> str:
    return rule.format_map({colour: pair[scheme] for colour, pair in COLOURS.items()})
