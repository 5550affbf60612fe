"""The arithmetic of convolution: one function per quantity, one axis at a time.

Exact integers of any size: every count is a closed form and never loops over a size. The same functions work on NumPy
arrays of signed integers too, element by element, although they are annotated for int. They check nothing: `layers`
does.

``padding`` is always the pair ``(before, after)`` of one axis.
"""

from __future__ import annotations

from math import prod
from typing import TYPE_CHECKING, Any, Union

if TYPE_CHECKING:
    from fractions import Fraction

Sides = tuple[int, int]
Jump = Union[int, "Fraction"]


# Windows


def window_extent(kernel_size: int, dilation: int) -> int:
    """Return the number of elements that the window spans, holes included: the effective kernel size.

    Source: Dumoulin and Visin, "A guide to convolution arithmetic for deep learning" (2016), section 5.1.

    >>> window_extent(3, 2)
    5
    """
    return dilation * (kernel_size - 1) + 1


def slack(size: int, kernel_size: int, stride: int, padding: Sides, dilation: int) -> int:
    """Return how many elements the window can move on the padded axis; negative where it does not fit.

    >>> slack(28, 4, 2, (0, 0), 1)
    24
    """
    before, after = padding
    return size + before + after - window_extent(kernel_size, dilation)


def output_size(size: int, kernel_size: int, stride: int, padding: Sides, dilation: int) -> int:
    """Return the number of windows: floor((size + padding - dilation*(kernel_size - 1) - 1) / stride) + 1.

    Source: PyTorch, `Conv2d`, "Shape"; Dumoulin and Visin (2016), relationship 6 with 5.1's effective kernel.

    >>> output_size(28, 4, 2, (0, 0), 1)
    13
    """
    return slack(size, kernel_size, stride, padding, dilation) // stride + 1


