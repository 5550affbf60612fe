"""NumPy's arrays as pictures, checked before they are loaded."""

from __future__ import annotations

import warnings
from math import prod
from tokenize import TokenError

import numpy as np

from convcalc.errors import ConvcalcError
from convcalc.filter.picture import Picture, check_size
from convcalc.notes import Note

MAGIC = b"\x93NUMPY"
SAME = ("uint8", "uint16", "float32", "float64")
READ_AS = {"bool": "uint8", "float16": "float32"}  # other types, whose values all fit
GIVE = "give uint8, uint16, float32 or float64"


def read(path: str, where: str, memory_limit: int) -> Picture:
    """Return the picture of a ``.npy`` file; ``where`` begins each refusal. Objects are never unpickled."""
    try:
        with warnings.catch_warnings():  # about a header written by Python 2
            warnings.simplefilter("ignore")
            # Mapped, not read: a file cannot claim more than it holds, nor contain objects.
            mapped = np.asarray(np.lib.format.open_memmap(path, mode="r"))
    except (ValueError, TypeError, EOFError, SyntaxError, OverflowError, TokenError, OSError) as error:
        said = str(error)
        if "Python objects" in said:
            raise ConvcalcError(f"{where}an array of Python objects: {GIVE}") from None
        if "empty file" in said:
            raise ConvcalcError(f"{where}a picture of no pixels: give one of at least 1x1") from None
        if "length" in said:
            raise ConvcalcError(f"{where}truncated: it holds less than its header says") from None
        raise ConvcalcError(f"{where}not an array that NumPy can read: write one with numpy.save") from None
    notes: list[str] = []
    shape = mapped.shape
    name = mapped.dtype.name
    if len(shape) == 3 and shape[2] == 1:
        shape = shape[:2]
        notes.append("its one channel read as grey")
    _check_shape(shape, where)
    if name not in (*SAME, *READ_AS):
        integers = " (convert with numpy.clip and astype)" if mapped.dtype.kind in "iu" else ""
        raise ConvcalcError(f"{where}an array of {name}: {GIVE}{integers}")
    wanted = np.dtype(READ_AS.get(name, name))
    check_size(where, shape[:2], prod(shape) * wanted.itemsize, memory_limit)
    array = np.array(mapped.reshape(shape), wanted, order="C")
    if name == "bool":
        array *= 255
    if name in READ_AS:
        notes.append(f"{name} read as {wanted.name}" + (", 0 and 255" if name == "bool" else ""))
    return Picture(array, None, tuple(Note("assumed", None, text) for text in notes))


def _check_shape(shape: tuple[int, ...], where: str) -> None:
    given = f"{where}an array {list(shape)}"
    if len(shape) not in (2, 3):
        raise ConvcalcError(f"{given} is not a picture: give H x W, or H x W x C with 2 to 4 channels")
    if 0 in shape:
        raise ConvcalcError(f"{where}a picture of {shape[1]}x{shape[0]} has no pixels: give one of at least 1x1")
    if len(shape) == 3 and shape[2] > 4:
        turned = ": channels come last, use numpy.moveaxis(array, 0, -1)" if shape[0] <= 4 else ": give 1 to 4"
        raise ConvcalcError(f"{given} has {shape[2]} channels{turned}")
