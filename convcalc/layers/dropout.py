"""Identity and dropout: layers that do nothing in eval mode."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from math import prod

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
    drops = True
    saves = ()
    p: float = 0.5
    inplace: bool = False

    def __post_init__(self) -> None:
        if not 0 <= real("p", self.p) <= 1:
            raise ConvcalcError(f"p {self.p} is no probability: give a number from 0 to 1")

    def saved_bytes(self, input_shape: Sequence[int], itemsize: int) -> int:
        """One factor per element: 0, or the scale of the elements that are kept."""
        return formulas.size_in_bytes(prod(shape(input_shape)), itemsize)


class AlphaDropout(Dropout):
    """Dropout that keeps mean and variance, as ``torch.nn.AlphaDropout``."""

    __slots__ = ()


class ChannelDropout(Dropout):
    """Dropout of whole channels."""

    __slots__ = ()

    def saved_bytes(self, input_shape: Sequence[int], itemsize: int) -> int:
        """One factor per channel."""
        return formulas.size_in_bytes(prod(shape(input_shape)[:2]), itemsize)


class FeatureAlphaDropout(ChannelDropout):
    """Dropout of whole channels that keeps mean and variance, as ``torch.nn.FeatureAlphaDropout``."""

    __slots__ = ()


class Dropout1d(ChannelDropout):
    """Dropout of whole channels of (N, C) or (N, C, L), as ``torch.nn.Dropout1d``."""

    __slots__ = ()

    def output_shape(self, input_shape: Sequence[int]) -> Shape:
        """Return the input's shape, which must have two or three sizes."""
        return check_axes("Dropout1d", shape(input_shape), (2, 3))


class Dropout2d(ChannelDropout):
    """Dropout of whole channels, as ``torch.nn.Dropout2d``."""

    __slots__ = ()


class Dropout3d(ChannelDropout):
    """Dropout of whole channels, as ``torch.nn.Dropout3d``."""

    __slots__ = ()
