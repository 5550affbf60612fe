"""What units see: beside PyTorch, beside a slow model, and where too many units differ."""

from __future__ import annotations

from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from convcalc import syntax, trace
from convcalc.layers.windows import Window
from convcalc.receptive_field import Field, Reading, hull, through, through_window, union
from tests.helpers import stored

CASES = stored("torch_receptive_field.jsonl.gz")


def differences(case):
    """Where what we say of a network is not what PyTorch said."""
    report = trace(syntax.parse(f"Sequential({case['network']})"), tuple(case["input"]))
    for axis, (field, seen, beyond) in enumerate(zip(report.field, case["sees"], case["beyond"], strict=True)):
        if len(seen) != report.output[2 + axis]:
            yield f"axis {axis}: {report.output} units, PyTorch has {len(seen)}"
            continue
        largest = max((each[1] - each[0] for each in seen if each), default=0)
        for unit, (true, is_beyond) in enumerate(zip(seen, beyond, strict=True)):
            ours = field.sees(unit)
            if is_beyond:  # then it may see more by convention, but not less
                if true and not (ours and ours[0] <= true[0] and true[1] <= ours[1]):
                    yield f"axis {axis}, unit {unit}: {ours} where PyTorch has {true}"
            elif ours != (tuple(true) if true else None):
                yield f"axis {axis}, unit {unit}: {ours} where PyTorch has {true}"
        ours = [field.sees(unit) for unit in range(len(seen))]
        assert field.size == max((each[1] - each[0] for each in ours if each), default=0)
        whole = [each[1] - each[0] for each, is_beyond in zip(ours, beyond, strict=True) if each and not is_beyond]
        if field.size != largest and (field.size in whole or not any(beyond) or field.size < largest):
            yield f"axis {axis}: size {field.size} where PyTorch has {largest}"


def test_the_fields_are_those_of_pytorch():
    assert len(CASES) >= 400
    assert sum(not any(map(any, case["beyond"])) for case in CASES) >= 80  # where every unit must agree
    for case in CASES:
        assert not [*differences(case)], case["network"]


def report_of(text, *sizes):
    return trace(syntax.parse(f"Sequential({text})"), (1, 1, *sizes))


@pytest.mark.parametrize(
    ("network", "size", "seen"),
    [
        ("Conv1d(1,1,3,padding=1), Upsample(scale_factor=2,mode='linear'), Conv1d(1,1,3,padding=1)", 224, 5),
        ("Upsample(scale_factor=2), AvgPool1d(4, 2)", 224, 2),
        ("AdaptiveAvgPool1d(5), Conv1d(1,1,3,padding=1)", 64, 40),
        ("Upsample(size=301, mode='linear', align_corners=True), Conv1d(1,1,3,padding=1)", 224, 4),
        # One place in three lies on an element, whose neighbours have no weight.
        ("Upsample(scale_factor=3, mode='linear')", 9, 2),
        ("Upsample(scale_factor=3, mode='linear'), Conv1d(1, 1, 1, stride=3)", 9, 2),
        ("Upsample(scale_factor=3, mode='linear'), ZeroPad1d((-1, 0)), Conv1d(1, 1, 1, stride=3)", 9, 1),
        # Units that see nothing: of a stride above the kernel's size, and on padding alone.
        ("ConvTranspose1d(1, 1, 1, stride=3), Conv1d(1, 1, 3)", 9, 1),
        ("ConvTranspose1d(1, 1, 1, stride=3), Conv1d(1, 1, 4)", 9, 2),
        ("ConvTranspose1d(1, 1, 1, stride=3), Conv1d(1, 1, 2, dilation=2)", 9, 1),
        ("ConvTranspose1d(1, 1, 1, stride=3), ZeroPad1d((-1, -2))", 2, 0),
        # One unit for all, and what is added to it: an image pooled and brought back to its size.
        ("AdaptiveAvgPool1d(1), Upsample(64), Conv1d(1, 1, 3, padding=1)", 64, 64),
        ("Branches(Conv1d(1, 1, 3), Sequential(AdaptiveAvgPool1d(1), Upsample(62)))", 64, 64),
        ("Branches(Identity(), AdaptiveAvgPool1d(1), join='mul')", 64, 64),
        # Maps behind one another along the axis keep their fields.
        (
            "Branches(Conv1d(1, 1, 3), Conv1d(1, 1, 5), dim=2), AvgPool1d(2, 1)",
            20,
            20,
        ),  # 17 to 19 beside 0 to 4, one behind the other
    ],
)
def test_the_size_is_the_largest_of_all_units(network, size, seen):
    (field,) = report_of(network, size).field
    assert field.size == seen


