"""Official SDKs: what they make of an endpoint's answers is what the endpoint sent."""

from __future__ import annotations

import copy
from collections.abc import Callable, Iterator
from functools import partial
from typing import Any

from tokenassay.conformance.exchanges import Exchange
from tokenassay.conformance.failures import Inconclusive, NotRun, Violation
from tokenassay.conformance.judging import accepted, is_of_account, told
from tokenassay.conformance.probe import OMIT, Probe
from tokenassay.conformance.promises.errors import WRONG_MODEL
from tokenassay.conformance.promises.making import promise
from tokenassay.conformance.promises.registry import Promise, builder
from tokenassay.conformance.promises.requests import FORCED, SAMPLE_TOOL, broken, prepare
from tokenassay.conformance.promises.sdks import (
    KEY,
    ROOT,
    dashscope_session,
    openai_client,
)
from tokenassay.conformance.promises.talking import can_stream, default_mode
from tokenassay.conformance.promises.texts import LONG, LONG_ZH, QUESTIONS, written
from tokenassay.conformance.promises.tool_calls import QUESTIONS as TOOL_QUESTIONS
from tokenassay.conformance.promises.tool_calls import ROOM, TOOLS
from tokenassay.conformance.promises.uploads import EXTRACT, purposes
from tokenassay.conformance.reading import flow_of, reply_of
from tokenassay.contracts import clauses as c
from tokenassay.contracts.edition import Edition

Check = Callable[..., None]


@builder("behaviour:sdk_compatible")
def client_promises(edition: Edition, clause: c.Clause, model: str) -> Iterator[Promise]:
    """The SDK reads answers, streams, tool calls and errors."""
    assert isinstance(clause, c.BehaviourClause)
    sdk = clause.args["sdk"]
    if _SURFACES.get(sdk) != edition.surface:
        yield promise(clause, f"{sdk}_sdk_reads_the_other_surface", _elsewhere)
        return
    for what, check in _CHECKS[sdk].items():
        needs = frozenset({f"sdk:{sdk}"}) | (TOOLS if "tool" in what else frozenset())
        needs |= frozenset({what}.intersection(("files",)))
        if what == "tool_calls" and "tools" not in edition.parameters(model):
            continue
        if what == "files" and not purposes(edition, model):
            continue
        yield promise(
            clause, f"{sdk}_sdk_reads_{what}", check, family="clients", cost=3, needs=needs
        )


def _elsewhere(probe: Probe, *, clause: c.BehaviourClause) -> None:
    raise NotRun(
        f"{clause.args['sdk']} speaks the other surface: check that as a target of its own"
    )


def _hold(probe: Probe, exchange: Exchange, what: str, wire: Any, sdk: Any) -> None:
    """What the SDK shows is what stands on the wire."""
    if wire != sdk:
        raise probe.violation(
            f"the SDK shows the {what} of the wire: {written(wire)}", written(sdk), exchange
        )


def _last(seen: list[Exchange]) -> Exchange:
    if not seen:
        raise Inconclusive("the SDK sent nothing")
    return seen[-1]


# ------------------------------------------------------------------------------- openai


_UNNAMED = ("enable_thinking", "thinking_budget", "top_k", "repetition_penalty")
"""Parameters of this surface that the OpenAI SDK has no argument for."""


def _chat(probe: Probe, question: str, **asked: Any) -> dict[str, Any]:
    """Arguments of the OpenAI SDK for a question; what it has no name for goes beside."""
    body = probe.body(question, **asked)
    unnamed = {name: body.pop(name) for name in _UNNAMED if name in body}
    return {**body, "timeout": 60, **({"extra_body": unnamed} if unnamed else {})}


def _openai(probe: Probe, call: Callable[[Any], Any]) -> tuple[Any, Exchange]:
    """What the SDK makes of an accepted request, and the exchange; a violation where it fails."""
    client, seen = openai_client(probe)
    openai = __import__("openai")
    try:
        made = call(client)
    except openai.OpenAIError as error:
        exchange = _last(seen)
        accepted(exchange, "an answer that the openai SDK reads", probe.edition)
        raise probe.violation(
            "an answer that the openai SDK reads", f"{type(error).__name__}: {error}", exchange
        ) from None
    except (AttributeError, TypeError, ValueError, KeyError) as error:
        exchange = _last(seen)
        raise probe.violation(
            "an answer that the openai SDK reads", f"{type(error).__name__}: {error}", exchange
        ) from None
    return made, accepted(_last(seen), "an answer", probe.edition)


