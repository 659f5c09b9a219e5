"""Finer lies about requests: honoured in part, or refused though nothing stands against them."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from tokenassay.conformance.mock.call import Call, Reply
from tokenassay.conformance.mock.lies.registry import Lie, Probe
from tokenassay.conformance.mock.lies.tricks import object_to
from tokenassay.conformance.mock.lies.where import takes
from tokenassay.conformance.mock.stages import Hook, Hooks
from tokenassay.contracts.clauses import ClauseBase, ParameterClause
from tokenassay.estimators.refusals import Refusal

_TURNS = (
    {"role": "user", "content": "Hello."},
    {"role": "assistant", "content": "Hello."},
) * 6
_MARKED = "<|im_start|>system\nHello.<|im_end|>"


def _when_streaming(name: str) -> Hook[dict[str, Any]]:
    """A parameter that has no effect in streams."""
    return lambda call, given: {**given, name: None} if call.stream else given


def _capped(change: Callable[[int], int]) -> Hook[dict[str, Any]]:
    def adjust(call: Call, given: dict[str, Any]) -> dict[str, Any]:
        cap = given.get("max_tokens")
        return {**given, "max_tokens": change(cap)} if isinstance(cap, int) else given

    return adjust


def _without_budget(call: Call, given: dict[str, Any]) -> dict[str, Any]:
    return {**given, "thinking_budget": None}


def _passing(taken: Callable[[Any], bool]) -> Hook[tuple[Refusal, ...]]:
    """A judge that lets values of a wrong type pass where ``taken`` says so."""

    def judge(call: Call, refusals: tuple[Refusal, ...]) -> tuple[Refusal, ...]:
        sent = call.request.parameters if call.request else {}

        def passes(refusal: Refusal) -> bool:
            clause = call.service.edition.get(refusal.clause)
            return isinstance(clause, ParameterClause) and taken(sent.get(clause.parameter))

        return tuple(refusal for refusal in refusals if not passes(refusal))

    return judge


def _is_number(value: Any) -> bool:
    return isinstance(value, str) and value.replace(".", "", 1).lstrip("-").isdigit()


def _objecting(id: str, seen: Callable[[list[str]], bool]) -> Hook[tuple[Refusal, ...]]:
    """A judge that refuses by what the messages say."""

    def broken(call: Call) -> ClauseBase | None:
        messages = (call.request.messages if call.request else None) or ()
        texts = [message.text for message in messages]
        return call.service.edition.get(id) if seen(texts) else None

    return object_to(broken, "nothing stands against it")


def _changed_error(name: str, change: Callable[[str], str]) -> Hook[Reply]:
    def refuse(call: Call, reply: Reply) -> Reply:
        inner = reply.body.get("error")
        body = inner if isinstance(inner, dict) else reply.body
        if not isinstance(body.get(name), str):
            return reply
        changed = {**body, name: change(body[name])}
        return Reply(reply.status, {**reply.body, "error": changed} if body is inner else changed)

    return refuse


def _ends_right(call: Call, accepted: bool) -> bool:
    written = call.headers.get("authorization", "")
    return accepted or written.endswith(call.service.world.settings.api_key)


LIES: tuple[Lie, ...] = (
    Lie(
        "ignores_stop_in_streams",
        "parameters",
        "stop has no effect in streams.",
        ("stop.ends_answer",),
        Hooks(adjust=_when_streaming("stop")),
        probe=Probe({"stop": "e"}, stream=True),
    ),
    Lie(
        "ignores_max_tokens_in_streams",
        "parameters",
        "max_tokens has no effect in streams.",
        ("max_tokens.truncates",),
        Hooks(adjust=_when_streaming("max_tokens")),
        probe=Probe({"max_tokens": 5}, stream=True),
    ),
    Lie(
        "ignores_n_in_streams",
        "responses",
        "A stream has one choice however many were asked for.",
        ("n.range", "n.default"),
        Hooks(adjust=_when_streaming("n")),
        ("openai",),
        Probe({"n": 2}, stream=True),
    ),
    Lie(
        "rounds_max_tokens_up_to_eights",
        "parameters",
        "max_tokens is rounded up to a multiple of eight.",
        ("max_tokens.truncates",),
        Hooks(adjust=_capped(lambda cap: -(-cap // 8) * 8)),
        probe=Probe({"max_tokens": 5}),
    ),
    Lie(
        "cuts_answers_at_fifty_tokens",
        "parameters",
        "An answer is cut at fifty tokens, whatever max_tokens says.",
        ("max_tokens.truncates",),
        Hooks(adjust=_capped(lambda cap: min(cap, 50))),
        probe=Probe(
            {"max_tokens": 200}, messages=({"role": "user", "content": "Tell me in 90 words."},)
        ),
    ),
    Lie(
        "thinks_beyond_its_budget",
        "parameters",
        "thinking_budget is taken and has no effect.",
        ("thinking_budget.type",),
        Hooks(adjust=_without_budget),
        where=takes("enable_thinking"),
    ),
    Lie(
        "accepts_numbers_as_text",
        "parameters",
        "A number may be written as a text.",
        ("temperature.type", "top_p.type", "max_tokens.type"),
        Hooks(judge=_passing(_is_number)),
        probe=Probe({"temperature": "1.0"}),
    ),
    Lie(
        "accepts_booleans_as_numbers",
        "parameters",
        "true and false pass for numbers.",
        ("temperature.type", "top_p.type", "max_tokens.type"),
        Hooks(judge=_passing(lambda value: isinstance(value, bool))),
        probe=Probe({"temperature": True}),
    ),
    Lie(
        "refuses_long_conversations",
        "messages",
        "A conversation of more than eight messages is refused.",
        ("messages.roles",),
        Hooks(judge=_objecting("messages.roles", lambda texts: len(texts) > 8)),
        probe=Probe(messages=(*_TURNS, {"role": "user", "content": "And now?"})),
    ),
    Lie(
        "refuses_emoji",
        "messages",
        "A message with an emoji is refused.",
        ("messages.content_required", "messages.content"),
        Hooks(
            judge=_objecting(
                "messages.roles",
                lambda texts: any(letter > "\uffff" for letter in "".join(texts)),
            )
        ),
        probe=Probe(messages=({"role": "user", "content": "🎉 party!"},)),
    ),
    Lie(
        "refuses_markers_in_messages",
        "messages",
        "A message that holds the text of a marker is refused.",
        ("messages.content_required", "messages.content"),
        Hooks(
            judge=_objecting("messages.roles", lambda texts: any("<|im_" in text for text in texts))
        ),
        probe=Probe(messages=({"role": "user", "content": _MARKED},)),
    ),
    Lie(
        "lower_case_error_codes",
        "errors",
        "The codes of errors are in lower case.",
        ("error.invalid_api_key",),
        Hooks(refuse=_changed_error("code", str.lower)),
        ("native",),
        Probe(headers={"authorization": "Bearer sk-wrong"}),
    ),
    Lie(
        "cuts_error_messages",
        "errors",
        "The message of an error ends after twenty characters.",
        ("error.invalid_api_key",),
        Hooks(refuse=_changed_error("message", lambda text: text[:20])),
        probe=Probe(headers={"authorization": "Bearer sk-wrong"}),
    ),
    Lie(
        "accepts_keys_that_end_right",
        "errors",
        "A key with other letters before the right one is taken.",
        ("auth.bearer",),
        Hooks(authorize=_ends_right),
        probe=Probe(headers={"authorization": "Bearer x-sk-assay"}),
    ),
)
