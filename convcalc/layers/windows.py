"""The window that a layer slides along each axis, and whether it fits."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import NamedTuple

from convcalc import formulas
from convcalc.errors import ConvcalcError
from convcalc.layers.settings import Shape, Sides, counted, shape, spell

ELEMENTS = {"L": "elements", "D": "slices", "H": "rows", "W": "columns"}  # what lies along each
AXES = ((), ("L",), ("H", "W"), ("D", "H", "W"))  # the names of the spatial axes, by their number


class Copies(NamedTuple):
    """The copies in the padding on one side of an axis: each position holds element ``start + step * position``.

    >>> Copies(range(-2, 0), 0, -1).source(-2)
    2
    """

    positions: range
    start: int
    step: int

    def source(self, position: int) -> int:
        """Return the element that is copied to the position."""
        return self.start + self.step * position

    def sources(self, positions: range) -> range:
        """Return the range of the elements that are copied to those of the positions that lie on this side.

        >>> Copies(range(-2, 0), 5, 1).sources(range(-1, 2))
        range(4, 5)
        """
        ends = (max(positions[0], self.positions[0]), min(positions[-1], self.positions[-1]))
        first, last = sorted(map(self.source, ends))
        return range(first, last + 1) if ends[0] <= ends[1] else range(0)

    def are_in(self, taps: range, element: int) -> bool:
        """Whether one of the taps of a window lies on a copy of the element.

        >>> Copies(range(5, 7), -5, 1).are_in(range(2, 7, 2), 1)
        True
        """
        if self.step == 0:  # the window never leaves the padded axis, so one of its ends is on this side
            return element == self.start and (taps[0] in self.positions or taps[-1] in self.positions)
        place = (element - self.start) * self.step
        return place in self.positions and place in taps


class Window(NamedTuple):
    """The window along one axis of the input: ``kernel_size`` taps, ``dilation`` apart, moved by ``stride``.

    >>> Window(28, 4, 2, (0, 0), 1, "zeros").output_size
    13
    """

    size: int
    kernel_size: int
    stride: int
    padding: Sides
    dilation: int
    padding_mode: str

    @property
    def geometry(self) -> tuple[int, int, int, Sides, int]:
        """The arguments that the functions in `formulas` take, in order."""
        return self[:5]

    @property
    def output_size(self) -> int:
        """The number of windows that fit."""
        return formulas.output_size(*self.geometry)

    def taps(self, place: int) -> range:
        """Return the elements that the window at that position holds; those below 0 or from ``size`` on are padding.

        >>> list(Window(5, 3, 2, (1, 1), 1, "zeros").taps(0))
        [-1, 0, 1]
        """
        return formulas.tap_indices(place, *self.geometry[1:])

    def reads(self, place: int, element: int) -> bool:
        """Whether the window at that position reads the element: in place, or as a copy in the padding.

        >>> Window(5, 3, 1, (1, 1), 1, "circular").reads(0, 4)
        True
        """
        taps = self.taps(place)
        return element in taps or any(side.are_in(taps, element) for side in self.copies)

    @property
    def copies(self) -> tuple[Copies, ...]:
        """The copies in the padding before and after the axis; none where it holds zeros.

        >>> window = Window(5, 3, 1, (2, 1), 1, "reflect")
        >>> [(place, side.source(place)) for side in window.copies for place in side.positions]
        [(-2, 2), (-1, 1), (5, 3)]
        """
        size, (before, after), last = self.size, self.padding, self.size - 1
        sources = {
            "reflect": ((0, -1), (2 * last, -1)),
            "replicate": ((0, 0), (last, 0)),
            "circular": ((size, 1), (-size, 1)),
        }.get(self.padding_mode, ())
        sides = range(-before, 0), range(size, size + after)
        return tuple(Copies(side, *source) for side, source in zip(sides, sources, strict=False) if side)


def windows_over(
    layer: str,
    input_shape: Sequence[int],
    channels: int | None,
    axes: Sequence[tuple[int, int, Sides, int]],
    padding_mode: str = "zeros",
) -> tuple[Window, ...]:
    """Return a window for each of the last axes, from (kernel_size, stride, padding, dilation).

    `ConvcalcError` where it does not fit.

    ``channels`` is the number that the layer takes; None: any but 0.

    >>> windows_over("Conv1d", (1, 3, 10), 3, [(3, 1, (0, 0), 1)])
    (Window(size=10, kernel_size=3, stride=1, padding=(0, 0), dilation=1, padding_mode='zeros'),)
    """
    rank = len(axes)
    sizes = shape(input_shape)
    spatial = spatial_sizes(layer, sizes, rank)
    if channels is not None and sizes[-1 - rank] != channels:
        raise ConvcalcError(
            f"{layer} takes {counted(channels, 'channel')}, got {sizes[-1 - rank]} in input {list(sizes)}:"
            f" the layer's input channels must be {sizes[-1 - rank]}"
        )
    if channels is None:
        refuse_empty(layer, sizes, rank + 1)
    else:
        _check_emptiness(layer, sizes, rank, padding_mode)
    windows = tuple([Window(size, *axis, padding_mode) for size, axis in zip(spatial, axes, strict=True)])
    _check_fit(windows)
    return windows


def spatial_sizes(layer: str, input_shape: Sequence[int], rank: int) -> Shape:
    """Return the last ``rank`` sizes of an input of channels and that many axes, with or without a batch.

    >>> spatial_sizes("Conv2d", (10, 3, 28, 28), 2)
    (28, 28)
    """
    sizes = shape(input_shape)
    if len(sizes) not in (rank + 1, rank + 2):
        wanted = " ".join(("C", *AXES[rank]))
        raise ConvcalcError(
            f"{layer} takes N {wanted} (or {wanted}), got {counted(len(sizes), 'size')} in {list(sizes)}:"
            f" give {rank + 2}"
        )
    return sizes[-rank:]


def refuse_empty(layer: str, sizes: Sequence[int], axes: int) -> None:
    """Refuse a size of 0 among the last ``axes``, where the layer takes none even of an empty batch.

    >>> refuse_empty("MaxPool2d", (0, 3, 28, 28), 3)
    """
    if 0 in sizes[len(sizes) - axes :]:
        raise ConvcalcError(f"{layer} got a size of 0 in input {list(sizes)}: only the batch may be 0")


def refuse_misfit(windows: Sequence[Window], remedy: Callable[[], str]) -> None:
    """Refuse a window that is longer than its padded axis; the remedy is calculated only where it is needed.

    >>> refuse_misfit([Window(5, 3, 1, (0, 0), 1, "zeros")], lambda: "none is needed")
    """
    for axis, window in enumerate(windows):
        if formulas.slack(*window.geometry) < 0:
            raise ConvcalcError(
                f"{_kernel(window)} does not fit input {window.size}{_along(axis, windows)}"
                f" (padding {_sides(window)}): {remedy()}"
            )


def _check_emptiness(layer: str, sizes: Sequence[int], rank: int, mode: str) -> None:
    """Refuse a size of 0 where PyTorch does: it takes an empty axis only of an empty batch, or of no channels."""
    batch, channels, spatial = sizes[: -1 - rank], sizes[-1 - rank], sizes[-rank:]
    if mode in ("reflect", "replicate"):
        if 0 in (channels, *spatial):
            raise ConvcalcError(
                f"{mode} padding has nothing to copy in input {list(sizes)}: every size must be at least 1"
            )
    elif 0 in spatial and 0 not in (*batch, channels):
        raise ConvcalcError(f"{layer} got a size of 0 in input {list(sizes)}: every spatial size must be at least 1")


def _check_fit(windows: Sequence[Window]) -> None:
    """Refuse what PyTorch refuses: padding wider than the mode allows, a kernel too large for its axis.

    A remedy holds for all axes together.
    """
    widest = _widest(windows)
    for axis, window in enumerate(windows if widest is not None else ()):
        if max(window.padding) > (_widest([window]) or 0):
            raise ConvcalcError(
                f"{window.padding_mode} padding {max(window.padding)} is too wide for input {window.size}"
                f"{_along(axis, windows)}: use a padding of at most {widest}"
            )
    refuse_misfit(windows, lambda: _remedy(windows, widest))


def _widest(windows: Sequence[Window]) -> int | None:
    """Return the widest padding that every axis can have; None for any."""
    if windows[0].padding_mode not in ("reflect", "circular"):
        return None
    return min([window.size for window in windows]) - (windows[0].padding_mode == "reflect")


def _along(axis: int, windows: Sequence[Window]) -> str:
    """Name the axis, where that makes a difference."""
    return f" along {AXES[len(windows)][axis]}" if len(set(windows)) > 1 else ""


def _kernel(window: Window) -> str:
    if window.dilation == 1:
        return f"kernel {window.kernel_size}"
    extent = formulas.window_extent(window.kernel_size, window.dilation)
    return f"kernel {window.kernel_size} with dilation {window.dilation} (it spans {extent})"


def _sides(window: Window) -> str:
    before, after = window.padding
    return f"{before}" if before == after else f"{before} before, {after} after"


def _remedy(windows: Sequence[Window], widest: int | None) -> str:
    """Return the smallest padding of all sides and the largest kernel that fit along every axis, in words."""
    enough = max(
        -(-(formulas.window_extent(window.kernel_size, window.dilation) - window.size) // 2) for window in windows
    )
    largest = [(window.size + sum(window.padding) - 1) // window.dilation + 1 for window in windows]
    remedies = []
    if widest is None or enough <= widest:
        remedies.append(f"padding={enough}")
    if min(largest) >= 1:
        most = [min(most, window.kernel_size) for most, window in zip(largest, windows, strict=True)]
        remedies.append(f"a kernel of at most {spell(most if len(set(most)) > 1 else largest)}")
    return f"use {' or '.join(remedies)}" if remedies else "give a larger input"
