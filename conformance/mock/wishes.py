"""What bears on an answer besides the conversation: the parameters in force, read once."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

import msgspec

from tokenassay.conformance.mock.call import Call
from tokenassay.conformance.mock.metering import thinks
from tokenassay.conformance.mock.stops import FlatList

_MOST_CHOICES: Final = 64
"""However many a lie lets pass."""
ANY_OBJECT: Final[Mapping[str, Any]] = {"type": "object"}


class Wish(msgspec.Struct, frozen=True):
    """The parameters that shape or cut an answer."""

    max_tokens: int | None = None
    """Cap on the answer's text, in tokens."""
    max_completion_tokens: int | None = None
    """Cap on reasoning and text together, in tokens."""
    stop: Any = None
    flat_list: FlatList = "any"
    thinking: bool = False
    thinking_budget: int | None = None
    json_schema: Any = None
    """Schema that the text must fit as JSON; ANY_OBJECT where none is given; None: prose."""
    tools: tuple[Mapping[str, Any], ...] = ()
    tool_choice: Any = None
    parallel: bool = False


def read_wish(call: Call) -> Wish:
    """The wish in a call; a parameter that its edition does not have, or of a senseless type
    (a lie may have let it in), has no effect."""
    known = call.service.edition.parameters(call.model)
    given = {name: value for name, value in call.parameters.items() if name in known}
    longest = longest_answer(call)
    if not given:
        thinking = bool(thinks(call.service.model(call.model), given))
        return Wish(max_tokens=longest, thinking=thinking)
    flat = None
    if "stop" in given:
        clause = call.service.edition.behaviour("stop_by_token_ids", call.model)
        flat = clause.args.get("flat_list") if clause else None
    tools = given.get("tools")
    caps = (_cap(given.get("max_tokens")), longest)
    return Wish(
        max_tokens=min((cap for cap in caps if cap is not None), default=None),
        max_completion_tokens=_cap(given.get("max_completion_tokens")),
        stop=given.get("stop"),
        flat_list="sequence" if flat == "sequence" else "any",
        thinking=bool(thinks(call.service.model(call.model), given)),
        thinking_budget=_cap(given.get("thinking_budget")),
        json_schema=_schema(given.get("response_format")),
        tools=tuple(t for t in tools if isinstance(t, Mapping)) if isinstance(tools, list) else (),
        tool_choice=given.get("tool_choice"),
        parallel=given.get("parallel_tool_calls") is True,
    )


def longest_answer(call: Call) -> int | None:
    """Tokens of the longest answer that the edition documents for the model."""
    limit = call.service.edition.limit("output_tokens", call.model or None)
    return limit.by_model.get(call.model, limit.maximum) if limit else None


def read_choices(call: Call) -> int:
    """How many answers a call asks for: one where its edition has no such parameter."""
    number = _cap(call.parameters.get("n")) or 1
    known = call.service.edition.parameters(call.model)
    return min(number, _MOST_CHOICES) if "n" in known else 1


def _cap(value: Any) -> int | None:
    if isinstance(value, bool) or not isinstance(value, int) or value < 1:
        return None
    return value


def _schema(response_format: Any) -> Any:
    if not isinstance(response_format, Mapping):
        return None
    if response_format.get("type") == "json_object":
        return ANY_OBJECT
    if response_format.get("type") != "json_schema":
        return None
    holder = response_format.get("json_schema")
    schema = holder.get("schema") if isinstance(holder, Mapping) else None
    return schema if isinstance(schema, Mapping) else ANY_OBJECT
