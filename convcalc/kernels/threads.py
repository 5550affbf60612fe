"""A large job shared among threads, the scratch it takes, and BLAS kept to one thread meanwhile.

NumPy lets go of the interpreter's lock while it copies or multiplies, so Python threads that share a few large pieces
run side by side. BLAS has threads of its own, which would only compete: they are set aside, and as they were before
when the last call is done. threadpoolctl sets them (OpenBLAS, MKL, BLIS); a BLAS it does not know keeps its threads.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import nullcontext, suppress
from functools import cache, partial
from queue import SimpleQueue
from threading import Lock, Thread, local
from typing import Any, Generic, TypeVar

import numpy as np

from convcalc.errors import ConvcalcError
from convcalc.kernels.sliding import Array

Piece = TypeVar("Piece")
VARIABLE = "CONVCALC_THREADS"
MOST_THREADS = 64
SCRATCH_BYTES = 64 * 2**20  # of one call, all its threads together
FLOAT = np.dtype(np.float32)
LINE = 16  # floats in a line of the cache

_kept = local()


def threads() -> int:
    """How many threads a large job may use: CONVCALC_THREADS, or the cores that this process may run on.

    >>> 1 <= threads() <= MOST_THREADS
    True
    """
    given = os.environ.get(VARIABLE, "").strip()
    if not given:
        cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
        return min(cores, MOST_THREADS)
    if not given.isascii() or not given.isdigit() or int(given[:20]) == 0:
        raise ConvcalcError(f"{VARIABLE}={given} is no number of threads: give 1 or more, or leave it out")
    return min(int(given[:20]), MOST_THREADS)


def hands(scratch_bytes: int, shared_bytes: int = 0) -> int:
    """How many threads, each with so much scratch beside what they share, stay within the scratch of one call.

    >>> hands(SCRATCH_BYTES)
    1
    """
    return max(1, min(threads(), (SCRATCH_BYTES - shared_bytes) // max(1, scratch_bytes)))


def workspace(floats: int) -> Array:
    """Scratch of the calling thread, kept for its next call: fresh memory costs more than many a layer's work.

    >>> workspace(10).shape, workspace(10).ctypes.data == workspace(5).ctypes.data
    ((10,), True)
    """
    kept: Array | None = getattr(_kept, "scratch", None)
    if kept is None or len(kept) < floats:
        _kept.scratch = None  # given back before more is asked for
        raw = np.empty(floats + LINE, FLOAT)
        kept = raw[-raw.ctypes.data % (4 * LINE) // 4 :]
        _kept.scratch = kept
    return kept[:floats]


def release() -> None:
    """Give back what the calling thread keeps.

    >>> release()
    """
    _kept.scratch = None


def share(
    pieces: Iterable[Piece], start: Callable[[Array], Callable[[Piece], object]], scratch: Array, most: int
) -> None:
    """Do each piece once, on this thread and at most ``most - 1`` others, with BLAS set aside; on none, as it stands.

    Each thread that takes part has an equal part of the scratch, and calls ``start`` once with it, for what does its
    pieces. The first error stops the rest and is raised here.

    >>> done = []
    >>> share([1, 2, 3], lambda _: done.append, workspace(0), most=2)
    >>> sorted(done)
    [1, 2, 3]
    """
    if most <= 1:
        with _blas() if most == 1 else nullcontext():
            do = start(scratch)
            for piece in pieces:
                do(piece)
        return
    queue = _Queue(iter(pieces))
    reports: SimpleQueue[BaseException | None] = SimpleQueue()
    part = len(scratch) // most

    def help_out(number: int) -> None:
        if queue.closed:
            return
        with np.errstate(all="ignore"):  # of this thread alone
            do = start(scratch[number * part : (number + 1) * part])
            for piece in queue.taken(by_helper=True):
                try:
                    do(piece)
                    reports.put(None)
                except BaseException as error:  # raised in the caller's thread
                    queue.closed = True
                    reports.put(error)

    with _blas():
        _crew().ask([partial(help_out, number) for number in range(1, most)])
        failures: list[BaseException] = []
        try:
            do = start(scratch[:part])
            for piece in queue.taken(by_helper=False):
                do(piece)
        except BaseException as error:
            queue.closed = True
            failures.append(error)
        # A helper that comes too late takes nothing, and is not waited for.
        failures += [error for error in (reports.get() for _ in range(queue.helped())) if error is not None]
    if failures:
        raise failures[0]


class _Queue(Generic[Piece]):
    """Pieces that several threads take, one at a time, until there are no more or it is closed."""

    def __init__(self, pieces: Iterator[Piece]) -> None:
        self.closed = False
        self._pieces = pieces
        self._lock = Lock()
        self._helped = 0

    def taken(self, by_helper: bool) -> Iterator[Piece]:
        while True:
            with self._lock:
                if self.closed:
                    return
                try:
                    piece = next(self._pieces)
                except StopIteration:
                    self.closed = True
                    return
                self._helped += by_helper
            yield piece

    def helped(self) -> int:
        """How many pieces helpers took; they take no more."""
        with self._lock:
            self.closed = True
            return self._helped


class _Crew:
    """Threads that wait for something to do; as daemons, they keep no program from ending.

    They are kept off the core that asks them: a virtual machine's kernel takes a core that sleeps for one that its host
    has taken away, and would wake them behind their caller, on the same core, where they help nobody.
    """

    def __init__(self) -> None:
        self._tasks: SimpleQueue[Callable[[], None]] = SimpleQueue()
        self._lock = Lock()
        self._threads: list[Thread] = []
        self._cores: set[int] = set()

    def ask(self, tasks: Sequence[Callable[[], None]]) -> None:
        """Have the tasks done, each by a thread, when they can."""
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
    """The cores that this thread might run on and does not; none where that cannot be told."""
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
def _crew() -> _Crew:
    return _Crew()


class _BlasThreads:
    """BLAS has one number of threads for the whole process: the first to come sets it, the last to go resets it."""

    def __init__(self) -> None:
        self._lock = Lock()
        self._users = 0
        self._before: list[tuple[Any, int]] = []

    def __enter__(self) -> None:
        with self._lock:
            if self._users == 0:
                self._before = [(library, library.get_num_threads()) for library in _blas_libraries()]
                for library, _ in self._before:
                    _let_go(library)
                    library.set_num_threads(1)
            self._users += 1

    def __exit__(self, *_: object) -> None:
        with self._lock:
            self._users -= 1
            if self._users == 0:
                self.reset()

    def reset(self) -> None:
        for library, before in self._before:
            _let_go(library)
            library.set_num_threads(before)
            _let_go(library)


def _let_go(library: Any) -> None:
    """threadpoolctl leaves a library to the thread that was first to set it, and ignores the others (since 3.7)."""
    if hasattr(library, "clear_controlling_thread"):
        library.clear_controlling_thread(force=True)


@cache
def _blas() -> _BlasThreads:
    return _BlasThreads()


@cache
def _blas_libraries() -> tuple[Any, ...]:
    from threadpoolctl import ThreadpoolController

    return tuple(ThreadpoolController().select(user_api="blas").lib_controllers)


def _after_fork() -> None:
    """In the child there is only the thread that forked: no crew, and nobody who would reset BLAS."""
    _blas().reset()
    _blas.cache_clear()
    _crew.cache_clear()


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_after_fork)
