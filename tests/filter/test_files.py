"""Pictures from and to files. Every file is made here; nothing binary is stored."""

from __future__ import annotations

import builtins
import io
import os
import struct
import sys
import zlib

import numpy as np
import PIL.Image
import pytest

from convcalc.errors import ConvcalcError
from convcalc.filter.files import encode, left_out, read
from convcalc.filter.picture import Picture, kind

LIMIT = 2**31
RGB = bytes(16) + b"RGB " + bytes(108)  # enough of a profile to say what it is for
GREY, CMYK = RGB.replace(b"RGB ", b"GRAY"), RGB.replace(b"RGB ", b"CMYK")
rng = np.random.default_rng(7)
COLOURS = rng.integers(0, 256, (5, 7, 3), np.uint8)


@pytest.fixture
def file(tmp_path, monkeypatch):
    """Writes a file of that name into an empty folder, and gives the name."""
    monkeypatch.chdir(tmp_path)

    def written(name, content):
        (tmp_path / name).write_bytes(content)
        return str(name)

    return written


@pytest.fixture
def saved(file):
    """Saves an image with Pillow; gives the file's path."""

    def written(name, image, form=None, **options):
        out = io.BytesIO()
        image.save(out, form or {"jpg": "JPEG", "tif": "TIFF"}.get(name[-3:], name.rpartition(".")[2]), **options)
        return file(name, out.getvalue())

    return written


def refusal(path, limit=LIMIT):
    with pytest.raises(ConvcalcError) as caught:
        read(path, limit)
    assert "\n" not in str(caught.value)
    return str(caught.value)


def png(array):
    """A PNG of 8 or 16 bits a channel, made by hand: Pillow writes no 16-bit colours."""

    def chunk(name, inside):
        return struct.pack(">I", len(inside)) + name + inside + struct.pack(">I", zlib.crc32(name + inside))

    height, width, count = (*array.shape, 1)[:3]
    header = struct.pack(">IIBBBBB", width, height, 8 * array.itemsize, {1: 0, 2: 4, 3: 2, 4: 6}[count], 0, 0, 0)
    rows = array.reshape(height, -1).astype(array.dtype.newbyteorder(">"))
    pixels = zlib.compress(b"".join(b"\0" + row.tobytes() for row in rows))
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + chunk(b"IDAT", pixels) + chunk(b"IEND", b"")


def said(notes):
    return tuple(note.text for note in notes)


def without_pillow(monkeypatch):
    real = builtins.__import__

    def without(name, *rest):
        if name.partition(".")[0] == "PIL":
            raise ImportError(name)
        return real(name, *rest)

    monkeypatch.setattr(builtins, "__import__", without)
    for name in [name for name in sys.modules if name.partition(".")[0] == "PIL"]:
        monkeypatch.delitem(sys.modules, name)


def test_the_modes(saved):
    grey = COLOURS[..., 0]
    alpha = np.concatenate([COLOURS, grey[..., None]], axis=-1)
    deep = rng.integers(0, 65536, (5, 7), np.uint16)
    bits = grey > 127
    palette = PIL.Image.fromarray(COLOURS).quantize(4)
    coloured = np.asarray(palette.convert("RGB"))
    for name, image, wanted, notes in [
        ("l.png", PIL.Image.fromarray(grey), grey, ()),
        ("la.png", PIL.Image.fromarray(alpha[..., 2:]), alpha[..., 2:], ()),
        ("rgb.png", PIL.Image.fromarray(COLOURS), COLOURS, ()),
        ("rgb.bmp", PIL.Image.fromarray(COLOURS), COLOURS, ()),
        ("rgb.tif", PIL.Image.fromarray(COLOURS), COLOURS, ()),
        ("rgba.png", PIL.Image.fromarray(alpha), alpha, ()),
        ("rgba.tif", PIL.Image.fromarray(alpha), alpha, ()),
        ("1.png", PIL.Image.fromarray(bits), bits * np.uint8(255), ("1 bit read as 8-bit grey",)),
        ("1.bmp", PIL.Image.fromarray(bits), bits * np.uint8(255), ("1 bit read as 8-bit grey",)),
        ("p.png", palette, coloured, ("palette read as RGB",)),
        ("p.gif", palette, coloured, ("palette read as RGB",)),
        ("16.png", PIL.Image.fromarray(deep), deep, ()),
        ("16.tif", PIL.Image.fromarray(deep), deep, ()),
        ("f.tif", PIL.Image.fromarray(grey / np.float32(7)), grey / np.float32(7), ()),
        (
            "i.tif",
            PIL.Image.fromarray(deep.astype(np.int32)),
            deep,
            ("32-bit integers read as 16-bit grey, which holds them",),
        ),
    ]:
        made = read(saved(name, image), LIMIT)
        assert made.array.dtype == wanted.dtype, name
        assert made.array.shape == wanted.shape, name
        assert (made.array == wanted).all(), name
        assert said(made.notes) == notes
        assert made.profile is None


