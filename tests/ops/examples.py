"""One or more layers of every operation of the engine, with an input shape, for what must hold for all of them."""

from __future__ import annotations

import convcalc
from convcalc import engine
from convcalc.layers.base import Layer

N, C, H = 2, 4, 6

Example = tuple[Layer, tuple[tuple[int, ...], ...]]


def layers(kind: str, *argument_lists: tuple, shape: tuple[int, ...] = (N, C, H, H), **settings) -> list[Example]:
    return [(getattr(convcalc, kind)(*arguments, **settings), (shape,)) for arguments in argument_lists]


VECTOR, LINE, VOLUME = (N, C), (N, C, H), (N, C, H, H, H)

EXAMPLES: list[Example] = [
    *layers("Conv1d", (C, 3, 3), shape=LINE),
    *layers("Conv2d", (C, 8, 3), stride=2, padding=1, dilation=2, groups=2),
    *layers("Conv2d", (C, 3, 4), padding="same", padding_mode="reflect"),
    *layers("Conv2d", (C, 2, 3), table=[[0], [0, 1]]),
    *layers("Conv2d", (C, 5, 1), (C, 5, H)),
    *layers("Conv3d", (C, 3, 2), shape=VOLUME),
    *layers("ConvTranspose1d", (C, 3, 3), shape=LINE),
    *layers("ConvTranspose2d", (C, 6, 3), stride=2, padding=1, output_padding=1, groups=2),
    *layers("ConvTranspose3d", (C, 3, 2), shape=VOLUME),
    *layers("Linear", (C, 3), shape=VECTOR),
    *layers("Linear", (H, 3), shape=LINE),
    *layers("RBF", (C, 3), shape=VECTOR),
    *layers("Subsampling2d", (C, 2)),
    *layers("ScaledTanh", ()),
    *layers("MaxPool2d", (3, 2, 1, 2), ceil_mode=True),
    *layers("AvgPool2d", (3, 2, 1), ceil_mode=True, count_include_pad=False),
    *layers("AvgPool3d", (2,), divisor_override=2, shape=VOLUME),
    *layers("LPPool1d", (2, 3), shape=LINE),
    *layers("AdaptiveAvgPool2d", ((4, None),), (1,)),
    *layers("AdaptiveMaxPool3d", (2,), shape=VOLUME),
    *[
        example
        for name in (
            *("ReLU", "ReLU6", "Sigmoid", "Tanh", "SELU", "SiLU", "Mish", "Hardsigmoid", "Hardswish", "LogSigmoid"),
            *("Softsign", "Tanhshrink", "LeakyReLU", "RReLU", "ELU", "CELU", "GELU", "Hardshrink", "Softshrink"),
            *("Hardtanh", "Softplus", "Identity", "Dropout", "Softmax2d"),
        )
        for example in layers(name, ())
    ],
    *layers("GELU", ("tanh",)),
    *layers("Threshold", (0.1, 20)),
    *layers("GLU", (1,)),
    *layers("PReLU", (C,)),
    *layers("Dropout1d", (), shape=LINE),
    *layers("Softmax", (1,), (-1,)),
    *layers("Softmin", (1,)),
    *layers("LogSoftmax", (1,)),
    *layers("BatchNorm1d", (C,), shape=VECTOR),
    *layers("BatchNorm2d", (C,)),
    *layers("BatchNorm2d", (C,), track_running_stats=False),
    *layers("InstanceNorm2d", (C,), affine=True),
    *layers("GroupNorm", (2, C)),
    *layers("LayerNorm", (H,), ((H, H),)),
    *layers("RMSNorm", (H,)),
    *layers("LocalResponseNorm", (3,)),
    *layers("ConstantPad2d", ((1, -1, 2, 0), 0.5)),
    *layers("ReflectionPad1d", (2,), shape=LINE),
    *layers("ReplicationPad3d", (2,), shape=VOLUME),
    *layers("CircularPad2d", ((1, -1, 2, 0),)),
    *layers("Flatten", ()),
    *layers("Unflatten", (1, (2, -1)), shape=VECTOR),
    *layers("PixelShuffle", (2,)),
    *layers("PixelUnshuffle", (2,)),
    *layers("ChannelShuffle", (2,)),
    *layers("Unfold", (3,), padding=1),
    *layers("Fold", (5, 3), padding=1, shape=(N, 36, 25)),
    *[
        example
        for mode in ("nearest", "nearest-exact", "bilinear", "bicubic", "area")
        for example in layers("Upsample", (7,), mode=mode)
    ],
    *layers("UpsamplingBilinear2d", (), scale_factor=1.5),
    *[(getattr(convcalc, name)(), ((N, C, H, H),) * 3) for name in ("Add", "Mul", "Concat")],
]


def operation_of(layer: Layer) -> type[Layer]:
    return next(base for base in type(layer).__mro__ if base in engine.OPERATIONS)
