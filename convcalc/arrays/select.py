"""Which combinations of a large sweep are shown, and in which order: found on arrays, before a row is made."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from functools import partial
from typing import Any

import numpy as np

from convcalc.arrays.known import Known
from convcalc.arrays.sweep import ConvSweep, conv
from convcalc.arrays.values import Array
from convcalc.errors import ConvcalcError

Column = Callable[[], Any]
Value = Callable[[Callable[[str], Any]], Any]  # of a function that looks columns up

FIGURES = ("parameters", "connections", "macs", "macs_exact", "flops", "dead_weights")
PER_AXIS = ("receptive_field", "leftover")


def chosen(
    sizes: Sequence[Sequence[int]],
    settings: Mapping[str, Sequence[Any]],
    bias: bool,
    condition: Value | None,
    keys: Sequence[tuple[Value, bool]],
) -> list[int] | None:
    """Return the numbers of the combinations that meet a condition, in the order of the keys.

    ``sizes`` has the values of each size of the input (N, C and the spatial axes), ``settings`` those of each setting;
    combinations are numbered from 0, the last setting fastest. A key is a value and whether the largest comes first.
    None where it takes a column that is not known here, or more than int64 holds: then each row has to be made.

    >>> sizes, settings = [[1], [1], [9], [9]], {"kernel_size": [3, 5, 10], "stride": [1], "padding": [0]}
    >>> settings |= {"dilation": [1], "groups": [1], "out_channels": [1], "padding_mode": ["zeros"]}
    >>> chosen(sizes, settings, True, lambda row: row("macs") > 0, [(lambda row: row("macs"), True)])
    [1, 0]
    """
    if list(settings["padding_mode"]) != ["zeros"]:
        return None
    try:
        found, columns = _columns(sizes, settings, bias)
        lookup = lambda name: columns[name]()  # noqa: E731
        kept: Any = True if condition is None else condition(lookup)
        true = np.broadcast_to(kept.true if isinstance(kept, Known) else np.array(kept), found.shape)
        numbers = np.flatnonzero(true)
        order = [part for value, falling in keys for part in _order(value(lookup), falling, found.shape, numbers)]
    except (KeyError, _NoNumber, ConvcalcError):
        return None
    if any(part.dtype == object for part in order):
        return None
    listed: list[int] = (numbers[np.lexsort(order[::-1])] if order else numbers).tolist()
    return listed


class _NoNumber(Exception):  # noqa: N818 - no error: who asked has another way
    """A setting that is a word."""


def _columns(
    sizes: Sequence[Sequence[int]], settings: Mapping[str, Sequence[Any]], bias: bool
) -> tuple[ConvSweep, dict[str, Column]]:
    """Return the sweep, and its columns by name, each made when it is asked for."""
    rank, axes = len(sizes) - 2, len(sizes) + len(settings)

    def along(axis: int, numbers: Sequence[int]) -> Array:
        return np.array(numbers).reshape([-1 if axis == place else 1 for place in range(axes)])

    def per_axis(name: str, part: Callable[[Any, int], int]) -> tuple[Array, ...]:
        place = len(sizes) + list(settings).index(name)
        return tuple(along(place, [part(value, axis) for value in settings[name]]) for axis in range(rank))

    batch, channels, *spatial = (along(axis, listed) for axis, listed in enumerate(sizes))
    kernel_size, stride, dilation = (per_axis(name, _on_axis) for name in ("kernel_size", "stride", "dilation"))
    before, after = (per_axis("padding", partial(_side, side)) for side in (0, 1))
    padding = tuple(zip(before, after, strict=True))
    (groups, *_), given = per_axis("groups", _on_axis), list(settings["out_channels"]) != [None]
    out_channels = per_axis("out_channels", _on_axis)[0] if given else groups
    found = conv(
        tuple(spatial),
        kernel_size=kernel_size,
        stride=stride,
        padding=padding,
        dilation=dilation,
        in_channels=channels,
        out_channels=out_channels,
        groups=groups,
        bias=bias,
    )
    always, fits = np.array(True), found.fits

    def known(value: Any, where: Array) -> Any:
        return tuple(known(part, where) for part in value) if isinstance(value, tuple) else Known(value, where)

    columns: dict[str, Column] = {
        "input": lambda: known((batch, channels, *spatial), always),
        "kernel_size": lambda: known(kernel_size, always),
        "stride": lambda: known(stride, always),
        "padding": lambda: known(padding, always),
        "dilation": lambda: known(dilation, always),
        "groups": lambda: known(groups, always),
        "out_channels": lambda: known(out_channels, always if given else fits),
        "output": lambda: known((batch, out_channels, *found.output), fits),
    }
    for name in (*FIGURES, *PER_AXIS):
        columns[name] = partial(lambda name: known(getattr(found, name), fits), name)
    return found, columns


def _on_axis(value: Any, axis: int) -> int:
    """Return the number of an axis, of one number for all or one per axis."""
    found = value[axis if len(value) > 1 else 0] if isinstance(value, tuple) else value
    if not isinstance(found, int):
        raise _NoNumber
    return found


def _side(side: int, value: Any, axis: int) -> int:
    """Return the padding before (0) or behind (1) an axis."""
    found = value[axis if len(value) > 1 else 0] if isinstance(value, tuple) else value
    return _on_axis(found, side)


def _order(value: Any, falling: bool, shape: tuple[int, ...], numbers: Array) -> Iterator[Array]:
    """Return the arrays that put combinations in order by a value: what is not known comes last."""
    parts = list(_flat(value))
    yield ~np.logical_and.reduce([_at(part.known, shape, numbers) for part in parts])
    for part in parts:
        listed = _at(part.values, shape, numbers)
        yield -listed if falling else listed


def _flat(value: Any) -> Iterator[Known]:
    if isinstance(value, tuple):
        for part in value:
            yield from _flat(part)
    else:
        yield value if isinstance(value, Known) else Known(np.array(value), np.array(True))


def _at(array: Array, shape: tuple[int, ...], numbers: Array) -> Array:
    return np.broadcast_to(array, shape)[np.unravel_index(numbers, shape)]
