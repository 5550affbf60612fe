"""Normalisation in eval mode: by running statistics if the layer keeps them, else by statistics of the input."""

from __future__ import annotations

from collections.abc import Sequence
from math import prod

import numpy as np

from convcalc.errors import ConvcalcError
from convcalc.layers.base import Layer
from convcalc.layers.norm import BatchNorm, GroupNorm, InstanceNorm, LayerNorm, LocalResponseNorm, RMSNorm
from convcalc.layers.settings import Shape
from convcalc.ops.base import Counts, Operation
from convcalc.ops.blocks import block_bytes, floating, in_blocks
from convcalc.ops.sliding import Array

Weights = dict[str, Array]
Normalised = BatchNorm | GroupNorm | LayerNorm | RMSNorm


def batch_norm(layer: BatchNorm, x: Array, **weights: Array) -> Array:
    """Return (N, C, *) with each channel less its mean, over its deviation, times its weight, plus its bias.

    >>> from convcalc import BatchNorm1d
    >>> layer = BatchNorm1d(1, eps=0, affine=False, track_running_stats=False)
    >>> batch_norm(layer, np.array([[1.0], [3.0]])).tolist()
    [[-1.0], [1.0]]
    """
    factors = _per_channel(x.ndim - 2, weights)
    if layer.track_running_stats:
        return _by_running_statistics(x, layer.eps, factors)
    channels_first = {name: np.swapaxes(array, 0, 1) for name, array in factors.items()}
    return np.swapaxes(_by_own_statistics(np.swapaxes(x, 0, 1), x.ndim - 1, layer.eps, channels_first), 0, 1)


def instance_norm(layer: InstanceNorm, x: Array, **weights: Array) -> Array:
    """Return (N, C, *) or (C, *) with each map of each example normalised on its own.

    >>> from convcalc import InstanceNorm1d
    >>> instance_norm(InstanceNorm1d(1, eps=0), np.array([[1.0, 3.0]])).tolist()
    [[-1.0, 1.0]]
    """
    rank = layer.known_rank()
    factors = _per_channel(rank, weights)
    batched = x if x.ndim == rank + 2 else x[np.newaxis]
    if layer.track_running_stats:
        return _by_running_statistics(batched, layer.eps, factors).reshape(x.shape)
    return _by_own_statistics(batched, rank, layer.eps, factors).reshape(x.shape)


