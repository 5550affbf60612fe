"""Activations, in eval mode: each from its definition, in a form that does not overflow."""

from __future__ import annotations

from collections.abc import Callable
from math import pi, prod, sqrt
from typing import Any

import numpy as np

from convcalc.errors import ConvcalcError
from convcalc.kernels.base import Counts, Kernel, no_arrays, no_counts, nothing, same_shape, view_bytes
from convcalc.kernels.sliding import Array
from convcalc.layers import activation as act
from convcalc.layers.axes import Shape
from convcalc.layers.base import Layer

Function = Callable[[Any, Array], Array]

SELU_SCALE, SELU_ALPHA = 1.0507009873554804934193349852946, 1.6732632423543772848170429916717  # Klambauer et al. 2017


def sigmoid(x: Array) -> Array:
    """1 / (1 + exp(-x)), the exponential never of a positive number.

    >>> sigmoid(np.array([0.0, -1000.0, 1000.0])).tolist()
    [0.5, 0.0, 1.0]
    """
    small = np.exp(-np.abs(x))
    out: Array = np.where(x >= 0, 1, small) / (1 + small)
    return out


def softplus(x: Array) -> Array:
    """log(1 + exp(x)).

    >>> softplus(np.array([-1000.0, 0.0, 1000.0])).round(4).tolist()
    [0.0, 0.6931, 1000.0]
    """
    out: Array = np.logaddexp(0, x)
    return out


# W. J. Cody, "Rational Chebyshev approximations for the error function" (Mathematics of Computation 23, 1969): the
# coefficients of his three ranges, numerator and denominator, highest power first.
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
    """The complementary error function, to some units in the last place of float64.

    >>> from math import erfc as exact
    >>> [float(abs(erfc(np.array([x]))[0] / exact(x) - 1)) < 1e-14 for x in (-3.0, -0.1, 0.3, 1.0, 5.0, 20.0)]
    [True, True, True, True, True, True]
    """
    size = np.abs(x)
    near, far = size <= 0.46875, size > 4
    small, middle = np.where(near, size, 0), np.clip(size, 0.46875, 4)
    large = np.clip(size, 4, 27)
    # exp(-x*x) in two factors, so that the rounding of x*x does not count
    head = np.trunc(size * 16) / 16
    decay = np.exp(-head * head) * np.exp(-(size - head) * (size + head))
    inverse = 1 / (large * large)
    tail = decay * (1 / sqrt(pi) - inverse * _ratio(FAR, inverse)) / large
    outer = np.where(far, np.where(size < 27, tail, 0), decay * _ratio(MIDDLE, middle))
    inner = 1 - x * _ratio(NEAR, small * small)
    out: Array = np.where(near, inner, np.where(x < 0, 2 - outer, outer))
    return np.where(np.isnan(x), x, out)


def gelu(layer: act.GELU, x: Array) -> Array:
    """x times the share of the normal distribution below x (Hendrycks and Gimpel 2016), or its estimate by tanh."""
    if layer.approximate == "tanh":
        inner = sqrt(2 / pi) * (x + 0.044715 * x**3)
        estimate: Array = 0.5 * x * (1 + np.tanh(inner))
        return estimate
    out: Array = 0.5 * x * erfc(-x / sqrt(2)).astype(x.dtype)
    return out


def softmax(x: Array, axis: int) -> Array:
    """exp(x) over its sum along the axis.

    >>> softmax(np.array([1000.0, 1000.0]), 0).tolist()
    [0.5, 0.5]
    """
    powers = np.exp(x - x.max(axis=axis, keepdims=True, initial=-np.inf))
    out: Array = powers / powers.sum(axis=axis, keepdims=True)
    return out


def log_softmax(x: Array, axis: int) -> Array:
    """The logarithm of the softmax.

    >>> log_softmax(np.array([0.0, 0.0]), 0).round(4).tolist()
    [-0.6931, -0.6931]
    """
    shifted = x - x.max(axis=axis, keepdims=True, initial=-np.inf)
    out: Array = shifted - np.log(np.exp(shifted).sum(axis=axis, keepdims=True))
    return out


def _axis(layer: act.Softmax, x: Array) -> int:
    usual = 0 if x.ndim in (0, 1, 3) else 1
    return usual if layer.dim is None else layer.dim


