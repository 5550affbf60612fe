"""What holds for every operation of the engine: independence, views, threads, memory, empty inputs."""

from __future__ import annotations

import inspect
import tracemalloc
import warnings
from itertools import product
from math import prod

import numpy as np
import pytest

import convcalc
from convcalc import ConvcalcError, engine, formulas
from convcalc.ops import blocks
from convcalc.ops.scratch import SCRATCH_BYTES
from tests.helpers import build, make, pattern, stored, weights_of
from tests.ops.examples import EXAMPLES, operation_of

every_operation = pytest.mark.parametrize(("layer", "shapes"), EXAMPLES, ids=repr)


def arrays_of(layer, shapes, dtype="float32"):
    rng = np.random.default_rng(0)
    return [engine.random_array(shape, rng, dtype) for shape in shapes], engine.random_weights(layer, rng, dtype)


def test_there_is_an_example_of_every_operation():
    assert {operation_of(layer) for layer, _ in EXAMPLES} == set(engine.OPERATIONS)


@every_operation
def test_the_engine_calls_no_formula_and_asks_a_layer_for_no_figure(layer, shapes, monkeypatch):
    inputs, weights = arrays_of(layer, shapes)
    before, counted = engine.execute(layer, *inputs, **weights), engine.count(layer, shapes[0])
    needed = engine.needed_bytes(layer, shapes, before.shape)
    assert before.shape == layer.output_shape(*shapes)
    assert (counted.connections, counted.macs) == (layer.connections(shapes[0]), layer.macs(shapes[0]))

    def broken(*_, **__):
        raise AssertionError("the engine must not ask")

    for name, function in inspect.getmembers(formulas, inspect.isfunction):
        if function.__module__ == formulas.__name__:
            monkeypatch.setattr(formulas, name, broken)
    for base in type(layer).__mro__[:-1]:
        for name, value in vars(base).items():
            if inspect.isfunction(value) and not name.startswith("__") and name != "known_rank":
                monkeypatch.setattr(base, name, broken)
        for name in ("parameters", "weights", "biases", "buffers", "weight_shape", "channel_pairs"):
            monkeypatch.setattr(base, name, property(broken), raising=False)
    assert (engine.execute(layer, *inputs, **weights) == before).all()
    assert engine.output_shape(layer, *shapes) == before.shape
    assert engine.count(layer, shapes[0]) == counted
    assert engine.needed_bytes(layer, shapes, before.shape) == needed


@every_operation
@pytest.mark.parametrize("dtype", ["float32", "float64", "float16", "int64", "uint8"])
def test_any_view_and_type_will_do_and_is_never_changed(layer, shapes, dtype):
    inputs = [np.asfortranarray(abs(pattern(shape, 0)).astype(dtype)[..., ::-1]) for shape in shapes]
    weights = {name: abs(pattern(shape, 1)).astype(dtype) for name, shape in engine.weight_shapes(layer).items()}
    for array in inputs:
        array.setflags(write=False)
    if isinstance(layer, convcalc.ConstantPad2d) and np.dtype(dtype).kind in "iu":
        return  # it puts 0.5 among integers, which is refused
    expected = engine.execute(layer, *(array.copy("C") for array in inputs), **weights)
    near = {"float16": 1e-2, "float32": 1e-4}.get(dtype, 1e-10)  # sums may be added in another order
    assert np.allclose(engine.execute(layer, *inputs, **weights), expected, rtol=near, atol=near, equal_nan=True)
    assert dtype not in ("float32", "float64", "float16") or expected.dtype == dtype


@every_operation
def test_what_is_not_read_may_be_left_out(layer, shapes):
    inputs, weights = arrays_of(layer, shapes)
    expected = engine.execute(layer, *inputs, **weights)
    weights.pop("num_batches_tracked", None)
    assert (engine.execute(layer, *inputs, **weights) == expected).all()


# Threads