def test_transparency_of_a_palette_and_of_a_colour_becomes_alpha(saved):
    palette = PIL.Image.new("P", (2, 1))
    palette.putpalette([10, 20, 30, 40, 50, 60])
    palette.putpixel((1, 0), 1)
    made = read(saved("p.png", palette, transparency=1), LIMIT)
    assert made.array.tolist() == [[[10, 20, 30, 255], [40, 50, 60, 0]]]
    assert said(made.notes) == ("palette read as RGBA",)
    image = PIL.Image.fromarray(np.uint8([[[1, 2, 3], [4, 5, 6]]]))
    made = read(saved("rgb.png", image, transparency=(4, 5, 6)), LIMIT)
    assert made.array[..., 3].tolist() == [[255, 0]]
    grey = PIL.Image.fromarray(np.uint8([[7, 9]]))
    made = read(saved("l.png", grey, transparency=7), LIMIT)
    assert made.array.tolist() == [[[7, 0], [9, 255]]]


def test_other_colours_become_rgb_and_lose_their_profile(saved):
    cmyk = PIL.Image.new("CMYK", (3, 2), (0, 255, 255, 0))
    made = read(saved("cmyk.tif", cmyk, icc_profile=CMYK), LIMIT)
    assert made.array.tolist() == [[[255, 0, 0]] * 3] * 2
    assert said(made.notes) == ("CMYK read as RGB", "its colour profile is for other colours and was left out")
    assert made.profile is None
    lab = PIL.Image.new("LAB", (1, 1), (255, 128, 128))
    made = read(saved("lab.tif", lab), LIMIT)
    assert made.array.min() > 250  # L* of 100 and no colour: white
    assert said(made.notes) == ("LAB read as RGB",)


@pytest.mark.parametrize("name", ["a.png", "a.jpg", "a.tif", "a.webp"])
@pytest.mark.parametrize("turned", [1, 3, 6, 8])
def test_exif_orientation_is_honoured_once(saved, name, turned):
    """A dark left half: turned clockwise by 180, by 90 and by 270 degrees."""
    array = np.full((32, 48), 250, np.uint8)
    array[:, :24] = 5
    exif = PIL.Image.Exif()
    exif[0x0112] = turned
    made = read(saved(name, PIL.Image.fromarray(array), exif=exif), LIMIT)
    is_dark = made.array.reshape(*made.array.shape[:2], -1)[..., 0] < 128
    assert is_dark.shape == ((32, 48) if turned in (1, 3) else (48, 32))
    dark = {1: is_dark[:, :24], 3: is_dark[:, 24:], 6: is_dark[:24], 8: is_dark[24:]}[turned]
    assert dark.all()
    assert is_dark.sum() == dark.size
    assert ("turned as its EXIF says" in said(made.notes)) == (turned != 1)


def test_exif_of_a_16_bit_png(file):
    content = png(np.uint16([[1, 2]]))
    exif = PIL.Image.Exif()
    exif[0x0112] = 6
    inside = b"eXIf" + exif.tobytes()[6:]
    content = (
        content[:33]
        + struct.pack(">I", len(inside) - 4)
        + inside
        + struct.pack(">I", zlib.crc32(inside))
        + content[33:]
    )
    made = read(file("a.png", content), LIMIT)
    assert made.array.tolist() == [[1], [2]]
    assert said(made.notes) == ("turned as its EXIF says",)


@pytest.mark.parametrize("suffix", [".png", ".jpg", ".tiff", ".webp"])
def test_the_profile_is_kept(file, suffix):
    content = encode(Picture(COLOURS, RGB), suffix)
    made = read(file("a" + suffix, content), LIMIT)
    assert made.profile == RGB
    assert made.notes == ()
    grey = encode(Picture(COLOURS[..., 0], RGB), suffix)  # made grey: the profile would be wrong
    assert read(file("b" + suffix, grey), LIMIT).profile is None


