"""PNG of 8 and 16 bits a channel, written by NumPy and zlib alone; a reader's part that is shared with it.

The format's names and filters are those of the PNG specification (W3C, third edition), sections 5, 9 and 11.
"""

from __future__ import annotations

import struct
import zlib
from collections.abc import Iterator

import numpy as np

from convcalc.errors import ConvcalcError
from convcalc.filter.picture import channels, kind
from convcalc.ops.sliding import Array

SIGNATURE = b"\x89PNG\r\n\x1a\n"
COLOUR_TYPES = {1: 0, 2: 4, 3: 2, 4: 6}  # of so many channels
SUB, UP, AVERAGE, PAETH = 1, 2, 3, 4
LEVEL = 4  # zlib's, of 9
BAND = 2**20  # bytes that are filtered together
MOST = 2**31 - 1  # pixels of a side


def png_bytes(array: Array, profile: bytes | None = None) -> bytes:
    """The picture as PNG: H x W or H x W x C of uint8 or uint16, with its ICC profile. Nothing is lost.

    Each row has the filter (Sub, Up or Average) whose bytes are smallest in sum, which is the specification's advice.

    >>> png_bytes(np.zeros((2, 3), np.uint8))[:8] == SIGNATURE
    True
    """
    if (
        array.dtype.newbyteorder("=") not in (np.uint8, np.uint16)
        or array.ndim not in (2, 3)
        or channels(array) not in COLOUR_TYPES
    ):
        raise ConvcalcError(
            f"a PNG holds no array {list(array.shape)} of {array.dtype}: give 8 or 16 bits, H x W (x C)"
        )
    height, width = array.shape[:2]
    if 0 in array.shape or max(height, width) > MOST:
        raise ConvcalcError(
            f"a PNG holds no {kind(array)} picture of {height}x{width}: give 1 to {MOST:,} pixels a side"
        )
    header = struct.pack(">IIBBBBB", width, height, 8 * array.itemsize, COLOUR_TYPES[channels(array)], 0, 0, 0)
    parts = [SIGNATURE, _chunk(b"IHDR", header)]
    if profile is not None:
        parts.append(_chunk(b"iCCP", b"ICC profile\0\0" + zlib.compress(profile)))
    packer = zlib.compressobj(LEVEL)
    packed = (packer.compress(band) for band in _filtered(array))
    parts += [_chunk(b"IDAT", part) for part in packed if part]
    return b"".join([*parts, _chunk(b"IDAT", packer.flush()), _chunk(b"IEND", b"")])


def _chunk(name: bytes, content: bytes) -> bytes:
    return struct.pack(">I", len(content)) + name + content + struct.pack(">I", zlib.crc32(content, zlib.crc32(name)))


def _filtered(array: Array) -> Iterator[bytes]:
    """The rows, each with its filter's number before it, some rows at a time."""
    height, width = array.shape[:2]
    pixel = channels(array) * array.itemsize
    step = max(1, BAND // (width * pixel))
    before = np.zeros((1, width * pixel), np.uint8)
    for start in range(0, height, step):
        band = np.ascontiguousarray(array[start : start + step], array.dtype.newbyteorder(">"))
        rows = band.view(np.uint8).reshape(len(band), -1)
        up = np.concatenate([before, rows[:-1]])
        left = np.zeros_like(rows)
        left[:, pixel:] = rows[:, :-pixel]
        tries = [(SUB, rows - left), (UP, rows - up), (AVERAGE, rows - average(left, up))]
        # A difference d of bytes counts as |d|, taken as signed.
        costs = [np.abs(tried.view(np.int8).astype(np.int16)).sum(axis=1, dtype=np.int64) for _, tried in tries]
        best = np.argmin(costs, axis=0)
        out = np.empty((len(rows), 1 + width * pixel), np.uint8)
        for number, (chosen, tried) in enumerate(tries):
            out[best == number, 0] = chosen
            out[best == number, 1:] = tried[best == number]
        yield out.tobytes()
        before = rows[-1:].copy()


def average(left: Array, up: Array) -> Array:
    """The mean of two bytes, rounded down, without a wider type.

    >>> average(np.uint8([255, 3]), np.uint8([255, 4])).tolist()
    [255, 3]
    """
    mean: Array = (left >> 1) + (up >> 1) + (left & up & 1)
    return mean
