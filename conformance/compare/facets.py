"""What of an answer can be compared between endpoints, whatever words a model chooses."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from itertools import pairwise
from typing import Any, Final, Literal

from tokenassay.conformance.compare.asks import Ask
from tokenassay.conformance.compare.shapes import (
    calls_of,
    form,
    json_of,
    lines_of,
    numbers_of,
    order_of,
)
from tokenassay.conformance.exchanges import Exchange
from tokenassay.conformance.probe import Probe
from tokenassay.conformance.promises.talking import default_mode
from tokenassay.conformance.promises.tool_calls import of_flow, of_reply
from tokenassay.conformance.reading import counts, flow_of, reply_of
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
    "answer.json": "an answer in JSON is JSON alike",
    "usage.presence": "usage is told alike",
    "usage.input": "input is billed alike",
    "usage.output": "output is billed as its text alike",
    "usage.total": "the total adds up alike",
    "stream.lines": "frames have the same lines",
    "stream.form": "frames have the same fields",
    "stream.mode": "frames hold the text in the same way",
    "stream.usage": "frames tell usage alike",
    "stream.order": "frames come in the same order",
    "stream.end": "a stream ends alike",
    "stream.ids": "frames share one id alike",
    "store.truth": "what is kept is told alike",
}
"""Every facet, in words, the broadest first: a narrower one is judged where the broader agree."""

DIALECT: Final = frozenset(
    name
    for name in TITLES
    if name.endswith((".form", ".code", ".message", ".lines", ".mode", ".order", ".end"))
)
"""Facets that only endpoints of one dialect share."""

ADDS_INPUT: Final = frozenset({"enable_search", "search_options"})
"""Parameters by which a server puts something of its own into the prompt."""

_SOUND: Final[dict[str, tuple[str, ...]]] = {
    "refusal.usage": ("not billed",),
    "answer.text": ("something",),
    "answer.model": ("as asked",),
    "answer.role": ("assistant",),
    "answer.finish_reason": ("as its length says",),
    "answer.cap": ("kept",),
    "answer.stop": ("ended",),
    "answer.tools": ("1 called",),
    "answer.json": ("JSON as wanted",),
    "usage.presence": ("told",),
    "usage.output": ("as the text",),
    "usage.total": ("adds up",),
    "stream.order": ("in order",),
    "stream.end": ("[DONE]",),
    "stream.ids": ("one",),
    "store.truth": ("as uploaded", "as asked for", "deleted"),
}
"""What is to be seen at an endpoint that does nothing odd, where that is the same for all."""

_JSON: Final = ("json_object", "json_schema")

_NUMBERS: Final = re.compile(r"\d[\d.e+-]*")
_IDS: Final = re.compile(r"[0-9a-f]{8}-[0-9a-f-]{27}|(chatcmpl|call|req)[-_][\w-]+")


def observe(ask: Ask, probe: Probe, exchange: Exchange, truth: str | None = None) -> dict[str, str]:
    """The facets of an exchange; none where it tells nothing (a broken line, a 429).

    ``truth``: what an errand found of the thing that it had sent there.
    """
    found = dict(_facets(ask, probe, exchange))
    if truth is not None and found.get("acceptance") == "accepted":
        found["store.truth"] = truth
    return found


def is_sound(facet: str, value: str) -> bool:
    """Whether that is to be seen where nothing is odd; True where it can't be told."""
    return value in _SOUND.get(facet, (value,))


def is_surely_sound(facet: str, value: str | None) -> bool:
    """The same; False where it can't be told."""
    return value in _SOUND.get(facet, ())


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
    if ask.errand:
        if isinstance(exchange.json, dict):
            # Their values change while a batch goes on.
            yield "answer.form", ", ".join(sorted(exchange.json))
        return
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
    if choices or reply.role is not None:
        yield "answer.role", str(reply.role)
    if reply.tool_calls or "tools" in ask.parameters:
        calling = of_reply(exchange, reply)
        yield "answer.tools", calls_of(calling, ask.parameters.get("tools"))
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
    if usage and given is not None and not ADDS_INPUT.intersection(ask.parameters):
        yield "usage.input", f"{given}"
    if text is None or thought:
        return
    wanted = ask.parameters.get("response_format")
    cap = ask.parameters.get("max_tokens", ask.cap)
    tokens = probe.count(text)
    if isinstance(wanted, dict) and wanted.get("type") in _JSON and tokens < (cap or 0):
        yield "answer.json", json_of(wanted, text)
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
    lines = sorted({" ".join(lines_of(event)) for event in events if not event.is_done})
    yield "stream.lines", ", ".join((*lines, *numbers_of(events))) or "none"
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
    yield "stream.order", order_of(flow)
    if "tools" in ask.parameters:
        calling = of_flow(exchange, flow_of(exchange, probe.surface, _mode(ask, probe)))
        yield "answer.tools", calls_of(calling, ask.parameters["tools"])
    else:
        yield "answer.finish_reason", _ending(ask, probe, text, flow.finish_reason)


def _mode(ask: Ask, probe: Probe) -> Literal["cumulative", "incremental"]:
    asked = ask.parameters.get("incremental_output")
    if isinstance(asked, bool):
        return "incremental" if asked else "cumulative"
    return default_mode(probe)


def _ending(ask: Ask, probe: Probe, text: str, reason: Any) -> str:
    """Why an answer ended, as far as that is not a matter of what the model chose to say."""
    cap = ask.parameters.get("max_tokens", ask.cap)
    capped = isinstance(cap, int) and "max_tokens" in probe.edition.parameters(probe.model)
    full = capped and probe.count(text) >= cap
    usual = "length" if full else "stop"
    return "as its length says" if reason == usual else f"{reason} where {usual} is due"
