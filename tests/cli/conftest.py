"""Running the command line inside the test's own process."""

from __future__ import annotations

import io
import json
import shlex
import sys
from typing import NamedTuple

import pytest

from convcalc.cli import app


class Ran(NamedTuple):
    """What a command line left behind."""

    code: int
    out: str
    err: str

    @property
    def document(self):
        return json.loads(self.out)


class Stdin(io.StringIO):
    def __init__(self, text, terminal):
        super().__init__(text)
        self._terminal = terminal

    def isatty(self):
        return self._terminal


@pytest.fixture
def run(monkeypatch, capsys):
    """Run a command line, words apart or in one text, with text on stdin (None: a terminal)."""
    monkeypatch.delenv("FORCE_COLOR", raising=False)

    def run(*words, stdin=None):
        arguments = shlex.split(words[0]) if len(words) == 1 else list(words)
        monkeypatch.setattr(sys, "stdin", Stdin(stdin or "", terminal=stdin is None))
        with pytest.raises(SystemExit) as ended:
            app(arguments)
        out, err = capsys.readouterr()
        return Ran(ended.value.code, out, err)

    return run
