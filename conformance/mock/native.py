"""The native dialect: DashScope's own bodies and frames, and those of gateways that copy them."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any

from tokenassay.conformance.mock import documents
from tokenassay.conformance.mock.call import Answer, Call, Denial, Head, Reply, ToolCall, Usage
from tokenassay.conformance.mock.frames import Frame, Style
from tokenassay.conformance.mock.metering import usage_at
from tokenassay.conformance.mock.portions import Portion, portions
from tokenassay.conformance.mock.quirks import Quirks, quirks
from tokenassay.contracts.records import Surface


class Native:
    """How the native surface reads the switch for streams and writes its answers."""

    surface: Surface = "native"

    def wants_stream(self, call: Call) -> bool:
        """Either of the documented headers alone turns on the stream."""
        switches = quirks(call.service.edition).stream_headers
        return any(value in call.headers.get(name, "").lower() for name, value in switches.items())

    def examine(self, call: Call) -> None:
        """Look up the files that the messages refer to, and count their tokens."""
        documents.examine(call)

    def admit(self, call: Call) -> None:
        """Denied where a file that the messages refer to can't be used."""
        documents.admit(call)

    def refusal(self, call: Call, denial: Denial) -> dict[str, Any]:
        """A flat error; a row without code has no code field."""
        body: dict[str, Any] = {"code": denial.code} if denial.code is not None else {}
        body["message"] = denial.message
        body["request_id"] = call.request_id
        return body

    def whole(self, call: Call, answers: tuple[Answer, ...], usage: Usage) -> dict[str, Any]:
        """Text or choices, by result_format; usage; the request's id."""
        about = quirks(call.service.edition)
        output: dict[str, Any]
        if in_messages(call):
            output = {
                "choices": [
                    self._choice(about, index if len(answers) > 1 else None, answer)
                    for index, answer in enumerate(answers)
                ]
            }
        else:
            output = {"finish_reason": answers[0].finish_reason, "text": answers[0].text}
            if not about.text_finish_reason:
                del output["finish_reason"]
        body: dict[str, Any] = {"output": output, "usage": usage_fields(about, usage)}
        body["request_id"] = call.request_id
        return fill_blanks(about, body) if about.blanks else body

    def _choice(self, about: Quirks, index: int | None, answer: Answer) -> dict[str, Any]:
        message = message_of(about, answer.text)
        if answer.reasoning:
            message["reasoning_content"] = "".join(answer.reasoning)
        if answer.tool_calls:
            message["tool_calls"] = [
                call_fields(about, position, made)
                for position, made in enumerate(answer.tool_calls)
            ]
        choice = {"finish_reason": answer.finish_reason, "message": message}
        return choice if index is None else {**choice, "index": index}

    def frames(self, call: Call, answers: tuple[Answer, ...], usage: Usage) -> Iterator[Frame]:
        """Cumulative or incremental frames, each with the usage so far; nothing ends them."""
        about = quirks(call.service.edition)
        incremental = call.parameters.get("incremental_output")
        if not isinstance(incremental, bool):
            incremental = not about.cumulative
        messages = in_messages(call)
        comment = f"{about.comment}/200" if about.comment else None
        cut = portions(answers, incremental=incremental, split_calls=about.call_ids)
        for number, portion in enumerate(cut, 1):
            reason = portion.finish_reason or about.unfinished
            output: dict[str, Any]
            if messages:
                output = {"choices": [self._delta(about, portion, reason, len(answers) > 1)]}
            else:
                output = {"finish_reason": reason, "text": portion.text}
            sofar = usage_at(call, portion.tokens, portion.reasoning_tokens)
            data = {
                "output": output,
                "usage": usage_fields(about, sofar),
                "request_id": call.request_id,
            }
            yield Frame(data, about.event, str(number) if about.numbered else None, comment)
        if about.terminator is not None:
            yield Frame(about.terminator.encode())

    def _delta(self, about: Quirks, portion: Portion, reason: Any, several: bool) -> dict[str, Any]:
        message = message_of(about, portion.text)
        if portion.reasoning is not None:
            message["reasoning_content"] = portion.reasoning
        if portion.calls:
            message["tool_calls"] = [
                call_fields(about, position, made) for position, made in portion.calls
            ]
        delta = {"message": message, "finish_reason": reason}
        return {**delta, "index": portion.choice} if several else delta

    def stream_refusal(self, call: Call, reply: Reply, after: int = 0) -> Iterable[Frame] | None:
        """HTTP 200 and an error frame that names the status in its comment, as recorded."""
        about = quirks(call.service.edition)
        if about.error_event is None and not after:
            return None
        comment = f"{about.comment}/{reply.status}" if about.comment else None
        number = str(after + 1) if about.numbered else None
        return [Frame(reply.body, about.error_event or "error", number, comment)]

    def style(self, call: Call) -> Style:
        """``data:{...}``"""
        return quirks(call.service.edition).style

    def head(self, call: Call, status: int, streaming: bool) -> Head:
        """The content type, and the request's id once more."""
        kind = "text/event-stream;charset=UTF-8" if streaming else "application/json"
        return Head(status, {"content-type": kind, "x-request-id": call.request_id})


NATIVE = Native()


def in_messages(call: Call) -> bool:
    """Whether the answer has the form message; an unknown form counts as text."""
    return call.parameters.get("result_format") == "message"


def message_of(about: Quirks, text: str) -> dict[str, Any]:
    """A message of the assistant."""
    message: dict[str, Any] = {"role": "assistant", "content": text}
    if about.content_type is not None:
        message["content_type"] = about.content_type
    return message


def call_fields(about: Quirks, position: int, made: ToolCall) -> dict[str, Any]:
    """A tool call; a later fragment of one has an empty id and no name."""
    function = {"name": made.name} if made.name else {}
    function["arguments"] = made.arguments
    fields: dict[str, Any] = {"function": function, "type": "function"}
    if about.call_ids:
        fields["index"] = position
        fields["id"] = made.id
    return fields


def usage_fields(about: Quirks, usage: Usage) -> dict[str, Any]:
    """Usage as the surface writes it."""
    fields: dict[str, Any] = {"total_tokens": usage.total_tokens} if about.totals else {}
    fields["input_tokens"] = usage.input_tokens
    fields["output_tokens"] = usage.output_tokens
    if usage.reasoning_tokens is not None:
        fields["output_tokens_details"] = {"reasoning_tokens": usage.reasoning_tokens}
    return fields


def fill_blanks(about: Quirks, body: dict[str, Any]) -> dict[str, Any]:
    """A body with the fields that an edition shows on success: added where they are missing.

    The request's id is replaced where the edition documents an empty one.
    """
    for field, value in about.blanks.items():
        holder = body
        *outer, name = field.split(".")
        for step in outer:
            holder = holder.setdefault(step, {})
        if name == "request_id":
            holder[name] = value
        else:
            holder.setdefault(name, value)
    return body