def test_what_is_left_out_is_said():
    assert said(left_out(Picture(COLOURS, RGB), "a.png")) == ()
    assert said(left_out(Picture(COLOURS, RGB), "a.bmp")) == (".bmp keeps no colour profile",)
    assert said(left_out(Picture(COLOURS, RGB), "a.npy")) == (".npy keeps no colour profile",)
    assert said(left_out(Picture(COLOURS, GREY), "a.png")) == (
        "the colour profile is for other colours and is left out",
    )
    assert said(left_out(Picture(COLOURS), "a.jpg")) == (".jpg loses a little: quality 95, 4:4:4",)


def arrays():
    for count in (1, 2, 3, 4):
        shape = (6, 5) if count == 1 else (6, 5, count)
        for dtype in ("uint8", "uint16", "float32", "float64"):
            yield (rng.random(shape) * (255 if dtype == "uint8" else 65535)).astype(dtype)


HELD = {  # kinds that each format gives back to the last bit
    ".npy": lambda name, count: True,
    ".png": lambda name, count: name == "uint8" or (name == "uint16" and count == 1),
    ".tiff": lambda name, count: name == "uint8" or (count == 1 and name in ("uint16", "float32")),
    ".webp": lambda name, count: name == "uint8",
    ".bmp": lambda name, count: name == "uint8" and count in (1, 3),
}


@pytest.mark.parametrize("suffix", HELD)
def test_a_format_gives_back_what_it_holds_and_refuses_the_rest(file, suffix):
    for array in arrays():
        count = 1 if array.ndim == 2 else array.shape[2]
        if not HELD[suffix](array.dtype.name, count):
            with pytest.raises(ConvcalcError, match=f"^\\{suffix} cannot hold a picture of .*: use "):
                encode(Picture(array), suffix)
            continue
        made = read(file("a" + suffix, encode(Picture(array), suffix)), LIMIT).array
        if suffix == ".webp":  # has colours only
            assert made.shape == (6, 5, 4 if count in (2, 4) else 3)
            array = np.asarray(PIL.Image.fromarray(array).convert("RGBA" if count in (2, 4) else "RGB"))  # noqa: PLW2901
        assert made.dtype == array.dtype
        assert (made == array).all(), kind(array)


@pytest.mark.parametrize(
    ("array", "suffix", "remedy"),
    [
        (np.zeros((2, 2, 4), np.uint8), ".jpg", ".jpg cannot hold a picture of 8-bit RGBA: use .png or .tiff or .npy"),
        (np.zeros((2, 2, 3), np.uint16), "a.tif", ".tif cannot hold a picture of 16-bit RGB: use .npy"),
        (np.zeros((2, 2)), ".png", ".png cannot hold a picture of float64 grey: use .npy"),
        (np.zeros((2, 2), np.float32), ".png", ".png cannot hold a picture of float32 grey: use .tiff or .npy"),
        (np.zeros((1, 16384), np.uint8), ".webp", ".webp has at most 16,383 pixels a side, this is 16384x1: use .png"),
        (np.zeros((65501, 1), np.uint8), ".jpg", ".jpg has at most 65,500 pixels a side, this is 1x65501: use .png"),
    ],
)
def test_what_a_format_cannot_hold_says_which_can(array, suffix, remedy):
    with pytest.raises(ConvcalcError) as caught:
        encode(Picture(array), suffix)
    assert str(caught.value) == remedy


def test_jpeg_is_of_quality_95_without_subsampling(file):
    content = encode(Picture(COLOURS), "a.jpeg")
    image = PIL.Image.open(io.BytesIO(content))
    assert image.layer[0][1:3] == image.layer[1][1:3] == (1, 1)  # 4:4:4
    smooth = np.add.outer(np.arange(64), np.arange(64)).astype(np.uint8)
    made = read(file("a.jpg", encode(Picture(smooth), ".jpg")), LIMIT).array
    assert np.abs(made.astype(int) - smooth).max() <= 3


