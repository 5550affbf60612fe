"""Whatever its size, a layer takes little beside its input, its weights and its output; and says how much."""

import tracemalloc
from math import prod

import numpy as np
import pytest

import convcalc
from convcalc import engine
from tests.helpers import pattern

SCRATCH = 24 * 2**20  # of the 64 MiB that are allowed


def make(name, *args, **settings):
    return getattr(convcalc, name)(*args, **settings)


def taken(layer, *inputs, weights):
    """The peak of a run beside input and weights."""
    tracemalloc.start()
    engine.execute(layer, *inputs, **weights)
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    return peak


LARGE = [
    (make("SiLU"), (4, 2048, 2048)),
    (make("PReLU", 4), (1, 4, 2048, 2048)),
    (make("GELU"), (1, 2**23)),
    (make("GLU", 1), (1, 4, 2048, 2048)),
    (make("Softmax", 1), (1, 2**24)),
    (make("LogSoftmax", 1), (1, 2, 2048, 4096)),
    (make("BatchNorm2d", 4), (1, 4, 2048, 2048)),
    (make("BatchNorm2d", 4, track_running_stats=False), (1, 4, 2048, 2048)),
    (make("GroupNorm", 2, 4), (1, 4, 2048, 2048)),
    (make("LayerNorm", 1), (2**24, 1)),
    (make("RMSNorm", 2**24), (1, 2**24)),
    (make("LocalResponseNorm", 3), (1, 4, 2048, 1024)),
    (make("Linear", 16, 16), (2**20, 16)),
    (make("RBF", 64, 2), (2**18, 64)),
    (make("ScaledTanh"), (1, 2**23)),
    (make("Subsampling2d", 1, 2), (1, 4096, 4096)),
    (make("MaxPool2d", 2), (1, 1, 4096, 4096)),
    (make("AvgPool2d", 3, 1, 1, count_include_pad=False), (1, 1, 4096, 4096)),
    (make("AvgPool1d", 3, 1, 1, count_include_pad=False), (1, 1, 2**24)),
    (make("LPPool2d", 2, 3, 2), (1, 1, 4096, 4096)),
    (make("AdaptiveAvgPool2d", (3000, 2500)), (1, 1, 4096, 4096)),
    (make("ReflectionPad2d", 30), (1, 1, 4096, 4096)),
    (make("CircularPad2d", (1, -1, 3, -300)), (1, 1, 4096, 4096)),
    (make("ZeroPad2d", (-2000, 1, 1, 1)), (1, 1, 4096, 4096)),
    (make("Upsample", scale_factor=2, mode="bilinear"), (1, 1, 2048, 2048)),
    (make("Upsample", scale_factor=2, mode="linear"), (1, 1, 2**23)),
    (make("Upsample", scale_factor=0.5, mode="area"), (1, 1, 4096, 4096)),
    (make("Unfold", 2, padding=1), (1, 1, 2048, 2048)),
    (make("Fold", 2048, 2, stride=2), (1, 16, 2**20)),
]


@pytest.mark.parametrize(("layer", "shape"), LARGE, ids=repr)
def test_no_temporary_is_as_large_as_input_or_output(layer, shape):
    output = engine.output_shape(layer, shape)
    weights = {name: np.ones(sizes, np.float32) for name, sizes in engine.weight_shapes(layer).items()}
    assert taken(layer, np.ones(shape, np.float32), weights=weights) <= 4 * prod(output) + SCRATCH


def test_sums_of_several_make_one_array():
    x = np.ones(2**22, np.float32)
    assert taken(make("Add"), x, x, x, weights={}) <= x.nbytes + 2**16


@pytest.mark.parametrize(
    ("layer", "shape"),
    [
        (make("ConvTranspose2d", 4, 4, 2, stride=2), (1, 4, 2048, 1024)),
        (make("ConvTranspose2d", 4096, 2100, 1), (1, 4096, 1, 1)),
    ],
    ids=repr,
)
def test_a_large_transposed_convolution_goes_by_bands_and_by_maps(layer, shape):
    output = engine.output_shape(layer, shape)
    weights = {name: np.ones(sizes, np.float32) for name, sizes in engine.weight_shapes(layer).items()}
    assert taken(layer, np.ones(shape, np.float32), weights=weights) <= 4 * prod(output) + 64 * 2**20


