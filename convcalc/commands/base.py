"""What all commands share: values are taken as typed, help has groups, and a refusal is one line.

Typer coerces every parameter through pydantic, which takes longer to import than everything else together. Ours are
all text or flags and are read by `commands.values`, so they need none of it. `_AsTyped` says so to Typer; should a
later Typer not listen, it coerces text to text, and only the start is slower.
"""

from __future__ import annotations

import gc
import os
import re
import sys
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from importlib import import_module
from inspect import Parameter, Signature
from itertools import pairwise, takewhile
from typing import Any, TextIO, TypeVar, cast, get_type_hints

from typer import Abort, Exit, Typer
from typer.core import TyperCommand, TyperGroup
from typer.main import get_command

from convcalc.commands import COMMANDS
from convcalc.errors import ConvcalcError, did_you_mean, printable
from convcalc.notes import Note, note_lines

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
    "layers": "--chain",
    "receptive_field": "--receptive-field",
    "at": "--at",
    "depth": "--depth",
    "width": "--width",
    "border": "--border",
    "range": "--range",
}

COMPLETION = "_CONVCALC_COMPLETE"  # set by the script of a shell that asks what a word may go on to
EXAMPLES = (
    "convcalc shape 1 3 224 224 --k 7 --s 2 --p 3 --out 64",
    "convcalc net resnet18 --depth 1",
    "convcalc draw lenet5",
)
PER_AXIS = ("kernel_size", "stride", "padding", "dilation", "output_padding")
LONGEST_LETTER = len("--k")  # of an option: near to too many words
LONGEST_MESSAGE = 600

T = TypeVar("T")


def option(name: str) -> str:
    """Return the option for a setting.

    >>> option("kernel_size"), option("output_padding")
    ('--k', '--output-padding')
    """
    return OPTIONS.get(name, f"--{name.replace('_', '-')}")


class _AsIs:
    """Stands where Typer keeps a parameter's conversion."""

    @staticmethod
    def coerce(value: Any, *_: Any, **__: Any) -> Any:
        """Return the text as it was typed."""
        return value


class _AsTyped:
    """A command or group whose parameters Typer leaves as text."""

    def get_params(self, ctx: Any) -> list[Any]:
        """Return the parameters, each without a conversion."""
        params: list[Any] = super().get_params(ctx)  # type: ignore[misc]
        for param in params:
            if getattr(param, "_runtime_param", _AsIs) is None:
                param._runtime_param = _AsIs
        return params


class Command(_AsTyped, TyperCommand):
    """A command whose values are taken as typed, and whose help has the options in groups."""

    groups: Mapping[str, str]  # the heading that stands above an option, by the option's name
    examples: Sequence[str]

    def format_options(self, ctx: Any, formatter: Any) -> None:
        """Write what can be typed, in groups, the long name of an option first."""
        heading, rows = "", dict[str, list[tuple[str, str]]]()
        for param in self.get_params(ctx):
            heading = self.groups.get(param.name, heading or "Arguments" if param.opts[0][0] != "-" else heading)
            if record := param.get_help_record(ctx):
                rows.setdefault(heading or "Options", []).append((_names(param), record[1]))
        for title, listed in rows.items():
            with formatter.section(title):
                formatter.write_dl(listed)

    def format_epilog(self, ctx: Any, formatter: Any) -> None:
        """Write the examples, a line each, to be copied."""
        write_examples(formatter, self.examples)

    def parse_args(self, ctx: Any, args: list[str]) -> list[str]:
        """Refuse unknown options. Typer passes them on as arguments, so that -3 can be refused as a number."""
        takes_file = any("-o" in param.opts for param in self.params)
        if not takes_file and any(word in ("-o", "--output") or word.startswith("--output=") for word in args):
            ctx.fail("No option for a file here: send the output to one with > FILE")
        try:
            rest = super().parse_args(ctx, args if "--" in args else [*self._with_sizes_together(ctx, args)])
        except Exception as error:
            if getattr(error, "ctx", ctx) is None:  # so that the hint is to this command's help
                error.ctx = ctx  # type: ignore[attr-defined]
            raise
        for typed in (word for value in ctx.params.values() if isinstance(value, (list, tuple)) for word in value):
            if typed.startswith("-") and typed.lstrip("-")[:1].isalpha():
                known = [option for param in self.params for option in (*param.opts, *param.secondary_opts)]
                if typed in known:
                    ctx.fail(f"{typed} stands behind --, where only sizes may: put options before it")
                long = [name for name in known if len(name) > LONGEST_LETTER]
                ctx.fail(f"No such option: {typed}{did_you_mean(typed, long)}")
        return rest

    def _with_sizes_together(self, ctx: Any, args: Sequence[str]) -> Iterator[str]:
        """Join the sizes behind --input, and refuse other sizes that do not stand together (--k 3 3)."""
        takes_sizes = any(param.nargs == -1 for param in self.params)
        valued = {name: param for param in self.params for name in param.opts if not getattr(param, "is_flag", True)}
        starts = [place for place, word in enumerate(args) if word[0:1] == "-" and word.lstrip("-")[:1].isalpha()]
        some_before = any(map(_is_size, args[: starts[0]] if starts else ()))
        yield from args[: starts[0]] if starts else args
        for start, end in pairwise([*starts, len(args)]):
            name, *words = args[start:end]
            numbers = [*takewhile(_is_size, words)]
            if name in ("--input", "-i") and len(numbers) > 1:
                yield from (name, " ".join(numbers), *words[len(numbers) :])
                continue
            yield from (name, *words)
            value = words[:1] if name in valued else []
            if takes_sizes and len(numbers) > len(value):
                if some_before and (value or name[:2] in valued):
                    per_axis = value and valued[name].name in PER_AXIS
                    meant = f"did you mean {name} {'x'.join(numbers)}?" if per_axis else "put them before the options"
                    option = " ".join((name, *value))
                    raise ConvcalcError(f"numbers stand before and after {option}, and sizes stand together: {meant}")
                some_before = True


