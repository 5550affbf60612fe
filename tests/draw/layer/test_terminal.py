from __future__ import annotations

import io
import re
import subprocess
import sys
import time

import numpy as np
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from rich.console import Console

from convcalc import (
    Conv1d,
    Conv2d,
    Conv3d,
    ConvTranspose1d,
    ConvTranspose2d,
    Flatten,
    Linear,
    MaxPool2d,
    ReLU,
    trace,
)
from convcalc.draw.layer.terminal import fitted, layer_frame, layer_frames, layer_places
from convcalc.draw.layer.visible_axis import Lane
from convcalc.draw.palette import COLOURS
from convcalc.draw.terminal import coloured, plain, play
from convcalc.errors import ConvcalcError
from tests.draw.layer.test_picture import MODES, influence, layers_and_inputs
from tests.draw.lines import check_fit
from tests.draw.unhurried import UNHURRIED

WIDE = ("in", "out", "window", "spare", "copied", "frame", "unread", "unwritten", "left out")
MANY = [
    (Conv2d(1, 1, 3, stride=2, padding=1), (1, 1, 5, 5)),
    (Conv2d(3, 64, 7, stride=2, padding=3), (1, 3, 224, 224)),
    (Conv2d(1, 1, 3, padding=1), (1, 1, 24, 24)),
    (Conv2d(1, 1, (31, 61), padding=(15, 30)), (1, 1, 300, 300)),
    (Conv2d(1, 1, 3, stride=7), (1, 1, 10**30, 10**30)),
    (Conv1d(1, 1, 3, dilation=2), (1, 1, 100)),
    (Conv3d(1, 4, 3, padding=1), (1, 1, 8, 6, 6)),
    (MaxPool2d(2, 3), (1, 1, 7, 8)),
    (ConvTranspose2d(1, 1, 3, 2, 1, 1), (1, 1, 24, 24)),
    (Linear(10**6, 10**6), (1, 10**6)),
    (Linear(10**40, 10**40), (1, 10**40)),
    (Linear(3, 2), (1, 3)),
    (ReLU(), (1, 8, 4, 6)),
]


def row_of(layer, shape):
    return trace(layer, shape).rows[0]


def grid_of(layer, shape, at):
    """The roles of the cells of the side that the window moves over, row by row, and of the other side."""
    transposed = isinstance(layer, ConvTranspose1d | ConvTranspose2d)
    lines = layer_frame(row_of(layer, shape), at, width=400)
    grids = {"wide": [], "narrow": []}
    for line in lines:
        sides = [[]]
        if sum(piece.words == "" for piece in line) < 1 or any(piece.role == "code" for piece in line):
            continue
        if line[0].words and line[0].words.strip() not in ("input", "output"):
            continue
        if any(piece.words for piece in line[1:]):
            continue  # the legend
        for piece in line:
            if piece.role in ("blank", "arrow"):
                sides.append([])
            elif not piece.words:
                sides[-1].append(piece.role)
        sides = [side for side in sides if side]
        if len(sides) == 2:
            first, second = sides
        elif "blank" in [piece.role for piece in line]:
            first, second = (sides[0], []) if line[0].role != "blank" else ([], sides[0])
        else:
            first, second = (sides[0], []) if line[0].words.startswith("input") else ([], sides[0])
        wide, narrow = (second, first) if transposed else (first, second)
        grids["wide"] += [wide] if wide else []
        grids["narrow"] += [narrow] if narrow else []
    return grids


@settings(UNHURRIED, max_examples=80)
@given(layers_and_inputs(largest=6, modes=MODES), st.data())
def test_the_cells_are_those_that_the_engine_reads(case, data):
    layer, shape = case
    changes = influence(layer, shape)
    assume(max(changes.shape) <= 24)
    transposed = isinstance(layer, ConvTranspose1d | ConvTranspose2d)
    steps = changes.shape[:2] if transposed else changes.shape[2:]
    place = tuple(data.draw(st.integers(0, size - 1)) for size in steps)
    grids = grid_of(layer, shape, place[4 - len(shape) :])
    # Frames have cells of the frame around what is real.
    real = [
        [role for role in line if role not in ("frame", "spare")]
        for line in grids["wide"]
        if not set(line) <= {"frame", "spare"}
    ]
    wanted = changes[place] if transposed else changes[:, :, place[0], place[1]]
    idle = ~(changes.any(axis=(0, 1)) if transposed else changes.any(axis=(2, 3)))
    assert np.shape(real) == wanted.shape
    assert np.isin(real, ["window", "copied"]).tolist() == wanted.tolist()
    assert "copied" not in np.array(real) or getattr(layer, "padding_mode", "zeros") != "zeros"
    hatched = np.isin(real, ["unread", "unwritten"])
    assert hatched.tolist() == idle.tolist()
    used = np.argwhere(np.array(grids["narrow"]) == ("taken" if transposed else "made"))
    assert [tuple(map(int, at)) for at in used] == [place]
    assert np.shape(grids["narrow"]) == steps


