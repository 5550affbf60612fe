"""Normalisation in eval mode: by running statistics where the layer keeps them, else by those of the input."""

from __future__ import annotations

from collections.abc import Iterable
from math import prod

import numpy as np

from convcalc.errors import ConvcalcError
from convcalc.layers.base import Layer
from convcalc.layers.norm import BatchNorm, GroupNorm, InstanceNorm, LayerNorm, RMSNorm
from convcalc.layers.settings import Shape
from convcalc.ops import local_response_norm
from convcalc.ops.base import Counts, Operation, nothing
from convcalc.ops.blocks import LARGE, At, block_size, blocks, cut, floating, part_size
from convcalc.ops.sliding import Array
from convcalc.ops.tiles import cuts

CHANNELS = 16  # at least half so many are added up at once, so that the order of adding up is the same


def channel_shapes(layer: BatchNorm) -> dict[str, Shape]:
    """The arrays that the layer holds, a number a channel, and the count of the batches it has seen.

    >>> from convcalc import BatchNorm2d
    >>> list(channel_shapes(BatchNorm2d(3)))
    ['weight', 'bias', 'running_mean', 'running_var', 'num_batches_tracked']
    """
    channels: Shape = (layer.num_features,)
    trained = {name: channels for name, held in (("weight", layer.affine), ("bias", layer.bias)) if held}
    tracked = {"running_mean": channels, "running_var": channels, "num_batches_tracked": ()}
    return trained | (tracked if layer.track_running_stats else {})


def batch_norm(layer: BatchNorm, x: Array, **arrays: Array) -> Array:
    """(N, C, *), each channel less its mean, over its deviation, times its factor, plus its bias.

    >>> from convcalc import BatchNorm1d
    >>> layer = BatchNorm1d(1, eps=0, affine=False, track_running_stats=False)
    >>> batch_norm(layer, np.array([[1.0], [3.0]])).tolist()
    [[-1.0], [1.0]]
    """
    factors = _by_channel(x, arrays)
    if layer.track_running_stats:
        return _by_running(x, layer.eps, factors)
    channels = cuts(x.shape[1], _channels_at_once(x.shape))
    return _normalised(x, ((slice(None), part) for part in channels), (0, *range(2, x.ndim)), layer.eps, factors)


def instance_norm(layer: InstanceNorm, x: Array, **arrays: Array) -> Array:
    """(N, C, *) or (C, *), each map of each example on its own.

    >>> from convcalc import InstanceNorm1d
    >>> instance_norm(InstanceNorm1d(1, eps=0), np.array([[1.0, 3.0]])).tolist()
    [[-1.0, 1.0]]
    """
    batched = x if x.ndim == layer.known_rank() + 2 else x[np.newaxis]
    factors = _by_channel(batched, arrays)
    if layer.track_running_stats:
        return _by_running(batched, layer.eps, factors).reshape(x.shape)
    return _by_vector(batched, batched.ndim - 2, layer.eps, factors).reshape(x.shape)


