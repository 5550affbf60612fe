"""Images through Pillow, which is the extra ``convcalc[image]``."""

from __future__ import annotations

import os
import warnings
from collections.abc import Iterator
from contextlib import contextmanager, nullcontext
from io import BytesIO
from typing import IO, TYPE_CHECKING, Any, NamedTuple

import numpy as np

from convcalc.errors import ConvcalcError
from convcalc.filter.files.found import what_is_found
from convcalc.filter.picture import COLOURS, Picture, channels, check_size, profile_fits
from convcalc.notes import Note
from convcalc.ops.sliding import Array

if TYPE_CHECKING:
    from PIL.Image import Image

EXTRA = "needs the extra: pip install 'convcalc[image]'"
# How the files begin that are read, and their suffix.
MARKS = {
    b"\x89PNG\r\n\x1a\n": ".png",
    b"\xff\xd8\xff": ".jpg",
    b"II*\0": ".tif",
    b"MM\0*": ".tif",
    b"II+\0": ".tif",  # above 4 GB
    b"MM\0+": ".tif",
    b"BM": ".bmp",
    b"GIF8": ".gif",
}
PILLOW = ("PNG", "JPEG", "TIFF", "WEBP", "BMP", "GIF")
ORIENTATION = 0x0112  # a tag of EXIF and TIFF
# What a mode is read as, and the note on it.
READ_AS = {
    "1": ("L", "1 bit read as 8-bit grey"),
    "PA": ("RGBA", "palette read as RGBA"),
    "La": ("LA", "its premultiplied alpha read as plain"),
    "RGBa": ("RGBA", "its premultiplied alpha read as plain"),
    "RGBX": ("RGB", ""),
    **{mode: ("RGB", f"{mode} read as RGB") for mode in ("CMYK", "YCbCr", "LAB", "HSV")},
}


class Writing(NamedTuple):
    """How Pillow writes a format."""

    options: dict[str, object]
    keeps_profile: bool = True


WRITTEN = {
    "PNG": Writing({}),
    "JPEG": Writing({"quality": 95, "subsampling": 0}),
    "TIFF": Writing({}),
    "WEBP": Writing({"lossless": True, "exact": True}),
    "BMP": Writing({}, keeps_profile=False),
}


def read(path: str, start: bytes, where: str, memory_limit: int) -> Picture:
    """Return the picture of an image that begins with those bytes; ``where`` begins each refusal."""
    suffix = _suffix(start)
    if suffix is None:
        raise ConvcalcError(
            f"{where}not an image, but {what_is_found(start)}: give a PNG, JPEG, TIFF, WebP or BMP, or a .npy array"
        )
    _pillow(f"{where}{suffix}")
    silence = _silent_stderr() if suffix == ".tif" else nullcontext()
    with silence, open(path, "rb") as file, warnings.catch_warnings():
        warnings.simplefilter("ignore")  # about tags that Pillow does not like
        return _decoded(file, where, memory_limit)


def encode(array: Array, profile: bytes | None, name: str, suffix: str) -> bytes:
    """Return the bytes of an image in a format of `WRITTEN`, which holds the array."""
    pillow = _pillow(suffix)
    writing = WRITTEN[name]
    kept = {"icc_profile": profile} if profile is not None and writing.keeps_profile else {}
    out = BytesIO()
    try:
        pillow.fromarray(np.ascontiguousarray(array)).save(out, name, **writing.options, **kept)
    except MemoryError:
        raise
    except Exception as error:  # an encoder raises what it likes
        raise ConvcalcError(f"the picture cannot be written as {suffix} ({_one_line(error)}): use .png") from None
    return out.getvalue()


@contextmanager
def _silent_stderr() -> Iterator[None]:
    """Silence what libtiff writes about a damaged file past Python: the refusal is one line."""
    try:
        kept = os.dup(2)
    except OSError:  # it is closed: there is nothing to silence
        yield
        return
    try:
        nowhere = os.open(os.devnull, os.O_WRONLY)
        os.dup2(nowhere, 2)
        os.close(nowhere)
        yield
    finally:
        os.dup2(kept, 2)
        os.close(kept)


def _suffix(start: bytes) -> str | None:
    """Return the suffix of the format that begins so; None for one that is not read."""
    if start[:4] == b"RIFF" and start[8:12] == b"WEBP":
        return ".webp"
    return next((suffix for mark, suffix in MARKS.items() if start.startswith(mark)), None)


