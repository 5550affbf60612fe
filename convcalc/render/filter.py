"""Filters in words: the list of kernels, one kernel, and a filtered picture."""

from __future__ import annotations

from collections.abc import Sequence
from math import inf
from typing import TYPE_CHECKING, Any

from convcalc import __version__
from convcalc.filter.describe import Description, description, ends, figure
from convcalc.filter.kernel import Filter, Linear, Number, Settings
from convcalc.layers.settings import by
from convcalc.render.table import Column, Table
from convcalc.schema import SCHEMA_VERSION

if TYPE_CHECKING:
    from convcalc.filter.outcome import Outcome
    from convcalc.filter.presets import Entry
    from convcalc.filter.verify import Difference

LABELS = (Column(""), Column(""))
CORRELATION = "Cross-correlation, as in every framework: the kernel is not flipped (--convolve flips it)."
CONVOLUTION = "True convolution: the kernel is flipped."
RANGES = {
    None: "as they are",
    "clip": "clipped to what the picture holds",
    "abs": "absolute values, then clipped",
    "scale": "lowest to highest, scaled to all that the picture holds",
    "wrap": "wrapped around at the ends",
}


def list_table(entries: Sequence[Entry]) -> Table:
    """Return one row per preset: its settings, and what a pixel becomes.

    >>> from convcalc.filter.presets import entries
    >>> list_table(entries()).rows[1]
    ('box', 'size', 'the mean of the neighbourhood')
    """
    columns = (Column("kernel", key="name"), Column("settings"), Column("what"))
    return Table(columns, tuple((entry.name, _names(entry), entry.what) for entry in entries))


def list_document(entries: Sequence[Entry]) -> dict[str, Any]:
    """Return the presets, ready for ``json.dumps``.

    >>> from convcalc.filter.presets import entries
    >>> list_document(entries())["kernels"][0]["name"]
    'identity'
    """
    kernels = [
        {
            "name": entry.name,
            "settings": {setting.name: setting.words for setting in entry.settings},
            "what": entry.what,
            "source": entry.source,
        }
        for entry in entries
    ]
    return {"schema_version": SCHEMA_VERSION, "convcalc": __version__, "kernels": kernels}


def kernel_blocks(kernel: Filter, settings: Settings, convolved: bool) -> list[str | Table]:
    """Return the description of a filter, as lines and tables.

    >>> from convcalc.filter.presets import find
    >>> kernel_blocks(find("sobel-x"), Settings(), False)[1]
    '  -1  0  1'
    """
    told = description(kernel, settings)
    blocks: list[str | Table] = []
    for number, part in enumerate((told, *told.parts)):
        blocks += ["", *_part(part)] if number else _part(part)
    if isinstance(kernel, Linear) or told.parts:
        blocks.append(CONVOLUTION if convolved else CORRELATION)
    return blocks


def kernel_document(kernel: Filter, settings: Settings, convolved: bool) -> dict[str, Any]:
    """Return a filter, ready for ``json.dumps``.

    >>> from convcalc.filter.presets import find
    >>> kernel_document(find("sobel-x"), Settings(), False)["kernel"]["sum"]
    0
    """
    return {
        "schema_version": SCHEMA_VERSION,
        "convcalc": __version__,
        "kernel": _kernel(kernel, settings, 1),
        "convolve": convolved,
    }


def outcome_blocks(
    outcome: Outcome, name: str, path: str | None, convolved: bool, difference: Difference | None
) -> list[str | Table]:
    """Return the figures of a filtered picture and, where it was verified, the verdict."""
    told, settings = description(outcome.filter, outcome.settings), outcome.settings
    rows = [
        ("input", _array(outcome.before)),
        ("output", _array(outcome.after) + ("" if path is None else f" in {path}")),
        ("kernel", f"{told.name}, {by(told.size)}: {told.what}"),
        *([("anchor", _anchor(told))] if told.anchor and not all(size & 1 for size in told.size) else []),
        ("border", settings.border),
        *([("stride", by(settings.stride))] if settings.stride != (1, 1) else []),
        *([("dilation", by(settings.dilation))] if settings.dilation != (1, 1) else []),
        *([("repeated", f"{outcome.repeat:,} times")] if outcome.repeat != 1 else []),
        ("values", f"{_figure(outcome.low)} to {_figure(outcome.high)}, {RANGES[settings.range]}"),
        ("connections", f"{outcome.connections:,}"),
        ("MACs", "none: it orders pixels" if outcome.macs is None else f"{outcome.macs:,} dense"),
        *zip(
            ("layer",) if len(outcome.layers) == 1 else ("layer x", "layer y"), map(repr, outcome.layers), strict=False
        ),
    ]
    blocks: list[str | Table] = [f"{name}, {told.name}", Table(LABELS, tuple(rows))]
    if outcome.layers:
        blocks.append(CONVOLUTION if convolved else CORRELATION)
    return blocks if difference is None else [*blocks, verdict(difference)]


