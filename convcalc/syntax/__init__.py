"""Text to layers: an expression, a ``.py`` file, or what PyTorch prints of a model. Nothing is ever executed."""

from __future__ import annotations

from convcalc.syntax.expression import parse as parse
from convcalc.syntax.source import MOST_CHARACTERS as MOST_CHARACTERS
from convcalc.syntax.source import Parsed as Parsed
