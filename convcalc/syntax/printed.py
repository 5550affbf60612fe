"""What ``print(model)`` gives in PyTorch, read line by line."""

from __future__ import annotations

import ast
import re
from collections.abc import Mapping
from dataclasses import dataclass, field

from convcalc.errors import ConvcalcError
from convcalc.families import FAMILIES
from convcalc.layers.base import Layer
from convcalc.layers.block import DEEPEST, MOST_LAYERS, Sequential
from convcalc.syntax.expression import Reader, read, shown, unknown
from convcalc.syntax.source import Parsed

LINE = re.compile(
    r"^(?P<indent> *)(?:\((?P<name>[^)]*)\): )?(?:(?P<times>\d+) x )?(?P<kind>[A-Za-z_]\w*)\((?P<rest>.*)$"
)
RANGE = re.compile(r"^(\d+)-(\d+)$")
# Arguments that PyTorch does not print, by the kinds that have them.
UNPRINTED = {
    **dict.fromkeys(("AvgPool1d", "AvgPool2d", "AvgPool3d"), ("ceil_mode", "count_include_pad", "divisor_override")),
    "AvgPool1d": ("ceil_mode", "count_include_pad"),
    "Upsample": ("align_corners", "recompute_scale_factor"),
}
MAPS = ("Conv", "Pool", "BatchNorm2d", "BatchNorm3d", "InstanceNorm", "Upsample", "PixelShuffle")


@dataclass
class Printed:
    """A line of the print, and the lines inside it."""

    name: str
    kind: str
    settings: str
    line: int
    path: str
    children: list[Printed] = field(default_factory=list)
    is_container: bool = False


def read_printed(text: str, flatten: bool = False) -> Parsed:
    """The network that was printed. A root that is no Sequential is read in printed order, and a note says so.

    >>> read_printed("Sequential(\\n  (0): Flatten(start_dim=1, end_dim=-1)\\n  (1): ReLU()\\n)").layer
    Sequential(Flatten(), ReLU())
    """
    root = _tree(text)
    reader = Reader({})
    lines: dict[int, int] = {}
    notes: list[str] = []
    layer = _network(root, reader, lines, notes, is_root=True)
    if flatten:
        layer = _flattened(layer)
    return Parsed(layer, lines, tuple(dict.fromkeys(notes)))


def _tree(text: str) -> Printed:
    """The lines as a tree, by their brackets."""
    root: Printed | None = None
    open_: list[Printed] = []
    for number, line in enumerate(text.splitlines(), start=1):
        stripped = line.strip()
        if not stripped:
            continue
        if stripped == ")" and open_:
            open_.pop()
            continue
        match = LINE.match(line.rstrip())
        if match is None or (root is not None and not open_):
            raise ConvcalcError(
                f"line {number} is not what PyTorch prints: {shown(stripped)}: give all of print(model)"
            )
        around = open_[-1] if open_ else None
        name = match["name"] or ""
        path = f"{around.path}.{name}" if around is not None and around.path else name
        is_container = not stripped.endswith(")")
        settings = match["rest"] if is_container else match["rest"][:-1]
        found = Printed(name, match["kind"], settings, number, path, is_container=is_container)
        if around is None:
            root = found
        else:
            around.children += _repeated(found, match["times"])
        if is_container:
            open_.append(found)
            if len(open_) > DEEPEST:
                raise ConvcalcError(f"line {number}: blocks are nested more than {DEEPEST} deep")
    if root is None or open_:
        raise ConvcalcError("the print of the model is cut short: give all of print(model)")
    return root


def _repeated(found: Printed, times: str | None) -> list[Printed]:
    """The one printed, or as many as ``(0-5): 6 x`` says; they share what is inside, which is filled in later."""
    span = RANGE.match(found.name)
    if times is None or span is None:
        return [found]
    first, last = int(span[1]), int(span[2])
    if last - first + 1 != int(times) or int(times) > MOST_LAYERS:
        raise ConvcalcError(f"line {found.line}: ({found.name}): {times} x is not a count of those")
    prefix = found.path.removesuffix(found.name)
    return [
        Printed(
            str(number),
            found.kind,
            found.settings,
            found.line,
            f"{prefix}{number}",
            found.children,
            found.is_container,
        )
        for number in range(first, last + 1)
    ]


