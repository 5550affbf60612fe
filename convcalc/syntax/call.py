"""A layer's name and settings to the layer, and what is wrong with them in one line."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from functools import cache
from inspect import Parameter, signature
from typing import Any

from convcalc.errors import ConvcalcError
from convcalc.layers import FAMILIES, Layer, kind
from convcalc.syntax.torch_names import NAMES

LONGEST = 60  # characters of a name for which a near one is sought
_OPEN = (Parameter.VAR_POSITIONAL, Parameter.VAR_KEYWORD)
_FREE = ("device", "dtype")  # where PyTorch keeps a layer, and in which numbers: nothing that is counted here


def nearest(name: str, names: Collection[str]) -> str | None:
    """The name that was meant, if one is near; upper and lower case are the same.

    >>> nearest("relu", ["ELU", "ReLU"]), nearest("xyz", ["ELU", "ReLU"])
    ('ReLU', None)
    """
    if len(name) > LONGEST:
        return None
    from difflib import get_close_matches

    lower = {known.lower(): known for known in names}
    found = get_close_matches(name.lower(), lower, n=1)
    return lower[found[0]] if found else None


def unknown(name: str) -> ConvcalcError:
    """The refusal of a name that is no layer's.

    >>> print(unknown("Conv2D"))
    Conv2D is not a layer that convcalc knows: did you mean Conv2d?
    >>> print(unknown("LSTM"))
    PyTorch has LSTM, which convcalc does not know yet: write what it computes with layers that it knows
    """
    if name in NAMES:
        return ConvcalcError(
            f"PyTorch has {name}, which convcalc does not know yet: write what it computes with layers that it knows"
        )
    near = nearest(name, FAMILIES)
    remedy = f"did you mean {near}?" if near else "it knows most of torch.nn, such as Conv2d(3, 16, 4)"
    return ConvcalcError(f"{name[:LONGEST]} is not a layer that convcalc knows: {remedy}")


def make(name: str, args: Sequence[Any], settings: Mapping[str, Any], written: Callable[[], str]) -> Layer:
    """The layer of that name with these settings; ``written`` says how they were written.

    >>> make("Conv2d", [3, 16], {"kernel_size": 4}, str)
    Conv2d(3, 16, 4)
    """
    if name not in FAMILIES:
        raise unknown(name)
    _check(name, parameters(name), args, settings, written)
    try:
        return kind(name)(*args, **settings)
    except ConvcalcError:
        raise
    except (TypeError, ValueError, ArithmeticError) as error:
        problem = " ".join(str(error).split()).removeprefix(f"{name}: ")
        raise ConvcalcError(f"cannot make {written()}: {problem}") from None


def takes(name: str, setting: str) -> bool:
    """Whether a layer has a setting of that name.

    >>> takes("Conv2d", "stride"), takes("Conv2d", "device")
    (True, False)
    """
    return setting in parameters(name)


@cache
def parameters(name: str) -> Mapping[str, Parameter]:
    """The settings of a layer, as its constructor has them.

    >>> list(parameters("Linear"))
    ['in_features', 'out_features', 'bias']
    """
    return signature(kind(name)).parameters


def is_free(name: str, setting: str) -> bool:
    """Whether a keyword is one of PyTorch's that change nothing here.

    >>> is_free("Conv2d", "device"), is_free("Sequential", "device")
    (True, False)
    """
    return setting in _FREE and FAMILIES.get(name) not in ("containers", "join", None)


def _check(
    name: str,
    known: Mapping[str, Parameter],
    args: Sequence[Any],
    settings: Mapping[str, Any],
    written: Callable[[], str],
) -> None:
    """Refuse settings that the constructor does not take, in words of ours."""
    kinds = {parameter.kind for parameter in known.values()}
    named = [setting for setting, parameter in known.items() if parameter.kind not in _OPEN]
    if Parameter.VAR_KEYWORD not in kinds:
        for setting in settings:
            if setting not in named:
                raise ConvcalcError(_no_setting(name, setting, named))
    if Parameter.VAR_POSITIONAL in kinds:
        return
    positional = [setting for setting in named if known[setting].kind is not Parameter.KEYWORD_ONLY]
    if len(args) > len(positional):
        most = f"at most {len(positional)} settings" if positional else "no settings"
        raise ConvcalcError(f"{written()} gives {len(args)}: {name} takes {most}")
    for setting in positional[: len(args)]:
        if setting in settings:
            raise ConvcalcError(f"{written()} gives {setting} twice: leave one out")
    needed = [setting for setting in named if known[setting].default is Parameter.empty]
    missing = [setting for setting in needed if setting not in settings and setting not in positional[: len(args)]]
    if missing:
        raise ConvcalcError(f"{written()} gives no {' and no '.join(missing)}: {name} needs {', '.join(needed)}")


def _no_setting(name: str, setting: str, named: Sequence[str]) -> str:
    if not named:
        return (
            f"{name} takes layers only, no {setting[:LONGEST]}: leave it out"
            if name == "Sequential"
            else (f"{name} has no {setting[:LONGEST]}: it has no settings")
        )
    near = nearest(setting, named)
    remedy = f"did you mean {near}?" if near else f"it has {', '.join(named)}"
    return f"{name} has no {setting[:LONGEST]}: {remedy}"
