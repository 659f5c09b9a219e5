"""Values that fit a JSON Schema: what a mock model fills into a tool's arguments."""

from __future__ import annotations

import json
import math
from collections.abc import Callable, Mapping, Sequence
from typing import Any, Final

from jsonschema import Draft202012Validator
from jsonschema.exceptions import SchemaError
from referencing.exceptions import Unresolvable

from tokenassay.conformance.mock.dice import Dice
from tokenassay.conformance.mock.regexes import string_matching
from tokenassay.conformance.mock.schemas import (
    bounds,
    kind_of,
    listed,
    merge,
    null_only,
    number,
    whole,
)

_HARD: Final = frozenset(
    (
        "not",
        "if",
        "oneOf",
        "patternProperties",
        "propertyNames",
        "contains",
        "dependentSchemas",
        "dependencies",
        "unevaluatedProperties",
        "unevaluatedItems",
        "$dynamicRef",
    )
)
"""Keywords that are met by trying, because one value must satisfy several schemas at once."""
_ATTEMPTS: Final = 24
_DEPTH: Final = 12
_EFFORT: Final = 2000
"""Schemas looked at for one value; beyond that the value stays unfinished. A schema comes from
the client, and one of a few bytes can ask for more than any machine holds."""
_LONGEST: Final = 10_000
"""Most characters of a string, and items or properties of a container."""

_FORMATS: Final[dict[str, Callable[[Dice], str]]] = {
    "date": lambda d: f"20{d.between(20, 29)}-{d.between(1, 12):02}-{d.between(1, 28):02}",
    "time": lambda d: f"{d.between(0, 23):02}:{d.between(0, 59):02}:00Z",
    "date-time": lambda d: f"2025-{d.between(1, 12):02}-{d.between(1, 28):02}T08:30:00Z",
    "email": lambda d: f"reader{d.between(1, 99)}@example.com",
    "hostname": lambda d: f"host{d.between(1, 99)}.example.com",
    "ipv4": lambda d: f"192.0.2.{d.between(1, 254)}",
    "ipv6": lambda d: f"2001:db8::{d.between(1, 9999):x}",
    "uri": lambda d: f"https://example.com/{d.between(1, 99)}",
    "uuid": lambda d: f"{d.bits() >> 32:08x}-0000-4000-8000-{d.bits() >> 16:012x}",
}
_WORDS: Final = ("example", "harbour", "garden", "river", "lantern", "paper", "window", "bridge")


def fit(schema: Any, seed: int, words: Sequence[str] = ()) -> Any:
    """A JSON value that validates against ``schema`` (2020-12), the same for the same seed.

    ``words`` are taken for free strings first. Where the schema can't be met, or asks for more
    than the generator knows, the value is the nearest that was found.
    """
    value = _Fitter(schema, Dice(seed), words).value()
    if not _is_hard(schema):
        return value
    try:
        Draft202012Validator.check_schema(schema)
        validator = Draft202012Validator(schema)
        for attempt in range(_ATTEMPTS):
            value = _Fitter(schema, Dice(seed + attempt), words if attempt < 2 else ()).value()
            if validator.is_valid(value):
                break
    except (SchemaError, Unresolvable, RecursionError):
        pass
    return value


def _is_hard(schema: Any) -> bool:
    if isinstance(schema, Mapping):
        return any(key in _HARD or _is_hard(value) for key, value in schema.items())
    return isinstance(schema, list) and any(map(_is_hard, schema))


