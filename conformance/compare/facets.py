"""What of an answer can be compared between endpoints, whatever words a model chooses."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from itertools import pairwise
from typing import Any, Final

import msgspec

from tokenassay.conformance.compare.asks import Ask
from tokenassay.conformance.exchanges import Exchange
from tokenassay.conformance.probe import Probe
from tokenassay.conformance.reading import Reply, counts, flow_of, reply_of
from tokenassay.conformance.spend import last_usage
from tokenassay.contracts import patterns

Facets = Mapping[str, str]
"""What was seen, by what was looked at. What is absent was not to be seen and is not compared."""

TITLES: Final[dict[str, str]] = {
    "acceptance": "the same requests are accepted",
    "refusal.status": "a refusal has the same status",
    "refusal.code": "a refusal has the same code",
    "refusal.message": "a refusal says the same",
    "refusal.form": "a refusal has the same fields",
    "refusal.usage": "a refusal is billed alike",
    "answer.kind": "an answer is of the same content type",
    "answer.style": "an answer has the same style, message or text",
    "answer.form": "an answer has the same fields",
    "answer.text": "an answer says something",
    "answer.model": "an answer names the model that was asked for",
    "answer.role": "an answer has the same role",
    "answer.choices": "as many choices come",
    "answer.finish_reason": "an answer ends for the same reason",
    "answer.cap": "an answer keeps to its cap alike",
    "answer.stop": "an answer ends at a stop word alike",
    "answer.tools": "tools are called alike",
    "usage.presence": "usage is told alike",
    "usage.input": "input is billed alike",
    "usage.output": "output is billed as its text alike",
    "usage.total": "the total adds up alike",
    "stream.lines": "frames have the same lines",
    "stream.form": "frames have the same fields",
    "stream.mode": "frames hold the text in the same way",
    "stream.usage": "frames tell usage alike",
    "stream.end": "a stream ends alike",
    "stream.ids": "frames share one id alike",
}
"""Every facet, in words, the broadest first: a narrower one is judged where the broader agree."""

DIALECT: Final = frozenset(
    name
    for name in TITLES
    if name.endswith((".form", ".code", ".message", ".lines", ".mode", ".end"))
)
"""Facets that only endpoints of one dialect share."""

_NUMBERS: Final = re.compile(r"\d[\d.e+-]*")
_PREFIX: Final = re.compile(r"(?<=-).*|^[0-9a-f]{8}-.*")
_IDS: Final = re.compile(r"[0-9a-f]{8}-[0-9a-f-]{27}|(chatcmpl|call|req)[-_][\w-]+")


def observe(ask: Ask, probe: Probe, exchange: Exchange) -> dict[str, str]:
    """The facets of an exchange; none where it tells nothing (a broken line, a 429)."""
    return dict(_facets(ask, probe, exchange))


def _facets(ask: Ask, probe: Probe, exchange: Exchange) -> Iterator[tuple[str, str]]:
    if exchange.failure is not None:
        yield "acceptance", f"no whole answer ({exchange.failure.kind})"
        return
    error = exchange.error
    if error is not None:
        yield from _refusal(exchange)
        return
    if exchange.status is None or not 200 <= exchange.status < 300:
        yield "acceptance", f"status {exchange.status}"
        return
    yield "acceptance", "accepted"
    yield "answer.kind", exchange.content_type or "none"
    if exchange.is_stream:
        yield from _stream(ask, probe, exchange)
    else:
        yield from _plain(ask, probe, exchange)


def _refusal(exchange: Exchange) -> Iterator[tuple[str, str]]:
    error = exchange.error
    assert error is not None
    yield "acceptance", "refused"
    inside = " inside the stream" if error.in_stream else ""
    yield "refusal.status", f"{error.status}{inside}"
    yield "refusal.code", error.code or "none"
    said = _NUMBERS.sub("#", _IDS.sub("ID", patterns.tidy(error.message or "")))
    yield "refusal.message", said or "none"
    yield "refusal.form", form(error.body)
    body = error.body if isinstance(error.body, dict) else {}
    yield "refusal.usage", "billed" if body.get("usage") else "not billed"


def _plain(ask: Ask, probe: Probe, exchange: Exchange) -> Iterator[tuple[str, str]]:
    reply = reply_of(exchange, probe.surface)
    body = exchange.json if isinstance(exchange.json, dict) else {}
    yield "answer.form", form(exchange.json)
    if "model" in body:
        yield "answer.model", "as asked" if body["model"] == probe.model else "another"
    holder = body.get("output") if probe.surface == "native" else body
    choices = holder.get("choices") if isinstance(holder, dict) else None
    if probe.surface == "native" and isinstance(holder, dict):
        yield "answer.style", "message" if choices else "text"
    if isinstance(choices, list):
        yield "answer.choices", f"{len(choices)}"
    yield from _said(ask, probe, reply.text, bool(reply.reasoning), exchange)
    yield "answer.role", str(reply.role)
    if reply.tool_calls or "tools" in ask.parameters:
        yield "answer.tools", _calls(reply)
    elif reply.text is not None:
        yield "answer.finish_reason", _ending(ask, probe, reply.text, reply.finish_reason)


def _said(
    ask: Ask, probe: Probe, text: str | None, thought: bool, exchange: Exchange
) -> Iterator[tuple[str, str]]:
    usage = last_usage(exchange)
    given, made = counts(usage, probe.surface)
    numbers = given is not None and made is not None
    yield "usage.presence", "told" if numbers else "not in numbers" if usage else "not told"
    if "tools" not in ask.parameters and not thought and (ask.cap or 0) > 1:
        yield "answer.text", "something" if text else "nothing"
    if usage and given is not None:
        yield "usage.input", f"{given}"
    if text is None or thought:
        return
    cap = ask.parameters.get("max_tokens", ask.cap)
    tokens = probe.count(text)
    known = "max_tokens" in probe.edition.parameters(probe.model)
    if isinstance(cap, int) and known and not isinstance(cap, bool):
        yield "answer.cap", "kept" if tokens <= max(cap, 0) else f"passed by {tokens - cap}"
    stops = ask.parameters.get("stop")
    if isinstance(stops, list) and all(isinstance(stop, str) for stop in stops) and stops:
        yield "answer.stop", "ended" if not any(stop in text for stop in stops) else "went on"
    if usage and made is not None and "tools" not in ask.parameters and "\ufffd" not in text:
        choices = ask.parameters.get("n", 1)
        if choices == 1:
            off = made - tokens
            yield "usage.output", "as the text" if not off else f"{off:+d}"
    total = usage.get("total_tokens") if usage else None
    if isinstance(total, int) and given is not None and made is not None:
        yield "usage.total", "adds up" if total == given + made else f"{total - given - made:+d}"


def _stream(ask: Ask, probe: Probe, exchange: Exchange) -> Iterator[tuple[str, str]]:
    events = exchange.events
    lines = sorted({" ".join(_lines(event)) for event in events if not event.is_done})
    yield "stream.lines", ", ".join(lines) or "none"
    yield "stream.end", "[DONE]" if events and events[-1].is_done else "no end mark"
    flow = flow_of(exchange, probe.surface, "incremental")
    texts = [reply.text or "" for reply in flow.speaking]
    grows = all(new.startswith(old) for old, new in pairwise(texts))
    spoken = [text for text in texts if text]
    if len(spoken) > 1:
        yield "stream.mode", "all so far" if grows else "what is new"
    forms = sorted({form(reply.body, loosely=True) for reply in flow.replies})
    yield "stream.form", " | ".join(forms)
    told = [reply.usage is not None for reply in flow.replies]
    if told:
        each = "each" if all(told) else "the last" if told[-1] and sum(told) == 1 else "some"
        yield "stream.usage", each if any(told) else "none"
    for name in ("request_id", "id", "created", "model"):
        if len({str(reply.body.get(name)) for reply in flow.replies}) > 1:
            yield "stream.ids", f"several of {name}"
            break
    else:
        yield "stream.ids", "one"
    text = spoken[-1] if grows and spoken else "".join(texts)
    thought = any(reply.reasoning for reply in flow.replies)
    yield from _said(ask, probe, text, thought, exchange)
    if "tools" not in ask.parameters:
        yield "answer.finish_reason", _ending(ask, probe, text, flow.finish_reason)


def _ending(ask: Ask, probe: Probe, text: str, reason: Any) -> str:
    """Why an answer ended, as far as that is not a matter of what the model chose to say."""
    cap = ask.parameters.get("max_tokens", ask.cap)
    capped = isinstance(cap, int) and "max_tokens" in probe.edition.parameters(probe.model)
    full = capped and probe.count(text) >= cap
    usual = "length" if full else "stop"
    return "as its length says" if reason == usual else f"{reason} where {usual} is due"


def _calls(reply: Reply) -> str:
    """How tools are called: how often, and what is wrong with a call."""
    if not reply.tool_calls:
        return "not called"
    faults = {fault for call in reply.tool_calls for fault in _faults(call)}
    if reply.finish_reason != "tool_calls":
        faults.add(f"finish_reason {reply.finish_reason}")
    return f"{len(reply.tool_calls)} called" + "".join(f", {fault}" for fault in sorted(faults))


def _faults(call: Mapping[str, Any]) -> Iterator[str]:
    function = call.get("function")
    function = function if isinstance(function, dict) else {}
    if not call.get("id"):
        yield "without id"
    try:
        arguments = msgspec.json.decode(str(function.get("arguments")))
    except msgspec.DecodeError:
        yield "arguments are no JSON"
        return
    if not isinstance(arguments, dict):
        yield "arguments are no object"


def _lines(event: Any) -> Iterator[str]:
    if event.id is not None:
        yield "id"
    if event.event is not None:
        yield f"event:{event.event}"
    if event.comments:
        yield "comment"
    if event.data is not None:
        yield "data"
    yield from event.irregular


def form(body: Any, *, loosely: bool = False) -> str:
    """Fields of a body with their types; usage and what depends on the words is left out.

    ``loosely``: without whether a text is empty, which changes from frame to frame.
    """
    return ", ".join(sorted(set(_paths(body, "", loosely)))) or _kind(body, loosely)


def _paths(value: Any, path: str, loosely: bool) -> Iterator[str]:
    if isinstance(value, dict):
        for key, inner in value.items():
            if key in ("usage", "tool_calls", "message_content"):
                continue
            yield from _paths(inner, f"{path}.{key}" if path else str(key), loosely)
    elif isinstance(value, list):
        for inner in value[:1]:
            yield from _paths(inner, f"{path}[]", loosely)
    elif path.endswith("object") and isinstance(value, str):
        yield f"{path}: {value}"
    elif path == "id" and isinstance(value, str):
        yield f"{path}: {_PREFIX.sub('', value) or 'text'}"
    else:
        loose = loosely or path.endswith(("content", "param"))
        yield f"{path}: {_kind(value, loose)}"


def _kind(value: Any, loosely: bool) -> str:
    if value is None:
        return "text" if loosely else "null"
    if isinstance(value, str):
        return "text" if loosely or value else "empty text"
    if isinstance(value, bool):
        return "boolean"
    return "number" if isinstance(value, int | float) else type(value).__name__
