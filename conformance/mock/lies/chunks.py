"""Lies about the chunks of an OpenAI-compatible stream: usage, roles, names, what they repeat."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from typing import Any

import msgspec

from tokenassay.conformance.mock.call import Call
from tokenassay.conformance.mock.frames import Frame
from tokenassay.conformance.mock.lies.openai import CITY, LONG, SURFACE, TEXT_STAMP, WEATHER, field
from tokenassay.conformance.mock.lies.registry import Lie, Probe
from tokenassay.conformance.mock.lies.tricks import (
    choices_in,
    content_at,
    edited,
    listed,
    messages_in,
    setting,
)
from tokenassay.conformance.mock.stages import Hook, Hooks

_CHINESE = ({"role": "user", "content": "请介绍一下河流。"},)
_STREAM = Probe(messages=LONG, stream=True)
_COUNTED = Probe({"stream_options": {"include_usage": True}}, messages=LONG, stream=True)
_TOOL_STREAM = Probe({"tools": [WEATHER]}, messages=CITY, stream=True)
_BROKEN_OFF = Probe(
    messages=LONG,
    stream=True,
    headers={"x-assay-fault": "error.internal", "x-assay-fault-after": "3"},
)


def _no_done(frames: list[Frame]) -> list[Frame]:
    return [frame for frame in frames if frame.data != b"[DONE]"]


def _is_usage_chunk(frame: Frame) -> bool:
    return isinstance(frame.data, dict) and frame.data.get("choices") == []


def _no_usage_chunk(frames: list[Frame]) -> list[Frame]:
    return [frame for frame in frames if not _is_usage_chunk(frame)]


def _turned_round(call: Call, given: dict[str, Any]) -> dict[str, Any]:
    """Usage where it was not asked for, none where it was."""
    options = given.get("stream_options")
    asked = isinstance(options, dict) and options.get("include_usage") is True
    return {**given, "stream_options": {"include_usage": not asked}}


def _usage_everywhere(frames: list[Frame]) -> list[Frame]:
    usage = next((frame.data["usage"] for frame in frames if _is_usage_chunk(frame)), None)
    return [
        frame._replace(data={**frame.data, "usage": usage})
        if isinstance(frame.data, dict)
        else frame
        for frame in frames
    ]


def _choice_in_usage_chunk(frames: list[Frame]) -> list[Frame]:
    choice = {"delta": {"content": ""}, "finish_reason": "stop", "index": 0, "logprobs": None}
    return [
        frame._replace(data={**frame.data, "choices": [choice]})
        if _is_usage_chunk(frame)
        else frame
        for frame in frames
    ]


def _role_everywhere(data: Any) -> Any:
    for delta in messages_in(data):
        delta["role"] = "assistant"
    return data


def _role_nowhere(data: Any) -> Any:
    for delta in messages_in(data):
        delta.pop("role", None)
    return data


def _cumulative(call: Call, honest: Iterable[Frame]) -> Iterator[Frame]:
    said: dict[int, str] = {}
    for frame in honest:
        for choice in choices_in(frame.data):
            delta, index = choice.get("delta"), choice.get("index", 0)
            if isinstance(delta, dict) and isinstance(delta.get("content"), str):
                said[index] = said.get(index, "") + delta["content"]
                delta["content"] = said[index]
        yield frame


def _torn_letters(call: Call, honest: Iterable[Frame]) -> Iterator[Frame]:
    """Each first character of several bytes becomes two replacement characters, in two frames."""
    torn = False
    for frame in honest:
        texts = [delta for delta in messages_in(frame.data) if delta.get("content")]
        at = _first_wide(texts[0]["content"]) if texts and not torn else None
        if at is None:
            yield frame
            continue
        torn = True
        text = texts[0]["content"]
        for half in (text[:at] + "\ufffd", "\ufffd" + text[at + 1 :]):
            copied = msgspec.json.decode(msgspec.json.encode(frame.data))
            messages_in(copied)[0]["content"] = half
            yield frame._replace(data=copied)


def _first_wide(text: str) -> int | None:
    return next((n for n, letter in enumerate(text) if ord(letter) > 0x7F), None)


def _changing(field: str, change: Callable[[Any, int], Any]) -> Hook[Iterable[Frame]]:
    """A field that should stay the same in all chunks."""

    def frames(call: Call, honest: Iterable[Frame]) -> Iterator[Frame]:
        for number, frame in enumerate(honest):
            if isinstance(frame.data, dict) and field in frame.data:
                value = change(frame.data[field], number)
                yield frame._replace(data={**frame.data, field: value})
            else:
                yield frame

    return frames


def _null_text(frames: list[Frame]) -> list[Frame]:
    for n in content_at(frames):
        for choice in choices_in(frames[n].data):
            if choice.get("finish_reason") is None:
                choice["finish_reason"] = "null"
    return frames


def _message_for_delta(data: Any) -> Any:
    for choice in choices_in(data):
        if "delta" in choice:
            choice["message"] = choice.pop("delta")
    return data


def _no_errors(frames: list[Frame]) -> list[Frame]:
    return [f for f in frames if not (isinstance(f.data, dict) and "error" in f.data)]


def _fewer_fragments(frames: list[Frame]) -> list[Frame]:
    """Lose the second fragment of a call's arguments."""
    calling = [n for n in content_at(frames) if any(map(_has_calls, messages_in(frames[n].data)))]
    return [frame for n, frame in enumerate(frames) if len(calling) < 2 or n != calling[1]]