LARGE = [
    (convcalc.Conv1d(64, 64, 9), (4, 64, 3000)),
    (convcalc.Conv2d(32, 64, 3, padding=1), (2, 32, 60, 61)),
    (convcalc.Conv2d(256, 256, 1), (1, 256, 40, 41)),
    (convcalc.Conv3d(16, 24, 3, padding=1), (1, 16, 20, 21, 22)),
    (convcalc.Conv3d(16, 24, 3, groups=2, stride=2), (3, 16, 31, 32, 33)),
    (convcalc.Conv2d(12, 24, 5, table=[[0, 1, 2], [3, 7, 8, 11]] * 12), (2, 12, 120, 121)),
    (convcalc.ConvTranspose1d(64, 64, 4, stride=2), (2, 64, 3000)),
    (convcalc.ConvTranspose2d(64, 32, 4, stride=2, padding=1), (1, 64, 40, 41)),
    (convcalc.ConvTranspose2d(64, 64, 3, groups=4), (3, 64, 50, 51)),
    (convcalc.ConvTranspose3d(16, 16, 3, stride=2, output_padding=1), (1, 16, 14, 15, 16)),
    (convcalc.Linear(1024, 1030), (33, 1024)),
    (convcalc.Linear(5000, 5001), (5000,)),
    (convcalc.Linear(200, 300), (4, 100, 200)),
    (convcalc.RBF(84, 100), (300, 84)),
    (convcalc.Softmax(1), (300, 1000)),
    (convcalc.LayerNorm(1000), (300, 1000)),
]


@pytest.mark.parametrize(("layer", "shapes"), [*((layer, (shape,)) for layer, shape in LARGE), *EXAMPLES], ids=repr)
@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_results_do_not_depend_on_the_number_of_threads_bit_for_bit(layer, shapes, dtype, monkeypatch):
    inputs, weights = arrays_of(layer, shapes, dtype)
    results = []
    for number in ("1", "2", "3"):
        monkeypatch.setenv("CONVCALC_THREADS", number)
        results.append(engine.execute(layer, *inputs, **weights).tobytes())
    assert results[0] == results[1] == results[2]


# Memory

BUFFERS = 2**19  # bytes that NumPy's own loops may take in two threads, whatever the size

ENOUGH = 2**21  # elements of an input that is several blocks large


def grown(layer, shape):
    """Return a shape for the same layer with about so many elements."""
    axes = list(shape)
    axes[0] = ENOUGH // prod(shape[1:])
    return tuple(axes)


WIDE = [
    (convcalc.Softmax(1), (1, 2**22)),
    (convcalc.LayerNorm(2**21), (1, 2**21)),
    (convcalc.RMSNorm(2**21), (2, 2**21)),
    (convcalc.InstanceNorm2d(1), (1, 1, 1024, 2048)),
    (convcalc.BatchNorm2d(1, track_running_stats=False), (1, 1, 1024, 2048)),
    (convcalc.LocalResponseNorm(3), (1, 512, 64, 64)),
    (convcalc.MaxPool2d(2), (1, 1, 2048, 2048)),
    (convcalc.AvgPool2d(3, 1, 1, count_include_pad=False), (1, 1, 1500, 1501)),
    (convcalc.AvgPool1d(3, 1, 1, count_include_pad=False), (1, 1, 2**21)),
    (convcalc.LPPool2d(2, 3, 2), (1, 1, 1500, 1501)),
    (convcalc.AdaptiveAvgPool2d((701, 703)), (1, 1, 1400, 1408)),
    (convcalc.AdaptiveMaxPool3d((60, 60, 5)), (1, 8, 50, 50, 50)),
    (convcalc.AdaptiveAvgPool2d((3000, 1)), (1, 1, 1, 2000)),
    (convcalc.ReflectionPad2d(30), (1, 1, 1500, 1501)),
    (convcalc.CircularPad2d((1, -1, 3, -300)), (1, 1, 1500, 1501)),
    (convcalc.ZeroPad2d((-700, 1, 1, 1)), (1, 1, 1500, 1501)),
    (convcalc.Upsample(scale_factor=2, mode="bilinear"), (1, 1, 700, 701)),
    (convcalc.Upsample(scale_factor=2, mode="linear"), (1, 1, 2**20)),
    (convcalc.Upsample(scale_factor=1.5, mode="bicubic"), (1, 2, 700, 701)),
    (convcalc.Upsample(scale_factor=0.5, mode="area"), (1, 1, 1500, 1501)),
    (convcalc.ConvTranspose2d(16, 32, 3, padding=1), (2, 16, 96, 96)),
    (convcalc.ConvTranspose2d(1024, 1024, 3), (1, 1024, 4, 4)),
    (convcalc.ConvTranspose1d(1, 1, 3), (1, 1, 1_000_000)),
    (convcalc.Conv3d(3, 4, 3, padding=1), (2, 3, 40, 100, 100)),
    (convcalc.Conv2d(64, 64, 3, padding=1), (1, 64, 112, 112)),
    (convcalc.Conv1d(1, 1, 3, padding=500_000, stride=1000), (1, 1, 1000)),
]


