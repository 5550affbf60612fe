"""The pages that walk through the article: both show the same, every figure is shown, every mistake is refused."""

from __future__ import annotations

import csv
import re

import numpy as np
import pytest

from convcalc import RBF, Conv2d, ConvcalcError, ScaledTanh, Subsampling2d, engine
from tests.helpers import DATA

DOCS = DATA.parent.parent / "docs"
PAGES = ("article.md", "article.zh.md")

with (DATA / "lenet5_published.csv").open() as file:
    PUBLISHED = list(csv.DictReader(file))


def text(page):
    return (DOCS / page).read_text(encoding="utf-8")


def blocks(page):
    """The commands that are shown with their output, and the others."""
    return re.findall(r"^```(?:console|pycon|sh)\n(.*?)^```", text(page), flags=re.DOTALL | re.MULTILINE)


def test_both_pages_show_the_same_commands_and_outputs():
    assert blocks(PAGES[0]) == blocks(PAGES[1])


def test_both_pages_have_the_same_sections_and_pictures():
    levels = [re.findall(r"^#+ ", text(page), flags=re.MULTILINE) for page in PAGES]
    assert levels[0] == levels[1]
    pictures = [re.findall(r"!\[.*?\]\((.*?)\)", text(page)) for page in PAGES]
    assert pictures[0] == pictures[1]


def test_the_pages_lead_to_each_other_and_the_readme_to_both():
    assert "(article.zh.md)" in text(PAGES[0])
    assert "(article.md)" in text(PAGES[1])
    readme = (DOCS.parent / "README.md").read_text(encoding="utf-8")
    assert all(f"(docs/{page})" in readme for page in PAGES)


@pytest.mark.parametrize("row", PUBLISHED, ids=lambda row: row["layer"])
def test_every_row_of_the_table_is_shown(row):
    parameters, connections = (f"{int(row[figure]):,}" for figure in ("parameters", "connections"))
    sizes = row["output"].replace("x", ", ")
    shown = rf"^{row['layer']} .*{sizes}.* {parameters} +{connections} "
    assert any(re.search(shown, block, flags=re.MULTILINE) for block in blocks(PAGES[0]))


@pytest.mark.parametrize(
    "shown",
    [
        "[1, 1, 28, 28]",  # part 2: the input
        "[6, 1, 5, 5]",
        "2,416      241,600",  # every kernel of C3
        "107,736",  # what of C1 lands on the picture
        "117,600     117,600",
        "[120, 16, 5, 5]",
        "[10, 3, 28, 28]",  # part 3: the example
        "[16, 3, 4, 4]",
        "[10, 16, 13, 13]",
        "floor((28 + 2*0 - 1*(4 - 1) - 1) / 2) + 1 = 13",
        "stride            divides evenly",
        "unread rows       1 of 28: index 27",
        "--d 0 is too small",
        "--g 48 does not divide in_channels 6",
        "takes 1 channel, got 6",  # C3's kernels as printed
        "takes 1 channel, got 16",  # C5's
    ],
)
def test_the_figure_is_shown(shown):
    assert any(shown in block for block in blocks(PAGES[0]))


def test_the_picture_by_hand():
    picture = np.array([[1, 2, 1], [2, 9, 2], [1, 2, 1]])
    kernels = np.array(
        [
            [[1, 1, 1], [1, 1, 1], [1, 1, 1]],
            [[0, -1, 0], [-1, 5, -1], [0, -1, 0]],
            [[-1, 0, 1], [-2, 0, 2], [-1, 0, 1]],
        ]
    )
    made = engine.execute(Conv2d(1, 3, 3, bias=False), picture[None, None], weight=kernels[:, None])
    assert made.ravel().tolist() == [21, 5 * 9 - 4 * 2, 0]


def test_the_units_of_1998_by_hand():
    window = np.array([[1, 2], [3, 4]])[None, None]
    assert engine.execute(Subsampling2d(1, 2), window, weight=[3], bias=[5]).item() == (1 + 2 + 3 + 4) * 3 + 5
    codes = [[1, 1, 1], [1, -1, 1]]
    assert engine.execute(RBF(3, 2), [[1, -1, 1]], weight=codes).tolist() == [[2 * 2, 0]]
    assert engine.execute(ScaledTanh(), [[-1.0, 1.0]]) == pytest.approx(np.array([[-1, 1]]), abs=1e-5)


@pytest.mark.parametrize(
    ("settings", "refusal"),
    [
        ({"dilation": 0}, "dilation 0 is too small"),
        ({"groups": 4}, "groups 4 does not divide in_channels 6"),
        ({"groups": 3}, "groups 3 does not divide out_channels 16"),
        ({"groups": 48}, "groups 48 does not divide in_channels 6"),
    ],
)
def test_what_the_article_has_the_wrong_way_round_is_refused(settings, refusal):
    with pytest.raises(ConvcalcError, match=refusal):
        Conv2d(6, 16, 3, **settings)


def test_the_kernels_that_the_article_prints_do_not_fit():
    with pytest.raises(ConvcalcError, match="takes 1 channel, got 6"):
        Conv2d(1, 16, 5).output_shape((1, 6, 14, 14))
    with pytest.raises(ConvcalcError, match="takes 1 channel, got 16"):
        Conv2d(1, 120, 1).output_shape((1, 16, 5, 5))
    assert Conv2d(16, 120, 1).output_shape((1, 16, 5, 5)) == (1, 120, 5, 5)
    assert Conv2d(16, 120, 5).output_shape((1, 16, 5, 5)) == (1, 120, 1, 1)
