"""PNG of 8 and 16 bits a channel, read by NumPy and zlib alone: Pillow reads 16-bit colours as 8 bits."""

from __future__ import annotations

import struct
import zlib
from collections.abc import Callable, Iterator
from typing import NamedTuple

import numpy as np

from convcalc.errors import ConvcalcError
from convcalc.filter.files.png import AVERAGE, COLOUR_TYPES, PAETH, SIGNATURE, SUB, UP, average
from convcalc.filter.picture import COLOURS
from convcalc.ops.sliding import Array

CHANNELS = {colour_type: count for count, colour_type in COLOUR_TYPES.items()}
ADAM7 = ((0, 0, 8, 8), (0, 4, 8, 8), (4, 0, 8, 4), (0, 2, 4, 4), (2, 0, 4, 2), (0, 1, 2, 2), (1, 0, 2, 1))
PLAIN = ((0, 0, 1, 1),)  # first row, first column, and how far rows and columns are apart
MOST_PROFILE = 2**24  # bytes that a profile may unpack to


class Header(NamedTuple):
    """What the chunk IHDR says."""

    width: int
    height: int
    bits: int  # of a channel
    colour_type: int
    interlaced: bool

    @property
    def channels(self) -> int:
        """Values of a pixel, once it is read: three or four of a palette."""
        return CHANNELS.get(self.colour_type, 4)

    @property
    def is_plain(self) -> bool:
        """Whether `decode` reads it: whole bytes and no palette."""
        return self.colour_type in CHANNELS and self.bits in (8, 16)


class Decoded(NamedTuple):
    """The pixels, as they are in the file, and what else it says of them."""

    array: Array
    profile: bytes | None
    orientation: int  # as in EXIF: 1 is upright
    frames: int
    notes: tuple[str, ...]


def header_of(start: bytes) -> Header | None:
    """The header of a PNG, of at least its first 33 bytes; None where there is none.

    >>> from convcalc.filter.files.png import png_bytes
    >>> header_of(png_bytes(np.zeros((2, 3, 4), np.uint16)))
    Header(width=3, height=2, bits=16, colour_type=6, interlaced=False)
    """
    if len(start) < 33 or start[:8] != SIGNATURE or start[12:16] != b"IHDR":
        return None
    width, height, bits, colour_type, _, _, interlaced = struct.unpack(">IIBBBBB", start[16:29])
    return Header(width, height, bits, colour_type, bool(interlaced))


