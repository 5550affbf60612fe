"""Files that commands write: refused early, written whole or not at all."""

from __future__ import annotations

import os
import stat
from collections.abc import Sequence

from convcalc.errors import ConvcalcError, did_you_mean, quoted


def suffix_of(path: str) -> str:
    """Return the suffix of a path, which names the format.

    >>> suffix_of("pictures/conv.SVG")
    '.svg'
    """
    return os.path.splitext(path)[1].lower()


def check(path: str, suffixes: Sequence[str], force: bool, others: str = "") -> None:
    """Refuse, before anything is worked out, a file that cannot be meant; ``others`` are words on what else can be.

    >>> check("conv.pgn", (".svg", ".png"), force=False)
    Traceback (most recent call last):
    convcalc.errors.ConvcalcError: -o 'conv.pgn' has no suffix of a picture: use .svg, .png (did you mean .png?)
    """
    suffix = suffix_of(path)
    if suffix not in suffixes:
        known = ", ".join(suffixes)
        raise ConvcalcError(
            f"-o {quoted(path)} has no suffix of a picture: use {known}{others}{did_you_mean(suffix, suffixes)}"
        )
    if os.path.isdir(path):
        raise ConvcalcError(f"-o {quoted(path)} is a directory: give the name of a file")
    folder = os.path.dirname(path) or os.curdir
    if not os.path.isdir(folder):
        raise ConvcalcError(f"-o {quoted(path)}: there is no folder {quoted(folder)}: make it first")
    if os.path.lexists(path) and not force:
        raise ConvcalcError(f"{quoted(path)} is there already: add --force to replace it, or give another name with -o")


def write(path: str, data: bytes, force: bool) -> None:
    """Write the file whole, or not at all. A file that is replaced keeps its permissions."""
    part = os.path.join(os.path.dirname(path), f".{os.getpid()}.part")
    try:
        with open(part, "xb") as file:
            if force and os.path.exists(path):
                os.chmod(part, stat.S_IMODE(os.stat(path).st_mode))
            file.write(data)
        if force or not _linked(part, path):
            os.replace(part, path)
    except OSError as error:
        raise ConvcalcError(f"cannot write {quoted(path)}: {error.strerror}") from None
    finally:
        if os.path.lexists(part):
            os.unlink(part)


def _linked(part: str, path: str) -> bool:
    """Give the file its name unless it has come to be meanwhile, which is an error; False where there are no links."""
    try:
        os.link(part, path)
    except FileExistsError:
        raise
    except OSError:
        return False
    return True
