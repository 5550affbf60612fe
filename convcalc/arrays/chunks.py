"""A formula run over arrays, in chunks that stay in the cache, and never wrapped."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import numpy as np

from convcalc.arrays.figures import Formula
from convcalc.arrays.values import MOST, Array, Values
from convcalc.layers.settings import Shape

Tree = Values | tuple[Any, ...]  # of Values, nested as the formula takes its arguments

CHUNK = 2**15  # elements: a handful of intermediate results stay in the cache
EXACT_CHUNK = 2**16


class BeyondInt64(Exception):  # noqa: N818 - not an error yet: who asked has the words
    """An exact value that int64 does not hold, the first in order, and its index in the array."""

    def __init__(self, index: tuple[int, ...], value: int) -> None:
        super().__init__(index, value)
        self.index = index
        self.value = value


def evaluate(
    formula: Formula,
    arguments: tuple[Any, ...],
    shape: Shape,
    dtype: type[np.generic] = np.int64,
    mask: Array | None = None,
    bound: Formula | None = None,
) -> Array:
    """The formula at each element of the shape that the arguments are broadcast to; 0 where the mask is false.

    The formula is run on spans first (or ``bound`` in its place, where it cannot be): if nothing in it leaves int64,
    it is run on arrays, and else on Python ints. `BeyondInt64` where a result that is not masked is too large.

    >>> from convcalc.arrays.values import held
    >>> evaluate(lambda a, b: a * b // 4, (held(np.array([6, 4])), held(2**62)), (2,)).tolist()
    [6917529027641081856, 4611686018427387904]
    """
    found = np.empty(shape, dtype)
    masks = [] if mask is None else [mask]
    arrays = {id(leaf): leaf.numbers for leaf in leaves(arguments) if isinstance(leaf.numbers, np.ndarray)}
    reached = (bound or formula)(*mapped(lambda leaf: leaf.span, arguments))
    cannot_wrap = reached.peak <= MOST
    kind = np.int32 if reached.peak < 2**31 else np.int64  # half of it to move where that is enough
    done = 0
    for target, *parts in _chunks([found, *masks, *arrays.values()], kind, CHUNK if cannot_wrap else EXACT_CHUNK):
        kept = parts.pop(0) if masks else True
        numbers = dict(zip(arrays, parts if cannot_wrap else [part.astype(object) for part in parts], strict=True))
        value = formula(*_with_numbers(arguments, numbers))
        if not cannot_wrap:
            value = _as_int64(value, kept, target.shape, (done, shape))
            done += target.size
        if masks:
            np.multiply(value, kept, out=target)
        else:
            target[...] = value
    return found


def _with_numbers(arguments: Tree, numbers: dict[int, Array]) -> Any:
    return mapped(lambda leaf: numbers.get(id(leaf), leaf.numbers), arguments)


def _as_int64(value: Any, kept: Any, chunk: Shape, place: tuple[int, Shape]) -> Array:
    """The exact values as int64, 0 where they are not kept; the chunk begins at that element of that shape."""
    exact = np.where(kept, np.broadcast_to(np.asarray(value, dtype=object), chunk), 0)
    beyond = np.asarray(exact > MOST, dtype=bool)
    if beyond.any():
        first, (begin, shape) = int(beyond.argmax()), place
        raise BeyondInt64(tuple(map(int, np.unravel_index(begin + first, shape))), int(exact[first]))
    return exact.astype(np.int64)


def _chunks(operands: list[Array], kind: type[np.generic], most: int) -> Iterator[tuple[Array, ...]]:
    """The operands, broadcast to the first, in pieces of one axis and at most so many elements; the first is written.

    They come in the order of the first's elements; what is read of ``kind``, if it is no truth value.
    """
    use: list[list[Any]] = [["writeonly"], *([["readonly"]] * (len(operands) - 1))]
    kinds = [np.dtype(kind) if operand.dtype != np.bool_ else operand.dtype for operand in operands]
    kinds[0] = operands[0].dtype
    how: list[Any] = ["external_loop", "buffered", "zerosize_ok"]
    with np.nditer(operands, how, use, kinds, order="C", casting="same_kind", buffersize=most) as pieces:
        for piece in pieces if operands[0].size else ():
            yield piece if isinstance(piece, tuple) else (piece,)


def leaves(tree: Tree) -> Iterator[Values]:
    """All values in the arguments of a formula.

    >>> from convcalc.arrays.values import held
    >>> one = held(1)
    >>> len(list(leaves((one, (one, one)))))
    3
    """
    if isinstance(tree, Values):
        yield tree
    else:
        for part in tree:
            yield from leaves(part)


def mapped(change: Callable[[Values], Any], tree: Tree) -> Any:
    """The arguments, each of their values changed.

    >>> from convcalc.arrays.values import held
    >>> mapped(lambda leaf: leaf.numbers, (held(1), (held(2),)))
    (1, (2,))
    """
    return change(tree) if isinstance(tree, Values) else tuple(mapped(change, part) for part in tree)