@pytest.mark.parametrize("name", ["a.gif", "a.png", "a.webp", "a.tif"])
def test_of_several_frames_the_first(saved, name):
    frames = [PIL.Image.new("RGB", (16, 16), colour) for colour in ("white", "black", "red")]
    made = read(saved(name, frames[0], save_all=True, append_images=frames[1:]), LIMIT)
    assert (made.array[..., :3] == 255).all()
    assert "only the first of 3 frames" in said(made.notes)


def test_16_bit_colours_of_a_png_say_that_they_are_read_as_8(file):
    deep = rng.integers(0, 65536, (9, 8, 4), np.uint16)
    for count, colours in ((2, "grey with alpha"), (3, "RGB"), (4, "RGBA")):
        made = read(file("a.png", png(deep[..., :count])), LIMIT)
        assert made.array.shape == (9, 8, count)
        assert (made.array == deep[..., :count] >> 8).all()
        [note] = made.notes
        assert (note.kind, note.text.partition(":")[0]) == ("warning", f"16-bit {colours} read as 8-bit")


def test_16_bit_colours_of_a_tiff_say_that_they_are_read_as_8(file):
    """A TIFF of one RGB pixel, written by hand."""
    entries = [(256, 3, 1, 1), (257, 3, 1, 1), (258, 3, 3, 134), (259, 3, 1, 1), (262, 3, 1, 2)]
    entries += [(273, 4, 1, 140), (277, 3, 1, 3), (278, 3, 1, 1), (279, 4, 1, 6), (284, 3, 1, 1)]
    directory = b"".join(struct.pack("<HHII", *entry) for entry in entries)
    content = b"II*\0" + struct.pack("<IH", 8, len(entries)) + directory + struct.pack("<I", 0)
    content = content.ljust(134, b"\0") + struct.pack("<HHHHHH", 16, 16, 16, 0x1234, 0x5678, 0x9ABC)
    made = read(file("a.tif", content), LIMIT)
    assert made.array.tolist() == [[[0x12, 0x56, 0x9A]]]
    assert said(made.notes) == ("16-bit RGB read as 8-bit: Pillow keeps 16 bits of grey alone",)


def test_without_the_extra(file, saved, monkeypatch):
    jpg = saved("a.jpg", PIL.Image.fromarray(COLOURS))
    plain = saved("a.png", PIL.Image.fromarray(COLOURS))
    without_pillow(monkeypatch)
    assert refusal(jpg) == "'a.jpg': .jpg needs the extra: pip install 'convcalc[image]'"
    assert refusal(plain) == "'a.png': .png needs the extra: pip install 'convcalc[image]'"
    assert (read(npy(file, COLOURS), LIMIT).array == COLOURS).all()  # NumPy's own file needs none
    assert encode(Picture(COLOURS), ".npy")[1:6] == b"NUMPY"
    with pytest.raises(ConvcalcError, match=r"^\.webp needs the extra: pip install 'convcalc\[image\]'$"):
        encode(Picture(COLOURS), "a.webp")


# What is no picture


def test_no_file_at_all(tmp_path):
    assert refusal(str(tmp_path / "a.png")).endswith("No such file or directory")
    assert refusal(str(tmp_path)).endswith("it is a directory: give a file")
    assert refusal("a\0b.png").endswith("no file has such a name")
    assert "cannot read" in refusal("a" * 5000 + ".png")
    os.mkfifo(tmp_path / "pipe.png")
    assert refusal(str(tmp_path / "pipe.png")).endswith("write the picture into a file first")


@pytest.mark.parametrize(
    ("content", "found"),
    [
        (b"", "an empty file"),
        (b"hello", "text"),
        ("schön ".encode() * 900, "text"),
        (b"%PDF-1.7\n", "a PDF"),
        (b"PK\x03\x04abc", "a ZIP archive"),
        (b"<svg xmlns='x'/>", "an SVG picture, which is text"),
        (b"\0\0\0\x18ftypheic", "an HEIC image"),
        (b"RIFF\0\0\0\0WAVE", "sound or a film"),
        (b"\x00\x01\x02\x03\x04", "bytes that begin 00 01 02 03"),
    ],
)
def test_not_an_image(file, content, found):
    assert f"a.png': not an image, but {found}: give a PNG, " in refusal(file("a.png", content))