def ceil_padding(size: int, kernel_size: int, stride: int, padding: Sides, dilation: int) -> int:
    """Return the elements that ``ceil_mode`` adds after the axis so that one more window fits, or 0.

    The number of windows is rounded up. A window that would start after the input and its first padding is dropped.
    Source: PyTorch, `MaxPool2d`, ``ceil_mode``.

    >>> ceil_padding(6, 3, 2, (0, 0), 1)
    1
    >>> ceil_padding(5, 2, 3, (0, 0), 1), ceil_padding(3, 1, 3, (0, 0), 1)
    (0, 0)
    """
    room = slack(size, kernel_size, stride, padding, dilation)
    windows = -(-room // stride) + 1
    windows = windows - ((windows - 1) * stride >= size + padding[0])
    return _at_least_zero((windows - 1) * stride - room)


def leftover(size: int, kernel_size: int, stride: int, padding: Sides, dilation: int) -> int:
    """Return the elements of the padded axis after the last window: 0 where the stride divides evenly.

    >>> leftover(28, 3, 2, (0, 0), 1)
    1
    """
    return slack(size, kernel_size, stride, padding, dilation) % stride


def same_padding(kernel_size: int, dilation: int) -> Sides:
    """Return the sides that keep the size at stride 1, the smaller half first.

    Source: PyTorch, ``padding='same'``.

    >>> same_padding(4, 1)
    (1, 2)
    """
    total = dilation * (kernel_size - 1)
    return total // 2, total - total // 2


def tensorflow_same_padding(size: int, kernel_size: int, stride: int, dilation: int) -> Sides:
    """Return the sides of TensorFlow's SAME: the least that give ceil(size / stride) outputs, the smaller half first.

    Source: TensorFlow, `tf.nn`, "Notes on padding".

    >>> tensorflow_same_padding(28, 4, 2, 1)
    (1, 1)
    >>> tensorflow_same_padding(28, 3, 2, 1)
    (0, 1)
    """
    outputs = -(-size // stride)
    total = _at_least_zero((outputs - 1) * stride + window_extent(kernel_size, dilation) - size)
    return total // 2, total - total // 2


def transposed_size(size: int, kernel_size: int, stride: int, padding: int, output_padding: int, dilation: int) -> int:
    """Return the output size of a transposed convolution; ``padding`` crops it at either end.

    Source: PyTorch, `ConvTranspose2d`, "Shape".

    >>> transposed_size(16, 4, 2, 1, 0, 1)
    32
    """
    return (size - 1) * stride - 2 * padding + window_extent(kernel_size, dilation) + output_padding


def least_stride(slack: int, outputs: int) -> int:
    """Return the smallest stride at which at most that many windows fit into the slack: slack / outputs < stride.

    >>> least_stride(24, 13)  # 24 // 2 + 1 is 13, 24 // 1 + 1 is 25
    2
    """
    return slack // outputs + 1


def most_stride(slack: int, outputs: int) -> int:
    """Return the largest stride at which that many windows, 2 or more, fit: stride <= slack / (outputs - 1).

    >>> most_stride(24, 13)  # 24 // 2 + 1 is 13, 24 // 3 + 1 is 9
    2
    """
    return slack // (outputs - 1)


# What the windows read


def tap_indices(position: int, kernel_size: int, stride: int, padding: Sides, dilation: int) -> range:
    """Return the elements of the axis that the window at that position (from 0) holds; those outside are padding.

    For a transposed convolution: the output elements that the input element of that index adds to.

    >>> list(tap_indices(1, 3, 2, (1, 1), 1)), list(tap_indices(0, 3, 2, (1, 1), 2))
    ([1, 2, 3], [-1, 1, 3])
    """
    first = position * stride - padding[0]
    return range(first, first + window_extent(kernel_size, dilation), dilation)


def real_taps(size: int, kernel_size: int, stride: int, padding: Sides, dilation: int) -> int:
    """Return the number of pairs (window, tap) that land on a real element of the axis, not on its padding.

    Five taps at each of 28 positions make 140, of which 3 at either end are on the padding:

    >>> real_taps(28, 5, 1, (2, 2), 1)
    134
    """
    outputs = output_size(size, kernel_size, stride, padding, dilation)
    return _taps_within(padding[0], size, outputs, kernel_size, stride, dilation)


def transposed_real_taps(
    size: int, kernel_size: int, stride: int, padding: int, output_padding: int, dilation: int
) -> int:
    """Return the number of pairs (input element, tap) of a transposed convolution that land inside its output.

    Four taps of each of 16 elements make 64, of which the first and the last are cropped:

    >>> transposed_real_taps(16, 4, 2, 1, 0, 1)
    62
    """
    output = transposed_size(size, kernel_size, stride, padding, output_padding, dilation)
    return _taps_within(padding, output, size, kernel_size, stride, dilation)


def transposed_live_taps(
    size: int, kernel_size: int, stride: int, padding: int, output_padding: int, dilation: int
) -> int:
    """Return the number of taps of a transposed convolution that land inside the output for some input element.

    >>> transposed_live_taps(1, 3, 1, 1, 0, 1)
    1
    """
    output = transposed_size(size, kernel_size, stride, padding, output_padding, dilation)
    piece = _smaller(output, stride)
    rest = _taps_within(padding + piece, output - piece, 1, kernel_size, stride, dilation)
    return _taps_within(padding, piece, size, kernel_size, stride, dilation) + rest * (size != 0)


def transposed_extent(kernel_size: int, stride: int, dilation: int) -> int:
    """Return the most input elements from the first to the last that add to one output element.

    Every stride/g-th tap adds to the same output, from input elements dilation/g apart, g = gcd(stride, dilation).

    >>> transposed_extent(4, 2, 1), transposed_extent(3, 2, 1), transposed_extent(3, 1, 2)
    (2, 2, 5)
    """
    common = _gcd(stride, dilation)
    return (kernel_size - 1) // (stride // common) * (dilation // common) + 1


def read_elements(size: int, first: int, kernel_size: int, stride: int, padding: Sides, dilation: int) -> int:
    """Return how many of the ``first`` real elements of the axis some window reads (all: ``first=size``).

    An element that c windows read makes c pairs (window, tap) in a chain of c - 1 links: one link is a move by
    stride/g taps back and dilation/g windows on, g = gcd(stride, dilation). So the elements are pairs minus links.

    >>> read_elements(28, 28, 3, 2, (0, 0), 1)
    27
    """
    outputs = output_size(size, kernel_size, stride, padding, dilation)
    common = _gcd(stride, dilation)
    taps_back, windows_on = stride // common, dilation // common
    pairs = _taps_within(padding[0], first, outputs, kernel_size, stride, dilation)
    links = _taps_within(
        padding[0] - stride * windows_on,
        first,
        _at_least_zero(outputs - windows_on),
        _at_least_zero(kernel_size - taps_back),
        stride,
        dilation,
    )
    return pairs - links


def live_taps(size: int, kernel_size: int, stride: int, padding: Sides, dilation: int) -> int:
    """Return the number of taps that read a real element in at least one window; the others only read padding.

    >>> live_taps(1, 3, 1, (1, 1), 1)
    1
    """
    outputs = output_size(size, kernel_size, stride, padding, dilation)
    # Seen from window w, the real elements begin at tap offset before - w*stride: the union over w of those spans,
    # cut into disjoint pieces, is one stride of each, and what is left of the first.
    piece = _smaller(size, stride)
    rest = _taps_within(padding[0] + piece, size - piece, 1, kernel_size, stride, dilation)
    return _taps_within(padding[0], piece, outputs, kernel_size, stride, dilation) + rest


# Bins (adaptive pooling: bin i of o over n elements is floor(i*n/o) to ceil((i + 1)*n/o))


def bin_elements(size: int, bins: int) -> int:
    """Return the elements of all bins together; those in two bins count twice.

    Where a boundary i*n/o is not a whole number, both bins hold the element there: o - gcd(n, o) times.

    >>> bin_elements(5, 3)  # 0-1, 1-3, 3-4
    7
    """
    return size + bins - _gcd(size, bins)


def largest_bin(size: int, bins: int) -> int:
    """Return the size of the largest bin.

    A bin that begins a fraction f after a whole number has ceil(f + n/o) elements, and f is at most 1 - gcd(n, o)/o.

    >>> largest_bin(5, 3), largest_bin(7, 1)  # 0-1, 1-3, 3-4; all seven
    (3, 7)
    """
    return size // bins - -(bins - _gcd(size, bins) + size % bins) // bins


# Counts


def channel_pairs(in_channels: int, out_channels: int, groups: int) -> int:
    """Return the number of connected pairs of channels: out_channels * in_channels / groups.

    Source: PyTorch, `Conv2d`: weight has the shape (out_channels, in_channels / groups, ...).

    >>> channel_pairs(3, 16, 1)
    48
    """
    return out_channels * (in_channels // groups)


def weights(pairs: int, kernel_size: tuple[int, ...]) -> int:
    """Return the weights of a convolution: the taps of one kernel, times the pairs of channels.

    >>> weights(channel_pairs(3, 16, 1), (4, 4))
    768
    """
    return pairs * prod(kernel_size)


def parameters(weights: int, biases: int) -> int:
    """Return the trainable numbers: weights and biases.

    >>> parameters(5 * 5 * 6, 6)
    156
    """
    return weights + biases


def macs(pairs: int, taps: tuple[int, ...]) -> int:
    """Return the multiply-accumulates: the channel pairs times the (window, tap) pairs of each axis.

    C1 of LeNet-5 has 6 pairs of channels, and 5 taps at 28 positions along each axis:

    >>> macs(6, (5 * 28, 5 * 28))
    117600
    """
    return pairs * prod(taps)


def connections(macs: int, biased_units: int) -> int:
    """Return the uses of a weight or a bias: the dense multiply-accumulates, and one per biased output unit.

    Source: LeCun, Bottou, Bengio and Haffner (1998), section II-B: C1 has (5*5 + 1) * 6*28*28 connections.

    >>> connections(117600, 6 * 28 * 28)
    122304
    """
    return macs + biased_units


def subsampling_connections(outputs: int, taps: int) -> int:
    """Return the connections of LeCun's subsampling: the taps and the bias of each output.

    Source: LeCun et al. (1998), section II-B: S2 has 5,880.

    >>> subsampling_connections(6 * 14 * 14, 2 * 2)
    5880
    """
    return outputs * (taps + 1)


def pooling_connections(channels: int, taps: tuple[int, ...]) -> int:
    """Return the connections of a pool without weights: its channels times the taps of all outputs of each axis.

    Six channels pooled by 2x2 to 14x14:

    >>> pooling_connections(6, (2 * 14, 2 * 14))
    4704
    """
    return channels * prod(taps)


def flops(macs: int) -> int:
    """Return the floating-point operations: a multiplication and an addition per multiply-accumulate.

    >>> flops(117600)
    235200
    """
    return 2 * macs


def size_in_bytes(elements: int, itemsize: int) -> int:
    """Return the bytes of the elements.

    >>> size_in_bytes(156, 4)
    624
    """
    return elements * itemsize


# Receptive field (Araujo, Norris and Sim, "Computing Receptive Fields of Convolutional Neural Networks", Distill 2019)


def receptive_field(before: int, jump: Jump, extent: int) -> Jump:
    """How much of the input a unit sees, behind a layer whose window spans ``extent`` units that each see ``before``.

    >>> receptive_field(5, 1, 2)
    6
    """
    return before + (extent - 1) * jump


def receptive_jump(jump: Jump, stride: Jump) -> Jump:
    """Input elements between what neighbouring units see: the product of the strides.

    >>> receptive_jump(2, 2)
    4
    """
    return jump * stride


def receptive_start(start: int, jump: Jump, before: int) -> Jump:
    """The first input index that output 0 sees, 0-based, negative inside the padding.

    >>> receptive_start(0, 1, 2)
    -2
    """
    return start - before * jump


# Helpers, without a branch on a value, so that they take arrays


def _at_least_zero(value: int) -> int:
    return (value + abs(value)) // 2


def _smaller(a: int, b: int) -> int:
    return a - _at_least_zero(a - b)


def _clamp(value: int, most: int) -> int:
    return _smaller(_at_least_zero(value), most)


def _any(value: Any) -> bool:
    """Whether the number, or any element of the array, is not zero."""
    return bool(value.any()) if hasattr(value, "any") else value != 0


def _gcd(a: int, b: int) -> int:
    """Return the greatest common divisor, by Euclid's algorithm on all elements at once.

    >>> _gcd(12, 18)
    6
    """
    while _any(b):
        going = b != 0
        a, b = a + going * (b - a), going * (a % (b + 1 - going))
    return a


def _floor_sum(terms: int, step: int, start: int, divisor: int) -> int:
    """Return the sum of (start + i*step) // divisor over 0 <= i < terms, in a logarithmic number of steps.

    Counts the lattice points under the line, swapping the axes as Euclid's algorithm swaps its numbers (Graham,
    Knuth and Patashnik, "Concrete Mathematics", section 3.5).

    >>> _floor_sum(4, 2, 1, 3)  # 1//3 + 3//3 + 5//3 + 7//3
    4
    """
    total: int = terms * 0
    while _any(terms):
        total = total + terms * (terms - 1) // 2 * (step // divisor) + terms * (start // divisor)
        step, start = step % divisor, start % divisor
        reach = step * terms + start
        idle = step == 0
        terms, start, step, divisor = reach // divisor, reach % divisor, divisor, step + idle
    return total


def _taps_below(limit: int, outputs: int, kernel_size: int, stride: int, dilation: int) -> int:
    """Return the number of pairs (window w, tap t) with w*stride + t*dilation < limit."""
    below = _clamp(-(-limit // dilation), kernel_size)  # taps that are below in window 0
    always = _clamp(-(-(limit - (outputs - 1) * stride) // dilation), kernel_size)  # ... in every window
    between = _at_least_zero(below - always)
    start = limit - (below - 1) * dilation + stride - 1
    return outputs * always + _floor_sum(between, dilation, start, stride)


def _taps_within(first: int, length: int, outputs: int, kernel_size: int, stride: int, dilation: int) -> int:
    """Return the number of pairs (window w, tap t) with first <= w*stride + t*dilation < first + length."""
    return _taps_below(first + length, outputs, kernel_size, stride, dilation) - _taps_below(
        first, outputs, kernel_size, stride, dilation
    )
