"""Where nothing gives the target: what comes nearest, and a refusal that says so."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import islice
from typing import NamedTuple

from convcalc.errors import ConvcalcError
from convcalc.formulas import window_extent
from convcalc.layers.windows import AXES
from convcalc.solve.answers import Answers, ask
from convcalc.solve.bounds import described
from convcalc.solve.conv import Convolution
from convcalc.solve.search import MOST_EXAMINED, Axis, Operation, Solution, all_rooms, search, windows
from convcalc.solve.transposed import TransposedConvolution

MOST_BESIDE = 20_000  # settings that are looked at for what comes nearest
MOST_TRIED = 20_000  # and for a remedy
MOST_REMEDIES = 2


class Nearest(NamedTuple):
    """The next sizes below and above the target that the bounds give, None where there is none.

    ``size`` is the nearer one, of equals that with the simpler settings, and ``solution`` its simplest settings; both
    are None where nothing fits. With ``complete`` false there were too many settings to look at all, and what is here
    is of the first.
    """

    below: int | None
    above: int | None
    size: int | None
    solution: Solution | None
    complete: bool


def nearest(operation: Operation, axis: Axis) -> Nearest:
    """What comes nearest to the target along one axis.

    >>> from convcalc.solve.bounds import default_limits
    >>> found = nearest(Convolution(), Axis(28, 100, default_limits(28, 100)))
    >>> found.below, found.above, found.solution[:3]  # kernel 1, stride 1, padding 5
    (38, None, (1, 1, 5))
    """
    below, above, complete = None, None, True
    for examined, size in enumerate(_sizes(operation, axis)):
        if examined == MOST_BESIDE:
            complete = False
            break
        if size < axis.target:
            below = max(size, below or size)
        elif size > axis.target:
            above = min(size, above or size)
    distance = min((abs(size - axis.target) for size in (below, above) if size is not None), default=None)
    if distance is None:
        return Nearest(below, above, None, None, complete)
    best = [
        (found[0], size)
        for size in (below, above)
        if size is not None and abs(size - axis.target) == distance
        for found in [search(operation, axis._replace(target=size)).solutions]
        if found
    ]
    if not best:  # too many settings of the nearest size, none of them right among the first
        return Nearest(below, above, None, None, False)
    solution, size = min(best, key=lambda pair: pair[0].place)
    return Nearest(below, above, size, solution, complete)


def _sizes(operation: Operation, axis: Axis) -> Iterator[int]:
    """Sizes beside the target, and the target itself at each step of the way that has none."""
    for padding, kernel_size, dilations in windows(operation, axis, all_rooms(operation, axis)):
        yield axis.target
        for dilation in dilations:
            yield axis.target
            yield from operation.beside(axis, kernel_size, padding, dilation)


def refusal(answers: Answers) -> ConvcalcError:
    """Why there are no answers, and what to do, in one line: of the first axis that has no solution.

    >>> from convcalc.solve.conv import conv
    >>> print(refusal(conv((28,), (38 + 1,))))  # doctest: +NORMALIZE_WHITESPACE
    no kernel 1 to 11, stride 1 to 4, padding 0 to 5, dilation 1 to 2 turns 28 into 39: the most is 38 (kernel 1,
    stride 1, padding 5): use padding=0..6, or a transposed convolution
    """
    names = AXES[len(answers.axes)]
    for name, axis, solved, stopped_at in zip(names, answers.axes, answers.solved, answers.stopped_at, strict=True):
        if not solved:
            where = f" along {name}" if len(names) > 1 else ""
            question = f"{axis.size} into {axis.target}{where}"
            if stopped_at is not None:
                return ConvcalcError(
                    f"none of the first {MOST_EXAMINED} settings turns {question} (stopped at padding {stopped_at}):"
                    " give narrower bounds"
                )
            why = _why(answers.operation, axis, question)
            grows = type(answers.operation) is Convolution and axis.target > axis.size
            if grows and ask(TransposedConvolution(), answers.sizes, answers.targets, None).found:
                why += ", or a transposed convolution"
            return ConvcalcError(why)
    return ConvcalcError(
        f"{'x'.join(map(str, answers.sizes))} to {'x'.join(map(str, answers.targets))} needs ceil_mode along one axis"
        " and none along another, and it is one for all: give wider bounds"
    )


def _why(operation: Operation, axis: Axis, question: str) -> str:
    found = nearest(operation, axis)
    shrinks = isinstance(operation, TransposedConvolution)  # whether padding makes the size smaller
    tried: tuple[str, ...] = ("kernel_size", "stride", "padding")
    if not found.complete:
        return f"no {described(axis.limits)} turns {question}: give narrower bounds to see what comes nearest"
    if found.solution is None:
        remedy = _remedies(operation, axis, ("kernel_size", "stride") if shrinks else ("padding",))
        remedy = remedy or "give other bounds"
        nothing = "leaves any output of" if shrinks else "fits"
        return f"no {described(axis.limits)} {nothing} input {axis.size}, to turn {question}: {remedy}"
    if found.above is None:
        says, tried = "the most", ("stride", "kernel_size") if shrinks else ("padding",)
    elif found.below is None:
        says, tried = "the least", ("padding",) if shrinks else ("stride", "kernel_size")
    else:
        says = "the nearest"
    remedy = _remedies(operation, axis, tried) or f"ask for {found.size}"
    best = f"{says} is {found.size} ({spelled(found.solution)})"
    return f"no {described(axis.limits)} turns {question}: {best}: {remedy}"


def spelled(solution: Solution) -> str:
    """The settings in words, those that are as PyTorch has them by default left out.

    >>> spelled(Solution(3, 2, 1, 1, 0, False, 0, 0, 1))
    'kernel 3, stride 2, padding 1'
    """
    parts = [f"kernel {solution.kernel_size}", f"stride {solution.stride}"]
    parts += [f"padding {solution.padding}"] * (solution.padding > 0)
    parts += [f"dilation {solution.dilation}"] * (solution.dilation > 1)
    parts += [f"output_padding {solution.output_padding}"] * (solution.output_padding > 0)
    return ", ".join(parts + ["ceil_mode"] * solution.ceil_mode)


def _remedies(operation: Operation, axis: Axis, names: tuple[str, ...]) -> str:
    """What would give the target; each is tried out."""
    remedies = []
    for name in names:
        least = _least_beyond(operation, axis, name)
        if least is not None:
            first = getattr(axis.limits, name)[0]
            remedies.append(f"{name}={first}..{least}")
    return f"use {' or '.join(remedies[:MOST_REMEDIES])}" if remedies else ""


def _least_beyond(operation: Operation, axis: Axis, name: str) -> int | None:
    """The least number beyond the bounds of a setting that gives the target, beside the bounds of the others.

    None where none is among the first settings that are looked at.
    """
    bounds = axis.limits
    widest = window_extent(bounds.kernel_size[-1], bounds.dilation[-1])
    far = (axis.size + axis.target + 2 * bounds.padding[-1] + widest) * (bounds.stride[-1] + 1)
    further = range(getattr(bounds, name)[-1] + 1, far + 1)
    beyond = axis._replace(limits=bounds._replace(**{name: further}))
    found = (getattr(solution, name) for solution in islice(_some(operation, beyond), MOST_TRIED) if solution)
    return next(found, None) if name == "padding" else min(found, default=None)


def _some(operation: Operation, axis: Axis) -> Iterator[Solution | None]:
    """For each window the solution of the smallest stride, and None at each step of the way that has none."""
    for padding, kernel_size, dilations in windows(operation, axis, operation.rooms(axis)):
        yield None
        for dilation in dilations:
            yield None
            for strides, ceil_mode in operation.strides(axis, kernel_size, padding, dilation):
                for stride in strides[:1]:
                    yield operation.solution(axis, kernel_size, stride, padding, dilation, ceil_mode)
