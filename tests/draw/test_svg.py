from __future__ import annotations

import re
from xml.etree import ElementTree

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from convcalc.draw import palette, svg, text
from tests.draw.unhurried import UNHURRIED

SVG = "{http://www.w3.org/2000/svg}"
any_text = st.text(st.characters(), max_size=30)  # surrogates and control characters among them


def picture(title: str, desc: str, name: svg.Names, words: str) -> str:
    return svg.document(name, title, desc, 100, 50, [svg.label(name, "ink", 8, 20, words)])


@example("]]>", "]]>", "]]>")
@example("\r\n", "\r", "\r\n")
@UNHURRIED
@given(any_text, any_text, any_text)
def test_any_words_make_well_formed_xml(title: str, desc: str, words: str) -> None:
    made = picture(title, desc, svg.Names(words), words)
    root = ElementTree.fromstring(made.encode())
    shown = root.find(f"{SVG}text")
    assert shown is not None
    kept = "".join(c if c in "\t\n\r" or " " <= c <= "\ud7ff" or c >= "\ue000" else "\ufffd" for c in words)
    kept = kept.replace("\ufffe", "\ufffd").replace("\uffff", "\ufffd")
    assert (shown.text or "") == kept


@UNHURRIED
@given(st.floats(-1e9, 1e9) | st.integers(-(10**30), 10**30))
def test_numbers_are_short_and_near(value: float) -> None:
    shown = svg.number(value)
    assert re.fullmatch(r"-?(0|[1-9]\d*)(\.\d?[1-9])?", shown)
    assert shown != "-0"
    assert abs(float(shown) - value) <= 0.005000001 or abs(value) > 1e9


def test_the_same_input_gives_the_same_bytes_and_other_input_other_names() -> None:
    first, again, other = (picture("t", "d", svg.Names("a", n), "w") for n in (1, 1, 2))
    assert first == again
    names = [set(re.findall(r'(?:id|class)="([^"]+)"', made)) for made in (first, other)]
    assert names[0].isdisjoint(names[1])


def test_the_document_says_what_it_is() -> None:
    root = ElementTree.fromstring(picture("the title", "the description", svg.Names(), "w"))
    assert root.get("role") == "img"
    assert root.get("viewBox") == "0 0 100 50"
    ids = {part.get("id"): part.text for part in root}
    assert [ids[i] for i in root.attrib["aria-labelledby"].split()] == ["the title", "the description"]
    assert [part.tag for part in root][:4] == [f"{SVG}title", f"{SVG}desc", f"{SVG}style", f"{SVG}rect"]


def luminance(colour: str) -> float:
    """WCAG 2.1, "relative luminance"."""
    digits = colour[1:] if len(colour) == 7 else "".join(2 * c for c in colour[1:])
    parts = [int(digits[i : i + 2], 16) / 255 for i in (0, 2, 4)]
    linear = [part / 12.92 if part <= 0.03928 else ((part + 0.055) / 1.055) ** 2.4 for part in parts]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


def contrast(one: str, other: str) -> float:
    """WCAG 2.1, "contrast ratio"."""
    darker, lighter = sorted((luminance(one), luminance(other)))
    return (lighter + 0.05) / (darker + 0.05)


def test_contrast_is_wcags() -> None:
    assert contrast("#fff", "#000000") == pytest.approx(21)


@pytest.mark.parametrize("scheme", [palette.LIGHT, palette.DARK])
@pytest.mark.parametrize("role", palette.SIZES)
def test_text_can_be_read_on_the_card(role: str, scheme: int) -> None:
    colours = re.findall(r"fill:{([\w-]+)}", palette.ROLES[role])
    assert len(colours) == 1
    assert contrast(palette.COLOURS[colours[0]][scheme], palette.COLOURS["card"][scheme]) >= 4.5


@pytest.mark.parametrize("scheme", [palette.LIGHT, palette.DARK])
@pytest.mark.parametrize(("one", "other"), [("taken", "input"), ("made", "output"), ("window-edge", "window")])
def test_what_is_in_use_stands_out(one: str, other: str, scheme: int) -> None:
    """WCAG 2.1, 1.4.11: 3:1 for parts of graphics."""
    assert contrast(palette.COLOURS[one][scheme], palette.COLOURS[other][scheme]) >= 3


def test_every_colour_of_a_role_changes_in_the_dark() -> None:
    light, dark = palette.styles(str, palette.ROLES).split("@media(prefers-color-scheme:dark)")
    assert light.count(":#") == dark.count(":#") > 0
    assert "{" not in re.sub(r"\.[\w-]+{[^{}]*}", "", light)


@UNHURRIED
@given(st.text(max_size=80), st.integers(20, 300), st.booleans(), st.none() | st.integers(1, 3))
def test_lines_fit(words: str, width: int, bold: bool, most: int | None) -> None:
    lines = text.fit(words, 12, width, bold, most)
    assert all(text.text_width(line, 12, bold) <= width for line in lines)
    if most is None:
        assert "".join(lines).replace(" ", "") == words.replace(" ", "")
    else:
        assert len(lines) <= most


def test_widths_are_those_of_the_widest_font() -> None:
    # Verdana's, in thousandths (from its metrics): i 274, m 973, 0 636, W 989; in bold 342, 1058, 711, 1128.
    assert [text.text_width(c, 1000) >= w for c, w in zip("im0W", (274, 973, 636, 989), strict=True)] == [True] * 4
    assert all(text.text_width(c, 1000, True) >= w for c, w in zip("im0W", (342, 1058, 711, 1128), strict=True))
    assert all(chr(c) in text.WIDTHS[bold] for c in range(32, 127) for bold in (True, False))
