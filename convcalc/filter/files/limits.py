"""How large a picture may be, decided before it is decoded."""

from __future__ import annotations

from convcalc.errors import ConvcalcError


def check_size(where: str, size: tuple[int, int], needed: int, limit: int) -> None:
    """Refuse a picture without pixels, or one that needs more bytes than the limit. Size: height and width.

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