class _Fitter:
    def __init__(self, root: Any, dice: Dice, words: Sequence[str]) -> None:
        self._root, self._dice, self._words = root, dice, list(words)
        self._effort = _EFFORT

    def value(self) -> Any:
        return self._fit(self._root, _DEPTH)

    def _fit(self, schema: Any, depth: int) -> Any:
        schema = self._flatten(schema, depth)
        if "const" in schema:
            return schema["const"]
        choices = schema.get("enum")
        if isinstance(choices, list) and choices:
            return self._dice.pick([c for c in choices if c is not None] or choices)
        kind = kind_of(schema)
        if kind == "object":
            return self._object(schema, depth)
        if kind == "array":
            return self._array(schema, depth)
        if kind in ("integer", "number"):
            try:
                made = self._integer(schema) if kind == "integer" else self._number(schema)
            except OverflowError:
                return 0
            return made if math.isfinite(made) else 0
        if kind == "boolean":
            return self._dice.below(2) == 1
        return None if kind == "null" else self._string(schema)

    def _flatten(self, schema: Any, depth: int) -> dict[str, Any]:
        """The schema with its references, ``allOf`` and one branch of each choice merged in."""
        self._effort -= 1
        if not isinstance(schema, Mapping) or depth <= 0 or self._effort < 0:
            return {}
        merged: dict[str, Any] = {}
        reference = schema.get("$ref")
        if isinstance(reference, str):
            merge(merged, self._flatten(self._resolve(reference), depth - 1))
        merge(merged, schema)
        for part in listed(schema.get("allOf")):
            merge(merged, self._flatten(part, depth - 1))
        for key in ("anyOf", "oneOf"):
            branches = [b for b in listed(schema.get(key)) if b is not False]
            useful = [b for b in branches if not (isinstance(b, Mapping) and null_only(b))]
            if branches:
                merge(merged, self._flatten(self._dice.pick(useful or branches), depth - 1))
        return merged

    def _resolve(self, reference: str) -> Any:
        if not reference.startswith("#"):
            return {}
        found = self._root
        for step in reference[1:].split("/")[1:]:
            step = step.replace("~1", "/").replace("~0", "~")
            if isinstance(found, Mapping):
                found = found.get(step)
            elif isinstance(found, list) and step.isdigit() and int(step) < len(found):
                found = found[int(step)]
            else:
                return {}
        return found

    def _object(self, schema: Mapping[str, Any], depth: int) -> dict[str, Any]:
        properties = schema.get("properties")
        known: Mapping[str, Any] = properties if isinstance(properties, Mapping) else {}
        required = [name for name in listed(schema.get("required")) if isinstance(name, str)]
        wanted = dict.fromkeys(required)
        least = min(whole(schema.get("minProperties"), 0), _LONGEST)
        most = whole(schema.get("maxProperties"), len(known) + len(required) + least)
        if depth > _DEPTH // 2:
            for name in known:
                if len(wanted) < most and (len(wanted) < least or self._dice.below(2)):
                    wanted[name] = None
        for name in known:
            if len(wanted) < least:
                wanted[name] = None
        dependent = schema.get("dependentRequired")
        if isinstance(dependent, Mapping):
            for name in list(wanted):
                wanted.update(dict.fromkeys(listed(dependent.get(name))))
        while len(wanted) < least and schema.get("additionalProperties") is not False:
            wanted[f"extra_{len(wanted)}"] = None
        rest = schema.get("additionalProperties")
        ordered = [n for n in known if n in wanted] + [n for n in wanted if n not in known]
        return {
            name: self._fit(known.get(name, rest), depth - 1)
            for name in ordered
            if self._effort >= 0
        }

    def _array(self, schema: Mapping[str, Any], depth: int) -> list[Any]:
        first = listed(schema.get("prefixItems"))
        rest = schema.get("items")
        least = min(whole(schema.get("minItems"), 0), _LONGEST)
        most = whole(schema.get("maxItems"), max(least, len(first) or 2))
        length = min(most, max(least, len(first) if first else min(most, 1)))
        if depth > _DEPTH // 2 and not first:
            length = self._dice.between(length, min(most, length + 1))
        if rest is False:
            length = min(length, len(first))
        unique = schema.get("uniqueItems") is True
        made: list[Any] = []
        seen: set[str] = set()
        for _ in range(length * (_ATTEMPTS if unique else 1)):
            if len(made) == length or self._effort < 0:
                break
            item = self._fit(first[len(made)] if len(made) < len(first) else rest, depth - 1)
            written = json.dumps(item, sort_keys=True)
            if not unique or written not in seen:
                seen.add(written)
                made.append(item)
        return made

    def _integer(self, schema: Mapping[str, Any]) -> int:
        low, high = bounds(schema)
        step = _whole_step(schema.get("multipleOf"))
        top = math.floor(high) if high is not None else None
        unbounded = 1 if top is None or top >= 1 else top - 100
        bottom = unbounded if low is None else math.ceil(low)
        if top is None:
            top = max(bottom, 0) + max(100, step)
        lowest, highest = -(-bottom // step), top // step
        return step * self._dice.between(lowest, max(lowest, highest))

    def _number(self, schema: Mapping[str, Any]) -> float | int:
        low, high = bounds(schema)
        step = number(schema.get("multipleOf"))
        if step:
            first = 0 if low is None else math.ceil(low / step)
            last = first + 100 if high is None else math.floor(high / step)
            return float(f"{self._dice.between(first, max(first, last)) * step:.12g}")
        if low is None:
            low = 0.0 if high is None or high > 0 else high - 100
        top = high if high is not None else low + 100.0
        made = low + (top - low) * self._dice.between(1, 99) / 100
        rounded = round(made, 2)
        return rounded if low < rounded < top else made

    def _string(self, schema: Mapping[str, Any]) -> str:
        least = min(whole(schema.get("minLength"), 0), _LONGEST)
        most = schema.get("maxLength")
        most = most if isinstance(most, int) else None
        pattern = schema.get("pattern")
        if isinstance(pattern, str):
            matched = string_matching(pattern, self._dice, least, most)
            if matched is not None:
                return matched
        make = _FORMATS.get(str(schema.get("format")))
        made = make(self._dice) if make else self._word()
        if len(made) < least:
            made = (made + " ") * (least // (len(made) + 1) + 1)
            made = made[:least]
        return made if most is None else made[:most]

    def _word(self) -> str:
        return self._words.pop(0) if self._words else self._dice.pick(_WORDS)


def _whole_step(step: Any) -> int:
    """The smallest whole number that is a multiple of ``step``."""
    wanted = number(step)
    if not wanted or wanted < 0:
        return 1
    if wanted == int(wanted):
        return int(wanted)
    return next((k for k in range(1, 10_001) if math.isclose(k / wanted, round(k / wanted))), 1)
