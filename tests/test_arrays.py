"""The sweep against the layer of each configuration, its bounds against enumeration, and int64's edge against ints."""

from __future__ import annotations

import operator
from itertools import product

import numpy as np
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from convcalc import Conv1d, Conv2d, Conv3d, ConvcalcError, arrays, formulas, trace
from convcalc.arrays import chunks, figures
from convcalc.arrays.span import Span

MOST = 2**63 - 1
PER_AXIS = ("output", "leftover", "receptive_field")
COUNTS = ("weights", "parameters", "connections", "macs", "macs_exact", "flops", "dead_weights")
FIGURES = (*PER_AXIS, *COUNTS, "output_elements")


# Against the layers


def of_layer(layer, input_shape):
    """Every figure of one configuration, from the scalar layers; None where they refuse it."""
    try:
        (row,) = trace(layer, input_shape).rows
    except ConvcalcError:
        return None
    found = {name: getattr(row.figures, name) for name in COUNTS}
    found["output"] = row.output[2:]
    found["leftover"] = tuple(formulas.leftover(*window.geometry) for window in row.windows)
    found["receptive_field"] = tuple(field.size for field in row.field)
    found["output_elements"] = np.prod(row.output, dtype=object)
    return found


def at(found, name, index):
    figure = getattr(found, name)
    return tuple(int(axis[index]) for axis in figure) if name in PER_AXIS else int(figure[index])


def assert_as_the_layers(found, configurations):
    """The sweep's figures are those of the layers; ``configurations`` gives, by index, the arguments and the input."""
    kind = (Conv1d, Conv2d, Conv3d)[len(found.axes) - 1]
    for index, (settings_, input_shape) in configurations.items():
        try:
            layer = kind(**settings_)
        except ConvcalcError:
            layer = None
        expected = layer and of_layer(layer, input_shape)
        assert bool(found.fits[index]) is (expected is not None)
        assert (found.refusal(index) is None) is (expected is not None)
        if layer:
            assert found.layer(index) == layer
            assert found.input_shape(index) == input_shape
        for name in FIGURES:
            nothing = (0,) * len(found.axes) if name in PER_AXIS else 0
            assert at(found, name, index) == (expected[name] if expected else nothing), name


@st.composite
def sweeps(draw):
    """The arguments of a sweep over one axis of a few configurations, and each configuration on its own."""
    rank, length = draw(st.integers(1, 3)), draw(st.integers(1, 5))

    def numbers(least, most):
        """For one number: how it is given, and its value in each configuration."""
        if draw(st.booleans()):
            value = draw(st.integers(least, most))
            return value, [value] * length
        values = draw(st.lists(st.integers(least, most), min_size=length, max_size=length))
        kind = draw(st.sampled_from([list, np.array, lambda given: np.array(given, np.int8)]))
        return kind(values), values

    def per_axis(one):
        if draw(st.booleans()):
            given, values = one()
            return given, [[value] * rank for value in values]
        drawn = [one() for _ in range(rank)]
        return tuple(given for given, _ in drawn), list(zip(*(values for _, values in drawn), strict=True))

    def sides():
        if draw(st.booleans()):
            given, values = numbers(0, 4)
            return given, [(value, value) for value in values]
        before, after = numbers(0, 4), numbers(0, 4)
        return (before[0], after[0]), list(zip(before[1], after[1], strict=True))

    drawn = {
        "kernel_size": per_axis(lambda: numbers(1, 4)),
        "stride": per_axis(lambda: numbers(1, 5)),
        "dilation": per_axis(lambda: numbers(1, 3)),
        "in_channels": numbers(1, 6),
        "out_channels": numbers(1, 6),
        "groups": numbers(1, 2),
    }
    if rank > 1 or draw(st.booleans()):
        drawn["padding"] = [sides() for _ in range(rank)]
        drawn["padding"] = (
            tuple(given for given, _ in drawn["padding"]),
            list(zip(*(values for _, values in drawn["padding"]), strict=True)),
        )
    else:
        given, values = numbers(0, 4)
        drawn["padding"] = given, [((value, value),) for value in values]
    sizes = [numbers(1, 9) for _ in range(rank)]
    bias = draw(st.booleans())
    one_shape = drawn | dict(enumerate(sizes))
    swept = any(np.shape(leaf) for given, _ in one_shape.values() for leaf in flat(given))
    configurations = {
        (number,) if swept else (): (
            {name: values[number] for name, (_, values) in drawn.items()} | {"bias": bias},
            (1, drawn["in_channels"][1][number], *(values[number] for _, values in sizes)),
        )
        for number in range(length)
    }
    given = {name: given for name, (given, _) in drawn.items()} | {"bias": bias}
    return tuple(size for size, _ in sizes), given, configurations