MIDDLE = [
    *((make(name), (3, 700_000)) for name in ("SELU", "GELU", "Softshrink", "CELU", "Hardswish", "LogSigmoid")),
    (make("GLU", 1), (3, 700_000)),
    (make("Softmin", 1), (400_000, 3)),
    (make("LogSoftmax", 1), (3, 2, 200_000)),
    (make("BatchNorm1d", 200_000, affine=False, track_running_stats=False), (7, 200_000)),
    (make("InstanceNorm1d", 100_000), (7, 100_000, 2)),
    (make("GroupNorm", 1000, 2000), (700, 2000)),
    (make("LayerNorm", 2), (700_000, 2)),
    (make("RMSNorm", 2), (700_000, 2)),
    (make("LocalResponseNorm", 5), (3, 12, 200, 201)),
    (make("AvgPool1d", 3, 1, 1, count_include_pad=False), (1, 2, 700_000)),
    (make("LPPool2d", 2, 3, 2), (1, 2, 1500, 1501)),
    (make("AdaptiveAvgPool2d", (700, 701)), (1, 2, 1000, 1003)),
    (make("ReplicationPad2d", 10), (1, 2, 1000, 1003)),
    (make("Upsample", scale_factor=2), (1, 2, 500_000)),
    (make("Upsample", scale_factor=1.5, mode="bicubic"), (1, 2, 700, 701)),
    (make("Upsample", scale_factor=1, mode="bilinear"), (1, 2, 700, 701)),
    (make("ConvTranspose2d", 8, 8, 3, padding=1), (4, 8, 300, 301)),
]


@pytest.mark.parametrize("dtype", ["float32", "float64"])
@pytest.mark.parametrize(("layer", "shape"), MIDDLE, ids=repr)
def test_what_a_run_is_said_to_take_is_what_it_takes(layer, shape, dtype):
    operation = next(engine.OPERATIONS[base] for base in type(layer).__mro__ if base in engine.OPERATIONS)
    output, itemsize = engine.output_shape(layer, shape), np.dtype(dtype).itemsize
    weights = {name: np.ones(sizes, dtype) for name, sizes in engine.weight_shapes(layer).items()}
    peak = taken(layer, np.ones(shape, dtype), weights=weights)
    needed = operation.run_bytes(layer, shape, output, itemsize) + prod(output) * itemsize
    assert abs(needed - peak) <= 0.1 * peak + 2**16


def test_a_block_is_as_the_whole(monkeypatch):
    cases = [(layer, (2, 3, 6, 6)) for layer in (make("SiLU"), make("PReLU", 3), make("Softmax", 1), make("GLU", -1))]
    cases += [(make(name, 3), (2, 3, 6, 6)) for name in ("BatchNorm2d", "InstanceNorm2d", "LocalResponseNorm")]
    cases += [(make("LayerNorm", 6), (2, 3, 6, 6)), (make("GroupNorm", 3, 3), (2, 3, 6, 6))]
    cases += [(make(name, 3, 2), (2, 3, 6, 6)) for name in ("MaxPool2d", "AvgPool2d", "Subsampling2d")]
    cases += [(make("LPPool2d", 2, 3, 2, ceil_mode=True), (2, 3, 6, 6)), (make("AdaptiveAvgPool2d", 4), (2, 3, 6, 6))]
    cases += [(make("ReflectionPad2d", (2, -1, 3, 1)), (2, 3, 6, 6)), (make("CircularPad2d", 2), (2, 3, 6, 6))]
    modes = ("nearest", "bilinear", "bicubic", "area")
    cases += [(make("Upsample", scale_factor=1.5, mode=mode), (2, 3, 6, 6)) for mode in modes]

    def results():
        for layer, shape in cases:
            weights = {name: pattern(sizes, 1) * 1.0 for name, sizes in engine.weight_shapes(layer).items()}
            yield engine.execute(
                layer, pattern(shape, 0) * 1.0, **{name: abs(array) for name, array in weights.items()}
            )

    whole = list(results())
    modules = ("blocks", "norm", "local_response_norm", "pool", "adaptive", "softmax", "lecun", "resample", "pad")
    for module in modules:
        for name in ("BLOCK", "LARGE", "AT_ONCE"):
            monkeypatch.setattr(f"convcalc.ops.{module}.{name}", 5, raising=False)
    for (layer, _), before, after in zip(cases, whole, results(), strict=True):
        assert np.array_equal(before, after, equal_nan=True), layer