def decode(content: bytes, where: str) -> Decoded:
    """The picture of a PNG with `Header.is_plain`. ``where`` begins each refusal: damaged, or truncated.

    >>> from convcalc.filter.files.png import png_bytes
    >>> decode(png_bytes(np.array([[1, 65535]], np.uint16)), "").array.tolist()
    [[1, 65535]]
    """
    header = header_of(content)
    if header is None or not header.is_plain:
        raise ConvcalcError(f"{where}no PNG of 8 or 16 bits a channel")
    packed: list[bytes] = []
    others: dict[bytes, bytes] = {}
    for name, inside in _chunks(content, where):
        if name == b"IDAT":
            packed.append(inside)
        else:
            others.setdefault(name, inside)
    count, pixel = header.channels, header.channels * header.bits // 8
    passes = [
        (first, (rows, columns))
        for first in (ADAM7 if header.interlaced else PLAIN)
        if (rows := -(-(header.height - first[0]) // first[2])) > 0
        and (columns := -(-(header.width - first[1]) // first[3])) > 0
    ]
    data = _unpacked(packed, sum(rows * (1 + columns * pixel) for _, (rows, columns) in passes), where)
    shape = (header.height, header.width) if count == 1 else (header.height, header.width, count)
    array = np.empty(shape, np.uint8 if header.bits == 8 else np.uint16)
    place = 0
    for (row, column, down, across), (rows, columns) in passes:
        length = rows * (1 + columns * pixel)
        lines = data[place : place + length].reshape(rows, -1)
        place += length
        if lines[:, 0].max() > PAETH:
            raise ConvcalcError(
                f"{where}damaged: a row has filter {lines[:, 0].max()}, and there are only 0 to {PAETH}"
            )
        _unfilter(lines[:, 0].copy(), lines[:, 1:], pixel)
        values = np.ascontiguousarray(lines[:, 1:]).view(">u2" if header.bits == 16 else np.uint8)
        array[row::down, column::across] = values.reshape(rows, columns, *shape[2:])
    notes: tuple[str, ...] = ()
    key = others.get(b"tRNS", b"")
    if len(key) == 2 * count and count in (1, 3):
        array = _with_alpha(array, np.frombuffer(key, ">u2"))
        notes = (f"its transparent colour read as alpha: {COLOURS[count + 1]}",)
    frames = struct.unpack(">I", others[b"acTL"][:4])[0] if len(others.get(b"acTL", b"")) >= 4 else 1
    return Decoded(array, _profile(others.get(b"iCCP", b"")), orientation(others.get(b"eXIf", b"")), frames, notes)


def orientation(exif: bytes) -> int:
    """The orientation that EXIF (a TIFF's first directory) says; 1, which is upright, where it says none.

    >>> orientation(bytes.fromhex("4d4d002a 00000008 0001 0112 0003 00000001 0006 0000"))
    6
    """
    order = {b"II": "<", b"MM": ">"}.get(exif[:2])
    try:
        if order:
            (directory,) = struct.unpack_from(order + "I", exif, 4)
            (entries,) = struct.unpack_from(order + "H", exif, directory)
            for entry in range(directory + 2, directory + 2 + 12 * entries, 12):
                tag, _, _, value = struct.unpack_from(order + "HHIH", exif, entry)
                if tag == 0x0112:
                    return int(value) if 1 <= value <= 8 else 1
    except struct.error:  # it ends too early
        pass
    return 1


def upright(array: Array, orientation: int) -> Array:
    """The array turned and mirrored as an orientation of EXIF says.

    >>> upright(np.array([[1, 2]]), 6).tolist()  # its top is the right side: turned clockwise
    [[1], [2]]
    """
    if orientation >= 5:
        array = array.swapaxes(0, 1)
    if orientation in (2, 3, 6, 7):
        array = array[:, ::-1]
    if orientation in (3, 4, 7, 8):
        array = array[::-1]
    return np.ascontiguousarray(array)


def _chunks(content: bytes, where: str) -> Iterator[tuple[bytes, bytes]]:
    place = len(SIGNATURE)
    while place < len(content):
        length = int.from_bytes(content[place : place + 4], "big")
        name, inside = content[place + 4 : place + 8], content[place + 8 : place + 8 + length]
        check = content[place + 8 + length : place + 12 + length]
        if len(check) < 4:
            break
        if zlib.crc32(inside, zlib.crc32(name)) != int.from_bytes(check, "big"):
            raise ConvcalcError(f"{where}damaged: the check sum of a part of the PNG is wrong")
        if name == b"IEND":
            return
        yield name, inside
        place += 12 + length
    raise ConvcalcError(f"{where}truncated: the PNG has no end")


def _unpacked(packed: list[bytes], size: int, where: str) -> Array:
    """The bytes of all rows, no more than there should be."""
    data = np.empty(size, np.uint8)
    unpacker, filled = zlib.decompressobj(), 0
    try:
        for part in packed:
            while part and filled < size:
                piece = unpacker.decompress(part, min(size - filled, 2**20))
                data[filled : filled + len(piece)] = np.frombuffer(piece, np.uint8)
                filled += len(piece)
                part = unpacker.unconsumed_tail  # noqa: PLW2901
    except zlib.error:
        raise ConvcalcError(f"{where}damaged: its pixels cannot be unpacked") from None
    if filled < size:
        raise ConvcalcError(f"{where}truncated: {filled:,} of {size:,} bytes of pixels")
    return data


def _unfilter(filters: Array, rows: Array, pixel: int) -> None:
    """Undo the rows' filters, in place; ``pixel`` is the bytes of one.

    Rows before the first and behind the last that need both neighbours (Average, Paeth) are undone a row at a time.
    """
    mixed = np.flatnonzero(filters >= AVERAGE)
    first, behind = (int(mixed[0]), int(mixed[-1]) + 1) if mixed.size else (len(rows), len(rows))
    _by_rows(filters, rows, pixel, range(first))
    if mixed.size:
        above = rows[first - 1] if first else np.zeros_like(rows[0])
        _by_diagonals(filters[first:behind], rows[first:behind], above, pixel)
    _by_rows(filters, rows, pixel, range(behind, len(rows)))


def _by_rows(filters: Array, rows: Array, pixel: int, numbers: range) -> None:
    for number in numbers:
        if filters[number] == SUB:
            line = rows[number].reshape(-1, pixel)
            np.add.accumulate(line, axis=0, dtype=np.uint8, out=line)
        elif filters[number] == UP and number:
            rows[number] += rows[number - 1]


def _by_diagonals(filters: Array, rows: Array, above: Array, pixel: int) -> None:
    """All rows at once, each a pixel behind the one above it: what a pixel needs lies on the two diagonals before."""
    height, width = len(rows), rows.shape[1] // pixel
    down, across = rows.strides
    grid = np.lib.stride_tricks.as_strided(rows, (height, width, pixel), (down, across * pixel, across))
    top = np.zeros((width + 1, pixel), np.uint8)
    top[1:] = above.reshape(width, pixel)
    # Of each row, and of the one above the first: its last pixel, and the one before that.
    last = np.zeros((height + 1, pixel), np.uint8)
    older = np.zeros((height + 1, pixel), np.uint8)
    used = [(guess, (filters == number)[:, None]) for number, guess in GUESSES.items() if number in filters]
    for diagonal in range(width + height - 1):
        start, stop = max(0, diagonal - width + 1), min(height, diagonal + 1)
        if diagonal < width:
            last[0], older[0] = top[diagonal + 1], top[diagonal]
        left, up, corner = last[start + 1 : stop + 1], last[start:stop], older[start:stop]
        guess = sum(guess(left, up, corner) * mask[start:stop] for guess, mask in used)
        places = _diagonal(grid, start, stop, diagonal)
        places += guess
        older, last = last, older
        last[start + 1 : stop + 1] = places


def _diagonal(grid: Array, start: int, stop: int, diagonal: int) -> Array:
    """The pixels of row r and column diagonal - r, of the rows from start to stop."""
    down, across, inside = grid.strides
    first = grid[start:, diagonal - start :]
    return np.lib.stride_tricks.as_strided(first, (stop - start, grid.shape[2]), (down - across, inside))


def paeth(left: Array, up: Array, corner: Array) -> Array:
    """Of three neighbours the one that is nearest to left + up - corner; of equally near ones the first.

    >>> paeth(np.uint8([10]), np.uint8([20]), np.uint8([12])).tolist()  # 18
    [20]
    """
    a, b, c = (side.astype(np.int16) for side in (left, up, corner))
    to_left, to_up = b - c, a - c  # the distances, before they are made positive
    to_corner = np.abs(to_left + to_up)
    np.abs(to_left, out=to_left)
    np.abs(to_up, out=to_up)
    nearest = np.where(to_up <= to_corner, up, corner)
    return np.where((to_left <= to_up) & (to_left <= to_corner), left, nearest)


# What each filter takes a byte for, of the bytes before it, above it, and before that one.
GUESSES: dict[int, Callable[[Array, Array, Array], Array]] = {
    SUB: lambda left, up, corner: left,
    UP: lambda left, up, corner: up,
    AVERAGE: lambda left, up, corner: average(left, up),
    PAETH: paeth,
}


def _with_alpha(array: Array, key: Array) -> Array:
    """With an alpha channel, 0 where the pixel has the colour of the key."""
    colours = array.reshape(*array.shape[:2], -1)
    opaque = ~(colours == key).all(axis=-1, keepdims=True)
    return np.concatenate([colours, opaque * array.dtype.type(np.iinfo(array.dtype).max)], axis=-1)


def _profile(content: bytes) -> bytes | None:
    name, _, rest = content.partition(b"\0")
    if not name or not rest:
        return None
    try:
        return zlib.decompressobj().decompress(rest[1:], MOST_PROFILE) or None
    except zlib.error:
        return None
