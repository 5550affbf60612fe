"""Upsampling to a size or by a factor, to the nearest element or between neighbours."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction
from math import gcd, isfinite
from struct import pack, unpack
from typing import Any

from convcalc.errors import ConvcalcError
from convcalc.layers import kind
from convcalc.layers.base import Layer, Weightless
from convcalc.layers.settings import Shape, counted, shape, whole
from convcalc.receptive_field import MOST_LISTED, Field, Reading, through

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
SMALL = 128  # height plus width, up to which PyTorch upsamples H W in a loop of its own
LARGEST_SINGLE = 2**24  # up to which single precision holds every whole number
INTERPOLATING = ("linear", "bilinear", "bicubic", "trilinear")


@dataclass(frozen=True, slots=True, init=False, repr=False)
class Upsample(Weightless):
    """Resample to a size or by a factor, as ``torch.nn.Upsample``.

    >>> Upsample(scale_factor=2).output_shape((1, 3, 7, 7))
    (1, 3, 14, 14)
    """

    always_batched = True
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
        if align_corners is not None and not isinstance(align_corners, bool):
            raise ConvcalcError(f"align_corners {align_corners!r} is neither True nor False: give one of them")
        kept_size, factor = _size(size), _factor(scale_factor)
        if (kept_size is None) == (factor is None):
            raise ConvcalcError("Upsample needs either size or scale_factor: give one of the two")
        if recompute_scale_factor and size is not None:
            raise ConvcalcError("recompute_scale_factor has no factor to recompute: give scale_factor, not size")
        self.keep(
            size=kept_size,
            scale_factor=factor,
            mode=mode,
            align_corners=align_corners,
            recompute_scale_factor=None if recompute_scale_factor is None else bool(recompute_scale_factor),
        )

    def saved_tensors(self, input_shape: Sequence[int]) -> tuple[str, ...]:
        """Return () where the backward pass needs only shapes; mode area saves what its adaptive pool does.

        >>> Upsample(2).saved_tensors((1, 8, 7)), Upsample(2, mode="area").saved_tensors((1, 8, 7))
        ((), ('input',))
        """
        sizes = shape(input_shape)
        return self._area(self._out(sizes)).saved_tensors(sizes) if self.mode == "area" else ()

    def output_shape(self, input_shape: Sequence[int]) -> Shape:
        """Return (N, C, *sizes), each size as given, or the whole part of the factor times the input's.

        `ConvcalcError` where the mode does not take that many axes, or nothing would be left.

        >>> Upsample(scale_factor=1.5).output_shape((1, 3, 7))
        (1, 3, 10)
        """
        sizes = shape(input_shape)
        out = self._out(sizes)
        if self.mode == "area":
            return self._area(out).output_shape(sizes)
        if min(out) < 1 or 0 in sizes[1:]:
            raise ConvcalcError(
                f"{type(self).__name__} makes {list(out)} of {list(sizes)}: every size but the batch must be at least 1"
            )
        return (*sizes[:2], *out)

    def _out(self, sizes: Shape) -> tuple[int, ...]:
        name = type(self).__name__
        if len(sizes) not in MODES[self.mode]:
            wanted = " or ".join(map(str, MODES[self.mode]))
            raise ConvcalcError(f"{name} in mode {self.mode} takes {wanted} sizes, got {list(sizes)}: give N C first")
        spatial = sizes[2:]
        values = self._per_axis(len(spatial))
        if len(values) != len(spatial):
            raise ConvcalcError(
                f"{name} has {counted(len(values), 'value')} for {counted(len(spatial), 'axis', 'axes')}:"
                f" give one number, or {len(spatial)}"
            )
        if self.size is not None:
            return tuple(int(value) for value in values)
        try:
            return tuple(int(size * factor) for size, factor in zip(spatial, values, strict=True))
        except OverflowError:
            raise ConvcalcError(
                f"{name} cannot scale a size of {len(str(max(spatial)))} digits by a fraction: give a whole factor"
            ) from None

    def _per_axis(self, rank: int) -> tuple[float, ...]:
        given = self.scale_factor if self.size is None else self.size
        assert given is not None  # the constructor checks it
        return given if isinstance(given, tuple) else (given,) * rank

    def _area(self, out: tuple[int, ...]) -> Layer:
        """Return the adaptive pool that mode area uses."""
        pool: Any = kind(f"AdaptiveAvgPool{len(out)}d")
        return pool(out)  # type: ignore[no-any-return]

    def receptive_field(self, fields: tuple[Field, ...], input_shape: Sequence[int]) -> tuple[Field, ...]:
        """What a unit sees: through one unit in the modes nearest, 2 or 4 in the others, a bin in mode area.

        A neighbour whose weight is 0, as where a place falls on a unit, does not count. The jump is that of the input
        times the step where the factor, or one over it, is whole in the modes nearest (a third of it where a unit
        becomes 3), and where mode area's bins are equal; elsewhere neighbours have no one jump.

        >>> Upsample(scale_factor=2).receptive_field((Field(5, 2, 0, 28),), (1, 1, 12))[0][:4]
        (5, 1, 0, 27)
        """
        sizes = shape(input_shape)
        if len(fields) != len(sizes) - 2:
            return ()
        out = self.output_shape(sizes)[2:]
        if self.mode == "area":
            return self._area(out).receptive_field(fields, sizes)
        is_small = len(out) == 2 and sum(out) <= SMALL
        steps = [
            self._step(factor, size, count, is_small)
            for factor, size, count in zip(self._per_axis(len(out)), sizes[2:], out, strict=True)
        ]
        return tuple(self._through(*axis, is_small) for axis in zip(fields, steps, sizes[2:], out, strict=True))

    def _step(self, factor: float, size: int, count: int, is_small: bool) -> Fraction:
        """Inputs from one output to the next, by the factor where it is not recomputed.

        For small pictures, PyTorch's mode nearest counts the same and the double size off without it.
        """
        is_counted = self.mode == "nearest" and is_small and count in (size, 2 * size)
        by_sizes = self.size is not None or self.recompute_scale_factor or is_counted
        return Fraction(size, count) if by_sizes else 1 / Fraction(str(factor))

    def _through(self, field: Field, step: Fraction, size: int, count: int, is_small: bool) -> Field:
        """One axis, along which neighbouring outputs lie ``step`` inputs apart."""
        if size == count and (step == 1 or self.align_corners or "linear" in self.mode):
            return field  # every element is itself
        if size == 1 and field.has_positions:
            return field.repeated(count)
        if self.mode in INTERPOLATING:
            return through(field, self._between(step, size, count), has_jump=False)
        whole_steps = 1 in (step.numerator, step.denominator)
        return through(field, self._nearest(step, size, count, is_small), has_jump=whole_steps)

    def _nearest(self, step: Fraction, size: int, count: int, is_small: bool) -> Reading:
        """One unit each: the one at or before the place, or under its middle, rounded as PyTorch rounds it.

        PyTorch's loop for small pictures rounds the step to single precision; every loop rounds the place.
        """
        half = 0.5 if self.mode == "nearest-exact" else 0.0
        is_exact = step.denominator.bit_count() == 1 or count > MOST_LISTED or size > LARGEST_SINGLE
        period, advance = (step.denominator, step.numerator) if is_exact else (count, size)

        def position(place: int) -> float:
            if is_small or not half:
                return (place + half) * (_single(float(step)) if is_small else float(step))
            return max(float(step) * (place + half) - half, 0.0) + half

        def taps(place: int) -> range:
            if is_exact:
                first = (2 * place + int(2 * half)) * step.numerator // (2 * step.denominator)
            else:
                first = int(_single(position(place)))
            return range(min(first, size - 1), min(first, size - 1) + 1)

        return Reading(size, count, period, advance, taps, 1)

    def _between(self, step: Fraction, size: int, count: int) -> Reading:
        """The unit at or before the place and the next one, for bicubic one more on either side.

        Places are (place * a + b) / c of the input; where that is whole, only one unit has a weight.
        """
        a, b, c = 2 * step.numerator, step.numerator - step.denominator, 2 * step.denominator
        if self.align_corners:
            a, b, c = (size - 1, 0, count - 1) if count > 1 else (size, 0, 1)
        before, after = (1, 3) if self.mode == "bicubic" else (0, 2)

        def taps(place: int) -> range:
            first, rest = divmod(a * place + b, c)
            return range(first - before, first + after) if rest else range(first, first + 1)

        common = gcd(a, c)
        is_on_units = common == c and b % c == 0
        return Reading(size, count, c // common, a // common, taps, 1 if is_on_units else before + after)


class UpsamplingNearest2d(Upsample):
    """Resample N C H W to the nearest element, as ``torch.nn.UpsamplingNearest2d``.

    >>> UpsamplingNearest2d(scale_factor=2).output_shape((1, 3, 7, 7))
    (1, 3, 14, 14)
    """

    __slots__ = ()
    rank = 2

    def __init__(
        self, size: int | Sequence[int] | None = None, scale_factor: float | Sequence[float] | None = None
    ) -> None:
        super().__init__(size, scale_factor, mode="nearest")


class UpsamplingBilinear2d(Upsample):
    """Resample N C H W between its elements, with aligned corners, as ``torch.nn.UpsamplingBilinear2d``.

    >>> UpsamplingBilinear2d((5, 6)).output_shape((1, 3, 7, 7))
    (1, 3, 5, 6)
    """

    __slots__ = ()
    rank = 2

    def __init__(
        self, size: int | Sequence[int] | None = None, scale_factor: float | Sequence[float] | None = None
    ) -> None:
        super().__init__(size, scale_factor, mode="bilinear", align_corners=True)


def _size(size: Any) -> int | tuple[int, ...] | None:
    if isinstance(size, Sequence) and not isinstance(size, str):
        return tuple(whole("size", item, least=None) for item in size)
    return None if size is None else whole("size", size, least=None)


def _factor(factor: Any) -> float | tuple[float, ...] | None:
    """Return the factor as PyTorch keeps it: 0 becomes None."""
    if isinstance(factor, Sequence) and not isinstance(factor, str):
        return tuple(map(_number, factor))
    return _number(factor) if factor else None


def _number(factor: Any) -> float:
    try:
        number = float(factor)
    except (TypeError, ValueError, OverflowError):
        raise ConvcalcError(f"scale_factor {factor!r} is not a number: give one, such as 2 or 1.5") from None
    if not isfinite(number):
        raise ConvcalcError(f"scale_factor {factor!r} is not finite: give a number such as 2 or 1.5")
    return int(number) if number.is_integer() else number


def _single(value: float) -> float:
    """Round to single precision.

    >>> _single(0.1)
    0.10000000149011612
    """
    return float(unpack("f", pack("f", value))[0])
