"""Finer lies about answers: changed on the way, told late or by halves, in streams alone."""

from __future__ import annotations

import unicodedata
from collections.abc import Callable, Iterable, Iterator
from typing import Any

import msgspec

from tokenassay.conformance.mock.call import Answer, Call, Head
from tokenassay.conformance.mock.frames import Frame
from tokenassay.conformance.mock.lies.registry import Lie, Probe
from tokenassay.conformance.mock.lies.tricks import (
    choices_in,
    content_at,
    edited,
    listed,
    messages_in,
)
from tokenassay.conformance.mock.lies.where import takes
from tokenassay.conformance.mock.stages import Hook, Hooks
from tokenassay.conformance.mock.written import write

_LONG = ({"role": "user", "content": "Tell me about rivers, in 60 words."},)
_CHINESE = ({"role": "user", "content": "请介绍一下河流。"},)
_EMOJI = ({"role": "user", "content": "🎉 Tell me in 90 words."},)
_OF_ALL = ("stream.equals_whole", "stream.by_parameter")
_WEATHER = ({"role": "user", "content": "What is the weather in Oslo?"},)
_TOOL: dict[str, Any] = {
    "type": "function",
    "function": {
        "name": "get_weather",
        "parameters": {"type": "object", "properties": {"city": {"type": "string"}}},
    },
}
_CALL: dict[str, Any] = {"tools": [_TOOL], "result_format": "message"}


def _texts(change: Callable[[str], str]) -> Callable[[Any], Any]:
    """Change what each choice in a body or frame says."""

    def changed(body: Any) -> Any:
        for holder, key in (
            *((message, "content") for message in messages_in(body)),
            *((choice, "text") for choice in choices_in(body)),
        ):
            if isinstance(holder.get(key), str):
                holder[key] = change(holder[key])
        return body

    return changed


def _reasons(old: str, new: str) -> Callable[[Any], Any]:
    def changed(body: Any) -> Any:
        for choice in choices_in(body):
            if choice.get("finish_reason") == old:
                choice["finish_reason"] = new
        return body

    return changed


def _latest(**fields: Any) -> Hook[Iterable[Frame]]:
    """Change fields in the last frame alone."""

    def change(frames: list[Frame]) -> list[Frame]:
        for n in content_at(frames)[-1:]:
            frames[n] = frames[n]._replace(data={**frames[n].data, **fields})
        return frames

    return listed(change)


def _done_early(frames: list[Frame]) -> list[Frame]:
    if len(frames) < 2 or frames[-1].data != b"[DONE]":
        return frames
    return [*frames[:-2], frames[-1], frames[-2]]


def _fenced(call: Call, answer: Answer) -> Answer:
    wanted = call.parameters.get("response_format")
    if not isinstance(wanted, dict) or wanted.get("type") in (None, "text"):
        return answer
    said = write(f"```json\n{answer.text}\n```")
    return msgspec.structs.replace(answer, pieces=said.pieces, marks=said.marks, tokens=said.tokens)


def _speechless(call: Call, answer: Answer) -> Answer:
    if (call.input_tokens or 0) <= 300:
        return answer
    return msgspec.structs.replace(answer, pieces=(), marks=(), tokens=0)


def _stop_as_length(call: Call, answer: Answer) -> Answer:
    if answer.stopped_by is None:
        return answer
    return msgspec.structs.replace(answer, finish_reason="length")


def _calls(change: Callable[[Any, int], None]) -> Callable[[Any], Any]:
    def changed(body: Any) -> Any:
        for message in messages_in(body):
            for number, made in enumerate(message.get("tool_calls") or ()):
                if made.get("id"):
                    change(made, number)
        return body

    return changed


def _same_id(made: Any, number: int) -> None:
    made["id"] = f"call_{number}"


def _other_ids(call: Call, honest: Iterable[Frame]) -> Iterator[Frame]:
    """Give each fragment of a call an id of its own."""
    for number, frame in enumerate(honest):
        for message in messages_in(frame.data):
            for made in message.get("tool_calls") or ():
                made["id"] = f"call_{number}"
        yield frame


def _taken(call: Call, head: Head) -> Head:
    return head if call.stream else head._replace(status=202)


def _capitals(call: Call, body: dict[str, Any]) -> dict[str, Any]:
    return {**body, "model": str(body["model"]).upper()}


