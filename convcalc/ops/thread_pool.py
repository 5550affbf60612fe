"""The threads that help with large jobs, and the cores they run on."""

from __future__ import annotations

import os
from collections.abc import Callable, Sequence
from contextlib import suppress
from functools import cache
from queue import SimpleQueue
from threading import Lock, Thread


class ThreadPool:
    """Threads that wait for tasks; as daemons, they never keep a program from ending.

    They are kept off the caller's core: the kernel of a virtual machine takes a sleeping core for one that its host has
    taken away, and would wake them behind their caller, on the same core, where they are of no help.
    """

    def __init__(self) -> None:
        self._tasks: SimpleQueue[Callable[[], None]] = SimpleQueue()
        self._lock = Lock()
        self._threads: list[Thread] = []
        self._cores: set[int] = set()

    def ask(self, tasks: Sequence[Callable[[], None]]) -> None:
        """Give each task to a thread of its own."""
        if not tasks:
            return
        with self._lock:
            others = _other_cores()
            while len(self._threads) < len(tasks):
                self._threads.append(Thread(target=self._work, name="convcalc", daemon=True))
                self._threads[-1].start()
                self._cores = set()
            if others and others != self._cores:
                for thread in self._threads:
                    _keep_on(thread, others)
                self._cores = others
        for task in tasks:
            self._tasks.put(task)

    def _work(self) -> None:
        while True:
            self._tasks.get()()


def _other_cores() -> set[int]:
    """Return the cores that this thread might run on and does not; none if that is not known."""
    current = _current_core()
    return os.sched_getaffinity(0) - {current()} if current else set()


@cache
def _current_core() -> Callable[[], int] | None:
    if not hasattr(os, "sched_setaffinity"):
        return None
    import ctypes

    return getattr(ctypes.CDLL(None), "sched_getcpu", None)


def _keep_on(thread: Thread, cores: set[int]) -> None:
    with suppress(OSError):  # it is only a hint
        os.sched_setaffinity(thread.native_id or 0, cores)


@cache
def thread_pool() -> ThreadPool:
    """Return the threads of this process, created on first use.

    >>> thread_pool() is thread_pool()
    True
    """
    return ThreadPool()


def _after_fork() -> None:
    """Forget the threads in the child of a fork, which has only the thread that forked."""
    thread_pool.cache_clear()


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_after_fork)
