"""A kernel as large as its input: each map is one number an example, and all are one matrix product, as in `Linear`.

Source: LeCun et al., "Gradient-Based Learning Applied to Document Recognition" (1998), section II-B, of LeNet-5's C5.
"""

from __future__ import annotations

import numpy as np

from convcalc.ops.parallel import parallel_for, worker_count
from convcalc.ops.problem import TINY, TINY_VECTORS, Problem
from convcalc.ops.scratch import workspace
from convcalc.ops.sliding import Array
from convcalc.ops.tiles import cuts


def fits(problem: Problem) -> bool:
    """Whether the window has a single place, and sees all there is."""
    return (
        problem.groups == 1 and not problem.is_padded and all(span.kernel_size == span.size for span in problem.spans)
    )


def convolve(problem: Problem, x: Array, weight: Array, bias: Array | None, out: Array) -> None:
    """Fill out (N, O, 1, 1) from x (N, C, H, W), weight (O, C, H, W) and bias (O,), all of float32."""
    kernels, outputs = weight.reshape(problem.maps, -1), out.reshape(problem.examples, -1)
    seen = x.reshape(problem.examples, -1)

    def some(maps: slice) -> None:
        np.matmul(seen, kernels[maps].T, out=outputs[:, maps])

    is_tiny = problem.products <= (TINY if problem.examples > 1 else TINY_VECTORS)
    most = worker_count(0) if problem.is_large else 0 if is_tiny else 1
    parallel_for(
        cuts(problem.maps, -(-problem.maps // (4 if problem.is_large else 1))), lambda _: some, workspace(0), most
    )
    if bias is not None:
        outputs += bias


def scratch_bytes(problem: Problem) -> int:
    """None, for an input that lies in one piece."""
    return 0
