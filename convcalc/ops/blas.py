"""Keep BLAS to one thread for a while: threads of its own would compete with ours, and change the order of its sums.

NumPy has no call for this. threadpoolctl has one for OpenBLAS, MKL and BLIS; another BLAS keeps its threads.
"""

from __future__ import annotations

import os
from functools import cache
from threading import Lock
from typing import Any


class BlasThreads:
    """The number of BLAS threads belongs to the whole process: the first user sets it, the last one resets it."""

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
        """Reset BLAS in the child of a fork, which has none of the users."""
        if self._users:
            self._reset()

    def _reset(self) -> None:
        for library, before in self._before:
            _let_go(library)
            library.set_num_threads(before)
            _let_go(library)


def _let_go(library: Any) -> None:
    """Let any thread set the library: since 3.7, threadpoolctl obeys only the first thread that set it."""
    if hasattr(library, "clear_controlling_thread"):
        library.clear_controlling_thread(force=True)


def _after_fork() -> None:
    one_blas_thread().forget_users()
    one_blas_thread.cache_clear()  # its lock may be held by a thread that is not here


@cache
def one_blas_thread() -> BlasThreads:
    """Return a context in which BLAS uses one thread.

    >>> with one_blas_thread():
    ...     [library.get_num_threads() for library in libraries()] in ([], [1])
    True
    """
    return BlasThreads()


@cache
def libraries() -> tuple[Any, ...]:
    """Return the BLAS that NumPy uses, or nothing if threadpoolctl does not know it.

    >>> len(libraries()) >= 0
    True
    """
    from threadpoolctl import ThreadpoolController

    return tuple(ThreadpoolController().select(user_api="blas").lib_controllers)


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_after_fork)
