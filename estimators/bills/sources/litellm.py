"""Calls in LiteLLM's logs: standard logging payloads, and rows of its spend log."""

from __future__ import annotations

import math
from collections.abc import Mapping
from decimal import Decimal
from typing import Any, Final

from tokenassay.estimators.bills.answers import Answer, decoded, read_answer
from tokenassay.estimators.bills.calls import BadField, Call, Place, Skipped, day_of
from tokenassay.estimators.bills.usages import Billed, read_usage

_CURRENCY: Final = "USD"
"""In which LiteLLM reckons."""
_CHATS: Final = ("completion", "acompletion", "text_completion", "atext_completion")
_NOT_OF_A_BODY: Final = ("metadata", "proxy_server_request", "user", "extra_headers")


def is_row(fields: Mapping[str, Any]) -> bool:
    """Whether a line is one of LiteLLM's."""
    return "call_type" in fields and "startTime" in fields


def read_row(fields: Mapping[str, Any], place: Place) -> Call | Skipped:
    """The call of a row; BadField where its request was not logged."""
    kind = fields.get("call_type")
    if kind not in _CHATS:
        return Skipped(f"no chat: call_type {kind}")
    if str(fields.get("cache_hit")).lower() == "true":
        return Skipped("answered from LiteLLM's own cache")
    body = _body(fields)
    id = fields.get("litellm_call_id") or fields.get("request_id") or fields.get("id")
    return Call(
        place,
        place,
        id if isinstance(id, str) else None,
        "openai",
        body,
        fields.get("stream") is True or body.get("stream") is True,
        False,
        day_of(fields.get("startTime")),
        _answer(fields),
        _recorded(fields),
    )


def _body(fields: Mapping[str, Any]) -> Mapping[str, Any]:
    sent = _object(fields.get("proxy_server_request"))
    inner = _object(sent.get("body")) or sent
    messages = _unpacked(fields.get("messages")) or inner.get("messages")
    if not isinstance(messages, list) or not messages:
        raise BadField("messages", "the request was not logged (store_prompts_in_spend_logs)")
    if any("redacted-by-litellm" in str(one) for one in messages[:1]):
        raise BadField("messages", "the request was redacted")
    settings = _object(fields.get("model_parameters")) or inner
    parameters = {
        name: value
        for name, value in {**settings, **_object(settings.get("extra_body"))}.items()
        if name not in _NOT_OF_A_BODY and name != "extra_body" and value is not None
    }
    return {**parameters, "model": _model(fields, inner), "messages": messages}


def _model(fields: Mapping[str, Any], inner: Mapping[str, Any]) -> str:
    """The name that the provider was sent: without LiteLLM's prefix."""
    hidden = _object(fields.get("hidden_params")).get("litellm_model_name")
    name = fields.get("model") or hidden or inner.get("model")
    if not isinstance(name, str) or not name:
        raise BadField("model", "there is none")
    return name.rpartition("/")[2]


def _answer(fields: Mapping[str, Any]) -> Answer:
    response = _unpacked(fields.get("response"))
    failed = fields.get("status") == "failure"
    payload = response if isinstance(response, Mapping) else {}
    answer = read_answer(payload, 500 if failed else None)
    billed = answer.billed or _figures(fields)
    return answer._replace(billed=billed)


def _figures(fields: Mapping[str, Any]) -> Billed | None:
    """The row's own figures, where the answer was not logged with its usage."""
    metadata = _object(fields.get("metadata"))
    hidden = _object(fields.get("hidden_params"))
    for usage in (metadata.get("usage_object"), hidden.get("usage_object")):
        found = read_usage(usage)
        if found is not None:
            return found
    found = read_usage(fields)
    # A row without usage has zeros.
    return found if found is not None and (found.input or found.output) else None


def _recorded(fields: Mapping[str, Any]) -> tuple[Decimal, str] | None:
    for name in ("response_cost", "spend"):
        value = fields.get(name)
        if isinstance(value, int | float) and not isinstance(value, bool) and math.isfinite(value):
            return Decimal(repr(value)), _CURRENCY
    return None


def _unpacked(value: Any) -> Any:
    """A value that may be JSON inside a string, as tables are often written."""
    return decoded(value) if isinstance(value, str) and value[:1] in ("{", "[") else value


def _object(value: Any) -> Mapping[str, Any]:
    found = _unpacked(value)
    return found if isinstance(found, Mapping) else {}
