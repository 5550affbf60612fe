"""Chains of equal layers that see at least so much of their input, the cheapest first."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Iterator, Sequence
from heapq import nsmallest
from typing import NamedTuple

from convcalc import formulas
from convcalc.errors import ConvcalcError
from convcalc.layers import kind
from convcalc.layers.containers import Sequential
from convcalc.layers.conv import Conv
from convcalc.layers.settings import Shape, Sides, counted, shape, whole
from convcalc.solve.bounds import between, first_where, length
from convcalc.walk import trace

MOST_LAYERS = 256
MOST_LOOKS = 100_000  # settings, and layers of them, that are looked at before the search stops
GIVEN = 10
INPUT_SHAPE = (1, 1, 224, 224)
KERNEL_SIZES = range(1, 12)
DILATIONS = range(1, 9)


class Setting(NamedTuple):
    """What the layers of a chain have in common, the same along every axis; in the order that ties are broken in."""

    kernel_size: int
    dilation: int
    stride: int

    def padding(self, given: int | None) -> Sides:
        """The sides given, or those of the kernel's ``same``: ceil(size / stride) outputs.

        >>> Setting(3, 2, 1).padding(None), Setting(3, 2, 1).padding(0)
        ((2, 2), (0, 0))
        """
        return formulas.same_padding(self.kernel_size, self.dilation) if given is None else (given, given)


class Chain(NamedTuple):
    """So many equal layers one behind the other: ``layer`` is one of them.

    ``receptive_field`` and ``elements_seen`` are those of a unit in the middle, along each axis, ``macs`` those of all
    layers for one example, dense. Of the field's elements a unit sees only every d-th where all layers have dilation d.
    """

    layer: Conv
    layers: int
    receptive_field: int
    elements_seen: int
    macs: int
    output: Shape


class Chains(NamedTuple):
    """The cheapest chains, out of how many that do, and how many settings that see enough were left out.

    ``unread`` is how many leave elements unread in some layer, ``misfits`` how many do not fit the input, ``stopped``
    the first setting that was not looked at, where the bounds have too many.
    """

    chains: tuple[Chain, ...]
    found: int
    unread: int
    misfits: int
    stopped: Setting | None


class _Walked(NamedTuple):
    """A setting's chain over an input: whether it fits, whether all is read, and what it comes to."""

    fits: bool
    reads_all: bool
    macs: int
    looks: int


def chains(
    layers: int,
    receptive_field: int,
    input_shape: Sequence[int] = INPUT_SHAPE,
    kernel_size: Sequence[int] = KERNEL_SIZES,
    stride: Sequence[int] = (1,),
    dilation: Sequence[int] = DILATIONS,
    padding: int | None = None,
    given: int = GIVEN,
) -> Chains:
    """The cheapest chains of so many equal convolutions that see at least ``receptive_field`` elements along each axis.

    The input is (N, C, *sizes), and each layer goes from C channels to C. ``padding`` None is that of the kernel's
    ``same``. The order is by MACs, then receptive field, kernel_size, dilation and stride; at most ``given`` are given
    out, each traced before. `ConvcalcError` where the bounds hold none.

    >>> found = chains(3, 31, kernel_size=(3,))  # 1 + 3 * 2*5 elements, 3 * 3*3 * 224*224 MACs
    >>> found.chains[0].layer.dilation, found.chains[0].receptive_field, found.chains[0].macs, found.found
    ((5, 5), 31, 1354752, 4)
    """
    sizes = _checked_shape(input_shape)
    layers, wanted = whole("layers", layers, least=1), whole("receptive_field", receptive_field, least=1)
    if layers > MOST_LAYERS:
        raise ConvcalcError(f"a chain of {layers:,} layers is too long: give at most {MOST_LAYERS}")
    if padding is not None:
        whole("padding", padding, least=0)
    given = whole("given", given, least=1)
    unread = misfits = looks = 0
    found: list[tuple[int, int, Setting]] = []
    stopped = None
    for setting, skipped in _settings(kernel_size, dilation, stride, layers, wanted, min(sizes[2:])):
        if looks >= MOST_LOOKS:
            stopped = setting
            break
        looks += 1
        unread += skipped
        field = chain_field(layers, *setting)
        if field < wanted:
            continue
        walked = _walk(setting, layers, sizes, padding)
        looks += walked.looks
        misfits += not walked.fits
        unread += walked.fits and not walked.reads_all
        if walked.fits and walked.reads_all:
            found.append((walked.macs, field, setting))
    if not found:
        left_out = _left_out(unread, misfits)
        raise ConvcalcError(
            f"no chain of {counted(layers, 'layer')} sees {wanted:,} elements"
            + (f" before {_spelled(stopped)}, where the search stopped" if stopped else "")
            + f"{left_out}{_remedy(layers, wanted, sizes, (kernel_size, dilation, stride), padding, stopped)}"
        )
    best = nsmallest(given, found)
    answers = tuple(_answer(setting, layers, sizes, padding, field, macs) for macs, field, setting in best)
    return Chains(answers, len(found), unread, misfits, stopped)