def flat(given):
    if isinstance(given, tuple):
        for part in given:
            yield from flat(part)
    else:
        yield given


@settings(max_examples=60, deadline=None)
@given(sweeps())
def test_every_figure_is_the_layers(sweep):
    sizes, given, configurations = sweep
    assert_as_the_layers(arrays.conv(sizes, **given), configurations)


@settings(max_examples=20, deadline=None)
@given(sweeps())
def test_exact_ints_in_chunks_give_the_same(sweep):
    """As where int64 is not enough, and so that a chunk ends in the middle."""
    sizes, given, configurations = sweep
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(chunks, "MOST", 0)
        patch.setattr(chunks, "_as_int64", with_room(chunks._as_int64))
        patch.setattr(chunks, "EXACT_CHUNK", 2)
        assert_as_the_layers(arrays.conv(sizes, **given), configurations)


def with_room(as_int64):
    def found(*arguments):
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(chunks, "MOST", MOST)
            return as_int64(*arguments)

    return found


def test_the_figures_of_c1_and_of_a_kernel_that_is_too_large():
    found = arrays.conv((32, 32), kernel_size=[5, 33], out_channels=6)
    assert found.fits.tolist() == [True, False]
    assert [axis.tolist() for axis in found.output] == [[28, 0], [28, 0]]
    assert found.parameters.tolist() == [156, 0]
    assert found.connections.tolist() == [122_304, 0]
    assert found.flops.tolist() == [235_200, 0]
    assert found.refusal(0) is None
    assert found.refusal(-1) == "kernel 33 does not fit input 32 (padding 0): use padding=1 or a kernel of at most 32"


def test_groups_that_do_not_divide_are_refused_by_the_layer():
    found = arrays.conv((8,), kernel_size=3, in_channels=[4, 6, 4], out_channels=[8, 8, 6], groups=4)
    assert found.fits.tolist() == [True, False, False]
    assert found.weights.tolist() == [3 * 8, 0, 0]
    assert found.refusal(1) == "groups 4 does not divide in_channels 6: use groups=1 or 2"
    with pytest.raises(ConvcalcError, match="does not divide out_channels 6"):
        found.layer(2)


# Shapes


@settings(max_examples=20, deadline=None)
@given(st.lists(st.integers(1, 12), min_size=1, max_size=4), st.lists(st.integers(1, 4), min_size=1, max_size=4))
def test_open_grids_are_full_grids(sizes, strides):
    kernels = [1, 2, 5]
    small = dict(zip(("sizes", "kernel_size", "stride"), np.ix_(sizes, kernels, strides), strict=True))
    full = dict(zip(small, np.meshgrid(sizes, kernels, strides, indexing="ij"), strict=True))
    opened, filled = (
        arrays.conv((grid["sizes"], 6), kernel_size=grid["kernel_size"], stride=grid["stride"], padding=1)
        for grid in (small, full)
    )
    assert opened.shape == filled.shape == (len(sizes), 3, len(strides))
    assert (opened.fits == filled.fits).all()
    for name in FIGURES:
        one, other = getattr(opened, name), getattr(filled, name)
        assert np.array_equal(one, other), name
        assert np.shape(one) == np.shape(other)


