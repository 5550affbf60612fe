"""A document as JSON text: a line for each key and each object, while a list of numbers stays on one line."""

from __future__ import annotations

from json import JSONEncoder
from typing import Any

_encode = JSONEncoder().encode


def text(value: Any, indent: str = "") -> str:
    """Return the value as JSON.

    >>> print(text({"input": [1, 3, 28, 28], "layers": [{"name": "conv1"}], "totals": {}}))
    {
      "input": [1, 3, 28, 28],
      "layers": [
        {
          "name": "conv1"
        }
      ],
      "totals": {}
    }
    """
    inner = f"{indent}  "
    if isinstance(value, dict) and value:
        items = [f"{inner}{_encode(str(key))}: {text(item, inner)}" for key, item in value.items()]
        return "{\n" + ",\n".join(items) + f"\n{indent}}}"
    if isinstance(value, (list, tuple)) and any(isinstance(item, dict) for item in value):
        items = [inner + text(item, inner) for item in value]
        return "[\n" + ",\n".join(items) + f"\n{indent}]"
    return str(value) if type(value) is int else _encode(value)
