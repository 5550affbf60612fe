"""The settings of presets, brought to one form, and their limits."""

from __future__ import annotations

from math import isfinite

from convcalc.errors import ConvcalcError
from convcalc.filter.presets.entry import Size, Value
from convcalc.layers.settings import per_axis, real, spell

MOST = 1001  # rows, and columns, of a kernel
LIMITS: dict[str, tuple[float, float]] = {
    "sigma": (0.001, 1000),  # pixels
    "wavelength": (0.001, 1000),  # pixels
    "gamma": (0.001, 1000),
    "amount": (-1000, 1000),
}


def checked(name: str, value: object) -> Value:
    """Return the value of a setting: two whole numbers for a size, else a finite number within its limits.

    >>> checked("size", 5), checked("sigma", 2)
    ((5, 5), 2.0)
    """
    if name == "size":
        size = per_axis(name, value, 2, least=1)  # type: ignore[arg-type]
        if max(size) > MOST:
            raise ConvcalcError(f"size {spell(size)} is too large: a kernel has at most {MOST} rows and columns")
        return size[0], size[1]
    number = _finite(name, value)
    least, most = LIMITS.get(name, (number, number))
    if name in ("sigma", "wavelength", "gamma") and number <= 0:
        raise ConvcalcError(f"{name} {number:g} is not above 0: use {least:g} to {most:g}")
    if not least <= number <= most:
        raise ConvcalcError(f"{name} {number:g} is out of range: use {least:g} to {most:g}")
    return number


def size_for(sigma: float, size: Size | None) -> Size:
    """Return the size, or where it is None the one to which SciPy cuts a Gaussian: 2 * int(4 * sigma + 0.5) + 1.

    Source: SciPy, `ndimage.gaussian_filter`, ``truncate=4``.

    >>> size_for(1.5, None), size_for(1.5, (3, 5))
    ((13, 13), (3, 5))
    """
    if size is not None:
        return size
    needed = 2 * int(4 * sigma + 0.5) + 1
    if needed > MOST:
        most = (MOST - 1) / 8
        raise ConvcalcError(
            f"sigma {sigma:g} needs a kernel of {needed}x{needed}, more than {MOST}:"
            f" use sigma={most:g} or less, or give size"
        )
    return needed, needed


def _finite(name: str, value: object) -> float:
    try:
        number = float(real(name, value))
    except OverflowError:  # a whole number of more than 308 digits
        number = float("inf")
    if not isfinite(number):
        raise ConvcalcError(f"{name} {number:g} is not finite: give a number such as 1.5")
    return number
