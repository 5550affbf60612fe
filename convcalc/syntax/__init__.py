"""Text to layers: expressions, Python files and PyTorch's printed models. Nothing is ever executed."""

from __future__ import annotations

from convcalc.syntax.expression import parse as parse
from convcalc.syntax.source import Parsed as Parsed
from convcalc.syntax.source import read_network as read_network
