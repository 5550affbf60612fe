from __future__ import annotations

import pytest

from tests.draw.snapshots import HERE, PICTURES, path


@pytest.mark.parametrize("name", PICTURES)
def test_a_picture_is_as_it_was_when_it_was_looked_at(name):
    """Where it is to be another: python -m tests.draw.snapshots."""
    assert PICTURES[name]().encode() == path(name).read_bytes()


def test_each_file_is_of_a_picture():
    assert {file.stem for file in HERE.glob("*.svg")} == set(PICTURES)