def chain_field(layers: int, kernel_size: int, dilation: int, stride: int) -> int:
    """What a unit behind so many equal layers sees: each adds its extent less 1, the jumps of all before it apart.

    Source: Araujo, Norris and Sim (2019), equation 2.

    >>> chain_field(3, 3, 5, 1), chain_field(2, 3, 1, 2)  # 1 + 3 * 10, 1 + 2 + 2*2
    (31, 7)
    """
    jumps = _sum_of_powers(stride, layers)
    return formulas.receptive_field(1, jumps, formulas.window_extent(kernel_size, dilation))  # type: ignore[return-value]


def elements_seen(layers: int, kernel_size: int, stride: int) -> int:
    """How many distinct elements a unit behind so many equal layers sees along an axis, whatever their dilation.

    They are the sums of t_i * stride**i, each t_i of 0 to kernel_size - 1, times the dilation. Where the stride is at
    least the kernel's size, those are numbers written to the base of the stride, each in one way only, so there are
    kernel_size**layers. Elsewhere none is missing up to the largest: a layer repeats what is seen, 0 to m, at steps of
    stride**i, which is at most m + 1.

    >>> elements_seen(3, 3, 1), elements_seen(2, 2, 3)  # 0 to 6; 0, 1, 3, 4
    (7, 4)
    """
    if stride >= kernel_size:
        return int(kernel_size**layers)
    return 1 + (kernel_size - 1) * _sum_of_powers(stride, layers)


def _sum_of_powers(base: int, terms: int) -> int:
    """1 + base + ... + base**(terms - 1).

    >>> _sum_of_powers(2, 4), _sum_of_powers(1, 4)
    (15, 4)
    """
    return terms if base == 1 else (base**terms - 1) // (base - 1)


def _checked_shape(input_shape: Sequence[int]) -> Shape:
    sizes = shape(input_shape)
    if not 3 <= len(sizes) <= 5 or 0 in sizes[1:]:
        raise ConvcalcError(
            f"a chain takes N C and 1 to 3 sizes of at least 1, got {list(sizes)}: give (1, 3, 224, 224)"
        )
    return sizes


def _settings(
    kernel_size: Sequence[int], dilation: Sequence[int], stride: Sequence[int], layers: int, wanted: int, size: int
) -> Iterator[tuple[Setting, int]]:
    """The settings of the bounds that may do, one at a time: they may be too long to be counted.

    With each comes how many were skipped before it that see enough: strides that step over elements, as they are longer
    than a window that is shorter than the input. A kernel of 1 is skipped where it sees too little.
    """
    for name, values in (("kernel_size", kernel_size), ("dilation", dilation), ("stride", stride)):
        if not values:
            raise ConvcalcError(f"no {name} is given: give at least one")
        whole(name, values[0], least=1)  # the smallest
    for taps in (wanted > 1 and between(kernel_size, 2, None)) or kernel_size:
        for gap in dilation:
            extent = formulas.window_extent(taps, gap)
            steps = between(stride, 1, extent if extent < size else None)
            over = between(stride, extent + 1, None) if extent < size else ()
            _, first = first_where(over, lambda step: chain_field(layers, taps, gap, step) >= wanted)  # noqa: B023
            skipped = length(between(over, first[0], None)) if first else 0
            for step in steps:
                yield Setting(taps, gap, step), skipped
                skipped = 0
            if skipped:
                yield Setting(taps, gap, first[0]), skipped - 1


def _walk(setting: Setting, layers: int, sizes: Shape, padding: int | None) -> _Walked:
    """The chain's layers over the input, by formulas alone; behind a layer that keeps its sizes all are like it."""
    taps, gap, step = setting
    pairs = formulas.channel_pairs(sizes[1], sizes[1], 1)
    spatial, macs = sizes[2:], 0
    for done in range(layers):
        axes = [(size, taps, step, setting.padding(padding), gap) for size in spatial]
        if any(formulas.slack(*axis) < 0 for axis in axes):
            return _Walked(False, False, 0, done + 1)
        if any(formulas.read_elements(axis[0], *axis) != axis[0] for axis in axes):
            # a later layer may not fit either: that it reads not all is what is said
            return _Walked(True, False, 0, done + 1)
        outputs = tuple(formulas.output_size(*axis) for axis in axes)
        own = formulas.macs(pairs, tuple(taps * places for places in outputs))
        if outputs == spatial:
            return _Walked(True, True, macs + (layers - done) * own, done + 1)
        spatial, macs = outputs, macs + own
    return _Walked(True, True, macs, layers)


