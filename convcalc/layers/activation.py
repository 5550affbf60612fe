"""Activations, dropout, and what else works on single elements or on vectors along an axis.

Most differ in name and settings only: they are a table, of which the classes are made.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from inspect import Parameter, Signature
from typing import Any, ClassVar

from convcalc.errors import ConvcalcError
from convcalc.layers.axes import Shape, axis_index, shape, whole
from convcalc.layers.base import InPlace, Uncounted, Weightless

Settings = Mapping[str, Any]
REQUIRED = Parameter.empty


@dataclass(frozen=True, slots=True, init=False, repr=False)
class Elementwise(InPlace, Weightless):
    """A function of each element, or along one axis, without parameters; ``settings`` by PyTorch's names.

    >>> LeakyReLU(0.2).output_shape((1, 64, 7, 7))
    (1, 64, 7, 7)
    """

    defaults: ClassVar[Settings] = {}
    settings: tuple[tuple[str, Any], ...]

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        bound = _signature(self.defaults).bind(*args, **kwargs)
        bound.apply_defaults()
        self.keep(settings=tuple(bound.arguments.items()))
        self.check_settings(dict(self.settings))

    def check_settings(self, settings: Settings) -> None:
        """Refuse settings that PyTorch refuses."""
        check = CHECKS.get(type(self).__name__)
        if check is not None:
            check(settings)

    def spelled(self, name: str) -> Any:
        """A setting."""
        return dict(self.settings)[name]


def _signature(defaults: Settings) -> Signature:
    return Signature(
        [Parameter(name, Parameter.POSITIONAL_OR_KEYWORD, default=default) for name, default in defaults.items()]
    )


def _refuse(wrong: bool, message: str) -> None:
    if wrong:
        raise ConvcalcError(message)


def _probability(settings: Settings) -> None:
    p = settings["p"]
    _refuse(not 0 <= p <= 1, f"p {p} is no probability: give a number from 0 to 1")


def _hardtanh(settings: Settings) -> None:
    low, high = settings["min_val"], settings["max_val"]
    _refuse(high <= low, f"max_val {high} must be greater than min_val {low}")


CHECKS: dict[str, Callable[[Settings], None]] = {
    "CELU": lambda settings: _refuse(settings["alpha"] == 0, "alpha 0 cannot divide: give another number"),
    "GELU": lambda settings: _refuse(
        settings["approximate"] not in ("none", "tanh"),
        f"approximate {settings['approximate']!r}: use 'none' or 'tanh'",
    ),
    "Hardtanh": _hardtanh,
    "Softshrink": lambda settings: _refuse(
        settings["lambd"] < 0, f"lambd {settings['lambd']} is negative: use 0 or more"
    ),
    **dict.fromkeys(
        ("Dropout", "Dropout1d", "Dropout2d", "Dropout3d", "AlphaDropout", "FeatureAlphaDropout"), _probability
    ),
}

_inplace: Settings = {"inplace": False}
_dropout: Settings = {"p": 0.5, "inplace": False}
ELEMENTWISE: dict[str, Settings] = {
    "AlphaDropout": _dropout,
    "CELU": {"alpha": 1.0, **_inplace},
    "Dropout": _dropout,
    "Dropout2d": _dropout,
    "Dropout3d": _dropout,
    "ELU": {"alpha": 1.0, **_inplace},
    "FeatureAlphaDropout": _dropout,
    "GELU": {"approximate": "none"},
    "Hardshrink": {"lambd": 0.5},
    "Hardsigmoid": _inplace,
    "Hardswish": _inplace,
    "Hardtanh": {"min_val": -1.0, "max_val": 1.0, **_inplace},
    "LeakyReLU": {"negative_slope": 0.01, **_inplace},
    "LogSigmoid": {},
    "Mish": _inplace,
    "ReLU": _inplace,
    "ReLU6": _inplace,
    "SELU": _inplace,
    "SiLU": _inplace,
    "Sigmoid": {},
    "Softplus": {"beta": 1.0, "threshold": 20.0},
    "Softshrink": {"lambd": 0.5},
    "Softsign": {},
    "Tanh": {},
    "Tanhshrink": {},
    "Threshold": {"threshold": REQUIRED, "value": REQUIRED, **_inplace},
}


def _make(name: str, defaults: Settings) -> type[Elementwise]:
    return type(
        name,
        (Elementwise,),
        {
            "__slots__": (),
            "__module__": __name__,
            "__doc__": f"As ``torch.nn.{name}``.",
            "__signature__": _signature(defaults),
            "defaults": defaults,
        },
    )


globals().update({name: _make(name, defaults) for name, defaults in ELEMENTWISE.items()})


class Identity(Elementwise):
    """What comes in, whatever it is made with, as ``torch.nn.Identity``."""

    __slots__ = ()

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        self.keep(settings=())


class Dropout1d(Elementwise):
    """As ``torch.nn.Dropout1d``, which takes two or three sizes only."""

    __slots__ = ()
    __signature__ = _signature(_dropout)
    defaults = _dropout

    def output_shape(self, input_shape: Sequence[int]) -> Shape:
        """The input's shape."""
        sizes = shape(input_shape)
        _refuse(len(sizes) not in (2, 3), f"Dropout1d takes 2 or 3 sizes, got {list(sizes)}")
        return sizes


