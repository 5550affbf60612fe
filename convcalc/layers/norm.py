"""Normalisation: it has parameters and buffers, but by convention no connections and no multiply-accumulates."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from math import prod
from typing import Any

from convcalc import formulas
from convcalc.errors import ConvcalcError
from convcalc.layers.base import InPlace, Uncounted, Weightless
from convcalc.layers.settings import Shape, counted, shape, whole


class Norm(InPlace, Uncounted):
    """The base of the normalising layers, which keep the shape."""

    __slots__ = ()

    def output_shape(self, input_shape: Sequence[int]) -> Shape:
        """Return the input's shape. `ConvcalcError` where PyTorch refuses the input in eval mode."""
        sizes = shape(input_shape)
        self.check(sizes)
        return sizes

    def spelled(self, name: str) -> Any:
        """Return a setting; the default of ``bias`` where the layer is not affine."""
        return True if name == "bias" and not getattr(self, "affine", True) else getattr(self, name)

    def check(self, sizes: Shape) -> None:
        """Refuse what PyTorch refuses in eval mode."""
        raise NotImplementedError

    def statistics(self, sizes: Shape) -> int:
        """Return the number of means that it takes of an input of these sizes."""
        raise NotImplementedError

    def saved_bytes(self, input_shape: Sequence[int], *, itemsize: int) -> int:
        """Return the bytes of the means and deviations."""
        return formulas.size_in_bytes(2 * self.statistics(shape(input_shape)), itemsize)

    def refuse_single(self, values: int, sizes: Shape, of: str) -> None:
        """Refuse a single value where the statistics are those of the input itself."""
        if values == 1:
            raise ConvcalcError(
                f"{type(self).__name__} normalises over one value {of} in input {list(sizes)}: give more"
            )

    def _channels(self, sizes: Shape, axis: int, channels: int) -> None:
        if sizes[axis] != channels:
            raise ConvcalcError(
                f"{type(self).__name__} takes {counted(channels, 'channel')}, got {sizes[axis]} in input {list(sizes)}"
            )


class Affine(Norm):
    """A norm with a trainable factor, and perhaps a bias, per element of its ``weight_shape``."""

    __slots__ = ()
    bias: bool

    @property
    def weights(self) -> int:
        """One factor per element of ``weight_shape``, or 0.

        >>> GroupNorm(4, 64).weights, GroupNorm(4, 64, affine=False).weights
        (64, 0)
        """
        return 0 if self.weight_shape is None else prod(self.weight_shape)

    @property
    def biases(self) -> int:
        """As many as factors, or 0 without ``bias``.

        >>> GroupNorm(4, 64).biases, GroupNorm(4, 64, bias=False).biases
        (64, 0)
        """
        return self.weights if self.bias else 0


@dataclass(frozen=True, slots=True, init=False, repr=False)
class BatchNorm(Affine):
    """Batch normalisation, as ``torch.nn.BatchNorm1d`` to ``BatchNorm3d``: a factor and a bias per channel.

    The buffers are a running mean and variance per channel, and the number of batches.

    >>> layer = BatchNorm2d(64)
    >>> layer.parameters, layer.buffers
    (128, 129)
    """

    always_batched = True
    num_features: int
    eps: float
    momentum: float | None
    affine: bool
    track_running_stats: bool
    bias: bool

    def __init__(
        self,
        num_features: int,
        eps: float = 1e-5,
        momentum: float | None = 0.1,
        affine: bool = True,
        track_running_stats: bool = True,
        *,
        bias: bool = True,
    ) -> None:
        self.known_rank()
        self.keep(
            num_features=whole("num_features", num_features, least=0),
            eps=eps,
            momentum=momentum,
            affine=bool(affine),
            track_running_stats=bool(track_running_stats),
            bias=bool(affine) and bool(bias),
        )

    def statistics(self, sizes: Shape) -> int:
        """Return the number of means: one per channel, of an empty input none."""
        return 0 if 0 in sizes else sizes[1]

    def check(self, sizes: Shape) -> None:
        """Refuse other axes or channels, and a single value where the statistics are those of the input."""
        axes = (2, 3) if self.rank == 1 else (self.known_rank() + 2,)
        if len(sizes) not in axes:
            wanted = " or ".join(map(str, axes))
            raise ConvcalcError(f"{type(self).__name__} takes {wanted} sizes, got {len(sizes)} in {list(sizes)}")
        if self.affine and self.num_features == 0:
            raise ConvcalcError(f"{type(self).__name__} has no channel to scale: give num_features of at least 1")
        if 0 not in sizes and (self.affine or self.track_running_stats):
            self._channels(sizes, 1, self.num_features)
        if not self.track_running_stats:
            self.refuse_single(sizes[0] * prod(sizes[2:]), sizes, "per channel")

    @property
    def weight_shape(self) -> Shape | None:
        """The shape [num_features]; None if not affine."""
        return (self.num_features,) if self.affine else None

    @property
    def buffers(self) -> int:
        """The running means and variances, and the number of batches."""
        return 2 * self.num_features + 1 if self.track_running_stats else 0


