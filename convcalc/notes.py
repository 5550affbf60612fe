"""Notes: what was assumed, what is not known, and what may be a mistake. They go with the figures into every format."""

from __future__ import annotations

from collections.abc import Iterable
from typing import NamedTuple

MOST_NAMED = 3  # layers in one line


class Note(NamedTuple):
    """One remark about a network or one of its layers.

    ``kind`` is ``"assumed"`` (nobody gave it, so a value was chosen), ``"unknown"`` (a figure is None) or ``"warning"``
    (the answer is right, but the question may not be what was meant). ``layer`` is the name of the layer, or None where
    the note is about the whole. ``text`` is a phrase or sentence without a full stop at its end.

    >>> Note("unknown", "up", "the receptive field is not computed").layer
    'up'
    """

    kind: str
    layer: str | None
    text: str


def note_lines(notes: Iterable[Note]) -> list[str]:
    """Return the notes as people read them, one line each; layers of which the same is true share a line.

    >>> note_lines([Note("unknown", name, "the receptive field is not computed") for name in ("up1", "up2")])
    ['note: layers up1, up2: the receptive field is not computed']
    >>> note_lines([Note("warning", None, "channels last?")])
    ['warning: channels last?']
    """
    layers: dict[tuple[str, str], list[str]] = {}
    for note in notes:
        layers.setdefault((note.kind, note.text), []).extend([] if note.layer is None else [note.layer])
    return [_line(kind, text, list(dict.fromkeys(names))) for (kind, text), names in layers.items()]


def note_block(notes: Iterable[Note]) -> list[str]:
    """Return the notes as the end of a table's output: an empty line, and one line for each; nothing without notes.

    >>> note_block([Note("warning", None, "channels last?")])
    ['', 'warning: channels last?']
    """
    lines = note_lines(notes)
    return ["", *lines] if lines else []


def _line(kind: str, text: str, names: list[str]) -> str:
    more = f" and {len(names) - MOST_NAMED} more" if len(names) > MOST_NAMED else ""
    about = f"layer{'s' if len(names) > 1 else ''} {', '.join(names[:MOST_NAMED])}{more}: " if names else ""
    return f"{'warning' if kind == 'warning' else 'note'}: {about}{text}"
