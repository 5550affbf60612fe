"""What all commands share of Typer: values taken as they were typed, and refusals in one line.

Typer coerces every parameter through pydantic, which takes longer to import than everything else together. Ours are
all text or flags and are read by `commands.values`, so they need none of it. `_AsTyped` says so to Typer; should a
later Typer not listen, it coerces text to text, and only the start is slower.
"""

from __future__ import annotations

import os
import re
import sys
from collections.abc import Sequence
from difflib import get_close_matches
from typing import Any

from typer import Abort
from typer.core import TyperCommand, TyperGroup

from convcalc.errors import ConvcalcError

# How a remedy that names a setting (padding=1) is typed.
OPTIONS = {
    "kernel_size": "--k",
    "stride": "--s",
    "padding": "--p",
    "dilation": "--d",
    "groups": "--g",
    "out_channels": "--out",
    "padding_mode": "--padding-mode",
    "memory_limit": "--memory-limit",
}


class _AsIs:
    """Stands where Typer keeps a parameter's conversion."""

    @staticmethod
    def coerce(value: Any, *_: Any, **__: Any) -> Any:
        return value


class _AsTyped:
    def get_params(self, ctx: Any) -> list[Any]:
        params: list[Any] = super().get_params(ctx)  # type: ignore[misc]
        for param in params:
            if getattr(param, "_runtime_param", _AsIs) is None:
                param._runtime_param = _AsIs
        return params


class Command(_AsTyped, TyperCommand):
    """A command whose values are taken as typed."""

    def parse_args(self, ctx: Any, args: list[str]) -> list[str]:
        """Where unknown options pass as arguments (so that -3 can be refused as a number), refuse the others here."""
        rest = super().parse_args(ctx, args)
        for typed in (word for value in ctx.params.values() if isinstance(value, (list, tuple)) for word in value):
            if re.match(r"--?[A-Za-z]", typed):
                known = [option for param in self.params for option in (*param.opts, *param.secondary_opts)]
                near = get_close_matches(typed, known, n=1)
                ctx.fail(f"No such option: {typed}" + (f" (did you mean {near[0]}?)" if near else ""))
        return rest


class Group(_AsTyped, TyperGroup):
    """The app. It ends with 0; with 1 where a check failed; with 2, and one line on stderr, where it refuses."""

    def main(
        self,
        args: Sequence[str] | None = None,
        prog_name: str | None = None,
        complete_var: str | None = None,
        standalone_mode: bool = True,
        windows_expand_args: bool = True,
        **extra: Any,
    ) -> Any:
        """Run the command line, and turn whatever ends it into an exit code."""
        typed = list(sys.argv[1:] if args is None else args)
        try:
            code = super().main(args, prog_name or "convcalc", complete_var, False, windows_expand_args, **extra)
            sys.stdout.flush()
        except BrokenPipeError:
            _let_go_of_stdout()
            code = 0
        except ConvcalcError as error:
            code = _refuse(_as_options(str(error)), typed)
        except (KeyboardInterrupt, Abort):
            code = 130
        except MemoryError:
            code = _refuse(
                "this machine has not the memory for it: lower --memory-limit, or give a smaller input", typed
            )
        except OSError as error:
            code = _refuse(f"cannot write the output: {error.strerror}", typed)
        except Exception as error:
            message = _usage(error) or _too_long(error)
            if message is None:
                raise
            code = _refuse(message, typed)
        if not standalone_mode:
            return code
        sys.exit(code if isinstance(code, int) else 0)

    def invoke(self, ctx: Any) -> Any:
        """Run the command; a reader that has gone (``| head``) ends it quietly."""
        try:
            return super().invoke(ctx)
        except BrokenPipeError:
            _let_go_of_stdout()
            return 0


def _refuse(message: str, typed: Sequence[str]) -> int:
    if "--json" in typed:
        import json

        from convcalc.schema import error_document

        message = json.dumps(error_document(message))
    else:
        message = f"error: {message}"
    print(message, file=sys.stderr)
    return 2


def _as_options(message: str) -> str:
    """The remedy as it is typed.

    >>> _as_options("kernel 5 does not fit input 3 (padding 0): use padding=1 or a kernel of at most 3")
    'kernel 5 does not fit input 3 (padding 0): use --p 1 or a kernel of at most 3'
    """
    setting = rf"\b(use|or) ({'|'.join(OPTIONS)})=(\S+)"
    return re.sub(setting, lambda found: f"{found[1]} {OPTIONS[found[2]]} {found[3]}", message)


def _usage(error: Exception) -> str | None:
    """A usage error of Typer's, in one line; None for any other error."""
    if not hasattr(error, "format_message"):
        return None
    message = str(error.format_message()).strip().rstrip(".")
    context = getattr(error, "ctx", None)
    command = context.command_path if context is not None else "convcalc"
    return f"{' '.join(message.split())}: see {command} --help"


def _too_long(error: Exception) -> str | None:
    """Python writes no number of more than 4,300 digits unless asked to."""
    if isinstance(error, ValueError) and "integer string conversion" in str(error):
        return f"a figure has more than {sys.get_int_max_str_digits():,} digits: give smaller sizes"
    return None


def _let_go_of_stdout() -> None:
    """Nobody reads it any more: let Python's last flush go nowhere."""
    os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
