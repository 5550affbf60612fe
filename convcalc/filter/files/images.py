"""Images through Pillow, which is the extra ``convcalc[image]``; what Pillow would lose of a PNG is read here."""

from __future__ import annotations

import os
import warnings
from collections.abc import Iterator
from contextlib import contextmanager, nullcontext
from io import BytesIO
from typing import IO, TYPE_CHECKING, Any, NamedTuple

import numpy as np

from convcalc.errors import ConvcalcError
from convcalc.filter.files import png_reader
from convcalc.filter.files.found import what_is_found
from convcalc.filter.files.limits import check_size
from convcalc.filter.files.png import SIGNATURE
from convcalc.filter.picture import COLOURS, Picture, channels, profile_fits
from convcalc.ops.sliding import Array

if TYPE_CHECKING:
    from PIL.Image import Image

EXTRA = "needs the extra: pip install 'convcalc[image]'"
# How those begin that are read, and their suffix.
MARKS = {
    SIGNATURE: ".png",
    b"\xff\xd8\xff": ".jpg",
    b"II*\0": ".tif",
    b"MM\0*": ".tif",
    b"II+\0": ".tif",  # above 4 GB
    b"MM\0+": ".tif",
    b"BM": ".bmp",
    b"GIF8": ".gif",
}
PILLOW = ("PNG", "JPEG", "TIFF", "WEBP", "BMP", "GIF")
ORIENTATION, BITS = 0x0112, 0x0102  # tags of EXIF and TIFF
# What a mode is read as, and what is said of it.
READ_AS = {
    "1": ("L", "1 bit read as 8-bit grey"),
    "PA": ("RGBA", "palette read as RGBA"),
    "La": ("LA", "its premultiplied alpha read as plain"),
    "RGBa": ("RGBA", "its premultiplied alpha read as plain"),
    "RGBX": ("RGB", ""),
    **{mode: ("RGB", f"{mode} read as RGB") for mode in ("CMYK", "YCbCr", "LAB", "HSV")},
}


class Options(NamedTuple):
    """How Pillow writes a format."""

    given: dict[str, object]
    keeps_profile: bool


WRITTEN = {
    "JPEG": Options({"quality": 95, "subsampling": 0}, True),
    "TIFF": Options({}, True),
    "WEBP": Options({"lossless": True, "exact": True}, True),
    "BMP": Options({}, False),
}


def read(path: str, start: bytes, where: str, memory_limit: int) -> Picture:
    """The picture of an image that begins with those bytes; ``where`` begins each refusal."""
    suffix = _suffix(start)
    if suffix is None:
        raise ConvcalcError(
            f"{where}not an image, but {what_is_found(start)}: give a PNG, JPEG, TIFF, WebP or BMP, or a .npy array"
        )
    if header := png_reader.header_of(start):
        itemsize = 2 if header.bits == 16 else 1
        needed = header.height * header.width * header.channels * itemsize
        check_size(where, (header.height, header.width), needed, memory_limit)
        if header.is_plain and (header.bits == 16 or _pillow() is None):
            with open(path, "rb") as file:
                return _of_png(file.read(), where)
    if _pillow() is None:
        raise ConvcalcError(f"{where}{suffix} {EXTRA}")
    silence = _silent_stderr() if suffix == ".tif" else nullcontext()
    with silence, open(path, "rb") as file, warnings.catch_warnings():
        warnings.simplefilter("ignore")  # of tags that Pillow does not like, which are not ours to give
        return _of_pillow(file, where, memory_limit)


def encode(array: Array, profile: bytes | None, name: str, suffix: str) -> bytes:
    """The bytes of an image in a format of `WRITTEN`, which holds the array."""
    pillow = _pillow()
    if pillow is None:
        raise ConvcalcError(f"{suffix} {EXTRA}")
    options = WRITTEN[name]
    kept = {"icc_profile": profile} if profile is not None and options.keeps_profile else {}
    out = BytesIO()
    try:
        pillow.fromarray(np.ascontiguousarray(array)).save(out, name, **options.given, **kept)
    except MemoryError:
        raise
    except Exception as error:  # an encoder raises what it likes
        raise ConvcalcError(f"the picture cannot be written as {suffix} ({_one_line(error)}): use .png") from None
    return out.getvalue()


@contextmanager
def _silent_stderr() -> Iterator[None]:
    """Without what libtiff says of a damaged file, past Python: the refusal is one line, and ours."""
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
    """The suffix of the format that begins so; None of what is not read."""
    if start[:4] == b"RIFF" and start[8:12] == b"WEBP":
        return ".webp"
    return next((suffix for mark, suffix in MARKS.items() if start.startswith(mark)), None)