def test_what_depends_on_little_is_kept_small():
    axes = np.ix_(range(7, 1007), range(1, 8), range(1, 1001))
    found = arrays.conv((axes[0],), kernel_size=axes[1], stride=axes[2])
    assert found.shape == (1000, 7, 1000)
    assert found.weights.shape == found.shape
    assert found.weights.strides == (0, 8, 0)
    assert found.fits.strides == (7, 1, 0)
    assert found.weights[999, :, 5].tolist() == list(range(1, 8))


def test_a_grid_beyond_all_memory_answers_what_is_small():
    axes = np.ix_(range(1, 10_001), range(1, 10_001), range(1, 11))
    found = arrays.conv((axes[0], axes[1]), kernel_size=1, stride=axes[2])
    assert found.shape == (10_000, 10_000, 10)
    assert found.weights[1, 2, 3] == 1
    assert found.output[1][0, 9_999, 2] == 3_334  # ceil(10,000 / 3)
    refused = "macs of 1000000000 configurations takes 8000000000 bytes, more than the limit of 2147483648"
    with pytest.raises(ConvcalcError, match=refused):
        _ = found.macs


def test_the_memory_limit_is_exact():
    def found(limit):
        return arrays.conv((range(1, 11),), kernel_size=1, memory_limit=limit).output[0]

    assert found(80).tolist() == list(range(1, 11))
    with pytest.raises(ConvcalcError, match=r"output of 10 configurations takes 80 bytes.*use memory_limit=80"):
        found(79)


def test_figures_are_read_only_and_do_not_follow_what_was_given():
    strides = np.array([1, 2, 2**40])  # of which there is nothing smaller than int64 to be made
    found = arrays.conv((8, 8), kernel_size=2, stride=strides)
    strides[:] = 7
    assert found.output[0].tolist() == [7, 4, 1]
    assert strides.flags.writeable
    for figure in (found.fits, *found.output, found.weights, found.macs_exact):
        with pytest.raises(ValueError, match="read-only"):
            figure[0] = 1
    with pytest.raises(AttributeError):
        found.bias = False


def test_views_that_repeat_are_not_filled_in():
    found = arrays.conv((np.broadcast_to(np.arange(1, 4), (10**9, 3)),), kernel_size=np.broadcast_to(1, (10**9, 1)))
    assert found.shape == (10**9, 3)
    assert found.output[0].strides == (0, 8)
    assert found.output[0][-1].tolist() == [1, 2, 3]


def test_one_configuration_and_none():
    found = arrays.conv((28, 28), kernel_size=np.int32(5), padding=np.array(2))
    assert found.shape == ()
    assert int(found.macs_exact[()]) == 134 * 134
    assert found.layer(()) == Conv2d(1, 1, 5, padding=2)
    empty = arrays.conv((28,), kernel_size=np.array([], int), stride=np.ones((2, 1), int))
    assert empty.shape == (2, 0)
    assert all(np.shape(figure) == (2, 0) for figure in (empty.fits, empty.output[0], empty.macs, empty.dead_weights))


# A million at once, against the scalar formulas and against counting in plain NumPy


def million():
    """Windows that fit: size, kernel_size, stride, (before, after), dilation."""
    random = np.random.default_rng(7)
    kernel_size, stride, dilation = (random.integers(1, most, 10**6) for most in (5, 7, 4))
    before, after = random.integers(0, 6, (2, 10**6))
    size = np.maximum(random.integers(1, 40, 10**6), dilation * (kernel_size - 1) + 1)
    return size, kernel_size, stride, (before, after), dilation


MILLION = million()


def one(arguments, index):
    return tuple(one(part, index) if isinstance(part, tuple) else int(part[index]) for part in arguments)


def assert_scalars_agree(formula, arguments, found):
    for index in range(0, 10**6, 1997):
        exact = formula(*one(arguments, index))
        assert (one(found, index) if isinstance(found, tuple) else found[index]) == exact


