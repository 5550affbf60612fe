"""What a preset is: a filter's name, the settings that it takes, its source, and how it is made."""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple, TypeAlias

from convcalc.filter.kernel import Filter, Linear, Rows, linear
from convcalc.layers.settings import spell

Size: TypeAlias = "tuple[int, int]"
Value: TypeAlias = "Size | float"


class Setting(NamedTuple):
    """A setting that a filter takes, and its default: a value, or how it follows from others."""

    name: str
    default: Value | None  # None: it follows from others, as `otherwise` says
    otherwise: str = ""

    @property
    def words(self) -> str:
        """Return the default, as it is typed.

        >>> Setting("size", (3, 3)).words, Setting("sigma", 1.0).words
        ('3', '1')
        """
        if self.default is None:
            return self.otherwise
        return spell(self.default) if isinstance(self.default, tuple) else f"{self.default:g}"


class Entry(NamedTuple):
    """A preset. ``make`` takes all of the settings as keywords and returns the `Filter`."""

    name: str
    settings: tuple[Setting, ...]
    what: str
    source: str
    make: Callable[..., Filter]


def weighted(
    name: str,
    rows: Callable[..., Rows],
    settings: tuple[Setting, ...],
    range: str,  # noqa: A002 - the option's name
    what: str,
    source: str,
) -> Entry:
    """Return an entry for a kernel of weights, which ``rows`` makes from the settings.

    >>> weighted("none", lambda: ((1,),), (), "clip", "", "").make().weights
    ((1,),)
    """

    def make(**values: Value | None) -> Linear:
        return linear(name, rows(**values), range, source)

    return Entry(name, settings, what, source, make)


def fixed(name: str, rows: Rows, range: str, what: str, source: str) -> Entry:  # noqa: A002 - the option's name
    """Return an entry for a kernel whose weights are always the same.

    >>> fixed("none", ((1,),), "clip", "", "").make().size
    (1, 1)
    """
    return weighted(name, lambda: rows, (), range, what, source)
