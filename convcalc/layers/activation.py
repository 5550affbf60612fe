"""Activations: functions of single elements, or of vectors along an axis."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from math import prod

from convcalc import formulas
from convcalc.errors import ConvcalcError
from convcalc.layers.base import InPlace, Uncounted, Weightless
from convcalc.layers.settings import Shape, axis_index, check_axes, real, shape, whole


class Activation(InPlace, Weightless):
    """The base of the activations without weights: a function of each element."""

    __slots__ = ()
    numbers: tuple[str, ...] = ()  # the settings that must be numbers

    def __post_init__(self) -> None:
        for name in self.numbers:
            real(name, getattr(self, name))
        self.check()

    def check(self) -> None:
        """Refuse settings that PyTorch refuses."""


class FromOutput(Activation):
    """An activation whose gradient needs the output."""

    __slots__ = ()
    saves = ("output",)


class SavesOne(Activation):
    """An activation whose gradient, in PyTorch, needs another number per element beside the input."""

    __slots__ = ()

    def saved_bytes(self, input_shape: Sequence[int], *, itemsize: int) -> int:
        """Return the bytes of one number per element."""
        return formulas.size_in_bytes(prod(shape(input_shape)), itemsize)


@dataclass(frozen=True, slots=True, repr=False)
class ReLU(FromOutput):
    """max(x, 0), as ``torch.nn.ReLU``.

    >>> ReLU().output_shape((1, 64, 7, 7))
    (1, 64, 7, 7)
    """

    inplace: bool = False


@dataclass(frozen=True, slots=True, repr=False)
class Sigmoid(FromOutput):
    """1 / (1 + exp(-x)), as ``torch.nn.Sigmoid``."""


@dataclass(frozen=True, slots=True, repr=False)
class Tanh(FromOutput):
    """The hyperbolic tangent, as ``torch.nn.Tanh``."""


@dataclass(frozen=True, slots=True, repr=False)
class ReLU6(Activation):
    """min(max(x, 0), 6), as ``torch.nn.ReLU6``."""

    inplace: bool = False


@dataclass(frozen=True, slots=True, repr=False)
class SELU(Activation):
    """The scaled ELU, as ``torch.nn.SELU``. Source: Klambauer et al., "Self-Normalizing Neural Networks" (2017)."""

    inplace: bool = False


@dataclass(frozen=True, slots=True, repr=False)
class SiLU(Activation):
    """x * sigmoid(x), as ``torch.nn.SiLU``."""

    inplace: bool = False


@dataclass(frozen=True, slots=True, repr=False)
class Mish(Activation):
    """x * tanh(softplus(x)), as ``torch.nn.Mish``."""

    inplace: bool = False


@dataclass(frozen=True, slots=True, repr=False)
class Hardsigmoid(Activation):
    """min(max(x + 3, 0), 6) / 6, as ``torch.nn.Hardsigmoid``."""

    inplace: bool = False


@dataclass(frozen=True, slots=True, repr=False)
class Hardswish(Activation):
    """x * hardsigmoid(x), as ``torch.nn.Hardswish``."""

    inplace: bool = False


@dataclass(frozen=True, slots=True, repr=False)
class LogSigmoid(SavesOne):
    """log(sigmoid(x)), as ``torch.nn.LogSigmoid``."""


@dataclass(frozen=True, slots=True, repr=False)
class Softsign(SavesOne):
    """x / (1 + abs(x)), as ``torch.nn.Softsign``."""


@dataclass(frozen=True, slots=True, repr=False)
class Tanhshrink(Activation):
    """x - tanh(x), as ``torch.nn.Tanhshrink``."""


@dataclass(frozen=True, slots=True, repr=False)
class LeakyReLU(Activation):
    """x where it is positive, else ``negative_slope`` * x, as ``torch.nn.LeakyReLU``."""

    numbers = ("negative_slope",)
    negative_slope: float = 0.01
    inplace: bool = False


@dataclass(frozen=True, slots=True, repr=False)
class RReLU(SavesOne):
    """Leaky ReLU with a random slope, as ``torch.nn.RReLU``; in eval mode the slope is (lower + upper) / 2."""

    numbers = ("lower", "upper")
    lower: float = 1 / 8
    upper: float = 1 / 3
    inplace: bool = False

    def check(self) -> None:
        """Refuse a ``lower`` above ``upper``."""
        if not self.lower <= self.upper:
            raise ConvcalcError(f"lower {self.lower} is above upper {self.upper}: give the smaller slope first")


@dataclass(frozen=True, slots=True, repr=False)
class ELU(Activation):
    """x where it is positive, else ``alpha`` * (exp(x) - 1), as ``torch.nn.ELU``."""

    numbers = ("alpha",)
    alpha: float = 1.0
    inplace: bool = False


@dataclass(frozen=True, slots=True, repr=False)
class CELU(Activation):
    """x where it is positive, else ``alpha`` * (exp(x / alpha) - 1), as ``torch.nn.CELU``."""

    numbers = ("alpha",)
    alpha: float = 1.0
    inplace: bool = False

    def check(self) -> None:
        """Refuse an ``alpha`` of 0, which would divide."""
        if self.alpha == 0:
            raise ConvcalcError("alpha 0 cannot divide: give another number")


@dataclass(frozen=True, slots=True, repr=False)
class GELU(Activation):
    """x times the normal distribution function, as ``torch.nn.GELU``; ``approximate='tanh'`` estimates it."""

    approximate: str = "none"

    def check(self) -> None:
        """Refuse another ``approximate`` than the two there are."""
        if self.approximate not in ("none", "tanh"):
            raise ConvcalcError(f"approximate {self.approximate!r} is unknown: use 'none' or 'tanh'")


@dataclass(frozen=True, slots=True, repr=False)
class Hardshrink(Activation):
    """x outside [-lambd, lambd], else 0, as ``torch.nn.Hardshrink``."""

    numbers = ("lambd",)
    lambd: float = 0.5


@dataclass(frozen=True, slots=True, repr=False)
class Softshrink(Activation):
    """x moved towards 0 by ``lambd``, as ``torch.nn.Softshrink``."""

    numbers = ("lambd",)
    lambd: float = 0.5

    def check(self) -> None:
        """Refuse a negative ``lambd``."""
        if self.lambd < 0:
            raise ConvcalcError(f"lambd {self.lambd} is negative: use 0 or more")


@dataclass(frozen=True, slots=True, repr=False)
class Hardtanh(Activation):
    """x within ``min_val`` and ``max_val``, as ``torch.nn.Hardtanh``."""

    numbers = ("min_val", "max_val")
    min_val: float = -1.0
    max_val: float = 1.0
    inplace: bool = False

    def check(self) -> None:
        """Refuse a ``max_val`` that is not above ``min_val``."""
        if not self.min_val < self.max_val:
            raise ConvcalcError(f"max_val {self.max_val} is not above min_val {self.min_val}: give it a larger one")


@dataclass(frozen=True, slots=True, repr=False)
class Softplus(Activation):
    """log(1 + exp(beta * x)) / beta, and x beyond ``threshold``, as ``torch.nn.Softplus``."""

    numbers = ("beta", "threshold")
    beta: float = 1.0
    threshold: float = 20.0


@dataclass(frozen=True, slots=True, repr=False)
class Threshold(Activation):
    """x above the threshold, else ``value``, as ``torch.nn.Threshold``."""

    numbers = ("threshold", "value")
    threshold: float
    value: float
    inplace: bool = False


# Along an axis


@dataclass(frozen=True, slots=True, repr=False)
class Softmax(FromOutput):
    """exp(x) over its sum along ``dim``, as ``torch.nn.Softmax``.

    Without ``dim``, along the first axis of 0, 1 or 3 sizes, else along the second.
    """

    dim: int | None = None

    def check(self) -> None:
        """Refuse a ``dim`` that is not a whole number."""
        if self.dim is not None:
            whole("dim", self.dim, least=None)

    def axis(self, sizes: Shape) -> int:
        """Return the axis that sums to 1, of an input of these sizes. `ConvcalcError` where it does not exist.

        >>> Softmax(-1).axis((1, 10)), Softmax().axis((3, 8, 8))
        (1, 0)
        """
        usual = 0 if len(sizes) in (0, 1, 3) else 1
        return axis_index("dim", usual if self.dim is None else self.dim, sizes)

    def output_shape(self, input_shape: Sequence[int]) -> Shape:
        """Return the input's shape. `ConvcalcError` where PyTorch refuses it."""
        sizes = shape(input_shape)
        self.axis(sizes)
        return sizes


