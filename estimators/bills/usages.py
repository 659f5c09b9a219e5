"""Usage as answers state it, in every documented form of both dialects."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final, NamedTuple

_MOST: Final = 1 << 40
"""A count above this is no count."""

_INPUT: Final = ("input_tokens", "prompt_tokens")
_OUTPUT: Final = ("output_tokens", "completion_tokens")
_INPUT_DETAILS: Final = ("input_tokens_details", "prompt_tokens_details")
_OUTPUT_DETAILS: Final = ("output_tokens_details", "completion_tokens_details")


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
    if not isinstance(usage, Mapping):
        return None
    given, made = _first(usage, _INPUT), _first(usage, _OUTPUT)
    if given is None and made is None:
        return None
    inner, outer = _object(usage, _INPUT_DETAILS), _object(usage, _OUTPUT_DETAILS)
    return Billed(
        given,
        made,
        _first(usage, ("total_tokens",)),
        _first(inner, ("cached_tokens",)),
        _first(inner, ("cache_creation_input_tokens", "cache_creation_tokens")),
        _first(outer, ("reasoning_tokens",)),
    )


def _first(fields: Mapping[str, Any], names: tuple[str, ...]) -> int | None:
    for name in names:
        value = fields.get(name)
        if value.__class__ is int and 0 <= value < _MOST:
            return int(value)
    return None


def _object(fields: Mapping[str, Any], names: tuple[str, ...]) -> Mapping[str, Any]:
    for name in names:
        value = fields.get(name)
        if isinstance(value, Mapping):
            return value
    return {}
