"""Which padding keeps the size, or divides it by the stride, as TensorFlow's SAME does."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import islice
from typing import NamedTuple

from convcalc import formulas
from convcalc.errors import ConvcalcError
from convcalc.layers import kind
from convcalc.layers.conv import Conv
from convcalc.layers.settings import Sides, counted, whole

MOST_ROWS = 10_000
KERNEL_SIZES = range(1, 12)

Bounds = Sequence[int] | Sequence[Sequence[int]]  # for all axes together, or for each axis its own


class SameRow(NamedTuple):
    """One setting and its padding, an entry an axis, and the layer that has the sides.

    ``sides`` are the fewest zeros, before and after. ``symmetric`` is the smallest padding with as many on both sides
    that gives the same size; None where some axis has none. ``divides`` says whether the stride divides each size.
    """

    layer: Conv
    kernel_size: tuple[int, ...]
    stride: tuple[int, ...]
    dilation: tuple[int, ...]
    sides: tuple[Sides, ...]
    symmetric: tuple[int, ...] | None
    output: tuple[int, ...]
    divides: tuple[bool, ...]


def same(
    sizes: Sequence[int],
    kernel_size: Bounds = KERNEL_SIZES,
    stride: Bounds = (1,),
    dilation: Bounds = (1,),
    in_channels: int = 1,
    out_channels: int = 1,
) -> tuple[SameRow, ...]:
    """For each setting of the bounds the padding that gives ceil(size / stride) along each axis.

    A bound is a sequence of numbers, each for all axes, or a sequence of such for each axis. Rows are in the order of
    kernel_size, stride and dilation. `ConvcalcError` for more than 10,000 rows.

    Source: TensorFlow, `tf.nn`, "Notes on padding"; at stride 1 these are the sides of PyTorch's ``padding='same'``.

    >>> [(row.sides, row.symmetric) for row in same((28,), kernel_size=(3, 4), stride=(2,))]
    [(((0, 1),), (1,)), (((1, 1),), (1,))]
    """
    axes = tuple(whole("size", size, least=1) for size in sizes)
    rank = len(axes)
    if not 1 <= rank <= 3:
        raise ConvcalcError(f"got {counted(rank, 'size')}: give 1 to 3, one for each axis")
    settings = (
        (taps, step, gap)
        for taps in _choices("kernel_size", kernel_size, rank)
        for step in _choices("stride", stride, rank)
        for gap in _choices("dilation", dilation, rank)
    )
    few = list(islice(settings, MOST_ROWS + 1))  # the bounds may be too long to be counted
    if len(few) > MOST_ROWS:
        raise ConvcalcError(
            f"the bounds give more than {MOST_ROWS:,} settings: give fewer of kernel_size, stride or dilation"
        )
    return tuple(_row(axes, *setting, in_channels, out_channels) for setting in few)


def symmetric_padding(size: int, kernel_size: int, stride: int, dilation: int) -> int | None:
    """The smallest padding, as much on both sides, that gives ceil(size / stride); None where there is none.

    It has at least the t zeros of `formulas.tensorflow_same_padding`, so ceil(t/2) on either side; more only ever make
    more windows. Where t is odd, the one zero too many may already be a window too many.

    >>> symmetric_padding(28, 3, 2, 1), symmetric_padding(28, 4, 1, 1)
    (1, None)
    """
    _, most = formulas.tensorflow_same_padding(size, kernel_size, stride, dilation)
    places = formulas.output_size(size, kernel_size, stride, (most, most), dilation)
    return most if places == _outputs(size, stride) else None


def _row(
    sizes: tuple[int, ...],
    kernel_size: tuple[int, ...],
    stride: tuple[int, ...],
    dilation: tuple[int, ...],
    in_channels: int,
    out_channels: int,
) -> SameRow:
    """The row of one setting, once its layers have said that the size is the one wanted."""
    axes = tuple(zip(sizes, kernel_size, stride, dilation, strict=True))
    sides = tuple(formulas.tensorflow_same_padding(*axis) for axis in axes)
    each = [symmetric_padding(*axis) for axis in axes]
    known = tuple(side for side in each if side is not None)
    symmetric = known if len(known) == len(each) else None
    output = tuple(map(_outputs, sizes, stride))

    def layer(padding: Sequence[Sides]) -> Conv:
        made = _conv(len(sizes))(in_channels, out_channels, kernel_size, stride, tuple(padding), dilation)
        if made.output_shape((in_channels, *sizes))[1:] != output:
            raise AssertionError(f"{made!r} does not give {output} of {sizes}")
        return made

    if symmetric is not None:
        layer([(side, side) for side in symmetric])
    divides = tuple(size % step == 0 for size, step in zip(sizes, stride, strict=True))
    return SameRow(layer(sides), kernel_size, stride, dilation, sides, symmetric, output, divides)


def _outputs(size: int, stride: int) -> int:
    """The size divided by the stride, rounded up.

    >>> _outputs(7, 2)
    4
    """
    return -(-size // stride)


def _conv(rank: int) -> type[Conv]:
    """The convolution over so many axes.

    >>> _conv(2).__name__
    'Conv2d'
    """
    found = kind(f"Conv{rank}d")
    assert issubclass(found, Conv)
    return found


def _choices(name: str, bounds: Bounds, rank: int) -> Iterator[tuple[int, ...]]:
    """One number an axis: the same for all, or each combination of the axes' own. Nothing is counted beforehand.

    >>> list(_choices("stride", (1, 2), 2)), list(_choices("stride", ((1,), (1, 2)), 2))
    ([(1, 1), (2, 2)], [(1, 1), (1, 2)])
    """
    if not bounds:
        raise ConvcalcError(f"no {name} is given: give at least one")
    if not isinstance(bounds[0], Sequence):
        for value in bounds:
            yield (whole(name, value, least=1),) * rank
        return
    if len(bounds) != rank:
        raise ConvcalcError(f"{name} has bounds for {counted(len(bounds), 'axis', 'axes')} of {rank}: give {rank}")
    first, *rest = bounds
    assert isinstance(first, Sequence)
    for value in first:
        number = whole(name, value, least=1)
        if not rest:
            yield (number,)
            continue
        for others in _choices(name, tuple(rest), rank - 1):  # type: ignore[arg-type]
            yield (number, *others)