@pytest.mark.parametrize(
    ("network", "seen"),
    [
        ("Conv1d(1,1,3,padding=1), Upsample(scale_factor=2,mode='linear'), Conv1d(1,1,3,padding=1)", 5),
        ("ConvTranspose1d(1, 1, 4, 2, 1), Conv1d(1, 1, 3, padding=1), AvgPool1d(2), AdaptiveAvgPool1d(1)", 10**30),
        ("Residual(Sequential(MaxPool1d(2), Upsample(scale_factor=2))), Conv1d(1, 1, 3, padding=1)", 4),
        ("AdaptiveAvgPool1d(3), Conv1d(1, 1, 3, padding=1)", 10**30),
        (f"Upsample({3 * 10**30 // 2}), Conv1d(1, 1, 100)", 67),
        ("AdaptiveAvgPool1d(30_000_001)", 10**30 // 30_000_001 + 2),
    ],
)
def test_at_any_size(network, seen):
    (field,) = report_of(network, 10**30).field
    assert field.size == seen


def test_what_would_need_too_many_positions_is_not_known():
    network = "Upsample(30_011, mode='linear', align_corners=True), Conv1d(1,1,3), ReLU(), Flatten(), Linear(30_009, 2)"
    report = report_of(network, 22_400)
    assert [row.field[0].size for row in report.rows] == [2, None, None, None, None]
    assert [(note.kind, note.layer, note.text) for note in report.notes] == [
        ("unknown", "1", "the receptive field is not known, as it needs more than 10,000 different positions")
    ]
    assert report_of("Upsample(10_002, mode='linear', align_corners=True), Conv1d(1,1,3)", 1_000).field[0].size is None
    assert report_of("Upsample(10_000, mode='linear', align_corners=True), Conv1d(1,1,3)", 1_000).field[0].size == 3
    wide = "Upsample(10_000, mode='linear', align_corners=True), Conv1d(1, 1, 31, padding=15)"
    assert report_of(wide, 1_000).field[0].size == 5  # 30 steps of 999/9999 are just less than 3


# Beside a slow model: every unit of every map, one by one


def slow(seen, reading):
    """What units see, from the list of what the units they read see."""
    size = len(seen)
    return [hull(seen[tap] for tap in reading.taps(i) if 0 <= tap < size) for i in range(reading.output_size)]


@st.composite
def readings(draw, size):
    """Windows, stretched maps, bins and single units, over an axis of that size."""
    kind = draw(st.sampled_from(["window", "window", "stretch", "bins", "ratio"]))
    if kind == "window":
        kernel_size, dilation = draw(st.integers(1, 12)), draw(st.integers(1, 3))
        extent = dilation * (kernel_size - 1) + 1
        before, after = draw(st.integers(-2, 6)), draw(st.integers(-2, 6))
        after += max(0, extent - size - before - after)
        return Window(size, kernel_size, draw(st.integers(1, 4)), (before, after), dilation, "zeros")
    if kind == "stretch":
        step = draw(st.integers(2, 4))
        return Reading(size, size * step, step, 1, lambda i: range(i // step, i // step + (i % step == 0)), 1)
    count = draw(st.integers(1, 3 * size))
    common = Fraction(size, count)
    if kind == "bins":
        return Reading(
            size,
            count,
            common.denominator,
            common.numerator,
            lambda i: range(i * size // count, -(-(i + 1) * size // count)),
            -(-size // count) + 1,
        )
    wide = draw(st.integers(1, 3))
    taps = lambda i: range(i * size // count - 1, i * size // count - 1 + wide)  # noqa: E731
    return Reading(size, count, common.denominator, common.numerator, taps, wide)


@given(st.data(), st.integers(1, 30), st.integers(1, 5))
def test_patterns_say_what_a_list_of_all_units_says(data, size, depth):
    field, jump = Field(3, 2, -1, 2 * size + 1), 2
    seen = [(i * jump - 1, i * jump + 2) for i in range(size)]
    for _ in range(depth):
        reading = data.draw(readings(size))
        if isinstance(reading, Window):
            listed = Reading(size, reading.output_size, 1, reading.stride, reading.taps, reading.kernel_size)
            alike = field.is_uniform
            field = through_window(field, reading)
        else:
            listed, alike = reading, field.is_uniform and reading.period == 1
            field = through(field, reading)
        expected = slow(seen, listed)
        size = listed.output_size
        if alike:  # then it may see more, beyond the ends
            expected = [field.sees(i) for i in range(size)]
        assert [field.sees(i) for i in range(size)] == expected
        assert field.size == max((each[1] - each[0] for each in expected if each), default=0)
        seen = expected
        if size > 400:
            return
    both = union([(field,), (Field(1, 1, 5, size),)], [(1, 1, size)] * 2)[0]
    assert [both.sees(i) for i in range(size)] == [hull([each, (5 + i, 6 + i)]) for i, each in enumerate(seen)]
    whole = hull(seen)
    assert field.whole().size == (whole[1] - whole[0] if whole else 0)
