"""The two grids of a layer, the window and the lines between them, and their movement; flat or stacked."""

from __future__ import annotations

from itertools import product
from typing import NamedTuple

from convcalc.draw.frame import Drawing
from convcalc.draw.layer.grid import Blocks, cells, dots, outlines
from convcalc.draw.layer.motion import Motion, Stretch
from convcalc.draw.layer.visible_axis import Lane, Movement, Scene
from convcalc.draw.palette import SIZES
from convcalc.draw.svg import Names, element, hatched, hatching, label, number, ringed, ringing
from convcalc.draw.text import MONO_WIDTH, text_width

LOOKS = ("flat", "iso")
LARGEST, SMALLEST, FULL_WIDTH = 24, 12, 300  # pixels: of a cell, and of the axis that it is chosen for
BETWEEN = 64  # pixels between the grids
LABEL = 18  # pixels above a grid for its label
BESIDE = 12  # pixels between a label and what is beside it
BASELINE = 4  # pixels from the middle of a label down to its baseline
COUNTER = 26  # pixels below the grids for the running index
# The slanted view: the shift on the sheet of one pixel along the columns and of one along the rows.
COLUMN, ROW = (0.92, -0.26), (0.66, 0.6)
LIFT = 30  # pixels between the stacked grids
WORDS = ("input", "output")


class Grids(NamedTuple):
    """The upper left corners of the grids, and the size of a cell, in pixels of the plane that they lie in."""

    wide: tuple[float, float]
    narrow: tuple[float, float]
    cell: float


