"""The filters that have a name: what they are called, what they take, and what they are made of."""

from __future__ import annotations

from convcalc.filter.presets.catalogue import entries, find
from convcalc.filter.presets.entry import Entry, Setting

__all__ = ["Entry", "Setting", "entries", "find"]
