"""Filters that put the neighbourhood in order and take one of it: they have no weights."""

from __future__ import annotations

from convcalc.filter.kernel import Order
from convcalc.filter.presets.entry import Entry, Setting, Size


def ordered(order: str, what: str, source: str) -> Entry:
    """Return the entry of minimum, median or maximum.

    >>> ordered("median", "", "").make(size=(3, 3)).order
    'median'
    """

    def make(size: Size) -> Order:
        return Order(order, order, size, "clip", source)

    return Entry(order, (Setting("size", (3, 3)),), what, source, make)


ENTRIES: tuple[Entry, ...] = (
    ordered(
        "median",
        "the middle one: no specks, edges kept",
        "Tukey, Exploratory Data Analysis (1977); Gonzalez and Woods (2018), 3.5; SciPy ndimage.median_filter",
    ),
    ordered(
        "minimum",
        "the darkest: dark parts grow (erosion)",
        "Gonzalez and Woods (2018), 9.8; OpenCV erode, SciPy ndimage.minimum_filter",
    ),
    ordered(
        "maximum",
        "the brightest: bright parts grow (dilation)",
        "Gonzalez and Woods (2018), 9.8; OpenCV dilate, SciPy ndimage.maximum_filter",
    ),
)
