"""Pooling to a given output size, over bins that share out each axis."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from math import prod
from typing import Any

from convcalc import formulas
from convcalc.layers.base import Weightless
from convcalc.layers.pool import INDEX_BYTES
from convcalc.layers.settings import PerAxis, Shape, brief, per_axis, shape, whole
from convcalc.layers.windows import refuse_empty, spatial_sizes
from convcalc.receptive_field import Field, moved


class AdaptivePool(Weightless):
    """Bins that share out each axis, as many as ``output_size`` says; None keeps the axis.

    Bin i of an axis of n elements for o outputs goes from floor(i*n/o) to ceil((i + 1)*n/o). Source: PyTorch,
    `AdaptiveAvgPool2d`, as implemented.
    """

    __slots__ = ()
    output_size: tuple[int | None, ...]

    def axes(self, input_shape: Sequence[int]) -> list[tuple[int, int]]:
        """The size and the bins of each axis, once it is sure that the input fits.

        >>> AdaptiveAvgPool2d((3, None)).axes((1, 1, 5, 7))
        [(5, 3), (7, 7)]
        """
        rank, sizes = len(self.output_size), shape(input_shape)
        if self.takes_mean(sizes):
            spatial = sizes[-rank:]
        else:
            spatial = spatial_sizes(type(self).__name__, sizes, rank)
            flat_mean = rank < 3 and isinstance(self, AdaptiveAvgPool)
            refuse_empty(type(self).__name__, sizes, rank if flat_mean else len(sizes) - 1)
        return [(size, size if bins is None else bins) for size, bins in zip(spatial, self.output_size, strict=True)]

    def takes_mean(self, sizes: Shape) -> bool:
        """Whether PyTorch takes the mean over the last axes instead, before which any others may then stand."""
        return False

    def output_shape(self, input_shape: Sequence[int]) -> Shape:
        """(N, C, *sizes), or without N, to (N, C, *output_size)."""
        axes = self.axes(input_shape)
        return (*shape(input_shape)[: -len(axes)], *(bins for _, bins in axes))

    def channels(self, input_shape: Sequence[int]) -> int:
        """How many maps one example has: what is between the batch, if there is one, and the axes that are shared out.

        >>> AdaptiveAvgPool2d(1).channels((10, 512, 7, 7)), AdaptiveAvgPool2d(1).channels((512, 7, 7))
        (512, 512)
        """
        before = input_shape[: len(input_shape) - len(self.output_size)]
        return prod(before[1:] if len(before) > 1 else before)

    def connections(self, input_shape: Sequence[int]) -> int:
        """The elements of every bin, summed, of one example. Errors as `output_shape`.

        >>> AdaptiveAvgPool2d(1).connections((1, 512, 7, 7))
        25088
        """
        elements = tuple(formulas.bin_elements(*axis) for axis in self.axes(input_shape))
        return formulas.pooling_connections(self.channels(input_shape), elements)

    def receptive_field(self, fields: tuple[Field, ...], input_shape: Sequence[int]) -> tuple[Field, ...]:
        """A unit sees what the largest bin saw; where the bins are unequal, neighbours have no one jump."""
        axes = self.axes(input_shape)
        if len(fields) != len(axes):
            return ()
        return tuple(_through_bins(field, *axis) for field, axis in zip(fields, axes, strict=True))

    def spelled(self, name: str) -> Any:
        """One number where the axes agree on one."""
        value = getattr(self, name)
        return value if name != "output_size" or None in value else brief(value)


def _through_bins(field: Field, size: int, bins: int) -> Field:
    if bins == 0:
        return field._replace(jump=None)  # there are no units
    largest = formulas.largest_bin(size, bins)
    if field.jump is None:  # behind a flattened map: of several units, all that any of them sees
        return field if largest == 1 else field._replace(size=field.span)
    seen = moved(field, largest, size // bins, 0, bins)
    return seen if size % bins == 0 else seen._replace(jump=None, span=field.span)


def _bins(output_size: PerAxis | Sequence[int | None], rank: int) -> tuple[int | None, ...]:
    """The bins of each axis; only a tuple for several axes may hold None, as in PyTorch."""
    if isinstance(output_size, Sequence) and not isinstance(output_size, str) and len(output_size) == rank > 1:
        return tuple(bins if bins is None else whole("output_size", bins, least=0) for bins in output_size)
    return per_axis("output_size", output_size, rank, least=0, broadcast=False)  # type: ignore[arg-type]


@dataclass(frozen=True, slots=True, init=False, repr=False)
class AdaptiveAvgPool(AdaptivePool):
    """The mean of each bin, as ``torch.nn.AdaptiveAvgPool2d``.

    >>> AdaptiveAvgPool2d(1).output_shape((1, 512, 7, 7))
    (1, 512, 1, 1)
    """

    output_size: tuple[int | None, ...]

    def __init__(self, output_size: PerAxis | Sequence[int | None]) -> None:
        self.keep(output_size=_bins(output_size, self.known_rank()))

    def saved_tensors(self, input_shape: Sequence[int]) -> tuple[str, ...]:
        """Return ("input",), or () where PyTorch takes one mean of all, whose gradient needs no element.

        >>> pool = AdaptiveAvgPool2d((None, 1))
        >>> pool.saved_tensors((1, 8, 7, 7)), pool.saved_tensors((1, 8, 1, 7))
        (('input',), ())
        """
        return () if self.takes_mean(shape(input_shape)) else ("input",)

    def takes_mean(self, sizes: Shape) -> bool:
        """Where one output is left of each axis; with a single axis only of an input that fits anyway.

        PyTorch takes an input without even channels too, but only if the size was given as a number: it is refused.
        """
        rank = len(self.output_size)
        if len(sizes) <= rank or (rank == 1 and len(sizes) not in (2, 3)):
            return False
        last = zip(sizes[-rank:], self.output_size, strict=True)
        return all((size if bins is None else bins) == 1 for size, bins in last)


@dataclass(frozen=True, slots=True, init=False, repr=False)
class AdaptiveMaxPool(AdaptivePool):
    """The largest element of each bin, as ``torch.nn.AdaptiveMaxPool2d``.

    >>> AdaptiveMaxPool2d((3, None)).output_shape((1, 512, 7, 7))
    (1, 512, 3, 7)
    """

    output_size: tuple[int | None, ...]
    return_indices: bool

    def __init__(self, output_size: PerAxis | Sequence[int | None], return_indices: bool = False) -> None:
        self.keep(output_size=_bins(output_size, self.known_rank()), return_indices=bool(return_indices))

    def saved_bytes(self, input_shape: Sequence[int], *, itemsize: int) -> int:
        """The place of each maximum. Errors as `output_shape`.

        >>> AdaptiveMaxPool2d(2).saved_bytes((1, 6, 7, 7), itemsize=4)  # 8 * 6*2*2
        192
        """
        return formulas.size_in_bytes(prod(self.output_shape(input_shape)), INDEX_BYTES)


class AdaptiveAvgPool1d(AdaptiveAvgPool):
    """As ``torch.nn.AdaptiveAvgPool1d``.

    >>> AdaptiveAvgPool1d(3).output_shape((1, 6, 28))
    (1, 6, 3)
    """

    __slots__ = ()
    rank = 1


class AdaptiveAvgPool2d(AdaptiveAvgPool):
    """As ``torch.nn.AdaptiveAvgPool2d``.

    >>> AdaptiveAvgPool2d((None, 3)).output_shape((1, 6, 28, 28))
    (1, 6, 28, 3)
    """

    __slots__ = ()
    rank = 2


class AdaptiveAvgPool3d(AdaptiveAvgPool):
    """As ``torch.nn.AdaptiveAvgPool3d``.

    >>> AdaptiveAvgPool3d(1).output_shape((1, 8, 4, 6, 8))
    (1, 8, 1, 1, 1)
    """

    __slots__ = ()
    rank = 3


class AdaptiveMaxPool1d(AdaptiveMaxPool):
    """As ``torch.nn.AdaptiveMaxPool1d``.

    >>> AdaptiveMaxPool1d(3).output_shape((1, 6, 28))
    (1, 6, 3)
    """

    __slots__ = ()
    rank = 1


class AdaptiveMaxPool2d(AdaptiveMaxPool):
    """As ``torch.nn.AdaptiveMaxPool2d``.

    >>> AdaptiveMaxPool2d((None, 3)).output_shape((1, 6, 28, 28))
    (1, 6, 28, 3)
    """

    __slots__ = ()
    rank = 2


class AdaptiveMaxPool3d(AdaptiveMaxPool):
    """As ``torch.nn.AdaptiveMaxPool3d``.

    >>> AdaptiveMaxPool3d(1).output_shape((1, 8, 4, 6, 8))
    (1, 8, 1, 1, 1)
    """

    __slots__ = ()
    rank = 3
