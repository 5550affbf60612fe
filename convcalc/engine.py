"""The engine executes a layer on NumPy arrays, and counts what it does: the proof of the calculator's figures.

It calls no formula and asks a layer for no figure: it reads the layer's settings and looks at arrays.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from math import prod
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, DTypeLike

from convcalc.errors import ConvcalcError
from convcalc.layers.base import Layer
from convcalc.layers.conv import Conv
from convcalc.layers.settings import Shape
from convcalc.ops import (
    activation,
    adaptive,
    conv,
    join,
    lecun,
    linear,
    norm,
    pad,
    pool,
    resample,
    reshape,
    softmax,
    transposed,
)
from convcalc.ops.base import Counts, Operation
from convcalc.ops.reference import Product, products
from convcalc.ops.scratch import release
from convcalc.ops.sliding import Array

UNREAD = frozenset({"num_batches_tracked"})  # in eval mode
FLOATS = frozenset({np.dtype(np.float32), np.dtype(np.float64)})
RANDOM_NUMBERS = 16_381  # a prime, so that no two rows of a layer's weights are likely to be the same

# A layer is executed by the operation of the nearest class it is derived from.
OPERATIONS: Mapping[type[Layer], Operation] = {
    **activation.OPERATIONS,
    **adaptive.OPERATIONS,
    **conv.OPERATIONS,
    **linear.OPERATIONS,
    **join.OPERATIONS,
    **lecun.OPERATIONS,
    **norm.OPERATIONS,
    **pad.OPERATIONS,
    **pool.OPERATIONS,
    **resample.OPERATIONS,
    **reshape.OPERATIONS,
    **softmax.OPERATIONS,
    **transposed.OPERATIONS,
}


def execute(
    layer: Layer, x: ArrayLike, *others: ArrayLike, algorithm: str | None = None, **weights: ArrayLike
) -> Array:
    """Execute the layer on an array (a join on several), with its weights by PyTorch's names; shapes as in PyTorch.

    A convolution is executed with the algorithm that `choose` names, or with ``algorithm``: direct, im2col, kn2row,
    mec, pointwise or winograd.

    Floating-point arrays keep their type (float16 is summed in float32). Integers are summed and returned in int64
    (unsigned ones in uint64), exactly up to its range. Raise `ConvcalcError` if a weight is missing, unknown or of
    another shape, or if the input does not fit. ``num_batches_tracked`` may be left out: eval mode does not read it.

    >>> from convcalc import Conv1d
    >>> execute(Conv1d(1, 1, 2, bias=False), [[1, 2, 3]], weight=[[[10, 1]]]).tolist()
    [[12, 23]]
    """
    operation = _operation(layer)
    inputs = [_array("x", value) for value in (x, *others)]
    arrays = {name: _array(name, value) for name, value in weights.items()}
    shapes = {
        name: shape for name, shape in operation.weight_shapes(layer).items() if name in arrays or name not in UNREAD
    }
    if shapes != {name: array.shape for name, array in arrays.items()}:
        _check_weights(layer, shapes, arrays)
    if operation.algorithm is None:  # a convolution checks its input as it chooses the algorithm
        operation.output_shape(layer, *(array.shape for array in inputs))
    types = {array.dtype for array in (*inputs, *arrays.values())}
    result, inner = _types(types)
    if types != {inner}:
        inputs = [array.astype(inner, copy=False) for array in inputs]
        arrays = {name: array.astype(inner, copy=False) for name, array in arrays.items()}
    chosen = {} if algorithm is None else {"algorithm": choose(layer, inputs[0].shape, inner, algorithm)}
    with np.errstate(all="ignore"):  # NaN and infinity spread, as in PyTorch
        out = operation.run(layer, *inputs, **arrays, **chosen)
    return np.asarray(out) if result == inner or result.kind != "f" else np.asarray(out, dtype=result)


def choose(layer: Layer, input_shape: Shape, dtype: DTypeLike = "float32", algorithm: str | None = None) -> str | None:
    """Return the name of the algorithm that `execute` uses, or None for a layer with a single one.

    Raise `ConvcalcError` if the algorithm asked for cannot execute the layer.

    >>> from convcalc import Conv2d
    >>> choose(Conv2d(3, 16, 4, stride=2), (10, 3, 28, 28))
    'mec'
    """
    operation = _operation(layer)
    if operation.algorithm is not None:
        return operation.algorithm(layer, input_shape, np.dtype(dtype), algorithm)
    if algorithm is not None:
        raise ConvcalcError(f"{layer!r} has no algorithm {algorithm!r}: leave algorithm out")
    return None


def output_shape(layer: Layer, *input_shapes: Shape) -> Shape:
    """Return the shape that `execute` would give, found by moving the window, without an array; refuse what it refuses.

    >>> from convcalc import Conv2d
    >>> output_shape(Conv2d(3, 16, 4, stride=2), (10, 3, 28, 28))
    (10, 16, 13, 13)
    """
    return _operation(layer).output_shape(layer, *input_shapes)


def count(layer: Layer, input_shape: Shape) -> Counts:
    """Count what the layer does with one example of an input of that shape, by executing it on ones.

    >>> from convcalc import Conv2d
    >>> count(Conv2d(1, 6, 5), (1, 1, 32, 32)).connections
    122304
    """
    operation = _operation(layer)
    operation.output_shape(layer, input_shape)
    return operation.count(layer, input_shape)


def enumerate_products(layer: Conv, input_shape: Shape) -> Iterator[Product]:
    """Yield every multiplication of a convolution on one example: for small cases, and for people to look at.

    >>> from convcalc import Conv2d
    >>> sum(product.real for product in enumerate_products(Conv2d(1, 1, 3, padding=1), (1, 1, 1, 1)))
    1
    """
    return products(layer, tuple(input_shape[-len(layer.kernel_size) :]))


def release_scratch() -> None:
    """Free the scratch, at most 64 MiB, that this thread keeps for its next convolution.

    >>> release_scratch()
    """
    release()


def random_weights(layer: Layer, rng: np.random.Generator, dtype: str = "float32") -> dict[str, Array]:
    """Return random arrays for all weights of the layer, by PyTorch's names.

    >>> from convcalc import Linear
    >>> [array.shape for array in random_weights(Linear(120, 84), np.random.default_rng(0)).values()]
    [(84, 120), (84,)]
    """
    arrays = {name: random_array(shape, rng, dtype) for name, shape in _operation(layer).weight_shapes(layer).items()}
    return {name: np.abs(array) if name == "running_var" else array for name, array in arrays.items()}


def random_array(shape: Shape, rng: np.random.Generator, dtype: str = "float32") -> Array:
    """Return numbers between -1 and 1; a large array repeats the first 16,381 of them, which is much faster.

    >>> random_array((2, 3), np.random.default_rng(0)).shape
    (2, 3)
    """
    array = np.empty(shape, dtype)
    flat = array.reshape(-1)
    kind = np.float64 if array.dtype == np.float64 else np.float32
    block = rng.random(min(array.size, RANDOM_NUMBERS), dtype=kind)
    block *= 2
    block -= 1
    whole = array.size // RANDOM_NUMBERS * RANDOM_NUMBERS
    flat[:whole].reshape(-1, RANDOM_NUMBERS)[...] = block if whole else 0
    flat[whole:] = block[: array.size - whole]
    return array


def weight_shapes(layer: Layer) -> dict[str, Shape]:
    """Return the shapes of the arrays that the layer holds, by PyTorch's names.

    >>> from convcalc import Linear
    >>> weight_shapes(Linear(120, 84))
    {'weight': (84, 120), 'bias': (84,)}
    """
    return _operation(layer).weight_shapes(layer)


def needed_bytes(layer: Layer, input_shapes: Sequence[Shape], output_shape: Shape, dtype: str = "float32") -> int:
    """Return an upper bound of the memory that counting and executing the layer takes, inputs and output included.

    >>> from convcalc import ScaledTanh
    >>> needed_bytes(ScaledTanh(), [(1, 100)], (1, 100))  # the input, a temporary array and the output
    1200
    """
    operation, itemsize = _operation(layer), np.dtype(dtype).itemsize
    shapes = [*input_shapes, output_shape, *operation.weight_shapes(layer).values()]
    return sum(map(prod, shapes)) * itemsize + operation.extra_bytes(layer, input_shapes, output_shape, itemsize)


def _operation(layer: Layer) -> Operation:
    for kind in type(layer).__mro__:
        if kind in OPERATIONS:
            return OPERATIONS[kind]
    raise ConvcalcError(f"the engine cannot execute {layer!r}: it has no operation for that kind of layer")


def _check_weights(layer: Layer, shapes: Mapping[str, Shape], weights: Mapping[str, Array]) -> None:
    for name in [name for name in (*shapes, *weights) if (name in shapes) != (name in weights)]:
        problem = "is missing" if name in shapes else "is not one of its weights"
        raise ConvcalcError(f"{layer!r}: {name} {problem}: give {' and '.join(shapes) or 'no weights'}")
    for name, shape in shapes.items():
        if weights[name].shape != shape:
            raise ConvcalcError(f"{layer!r}: {name} has the shape {list(weights[name].shape)}, {list(shape)} is needed")


def _array(name: str, value: ArrayLike) -> Array:
    try:
        return np.asarray(value)
    except ValueError as error:
        raise ConvcalcError(f"{name} is not an array: {str(error).split('.')[0]}") from None


def _types(types: set[np.dtype[Any]]) -> tuple[np.dtype[Any], np.dtype[Any]]:
    """Return the type of the result, and the type that sums are computed in."""
    if len(types) == 1 and FLOATS.issuperset(types):
        (only,) = types
        return only, only
    kinds = {dtype.kind for dtype in types}
    if kinds <= {"i", "u"}:
        exact = np.dtype(np.uint64 if kinds == {"u"} else np.int64)
        return exact, exact
    if kinds <= {"i", "u", "f"}:
        common = np.result_type(*types)
        return common, np.result_type(common, np.float32)
    unfit = next(dtype for dtype in types if dtype.kind not in "iuf")
    raise ConvcalcError(f"the engine cannot sum {unfit}: give integers or floating-point numbers")
