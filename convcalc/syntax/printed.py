"""What PyTorch prints of a model to the network: line by line, one bracket that opens and one that closes a block.

A print shows what a model holds, not the order in which its ``forward`` calls it. Only a Sequential says its order. So
a print of Sequentials alone is a chain; in any other the layers are counted and not walked, unless the reader of the
print says that it is in order. Which layers are shared is not shown either.
"""

from __future__ import annotations

import copy
import re
from collections.abc import Iterator
from typing import NamedTuple

from convcalc.errors import ConvcalcError
from convcalc.layers import Layer
from convcalc.layers.block import DEEPEST, MOST_LAYERS
from convcalc.layers.containers import Sequential
from convcalc.layers.printed import PrintedBlock, PrintedLayer
from convcalc.layers.reshape import Flatten
from convcalc.notes import Note
from convcalc.syntax.call import parameters
from convcalc.syntax.printed_layer import LISTS_OF_PARAMETERS, SIZE, counted_layer, is_known, layer_of, unprinted
from convcalc.syntax.source import Parsed, check_text, place, shown
from convcalc.syntax.torch_names import NAMES, WITH_PARAMETERS

START = re.compile(r"\s*[A-Za-z_]\w*\(\s*\n(?:[^\n]*\n){0,3}?\s*\([^()\n]+\): [A-Za-z_]")
ONE_LINE = re.compile(
    r"\s*[A-Za-z_]\w*\(.*\bpadding(?:=(?:same|valid)|_mode=(?:reflect|replicate|circular))\b.*\)\s*"
)  # no quotes
LINE = re.compile(
    r"(?:\((?P<name>[^()]*)\): )?(?:(?P<count>\d{1,9}) x )?(?P<kind>[A-Za-z_]\w*)\((?P<settings>.*?)(?P<end>\)?)"
)
BEHIND = re.compile(r"\w+=.*")  # what some libraries print behind a block: init_cfg={...}
SPAN = re.compile(r"(\d{1,9})-(\d{1,9})")
MAPS = re.compile(r"(Lazy)?Conv\w*|\w*Pool\d?d")  # layers behind which a Linear needs a Flatten
HOW = "write the network as an expression, or add --in-order where the print is a chain"


class Module(NamedTuple):
    """A module of a print: its class, its settings, and where it opens a bracket the modules inside.

    ``names`` is one, or as many as ``(0-11): 12 x`` counts; ``parts`` is None for a line that opens nothing. ``size``
    is the number of modules under one of the names, this one included.
    """

    kind: str
    settings: str
    names: tuple[str, ...]
    line: int
    parts: tuple[Module, ...] | None = None
    size: int = 1


def is_printed(text: str) -> bool:
    """Whether a text begins as PyTorch prints a model.

    >>> is_printed("Sequential(\\n  (0): ReLU()\\n)"), is_printed("Sequential(ReLU())")
    (True, False)
    """
    head = text[:10_000]
    return START.match(head) is not None or ("\n" not in head.strip() and ONE_LINE.fullmatch(head) is not None)


def read_printed(text: str, in_order: bool = False, flatten: bool = False, filename: str | None = None) -> Parsed:
    """Return the network whose ``print`` the text is.

    A print of Sequentials gives a Sequential. Any other gives a `PrintedBlock`, of which only parameters and buffers
    are known; with ``in_order`` it is read as a chain too. ``flatten`` puts a Flatten before the first Linear that gets
    maps.

    >>> read_printed("Sequential(\\n  (0): Conv2d(3, 8, kernel_size=(3, 3), stride=(1, 1), padding=same)\\n)").layer
    Sequential(Conv2d(3, 8, 3, padding=1))
    >>> read_printed("Net(\\n  (fc): Linear(in_features=4, out_features=2, bias=True)\\n)").layer
    Net(...)
    """
    if flatten and not in_order:
        raise ConvcalcError("--flatten needs a print that is read as a chain: add --in-order")
    root = _Lines(filename).tree(check_text(text))
    builder = _Builder(in_order or is_chain(root), flatten, filename)
    layer = builder.built(root, "")
    return Parsed(layer, builder.lines, (*_order(root, in_order, layer), *builder.notes))


def is_chain(module: Module) -> bool:
    """Whether every block is a Sequential, and every layer one that convcalc knows.

    >>> is_chain(Module("LSTM", "3, 4", (), 1)), is_chain(Module("Sequential", "", (), 1, ()))
    (False, True)
    """
    if module.parts is None:
        return is_known(module.kind) or module.kind == "Sequential"
    return module.kind == "Sequential" and not module.settings and all(map(is_chain, module.parts))


