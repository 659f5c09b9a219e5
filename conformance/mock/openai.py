"""The OpenAI-compatible dialect: chat completions whole and in chunks."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from tokenassay.conformance.mock import documents
from tokenassay.conformance.mock.call import (
    Answer,
    Call,
    Denial,
    Denied,
    Head,
    Reply,
    ToolCall,
    Usage,
)
from tokenassay.conformance.mock.chat_style import chat_style
from tokenassay.conformance.mock.frames import Frame, Style
from tokenassay.conformance.mock.openai_errors import error_body
from tokenassay.conformance.mock.portions import Portion, portions
from tokenassay.contracts.records import Surface


class OpenAI:
    """How the OpenAI-compatible surface reads the switch for streams and writes its answers."""

    surface: Surface = "openai"

    def wants_stream(self, call: Call) -> bool:
        """``stream: true`` in the body."""
        return call.body.get("stream") is True

    def examine(self, call: Call) -> None:
        """Look up the files that the messages refer to, and count their tokens."""
        documents.examine(call)

    def admit(self, call: Call) -> None:
        """Denied where a file can't be used, or where no tool has the name that is chosen."""
        documents.admit(call)
        missing = undefined_choice(call)
        row = call.service.errors.get("error.tool_choice_undefined")
        if row is not None and missing is not None:
            raise Denied(Denial.of_row(row, name=missing))

    def refusal(self, call: Call, denial: Denial) -> dict[str, Any]:
        """An object ``error``, and identifiers as the edition has them."""
        return error_body(call, denial)

    def whole(self, call: Call, answers: tuple[Answer, ...], usage: Usage) -> dict[str, Any]:
        """A ``chat.completion`` with a choice for each answer."""
        choices = [
            {
                "message": _message(answer),
                "finish_reason": answer.finish_reason,
                "index": index,
                "logprobs": None,
            }
            for index, answer in enumerate(answers)
        ]
        return {
            "choices": choices,
            "object": "chat.completion",
            "usage": usage_fields(call, usage),
            **_identity(call),
        }

    def frames(self, call: Call, answers: tuple[Answer, ...], usage: Usage) -> Iterator[Frame]:
        """Chunks of each choice, the usage chunk where it was asked for, and the terminator."""
        style = chat_style(call.service.edition)
        identity = _identity(call)
        opened: set[int] = set()
        for portion in portions(answers, incremental=not style.cumulative, split_calls=True):
            for delta, reason in _deltas(
                portion, portion.choice not in opened, style.text_in_first
            ):
                choice = {
                    "delta": delta,
                    "finish_reason": style.unfinished if reason is None else reason,
                    "index": portion.choice,
                    "logprobs": None,
                }
                yield Frame(
                    {
                        "choices": [choice],
                        "object": "chat.completion.chunk",
                        "usage": None,
                        **identity,
                    }
                )
            opened.add(portion.choice)
        if wants_usage(call):
            counted = usage_fields(call, usage)
            chunk = {"choices": [], "object": "chat.completion.chunk", "usage": counted}
            yield Frame({**chunk, **identity})
        if style.terminator is not None:
            yield Frame(style.terminator.encode())

    def stream_refusal(self, call: Call, reply: Reply, after: int = 0) -> Iterable[Frame] | None:
        """In mid-stream a frame of data with the error; before that it is a plain answer."""
        return [Frame(reply.body)] if after else None

    def style(self, call: Call) -> Style:
        """``data: {...}``"""
        return chat_style(call.service.edition).frame

    def head(self, call: Call, status: int, streaming: bool) -> Head:
        """The content type, and the request's id."""
        kind = "text/event-stream" if streaming else "application/json"
        return Head(status, {"content-type": kind, "x-request-id": call.request_id})


OPENAI = OpenAI()


def undefined_choice(call: Call) -> str | None:
    """The function that ``tool_choice`` names though no tool defines it; None where all is well."""
    assert call.request is not None
    choice = call.request.parameters.get("tool_choice")
    function = choice.get("function") if isinstance(choice, Mapping) else None
    name = function.get("name") if isinstance(function, Mapping) else None
    if not isinstance(name, str):
        return None
    defined = [t.get("function") for t in call.request.tools if isinstance(t, Mapping)]
    names = [f.get("name") for f in defined if isinstance(f, Mapping)]
    return None if name in names else name


def wants_usage(call: Call) -> bool:
    """Whether the caller asked for the chunk that carries usage."""
    options = call.parameters.get("stream_options")
    return isinstance(options, Mapping) and options.get("include_usage") is True


def usage_fields(call: Call, usage: Usage) -> dict[str, Any]:
    """Usage as the surface writes it."""
    fields: dict[str, Any] = {
        "prompt_tokens": usage.input_tokens,
        "completion_tokens": usage.output_tokens,
        "total_tokens": usage.total_tokens,
    }
    told_apart = chat_style(call.service.edition).reasoning_details
    if usage.reasoning_tokens is not None and told_apart:
        fields["completion_tokens_details"] = {"reasoning_tokens": usage.reasoning_tokens}
    return fields


def _identity(call: Call) -> dict[str, Any]:
    return {
        "created": call.created,
        "system_fingerprint": None,
        "model": call.model,
        "id": f"chatcmpl-{call.request_id}",
    }


def _message(answer: Answer) -> dict[str, Any]:
    message: dict[str, Any] = {"role": "assistant", "content": answer.text}
    if answer.reasoning:
        message["reasoning_content"] = "".join(answer.reasoning)
    if answer.tool_calls:
        message["tool_calls"] = [
            _call_fields(position, made) for position, made in enumerate(answer.tool_calls)
        ]
    return message


def _call_fields(position: int, made: ToolCall) -> dict[str, Any]:
    """A tool call; a later fragment of one has an empty id and no name."""
    function = {"name": made.name} if made.name else {}
    function["arguments"] = made.arguments
    return {"index": position, "id": made.id, "type": "function", "function": function}


def _deltas(
    portion: Portion, first: bool, text_in_first: bool
) -> Iterator[tuple[dict[str, Any], str | None]]:
    """The chunks of one portion: delta and finish reason (None while unfinished)."""
    thinking = portion.reasoning is not None
    reason = portion.finish_reason
    if first and not (text_in_first and portion.text):
        opening: dict[str, Any] = {"content": "", "role": "assistant"}
        yield {**opening, "reasoning_content": ""} if thinking else opening, None
        first = False
    if portion.calls:
        calls = [_call_fields(position, made) for position, made in portion.calls]
        yield {"content": None, "tool_calls": calls}, None
    elif portion.reasoning and reason is None and not portion.text:
        yield {"content": None, "reasoning_content": portion.reasoning}, None
    elif portion.text and reason is None:
        yield {"content": portion.text, **({"role": "assistant"} if first else {})}, None
    if reason is not None:
        yield {} if portion.calls else {"content": portion.text}, reason
