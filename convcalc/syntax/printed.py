"""What PyTorch prints of a model to the network: line by line, a bracket that opens and one that closes.

The print shows what a model holds, not what its ``forward`` does with it; nor which layers are shared. A Sequential
says its order by itself; of any other class only the outermost is believed to run in the order it prints, and a note
says so.
"""

from __future__ import annotations

import ast
import copy
import re
from typing import Any, NamedTuple

from convcalc.errors import ConvcalcError
from convcalc.layers import FAMILIES, Layer
from convcalc.layers.block import DEEPEST, MOST_LAYERS, every
from convcalc.layers.containers import Sequential
from convcalc.notes import Note
from convcalc.syntax.call import make, parameters, takes, unknown
from convcalc.syntax.reader import Reader
from convcalc.syntax.source import Parsed, check_text, place, shown, tree

START = re.compile(r"\s*[A-Za-z_]\w*\(\s*\n\s*\([^\s()]+\): ")
ONE_LINE = re.compile(
    r"\s*[A-Za-z_]\w*\(.*\bpadding(?:=(?:same|valid)|_mode=(?:reflect|replicate|circular))\b.*\)\s*"
)  # no quotes
LINE = re.compile(
    r"(?:\((?P<name>[^()]*)\): )?(?:(?P<count>\d{1,9}) x )?(?P<kind>[A-Za-z_]\w*)\((?P<settings>.*?)(?P<end>\)?)"
)
SPAN = re.compile(r"(\d{1,9})-(\d{1,9})")
WORD = re.compile(
    r"\b((?:padding|padding_mode|mode|approximate)=)([a-z-]+)(?=,|$)"
)  # as some are printed: padding=same
LISTS = ("ModuleList", "ModuleDict", "ParameterList", "ParameterDict")
MAPS = re.compile(r"(Lazy)?Conv\w*|\w*Pool\d?d|Subsampling2d")  # layers behind which a Linear needs a Flatten

# What PyTorch 2.13 does not print, and that changes a figure or a value: the setting by its layer. It does not print
# either, and for nothing: return_indices, PReLU's init, inplace of Hardswish and Hardsigmoid, Identity's arguments.
_AVERAGED = ("ceil_mode", "count_include_pad")
_INTERPOLATED = ("linear", "bilinear", "bicubic", "trilinear")
UNPRINTED: dict[str, tuple[str, ...]] = {
    "AvgPool1d": _AVERAGED,
    "AvgPool2d": (*_AVERAGED, "divisor_override"),
    "AvgPool3d": (*_AVERAGED, "divisor_override"),
    "LayerNorm": ("bias",),  # not before 2.1
    "Upsample": ("align_corners", "recompute_scale_factor"),
}


class Leaf(NamedTuple):
    """A line that opens nothing."""

    kind: str
    settings: str
    line: int


class Container:
    """A line that opens a bracket, and the layers that were read behind it so far."""

    def __init__(self, kind_: str, path: str, line: int, names: list[str]) -> None:
        self.kind, self.path, self.line, self.names = kind_, path, line, names
        self.layers: dict[str, Layer] = {}

    def free(self, name: str) -> str:
        """The name, or with a number behind it where that is taken."""
        number = 1
        while name + str(number) * (number > 1) in self.layers:
            number += 1
        return name + str(number) * (number > 1)


def is_printed(text: str) -> bool:
    """Whether a text begins as PyTorch prints a model.

    >>> is_printed("Sequential(\\n  (0): ReLU()\\n)"), is_printed("Sequential(ReLU())")
    (True, False)
    """
    head = text[:10_000]
    return START.match(head) is not None or ("\n" not in head.strip() and ONE_LINE.fullmatch(head) is not None)


def read_printed(text: str, flatten: bool = False, filename: str | None = None) -> Parsed:
    """The network whose ``print`` the text is; with ``flatten``, a Flatten before the first Linear behind maps.

    >>> read_printed("Sequential(\\n  (0): Conv2d(3, 8, kernel_size=(3, 3), stride=(1, 1), padding=same)\\n)").layer
    Sequential(Conv2d(3, 8, 3, padding=1))
    """
    printed = Printed(flatten)
    number = 1
    try:
        for number, line in enumerate(check_text(text).splitlines(), start=1):
            stripped = line.strip()
            if stripped:
                printed.read(stripped, number)
        layer = printed.finished()
    except ConvcalcError as error:
        raise ConvcalcError(f"{place(number, filename)}: {error}") from None
    return Parsed(layer, printed.lines, printed.told())


