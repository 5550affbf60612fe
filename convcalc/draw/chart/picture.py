"""A chart of the parameters, multiply-accumulates or memory of each layer, as horizontal bars."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import NamedTuple

from convcalc.draw.frame import Caption, Drawing, in_frame
from convcalc.draw.lookup import kind_of
from convcalc.draw.palette import SIZES
from convcalc.draw.svg import Names, element, hatched, hatching, label
from convcalc.draw.text import shorten, text_width, widest
from convcalc.errors import ConvcalcError, quoted
from convcalc.layers.settings import counted
from convcalc.report import Figures, Report, Row, total

MOST = 40  # bars
NAME_WIDTH, KIND_WIDTH, BAR_WIDTH = 220, 150, 260  # pixels
GAP, LEAST = 10, 1
LEAST_SHOWN = 0.05  # per cent
HEIGHT, PITCH = 12, 20


class Series(NamedTuple):
    """Bars of one colour: their name, and the figure of a layer that they show."""

    words: str
    role: str
    value: Callable[[Figures], int]


CHARTS = {
    "parameters": (Series("parameters", "in", lambda figures: figures.parameters),),
    "macs": (Series("MACs", "window", lambda figures: figures.macs),),
    "memory": (
        Series("bytes of parameters", "in", lambda figures: figures.parameter_bytes),
        Series("bytes of outputs", "out", lambda figures: figures.output_bytes),
    ),
}


class Bar(NamedTuple):
    """A line of the chart: a layer, or several layers together, and the value of each series."""

    name: str
    kind: str
    values: tuple[int, ...]


class Costs(NamedTuple):
    """The contents of a chart: its series, a bar for each layer, the totals, and the number of rows left out."""

    title: str
    series: tuple[Series, ...]
    bars: list[Bar]
    totals: tuple[int, ...]
    left_out: int


def chart_picture(report: Report, figure: str, depth: int | None = None) -> str:
    """Return the SVG of a bar for each layer, in the order of the network. ``figure`` is parameters, macs or memory.

    ``depth`` says how deep blocks are opened (1: only the outermost); None: as deep as 40 bars allow. If there are
    more bars, the smallest are added up. Raise `ConvcalcError` if there is no such chart, or nothing to show.

    >>> from convcalc import trace, zoo
    >>> picture = chart_picture(trace(zoo.build("lenet5"), (1, 1, 32, 32)), "parameters")
    >>> "48,120 (80.2%)" in picture  # C5, of 60,000
    True
    """
    title, series, bars, totals, left_out = costs_of(report, figure, depth)
    sums = " and ".join(f"{value:,} {each.words}" for value, each in zip(totals, series, strict=True))
    shown = fewer(bars)
    captions = [
        Caption("ink", f"in all {sums}"),
        *(Caption("muted", words) for words in _notes(report, figure, left_out)),
    ]
    name = Names("chart", figure, [*map(tuple, bars)], [caption.words for caption in captions])
    most = max(bars, key=lambda bar: sum(bar.values))
    desc = (
        f"{title}, {counted(len(shown), 'bar')} in the network's order; in all {sums}. The most has {most.name}:"
        f" {' and '.join(f'{value:,} {each.words}' for value, each in zip(most.values, series, strict=True))}."
    )
    return in_frame(name, title, desc, _figure(name, shown, series, totals), captions)


def costs_of(report: Report, figure: str, depth: int | None = None) -> Costs:
    """Return the contents of a chart. ``depth`` and errors are those of `chart_picture`.

    >>> from convcalc import trace, zoo
    >>> costs = costs_of(trace(zoo.build("lenet5"), (1, 1, 32, 32)), "parameters")
    >>> costs.title, costs.bars[0], costs.totals  # 6*25 + 6
    ('Parameters of each layer', Bar(name='C1', kind='Conv2d 5\xd75', values=(156,)), (60000,))
    """
    if figure not in CHARTS:
        raise ConvcalcError(f"chart {quoted(figure)} is unknown: use one of {', '.join(CHARTS)}")
    if depth is not None and depth < 1:
        raise ConvcalcError(f"depth {depth} is too small: use 1 for the outermost blocks, or more")
    series = CHARTS[figure]
    for each in series:
        unknown = [leaf.name for leaf in report.leaves if each.value(leaf.figures) is None]
        if unknown:
            raise ConvcalcError(
                f"{each.words} of {quoted(unknown[0])} are not known, so there is no such chart: try another figure"
            )
    rows = report.at_depth(deepest(report, series) if depth is None else depth)
    bars = bars_of(rows, series)
    if not bars:
        others = " or ".join(other for other in CHARTS if other != figure)
        raise ConvcalcError(f"no layer has {series[-1].words}: there is nothing to draw; try {others}")
    title = f"{figure.capitalize() if figure != 'macs' else 'MACs'} of each layer"
    return Costs(title, series, bars, tuple(each.value(report.totals) for each in series), len(rows) - len(bars))


def bars_of(rows: Sequence[Row], series: Sequence[Series]) -> list[Bar]:
    """Return the bars of the rows, without those of 0; a block has the sum of its layers.

    >>> from convcalc import Conv2d, ReLU, Sequential, trace
    >>> bars_of(trace(Sequential(Conv2d(1, 6, 5), ReLU()), (1, 1, 32, 32)).rows, CHARTS["parameters"])
    [Bar(name='0', kind='Conv2d 5\xd75', values=(156,))]
    """
    bars = []
    for row in rows:
        # A block's own output is that of its last layer; here every output inside counts.
        together = total(leaf.figures for leaf in row.leaves) if row.parts else row.figures
        values = tuple(each.value(together) for each in series)
        if any(values):
            bars.append(Bar(row.name, kind_of(row), values))
    return bars


def share(value: int, whole: int) -> str:
    """Return the part of the whole in per cent, with one decimal.

    >>> share(1, 8), share(1, 10_000)
    ('12.5%', '<0.1%')
    """
    percent = 100 * (value / whole)
    return f"{percent:.1f}%" if percent >= LEAST_SHOWN else "<0.1%"


def deepest(report: Report, series: Sequence[Series]) -> int:
    """Return the depth with the most bars that can be shown, the smallest of several; 1 if there is none.

    >>> from convcalc import trace, zoo
    >>> deepest(trace(zoo.build("vgg16"), (1, 3, 224, 224)), CHARTS["parameters"])  # layers within two blocks
    2
    """
    best, most = 1, 0
    depth, rows = 1, report.at_depth(1)
    while True:
        count = len(bars_of(rows, series))
        if most < count <= MOST:
            best, most = depth, count
        deeper = report.at_depth(depth + 1)
        if count > MOST or len(deeper) == len(rows):
            return best
        depth, rows = depth + 1, deeper


def fewer(bars: list[Bar]) -> list[Bar]:
    """Return at most `MOST` bars: the largest in their order, and the sum of the others.

    >>> fewer([Bar(str(i), "ReLU", (i,)) for i in range(42)])[-1]  # 0, 1 and 2
    Bar(name='others', kind='3 of the smallest', values=(3,))
    """
    if len(bars) <= MOST:
        return bars
    kept = set(sorted(range(len(bars)), key=lambda i: -sum(bars[i].values))[: MOST - 1])
    others = [bar for i, bar in enumerate(bars) if i not in kept]
    together = tuple(map(sum, zip(*(bar.values for bar in others), strict=True)))
    return [bar for i, bar in enumerate(bars) if i in kept] + [
        Bar("others", f"{len(others)} of the smallest", together)
    ]


def _notes(report: Report, figure: str, left_out: int) -> list[str]:
    said = []
    if figure == "memory":
        totals = report.totals
        said.append(f"{report.dtype}, batch {report.batch}; the percentages are those of each sort by itself")
        said.append(
            f"peak of a forward pass {totals.peak_bytes:,} bytes; kept for training {totals.training_bytes:,} bytes"
        )
    if left_out:
        said.append(f"{counted(left_out, 'row')} of nothing left out")
    return said


def _figure(name: Names, bars: Sequence[Bar], series: Sequence[Series], totals: Sequence[int]) -> Drawing:
    size = SIZES["muted"]
    names = [shorten(bar.name, SIZES["ink"], NAME_WIDTH) for bar in bars]
    kinds = [shorten(bar.kind, SIZES["small"], KIND_WIDTH) for bar in bars]
    beside = widest(names, SIZES["ink"]) + GAP
    left = beside + widest(kinds, SIZES["small"]) + GAP
    longest = max(value for bar in bars for value in bar.values)
    parts: list[str] = []
    y = right = 0.0
    if len(series) > 1:
        parts.append(hatching(name))
        x = left
        for i, each in enumerate(series):
            parts.append(_box(name, i, each.role, x, 2, HEIGHT))
            parts.append(label(name, "muted", x + HEIGHT + GAP / 2, HEIGHT, each.words))
            x += HEIGHT + GAP / 2 + text_width(each.words, size) + 2 * GAP
        y, right = PITCH + GAP / 2, x
    for bar, shown, kind in zip(bars, names, kinds, strict=True):
        parts.append(label(name, "ink", 0, y + 11, shown))
        parts.append(label(name, "small", beside, y + 11, kind))
        for i, (each, value, whole) in enumerate(zip(series, bar.values, totals, strict=True)):
            if value:
                width = max(BAR_WIDTH * (value / longest), LEAST)
                words = f"{value:,} ({share(value, whole)})"
                parts.append(_box(name, i, each.role, left, y + 1, width))
                parts.append(label(name, "muted", left + width + GAP / 2, y + 11, words))
                right = max(right, left + width + GAP / 2 + text_width(words, size))
                y += PITCH - 4
        y += 4
    return Drawing("".join(parts), right, y)


def _box(name: Names, number: int, role: str, x: float, y: float, width: float) -> str:
    """Draw a bar. Those of the second series are hatched, so that colour is not needed."""
    bar = element("rect", x=x, y=y, width=width, height=HEIGHT, class_=name(role))
    if number:
        bar += element("rect", x=x, y=y, width=width, height=HEIGHT, fill=hatched(name))
    return bar
