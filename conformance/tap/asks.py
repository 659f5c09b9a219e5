"""The requests that are sent at the front: made from the clauses of its edition."""

from __future__ import annotations

import random
from collections.abc import Iterator, Mapping
from typing import Any, Final

from tokenassay.conformance.promises.ranges import above, below, inside
from tokenassay.conformance.tap.findings import Kind
from tokenassay.contracts.clauses import ErrorClause
from tokenassay.contracts.edition import Edition, Parameter
from tokenassay.contracts.records import Record

PLAIN: Final = "Say hello."
MARK: Final = "{mark}"
"""Stands in a message where the request's mark goes, by which its arrival is known."""

UNKNOWN: Final = "assay_extension"
"""A parameter that no document has."""

_APART: Final = frozenset({"model", "messages", "prompt", "history", "input", "parameters"})
"""Parameters that an ask has a place of its own for."""

_HOLD: Final = 0.6
"""Seconds that a stream pauses after its first frame, to see whether that one is passed on."""

_MIXED: Final = 6
_WIDE, _LONG = 4, 200
"""How far into an endless range, of any numbers and of whole ones, one goes."""

_TOOL: Final[dict[str, Any]] = {
    "type": "function",
    "function": {
        "name": "get_time",
        "description": "Tells the time in a city.",
        "parameters": {"type": "object", "properties": {"city": {"type": "string"}}},
    },
}


def say(text: Any, role: str = "user") -> dict[str, Any]:
    """A message."""
    return {"role": role, "content": text}


_USUAL: Final = (say(f"{PLAIN} {MARK}"),)


class Ask(Record, frozen=True, kw_only=True):
    """One request to be sent at the front, and how the upstream is to answer it."""

    kind: Kind
    what: str
    about: str | None = None
    """The parameter that it is about, where it is about one."""
    parameters: Mapping[str, Any] = {}
    messages: tuple[Mapping[str, Any], ...] = _USUAL
    stream: bool = False
    body: Mapping[str, Any] | None = None
    """Sent as it is, in place of what is made from messages and parameters."""
    fault: str | None = None
    """Id of the error clause that the upstream answers with."""
    after: int | None = None
    """Frames that the upstream sends before the error."""
    hold: float = 0.0
    named: bool = True
    """Whether it names a model."""
    twin: bool = False
    """Whether it is the request before it once more."""


CONTROL: Final = Ask(kind="plain", what="a plain request")


def asks(edition: Edition, upstream: Edition, model: str, seed: int) -> Iterator[Ask]:
    """All that is asked, in an order in which whatever is left out is missed least."""
    known = edition.parameters(model)
    yield CONTROL
    if _can_stream(edition):
        yield from _streams(known)
    tried = [made for p in known.values() if (made := list(_about(p, known)))]
    yield from (values[0] for values in tried)
    yield Ask(
        kind="parameter",
        what="a parameter of no document",
        about=UNKNOWN,
        parameters={UNKNOWN: 1},
    )
    yield from _conversations()
    for depth in range(1, max(map(len, tried), default=0)):
        yield from (values[depth] for values in tried if depth < len(values))
    yield from _mixed(tried, seed)
    yield Ask(kind="cache", what="the same request")
    yield Ask(kind="cache", what="the same request again", twin=True)
    yield from _faults(upstream)


def _streams(known: Mapping[str, Parameter]) -> Iterator[Ask]:
    options: dict[str, Any]
    story = (say(f"Tell a short story. {MARK}"),)
    yield Ask(kind="stream", what="a stream", stream=True)
    if "stream_options" in known:
        options = {"stream_options": {"include_usage": True}}
        yield Ask(
            kind="stream",
            what="a stream with usage",
            stream=True,
            parameters=options,
            messages=story,
        )
    if "incremental_output" in known:
        options = {"incremental_output": True}
        yield Ask(
            kind="stream",
            what="a stream in increments",
            stream=True,
            parameters=options,
            messages=story,
        )
    yield Ask(kind="stream", what="a stream that pauses", stream=True, hold=_HOLD)


def _about(parameter: Parameter, known: Mapping[str, Parameter]) -> Iterator[Ask]:
    """A parameter alone, at value after value, the most telling first."""
    name = parameter.name
    if name in _APART or "." in name or name == "stream":
        return
    for value in _values(parameter, known):
        given = {name: value}
        if name in ("tool_choice", "parallel_tool_calls", "tool_stream") and "tools" in known:
            given["tools"] = [_TOOL]
        yield Ask(
            kind="parameter",
            what=name,
            about=name,
            parameters=given,
            stream=name == "stream_options",
        )


def _values(parameter: Parameter, known: Mapping[str, Parameter]) -> list[Any]:
    """Legal values, then illegal ones, then one of another type."""
    interval, types = parameter.interval, parameter.declared.types
    number = "number" in types or "integer" in types
    values: list[Any] = []
    if parameter.name == "tools":
        return [[_TOOL]]
    if parameter.choice is not None:
        values = [*parameter.choice.values, "assay"]
    elif interval is not None:
        beyond = [*above(interval, parameter), *below(interval, parameter)]
        ends = inside(interval, parameter)
        values = [_between(ends, parameter, 0.3), *beyond, _between(ends, parameter, 0.8), *ends]
    elif number:
        values = [7] if "number" not in types else [0.5, 7]
    elif "boolean" in types:
        values = [True, False]
    elif "object" in types and "string" not in types:
        values = list(_objects(parameter.name, known)) or [{"assay": 1}]
    elif parameter.forms is not None:
        forms = {
            "string": "zq",
            "string[]": ["zq", "xq"],
            "integer[]": [100],
            "integer[][]": [[100], [200]],
            "object[]": [{"assay": 1}],
        }
        values = [forms[form] for form in parameter.forms.forms]
    elif "string" in types:
        values = ["assay"]
    if number and values:
        values.append(str(values[0]))
    elif "boolean" in types:
        values.append("true")
    return list({repr(value): value for value in values}.values())


