"""Pictures side by side: their sizes, colours and greys, by hand and beside an obvious slow mean."""

from __future__ import annotations

from fractions import Fraction
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from convcalc.draw.filter.terminal import RAMPS, averaged, side_by_side, style_for
from convcalc.draw.terminal import Line, coloured, plain


def text(line: Line) -> str:
    return "".join(piece.words for piece in line)


def roles(line: Line) -> list[str]:
    """A role for every character."""
    return [piece.role for piece in line for _ in piece.words]


def one(picture: np.ndarray, **settings: Any) -> list[Line]:
    """The left of the two alone, without a caption."""
    lines = side_by_side(picture, picture, ("", ""), **settings)
    return [line[: len(line) // 2] for line in lines]


# Means


@given(st.integers(1, 9), st.integers(1, 9), st.integers(1, 12), st.integers(1, 12))
def test_a_mean_is_of_what_falls_on_the_pixel(high: int, wide: int, rows: int, columns: int) -> None:
    """Beside the pixels cut into so many parts that they fall together, exactly."""
    x = np.random.default_rng(high * 10 + wide).integers(0, 256, (high, wide, 2))
    found = averaged(x.astype(np.uint8), rows, columns)
    for row in range(rows):
        for column in range(columns):
            for channel in range(2):
                parts = [
                    int(x[i // rows, j // columns, channel])
                    for i in range(row * high, (row + 1) * high)
                    for j in range(column * wide, (column + 1) * wide)
                ]
                assert found[row, column, channel] == pytest.approx(float(Fraction(sum(parts), len(parts))))


def test_a_large_picture_is_averaged_in_parts() -> None:
    x = np.broadcast_to(np.arange(3000, dtype=np.uint16)[:, None, None], (3000, 4000, 3))
    assert averaged(x, 2, 3)[..., 0] == pytest.approx(np.array([[749.5] * 3, [2249.5] * 3]))


# Sizes


@pytest.mark.parametrize(
    ("shape", "width", "height", "columns", "lines"),
    [
        ((240, 320), 80, None, 39, 15),  # 39 / 320 of 240 rows are 29.25: two to a line
        ((240, 320, 3), 120, None, 59, 22),
        ((240, 320), 80, 8, 21, 8),  # 16 rows: a fifteenth
        ((10, 10), 80, None, 30, 15),  # three times as large
        ((3, 100), 11, None, 4, 1),
        ((1000, 1), 80, 20, 1, 20),
        ((1, 1), 1, 1, 1, 1),
    ],
)
def test_they_fit_and_keep_their_aspect(
    shape: tuple[int, ...], width: int, height: int | None, columns: int, lines: int
) -> None:
    shown = one(np.zeros(shape, np.uint8), width=width, height=height, style="colour")
    assert len(shown) == lines
    assert {
        len(roles(line))
        for line in side_by_side(np.zeros(shape, np.uint8), np.zeros(shape, np.uint8), ("", ""), width, height)
    } == {2 * columns + 2}


def test_both_have_the_same_scale_and_captions_below() -> None:
    big, small = np.full((8, 8), 255, np.uint8), np.full((4, 4), 255, np.uint8)
    lines = [text(line) for line in side_by_side(big, small, ("whole", "half of it"), width=20, style="ascii")]
    assert lines == ["@@@@@@@@  @@@@", "@@@@@@@@  @@@@", "@@@@@@@@", "@@@@@@@@", "whole     half of", "          it"]
    lines = side_by_side(small, big, ("half", "whole"), width=20, style="ascii")
    assert [text(line) for line in lines] == ["@@@@  @@@@@@@@"] * 2 + ["      @@@@@@@@"] * 2 + ["half  whole"]


# Colours


def test_a_character_is_two_pixels_in_colour() -> None:
    red, green, blue, white = (255, 0, 0), (0, 255, 0), (0, 0, 255), (255, 255, 255)
    picture = np.array([[red, green], [blue, blue], [white, white]], np.uint8)
    first, second = one(picture, width=6)
    assert text(first[:2]) == text(second[:1]) == "▀▀"
    assert roles(first)[:2] == ["#ff0000 on #0000ff", "#00ff00 on #0000ff"]
    assert roles(second)[:2] == ["#ffffff"] * 2  # below it there is nothing


def test_it_is_printed_as_other_pictures_are() -> None:
    lines = side_by_side(np.zeros((2, 1), np.uint8), np.full((2, 1), 255, np.uint8), ("a", "b"), width=4)
    [shown, captions] = coloured(lines)
    assert [(span.start, span.end, str(span.style)) for span in shown.spans if "#" in str(span.style)] == [
        (0, 1, "#000000 on #000000"),
        (3, 4, "#ffffff on #ffffff"),
    ]
    assert captions.plain == "a  b"


@pytest.mark.parametrize(
    ("values", "dtype"),
    [([0, 128, 255], np.uint8), ([0, 32896, 65535], np.uint16), ([-1.5, 0.506, 2.5], np.float32), ([0, 1, 1], bool)],
)
def test_every_type_is_scaled_to_black_and_white(values: list[float], dtype: Any) -> None:
    picture = np.array([values] * 2).astype(dtype)
    [line] = [line for line in one(picture, width=8) if "▀" in text(line)]
    middle = "#ffffff" if dtype is bool else "#808080"
    assert roles(line)[:3] == [f"{grey} on {grey}" for grey in ("#000000", middle, "#ffffff")]


def test_the_caption_says_what_is_black_and_white() -> None:
    picture = np.array([[-1.25, np.nan], [np.inf, 2]])
    [shown, *captions] = side_by_side(picture, np.array([[3.0]]), ("in", "out"), width=80, height=2)
    assert (
        "  ".join(text(line) for line in captions) == "in (black: -1.25, NaN too; white: 2)  out (black: 3; white: 3)"
    )
    grey = [role.split(" on ") for role in roles(shown)[:2]]
    assert [grey[0][0], grey[0][1], grey[-1][0]] == ["#000000", "#ffffff", "#000000"]
    one(np.full((2, 2), np.nan), width=8)


def test_what_is_transparent_lies_on_a_checkerboard() -> None:
    """And adds no colour: the mean of a red pixel and a green one that is not seen is half red."""
    clear = np.zeros((8, 8, 4), np.uint8)
    clear[..., 1] = 255
    [first, *_] = one(clear, width=18)
    assert roles(first)[:8] == ["#666666 on #666666"] * 4 + ["#999999 on #999999"] * 4
    picture = np.array([[[255, 0, 0, 255], [0, 255, 0, 0]]] * 2, np.uint8)
    [first] = [line for line in one(picture, width=4) if text(line)]
    assert roles(first)[0] == "#b33333"  # (255 + 0x66) / 2, and 0x66 / 2 of the others
    grey = np.array([[[1.0, 1.0], [0.0, 0.0]]] * 2)
    assert roles(one(grey, width=6)[0])[:2] == ["#ffffff on #ffffff", "#666666 on #666666"]
    floating = np.array([[[4.0, 1.0], [3.0, 0.5], [2.0, 0.0]]] * 2)  # half of the middle, and half of 0x66
    assert [role[:7] for role in roles(one(floating, width=8)[0])[:3]] == ["#ffffff", "#737373", "#666666"]


# Greys


@pytest.mark.parametrize("style", ["shades", "ascii"])
def test_greys_are_a_ramp(style: Any) -> None:
    ramp = RAMPS[style]
    steps = np.linspace(0, 255, len(ramp)).round().astype(np.uint8)
    lines = one(np.array([steps] * 2), width=2 * len(ramp) + 2, style=style)
    assert text(lines[0])[: len(ramp)] == ramp


def test_grey_is_as_bright_as_the_colour_and_of_both_rows() -> None:
    colours = np.array([[[255, 0, 0], [0, 255, 0], [0, 0, 255], [255, 255, 255]]] * 2, np.uint8)
    assert text(one(colours, width=10, style="ascii")[0])[:4] == ":+.@"  # 0.299, 0.587, 0.114 and 1, times 10
    rows = np.array([[255, 255], [0, 0], [255, 255]], np.uint8)
    assert [text(line)[:2] for line in one(rows, width=6, style="ascii")] == ["==", "@@"]


def test_ascii_is_ascii() -> None:
    lines = side_by_side(np.zeros((4, 4), np.uint8), np.zeros((4, 4)), ("5² → 3", "\u03c3"), width=80, style="ascii")
    assert plain(lines, in_ascii=True)[-1].startswith("5^2 -> 3")
    "".join(plain(lines, in_ascii=True)).encode("ascii")


@pytest.mark.parametrize(
    ("in_colour", "encoding", "style"),
    [
        (True, "utf-8", "colour"),
        (False, "UTF-8", "shades"),
        (True, "cp437", "colour"),
        (False, "ascii", "ascii"),
        (True, "latin-1", "ascii"),
        (False, "no such", "ascii"),
    ],
)
def test_the_style_is_what_can_be_shown(in_colour: bool, encoding: str, style: str) -> None:
    assert style_for(in_colour, encoding) == style
