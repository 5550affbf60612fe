"""Smaller and larger of two, again and again: programs of `numpy.minimum` and `numpy.maximum` on shifted planes.

A plane holds a value for every place. What a window sees is the picture's plane, shifted; so is what a part of the
window gives. The same work for another place is then the same plane with another shift, and is done once.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

Shift = tuple[int, int]  # taps down and across


class Shifted(NamedTuple):
    """A plane, by its number, seen so many taps further down and across."""

    plane: int
    shift: Shift = (0, 0)

    def moved(self, down: int, across: int) -> Shifted:
        """The same, seen from that tap."""
        return Shifted(self.plane, (self.shift[0] + down, self.shift[1] + across))


class Step(NamedTuple):
    """The smaller or the larger of two planes makes a third. Planes lie in slots, of which few are needed."""

    is_larger: bool
    first: Shifted
    second: Shifted
    made: int
    extent: Shift  # how far beyond the places it is read


class Program(NamedTuple):
    """The steps from the picture, in slot 0, to the result; the slots there are; and what is read beyond the places."""

    steps: tuple[Step, ...]
    slots: int
    result: int
    extent: Shift


PICTURE = Shifted(0)


class Writer:
    """Takes down comparisons: those of the same planes, the same way apart, once."""

    def __init__(self) -> None:
        self._known: dict[tuple[bool, Shifted, Shifted], int] = {}
        self._made: list[tuple[bool, Shifted, Shifted]] = []

    def smaller(self, first: Shifted, second: Shifted) -> Shifted:
        """The smaller of the two, at every place."""
        return self._compared(False, first, second)

    def larger(self, first: Shifted, second: Shifted) -> Shifted:
        """The larger of the two, at every place."""
        return self._compared(True, first, second)

    def _compared(self, is_larger: bool, first: Shifted, second: Shifted) -> Shifted:
        if second < first:
            first, second = second, first
        down, across = map(min, first.shift, second.shift)
        key = (is_larger, first.moved(-down, -across), second.moved(-down, -across))
        made = self._known.get(key)
        if made is None:
            self._made.append(key)
            made = self._known[key] = len(self._made)  # the picture is plane 0
        return Shifted(made, (down, across))

    def program(self, result: Shifted) -> Program:
        """The steps that the result needs, and no others."""
        extents: dict[int, Shift] = {result.plane: result.shift}
        needed: list[tuple[bool, Shifted, Shifted, int]] = []
        for plane in range(result.plane, 0, -1):
            if plane not in extents:
                continue
            is_larger, first, second = self._made[plane - 1]
            for read in (first, second):
                so_far, beyond = extents.get(read.plane, (0, 0)), read.moved(*extents[plane]).shift
                extents[read.plane] = (max(so_far[0], beyond[0]), max(so_far[1], beyond[1]))
            needed.append((is_larger, first, second, plane))
        steps, slots, last = _laid_out(needed[::-1], extents)
        assert result.shift == (0, 0)
        return Program(tuple(steps), slots, last.get(result.plane, 0), extents[0])


def _laid_out(
    needed: list[tuple[bool, Shifted, Shifted, int]], extents: dict[int, Shift]
) -> tuple[list[Step], int, dict[int, int]]:
    """The steps with slots for planes: a slot is taken again once nothing reads its plane any more."""
    last_read = {read.plane: number for number, step in enumerate(needed) for read in step[1:3]}
    slot = {0: 0}
    free: list[int] = []
    slots, steps = 1, []
    for number, (is_larger, first, second, made) in enumerate(needed):
        done = {read.plane for read in (first, second) if last_read[read.plane] == number}
        in_place = [plane for plane in done if _is_still(plane, first, second)]
        if in_place:
            taken = slot[in_place[0]]
            done.discard(in_place[0])
        elif free:
            taken = free.pop()
        else:
            taken, slots = slots, slots + 1
        slot[made] = taken
        read = [Shifted(slot[each.plane], each.shift) for each in (first, second)]
        steps.append(Step(is_larger, read[0], read[1], taken, extents[made]))
        free.extend(slot[plane] for plane in done)
    return steps, slots, slot


def _is_still(plane: int, *read: Shifted) -> bool:
    """Whether the plane is read only where it is written: then the result may take its place."""
    return all(each.shift == (0, 0) for each in read if each.plane == plane)


def in_order(program: Program) -> Iterator[str]:
    """The program in words, a step a line: for whoever wants to read it.

    >>> writer = Writer()
    >>> list(in_order(writer.program(writer.smaller(PICTURE, PICTURE.moved(0, 1)))))
    ['1 = smaller(0, 0 shifted by (0, 1))']
    """
    for step in program.steps:
        words = [f"{plane} shifted by {shift}" if any(shift) else f"{plane}" for plane, shift in step[1:3]]
        yield f"{step.made} = {'larger' if step.is_larger else 'smaller'}({', '.join(words)})"