def _between(ends: list[Any], parameter: Parameter, part: float) -> Any:
    """A value well inside a range, so much of the way up from its low end."""
    low, high = min(ends), max(ends)
    if "number" in parameter.declared.types:
        return round(low + (min(high, low + _WIDE) - low) * part, 2)
    return min(low + int(_LONG * part), (low + high) // 2)


def _objects(name: str, known: Mapping[str, Parameter]) -> Iterator[dict[str, Any]]:
    """Objects with one field each, of those that the edition names."""
    for inner in known.values():
        outer, _, field = inner.name.partition(".")
        if outer == name and field:
            for value in _values(inner, known):
                yield {field: value}


def _conversations() -> Iterator[Ask]:
    first, reply, system = say("Hi."), say("Hello.", "assistant"), say("Be brief.", "system")
    last = say(f"And now? {MARK}")
    call = {
        "id": "call_1",
        "type": "function",
        "function": {"name": "get_time", "arguments": '{"city": "Hangzhou"}'},
    }
    called = {"role": "assistant", "content": "", "tool_calls": [call]}
    told = {"role": "tool", "content": "12:30", "tool_call_id": "call_1", "name": "get_time"}
    tools = {"tools": [_TOOL]}
    spaced = f"  两行\n\n🙂 e\u0301 {MARK}\n"
    long = "The bridge was built of stone and stood long. " * 200
    yield Ask(kind="conversation", what="no model named", named=False)
    yield Ask(
        kind="conversation", what="a system message", messages=(system, say(f"{PLAIN} {MARK}"))
    )
    yield Ask(kind="conversation", what="several turns", messages=(first, reply, last))
    yield Ask(
        kind="conversation",
        what="a system message and several turns",
        messages=(system, first, reply, last),
    )
    yield Ask(kind="conversation", what="two system messages", messages=(system, system, last))
    yield Ask(
        kind="conversation",
        what="content in parts",
        messages=(say([{"type": "text", "text": last["content"]}]),),
    )
    yield Ask(kind="conversation", what="a name", messages=({**last, "name": "ann"},))
    yield Ask(kind="conversation", what="space, line ends and accents", messages=(say(spaced),))
    yield Ask(kind="conversation", what="a long text", messages=(say(f"{long}{MARK}"),))
    yield Ask(
        kind="conversation",
        what="a tool's result",
        messages=(first, called, told, last),
        parameters=tools,
    )


def _mixed(tried: list[list[Ask]], seed: int) -> Iterator[Ask]:
    """Some parameters at once, each at its first value."""
    dice = random.Random(seed)  # noqa: S311 - reproducible requests, no secrets
    for _ in range(_MIXED if len(tried) > 2 else 0):
        chosen = dice.sample(tried, min(len(tried), 4))
        given: dict[str, Any] = {}
        for values in chosen:
            given.update(values[0].parameters)
        stream = any(values[0].stream for values in chosen)
        yield Ask(kind="mixed", what=", ".join(given), parameters=given, stream=stream)


def _faults(upstream: Edition) -> Iterator[Ask]:
    """One error of each status that the upstream's edition has.

    Those that everybody meets come first: some gateways ask no more after certain others.
    """
    rows: dict[int, ErrorClause] = {}
    for row in upstream.errors.values():
        if row.status >= 400 and row.code is not None:
            rows.setdefault(row.status, row)
    order = sorted(rows, key=lambda status: (status < 429, status))
    broken = next((rows[status] for status in order if status >= 500), None)
    if broken is not None and _can_stream(upstream):
        yield Ask(
            kind="error",
            what="the upstream breaks off a stream",
            stream=True,
            fault=broken.id,
            after=2,
        )
    for status in order:
        yield Ask(kind="error", what=f"the upstream answers {status}", fault=rows[status].id)


def _can_stream(edition: Edition) -> bool:
    return edition.surface == "openai" or edition.behaviour("sse_by_header") is not None


def body_of(ask: Ask, edition: Edition, model: str, mark: str) -> dict[str, Any]:
    """The body of an ask in the dialect of the front, with its mark in the last message."""
    if ask.body is not None:
        return dict(ask.body)
    known = edition.parameters(model)
    native = edition.surface == "native"
    messages = [_marked(message, mark) for message in ask.messages]
    body: dict[str, Any] = {"model": model} if ask.named else {}
    if native:
        body |= {"input": {}, "parameters": {}}
    if native and edition.rule("prompt_only", model) is not None:
        body["input"] = {"prompt": messages[-1]["content"]}
    elif native:
        body["input"] = {"messages": messages}
    else:
        body["messages"] = messages
    for name, value in ask.parameters.items():
        usual = f"parameters.{name}" if native else name
        *path, last = (known[name].declared.at if name in known else usual).split(".")
        at = body
        for step in path:
            at = at.setdefault(step, {})
        at[last] = value
    if ask.stream and not native:
        body["stream"] = True
    return body


def _marked(message: Mapping[str, Any], mark: str) -> dict[str, Any]:
    content = message.get("content")
    if isinstance(content, str):
        return {**message, "content": content.replace(MARK, mark)}
    if isinstance(content, list):
        parts = [{**part, "text": part["text"].replace(MARK, mark)} for part in content]
        return {**message, "content": parts}
    return dict(message)
