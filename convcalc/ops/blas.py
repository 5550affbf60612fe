"""BLAS kept to one thread, and its setting put back: threads of its own would compete with those that share the work.

NumPy has no call for it. threadpoolctl has (for OpenBLAS, MKL, BLIS); a BLAS that it does not know keeps its threads.
"""

from __future__ import annotations

import os
from functools import cache
from threading import Lock
from typing import Any


class BlasThreads:
    """BLAS has one number of threads for the whole process: the first to come sets it, the last to go resets it."""

    def __init__(self) -> None:
        self._lock = Lock()
        self._users = 0
        self._before: list[tuple[Any, int]] = []

    def __enter__(self) -> None:
        with self._lock:
            if self._users == 0:
                self._before = [(library, library.get_num_threads()) for library in libraries()]
                for library, _ in self._before:
                    _let_go(library)
                    library.set_num_threads(1)
            self._users += 1

    def __exit__(self, *_: object) -> None:
        with self._lock:
            self._users -= 1
            if self._users == 0:
                self._reset()

    def forget_users(self) -> None:
        """In the child of a fork there are none, whoever there were."""
        if self._users:
            self._reset()

    def _reset(self) -> None:
        for library, before in self._before:
            _let_go(library)
            library.set_num_threads(before)
            _let_go(library)


def _let_go(library: Any) -> None:
    """threadpoolctl leaves a library to the thread that was first to set it, and ignores the others (since 3.7)."""
    if hasattr(library, "clear_controlling_thread"):
        library.clear_controlling_thread(force=True)


def _after_fork() -> None:
    one_blas_thread().forget_users()
    one_blas_thread.cache_clear()  # its lock may be held by a thread that is not here


@cache
def one_blas_thread() -> BlasThreads:
    """A context in which BLAS works on one thread.

    >>> with one_blas_thread():
    ...     [library.get_num_threads() for library in libraries()] in ([], [1])
    True
    """
    return BlasThreads()


@cache
def libraries() -> tuple[Any, ...]:
    """The BLAS that NumPy uses, as threadpoolctl knows it; none where it does not.

    >>> len(libraries()) >= 0
    True
    """
    from threadpoolctl import ThreadpoolController

    return tuple(ThreadpoolController().select(user_api="blas").lib_controllers)


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_after_fork)
