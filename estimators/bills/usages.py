"""Usage as answers state it, in every documented form of both dialects."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any, Final, NamedTuple

_MOST: Final = 1 << 40
"""A count above this is no count."""

_INPUT: Final = ("input_tokens", "prompt_tokens")
_OUTPUT: Final = ("output_tokens", "completion_tokens")
_INPUT_DETAILS: Final = ("input_tokens_details", "prompt_tokens_details")
_OUTPUT_DETAILS: Final = ("output_tokens_details", "completion_tokens_details")
_TOTAL: Final = ("total_tokens",)
_CACHED: Final = ("cached_tokens",)
_CACHE_CREATED: Final = ("cache_creation_input_tokens", "cache_creation_tokens")
_REASONING: Final = ("reasoning_tokens",)
_LONGEST: Final = 40
"""Characters of a wrong value that are shown."""


class Billed(NamedTuple):
    """Tokens that an answer bills; None is what it does not tell."""

    input: int | None = None
    output: int | None = None
    total: int | None = None
    cached: int | None = None
    """Of the input: read from a cache."""
    cache_created: int | None = None
    """Of the input: written into a cache."""
    reasoning: int | None = None
    """Of the output: thought."""

    @property
    def tells(self) -> bool:
        """Whether input and output are told."""
        return self.input is not None and self.output is not None


def read_usage(usage: Any) -> Billed | None:
    """The figures of a ``usage`` object; None where it is none or tells neither in nor out."""
    if usage.__class__ is not dict and not isinstance(usage, Mapping):  # the cheap test first
        return None
    given, made = _first(usage, _INPUT), _first(usage, _OUTPUT)
    if given is None and made is None:
        return None
    inner, outer = _object(usage, _INPUT_DETAILS), _object(usage, _OUTPUT_DETAILS)
    total = _first(usage, _TOTAL)
    if not inner and not outer:
        return Billed(given, made, total)
    return Billed(
        given,
        made,
        total,
        _first(inner, _CACHED),
        _first(inner, _CACHE_CREATED),
        _first(outer, _REASONING),
    )


def usage_fault(usage: Any) -> str | None:
    """What of a ``usage`` can't be read, in words; None where all can, or there is none."""
    if usage is None:
        return None
    if not isinstance(usage, Mapping):
        return f"usage is {_shown(usage)}, expected an object"
    details = (_INPUT_DETAILS, (*_CACHED, *_CACHE_CREATED)), (_OUTPUT_DETAILS, _REASONING)
    plain = ("", usage, (*_INPUT, *_OUTPUT, *_TOTAL))
    inner = ((f"{name}.", usage.get(name), inside) for names, inside in details for name in names)
    for prefix, holder, fields in (plain, *inner):
        if not isinstance(holder, Mapping):
            continue
        for name in fields:
            value = holder.get(name)
            if value is not None and _tokens(value) is None:
                shown = _shown(value)
                return f"usage.{prefix}{name} is {shown}, expected a whole number from 0"
    return None


def _shown(value: Any) -> str:
    text = json.dumps(value)
    return text if len(text) <= _LONGEST else f"{text[:_LONGEST]}..."


def _first(fields: Mapping[str, Any], names: tuple[str, ...]) -> int | None:
    for name in names:
        told = _tokens(fields.get(name))
        if told is not None:
            return told
    return None


def _tokens(value: Any) -> int | None:
    if value is None:
        return None
    if value.__class__ is float and value.is_integer():  # as some gateways write whole numbers
        value = int(value)
    return int(value) if value.__class__ is int and 0 <= value < _MOST else None


def _object(fields: Mapping[str, Any], names: tuple[str, ...]) -> Mapping[str, Any]:
    for name in names:
        value = fields.get(name)
        if value is not None and isinstance(value, Mapping):
            return value
    return {}
