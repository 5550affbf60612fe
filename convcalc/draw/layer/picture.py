"""The picture of one layer: its window moves over the input and makes one output at each position."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from convcalc import formulas
from convcalc.draw.film import Film
from convcalc.draw.film import still as still_film
from convcalc.draw.frame import Caption, Drawing, in_frame
from convcalc.draw.layer import caption
from convcalc.draw.layer.layer_figure import LOOKS as LOOKS  # noqa: PLC0414  (it is for others too)
from convcalc.draw.layer.layer_figure import layer_figure
from convcalc.draw.layer.linear_picture import linear_picture
from convcalc.draw.layer.motion import pace
from convcalc.draw.layer.visible_axis import Scene, visible_axis
from convcalc.draw.svg import Names
from convcalc.draw.text import by
from convcalc.errors import ConvcalcError
from convcalc.layers.base import Layer, is_a
from convcalc.layers.windows import AXES, Window
from convcalc.report import Row
from convcalc.unread import unread_among

ONE = Window(1, 1, 1, (0, 0), 1, "zeros")  # the rows of a 1-d layer, which has columns only


def layer_picture(row: Row, *, look: str = "flat", still: bool = False, at: Sequence[int] | None = None) -> str:
    """Return the SVG of one layer at work. ``row`` is its row of `trace`; ``look`` is ``flat`` or ``iso`` (stacked).

    The picture moves. With ``still`` or ``at`` it does not: it shows the window at ``at``, the row and column of an
    output element (of an input element for a transposed layer), or at the first one. Raise `ConvcalcError` if the
    layer has nothing to draw, or if ``at`` is outside.

    >>> from convcalc import Conv2d, trace
    >>> picture = layer_picture(trace(Conv2d(1, 1, 3, stride=2, padding=1), (1, 1, 5, 5)).rows[0])
    >>> picture.count("<svg"), "out[" in picture
    (1, True)
    """
    if look not in LOOKS:
        raise ConvcalcError(f"look {look!r} is unknown: use one of {', '.join(LOOKS)}")
    if row.parts is not None:
        raise ConvcalcError(f"{row.name!r} is a block of layers: draw one of them, or the network")
    if is_a(row.layer, "Linear"):
        refuse_place(row, at)
        return linear_picture(Names("layer", row.layer, row.input, look, still, at), row)
    scene = scene_of(row, still=still, at=at)
    name = Names("layer", row.layer, row.input, look, still, at)
    return _in_frame(name, row, scene, layer_figure(name, scene, look))


def layer_film(row: Row, *, look: str = "flat") -> Film:
    """Return the frames of `layer_picture`, one for each position of the window. Errors as there.

    Each frame has the size and the words of the moving picture.

    >>> from convcalc import Conv2d, trace
    >>> film = layer_film(trace(Conv2d(1, 1, 3, stride=2, padding=1), (1, 1, 5, 5)).rows[0])
    >>> film.length, film.seconds, "out[2,</text>" in film.draw(8)  # the last of 3x3 positions
    (9, 0.8, True)
    """
    svg = layer_picture(row, look=look)
    if is_a(row.layer, "Linear"):
        return still_film(svg)
    scene = scene_of(row)
    width = layer_figure(Names(), scene, look).width

    def draw(frame: int) -> str:
        name = Names("layer", row.layer, row.input, look, frame)
        figure = layer_figure(name, scene.at(*positions[frame]), look)
        return _in_frame(name, row, scene, figure._replace(width=width))

    positions = scene.positions
    return Film(len(positions), pace(len(scene.rows.places), len(scene.columns.places)), draw)


def _in_frame(name: Names, row: Row, scene: Scene, figure: Drawing) -> str:
    """Return the figure with the words that say what it shows."""
    rank = len(windows_of(row))
    title, shapes = caption.title(row.layer), caption.shapes(row, rank, scene.is_transposed)
    said = caption.notes(row, scene)
    maps = caption.maps(row, rank)
    captions = [Caption("ink", shapes), *([Caption("ink", maps)] if maps else [])]
    captions += [Caption("formula", line) for line in caption.formulas(row, rank)]
    captions += [Caption("muted", "; ".join(said))] if said else []
    return in_frame(name, title, caption.description(title, shapes, scene, said), figure, captions)


def scene_of(row: Row, *, still: bool = False, at: Sequence[int] | None = None) -> Scene:
    """Return what is drawn of a layer with windows, as SVG or in a terminal; of a 3-d layer one slice.

    Errors as `layer_picture`.

    >>> from convcalc import Conv2d, trace
    >>> scene = scene_of(trace(Conv2d(1, 1, 3, stride=2, padding=1), (1, 1, 5, 5)).rows[0])
    >>> scene.rows.places, scene.rows.taps(0), scene.rows.taps(0, real=True)
    ((0, 1, 2), [-1, 0, 1], [0, 1])
    """
    windows = windows_of(row)
    is_transposed = is_a(row.layer, "ConvTranspose")
    drawn = windows[-2:]
    places = _places(drawn, at, is_transposed) if still or at is not None else [None] * len(drawn)
    axes = [visible_axis(window, place) for window, place in zip(drawn, places, strict=True)]
    unread = [unread_among(axis.window, axis.wide.shown()) for axis in axes]
    if len(axes) == 1:
        axes, unread = [visible_axis(ONE), *axes], [(), *unread]
    return Scene(
        rows=axes[0],
        columns=axes[1],
        is_transposed=is_transposed,
        unread_rows=unread[0] or (),
        unread_columns=unread[1] or (),
        is_unread_known=None not in unread,
        is_line=len(windows) == 1,
        depth=windows[0] if len(windows) > 2 else None,
    )


def refuse_place(row: Row, at: Sequence[int] | None) -> None:
    """Refuse ``at`` for a layer that has no window.

    >>> from convcalc import Linear, trace
    >>> refuse_place(trace(Linear(3, 2), (1, 3)).rows[0], None)
    """
    if at is not None:
        kind = type(row.layer).__name__
        raise ConvcalcError(f"at {','.join(map(str, at))} is a place of a window, and {kind} has none: leave it out")


def _is_elementwise(layer: Layer) -> bool:
    """Say whether the layer computes each output element from one input element."""
    single = ("Activation", "PReLU", "ScaledTanh", "Dropout", "Identity", "Elementwise")
    return is_a(layer, *single) and not is_a(layer, "GLU", "Softmax", "Softmax2d")


def windows_of(row: Row) -> tuple[Window, ...]:
    """Return the windows that are drawn: where the layer reads, or where a transposed layer writes.

    The windows of an elementwise layer hold one element. The bins of an adaptive pool are windows if all have one
    size. Raise `ConvcalcError` if there are no windows.

    >>> from convcalc import ReLU, trace
    >>> windows_of(trace(ReLU(), (1, 8, 5, 7)).rows[0])[-1].output_size
    7
    """
    layer: Any = row.layer
    windows: tuple[Window, ...] = ()
    if is_a(layer, "Conv", "Pool", "Subsampling2d"):
        windows = row.windows
    elif is_a(layer, "ConvTranspose"):
        windows = layer.output_windows(row.input)
    elif is_a(layer, "AdaptivePool"):
        bins = [(size, formulas.largest_bin(size, count), count) for size, count in layer.axes(row.input) if count]
        if any(size != largest * count for size, largest, count in bins):
            raise ConvcalcError(
                f"{layer!r} divides {by(row.input[-len(bins) :])} into bins of several sizes, which is not drawn:"
                " give an input whose sizes the bins divide"
            )
        windows = tuple(Window(size, largest, largest, (0, 0), 1, "zeros") for size, largest, _ in bins)
    elif _is_elementwise(layer):
        windows = tuple(Window(size, 1, 1, (0, 0), 1, "zeros") for size in row.input[2:] or row.input[-1:])
    if not windows:
        raise ConvcalcError(
            f"{type(layer).__name__} has no window to draw: give a convolution, a pool, a Linear layer or an activation"
        )
    if len(windows) >= len(AXES):
        raise ConvcalcError(
            f"an input of {len(row.input)} sizes has {len(windows)} spatial axes, of which at most {len(AXES) - 1}"
            f" are drawn: give at most {len(AXES) + 1} sizes"
        )
    if 0 in row.input or 0 in row.output:
        raise ConvcalcError(f"there is nothing to draw in input {list(row.input)}: give sizes of at least 1")
    return windows


def _places(windows: Sequence[Window], at: Sequence[int] | None, is_transposed: bool) -> list[int]:
    """Return the position that was asked for along each axis, or refuse one that is outside."""
    if at is None:
        return [0] * len(windows)
    sizes = [window.output_size for window in windows]
    side = "input" if is_transposed else "output"
    if len(at) != len(windows) or not all(0 <= place < size for place, size in zip(at, sizes, strict=False)):
        last = ",".join(str(size - 1) for size in sizes)
        given = ",".join(map(str, at))
        raise ConvcalcError(f"at {given} is outside the {side} {by(sizes)}: use at={last} at most, from 0")
    return list(at)