class _Block:
    """A bracket that is open: what is known of the module so far."""

    def __init__(self, kind: str, names: tuple[str, ...], path: str, line: int) -> None:
        self.kind, self.names, self.path, self.line = kind, names, path, line
        self.settings: list[str] = []
        self.parts: list[Module] = []
        self.taken: set[str] = set()

    def closed(self) -> Module:
        """The module, now that the bracket is closed."""
        parts = tuple(self.parts) if self.parts or not self.settings else None
        size = 1 + sum(part.size * len(part.names) for part in self.parts)
        return Module(self.kind, ", ".join(self.settings), self.names, self.line, parts, size)


class _Lines:
    """The lines of a print, read one after the other to a tree of modules."""

    def __init__(self, filename: str | None) -> None:
        self.filename = filename
        self.open: list[_Block] = []
        self.root: Module | None = None
        self.size = 0

    def tree(self, text: str) -> Module:
        """Return the outermost module. `ConvcalcError` names the line that is not part of a print."""
        number = 1
        try:
            for number, line in enumerate(text.splitlines(), start=1):
                if stripped := line.strip():
                    self.read(stripped, number)
            if self.open:
                words = self.open[-1].path or self.open[-1].kind
                raise ConvcalcError(f"the print is cut short, {words} is not closed: give all that print(model) shows")
            if self.root is None:
                raise ConvcalcError("there is nothing to read: give what print(model) shows")
        except ConvcalcError as error:
            raise ConvcalcError(f"{place(number, self.filename)}: {error}") from None
        return self.root

    def read(self, line: str, number: int) -> None:
        """Take in one line."""
        if line == ")" and self.open:
            self.add(self.open.pop().closed())
            return
        match = LINE.fullmatch(line)
        block = self.open[-1] if self.open else None
        parameter = block is not None and block.kind in LISTS_OF_PARAMETERS and SIZE.search(line)
        is_module = match is not None and self.root is None and (match["name"] is None) == (block is None)
        if parameter or not is_module:
            self.extra(line, block)
            return
        assert match is not None
        names = _names(match["name"] or "", match["count"])
        path = names[0] if block is None or not block.path else f"{block.path}.{names[0]}"
        if block is not None:
            _check_names(block, names)
        if match["end"]:
            self.add(Module(match["kind"], match["settings"], names, number))
        elif match["settings"]:
            raise ConvcalcError(f"{shown(line)} is cut short: give all that print(model) shows")
        elif len(self.open) >= DEEPEST:
            raise ConvcalcError(f"blocks are nested more than {DEEPEST} deep: nest at most {DEEPEST}")
        else:
            self.open.append(_Block(match["kind"], names, path, number))

    def extra(self, line: str, block: _Block | None) -> None:
        """Take in a line that is no module: settings before the modules of a block, or what a library adds behind."""
        if block is not None and not block.parts:
            block.settings.append(line)
        elif not (BEHIND.fullmatch(line) and (block is not None or self.root is not None)):
            behind = " behind the model" if self.root is not None else ""
            raise ConvcalcError(
                f"{shown(line)}{behind} is not what PyTorch prints of a model: give what print(model) shows"
            )

    def add(self, module: Module) -> None:
        """Put a module where it belongs."""
        if not self.open:
            self.root = module
        else:
            self.open[-1].parts.append(module)
        self.size += 1
        if self.size > MOST_LAYERS or module.size * len(module.names or ("",)) > MOST_LAYERS:
            raise ConvcalcError(f"a network of more than {MOST_LAYERS:,} layers is too large: give a smaller one")


