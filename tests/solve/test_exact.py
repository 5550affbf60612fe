"""Sizes that a network maps exactly, against networks that are read element by element."""

from __future__ import annotations

import json

import numpy as np
import pytest
from hypothesis import assume, example, given, settings
from hypothesis import strategies as st

from convcalc import (
    AdaptiveAvgPool1d,
    AdaptiveAvgPool2d,
    Add,
    Branches,
    CircularPad1d,
    Conv1d,
    Conv2d,
    ConvcalcError,
    ConvTranspose2d,
    Flatten,
    Identity,
    LazyConv2d,
    LazyLinear,
    Linear,
    LocalResponseNorm,
    MaxPool1d,
    MaxPool2d,
    Mul,
    Network,
    ReflectionPad1d,
    ReLU,
    ReplicationPad1d,
    Residual,
    Sequential,
    Subsampling2d,
    Unfold,
    Upsample,
    ZeroPad1d,
    ZeroPad2d,
    engine,
    trace,
    zoo,
)
from convcalc.layers.block import Node, axes_of, opened, rank_of
from convcalc.layers.windows import Window
from convcalc.network import as_network
from convcalc.solve import exact as module
from convcalc.solve.exact import exact_sizes, loss
from convcalc.solve.progressions import Progression, unfolded
from convcalc.unread import unread
from tests.helpers import axes, slide
from tests.test_networks import VALID, written


class MisfitError(Exception):
    """A window that does not fit."""


class Map:
    """A map along one axis: its size, and the indices that somebody has read."""

    def __init__(self, size):
        self.size, self.read = size, set()

    def all(self):
        self.read = set(range(self.size))


def windows(layer, size):
    (kernel_size,), (stride,), (dilation,) = layer.kernel_size, layer.stride, layer.dilation
    before, after = layer.padding[0] if isinstance(layer, Conv1d) else (layer.padding[0],) * 2
    if size < 1:
        raise MisfitError
    found = slide(size, kernel_size, stride, (before, after), dilation)
    if getattr(layer, "ceil_mode", False):  # one more window, if it begins in the input or before it
        found = slide(size, kernel_size, stride, (before, after + stride - 1), dilation)
        found = [window for window in found if window[0] < size]
    if not found:
        raise MisfitError
    return found


def run(layer, source, maps):
    """Read one layer or block, over one axis; the map that leaves it. Every map that is made is noted."""
    if isinstance(layer, Sequential):
        for part in layer.layers:
            source = run(part, source, maps)
        return source
    if isinstance(layer, (Residual, Branches)):
        parts = [layer.body, layer.shortcut] if isinstance(layer, Residual) else layer.branches
        ends = [run(part, source, maps) for part in parts]
        if len({end.size for end in ends}) > 1 and not (isinstance(layer, Residual) and 1 in (e.size for e in ends)):
            raise MisfitError
        for end in ends:
            end.all()
        return note(Map(max(end.size for end in ends)), maps)
    if isinstance(layer, Identity) and not isinstance(layer, ReLU):
        return source
    if isinstance(layer, ReLU):
        source.all()
        return note(Map(source.size), maps)
    if isinstance(layer, ZeroPad1d):
        before, after = layer.padding
        if source.size + min(before, 0) + min(after, 0) < 0:
            raise MisfitError
        padded = [None] * max(before, 0) + list(range(source.size)) + [None] * max(after, 0)
        left = padded[max(-before, 0) : len(padded) - max(-after, 0)]
        source.read |= {index for index in left if index is not None}
        return note(Map(len(left)), maps)
    found = windows(layer, source.size)
    source.read |= {index for window in found for index in window if 0 <= index < source.size}
    return note(Map(len(found)), maps)


def note(made, maps):
    maps.append(made)
    return made


def lost(network, size):
    """How many elements nobody reads, map by map; None where the size does not fit."""
    given = Map(size)
    maps = [given]
    try:
        run(network, given, maps).all()
    except MisfitError:
        return None
    return [made.size - len(made.read) for made in maps]