@pytest.mark.parametrize(
    ("layer", "shapes"),
    [
        *((layer, (shape,)) for layer, shape in WIDE),
        *((layer, tuple(grown(layer, shape) for shape in shapes)) for layer, shapes in EXAMPLES),
    ],
    ids=repr,
)
@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_the_memory_is_never_more_than_the_bound(layer, shapes, dtype, monkeypatch):
    monkeypatch.setenv("CONVCALC_THREADS", "2")
    needed = engine.needed_bytes(layer, shapes, engine.output_shape(layer, *shapes), dtype)
    engine.release_scratch()
    tracemalloc.start()
    inputs, weights = arrays_of(layer, shapes, dtype)
    tracemalloc.reset_peak()
    engine.count(layer, shapes[0])
    engine.execute(layer, *inputs, **weights)
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert peak <= needed + BUFFERS


def test_a_large_input_takes_little_beside_itself_and_the_output():
    for kind in (convcalc.Conv2d, convcalc.Conv3d, convcalc.ConvTranspose2d):
        layer = kind(16, 16, 3)
        shape = (64, 16, *[200 if kind is not convcalc.Conv3d else 34] * len(layer.kernel_size))
        output = engine.output_shape(layer, shape)
        elements = prod(shape) + prod(output) + sum(map(prod, engine.weight_shapes(layer).values()))
        assert engine.needed_bytes(layer, [shape], output) <= 4 * elements + SCRATCH_BYTES


def test_a_block_gives_what_the_whole_gives(monkeypatch):
    cases = [(layer, *arrays_of(layer, shapes, "float64")) for layer, shapes in EXAMPLES]
    whole = [engine.execute(layer, *inputs, **weights) for layer, inputs, weights in cases]
    monkeypatch.setattr(blocks, "BLOCK", 5)
    for (layer, inputs, weights), expected in zip(cases, whole, strict=True):
        assert np.allclose(engine.execute(layer, *inputs, **weights), expected, rtol=1e-12, atol=1e-14), layer


# Inputs without elements


@every_operation
def test_empty_axes_give_an_array_or_a_refusal_in_one_line(layer, shapes):
    first, *others = shapes
    weights = engine.random_weights(layer, np.random.default_rng(0), "float64")
    for emptied in product([False, True], repeat=len(first)):
        empty = tuple(0 if gone else size for gone, size in zip(emptied, first, strict=True))
        inputs = [np.ones(empty) for _ in shapes]
        with warnings.catch_warnings():
            warnings.simplefilter("error")
            try:
                expected = engine.output_shape(layer, *[empty] * (1 + len(others)))
            except ConvcalcError:
                with pytest.raises(ConvcalcError, match=r"^[^\n]*$"):
                    engine.execute(layer, *inputs, **weights)
                continue
            assert engine.execute(layer, *inputs, **weights).shape == expected
            assert engine.needed_bytes(layer, [empty] * (1 + len(others)), expected) >= 0
            engine.count(layer, empty)


@every_operation
def test_an_empty_batch_gives_an_empty_output(layer, shapes):
    if isinstance(layer, convcalc.ChannelShuffle | convcalc.InstanceNorm2d):
        return  # PyTorch refuses them
    _, weights = arrays_of(layer, shapes)
    empty = [(0, *shape[1:]) for shape in shapes]
    out = engine.execute(layer, *(np.ones(shape, np.float32) for shape in empty), **weights)
    assert out.shape == layer.output_shape(*empty)
    assert out.size == 0


# Values

FAMILIES = ("transposed", "pad", "reshape", "resample")


@pytest.mark.parametrize("family", FAMILIES)
def test_values_are_pytorchs(family):
    cases = stored(f"torch_{family}_values.jsonl.gz")
    assert len(cases) >= 60
    for case in cases:
        layer, x = build(case), pattern(case["input"], 0).astype(float)
        out = engine.execute(layer, x, **{name: array.astype(float) for name, array in weights_of(layer).items()})
        assert list(out.shape) == list(engine.output_shape(layer, tuple(case["input"]))) == case["output"], case
        assert np.allclose(out.ravel(), case["values"], rtol=1e-12, atol=1e-12), case


