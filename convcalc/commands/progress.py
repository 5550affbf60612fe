"""Bars on stderr, for what takes long enough to be waited for."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from threading import Lock
from time import monotonic
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from convcalc.verify import Progress

PATIENCE = 1.0  # seconds, before a bar is worth its place


@contextmanager
def of_layers() -> Iterator[Progress | None]:
    """A bar of layers that are verified, where stderr is a terminal."""
    if not sys.stderr.isatty():
        yield None
        return
    from rich.console import Console
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn

    columns = (TextColumn("verifying"), BarColumn(), MofNCompleteColumn(), TextColumn("{task.description}"))
    with Progress(*columns, console=Console(stderr=True), transient=True) as bar:
        task = bar.add_task("")

        def progress(done: int, of: int, name: str) -> None:
            bar.update(task, completed=done, total=of, description=name)

        yield progress


@contextmanager
def of_a_part(word: str) -> Iterator[Callable[[float], None] | None]:
    """A bar of how far something is, from 0 to 1, where stderr is a terminal: not before a second has passed.

    What it gives may be called from any thread.
    """
    if not sys.stderr.isatty():
        yield None
        return
    started, lock, shown = monotonic(), Lock(), ExitStack()
    update: list[Callable[..., Any]] = []

    def tell(part: float) -> None:
        with lock:
            if not update and monotonic() - started > PATIENCE:
                update.append(_bar(word, shown))
            for change in update:
                change(part)

    with shown:
        yield tell


def _bar(word: str, shown: ExitStack) -> Callable[[float], None]:
    from rich.console import Console
    from rich.progress import BarColumn, Progress, TextColumn, TimeRemainingColumn

    columns = (TextColumn(word), BarColumn(), TextColumn("{task.percentage:.0f} %"), TimeRemainingColumn())
    bar = shown.enter_context(Progress(*columns, console=Console(stderr=True), transient=True))
    task = bar.add_task(word, total=1.0)
    return lambda part: bar.update(task, completed=part)