class BatchNorm1d(BatchNorm):
    __slots__ = ()
    rank = 1


class BatchNorm2d(BatchNorm):
    __slots__ = ()
    rank = 2


class BatchNorm3d(BatchNorm):
    __slots__ = ()
    rank = 3


class InstanceNorm(BatchNorm):
    """Normalisation of each channel of each example, as ``torch.nn.InstanceNorm1d`` to ``InstanceNorm3d``.

    By default it has no parameters.

    >>> InstanceNorm2d(64).parameters, InstanceNorm2d(64, affine=True).parameters
    (0, 128)
    """

    __slots__ = ()
    always_batched = False

    def __init__(
        self,
        num_features: int,
        eps: float = 1e-5,
        momentum: float | None = 0.1,
        affine: bool = False,
        track_running_stats: bool = False,
        *,
        bias: bool = True,
    ) -> None:
        super().__init__(num_features, eps, momentum, affine, track_running_stats, bias=bias)

    def statistics(self, sizes: Shape) -> int:
        """Return the number of means: one per channel of each example."""
        return prod(sizes[: len(sizes) - self.known_rank()])

    def saved_bytes(self, input_shape: Sequence[int], *, itemsize: int) -> int:
        """Return the bytes of the means and deviations, and of what PyTorch repeats for each example.

        These are the factors and the running statistics, where the layer has them.
        """
        sizes = shape(input_shape)
        repeated = self.affine + 2 * self.track_running_stats
        arrays = self.affine if 0 in sizes else 2 + repeated
        return formulas.size_in_bytes(arrays * self.statistics(sizes), itemsize)

    def check(self, sizes: Shape) -> None:
        """Refuse other channels where there are arrays, and a single value where there are no running statistics."""
        rank = self.known_rank()
        name = type(self).__name__
        if len(sizes) not in (rank + 1, rank + 2):
            raise ConvcalcError(f"{name} takes {rank + 1} or {rank + 2} sizes, got {len(sizes)} in {list(sizes)}")
        if self.affine:
            self._channels(sizes, -1 - rank, self.num_features)
            if 0 in sizes[:-rank]:
                raise ConvcalcError(f"{name} has nothing to scale in input {list(sizes)}: give at least 1 of each")
        elif self.track_running_stats and 0 not in sizes:
            self._channels(sizes, -1 - rank, self.num_features)
        if not self.track_running_stats:
            self.refuse_single(prod(sizes[-rank:]), sizes, "per channel and example")


class InstanceNorm1d(InstanceNorm):
    __slots__ = ()
    rank = 1


class InstanceNorm2d(InstanceNorm):
    __slots__ = ()
    rank = 2


class InstanceNorm3d(InstanceNorm):
    __slots__ = ()
    rank = 3


