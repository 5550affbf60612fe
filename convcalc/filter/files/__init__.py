"""Pictures from files and to files: PNG, JPEG, TIFF, WebP and BMP through Pillow, NumPy's arrays without."""

from convcalc.filter.files.formats import SUFFIXES, encode, left_out, read
from convcalc.filter.files.png import png_bytes

__all__ = ["SUFFIXES", "encode", "left_out", "png_bytes", "read"]
