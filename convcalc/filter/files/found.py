"""What a file is that is not a picture, so that the refusal can say it."""

from __future__ import annotations

from codecs import getincrementaldecoder

# At which byte such files have which mark.
KNOWN = (
    (0, b"%PDF", "a PDF"),
    (0, b"PK\x03\x04", "a ZIP archive"),
    (0, b"\x1f\x8b", "a gzip archive"),
    (0, b"\x7fELF", "a program"),
    (0, b"\x93NUMPY", "an array of NumPy"),
    (0, b"SIMPLE  =", "a FITS image"),
    (0, b"\x89HDF", "an HDF5 file"),
    (0, b"8BPS", "a Photoshop file"),
    (0, b"\0\0\0\x0cjP  ", "a JPEG 2000 image"),
    (0, b"\xff\x0a", "a JPEG XL image"),
    (0, b"\0\0\0\x0cJXL ", "a JPEG XL image"),
    (4, b"ftypavif", "an AVIF image"),
    (4, b"ftyphe", "an HEIC image"),
    (4, b"ftypmif1", "an HEIC image"),
    (4, b"ftyp", "a film"),
    (0, b"RIFF", "sound or a film"),
)


def what_is_found(start: bytes) -> str:
    """Return what the first bytes of a file look like.

    >>> what_is_found(b"%PDF-1.7"), what_is_found(b""), what_is_found(b"hello"), what_is_found(b"\\0\\1")
    ('a PDF', 'an empty file', 'text', 'bytes that begin 00 01')
    """
    if not start:
        return "an empty file"
    for place, mark, words in KNOWN:
        if start[place : place + len(mark)] == mark:
            return words
    text = start[:256]
    if b"<svg" in start[:1024]:
        return "an SVG picture, which is text"
    if all(32 <= byte < 127 or byte in b"\t\n\r\f" or byte >= 128 for byte in text) and _is_utf8(text):
        return "text"
    return f"bytes that begin {start[:4].hex(' ')}"


def _is_utf8(text: bytes) -> bool:
    try:
        getincrementaldecoder("utf-8")().decode(text)  # the last letter may be cut
    except UnicodeDecodeError:
        return False
    return True
