"""Activations in eval mode, each by its definition, in a form that does not overflow."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from math import pi, sqrt
from typing import Any

import numpy as np

from convcalc.errors import ConvcalcError
from convcalc.layers import activation as act
from convcalc.layers import dropout
from convcalc.layers.base import Layer
from convcalc.layers.settings import Shape
from convcalc.ops.base import Counts, Operation, same_shape_of
from convcalc.ops.blocks import holding, in_blocks
from convcalc.ops.sliding import Array

SELU_SCALE, SELU_ALPHA = 1.0507009873554804934193349852946, 1.6732632423543772848170429916717  # Klambauer et al. 2017


def sigmoid(x: Array) -> Array:
    """Return 1 / (1 + exp(-x)), without the exponential of a positive number.

    >>> sigmoid(np.array([0.0, -1000.0, 1000.0])).tolist()
    [0.5, 0.0, 1.0]
    """
    small = np.exp(-np.abs(x))
    out: Array = np.where(x >= 0, 1, small) / (1 + small)
    return out


def softplus(x: Array) -> Array:
    """Return log(1 + exp(x)).

    >>> softplus(np.array([-1000.0, 0.0, 1000.0])).round(4).tolist()
    [0.0, 0.6931, 1000.0]
    """
    out: Array = np.logaddexp(0, x)
    return out


# W. J. Cody, "Rational Chebyshev approximations for the error function" (Mathematics of Computation 23, 1969): the
# coefficients of his three ranges: numerator and denominator, the highest power first.
NEAR = (
    (1.85777706184603153e-1, 3.16112374387056560, 1.13864154151050156e2, 3.77485237685302021e2, 3.20937758913846947e3),
    (1.0, 2.36012909523441209e1, 2.44024637934444173e2, 1.28261652607737228e3, 2.84423683343917062e3),
)
MIDDLE = (
    (
        *(2.15311535474403846e-8, 5.64188496988670089e-1, 8.88314979438837594, 6.61191906371416295e1),
        *(2.98635138197400131e2, 8.81952221241769090e2, 1.71204761263407058e3, 2.05107837782607147e3),
        1.23033935479799725e3,
    ),
    (
        *(1.0, 1.57449261107098347e1, 1.17693950891312499e2, 5.37181101862009858e2, 1.62138957456669019e3),
        *(3.29079923573345963e3, 4.36261909014324716e3, 3.43936767414372164e3, 1.23033935480374942e3),
    ),
)
FAR = (
    (
        *(1.63153871373020978e-2, 3.05326634961232344e-1, 3.60344899949804439e-1, 1.25781726111229246e-1),
        *(1.60837851487422766e-2, 6.58749161529837803e-4),
    ),
    (
        *(1.0, 2.56852019228982242, 1.87295284992346725, 5.27905102951428412e-1, 6.05183413124413191e-2),
        2.33520497626869185e-3,
    ),
)


def _ratio(coefficients: tuple[tuple[float, ...], tuple[float, ...]], x: Array) -> Array:
    out: Array = np.polyval(coefficients[0], x) / np.polyval(coefficients[1], x)
    return out


def erfc(x: Array) -> Array:
    """Return the complementary error function, to a few units in the last place of float64.

    >>> from math import erfc as exact
    >>> [float(abs(erfc(np.array([x]))[0] / exact(x) - 1)) < 1e-14 for x in (-3.0, -0.1, 0.3, 1.0, 5.0, 20.0)]
    [True, True, True, True, True, True]
    """
    size = np.abs(x)
    near, far = size <= 0.46875, size > 4
    small, middle = np.where(near, size, 0), np.clip(size, 0.46875, 4)
    large = np.clip(size, 4, 27)
    # exp(-x*x) as two factors, so that the rounding of x*x does not matter
    head = np.trunc(size * 16) / 16
    decay = np.exp(-head * head) * np.exp(-(size - head) * (size + head))
    inverse = 1 / (large * large)
    tail = decay * (1 / sqrt(pi) - inverse * _ratio(FAR, inverse)) / large
    outer = np.where(far, np.where(size < 27, tail, 0), decay * _ratio(MIDDLE, middle))
    inner = 1 - x * _ratio(NEAR, small * small)
    out: Array = np.where(near, inner, np.where(x < 0, 2 - outer, outer))
    return np.where(np.isnan(x), x, out)


def _gelu(layer: act.GELU, x: Array) -> Array:
    """Return x times the share of the normal distribution below x (Hendrycks and Gimpel 2016), or its tanh estimate."""
    if layer.approximate == "tanh":
        estimate: Array = 0.5 * x * (1 + np.tanh(sqrt(2 / pi) * (x + 0.044715 * x**3)))
        return estimate
    out: Array = 0.5 * x * erfc(-x / sqrt(2)).astype(x.dtype)
    return out


def _softshrink(layer: act.Softshrink, x: Array) -> Array:
    # x * 0 rather than 0, so that NaN stays NaN
    return np.where(x > layer.lambd, x - layer.lambd, np.where(x < -layer.lambd, x + layer.lambd, x * 0))


def _softplus(layer: act.Softplus, x: Array) -> Array:
    scaled = layer.beta * x
    return np.where(scaled > layer.threshold, x, softplus(scaled) / layer.beta)


def _celu(layer: act.CELU, x: Array) -> Array:
    out: Array = np.maximum(x, 0) + np.minimum(layer.alpha * np.expm1(x / layer.alpha), 0)
    return out


def _glu(layer: act.GLU, x: Array) -> Array:
    return in_blocks(lambda first, second: first * sigmoid(second), *np.split(x, 2, axis=layer.dim))


def glu_shape(layer: act.GLU, input_shape: Shape) -> Shape:
    """Return the shape with one axis halved.

    >>> glu_shape(act.GLU(), (1, 64))
    (1, 32)
    """
    out = list(input_shape)
    try:
        axis = range(len(out))[layer.dim]
    except IndexError:
        raise ConvcalcError(f"{layer!r} names an axis that input {out} does not have") from None
    if out[axis] % 2:
        raise ConvcalcError(f"{layer!r} halves an axis of {out[axis]}: make it even")
    out[axis] //= 2
    return tuple(out)


def prelu_shape(layer: act.PReLU, input_shape: Shape) -> Shape:
    """Return the input's shape; refuse an input whose channels are not as many as the slopes.

    >>> prelu_shape(act.PReLU(3), (1, 3, 8))
    (1, 3, 8)
    """
    channels = input_shape[1] if len(input_shape) > 1 else 1
    if layer.num_parameters not in (1, channels) or (layer.num_parameters != 1 and not input_shape):
        raise ConvcalcError(f"{layer!r} cannot take the channels of input {list(input_shape)}")
    return input_shape


def prelu(layer: act.PReLU, x: Array, weight: Array) -> Array:
    """Return x where it is positive, else the channel's slope times x.

    >>> prelu(act.PReLU(), np.array([-2.0, 2.0]), np.array([0.25])).tolist()
    [-0.5, 2.0]
    """
    slopes = weight.reshape((-1,) + (1,) * (x.ndim - 2) if x.ndim > 1 else x.shape and (1,))
    return in_blocks(lambda x, slopes: np.where(x > 0, x, slopes * x), x, slopes)


def prelu_count(layer: act.PReLU, input_shape: Shape) -> Counts:
    """Count the slopes.

    >>> prelu_count(act.PReLU(3), (1, 3)).weights
    3
    """
    slopes = np.ones(layer.num_parameters)
    return Counts(weights=slopes.size, live_weights=slopes.size)


def _elementwise(function: Callable[[Any, Array], Array], arrays: int = 5) -> Operation:
    """Return the operation of a function of single elements that holds at most ``arrays`` temporary arrays."""
    return Operation(lambda layer, x: in_blocks(partial(function, layer), x), extra_bytes=holding(arrays))


def _unchanged(layer: Layer, x: Array) -> Array:
    return x


OPERATIONS: dict[type[Layer], Operation] = {
    act.ReLU: Operation(lambda layer, x: np.maximum(x, 0)),
    act.ReLU6: Operation(lambda layer, x: np.clip(x, 0, 6)),
    act.Sigmoid: _elementwise(lambda layer, x: sigmoid(x)),
    act.Tanh: Operation(lambda layer, x: np.tanh(x)),
    act.SELU: _elementwise(lambda layer, x: SELU_SCALE * np.where(x > 0, x, SELU_ALPHA * np.expm1(np.minimum(x, 0)))),
    act.SiLU: _elementwise(lambda layer, x: x * sigmoid(x)),
    act.Mish: _elementwise(lambda layer, x: x * np.tanh(softplus(x))),
    act.Hardsigmoid: _elementwise(lambda layer, x: np.clip(x + 3, 0, 6) / 6),
    act.Hardswish: _elementwise(lambda layer, x: x * np.clip(x + 3, 0, 6) / 6),
    act.LogSigmoid: _elementwise(lambda layer, x: -softplus(-x)),
    act.Softsign: _elementwise(lambda layer, x: x / (1 + np.abs(x))),
    act.Tanhshrink: _elementwise(lambda layer, x: x - np.tanh(x)),
    act.LeakyReLU: _elementwise(lambda layer, x: np.where(x > 0, x, layer.negative_slope * x)),
    act.RReLU: _elementwise(lambda layer, x: np.where(x >= 0, x, (layer.lower + layer.upper) / 2 * x)),
    act.ELU: _elementwise(lambda layer, x: np.where(x > 0, x, layer.alpha * np.expm1(np.minimum(x, 0)))),
    act.CELU: _elementwise(_celu),
    act.GELU: _elementwise(_gelu, 32),  # the three ranges of the error function, partly in float64
    act.Hardshrink: _elementwise(lambda layer, x: np.where((x >= -layer.lambd) & (x <= layer.lambd), 0, x)),
    act.Softshrink: _elementwise(_softshrink),
    act.Hardtanh: Operation(lambda layer, x: np.clip(x, layer.min_val, layer.max_val)),
    act.Softplus: _elementwise(_softplus),
    act.Threshold: _elementwise(lambda layer, x: np.where(x <= layer.threshold, layer.value, x)),
    act.GLU: Operation(_glu, glu_shape, extra_bytes=holding(5)),
    act.PReLU: Operation(
        prelu, prelu_shape, lambda layer: {"weight": (layer.num_parameters,)}, prelu_count, holding(5)
    ),
    dropout.Identity: Operation(_unchanged),
    dropout.Dropout: Operation(_unchanged),
    dropout.Dropout1d: Operation(_unchanged, same_shape_of(2, 3)),
}