def _milliseconds(call: Call, body: dict[str, Any]) -> dict[str, Any]:
    return {**body, "created": body["created"] * 1000}


LIES: tuple[Lie, ...] = (
    Lie(
        "normalizes_text_in_streams",
        "streams",
        "A stream has plain letters where the plain answer has ligatures and wide ones.",
        _OF_ALL,
        Hooks(frames=edited(_texts(lambda text: unicodedata.normalize("NFKC", text)))),
        probe=Probe(messages=_EMOJI, stream=True),
    ),
    Lie(
        "changes_punctuation_in_streams",
        "streams",
        "A stream has English full stops where the plain answer has Chinese ones.",
        _OF_ALL,
        Hooks(frames=edited(_texts(lambda text: text.replace("。", ".")))),
        probe=Probe(messages=_CHINESE, stream=True),
    ),
    Lie(
        "strips_spaces_of_frames",
        "streams",
        "Spaces at the edges of frames are lost.",
        _OF_ALL,
        Hooks(frames=edited(_texts(str.strip))),
        probe=Probe({"incremental_output": True}, messages=_LONG, stream=True),
    ),
    Lie(
        "hides_cuts_in_streams",
        "streams",
        "A stream that is cut at max_tokens ends with finish_reason stop.",
        ("max_tokens.truncates", *_OF_ALL),
        Hooks(frames=edited(_reasons("length", "stop"))),
        probe=Probe({"max_tokens": 5}, stream=True),
    ),
    Lie(
        "done_before_the_last_chunk",
        "streams",
        "[DONE] comes before the last chunk of a stream.",
        ("stream.terminator",),
        Hooks(frames=listed(_done_early)),
        ("openai",),
        Probe(stream=True),
    ),
    Lie(
        "last_chunk_has_another_time",
        "streams",
        "The last chunk of a stream has another time than the others.",
        ("stream.constant",),
        Hooks(frames=_latest(created=1)),
        ("openai",),
        Probe(stream=True),
    ),
    Lie(
        "answers_in_milliseconds",
        "responses",
        "The time of an answer is told in milliseconds.",
        ("response.body",),
        Hooks(body=_milliseconds),
        ("openai",),
        Probe(),
    ),
    Lie(
        "names_the_model_in_capitals",
        "responses",
        "An answer names its model in capital letters.",
        ("response.model",),
        Hooks(body=_capitals),
        ("openai",),
        Probe(),
    ),
    Lie(
        "answers_with_status_202",
        "responses",
        "A plain answer has status 202.",
        ("endpoint.generate", "endpoint.chat"),
        Hooks(head=_taken),
        probe=Probe(),
    ),
    Lie(
        "answers_nothing_to_long_questions",
        "responses",
        "The answer to a question of more than three hundred tokens is empty.",
        ("endpoint.generate", "endpoint.chat"),
        Hooks(answer=_speechless),
        probe=Probe(messages=({"role": "user", "content": "so" + " so" * 400},)),
    ),
    Lie(
        "tells_stops_as_cuts",
        "parameters",
        "An answer that a stop text ended has the finish_reason length.",
        ("stop.ends_answer", "response.finish_reasons", "response.finish_reason"),
        Hooks(answer=_stop_as_length),
        probe=Probe({"stop": "e"}),
        where=takes("max_tokens"),
    ),
    Lie(
        "fences_json",
        "responses",
        "A JSON object stands between the fences of a block of code.",
        ("response_format.type.values", "response_format.kinds"),
        Hooks(answer=_fenced),
        probe=Probe(
            {"response_format": {"type": "json_object"}, "result_format": "message"},
            messages=({"role": "user", "content": "Say hello in json."},),
        ),
    ),
    Lie(
        "tool_ids_never_change",
        "tools",
        "Calls in different answers have the same id.",
        ("messages.tool_call_id",),
        Hooks(
            body=lambda call, body: _calls(_same_id)(body),
            frames=edited(_calls(_same_id)),
        ),
        probe=Probe(_CALL, messages=_WEATHER),
    ),
    Lie(
        "tool_ids_change_in_a_stream",
        "tools",
        "Each fragment of a call has an id of its own.",
        ("messages.tool_call_id",),
        Hooks(frames=_other_ids),
        ("openai",),
        Probe(_CALL, messages=_WEATHER, stream=True),
    ),
)
