"""Matrix products whose results do not depend on the number of threads."""

from __future__ import annotations

import numpy as np

from convcalc.ops.parallel import parallel_for, worker_count
from convcalc.ops.scratch import workspace
from convcalc.ops.sliding import Array
from convcalc.ops.tiles import cuts

FEW_PRODUCTS = 10**6  # in a matrix product that BLAS executes without copying its operands first
SMALL_KERNELS = 8192  # weights, with which many small products are faster than one large product
LARGE = 18_000_000  # multiplications from which on another core is worth waking: about 0.2 ms
TINY, TINY_VECTORS = 2**18, 2**13  # multiplications of matrices, and of a vector, that OpenBLAS executes on one thread
PARTS = 4  # of the work, so that two or four threads have as much to do each


def worker_limit(products: int, each: int, is_vector: bool = False, scratch_bytes: int = 0) -> int:
    """Return how many threads execute work of so many multiplications, ``each`` of them in one matrix product.

    1 keeps BLAS to one thread. 0 leaves BLAS as it is, because it uses one thread for such small products anyway.

    >>> worker_limit(10**6, 10**6), worker_limit(100, 100)
    (1, 0)
    """
    if products > LARGE:
        return worker_count(scratch_bytes)
    return 0 if each <= (TINY_VECTORS if is_vector else TINY) else 1


def multiply_rows(x: Array, weight: Array, out: Array) -> None:
    """Write x (N, K) times the transposed weight (O, K) to out (N, O). Large products are shared by rows of weight.

    >>> out = np.empty((1, 2))
    >>> multiply_rows(np.array([[1.0, 2.0]]), np.array([[1.0, 10.0], [0.0, 1.0]]), out)
    >>> out.tolist()
    [[21.0, 2.0]]
    """
    products, rows = x.size * len(weight), len(weight)

    def some(part: slice) -> None:
        np.matmul(x, weight[part].T, out=out[:, part])

    parts = PARTS if products > LARGE else 1
    limit = worker_limit(products, products, is_vector=len(x) == 1)
    parallel_for(cuts(rows, -(-rows // parts)), lambda _: some, workspace(0), limit)


def multiply(weight: Array, columns: Array, out: Array) -> None:
    """Write weight (groups, O, K) times columns (n, groups, K, positions) to out (n, groups, O, positions).

    With few weights, BLAS spends most of its time on copying the columns, unless a product is small. So the columns are
    cut into parts, which one call multiplies: many calls from two threads would wait for one another.

    >>> out = np.empty((1, 1, 1, 3))
    >>> multiply(np.array([[[1.0, 10.0]]]), np.array([[[[1.0, 2.0, 3.0], [4.0, 5.0, 6.0]]]]), out)
    >>> out.tolist()
    [[[[41.0, 52.0, 63.0]]]]
    """
    rows, total = weight.shape[1], columns.shape[-1]
    size = rows * weight.shape[2]
    if rows == 1 or size > SMALL_KERNELS or size * total <= FEW_PRODUCTS:
        np.matmul(weight, columns, out=out)
        return
    width = -(-total // -(-total * size // FEW_PRODUCTS))
    whole = total // width * width
    np.matmul(weight[:, np.newaxis], _parts(columns[..., :whole], width), out=_parts(out[..., :whole], width))
    if whole < total:
        np.matmul(weight, columns[..., whole:], out=out[..., whole:])


def _parts(columns: Array, width: int) -> Array:
    """Return a view of (..., rows, positions) as (..., parts, rows, width)."""
    return columns.reshape(*columns.shape[:-1], -1, width).swapaxes(-3, -2)
