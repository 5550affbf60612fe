"""Identity and dropout: layers that do nothing in eval mode."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from math import prod
from typing import ClassVar

from convcalc import formulas
from convcalc.errors import ConvcalcError
from convcalc.layers.base import InPlace, Weightless
from convcalc.layers.settings import Shape, check_axes, real, shape


@dataclass(frozen=True, slots=True, init=False, repr=False)
class Identity(InPlace, Weightless):
    """The input, unchanged, as ``torch.nn.Identity``. It takes any arguments and ignores them.

    >>> Identity(54, unused=True)
    Identity()
    """

    aliases = True
    saves = ()

    def __init__(self, *args: object, **kwargs: object) -> None:
        pass

    def __repr__(self) -> str:
        return "Identity()"


@dataclass(frozen=True, slots=True, repr=False)
class Dropout(InPlace, Weightless):
    """Set elements to 0 with probability ``p`` in training, as ``torch.nn.Dropout``; do nothing in eval mode.

    >>> Dropout(0.2).output_shape((1, 9216))
    (1, 9216)
    """

    aliases = True
    saves = ()
    p: float = 0.5
    inplace: bool = False

    def __post_init__(self) -> None:
        if not 0 <= real("p", self.p) <= 1:
            raise ConvcalcError(f"p {self.p} is no probability: give a number from 0 to 1")

    @property
    def drops(self) -> bool:  # type: ignore[override]
        """Whether the layer makes an output of its own in training: not where it drops nothing."""
        return self.p > 0

    def saved_bytes(self, input_shape: Sequence[int], *, itemsize: int) -> int:
        """Return the bytes of the factors, each 0 or the scale of what is kept; one 0 where all is dropped.

        >>> Dropout().saved_bytes((2, 3), itemsize=4), Dropout(1).saved_bytes((2, 3), itemsize=4)
        (24, 4)
        """
        sizes = shape(input_shape)
        if self.p == 0 or 0 in sizes:
            return 0
        return formulas.size_in_bytes(1 if self.p == 1 else self.factors(sizes), itemsize)

    def factors(self, sizes: Shape) -> int:
        """Return how many factors an input of these sizes gets: one per element."""
        return prod(sizes)


class AlphaDropout(Dropout):
    """Dropout that keeps mean and variance, as ``torch.nn.AlphaDropout``."""

    __slots__ = ()


class ChannelDropout(Dropout):
    """Dropout of whole channels, as ``torch.nn.Dropout1d``, ``Dropout2d`` and ``Dropout3d``."""

    __slots__ = ()
    batched_axes: ClassVar[int | None] = None  # the axes of an input with a batch; None: every input has one

    def factors(self, sizes: Shape) -> int:
        """Return how many factors an input of these sizes gets: one per channel."""
        return prod(sizes[: 2 if self.batched_axes in (None, len(sizes)) else 1])


class FeatureAlphaDropout(ChannelDropout):
    """Dropout of whole channels that keeps mean and variance, as ``torch.nn.FeatureAlphaDropout``."""

    __slots__ = ()


class Dropout1d(ChannelDropout):
    """Dropout of whole channels of (N, C) or (N, C, L), as ``torch.nn.Dropout1d``."""

    __slots__ = ()
    batched_axes = 3

    def output_shape(self, input_shape: Sequence[int]) -> Shape:
        """Return the input's shape, which must have two or three sizes."""
        return check_axes("Dropout1d", shape(input_shape), (2, 3))


class Dropout2d(ChannelDropout):
    __slots__ = ()


class Dropout3d(ChannelDropout):
    """Dropout of whole channels, as ``torch.nn.Dropout3d``."""

    __slots__ = ()
    batched_axes = 5