def windows_where(first, length, outputs, stride):
    """Of windows 0 to outputs - 1, how many w have first <= w * stride < first + length."""
    below = [np.clip(np.ceil((limit) / stride).astype(int), 0, outputs) for limit in (first, first + length)]
    return below[1] - below[0]


def windows_on_real_elements():
    """For each tap, how many windows have it on a real element; 0 of taps that the kernel does not have."""
    size, kernel_size, stride, (before, after), dilation = MILLION
    outputs = (size + before + after - dilation * (kernel_size - 1) - 1) // stride + 1
    return [
        windows_where(before - tap * dilation, size, outputs, stride) * (tap < kernel_size) for tap in range(4)
    ], outputs


def test_a_million_windows():
    size, kernel_size, stride, (before, after), dilation = MILLION
    met, outputs = windows_on_real_elements()
    end = size + before + after - dilation * (kernel_size - 1)
    expected = {
        formulas.output_size: np.floor((end - 1) / stride).astype(int) + 1,
        formulas.leftover: end - 1 - (outputs - 1) * stride,
        formulas.real_taps: sum(met),
        formulas.live_taps: sum(windows > 0 for windows in met),
    }
    for formula, counted in expected.items():
        found = formula(*MILLION)
        assert np.array_equal(found, counted), formula
        assert_scalars_agree(formula, MILLION, found)