def _is_size(word: str) -> bool:
    """Return whether a word is one of an input's sizes, perhaps with the brackets and commas around it."""
    return word.strip("()[],").lstrip("+-").isdigit()


def _names(param: Any) -> str:
    """Return how an option is typed: its names, the longest first, and its value."""
    if param.opts[0][0] != "-":
        return str(param.metavar)
    if param.secondary_opts:
        return " / ".join((*param.opts, *param.secondary_opts))
    names = ", ".join(sorted(param.opts, key=len, reverse=True))
    return f"{names} {param.metavar}" if param.metavar else names


def write_examples(formatter: Any, lines: Sequence[str]) -> None:
    """Write command lines as they are: none is broken."""
    with formatter.section("Examples" if len(lines) > 1 else "Example"):
        for line in lines:
            formatter.write(f"{'':{formatter.current_indent}}{line}\n")


def command(
    options: type[T], examples: Sequence[str], groups: Mapping[str, str], **settings: Any
) -> Callable[[Callable[[T], bool | None]], Command]:
    """Make a command of a function that takes ``options``: a named tuple, each field of which says how it is typed.

    In the help, ``groups`` has the heading above a field. The command has the name of its file. It ends with exit code
    1 where the function returns False.
    """

    def made(run: Callable[[T], bool | None]) -> Command:
        def typed(**given: Any) -> None:
            if "format" in given:
                from convcalc.commands import values

                given["format"] = values.format_of(given["format"], given["json"], given["get"])
            if run(options(**given)) is False:
                raise Exit(1)

        hints = get_type_hints(options, include_extras=True)
        defaults = options._field_defaults  # type: ignore[attr-defined]
        fields = [
            Parameter(name, Parameter.KEYWORD_ONLY, default=defaults[name], annotation=hints[name]) for name in hints
        ]
        typed.__signature__ = Signature(fields)  # type: ignore[attr-defined]
        typed.__annotations__ = {}
        name = run.__module__.rpartition(".")[2]
        app = Typer(rich_markup_mode=None, add_completion=False)
        app.command(name, cls=Command, help=COMMANDS[name], **settings)(typed)
        command = cast(Command, get_command(app))
        command.groups, command.examples = {**groups, "help": "Other"}, examples
        return command

    return made


class Commands(Mapping[str, Command]):
    """The commands by name. Each is built when it is asked for, because one start needs at most one."""

    def __getitem__(self, name: str) -> Command:
        if name not in COMMANDS:
            raise KeyError(name)
        command = cast(Command, import_module(f"convcalc.commands.{name}").run)
        if COMPLETION in os.environ:
            from convcalc.commands.complete import offer

            offer(command)
        return command

    def __iter__(self) -> Iterator[str]:
        return iter(COMMANDS)

    def __len__(self) -> int:
        return len(COMMANDS)


