"""Which file of `layers` holds each layer; on its own, so that names are known before anything is loaded."""

from __future__ import annotations


def _ranks(*names: str) -> list[str]:
    return [f"{name}{rank}d" for name in names for rank in (1, 2, 3)]


_NAMES = {
    "activation": [
        *("CELU", "ELU", "GELU", "GLU", "Hardshrink", "Hardsigmoid", "Hardswish", "Hardtanh", "LeakyReLU"),
        *("LogSigmoid", "LogSoftmax", "Mish", "PReLU", "RReLU", "ReLU", "ReLU6", "SELU", "SiLU", "Sigmoid", "Softmax"),
        *("Softmax2d", "Softmin", "Softplus", "Softshrink", "Softsign", "Tanh", "Tanhshrink", "Threshold"),
    ],
    "adaptive": _ranks("AdaptiveAvgPool", "AdaptiveMaxPool"),
    "block": ["Sequential"],
    "conv": _ranks("Conv"),
    "dropout": ["AlphaDropout", "Dropout", *_ranks("Dropout"), "FeatureAlphaDropout", "Identity"],
    "graph": ["Branches", "Residual"],
    "join": ["Add", "Concat", "Mul"],
    "lecun": ["RBF", "ScaledTanh", "Subsampling2d"],
    "linear": ["Linear"],
    "lazy": ["LazyLinear", *_ranks("LazyBatchNorm", "LazyConv", "LazyConvTranspose", "LazyInstanceNorm")],
    "norm": ["GroupNorm", "LayerNorm", "LocalResponseNorm", "RMSNorm", *_ranks("BatchNorm", "InstanceNorm")],
    "pad": _ranks("CircularPad", "ConstantPad", "ReflectionPad", "ReplicationPad", "ZeroPad"),
    "pool": _ranks("AvgPool", "LPPool", "MaxPool"),
    "resample": ["Upsample", "UpsamplingBilinear2d", "UpsamplingNearest2d"],
    "reshape": ["ChannelShuffle", "Flatten", "Fold", "PixelShuffle", "PixelUnshuffle", "Unflatten", "Unfold"],
    "transposed": _ranks("ConvTranspose"),
}

FAMILIES = {name: family for family, names in _NAMES.items() for name in names}
