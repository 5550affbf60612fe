"""Normalisation in eval mode: by running statistics where the layer keeps them, else by those of the input."""

from __future__ import annotations

from math import prod

import numpy as np

from convcalc.errors import ConvcalcError
from convcalc.kernels.base import Counts, Kernel, no_arrays, no_counts, nothing
from convcalc.kernels.sliding import Array
from convcalc.layers.axes import Shape
from convcalc.layers.base import Layer
from convcalc.layers.norm import BatchNorm, GroupNorm, InstanceNorm, LayerNorm, LocalResponseNorm, RMSNorm


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
    return _by_channel(x, (0, *range(2, x.ndim)), layer, arrays)


def instance_norm(layer: InstanceNorm, x: Array, **arrays: Array) -> Array:
    """(N, C, *) or (C, *), each map of each example on its own.

    >>> from convcalc import InstanceNorm1d
    >>> instance_norm(InstanceNorm1d(1, eps=0), np.array([[1.0, 3.0]])).tolist()
    [[-1.0, 1.0]]
    """
    rank = layer.known_rank()
    batched = x if x.ndim == rank + 2 else x[np.newaxis]
    out = _by_channel(batched, tuple(range(2, batched.ndim)), layer, arrays)
    return out if x.ndim == rank + 2 else out[0]


def _by_channel(x: Array, axes: tuple[int, ...], layer: BatchNorm, arrays: dict[str, Array]) -> Array:
    along = (1, -1, *[1] * (x.ndim - 2))
    if layer.track_running_stats:
        mean, variance = arrays["running_mean"].reshape(along), arrays["running_var"].reshape(along)
        out = x - mean
    else:
        out = x - x.mean(axis=axes, keepdims=True)
        variance = np.square(out).mean(axis=axes, keepdims=True)
    out /= np.sqrt(variance + layer.eps)
    if layer.affine:
        out *= arrays["weight"].reshape(along)
    if layer.bias:
        out += arrays["bias"].reshape(along)
    return out


def group_norm(layer: GroupNorm, x: Array, weight: Array | None = None, bias: Array | None = None) -> Array:
    """(N, C, *), each group of channels of each example on its own.

    >>> group_norm(GroupNorm(1, 2, eps=0, affine=False), np.array([[1.0, 3.0]])).tolist()
    [[-1.0, 1.0]]
    """
    grouped = x.reshape(x.shape[0], layer.num_groups, -1)
    out = _normalised(grouped, (2,), layer.eps).reshape(x.shape)
    along = (1, -1, *[1] * (x.ndim - 2))
    if weight is not None:
        out *= weight.reshape(along)
    if bias is not None:
        out += bias.reshape(along)
    return out


def layer_norm(layer: LayerNorm, x: Array, weight: Array | None = None, bias: Array | None = None) -> Array:
    """The last axes together, each vector on its own.

    >>> layer_norm(LayerNorm(2, eps=0, elementwise_affine=False), np.array([[1.0, 3.0]])).tolist()
    [[-1.0, 1.0]]
    """
    out = _normalised(x, tuple(range(x.ndim - len(layer.normalized_shape), x.ndim)), layer.eps)
    if weight is not None:
        out *= weight
    if bias is not None:
        out += bias
    return out


def _normalised(x: Array, axes: tuple[int, ...], eps: float) -> Array:
    out: Array = x - x.mean(axis=axes, keepdims=True)
    out /= np.sqrt(np.square(out).mean(axis=axes, keepdims=True) + eps)
    return out


def rms_norm(layer: RMSNorm, x: Array, weight: Array | None = None) -> Array:
    """Over the root mean square along the last axes.

    >>> rms_norm(RMSNorm(2, eps=0), np.array([[3.0, 3.0]]), np.array([1.0, 2.0])).tolist()
    [[1.0, 2.0]]
    """
    axes = tuple(range(x.ndim - len(layer.normalized_shape), x.ndim))
    eps = np.finfo(x.dtype).eps if layer.eps is None else layer.eps
    out: Array = x / np.sqrt(np.square(x).mean(axis=axes, keepdims=True) + eps)
    if weight is not None:
        out *= weight
    return out