def _of_png(content: bytes, where: str) -> Picture:
    made = png_reader.decode(content, where)
    notes = [*_first_of(made.frames), *made.notes]
    array = made.array
    if made.orientation != 1:
        array = png_reader.upright(array, made.orientation)
        notes.append("turned as its EXIF says")
    return Picture(array, *_profile(made.profile, array, notes))


def _of_pillow(file: IO[bytes], where: str, memory_limit: int) -> Picture:
    notes: list[str] = []
    try:
        image = _opened(file, where, memory_limit)
        frames = getattr(image, "n_frames", 1)
        notes += _first_of(frames)
        image.seek(0)
        orientation = image.getexif().get(ORIENTATION, 1)
        bits = getattr(image, "tag_v2", {}).get(BITS, (8,))
        profile = image.info.get("icc_profile")
        image.load()
        image = _upright(image, orientation, notes)
        if image.mode in ("RGB", "RGBA") and max(bits) > 8:
            notes.append(f"{max(bits)}-bit {image.mode} read as 8 bit: convert it to a 16-bit .png to keep all")
        array = _array(_plain(image, notes), notes, where)
    except (ConvcalcError, MemoryError):
        raise
    except Exception as error:  # a decoder raises what it likes: OSError, SyntaxError, struct.error, IndexError...
        kind = "truncated" if "truncated" in str(error).lower() else "damaged, or of a kind that Pillow cannot read"
        raise ConvcalcError(f"{where}{kind} ({_one_line(error)})") from None
    return Picture(array, *_profile(profile, array, notes))


def _opened(file: IO[bytes], where: str, memory_limit: int) -> Image:
    """The image, not yet decoded, once it is sure that it is not too large."""
    import PIL.Image

    usual = PIL.Image.MAX_IMAGE_PIXELS
    PIL.Image.MAX_IMAGE_PIXELS = None  # for its size: what Pillow refuses it does not tell
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


def _upright(image: Image, orientation: int, notes: list[str]) -> Image:
    """Turned as its EXIF says; Pillow has turned a TIFF by itself when it was loaded."""
    from PIL import ImageOps

    if orientation not in range(2, 9):
        return image
    notes.append("turned as its EXIF says")
    return ImageOps.exif_transpose(image)


def _plain(image: Image, notes: list[str]) -> Image:
    """The image in a mode that an array can be made of."""
    keyed = "transparency" in image.info
    if image.mode == "P":
        wanted = "RGBA" if keyed or getattr(image.palette, "mode", "") == "RGBA" else "RGB"
        notes.append(f"palette read as {wanted}")
        return image.convert(wanted)
    if keyed and image.mode in ("1", "L", "RGB"):
        wanted = "RGBA" if image.mode == "RGB" else "LA"
        notes.append(f"its transparent colour read as alpha: {COLOURS[len(wanted)]}")
        return image.convert("RGBA").convert(wanted)
    if image.mode in READ_AS:
        wanted, said = READ_AS[image.mode]
        notes += [said] if said else []
        return image.convert(wanted)
    return image


def _array(image: Image, notes: list[str], where: str) -> Array:
    array = np.asarray(image)
    array = array.astype(array.dtype.newbyteorder("="), copy=False)
    if image.mode == "I":
        low, high = int(array.min()), int(array.max())
        if low < 0 or high > 65_535:
            raise ConvcalcError(
                f"{where}32-bit integers of {low:,} to {high:,}, more than 16 bits hold: give floats, or 16 bits"
            )
        notes.append("32-bit integers read as 16-bit grey, which holds them")
        array = array.astype(np.uint16)
    if array.dtype not in (np.uint8, np.uint16, np.float32) or array.ndim not in (2, 3):
        raise ConvcalcError(f"{where}an image of mode {image.mode} is not read: save it as grey or RGB")
    return array


def _profile(profile: bytes | None, array: Array, notes: list[str]) -> tuple[bytes | None, tuple[str, ...]]:
    """The profile, where it is for such colours, and the notes, with one where it is not."""
    if profile and not profile_fits(profile, channels(array)):
        notes.append("its colour profile is for other colours and was left out")
        profile = None
    return profile or None, tuple(notes)


def _first_of(frames: int) -> list[str]:
    return [f"only the first of {frames:,} frames"] if frames > 1 else []


def _pillow() -> Any:
    """Pillow's module of images; None where it is not installed."""
    try:
        import PIL.Image
    except ImportError:
        return None
    return PIL.Image


def _one_line(error: Exception) -> str:
    return " ".join(str(error).split()) or type(error).__name__