class Printed:
    """A print as it is read, a line after the other."""

    def __init__(self, flatten: bool) -> None:
        self.root: Layer | None = None
        self.open: list[Container] = []
        self.lines: dict[int, int] = {}
        self.notes: list[Note] = []
        self.unprinted: dict[tuple[str, tuple[str, ...]], list[str]] = {}
        self.size = 0
        self.has_maps = False  # whether what comes next gets maps
        self.flatten = flatten

    def read(self, line: str, number: int) -> None:
        """Take in one line."""
        if line == ")" and self.open:
            self.close()
            return
        match = LINE.fullmatch(line)
        if match is None or self.root is not None or (match["name"] is None) == bool(self.open):
            behind = " behind the model" if self.root is not None else ""
            raise ConvcalcError(
                f"{shown(line)}{behind} is not what PyTorch prints of a model: give what print(model) shows"
            )
        names = _names(match["name"] or "", match["count"])
        container = self.open[-1] if self.open else None
        path = ".".join([*([container.path] if container and container.path else []), names[0]])
        if container is not None:
            self.check_names(container, names)
        if match["end"]:
            self.leaf(Leaf(match["kind"], match["settings"], number), path, names)
        elif match["settings"]:
            raise ConvcalcError(f"{shown(line)} is cut short: give all that print(model) shows")
        else:
            self.begin(Container(match["kind"], path, number, names))

    def check_names(self, container: Container, names: list[str]) -> None:
        """Each name once; and numbers, where only they say that the layers are in a row."""
        for name in names:
            if name in container.layers:
                raise ConvcalcError(f"{shown(name)} stands twice in {container.path or container.kind}: each name once")
        nested = len(self.open) > 1 and container.kind != "Sequential"
        if nested and names[0] != str(len(container.layers)):
            raise ConvcalcError(_no_order(container))

    def begin(self, container: Container) -> None:
        """A bracket that opens."""
        if container.kind in FAMILIES and container.kind != "Sequential":
            raise ConvcalcError(f"{container.kind} holds no layers in PyTorch: give what print(model) shows")
        if self.open and container.kind in LISTS:
            raise ConvcalcError(_no_order(container))
        if len(self.open) >= DEEPEST:
            raise ConvcalcError(f"blocks are nested more than {DEEPEST} deep: nest at most {DEEPEST}")
        self.open.append(container)

    def close(self) -> None:
        """A bracket that closes."""
        container = self.open.pop()
        layers = container.layers
        if container.kind != "Sequential":
            if not self.open:
                text = (
                    f"{container.kind} is read in printed order: its forward is not shown, and may do more or otherwise"
                )
                self.notes.append(Note("assumed", None, text))
            else:
                text = f"{container.kind} is read as a Sequential, because its layers are numbered"
                self.notes.append(Note("assumed", container.path, text))
        self.place_(Sequential(layers) if layers else Sequential(), container.line, container.names)

    def leaf(self, leaf: Leaf, path: str, names: list[str]) -> None:
        """A layer, on a line of its own."""
        layer = _layer(leaf, path)
        name = leaf.kind
        if name in ("Flatten", "Linear", "LazyLinear"):
            if name != "Flatten" and self.has_maps and self.flatten and self.open:
                self.flatten = False
                self.notes.append(Note("assumed", path, "a Flatten was put before it"))
                container = self.open[-1]
                added = make("Flatten", (), {}, lambda: "Flatten()")
                self.lines[id(added)] = leaf.line
                container.layers[container.free("flatten")] = added
            self.has_maps = False
        elif MAPS.fullmatch(name):
            self.has_maps = True
        unprinted = _unprinted(layer, leaf)
        if unprinted:
            self.unprinted.setdefault((name, unprinted), []).append(path)
        self.place_(layer, leaf.line, names)

    def place_(self, layer: Layer, line: int, names: list[str]) -> None:
        """Put a layer where it belongs, under each of its names a layer of its own."""
        self.lines[id(layer)] = line
        inside = list(every(layer)) if len(names) > 1 else [layer]
        self.size += len(inside) * len(names)
        if self.size > MOST_LAYERS:
            raise ConvcalcError(f"a network of more than {MOST_LAYERS:,} layers is too large: give a smaller one")
        if not self.open:
            self.root = layer
            return
        layers = self.open[-1].layers
        layers[names[0]] = layer
        for name in names[1:]:
            layers[name] = copy.deepcopy(layer)
            self.lines.update(
                {id(new): self.lines[id(old)] for old, new in zip(inside, every(layers[name]), strict=True)}
                if len(inside) > 1
                else {id(layers[name]): line}
            )

    def finished(self) -> Layer:
        """The whole network."""
        if self.open:
            words = self.open[-1].path or self.open[-1].kind
            raise ConvcalcError(f"the print is cut short, {words} is not closed: give all that print(model) shows")
        if self.root is None:
            raise ConvcalcError("there is nothing to read: give what print(model) shows")
        return self.root

    def told(self) -> tuple[Note, ...]:
        """Return what was assumed."""
        for (name, settings), paths in self.unprinted.items():
            defaults = ", ".join(f"{setting}={parameters(name)[setting].default!r}" for setting in settings)
            text = f"PyTorch does not print {', '.join(settings)} of {name}: read as {defaults}"
            self.notes += [Note("assumed", path or None, text) for path in paths]
        return tuple(self.notes)


