"""The threads that share large jobs, and the number of threads of BLAS."""

from __future__ import annotations

import os
import subprocess
import sys
import threading
from queue import SimpleQueue

import pytest

from convcalc import Conv2d, ConvcalcError, engine
from convcalc.ops import blas, parallel, scratch
from convcalc.verify import verify
from tests.ops.test_algorithms import LARGE, arrays


def test_all_pieces_are_done_once_by_all_who_come():
    done, names = [], set()
    barrier = threading.Barrier(3)

    def start(scratch):
        barrier.wait(timeout=10)  # nobody begins before all are here

        def do(piece):
            done.append(piece)
            names.add(threading.get_ident())
            if piece < 3:
                barrier.wait(timeout=10)  # nor goes on before all have a piece

        return do

    parallel.parallel_for(range(1000), start, scratch.workspace(3), most=3)
    assert sorted(done) == list(range(1000))
    assert len(names) == 3


@pytest.mark.parametrize("culprit", [0, 7, 99])
def test_an_error_in_a_piece_is_raised_and_stops_the_rest(culprit):
    done = []

    def do(piece):
        if piece == culprit:
            raise ValueError(piece)
        done.append(piece)

    with pytest.raises(ValueError, match=str(culprit)):
        parallel.parallel_for(range(100), lambda _: do, scratch.workspace(0), most=3)
    assert culprit not in done
    parallel.parallel_for([1, 2], lambda _: done.append, scratch.workspace(0), most=3)  # the threads still work
    assert done[-2:] in ([1, 2], [2, 1])


class Interrupted(SimpleQueue):
    """A queue whose first reader is interrupted just as it has got something, which is gone then."""

    reading = threading.Event()

    def get(self):
        is_first = not self.reading.is_set()
        self.reading.set()
        item = super().get()
        if is_first:
            raise KeyboardInterrupt
        return item


def test_an_interruption_while_others_are_waited_for_ends_the_job(monkeypatch):
    monkeypatch.setattr(parallel, "SimpleQueue", Interrupted)
    monkeypatch.setattr(Interrupted, "reading", threading.Event())
    barrier, raised = threading.Barrier(2), []

    def do(piece):
        barrier.wait(timeout=10)  # each thread has a piece
        if threading.current_thread() is not caller:
            Interrupted.reading.wait(timeout=10)

    def call():
        try:
            parallel.parallel_for([0, 1], lambda _: do, scratch.workspace(0), most=2)
        except KeyboardInterrupt as error:
            raised.append(error)

    caller = threading.Thread(target=call, daemon=True)
    caller.start()
    caller.join(timeout=5)
    assert not caller.is_alive()
    assert len(raised) == 1


def blas_threads():
    return [library.get_num_threads() for library in blas.libraries()]


def test_the_callers_blas_settings_are_as_before():
    before, seen = blas_threads(), []
    parallel.parallel_for([1], lambda _: lambda _: seen.append(blas_threads()), scratch.workspace(0), most=1)
    assert seen == [[1] * len(before)]
    assert blas_threads() == before
    with pytest.raises(ZeroDivisionError):
        parallel.parallel_for([0], lambda _: lambda piece: 1 // piece, scratch.workspace(0), most=2)
    assert blas_threads() == before


def test_several_callers_at_once_get_what_each_alone_gets():
    before = blas_threads()
    given = [(layer, *arrays(layer, shape)) for layer, shape in LARGE]
    alone = [engine.execute(layer, x, **weights) for layer, x, weights in given]
    wrong = []

    def caller(offset):
        for number in range(len(given)):
            place = (number + offset) % len(given)
            layer, x, weights = given[place]
            if not (engine.execute(layer, x, **weights) == alone[place]).all():
                wrong.append(place)

    callers = [threading.Thread(target=caller, args=(offset,)) for offset in range(4)]
    for thread in callers:
        thread.start()
    for thread in callers:
        thread.join()
    assert wrong == []
    assert blas_threads() == before


PROGRAM = """
import os, sys, threading, time
import numpy as np
from convcalc import Conv2d, engine
from convcalc.ops import blas, parallel, scratch, thread_pool
layer = Conv2d(32, 32, 3, padding=1)
x, weights = np.ones((4, 32, 64, 64), np.float32), engine.random_weights(layer, np.random.default_rng(0))
"""


def run(program, **environment):
    variables = {**os.environ, "CONVCALC_THREADS": "3", **environment}
    return subprocess.run(
        [sys.executable, "-c", PROGRAM + program],
        capture_output=True,
        text=True,
        env=variables,
        timeout=60,
        check=False,
    )


@pytest.mark.skipif(not hasattr(os, "fork"), reason="there is no fork on this system")
def test_after_a_fork_the_child_has_threads_and_blas_settings_of_its_own():
    result = run(
        """
before = engine.execute(layer, x, **weights)
inside, forked = threading.Event(), threading.Event()
def slow(piece):
    inside.set()
    forked.wait(20)
other = threading.Thread(target=parallel.parallel_for, args=([1], lambda _: slow, scratch.workspace(0), 1))
other.start()
inside.wait(20)
child = os.fork()
if child == 0:  # while another thread has set BLAS aside
    same = (engine.execute(layer, x, **weights) == before).all()
    os._exit(0 if same and all(b.get_num_threads() == n for b, n in zip(blas.libraries(), given)) else 1)
forked.set()
other.join()
print(os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]))
""".replace("before =", "given = [b.get_num_threads() for b in blas.libraries()]\nbefore =", 1)
    )
    assert (result.stdout, result.stderr) == ("0\n", "")


def test_no_thread_keeps_a_program_from_ending():
    result = run("""
engine.execute(layer, x, **weights)
thread_pool.thread_pool().ask([lambda: time.sleep(1000)] * 2)
print("end")
""")
    assert (result.returncode, result.stdout, result.stderr) == (0, "end\n", "")


@pytest.mark.parametrize("value", ["0", "-1", "two", "1.5", "٣"])
def test_a_wrong_number_of_threads_is_refused(value, monkeypatch):
    monkeypatch.setenv("CONVCALC_THREADS", value)
    with pytest.raises(ConvcalcError, match=r"CONVCALC_THREADS=.* give 1 or more"):
        verify(Conv2d(1, 1, 1), (1, 1, 1, 1))


def test_the_number_of_threads(monkeypatch):
    for value, number in (("1", 1), (" 3 ", 3), ("9" * 30, parallel.MOST_THREADS)):
        monkeypatch.setenv("CONVCALC_THREADS", value)
        assert parallel.thread_count() == number
    for value in ("", " "):
        monkeypatch.setenv("CONVCALC_THREADS", value)
        cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count()
        assert parallel.thread_count() == min(cores, parallel.MOST_THREADS)
