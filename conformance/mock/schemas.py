"""JSON Schemas read piece by piece: merged, and asked for their kind and bounds."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any


def merge(into: dict[str, Any], other: Mapping[str, Any]) -> None:
    """Adds ``other``'s demands; where both speak of one thing, both are kept if they can be."""
    for key, value in other.items():
        held = into.get(key)
        if key == "properties" and isinstance(held, Mapping) and isinstance(value, Mapping):
            into[key] = {
                **held,
                **{
                    n: {"allOf": [held[n], s]} if n in held and held[n] != s else s
                    for n, s in value.items()
                },
            }
        elif key == "required" and isinstance(held, list) and isinstance(value, list):
            into[key] = [*held, *(n for n in value if n not in held)]
        elif key in ("minimum", "exclusiveMinimum", "minLength", "minItems") and _two(held, value):
            into[key] = max(held, value)
        elif key in ("maximum", "exclusiveMaximum", "maxLength", "maxItems") and _two(held, value):
            into[key] = min(held, value)
        elif key == "enum" and isinstance(held, list) and isinstance(value, list):
            into[key] = [c for c in held if c in value]
        elif key == "type" and held is not None:
            into[key] = _common_type(held, value)
        else:
            into[key] = value


def _common_type(one: Any, other: Any) -> Any:
    first = one if isinstance(one, list) else [one]
    second = other if isinstance(other, list) else [other]
    both = [t for t in first if t in second]
    if not both and {"integer", "number"} <= {*first, *second}:
        both = ["integer"]
    return both or other


def kind_of(schema: Mapping[str, Any]) -> str:
    """The JSON type that a schema asks for, said or implied; a string where nothing says it."""
    kind = schema.get("type")
    if isinstance(kind, list):
        kind = next((k for k in kind if k != "null"), "null" if kind else None)
    if isinstance(kind, str):
        return kind
    for found, keys in (
        ("object", ("properties", "required", "minProperties")),
        ("array", ("items", "prefixItems", "minItems", "contains")),
        ("number", ("minimum", "maximum", "exclusiveMinimum", "exclusiveMaximum", "multipleOf")),
    ):
        if any(key in schema for key in keys):
            return found
    return "string"


def null_only(schema: Mapping[str, Any]) -> bool:
    """Whether nothing but null fits."""
    return schema.get("type") == "null" or schema.get("const", 0) is None


def bounds(schema: Mapping[str, Any]) -> tuple[float | int | None, float | int | None]:
    """Least and greatest number that a schema allows (open bounds of integers moved inwards)."""
    lows, highs = [number(schema.get("minimum"))], [number(schema.get("maximum"))]
    above, below = number(schema.get("exclusiveMinimum")), number(schema.get("exclusiveMaximum"))
    if kind_of(schema) == "integer":
        above = None if above is None else math.floor(above) + 1
        below = None if below is None else math.ceil(below) - 1
    low = max((n for n in (*lows, above) if n is not None), default=None)
    high = min((n for n in (*highs, below) if n is not None), default=None)
    return low, high


def number(value: Any) -> float | int | None:
    """``value`` where it is a number, else None."""
    return value if isinstance(value, int | float) and not isinstance(value, bool) else None


def whole(value: Any, otherwise: int) -> int:
    """``value`` where it is a count, else ``otherwise``."""
    found = number(value)
    return int(found) if found is not None and found >= 0 else otherwise


def listed(value: Any) -> list[Any]:
    """``value`` where it is a list, else an empty one."""
    return value if isinstance(value, list) else []


def _two(one: Any, other: Any) -> bool:
    return number(one) is not None and number(other) is not None