class LogSoftmax(Softmax):
    """The logarithm of the softmax, as ``torch.nn.LogSoftmax``."""

    __slots__ = ()


class Softmin(Softmax):
    """The softmax of -x, as ``torch.nn.Softmin``."""

    __slots__ = ()


@dataclass(frozen=True, slots=True, repr=False)
class Softmax2d(FromOutput):
    """The softmax along the channels of (N, C, H, W) or (C, H, W), as ``torch.nn.Softmax2d``."""

    def output_shape(self, input_shape: Sequence[int]) -> Shape:
        """Return the input's shape. `ConvcalcError` where PyTorch refuses it."""
        return check_axes("Softmax2d", shape(input_shape), (3, 4))


@dataclass(frozen=True, slots=True, repr=False)
class GLU(Activation):
    """One half of an axis, gated by the sigmoid of the other, as ``torch.nn.GLU``.

    >>> GLU().output_shape((1, 64))
    (1, 32)
    """

    dim: int = -1

    def check(self) -> None:
        """Refuse a ``dim`` that is not a whole number."""
        whole("dim", self.dim, least=None)

    def output_shape(self, input_shape: Sequence[int]) -> Shape:
        """Return the input's shape with the axis halved. `ConvcalcError` where its size is odd."""
        sizes = shape(input_shape)
        if not sizes:
            raise ConvcalcError("GLU takes no single number: give at least one axis")
        axis = axis_index("dim", self.dim, sizes)
        if sizes[axis] % 2:
            raise ConvcalcError(f"GLU halves axis {axis}, which has {sizes[axis]} in {list(sizes)}: make it even")
        return (*sizes[:axis], sizes[axis] // 2, *sizes[axis + 1 :])


@dataclass(frozen=True, slots=True, init=False, repr=False)
class PReLU(InPlace, Uncounted):
    """x where it is positive, else a trainable slope times x, as ``torch.nn.PReLU``: one slope, or one per channel.

    >>> PReLU(64).parameters
    64
    """

    num_parameters: int
    init: float

    def __init__(self, num_parameters: int = 1, init: float = 0.25) -> None:
        self.keep(num_parameters=whole("num_parameters", num_parameters, least=0), init=real("init", init))

    def output_shape(self, input_shape: Sequence[int]) -> Shape:
        """Return the input's shape. `ConvcalcError` where the second axis has not one element per slope."""
        sizes = shape(input_shape)
        slopes = self.num_parameters
        if slopes != 1:
            if not sizes:
                raise ConvcalcError("PReLU with a slope per channel takes no single number: give channels")
            channels = sizes[1] if len(sizes) > 1 else 1
            if channels != slopes:
                raise ConvcalcError(
                    f"PReLU has {slopes} slopes, got {channels} channels in {list(sizes)}:"
                    f" use num_parameters={channels}"
                )
        return sizes

    @property
    def weight_shape(self) -> Shape:
        """The shape [num_parameters]."""
        return (self.num_parameters,)

    @property
    def weights(self) -> int:
        """The number of slopes."""
        return self.num_parameters

    @property
    def biases(self) -> int:
        """0: there is no bias."""
        return 0
