"""JSON values as documents speak of them: their types, equality, and how a sentence shows one."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from typing import Final

from tokenassay.contracts.clauses import JsonType

WORDS: Final[dict[JsonType, str]] = {
    "string": "a string",
    "number": "a number",
    "integer": "an integer",
    "boolean": "a boolean",
    "array": "an array",
    "object": "an object",
    "null": "null",
}

_LONGEST_SHOWN: Final = 40
"""Characters of a user's own text that a message repeats."""

_MOST_BITS_SHOWN: Final = 128
"""Longer integers are described: Python refuses to write those of thousands of digits."""


def json_type(value: object) -> JsonType | None:
    """The JSON type of ``value``, or None where JSON has none for it.

    Only an ``int`` is an integer: servers that print "must be Integer" judge the literal, so
    ``1.0`` is a number here, though JSON Schema would let it pass.
    """
    if value is None:
        return "null"
    if isinstance(value, bool):
        return "boolean"
    if isinstance(value, int):
        return "integer"
    if isinstance(value, float):
        return "number"
    if isinstance(value, str):
        return "string"
    if isinstance(value, list | tuple):
        return "array"
    if isinstance(value, Mapping):
        return "object"
    return None


def fits(value: object, types: Iterable[JsonType]) -> bool:
    """Whether ``value`` has one of the types; an integer is a number too."""
    found = json_type(value)
    return any(found == one or (found == "integer" and one == "number") for one in types)


def same(value: object, expected: object) -> bool:
    """JSON equality: ``1`` equals ``1.0`` but not ``true``. As deep as ``expected`` at most."""
    if isinstance(value, bool) or isinstance(expected, bool):
        return value is expected
    if isinstance(value, list | tuple) and isinstance(expected, list | tuple):
        return len(value) == len(expected) and all(map(same, value, expected))
    if isinstance(value, Mapping) and isinstance(expected, Mapping):
        return value.keys() == expected.keys() and all(same(value[k], expected[k]) for k in value)
    if isinstance(value, list | tuple | Mapping) or isinstance(expected, list | tuple | Mapping):
        return False
    return value == expected


def shown(value: object) -> str:
    """``value`` as a sentence shows it: short, printable, and never an error."""
    if isinstance(value, str):
        cut = value if len(value) <= _LONGEST_SHOWN else value[: _LONGEST_SHOWN - 1] + "…"
        return json.dumps(cut, ensure_ascii=not cut.isprintable())
    if value is None or isinstance(value, bool):
        return json.dumps(value)
    if isinstance(value, int) and value.bit_length() > _MOST_BITS_SHOWN:
        return f"an integer of {value.bit_length()} bits"
    if isinstance(value, int | float):
        return repr(value)
    if isinstance(value, list | tuple):
        return f"an array of {len(value)}" if value else "an empty array"
    return "an object" if isinstance(value, Mapping) else "no JSON value"


def written(value: object) -> str:
    """``value`` as a server's message repeats it: bare text where that is plain, else shown."""
    if isinstance(value, str) and 0 < len(value) <= _LONGEST_SHOWN and value.isprintable():
        return value if not value.isspace() else shown(value)
    return shown(value)


def either(words: Iterable[str]) -> str:
    """``a``, ``a or b``, ``a, b or c``."""
    *most, last = words
    return f"{', '.join(most)} or {last}" if most else last
