"""Which format a file has, and which module reads or writes it."""

from __future__ import annotations

import os
import stat
from io import BytesIO

import numpy as np

from convcalc.errors import ConvcalcError, did_you_mean, quoted
from convcalc.filter.files import images, npy
from convcalc.filter.files.found import what_is_found
from convcalc.filter.picture import Picture, channels, has_alpha, kind, profile_fits
from convcalc.notes import Note

# What a suffix means, and the largest side that the format has.
SUFFIXES = {
    ".png": ("PNG", 2**31 - 1),
    ".jpg": ("JPEG", 65_500),
    ".jpeg": ("JPEG", 65_500),
    ".tif": ("TIFF", 2**31 - 1),
    ".tiff": ("TIFF", 2**31 - 1),
    ".webp": ("WEBP", 16_383),
    ".bmp": ("BMP", 2**31 - 1),
    ".npy": ("NPY", 2**63 - 1),
}
HEAD = 4096  # bytes by which a file is known


def read(path: str, memory_limit: int) -> Picture:
    """Return the picture of a file, upright: an image, whose content says its format, or a ``.npy`` array.

    ``memory_limit`` is in bytes; a picture above it is refused before it is decoded. `ConvcalcError`, in one line,
    where there is no such file or no picture in it, or where it is damaged, truncated, too large, or without pixels.

    >>> read("no such.png", 2**31)
    Traceback (most recent call last):
    convcalc.errors.ConvcalcError: cannot read 'no such.png': No such file or directory
    """
    where = f"{quoted(path)}: "
    try:
        with open(path, "rb", opener=_open) as file:
            start = file.read(HEAD)
    except ValueError:  # a null character
        raise ConvcalcError(f"cannot read {quoted(path)}: no file has such a name") from None
    except OSError as error:
        raise ConvcalcError(f"cannot read {quoted(path)}: {error.strerror or error}") from None
    if start.startswith(npy.MAGIC):
        return npy.read(path, where, memory_limit)
    if suffix_of(path) == ".npy":
        raise ConvcalcError(f"{where}not an array of NumPy, but {what_is_found(start)}: write one with numpy.save")
    return images.read(path, start, where, memory_limit)


def encode(picture: Picture, path_or_suffix: str) -> bytes:
    """Return the bytes of a file with that suffix. Only JPEG (quality 95, 4:4:4) loses something.

    Only ``.npy`` needs no extra. The profile is kept where it fits the colours and the format: `left_out` says so.
    `ConvcalcError`, with another suffix, where the format cannot hold the picture.

    >>> encode(Picture(np.zeros((1, 1), np.float32)), ".jpg")
    Traceback (most recent call last):
    convcalc.errors.ConvcalcError: .jpg cannot hold a picture of float32 grey: use .tiff or .npy
    """
    suffix = checked_suffix(path_or_suffix)
    array = picture.array
    name, most = SUFFIXES[suffix]
    if not _holds(name, picture):
        fitting = [other for other in (".png", ".tiff", ".npy") if _holds(SUFFIXES[other][0], picture)]
        raise ConvcalcError(f"{suffix} cannot hold a picture of {kind(array)}: use {' or '.join(fitting)}")
    height, width = array.shape[:2]
    if max(height, width) > most:
        raise ConvcalcError(f"{suffix} has at most {most:,} pixels a side, this is {width}x{height}: use .png")
    if name == "NPY":
        out = BytesIO()
        np.save(out, array, allow_pickle=False)
        return out.getvalue()
    profile = picture.profile if profile_fits(picture.profile, channels(array)) else None
    return images.encode(array, profile, name, suffix)


def left_out(picture: Picture, path_or_suffix: str) -> tuple[Note, ...]:
    """Return what `encode` changes, or does not write into such a file.

    >>> left_out(Picture(np.zeros((1, 1), np.uint8), b"a profile"), ".bmp")[0].text
    '.bmp keeps no colour profile'
    """
    suffix = checked_suffix(path_or_suffix)
    name = SUFFIXES[suffix][0]
    said = [f"{suffix} loses a little: quality 95, 4:4:4"] if name == "JPEG" else []
    if picture.profile is not None:
        if name in ("BMP", "NPY"):
            said.append(f"{suffix} keeps no colour profile")
        elif not profile_fits(picture.profile, channels(picture.array)):
            said.append("the colour profile is for other colours and is left out")
    return tuple(Note("warning", None, text) for text in said)


def checked_suffix(path_or_suffix: str) -> str:
    """Return the suffix in lower case; `ConvcalcError`, with the nearest, where it is not known.

    >>> checked_suffix("a.b/Photo.JPG"), checked_suffix(".npy")
    ('.jpg', '.npy')
    """
    suffix = suffix_of(path_or_suffix)
    if suffix not in SUFFIXES:
        what = f"{quoted(suffix)} is not a suffix of a picture" if suffix else f"{quoted(path_or_suffix)} has no suffix"
        known = ", ".join(SUFFIXES)
        raise ConvcalcError(f"{what} that convcalc writes: use {known}{did_you_mean(suffix, SUFFIXES)}")
    return suffix


def suffix_of(path: str) -> str:
    """Return the last dot of the name and what follows it, in lower case; "" where there is none.

    >>> suffix_of("a.b/Photo.JPG"), suffix_of(".npy"), suffix_of("a.b/c")
    ('.jpg', '.npy', '')
    """
    _, dot, rest = os.path.basename(path).rpartition(".")
    return f".{rest}".lower() if dot else ""


def _holds(name: str, picture: Picture) -> bool:
    """Return whether the format holds such values in such colours."""
    array = picture.array
    if name == "NPY":
        return True
    if array.dtype == np.uint8:
        return name not in ("JPEG", "BMP") or not has_alpha(array)
    if array.dtype == np.uint16:
        return name in ("PNG", "TIFF") and channels(array) == 1
    return name == "TIFF" and channels(array) == 1 and array.dtype == np.float32


def _open(path: str, flags: int) -> int:
    """Open a regular file only: the first bytes of another, such as a pipe, could not be read twice."""
    mode = os.stat(path).st_mode
    if stat.S_ISDIR(mode):
        raise OSError(0, "it is a directory: give a file")
    if not stat.S_ISREG(mode):
        raise OSError(0, "it is not a regular file: write the picture into a file first")
    return os.open(path, flags)
