"""The words in a layer's picture: the title, the shapes, the formulas with their numbers, and notes."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from convcalc.draw.layer.visible_axis import Scene
from convcalc.draw.text import MINUS, TIMES, by
from convcalc.explain import explain
from convcalc.layers.base import Layer
from convcalc.layers.windows import AXES
from convcalc.report import Row

SETTINGS = ("stride", "padding", "dilation", "output_padding", "groups", "output_size")


def title(layer: Layer) -> str:
    """Return the layer in words.

    >>> from convcalc import Conv2d
    >>> title(Conv2d(1, 1, (3, 5), stride=2, padding=1))
    'Conv2d 3\xd75, stride 2, padding 1'
    """
    kernel = getattr(layer, "kernel_size", None)
    words = [type(layer).__name__ + (f" {by(kernel)}" if kernel else "")]
    for name in SETTINGS:
        value = getattr(layer, name, None)
        if value is not None and _changes(name, value):
            mode = getattr(layer, "padding_mode", "zeros")
            kind = f" ({mode})" if name == "padding" and mode != "zeros" else ""
            words.append(f"{name.replace('_', ' ')} {_spelled(value)}{kind}")
    if getattr(layer, "ceil_mode", False):
        words.append("ceil mode")
    return ", ".join(words)


def shapes(row: Row, rank: int, is_transposed: bool) -> str:
    """Return the sizes of input and output, and their padding or cropping.

    >>> from convcalc import Conv2d, trace
    >>> shapes(trace(Conv2d(1, 1, 3, padding=1), (1, 1, 5, 5)).rows[0], 2, False)
    'input 5\xd75 (+1 padding each side) → output 5\xd75'
    """
    made = f"output {by(row.output[-rank:])}"
    given = f"input {by(row.input[-rank:])}"
    if is_transposed:
        return f"{given} → {made}{_cropped(row.layer)}"
    return f"{given}{_padded([window.padding for window in row.windows])} → {made}"


def maps(row: Row, rank: int) -> str | None:
    """Return channels and batch; None if there is one of each, or if there are no such axes.

    >>> from convcalc import Conv2d, trace
    >>> maps(trace(Conv2d(3, 16, 3), (10, 3, 5, 5)).rows[0], 2)
    'channels 3 → 16, batch 10'
    """
    before, behind = row.input[:-rank], row.output[:-rank]
    if not before or set(before + behind) == {1}:
        return None
    batch = f", batch {by(before[:-1])}" if len(before) > 1 else ""
    return f"channels {before[-1]} → {behind[-1]}{batch}"


def formulas(row: Row, rank: int) -> list[str]:
    """Return the formulas of the output sizes; axes with one formula share a line.

    >>> from convcalc import Conv2d, trace
    >>> formulas(trace(Conv2d(1, 1, 3), (1, 1, 5, 5)).rows[0], 2)
    ['⌊(5 + 2·0 \u2212 1·(3 \u2212 1) \u2212 1) / 1⌋ + 1 = 3']
    """
    lines = explain(row)
    axes: dict[str, list[str]] = {}
    for line in lines:
        for axis in AXES[rank]:
            if line.figure == f"output {axis}":
                axes.setdefault(f"{pretty(line.formula)} = {line.value}", []).append(axis)
    if len(axes) == 1:
        return list(axes)
    return [f"{', '.join(names)}: {formula}" for formula, names in axes.items()]


def pretty(formula: str) -> str:
    """Return a formula of `explain` in mathematical signs.

    >>> pretty("floor((5 - 1) / 2) + 2*1")
    '⌊(5 \u2212 1) / 2⌋ + 2·1'
    """
    head, floor, rest = formula.partition("floor(")
    if floor:
        depth, end = 1, 0
        while depth:
            depth += {"(": 1, ")": -1}.get(rest[end], 0)
            end += 1
        formula = f"{head}⌊{rest[: end - 1]}⌋{rest[end:]}"
    return formula.replace("*", "·").replace("-", MINUS)


def description(title: str, shapes: str, scene: Scene, said: Sequence[str]) -> str:
    """Describe the picture in sentences, for readers who do not see it.

    >>> from convcalc.draw.layer.visible_axis import visible_axis
    >>> from convcalc.layers.windows import Window
    >>> axis = visible_axis(Window(5, 3, 2, (1, 1), 1, "zeros"))
    >>> description("Conv2d", "input 5x5", Scene(axis, axis), [])[:45]
    'Conv2d: input 5x5. A window of 3\xd73 taps moves'
    """
    taps = by([axis.window.kernel_size for axis in scene.axes])
    if scene.is_transposed:
        seen = f"Each input cell in turn stamps {taps} taps onto the output"
    else:
        seen = f"A window of {taps} taps moves over the input and makes one output cell at each position"
    notes = "".join(f" {note[0].upper()}{note[1:]}." for note in said)
    return f"{title}: {shapes}. {seen}.{notes}"


def notes(row: Row, scene: Scene) -> list[str]:
    """Return what the marks mean, and what is not shown.

    >>> from convcalc import MaxPool2d, trace
    >>> from convcalc.draw.layer.picture import scene_of
    >>> row = trace(MaxPool2d(2), (1, 1, 5, 5)).rows[0]
    >>> notes(row, scene_of(row))
    ['hatched: read by no window']
    """
    said = []
    axes = scene.axes
    if any(not 0 <= element < axis.window.size for axis in axes for element in axis.wide.shown(outside=True)):
        said.append(_frame(row.layer, scene.is_transposed))
    if scene.has_copies:
        said.append("rings: read only as copies on the padding")
    if scene.has_unread:
        said.append("hatched: never written" if scene.is_transposed else "hatched: read by no window")
    if not scene.is_unread_known:
        said.append("which elements no window reads is not worked out, with so much padding")
    cut = [name for name, axis in zip("L" if scene.is_line else "HW", axes, strict=True) if axis.is_cut]
    if cut:
        said.append(f"dots: the middle of {' and '.join(cut)} is left out")
    if scene.depth is not None:
        said.append(f"one slice along D is shown: the window holds {scene.depth.kernel_size} of {scene.depth.size}")
    return said


def _frame(layer: Layer, is_transposed: bool) -> str:
    if is_transposed:
        return "dashed: cropped"
    mode = getattr(layer, "padding_mode", "zeros")
    if mode != "zeros":
        return f"dashed: padding that holds copies ({mode})"
    return "dashed: padding" + (" and what ceil mode adds" if getattr(layer, "ceil_mode", False) else "")


def _padded(sides: Sequence[tuple[int, int]]) -> str:
    if not any(map(any, sides)):
        return ""
    if all(before == after >= 0 for before, after in sides):
        each = [before for before, _ in sides]
        return f" (+{each[0] if len(set(each)) == 1 else by(each)} padding each side)"
    return f" (padding {_spelled(sides)})"


def _cropped(layer: Any) -> str:
    said = []
    if any(layer.padding):
        said.append(f"padding {_spelled(layer.padding)} crops each side")
    if any(layer.output_padding):
        said.append(f"output padding {_spelled(layer.output_padding)} adds to the far side")
    return f" ({', '.join(said)})" if said else ""


def _changes(name: str, value: Any) -> bool:
    plain = {"dilation": 1, "groups": 1, "output_size": None}.get(name, 0)
    return any(side != plain for side in _flat(value))


def _flat(value: Any) -> list[int]:
    return [part for each in value for part in _flat(each)] if isinstance(value, Sequence) else [value]


def _spelled(value: Any) -> str:
    """Return a setting as text: one number if all axes agree; sides that differ as before+after."""
    if not isinstance(value, Sequence):
        return str(value)
    parts = [each if isinstance(each, int) or each is None else _sides(each) for each in value]
    return str(parts[0]) if len(set(parts)) == 1 else TIMES.join(map(str, parts))


def _sides(pair: Sequence[int]) -> int | str:
    before, after = pair
    return before if before == after else f"{before}+{after}"