def outcome_document(
    outcome: Outcome, name: str, path: str | None, convolved: bool, difference: Difference | None
) -> dict[str, Any]:
    """Return the figures of a filtered picture, ready for ``json.dumps``."""
    settings = outcome.settings
    document = {
        "schema_version": SCHEMA_VERSION,
        "convcalc": __version__,
        "picture": name,
        "input": list(outcome.before.shape),
        "output": list(outcome.after.shape),
        "dtype": outcome.before.dtype.name,
        "file": path,
        "kernel": _kernel(outcome.filter, settings, len(outcome.layers) and outcome.layers[0].groups),
        "convolve": convolved,
        "border": settings.border,
        "stride": list(settings.stride),
        "dilation": list(settings.dilation),
        "repeat": outcome.repeat,
        "lowest": _json(outcome.low),
        "highest": _json(outcome.high),
        "range": settings.range,
        "macs": outcome.macs,
        "connections": outcome.connections,
        "seconds": outcome.seconds,
    }
    if difference is not None:
        document["verification"] = {
            "largest": _json(difference.largest),
            "tolerance": _json(difference.tolerance),
            "pixels": difference.compared,
            "values": difference.values,
            "fits": difference.fits,
        }
    return document


def verdict(difference: Difference) -> str:
    """Return whether the values, worked out one by one, are those of the picture.

    >>> from convcalc.filter.verify import Difference
    >>> verdict(Difference(0.0, 1.0, 12, 12))
    'Verified: all 12 values were worked out one by one; the largest difference is 0.'
    """
    verdict = "Verified" if difference.fits else "DIFFERS"
    every = difference.compared == difference.values
    which = "all" if every else f"{difference.compared:,} of"
    drawn = "" if every else ", a random sample,"
    return (
        f"{verdict}: {which} {difference.values:,} values{drawn} were worked out one by one;"
        f" the largest difference is {difference.largest:g}."
    )


def _names(entry: Entry) -> str:
    first, *rest = [setting.name for setting in entry.settings] or [""]
    return f"{first} and others" if len(rest) > 2 else ", ".join([first, *rest])


def _settings(name: str) -> list[tuple[str, str]]:
    """Return the settings that a preset takes, with their defaults."""
    from convcalc.filter.presets import entries

    taken = [setting for entry in entries() if entry.name == name for setting in entry.settings]
    return [("settings", "; ".join(f"{setting.name} {setting.words}" for setting in taken))] if taken else []


def _part(told: Description) -> list[str | Table]:
    separable = told.separable and " x ".join(
        f"[{' '.join(ends([figure(weight) for weight in factor], '...'))}]" for factor in told.separable
    )
    rows = [
        ("size", by(told.size)),
        *([("sum", figure(told.total))] if told.total is not None else []),
        *([("separable", separable or "no")] if told.rows else []),
        *([("anchor", _anchor(told))] if told.anchor is not None else []),
        ("range", told.range),
        *_settings(told.name),
        *([("layer", told.layer)] if told.layer is not None else []),
        ("source", told.source),
    ]
    return [f"{told.name}: {told.what}", *(f"  {row}" for row in told.rows), Table(LABELS, tuple(rows))]


def _anchor(told: Description) -> str:
    assert told.anchor is not None
    return f"row {told.anchor[0]}, column {told.anchor[1]} (from 0) lies on the pixel"


def _kernel(kernel: Filter, settings: Settings, channels: int) -> dict[str, Any]:
    told = description(kernel, settings, max(1, channels))
    document: dict[str, Any] = {"name": told.name, "kind": told.kind, "kernel_size": list(told.size)}
    if isinstance(kernel, Linear):
        column_and_row = told.separable and dict(zip(("column", "row"), map(list, told.separable), strict=True))
        document |= {
            "weights": [list(row) for row in kernel.weights],
            "sum": told.total,
            "separable": column_and_row,
            "anchor": list(kernel.anchor),
            "layer": told.layer,
        }
    if told.parts:
        document["parts"] = [_kernel(part, settings, channels) for part in (kernel.x, kernel.y)]  # type: ignore[union-attr]
    return {**document, "range": told.range, "source": told.source}


def _array(array: Any) -> str:
    return f"[{', '.join(f'{size:,}' for size in array.shape)}] {array.dtype}"


def _figure(value: float | None) -> str:
    return "nan" if value is None else figure(value)


def _json(value: Number | None) -> Number | str | None:
    """Return a number as JSON can hold it: an infinity, which JSON does not have, as text."""
    return str(value) if value in (inf, -inf) else value