class Softmax(Elementwise):
    """As ``torch.nn.Softmax``; without ``dim``, along the first axis of 0, 1 or 3 sizes, else along the second."""

    __slots__ = ()
    defaults: ClassVar[Settings] = {"dim": None}
    __signature__ = _signature(defaults)

    def check_settings(self, settings: Settings) -> None:
        """Any axis: the input says which there are."""
        if settings["dim"] is not None:
            whole("dim", settings["dim"], least=None)

    def axis(self, sizes: Shape) -> int:
        """The axis that sums to 1."""
        dim = self.spelled("dim")
        return axis_index("dim", (0 if len(sizes) in (0, 1, 3) else 1) if dim is None else dim, sizes)

    def output_shape(self, input_shape: Sequence[int]) -> Shape:
        """The input's shape."""
        sizes = shape(input_shape)
        self.axis(sizes)
        return sizes


class LogSoftmax(Softmax):
    """As ``torch.nn.LogSoftmax``."""

    __slots__ = ()


class Softmin(Softmax):
    """As ``torch.nn.Softmin``."""

    __slots__ = ()


class Softmax2d(Elementwise):
    """As ``torch.nn.Softmax2d``: along the channels of three or four sizes."""

    __slots__ = ()

    def output_shape(self, input_shape: Sequence[int]) -> Shape:
        """The input's shape."""
        sizes = shape(input_shape)
        _refuse(len(sizes) not in (3, 4), f"Softmax2d takes 3 or 4 sizes, got {list(sizes)}")
        return sizes


class GLU(Softmax):
    """As ``torch.nn.GLU``: one half of an axis gates the other.

    >>> GLU().output_shape((1, 64))
    (1, 32)
    """

    __slots__ = ()
    defaults: ClassVar[Settings] = {"dim": -1}
    __signature__ = _signature(defaults)

    def output_shape(self, input_shape: Sequence[int]) -> Shape:
        """The axis is halved."""
        sizes = shape(input_shape)
        _refuse(not sizes, "GLU takes no single number: give at least one axis")
        axis = self.axis(sizes)
        _refuse(
            bool(sizes[axis] % 2), f"GLU halves axis {axis}, which has {sizes[axis]} in {list(sizes)}: make it even"
        )
        return (*sizes[:axis], sizes[axis] // 2, *sizes[axis + 1 :])


@dataclass(frozen=True, slots=True, init=False, repr=False)
class PReLU(InPlace, Uncounted):
    """As ``torch.nn.PReLU``: one trainable slope, or one a channel.

    >>> PReLU(64).parameters
    64
    """

    num_parameters: int
    init: float

    def __init__(self, num_parameters: int = 1, init: float = 0.25) -> None:
        self.keep(num_parameters=whole("num_parameters", num_parameters, least=0), init=init)

    def output_shape(self, input_shape: Sequence[int]) -> Shape:
        """The input's shape."""
        sizes = shape(input_shape)
        slopes = self.num_parameters
        if slopes != 1:
            _refuse(not sizes, "PReLU with a slope a channel takes no single number")
            channels = sizes[1] if len(sizes) > 1 else 1
            _refuse(channels != slopes, f"PReLU has {slopes} slopes for {channels} channels in {list(sizes)}")
        return sizes

    @property
    def weight_shape(self) -> Shape:
        """[num_parameters]."""
        return (self.num_parameters,)

    @property
    def weights(self) -> int:
        """The slopes."""
        return self.num_parameters

    @property
    def parameters(self) -> int:
        """The slopes."""
        return self.num_parameters
