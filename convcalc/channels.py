"""Channels last: shapes that look as if their channels stand where PyTorch has the width."""

from __future__ import annotations

from convcalc.layers.settings import Shape
from convcalc.notes import Note

CHANNELS = (3, 4)  # of a picture
LEAST_SIDE = 16


def channels_first(shape: Shape) -> Shape:
    """Return the shape with its last size where PyTorch has the channels.

    >>> channels_first((1, 224, 224, 3)), channels_first((224, 224, 3))
    ((1, 3, 224, 224), (3, 224, 224))
    """
    batch = shape[: len(shape) > 3]
    return (*batch, *shape[-1:], *shape[len(batch) : -1])


def channels_last_note(shape: Shape, spatial: int) -> tuple[Note, ...]:
    """Return a warning where the last of several spatial sizes is 3 or 4 and both sizes before it are at least 16.

    >>> channels_last_note((1, 3, 224, 224), 2), channels_last_note((1, 224, 224, 3), 2)[0].kind
    ((), 'warning')
    """
    if spatial < 2 or shape[-1] not in CHANNELS or min(shape[-3:-1]) < LEAST_SIDE:
        return ()
    moved = "x".join(map(str, channels_first(shape)))
    text = (
        f"channels last? PyTorch's order is N C H W, so {list(shape)} has {shape[-1 - spatial]} channels: give {moved}"
    )
    return (Note("warning", None, text),)
