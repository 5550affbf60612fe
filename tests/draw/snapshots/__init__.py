"""A handful of pictures as they were when somebody last looked at them.

``python -m tests.draw.snapshots`` writes them anew: then look at each one that has changed, in a browser, before it is
committed.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from convcalc import Conv2d, ConvTranspose2d, MaxPool2d, trace, zoo
from convcalc.draw.chart.picture import chart_picture
from convcalc.draw.connections.picture import connections_picture
from convcalc.draw.layer.picture import layer_picture
from convcalc.draw.network.picture import network_picture
from convcalc.draw.receptive_field.picture import field_picture
from convcalc.layers.base import Layer
from convcalc.report import Report

HERE = Path(__file__).parent


def lenet() -> Report:
    """LeNet-5 as in the paper."""
    return trace(zoo.build("lenet5"), (1, 1, 32, 32))


def of(layer: Layer, size: int, look: str = "flat") -> str:
    """The picture of a layer of one map."""
    return layer_picture(trace(layer, (1, 1, size, size)).rows[0], look=look)


PICTURES: dict[str, Callable[[], str]] = {
    "conv": lambda: of(Conv2d(1, 1, 3, stride=2, padding=1), 5),
    "dilated-iso": lambda: of(Conv2d(1, 1, 3, dilation=2), 7, "iso"),
    "pool-ceil": lambda: of(MaxPool2d(3, 2, ceil_mode=True), 6),
    "transposed": lambda: of(ConvTranspose2d(1, 1, 3, stride=2, padding=1, output_padding=1), 3),
    "lenet5": lambda: network_picture(lenet(), name="lenet5"),
    "lenet5-c3": lambda: connections_picture(lenet().rows[2]),
    "lenet5-macs": lambda: chart_picture(lenet(), "macs"),
    "vgg16-pool3": lambda: field_picture(trace(zoo.build("vgg16"), (1, 3, 224, 224)), "features.16"),
}


def path(name: str) -> Path:
    """Where the picture of that name is kept."""
    return HERE / f"{name}.svg"


def write() -> None:
    """Write all of them anew."""
    for name, draw in PICTURES.items():
        path(name).write_text(draw(), encoding="utf-8", newline="")
