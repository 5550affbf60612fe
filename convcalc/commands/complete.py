"""What a shell can offer for the value of an option: loaded only when a shell asks.

Typer has a script for each of bash, zsh, fish and PowerShell (``convcalc --install-completion``). Each script asks the
command line, and here are the answers. They load neither NumPy nor Rich.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable
from functools import partial
from typing import Any, NamedTuple

from convcalc.commands import values
from convcalc.errors import ConvcalcError

PICTURES = (".png", ".jpg", ".jpeg", ".tif", ".tiff", ".webp", ".bmp", ".npy")
KERNELS = (".txt", ".npy")

Offer = Callable[[Any, str], Iterable[str]]  # of Typer's context, which has the options so far, and the word so far


class Item(NamedTuple):
    """An offer in the form that Typer's scripts expect; a help text would load Rich."""

    value: str
    help: str | None = None
    type: str = "plain"


def offer(command: Any) -> None:
    """Make a command offer values for its arguments and options."""
    for param in command.params:
        known = OFFERS.get((command.name, param.name)) or OFFERS.get(("", param.name))
        if known is not None:
            param.shell_complete = partial(_items, known)
    options = command.shell_complete
    command.shell_complete = lambda context, incomplete: [Item(item.value) for item in options(context, incomplete)]


def _items(known: Offer, context: Any, incomplete: str) -> list[Item]:
    """Return what begins with the last part of the word; parts are separated by commas."""
    before, comma, _ = incomplete.rpartition(",")
    try:
        words = list(known(context, incomplete))
    except (ConvcalcError, OSError):  # a network that is not complete yet has no layers to offer
        return []
    return [Item(word) for word in (f"{before}{comma}{word}" for word in words) if word.startswith(incomplete)]


def files(incomplete: str, suffixes: tuple[str, ...]) -> list[str]:
    """Return the folders and the files with these suffixes that a path may go on to.

    >>> files("no/such/folder/", (".py",))
    []
    """
    folder = os.path.dirname(incomplete)
    try:
        entries = sorted(os.scandir(folder or os.curdir), key=lambda entry: entry.name)
    except OSError:
        return []
    paths = ((os.path.join(folder, entry.name), entry.is_dir()) for entry in entries if entry.name[0] != ".")
    return [path + os.sep if is_folder else path for path, is_folder in paths if is_folder or path.endswith(suffixes)]


def _networks(_: Any, incomplete: str) -> list[str]:
    from convcalc.commands.source import FILES
    from convcalc.zoo import NAMES

    return [*NAMES, *files(incomplete, FILES)]


def _layers(context: Any, _: str) -> Iterable[str]:
    """Return the names of a network's layers and blocks, without walking it."""
    from convcalc.commands import source
    from convcalc.layers.block import opened

    typed = context.params
    words = (typed.get("net"), *(typed.get("subject") or ()), *context.args)  # what an option without value cut off
    network = next(filter(None, words), "-")
    if network == "-":
        return []
    inside = opened(source.network(network, typed.get("name"), False).network)
    return dict.fromkeys(name for path in inside.path.values() for name in path)


def _columns_of_net(_: Any, incomplete: str) -> Iterable[str]:
    from convcalc.render.columns import COLUMNS

    return _more(incomplete, COLUMNS, ("all",))


def _columns_of_shape(_: Any, incomplete: str) -> Iterable[str]:
    from convcalc.render.sweep import VALUES

    return _more(incomplete, VALUES, ("all",))


def _sort_columns(_: Any, incomplete: str) -> Iterable[str]:
    from convcalc.render.sweep import VALUES

    return _more(incomplete, [sign + name for sign in ("", "-") for name in VALUES])


def _more(incomplete: str, names: Iterable[str], alone: Iterable[str] = ()) -> Iterable[str]:
    """Return what a list of columns can go on with: each column once, and what stands alone only at the start.

    >>> list(_more("macs,", ["macs", "output"], ("all",)))
    ['output']
    """
    before = incomplete.split(",")[:-1]
    taken = {name.lstrip("-") for name in before}
    return [*(() if before else alone), *(name for name in names if name.lstrip("-") not in taken)]


def _dtypes(_: Any, __: str) -> Iterable[str]:
    from convcalc.report import ITEMSIZES

    return ITEMSIZES


def _padding_modes(_: Any, __: str) -> Iterable[str]:
    from convcalc.layers.conv import PADDING_MODES

    return PADDING_MODES


def _kernels(_: Any, incomplete: str) -> Iterable[str]:
    from convcalc.filter.presets import entries

    return [*(entry.name for entry in entries()), *files(incomplete, KERNELS)]


def _borders(_: Any, __: str) -> Iterable[str]:
    from convcalc.filter.kernel import BORDERS

    return BORDERS


def _ranges(_: Any, __: str) -> Iterable[str]:
    from convcalc.filter.kernel import RANGES

    return RANGES


def _charts(_: Any, __: str) -> Iterable[str]:
    from convcalc.draw.chart.picture import CHARTS

    return CHARTS


def _looks(_: Any, __: str) -> Iterable[str]:
    from convcalc.draw.layer.layer_figure import LOOKS

    return LOOKS


# What is offered for a parameter: of one command, or of every command that has it.
OFFERS: dict[tuple[str, str], Offer] = {
    ("", "format"): lambda _, __: values.FORMATS,
    ("", "dtype"): _dtypes,
    ("", "padding_mode"): _padding_modes,
    ("", "net"): _networks,
    ("", "network"): _networks,
    ("draw", "subject"): _networks,
    ("draw", "look"): _looks,
    ("draw", "chart"): _charts,
    ("draw", "receptive_field"): _layers,
    ("draw", "connections"): _layers,
    ("net", "columns"): _columns_of_net,
    ("shape", "columns"): _columns_of_shape,
    ("shape", "sort"): _sort_columns,
    ("filter", "picture"): lambda _, incomplete: files(incomplete, PICTURES),
    ("filter", "kernel"): _kernels,
    ("filter", "kernel_word"): _kernels,
    ("filter", "border"): _borders,
    ("filter", "range"): _ranges,
    ("lenet", "c3"): lambda _, __: ("paper", "full"),
    ("lenet", "input"): lambda _, __: ("32", "28"),
}