def _has_calls(delta: dict[str, Any]) -> bool:
    return bool(delta.get("tool_calls"))


LIES: tuple[Lie, ...] = (
    Lie(
        "no_done",
        "streams",
        "A stream ends without [DONE].",
        ("stream.terminator",),
        Hooks(frames=listed(_no_done)),
        SURFACE,
        _STREAM,
    ),
    Lie(
        "usage_chunk_missing",
        "streams",
        "The usage chunk does not come although it was asked for.",
        ("stream.usage",),
        Hooks(frames=listed(_no_usage_chunk)),
        SURFACE,
        _COUNTED,
    ),
    Lie(
        "usage_chunk_only_when_unasked",
        "streams",
        "The usage chunk comes where nobody asked for it, and not where somebody did.",
        ("stream.usage",),
        Hooks(adjust=_turned_round),
        SURFACE,
        _STREAM,
    ),
    Lie(
        "usage_chunk_always",
        "streams",
        "The usage chunk comes whether it was asked for or not.",
        ("stream.usage",),
        Hooks(adjust=setting(stream_options={"include_usage": True})),
        SURFACE,
        _STREAM,
    ),
    Lie(
        "usage_in_every_chunk",
        "streams",
        "Every chunk carries usage, not only the last.",
        ("stream.usage",),
        Hooks(frames=listed(_usage_everywhere)),
        SURFACE,
        _COUNTED,
    ),
    Lie(
        "usage_chunk_has_a_choice",
        "streams",
        "The usage chunk carries a choice.",
        ("stream.usage_chunk", "stream.usage"),
        Hooks(frames=listed(_choice_in_usage_chunk)),
        SURFACE,
        _COUNTED,
    ),
    Lie(
        "role_in_every_chunk",
        "streams",
        "Every chunk says the role again.",
        ("stream.role_first",),
        Hooks(frames=edited(_role_everywhere)),
        SURFACE,
        _STREAM,
    ),
    Lie(
        "role_in_no_chunk",
        "streams",
        "No chunk says the role.",
        ("stream.role_first",),
        Hooks(frames=edited(_role_nowhere)),
        SURFACE,
        _STREAM,
    ),
    Lie(
        "chunks_say_all_again",
        "streams",
        "Each chunk says all that came before again.",
        ("stream.mode",),
        Hooks(frames=_cumulative),
        SURFACE,
        _STREAM,
    ),
    Lie(
        "replaces_torn_characters",
        "streams",
        "A character that falls between two chunks comes as two replacement characters.",
        ("stream.equals_whole", "stream.chunk"),
        Hooks(frames=_torn_letters),
        SURFACE,
        Probe(messages=_CHINESE, stream=True),
    ),
    Lie(
        "chunks_named_as_whole_answers",
        "streams",
        "The object of a chunk is chat.completion.",
        ("stream.chunk",),
        Hooks(frames=edited(field(object="chat.completion"))),
        SURFACE,
        _STREAM,
    ),
    Lie(
        "chunks_with_message",
        "streams",
        "The choices of a chunk have a message in place of a delta.",
        ("stream.chunk",),
        Hooks(frames=edited(_message_for_delta)),
        SURFACE,
        _STREAM,
    ),
    Lie(
        "chunks_with_created_as_text",
        "streams",
        "The time in a chunk is a text.",
        ("stream.chunk",),
        Hooks(frames=edited(field(created=TEXT_STAMP))),
        SURFACE,
        _STREAM,
    ),
    Lie(
        "created_changes_in_a_stream",
        "streams",
        "Each chunk of a stream has another time.",
        ("stream.constant",),
        Hooks(frames=_changing("created", lambda value, number: value + number)),
        SURFACE,
        _STREAM,
    ),
    Lie(
        "model_changes_in_a_stream",
        "streams",
        "The later chunks of a stream name another model.",
        ("stream.constant",),
        Hooks(
            frames=_changing(
                "model", lambda value, number: f"{value}-turbo" if number > 2 else value
            )
        ),
        SURFACE,
        _STREAM,
    ),
    Lie(
        "unfinished_chunks_say_null_as_text",
        "streams",
        'Until the end finish_reason is the text "null".',
        ("stream.unfinished",),
        Hooks(frames=listed(_null_text)),
        SURFACE,
        _STREAM,
    ),
    Lie(
        "swallows_errors_in_streams",
        "streams",
        "A stream that breaks off does not say why.",
        ("stream.error_frame",),
        Hooks(frames=listed(_no_errors)),
        SURFACE,
        _BROKEN_OFF,
    ),
    Lie(
        "loses_fragments_of_arguments",
        "tools",
        "A stream leaves out a piece of a call's arguments.",
        ("tools.arguments",),
        Hooks(frames=listed(_fewer_fragments)),
        SURFACE,
        _TOOL_STREAM,
    ),
)
