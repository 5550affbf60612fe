"""Filters that emphasise differences and keep the brightness: sharpen, unsharp, emboss."""

from __future__ import annotations

from convcalc.filter.kernel import Rows
from convcalc.filter.presets.entry import Entry, Setting, Size, fixed, weighted
from convcalc.filter.presets.smooth import gaussian, identity
from convcalc.filter.presets.values import size_for


def unsharp(size: Size | None, sigma: float, amount: float) -> Rows:
    """Return identity + amount * (identity - gaussian): the picture plus what a Gaussian removes from it.

    Source: Gonzalez and Woods (2018), 3.6; scikit-image, `filters.unsharp_mask`.

    >>> unsharp((1, 2), 1.0, 2.0)  # the Gaussian is (1/2, 1/2), and the second weight meets the pixel itself
    ((-1.0, 2.0),)
    """
    size = size_for(sigma, size)
    return tuple(
        tuple(one + amount * (one - blurred) for one, blurred in zip(*pair, strict=True))
        for pair in zip(identity(size), gaussian(size, sigma), strict=True)
    )


ENTRIES: tuple[Entry, ...] = (
    fixed(
        "sharpen",
        ((0, -1, 0), (-1, 5, -1), (0, -1, 0)),
        "clip",
        "the picture less its Laplacian",
        "Gonzalez and Woods (2018), 3.6: identity - laplacian",
    ),
    weighted(
        "unsharp",
        unsharp,
        (
            Setting("size", None, "2*int(4*sigma + 0.5) + 1"),
            Setting("sigma", 1.0),
            Setting("amount", 1.0),
        ),
        "clip",
        "the picture plus amount * (it - its gaussian)",
        "Gonzalez and Woods (2018), 3.6; scikit-image filters.unsharp_mask (radius=sigma)",
    ),
    fixed(
        "emboss",
        ((-2, -1, 0), (-1, 1, 1), (0, 1, 2)),
        "clip",
        "a relief: how it rises to the lower right",
        "GIMP documentation, Convolution Matrix: Emboss",
    ),
)
