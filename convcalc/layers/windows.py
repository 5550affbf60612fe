"""The window that a layer slides along each axis: whether it fits, and what a unit sees through it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from convcalc import formulas
from convcalc.errors import ConvcalcError
from convcalc.layers.axes import Sides, counted, shape

AXES = ((), ("L",), ("H", "W"), ("D", "H", "W"))  # the names of the spatial axes, by their number


class Window(NamedTuple):
    """How a layer looks at one axis of its input: ``kernel_size`` taps, ``dilation`` apart, moved by ``stride``.

    The first five are the arguments that `formulas` takes, in its order.
    """

    size: int
    kernel_size: int
    stride: int
    padding: Sides
    dilation: int
    padding_mode: str


class Field(NamedTuple):
    """What a unit sees along one axis of the network's input.

    ``size`` elements from ``start`` on for output 0, ``jump`` further for each next output; jump is None where the
    outputs no longer lie along that axis. ``span`` is what all outputs see together.
    """

    size: int
    jump: int | None
    start: int
    span: int


def windows_over(
    layer: str,
    input_shape: Sequence[int],
    channels: int,
    axes: Sequence[tuple[int, int, Sides, int]],
    padding_mode: str = "zeros",
) -> tuple[Window, ...]:
    """A window for each of the last axes, from (kernel_size, stride, padding, dilation), once it is sure that it fits.

    >>> windows_over("Conv1d", (1, 3, 10), 3, [(3, 1, (0, 0), 1)])
    (Window(size=10, kernel_size=3, stride=1, padding=(0, 0), dilation=1, padding_mode='zeros'),)
    """
    rank = len(axes)
    sizes = shape(input_shape)
    if len(sizes) not in (rank + 1, rank + 2):
        wanted = " ".join(("C", *AXES[rank]))
        raise ConvcalcError(
            f"{layer} takes N {wanted} (or {wanted}), got {counted(len(sizes), 'size')} in {list(sizes)}:"
            f" give {rank + 2}"
        )
    if sizes[-1 - rank] != channels:
        raise ConvcalcError(
            f"{layer} takes {counted(channels, 'channel')}, got {sizes[-1 - rank]} in input {list(sizes)}:"
            f" the layer's input channels must be {sizes[-1 - rank]}"
        )
    _check_emptiness(layer, sizes, rank, padding_mode)
    windows = tuple(Window(size, *axis, padding_mode) for size, axis in zip(sizes[-rank:], axes, strict=True))
    for window in windows:
        _check_fit(window)
    return windows


def through_window(field: Field, window: Window) -> Field:
    """What a unit sees through a window over units that see ``field``.

    >>> through_window(Field(1, 1, 0, 28), Window(28, 5, 1, (2, 2), 1, "zeros"))
    Field(size=5, jump=1, start=-2, span=32)
    """
    if field.jump is None:
        raise ConvcalcError("a window behind a flattened map has no axis to move along: put it before the Flatten")
    size = formulas.receptive_field(field.size, field.jump, formulas.window_extent(window.kernel_size, window.dilation))
    jump = formulas.receptive_jump(field.jump, window.stride)
    start = formulas.receptive_start(field.start, field.jump, window.padding[0])
    return Field(size, jump, start, formulas.receptive_field(size, jump, formulas.output_size(*window[:5])))


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


def _check_fit(window: Window) -> None:
    """Refuse an axis that PyTorch refuses: padding wider than the mode allows, a kernel too large."""
    size, kernel_size, _, (before, after), dilation, mode = window
    most = {"reflect": size - 1, "circular": size}.get(mode)
    if most is not None and max(before, after) > most:
        raise ConvcalcError(
            f"{mode} padding {max(before, after)} is too wide for input {size}: use a padding of at most {most}"
        )
    if formulas.slack(*window[:5]) >= 0:
        return
    extent = formulas.window_extent(kernel_size, dilation)
    kernel = f"kernel {kernel_size}" + (f" with dilation {dilation} (it spans {extent})" if dilation > 1 else "")
    sides = f"{before}" if before == after else f"{before} before, {after} behind"
    enough = -(-(extent - size) // 2)
    largest = (size + before + after - 1) // dilation + 1
    remedy = f"padding={enough} or " if most is None or enough <= most else ""
    raise ConvcalcError(
        f"{kernel} does not fit input {size} (padding {sides}): use {remedy}a kernel of at most {largest}"
    )
