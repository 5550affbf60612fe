"""The filters by name, and one of them made with its settings."""

from __future__ import annotations

from convcalc.errors import ConvcalcError, quoted
from convcalc.filter.kernel import Filter
from convcalc.filter.presets import edges, order, sharpen, smooth, texture
from convcalc.filter.presets.entry import Entry
from convcalc.filter.presets.values import checked


def entries() -> tuple[Entry, ...]:
    """Every filter that has a name, kin beside kin.

    >>> [entry.name for entry in entries()][:4]
    ['identity', 'box', 'gaussian', 'motion']
    """
    return (*smooth.ENTRIES, *sharpen.ENTRIES, *edges.ENTRIES, *texture.ENTRIES, *order.ENTRIES)


def find(name: str, **settings: object) -> Filter:
    """The filter of that name; a setting that is None is not given.

    Settings: ``size`` (rows, columns), ``sigma`` and ``wavelength`` in pixels, ``angle`` and ``phase`` in degrees,
    ``gamma``, ``amount``. `ConvcalcError` for an unknown name, a setting that it does not take, and a bad value.

    >>> find("sobel-x").weights
    ((-1, 0, 1), (-2, 0, 2), (-1, 0, 1))
    """
    entry = named(name)
    given = {setting: value for setting, value in settings.items() if value is not None}
    taken = {setting.name: setting.default for setting in entry.settings}
    for setting in given:
        if setting not in taken:
            known = f"it takes {', '.join(taken)}" if taken else "its weights are fixed"
            raise ConvcalcError(f"{name} takes no {setting}: leave it out ({known})")
    return entry.make(**taken | {setting: checked(setting, value) for setting, value in given.items()})


def named(name: str) -> Entry:
    """The entry of that name, or a refusal that says the nearest.

    >>> named("gausian")
    Traceback (most recent call last):
    convcalc.errors.ConvcalcError: 'gausian' is not a filter that convcalc knows: did you mean gaussian?
    """
    known = {entry.name: entry for entry in entries()}
    if name not in known:
        from difflib import get_close_matches

        near = get_close_matches(name.lower().replace("_", "-"), known, n=3)
        remedy = f"did you mean {' or '.join(near)}?" if near else f"known are {', '.join(known)}"
        raise ConvcalcError(f"{quoted(name)} is not a filter that convcalc knows: {remedy}")
    return known[name]