@pytest.mark.parametrize("width", [40, 80])
@pytest.mark.parametrize(("layer", "shape"), MANY, ids=repr)
def test_every_line_fits(layer, shape, width):
    row = row_of(layer, shape)
    for place in (layer_places(row) or [None])[:: max(1, len(layer_places(row)) // 5)]:
        check_fit(layer_frame(row, place or None, width), width)


@pytest.mark.parametrize("height", [20, 24])
@pytest.mark.parametrize(("layer", "shape"), MANY, ids=repr)
def test_a_frame_fits_the_terminal(layer, shape, height):
    row = row_of(layer, shape)
    for place in (layer_places(row)[0], layer_places(row)[-1]):
        assert len(layer_frame(row, place or None, 80, height)) <= height


def test_a_frame_whose_words_take_more_lines_fits_too():
    layer = Conv3d(3, 8, (3, 3, 4), (3, 2, 2), (6, 0, 1), (1, 3, 3), padding_mode="circular")
    row = row_of(layer, (7, 3, 328579, 167708, 541297))
    assert len(layer_frame(row, (1, 0), 60, 20)) == 20


def test_the_known_example_in_ascii():
    row = row_of(Conv2d(1, 1, 3, stride=2, padding=1), (1, 1, 5, 5))
    assert plain(layer_frame(row, (1, 2)), in_ascii=True) == [
        "Conv2d 3x3, stride 2, padding 1",
        "out[1, 2]",
        ". . . . . . .",
        ". o o o o o .",
        ". o o o # # +       = = =",
        ". o o o # # +   ->  = = @",
        ". o o o # # +       = = =",
        ". o o o o o .",
        ". . . . . . .",
        "o  input   #  window   +  window on padding   .  padding   @  being made",
        "=  output",
        "input 5x5 (+1 padding each side) -> output 3x3",
        "floor((5 + 2*1 - 1*(3 - 1) - 1) / 2) + 1 = 3",
    ]


def test_in_colour_a_cell_is_a_background():
    window = COLOURS["window"][0]
    lines = coloured(layer_frame(row_of(Conv2d(1, 1, 2), (1, 1, 3, 3)), (0, 1)), in_ascii=True)
    backgrounds = [str(span.style).rpartition(" on ")[2] for span in lines[2].spans]
    assert backgrounds.count(window) == 2
    assert lines[2].plain.strip() == ""  # nothing but backgrounds


def test_hatched_cells_are_told_apart_without_colour():
    grid = "\n".join(plain(layer_frame(row_of(MaxPool2d(2, 3), (1, 1, 7, 8)))))
    assert grid.count("▨ ▨ ▨ ▨ ▨ ▨ ▨ ▨") == 3
    assert "read by no window" in grid
    stamped = "\n".join(plain(layer_frame(row_of(ConvTranspose2d(1, 1, 1, 2), (1, 1, 2, 2)))))
    assert "never written" in stamped


def test_what_is_left_out_is_said():
    said = "\n".join(plain(layer_frame(row_of(Conv2d(1, 1, 3, padding=1), (1, 1, 24, 24)), (10, 12))))
    assert "the middle of W is left out" in said
    assert "▣ ▣ ▣" in said
    assert "left out" not in "\n".join(plain(layer_frame(row_of(Conv2d(1, 1, 3), (1, 1, 9, 9)))))


@UNHURRIED
@given(st.integers(1, 60), st.integers(4, 40), st.data())
def test_a_lane_is_cut_to_what_fits_and_keeps_what_it_should(size, most, data):
    first = data.draw(st.integers(0, size - 1))
    keep = range(first, data.draw(st.integers(first + 1, size)))
    lane = fitted(Lane((range(size),), size), most, keep)
    shown = lane.shown()
    assert lane.length <= most
    assert shown == sorted(set(shown))
    if len(keep) + 2 <= most:
        assert set(keep) <= set(shown)
    if size <= most:
        assert len(shown) == size
    assert keep[0] in shown


def test_frames_go_on_and_stills_are_one():
    frames, seconds = layer_frames(row_of(Conv2d(1, 1, 3, stride=2, padding=1), (1, 1, 5, 5)))
    indices = [plain(next(frames))[1] for _ in range(11)]
    assert indices == [f"out[{i % 9 // 3}, {i % 3}]" for i in range(11)]
    assert seconds == 0.8
    still, _ = layer_frames(row_of(Linear(3, 2), (1, 3)))
    assert len(list(still)) == 1


@pytest.mark.parametrize("no_color", [False, True])
def test_an_animation_ends_with_ctrl_c_and_leaves_its_last_frame(monkeypatch, no_color):
    pauses = []

    def sleep(seconds):
        pauses.append(seconds)
        if len(pauses) == 3:
            raise KeyboardInterrupt

    monkeypatch.setattr(time, "sleep", sleep)
    written = io.StringIO()
    console = Console(
        file=written, force_terminal=True, width=80, height=30, no_color=no_color, color_system="truecolor"
    )
    frames, seconds = layer_frames(row_of(Conv2d(1, 1, 3, stride=2, padding=1), (1, 1, 5, 5)))
    play(console, frames, seconds)
    assert pauses == [0.8] * 3
    assert "out[0, 2]" in written.getvalue()
    assert "out[1, 0]" not in written.getvalue()
    assert bool(re.search(r"48;2;", written.getvalue())) is not no_color
    assert ("▣" in written.getvalue()) is no_color
    assert written.getvalue().endswith("\x1b[?25h")  # the cursor is there again


@pytest.mark.parametrize(
    ("layer", "shape", "at", "reason"),
    [
        (Conv2d(1, 1, 3), (1, 1, 5, 5), (3, 0), "outside the output"),
        (Flatten(), (1, 1, 5, 5), None, "no window to draw"),
    ],
)
def test_refusals_are_those_of_the_picture(layer, shape, at, reason):
    with pytest.raises(ConvcalcError, match=reason):
        layer_frame(row_of(layer, shape), at)


def test_without_colour_rich_is_not_loaded():
    code = (
        "import sys; from convcalc import Conv2d, trace; from convcalc.draw.terminal import plain;"
        "from convcalc.draw.layer.terminal import layer_frame;"
        "plain(layer_frame(trace(Conv2d(1, 1, 3), (1, 1, 5, 5)).rows[0]));"
        "sys.exit(bool({'numpy', 'rich', 'pydantic', 'typer'} & set(sys.modules)))"
    )
    subprocess.run([sys.executable, "-c", code], check=True)