def test_every_kind_has_values():
    names = {case["layer"] for family in FAMILIES for case in stored(f"torch_{family}_values.jsonl.gz")}
    ranks = [
        f"{name}Pad{rank}d"
        for name in ("Zero", "Constant", "Reflection", "Replication", "Circular")
        for rank in (1, 2, 3)
    ]
    assert names >= {*ranks, *(f"ConvTranspose{rank}d" for rank in (1, 2, 3)), "Unflatten", "PixelShuffle"}
    assert names >= {
        "PixelUnshuffle",
        "ChannelShuffle",
        "Unfold",
        "Fold",
        "UpsamplingNearest2d",
        "UpsamplingBilinear2d",
    }
    modes = {case["settings"].get("mode") for case in stored("torch_resample_values.jsonl.gz")}
    assert modes >= {"nearest", "nearest-exact", "area", "linear", "bilinear", "bicubic", "trilinear"}


# Refusals


@pytest.mark.parametrize(
    ("layer", "shape", "message"),
    [
        (make("ConvTranspose1d", 2, 1, 1, bias=False), (1, 3, 4), "takes 2 channels and 1 axes"),
        (make("ConvTranspose1d", 2, 1, 1, bias=False), (1, 2, 0), "got a size of 0"),
        (make("ConvTranspose1d", 2, 1, 1, padding=2, bias=False), (1, 2, 4), "cuts off all that it makes"),
        (make("ZeroPad2d", 1), (4,), "pads 2 axes"),
        (make("ZeroPad1d", -3), (1, 4), "crops more than there is"),
        (make("ReflectionPad1d", 4), (1, 4), "reflect padding 4 is too wide for 4: use at most 3"),
        (make("ConstantPad1d", 1, 0.5), (1, 4), "puts 0.5 among integers: give floating-point numbers"),
        (make("Unflatten", 3, (2, 2)), (1, 4), "names an axis that .1, 4. does not have"),
        (make("Unflatten", 1, (2, 3)), (1, 4), "does not multiply up to axis 1"),
        (make("PixelShuffle", 2), (1, 3, 4, 4), "of 4 channels or a multiple"),
        (make("PixelUnshuffle", 2), (1, 3, 5, 4), "H and W multiples of 2"),
        (make("ChannelShuffle", 2), (1, 3, 4), "C a multiple of 2"),
        (make("Unfold", 5), (1, 3, 4, 4), "does not fit"),
        (make("Unfold", 2), (1, 0, 4, 4), "none of them 0"),
        (make("Fold", 5, 2), (1, 5, 16), "takes columns of 4 rows or a multiple"),
        (make("Fold", 5, 2), (1, 4, 15), "takes 16 columns"),
        (make("Upsample", 5, mode="linear"), (1, 3, 4, 4), "cannot take the 4 axes"),
        (make("Upsample", (5, 5)), (1, 3, 4), "gives 2 axes"),
        (make("Upsample", scale_factor=0.1), (1, 3, 4), "leaves nothing"),
    ],
)
def test_what_does_not_fit_is_refused(layer, shape, message):
    rng = np.random.default_rng(0)
    with pytest.raises(ConvcalcError, match=message):
        engine.execute(
            layer, np.ones(shape, int), **{k: v.astype(int) for k, v in engine.random_weights(layer, rng).items()}
        )


@pytest.mark.parametrize("name", ["BatchNorm", "InstanceNorm"])
def test_the_engine_refuses_what_the_formulas_of_a_normalisation_refuse(name):
    for affine, tracked, extra in product([False, True], [False, True], range(3)):
        layer = make(f"{name}2d", 3, affine=affine, track_running_stats=tracked)
        for shape in product([0, 1, 3], repeat=2 + extra):
            assert verdict(engine.output_shape, layer, shape) == verdict(type(layer).output_shape, layer, shape), shape


@pytest.mark.parametrize("name", ["ZeroPad", "ReflectionPad", "ReplicationPad", "CircularPad"])
def test_the_engine_refuses_what_the_formulas_of_padding_refuse(name):
    for padding, extra in product([0, 1, -1, (1, -2) * 2, (-3, 2) * 2], range(4)):
        layer = make(f"{name}2d", padding)
        for shape in product([0, 1, 2], repeat=1 + extra):
            assert verdict(engine.output_shape, layer, shape) == verdict(type(layer).output_shape, layer, shape), shape


def verdict(find, layer, shape):
    """The output's shape, or None where it is refused."""
    try:
        return tuple(find(layer, shape))
    except ConvcalcError:
        return None
