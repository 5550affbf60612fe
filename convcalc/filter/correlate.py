"""Kernels of weights over a picture: tile by tile on all threads, each tile summed, ranged and written at once."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from math import fsum, inf
from typing import Any, NamedTuple

import numpy as np

from convcalc.errors import ConvcalcError
from convcalc.filter.arithmetic import Sums, sums
from convcalc.filter.kernel import Linear
from convcalc.filter.ranges import extremes, store, typed
from convcalc.filter.tally import Extremes, Tally, Tell
from convcalc.filter.ways.choice import Work, prepared
from convcalc.filter.ways.problem import Problem
from convcalc.ops.parallel import parallel_for, worker_count
from convcalc.ops.scratch import SCRATCH_BYTES, floats_of, workspace
from convcalc.ops.sliding import Array
from convcalc.ops.tiles import grid, parts

SINGLE, DOUBLE = np.dtype(np.float32), np.dtype(np.float64)
UNITS = 16  # of rounding, that sums of the same numbers are apart at most


class Plan(NamedTuple):
    """One kernel over a picture, or two whose sums are the sides of a right angle; all of it is decided here."""

    problem: Problem
    kernels: tuple[Sums, ...]
    works: tuple[Work, ...]
    floating: np.dtype[Any]  # of results that are made of sums: times a factor, or the length of two
    squares: bool  # none of which overflows: the sums are of integers
    length: int  # floats, for two sums in that type
    floats: int  # scratch of one thread
    temporary: int  # bytes that a thread takes besides

    @property
    def sizes(self) -> tuple[Sequence[int], Sequence[int]]:
        """All places, and those that are worked at once."""
        return self.problem.places, self.works[0].tile


def plan(problem: Problem, kernels: Sequence[Linear], dtype: np.dtype[Any], way: str | None = None) -> Plan:
    """How the kernels, of one size and anchor, go over a picture of the type; refused where one window takes too much.

    >>> from convcalc.filter.kernel import linear
    >>> soft = linear("", ((1, 2, 1),), "clip", "")
    >>> problem = Problem((1, 3), (1, 1), (1, 1), "reflect", ((0, 0), (1, 1)), (4, 4), channels=1, stored=1)
    >>> plan(problem, [soft], np.dtype(np.uint8)).sizes
    ((4, 4), (4, 4))
    """
    summed = tuple(sums(kernel.weights, dtype) for kernel in kernels)
    works = tuple(prepared(problem, summed, way))
    single = all(kernel.single and not (kernel.whole and kernel.reach >= 2**24) for kernel in summed)
    floating = SINGLE if single else DOUBLE
    shape = (*works[0].tile, problem.stored)
    length = 2 * floats_of(shape, floating) if len(works) == 2 else 0
    floats = sum(work.floats for work in works) + length + floats_of(shape, DOUBLE)
    temporary = max(work.temporary for work in works)
    if 4 * floats + temporary > SCRATCH_BYTES:
        high, wide = problem.span
        raise ConvcalcError(f"a kernel over {high}x{wide} pixels takes more than 64 MiB: use a smaller one")
    return Plan(problem, summed, works, floating, dtype.kind != "f", length, floats, temporary)


def correlate(plan: Plan, x: Array, range_name: str | None, out: Array, tell: Tell | None = None) -> Extremes | None:
    """Fill out (rows, columns, channels) from x (H, W, channels); the lowest and the highest result before the range.

    Only the problem's first channels are filtered; the others may be overwritten by anything.

    >>> from convcalc.filter.kernel import linear
    >>> soft = linear("", ((1, 2, 1),), "clip", "")
    >>> problem = Problem((1, 3), (1, 1), (1, 1), "zeros", ((0, 0), (1, 1)), (1, 2), channels=1, stored=1)
    >>> x, out = np.array([[[100], [9]]], np.uint8), np.empty((1, 2, 1), np.uint8)
    >>> correlate(plan(problem, [soft], x.dtype), x, "clip", out), out.tolist()
    ((118, 209), [[[209], [118]]])
    """
    places, tile = plan.sizes
    passes, whole = (2 if range_name == "scale" else 1), None
    tally = Tally(passes * parts(places, tile), tell)
    if passes == 2:  # the sums are made twice, where keeping them all might take eight times the picture
        _go(plan, x, None, tally, None)
        whole = _flat(plan, x, tally.extremes)
    _go(plan, x, range_name, tally, out, whole)
    if tally.extremes is None or len(plan.kernels) == 2 or not plan.kernels[0].whole or plan.kernels[0].factor:
        return tally.extremes
    return int(tally.extremes[0]), int(tally.extremes[1])


def _flat(plan: Plan, x: Array, seen: Extremes | None) -> Extremes | None:
    """The extremes, made one where rounding alone may have set them apart: scaled, it would be all there is to see."""
    if seen is None or all(kernel.whole for kernel in plan.kernels):
        return seen
    low, high = seen
    ends = [float(end.reduce(x[:, :, : plan.problem.channels], axis=None)) for end in (np.fmin, np.fmax)]
    sizes = fsum(
        abs(weight) * (kernel.factor or 1) for kernel in plan.kernels for row in kernel.weights for weight in row
    )
    most = max(map(abs, ends)) * sizes  # infinite with a pixel that is: then it tells nothing
    coarsest = max(float(np.finfo(dtype).eps) for dtype in (plan.floating, *(one.floating for one in plan.kernels)))
    rounding = UNITS * coarsest * most
    return (low, low) if high - low <= rounding < inf else seen


def _go(
    plan: Plan,
    x: Array,
    range_name: str | None,
    tally: Tally,
    out: Array | None,
    whole: Extremes | None = None,
) -> None:
    """Once over the picture: every tile's results are counted, and stored, where there is an out.

    ``whole`` are the extremes of the whole picture, where these are known.
    """

    def start(scratch: Array) -> Callable[[tuple[slice, ...]], None]:
        def work(tile: tuple[slice, ...]) -> None:
            results, factor, rest = _results(plan, x, tile, scratch)
            seen = extremes(results, factor, plan.problem.channels)
            if out is not None:
                target = out[tile[0], tile[1], : results.shape[2]]
                store(results, factor, plan.floating, range_name, whole or seen, target, rest)
            tally.add(seen)

        return work

    shared = sum(work.temporary for work in plan.works) // 4
    most = min(worker_count(4 * plan.floats + plan.temporary, shared), parts(*plan.sizes))
    with np.errstate(all="ignore"):
        parallel_for(grid(*plan.sizes), start, workspace(most * plan.floats), most)


def _results(plan: Plan, x: Array, tile: tuple[slice, ...], scratch: Array) -> tuple[Array, float | None, Array]:
    """What a tile's sums make, what that is to be multiplied by yet, and the scratch that is left."""
    rows, columns = tile
    made = []
    for work in plan.works:
        made.append(work.sums(x, rows, columns, scratch))
        scratch = scratch[work.floats :]
    if len(made) == 1:
        return made[0], plan.kernels[0].factor, scratch
    half = plan.length // 2
    across, down = (
        _side(side, kernel, plan.floating, scratch[half * number :])
        for number, (side, kernel) in enumerate(zip(made, plan.kernels, strict=True))
    )
    if plan.squares:
        np.multiply(across, across, out=across)
        np.multiply(down, down, out=down)
        np.add(across, down, out=across)
        np.sqrt(across, out=across)
    else:
        np.hypot(across, down, out=across)
    return across, None, scratch[plan.length :]


def _side(made: Array, kernel: Sums, floating: np.dtype[Any], scratch: Array) -> Array:
    side = typed(made, floating, scratch)
    if kernel.factor is not None:
        np.multiply(side, floating.type(kernel.factor), out=side)
    return side
