"""The frames of a picture that moves."""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple


class Film(NamedTuple):
    """How many frames there are, the seconds that each is shown, and the SVG of a frame, which is counted from 0."""

    length: int
    seconds: float
    draw: Callable[[int], str]


def still(svg: str) -> Film:
    """Return the film of a picture that does not move.

    >>> still("<svg/>").length, still("<svg/>").draw(0)
    (1, '<svg/>')
    """
    return Film(1, 0, lambda _: svg)
