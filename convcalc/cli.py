"""The command line: the app, its commands by name, and what it answers without one."""

import gc
from typing import Annotated

gc.disable()  # while modules load there is nothing to collect, and looking for it takes a twentieth of the start

import typer  # noqa: E402

from convcalc.commands.base import Group  # noqa: E402

gc.freeze()  # nor later: modules stay
gc.enable()

app = typer.Typer(
    name="convcalc",
    cls=Group,
    rich_markup_mode=None,
    pretty_exceptions_enable=False,
    no_args_is_help=False,
    context_settings={
        "help_option_names": ["-h", "--help"],
        "token_normalize_func": lambda name: name.replace("_", "-"),  # --kernel_size is --kernel-size
    },
    help="The pocket calculator for convolutional networks: every figure exact, every count proved by execution.",
)


@app.callback(invoke_without_command=True)
def convcalc(
    context: typer.Context,
    version: Annotated[bool, typer.Option("--version", "-V", help="Print the version and exit.")] = False,
) -> None:
    """Without a command: the version, or the help."""
    if version:
        from convcalc import __version__

        print(f"convcalc {__version__}")
    elif context.invoked_subcommand is None:
        print(context.get_help())