def _along(function: Callable[[Array, int], Array], sign: int = 1) -> Function:
    def run(layer: act.Softmax, x: Array) -> Array:
        return function(sign * np.atleast_1d(x), _axis(layer, x)).reshape(x.shape)

    return run


def _hardshrink(layer: act.Hardshrink, x: Array) -> Array:
    return np.where((x >= -layer.lambd) & (x <= layer.lambd), 0, x)


def _softshrink(layer: act.Softshrink, x: Array) -> Array:
    # 0 * x keeps a NaN
    return np.where(x > layer.lambd, x - layer.lambd, np.where(x < -layer.lambd, x + layer.lambd, x * 0))


def _softplus(layer: act.Softplus, x: Array) -> Array:
    scaled = layer.beta * x
    return np.where(scaled > layer.threshold, x, softplus(scaled) / layer.beta)


def _selu(layer: act.SELU, x: Array) -> Array:
    return SELU_SCALE * np.where(x > 0, x, SELU_ALPHA * np.expm1(np.minimum(x, 0)))


def _glu(layer: act.GLU, x: Array) -> Array:
    first, second = np.split(x, 2, axis=layer.dim)
    return first * sigmoid(second)


def glu_shape(layer: act.GLU, input_shape: Shape) -> Shape:
    """The shape with its axis halved.

    >>> glu_shape(act.GLU(), (1, 64))
    (1, 32)
    """
    out = list(input_shape)
    try:
        axis = range(len(out))[layer.dim]
    except IndexError:
        raise ConvcalcError(f"{layer!r} names an axis that input {out} has not") from None
    if out[axis] % 2:
        raise ConvcalcError(f"{layer!r} halves an axis of {out[axis]}: make it even")
    out[axis] //= 2
    return tuple(out)


def along_shape(layer: act.Softmax, input_shape: Shape) -> Shape:
    """The shape as it is; refused where it has not the axis.

    >>> along_shape(act.Softmax(1), (1, 10))
    (1, 10)
    """
    axes = len(input_shape) or 1
    if layer.dim is not None and not -axes <= layer.dim < axes:
        raise ConvcalcError(f"{layer!r} names an axis that input {list(input_shape)} has not")
    return input_shape


def prelu_shape(layer: act.PReLU, input_shape: Shape) -> Shape:
    """The shape as it is; refused where its channels are not the slopes.

    >>> prelu_shape(act.PReLU(3), (1, 3, 8))
    (1, 3, 8)
    """
    channels = input_shape[1] if len(input_shape) > 1 else 1
    if layer.num_parameters not in (1, channels) or (layer.num_parameters != 1 and not input_shape):
        raise ConvcalcError(f"{layer!r} cannot take the channels of input {list(input_shape)}")
    return input_shape


def prelu(layer: act.PReLU, x: Array, weight: Array) -> Array:
    """x where it is positive, else the channel's slope times x.

    >>> prelu(act.PReLU(), np.array([-2.0, 2.0]), np.array([0.25])).tolist()
    [-0.5, 2.0]
    """
    slopes = weight if x.ndim < 2 else weight.reshape(1, -1, *[1] * (x.ndim - 2))
    return np.where(x > 0, x, slopes * x) if x.ndim else np.where(x > 0, x, slopes[0] * x)


def prelu_count(layer: act.PReLU, input_shape: Shape) -> Counts:
    """The slopes, one by one.

    >>> prelu_count(act.PReLU(3), (1, 3)).weights
    3
    """
    slopes = np.ones(layer.num_parameters)
    return Counts(weights=slopes.size, live_weights=slopes.size)


def sizes_of(*numbers: int) -> Callable[[Layer, Shape], Shape]:
    """The shape as it is, of inputs of so many sizes only.

    >>> sizes_of(3, 4)(act.Softmax2d(), (1, 3, 8, 8))
    (1, 3, 8, 8)
    """

    def same(layer: Layer, input_shape: Shape) -> Shape:
        if len(input_shape) not in numbers:
            raise ConvcalcError(f"{layer!r} cannot take input {list(input_shape)}")
        return input_shape

    return same


def gelu_bytes(layer: act.GELU, input_shape: Shape, output_shape: Shape, itemsize: int) -> int:
    """The three ranges of the error function, in float64 among them; the estimate takes less.

    >>> gelu_bytes(act.GELU("tanh"), (1, 8), (1, 8), 4)
    96
    """
    return (20 if layer.approximate == "none" else 3) * prod(output_shape) * itemsize


