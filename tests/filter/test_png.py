"""PNG read and written by convcalc itself: held against Pillow, and against an encoder written here."""

from __future__ import annotations

import io
import struct
import zlib

import numpy as np
import PIL.Image
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from convcalc.errors import ConvcalcError
from convcalc.filter.files.png import png_bytes
from convcalc.filter.files.png_reader import ADAM7, decode, orientation, upright

KINDS = [(bits, count) for bits in (8, 16) for count in (1, 2, 3, 4)]


def picture(rng, height, width, bits, count):
    shape = (height, width) if count == 1 else (height, width, count)
    return rng.integers(0, 2**bits, shape).astype(np.uint8 if bits == 8 else np.uint16)


def chunk(name, content):
    return struct.pack(">I", len(content)) + name + content + struct.pack(">I", zlib.crc32(name + content))


def guess(number, left, up, corner):
    if number == 4:
        wanted = left + up - corner
        return min((left, up, corner), key=lambda value: abs(wanted - value))  # the first of equally near ones
    return (0, left, up, (left + up) // 2)[number]


def filtered(array, filters):
    """The rows as bytes, each with the filter that is its turn: byte by byte, as the specification says it."""
    lines = [row.astype(array.dtype.newbyteorder(">")).tobytes() for row in array]
    pixel = len(lines[0]) // array.shape[1]
    out, above = b"", bytes(len(lines[0]))
    for line, number in zip(lines, filters, strict=False):
        out += bytes([number])
        for i, value in enumerate(line):
            left, corner = (line[i - pixel], above[i - pixel]) if i >= pixel else (0, 0)
            out += bytes([(value - guess(number, left, above[i], corner)) % 256])
        above = line
    return out


def written(array, filters, interlaced=False, extra=()):
    """A PNG, by the slow way, in three IDAT chunks."""
    count = 1 if array.ndim == 2 else array.shape[2]
    colour = {1: 0, 2: 4, 3: 2, 4: 6}[count]
    parts = [array[r::dr, c::dc] for r, c, dr, dc in (ADAM7 if interlaced else [(0, 0, 1, 1)])]
    packed = zlib.compress(b"".join(filtered(part, filters) for part in parts if part.size))
    third = len(packed) // 3
    header = struct.pack(">IIBBBBB", array.shape[1], array.shape[0], 8 * array.itemsize, colour, 0, 0, interlaced)
    data = [packed[:third], packed[third : 2 * third], packed[2 * third :]]
    chunks = [(b"IHDR", header), *extra, *((b"IDAT", part) for part in data), (b"IEND", b"")]
    return b"\x89PNG\r\n\x1a\n" + b"".join(chunk(name, content) for name, content in chunks)


@pytest.mark.parametrize(("bits", "count"), KINDS)
@pytest.mark.parametrize("interlaced", [False, True])
def test_every_filter_in_any_order_is_undone(bits, count, interlaced):
    rng = np.random.default_rng(10 * bits + count)
    for height, width in ((1, 1), (1, 9), (9, 1), (7, 5), (13, 11)):
        array = picture(rng, height, width, bits, count)
        for filters in ([0] * height, [4] * height, [1] * height, [2] * height, rng.integers(0, 5, height).tolist()):
            made = decode(written(array, filters, interlaced), "")
            assert made.array.dtype == array.dtype
            assert (made.array == array).all(), (height, width, filters)


def test_the_order_of_the_interlacing_passes_is_pillows():
    """The passes are the reader's own; that they are in the right order Pillow says, at 8 bits."""
    array = picture(np.random.default_rng(3), 21, 19, 8, 3)
    content = written(array, [1, 4, 3] * 7, interlaced=True)
    assert (np.asarray(PIL.Image.open(io.BytesIO(content))) == array).all()
    assert (decode(content, "").array == array).all()


@given(st.integers(1, 40), st.integers(1, 40), st.sampled_from(KINDS), st.integers(0, 2**32), st.booleans())
@settings(max_examples=60, deadline=None)
def test_what_is_written_is_read_the_same(height, width, kind, seed, smooth):
    array = picture(np.random.default_rng(seed), height, width, *kind)
    if smooth:
        array = np.sort(array, axis=1)
    assert (decode(png_bytes(array), "").array == array).all()


@pytest.mark.parametrize("count", [1, 2, 3, 4])
def test_what_is_written_pillow_reads(count):
    rng = np.random.default_rng(count)
    array = picture(rng, 300, 200, 8, count)  # 60,000 pixels
    assert (np.asarray(PIL.Image.open(io.BytesIO(png_bytes(array)))) == array).all()
    deep = picture(rng, 30, 20, 16, count)
    read = PIL.Image.open(io.BytesIO(png_bytes(deep)))
    assert read.size == (20, 30)
    if count == 1:
        assert (np.asarray(read) == deep).all()
    if count in (3, 4):
        assert (np.asarray(read) == deep >> 8).all()  # it keeps the upper byte


def test_bands_of_rows_join(monkeypatch):
    monkeypatch.setattr("convcalc.filter.files.png.BAND", 100)
    array = np.sort(picture(np.random.default_rng(0), 60, 7, 16, 3), axis=0)
    assert (decode(png_bytes(array), "").array == array).all()


def test_a_smooth_picture_becomes_small():
    ramp = np.add.outer(np.arange(256), np.arange(256)).astype(np.uint16)
    assert len(png_bytes(ramp)) < 2_000  # of 131,072


def test_neither_byte_order_nor_strides_of_the_array_matter():
    array = picture(np.random.default_rng(5), 6, 8, 16, 3)
    plain = png_bytes(array)
    assert png_bytes(array.astype(">u2")) == plain
    assert png_bytes(np.asfortranarray(array)) == plain
    assert png_bytes(np.repeat(array, 2, axis=0)[::2]) == plain


def test_a_profile_goes_along():
    profile = bytes(range(256)) * 20
    content = png_bytes(np.zeros((2, 2, 3), np.uint8), profile)
    assert decode(content, "").profile == profile
    assert PIL.Image.open(io.BytesIO(content)).info["icc_profile"] == profile


@pytest.mark.parametrize(("bits", "count"), [(8, 1), (16, 1), (8, 3), (16, 3)])
def test_a_transparent_colour_becomes_alpha(bits, count):
    array = picture(np.random.default_rng(bits), 3, 3, bits, count)
    key = np.atleast_1d(array[1, 2]).astype(">u2").tobytes()
    made = decode(written(array, [0] * 3, extra=[(b"tRNS", key)]), "")
    assert made.array.shape == (3, 3, count + 1)
    assert (made.array[..., :-1].reshape(array.shape) == array).all()
    assert made.array[1, 2, -1] == 0
    assert (made.array[..., -1] == 2**bits - 1).sum() == 8
    assert made.notes == (f"its transparent colour read as alpha: {'RGBA' if count == 3 else 'grey with alpha'}",)


def test_frames_are_counted():
    content = written(np.zeros((1, 1), np.uint16), [0], extra=[(b"acTL", struct.pack(">II", 12, 0))])
    assert decode(content, "").frames == 12


@pytest.mark.parametrize("turned", range(1, 9))
@pytest.mark.parametrize("mark", ["<", ">"])
def test_turned_as_pillow_turns(turned, mark):
    array = picture(np.random.default_rng(1), 3, 5, 8, 3)
    image = PIL.Image.fromarray(array)
    exif = PIL.Image.Exif()
    exif.endian = mark
    exif[0x010F], exif[0x0112] = "a maker", turned
    assert orientation(exif.tobytes()[6:]) == turned
    image.getexif()[0x0112] = turned
    from PIL import ImageOps

    assert (upright(array, turned) == np.asarray(ImageOps.exif_transpose(image))).all()


@pytest.mark.parametrize(
    "exif", [b"", b"MM\0*", b"MM\0*\xff\xff\xff\xff", b"II*\0\x08\0\0\0\xff\xff", b"no EXIF at all"]
)
def test_exif_that_says_nothing_is_upright(exif):
    assert orientation(exif) == 1


GOOD = png_bytes(np.arange(3000, dtype=np.uint16).reshape(30, 100))


@pytest.mark.parametrize("length", [40, len(GOOD) // 2, len(GOOD) - 13, len(GOOD) - 1])
def test_truncated(length):
    with pytest.raises(ConvcalcError, match=r"^p: truncated"):
        decode(GOOD[:length], "p: ")


def test_pixels_that_end_too_early_are_truncated():
    header = struct.pack(">IIBBBBB", 4, 4, 16, 0, 0, 0, 0)
    chunks = [(b"IHDR", header), (b"IDAT", zlib.compress(bytes(20))), (b"IEND", b"")]
    content = GOOD[:8] + b"".join(chunk(*each) for each in chunks)
    with pytest.raises(ConvcalcError, match=r"^p: truncated: 20 of 36 bytes of pixels$"):
        decode(content, "p: ")


def test_damaged():
    flipped = bytearray(GOOD)
    flipped[len(GOOD) // 2] ^= 1
    with pytest.raises(ConvcalcError, match=r"^p: damaged: the check sum"):
        decode(bytes(flipped), "p: ")
    header = struct.pack(">IIBBBBB", 2, 1, 8, 0, 0, 0, 0)
    for data, words in ((zlib.compress(b"\7\0\0"), "a row has filter 7"), (b"no zlib", "cannot be unpacked")):
        content = GOOD[:8] + chunk(b"IHDR", header) + chunk(b"IDAT", data) + chunk(b"IEND", b"")
        with pytest.raises(ConvcalcError, match=words):
            decode(content, "p: ")


@pytest.mark.parametrize("array", [np.zeros((2, 2)), np.zeros((2, 2, 5), np.uint8), np.zeros((0, 2), np.uint8)])
def test_what_a_png_cannot_hold(array):
    with pytest.raises(ConvcalcError, match="holds no"):
        png_bytes(array)
