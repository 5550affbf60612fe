"""The obvious way: every setting within small bounds, through the layers' own output_shape, and naive scores."""

from __future__ import annotations

from itertools import product

from hypothesis import strategies as st

from convcalc import ConvcalcError
from convcalc.layers import kind
from convcalc.solve.bounds import Bounds
from convcalc.solve.conv import conv
from convcalc.solve.pool import pool
from convcalc.solve.transposed import transposed

ASK = {"Conv": conv, "MaxPool": pool, "ConvTranspose": transposed}
NAMES = {
    "Conv": ("kernel_size", "stride", "padding", "dilation"),
    "MaxPool": ("kernel_size", "stride", "padding", "dilation", "ceil_mode"),
    "ConvTranspose": ("kernel_size", "stride", "padding", "dilation", "output_padding"),
}
OPERATIONS = tuple(ASK)


@st.composite
def small_bounds(draw, operation, most=5):
    """A few numbers for each setting: a range or a tuple."""

    def numbers(least, most):
        if draw(st.booleans()):
            first = draw(st.integers(least, most))
            return range(first, draw(st.integers(first, most)) + 1)
        return tuple(sorted(draw(st.sets(st.integers(least, most), min_size=1, max_size=3))))

    extra = numbers(0, 3) if operation == "ConvTranspose" and draw(st.booleans()) else None
    return Bounds(numbers(1, most), numbers(1, most), numbers(0, 3), numbers(1, 3), extra)


def size_of(operation, sizes, settings):
    """What the real layer makes of the sizes, settings one an axis by name; None where it refuses."""
    words = {name: tuple(axis[name] for axis in settings) for name in NAMES[operation]}
    if "ceil_mode" in words:
        (words["ceil_mode"],) = set(words["ceil_mode"])
    channels = () if operation == "MaxPool" else (1, 1)
    try:
        layer = kind(f"{operation}{len(sizes)}d")(*channels, **words)
        return layer.output_shape((1, 1, *sizes))[2:]
    except ConvcalcError:
        return None


def every(operation, bounds):
    """Every setting within the bounds, as a dict."""
    extra = bounds.output_padding
    if extra is None:
        extra = range(max(*bounds.stride, *bounds.dilation))
    numbers = {name: getattr(bounds, name) for name in NAMES["Conv"]}
    numbers |= {"output_padding": extra if operation == "ConvTranspose" else (0,)}
    numbers |= {"ceil_mode": (False, True) if operation == "MaxPool" else (False,)}
    for values in product(*numbers.values()):
        yield dict(zip(numbers, values, strict=True))


def reach(operation, size, settings):
    """(leftover, unread) found by moving the window over an axis of numbered elements."""
    if operation == "ConvTranspose":
        return 0, 0
    k, s, p, d = (settings[name] for name in NAMES["Conv"])
    (outputs,) = size_of(operation, (size,), [settings])
    taken = {window * s + tap * d for window in range(outputs) for tap in range(k)}
    padded = size + 2 * p
    return max(padded - 1 - max(taken), 0), sum(p + element not in taken for element in range(size))


def score(operation, size, target, settings):
    k, s, p, d = (settings[name] for name in NAMES["Conv"])
    left, unread = reach(operation, size, settings)
    points = p + 2 * (d - 1) + bool(left) + unread
    if operation == "Conv":
        return points + (1 if k % 2 == 0 else 0)
    if operation == "MaxPool":
        return points + (1 if s != k else 0) + (1 if settings["ceil_mode"] else 0)
    return points + settings["output_padding"] + (1 if k % s else 0) + (2 if size > 1 and target != s * size else 0)


def ties(settings):
    names = ("stride", "kernel_size", "padding", "dilation", "output_padding", "ceil_mode")
    return tuple(settings[name] for name in names)


def expected(operation, sizes, targets, bounds):
    """Every answer as (score, ties of each axis), in order; bounds one an axis."""
    answers = []
    for settings in product(*(list(every(operation, one)) for one in bounds)):
        if len({axis["ceil_mode"] for axis in settings}) > 1 or size_of(operation, sizes, settings) != targets:
            continue
        off = [axis | {"ceil_mode": False} for axis in settings]
        if settings[0]["ceil_mode"] and size_of(operation, sizes, off) == targets:
            continue  # it changes nothing
        points = [score(operation, *axis) for axis in zip(sizes, targets, settings, strict=True)]
        points += [len({axis[name] for axis in settings}) > 1 for name in settings[0]]
        answers.append((sum(points), tuple(map(ties, settings))))
    return sorted(answers)


def given(answers):
    """The answers of the package in the same form."""
    return [(one.score, tuple(axis.ties for axis in one.axes)) for one in answers.in_order()]
