"""Pooling to a given output size: bins divide each axis."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from math import gcd, prod
from typing import Any

from convcalc import formulas
from convcalc.layers.base import Weightless
from convcalc.layers.pool import INDEX_BYTES
from convcalc.layers.settings import PerAxis, Shape, brief, per_axis, shape, whole
from convcalc.layers.windows import refuse_empty, spatial_sizes
from convcalc.receptive_field import Field, Reading, through


class AdaptivePool(Weightless):
    """The base of the adaptive pools: ``output_size`` bins per axis; None keeps the size.

    Of n elements and o outputs, bin i goes from floor(i*n/o) to ceil((i + 1)*n/o). Source: PyTorch,
    `AdaptiveAvgPool2d`, as implemented.
    """

    __slots__ = ()
    output_size: tuple[int | None, ...]

    def axes(self, input_shape: Sequence[int]) -> list[tuple[int, int]]:
        """Return the size and the number of bins of each axis. Errors as `output_shape`.

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
        """Whether PyTorch takes one mean over the last axes, so that any number of axes may be before them."""
        return False

    def output_shape(self, input_shape: Sequence[int]) -> Shape:
        """Return (N, C, *output_size) for (N, C, *sizes), both with N or both without it.

        `ConvcalcError` where the input has another number of axes, or a size of 0 that PyTorch refuses.
        """
        axes = self.axes(input_shape)
        return (*shape(input_shape)[: -len(axes)], *(bins for _, bins in axes))

    def channels(self, input_shape: Sequence[int]) -> int:
        """Return the number of channels of one example: all axes between the batch, if any, and the pooled ones.

        >>> AdaptiveAvgPool2d(1).channels((10, 512, 7, 7)), AdaptiveAvgPool2d(1).channels((512, 7, 7))
        (512, 512)
        """
        before = input_shape[: len(input_shape) - len(self.output_size)]
        return prod(before[1:] if len(before) > 1 else before)

    def connections(self, input_shape: Sequence[int]) -> int:
        """Return the elements of all bins of one example. Errors as `output_shape`.

        >>> AdaptiveAvgPool2d(1).connections((1, 512, 7, 7))
        25088
        """
        elements = tuple(formulas.bin_elements(*axis) for axis in self.axes(input_shape))
        return formulas.pooling_connections(self.channels(input_shape), elements)

    def receptive_field(self, fields: tuple[Field, ...], input_shape: Sequence[int]) -> tuple[Field, ...]:
        """A unit sees what its bin saw; where the bins are unequal, neighbours have no one jump."""
        axes = self.axes(input_shape)
        if len(fields) != len(axes):
            return ()
        return tuple(_through_bins(field, *axis) for field, axis in zip(fields, axes, strict=True))

    def spelled(self, name: str) -> Any:
        """Return a setting in its shortest form: one number if all axes agree."""
        value = getattr(self, name)
        return value if name != "output_size" or None in value else brief(value)


def _through_bins(field: Field, size: int, bins: int) -> Field:
    if bins == 0:
        return field.flattened()  # there are no units
    common = gcd(size, bins)

    def taps(place: int) -> range:
        return range(place * size // bins, -(-(place + 1) * size // bins))

    reading = Reading(size, bins, bins // common, size // common, taps, formulas.largest_bin(size, bins))
    return through(field, reading, has_jump=size % bins == 0)


def _bins(output_size: PerAxis | Sequence[int | None], rank: int) -> tuple[int | None, ...]:
    """Return the bins of each axis; as in PyTorch, only a tuple for several axes may hold None."""
    if isinstance(output_size, Sequence) and not isinstance(output_size, str) and len(output_size) == rank > 1:
        return tuple(bins if bins is None else whole("output_size", bins, least=0) for bins in output_size)
    return per_axis("output_size", output_size, rank, least=0, broadcast=False)  # type: ignore[arg-type]


@dataclass(frozen=True, slots=True, init=False, repr=False)
class AdaptiveAvgPool(AdaptivePool):
    """The mean of each bin, as ``torch.nn.AdaptiveAvgPool1d``, ``AdaptiveAvgPool2d`` and ``AdaptiveAvgPool3d``.

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
        """Whether one output is left of each axis; with a single axis, only of an input that fits anyway.

        PyTorch also takes an input without channels if the size is given as a number. That is refused here.
        """
        rank = len(self.output_size)
        if len(sizes) <= rank or (rank == 1 and len(sizes) not in (2, 3)):
            return False
        last = zip(sizes[-rank:], self.output_size, strict=True)
        return all((size if bins is None else bins) == 1 for size, bins in last)


@dataclass(frozen=True, slots=True, init=False, repr=False)
class AdaptiveMaxPool(AdaptivePool):
    """The largest element of each bin, as ``torch.nn.AdaptiveMaxPool1d``, ``AdaptiveMaxPool2d`` and ``3d``.

    >>> AdaptiveMaxPool2d((3, None)).output_shape((1, 512, 7, 7))
    (1, 512, 3, 7)
    """

    output_size: tuple[int | None, ...]
    return_indices: bool

    def __init__(self, output_size: PerAxis | Sequence[int | None], return_indices: bool = False) -> None:
        self.keep(output_size=_bins(output_size, self.known_rank()), return_indices=bool(return_indices))

    def saved_bytes(self, input_shape: Sequence[int], *, itemsize: int) -> int:
        """Return the bytes of the index of each maximum. Errors as `output_shape`.

        >>> AdaptiveMaxPool2d(2).saved_bytes((1, 6, 7, 7), itemsize=4)  # 8 * 6*2*2
        192
        """
        return formulas.size_in_bytes(prod(self.output_shape(input_shape)), INDEX_BYTES)


class AdaptiveAvgPool1d(AdaptiveAvgPool):
    __slots__ = ()
    rank = 1


class AdaptiveAvgPool2d(AdaptiveAvgPool):
    __slots__ = ()
    rank = 2


class AdaptiveAvgPool3d(AdaptiveAvgPool):
    __slots__ = ()
    rank = 3


class AdaptiveMaxPool1d(AdaptiveMaxPool):
    __slots__ = ()
    rank = 1


class AdaptiveMaxPool2d(AdaptiveMaxPool):
    __slots__ = ()
    rank = 2


class AdaptiveMaxPool3d(AdaptiveMaxPool):
    __slots__ = ()
    rank = 3
