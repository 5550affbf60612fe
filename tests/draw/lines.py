"""What every picture made of characters must do."""

from __future__ import annotations

from convcalc.draw.terminal import coloured, plain


def check_fit(lines, width):
    """Each line fits the width in Unicode, in ASCII and in colour; ASCII is ASCII."""
    in_ascii = plain(lines, in_ascii=True)
    for texts in (plain(lines), in_ascii, [text.plain for text in coloured(lines)]):
        assert [text for text in texts if len(text.rstrip()) > width] == []
    assert all(text.isascii() for text in (*in_ascii, *(text.plain for text in coloured(lines, in_ascii=True))))