def _network(printed: Printed, reader: Reader, lines: dict[int, int], notes: list[str], is_root: bool = False) -> Layer:
    numbered = [child.name for child in printed.children] == [str(number) for number in range(len(printed.children))]
    is_block = printed.is_container or printed.kind == "Sequential"
    if not is_block:
        return _leaf(printed, reader, lines, notes)
    if printed.kind != "Sequential":
        if printed.kind in ("ModuleList", "ModuleDict", "ParameterList", "ParameterDict"):
            raise ConvcalcError(_unordered(printed))
        if is_root:
            notes.append(
                f"{printed.kind} is read in printed order: its forward is not shown, and may do other things between"
            )
        elif numbered:
            notes.append(f"{printed.path} ({printed.kind}) is taken for a Sequential, as its layers are numbered")
        else:
            raise ConvcalcError(_unordered(printed))
    layers = {child.name: _network(child, reader, lines, notes) for child in printed.children}
    if len(layers) != len(printed.children):
        raise ConvcalcError(f"line {printed.line}: {printed.kind} has two layers of the same name")
    return Sequential(layers) if layers else Sequential()


def _unordered(printed: Printed) -> str:
    path = printed.path or "the model"
    return (
        f"line {printed.line}: the order inside {path} ({printed.kind}) cannot be known from a print:"
        " write it as Sequential, Residual or Branches"
    )


def _leaf(printed: Printed, reader: Reader, lines: dict[int, int], notes: list[str]) -> Layer:
    kind = printed.kind
    where = f"line {printed.line}: layer {printed.path or kind!r}"
    if kind not in FAMILIES:
        raise ConvcalcError(f"{where}: {unknown(kind)}")
    settings = re.sub(r"\bpadding=(same|valid)\b", r"padding='\1'", printed.settings)
    settings = re.sub(r"\b(approximate|mode|padding_mode)=([a-z-]+)(?=,|$)", r"\1='\2'", settings)
    text = f"{kind}({settings})"
    try:
        call = read(text, lambda: ast.parse(text, mode="eval").body)
        if isinstance(call, ast.Call) and kind.startswith("Lazy"):
            call.args = call.args[1:] if call.args else call.args
            call.keywords = [word for word in call.keywords if word.arg not in ("in_features", "in_channels")]
        layer = reader.layer(call)
    except ConvcalcError as error:
        raise ConvcalcError(f"{where}: {error}") from None
    lines[id(layer)] = printed.line
    if unprinted := UNPRINTED.get(kind):
        notes.append(f"PyTorch does not print {', '.join(unprinted)} of {kind}: the default is taken")
    return layer


def _flattened(layer: Layer) -> Layer:
    """With a Flatten before the first Linear that stands behind maps, where none is."""
    found = False
    maps = False

    def walk(block: Layer) -> Layer:
        nonlocal found, maps
        if not isinstance(block, Sequential):
            return block
        parts: dict[str, Layer] = {}
        for name, part in zip(block.names, block.layers, strict=True):
            kind = type(part).__name__
            if kind in ("Flatten", "Unflatten"):
                maps = False
            elif any(word in kind for word in MAPS) and "1d" not in kind:
                maps = True
            if kind in ("Linear", "LazyLinear") and maps and not found:
                found = True
                parts[_free("flatten", block.names)] = _flatten()
            parts[name] = walk(part)
        return Sequential(parts)

    flat = walk(layer)
    return flat if found else layer


def _free(name: str, taken: Mapping[str, object] | tuple[str, ...]) -> str:
    while name in taken:
        name += "_"
    return name


def _flatten() -> Layer:
    from convcalc.layers.dense import Flatten

    return Flatten()