def _answer(setting: Setting, layers: int, sizes: Shape, padding: int | None, field: int, macs: int) -> Chain:
    """The chain of real layers, once its trace has said the same."""
    taps, gap, step = setting
    rank, channels = len(sizes) - 2, sizes[1]
    made = kind(f"Conv{rank}d")
    assert issubclass(made, Conv)
    sides = (setting.padding(padding),) * rank
    row = [made(channels, channels, taps, step, sides, gap) for _ in range(layers)]
    report = trace(Sequential(*row), sizes)
    said = {axis.size for axis in report.field}, report.totals.macs
    read = all(axis.elements == 0 for leaf in report.leaves for axis in leaf.unread)
    if said != ({field}, macs) or not read:
        raise AssertionError(f"{layers} of {row[0]!r} on {list(sizes)}: {said} where {field} and {macs} were expected")
    return Chain(row[0], layers, field, elements_seen(layers, taps, step), macs, report.output)


# Where nothing was found


def _left_out(unread: int, misfits: int) -> str:
    """How many settings would have seen enough.

    >>> _left_out(2, 0), _left_out(0, 0)
    (' (2 settings leave elements unread)', '')
    """
    reasons = [f"{counted(unread, 'setting')} leave{'s' * (unread == 1)} elements unread"] if unread else []
    reasons += [f"{counted(misfits, 'setting')} do{'es' * (misfits == 1)} not fit the input"] if misfits else []
    return f" ({', '.join(reasons)})" if reasons else ""


def _remedy(
    layers: int,
    wanted: int,
    sizes: Shape,
    bounds: tuple[Sequence[int], Sequence[int], Sequence[int]],
    padding: int | None,
    end: Setting | None,
) -> str:
    """The most that the bounds can see, the fewest layers that see enough, and the kernel that does; each tried out.

    Settings from ``end`` on were not looked at.
    """
    most, fewest = (0, Setting(1, 1, 1)), MOST_LAYERS + 1
    looks, stopped = 0, False
    for setting, _ in _settings(*bounds, layers, 1, min(sizes[2:])):
        stopped = looks >= MOST_LOOKS or setting == end
        if stopped:
            break
        looks += 1
        field = chain_field(layers, *setting)
        if field > most[0]:
            walked = _walk(setting, layers, sizes, padding)
            looks += walked.looks
            if walked.reads_all:
                most = field, setting
        enough = _enough_layers(wanted, setting)
        if layers < enough < fewest:
            walked = _walk(setting, enough, sizes, padding)
            looks += walked.looks
            if walked.reads_all:
                fewest = enough
    remedies = [f"layers={fewest}"] if fewest <= MOST_LAYERS else []
    _, dilation, stride = bounds
    kernel = _enough_taps(layers, wanted, dilation[0], stride[0])
    if _walk(Setting(kernel, dilation[0], stride[0]), layers, sizes, padding).reads_all:
        remedies.append(f"kernel_size={kernel}")
    field, setting = most
    seen = f", the most {'looked at ' * stopped}is {field:,} ({_spelled(setting)})"
    if field:
        remedies.append(f"receptive_field={field}")
    use = f"use {' or '.join(remedies)}" if remedies else "allow another kernel_size, dilation or stride"
    return f"{seen if field else ''}: {use}"


def _spelled(setting: Setting) -> str:
    """The setting in words.

    >>> _spelled(Setting(3, 1, 2))
    'kernel_size 3, dilation 1, stride 2'
    """
    return ", ".join(f"{name} {value:,}" for name, value in zip(setting._fields, setting, strict=True))


def _enough_layers(wanted: int, setting: Setting) -> int:
    """The fewest layers of the setting that see so much; one more than can be asked for where none do.

    >>> _enough_layers(31, Setting(3, 1, 1))
    15
    """
    return 1 + bisect_left(range(1, MOST_LAYERS + 1), wanted, key=lambda layers: chain_field(layers, *setting))


def _enough_taps(layers: int, wanted: int, dilation: int, stride: int) -> int:
    """The smallest odd kernel, with which so many layers see so much; one that reaches over its stride on either side.

    Its 2j + 1 taps add 2j * dilation at each jump.

    >>> _enough_taps(3, 31, 1, 1)
    11
    """
    half = -(-(wanted - 1) // (2 * dilation * _sum_of_powers(stride, layers)))
    return 2 * max(half, stride - 1) + 1