def _scratch(arrays: float) -> Callable[[Layer, Shape, Shape, int], int]:
    """So many arrays like the output."""
    return lambda layer, input_shape, output_shape, itemsize: int(arrays * prod(output_shape) * itemsize)


def _elementwise(function: Function, scratch: float) -> Kernel:
    return Kernel(no_arrays, same_shape, function, no_counts, _scratch(scratch), nothing)


def _unchanged(layer: Layer, x: Array) -> Array:
    return x


# What each takes beside input and output: the arrays of its steps that are alive at once, a mask being a quarter.
KERNELS: dict[type[Layer], Kernel] = {
    act.ReLU: _elementwise(lambda layer, x: np.maximum(x, 0), 0),
    act.ReLU6: _elementwise(lambda layer, x: np.clip(x, 0, 6), 0),
    act.Sigmoid: _elementwise(lambda layer, x: sigmoid(x), 2),
    act.Tanh: _elementwise(lambda layer, x: np.tanh(x), 0),
    act.SELU: _elementwise(_selu, 1.25),
    act.SiLU: _elementwise(lambda layer, x: x * sigmoid(x), 2),
    act.Mish: _elementwise(lambda layer, x: x * np.tanh(softplus(x)), 1),
    act.Hardsigmoid: _elementwise(lambda layer, x: np.clip(x + 3, 0, 6) / 6, 1),
    act.Hardswish: _elementwise(lambda layer, x: x * np.clip(x + 3, 0, 6) / 6, 1),
    act.LogSigmoid: _elementwise(lambda layer, x: -softplus(-x), 1),
    act.Softsign: _elementwise(lambda layer, x: x / (1 + np.abs(x)), 1),
    act.Tanhshrink: _elementwise(lambda layer, x: x - np.tanh(x), 1),
    act.LeakyReLU: _elementwise(lambda layer, x: np.where(x > 0, x, layer.negative_slope * x), 1.25),
    act.RReLU: _elementwise(lambda layer, x: np.where(x >= 0, x, (layer.lower + layer.upper) / 2 * x), 1.25),
    act.ELU: _elementwise(lambda layer, x: np.where(x > 0, x, layer.alpha * np.expm1(np.minimum(x, 0))), 1.25),
    act.CELU: _elementwise(
        lambda layer, x: np.maximum(x, 0) + np.minimum(layer.alpha * np.expm1(x / layer.alpha), 0), 2
    ),
    act.GELU: Kernel(no_arrays, same_shape, gelu, no_counts, gelu_bytes, nothing),
    act.Hardshrink: _elementwise(_hardshrink, 0.25),
    act.Softshrink: _elementwise(_softshrink, 3),
    act.Hardtanh: _elementwise(lambda layer, x: np.clip(x, layer.min_val, layer.max_val), 0),
    act.Softplus: _elementwise(_softplus, 2.25),
    act.Threshold: _elementwise(lambda layer, x: np.where(x <= layer.threshold, layer.value, x), 0.25),
    act.Softmax: Kernel(no_arrays, along_shape, _along(softmax), no_counts, _scratch(2), nothing),
    act.Softmin: Kernel(no_arrays, along_shape, _along(softmax, -1), no_counts, _scratch(2), nothing),
    act.LogSoftmax: Kernel(no_arrays, along_shape, _along(log_softmax), no_counts, _scratch(2), nothing),
    act.Softmax2d: Kernel(no_arrays, sizes_of(3, 4), lambda layer, x: softmax(x, -3), no_counts, _scratch(1), nothing),
    act.GLU: Kernel(no_arrays, glu_shape, _glu, no_counts, _scratch(2), nothing),
    act.PReLU: Kernel(
        lambda layer: {"weight": (layer.num_parameters,)}, prelu_shape, prelu, prelu_count, _scratch(1.25), nothing
    ),
    act.Identity: Kernel(no_arrays, same_shape, _unchanged, no_counts, view_bytes, nothing),
    act.Dropout: Kernel(no_arrays, same_shape, _unchanged, no_counts, view_bytes, nothing),
    act.Dropout1d: Kernel(no_arrays, sizes_of(2, 3), _unchanged, no_counts, view_bytes, nothing),
}