def _names(name: str, count: str | None) -> list[str]:
    """The names on a line: one, or as many as ``(0-5): 6 x`` counts."""
    if count is None:
        return [name]
    span = SPAN.fullmatch(name)
    first, last = (int(span[1]), int(span[2])) if span else (0, 0)
    if span is None or last - first + 1 != int(count) or int(count) < 1:
        raise ConvcalcError(f"({name[:60]}) is not the names of {count} layers: give what print(model) shows")
    if int(count) > MOST_LAYERS:
        raise ConvcalcError(f"a network of more than {MOST_LAYERS:,} layers is too large: give a smaller one")
    return [str(number) for number in range(first, last + 1)]


def _no_order(container: Container) -> str:
    return (
        f"the order inside {container.path} ({container.kind}) cannot be known from a print:"
        " write it as Sequential, Residual or Branches"
    )


def _layer(leaf: Leaf, path: str) -> Layer:
    """The layer of a line, from the settings as PyTorch prints them."""
    name = leaf.kind
    where = f"{path} is " if path else ""
    if name not in FAMILIES:
        raise ConvcalcError(f"{where}{name}(): {unknown(name)}" if where else str(unknown(name)))
    text = f"{name}({WORD.sub(_quoted, leaf.settings)})"
    call = tree(text, "eval").body  # type: ignore[attr-defined]
    if not isinstance(call, ast.Call) or not isinstance(call.func, ast.Name):
        raise ConvcalcError(f"{shown(text)} is not what PyTorch prints of a layer")
    args, settings = Reader(text).arguments(name, call)
    if name.startswith("Lazy"):  # which does not know its channels yet, and prints 0
        args = args[1:]
        settings.pop("in_features", None)
    if name.startswith("Upsampling"):
        settings.pop("mode", None)
    if settings.get("elementwise_affine") is False:
        settings.pop("bias", None)
    without = "Norm" in name and not takes(name.removeprefix("Lazy"), "bias")
    if without and settings.pop("bias", settings.get("affine")) != settings.get("affine"):
        raise ConvcalcError(f"{shown(text)} has factors and no bias: convcalc knows the two together only")
    return make(name, args, settings, lambda: shown(text))


def _quoted(word: re.Match[str]) -> str:
    return f"{word[1]}{word[2]!r}"


def _unprinted(layer: Layer, leaf: Leaf) -> tuple[str, ...]:
    """The settings of a layer that its line does not show, though they matter."""
    settings: tuple[str, ...] = UNPRINTED.get(leaf.kind, ())
    if leaf.kind == "LayerNorm" and "elementwise_affine=False" in leaf.settings:
        return ()
    if leaf.kind == "Upsample":
        mode: Any = layer.spelled("mode")
        settings = settings if mode in _INTERPOLATED else settings[1:]
        settings = settings if layer.spelled("size") is None else settings[:-1]
    return tuple(setting for setting in settings if f"{setting}=" not in leaf.settings)
