"""Upsampling."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from math import floor
from typing import Any

from convcalc.errors import ConvcalcError
from convcalc.layers import kind
from convcalc.layers.axes import Shape, counted, shape
from convcalc.layers.base import Weightless
from convcalc.layers.windows import Field

# The number of sizes that each mode takes.
MODES = {
    "nearest": (3, 4, 5),
    "nearest-exact": (3, 4, 5),
    "area": (3, 4, 5),
    "linear": (3,),
    "bilinear": (4,),
    "bicubic": (4,),
    "trilinear": (5,),
}
INTERPOLATING = ("linear", "bilinear", "bicubic", "trilinear")


@dataclass(frozen=True, slots=True, init=False, repr=False)
class Upsample(Weightless):
    """Resampling to a size or by a factor, as ``torch.nn.Upsample``.

    >>> Upsample(scale_factor=2).output_shape((1, 3, 7, 7))
    (1, 3, 14, 14)
    """

    size: int | tuple[int, ...] | None
    scale_factor: float | tuple[float, ...] | None
    mode: str
    align_corners: bool | None
    recompute_scale_factor: bool | None

    def __init__(
        self,
        size: int | Sequence[int] | None = None,
        scale_factor: float | Sequence[float] | None = None,
        mode: str = "nearest",
        align_corners: bool | None = None,
        recompute_scale_factor: bool | None = None,
    ) -> None:
        if mode not in MODES:
            raise ConvcalcError(f"mode {mode!r} is unknown: use one of {', '.join(MODES)}")
        if align_corners is not None and mode not in INTERPOLATING:
            raise ConvcalcError(f"align_corners is not for mode {mode}: use one of {', '.join(INTERPOLATING)}")
        # PyTorch takes a factor of 0 for none.
        if (size is None) == (not scale_factor):
            raise ConvcalcError("give size or scale_factor, one of the two")
        self.keep(
            size=tuple(size) if isinstance(size, Sequence) else size,
            scale_factor=tuple(scale_factor) if isinstance(scale_factor, Sequence) else scale_factor,
            mode=mode,
            align_corners=align_corners,
            recompute_scale_factor=recompute_scale_factor,
        )

    def output_shape(self, input_shape: Sequence[int]) -> Shape:
        """The last axes at the size, or at the whole part of the factor times theirs."""
        sizes = shape(input_shape)
        if len(sizes) not in MODES[self.mode]:
            wanted = " or ".join(map(str, MODES[self.mode]))
            raise ConvcalcError(f"Upsample in mode {self.mode} takes {wanted} sizes, got {list(sizes)}")
        spatial = sizes[2:]
        given: Any = self.scale_factor if self.size is None else self.size
        values = given if isinstance(given, tuple) else (given,) * len(spatial)
        if len(values) != len(spatial):
            raise ConvcalcError(f"Upsample has {counted(len(values), 'value')} for {len(spatial)} axes: {list(values)}")
        out = values if self.size is not None else tuple(floor(n * f) for n, f in zip(spatial, values, strict=True))
        if self.mode == "area":  # which is adaptive average pooling
            pool: Any = kind(f"AdaptiveAvgPool{len(spatial)}d")
            return pool(out).output_shape(sizes)  # type: ignore[no-any-return]
        if min(out) < 1 or 0 in spatial or sizes[1] == 0:
            raise ConvcalcError(f"Upsample makes {list(out)} of {list(sizes)}: every size must be at least 1")
        return (*sizes[:2], *out)

    def receptive_field(self, fields: tuple[Field, ...], input_shape: Sequence[int]) -> tuple[Field, ...]:
        """Neighbours need not be a whole jump apart."""
        return tuple(field._replace(jump=None) for field in fields)


class UpsamplingNearest2d(Upsample):
    """As ``torch.nn.UpsamplingNearest2d``."""

    __slots__ = ()
    rank = 2

    def __init__(
        self, size: int | Sequence[int] | None = None, scale_factor: float | Sequence[float] | None = None
    ) -> None:
        super().__init__(size, scale_factor)


class UpsamplingBilinear2d(Upsample):
    """As ``torch.nn.UpsamplingBilinear2d``: corners are aligned.

    >>> UpsamplingBilinear2d(scale_factor=2).output_shape((1, 3, 7, 7))
    (1, 3, 14, 14)
    """

    __slots__ = ()
    rank = 2

    def __init__(
        self, size: int | Sequence[int] | None = None, scale_factor: float | Sequence[float] | None = None
    ) -> None:
        super().__init__(size, scale_factor, "bilinear", align_corners=True)
