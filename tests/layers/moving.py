"""What the tests of layers that move elements share: PyTorch's stored verdicts beside ours."""

from __future__ import annotations

from convcalc import ConvcalcError
from tests.helpers import build


def ours(case):
    try:
        layer = build(case)
        return list(layer.output_shape(case["input"])), layer.parameters
    except ConvcalcError:
        return None, None


def pytorchs(case):
    return case.get("output"), case.get("parameters")


def differing(cases, on_purpose=lambda case: False):
    """The cases in which our verdict, shape or parameters are others, but for what is refused on purpose."""
    return [(case, ours(case)) for case in cases if ours(case) != pytorchs(case) and not on_purpose(case)]


def check_enough(cases, names):
    assert len(cases) >= 800
    assert {case["layer"] for case in cases} == set(names)
    for name in names:
        refused = ["refusal" in case for case in cases if case["layer"] == name]
        assert any(refused), name
        assert not all(refused), name
