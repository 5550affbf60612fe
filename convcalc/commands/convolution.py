"""The convolution that is typed: how its settings are read, and behind which network it is added."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import partial
from typing import Any, NamedTuple

from convcalc import formulas
from convcalc.commands import values
from convcalc.errors import ConvcalcError
from convcalc.layers.block import rank_of
from convcalc.layers.conv import PADDING_MODES, Conv, Conv1d, Conv2d, Conv3d
from convcalc.layers.settings import Shape, counted, divisors, per_axis, spell
from convcalc.network import Network
from convcalc.walk import trace

KINDS: dict[int, type[Conv]] = {1: Conv1d, 2: Conv2d, 3: Conv3d}
NO_KERNEL = "no kernel size given: add --k 3, or --k 3x5 for one number per axis"

# How each setting is read from its text.
READ: dict[str, Callable[[str], Any]] = {
    "kernel_size": partial(values.per_axis, "--k"),
    "stride": partial(values.per_axis, "--s"),
    "padding": partial(values.padding, "--p"),
    "dilation": partial(values.per_axis, "--d"),
    "groups": partial(values.integer, "--g"),
    "out_channels": partial(values.integer, "--out"),
    "padding_mode": lambda text: values.one_of("--padding-mode", text, tuple(PADDING_MODES)),
}


class Place(NamedTuple):
    """Where a convolution is added: the network so far, its input, and its output, which the convolution reads."""

    network: Network
    input: Shape
    output: Shape

    @property
    def rank(self) -> int:
        """Return the number of spatial axes."""
        return rank_of(self.network) or len(self.output) - 2

    @property
    def name(self) -> str:
        """Return a name for the convolution: the first of conv1, conv2, ... that is free."""
        taken = {node.name for node in self.network.nodes}
        number = 1
        while f"conv{number}" in taken:
            number += 1
        return f"conv{number}"


def place_of(sizes: list[str], verify: bool = False) -> Place:
    """Return where the convolution is added; refuse if none can be added there."""
    network, input_shape = _start(sizes)
    place = Place(network, input_shape, _output(network, input_shape, verify))
    if place.rank not in KINDS or len(place.output) - place.rank not in (1, 2):
        raise ConvcalcError(
            f"the network on stdin ends in {list(place.output)}, and a convolution needs channels and 1 to 3 axes:"
            " nothing can be added here"
        )
    return place


def _start(sizes: list[str]) -> tuple[Network, Shape]:
    """Return the network so far and its input: an empty network, or the one that is piped in."""
    if sizes == ["-"]:
        from convcalc.commands.source import json_of, text_of_stdin
        from convcalc.schema import network_from

        text = text_of_stdin("JSON")
        if not text.strip():
            raise ConvcalcError("stdin is empty: the command before may have failed; it must print JSON (--json)")
        return network_from(json_of(text))
    numbers = values.sizes(sizes)
    if len(numbers) not in (3, 4, 5):
        given = counted(len(numbers), "size") if numbers else "no sizes"
        raise ConvcalcError(
            f"{given} given: give 3 (N C L), 4 (N C H W) or 5 (N C D H W), such as 1 3 28 28, or - to read JSON"
        )
    return Network(()), numbers


def _output(network: Network, input_shape: Shape, verify: bool) -> Shape:
    """Return the output of the network so far. Before a verification, only what the engine refuses too is refused."""
    try:
        return trace(network, input_shape).output
    except ConvcalcError as error:
        only = f"layer {network.nodes[0].name!r}: " if len(network.nodes) == 1 else ""
        refusal = ConvcalcError(f"the network on stdin does not fit: {only}{error}")
    if not verify:
        raise refusal
    from convcalc.verify import plan

    try:
        steps = plan(network, input_shape)
    except ConvcalcError:
        raise refusal from None
    return steps[-1].output


def texts_of(options: object) -> dict[str, str | None]:
    """Return the texts of the convolution's settings, from a command's options."""
    texts = {name: getattr(options, name) for name in READ}
    return {name: text and values.with_x(text) for name, text in texts.items()}


def settings_of(texts: Mapping[str, str | None]) -> dict[str, Any]:
    """Return the convolution's settings, read from their texts."""
    if texts["kernel_size"] is None:
        raise ConvcalcError(NO_KERNEL)
    return {name: None if text is None else READ[name](text) for name, text in texts.items()}


def layer_for(example: Shape, settings: Mapping[str, Any], bias: bool) -> Conv:
    """Return the convolution with these settings, for an example of these channels and sizes."""
    rank, channels = len(example) - 1, example[0]
    groups, out_channels = settings["groups"], settings["out_channels"]
    if out_channels is None and groups > 0 and channels % groups:
        raise ConvcalcError(f"groups {groups} does not divide the {channels} channels: use groups={divisors(channels)}")
    if settings["padding"] == "same":
        _refuse_strided_same(example[1:], settings)
    # the fewest kernels there can be: one a group
    fewest = groups if out_channels is None else out_channels
    return KINDS[rank](in_channels=channels, bias=bias, **{**settings, "out_channels": fewest})


def _refuse_strided_same(sizes: Shape, settings: Mapping[str, Any]) -> None:
    """Refuse a strided `same`, which PyTorch does not have, and name the sides that TensorFlow pads."""
    strides, kernels, dilations = (
        per_axis(name, settings[name], len(sizes), least=1) for name in ("stride", "kernel_size", "dilation")
    )
    if set(strides) == {1} or 0 in sizes:
        return
    sides = tuple(map(formulas.tensorflow_same_padding, sizes, kernels, strides, dilations))
    spelled = "x".join(f"{before}:{after}" for before, after in sides)
    remedy = f"use --p {spelled} for that" if settings["padding_mode"] == "zeros" else "its padding is of zeros"
    raise ConvcalcError(
        f"padding 'same' needs stride 1, got {spell(strides)}: TensorFlow's SAME would pad {spelled} here, {remedy}"
    )
