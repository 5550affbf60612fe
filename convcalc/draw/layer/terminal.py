"""One layer in a terminal: the grids of its picture as cells of two characters."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from itertools import product

from convcalc.draw.layer import caption
from convcalc.draw.layer.motion import pace
from convcalc.draw.layer.picture import refuse_place, scene_of, windows_of
from convcalc.draw.layer.visible_axis import Lane, Scene, VisibleAxis, lane_of
from convcalc.draw.terminal import WIDTH, Line, StyledText, words
from convcalc.errors import ConvcalcError
from convcalc.layers.linear import Linear
from convcalc.report import Row

ARROW = (StyledText("blank"), StyledText("arrow"), StyledText("blank"))
BETWEEN = (StyledText("blank"),) * len(ARROW)
LABEL = 8  # characters before a line of cells
FEWEST = 6  # cells of a grid that is cut, at least
BELOW = 4  # lines of the legend and of the note on cells that are left out, usually
OVER = {False: "window", True: "stamp"}  # of a layer that reads, and of one that writes


def layer_frame(row: Row, at: Sequence[int] | None = None, width: int = WIDTH, height: int | None = None) -> list[Line]:
    """Return the lines of a layer with its window at ``at``, as in `layer_picture`, or at the first position.

    The middle of a grid that does not fit ``width`` characters or ``height`` lines is left out. Errors as
    `layer_picture`.

    >>> from convcalc import Conv2d, trace
    >>> from convcalc.draw.terminal import plain
    >>> row = trace(Conv2d(1, 1, 2), (1, 1, 3, 3)).rows[0]
    >>> print(*plain(layer_frame(row, at=(0, 1)), in_ascii=True)[2:5], sep="\\n")
    o # #       = @
    o # #   ->  = =
    o o o
    """
    if row.parts is not None:
        raise ConvcalcError(f"{row.name!r} is a block of layers: draw one of them, or the network")
    if isinstance(row.layer, Linear):
        refuse_place(row, at)
        return _linear(row, width)
    scene, place = _scene(row, at)
    indices = f"{'in' if scene.is_transposed else 'out'}[{', '.join(map(str, place[-len(scene.axes) :]))}]"
    head = [*words("title", caption.title(row.layer), width), *words("code", indices, width)]
    rank = len(windows_of(row))
    said = [("ink", caption.shapes(row, rank, scene.is_transposed))]
    said += [("muted", line) for line in (caption.maps(row, rank), *caption.formulas(row, rank)) if line]
    tail = [line for role, text in said for line in words(role, text, width)]

    def frame(lines: int | None) -> list[Line]:
        """Return all lines, with at most ``lines`` for the grids."""
        cut = _fitted(scene, place, width, lines)
        cells = _cells(cut, place)
        notes = [note for note in caption.notes(row, cut) if not note.startswith(("dashed", "rings", "hatched"))]
        said = [line for note in notes for line in words("muted", note, width)]
        return [*head, *cells, *_legend(cut, cells, width), *tail, *said]

    if height is None:
        return frame(None)
    lines = height - len(head) - len(tail) - BELOW
    beyond = len(frame(lines)) - height
    return frame(lines - max(beyond, 0))


def layer_frames(row: Row, width: int = WIDTH, height: int | None = None) -> tuple[Iterator[list[Line]], float]:
    """Return the frames of the animation without end, and the seconds of each; one frame if nothing moves.

    >>> from convcalc import Conv2d, trace
    >>> frames, seconds = layer_frames(trace(Conv2d(1, 1, 3, stride=2, padding=1), (1, 1, 5, 5)).rows[0])
    >>> next(frames) != next(frames), seconds
    (True, 0.8)
    """
    places = layer_places(row)

    def frames() -> Iterator[list[Line]]:
        yield layer_frame(row, None, width, height)
        while len(places) > 1:
            for place in (*places[1:], places[0]):
                yield layer_frame(row, place, width, height)

    return frames(), pace(1, len(places))


def layer_places(row: Row) -> list[tuple[int, ...]]:
    """Return the positions of the animation, each as the ``at`` of `layer_picture`.

    >>> from convcalc import Conv2d, trace
    >>> layer_places(trace(Conv2d(1, 1, 2), (1, 1, 3, 3)).rows[0])
    [(0, 0), (0, 1), (1, 0), (1, 1)]
    """
    if isinstance(row.layer, Linear):
        return [()]
    return list(product(*(axis.places for axis in scene_of(row).axes)))


def fitted(lane: Lane, most: int, keep: range) -> Lane:
    """Return the elements in at most ``most`` cells: those to keep, and as much of both ends as fits.

    If not even those to keep fit, both their ends are kept.

    >>> fitted(Lane((range(20),), 20), 9, range(9, 11)).runs
    (range(0, 3), range(9, 11), range(18, 20))
    """
    if lane.length <= most:
        return lane
    elements = lane.shown(outside=True)
    inside = [element for element in elements if element in keep]
    cuts = (_lane({*_ends(elements, count), *inside}, lane.size) for count in range(most, -1, -1))
    smaller = (_lane(_ends(inside, count), lane.size) for count in range(most, 0, -1))
    return next(cut for cut in (*cuts, *smaller) if cut.length <= most)


def _ends(elements: list[int], count: int) -> list[int]:
    """Return ``count`` of the elements, half from each end."""
    return [*elements[: count - count // 2], *elements[len(elements) - count // 2 :]]


def _lane(elements: Iterable[int], size: int) -> Lane:
    runs: list[range] = []
    for element in sorted(elements):
        if runs and runs[-1].stop == element:
            runs[-1] = range(runs[-1].start, element + 1)
        else:
            runs.append(range(element, element + 1))
    return Lane(tuple(runs), size)


def _scene(row: Row, at: Sequence[int] | None) -> tuple[Scene, tuple[int, int]]:
    """Return what is drawn, and the row and the column of the position."""
    scene = scene_of(row)
    if at is None:
        return scene, (scene.rows.places[0], scene.columns.places[0])
    asked = scene_of(row, at=at)  # refuses a position outside
    place = asked.rows.places[0], asked.columns.places[0]
    is_shown = place[0] in scene.rows.places and place[1] in scene.columns.places
    return (scene if is_shown else asked), place


def _fitted(scene: Scene, place: tuple[int, int], width: int, height: int | None) -> Scene:
    """Return the scene with its grids cut to the room."""
    rows, columns = scene.rows, scene.columns
    if scene.is_line:
        most = (width - LABEL) // 2
        return scene._replace(columns=_cut(columns, place[1], most, most))
    room = width // 2 - len(ARROW)
    narrow = min(columns.narrow.length, max(room - columns.wide.length, room // 3))
    columns = _cut(columns, place[1], room - narrow, narrow)
    if height is not None:
        most = max(height, FEWEST)
        rows = _cut(rows, place[0], most, most)
    return scene._replace(rows=rows, columns=columns)


def _cut(axis: VisibleAxis, place: int, wide: int, narrow: int) -> VisibleAxis:
    taps = axis.window.taps(place)
    return axis._replace(
        wide=fitted(axis.wide, wide, range(taps[0], taps[-1] + 1)),
        narrow=fitted(axis.narrow, narrow, range(place, place + 1)),
    )


def _cells(scene: Scene, place: tuple[int, int]) -> list[Line]:
    """Return both grids, the input first: side by side, or one below the other for a 1-d layer."""
    wide = _grid(scene.rows.wide, scene.columns.wide, lambda row, column: _wide_role(scene, place, row, column))
    used, other = ("taken", "in") if scene.is_transposed else ("made", "out")
    narrow = _grid(
        scene.rows.narrow, scene.columns.narrow, lambda row, column: used if (row, column) == place else other
    )
    given, made = (narrow, wide) if scene.is_transposed else (wide, narrow)
    if scene.is_line:
        return [
            (StyledText("muted", "input".ljust(LABEL)), *given[0]),
            (StyledText("muted", "output".ljust(LABEL)), *made[0]),
        ]
    height = max(len(given), len(made))
    left, right = _in_middle(given, height), _in_middle(made, height)
    middle = (height - 1) // 2
    return [
        (*one, *(ARROW if i == middle else BETWEEN), *other)
        for i, (one, other) in enumerate(zip(left, right, strict=True))
    ]


def _in_middle(grid: list[Line], height: int) -> list[Line]:
    above = (height - len(grid)) // 2
    blank: Line = (StyledText("blank"),) * len(grid[0])
    return [blank] * above + grid + [blank] * (height - len(grid) - above)


def _wide_role(scene: Scene, place: tuple[int, int], row: int, column: int) -> str:
    rows, columns = scene.rows.window, scene.columns.window
    is_real = 0 <= row < rows.size and 0 <= column < columns.size
    if row in rows.taps(place[0]) and column in columns.taps(place[1]):
        return "window" if is_real else "spare"
    if not is_real:
        return "frame"
    if rows.reads(place[0], row) and columns.reads(place[1], column):
        return "copied"
    if row in scene.unread_rows or column in scene.unread_columns:
        return "unwritten" if scene.is_transposed else "unread"
    return "out" if scene.is_transposed else "in"


def _grid(rows: Lane, columns: Lane, role: Callable[[int, int], str]) -> list[Line]:
    return [
        tuple(StyledText("left out" if r is None or c is None else role(r, c)) for c in _steps(columns))
        for r in _steps(rows)
    ]


def _steps(lane: Lane) -> list[int | None]:
    """Return the elements, with None for a gap."""
    steps: list[int | None] = []
    for run in lane.runs:
        steps += [*([None] if steps else []), *run]
    return steps


def _legend(scene: Scene, cells: Sequence[Line], width: int) -> list[Line]:
    """Return the meaning of each kind of cell that is drawn."""
    over = OVER[scene.is_transposed]
    meanings = {
        "in": "input",
        "window": over,
        "spare": f"{over}, cropped" if scene.is_transposed else f"{over} on padding",
        "copied": "read as a copy",
        "frame": "cropped" if scene.is_transposed else "padding",
        "unread": "read by no window",
        "unwritten": "never written",
        "left out": "left out",
        "taken": "in use",
        "made": "being made",
        "out": "output",
    }
    there = {piece.role for line in cells for piece in line}
    entries = [
        (StyledText(role), StyledText("muted", f" {meaning}   ")) for role, meaning in meanings.items() if role in there
    ]
    lines: list[Line] = [()]
    for entry in entries:
        length = sum(len(piece.words) or 2 for piece in (*lines[-1], *entry))
        lines = [*lines, entry] if length > width else [*lines[:-1], (*lines[-1], *entry)]
    return lines


def _linear(row: Row, width: int) -> list[Line]:
    """Return two lines of cells: every input feeds every output."""
    sides = [("input", row.input[-1], "in"), ("output", row.output[-1], "out")]
    grids: list[Line] = []
    for label, count, role in sides:
        number = f" {count:,}"
        number = number if len(number) <= width // 2 else ""  # it is in the title
        lane = fitted(lane_of(count), (width - LABEL - len(number)) // 2, range(0))
        cells = [StyledText("left out" if step is None else role) for step in _steps(lane)]
        grids.append((StyledText("muted", label.ljust(LABEL)), *cells, StyledText("ink", number)))
    title = f"{type(row.layer).__name__} {row.input[-1]:,} → {row.output[-1]:,}"
    return [*words("title", title, width), *grids, *words("muted", "every input feeds every output", width)]