def group_norm(layer: GroupNorm, x: Array, **weights: Array) -> Array:
    """Return (N, C, *) with each group of channels of each example normalised on its own.

    >>> group_norm(GroupNorm(1, 2, eps=0, affine=False), np.array([[1.0, 3.0]])).tolist()
    [[-1.0, 1.0]]
    """
    grouped = x.reshape(x.shape[0], layer.num_groups, x.shape[1] // layer.num_groups, *x.shape[2:])
    per_channel = (1, *grouped.shape[1:3], *[1] * (x.ndim - 2))
    factors = {name: array.reshape(per_channel) for name, array in weights.items()}
    return _by_own_statistics(grouped, x.ndim - 1, layer.eps, factors).reshape(x.shape)


def layer_norm(layer: LayerNorm, x: Array, **weights: Array) -> Array:
    """Return x with its last axes together, each vector normalised on its own.

    >>> layer_norm(LayerNorm(2, eps=0, elementwise_affine=False), np.array([[1.0, 3.0]])).tolist()
    [[-1.0, 1.0]]
    """
    return _by_own_statistics(x, len(layer.normalized_shape), layer.eps, weights)


def rms_norm(layer: RMSNorm, x: Array, weight: Array | None = None) -> Array:
    """Return x over the root mean square of its last axes.

    >>> rms_norm(RMSNorm(2, eps=0), np.array([[3.0, 3.0]]), np.array([1.0, 2.0])).tolist()
    [[1.0, 2.0]]
    """
    axes = len(layer.normalized_shape)
    eps = np.finfo(floating(x)).eps if layer.eps is None else layer.eps

    def normalise(x: Array, *weights: Array) -> Array:
        out: Array = x / np.sqrt(np.square(x).mean(axis=_last(axes), keepdims=True) + eps)
        for factor in weights:
            out *= factor
        return out

    return in_blocks(normalise, x, *([] if weight is None else [weight]), uncut=axes, dtype=floating(x))


def local_response_norm(layer: LocalResponseNorm, x: Array) -> Array:
    """Return x over (k + alpha * the mean square of ``size`` neighbouring channels) ** beta.

    As many neighbours lie before as behind; if the size is even, one more before. Those outside count as 0.

    >>> local_response_norm(LocalResponseNorm(1, alpha=1, beta=1, k=0), np.array([[[2.0]]])).tolist()
    [[[0.5]]]
    """
    before, behind = layer.size // 2, layer.size - layer.size // 2

    def normalise(x: Array) -> Array:
        squares, channels = np.square(x, dtype=floating(x)), x.shape[1]
        total = np.zeros_like(squares)
        for offset in range(max(-before, 1 - channels), min(behind, channels)):
            here = slice(max(-offset, 0), channels - max(offset, 0))
            total[:, here] += squares[:, max(offset, 0) : channels + min(offset, 0)]
        total *= layer.alpha / layer.size
        total += layer.k
        out: Array = x / np.power(total, layer.beta, out=total)
        return out

    return in_blocks(normalise, x, uncut=x.ndim - 1, dtype=floating(x))


def _per_channel(rank: int, weights: Weights) -> Weights:
    """Return one number per channel, aligned with the second axis of (N, C, *)."""
    return {name: array.reshape(1, -1, *[1] * rank) for name, array in weights.items() if array.ndim}


def _by_running_statistics(x: Array, eps: float, factors: Weights) -> Array:
    if x.size == 0:  # PyTorch then ignores the number of channels
        return np.empty(x.shape, floating(x))
    names = [name for name in factors if not name.startswith("running")]

    def normalise(x: Array, mean: Array, variance: Array, *rest: Array) -> Array:
        return _scaled(np.subtract(x, mean, dtype=floating(x)), variance, eps, dict(zip(names, rest, strict=True)))

    rest = [factors[name] for name in names]
    return in_blocks(normalise, x, factors["running_mean"], factors["running_var"], *rest, dtype=floating(x))


def _by_own_statistics(x: Array, axes: int, eps: float, factors: Weights) -> Array:
    """Normalise by the mean and the variance of the last axes together."""
    if x.size == 0:
        return np.empty(x.shape, floating(x))
    names = list(factors)

    def normalise(x: Array, *rest: Array) -> Array:
        centred = x - x.mean(axis=_last(axes), keepdims=True)
        variance = np.square(centred).mean(axis=_last(axes), keepdims=True)
        return _scaled(centred, variance, eps, dict(zip(names, rest, strict=True)))

    return in_blocks(normalise, x, *factors.values(), uncut=axes, dtype=floating(x))


def _scaled(centred: Array, variance: Array, eps: float, factors: Weights) -> Array:
    """Divide by the deviation, multiply by the weight and add the bias, in place."""
    centred /= np.sqrt(variance + eps)
    if "weight" in factors:
        centred *= factors["weight"]
    if "bias" in factors:
        centred += factors["bias"]
    return centred


def _last(axes: int) -> tuple[int, ...]:
    return tuple(range(-axes, 0))


def channel_shapes(layer: BatchNorm) -> dict[str, Shape]:
    """Return the shapes of the layer's arrays: one number per channel, and the count of the batches it has seen.

    >>> from convcalc import BatchNorm2d
    >>> list(channel_shapes(BatchNorm2d(3)))
    ['weight', 'bias', 'running_mean', 'running_var', 'num_batches_tracked']
    """
    channels: Shape = (layer.num_features,)
    trained = {name: channels for name, held in (("weight", layer.affine), ("bias", layer.bias)) if held}
    tracked = {"running_mean": channels, "running_var": channels, "num_batches_tracked": ()}
    return trained | (tracked if layer.track_running_stats else {})


def affine_shapes(layer: GroupNorm) -> dict[str, Shape]:
    """Return the shapes of the layer's arrays: a weight and a bias per channel, or none.

    >>> affine_shapes(GroupNorm(2, 4))
    {'weight': (4,), 'bias': (4,)}
    """
    held = (("weight", layer.affine), ("bias", layer.bias))
    return {name: (layer.num_channels,) for name, there in held if there}


def elementwise_shapes(layer: LayerNorm | RMSNorm) -> dict[str, Shape]:
    """Return the shapes of the layer's arrays: a weight per element, and a bias if the layer has one.

    >>> elementwise_shapes(LayerNorm((3, 4)))
    {'weight': (3, 4), 'bias': (3, 4)}
    """
    if not layer.elementwise_affine:
        return {}
    has_bias = isinstance(layer, LayerNorm) and layer.bias
    return {"weight": layer.normalized_shape} | ({"bias": layer.normalized_shape} if has_bias else {})


def batch_norm_shape(layer: BatchNorm, input_shape: Shape) -> Shape:
    """Return the input's shape; refuse another number of axes or of channels, and a mean of a single value.

    >>> from convcalc import BatchNorm2d
    >>> batch_norm_shape(BatchNorm2d(3), (1, 3, 8, 8))
    (1, 3, 8, 8)
    """
    rank = layer.known_rank()
    instance = isinstance(layer, InstanceNorm)
    numbers = (rank + 1, rank + 2) if instance or rank == 1 else (rank + 2,)
    if len(input_shape) not in numbers:
        raise ConvcalcError(f"{layer!r} cannot take input {list(input_shape)}")
    if instance and layer.affine and 0 in input_shape[:-rank]:
        raise ConvcalcError(f"{layer!r} has nothing to scale in {list(input_shape)}: give at least 1 of each")
    channels = input_shape[-1 - rank] if instance else input_shape[1]
    is_checked = (instance and layer.affine) or ((layer.affine or layer.track_running_stats) and 0 not in input_shape)
    if is_checked and channels != layer.num_features:
        raise ConvcalcError(f"{layer!r} takes {layer.num_features} channels, got {list(input_shape)}")
    values = prod(input_shape[-rank:]) if instance else input_shape[0] * prod(input_shape[2:])
    if values == 1 and not layer.track_running_stats:
        raise ConvcalcError(f"{layer!r} takes the mean of a single value in {list(input_shape)}: give more")
    return input_shape


def group_norm_shape(layer: GroupNorm, input_shape: Shape) -> Shape:
    """Return the input's shape; refuse channels that do not divide into the groups.

    >>> group_norm_shape(GroupNorm(2, 4), (1, 4, 8))
    (1, 4, 8)
    """
    if (
        len(input_shape) < 2
        or input_shape[1] % layer.num_groups
        or (layer.affine and input_shape[1] != layer.num_channels)
    ):
        raise ConvcalcError(f"{layer!r} cannot take input {list(input_shape)}")
    return input_shape


def last_axes_shape(layer: LayerNorm | RMSNorm, input_shape: Shape) -> Shape:
    """Return the input's shape; refuse one that does not end with the layer's sizes.

    >>> last_axes_shape(LayerNorm(4), (1, 4))
    (1, 4)
    """
    if input_shape[-len(layer.normalized_shape) :] != layer.normalized_shape:
        raise ConvcalcError(f"{layer!r} cannot take input {list(input_shape)}")
    return input_shape


def local_response_norm_shape(layer: LocalResponseNorm, input_shape: Shape) -> Shape:
    """Return the input's shape; refuse fewer than three axes.

    >>> local_response_norm_shape(LocalResponseNorm(5), (1, 96, 55, 55))
    (1, 96, 55, 55)
    """
    if len(input_shape) < 3:
        raise ConvcalcError(f"{layer!r} cannot take input {list(input_shape)}")
    return input_shape


def norm_count(layer: Normalised, input_shape: Shape) -> Counts:
    """Count the elements of the layer's arrays: the trained ones, and the running statistics apart.

    >>> from convcalc import BatchNorm2d
    >>> norm_count(BatchNorm2d(64), (1, 64, 7, 7)).buffers
    129
    """
    shapes = OPERATIONS[next(kind for kind in type(layer).__mro__ if kind in OPERATIONS)].weight_shapes(layer)
    sizes = {name: np.broadcast_to(0, shape).size for name, shape in shapes.items()}
    weights, biases = sizes.pop("weight", 0), sizes.pop("bias", 0)
    return Counts(weights=weights, live_weights=weights, biases=biases, buffers=sum(sizes.values()))


def extra_bytes(layer: Layer, inputs: Sequence[Shape], output: Shape, itemsize: int) -> int:
    """Bound the memory by four arrays of a block, which holds whole what is normalised together.

    >>> extra_bytes(LayerNorm(4), [(2, 4)], (2, 4), itemsize=4)
    128
    """
    uncut = len(output) - 1
    if isinstance(layer, LayerNorm | RMSNorm):
        uncut = len(layer.normalized_shape)
    elif isinstance(layer, BatchNorm) and layer.track_running_stats:
        uncut = 0
    elif isinstance(layer, BatchNorm) and not isinstance(layer, InstanceNorm):
        output = (output[1], output[0], *output[2:])
    return block_bytes(4, output, output, itemsize, uncut)


OPERATIONS: dict[type[Layer], Operation] = {
    BatchNorm: Operation(batch_norm, batch_norm_shape, channel_shapes, norm_count, extra_bytes),
    InstanceNorm: Operation(instance_norm, batch_norm_shape, channel_shapes, norm_count, extra_bytes),
    GroupNorm: Operation(group_norm, group_norm_shape, affine_shapes, norm_count, extra_bytes),
    LayerNorm: Operation(layer_norm, last_axes_shape, elementwise_shapes, norm_count, extra_bytes),
    RMSNorm: Operation(rms_norm, last_axes_shape, elementwise_shapes, norm_count, extra_bytes),
    LocalResponseNorm: Operation(local_response_norm, local_response_norm_shape, extra_bytes=extra_bytes),
}
