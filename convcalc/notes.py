"""Notes: what was assumed, what is not known, and what may be a mistake. They go with the figures into every format."""

from __future__ import annotations

from typing import NamedTuple


class Note(NamedTuple):
    """One remark about a network or one of its layers.

    ``kind`` is ``"assumed"`` (nobody gave it, so a value was chosen), ``"unknown"`` (a figure is None) or ``"warning"``
    (the answer is right, but the question may not be what was meant). ``layer`` is the name of the layer, or None where
    the note is about the whole. ``text`` is a phrase or sentence without a full stop at its end.

    >>> str(Note("unknown", "up", "the receptive field is not computed"))
    'layer up: the receptive field is not computed'
    >>> str(Note("assumed", None, "the input has one channel"))
    'the input has one channel'
    """

    kind: str
    layer: str | None
    text: str

    def __str__(self) -> str:
        return self.text if self.layer is None else f"layer {self.layer}: {self.text}"