def test_a_damaged_tiff_is_told_in_one_line(saved, file, capfd):
    """libtiff would say its own on stderr, past Python."""
    with open(saved("a.tif", PIL.Image.fromarray(COLOURS), compression="jpeg"), "rb") as whole:
        content = whole.read()
    assert refusal(file("b.tif", content.replace(b"\xff\xdb", b"\xff\xfe"))).startswith("'b.tif': damaged")
    assert capfd.readouterr() == ("", "")
    os.write(2, b"and stderr is as it was")
    assert capfd.readouterr().err == "and stderr is as it was"


def test_a_tiff_that_pillow_cannot_read_is_not_called_damaged_alone(file):
    """Of one pixel of three floats, written by hand."""
    entries = [(256, 3, 1, 1), (257, 3, 1, 1), (258, 3, 3, 146), (259, 3, 1, 1), (262, 3, 1, 2)]
    entries += [(273, 4, 1, 152), (277, 3, 1, 3), (278, 3, 1, 1), (279, 4, 1, 12), (284, 3, 1, 1), (339, 3, 3, 164)]
    directory = b"".join(struct.pack("<HHII", *entry) for entry in entries)
    content = b"II*\0" + struct.pack("<IH", 8, len(entries)) + directory + struct.pack("<I", 0)
    content += struct.pack("<HHHfffHHH", 32, 32, 32, 0.1, 0.2, 0.3, 3, 3, 3)
    assert refusal(file("a.tif", content)).endswith("or of a kind that Pillow cannot read")


