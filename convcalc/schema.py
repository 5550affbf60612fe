"""The JSON of convcalc, both ways: a report to a document, and a document back to the network it describes.

`docs/json.md` tells what each key means. The schema only grows; ``schema_version`` changes when a key changes meaning.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from difflib import get_close_matches
from typing import TYPE_CHECKING, Any

from convcalc import __version__
from convcalc.errors import ConvcalcError
from convcalc.layers.block import INPUT, Node, Writer, shared_names
from convcalc.layers.settings import MOST_DIGITS, Shape, shape
from convcalc.network import Network
from convcalc.notes import Note
from convcalc.report import Report, Row

if TYPE_CHECKING:
    from fractions import Fraction

    from convcalc.explain import Line
    from convcalc.layers.base import Layer
    from convcalc.sweep import Configuration
    from convcalc.verify import Verification

SCHEMA_VERSION = 1
TOO_LONG = f"a number of more than {MOST_DIGITS} digits: give smaller sizes"
REMEDY = "pipe in what another convcalc command prints with --json"

Document = dict[str, Any]


def report_document(report: Report, depth: int | None = None) -> Document:
    """The whole report, ready for ``json.dumps``; the layers of a block inside it, down to ``depth``.

    >>> from convcalc import Conv2d, trace
    >>> document = report_document(trace(Conv2d(3, 16, 4, stride=2), (10, 3, 28, 28)))
    >>> document["output"], document["layers"][0]["layer"], document["totals"]["parameters"]
    ([10, 16, 13, 13], 'Conv2d(3, 16, 4, stride=2)', 784)
    """
    return {
        "schema_version": SCHEMA_VERSION,
        "convcalc": __version__,
        "dtype": report.dtype,
        "batch": report.batch,
        "inputs": list(map(list, report.inputs)),
        "outputs": list(map(list, report.outputs)),
        "input_names": list(report.input_names),
        "output_names": list(report.output_names),
        "input": _listed(report.input),
        "output": _listed(report.output),
        "out_channels_assumed": report.out_channels_assumed,
        "layers": layer_documents(report, depth),
        "totals": {
            **report.totals._asdict(),
            "connections_undefined": report.connections_undefined,
            "without_connections": list(report.without_connections),
        },
        "notes": note_documents(report.notes),
    }


def note_documents(notes: Iterable[Note]) -> list[Document]:
    """Return the notes as they stand under ``notes`` in every document.

    >>> note_documents([Note("warning", "conv1", "channels last?")])
    [{'kind': 'warning', 'layer': 'conv1', 'text': 'channels last?'}]
    """
    return [note._asdict() for note in notes]


def layer_documents(report: Report, depth: int | None = None) -> list[Document]:
    """The rows; a layer that is used again has, where it is first written, a name for the others to refer to.

    >>> from convcalc import Linear, Sequential, trace
    >>> [row["layer"] for row in layer_documents(trace(Sequential(*[Linear(2, 2)] * 2), (1, 2)))]
    ['(shared1 := Linear(2, 2))', 'shared1']
    """
    write = Writer(shared_names([row.layer for row in report.rows]))
    return [_layer_document(row, write(row.layer), depth) for row in report.rows]


def _layer_document(row: Row, layer: str, depth: int | None) -> Document:
    return {
        "name": row.name,
        "layer": layer,
        "pytorch": row.layer.in_pytorch(),
        "inputs": list(row.inputs),
        "input": _listed(row.input),
        "input_shapes": list(map(list, row.input_shapes)),
        "output": _listed(row.output),
        "weight_shape": _listed(row.weight_shape),
        **row.figures._asdict(),
        "out_channels_assumed": row.out_channels_assumed,
        "receptive_field": [field.size for field in row.field],
        "jump": [_plain(field.jump) for field in row.field],
        "start": [field.start for field in row.field],
        "leftover": list(row.leftover),
        "unread": [
            {"count": unread.elements, "ranges": [list(ends) for ends in unread.ranges]} for unread in row.unread
        ],
        "shares": row.shares,
        "layers": _parts(row, depth),
    }


def _listed(shape: Shape | None) -> list[int] | None:
    """A shape as JSON has it; None where it is not known."""
    return None if shape is None else list(shape)


def _parts(row: Row, depth: int | None) -> list[Document] | None:
    """The rows inside a block; None of a single layer, or where the depth ends."""
    if row.parts is None or depth == 1:
        return None
    return [_layer_document(part, repr(part.layer), None if depth is None else depth - 1) for part in row.parts]


def _plain(jump: int | Fraction | None) -> int | str | None:
    """A jump that is no whole number as text: 1/2."""
    return jump if jump is None or isinstance(jump, int) else str(jump)


def explanation(lines: Sequence[Line]) -> list[Document]:
    """Return formulas in letters and with their numbers.

    >>> from convcalc.explain import line
    >>> explanation([line("MACs", "f*i * v", 1200, f=10, i=120, v=1)])[0]["formula"]
    '10*120 * 1'
    """
    return [
        {
            "figure": line.figure,
            "meaning": line.meaning,
            "letters": line.letters,
            "formula": line.formula,
            "value": line.value,
        }
        for line in lines
    ]


def verification_document(verification: Verification) -> Document:
    """Predicted beside observed, figure by figure.

    >>> from convcalc import Linear
    >>> from convcalc.verify import verify
    >>> verification_document(verify(Linear(2, 3), (1, 2)))["layers"][0]["checks"][0]
    {'figure': 'output', 'predicted': (1, 3), 'observed': (1, 3), 'agrees': True}
    """
    return {
        "agrees": verification.agrees,
        "seconds": round(verification.seconds, 6),
        "layers": [
            {
                "name": row.name,
                "seconds": round(row.seconds, 6),
                "algorithms": list(row.algorithms),
                "checks": [{**check._asdict(), "agrees": check.agrees} for check in row.checks],
            }
            for row in verification.rows
        ],
    }


def sweep_document(
    rows: Sequence[Configuration], names: Sequence[str], combinations: int, notes: Iterable[Note] = ()
) -> Document:
    """The rows of a sweep, each with the values that a table would show of it.

    >>> from convcalc.sweep import Configuration
    >>> sweep_document([Configuration((1, 1, 9, 9), {"groups": 2}, None, "no")], ["groups", "refused"], 6)["rows"]
    [{'groups': 2, 'refused': 'no'}]
    """
    from convcalc.render.sweep import sweep_row

    return {
        "schema_version": SCHEMA_VERSION,
        "convcalc": __version__,
        "combinations": combinations,
        "rows": [dict(zip(names, sweep_row(names, row), strict=True)) for row in rows],
        "notes": note_documents(notes),
    }


def error_document(message: str, notes: Iterable[Note] = ()) -> Document:
    """Return a refusal, with the notes on what was read before it.

    >>> error_document("kernel 5 does not fit")
    {'schema_version': 1, 'error': {'message': 'kernel 5 does not fit'}, 'notes': []}
    """
    return {"schema_version": SCHEMA_VERSION, "error": {"message": message}, "notes": note_documents(notes)}


def network_from(document: object, origin: str = "stdin") -> tuple[Network, Shape]:
    """The network that a document describes, and its input shape. The figures in it are not believed, only its layers.

    ``origin`` says in a refusal where the document is from.

    >>> from convcalc import Conv2d, trace
    >>> network, shape = network_from(report_document(trace(Conv2d(3, 16, 4), (1, 3, 28, 28))))
    >>> network.nodes[0].layer, shape
    (Conv2d(3, 16, 4), (1, 3, 28, 28))
    """
    where = f"the JSON {'on stdin' if origin == 'stdin' else f'in {origin}'}"
    if not isinstance(document, Mapping) or "schema_version" not in document:
        raise ConvcalcError(f"{where} is not convcalc's (it has no schema_version): {REMEDY}")
    if type(document["schema_version"]) is not int or document["schema_version"] != SCHEMA_VERSION:
        raise ConvcalcError(
            f"{where} has schema_version {document['schema_version']!r}, this convcalc reads"
            f" {SCHEMA_VERSION}: use the same convcalc on both sides of the pipe"
        )
    if document.get("inputs") == []:
        raise ConvcalcError(
            f"{where} is of a printed model, whose order of calls is not known: give the print itself, or an expression"
        )
    if "error" in document:
        raise ConvcalcError(f"{where} is the error of the command before: mend that first")
    try:
        sizes = shape(_value(document, "input", list, "the document"))
        if max(sizes, default=0) >= 10**MOST_DIGITS:
            raise ConvcalcError(TOO_LONG)
        layers = _value(document, "layers", list, "the document")
        names: dict[str, Layer] = {}
        nodes = [_node(layer, number, names) for number, layer in enumerate(layers)]
        inputs = _names(document, "input_names") or (INPUT,)
        known = {*inputs, *(node.name for node in nodes)}
        outputs = [name for name in _names(document, "output_names") if name in known]  # layers may have been cut off
        return Network(nodes, inputs, outputs or None), sizes
    except ConvcalcError as error:
        raise ConvcalcError(f"{where}: {error}") from None


def _node(layer: object, number: int, names: dict[str, Layer]) -> Node:
    where = f"layer {number}"
    from convcalc.syntax import parse  # Python's parser is slow to load, and only reading needs it

    if not isinstance(layer, Mapping):
        raise ConvcalcError(f"{where} is not an object: {REMEDY}")
    name = _value(layer, "name", str, where)
    if not name or not name.isprintable():
        raise ConvcalcError(f"{where} has the name {name!r}: give it printable characters")
    inputs = _value(layer, "inputs", list, where)
    if not all(isinstance(source, str) for source in inputs):
        raise ConvcalcError(f"{where} has inputs that are not names: {REMEDY}")
    assumed = layer.get("out_channels_assumed", False) is True
    text = _value(layer, "layer", str, where)
    if len(text) > MOST_DIGITS and re.search(rf"[0-9_]{{{MOST_DIGITS + 1}}}", text):
        raise ConvcalcError(TOO_LONG)
    try:
        return Node(name, parse(text, names), tuple(inputs), assumed)
    except ConvcalcError as error:
        raise ConvcalcError(f"layer {name!r}: {error}") from None


def _names(document: Mapping[str, Any], key: str) -> tuple[str, ...]:
    """The names; none where an older document does not give them."""
    names = document.get(key, [])
    if not isinstance(names, list) or not all(isinstance(name, str) and name.isprintable() for name in names):
        raise ConvcalcError(f"the document has a {key!r} that is no list of names: {REMEDY}")
    return tuple(names)


def _value(mapping: Mapping[str, Any], key: str, kind: type, where: str) -> Any:
    value = mapping.get(key)
    if not isinstance(value, kind):
        wanted = "a list" if kind is list else "text"
        raise ConvcalcError(f"{where} has no {key!r} that is {wanted}: {REMEDY}")
    return value


def pick(document: Any, path: str) -> Any:
    """The value at a path of keys, list indices and names of layers, joined by dots.

    >>> pick({"layers": [{"name": "C1", "connections": 122304}]}, "layers.C1.connections")
    122304
    """
    if not path:
        raise ConvcalcError("--get is empty: give a path, such as totals.parameters")
    value = document
    walked: list[str] = []
    for step in path.split("."):
        choices = _choices(value)
        if step not in choices:
            place = ".".join(walked) or "the top"
            raise ConvcalcError(f"--get {path!r}: no {step!r} at {place}: {_nearest(path, step, list(choices))}")
        value = choices[step]
        walked.append(step)
    return value


FLAGS = {"verification": "--verify", "explain": "--explain (shape has it)", "errata": "--errata (lenet has it)"}


def _nearest(path: str, step: str, choices: list[str]) -> str:
    """What to write instead."""
    if step in FLAGS:
        return f"add {FLAGS[step]}"
    if "[" in path:
        return f"write {path.replace('[', '.').replace(']', '')}"
    if not choices:
        return "it is a single value"
    names = {choice.lower(): choice for choice in choices if not choice.isdigit()}
    near = get_close_matches(step.lower(), names, n=1)
    return f"did you mean {names[near[0]]}?" if near else f"there is {', '.join(choices)}"


def _choices(value: Any) -> dict[str, Any]:
    if isinstance(value, Mapping):
        return dict(value)
    if isinstance(value, list):
        numbered = {str(index): item for index, item in enumerate(value)}
        named = {item["name"]: item for item in value if isinstance(item, Mapping) and "name" in item}
        return named | numbered
    return {}
