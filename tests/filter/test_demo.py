"""The demonstration picture: the same everywhere, and with something in it for every kernel."""

from __future__ import annotations

from zlib import crc32

import numpy as np

from convcalc.filter.apply import apply
from convcalc.filter.demo import demo
from convcalc.filter.presets import find

CORNER = (slice(132, 228), slice(208, 304))


def test_it_is_the_same_on_every_machine() -> None:
    """Only integers make it, so this number may change only with the picture."""
    picture = demo()
    assert (picture.shape, picture.dtype) == ((240, 320, 3), np.uint8)
    assert crc32(picture.tobytes()) == 2228351325


def test_no_two_calls_share_memory() -> None:
    first = demo()
    first[...] = 0
    assert demo().any()


def test_the_background_is_a_soft_gradient() -> None:
    edge = demo()[0].astype(int)
    assert (np.abs(np.diff(edge, axis=0)) <= 1).all()
    assert (edge[-1] - edge[0] > 30).all()


def test_the_ball_is_round_and_the_letter_is_symmetric() -> None:
    picture = demo().astype(int)
    inside = (picture[:, :118, 0] - picture[:, :118, 2] > 60)[:130]  # yellow and red
    assert np.array_equal(np.flatnonzero(inside.any(axis=1)), np.arange(19, 114))
    letter = (picture[22:111, 116:205] == (246, 241, 230)).all(axis=2)
    assert np.array_equal(letter, letter[:, ::-1])
    assert letter.sum() > 1000


def test_the_rings_get_finer_outwards() -> None:
    row = demo()[66, 256:302, 0].astype(int)
    turns = np.flatnonzero(np.diff(np.sign(np.diff(row))))
    assert len(turns) > 10
    assert turns[1] - turns[0] > turns[-1] - turns[-2]


def test_a_median_takes_the_salt_and_pepper_out() -> None:
    """Of 9216 pixels one in eight is black or white; a 5x5 median leaves hardly any."""
    picture = demo()
    out = apply(picture, find("median", size=5)).array

    def extreme(x: np.ndarray) -> int:
        return int(((x[CORNER] == 0) | (x[CORNER] == 255)).all(axis=2).sum())

    assert 900 < extreme(picture) < 1400
    assert extreme(out) < 20