def _create(client: Any, chat: dict[str, Any]) -> Any:
    return client.chat.completions.create(**chat)


def _openai_plain(probe: Probe, *, clause: c.BehaviourClause) -> None:
    for question in QUESTIONS:
        chat = _chat(probe, question)
        made, exchange = _openai(probe, partial(_create, chat=chat))
        reply = reply_of(exchange, "openai")
        choices = getattr(made, "choices", None)
        if not choices:
            raise probe.violation("an answer with choices", f"choices {choices!r}", exchange)
        if exchange.content_type != "application/json":
            raise probe.violation(
                "content type application/json", exchange.content_type or "none", exchange
            )
        _hold(probe, exchange, "text", reply.text, choices[0].message.content)
        _hold(probe, exchange, "finish_reason", reply.finish_reason, choices[0].finish_reason)
        _hold(probe, exchange, "id", reply.body.get("id"), made.id)
        usage = made.usage.model_dump() if made.usage else {}
        for name, value in (reply.usage or {}).items():
            if isinstance(value, int):
                _hold(probe, exchange, name, value, usage.get(name))


def _openai_streams(probe: Probe, *, clause: c.BehaviourClause) -> None:
    for question in (LONG, LONG_ZH):
        for counted in (False, True):
            asked: dict[str, Any] = {"cap": 40, "stream": True}
            if counted:
                asked["stream_options"] = {"include_usage": True}

            def collect(client: Any, q: str = question, a: Any = asked) -> list[Any]:
                return list(client.chat.completions.create(**_chat(probe, q, **a)))

            chunks, exchange = _openai(probe, collect)
            flow = flow_of(exchange, "openai", default_mode(probe))
            deltas = [chunk.choices[0].delta for chunk in chunks if chunk.choices]
            said = "".join(delta.content or "" for delta in deltas)
            _hold(probe, exchange, "number of chunks", len(flow.replies), len(chunks))
            _hold(probe, exchange, "text", flow.text, said)
            if not said:
                raise probe.violation("a stream with text", "none", exchange)
            reasons = [c.choices[0].finish_reason for c in chunks if c.choices]
            # Frames of usage may carry a choice that gives no reason any more.
            given = next((reason for reason in reversed(reasons) if reason), None)
            _hold(probe, exchange, "finish_reason", flow.finish_reason, given)
            if counted and chunks[-1].usage is None:
                raise probe.violation("usage in the last chunk", "none", exchange)


def _openai_tools(probe: Probe, *, clause: c.BehaviourClause) -> None:
    given: dict[str, Any] = {"tools": [copy.deepcopy(SAMPLE_TOOL)]}
    if "tool_choice" in probe.edition.parameters(probe.model):
        given["tool_choice"] = FORCED
    if broken(probe, prepare(probe, **given)):
        given.pop("tool_choice", None)
    body = _chat(probe, TOOL_QUESTIONS[0], cap=ROOM, **given)
    made, exchange = _openai(probe, lambda client: client.chat.completions.create(**body))
    reply = reply_of(exchange, "openai")
    calls = made.choices[0].message.tool_calls or []
    if not reply.tool_calls:
        raise Inconclusive("the model made no call", exchange.id)
    shown = [(one.id, one.function.name, one.function.arguments) for one in calls]
    wire = [
        (one.get("id"), one["function"].get("name"), one["function"].get("arguments"))
        for one in reply.tool_calls
    ]
    _hold(probe, exchange, "tool calls", wire, shown)