@dataclass(frozen=True, slots=True, init=False, repr=False)
class GroupNorm(Affine):
    """Normalisation over groups of channels, as ``torch.nn.GroupNorm``.

    >>> GroupNorm(4, 64).parameters
    128
    """

    num_groups: int
    num_channels: int
    eps: float
    affine: bool
    bias: bool

    def __init__(
        self, num_groups: int, num_channels: int, eps: float = 1e-5, affine: bool = True, *, bias: bool = True
    ) -> None:
        groups, channels = whole("num_groups", num_groups, least=1), whole("num_channels", num_channels, least=0)
        if channels % groups:
            raise ConvcalcError(f"num_groups {groups} does not divide num_channels {channels}")
        self.keep(
            num_groups=groups, num_channels=channels, eps=eps, affine=bool(affine), bias=bool(affine) and bool(bias)
        )

    def statistics(self, sizes: Shape) -> int:
        """Return the number of means: one per group of each example."""
        return sizes[0] * self.num_groups

    def check(self, sizes: Shape) -> None:
        """Refuse fewer than two sizes, channels that the groups do not divide, and a single value per group."""
        if len(sizes) < 2:
            raise ConvcalcError(f"GroupNorm takes at least 2 sizes (N C), got {list(sizes)}")
        if self.affine:
            self._channels(sizes, 1, self.num_channels)
        if sizes[1] % self.num_groups:
            raise ConvcalcError(
                f"num_groups {self.num_groups} does not divide the {sizes[1]} channels of {list(sizes)}"
            )
        self.refuse_single(sizes[0] * (sizes[1] // self.num_groups) * prod(sizes[2:]), sizes, "per group")

    @property
    def weight_shape(self) -> Shape | None:
        """The shape [num_channels]; None if not affine."""
        return (self.num_channels,) if self.affine else None


@dataclass(frozen=True, slots=True, init=False, repr=False)
class LayerNorm(Affine):
    """Normalisation over the last axes, as ``torch.nn.LayerNorm``.

    >>> LayerNorm((3, 4)).parameters
    24
    """

    normalized_shape: tuple[int, ...]
    eps: float
    elementwise_affine: bool
    bias: bool

    def __init__(
        self,
        normalized_shape: int | Sequence[int],
        eps: float = 1e-5,
        elementwise_affine: bool = True,
        bias: bool = True,
    ) -> None:
        self.keep(
            normalized_shape=_normalized(normalized_shape),
            eps=eps,
            elementwise_affine=bool(elementwise_affine),
            bias=bool(bias),
        )

    def statistics(self, sizes: Shape) -> int:
        """Return the number of means: one per vector."""
        return prod(sizes[: len(sizes) - len(self.normalized_shape)])

    def check(self, sizes: Shape) -> None:
        """Refuse an input whose last sizes are not ``normalized_shape``."""
        _check_last(self, self.normalized_shape, sizes)

    @property
    def weight_shape(self) -> Shape | None:
        """``normalized_shape``; None if not affine."""
        return self.normalized_shape if self.elementwise_affine else None


@dataclass(frozen=True, slots=True, init=False, repr=False)
class RMSNorm(Affine):
    """Division by the root mean square over the last axes, as ``torch.nn.RMSNorm``.

    Source: Zhang and Sennrich, "Root Mean Square Layer Normalization" (2019).

    >>> RMSNorm((3, 4)).parameters
    12
    """

    normalized_shape: tuple[int, ...]
    eps: float | None
    elementwise_affine: bool

    def __init__(
        self, normalized_shape: int | Sequence[int], eps: float | None = None, elementwise_affine: bool = True
    ) -> None:
        self.keep(normalized_shape=_normalized(normalized_shape), eps=eps, elementwise_affine=bool(elementwise_affine))

    def saved_bytes(self, input_shape: Sequence[int], *, itemsize: int) -> int:
        """Return the bytes of one root mean square per vector, and of the quotients that the factors multiply."""
        sizes = shape(input_shape)
        quotients = prod(sizes) if self.elementwise_affine else 0
        return formulas.size_in_bytes(prod(sizes[: len(sizes) - len(self.normalized_shape)]) + quotients, itemsize)

    def check(self, sizes: Shape) -> None:
        """Refuse an input whose last sizes are not ``normalized_shape``."""
        _check_last(self, self.normalized_shape, sizes)

    @property
    def weight_shape(self) -> Shape | None:
        """``normalized_shape``; None if not affine."""
        return self.normalized_shape if self.elementwise_affine else None

    @property
    def biases(self) -> int:
        """0: there is no bias."""
        return 0


def _normalized(given: int | Sequence[int]) -> Shape:
    sizes = tuple(given) if isinstance(given, Sequence) and not isinstance(given, str) else (given,)
    if not sizes:
        raise ConvcalcError("normalized_shape is empty: give the sizes of the last axes")
    return tuple(whole("normalized_shape", size, least=0) for size in sizes)


def _check_last(layer: Norm, last: Shape, sizes: Shape) -> None:
    if sizes[-len(last) :] != last:
        raise ConvcalcError(
            f"{type(layer).__name__} takes inputs that end in {list(last)}, got {list(sizes)}:"
            f" use normalized_shape={list(sizes[-len(last) :])}"
        )


@dataclass(frozen=True, slots=True, init=False, repr=False)
class LocalResponseNorm(Norm, Weightless):
    """Normalisation over neighbouring channels, as ``torch.nn.LocalResponseNorm``.

    >>> LocalResponseNorm(5).output_shape((1, 96, 55, 55))
    (1, 96, 55, 55)
    """

    size: int
    alpha: float
    beta: float
    k: float

    def __init__(self, size: int, alpha: float = 1e-4, beta: float = 0.75, k: float = 1.0) -> None:
        self.keep(size=whole("size", size, least=None), alpha=alpha, beta=beta, k=k)

    def saved_bytes(self, input_shape: Sequence[int], *, itemsize: int) -> int:
        """Return the bytes of the squares, padded along the channels, and of two arrays made from them."""
        batch, channels, *spatial = shape(input_shape)
        squares = batch * (channels + self.size - 1) * prod(spatial)
        return formulas.size_in_bytes(squares + 2 * prod(input_shape) if channels else 0, itemsize)

    def check(self, sizes: Shape) -> None:
        """Refuse fewer than three sizes, and a ``size`` below 1 unless the input is empty."""
        if len(sizes) < 3:
            raise ConvcalcError(f"LocalResponseNorm takes at least 3 sizes, got {list(sizes)}")
        if self.size < 1 and 0 not in sizes:
            raise ConvcalcError(f"size {self.size} is too small: it must be at least 1")
