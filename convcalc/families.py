"""Which file of `layers` holds each layer; on its own, so that names are known before anything is loaded."""

from __future__ import annotations

FAMILIES = {
    "Conv1d": "conv",
    "Conv2d": "conv",
    "Conv3d": "conv",
    "Flatten": "dense",
    "Linear": "dense",
    "RBF": "lecun",
    "ScaledTanh": "lecun",
    "Subsampling2d": "lecun",
}