def _openai_errors(probe: Probe, *, clause: c.BehaviourClause) -> None:
    openai = __import__("openai")
    for streamed in (False, True):
        client, seen = openai_client(probe)
        body = {**_chat(probe, "Say hello."), "model": WRONG_MODEL, "stream": streamed}
        try:
            made = client.chat.completions.create(**body)
            list(made) if streamed else None
        except openai.APIStatusError as error:
            exchange = _last(seen)
            wire = exchange.error
            _hold(probe, exchange, "status", exchange.status, error.status_code)
            _hold(probe, exchange, "code", wire.code if wire else None, error.code)
        except openai.APIError as error:
            exchange = _last(seen)
            wire = exchange.error
            if wire is None or not wire.in_stream:
                raise probe.violation(
                    "a typed error", f"{type(error).__name__}: {error}", exchange
                ) from None
        else:
            exchange = _last(seen)
            seen_as = told(exchange.error) if exchange.error else "no error at all"
            raise probe.violation(
                "an error that the openai SDK raises, for an unknown model", seen_as, exchange
            )
        if exchange.error is not None and is_of_account(probe.edition, exchange.error):
            raise Inconclusive(told(exchange.error), exchange.id)


def _openai_files(probe: Probe, *, clause: c.BehaviourClause) -> None:
    data = b"The bridge was built of stone."

    def use(client: Any) -> tuple[Any, Any, Any, Any]:
        made = client.files.create(file=("sdk.txt", data), purpose=EXTRACT)
        try:
            again = client.files.retrieve(made.id)
            page = list(client.files.list().data)
        finally:
            gone = client.files.delete(made.id)
        return made, again, page, gone

    (made, again, page, gone), exchange = _openai(probe, use)
    for what, found, wanted in (
        ("bytes", made.bytes, len(data)),
        ("filename", made.filename, "sdk.txt"),
        ("the same id", again.id, made.id),
        ("deleted", gone.deleted, True),
    ):
        if found != wanted:
            raise probe.violation(f"{what} {written(wanted)}", written(found), exchange)
    if not page:
        raise probe.violation("files in the list", "none", exchange)


# ------------------------------------------------------------------------------- dashscope


def _generate(probe: Probe, question: str, session: Any, **asked: Any) -> Any:
    """The DashScope SDK's answer, or its generator of answers."""
    dashscope = __import__("dashscope")
    body = probe.body(question, **asked)
    given = {**body["input"], **body["parameters"]}
    return dashscope.Generation.call(
        model=body["model"],
        api_key=KEY,
        base_address=ROOT,
        session=session,
        **given,
    )


def _dashscope(
    probe: Probe, question: str, *, stream: bool = False, **asked: Any
) -> tuple[list[Any], Exchange]:
    session, seen = dashscope_session(probe)
    try:
        if stream:
            made = list(_generate(probe, question, session, stream=True, **asked))
        else:
            made = [_generate(probe, question, session, **asked)]
    except (Violation, Inconclusive, NotRun):
        raise
    except Exception as error:
        raise probe.violation(
            "an answer that the dashscope SDK reads",
            f"{type(error).__name__}: {error}",
            _last(seen),
        ) from None
    return made, _last(seen)


def _hold_fields(probe: Probe, clause: c.BehaviourClause, one: Any, exchange: Exchange) -> None:
    accepted(exchange, "an answer that the dashscope SDK reads", probe.edition)
    for field, value in clause.args.get("on_success", {}).items():
        found = getattr(one, field, None)
        if found != value and not (value == "" and found is None):
            raise probe.violation(
                f"{field} {written(value)}", f"{field} {written(found)}", exchange
            )
    for field in clause.args.get("fields", ()):
        if not hasattr(one, field):
            raise probe.violation(f"the field {field}", "none", exchange)


def _text_of(one: Any) -> Any:
    output = one.output or {}
    choices = output.get("choices")
    return choices[0]["message"]["content"] if choices else output.get("text")


def _dashscope_plain(probe: Probe, *, clause: c.BehaviourClause) -> None:
    for question, form in ((QUESTIONS[0], OMIT), (QUESTIONS[1], OMIT), (QUESTIONS[2], "message")):
        asked: dict[str, Any] = {"result_format": form}
        if "result_format" not in probe.edition.parameters(probe.model):
            asked = {}
        made, exchange = _dashscope(probe, question, **asked)
        _hold_fields(probe, clause, made[0], exchange)
        reply = reply_of(exchange, "native")
        _hold(probe, exchange, "text", reply.text, _text_of(made[0]))
        _hold(probe, exchange, "request_id", reply.body.get("request_id"), made[0].request_id)
        usage = dict(made[0].usage or {})
        for name, value in (reply.usage or {}).items():
            if isinstance(value, int):
                _hold(probe, exchange, name, value, usage.get(name))


