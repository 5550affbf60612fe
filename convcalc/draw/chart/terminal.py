"""A chart of costs in a terminal."""

from __future__ import annotations

from collections.abc import Sequence

from convcalc.draw.chart.picture import costs_of, fewer, share
from convcalc.draw.terminal import WIDTH, Line, StyledText, shorten, words
from convcalc.report import Report

SERIES = (("bar", "█"), ("second", "▒"))  # the look of each series
NAME, KIND, NUMBER = 24, 20, 23  # characters at most
BAR = 8  # characters at least


def chart_lines(report: Report, figure: str, depth: int | None = None, width: int = WIDTH) -> list[Line]:
    """Return a line with a bar for each layer. ``figure``, ``depth`` and errors are those of `chart_picture`.

    >>> from convcalc import trace, zoo
    >>> from convcalc.draw.terminal import plain
    >>> lines = plain(chart_lines(trace(zoo.build("lenet5"), (1, 1, 32, 32)), "parameters"), in_ascii=True)
    >>> [line.split()[-1] for line in lines if line.startswith("C5")]  # 48,120 of 60,000
    ['80.2%']
    """
    title, series, every, totals, _ = costs_of(report, figure, depth)
    bars = fewer(every)
    numbers = [" + ".join(shorten(f"{value:,}", NUMBER) for value in bar.values) for bar in bars]
    if len(series) == 1:
        numbers = [f"{number} {share(bar.values[0], totals[0])}" for number, bar in zip(numbers, bars, strict=True)]
    room = width - max(map(len, numbers)) - len(series)
    name = min(NAME, max(len(bar.name) for bar in bars))
    kind = max(min(KIND, max(len(bar.kind) for bar in bars), room - BAR - name - 2), 1)
    name = max(min(name, room - BAR - kind - 2), 1)
    room -= name + kind + 2
    largest = max(sum(bar.values) for bar in bars)
    lines = words("title", title, width)
    for bar, number in zip(bars, numbers, strict=True):
        beside = f"{shorten(bar.name, name):<{name}} {shorten(bar.kind, kind):<{kind}} "
        drawn = _stacked(bar.values, room, largest)
        lines.append((StyledText("ink", beside), *drawn, StyledText("muted", f" {number}")))
    if len(series) > 1:
        lines.append(
            tuple(
                piece
                for (role, symbol), each in zip(SERIES, series, strict=True)
                for piece in (StyledText(role, symbol * 2), StyledText("muted", f" {each.words}   "))
            )
        )
    sums = " and ".join(f"{value:,} {each.words}" for value, each in zip(totals, series, strict=True))
    return [*lines, *words("muted", f"in all {sums}", width)]


def _stacked(values: Sequence[int], room: int, largest: int) -> Line:
    """Return a bar with a part for each value. A value above 0 is at least one character long."""
    pieces, total, drawn = [], 0, 0
    for (role, symbol), value in zip(SERIES, values, strict=False):
        total += value
        end = max(total * room // largest, drawn + (value > 0))
        pieces.append(StyledText(role, symbol * (end - drawn)))
        drawn = end
    return tuple(pieces)
