"""Pointwise convolution: the input itself is the matrix of columns, so nothing is copied.

This is for kernels of a single tap, and for kernels as large as their input, whose outputs are one number per example
and map, as those of a linear layer. Source: Lin, Chen and Yan, "Network In Network" (2014), section 3.1; LeCun et al.,
"Gradient-Based Learning Applied to Document Recognition" (1998), section II-B, of LeNet-5's C5.
"""

from __future__ import annotations

from convcalc.ops import im2col
from convcalc.ops.problem import ConvProblem
from convcalc.ops.products import multiply_rows
from convcalc.ops.sliding import Array


def fits(problem: ConvProblem) -> bool:
    """Return whether the kernel is a single tap, or sees all of the input."""
    return _sees_all(problem) or (problem.taps == 1 and im2col.fits(problem))


def convolve(problem: ConvProblem, x: Array, weight: Array, bias: Array | None, out: Array) -> None:
    """Fill out (N, O, *output_size) from x (N, C, H, W), weight (O, C/groups, *kernel) and bias (O,), all float32."""
    if not _sees_all(problem):
        im2col.convolve(problem, x, weight, bias, out)  # which lays out no columns for a single tap
        return
    outputs = out.reshape(problem.batch, -1)
    multiply_rows(x.reshape(problem.batch, -1), weight.reshape(problem.out_channels, -1), outputs)
    if bias is not None:
        outputs += bias


def scratch_bytes(problem: ConvProblem) -> int:
    """Return the scratch of all threads, if the input is contiguous."""
    return 0 if _sees_all(problem) else im2col.plan(problem).scratch_bytes()


def _sees_all(problem: ConvProblem) -> bool:
    return problem.groups == 1 and not problem.is_padded and all(axis.kernel_size == axis.size for axis in problem.axes)