def _dashscope_streams(probe: Probe, *, clause: c.BehaviourClause) -> None:
    if not can_stream(probe):
        raise NotRun(f"{probe.edition.id} documents no streams")
    for question in (LONG, LONG_ZH):
        made, exchange = _dashscope(probe, question, stream=True, cap=40)
        for one in made:
            _hold_fields(probe, clause, one, exchange)
        flow = flow_of(exchange, "native", default_mode(probe))
        _hold(probe, exchange, "number of frames", len(flow.replies), len(made))
        texts = [_text_of(one) or "" for one in made]
        said = texts[-1] if flow.mode == "cumulative" and texts else "".join(texts)
        _hold(probe, exchange, "text", flow.text, said)
        if not said:
            raise probe.violation("a stream with text", "none", exchange)


def _dashscope_tools(probe: Probe, *, clause: c.BehaviourClause) -> None:
    if broken(probe, prepare(probe, tools=[SAMPLE_TOOL])):
        raise NotRun("the model takes no tools")
    made, exchange = _dashscope(
        probe, TOOL_QUESTIONS[0], tools=[copy.deepcopy(SAMPLE_TOOL)], cap=ROOM
    )
    _hold_fields(probe, clause, made[0], exchange)
    reply = reply_of(exchange, "native")
    if not reply.tool_calls:
        raise Inconclusive("the model made no call", exchange.id)
    message = ((made[0].output or {}).get("choices") or [{}])[0].get("message", {})
    shown = [one["function"] for one in message.get("tool_calls") or ()]
    _hold(probe, exchange, "tool calls", [one.get("function") for one in reply.tool_calls], shown)


def _dashscope_errors(probe: Probe, *, clause: c.BehaviourClause) -> None:
    faults: tuple[dict[str, Any], ...] = ({"temperature": 5.0}, {"top_p": 7.0})
    for wrong in faults:
        made, exchange = _dashscope(probe, "Say hello.", **wrong)
        error = exchange.error
        if error is None:
            raise probe.violation(f"{wrong} refused", "an answer", exchange)
        if is_of_account(probe.edition, error):
            raise Inconclusive(told(error), exchange.id)
        _hold(probe, exchange, "status", exchange.status, made[0].status_code)
        _hold(probe, exchange, "code", error.code, made[0].code)
        _hold(probe, exchange, "message", error.message, made[0].message)


def _dashscope_stream_errors(probe: Probe, *, clause: c.BehaviourClause) -> None:
    if not can_stream(probe):
        raise NotRun(f"{probe.edition.id} documents no streams")
    for wrong in ({"temperature": 5.0}, {"top_p": 7.0}):
        made, exchange = _dashscope(probe, "Say hello.", stream=True, **wrong)
        error = exchange.error
        if error is None:
            raise probe.violation(f"{wrong} refused", "an answer", exchange)
        if is_of_account(probe.edition, error):
            raise Inconclusive(told(error), exchange.id)
        if not made:
            raise probe.violation("an error that the dashscope SDK shows", "nothing", exchange)
        _hold(probe, exchange, "code", error.code, made[-1].code)
        _hold(probe, exchange, "message", error.message, made[-1].message)
        if made[-1].status_code == 200:
            raise probe.violation("another status_code than 200", "200", exchange)


_SURFACES = {"openai": "openai", "dashscope": "native"}

_CHECKS: dict[str, dict[str, Check]] = {
    "openai": {
        "plain_answers": _openai_plain,
        "streams": _openai_streams,
        "tool_calls": _openai_tools,
        "errors": _openai_errors,
        "files": _openai_files,
    },
    "dashscope": {
        "plain_answers": _dashscope_plain,
        "streams": _dashscope_streams,
        "tool_calls": _dashscope_tools,
        "errors": _dashscope_errors,
        "errors_in_streams": _dashscope_stream_errors,
    },
}