def layer_figure(name: Names, scene: Scene, look: str) -> Drawing:
    """Return the figure of a layer with a window. It moves if there are several positions."""
    motion = Motion(name, len(scene.rows.places), len(scene.columns.places))
    longest = max(lane.length for axis in (scene.rows, scene.columns) for lane in (axis.wide, axis.narrow))
    cell = max(SMALLEST, min(LARGEST, FULL_WIDTH // longest))
    if look == "iso":
        drawn = _stacked(name, scene, motion, cell)
    elif scene.is_line:
        drawn = _below_each_other(name, scene, motion, cell)
    else:
        drawn = _side_by_side(name, scene, motion, cell)
    index, wide = _index(name, scene, motion, drawn.height + COUNTER - 6)
    return Drawing(drawn.markup + index, max(drawn.width, wide), drawn.height + COUNTER, motion.css)


def _side_by_side(name: Names, scene: Scene, motion: Motion, cell: float) -> Drawing:
    """Draw the input on the left and the output on the right, both centred.

    The labels stand where no line passes: above or left of the left grid, and right of the right grid.
    """
    wide, narrow = _sizes(scene, cell)
    left, right = (narrow, wide) if scene.is_transposed else (wide, narrow)
    height = max(left[1], right[1])
    given, made = (text_width(words, SIZES["muted"]) for words in WORDS)
    is_above = left[1] == height
    x, top = (0.0, float(LABEL)) if is_above else (given + BESIDE / 2, 0.0)
    second = x + max(left[0] + BETWEEN, given + BESIDE)
    one, other = (x, top + (height - left[1]) / 2), (second, top + (height - right[1]) / 2)
    grids = Grids(other, one, cell) if scene.is_transposed else Grids(one, other, cell)
    middle = top + height / 2 + BASELINE
    labels = label(name, "muted", 0, top - 6 if is_above else middle, WORDS[0])
    labels += label(name, "muted", second + right[0] + BESIDE / 2, middle, WORDS[1])
    markup = _grids(name, scene, motion, grids) + _facing(scene, motion, grids) + labels
    return Drawing(markup, second + right[0] + BESIDE / 2 + made, top + height)


def _below_each_other(name: Names, scene: Scene, motion: Motion, cell: float) -> Drawing:
    """Draw a 1-d layer: the input above, the output below, both centred, the labels on the left."""
    (wide, _), (narrow, _) = _sizes(scene, cell)
    left = max(text_width(words, SIZES["muted"]) for words in WORDS) + BESIDE
    width, lower = max(wide, narrow), cell + BETWEEN
    tops = (lower, 0.0) if scene.is_transposed else (0.0, lower)
    grids = Grids((left + (width - wide) / 2, tops[0]), (left + (width - narrow) / 2, tops[1]), cell)
    labels = "".join(
        label(name, "muted", 0, top + cell / 2 + BASELINE, words)
        for top, words in zip((0.0, lower), WORDS, strict=True)
    )
    return Drawing(
        _grids(name, scene, motion, grids) + _facing(scene, motion, grids) + labels, left + width, lower + cell
    )


def _stacked(name: Names, scene: Scene, motion: Motion, cell: float) -> Drawing:
    """Draw the grids in two parallel planes seen at a slant, the one with a cell for each position on top."""
    (wide, tall), (narrow, low) = _sizes(scene, cell)
    # On the sheet, the centres are one above the other, and the grids do not overlap.
    right = (_seen(wide, tall)[0] - _seen(narrow, low)[0]) / 2
    down = min(COLUMN[1] * wide - LIFT - ROW[1] * low, 0)
    grids = Grids((0, 0), _on_plane(right, down), cell)
    corners = [_seen(x, y) for x, y in ((0, 0), (wide, 0), (0, tall), (wide, tall))]
    above = [_seen(grids.narrow[0] + x, grids.narrow[1] + y) for x, y in ((0, 0), (narrow, 0), (0, low), (narrow, low))]
    left = min(x for x, _ in corners + above)
    top = min(y for _, y in corners + above)
    plane = f"matrix({COLUMN[0]} {COLUMN[1]} {ROW[0]} {ROW[1]} {number(-left)} {number(-top)})"
    drawn = _grids(name, scene, motion, grids) + _corners(scene, motion, grids)
    words = WORDS[::-1] if scene.is_transposed else WORDS
    labels, most = "", max(x for x, _ in corners + above) - left
    for (x, y), text in zip((corners[-1], above[-1]), words, strict=True):
        labels += label(name, "muted", x - left + BESIDE / 2, y - top + 4, text)
        most = max(most, x - left + BESIDE / 2 + text_width(text, SIZES["muted"]))
    return Drawing(
        element("g", drawn, transform=plane) + labels,
        most,
        max(y for _, y in corners + above) - top + BESIDE / 2,
    )


def _seen(x: float, y: float) -> tuple[float, float]:
    """Return where a point of the plane is on the sheet."""
    return x * COLUMN[0] + y * ROW[0], x * COLUMN[1] + y * ROW[1]


def _on_plane(x: float, y: float) -> tuple[float, float]:
    """Return the point of the plane that is seen at a point of the sheet (Cramer's rule)."""
    area = COLUMN[0] * ROW[1] - ROW[0] * COLUMN[1]
    return (x * ROW[1] - ROW[0] * y) / area, (COLUMN[0] * y - x * COLUMN[1]) / area


def _sizes(scene: Scene, cell: float) -> tuple[tuple[float, float], tuple[float, float]]:
    """Return width and height of the wide grid, and of the narrow one."""
    rows, columns = scene.rows, scene.columns
    return (columns.wide.length * cell, rows.wide.length * cell), (
        columns.narrow.length * cell,
        rows.narrow.length * cell,
    )


def _grids(name: Names, scene: Scene, motion: Motion, grids: Grids) -> str:
    wide = _wide(name, scene, motion, grids.cell)
    narrow = _narrow(name, scene, motion, grids.cell)
    return _placed(wide, grids.wide) + _placed(narrow, grids.narrow)


def _placed(content: str, corner: tuple[float, float]) -> str:
    if corner == (0, 0):
        return content
    return element("g", content, transform=f"translate({number(corner[0])} {number(corner[1])})")


def _wide(name: Names, scene: Scene, motion: Motion, cell: float) -> str:
    """Draw the grid that the window moves over, with its padding or what is cropped, and the window."""
    rows, columns = scene.rows.wide, scene.columns.wide
    around = rows.blocks(rows.shown(outside=True)), columns.blocks(columns.shown(outside=True))
    real = rows.blocks(rows.shown()), columns.blocks(columns.shown())
    framed = around != real
    parts = [element("path", d=cells(*around, cell), class_=name("frame"))] if framed else []
    parts.append(element("path", d=cells(*real, cell), class_=name("out" if scene.is_transposed else "in")))
    if scene.has_unread:
        unread = rows.blocks(scene.unread_rows), columns.blocks(scene.unread_columns)
        hatch = outlines(unread[0], real[1], cell) + outlines(real[0], unread[1], cell)
        parts += [hatching(name), element("path", d=hatch, fill=hatched(name), class_=name("unread"))]
    parts.append(_dots(name, rows, columns, cell))
    window = _window(name, scene, motion, cell, real, framed)
    return "".join(parts) + _copied(name, scene, motion, cell) + window


def _window(name: Names, scene: Scene, motion: Motion, cell: float, real: tuple[Blocks, Blocks], framed: bool) -> str:
    """Draw the taps, in another colour on padding, and an outline around them."""
    rows, columns = scene.rows, scene.columns
    first = rows.places[0], columns.places[0]
    spans = [[axis.span(place) for place in axis.places] for axis in (rows, columns)]
    down, across = ([span.start * cell for span in spans_of] for spans_of in spans)
    outline = element("path", d=outlines([spans[0][0]], [spans[1][0]], cell), class_=name("around"))
    moves = len(down) > 1 or len(across) > 1
    if not moves or not framed:
        row_taps = [rows.wide.blocks(rows.taps(first[0], real=kind)) for kind in (True, False)]
        column_taps = [columns.wide.blocks(columns.taps(first[1], real=kind)) for kind in (True, False)]
        on_real = cells(row_taps[0], column_taps[0], cell)
        off = "".join(cells(row_taps[i], column_taps[j], cell) for i, j in ((0, 1), (1, 0), (1, 1)))
        taps = (element("path", d=off, class_=name("spare")) if off else "") + (
            element("path", d=on_real, class_=name("window")) if on_real else ""
        )
        return motion.moved("window", down, across, taps + outline)
    # A window that moves over padding is painted twice: everywhere, then again within the real elements only.
    on_frame, on_real = (_all_taps(name, role, scene, (spans[0][0], spans[1][0]), cell) for role in ("spare", "window"))
    clip = element("defs", element("clipPath", element("path", d=outlines(*real, cell)), id=name("clip")))
    everywhere = motion.moved("window", down, across, on_frame)
    within = motion.moved("window", down, across, on_real)
    clipped = element("g", within, clip_path=f"url(#{name('clip')})")
    return clip + everywhere + clipped + motion.moved("window", down, across, outline)


def _all_taps(name: Names, role: str, scene: Scene, spans: tuple[range, range], cell: float) -> str:
    """Draw the taps at the first position; with dilation as a pattern, whose size does not grow with the taps."""
    axes = scene.rows, scene.columns
    steps = [axis.window.dilation for axis in axes]
    taps = [axis.taps(axis.places[0]) for axis in axes]
    is_whole = all(len(span) == held[-1] - held[0] + 1 for span, held in zip(spans, taps, strict=True))
    if steps == [1, 1] or not is_whole:
        down, across = (axis.wide.blocks(held) for axis, held in zip(axes, taps, strict=True))
        return element("path", d=cells(down, across, cell), class_=name(role))
    # The tap is in the middle of its tile, so that its edge is not cut off.
    top, left = (span.start * cell - (step - 1) * cell / 2 for span, step in zip(spans, steps, strict=True))
    above, beside = ((step - 1) * cell / 2 for step in steps)
    tap = element("rect", x=beside, y=above, width=cell, height=cell, class_=name(role))
    pattern = element(
        "pattern",
        tap,
        id=name(f"{role}-tile"),
        x=left,
        y=top,
        width=steps[1] * cell,
        height=steps[0] * cell,
        patternUnits="userSpaceOnUse",
    )
    fill = f"url(#{name(f'{role}-tile')})"
    return element("defs", pattern) + element("path", d=outlines([spans[0]], [spans[1]], cell), fill=fill)


def _copied(name: Names, scene: Scene, motion: Motion, cell: float) -> str:
    """Draw rings on the real elements that the window reads only as copies on the padding."""
    if not scene.has_copies:
        return ""
    rows, columns = scene.rows, scene.columns
    if len(rows.places) == len(columns.places) == 1:
        (row,), (column,) = rows.places, columns.places
        taps = rows.wide.blocks(rows.taps(row, real=True)), columns.wide.blocks(columns.taps(column, real=True))
        copied = rows.wide.blocks(rows.copied(row)), columns.wide.blocks(columns.copied(column))
        path = "".join(
            outlines(down, across, cell) for down, across in ((copied[0], taps[1]), (taps[0], copied[1]), copied)
        )
        return ringing(name, cell, (cell, cell)) + element("path", d=path, fill=ringed(name))
    steps = rows.window.dilation * cell, columns.window.dilation * cell
    runs: dict[tuple[range, range], str] = {}
    for (down, across), path in _images(scene, cell).items():
        run = down.run, across.run
        runs[run] = runs.get(run, "") + _going(motion, down, across, path, cell)
    images = "".join(_within(name, *run, content, cell) for run, content in runs.items())
    return ringing(name, cell, steps) + element("g", images, fill=ringed(name))


def _images(scene: Scene, cell: float) -> dict[tuple[Movement, Movement], str]:
    """Return one path for all copies of the window that move alike.

    An element is a copy if its row, its column or both are copied.
    """
    (rows, row_copies), (columns, column_copies) = (
        (axis.itself(), axis.images()) for axis in (scene.rows, scene.columns)
    )
    paths: dict[tuple[Movement, Movement], str] = {}
    for down, across in (*product(row_copies, columns + column_copies), *product(rows, column_copies)):
        ways = down.way, across.way
        paths[ways] = paths.get(ways, "") + outlines([down.cells], [across.cells], cell)
    return paths


def _going(motion: Motion, down: Movement, across: Movement, path: str, cell: float) -> str:
    """Return the path, moved down and across."""
    shift = f"translate({number(across.phase * cell)} {number(down.phase * cell)})"
    drawn = element("path", d=path, transform=shift if down.phase or across.phase else None)
    rows, columns = ([move * cell for move in way.moves] for way in (down, across))
    return motion.moved(None, rows, columns, drawn)


def _within(name: Names, rows: range, columns: range, content: str, cell: float) -> str:
    """Return the part of the content that is on those cells."""
    clip = name(f"clip-{rows.start}-{columns.start}")
    path = element("path", d=outlines([rows], [columns], cell))
    return element("defs", element("clipPath", path, id=clip)) + element("g", content, clip_path=f"url(#{clip})")


def _narrow(name: Names, scene: Scene, motion: Motion, cell: float) -> str:
    """Draw the grid with one cell for each position, and the cell in use."""
    rows, columns = scene.rows.narrow, scene.columns.narrow
    kind, used = ("in", "taken") if scene.is_transposed else ("out", "made")
    all_cells = cells(rows.blocks(rows.shown()), columns.blocks(columns.shown()), cell)
    down, across = _narrow_starts(scene, cell)
    at = outlines([_cell_at(down[0], cell)], [_cell_at(across[0], cell)], cell)
    return (
        element("path", d=all_cells, class_=name(kind))
        + _dots(name, rows, columns, cell)
        + motion.moved("place", down, across, element("path", d=at, class_=name(used)))
    )


def _narrow_starts(scene: Scene, cell: float) -> tuple[list[float], list[float]]:
    down, across = (
        [axis.narrow.position(place) * cell for place in axis.places] for axis in (scene.rows, scene.columns)
    )
    return down, across


def _cell_at(start: float, cell: float) -> range:
    position = round(start / cell)
    return range(position, position + 1)


def _dots(name: Names, rows: Lane, columns: Lane, cell: float) -> str:
    """Draw dots in the gaps."""
    path = dots(_middles(rows), columns.gaps(), cell, upright=False)
    path += dots(rows.gaps(), _middles(columns), cell, upright=True)
    return element("path", d=path, class_=name("arrow")) if path else ""


def _middles(lane: Lane) -> list[float]:
    """Return the middle of each run."""
    return [(block.start + block.stop - 1) / 2 for block in lane.blocks(lane.shown(outside=True))]


def _facing(scene: Scene, motion: Motion, grids: Grids) -> str:
    """Draw lines between the facing sides of the window and its cell."""
    columns, rows = _stretches(scene, grids)
    first, last = (columns, rows) if not scene.is_line else (rows, columns)
    near, far = first
    # Between the sides that face each other; the cell of a transposed layer is on the left.
    facing = Stretch(near.begins, far.ends) if scene.is_transposed else Stretch(far.begins, near.ends)
    return motion.lines(last, [facing]) if not scene.is_line else motion.lines([facing], last)


def _corners(scene: Scene, motion: Motion, grids: Grids) -> str:
    """Draw lines between the four corners of the window and those of its cell."""
    columns, rows = _stretches(scene, grids)
    return motion.lines(rows, columns)


def _stretches(scene: Scene, grids: Grids) -> tuple[list[Stretch], list[Stretch]]:
    """Return the lines from both sides of the window to those of its cell, along the columns and along the rows."""
    cell, stretches = grids.cell, []
    for i, axis in enumerate((scene.columns, scene.rows)):
        spans = [axis.span(place) for place in axis.places]
        places = [axis.narrow.position(place) for place in axis.places]
        wide, narrow = grids.wide[i], grids.narrow[i]
        near = Stretch([wide + span.start * cell for span in spans], [narrow + place * cell for place in places])
        far = Stretch([wide + span.stop * cell for span in spans], [narrow + (place + 1) * cell for place in places])
        stretches.append([near, far])
    return stretches[0], stretches[1]


def _index(name: Names, scene: Scene, motion: Motion, y: float) -> tuple[str, float]:
    """Draw the running index, such as out[1, 2], and return it with its width."""
    begin = "in[" if scene.is_transposed else "out["
    rows = [f"{begin}{place}," for place in scene.rows.places]
    columns = [f"{place}]" for place in scene.columns.places]
    if scene.is_line:
        return motion.counter("column", 0, y, [begin + column for column in columns], across=True), _mono(
            begin + columns[-1]
        )
    x = _mono(rows[-1])
    row = motion.counter("row", x, y, rows, across=False)
    x += _mono(" ") / 2
    return row + motion.counter("column", x, y, columns, across=True), x + _mono(columns[-1])


def _mono(words: str) -> float:
    return len(words) * MONO_WIDTH * SIZES["code"]