class Group(_AsTyped, TyperGroup):
    """The app. Its exit code is 0; 1 if a check fails; 2, with one line on stderr, if it refuses what was typed."""

    def __init__(self, **settings: Any) -> None:
        super().__init__(**settings)
        self.commands: Any = Commands()

    def list_commands(self, ctx: Any) -> list[str]:
        """Their names, in the order of the help."""
        return [*COMMANDS]

    def format_commands(self, ctx: Any, formatter: Any) -> None:
        """Write what each command is for, without building it."""
        with formatter.section("Commands"):
            formatter.write_dl([*COMMANDS.items()])

    def format_epilog(self, ctx: Any, formatter: Any) -> None:
        """Write what to try first."""
        write_examples(formatter, EXAMPLES)

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
        if typed[:1] == ["help"]:
            typed = args = [*typed[1:2], "--help"]
        gc.disable()  # a command is short: what it makes goes with the process
        if sys.stderr is None:  # closed: what is said there is lost, and must not land on stdout
            sys.stderr = open(os.devnull, "w")  # noqa: SIM115
        try:
            if sys.stdout is None:
                raise ConvcalcError("cannot write the output: stdout is closed")
            code = super().main(args, prog_name or "convcalc", complete_var, False, windows_expand_args, **extra)
            sys.stdout.flush()
        except BrokenPipeError:
            _let_go_of(sys.stdout)
            code = 0
        except ConvcalcError as error:
            code = _refuse(str(error), typed, error.notes)
        except (KeyboardInterrupt, Abort):
            code = 130
        except MemoryError:
            code = _refuse("this machine has not the memory for it: give a smaller input", typed)
        except OSError as error:
            _let_go_of(sys.stdout)
            code = _refuse(f"cannot write the output: {error.strerror}", typed)
        except Exception as error:
            message = _usage(error) or _too_long(error)
            if message is None:
                raise
            code = _refuse(message, typed)
        finally:
            gc.enable()
        if not standalone_mode:
            return code
        sys.exit(code if isinstance(code, int) else 0)

    def make_context(self, *args: Any, **kwargs: Any) -> Any:
        """Read the words; help and version are printed here."""
        with _ending_quietly():
            return super().make_context(*args, **kwargs)

    def invoke(self, ctx: Any) -> Any:
        """Run the command."""
        with _ending_quietly():
            return super().invoke(ctx)


@contextmanager
def as_typed(without: Sequence[str] = ()) -> Iterator[None]:
    """Turn the settings that a refusal names into the options they are typed as, but for those ``without`` an option.

    >>> with as_typed():
    ...     raise ConvcalcError("kernel 5 does not fit input 3 (padding 0): use padding=1 or a kernel of at most 3")
    Traceback (most recent call last):
    convcalc.errors.ConvcalcError: kernel 5 does not fit input 3 (padding 0): use --p 1 or a kernel of at most 3
    """
    try:
        yield
    except ConvcalcError as error:
        names = "|".join(name for name in OPTIONS if name not in without)
        message = re.sub(rf"\b(use|or) ({names})='?([^\s']+)'?", lambda m: f"{m[1]} {OPTIONS[m[2]]} {m[3]}", str(error))
        raise ConvcalcError(re.sub(rf"^({names})\b", lambda m: OPTIONS[m[1]], message), error.notes) from None


@contextmanager
def with_notes(notes: Sequence[Note]) -> Iterator[None]:
    """Add the notes on what was read to a refusal that follows.

    >>> with with_notes([Note("assumed", None, "read in printed order")]):
    ...     raise ConvcalcError("kernel 5 does not fit")
    Traceback (most recent call last):
    convcalc.errors.ConvcalcError: kernel 5 does not fit
    """
    try:
        yield
    except ConvcalcError as error:
        error.notes = tuple(dict.fromkeys((*notes, *error.notes)))
        raise


def tell(text: str) -> None:
    """A line on stderr, of printable characters only; where nobody listens, none."""
    try:
        print(printable(text), file=sys.stderr, flush=True)
    except OSError:
        _let_go_of(sys.stderr)


def tell_notes(notes: Iterable[Note]) -> None:
    """Print notes on stderr, for an output that has no place for them."""
    for line in note_lines(notes):
        tell(line)


def _refuse(message: str, typed: Sequence[str], notes: Sequence[Note] = ()) -> int:
    message = message if len(message) <= LONGEST_MESSAGE else f"{message[:LONGEST_MESSAGE]}..."
    pairs = pairwise(typed)
    if {"--json", "--format=json"} & {*typed} or any(pair in (("--format", "json"), ("-f", "json")) for pair in pairs):
        import json

        from convcalc.schema import error_document

        tell(json.dumps(error_document(message, notes)))
    else:
        tell_notes(notes)
        tell(f"error: {message}")
    return 2


def _usage(error: Exception) -> str | None:
    """A usage error of Typer's, in one line; None for any other error."""
    if not hasattr(error, "format_message"):
        return None
    message = str(error.format_message()).strip().rstrip(".?")
    context = getattr(error, "ctx", None)
    command = context.command_path if context is not None else "convcalc"
    return f"{' '.join(message.split())}: see {command} --help"


def _too_long(error: Exception) -> str | None:
    """Python writes no number of more than 4,300 digits unless asked to."""
    if isinstance(error, ValueError) and "integer string conversion" in str(error):
        return f"a figure has more than {sys.get_int_max_str_digits():,} digits: give smaller sizes"
    return None


@contextmanager
def _ending_quietly() -> Iterator[None]:
    """A reader that has gone (``| head``) is no error: Typer would end with 1."""
    try:
        yield
    except BrokenPipeError:
        _let_go_of(sys.stdout)
        raise Exit(0) from None


def _let_go_of(stream: TextIO) -> None:
    """Nobody takes what it holds: let Python's last flush go nowhere."""
    os.dup2(os.open(os.devnull, os.O_WRONLY), stream.fileno())