convs = st.builds(
    lambda kernel, stride, padding, dilation: Conv1d(1, 1, kernel, stride, padding, dilation),
    st.integers(1, 4),
    st.integers(1, 4),
    st.integers(0, 2),
    st.integers(1, 2),
)
pools = st.builds(
    lambda kernel, stride, dilation, ceil_mode: MaxPool1d(kernel, stride, kernel // 2, dilation, ceil_mode=ceil_mode),
    st.integers(1, 3),
    st.integers(1, 3),
    st.integers(1, 2),
    st.booleans(),
)
pads = st.builds(lambda before, after: ZeroPad1d((before, after)), st.integers(-2, 2), st.integers(-2, 2))
leaves = st.one_of(convs, pools, pads, st.builds(ReLU), st.builds(Identity))


@st.composite
def forks(draw):
    """Branches of one stride and of windows that give the same size, as those of a ResNet."""
    stride = draw(st.integers(1, 4))

    def branch():
        half, dilation = draw(st.integers(0, 1)), draw(st.integers(1, 2))
        conv = Conv1d(1, 1, 2 * half + 1, stride, half * dilation, dilation)
        behind = draw(st.sampled_from([(), (ReLU(),)]))
        return Sequential(conv, *behind) if draw(st.booleans()) else conv

    if stride == 1 and draw(st.booleans()):
        return Residual(branch())
    if draw(st.booleans()):
        return Residual(branch(), branch())
    return Branches(*(branch() for _ in range(draw(st.integers(1, 3)))), join=draw(st.sampled_from(["concat", "add"])))


@st.composite
def networks(draw):
    parts = draw(st.lists(st.one_of(leaves, forks()), min_size=1, max_size=4))
    # what a concat makes has more maps: behind it the channels would have to be known, so it is the last
    for number, part in enumerate(parts):
        if isinstance(part, Branches) and part.join == "concat":
            return Sequential(*parts[: number + 1])
    assume(not all(isinstance(part, (ReLU, Identity)) for part in parts))
    return Sequential(*parts)


@settings(max_examples=150, deadline=None)
@given(networks(), st.integers(1, 14))
def test_the_sizes_are_those_of_which_all_is_read(network, own):
    assume(rank_of(as_network(network)))
    tried = range(1, 16)
    found = {size: lost(network, size) for size in tried}
    found = {size: None if parts is None else sum(parts) for size, parts in found.items()}
    fits = [size for size in tried if found[size] is not None]
    exact = [size for size in fits if found[size] == 0]
    if not fits:
        with pytest.raises(ConvcalcError, match="no size from 1 to 15 fits: of the last, layer"):
            exact_sizes(network, (1, 1, own), tried)
        return
    answer = exact_sizes(network, (1, 1, own), tried)
    assert sorted(unfolded(answer.fits)) == fits
    assert sorted(unfolded(answer.exact)) == exact
    assert answer.every == (len(exact) == 15)
    assert (answer.own, answer.stopped) == (own, None)
    assert answer.below == max([size for size in exact if size <= own], default=None)
    assert answer.above == min([size for size in exact if size >= own], default=None)
    if exact:
        assert answer.least is None
    else:
        size, elements = answer.least
        assert elements == found[size] == min(found[size] for size in fits)
        assert abs(size - own) == min(abs(other - own) for other in fits if found[other] == elements)
    for size in fits:
        told = loss(network, (1, 1, size))
        assert sorted(part.elements for part in told) == sorted(filter(None, lost(network, size)))


@pytest.mark.parametrize("kind", [ZeroPad1d, ReflectionPad1d, ReplicationPad1d, CircularPad1d])
@settings(max_examples=60, deadline=None)
@given(st.integers(1, 8), st.integers(-6, 7), st.integers(-6, 7))
def test_a_crop_reads_what_the_engine_leaves(kind, size, before, after):
    layer = kind((before, after))
    x = np.arange(1.0, size + 1).reshape(1, 1, size)
    try:
        layer.output_shape(x.shape)
        kept = engine.execute(layer, x)
    except ConvcalcError:
        return
    missing = size - len(set(kept.ravel().tolist()) - {0.0})
    if kind is CircularPad1d and min(before, after) < 0 and size + min(before, after) < max(before, after, 0):
        return  # PyTorch copies whatever the memory holds
    assert sum(part.elements for part in loss(layer, x.shape)) == missing


@pytest.mark.parametrize("mode", ["reflect", "replicate", "circular"])
def test_copies_in_the_padding_are_read(mode):
    # Windows of one tap, 3 apart, from index -3 on: -3, 0, 3, 6, 9, 12 of 10, and 2 apart: -2, 0, ... 10, 12
    layers = Conv1d(1, 1, 1, 3, 3, padding_mode=mode), Conv1d(1, 1, 1, 2, 2, padding_mode=mode)
    copies = {
        "reflect": ({3, 0, 6, 9}, {0, 2, 4, 6, 8}),  # 12 is 6; -2 is 2 and 10 is 8
        "replicate": ({0, 3, 6, 9}, {0, 2, 4, 6, 8, 9}),
        "circular": ({7, 0, 3, 6, 9, 2}, {8, 0, 2, 4, 6}),
    }[mode]
    told = [loss(layer, (1, 1, 10))[0].elements for layer in layers]
    assert told == [10 - len(read) for read in copies]
    beside = Network(
        (
            Node("three", layers[0]),
            Node("two", layers[1], ("input",)),
            Node("a", AdaptiveAvgPool1d(1), ("three",)),
            Node("b", AdaptiveAvgPool1d(1), ("two",)),
            Node("sum", Add(), ("a", "b")),
        )
    )
    (both,) = loss(beside, (1, 1, 10))
    assert (both.map, both.readers, both.size) == ("input", ("three", "two"), 10)
    assert both.elements == 10 - len(copies[0] | copies[1])


# Networks that are known


def test_vgg16_takes_multiples_of_32():
    answer = exact_sizes(zoo.build("vgg16"), (1, 3, 224, 224))
    assert answer.exact == (Progression(32, 512, 32, 16),)
    assert answer.fits == (Progression(32, 512, 1, 481),)
    assert (answer.own, answer.below, answer.above, answer.every) == (224, 224, 224, False)
    assert exact_sizes(zoo.build("vgg16"), (1, 3, 225, 225))[4:6] == (224, 256)


def test_lenet5_takes_32_only():
    answer = exact_sizes(zoo.build("lenet5"), (1, 1, 28, 28))
    assert list(unfolded(answer.exact)) == [32]
    assert (answer.below, answer.above) == (None, 32)


def test_alexnet_takes_three_of_every_32():
    # The pools (3, stride 2) read all of odd maps, the last of 2m + 1, m >= 1, so those before of 4m + 3 and 8m + 7.
    # The stem's 8m + 7 windows (11, stride 4) cover 4 * (8m + 7) + 7 of n + 4 elements, all but 2 of padding at most.
    sizes = sorted(4 * (8 * m + 7) + 7 - 4 + left for m in range(1, 20) for left in (0, 1, 2))
    answer = exact_sizes(zoo.build("alexnet"), (1, 3, 224, 224))
    assert sorted(unfolded(answer.exact)) == [size for size in sizes if size <= 512]
    assert {progression.step for progression in answer.exact} == {32}


def test_resnet18_reads_all_of_every_size():
    """Windows of 2j + 1 with padding j and stride 2 reach the end of any map; the shortcut skips what they read."""
    assert exact_sizes(zoo.build("resnet18"), (1, 3, 224, 224), range(1, 80)).every
    shortcut = zoo.build("resnet18").layers[4:6][1].layers[0]
    (alone,) = {part.elements for part in loss(Conv2d(64, 128, 1, 2), (1, 64, 56, 56))}
    assert alone == 28
    assert loss(shortcut, (1, 64, 56, 56)) == ()


@pytest.mark.parametrize("path", VALID, ids=[path.stem for path in VALID])
def test_where_one_layer_reads_a_map_its_trace_says_the_same(path):
    network, shape = written(path), json.loads(path.read_text())["input"]
    report = trace(network, shape)
    try:
        told = {(part.readers, part.axis): part.elements for part in loss(network, shape)}
    except ConvcalcError:
        assert not axes_of(as_network(network), tuple(shape))[1]
        return
    traced = {}
    for row in report.leaves:
        source = leaf_inputs(network)[row.name][0]
        readers = [name for name, inputs in leaf_inputs(network).items() if source in inputs]
        names = {0: (), 1: ("L",), 2: ("H", "W"), 3: ("D", "H", "W")}[len(row.windows)]
        if readers == [row.name]:
            traced |= {((row.name,), axis): part.elements for axis, part in zip(names, row.unread, strict=True)}
    windowed = {(row.name,) for row in report.leaves if row.windows}  # a pad that crops has none
    assert {key: value for key, value in told.items() if key[0] in windowed} == {
        key: value for key, value in traced.items() if value
    }


def leaf_inputs(network):
    return {leaf.name: leaf.inputs for leaf in opened(as_network(network)).leaves}


# What networks may hold


def exact_of(network, shape, sizes=range(1, 21)):
    return list(unfolded(exact_sizes(network, shape, sizes).exact))


def test_size_depends_on_nothing():
    network = Sequential(Conv2d(3, 8, 3, padding=1), ReLU(), AdaptiveAvgPool2d(1), Flatten(), Linear(8, 10))
    assert exact_sizes(network, (1, 3, 32, 32)).every
    assert exact_of(Sequential(LocalResponseNorm(5), MaxPool2d(2)), (1, 3, 4, 4)) == list(range(2, 21, 2))


def test_a_ceil_mode_pool_reads_the_rest():
    # Windows begin at 0, 2, 4, ...; of 4 elements the second begins at 2 and may reach over the end, of 2 the first
    assert exact_of(MaxPool2d(3, 2), (1, 1, 8, 8)) == list(range(3, 21, 2))
    assert exact_of(MaxPool2d(3, 2, ceil_mode=True), (1, 1, 8, 8)) == list(range(2, 21))


def test_a_flattened_map_fixes_the_size_and_a_lazy_layer_does_not():
    conv = Conv2d(1, 2, 3)
    assert exact_of(Sequential(conv, Flatten(), Linear(2 * 4 * 4, 3)), (1, 1, 28, 28)) == [6]
    assert exact_of(Sequential(conv, Flatten(), LazyLinear(3)), (1, 1, 28, 28)) == list(range(3, 21))


def test_a_shared_lazy_layer_learns_once():
    """The second time it gets 4 maps where the first gave it 3."""
    shared = LazyConv2d(4, 3, padding=1)
    with pytest.raises(ConvcalcError, match="layer '1': Conv2d takes 3 channels, got 4"):
        exact_sizes(Sequential(shared, shared), (1, 3, 8, 8))
    apart = Sequential(LazyConv2d(4, 3, padding=1), LazyConv2d(4, 3, padding=1))
    assert exact_sizes(apart, (1, 3, 8, 8)).every


def test_subsampling_unfolding_upsampling_and_transposed_layers():
    assert exact_of(Subsampling2d(1, 3), (1, 1, 9, 9)) == [3, 6, 9, 12, 15, 18]
    assert exact_of(Unfold(3, stride=3), (1, 1, 9, 9)) == [3, 6, 9, 12, 15, 18]
    assert exact_of(Sequential(Upsample(scale_factor=2), MaxPool2d(4)), (1, 1, 8, 8)) == list(range(2, 21, 2))
    assert exact_of(Sequential(ConvTranspose2d(1, 1, 2, 2), MaxPool2d(4)), (1, 1, 8, 8)) == list(range(2, 21, 2))


def test_a_crop_is_a_loss_at_every_size():
    answer = exact_sizes(Sequential(ZeroPad2d(-1), Conv2d(1, 1, 1)), (1, 1, 8, 8), range(1, 21))
    assert answer.exact == ()
    assert (answer.below, answer.above) == (None, None)
    assert answer.least == (8, 4)  # 2 rows and 2 columns of every size: the nearest


def test_a_loss_says_who_should_have_read_it():
    network = Sequential({"stem": Conv2d(1, 4, 3, padding=1), "pool": MaxPool2d((2, 3), (2, 5))})
    assert loss(network, (1, 1, 7, 9)) == (
        ("stem", ("pool",), "H", 1, 7),
        ("stem", ("pool",), "W", 2 + 1, 9),  # columns 0-2 and 5-7 are read
    )
    beside = Branches(Conv2d(1, 1, 1, 2), MaxPool2d(1, 2))
    assert loss(beside, (1, 1, 5, 4)) == (("input", ("0", "1"), "H", 2, 5), ("input", ("0", "1"), "W", 2, 4))


def test_a_join_reads_all_of_whatever_feeds_it():
    """The pool leaves the last row and column to the product, whose second input is the same map."""
    pool, mean = Node("pool", MaxPool2d(2)), Node("mean", AdaptiveAvgPool2d(1), ("pool",))
    assert len(loss(Network((pool, mean)), (1, 1, 5, 5))) == 2
    assert loss(Network((pool, mean, Node("mul", Mul(), ("mean", "input")))), (1, 1, 5, 5)) == ()


def test_an_axis_that_one_layer_leaves_alone_is_read():
    crop = Node("crop", ZeroPad1d((0, -1)))  # of the last axis only
    network = Network((crop, Node("pool", MaxPool2d(2), ("input",))))
    assert loss(network, (1, 1, 5, 5)) == (("input", ("crop", "pool"), "W", 1, 5),)


@example((4, 1, 5, (0, 3), 1, "reflect"))  # index 5 is 1
@given(axes(modes=("zeros", "reflect", "replicate", "circular")))
def test_what_is_walked_is_what_is_counted(axis):
    assert len(module._unread_elements(Window(*axis))) == unread(Window(*axis)).elements


def test_the_output_is_read_wherever_it_is():
    """The last node hands on what the first made, of which the pool leaves something unread."""
    conv, pool = Node("conv", Conv2d(1, 1, 1)), Node("pool", MaxPool2d(2), ("conv",))
    assert loss(Network((conv, pool, Node("out", Sequential(), ("conv",)))), (1, 1, 5, 5)) == ()
    assert len(loss(Network((conv, pool)), (1, 1, 5, 5))) == 2


def test_a_map_that_no_layer_takes_is_no_loss():
    network = Network((Node("unused", MaxPool2d(2)), Node("pool", MaxPool2d(2), ("input",))))
    assert exact_of(network, (1, 1, 4, 4)) == list(range(2, 21, 2))


@pytest.mark.parametrize(
    ("network", "shape", "sizes", "words"),
    [
        (Linear(3, 4), (1, 3), range(1, 9), "has no spatial axes"),
        (Sequential(Flatten(), Linear(3, 4)), (1, 3), range(1, 9), "has no spatial axes"),
        (MaxPool2d(2), (8, 8), range(1, 9), "no channels before its 2 spatial axes"),
        (MaxPool2d(9), (1, 1, 8, 8), range(1, 9), "no size from 1 to 8 fits: of the last, layer 'maxpool2d': kernel 9"),
        (MaxPool2d(2), (1, 1, 8, 8), (), "no size is given"),
    ],
)
def test_what_cannot_be_answered_is_refused(network, shape, sizes, words):
    with pytest.raises(ConvcalcError) as refusal:
        exact_sizes(network, shape, sizes)
    assert words in str(refusal.value)
    assert "\n" not in str(refusal.value)


def test_sizes_without_end_stop_and_say_where(monkeypatch):
    monkeypatch.setattr(module, "MOST_WORK", 205)
    answer = exact_sizes(MaxPool2d(2), (1, 1, 8, 8), range(2, 10**30))
    assert answer.stopped == 7  # 40 for what is worked out and 1 for what is looked up, a size
    assert list(unfolded(answer.exact)) == [2, 4, 6]
    assert not answer.every
    assert not exact_sizes(Conv2d(1, 1, 1), (1, 1, 8, 8), range(2, 10**30)).every  # of those tried all are exact


def test_sizes_that_never_fit_stop_too(monkeypatch):
    monkeypatch.setattr(module, "MOST_WORK", 490)
    network = Sequential(Conv2d(1, 1, 1), Flatten(), Linear(10**30, 3))
    with pytest.raises(ConvcalcError, match="no size from 1 to 4, where the search stopped, fits: of the last, layer"):
        exact_sizes(network, (1, 1, 8, 8), range(1, 10**30))


def test_too_many_elements_to_compare_one_by_one_are_said():
    both = Branches(MaxPool2d(1, 2), Conv2d(1, 1, 1, 2, 0))
    assert loss(both, (1, 1, 10**30, 10**30))[0].elements == 10**30 // 2  # the windows are the same
    apart = Network((Node("two", MaxPool2d(1, 2)), Node("three", MaxPool2d(1, 3), ("input",))))
    with pytest.raises(ConvcalcError, match="is too long to be compared one by one: give a smaller input"):
        loss(apart, (1, 1, 10**30, 10**30))


def test_a_huge_size_is_no_work_where_one_layer_reads_it():
    assert loss(MaxPool2d(2, 3), (1, 1, 10**30, 9))[0].elements == (10**30 - 1) // 3 + 1  # one a place, and the last
