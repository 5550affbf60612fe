"""A filter in words and figures, and the layer that does the same."""

from __future__ import annotations

from typing import NamedTuple, TypeVar

from convcalc.errors import ConvcalcError
from convcalc.filter.kernel import Filter, Linear, Magnitude, Number, Order, Rows, Settings, separated, total
from convcalc.layers.conv import Conv2d
from convcalc.layers.settings import by, whole

PLAIN = Settings()
MOST_SHOWN, ENDS = 7, 3  # rows, or columns, of weights that are shown: a line fits 80 characters

Item = TypeVar("Item")


class Description(NamedTuple):
    """A filter in words and figures. What only a linear filter has is None or empty in the others."""

    name: str
    kind: str  # linear, magnitude or order
    what: str  # what a pixel becomes
    size: tuple[int, int]
    anchor: tuple[int, int] | None  # None for a magnitude, whose parts have their own
    rows: tuple[str, ...]  # the weights as text, one line per row
    total: Number | None
    separable: tuple[tuple[Number, ...], tuple[Number, ...]] | None  # the column and the row
    range: str
    source: str
    layer: str | None  # the Conv2d, as it is written
    parts: tuple[Description, ...]  # the two derivatives of a magnitude


def description(kernel: Filter, settings: Settings = PLAIN, channels: int = 1) -> Description:
    """Return the description of a filter, with the layer that it is for a picture of that many channels.

    >>> from convcalc.filter.presets import find
    >>> shown = description(find("sobel-x"))
    >>> shown.rows, shown.total, shown.separable
    (('-1  0  1', '-2  0  2', '-1  0  1'), 0, ((1, 2, 1), (-1, 0, 1)))
    >>> shown.layer
    "Conv2d(1, 1, 3, padding=1, bias=False, padding_mode='reflect')"
    """
    parts: tuple[Description, ...] = ()
    if isinstance(kernel, Magnitude):
        parts = tuple(description(part, settings, channels) for part in (kernel.x, kernel.y))
    weights = kernel.weights if isinstance(kernel, Linear) else None
    return Description(
        name=kernel.name,
        kind=type(kernel).__name__.lower(),
        what=_what(kernel),
        size=kernel.size,
        anchor=None if isinstance(kernel, Magnitude) else kernel.anchor,
        rows=() if weights is None else aligned(weights),
        total=None if weights is None else total(weights),
        separable=None if weights is None else factors(weights),
        range=kernel.range,
        source=kernel.source,
        layer=repr(as_conv2d(kernel, settings, channels)) if isinstance(kernel, Linear) else None,
        parts=parts,
    )


def as_conv2d(kernel: Filter, settings: Settings = PLAIN, channels: int = 1) -> Conv2d:
    """Return the layer that does the same: the kernel on every channel, each in a group of its own.

    Its padding puts the anchor on the pixel: before it dilation * anchor, behind it dilation * (size - 1 - anchor).
    `ConvcalcError` for a filter that is not a weighted sum.

    >>> from convcalc.filter.presets import find
    >>> as_conv2d(find("box", size=(2, 2)), Settings("zeros"), 3)
    Conv2d(3, 3, 2, padding=((1, 0), (1, 0)), groups=3, bias=False)
    """
    if not isinstance(kernel, Linear):
        raise ConvcalcError(f"{kernel.name} is not a Conv2d: {_what(kernel)}, which is not a weighted sum")
    channels = whole("channels", channels, least=1)
    valid = settings.border == "valid"
    return Conv2d(
        channels,
        channels,
        kernel.size,
        stride=settings.stride,
        padding=0 if valid else padding(kernel, settings.dilation),
        dilation=settings.dilation,
        groups=channels,
        bias=False,
        padding_mode="zeros" if valid else settings.border,
    )


def padding(kernel: Linear, dilation: tuple[int, int]) -> tuple[tuple[int, int], ...]:
    """Return the padding (before, after) of each axis that puts the anchor of the first output on the first pixel.

    >>> from convcalc.filter.kernel import linear
    >>> padding(linear("", ((1, 1, 1, 1),), "", ""), (1, 2))
    ((0, 0), (4, 2))
    """
    axes = zip(kernel.size, kernel.anchor, dilation, strict=True)
    return tuple((step * anchor, step * (size - 1 - anchor)) for size, anchor, step in axes)


def factors(weights: Rows) -> tuple[tuple[Number, ...], tuple[Number, ...]] | None:
    """Return the column and the row of `separated`, or None; the sum of the row is not negative.

    >>> factors(((-1, -2), (0, 0), (1, 2)))
    ((-1, 0, 1), (1, 2))
    """
    found = separated(weights)
    if found is None or total((found[1],)) >= 0:
        return found
    column, row = (tuple(0 - weight for weight in factor) for factor in found)
    return column, row


def aligned(weights: Rows) -> tuple[str, ...]:
    """Return the weights as lines of text, each column flush right; the middle of many is left out.

    >>> aligned(((1, -10), (0.5, 2)))
    ('  1  -10', '0.5    2')
    >>> aligned((tuple(range(20)),))
    ('0  1  2  ...  17  18  19',)
    """
    words = [ends([figure(weight) for weight in row], "...") for row in weights]
    words = ends(words, ["..."] * len(words[0]))
    widths = [max(map(len, column)) for column in zip(*words, strict=True)]
    return tuple("  ".join(word.rjust(width) for word, width in zip(row, widths, strict=True)) for row in words)


def ends(many: list[Item], gap: Item) -> list[Item]:
    """Return all of a few items; of many the first and the last three, with ``gap`` between.

    >>> ends([1, 2, 3, 4], 0), ends([1, 2, 3, 4, 5, 6, 7, 8, 9, 10], 0)
    ([1, 2, 3, 4], [1, 2, 3, 0, 8, 9, 10])
    """
    return many if len(many) <= MOST_SHOWN else [*many[:ENDS], gap, *many[-ENDS:]]


def figure(weight: Number) -> str:
    """Return a weight as text: an integer in full, a fraction with 6 significant digits.

    >>> figure(-4), figure(1 / 9), figure(0.25)
    ('-4', '0.111111', '0.25')
    """
    return str(weight) if isinstance(weight, int) else f"{weight or 0.0:.6g}"


def _what(kernel: Filter) -> str:
    if isinstance(kernel, Magnitude):
        return f"a pixel becomes the length of its gradient, sqrt(({kernel.x.name})^2 + ({kernel.y.name})^2)"
    taken = "weighted sum"
    if isinstance(kernel, Order):
        upper = kernel.order == "median" and kernel.size[0] * kernel.size[1] % 2 == 0
        taken = f"upper {kernel.order}" if upper else kernel.order
    return f"a pixel becomes the {taken} of its {by(kernel.size)} neighbourhood"