def _decoded(file: IO[bytes], where: str, memory_limit: int) -> Picture:
    notes: list[Note] = []
    try:
        image = _opened(file, where, memory_limit)
        frames = getattr(image, "n_frames", 1)
        if frames > 1:
            notes.append(_assumed(f"only the first of {frames:,} frames"))
        image.seek(0)
        packed = str([tile[3] for tile in getattr(image, "tile", ())])  # how the file has its pixels; empty once loaded
        orientation = image.getexif().get(ORIENTATION, 1)
        profile = image.info.get("icc_profile")
        image.load()
        is_png = image.format == "PNG"  # an image that is turned no longer has its format
        image = _upright(image, orientation, notes)
        if "LA;16" in packed:  # Pillow makes RGBA of it
            image = image.convert("LA")
        if ";16" in packed and image.mode in ("LA", "RGB", "RGBA"):
            colours = COLOURS[len(image.getbands())]
            notes.append(Note("warning", None, f"16-bit {colours} read as 8-bit: Pillow keeps 16 bits of grey alone"))
        array = _array(_plain(image, notes), is_png, notes, where)
    except (ConvcalcError, MemoryError):
        raise
    except Exception as error:  # a decoder raises what it likes: OSError, SyntaxError, struct.error, IndexError...
        kind = "truncated" if "truncated" in str(error).lower() else "damaged, or of a kind that Pillow cannot read"
        raise ConvcalcError(f"{where}{kind} ({_one_line(error)})") from None
    if profile and not profile_fits(profile, channels(array)):
        notes.append(Note("warning", None, "its colour profile is for other colours and was left out"))
        profile = None
    return Picture(array, profile or None, tuple(notes))


def _assumed(text: str) -> Note:
    return Note("assumed", None, text)


def _opened(file: IO[bytes], where: str, memory_limit: int) -> Image:
    """Return the image, not yet decoded, once it is certain that it is not too large."""
    import PIL.Image

    usual = PIL.Image.MAX_IMAGE_PIXELS
    PIL.Image.MAX_IMAGE_PIXELS = None  # Pillow does not tell the size of what it refuses
    try:
        image = PIL.Image.open(file, formats=PILLOW)
    except PIL.UnidentifiedImageError:
        what = "damaged, truncated, of no pixels, or of a kind that Pillow cannot read"
        raise ConvcalcError(f"{where}its header cannot be read: {what}") from None
    finally:
        PIL.Image.MAX_IMAGE_PIXELS = usual
    width, height = image.size
    each = {"I;16": 2, "I;16B": 2, "I;16L": 2, "I": 4, "F": 4, "P": 4}.get(image.mode, len(image.getbands()))
    check_size(where, (height, width), width * height * each, memory_limit)
    if usual is not None and width * height > 2 * usual:  # where Pillow refuses
        raise ConvcalcError(
            f"{where}{width}x{height} is {width * height:,} pixels and {width * height * each:,} bytes, more than the"
            f" {2 * usual:,} pixels that Pillow takes for safe: give a smaller picture"
        )
    return image


def _upright(image: Image, orientation: int, notes: list[Note]) -> Image:
    """Turn the image as its EXIF says; Pillow has turned a TIFF by itself when it was loaded."""
    from PIL import ImageOps

    if orientation not in range(2, 9):
        return image
    notes.append(_assumed("turned as its EXIF says"))
    return ImageOps.exif_transpose(image)


def _plain(image: Image, notes: list[Note]) -> Image:
    """Return the image in a mode of which an array can be made."""
    keyed = "transparency" in image.info
    if image.mode == "P":
        wanted = "RGBA" if keyed or getattr(image.palette, "mode", "") == "RGBA" else "RGB"
        notes.append(_assumed(f"palette read as {wanted}"))
        return image.convert(wanted)
    if keyed and image.mode in ("1", "L", "RGB"):
        wanted = "RGBA" if image.mode == "RGB" else "LA"
        notes.append(_assumed(f"its transparent colour read as alpha: {COLOURS[len(wanted)]}"))
        return image.convert("RGBA").convert(wanted)
    if keyed and image.mode.startswith("I"):
        notes.append(Note("warning", None, "its transparent colour was left out"))
    if image.mode in READ_AS:
        wanted, said = READ_AS[image.mode]
        notes += [_assumed(said)] if said else []
        return image.convert(wanted)
    return image


def _array(image: Image, is_png: bool, notes: list[Note], where: str) -> Array:
    array = np.asarray(image)
    array = array.astype(array.dtype.newbyteorder("="), copy=False)
    if image.mode == "I":
        low, high = int(array.min()), int(array.max())
        if low < 0 or high > 65_535:
            raise ConvcalcError(
                f"{where}32-bit integers of {low:,} to {high:,}, more than 16 bits hold: give floats, or 16 bits"
            )
        if not is_png:  # older versions of Pillow read 16-bit grey of a PNG so
            notes.append(_assumed("32-bit integers read as 16-bit grey, which holds them"))
        array = array.astype(np.uint16)
    if array.dtype not in (np.uint8, np.uint16, np.float32) or array.ndim not in (2, 3):
        raise ConvcalcError(f"{where}an image of mode {image.mode} is not read: save it as grey or RGB")
    return array


def _pillow(what: str) -> Any:
    """Return Pillow's module of images; `ConvcalcError`, which says what needs it, where it is not installed."""
    try:
        import PIL.Image
    except ImportError:
        raise ConvcalcError(f"{what} {EXTRA}") from None
    return PIL.Image


def _one_line(error: Exception) -> str:
    return " ".join(str(error).split()) or type(error).__name__
