"""A picture as it is read from a file: its values, its colour profile, and notes on what was done to it."""

from __future__ import annotations

from typing import NamedTuple

from convcalc.errors import ConvcalcError
from convcalc.notes import Note
from convcalc.ops.sliding import Array

SPACES = {b"GRAY": (1, 2), b"RGB ": (3, 4)}  # of a profile, and the channels of pictures that it is for
COLOURS = {1: "grey", 2: "grey with alpha", 3: "RGB", 4: "RGBA"}


class Picture(NamedTuple):
    """H x W (grey) or H x W x C (2 grey and alpha, 3 RGB, 4 RGBA), of uint8, uint16, float32 or float64."""

    array: Array
    profile: bytes | None = None  # ICC, for the colours that the array has
    notes: tuple[Note, ...] = ()  # what was done on reading


def channels(array: Array) -> int:
    """Return how many values a pixel has.

    >>> import numpy as np
    >>> channels(np.zeros((4, 5))), channels(np.zeros((4, 5, 3)))
    (1, 3)
    """
    return 1 if array.ndim == 2 else array.shape[2]


def has_alpha(array: Array) -> bool:
    """Return whether the last channel says how opaque a pixel is.

    >>> import numpy as np
    >>> has_alpha(np.zeros((4, 5, 2))), has_alpha(np.zeros((4, 5, 3)))
    (True, False)
    """
    return channels(array) in (2, 4)


def colours(array: Array) -> int:
    """Return how many channels are filtered: all but alpha, the last of two or four.

    >>> import numpy as np
    >>> [colours(np.zeros((2, 2, channels))) for channels in (1, 2, 3, 4)]
    [1, 1, 3, 3]
    """
    return channels(array) - has_alpha(array)


def kind(array: Array) -> str:
    """Return the picture's colours and the type of its values, in words.

    >>> import numpy as np
    >>> kind(np.zeros((4, 5, 3), np.uint8)), kind(np.zeros((4, 5), np.float32))
    ('8-bit RGB', 'float32 grey')
    """
    bits = {"uint8": "8-bit", "uint16": "16-bit"}.get(array.dtype.name, array.dtype.name)
    return f"{bits} {COLOURS[channels(array)]}"


def profile_fits(profile: bytes | None, count: int) -> bool:
    """Return whether an ICC profile is for the colours of a picture with that many channels: its bytes 16 to 19 say.

    >>> profile_fits(bytes(16) + b"RGB ", 4), profile_fits(bytes(16) + b"CMYK", 4)
    (True, False)
    """
    return profile is not None and count in SPACES.get(profile[16:20], ())


def check_size(where: str, size: tuple[int, int], needed: int, limit: int) -> None:
    """Refuse a picture (height, width) without pixels, or one that needs more bytes than the limit.

    >>> check_size("", (2, 3), 12, limit=10)
    Traceback (most recent call last):
    convcalc.errors.ConvcalcError: 3x2 is 6 pixels and 12 bytes, more than the limit of 10: use memory_limit=12 or a smaller picture
    """  # noqa: E501
    height, width = size
    if 0 in size:
        raise ConvcalcError(f"{where}a picture of {width}x{height} has no pixels: give one of at least 1x1")
    if needed > limit:
        raise ConvcalcError(
            f"{where}{width}x{height} is {height * width:,} pixels and {needed:,} bytes, more than the limit of"
            f" {limit:,}: use memory_limit={needed} or a smaller picture"
        )
