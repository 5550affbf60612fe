"""Which input sizes a network maps exactly: those of which every element of every map is read.

A map is read by all layers that it feeds together: what a 1x1 convolution of stride 2 skips, the 3x3 beside it reads. A
layer without windows reads all, and so does whoever takes the output. Elements count by row and column, as `unread`
has them; those that only the padding holds are no loss, and neither is a map that no layer takes.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import NamedTuple

from convcalc import formulas
from convcalc.errors import ConvcalcError
from convcalc.layers.base import Layer
from convcalc.layers.block import Block, axes_of, opened
from convcalc.layers.pad import Pad, ReflectionPad, ReplicationPad
from convcalc.layers.settings import Shape, shape, whole
from convcalc.layers.windows import AXES, Window
from convcalc.network import as_network
from convcalc.solve.progressions import Progression, folded
from convcalc.unread import unread_elements

SIZES = range(1, 513)
MOST_WORK = 2_000_000  # layers looked up; one that is worked out is as much work as many
WORKED_OUT = 40
MOST_TAPS = 1_000_000  # walked where the elements that several layers leave unread are compared


class ExactSizes(NamedTuple):
    """Of the sizes tried, those that fit the network and those that it maps exactly.

    ``every`` says that all sizes tried fit and are exact. ``own`` is the size of the input that was given, ``below``
    and ``above`` are the exact sizes nearest to it (itself, where it is exact). Where none is exact, ``least`` is the
    size that leaves the fewest elements unread, and how many those are. ``stopped`` is the first size that was not
    tried, where there are too many.
    """

    exact: tuple[Progression, ...]
    fits: tuple[Progression, ...]
    every: bool
    own: int
    below: int | None
    above: int | None
    least: tuple[int, int] | None
    stopped: int | None


class Loss(NamedTuple):
    """How many of the ``size`` elements of a map along one axis are read by none of the layers that it feeds.

    The map is what leaves the layer of that name, or the network's input.
    """

    map: str
    readers: tuple[str, ...]
    axis: str
    elements: int
    size: int


def exact_sizes(network: Layer, input_shape: Sequence[int], sizes: Sequence[int] = SIZES) -> ExactSizes:
    """The sizes, the same along every spatial axis, that fit the network, and those of which nothing is left unread.

    ``input_shape`` gives the batch and the channels, and the size that others are measured by. `ConvcalcError` for a
    network without spatial axes, and where no size fits.

    >>> from convcalc import MaxPool2d, Sequential
    >>> exact_sizes(Sequential(MaxPool2d(2), MaxPool2d(2)), (1, 3, 7, 7), range(1, 21)).exact
    (Progression(first=4, last=20, step=4, terms=5),)
    """
    given = shape(input_shape)
    walk = _Walk(as_network(network))
    before, rank = _prefix(walk.network, given)
    if not sizes:
        raise ConvcalcError("no size is given: give at least one")
    whole("size", sizes[0], least=1)
    fits: list[int] = []
    exact: list[int] = []
    own, refusal, stopped = given[len(before)], "", None
    least: tuple[int, int, int] | None = None
    tried = 0
    for size in sizes:
        if walk.work >= MOST_WORK:
            stopped = size
            break
        tried += 1
        try:
            looks = walk.looks(before + (size,) * rank)
        except _MisfitError as error:
            refusal = str(error)
            continue
        fits.append(size)
        lost = sum(elements for _, _, elements in walk.lost(looks))
        if lost == 0:
            exact.append(size)
        elif least is None or (lost, abs(size - own)) < least[:2]:
            least = lost, abs(size - own), size
    if not fits:
        end = f"{sizes[tried - 1]:,}{'' if stopped is None else ', where the search stopped,'}"
        raise ConvcalcError(f"no size from {sizes[0]:,} to {end} fits: of the last, {refusal}")
    return ExactSizes(
        exact=folded(exact),
        fits=folded(fits),
        every=len(exact) == tried and stopped is None,
        own=own,
        below=max((size for size in exact if size <= own), default=None),
        above=min((size for size in exact if size >= own), default=None),
        least=None if exact or least is None else (least[2], least[0]),
        stopped=stopped,
    )


def loss(network: Layer, input_shape: Sequence[int]) -> tuple[Loss, ...]:
    """What nobody reads of the network's maps for one input, map by map and axis by axis; empty where that is nothing.

    `ConvcalcError` where the input does not fit.

    >>> from convcalc import MaxPool2d
    >>> loss(MaxPool2d(2), (1, 3, 7, 8))
    (Loss(map='input', readers=('maxpool2d',), axis='H', elements=1, size=7),)
    """
    sizes = shape(input_shape)
    walk = _Walk(as_network(network))
    _prefix(walk.network, sizes)
    looks = walk.looks(sizes)
    found = []
    for number, axis, elements in walk.lost(looks):
        readers = walk.readers[number]
        map_shape = looks[readers[0]].input
        rank = max(len(looks[reader].windows) for reader in readers)
        name = AXES[rank][axis] if rank < len(AXES) else str(len(map_shape) + axis)
        names = tuple(walk.names[reader + 1] for reader in readers)
        found.append(Loss(walk.names[number], names, name, elements, map_shape[axis]))
    return tuple(found)


class _Look(NamedTuple):
    """A layer at work on an input: how it looks at each of the last axes, and how many elements it leaves unread."""

    input: Shape
    output: Shape
    windows: tuple[Window, ...]
    unread: tuple[int, ...]


class _MisfitError(ConvcalcError):
    """An input that does not fit."""


class _Walk:
    """A network's single layers, and what is known of each kind of layer at each shape that came by.

    Maps have numbers: 0 is the input, a layer's output the layer's own number and 1.
    """

    def __init__(self, network: Block) -> None:
        graph = opened(network)
        leaves = graph.leaves
        self.network = network
        self.names = (graph.inputs[0], *(leaf.name for leaf in leaves))
        numbers = {name: number for number, name in enumerate(self.names)}
        kinds: dict[Layer, int] = {}  # equal layers look alike
        first: dict[int, int] = {}  # what fed a layer object where it first stands: a Lazy one learns from that
        self.layers = [leaf.layer for leaf in leaves]
        self.steps: list[tuple[int, int, tuple[int, ...]]] = []
        readers: list[list[int]] = [[] for _ in self.names]
        for number, leaf in enumerate(leaves):
            sources = tuple(numbers[source] for source in leaf.inputs)
            learns = first.setdefault(id(leaf.layer), sources[0])
            self.steps.append((kinds.setdefault(leaf.layer, number), learns, sources))
            for source in set(sources):
                readers[source].append(number)
        self.readers = [tuple(layers) for layers in readers]
        output = numbers[graph.outputs[0]]
        # The output is read; and so is a map with a reader that takes all, whatever its others do.
        self.doubtful = [
            number
            for number, layers in enumerate(self.readers)
            if layers and number != output and all(_may_skip(self.layers[reader]) for reader in layers)
        ]
        self.known: dict[tuple[int, Shape, tuple[Shape, ...]], _Look | ConvcalcError] = {}
        self.work = 0

    def looks(self, input_shape: Shape) -> list[_Look]:
        """Every layer at work, in order, or the refusal of the first that does not fit."""
        shapes, looks, known = [input_shape], [], self.known
        for number, (kind, learns, sources) in enumerate(self.steps):
            key = (kind, shapes[learns], tuple([shapes[source] for source in sources]))
            look = known.get(key)
            if look is None:
                look = known[key] = _worked_out(self.layers[number], *key[1:])
                self.work += WORKED_OUT
                if isinstance(look, _Look):
                    copied = [
                        sum(map(abs, window.padding)) for window in look.windows if window.padding_mode != "zeros"
                    ]
                    self.work += WORKED_OUT * sum(copied)
            if isinstance(look, ConvcalcError):
                self.work += number + 1
                raise _MisfitError(f"layer {self.names[number + 1]!r}: {look}")
            shapes.append(look.output)
            looks.append(look)
        self.work += len(looks)
        return looks

    def lost(self, looks: Sequence[_Look]) -> Iterable[tuple[int, int, int]]:
        """The map, the axis and how many elements no layer reads, where there are any; the axis counts from the end."""
        for number in self.doubtful:
            readers = [looks[reader] for reader in self.readers[number]]
            if all(any(look.unread) for look in readers):
                for axis in range(-min(len(look.unread) for look in readers), 0):
                    windows = {look.windows[axis] for look in readers}
                    self.work += sum(window.size for window in windows) if len(windows) > 1 else 0
                    elements = _in_common(windows)
                    if elements:
                        yield number, axis, elements


def _prefix(network: Block, sizes: Shape) -> tuple[Shape, int]:
    """The sizes before the spatial axes, and how many of these there are."""
    _, rank = axes_of(network, sizes)
    if rank == 0:
        raise ConvcalcError("the network has no spatial axes: ask of one that begins with convolutions or pools")
    if len(sizes) <= rank:
        raise ConvcalcError(f"input {list(sizes)} has no channels before its {rank} spatial axes: give N C first")
    return sizes[: len(sizes) - rank], rank


def _worked_out(layer: Layer, learns: Shape, inputs: tuple[Shape, ...]) -> _Look | ConvcalcError:
    """The layer at work on such inputs, bound to the first that it learns from, or its refusal."""
    try:
        bound = layer.bind(learns)
        output = bound.output_shape(*inputs)
        windows = _pad_windows(bound, inputs[0]) if isinstance(bound, Pad) else bound.windows(inputs[0])
    except ConvcalcError as error:
        return error
    return _Look(inputs[0], output, windows, tuple(map(_unread, windows)))


def _may_skip(layer: Layer) -> bool:
    """Whether the layer may leave elements unread: it has windows, or crops.

    >>> from convcalc import MaxPool2d, ReLU, ZeroPad2d
    >>> _may_skip(MaxPool2d(2)), _may_skip(ReLU()), _may_skip(ZeroPad2d(1)), _may_skip(ZeroPad2d(-1))
    (True, False, False, True)
    """
    if isinstance(layer, Pad):
        return any(side < 0 for side in layer.padding)
    return type(layer).windows is not Layer.windows


def _pad_windows(layer: Pad, input_shape: Shape) -> tuple[Window, ...]:
    """A padding layer as windows of one tap over what it leaves; circular padding copies only of what is left.

    >>> from convcalc import ZeroPad1d
    >>> [_unread(window) for window in _pad_windows(ZeroPad1d((2, -3)), (1, 1, 8))]
    [3]
    """
    copies = "replicate" if isinstance(layer, ReplicationPad) else "zeros"
    mode = "reflect" if isinstance(layer, ReflectionPad) else copies
    return tuple(Window(size, 1, 1, sides, 1, mode) for size, sides in layer.axes(input_shape))


def _unread(window: Window) -> int:
    """How many elements no window holds, nor any copy of them: `unread` without the ranges.

    >>> _unread(Window(28, 3, 2, (0, 0), 1, "zeros"))
    1
    """
    missing = window.size - formulas.read_elements(window.size, *window.geometry)
    if missing == 0 or window.padding_mode == "zeros":
        return missing
    counted = unread_elements(window)
    return len(_unread_elements(window)) if counted is None else counted


def _in_common(windows: set[Window]) -> int:
    """How many elements of an axis none of the windows over it reads.

    >>> _in_common({Window(9, 1, 2, (0, 0), 1, "zeros"), Window(9, 1, 3, (0, 0), 1, "zeros")})  # 1, 5, 7
    3
    """
    fewest = min(map(_unread, windows))
    if fewest == 0 or len(windows) == 1:
        return fewest
    return len(set.intersection(*map(_unread_elements, windows)))


def _unread_elements(window: Window) -> set[int]:
    """The elements that no window holds, nor any copy of them, found by moving the window.

    >>> sorted(_unread_elements(Window(10, 1, 3, (0, 0), 1, "zeros")))
    [1, 2, 4, 5, 7, 8]
    """
    size, kernel_size, stride, (before, _), dilation, _ = window
    if max(window.output_size * kernel_size, size) > MOST_TAPS:
        raise ConvcalcError(f"an axis of {size:,} elements is too long to be compared one by one: give a smaller input")
    firsts = range(-before, window.output_size * stride - before, stride)
    held = {first + tap * dilation for first in firsts for tap in range(kernel_size)}
    for side in window.copies:
        held = {side.source(place) if place in side.positions else place for place in held}
    return set(range(size)) - held
