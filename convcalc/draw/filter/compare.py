"""A filter at work: picture, kernel and result side by side, and one pixel worked out."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from convcalc.draw.filter.figure import Chosen, figure, plane_of
from convcalc.draw.filter.sums import arithmetic, left_out, spelled
from convcalc.draw.filter.table import shown_of
from convcalc.draw.filter.thumbnail import Shades, scale_of, shades_of
from convcalc.draw.frame import Caption, in_frame
from convcalc.draw.svg import Names
from convcalc.draw.text import TIMES, by
from convcalc.errors import ConvcalcError
from convcalc.filter.kernel import Order, Settings
from convcalc.filter.outcome import Outcome
from convcalc.filter.picture import channels, kind
from convcalc.filter.pixel import Place, Window, neighbourhood, source, under
from convcalc.ops.sliding import Array

BAND = 64  # rows that are searched together
CHANNELS = {2: ("grey",), 3: ("red", "green", "blue"), 4: ("red", "green", "blue")}


def compare_picture(outcome: Outcome, at: Place | None = None, names: tuple[str, str] = ("input", "result")) -> str:
    """Return input, kernel and result side by side, as SVG, with the arithmetic of one pixel.

    ``at`` is the row and column of that pixel in the result; without it, it is the largest result, the nearest to the
    middle if there are several. If the filter was repeated, the last time is shown. ``names`` are written above the
    pictures. `ConvcalcError` where ``at`` is outside.

    >>> from convcalc.filter.presets import find
    >>> from convcalc.filter.outcome import run
    >>> picture = compare_picture(run(np.eye(5, dtype=np.uint8), find("box")), (2, 2))
    >>> "0.111111·1 + 0.111111·0" in picture, "= 0.333333 → 0 (clip)" in picture
    (True, True)
    """
    outcome, said = _last_time(outcome)
    chosen = choose(outcome.after, at)
    on = under(outcome.filter, outcome.settings, chosen.at)
    size, anchor = outcome.filter.size, outcome.filter.anchor
    plane = plane_of(outcome.before, chosen.channel)
    window = neighbourhood(plane, size, anchor, outcome.settings, on)
    made = plane_of(outcome.after, chosen.channel)[chosen.at].item()
    name = Names("filter", outcome.filter, outcome.settings, chosen, names, outcome.before.shape, window, made)
    shades = shades_of(outcome.before), shades_of(outcome.after)
    drawn = figure(name, outcome, chosen, on, window, names, shades)
    title = _title(outcome)
    lines = arithmetic(outcome, plane, on, made)
    sizes = (
        f"{names[0]} {by(outcome.before.shape[:2])} (rows {TIMES} columns), {kind(outcome.before)} → "
        f"{names[1]} {by(outcome.after.shape[:2])}, {kind(outcome.after)}"
    )
    notes = [*said, *_notes(outcome, window, names, shades)]
    captions = [
        Caption("ink", sizes),
        Caption("ink", _where(outcome, chosen, on)),
        *(Caption("formula", line) for line in lines),
        *([Caption("muted", "; ".join(notes))] if notes else []),
    ]
    desc = f"{title}: {sizes}. {_where(outcome, chosen, on)}: {'; '.join(lines)}. {'. '.join(notes)}"
    return in_frame(name, title, desc, drawn, captions)


def choose(after: Array, at: Place | None) -> Chosen:
    """Return the pixel to work out, and the channel in which it is largest.

    >>> choose(np.array([[0, 9, 0, 0, 9, 0]]), None).at
    (0, 1)
    >>> choose(np.zeros((2, 2, 3)), (1, 1)).channel
    0
    """
    height, width = after.shape[:2]
    count = 1 if channels(after) == 2 else min(channels(after), 3)
    if at is not None:
        if not (0 <= at[0] < height and 0 <= at[1] < width):
            raise ConvcalcError(
                f"at {at[0]},{at[1]} is outside the result {by((height, width))}: use at={height - 1},{width - 1} at"
                " most, from 0"
            )
        values = np.nan_to_num(after[at].reshape(-1)[:count].astype(np.float64), nan=-np.inf)
        return Chosen(at, int(np.argmax(values)), "asked for")
    flat = after.reshape(height, width, -1)
    best = [np.fmax.reduce(flat[..., channel], axis=None) for channel in range(count)]
    largest = max((value for value in best if value == value), default=None)  # noqa: PLR0124 - NaN
    if largest is None:
        return Chosen((height // 2, width // 2), 0, "the middle: all is NaN")
    channel = best.index(largest)
    count, place = _nearest_to_the_middle(flat[..., channel], largest)
    words = "the largest result" + (f" (of {count:,} such, the nearest to the middle)" if count > 1 else "")
    return Chosen(place, channel, words)


def _nearest_to_the_middle(plane: Array, value: float) -> tuple[int, Place]:
    """Return how many pixels have that value, and the nearest to the middle; a few rows at a time save memory."""
    height, width = plane.shape
    count, found = 0, []
    for start in range(0, height, BAND):
        rows, columns = np.nonzero(plane[start : start + BAND] == value)
        if len(rows):
            distances = (rows + (start - (height - 1) / 2)) ** 2 + (columns - (width - 1) / 2) ** 2
            nearest = int(np.argmin(distances))
            count += len(rows)
            found.append((float(distances[nearest]), (start + int(rows[nearest]), int(columns[nearest]))))
    return count, min(found)[1]


def _last_time(outcome: Outcome) -> tuple[Outcome, list[str]]:
    """Return the last of several times alone: its input is the result of those before."""
    if outcome.repeat == 1:
        return outcome, []
    from convcalc.filter.apply import apply

    before = outcome.before
    for _ in range(outcome.repeat - 1):
        before = apply(before, outcome.filter, outcome.settings).array
    words = f"the last of {outcome.repeat} times is shown: the input is the result of those before"
    return outcome._replace(before=before, repeat=1), [words]


def _title(outcome: Outcome) -> str:
    settings = outcome.settings
    words = [f"{outcome.filter.name} {by(outcome.filter.size)}", f"border {settings.border}"]
    words += [
        f"{name} {value[0] if value[0] == value[1] else by(value)}"
        for name, value in (("stride", settings.stride), ("dilation", settings.dilation))
        if value != (1, 1)
    ]
    return ", ".join(words)


def _where(outcome: Outcome, chosen: Chosen, on: Place) -> str:
    names = CHANNELS.get(channels(outcome.after))
    channel = f", {names[chosen.channel]} channel" if names else ""
    moved = "" if on == chosen.at else f", from ({on[0]}, {on[1]}) of the input"
    return f"pixel ({chosen.at[0]}, {chosen.at[1]}) of the result{moved}{channel}: {chosen.words}"


def _notes(outcome: Outcome, window: Window, names: tuple[str, str], shades: tuple[Shades, Shades]) -> list[str]:
    """Return how the pictures are shown, what the border holds, and what is left out."""
    said = []
    if not isinstance(outcome.filter, Order):
        said += ["cross-correlation: the kernel lies on the picture as it is shown", *left_out(outcome)]
    said += _border(outcome.settings, window, outcome.before.shape)
    smaller, larger = scale_of(outcome.before, outcome.after)
    if smaller > 1:
        said.append(f"both pictures are shown {smaller} times smaller, means of {by((smaller, smaller))} pixels")
    if larger > 1:
        said.append(f"both pictures are shown {larger} times larger")
    if shades[0].words and shades[0].words == shades[1].words:
        said.append(f"both in shades {shades[0].words}")
    else:
        said += [f"{name} in shades {each.words}" for name, each in zip(names, shades, strict=True) if each.words]
    if any(len(shown_of(taps)) < taps for taps in outcome.filter.size):
        said.append("dots: the middle of the kernel and of its neighbourhood is left out")
    if channels(outcome.before) in (2, 4):
        said.append("alpha is not filtered")
    return said


def _border(settings: Settings, window: Window, shape: Sequence[int]) -> list[str]:
    """Return which rows and columns of the window are outside, and what their values are."""
    outside = [
        (axis, place, source(place, size, settings.border))
        for axis, places, size in (
            ("row", [row[0].place[0] for row in window], shape[0]),
            ("column", [tap.place[1] for tap in window[0]], shape[1]),
        )
        for place in places
        if not 0 <= place < size
    ]
    if not outside:
        return []
    if settings.border == "zeros":
        return ["dashed: outside the picture, where zeros stand"]
    words = [f"{axis} {spelled(place)} = {axis} {where}" for axis, place, where in outside]
    more = f", and {len(words) - 6} more" if len(words) > 6 else ""
    return [f"dashed: outside the picture, copies ({settings.border}): {', '.join(words[:6])}{more}"]
