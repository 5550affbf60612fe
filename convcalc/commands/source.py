"""What a command reads: stdin, files, and the network that was named."""

from __future__ import annotations

import os
import stat
import sys
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any, NamedTuple

from convcalc.commands import values
from convcalc.errors import ConvcalcError, quoted
from convcalc.notes import Note

if TYPE_CHECKING:
    from convcalc.layers.block import Block
    from convcalc.layers.printed import Printed
    from convcalc.layers.settings import Shape

MOST_BYTES = 64 * 2**20
FILES = (".py", ".txt", ".json")


class Source(NamedTuple):
    """A network, the input it was written with (None: it says none), and what is to be said of how it was read.

    ``lines`` gives the line of a layer by its identity, and ``file`` the name of the file it is in. ``printed`` is the
    model where only a print of it was given, which does not show the order of calls: it can be counted and not walked.
    """

    network: Block
    input_shape: Shape | None
    notes: tuple[Note, ...] = ()
    lines: Mapping[int, int] = {}
    file: str | None = None
    printed: Printed | None = None


def network(typed: str, name: str | None = None, in_order: bool = False, flatten: bool = False) -> Source:
    """The network that NETWORK stands for: a built-in name, ``-``, a file, or an expression.

    >>> network("Flatten(), Linear(4, 2)").network.nodes[1].layer
    Linear(4, 2)
    """
    from convcalc import zoo
    from convcalc.network import as_network

    if typed in zoo.NAMES:
        return Source(as_network(zoo.build(typed)), zoo.input_shape(typed))
    if typed == "-":
        return _read(text_of_stdin(), "stdin", name, in_order, flatten)
    if os.path.isfile(typed) or _is_path(typed):
        return _read(_text_of_file(typed), os.path.basename(typed), name, in_order, flatten)
    if typed.isidentifier():
        zoo.build(typed)  # refuses it, with the nearest names
    return _read(typed, None, name, in_order, flatten)


def _is_path(typed: str) -> bool:
    """Whether the text can only be the path of a file, there or not.

    >>> _is_path("model.onnx"), _is_path("./tests"), _is_path("nn.ReLU"), _is_path("Conv2d(3, 16, 4)")
    (True, True, False, False)
    """
    from convcalc.layers import FAMILIES

    if typed.endswith(FILES):
        return True
    suffix = os.path.splitext(typed)[1][1:]
    is_word = not any(character in typed for character in "(),=*[]{}\n")
    return is_word and (os.sep in typed or (suffix[:1].isalpha() and suffix not in FAMILIES))


def input_shape(read: Source, typed: Sequence[str] | None) -> Shape:
    """Return the shape of the network's input: the one that was typed, or the one it was written with.

    >>> input_shape(network("lenet5"), None)
    (1, 1, 32, 32)
    """
    if typed:
        return values.one_input("--input", typed)
    if read.input_shape is None:
        raise ConvcalcError("no input shape given: add --input 1x3x224x224")
    return read.input_shape


def _read(text: str, file: str | None, name: str | None, in_order: bool, flatten: bool) -> Source:
    from convcalc.network import as_network

    origin = file or "NETWORK"
    if not text.strip():
        raise ConvcalcError(
            f"{origin} is empty: give a network, such as 'Conv2d(3, 16, 4), ReLU()' (convcalc net --help)"
        )
    if text.lstrip().startswith("{"):
        from convcalc.schema import network_from

        read, shape = network_from(json_of(text, origin), origin)
        return Source(read, shape)
    from convcalc.layers.printed import Printed
    from convcalc.syntax import read_network

    parsed = read_network(text, name=name, in_order=in_order, flatten=flatten, filename=file)
    printed = parsed.layer if isinstance(parsed.layer, Printed) else None
    return Source(as_network(parsed.layer), None, parsed.notes, parsed.lines, file, printed)


def json_of(text: str, origin: str = "stdin") -> Any:
    """The JSON that the text is.

    >>> json_of('{"schema_version": 1}')
    {'schema_version': 1}
    """
    import json

    where = "on stdin" if origin == "stdin" else f"in {origin}"
    try:
        return json.loads(text)
    except json.JSONDecodeError as error:
        place = f"({error.msg} at line {error.lineno}, column {error.colno})"
        like_json = text.lstrip().startswith(("{", "["))
        remedy = "it is cut short, or has text behind it" if like_json else "add --json to the command before"
        raise ConvcalcError(f"{origin} is not JSON {place}: {remedy}") from None
    except RecursionError:
        raise ConvcalcError(f"the JSON {where} is nested too deeply: give what convcalc prints with --json") from None
    except ValueError:
        digits = f"{sys.get_int_max_str_digits():,}"
        raise ConvcalcError(
            f"the JSON {where} holds a number of more than {digits} digits: give smaller sizes"
        ) from None


def is_piped() -> bool:
    """Return whether stdin is a pipe or a file, from which a network can be read."""
    if sys.stdin is None or sys.stdin.isatty():
        return False
    try:
        mode = os.fstat(sys.stdin.fileno()).st_mode
    except (OSError, ValueError):  # a stream of Python's own
        return True
    return stat.S_ISFIFO(mode) or stat.S_ISREG(mode)


def text_of_stdin(reads: str = "a network") -> str:
    """All of stdin: UTF-8 whatever the locale, or UTF-16 where a shell has marked it so."""
    if sys.stdin is None or sys.stdin.isatty():
        found = "closed" if sys.stdin is None else "a terminal"
        raise ConvcalcError(
            f"- reads {reads} from a pipe, but stdin is {found}: write convcalc shape ... --json | convcalc shape - ..."
        )
    stream = getattr(sys.stdin, "buffer", None)
    data = sys.stdin.read(MOST_BYTES + 1) if stream is None else stream.read(MOST_BYTES + 1)
    return data if isinstance(data, str) and len(data) <= MOST_BYTES else _decoded(data, "stdin")


def _text_of_file(path: str) -> str:
    try:
        with open(path, "rb") as file:
            return _decoded(file.read(MOST_BYTES + 1), path)
    except OSError as error:
        raise ConvcalcError(f"cannot read {quoted(path)}: {error.strerror}") from None


def _decoded(data: str | bytes, origin: str) -> str:
    if len(data) > MOST_BYTES:
        raise ConvcalcError(f"{origin} holds more than {MOST_BYTES:,} bytes: give one network")
    if isinstance(data, str):
        return data
    try:
        return str(data, "utf-16" if data.startswith((b"\xff\xfe", b"\xfe\xff")) else "utf-8-sig")
    except UnicodeDecodeError as error:
        raise ConvcalcError(f"{origin} is not text ({error.reason} at byte {error.start}): give text") from None
