"""Share a large job among threads.

NumPy releases the interpreter's lock while it copies or multiplies, so Python threads that share a few large pieces run
side by side.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Iterator
from contextlib import nullcontext
from functools import partial
from queue import SimpleQueue
from threading import Lock
from typing import Generic, TypeVar

import numpy as np

from convcalc.errors import ConvcalcError
from convcalc.ops.blas import one_blas_thread
from convcalc.ops.scratch import SCRATCH_BYTES
from convcalc.ops.sliding import Array
from convcalc.ops.thread_pool import thread_pool

Piece = TypeVar("Piece")
VARIABLE = "CONVCALC_THREADS"
MOST_THREADS = 64


def thread_count() -> int:
    """Return how many threads a large job may use: CONVCALC_THREADS, or the cores that this process may run on.

    >>> 1 <= thread_count() <= MOST_THREADS
    True
    """
    given = os.environ.get(VARIABLE, "").strip()
    if not given:
        cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
        return min(cores, MOST_THREADS)
    if not given.isascii() or not given.isdigit() or int(given[:20]) == 0:
        raise ConvcalcError(f"{VARIABLE}={given} is not a number of threads: give 1 or more, or leave it out")
    return min(int(given[:20]), MOST_THREADS)


def worker_count(scratch_bytes: int, shared_bytes: int = 0) -> int:
    """Return how many threads, each with so much scratch beside what they share, stay within the scratch of one call.

    >>> worker_count(SCRATCH_BYTES)
    1
    """
    return max(1, min(thread_count(), (SCRATCH_BYTES - shared_bytes) // max(1, scratch_bytes)))


def parallel_for(
    pieces: Iterable[Piece], start: Callable[[Array], Callable[[Piece], object]], scratch: Array, most: int
) -> None:
    """Do each piece once, on this thread and at most ``most - 1`` others, with BLAS kept to one thread.

    ``most=0`` uses this thread and leaves BLAS as it is. Each thread calls ``start`` once with its part of the scratch,
    and what that returns for each of its pieces. The first error stops the rest and is raised here.

    >>> done = []
    >>> parallel_for([1, 2, 3], lambda _: done.append, np.empty(0), most=2)
    >>> sorted(done)
    [1, 2, 3]
    """
    if most <= 1:
        with one_blas_thread() if most == 1 else nullcontext():
            do = start(scratch)
            for piece in pieces:
                do(piece)
        return
    job = _Job(iter(pieces), start, scratch[: len(scratch) // most * most].reshape(most, -1))
    with one_blas_thread():
        thread_pool().ask([partial(job.help_out, number) for number in range(1, most)])
        job.do()


class _Job(Generic[Piece]):
    """Pieces that several threads take, one at a time, until there are no more or one fails."""

    def __init__(
        self, pieces: Iterator[Piece], start: Callable[[Array], Callable[[Piece], object]], scratch: Array
    ) -> None:
        self._lock = Lock()
        self._given: tuple[Iterator[Piece], Callable[[Array], Callable[[Piece], object]], Array] | None
        self._given = (pieces, start, scratch)
        self._under_way = 0  # pieces that helpers have taken and not finished
        self._failures: list[BaseException] = []
        self._done: SimpleQueue[None] = SimpleQueue()  # only wakes the caller; it counts nothing

    def do(self) -> None:
        """Do pieces in the caller's thread, then wait for those that others have taken."""
        failures: list[BaseException] = []
        try:
            work = self._start(0)
            while (piece := self._taken(by_helper=False)) is not None:
                work(piece[0])
        except BaseException as error:
            failures.append(error)
        self._close()
        while self._under_way:
            try:
                self._done.get()
            except KeyboardInterrupt as error:  # others still write: a piece takes milliseconds
                failures.insert(0, error)
        for failure in failures + self._failures:
            raise failure

    def help_out(self, number: int) -> None:
        """Do pieces in another thread. If it comes too late, it takes none, and nobody waits for it."""
        with np.errstate(all="ignore"):  # which is a setting of each thread
            work = self._start(number)
            while (piece := self._taken(by_helper=True)) is not None:
                try:
                    work(piece[0])
                except BaseException as error:  # raised in the caller's thread
                    self._close()
                    self._failures.append(error)
                with self._lock:
                    self._under_way -= 1
                self._done.put(None)

    def _start(self, number: int) -> Callable[[Piece], object]:
        with self._lock:
            if self._given is None:
                return _nothing
            _, start, scratch = self._given
        return start(scratch[number])

    def _taken(self, by_helper: bool) -> tuple[Piece] | None:
        with self._lock:
            for piece in self._given[0] if self._given else ():
                self._under_way += by_helper
                return (piece,)
            return None

    def _close(self) -> None:
        """Give out no more pieces, and drop what they need."""
        with self._lock:
            self._given = None


def _nothing(piece: object) -> None:
    """Do nothing: there are no pieces left."""
