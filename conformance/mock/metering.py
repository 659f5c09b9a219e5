"""The mock's meter: what was rendered and what was sent, counted with the real tokenizer."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from tokenassay.conformance.mock.call import Answer, Call, Usage
from tokenassay.conformance.mock.stages import through
from tokenassay.contracts.catalog import Model
from tokenassay.estimators.requests import Message
from tokenassay.estimators.tokens import count_tokens

_FEWEST_FOUND: Final = 40
"""Tokens of the shortest search result."""


def count_input(call: Call) -> int | None:
    """Tokens of the rendered conversation and of the documents in it; None without either."""
    request = call.request
    if request is None:
        return None
    service = call.service
    thinking = thinks(service.model(call.model), request.parameters)
    counted = service.counter(call.model).count(request, thinking, None).tokens
    return None if counted is None else counted + call.document_tokens + _found(call)


def _found(call: Call) -> int:
    """Tokens of what a search found, which the edition says is added to the input."""
    request = call.request
    if request is None or request.parameters.get("enable_search") is not True:
        return 0
    if call.service.edition.behaviour("search_adds_input", call.model) is None:
        return 0
    return _FEWEST_FOUND + call.digest % _FEWEST_FOUND


def count_message(message: Message) -> int:
    """Tokens of a message's own text."""
    return count_tokens(message.text)


def thinks(model: Model | None, parameters: Mapping[str, Any]) -> bool | None:
    """Whether a model thinks before it answers; None where that is not known of it."""
    if model is None or model.thinking == "unknown":
        return None
    if model.thinking != "optional":
        return model.thinking == "always"
    wanted = parameters.get("enable_thinking")
    return wanted if isinstance(wanted, bool) else model.thinking_default


def measure(call: Call, answers: tuple[Answer, ...]) -> Usage:
    """Usage of the whole answer; the ``meter`` hooks have been applied."""
    output = sum(answer.tokens for answer in answers)
    reasoning = sum(answer.reasoning_marks[-1] for answer in answers if answer.reasoning_marks)
    return usage_at(call, output, reasoning or None)


def usage_at(call: Call, output: int, reasoning: int | None = None) -> Usage:
    """Usage once ``output`` tokens are sent, as a frame in mid-stream shows it."""
    given = call.input_tokens or 0
    usage = Usage(given, output, given + output, reasoning)
    return through(call.service.stages.meter, call, usage)