def group_norm(layer: GroupNorm, x: Array, **arrays: Array) -> Array:
    """(N, C, *), each group of channels of each example on its own.

    >>> group_norm(GroupNorm(1, 2, eps=0, affine=False), np.array([[1.0, 3.0]])).tolist()
    [[-1.0, 1.0]]
    """
    grouped = x.reshape(x.shape[0], layer.num_groups, x.shape[1] // layer.num_groups, *x.shape[2:])
    along = (1, *grouped.shape[1:3], *[1] * (x.ndim - 2))
    factors = {name: array.reshape(along) for name, array in arrays.items()}
    return _by_vector(grouped, x.ndim - 1, layer.eps, factors).reshape(x.shape)


def layer_norm(layer: LayerNorm, x: Array, **arrays: Array) -> Array:
    """The last axes together, each vector on its own.

    >>> layer_norm(LayerNorm(2, eps=0, elementwise_affine=False), np.array([[1.0, 3.0]])).tolist()
    [[-1.0, 1.0]]
    """
    return _by_vector(x, len(layer.normalized_shape), layer.eps, arrays)


def _by_channel(x: Array, arrays: dict[str, Array]) -> dict[str, Array]:
    """Numbers a channel, so that they go along the second axis."""
    along = (1, -1, *[1] * (x.ndim - 2))
    return {name: array.reshape(along) for name, array in arrays.items() if array.ndim}


def _by_running(x: Array, eps: float, factors: dict[str, Array]) -> Array:
    """By statistics that the layer keeps."""
    out = np.empty(x.shape, dtype=floating(x))
    for at in blocks(x.shape, LARGE):
        of = {name: cut(array, at) for name, array in factors.items()}
        np.subtract(x[at], of["running_mean"], out=out[at])
        _scaled(out[at], of["running_var"] + eps, of)
    return out


def _channels_at_once(input_shape: Shape) -> int:
    return max(CHANNELS, LARGE // max(input_shape[0] * prod(input_shape[2:]), 1))


def _by_vector(x: Array, axes: int, eps: float, factors: dict[str, Array]) -> Array:
    """By the statistics of the last axes together."""
    first = x.ndim - axes
    vectors = blocks(x.shape[:first], _vectors_at_once(x.shape[first:]))
    return _normalised(x, vectors, tuple(range(first, x.ndim)), eps, factors)


def _vectors_at_once(shape: Shape) -> int:
    return LARGE // max(prod(shape), 1)


def _normalised(x: Array, pieces: Iterable[At], axes: tuple[int, ...], eps: float, factors: dict[str, Array]) -> Array:
    """By the statistics of each piece along the axes; the output holds the squares meanwhile."""
    out = np.empty(x.shape, dtype=floating(x))
    aligned = {name: array.reshape((1,) * (x.ndim - array.ndim) + array.shape) for name, array in factors.items()}
    for at in pieces:
        variance = _centred(x[at], axes, out[at])
        variance += eps
        _scaled(out[at], variance, {name: cut(array, at) for name, array in aligned.items()})
        del variance  # before the next is made
    return out


def _centred(x: Array, axes: tuple[int, ...], out: Array) -> Array:
    """x less its mean along the axes into the output; the variance is returned."""
    mean = x.mean(axis=axes, keepdims=True)
    np.subtract(x, mean, out=out)
    np.square(out, out=out)
    variance: Array = out.mean(axis=axes, keepdims=True)
    np.subtract(x, mean, out=out)
    return variance


def _scaled(out: Array, variance: Array, factors: dict[str, Array]) -> None:
    """Over the deviation, times the factor, plus the bias, in place."""
    out /= np.sqrt(variance, out=variance)
    if "weight" in factors:
        out *= factors["weight"]
    if "bias" in factors:
        out += factors["bias"]


def rms_norm(layer: RMSNorm, x: Array, weight: Array | None = None) -> Array:
    """Over the root mean square along the last axes.

    >>> rms_norm(RMSNorm(2, eps=0), np.array([[3.0, 3.0]]), np.array([1.0, 2.0])).tolist()
    [[1.0, 2.0]]
    """
    first = x.ndim - len(layer.normalized_shape)
    eps = np.finfo(x.dtype).eps if layer.eps is None else layer.eps
    out = np.empty(x.shape, dtype=floating(x))
    for at in blocks(x.shape[:first], _vectors_at_once(x.shape[first:])):
        made = np.square(x[at], out=out[at])
        mean = made.mean(axis=tuple(range(first, x.ndim)), keepdims=True)
        mean += eps
        np.divide(x[at], np.sqrt(mean, out=mean), out=made)
        if weight is not None:
            made *= weight
        del mean  # before the next is made
    return out


def affine_shapes(layer: GroupNorm) -> dict[str, Shape]:
    """A factor and a bias a channel, or none.

    >>> affine_shapes(GroupNorm(2, 4))
    {'weight': (4,), 'bias': (4,)}
    """
    held = (("weight", layer.affine), ("bias", layer.bias))
    return {name: (layer.num_channels,) for name, there in held if there}


def elementwise_shapes(layer: LayerNorm | RMSNorm) -> dict[str, Shape]:
    """A factor an element, and a bias where the layer has one.

    >>> elementwise_shapes(LayerNorm((3, 4)))
    {'weight': (3, 4), 'bias': (3, 4)}
    """
    if not layer.elementwise_affine:
        return {}
    has_bias = isinstance(layer, LayerNorm) and layer.bias
    return {"weight": layer.normalized_shape} | ({"bias": layer.normalized_shape} if has_bias else {})


def batch_norm_shape(layer: BatchNorm, input_shape: Shape) -> Shape:
    """The shape as it is, of inputs of the layer's axes and channels.

    >>> from convcalc import BatchNorm2d
    >>> batch_norm_shape(BatchNorm2d(3), (1, 3, 8, 8))
    (1, 3, 8, 8)
    """
    rank = layer.known_rank()
    instance = isinstance(layer, InstanceNorm)
    numbers = (rank + 1, rank + 2) if instance or rank == 1 else (rank + 2,)
    if len(input_shape) not in numbers:
        raise ConvcalcError(f"{layer!r} cannot take input {list(input_shape)}")
    channels = input_shape[-1 - rank] if instance else input_shape[1]
    if (layer.affine or layer.track_running_stats) and channels != layer.num_features and 0 not in input_shape:
        raise ConvcalcError(f"{layer!r} takes {layer.num_features} channels, got {list(input_shape)}")
    return input_shape


def group_norm_shape(layer: GroupNorm, input_shape: Shape) -> Shape:
    """The shape as it is, where its channels go into the groups.

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
    """The shape as it is, where it ends as the layer says.

    >>> last_axes_shape(LayerNorm(4), (1, 4))
    (1, 4)
    """
    if input_shape[-len(layer.normalized_shape) :] != layer.normalized_shape:
        raise ConvcalcError(f"{layer!r} cannot take input {list(input_shape)}")
    return input_shape


def norm_count(layer: BatchNorm | GroupNorm | LayerNorm | RMSNorm, input_shape: Shape) -> Counts:
    """The elements of the arrays: trained ones, and the running statistics apart.

    >>> from convcalc import BatchNorm2d
    >>> norm_count(BatchNorm2d(64), (1, 64, 7, 7)).buffers
    129
    """
    shapes = OPERATIONS[next(kind for kind in type(layer).__mro__ if kind in OPERATIONS)].shapes(layer)
    sizes = {name: np.broadcast_to(0, shape).size for name, shape in shapes.items()}
    weights, biases = sizes.pop("weight", 0), sizes.pop("bias", 0)
    return Counts(weights=weights, live_weights=weights, biases=biases, buffers=sum(sizes.values()))


def _batch_bytes(layer: BatchNorm, input_shape: Shape, output_shape: Shape, itemsize: int) -> int:
    """The means and variances of some channels, where they are the input's."""
    if layer.track_running_stats:
        return 0
    return 2 * part_size(input_shape[1], _channels_at_once(input_shape)) * itemsize


def _instance_bytes(layer: InstanceNorm, input_shape: Shape, output_shape: Shape, itemsize: int) -> int:
    """Those of some maps."""
    first = len(input_shape) - layer.known_rank()
    return 0 if layer.track_running_stats else _vectors_bytes(input_shape[:first], input_shape[first:], itemsize)


def _group_bytes(layer: GroupNorm, input_shape: Shape, output_shape: Shape, itemsize: int) -> int:
    """Those of some groups."""
    channels = input_shape[1] // layer.num_groups
    return _vectors_bytes((input_shape[0], layer.num_groups), (channels, *input_shape[2:]), itemsize)


def _layer_bytes(layer: LayerNorm, input_shape: Shape, output_shape: Shape, itemsize: int) -> int:
    """Those of some vectors."""
    first = len(input_shape) - len(layer.normalized_shape)
    return _vectors_bytes(input_shape[:first], input_shape[first:], itemsize)


def _rms_bytes(layer: RMSNorm, input_shape: Shape, output_shape: Shape, itemsize: int) -> int:
    """The mean squares of some vectors."""
    first = len(input_shape) - len(layer.normalized_shape)
    return _vectors_bytes(input_shape[:first], input_shape[first:], itemsize) // 2


def _vectors_bytes(vectors: Shape, shape: Shape, itemsize: int) -> int:
    return 2 * block_size(vectors, _vectors_at_once(shape)) * itemsize


OPERATIONS: dict[type[Layer], Operation] = {
    BatchNorm: Operation(channel_shapes, batch_norm_shape, batch_norm, norm_count, _batch_bytes, nothing),
    InstanceNorm: Operation(channel_shapes, batch_norm_shape, instance_norm, norm_count, _instance_bytes, nothing),
    GroupNorm: Operation(affine_shapes, group_norm_shape, group_norm, norm_count, _group_bytes, nothing),
    LayerNorm: Operation(elementwise_shapes, last_axes_shape, layer_norm, norm_count, _layer_bytes, nothing),
    RMSNorm: Operation(elementwise_shapes, last_axes_shape, rms_norm, norm_count, _rms_bytes, nothing),
    **local_response_norm.OPERATIONS,
}