def test_a_million_read_elements():
    """All against the scalars now and then, the first of them against looking at each element."""
    size, kernel_size, stride, (before, after), dilation = MILLION
    arguments = size, size, kernel_size, stride, (before, after), dilation
    found = formulas.read_elements(*arguments)
    assert_scalars_agree(formulas.read_elements, arguments, found)
    few = slice(20_000)
    size, kernel_size, stride, before, dilation = (part[few] for part in (size, kernel_size, stride, before, dilation))
    outputs = formulas.output_size(*MILLION)[few]
    read = 0
    for element in range(40):
        from_first = [before + element - tap * dilation for tap in range(4)]
        reads = [
            (way % stride == 0) & (way >= 0) & (way // stride < outputs) & (tap < kernel_size)
            for tap, way in enumerate(from_first)
        ]
        read = read + (np.any(reads, axis=0) & (element < size))
    assert np.array_equal(found[few], read)


def test_a_million_that_round_up():
    size, kernel_size, stride, padding, dilation = MILLION
    found = formulas.ceil_padding(*MILLION)
    assert_scalars_agree(formulas.ceil_padding, MILLION, found)
    room = size + sum(padding) - dilation * (kernel_size - 1) - 1
    one_more = np.ceil(room / stride).astype(int) * stride
    assert np.array_equal(found, np.where(one_more < size + padding[0], one_more - room, 0))


def test_a_million_stamps():
    size, kernel_size, stride, (padding, extra), dilation = MILLION
    padding = np.minimum(padding, ((size - 1) * stride + dilation * (kernel_size - 1)) // 2)
    arguments = size, kernel_size, stride, padding, extra, dilation
    places = formulas.transposed_size(*arguments)
    assert np.array_equal(places, (size - 1) * stride + dilation * (kernel_size - 1) + 1 + extra - 2 * padding)
    landing = [windows_where(padding - tap * dilation, places, size, stride) * (tap < kernel_size) for tap in range(4)]
    for formula, counted in (
        (formulas.transposed_real_taps, sum(landing)),
        (formulas.transposed_live_taps, sum(elements > 0 for elements in landing)),
    ):
        found = formula(*arguments)
        assert np.array_equal(found, counted), formula
        assert_scalars_agree(formula, arguments, found)


def test_a_million_of_the_small_formulas():
    size, kernel_size, stride, _, dilation = MILLION
    for formula, arguments in {
        formulas.window_extent: (kernel_size, dilation),
        formulas.same_padding: (kernel_size, dilation),
        formulas.tensorflow_same_padding: (size, kernel_size, stride, dilation),
        formulas.transposed_extent: (kernel_size, stride, dilation),
        formulas.bin_elements: (size, kernel_size),
        formulas.largest_bin: (size, kernel_size),
    }.items():
        assert_scalars_agree(formula, arguments, formula(*arguments))
    common = np.gcd(size, kernel_size)
    assert np.array_equal(formulas.bin_elements(size, kernel_size), size + kernel_size - common)
    before, after = formulas.same_padding(kernel_size, dilation)
    assert np.array_equal(before + after, dilation * (kernel_size - 1))
    assert ((after - before == 0) | (after - before == 1)).all()


def test_a_million_swept_is_the_formulas():
    """In chunks, of int32 or int64, with those that do not fit among them."""
    size, kernel_size, stride, padding, dilation = MILLION
    found = arrays.conv((size,), kernel_size=kernel_size, stride=stride, padding=(padding,), dilation=dilation + 2)
    room = size + sum(padding) - (dilation + 2) * (kernel_size - 1) - 1
    fits = room >= 0
    assert 0 < fits.sum() < 10**6
    assert np.array_equal(found.fits, fits)
    assert np.array_equal(found.output[0], np.where(fits, room // stride + 1, 0))
    wide = arrays.conv((size,), kernel_size=kernel_size, padding=(padding,), dilation=dilation, in_channels=2**40)
    places = size + sum(padding) - dilation * (kernel_size - 1)
    assert np.array_equal(wide.macs, 2**40 * kernel_size * places)


# The edge of int64


NEAR = [1, 2, 3, 5, 2**21, 2**31 - 1, 2**31, 2**32 + 1, 3037000499, 2**61, 2**62 - 1, 2**62, MOST - 1, MOST]
near = st.sampled_from(NEAR) | st.integers(1, 9) | st.builds(max, st.just(1), st.integers(MOST - 9, MOST))


@st.composite
def near_the_edge(draw):
    length, rank = draw(st.integers(1, 3)), draw(st.integers(1, 2))

    def numbers(strategy):
        return draw(st.lists(strategy, min_size=length, max_size=length))

    padding = st.just(0) | near
    return {
        "sizes": tuple(numbers(near) for _ in range(rank)),
        "kernel_size": tuple(numbers(st.integers(1, 4) | near) for _ in range(rank)),
        "stride": tuple(numbers(st.integers(1, 4) | near) for _ in range(rank)),
        "dilation": tuple(numbers(st.integers(1, 3) | near) for _ in range(rank)),
        "padding": tuple((numbers(padding), numbers(padding)) for _ in range(rank)),
        "in_channels": numbers(st.integers(1, 4) | near),
        "out_channels": numbers(st.integers(1, 4) | near),
    }


@settings(max_examples=50, deadline=None)
@given(near_the_edge())
def test_near_the_edge_a_figure_is_exact_or_refused_because_it_is_beyond(given_):
    found = arrays.conv(given_["sizes"], **{name: value for name, value in given_.items() if name != "sizes"})
    exact = [of_layer(found.layer(index), found.input_shape(index)) for index in range(found.shape[0])]
    assert found.fits.tolist() == [one is not None for one in exact]
    outputs = [max(one["output"]) for one in exact if one]
    for name in FIGURES:
        values = [one[name] if one else None for one in exact]
        greatest = [max(value) if isinstance(value, tuple) else value for value in values if value is not None]
        refusal = refused(found, name)
        if refusal:
            by_output = name in MADE_FROM_OUTPUT and refusal.startswith("output ")
            assert refusal.startswith("output " if by_output else f"{name} ")
            assert "is beyond int64: ask for" in refusal
            assert [value for value in (outputs if by_output else greatest) if value > MOST], name
            assert next(int(word) for word in refusal.split() if word.isdigit()) > MOST
        else:
            assert not [value for value in greatest if value > MOST]
            nothing = (0,) * len(found.axes) if name in PER_AXIS else 0
            assert [at(found, name, index) for index in range(found.shape[0])] == [
                nothing if value is None else value for value in values
            ]


MADE_FROM_OUTPUT = ("connections", "macs", "flops", "output_elements")


def refused(found, name):
    try:
        getattr(found, name)
    except ConvcalcError as refusal:
        return str(refusal)
    return None


def test_the_last_that_fits_and_the_first_beyond():
    # 2**63 - 1 = 7 * 7 * 73 * 127 * 337 * 92737 * 649657
    maps = MOST // (7 * 7)
    found = arrays.conv((7,), kernel_size=7, in_channels=[1, maps], out_channels=7, bias=False)
    assert found.weights.tolist() == [49, MOST]
    assert found.macs.tolist() == [49, MOST]
    with pytest.raises(ConvcalcError, match=rf"^parameters {MOST + 7} at index 1 is beyond"):
        _ = arrays.conv((7,), kernel_size=7, in_channels=maps, out_channels=[6, 7]).parameters


def test_a_figure_beyond_int64_names_the_first_place():
    found = arrays.conv((5,), kernel_size=1, in_channels=np.array([1, 2**61]), out_channels=np.array([[3], [4]]))
    with pytest.raises(ConvcalcError) as refused:
        _ = found.weights
    assert str(refused.value) == (
        "weights 9223372036854775808 at index (1, 1) is beyond int64: ask for"
        " Conv1d(2305843009213693952, 4, 1) on [1, 2305843009213693952, 5] alone, exact at any size"
    )
    assert found.output[0].tolist() == [[5, 5], [5, 5]]
    with pytest.raises(ConvcalcError, match=r"^output along W 9223372036854775808 at index 1 is beyond"):
        _ = arrays.conv(([5, 5], [2, MOST]), kernel_size=2, padding=1).output


def test_the_first_place_is_found_in_any_chunk_and_of_what_has_fewer_axes():
    last = 2**16 + 4
    maps = np.ones(last + 1, int)
    maps[last] = 2**62
    with pytest.raises(ConvcalcError, match=rf"^weights {2**63} at index {last} is beyond"):
        _ = arrays.conv((5,), kernel_size=2, in_channels=maps).weights
    with pytest.raises(ConvcalcError, match=rf"^weights {2**63} at index \(0, 1\) is beyond"):
        _ = arrays.conv(([[5], [6]],), kernel_size=2, in_channels=[1, 2**62]).weights


def test_between_int32_and_int64():
    found = arrays.conv(([2**16, 2**16],), kernel_size=[1, 3], padding=[0, 1], in_channels=[2**15, 2**16])
    assert found.output[0].tolist() == [2**16, 2**16]
    assert found.macs.tolist() == [2**31, 3 * 2**32]
    assert arrays.conv(([2**16, 2**15],), kernel_size=1, in_channels=[2**15, 2**15]).macs.tolist() == [2**31, 2**30]


def test_what_does_not_fit_never_refuses():
    found = arrays.conv((5,), kernel_size=[3, MOST], dilation=[1, MOST], in_channels=2**40, out_channels=2**20)
    assert found.weights.tolist() == [3 * 2**60, 0]
    assert found.output[0].tolist() == [3, 0]
    assert found.dead_weights.tolist() == [0, 0]


def test_an_intermediate_result_beyond_int64_is_no_reason_to_refuse():
    found = arrays.conv((MOST,), kernel_size=[1, 3], padding=[1, 2], stride=2**40)
    exact = [(MOST + 2 * side - size) // 2**40 + 1 for size, side in ((1, 1), (3, 2))]
    assert found.output[0].tolist() == exact
    assert found.receptive_field[0].tolist() == [1, 3]


# Bounds


spans = st.builds(lambda low, width: (low, low + width), st.integers(-9, 9), st.integers(0, 6))
divisors = st.builds(lambda low, width: (low, low + width), st.integers(1, 5), st.integers(0, 5))


@pytest.mark.parametrize("operation", [operator.add, operator.sub, operator.mul, operator.floordiv, operator.mod])
@given(spans, st.data())
def test_spans_are_what_all_numbers_give(operation, left, data):
    right = data.draw(divisors if operation in (operator.floordiv, operator.mod) else spans)
    every = [operation(a, b) for a, b in product(*(range(low, high + 1) for low, high in (left, right)))]
    found = operation(Span(*left), Span(*right))
    if operation is operator.mod:
        assert found.low <= min(every)
        assert max(every) <= found.high < right[1]
    else:
        assert (found.low, found.high) == (min(every), max(every))
    assert found.peak == max(map(abs, (*left, *right, found.low, found.high)))


@given(spans, st.integers(1, 9))
def test_spans_and_single_numbers(ends, number):
    span, every = Span(*ends), range(ends[0], ends[1] + 1)
    for found, values in {
        abs(span): [abs(value) for value in every],
        -span: [-value for value in every],
        number - span: [number - value for value in every],
        number * span + number: [number * value + number for value in every],
        span // number: [value // number for value in every],
    }.items():
        assert (found.low, found.high) == (min(values), max(values))
    (low, high), remainders = ends, [value % number for value in every]
    found = span % number
    assert found.low <= min(remainders)
    assert max(remainders) <= found.high
    if low // number == high // number:
        assert (found.low, found.high) == (min(remainders), max(remainders))


def test_a_peak_is_remembered_and_a_divisor_is_not_0():
    assert ((Span(1, 10) * 1000 - 9990) // 1000).peak == 10_000
    with pytest.raises(ValueError, match="at least 1"):
        Span(1, 2) // Span(0, 3)


class Watched(int):
    """An int that remembers the largest magnitude of all that is made from it."""

    largest = 0


def watched(name):
    def made(*numbers):
        found = Watched(getattr(int, name)(*numbers))
        Watched.largest = max(Watched.largest, abs(int(found)))
        return found

    return made


for _name in ("add", "radd", "sub", "rsub", "mul", "rmul", "floordiv", "mod", "neg", "abs"):
    setattr(Watched, f"__{_name}__", watched(f"__{_name}__"))

small_or_large = st.integers(1, 6) | st.integers(1, 40) | near


@settings(max_examples=200, deadline=None)
@given(small_or_large, small_or_large, small_or_large, st.tuples(*[st.just(0) | small_or_large] * 2), small_or_large)
@example(1, MOST, 1, (0, 0), MOST)
@example(MOST, MOST, 1, (MOST, MOST), 1)
def test_no_intermediate_result_of_counting_taps_is_beyond_its_bound(size, kernel_size, stride, padding, dilation):
    """Of windows that fit and those that do not."""
    axis = size, kernel_size, stride, padding, dilation
    on_spans = tuple(
        tuple(Span(side, side) for side in part) if isinstance(part, tuple) else Span(part, part) for part in axis
    )
    watched_axis = tuple(tuple(map(Watched, part)) if isinstance(part, tuple) else Watched(part) for part in axis)
    for formula, bound in (
        (formulas.real_taps, figures.bound_of_real_taps),
        (formulas.live_taps, figures.bound_of_live_taps),
    ):
        Watched.largest = 0
        found = formula(*watched_axis)
        assert Watched.largest > 0
        assert Watched.largest <= figures.bound_of_taps(*on_spans).peak
        if formulas.slack(*axis) >= 0:
            assert 0 <= found <= bound(*on_spans).high


# What is refused


@pytest.mark.parametrize(
    ("given_", "message"),
    [
        ({"stride": [1, 0]}, "stride 0 at index 1 is too small: it must be at least 1"),
        ({"stride": (1, [[3, 1], [1, -2]])}, "stride along W -2 at index (1, 1) is too small: it must be at least 1"),
        ({"stride": 0}, "stride 0 is too small: it must be at least 1"),
        ({"padding": ((0, [1, -1]), 0)}, "padding along H -1 at index 1 is too small: it must be at least 0"),
        ({"padding": ((0, 1, 2), 0)}, "padding along H has 3 sides: give one value, or (before, after)"),
        ({"padding": "same"}, "padding 'same' is not a whole number: give an integer"),
        ({"sizes": (5, [1, 0])}, "size along W 0 at index 1 is too small: it must be at least 1"),
        ({"groups": [0]}, "groups 0 at index 0 is too small: it must be at least 1"),
        ({"in_channels": [0]}, "in_channels 0 at index 0 is too small: it must be at least 1"),
        ({"dilation": [1.0, 2]}, "dilation has the dtype float64: give integers"),
        ({"dilation": [True]}, "dilation has the dtype bool: give integers"),
        ({"kernel_size": ["3"]}, "kernel_size has the dtype <U1: give integers"),
        ({"kernel_size": True}, "kernel_size True is not a whole number: give an integer"),
        ({"kernel_size": np.array([3], object)}, "kernel_size has the dtype object: give integers"),
        ({"kernel_size": [[1], [2, 3]]}, "kernel_size is a list of rows that differ in length: give an array"),
        ({"kernel_size": [3, 2**64]}, f"kernel_size {2**64} at index 1 is beyond int64: {{}}"),
        ({"kernel_size": np.array([3, 2**63], np.uint64)}, f"kernel_size {2**63} at index 1 is beyond int64: {{}}"),
        ({"out_channels": 2**63}, f"out_channels {2**63} is beyond int64: {{}}"),
        (
            {"kernel_size": (3,)},
            "kernel_size has 1 entry for 2 axes: give one value, a list of values to sweep, or a tuple of 2",
        ),
        (
            {"stride": [1, 2], "groups": [[1], [1]], "dilation": ([1, 1, 1], 1)},
            "shapes do not broadcast together: stride (2,), dilation (3,):"
            " give arrays of one shape, or an open grid as of numpy.ix_",
        ),
        ({"bias": [True]}, "bias [True] is neither true nor false: sweep with and without it apart"),
        (
            {"sizes": [28, 28]},
            "sizes must be a tuple of 1 to 3, for each axis an integer or integers: use sizes=(28, 28)",
        ),
        (
            {"sizes": tuple(np.broadcast_to(5, shape) for shape in ((2**30, 1), (1, 2**31)))},
            f"{2**61} configurations are more than NumPy can index: sweep fewer at once",
        ),
    ],
)
def test_what_is_refused(given_, message):
    settings_ = {"sizes": (9, 9), "kernel_size": 1} | given_
    with pytest.raises(ConvcalcError) as refused:
        arrays.conv(settings_.pop("sizes"), **settings_)
    assert str(refused.value) == message.format(f"give at most {MOST}, or ask a layer, exact at any size")


@pytest.mark.parametrize(
    ("index", "message"),
    [
        (2, "index 2 is outside the sweep's shape (2,)"),
        ((0, 0), "index (0, 0) is outside the sweep's shape (2,)"),
        (0.5, "index 0.5 is not an integer, nor a tuple of integers"),
    ],
)
def test_an_index_outside(index, message):
    with pytest.raises(ConvcalcError) as refused:
        arrays.conv((9,), kernel_size=[1, 2]).layer(index)
    assert str(refused.value) == message


@pytest.mark.parametrize(
    ("kernel_size", "dilation", "in_channels"), [(101, 1000, [1, 2]), (10_000, 1, [3, 64]), (3, 2**31, [1, 2])]
)
def test_what_does_not_fit_is_0_whatever_it_would_come_to(kernel_size, dilation, in_channels):
    found = arrays.conv((28, 28), kernel_size=kernel_size, dilation=dilation, in_channels=in_channels, out_channels=64)
    assert not found.fits.any()
    for figure in (found.macs_exact, found.macs, found.dead_weights, found.connections):
        assert figure.tolist() == [0, 0]
