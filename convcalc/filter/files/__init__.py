"""Pictures from files and to files: PNG, JPEG, TIFF, WebP and BMP through Pillow, NumPy's arrays without it."""

from convcalc.filter.files.formats import SUFFIXES, encode, left_out, read

__all__ = ["SUFFIXES", "encode", "left_out", "read"]