@pytest.mark.parametrize("name", ["a.png", "a.jpg", "a.tif", "a.webp", "a.bmp"])
def test_truncated(saved, file, name):
    array = rng.integers(0, 256, (64, 64, 3), np.uint8)
    with open(saved(name, PIL.Image.fromarray(array)), "rb") as whole:
        content = whole.read()
    for length in (len(content) * 2 // 3, len(content) // 2, 30, 20, 12):
        said = refusal(file("cut." + name[2:], content[:length]))
        assert "truncated" in said or "damaged" in said, (length, said)


def test_a_bomb_is_refused_before_it_is_decoded(file, saved):
    header = struct.pack(">IIBBBBB", 40_000, 30_000, 8, 2, 0, 0, 0)
    inside = b"IHDR" + header
    content = png(COLOURS)
    content = content[:8] + struct.pack(">I", 13) + inside + struct.pack(">I", zlib.crc32(inside)) + content[33:]
    path = file("bomb.png", content)
    said = "40000x30000 is 1,200,000,000 pixels and 3,600,000,000 bytes, more than the limit of 2,147,483,648"
    assert said in refusal(path)
    assert "use memory_limit=3600000000 or a smaller picture" in refusal(path)
    usual = PIL.Image.MAX_IMAGE_PIXELS
    assert "more than the 178,956,970 pixels that Pillow takes for safe: give a smaller" in refusal(path, 2**40)
    assert usual == PIL.Image.MAX_IMAGE_PIXELS
    small = saved("a.jpg", PIL.Image.fromarray(COLOURS))
    assert "7x5 is 35 pixels and 105 bytes, more than the limit of 104: use memory_limit=105" in refusal(small, 104)
    assert read(small, 105).array.nbytes == 105
    deep = file("d.png", png(COLOURS[..., 0].astype(np.uint16)))
    decoded = np.asarray(PIL.Image.open(deep)).nbytes  # older versions of Pillow take four bytes for 16-bit grey
    assert f"35 pixels and {decoded} bytes" in refusal(deep, decoded - 1)
    assert read(deep, decoded).array.nbytes == 70


def test_no_pixels(file, saved):
    for size in ((0, 5), (5, 0)):
        inside = b"IHDR" + struct.pack(">IIBBBBB", *size, 8, 2, 0, 0, 0)
        content = b"\x89PNG\r\n\x1a\n" + struct.pack(">I", 13) + inside + struct.pack(">I", zlib.crc32(inside))
        assert "no pixels" in refusal(file("a.png", content))
    with open(saved("a.bmp", PIL.Image.fromarray(COLOURS)), "rb") as whole:
        content = whole.read()
    assert "of no pixels" in refusal(file("b.bmp", content[:18] + bytes(8) + content[26:]))


@pytest.mark.parametrize(
    ("name", "said"),
    [
        ("a.pgn", "'.pgn' is not a suffix of a picture that convcalc writes: use .png, .jpg, .jpeg, .tif, .tiff, "),
        (
            "a.xyz",
            "'.xyz' is not a suffix of a picture that convcalc writes: use .png, .jpg, .jpeg, .tif, .tiff, .webp",
        ),
        ("folder.png/a", "'folder.png/a' has no suffix that convcalc writes: use .png"),
    ],
)
def test_an_unknown_suffix(name, said):
    with pytest.raises(ConvcalcError) as caught:
        encode(Picture(COLOURS), name)
    assert str(caught.value).startswith(said)


# Arrays


def npy(file, array, name="a.npy"):
    out = io.BytesIO()
    np.save(out, array)
    return file(name, out.getvalue())


@pytest.mark.parametrize("shape", [(3, 4), (3, 4, 2), (3, 4, 3), (3, 4, 4)])
@pytest.mark.parametrize("dtype", ["u1", "<u2", ">u2", "<f4", ">f4", "<f8", ">f8"])
def test_arrays_in_any_order(file, shape, dtype):
    array = (rng.random(shape) * 200).astype(dtype)
    for stored in (array, np.asfortranarray(array)):
        made = read(npy(file, stored), LIMIT)
        assert made.array.flags.c_contiguous
        assert made.array.flags.owndata
        assert made.array.dtype.isnative
        assert (made.array == array).all()
        assert made.notes == ()


def test_arrays_that_are_read_as_others(file):
    made = read(npy(file, np.array([[True, False]])), LIMIT)
    assert (made.array.dtype, made.array.tolist()) == (np.uint8, [[255, 0]])
    assert said(made.notes) == ("bool read as uint8, 0 and 255",)
    made = read(npy(file, np.array([[0.5]], np.float16)), LIMIT)
    assert (made.array.dtype, made.array.tolist()) == (np.float32, [[0.5]])
    made = read(npy(file, np.uint8([[[1], [2]]])), LIMIT)
    assert made.array.tolist() == [[1, 2]]
    assert said(made.notes) == ("its one channel read as grey",)
    made = read(npy(file, np.uint8([[1]]), "named wrongly.png"), LIMIT)
    assert made.array.tolist() == [[1]]


@pytest.mark.parametrize(
    ("array", "said"),
    [
        (np.zeros((2, 2), np.int64), "an array of int64: give uint8, uint16, float32 or float64 (convert with "),
        (np.zeros((2, 2), complex), "an array of complex128: give uint8, uint16, float32 or float64"),
        (np.array([["a"]]), "an array of str32: give"),
        (np.array([[{}]], object), "an array of Python objects: give uint8"),
        (np.zeros(4), "an array [4] is not a picture: give H x W, or H x W x C"),
        (np.zeros((1, 1, 1, 3)), "an array [1, 1, 1, 3] is not a picture"),
        (np.zeros((3, 20, 30)), "has 30 channels: channels come last, use numpy.moveaxis(array, 0, -1)"),
        (np.zeros((20, 30, 5)), "an array [20, 30, 5] has 5 channels: give 1 to 4"),
        (np.zeros((0, 3)), "no pixels"),
        (np.zeros((3, 0, 3)), "no pixels"),
    ],
)
def test_arrays_that_are_no_pictures(file, array, said):
    assert f"a.npy': {said}" in refusal(npy(file, array)) or said in refusal(npy(file, array))


def test_arrays_that_are_damaged_or_too_large(file):
    path = npy(file, np.zeros((10, 10)))
    with open(path, "rb") as whole:
        content = whole.read()
    assert "truncated" in refusal(file("b.npy", content[:-1]))
    assert "not an array that NumPy can read" in refusal(file("c.npy", content[:40]))
    assert "not an array that NumPy can read" in refusal(file("d.npy", content[:6] + b"\7\7" + content[8:]))
    assert "not an array of NumPy, but text: write one with numpy.save" in refusal(file("e.npy", b"1 2 3"))
    assert "10x10 is 100 pixels and 800 bytes, more than the limit of 799" in refusal(path, 799)
    assert read(path, 800).array.shape == (10, 10)
    claims = content.replace(b"(10, 10), ", b"(10**9,) ")
    huge = content.replace(b"(10, 10)", b"(99999999, 99999999)").replace(b" " * 12 + b"\n", b"\n")
    for made in (claims, huge):
        assert "a.npy" not in refusal(file("f.npy", made))