class _Builder:
    """Makes layers of modules: a chain of known layers, or blocks and layers that are only counted."""

    def __init__(self, chain: bool, flatten: bool, filename: str | None) -> None:
        self.chain, self.flatten, self.filename = chain, flatten, filename
        self.lines: dict[int, int] = {}
        self.notes: list[Note] = []
        self.has_maps = False  # whether what comes next gets maps
        self.known: dict[tuple[str, str], tuple[Layer, str]] = {}

    def built(self, module: Module, path: str) -> Layer:
        """Return the layer of a module, each time a new one."""
        if module.parts is None and module.kind != "Sequential":
            layer = self.leaf(module, path)
        else:
            parts = self.parts(module, path)
            layer = Sequential(parts) if self.chain else PrintedBlock(module.kind, parts)
        self.lines[id(layer)] = module.line
        return layer

    def parts(self, module: Module, path: str) -> dict[str, Layer]:
        """Return the layers inside a block by their names; first the parameters that the block holds itself."""
        prefix = f"{path}." if path else ""
        layers: dict[str, Layer] = {}
        if module.settings or module.kind in WITH_PARAMETERS:
            layers[module.kind] = self.leaf(module, prefix + module.kind)
        for part in module.parts or ():
            for name in part.names:
                layer = self.built(part, prefix + name)
                if self.flatten and self.has_maps and part.kind in ("Linear", "LazyLinear"):
                    self.add_flatten(layers, prefix + name, part.line)
                self.has_maps = bool(MAPS.fullmatch(part.kind)) or (
                    self.has_maps and part.kind not in ("Flatten", "Linear", "LazyLinear")
                )
                layers[name] = layer
        return layers

    def add_flatten(self, layers: dict[str, Layer], path: str, line: int) -> None:
        """Put in the Flatten that a ``forward`` may have as a function."""
        self.flatten = False
        self.notes.append(Note("assumed", path, "a Flatten was put before it"))
        number = 1
        while (name := "flatten" + str(number) * (number > 1)) in layers:
            number += 1
        layers[name] = Flatten()
        self.lines[id(layers[name])] = line

    def leaf(self, module: Module, path: str) -> Layer:
        """Return the layer of a line of its own."""
        key = module.kind, module.settings
        if key not in self.known:
            self.known[key] = self.read(module, path)
        made, reason = self.known[key]
        layer = copy.copy(made)
        if isinstance(layer, PrintedLayer):
            if layer.numbers is None:
                self.notes.append(Note("unknown", path or None, f"its parameters are not known: {reason}"))
        elif names := unprinted(layer, *key):
            defaults = ", ".join(f"{name}={parameters(module.kind)[name].default!r}" for name in names)
            text = f"PyTorch does not print {', '.join(names)} of {module.kind}: read as {defaults}"
            self.notes.append(Note("assumed", path or None, text))
        return layer

    def read(self, module: Module, path: str) -> tuple[Layer, str]:
        """Read the settings of a line; in a chain every layer must be one that convcalc knows."""
        if not self.chain:
            return counted_layer(module.kind, module.settings)
        try:
            return layer_of(module.kind, module.settings), ""
        except ConvcalcError as error:
            where = f"{path} is {module.kind}(): " if path and not is_known(module.kind) else ""
            raise ConvcalcError(f"{place(module.line, self.filename)}: {where}{error}") from None


def _names(name: str, count: str | None) -> tuple[str, ...]:
    """The names on a line: one, or as many as ``(0-5): 6 x`` counts."""
    if count is None:
        return (name,)
    span = SPAN.fullmatch(name)
    first, last = (int(span[1]), int(span[2])) if span else (0, 0)
    if span is None or last - first + 1 != int(count) or int(count) < 1:
        raise ConvcalcError(f"({name[:60]}) is not the names of {count} layers: give what print(model) shows")
    if int(count) > MOST_LAYERS:
        raise ConvcalcError(f"a network of more than {MOST_LAYERS:,} layers is too large: give a smaller one")
    return tuple(str(number) for number in range(first, last + 1))


def _check_names(block: _Block, names: tuple[str, ...]) -> None:
    """Refuse a name that stands twice in a block, or that no module can have."""
    for name in names:
        if name in block.taken:
            raise ConvcalcError(f"{shown(name)} stands twice in {block.path or block.kind}: each name once")
        if not name or "." in name or not name.isprintable():
            raise ConvcalcError(f"{name!r} is no name for a layer: give printable characters without a dot")
    block.taken.update(names)


def _order(root: Module, in_order: bool, layer: Layer) -> Iterator[Note]:
    """Say what the print does not show of the order of calls, and what follows."""
    kinds = [kind for kind in dict.fromkeys(_blocks(root)) if kind != "Sequential"]
    named = ", ".join(kinds[:3]) + (f" and {len(kinds) - 3} more classes" if len(kinds) > 3 else "")
    if in_order and kinds:
        yield Note("assumed", None, f"read in printed order (--in-order): {named}")
    elif isinstance(layer, PrintedBlock):
        cause = f"the print does not show the order of calls in {named}" if kinds else "not every layer is known"
        yield Note("unknown", None, f"{cause}, so shapes and MACs are not known: {HOW}")
    if isinstance(layer, PrintedBlock) and any(kind not in NAMES for kind in kinds):
        yield Note(
            "warning",
            None,
            "parameters are those of the printed layers: parameters that a class holds itself (nn.Parameter) are not"
            " printed, and a layer that is used at several places is counted at each",
        )


def _blocks(module: Module) -> Iterator[str]:
    """The classes of the blocks, outermost first."""
    if module.parts is not None:
        yield module.kind
        for part in module.parts:
            yield from _blocks(part)