def local_response_norm(layer: LocalResponseNorm, x: Array) -> Array:
    """Over (k + alpha * the mean of the squares of ``size`` neighbouring channels) ** beta.

    The neighbours are as many before as behind, of an even size one more before; those outside count as 0.

    >>> local_response_norm(LocalResponseNorm(1, alpha=1, beta=1, k=0), np.array([[[2.0]]])).tolist()
    [[[0.5]]]
    """
    squares = np.square(x)
    padded = np.zeros((x.shape[0], x.shape[1] + layer.size - 1, *x.shape[2:]), dtype=x.dtype)
    padded[:, layer.size // 2 : layer.size // 2 + x.shape[1]] = squares
    total = np.zeros_like(x)
    for neighbour in range(layer.size):
        total += padded[:, neighbour : neighbour + x.shape[1]]
    total *= layer.alpha / layer.size
    total += layer.k
    np.power(total, layer.beta, out=total)
    out: Array = x / total
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


def neighbours_shape(layer: LocalResponseNorm, input_shape: Shape) -> Shape:
    """The shape as it is, of at least three sizes.

    >>> neighbours_shape(LocalResponseNorm(5), (1, 96, 55, 55))
    (1, 96, 55, 55)
    """
    if len(input_shape) < 3:
        raise ConvcalcError(f"{layer!r} cannot take input {list(input_shape)}")
    return input_shape


def norm_count(layer: BatchNorm | GroupNorm | LayerNorm | RMSNorm, input_shape: Shape) -> Counts:
    """The elements of the arrays: trained ones, and the running statistics apart.

    >>> from convcalc import BatchNorm2d
    >>> norm_count(BatchNorm2d(64), (1, 64, 7, 7)).buffers
    129
    """
    shapes = KERNELS[next(kind for kind in type(layer).__mro__ if kind in KERNELS)].shapes(layer)
    sizes = {name: np.broadcast_to(0, shape).size for name, shape in shapes.items()}
    weights, biases = sizes.pop("weight", 0), sizes.pop("bias", 0)
    return Counts(weights=weights, live_weights=weights, biases=biases, buffers=sum(sizes.values()))


def _squares(layer: BatchNorm, input_shape: Shape, output_shape: Shape, itemsize: int) -> int:
    """The squares, where the statistics are the input's."""
    return 0 if layer.track_running_stats else prod(output_shape) * itemsize


def _one_more(layer: Layer, input_shape: Shape, output_shape: Shape, itemsize: int) -> int:
    """The squares."""
    return prod(output_shape) * itemsize


def _neighbours(layer: LocalResponseNorm, input_shape: Shape, output_shape: Shape, itemsize: int) -> int:
    """The squares, the same between zeros, and their sums."""
    zeros = (layer.size - 1) * prod(input_shape[:1]) * prod(input_shape[2:])
    return (3 * prod(output_shape) + zeros) * itemsize


KERNELS: dict[type[Layer], Kernel] = {
    BatchNorm: Kernel(channel_shapes, batch_norm_shape, batch_norm, norm_count, _squares, nothing),
    InstanceNorm: Kernel(channel_shapes, batch_norm_shape, instance_norm, norm_count, _squares, nothing),
    GroupNorm: Kernel(affine_shapes, group_norm_shape, group_norm, norm_count, _one_more, nothing),
    LayerNorm: Kernel(elementwise_shapes, last_axes_shape, layer_norm, norm_count, _one_more, nothing),
    RMSNorm: Kernel(elementwise_shapes, last_axes_shape, rms_norm, norm_count, nothing, nothing),
    LocalResponseNorm: Kernel(no_arrays, neighbours_shape, local_response_norm, no_counts, _neighbours, nothing),
}
